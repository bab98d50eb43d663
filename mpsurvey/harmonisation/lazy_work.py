"""One harmonising of rows that stay in their engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from operator import or_
from typing import Any

import narwhals as nw

from mpsurvey.catalogue import PERSONS, Concept, Module, breakdowns
from mpsurvey.errors import MpsurveyError
from mpsurvey.harmonisation.checking import (
    mistyped,
    without_place,
)
from mpsurvey.harmonisation.columns import kept_columns
from mpsurvey.harmonisation.crosswalk import Kind, Mapped
from mpsurvey.harmonisation.describing import by_use
from mpsurvey.harmonisation.lazy_checking import LazyChecks, with_counts
from mpsurvey.harmonisation.lazy_deriving import gather, work_out
from mpsurvey.harmonisation.lazy_joining import LazyLink, beside, lazily_linked
from mpsurvey.harmonisation.lazy_rows import TEXT, all_known, number
from mpsurvey.harmonisation.lazy_table import LazyTable, aside, kept, lost, raw
from mpsurvey.harmonisation.report import Finding
from mpsurvey.harmonisation.task import columns_read
from mpsurvey.microdata import Variable
from mpsurvey.rule import Rule

__all__ = ["LazyRoster", "LazyWork", "lazily"]


def lazily(data: Any) -> nw.LazyFrame[Any] | None:
    """Return a lazy frame of any library as narwhals has it; None of anything else."""
    frame = nw.from_native(data, pass_through=True)
    return frame if isinstance(frame, nw.LazyFrame) else None


@dataclass(frozen=True, slots=True)
class LazyRoster:
    """A roster's rows with the main file's variables beside them.

    Attributes
    ----------
    names, own, concepts
        Variables got from the roster itself, those of the main file beside them, and concepts of
        its rows.
    """

    table: LazyTable
    link: LazyLink
    names: tuple[str, ...]
    own: tuple[str, ...]
    concepts: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Everything that a row has."""
        return (*self.names, *self.own, *self.concepts)


