"""One harmonising of rows in memory, step by step: files, variables, checks, concepts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from mpsurvey.catalogue import PERSONS, Module, breakdowns
from mpsurvey.errors import MpsurveyError
from mpsurvey.harmonisation.checking import (
    check_answers,
    check_got,
    check_routing,
    check_units,
)
from mpsurvey.harmonisation.columns import kept_columns
from mpsurvey.harmonisation.crosswalk import Mapped
from mpsurvey.harmonisation.deriving import Gathering, gathered, worked_out
from mpsurvey.harmonisation.joining import Link, linked
from mpsurvey.harmonisation.recoding import Answers
from mpsurvey.harmonisation.tables import Table
from mpsurvey.harmonisation.task import Task, columns_read
from mpsurvey.microdata import Microdata, Reasons

__all__ = ["Work"]


_MANY = 60
"""Columns from which on a frame is laid out anew before more are put in."""


@dataclass(slots=True)
class Work(Task):
    """One harmonising of rows in memory.

    Attributes
    ----------
    tables
        The main file (under None) and the further ones, with the variables got from each.
    rosters
        Rows of rosters with the main file's variables beside them.
    concepts
        Derived concepts of the main file, each of shape (rows,).
    """

    tables: dict[str | None, Table] = field(default_factory=dict)
    rosters: dict[str, Gathering] = field(default_factory=dict)
    concepts: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)

    def do(self, data: Any, files: Mapping[str, Any], keep: tuple[str, ...]) -> None:
        """Read the files, get every variable, check it, and work out the concepts."""
        self.name_files(files)
        main_data = self._microdata(data, None, keep)
        self.own = frozenset(kept_columns(main_data.variables, (*self.walk.keep, *keep)))
        countries = self.countries()
        tables: dict[str | None, Table] = {None: Table(main_data, self.walk, self.home, countries)}
        for name, given in files.items():
            tables[name] = Table(self._microdata(given, name, ()), self.walk, self.home, countries)
        self.leave_out({name: one.data.variables for name, one in tables.items()})
        links = {
            name: linked(main_data, tables[name].data, self.walk.files[name]) for name in files
        }
        self._note_links(links, tables)
        for mapped in self.walk.variables.values():
            self._get(mapped, tables, links)
        self._identify_households(tables[None])
        main = self._check(tables[None])
        rosters = self._rosters(tables, links, main)
        concepts = self._concepts(main, rosters)
        self.fail()
        self.tables, self.rosters, self.concepts = tables, rosters, concepts

    # -- files

    def _microdata(self, given: Any, name: str | None, keep: tuple[str, ...]) -> Microdata:
        if isinstance(given, Microdata):
            return given
        try:
            frame = nw.from_native(given)
        except TypeError:
            which = "the data" if name is None else f"'{name}'"
            raise MpsurveyError(
                f"{which} is {type(given).__name__}, not a frame: read the file first with "
                "mpsurvey.read."
            ) from None
        if isinstance(frame, nw.LazyFrame):
            columns = frame.collect_schema().names()
            needed = columns_read(self.walk, columns, name, (*self.walk.keep, *keep))
            return Microdata(frame.select(needed).collect("pandas").to_native())
        return Microdata(frame.to_native())

    def _note_links(self, links: Mapping[str, Link], tables: Mapping[str | None, Table]) -> None:
        for name, link in links.items():
            which = self.walk.files[name]
            if which.unit != "roster" and link.main_alone:
                what = f"rows of the main file without a {which.unit} in it"
                self._find("join", name, what, link.main_alone, len(tables[None]), which.place)
            if link.other_alone:
                what = "rows without a row of the main file"
                self._find("join", name, what, link.other_alone, len(tables[name]), which.place)

    def _find(self, kind: Any, name: str, what: str, count: int, of: int, place: str = "") -> None:
        self.findings.append(self.policy.finding(kind, name, what, count, of, place))

    # -- variables

    def _get(
        self, mapped: Mapped, tables: Mapping[str | None, Table], links: Mapping[str, Link]
    ) -> None:
        target = self.targets[mapped.name]
        table = tables[mapped.file]
        answers = table.get(mapped, target)
        self.findings += check_got(answers, mapped, target, self.policy)
        if mapped.file is not None and self.walk.files[mapped.file].unit != "roster":
            tables[None].answers[mapped.name] = answers.take(links[mapped.file].row_of_main)

    def _identify_households(self, main: Table) -> None:
        columns = self.household_columns(main.data.variables)
        if not columns or "hh_id" in main.answers:
            return
        series = [main.data.frame[c] for c in columns]
        values = series[0].to_numpy() if len(series) == 1 else _joined(series)
        main.answers["hh_id"] = Answers(values, Reasons.gather(len(main), []))

    def _check(self, table: Table) -> pd.DataFrame:
        frame = table.frame()
        found = check_answers(
            frame, table.answers, self.targets, self.policy, self.home, self.places
        )
        routed = check_routing(
            frame, table.answers, self.targets, self.walk, self.policy, self.home
        )
        self.findings += [*found.findings, *routed.findings]
        self.examined.not_checked |= found.not_checked | routed.not_checked
        if self.walk.unit == "person" and "hh_id" in table.answers:
            household, _ = pd.factorize(pd.Series(table.answers["hh_id"].values))
            self.findings += check_units(
                table.answers, self.targets, household, self.policy, self.places
            )
        return frame

    def _rosters(
        self,
        tables: Mapping[str | None, Table],
        links: Mapping[str, Link],
        main: pd.DataFrame,
    ) -> dict[str, Gathering]:
        """Check the rosters' own answers, and put the main file's variables beside each row."""
        out = {}
        for name, link in links.items():
            if self.walk.files[name].unit != "roster":
                continue
            table = tables[name]
            beside = main.iloc[np.maximum(link.row_of_other, 0)].reset_index(drop=True)
            beside.loc[link.row_of_other < 0] = np.nan
            keyed = link.main[link.main >= 0]
            own_row = len(np.unique(keyed)) == len(keyed)  # the key tells persons, not households
            others = [column for column in beside.columns if column not in table.answers]
            of_household = self.of_rows(others, own_row=own_row)
            frame = pd.concat([table.frame(), beside[of_household]], axis=1).copy()
            found = check_answers(
                frame, table.answers, self.targets, self.policy, self.home, self.places
            )
            routed = check_routing(
                frame, table.answers, self.targets, self.walk, self.policy, self.home
            )
            self.findings += [*found.findings, *routed.findings]
            self.examined.not_checked |= found.not_checked | routed.not_checked
            out[name] = Gathering(frame, link.other, link.main, link.size)
            self._count_rows(name, link, main)
        return out

    def _count_rows(self, name: str, link: Link, main: pd.DataFrame) -> None:
        """Compare the rows of a roster with the number that the interview gave."""
        for module in self.catalogue.modules():
            if module.roster is None or module.roster.name != name:
                continue
            count = module.roster.count
            if count not in main.columns:
                return
            rows = np.bincount(link.other[link.other >= 0], minlength=link.size)
            there = np.append(rows, 0)[link.main]
            said = main[count].fillna(0).to_numpy(dtype=np.float64)
            if module.roster.most is not None:
                said = np.minimum(said, module.roster.most)
            if (differ := int((there != said).sum())) > 0:
                what = f"rows in the roster differ from '{count}'"
                self._find("join", name, what, differ, len(main))

    # -- concepts

    def _concepts(
        self, main: pd.DataFrame, rosters: dict[str, Gathering]
    ) -> dict[str, npt.NDArray[np.float64]]:
        done: dict[str, npt.NDArray[np.float64]] = {}
        for module in self.catalogue.modules():
            if main.shape[1] > _MANY:
                main = main.copy()  # columns put in one by one lie apart, which is slow
            for concept in module.concepts:
                if concept.name in self.walk.variables:
                    continue
                if concept.roster:
                    self._in_roster(concept, module, rosters)
                    continue
                roster = rosters.get(concept.over) if concept.over else None
                inside = None if roster is None else roster.frame.columns
                absent = self.absent(concept, main.columns, inside)
                if absent:
                    self.lacks(concept, absent, main.columns)
                    continue
                if concept.over is not None and roster is not None:
                    values = gathered(concept, main, roster, self.home)
                else:
                    values = worked_out(concept, main, self.home)
                values = self._within(module, main, values)
                done[concept.name] = values
                main[concept.name] = values
        return self._broken_down(main, done)

    def _broken_down(
        self, main: pd.DataFrame, done: dict[str, npt.NDArray[np.float64]]
    ) -> dict[str, npt.NDArray[np.float64]]:
        """Add age groups and other variables that tables are broken down by."""
        for concept in breakdowns(self.catalogue):
            if concept.name in {*self.walk.variables, *main.columns, *self.own}:
                continue  # the file's own groups, mapped or kept, go before ours
            absent = self.absent_in_row(concept, main.columns)
            if absent:
                self.lacking[concept.name] = absent
            elif concept.over == PERSONS:
                household, every = pd.factorize(main["hh_id"])
                members = Gathering(main, household, household, len(every))
                done[concept.name] = gathered(concept, main, members, self.home)
            else:
                done[concept.name] = worked_out(concept, main, self.home)
        return done

    def _in_roster(self, concept: Any, module: Module, rosters: dict[str, Gathering]) -> None:
        name = module.roster.name if module.roster else ""
        roster = rosters.get(name)
        columns: Collection[str] = () if roster is None else roster.frame.columns
        absent = (name,) if roster is None else self.absent_in_row(concept, columns)
        if roster is None or absent:
            self.lacks(concept, absent, columns)
            return
        roster.frame[concept.name] = worked_out(concept, roster.frame, self.home)

    def _within(
        self, module: Module, main: pd.DataFrame, values: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Leave a concept missing outside the universe of its module."""
        rule = self.universe(module, main.columns)
        return values if rule is None else np.where(rule.mask(main, home=self.home), values, np.nan)


def _joined(parts: Sequence[pd.Series]) -> npt.NDArray[Any]:
    """Join the parts of an identifier as texts; blank where a part is."""
    joined: Any = ""
    known = np.ones(len(parts[0]), dtype=bool)
    for at, part in enumerate(parts):
        here = part.notna().to_numpy()
        known &= here
        written = part.astype(str)
        if part.dtype.kind in "fb":
            numbers = part.to_numpy(dtype=np.float64, na_value=np.nan)
            whole = here & (numbers == np.floor(numbers))
            written = written.astype(object)
            written[whole] = numbers[whole].astype(np.int64).astype(str)
        joined = written if at == 0 else joined + "-" + written
    out: npt.NDArray[Any] = joined.to_numpy(dtype=object, copy=True)
    out[~known] = None
    return out
