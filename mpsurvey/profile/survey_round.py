"""One round of a profile: its table, what may be shown of it, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from mpsurvey.catalogue import AUXILIARIES, Catalogue
from mpsurvey.design import describe
from mpsurvey.design.compiled import clauses
from mpsurvey.estimation.estimates import COLUMNS
from mpsurvey.estimation.known_covariance import KnownCovariance
from mpsurvey.profile.fieldwork import Fieldwork, prepare_round
from mpsurvey.profile.grounds import design_in_words, rows_in_words, step_in_words
from mpsurvey.profile.store import Store, file_digest
from mpsurvey.profile.study import Round, Study
from mpsurvey.profile.tables import in_language, round_table
from mpsurvey.profile.words import said
from mpsurvey.publication.charts.lettering import plain
from mpsurvey.publication.wording import semicolon
from mpsurvey.tabulation import IndicatorTable, assess, protect
from mpsurvey.tabulation.disclosure.settings import disclosure_rules
from mpsurvey.tabulation.national_figures import Auxiliary as NationalFigure
from mpsurvey.tabulation.quality.rule_sets import reason

__all__ = ["Basis", "SurveyRound"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a round's figures rest on, as plain data for notes, manifest and trace."""

    designs: Mapping[str, str] = field(default_factory=dict)
    clauses: Mapping[str, tuple[tuple[str, Mapping[str, Any]], ...]] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    methods: tuple[str, ...] = ()
    crosswalks: Mapping[str, str] = field(default_factory=dict)
    findings: Mapping[str, int] = field(default_factory=dict)
    mapped: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    diaries: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)

    def facts(self, name: str, language: str) -> list[tuple[str, str]]:
        """Return the notes on a round, as (heading, text)."""

        def heading(key: str, kind: str) -> str:
            return f"{said(key, language)} – {name} ({rows_in_words(kind, language)})"

        stop, lines = semicolon(language), []
        for kind, design in self.clauses.items():
            lines.append((heading("design", kind), f"{design_in_words(design, language)}."))
        for kind, walk in self.crosswalks.items():
            more = self.findings.get(kind, 0)
            text = plain(walk, language)
            if more:
                text += stop + said("findings_of", language, count=more)
            lines.append((heading("harmonised", kind), text))
        for kind, diary in self.diaries.items():
            steps = stop.join(
                said("weights_step", language, number=one["number"],
                     words=step_in_words(one["do"], one["words"], language))
                for one in diary
            )  # fmt: skip
            lines.append((heading("weights", kind), f"{steps}."))
        return lines


@dataclass(slots=True)
class SurveyRound:
    """A round on its way to figures; samples are made only if something needs them."""

    study: Study
    round: Round
    catalogue: Catalogue
    store: Store
    catalogue_digest: str
    digests: Mapping[str, str] = field(default_factory=dict)
    _fieldwork: Fieldwork | None = None
    _full: IndicatorTable | None = None
    table: IndicatorTable | None = None
    basis: Basis = field(default_factory=Basis)

    def fieldwork(self) -> Fieldwork:
        """Return the samples, reading the files if that was not done yet."""
        if self._fieldwork is None:
            self._fieldwork = prepare_round(
                self.round,
                self.catalogue,
                groups=self.study.groups,
                language=self.study.languages[0],
            )
        return self._fieldwork

    def read_digests(self) -> None:
        """Take the digest of every input file."""
        self.digests = {str(path): file_digest(path) for path in self.round.inputs}

    @property
    def key(self) -> list[Any]:
        """All that the figures of the round depend on."""
        asked = self.study.said
        settings = {
            name: asked.get(name)
            for name in ("themes", "indicators", "without", "breakdowns", "groups", "level",
                         "auxiliary", "library", "country")
        }  # fmt: skip
        return [self.round.said, sorted(self.digests.values()), settings, self.study.languages[0],
                self.round.home, self.catalogue_digest]  # fmt: skip

    def make_table(self) -> None:
        """Tabulate the round, or take the table that was made of the same things."""
        self.table, self.basis = self.store.part(
            f"figures {self.round.id}", self.key, lambda: _lean(self._tabulated())
        )

    def full_table(self) -> IndicatorTable:
        """Return the table with the scores of every sampling unit, as changes need them."""
        if self._full is None:
            self._full = self._tabulated()[0]
        return self._full

    def _tabulated(self) -> tuple[IndicatorTable, Basis]:
        work = self.fieldwork()
        table = round_table(
            self.study, self.catalogue, work.samples, self.round.home, national(self.study)
        )
        self._full = table
        return table, _basis_of(work, table)

    def checked(self, tables: Mapping[str, IndicatorTable]) -> Mapping[str, IndicatorTable]:
        """Return the tables, by language, without what must not be shown."""
        rules = [self.study.said.get("quality"), self.study.said.get("disclosure")]
        files = [file_digest(x) for x in _rule_files(self.study) if x.is_file()]
        return self.store.part(
            f"checked {self.round.id}",
            [self.key, rules, files, list(tables), self.study.said.get("labels")],
            lambda: self._checked(tables),
        )

    def _checked(self, tables: Mapping[str, IndicatorTable]) -> dict[str, IndicatorTable]:
        made: dict[str, IndicatorTable] = {}
        study = self.study
        if study.quality is None and study.disclosure is None:
            return dict(tables)
        samples = self.fieldwork().samples
        home = self.round.home
        for language, table in tables.items():
            checked = table
            if study.quality is not None:
                checked = assess(checked, study.quality, language, sample=samples, home=home)
            if study.disclosure is not None:
                first = next(iter(made.values()), None)
                checked = (
                    protect(checked, study.disclosure, sample=samples, home=home)
                    if first is None
                    else as_protected(checked, first, study.disclosure)
                )
            made[language] = checked
        return made

    def in_languages(self) -> dict[str, IndicatorTable]:
        """Return the round's table in every language of the study."""
        assert self.table is not None  # noqa: S101 - make_table comes first
        return {
            language: in_language(self.table, language, self.study, self.catalogue)
            for language in self.study.languages
        }


