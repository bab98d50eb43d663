"""Rules on disclosure: what must not be told, and how it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mpsurvey.catalogue.fields import (
    Choice,
    Fields,
    Flag,
    Items,
    Key,
    Real,
    Record,
    Texts,
    Version,
    Whole,
    Word,
)
from mpsurvey.catalogue.marked import Problems, compose, mark
from mpsurvey.errors import CatalogueError, did_you_mean
from mpsurvey.tabulation.quality.rule_sets import reason

__all__ = ["DisclosureRules", "Method", "disclosure_rules"]

Method = Literal["suppression", "rounding", "cell_key"]

_RECORD = Record(
    "A set of rules on disclosure",
    {
        "kind": Key(Choice(("disclosure",)), "disclosure", need=True),
        "id": Key(Word(), "its name"),
        "version": Key(Version(), "three numbers"),
        "title": Key(Texts(200, plain=True), "what it is"),
        "threshold": Key(Whole(1, 1000), "fewest respondents behind a published cell"),
        "population": Key(Real(0), "fewest people that a published cell stands for"),
        "parts": Key(Flag(), "ask the same of those with and without the trait"),
        "dominance": Key(Items(Real(0)), "[n, k]: n respondents with more than k percent"),
        "p_percent": Key(Real(0, 100), "nearest that an amount may be guessed, in percent"),
        "weighted": Key(Flag(), "a respondent of weight w counts as w in dominance and p%"),
        "protection": Key(Real(0.01, 5), "half width of the interval that must stay open"),
        "cost": Key(Choice(("log", "number", "population")), "what withholding a figure costs"),
        "method": Key(Choice(("suppression", "rounding", "cell_key")), "how cells are kept"),
        "base": Key(Whole(2, 1000), "counts of respondents are rounded to it"),
        "population_base": Key(Real(1), "counts of people are rounded to it"),
        "largest_noise": Key(Whole(1, 20), "largest change of a count of respondents"),
        "noise_variance": Key(Real(0.1, 100), "variance of that change"),
        "seed": Key(Whole(0), "secret that the record keys are made from"),
        "notes": Key(Texts(2000, whole=False, plain=True), "what was decided"),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureRules:
    """What makes a cell confidential, and how such cells are kept.

    Attributes
    ----------
    threshold
        A cell of fewer respondents is confidential; empty cells are not.
    population
        So is a cell that stands for fewer people.
    parts
        The same is asked of those who have the trait of a share, a proportion or a total, and of
        those who have it not: share times population gives their number away.
    dominance
        Amounts: the n largest contributors have more than k percent, as ``(n, k)``.
    p_percent
        Amounts: the second largest contributor could guess the largest to within p percent.
    weighted
        In both, a respondent of weight w counts as w contributors, and the total is the weighted
        one; otherwise rows and their unweighted total are looked at.
    protection
        An outsider must not be able to place a confidential cell in an interval narrower than the
        cell plus or minus this part of it; counts of respondents plus or minus 1 at least.
    cost
        What withholding one more figure costs: the logarithm of the people it stands for, 1, or
        those people.
    method
        ``"suppression"``, ``"rounding"`` or ``"cell_key"``.
    base, population_base
        Of rounding; without `population_base`, `base` times the mean weight, to one digit.
    largest_noise, noise_variance, seed
        Of cell keys.
    """

    threshold: int = 5
    population: float = 0.0
    parts: bool = True
    dominance: tuple[int, float] | None = None
    p_percent: float | None = None
    weighted: bool = True
    protection: float = 0.3
    cost: Literal["log", "number", "population"] = "log"
    method: Method = "suppression"
    base: int = 5
    population_base: float | None = None
    largest_noise: int = 5
    noise_variance: float = 2.0
    seed: int | None = None

    def in_words(self, language: str = "en") -> str:
        """Say in a language what makes a cell confidential.

        >>> DisclosureRules(threshold=10, p_percent=15).in_words()
        'fewer than 10 respondents; an amount that could be guessed to within 15 %'
        """
        said = [reason("few", language, limit=self.threshold)]
        if self.population:
            said.append(reason("few_people_held", language, limit=f"{self.population:,.0f}"))
        if self.dominance:
            first, share = self.dominance
            said.append(reason("dominated", language, first=first, share=f"{share:g}"))
        if self.p_percent is not None:
            said.append(reason("guessed", language, share=f"{self.p_percent:g}"))
        return "; ".join(said)


def disclosure_rules(rules: str | Path | Mapping[str, Any] | DisclosureRules) -> DisclosureRules:
    """Return rules by name (``"threshold"``), from a YAML file, or from a dict of the same shape.

    Raises
    ------
    CatalogueError
        What is written is wrong; all problems at once.
    """
    if isinstance(rules, DisclosureRules):
        return rules
    if isinstance(rules, str) and rules == "threshold":
        return DisclosureRules()
    if isinstance(rules, Mapping):
        problems = Problems("rules")
        node = mark({"kind": "disclosure", **rules}, problems)
    else:
        path = Path(rules)
        if path.suffix not in (".yaml", ".yml"):
            near = did_you_mean(str(rules), ["threshold"])
            raise CatalogueError(
                f"There are no rules '{rules}'.{near} Give 'threshold', a .yaml file or a dict."
            )
        problems = Problems(path.name)
        node = compose(path, problems)
    fields = None if node is None else _RECORD.read(node, problems)
    if isinstance(fields, Fields):
        _check(fields, problems)
    if problems.found or not isinstance(fields, Fields):
        raise CatalogueError(problems.lines())
    given = {
        key: value
        for key, value in fields.items()
        if key not in ("kind", "id", "version", "title", "notes")
    }
    if "dominance" in given:
        first, share = given["dominance"]
        given["dominance"] = (int(first), float(share))
    return DisclosureRules(**given)


def _check(fields: Fields, problems: Problems) -> None:
    pair = fields.get("dominance")
    if pair is not None:
        line = fields.line_of("dominance")
        if len(pair) != 2 or pair[0] != int(pair[0]) or pair[0] < 1 or not 0 < pair[1] < 100:
            problems.add(line, "dominance is [n, k]: a whole number and a percentage.")
    if fields.get("method") == "cell_key" and "seed" not in fields:
        problems.add(
            fields.line,
            "Cell keys need a 'seed': a secret number that is kept from round to round.",
        )