@dataclass(slots=True)
class LazyWork(LazyChecks):
    """One harmonising of rows that stay in their engine.

    Every step is an expression. What the report says is counted at the end: one aggregation and one
    listing of values for each file.

    Attributes
    ----------
    concepts
        Concepts that were worked out for the main file.
    answered
        By name, what the main file's sums have the rows with an answer or a value under.
    carried
        By column that is carried over, the same of its values, and of those that are not whole.
    """

    rosters: dict[str, LazyRoster] = field(default_factory=dict)
    concepts: list[str] = field(default_factory=list)
    answered: dict[str, str] = field(default_factory=dict)
    carried: dict[str, tuple[str, str]] = field(default_factory=dict)
    _waiting: list[tuple[Concept, Rule | None]] = field(default_factory=list)

    @property
    def columns(self) -> list[str]:
        """The modules' variables and concepts that the main file has so far."""
        return [*self.answers, *self.concepts]

    def do(self, data: nw.LazyFrame[Any], files: Mapping[str, Any], keep: tuple[str, ...]) -> None:
        """Put every variable and concept in, and say what is to be counted."""
        self.name_files(files)
        given: dict[str | None, nw.LazyFrame[Any]] = {None: data}
        for name, one in files.items():
            given[name] = _alike(name, one, data)
        columns = {name: one.collect_schema().names() for name, one in given.items()}
        carried = kept_columns(columns[None], (*self.walk.keep, *keep))
        self.own = frozenset(carried)
        self.leave_out(columns)
        households = self.household_columns(columns[None])
        countries = self.countries()
        for file, one in given.items():
            read = columns_read(self.walk, columns[file], file, ())
            table = LazyTable(
                one, read, carried if file is None else (), self.walk, self.home, countries
            )
            table.look_at_texts(
                (mapped, self.targets[mapped.name])
                for mapped in self.walk.variables.values()
                if mapped.file == file
            )
            self.tables[file] = table
        links = {
            name: lazily_linked(self.main, self.tables[name], self.walk.files[name])
            for name in files
        }
        for name, link in links.items():
            self._note_link(name, link)
        for mapped in self.walk.variables.values():
            self._get(mapped)
        for table in self.tables.values():
            table.set_aside()
        for name, link in links.items():
            if link.linked.unit != "roster":
                self._join(name, link)
        self._identify_households(households)
        self.check(self.main, self.answers, self.columns)
        self.check_units()
        for name, link in links.items():
            if link.linked.unit == "roster":
                self._roster(name, link)
        self._work_out()
        self._kinds_of_kept(carried)

    # -- files

    def _note_link(self, name: str, link: LazyLink) -> None:
        which = self.walk.files[name]
        if which.unit != "roster":
            what = f"rows of the main file without a {which.unit} in it"
            alone = self.main.sums.ask(nw.col(_found_in(name)).is_null())
            self._await(self.main, "join", name, what, alone, which.place)
        what = "rows without a row of the main file"
        finding = self.policy.finding("join", name, what, link.other_alone, 0, which.place)
        other = self.tables[name]
        self.later.append(lambda: replace(finding, of=other.sums.rows))

    def _await(
        self, table: LazyTable, kind: Kind, name: str, what: str, count: str, place: str = ""
    ) -> None:
        """Make a finding of what will have been counted."""
        finding = self.policy.finding(kind, name, what, 0, 0, place)
        self.later.append(partial(with_counts, finding, table.sums, count))

    def _join(self, name: str, link: LazyLink) -> None:
        """Put the variables of a file of households or persons beside the main file's rows."""
        other = self.tables[name]
        ways = (part(one) for one in other.drawn for part in (str, aside, lost))
        columns = [column for column in ways if column in other.rows.schema]
        beside(self.main.rows, other.rows, link, columns, _found_in(name))

    # -- variables

    def _get(self, mapped: Mapped) -> None:
        table, target = self.tables[mapped.file], self.targets[mapped.name]
        table.get(mapped, target)
        if mapped.file is None or self.walk.files[mapped.file].unit != "roster":
            self.answers.append(mapped.name)
        got = table.drawn[mapped.name]
        if got.given is not None and mapped.column is not None:
            self.later.append(lambda: self._without_place(table, mapped))
        if got.lost is not None:
            wrong = table.sums.ask(nw.col(lost(mapped.name)) == 1)
            finding = mistyped(mapped, target, self.policy, 0, 0)
            self.later.append(partial(with_counts, finding, table.sums, wrong))

    def _without_place(self, table: LazyTable, mapped: Mapped) -> Finding | None:
        listed = table.listed.get(mapped.name)
        if listed is None or not listed.unmapped:
            return None
        return without_place(listed.unmapped, mapped, self.policy, table.sums.rows)

    def _identify_households(self, columns: list[str]) -> None:
        if not columns or "hh_id" in self.answers:
            return
        schema = self.main.rows.schema
        if len(columns) == 1:
            value, kind = nw.col(raw(columns[0])), schema[raw(columns[0])]
        else:
            parts = [written(nw.col(raw(c)), schema[raw(c)]) for c in columns]
            value, kind = nw.concat_str(*parts, separator="-"), TEXT
        self.main.rows.put("hh_id", value, kind)
        self.answers.append("hh_id")

    # -- rosters

    def _roster(self, name: str, link: LazyLink) -> None:
        """Check a roster's own answers, with the main file's variables beside each row."""
        table = self.tables[name]
        names = list(table.drawn)
        others = [one for one in self.answers if one not in table.drawn]
        own = self.of_rows(others, own_row=link.one_each)
        main = self.main.rows
        homes = main.frame().filter(all_known(link.main)).select(*link.main, *own)
        if not link.one_each:
            homes = homes.group_by(*link.main).agg(*(nw.col(one).max() for one in own))
        theirs = {key: f"{key}__main" for key in link.main}
        homes = homes.rename(theirs)
        keys = dict(zip(link.other, theirs.values(), strict=True))
        table.rows.join(homes, keys, {one: main.schema[one] for one in own})
        self.check(table, names, [*names, *own])
        self.rosters[name] = LazyRoster(table, link, tuple(names), tuple(own))
        self._count_rows(name, link)

    def _count_rows(self, name: str, link: LazyLink) -> None:
        """Compare the rows of a roster with the number that the interview gave."""
        for module in self.catalogue.modules():
            if module.roster is None or module.roster.name != name:
                continue
            count = module.roster.count
            if count not in self.answers:
                return
            mark, main = f"rows__{name}", self.main
            known = self.tables[name].rows.frame().filter(all_known(link.other))
            there = known.group_by(*link.other).agg(nw.len().alias(mark))
            there = there.rename({key: f"{key}__other" for key in link.other})
            keys = {key: f"{key}__other" for key in link.main}
            main.rows.join(there, keys, {mark: nw.Int64()})
            said = nw.when(nw.col(count).is_null()).then(number(0)).otherwise(nw.col(count))
            if module.roster.most is not None:
                most = number(module.roster.most)
                said = nw.when(said > most).then(most).otherwise(said)
            rows = nw.col(mark).cast(nw.Float64)
            rows = nw.when(rows.is_null()).then(number(0)).otherwise(rows)
            what = f"rows in the roster differ from '{count}'"
            self._await(main, "join", name, what, main.sums.ask(rows != said))

    # -- concepts

    def _work_out(self) -> None:
        for module in self.catalogue.modules():
            for concept in module.concepts:
                if concept.name in self.walk.variables:
                    continue
                if concept.roster:
                    self._in_roster(concept, module)
                else:
                    self._concept(concept, module)
        self._gather()
        columns = list(self.columns)
        for concept in breakdowns(self.catalogue):
            if concept.name in {*self.walk.variables, *columns, *self.own}:
                continue  # the file's own groups, mapped or kept, go before ours
            absent = self.absent_in_row(concept, columns)
            if absent:
                self.lacking[concept.name] = absent
                continue
            rows = self.main.rows
            if concept.over == PERSONS:
                gather([(concept, None)], rows, rows, ["hh_id"], ["hh_id"], self.home)
            else:
                work_out(concept, rows, self.home, None)
            self.concepts.append(concept.name)

    def _concept(self, concept: Concept, module: Module) -> None:
        roster = self.rosters.get(concept.over) if concept.over else None
        columns = self.columns
        absent = self.absent(concept, columns, roster.columns if roster is not None else None)
        if absent:
            self.lacks(concept, absent, columns)
            return
        within = self.universe(module, columns)
        needed = concept.names | (within.names if within is not None else frozenset())
        elsewhere = roster is not None and any(one.over != concept.over for one, _ in self._waiting)
        if elsewhere or any(one.name in needed for one, _ in self._waiting):
            self._gather()
        if roster is not None:
            self._waiting.append((concept, within))
        else:
            work_out(concept, self.main.rows, self.home, within)
        self.concepts.append(concept.name)

    def _gather(self) -> None:
        """Gather what waits to be gathered from one roster."""
        if not self._waiting:
            return
        roster = self.rosters[self._waiting[0][0].over or ""]
        main, other = roster.link.main, roster.link.other
        gather(self._waiting, self.main.rows, roster.table.rows, main, other, self.home)
        self._waiting = []

    def _in_roster(self, concept: Concept, module: Module) -> None:
        name = module.roster.name if module.roster else ""
        roster = self.rosters.get(name)
        columns = () if roster is None else roster.columns
        absent = (name,) if roster is None else self.absent_in_row(concept, columns)
        if roster is None or absent:
            self.lacks(concept, absent, columns)
            return
        work_out(concept, roster.table.rows, self.home, None)
        self.rosters[name] = replace(roster, concepts=(*roster.concepts, concept.name))

    # -- counting

    def _kinds_of_kept(self, columns: Sequence[str]) -> None:
        """Ask what columns hold that are carried over: whole numbers, dates without a time."""
        for column in columns:
            kind, value = self.main.columns[column], nw.col(kept(column))
            sums, known = self.main.sums, ~value.is_null()
            if kind.is_float():
                known = known & ~value.is_nan().fill_null(value=False)
                other = known & (value != value.floor())
            elif kind == nw.Datetime:
                clock = (value.dt.hour(), value.dt.minute(), value.dt.second())
                other = known & reduce(or_, [part != 0 for part in clock])
            else:
                continue
            self.carried[column] = sums.ask(known), sums.ask(other)

    def described(self, column: str) -> Variable:
        """Describe a column that is carried over, by its values."""
        kind, sums = self.main.columns[column], self.main.sums
        known, other = [sums[key] for key in self.carried.get(column, ())] or (1, 0)
        if kind.is_float() or kind.is_decimal():
            return Variable(column, kind="integer" if known and not other else "decimal")
        if kind.is_integer() or kind == nw.Boolean:
            return Variable(column, kind="integer")
        if kind in (nw.Date, nw.Datetime):
            return Variable(column, kind="datetime" if other else "date")
        return Variable(column, kind="time" if kind.is_temporal() else "text")

    def count(self, language: str) -> None:
        """Let the engine count what was found: one aggregation and one listing for each file."""
        for sums, frame in self.apart:
            sums.count(frame)
        main = self.main
        for name in (*self.answers, *self.concepts):
            self.answered[name] = main.sums.ask(~nw.col(name).is_null())
        for table in self.tables.values():
            own = dict.fromkeys(table.drawn, table)
            if table is main:
                joined = [name for name in self.answers if name in self.walk]
                own |= {name: self.tables[self.walk[name].file] for name in joined}
            counted = [name for name in table.rows.schema if name in self.targets]
            named = [n for n in counted if by_use(self.targets[n], language)]
            table.count(own, [n for n in named if table.rows.schema[n] != nw.String])
        self.findings += [one for later in self.later if (one := later()) and one.count]
        self.fail()


def written(value: nw.Expr, kind: Any) -> nw.Expr:
    """Write a part of a household's identifier as text, whole numbers without a point."""
    if kind.is_float():
        known = nw.when(value.is_null()).then(number(0)).otherwise(value)
        whole = nw.when(known == known.floor()).then(known.cast(nw.Int64).cast(nw.String))
        return nw.when(~value.is_null()).then(whole.otherwise(known.cast(nw.String)))
    return value if kind == nw.String else value.cast(nw.String)


def _found_in(name: str) -> str:
    """Column that is null where a row has no counterpart in a further file."""
    return f"found__{name}"


def _alike(name: str, given: Any, main: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Return a further file as a lazy frame of the main file's engine."""
    lazy = lazily(given)
    engine = main.implementation
    if lazy is None or lazy.implementation != engine:
        where = "in memory" if lazy is None else f"in {lazy.implementation.name}"
        raise MpsurveyError(
            f"'{name}' is {where} and the main file in {engine.name}: give both in one engine, or "
            "both in memory."
        )
    return lazy