def as_protected(table: IndicatorTable, first: IndicatorTable, rules: Any) -> IndicatorTable:
    """Return a table in another language with exactly the figures that the first one shows.

    The same cells must be kept back in every language: two different patterns would tell together
    what each keeps.
    """
    frame, shown = table.frame.reset_index(drop=True), first.frame.reset_index(drop=True)
    hidden = (shown["mark"] == "c").to_numpy() if "mark" in shown else None
    figures = {name: shown[name] for name in COLUMNS}
    if hidden is None:
        made = frame.assign(**figures)
    else:
        named = {
            name: frame[name] if name in frame else pd.Series("", index=frame.index)
            for name in ("status", "mark", "reason")
        }
        named["status"] = shown["status"]
        named["mark"] = shown["mark"]
        said_why = reason("confidential", table.language)
        named["reason"] = named["reason"].astype(object).mask(hidden, said_why)
        made = frame.assign(**figures, **named)[list(shown.columns)]
    words = reason(
        "disclosure",
        table.language,
        what=disclosure_rules(rules).in_words(table.language),
        withheld=0 if hidden is None else int(hidden.sum()),
        all=len(made),
    )
    return replace(table, frame=made, rules=(*table.rules, words))


def national(study: Study) -> dict[str, NationalFigure]:
    """Return the study's auxiliary figures that indicators of the catalogue can use."""
    made = {}
    for one in study.auxiliary.values():
        if one.id in AUXILIARIES and one.year.isdigit():
            source = next(iter(one.source.values()))
            unit = next(iter(one.unit.values()))
            made[one.id] = NationalFigure(
                name=one.id, value=one.value, unit=unit, source=source, year=int(one.year)
            )
    return made


def _rule_files(study: Study) -> list[Any]:
    from pathlib import Path

    return [x for x in (study.quality, study.disclosure) if isinstance(x, Path)]


def _basis_of(work: Fieldwork, table: IndicatorTable) -> Basis:
    return Basis(
        designs={
            kind: describe(one.design, one.units, len(one)) for kind, one in work.samples.items()
        },
        clauses={kind: clauses(one.design, one.units) for kind, one in work.samples.items()},
        rows={kind: len(one) for kind, one in work.samples.items()},
        methods=tuple(dict.fromkeys(one.method for one in table.results.values())),
        crosswalks={kind: one.crosswalk for kind, one in work.reports.items()},
        findings={kind: len(one.findings) for kind, one in work.reports.items()},
        mapped={kind: dict(one.mapped) for kind, one in work.reports.items()},
        diaries={
            kind: tuple(
                {"number": one.number, "do": one.do, "words": one.words, "kish": one.kish,
                 "flags": list(one.flags)}
                for one in diary
            )
            for kind, diary in work.diaries.items()
        },
    )  # fmt: skip


def _lean(made: tuple[IndicatorTable, Basis]) -> tuple[IndicatorTable, Basis]:
    return _lean_table(made[0]), made[1]


def _lean_table(table: IndicatorTable) -> IndicatorTable:
    """The table with covariances in place of the scores of every sampling unit."""
    results = {
        key: replace(one, uncertainty=KnownCovariance(one.uncertainty.covariance()))
        for key, one in table.results.items()
    }
    return replace(table, results=results)
