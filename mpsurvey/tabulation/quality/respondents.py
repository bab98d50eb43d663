"""Who stands behind each figure: the rows that it is computed from, read again from the sample."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mpsurvey.catalogue import Indicator
from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation.asking import values_of
from mpsurvey.estimation.domains import held, split_domains
from mpsurvey.tabulation.files import Files

__all__ = [
    "APART",
    "Behind",
    "Counted",
    "Groups",
    "behind",
    "category_of",
    "groups_of",
    "sample_of",
]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Behind:
    """The rows that an indicator is computed from, before it is broken down.

    Attributes
    ----------
    base
        Rows that the figure is about: in the population, with a weight, answered; shape (n,).
    people
        Rows by role. ``part``: who have the trait of a proportion, a share or a count. ``group``
        and ``others``: the two sides of a gap, or the group whose contribution it is.
        ``denominator`` and ``numerator``: of a ratio of two rules.
    amounts
        Values by role, 0 outside the base: ``amount`` of a mean or total, ``part`` and ``whole``
        of a share of an amount, ``numerator`` and ``denominator`` of a ratio of amounts.
    """

    base: Mask
    people: Mapping[str, Mask] = field(default_factory=dict)
    amounts: Mapping[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The groups of one breakdown: `code` of each row (-1 in none), their number and values.

    `psu` is the first-stage unit of each row; `strata` where each stratum's units begin.
    """

    code: NDArray[np.intp]
    size: int
    values: pd.MultiIndex | None
    psu: NDArray[np.intp]
    psus: int
    strata: NDArray[np.intp]

    def places(self, rows: pd.DataFrame, by: tuple[str, ...]) -> NDArray[np.intp]:
        """Return which group each row of a table stands for, -1 where it is none."""
        if self.values is None:
            return np.zeros(len(rows), dtype=np.intp)
        wanted = pd.MultiIndex.from_arrays([rows[name].astype(object) for name in by])
        found: NDArray[np.intp] = self.values.get_indexer(wanted)
        return found

    def count(self, mask: Mask) -> Floats:
        """Rows of each group for which a mask holds, shape (D,)."""
        rows = np.bincount(self.code[mask & (self.code >= 0)], minlength=self.size)
        return rows.astype(np.float64)

    def freedom(self, mask: Mask) -> Floats:
        """Units less strata that have rows of each group for which a mask holds, shape (D,)."""
        inside = mask & (self.code >= 0)
        seen = np.zeros(self.size * self.psus, dtype=bool)
        seen[self.code[inside] * self.psus + self.psu[inside]] = True
        units = seen.reshape(self.size, self.psus)
        hosts = np.logical_or.reduceat(units, self.strata, axis=1)
        return np.asarray(units.sum(axis=1) - hosts.sum(axis=1), dtype=np.float64)

    def add(self, mask: Mask, values: Floats) -> Floats:
        """Sum of values over the rows of each group for which a mask holds, shape (D,)."""
        inside = mask & (self.code >= 0)
        sums = np.bincount(self.code[inside], values[inside], minlength=self.size)
        return sums.astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """What rules on quality ask of the rows behind each figure, shape (rows of the table,)."""

    n: Floats
    cases: Floats
    kish: Floats
    df: Floats


APART = ("composed", "flows")
"""Statistics of several files or of pairs of places: no rows of one file are behind them."""


def sample_of(files: Files, indicator: Indicator) -> Sample:
    """Return the sample of the rows that an indicator wants.

    Raises
    ------
    MpsurveyError
        No sample is given for them.
    """
    found = files.rows(indicator.rows)
    if found is None:
        raise MpsurveyError(
            f"{indicator.id} is of {indicator.rows} rows, and no such sample is given."
        )
    return found


def category_of(value: Any) -> Any:
    """Return the category that a row is of, None for figures that are of none."""
    return None if pd.isna(value) else value


def groups_of(sample: Sample, by: tuple[str, ...]) -> Groups:
    """Sort the rows of a sample into the groups of a breakdown."""
    domains = split_domains(sample, by)
    code = np.zeros(len(sample), dtype=np.intp) if domains.code is None else domains.code
    first = sample.units.stages[0]
    psu = np.searchsorted(first.starts, sample.row_unit, side="right") - 1
    drawn = (psu, len(first.starts), first.stratum_starts)
    if not by:
        return Groups(code, 1, None, *drawn)
    columns = [pd.Series(each.tolist(), dtype=object) for each in domains.columns().values()]
    return Groups(code, domains.size, pd.MultiIndex.from_arrays(columns, names=by), *drawn)


def behind(
    files: Files, indicator: Indicator, home: int | None = None, category: Any = None
) -> Behind:
    """Find the rows behind an indicator.

    Parameters
    ----------
    files, indicator
        The rows of each sort and the definition.
    home
        The country's own code.
    category
        Of a proportion of a categorical variable: the category that the figure is of.

    Raises
    ------
    ColumnMissing
        The sample lacks what the indicator needs: it is not the sample of the table.
    MpsurveyError
        The indicator uses ``HOME`` and no code is given.
    """
    if indicator.uses_home and home is None:
        raise MpsurveyError(f"{indicator.id} needs the country's own code: home=...")
    given = {key: _at_home(value, home) for key, value in indicator.given.items()}
    sample = sample_of(files, indicator)
    where = files.where(indicator.rows, _at_home(indicator.where, home))
    base = sample.weight > 0
    if where is not None:
        base = base & held(sample, where)
    if category is not None and indicator.statistic == "proportion":
        values = sample.frame[str(given["variable"])].to_numpy()
        base = base & ~pd.isna(values)
        return Behind(base, {"part": base & (values == category)})
    return _FINDERS.get(indicator.statistic, _plain)(sample, base, given)


