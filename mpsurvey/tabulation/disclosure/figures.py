"""The figures of a table as counts and amounts: what each row gives away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mpsurvey.catalogue import Indicator
from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation.estimates import COLUMNS
from mpsurvey.tabulation.files import Files
from mpsurvey.tabulation.indicator_table import IndicatorTable
from mpsurvey.tabulation.quality.quantities import families
from mpsurvey.tabulation.quality.respondents import (
    APART,
    Behind,
    Groups,
    behind,
    category_of,
    groups_of,
    sample_of,
)

__all__ = ["Amount", "Block", "People", "blocks_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Mask = NDArray[np.bool_]

_KEY_BITS = 30
_SEED = 20240229


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Sets of respondents, one per row of a block: how many, for how many, and which (`marks`)."""

    respondents: Floats
    people: Floats
    marks: tuple[Floats, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Amount:
    """Totals of an amount, one per row of a block, and the row values behind them."""

    text: str
    total: Floats
    respondents: Floats
    marks: tuple[Floats, Floats]
    low: float
    values: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """The rows of one indicator and breakdown.

    Attributes
    ----------
    rows
        Their places in the table's frame.
    keys
        Their `by` values, shape (rows, by).
    people
        Sets of people by role: ``base``, and ``part`` and ``rest`` where the figure gives them
        away; ``side`` and ``other side`` are looked at but not told.
    amounts
        Totals by role.
    hushed
        Rows whose figure was withheld for its quality: they tell `n` and population only.
    groups, code
        The groups of the sample, and which group each row is; None without a sample.
    nested
        For each coarser variable, its value by value of a finer one, where the sample shows that
        the finer lies inside.
    """

    indicator: str
    category: Any
    breakdown: str
    by: tuple[str, ...]
    source: str
    rows: Ints
    keys: pd.DataFrame
    people: dict[str, People]
    amounts: dict[str, Amount]
    hushed: Mask
    estimate: Floats
    family: str
    sides: tuple[Floats, ...] = ()
    groups: Groups | None = None
    place: Ints | None = None
    sample: Sample | None = None
    behind: Behind | None = None
    nested: Mapping[tuple[str, str], Mapping[Any, Any]] = field(default_factory=dict)

    def tells(self, role: str) -> Mask:
        """Rows that tell a role's cells when they are published."""
        return np.ones(len(self.rows), dtype=bool) if role in ("n", "base") else ~self.hushed

    def _values(self, coarse: str) -> NDArray[np.object_] | None:
        """Values of a coarser variable for the rows, from a finer one, or None."""
        if coarse in self.by:
            return self.keys[coarse].to_numpy(dtype=object)
        for fine in self.by:
            inside = self.nested.get((fine, coarse))
            if inside is not None:
                return np.array([inside.get(v) for v in self.keys[fine]], dtype=object)
        return None

    def is_coarser_than(self, other: Block) -> bool:
        """Whether the other's groups lie inside this one's."""
        if self.by == other.by:
            return False
        if not all(other._values(name) is not None for name in self.by):
            return False
        return len(self.rows) < len(other.rows) or set(self.by) < set(other.by)

    def parents_of(self, other: Block) -> Ints:
        """For each row of a finer block, the row here that it is part of; -1 for none."""
        if not self.by:
            return np.zeros(len(other.rows), dtype=np.intp)
        columns = [other._values(name) for name in self.by]
        wanted = pd.MultiIndex.from_arrays([pd.Series(c, dtype=object) for c in columns])
        index = pd.MultiIndex.from_arrays([self.keys[name].astype(object) for name in self.by])
        found: Ints = index.get_indexer(wanted)
        return found


def blocks_of(
    table: IndicatorTable, sample: Sample | Mapping[str, Sample] | None, home: int | None
) -> list[Block]:
    """Read a table's figures, also those that were withheld, as counts and amounts."""
    frame = table.frame.reset_index(drop=True)
    figures = _figures(table, frame)
    sort = families(frame.assign(estimate=figures["estimate"]), table.indicators)
    hushed = np.zeros(len(frame), dtype=bool)
    if "mark" in frame:
        hushed = (frame["mark"] == "..").to_numpy()
    files = None
    if sample is not None:
        files = Files.of(sample, table.auxiliaries, table.indicators.values())
    readings = _Readings(files, home, table.by)
    blocks = []
    for (name, breakdown, category), part in frame.groupby(
        ["indicator", "breakdown", "category"], sort=False, dropna=False
    ):
        rows = part.index.to_numpy(dtype=np.intp)
        present = str(breakdown).split(" x ") if breakdown else []
        names = tuple(column for column in table.by if column in present)
        mine = figures.iloc[rows]
        one = table.indicators[str(name)]
        alone = files is None or one.statistic in APART
        make = _from_table if alone else readings.block
        blocks.append(
            make(
                one,
                str(breakdown),
                names,
                rows,
                part[list(names)].astype(object),
                mine,
                str(sort[rows[0]]),
                hushed[rows],
                category_of(category),
            )
        )
    return blocks


def _figures(table: IndicatorTable, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the figures as they were computed, before anything was withheld."""
    figures = frame[list(COLUMNS)].astype(np.float64)
    withheld = "status" in frame and (frame["status"] == "withhold").any()
    if not withheld:
        return figures
    keys = ["variable", "category"]
    for (name, breakdown), part in frame.groupby(["indicator", "breakdown"], sort=False):
        made = table.results.get((str(name), str(breakdown)))
        if made is None:
            if (part["status"] == "withhold").any():
                raise MpsurveyError(
                    f"The table no longer has the results behind {name} by '{breakdown}', and some "
                    "of its figures are withheld: what they tell cannot be worked out. Start from "
                    "the table that mp.tabulate made."
                )
            continue
        names = [*keys, *made.by]
        if not set(names) <= set(part):  # flows: one figure of many pairs of places
            continue
        index = pd.MultiIndex.from_frame(_as_keys(made.frame[names]))
        place = index.get_indexer(pd.MultiIndex.from_frame(_as_keys(part[names])))
        known = place >= 0
        source = made.frame[list(COLUMNS)].to_numpy(dtype=np.float64)
        figures.loc[part.index[known]] = source[place[known]]
    return figures


def _as_keys(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype(object).where(frame.notna(), "")


def _from_table(
    one: Indicator,
    breakdown: str,
    by: tuple[str, ...],
    rows: Ints,
    keys: pd.DataFrame,
    figures: pd.DataFrame,
    family: str,
    hushed: Mask,
    category: Any,
) -> Block:
    """Read counts from the table itself: cells are named by rule and groups."""
    n, population, estimate = (
        np.nan_to_num(figures[name].to_numpy()) for name in ("n", "population", "estimate")
    )
    codes = np.array(
        [hash((breakdown, *row)) % 2**52 + 1.0 for row in keys.itertuples(index=False)]
    )
    # A rule's parts in any order are the same people.
    where = " and ".join(sorted(part.strip() for part in (one.where or "").split(" and ")))

    def marks(what: str) -> tuple[Floats, Floats]:
        # Named apart from the groups: only whether two names are equal matters.
        return np.full(len(rows), float(hash((one.rows, where, what)) % 2**52 + 1)), codes

    people = {"base": People(n, population, marks(""))}
    amounts: dict[str, Amount] = {}
    trait = str(one.given.get("group") or one.given.get("variable"))
    if category is not None:
        trait = f"{trait} {category}"
    with np.errstate(invalid="ignore", divide="ignore"):
        if family == "count" or (family == "proportion" and one.statistic != "ratio"):
            part = estimate if family == "count" else estimate * population
            share = np.nan_to_num(np.where(population > 0, part / population, 0.0))
            cases = np.where(part > 0, np.maximum(np.round(share * n), 1.0), 0.0)
            people["part"] = People(cases, part, marks(trait))
            rest = np.where(n - cases > 0, population - part, 0.0)
            people["rest"] = People(n - cases, rest, marks(f"not {trait}"))
        elif family in ("mean", "amount"):
            total = estimate * (population if family == "mean" else 1.0)
            low = 0.0 if (total >= 0).all() else -np.inf
            amounts["amount"] = Amount(trait, total, n, marks(trait), low)
    return Block(
        one.id,
        category,
        breakdown,
        by,
        one.rows,
        rows,
        keys,
        people,
        amounts,
        hushed,
        estimate,
        family,
    )


class _Readings:
    """What was read from the sample, each once."""

    def __init__(
        self,
        files: Files | None,
        home: int | None,
        by: tuple[str, ...],
    ) -> None:
        self.files, self.home, self.by = files, home, by
        self.behind: dict[tuple[str, Any], Behind] = {}
        self.groups: dict[tuple[int, tuple[str, ...]], Groups] = {}
        self.keys: dict[int, tuple[Floats, Floats]] = {}
        self.inside: dict[int, dict[tuple[str, str], dict[Any, Any]]] = {}
        self.numbers: dict[int, int] = {}

    def block(
        self,
        one: Indicator,
        breakdown: str,
        by: tuple[str, ...],
        rows: Ints,
        keys: pd.DataFrame,
        figures: pd.DataFrame,
        family: str,
        hushed: Mask,
        category: Any,
    ) -> Block:
        """Count the respondents of each row and mark who they are."""
        assert self.files is not None  # noqa: S101 - only called with some
        sample = sample_of(self.files, one)
        which = id(sample)
        if (one.id, category) not in self.behind:
            self.behind[one.id, category] = behind(self.files, one, self.home, category)
        if (which, by) not in self.groups:
            self.groups[which, by] = groups_of(sample, by)
        if which not in self.keys:
            random = np.random.default_rng(_SEED)
            draw = random.integers(1, 2**_KEY_BITS, (2, len(sample))).astype(np.float64)
            self.keys[which] = (draw[0], draw[1])
            self.inside[which] = _nested(sample, self.by)
            self.numbers[which] = len(self.numbers)
        found, groups = self.behind[one.id, category], self.groups[which, by]
        place = groups.places(keys, by)
        known = np.maximum(place, 0)

        def count(mask: Mask) -> People:
            first, second = self.keys[which]
            sums = (groups.add(mask, each)[known] for each in (sample.weight, first, second))
            people, left, right = (np.where(place >= 0, each, 0.0) for each in sums)
            return People(groups.count(mask)[known] * (place >= 0), people, (left, right))

        base, traits = found.base, found.people
        people = {"base": count(base)}
        sides: tuple[Floats, ...] = ()
        if "part" in traits:
            people["part"] = count(traits["part"])
            people["rest"] = count(base & ~traits["part"])
        elif "denominator" in traits and "numerator" in traits:
            people["denominator"] = count(traits["denominator"])
            people["numerator"] = count(traits["numerator"])
        else:
            sides = tuple(count(mask).respondents for mask in traits.values())
        amounts = {}
        for role, values in found.amounts.items():
            some = base & (values != 0)
            whole = people["base"] if role != "part" else count(traits["group"])
            amounts[role] = Amount(
                text=f"{_amount_text(one, role)}",
                total=groups.add(base, values * sample.weight)[known] * (place >= 0),
                respondents=groups.count(some)[known] * (place >= 0),
                marks=whole.marks,
                low=0.0 if values.min(initial=0.0) >= 0 else -np.inf,
                values=values,
            )
        return Block(
            one.id,
            category,
            breakdown,
            by,
            f"{one.rows}{self.numbers[which]}",
            rows,
            keys,
            people,
            amounts,
            hushed,
            np.nan_to_num(figures["estimate"].to_numpy()),
            family,
            sides,
            groups,
            place,
            sample,
            found,
            self.inside[which],
        )


def _amount_text(one: Indicator, role: str) -> str:
    key = {"amount": "variable", "part": "of", "whole": "of"}.get(role, role)
    return str(one.given.get(key))


def _nested(sample: Sample, by: tuple[str, ...]) -> dict[tuple[str, str], dict[Any, Any]]:
    """Pairs of variables, the first inside the second, with the value it lies in."""
    found: dict[tuple[str, str], dict[Any, Any]] = {}
    present = [name for name in by if name in sample.frame.columns]
    for fine in present:
        for coarse in present:
            if fine == coarse:
                continue
            groups = groups_of(sample, (fine, coarse))
            seen = np.unique(groups.code[groups.code >= 0])
            assert groups.values is not None  # noqa: S101 - two variables
            pairs = groups.values[seen]
            first, second = pairs.get_level_values(0), pairs.get_level_values(1)
            whole = groups_of(sample, (fine,)).code >= 0
            same = not (whole & (groups.code < 0)).any()
            if same and first.is_unique and second.nunique() < len(first) and len(second) > 1:
                found[fine, coarse] = dict(zip(first, second, strict=True))
    return found
