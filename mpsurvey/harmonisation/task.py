"""One harmonising: what is asked of it, and what it finds, whatever holds the rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mpsurvey.catalogue import PERSONS, Catalogue, Concept, Module
from mpsurvey.errors import ColumnMissing, MpsurveyError, did_you_mean
from mpsurvey.harmonisation.checking import Examined, Policy
from mpsurvey.harmonisation.columns import actual_column, actual_columns, kept_columns
from mpsurvey.harmonisation.countries import CountryNames
from mpsurvey.harmonisation.crosswalk import Crosswalk
from mpsurvey.harmonisation.report import Finding
from mpsurvey.harmonisation.tables import absent_columns
from mpsurvey.harmonisation.target import Target
from mpsurvey.rule import Rule

__all__ = ["Task", "columns_read"]


@dataclass(slots=True)
class Task:
    """One harmonising: what is known of the modules, and what has been found.

    Attributes
    ----------
    own
        Columns of the main file that are kept as they are.
    """

    catalogue: Catalogue
    targets: Mapping[str, Target]
    walk: Crosswalk
    home: int | None
    policy: Policy
    findings: list[Finding] = field(default_factory=list)
    examined: Examined = field(default_factory=Examined)
    lacking: dict[str, tuple[str, ...]] = field(default_factory=dict)
    nearly: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    own: frozenset[str] = frozenset()

    def name_files(self, files: Iterable[str]) -> None:
        """Refuse files that the crosswalk does not name."""
        unknown = [name for name in files if name not in self.walk.files]
        if unknown:
            raise MpsurveyError(
                f"The crosswalk has no file '{name}'.{did_you_mean(name, self.walk.files)}"
                for name in unknown
            )

    def countries(self) -> CountryNames | None:
        """Return the names of countries, where a variable is read by them."""
        named = any(mapped.countries for mapped in self.walk.variables.values())
        return CountryNames(self.catalogue.codelist("CNT")) if named else None

    def leave_out(self, columns: Mapping[str | None, Collection[str]]) -> None:
        """Leave out optional variables whose columns the files lack; refuse other absent ones."""
        problems, dropped = absent_columns(self.walk, columns)
        if problems:
            raise MpsurveyError(problems)
        if dropped:
            self.walk = self.walk.without(*dropped)
            self.remarks.append(
                f"This file lacks what the crosswalk has for: {', '.join(dropped)}."
            )

    def household_columns(self, columns: Collection[str]) -> list[str]:
        """Return the columns that tell households apart."""
        found = [actual_column(c, columns) or c for c in self.walk.household]
        absent = [("'household'", c) for c in found if c not in columns]
        if absent:
            raise ColumnMissing(absent, columns)
        return found

    @property
    def places(self) -> dict[str, str]:
        """Where the crosswalk has each variable."""
        return {name: mapped.place for name, mapped in self.walk.variables.items()}

    def of_rows(self, columns: Iterable[str], *, own_row: bool) -> list[str]:
        """Return the variables of the main file that stand beside the rows of a roster.

        `own_row` is whether the roster's key tells the rows of the main file apart.
        """
        return [
            column
            for column in columns
            if self.walk.unit == "household"
            or self.targets[column].of in ("household", "design")
            or own_row
        ]

    # -- concepts

    def absent(
        self, concept: Concept, columns: Collection[str], roster: Collection[str] | None
    ) -> tuple[str, ...]:
        """Return what a concept of the main file lacks; `roster` has the columns of its roster."""
        if concept.over is not None and roster is None:
            return (concept.over,)
        needed: set[str] = set()
        if roster is not None:
            rules = (concept.value, concept.where)
            inside = frozenset().union(*(rule.names for rule in rules if rule is not None))
            needed |= inside - set(roster)
            if concept.universe is not None:
                needed |= concept.universe.names - set(columns)
        else:
            needed |= concept.names - set(columns)
        if self.home is None and any(rule.uses_home for rule in concept.rules):
            needed.add("HOME")
        return tuple(sorted(needed))

    def absent_in_row(self, concept: Concept, columns: Collection[str]) -> tuple[str, ...]:
        """Return what a breakdown, or a concept of a roster's rows, lacks."""
        needed = concept.names | ({"hh_id"} if concept.over == PERSONS else set())
        absent = tuple(sorted(needed - set(columns)))
        home = self.home is None and any(rule.uses_home for rule in concept.rules)
        return (*absent, "HOME") if home else absent

    def lacks(self, concept: Concept, absent: tuple[str, ...], columns: Collection[str]) -> None:
        """Note what a concept lacks, and whether something of it is there."""
        self.lacking[concept.name] = absent
        there = concept.names & set(columns)
        if any(self.targets[name].origin != "host" for name in there):
            self.nearly.append(concept.name)

    def universe(self, module: Module, columns: Collection[str]) -> Rule | None:
        """Return the rule that confines a module's concepts, where it can be looked at."""
        rule = module.universe
        if rule is None:
            return None
        if rule.names - set(columns) or (rule.uses_home and self.home is None):
            lacked = ", ".join(sorted(rule.names - set(columns))) or "HOME"
            remark = f"Concepts of {module.id} are not confined to {rule}: {lacked} is lacking."
            if remark not in self.remarks:
                self.remarks.append(remark)
            return None
        return rule

    # -- outcome

    def kept(
        self,
        columns: Collection[str],
        made: Collection[str],
        keep: tuple[str, ...],
        design: Iterable[str],
    ) -> list[str]:
        """Return the main file's columns that are carried over as they are."""
        wanted = kept_columns(columns, (*self.walk.keep, *keep))
        absent = [name for name in (*self.walk.keep, *keep) if not kept_columns(columns, [name])]
        if absent:
            self.remarks.append(f"To be kept, and not in this file: {', '.join(absent)}.")
        wanted += kept_columns(columns, design)
        hidden = [c for c in dict.fromkeys(wanted) if c in made and not self._same(c)]
        if hidden and "*" not in keep:
            raise MpsurveyError(
                f"The file's column '{name}' is to be kept, and the crosswalk makes another "
                f"variable '{name}'. Rename the file's column first, or do not keep it."
                for name in hidden
            )
        return [c for c in dict.fromkeys(wanted) if c not in made]

    def _same(self, name: str) -> bool:
        mapped = self.walk.variables.get(name)
        return mapped is not None and mapped.column == name and not mapped.recode

    def of_the_office(self, variables: Mapping[str, Any]) -> dict[str, dict[Any, str]]:
        """Return the file's own labels of codes that were taken as they are from an open list.

        Regions are the office's: the catalogue's list of them is a placeholder.
        """
        out = {}
        for name, mapped in self.walk.variables.items():
            listed = self.targets[name].listed if name in self.targets else None
            if listed is None or not listed.open or mapped.countries:
                continue
            own = variables.get(mapped.column) if mapped.column and not mapped.recode else None
            if own is not None and own.answers and mapped.file is None:
                out[name] = dict(own.answers)
        return out

    def fail(self) -> None:
        """Stop for the findings on which it is to fail."""
        wrong = [str(one) for one in self.findings if one.action == "fail"]
        if wrong:
            raise MpsurveyError(
                [*wrong, "Mend the crosswalk or the file, or let them pass: strict=False."]
            )


def columns_read(
    walk: Crosswalk, columns: Collection[str], name: str | None, keep: tuple[str, ...]
) -> list[str]:
    """Return the columns of a file that are read: of the main one (None) or a further one."""
    used = {n for m in walk.variables.values() if m.file == name for n in m.names}
    if name is None:
        used |= {*walk.household, *keep}
        used |= {ours for link in walk.files.values() for ours in link.key}
    else:
        used |= set(walk.files[name].key.values())
    wanted = set(kept_columns(columns, used))
    for one in used:
        wanted |= set(actual_columns(one, columns).values())
    return [column for column in columns if column in wanted]
