"""The samples of a survey by what a row is: persons, households, members abroad."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from mpsurvey.catalogue import Indicator
from mpsurvey.design import Sample
from mpsurvey.errors import ColumnMissing, DesignError
from mpsurvey.tabulation.national_figures import Auxiliary

__all__ = ["THERE", "Files"]

ROSTERS = {"absent": "ab_roster", "sender": "ri_roster", "trip": "tr_roster"}
"""Rosters of harmonised data that hold rows of a sort."""

THERE = "of_roster"
"""1 for the rows of a roster, 0 for the households that stand beside them as drawn units."""

PERSON_ROWS = ("person", "child")


@dataclass(slots=True)
class Files:
    """Which sample holds the rows that an indicator wants.

    A single sample of harmonised persons has more in it: households (one row of each), and the
    rosters. They are made when they are first wanted.
    """

    given: Mapping[str, Sample]
    auxiliaries: Mapping[str, Auxiliary] = field(default_factory=dict)
    columns: tuple[Auxiliary, ...] = ()
    made: dict[str, Sample | None] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        sample: Sample | Mapping[str, Sample],
        auxiliaries: Mapping[str, Auxiliary],
        asked: Iterable[Indicator] = (),
    ) -> Files:
        """Take one sample, or one for each sort of rows; they remember what they have read.

        National figures that indicators read row by row, as an exchange rate, become columns.
        """
        given = {"": sample} if isinstance(sample, Sample) else dict(sample)
        by_row = {name for one in asked if one.statistic != "composed" for name in one.auxiliary}
        columns = tuple(one for name, one in auxiliaries.items() if name in by_row)
        return cls(
            {rows: _with_columns(one, columns).remembering() for rows, one in given.items()},
            auxiliaries,
            columns,
        )

    def together(self) -> Files:
        """The same files, where rows elsewhere answer many questions in one scan."""
        again = {id(one): one.together() for one in self._samples()}
        return replace(
            self,
            given={rows: again[id(one)] for rows, one in self.given.items()},
            made={rows: again.get(id(one)) for rows, one in self.made.items()},
        )

    def scan(self) -> None:
        """Answer what waits for rows elsewhere."""
        for one in {id(one): one for one in self._samples()}.values():
            if one.elsewhere is not None:
                one.elsewhere.scan()

    def _samples(self) -> list[Sample]:
        return [one for one in (*self.given.values(), *self.made.values()) if one is not None]

    @property
    def main(self) -> Sample | None:
        """The one sample from which the others can be made."""
        for rows in ("", "person"):
            if rows in self.given:
                return self.given[rows]
        return None

    def rows(self, rows: str) -> Sample | None:
        """Return the sample that holds rows of a sort; None where there is none."""
        if rows in self.given:
            return self.given[rows]
        if rows == "child" and "person" in self.given:
            return self.given["person"]
        if rows not in self.made:
            made = self._make(rows)
            if made is not None and made is not self.main:
                made = _with_columns(made, self.columns).remembering()
            self.made[rows] = made
        return self.made[rows]

    def _make(self, rows: str) -> Sample | None:
        main = self.main
        if main is None:
            return None
        unit = getattr(main.data, "unit", None)
        if unit is None or not hasattr(main.data, "at_households"):
            return main if "" in self.given else None
        if rows in PERSON_ROWS:
            return main if unit == "person" else None
        if rows == "household":
            return self._households(main, unit)
        return self._roster(main, rows)

    def _households(self, main: Sample, unit: str) -> Sample | None:
        if unit == "household" or "hh_id" not in main.data.variables:
            return main
        try:
            return Sample(main.data.at_households(), main.design)
        except (ColumnMissing, DesignError):
            return None  # households have no weights of their own in this file

    def _roster(self, main: Sample, rows: str) -> Sample | None:
        """Rows of a roster, and beside them every household that was drawn.

        A household without a member abroad is a unit all the same: without it the area would be
        left out of the variance.
        """
        roster = main.data.rosters.get(ROSTERS.get(rows, ""))
        homes = self.rows("household")
        if roster is None or homes is None:
            return None
        names = set(roster.variables)
        design = [c for c in _design_columns(main) if c in homes.frame.columns]
        if not set(design) <= names:
            return None
        beside = pd.DataFrame({c: homes.frame[c].to_pandas().to_numpy() for c in design})
        if "hh_id" in names and "hh_id" in homes.frame.columns:
            beside["hh_id"] = homes.frame["hh_id"].to_pandas().to_numpy()
        there = pd.Series(1, index=range(len(roster.frame)), name=THERE)
        mine = pd.concat([roster.frame.reset_index(drop=True), there], axis=1)
        whole = pd.concat([mine, beside.assign(**{THERE: 0})], ignore_index=True)
        try:
            return Sample(_Rows(whole, roster.variables), main.design)
        except (ColumnMissing, DesignError):
            return None

    def lacks(self, one: Indicator, home: int | None = None) -> tuple[str, ...]:
        """What an indicator lacks: variables, rows of a sort, national figures."""
        absent: set[str] = set()
        for rows, names in one.names_by_rows.items():
            sample = self.rows(rows)
            if sample is None:
                absent |= {self.missing_rows(rows)}
            else:
                absent |= names - set(sample.frame.columns)
        if one.uses_home and home is None:
            absent.add("HOME")
        needed = [name for name in one.auxiliary if name not in self.auxiliaries]
        if one.statistic != "composed":  # read row by row: a column of the file serves as well
            sample = self.rows(one.rows)
            columns = set() if sample is None else set(sample.frame.columns)
            needed = [name for name in one.auxiliary if name not in columns]
        return (*sorted(absent), *needed)

    def missing_rows(self, rows: str) -> str:
        """Name the rows that no sample holds."""
        return ROSTERS.get(rows, f"{rows} rows")

    def where(self, rows: str, rule: str | None) -> str | None:
        """Add to a rule that the row is one of the roster."""
        sample = self.rows(rows)
        if sample is None or THERE not in sample.frame.columns:
            return rule
        return f"{THERE} == 1" if rule is None else f"{THERE} == 1 and ({rule})"


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Rows with what the columns mean."""

    frame: pd.DataFrame
    variables: Mapping[str, Any]
    design: None = None
    remarks: tuple[str, ...] = ()