def _read(sample: Sample, text: Any) -> Floats:
    if str(text) in ("1", "1.0"):
        return np.ones(len(sample))
    return values_of(sample, str(text), "A figure", yes_no=True)


def _is_count(values: Floats, base: Mask) -> bool:
    seen = values[base]
    return bool(((seen == 0) | (seen == 1)).all())


def _of_one(sample: Sample, base: Mask, given: Mapping[str, Any]) -> Behind:
    """Total, mean or proportion of one variable."""
    if given.get("variable") is None:
        return Behind(base, {"part": base})
    values = _read(sample, given["variable"])
    base = base & ~np.isnan(values)
    if _is_count(values, base):
        return Behind(base, {"part": base & (values == 1)})
    return Behind(base, amounts={"amount": np.where(base, values, 0.0)})


def _share(sample: Sample, base: Mask, given: Mapping[str, Any]) -> Behind:
    group = _read(sample, given["group"])
    base = base & ~np.isnan(group)
    if given.get("of") is None:
        return Behind(base, {"part": base & (group == 1)})
    whole = _read(sample, given["of"])
    base = base & ~np.isnan(whole)
    whole = np.where(base, whole, 0.0)
    inside = base & (group == 1)
    return Behind(
        base, {"group": inside}, amounts={"part": np.where(inside, whole, 0.0), "whole": whole}
    )


def _ratio(sample: Sample, base: Mask, given: Mapping[str, Any]) -> Behind:
    top, bottom = (_read(sample, given[key]) for key in ("numerator", "denominator"))
    base = base & ~np.isnan(top) & ~np.isnan(bottom)
    people: dict[str, Mask] = {}
    amounts: dict[str, Floats] = {}
    for role, values in (("numerator", top), ("denominator", bottom)):
        if _is_count(values, base):
            people[role] = base & (values == 1)
        else:
            amounts[role] = np.where(base, values, 0.0)
    return Behind(base, people, amounts)


def _two_sides(sample: Sample, base: Mask, given: Mapping[str, Any]) -> Behind:
    """Gap, contribution or structure: a group and those it is compared with."""
    group = _read(sample, given["group"])
    base = base & ~np.isnan(group)
    for key in ("variable", "numerator"):
        if given.get(key) is not None:
            base = base & ~np.isnan(_read(sample, given[key]))
    counted = base
    if given.get("denominator") is not None:
        bottom = _read(sample, given["denominator"])
        base = base & ~np.isnan(bottom)
        counted = base & (bottom != 0)
    inside = counted & (group == 1)
    outside = counted & (group != 1)
    if given.get("others") is not None:
        outside = counted & held(sample, str(given["others"]))
    return Behind(base, {"group": inside, "others": outside})


def _without(sample: Sample, base: Mask, given: Mapping[str, Any]) -> Behind:
    """Counterfactual: the group is who has the income that is taken away."""
    values = _read(sample, given["variable"])
    taken = _read(sample, given["without"])
    base = base & ~np.isnan(values) & ~np.isnan(taken)
    return Behind(base, {"group": base & (taken != 0)})


def _plain(sample: Sample, base: Mask, given: Mapping[str, Any]) -> Behind:
    return Behind(base & ~np.isnan(_read(sample, given["variable"])))


_FINDERS = {
    "total": _of_one,
    "mean": _of_one,
    "proportion": _of_one,
    "share": _share,
    "ratio": _ratio,
    "gap": _two_sides,
    "contribution": _two_sides,
    "age_structure": _two_sides,
    "counterfactual": _without,
}


def counted(found: Behind, groups: Groups, weight: Floats, statistic: str) -> Counted:
    """Count the respondents that a figure rests on, in each group.

    `n` is what thresholds on respondents are meant for: the denominator of a proportion, mean or
    ratio; the rows that contribute to a total; the smaller side of a gap; the group of a
    contribution, of an age structure or of a counterfactual. `cases` are the rows with the trait.
    `df` are the units less strata that have respondents, which is what thresholds on degrees of
    freedom are meant for: of the side of a gap with fewer.
    """
    people, base = found.people, found.base
    asked = base
    cases = groups.count(people.get("part", people.get("numerator", base)))
    if "denominator" in people:
        asked = people["denominator"]
    elif statistic == "total":
        asked = people.get("part", base)
        if "amount" in found.amounts:
            asked = base & (found.amounts["amount"] != 0)
            cases = groups.count(asked)
    n, df = groups.count(asked), groups.freedom(base)
    if statistic == "gap":
        n = np.minimum(groups.count(people["group"]), groups.count(people["others"]))
        df = np.minimum(groups.freedom(people["group"]), groups.freedom(people["others"]))
    elif statistic in ("contribution", "age_structure", "counterfactual"):
        n = groups.count(people["group"])
    first, second = groups.add(asked, weight), groups.add(asked, weight**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        kish = np.where(first > 0, groups.count(asked) * second / first**2, np.nan)
    return Counted(n, cases, kish, df)


def _at_home(value: Any, home: int | None) -> Any:
    return re.sub(r"\bHOME\b", str(home), value) if isinstance(value, str) and home else value
