"""What a sentence says, apart from its words: so that another reader can check it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Claim", "Evidence"]

Kind = Literal["level", "gap", "change", "contribution"]
Direction = Literal["", "up", "down", "unclear"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The figures that a claim rests on, in the units shown (percent, not share).

    Attributes
    ----------
    estimate, se, low, high
        The figure, its standard error and its interval.
    cv, df, n
        Coefficient of variation, degrees of freedom, respondents; NaN or None where unknown.
    level
        Confidence level of the interval.
    p, adjusted
        Probability of a difference at least as large if there is none, alone and after adjustment
        for all comparisons of its kind; NaN for a level, which is not tested.
    tests
        How many comparisons the adjustment counts.
    adjustment
        ``"holm"`` or ``"bh"``.
    method
        How the standard error was found.
    """

    estimate: float
    se: float
    low: float
    high: float
    cv: float = float("nan")
    df: float = float("nan")
    n: int | None = None
    level: float = 0.95
    p: float = float("nan")
    adjusted: float = float("nan")
    tests: int = 0
    adjustment: str = "holm"
    method: str = ""

    @property
    def t(self) -> float:
        """Estimate over its standard error."""
        return self.estimate / self.se if self.se > 0 else float("nan")

    @property
    def clear(self) -> bool:
        """Whether it differs from zero: by its interval, and after adjustment."""
        outside = self.low > 0 or self.high < 0
        return bool(outside and self.adjusted <= 1 - self.level + 1e-12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A statement about a figure, a difference or a change.

    Attributes
    ----------
    kind
        What it is about.
    comparison
        Of what with what: ``"group"`` (a gap indicator), ``"pair"`` (two categories), ``"rest"``
        (a category with the mean of the others), ``"without"`` (all with all but a group),
        ``"taken_out"`` (with an income and without), ``"rounds"``; empty for a level.
    indicator, theme, breakdown, category
        Where its figures stand in the table.
    groups
        Labels of the categories or rounds compared, the one spoken of first.
    form
        ``"frequency"`` (so many in 100), ``"percent"``, ``"points"`` (percentage points) or
        ``"amount"`` (in the indicator's unit).
    direction
        ``"up"`` and ``"down"`` claim that a difference is not zero; ``"unclear"`` that this cannot
        be said; empty for a level.
    shape
        ``"between"``, ``"at_most"``, ``"at_least"`` for a level; ``"range"``, ``"up_to"`` for a
        difference; ``"inside"`` (zero lies in the interval), ``"beyond"`` (only the adjustment
        makes it unclear).
    low, high
        The ends said, rounded outwards. Of a difference down, its size, so that both are positive.
    base
        For a frequency: 100, 1000 and so on.
    decimals
        Decimals of `low` and `high`.
    one_in
        k where the whole interval rounds to 1 in k, else None.
    caution
        Why the figure is to be used with caution: ``"cv"``, ``"df"``, ``"cases"`` (few who have
        what is counted, or few who have not) or ``"flag"``; or empty.
    reason
        The table's own words for a flag.
    """

    kind: Kind
    indicator: str
    theme: str
    evidence: Evidence
    comparison: str = ""
    breakdown: str = ""
    category: str = ""
    groups: tuple[str, ...] = ()
    form: str = "amount"
    direction: Direction = ""
    shape: str = ""
    low: float = float("nan")
    high: float = float("nan")
    base: int = 100
    decimals: int = 0
    one_in: int | None = None
    caution: str = ""
    reason: str = ""
