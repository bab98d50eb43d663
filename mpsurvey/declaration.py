"""What a survey design is, in words: names of columns and how to take them.

A file can declare its own design, and so can a caller; both say it with these types. They hold no
data. `Sample` (stage `design`) checks a declaration against data and compiles it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mpsurvey.errors import DesignError

__all__ = [
    "Bootstrap",
    "Brr",
    "Centre",
    "Design",
    "Jackknife",
    "LonelyPsu",
    "Replicates",
    "SuccessiveDifference",
]

LonelyPsu = Literal["fail", "certainty", "centre", "average"]
Centre = Literal["estimate", "mean"]


@dataclass(frozen=True, slots=True)
class Brr:
    """Balanced repeated replication, with Fay's factor; plain BRR is Fay's with 0.

    Parameters
    ----------
    columns
        The file's replicate weights: a list of names, or a pattern such as ``"W_FSTR*"``. Leave out
        to have the replicates made by `mpsurvey.add_replicates`.
    fay
        Fay's perturbation factor, 0 <= fay < 1.
    centre
        Deviations are taken from the full-sample estimate, or from the replicates' mean.
    """

    columns: str | Sequence[str] | None = None
    fay: float = field(default=0.0, kw_only=True)
    centre: Centre = field(default="estimate", kw_only=True)

    def __post_init__(self) -> None:
        if not 0 <= self.fay < 1:
            raise DesignError(f"Fay's factor is {self.fay}; it must be at least 0 and less than 1.")


@dataclass(frozen=True, slots=True)
class Jackknife:
    """Jackknife replicates: JK1, JK2 or JKn, told apart by their multipliers.

    Parameters
    ----------
    columns
        The file's replicate weights: names, or a pattern. Leave out to have them made.
    multipliers
        One number for all replicates or one for each: (R-1)/R for JK1, 1 for JK2, (n_h-1)/n_h for
        JKn. Without it a file's replicates are taken as JK1.
    centre
        Deviations are taken from the full-sample estimate, or from the replicates' mean.
    """

    columns: str | Sequence[str] | None = None
    multipliers: float | Sequence[float] | None = field(default=None, kw_only=True)
    centre: Centre = field(default="estimate", kw_only=True)


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Bootstrap replicates.

    Parameters
    ----------
    columns
        The file's replicate weights: names, or a pattern. Leave out to have them made.
    replicates
        How many to make; of no effect where `columns` are given.
    seed
        Seed of the generator that makes them: the same seed gives the same replicates.
    centre
        Deviations are taken from the full-sample estimate, or from the replicates' mean.
    """

    columns: str | Sequence[str] | None = None
    replicates: int = field(default=500, kw_only=True)
    seed: int | None = field(default=None, kw_only=True)
    centre: Centre = field(default="estimate", kw_only=True)


@dataclass(frozen=True, slots=True)
class SuccessiveDifference:
    """Successive-difference replicates, as the American Community Survey ships them.

    Parameters
    ----------
    columns
        The file's replicate weights: names, or a pattern such as ``"PWGTP*"``. Leave out to have
        them made from the order of the rows.
    centre
        Deviations are taken from the full-sample estimate, or from the replicates' mean.
    """

    columns: str | Sequence[str] | None = None
    replicates: int = field(default=80, kw_only=True)
    centre: Centre = field(default="estimate", kw_only=True)


def _by_stage(given: str | Sequence[str | None] | None) -> tuple[str | None, ...]:
    return (given,) if isinstance(given, str) else tuple(given or ())


Replicates = Brr | Jackknife | Bootstrap | SuccessiveDifference


@dataclass(frozen=True, slots=True)
class Design:
    """How the people in a file were drawn, as names of columns.

    Parameters
    ----------
    weight
        Column of weights. ``None`` with an `fpc` for every stage means that the weights are the
        inverse of the inclusion probabilities; ``None`` without means that each row counts 1.
    strata, psu, fpc
        A column, or a tuple with one per stage, first stage first (``None`` where a stage has
        none). Codes of a PSU are nested in its stratum. Values of `fpc` above 1 are population
        counts of units, values up to 1 are sampling fractions. Without `psu` each row is a unit;
        ``"_n"`` says so for a later stage, as Stata does.
    replicates
        The replicate weights that the file carries, if any.
    lonely_psu
        What to do with a stratum of one PSU, whose variance cannot be seen. ``"fail"`` refuses,
        ``"certainty"`` lets it add nothing, ``"centre"`` takes its deviation from the mean of all
        PSUs, ``"average"`` gives it the average variance of the other strata.
    lonely_domains
        Whether a stratum that has one PSU *with data in a domain* is treated by `lonely_psu` too,
        for ``"centre"`` and ``"average"``. By default it is not: the stratum's other PSUs were
        drawn, and count as zeros. (R's ``survey.adjust.domain.lonely``.)
    calibration
        Steps that calibrated the weights, in order; made by weighting recipes.

    Examples
    --------
    >>> Design(weight="w", strata="stratum", psu=("ea", "household"), fpc=("n_ea", "n_hh"))
    Design(weight='w', strata=('stratum',), psu=('ea', 'household'), fpc=('n_ea', 'n_hh'))
    """

    weight: str | None = None
    strata: str | Sequence[str | None] | None = None
    psu: str | Sequence[str] | None = None
    fpc: str | Sequence[str | None] | None = None
    replicates: Replicates | None = None
    lonely_psu: LonelyPsu = "fail"
    lonely_domains: bool = False
    calibration: Any = None

    def __post_init__(self) -> None:
        for role in ("strata", "psu", "fpc"):
            object.__setattr__(self, role, _by_stage(getattr(self, role)))
        if self.lonely_psu not in ("fail", "certainty", "centre", "average"):
            raise DesignError(
                f"lonely_psu is '{self.lonely_psu}'; it is one of "
                "'fail', 'certainty', 'centre', 'average'."
            )
        drawn = len(_by_stage(self.psu))
        for role in ("strata", "fpc"):
            named = len(getattr(self, role))
            if named > max(drawn, 1):
                raise DesignError(
                    f"{role} names {named} stages, but psu names {drawn}. Give psu one column per "
                    "stage."
                )

    def __repr__(self) -> str:
        given = (
            f"{role}={getattr(self, role)!r}"
            for role in ("weight", "strata", "psu", "fpc", "replicates")
            if getattr(self, role)
        )
        lonely = () if self.lonely_psu == "fail" else (f"lonely_psu={self.lonely_psu!r}",)
        return f"Design({', '.join((*given, *lonely))})"