def _design_columns(sample: Sample) -> list[str]:
    design = sample.design
    names = [design.weight, *(design.strata or ()), *(design.psu or ()), *(design.fpc or ())]
    listed = [name for name in names if name is not None and name in sample.frame.columns]
    if sample.replicates is not None:
        listed += list(sample.replicates.columns or ())
    return list(dict.fromkeys(listed))


def _with_columns(sample: Sample, columns: tuple[Auxiliary, ...]) -> Sample:
    """Put national figures beside the rows, as columns; those by group where the group is."""
    here = set(sample.frame.columns)
    wanted = [
        one for one in columns if one.name not in here and (one.key is None or one.key in here)
    ]
    if not wanted:
        return sample
    bare = sample.frame.to_pandas()
    extra = pd.DataFrame(
        {
            one.name: one.value if one.key is None else bare[one.key].map(dict(one.values))
            for one in wanted
        },
        index=bare.index,
        dtype=np.float64,
    )
    frame = pd.concat([bare, extra], axis=1)
    data = sample.data
    if hasattr(data, "variables") and hasattr(data, "rosters"):
        rows: Any = _Harmonised(frame, data.variables, data)
    else:
        rows = _Rows(frame, getattr(data, "variables", {}))
    return Sample(rows, sample.design, diary=sample.diary, rerun=sample.rerun)


@dataclass(frozen=True, slots=True, eq=False)
class _Harmonised:
    """Harmonised rows with columns of national figures beside them."""

    frame: pd.DataFrame
    variables: Mapping[str, Any]
    whole: Any
    design: None = None
    remarks: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        return str(self.whole.unit)

    @property
    def rosters(self) -> Mapping[str, Any]:
        rosters: Mapping[str, Any] = self.whole.rosters
        return rosters

    def at_households(self) -> Any:
        return self.whole.at_households()
