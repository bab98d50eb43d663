"""From one study file to a whole Migration Profile."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from mpsurvey.catalogue import Catalogue, load_catalogue
from mpsurvey.catalogue.marked import Problems
from mpsurvey.errors import ExtraMissing, MpsurveyError
from mpsurvey.profile.chapters import Content, make_report
from mpsurvey.profile.governance import read_governance
from mpsurvey.profile.grounds import lack_in_words, method_in_words
from mpsurvey.profile.live_text import Figures
from mpsurvey.profile.manifest import inputs_of, manifest_of, write_manifest
from mpsurvey.profile.outputs import KeptPicture, swapped, write_outputs
from mpsurvey.profile.steps import read_steps
from mpsurvey.profile.store import Store, digest_of, file_digest, store_folder
from mpsurvey.profile.study import Study, wording
from mpsurvey.profile.study_file import read_study
from mpsurvey.profile.survey_round import SurveyRound
from mpsurvey.profile.tracking import changes_between, revisions, stacked, without_withheld
from mpsurvey.profile.words import said
from mpsurvey.publication.charts.lettering import plain
from mpsurvey.publication.document import Report
from mpsurvey.publication.wording import comma, semicolon, word
from mpsurvey.tabulation import IndicatorTable
from mpsurvey.tabulation.remarks import EFFECTIVE

__all__ = ["Profile", "run_profile"]

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Profile:
    """What a build made.

    Attributes
    ----------
    tables
        By round, in the study's first language, without what is withheld.
    changes
        Between rounds, see `mpsurvey.profile.tracking.changes_between`; None for one round.
    reports
        By language.
    files
        Everything that was written.
    remarks
        What an author should look at: figures that texts ask for and that are withheld, formats
        whose package is not installed, indicators that could not be made.
    made, found
        Parts that were made now, and parts that were taken from the store.
    """

    study: Study
    folder: Path
    tables: Mapping[str, IndicatorTable]
    reports: Mapping[str, Report]
    changes: pd.DataFrame | None = None
    files: tuple[Path, ...] = ()
    remarks: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    seconds: float = 0.0

    def __repr__(self) -> str:
        last = list(self.tables.values())[-1]
        return (
            f"<Profile {self.study.id}: {len(last.indicators)} indicators, "
            f"{len(self.tables)} round(s), {', '.join(self.reports)}; {self.folder}>"
        )


@dataclass(slots=True)
class _Work:
    study: Study
    store: Store
    tell: Tell
    rounds: list[SurveyRound] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def run_profile(
    path: str | Path,
    to: str | Path,
    *,
    store: str | Path | bool = True,
    tell: Tell | None = None,
) -> Profile:
    """Build a whole Migration Profile from its study file.

    Rounds are read, harmonised, weighted and tabulated; figures are assessed and protected; changes
    between rounds tested; findings, charts, tables and the author's texts put together in every
    language; and all of it written, with a manifest. Parts whose inputs and settings are unchanged
    are taken from the store. The same inputs give the same bytes of data.

    Parameters
    ----------
    path
        ``profile.yaml``, or its folder.
    to
        The output folder. It is replaced as a whole when everything has succeeded, and stays as it
        was otherwise.
    store
        True keeps parts in the user's own folder (see `mpsurvey.profile.store.store_folder`),
        False keeps nothing, a folder is used in place of the user's. It holds figures before
        anything is withheld: treat it as you treat the data.
    tell
        Called with what is being done, for progress.

    Returns
    -------
    Profile

    Raises
    ------
    MpsurveyError
        Every problem of the study file, of missing inputs, or of the texts, all at once.
    """
    began = time.perf_counter()
    folder = None if store is False else store_folder() if store is True else Path(store)
    work = _Work(read_study(path), Store(folder), tell or (lambda _: None))
    study = work.study
    _refuse_missing(study)
    target = Path(to).absolute()
    if target == study.folder:
        raise MpsurveyError("The output would take the place of the study. Name another folder.")
    catalogue = load_catalogue(*study.library)
    with swapped(target) as spare:
        tables, changes = _figures(work, catalogue)
        reports = _reports(work, catalogue, tables, changes)
        work.remarks += write_outputs(study, reports, spare, tell=work.tell)
        _write_changes(study, changes, spare)
        work.tell("manifest")
        written = manifest_of(
            study,
            spare,
            rounds={one.round.id: _told(one) for one in work.rounds},
            catalogue={
                one.id: one.version for one in _last(tables)[study.languages[0]].indicators.values()
            },
            remarks=work.remarks,
        )
        write_manifest(written, spare)
        names = [path.relative_to(spare) for path in sorted(spare.rglob("*")) if path.is_file()]
    work.store.forget()
    first = study.languages[0]
    return Profile(
        study=study,
        folder=target,
        tables={one: made[first] for one, made in tables.items()},
        changes=changes,
        reports=reports,
        files=tuple(target / name for name in names),
        remarks=tuple(work.remarks),
        made=tuple(work.store.made),
        found=tuple(work.store.found),
        seconds=time.perf_counter() - began,
    )


def _refuse_missing(study: Study) -> None:
    absent = [path for path in inputs_of(study) if not path.is_file()]
    if absent:
        raise MpsurveyError(
            f"{study.path.name}: there is no file '{_short(path, study)}'." for path in absent
        )


def _short(path: Path, study: Study) -> str:
    return str(path.relative_to(study.folder) if path.is_relative_to(study.folder) else path)


def _last(tables: Mapping[str, Any]) -> Any:
    return list(tables.values())[-1]


def _figures(
    work: _Work, catalogue: Catalogue
) -> tuple[dict[str, Mapping[str, IndicatorTable]], pd.DataFrame | None]:
    """Tables of every round by language, without what is withheld, and the changes."""
    study = work.study
    own = digest_of(
        [
            file_digest(path)
            for folder in catalogue.folders
            if folder.is_dir()
            for path in sorted(folder.rglob("*.yaml"))
        ]
    )
    tables: dict[str, Mapping[str, IndicatorTable]] = {}
    for one in study.rounds:
        part = SurveyRound(study, one, catalogue, work.store, own)
        part.read_digests()
        work.tell(f"figures of {one.id}")
        part.make_table()
        work.tell(f"quality and confidentiality of {one.id}")
        tables[one.id] = part.checked(part.in_languages())
        work.rounds.append(part)
        for name, lacks in (part.table.lacking if part.table else {}).items():
            if one is study.last and name in study.indicators:
                work.remarks.append(f"{name} could not be made: it lacks {', '.join(lacks)}.")
    return tables, _changes(work, tables)


def _changes(
    work: _Work, tables: Mapping[str, Mapping[str, IndicatorTable]]
) -> pd.DataFrame | None:
    study = work.study
    if len(work.rounds) < 2:
        return None
    first = study.languages[0]
    parts = []
    later = work.rounds[-1]
    for earlier in work.rounds[:-1]:
        # A shared PSU is said of two rounds that follow each other.
        follows = work.rounds.index(later) - work.rounds.index(earlier) == 1
        shared = later.round.shared_psu if follows else False
        work.tell(f"changes from {earlier.round.id} to {later.round.id}")
        made = work.store.part(
            f"changes {earlier.round.id} {later.round.id}",
            [earlier.key, later.key, shared],
            lambda earlier=earlier, shared=shared: changes_between(  # type: ignore[misc]
                _named(earlier, shared),
                _named(later, shared),
                shared_psu=shared,
                level=study.level,
            ),
        )
        before, after = tables[earlier.round.id][first], tables[later.round.id][first]
        parts.append(without_withheld(made, before, after, study.level))
    return pd.concat(parts, ignore_index=True)


def _named(part: SurveyRound, shared: bool | str) -> tuple[str, Any, IndicatorTable]:  # noqa: FBT001
    """A round for changes; scores of sampling units are needed only where rounds share them."""
    table = part.table if shared is False else part.full_table()
    assert table is not None  # noqa: S101 - made before
    return part.round.id, part.fieldwork().samples, table


def _reports(
    work: _Work,
    catalogue: Catalogue,
    tables: Mapping[str, Mapping[str, IndicatorTable]],
    changes: pd.DataFrame | None,
) -> dict[str, Report]:
    study = work.study
    problems: list[str] = []
    steps_problems = Problems(study.steps.name if study.steps else "steps.yaml")
    steps = read_steps(study.steps, steps_problems)
    entries_problems = Problems(study.governance.name if study.governance else "governance.yaml")
    entries = read_governance(study.governance, entries_problems)
    problems += steps_problems.lines() + entries_problems.lines()
    reports: dict[str, Report] = {}
    revised = None
    for language in study.languages:
        work.tell(f"report ({language})")
        own = {one: made[language] for one, made in tables.items()}
        titles = {one.id: wording(one.title, language) for one in study.rounds}
        whole = stacked(own, titles) if len(own) > 1 else _last(own)
        if revised is None:
            revised = _revised(study, whole, work.remarks)
        figures = Figures(
            tables=own,
            language=language,
            changes=changes,
            auxiliary=study.auxiliary,
            draw=_drawing(work, own, whole, changes),
        )
        made = make_report(
            Content(
                study=study,
                figures=figures,
                table=whole,
                steps=steps,
                governance=entries,
                facts=_facts(work, language, own),
                revised=revised,
            )
        )
        problems += made.problems
        if study.withheld_in_text == "fail":
            problems += made.withheld
        else:
            work.remarks += made.withheld
        assert made.report is not None  # noqa: S101 - make_report always makes one
        reports[language] = made.report
    if problems:
        raise MpsurveyError(problems)
    return reports


def _drawing(
    work: _Work,
    tables: Mapping[str, IndicatorTable],
    whole: IndicatorTable,
    changes: pd.DataFrame | None,
) -> Any:
    """What draws a chart, or None where charts are not asked for or cannot be made."""
    if not work.study.charts:
        return None
    from mpsurvey.publication.charts import chart

    table = list(tables.values())[-1]
    source = wording(work.study.last.title, table.language)

    def draw(indicator: str, by: tuple[str, ...], shape: Any) -> Any:
        try:
            if shape == "trend" and len(tables) > 1:
                made = chart(whole, indicator, "trend", changes=changes, source=source)
            else:
                made = chart(table, indicator, shape, by=list(by) or None, source=source)
            kept = KeptPicture(made, work.store)
            kept.svg()  # drawn at once: what cannot be drawn is left out and said, here
            return kept
        except ExtraMissing as error:
            _remark(work, f"No charts: {error}")
            return None
        except MpsurveyError as error:
            _remark(work, f"No chart of {indicator}: {error}")
            return None

    return draw


def _remark(work: _Work, said_once: str) -> None:
    if said_once not in work.remarks:
        work.remarks.append(said_once)


def _revised(study: Study, whole: IndicatorTable, remarks: list[str]) -> pd.DataFrame | None:
    """Figures that the last profile published otherwise."""
    if study.previous is None:
        return None
    found = sorted((study.previous / "data").glob("*.csv"))
    found = [path for path in found if not path.name.endswith((".dictionary.csv", "_changes.csv"))]
    if not found:
        remarks.append(f"The last profile has no data: {study.previous.name}/data/*.csv.")
        return None
    before = pd.read_csv(found[0], dtype={"round": str}, keep_default_na=True)
    now = whole.frame
    if "round" not in now:
        now = now.assign(round=study.last.id)
    if "round" not in before:
        return None
    strip = before["breakdown"].fillna("").str.replace(r"^round( x )?", "", regex=True)
    own = now["breakdown"].str.replace(r"^round( x )?", "", regex=True)
    return revisions(now.assign(breakdown=own), before.assign(breakdown=strip))


def _facts(
    work: _Work, language: str, tables: Mapping[str, IndicatorTable]
) -> tuple[tuple[str, str], ...]:
    facts: list[tuple[str, str]] = []
    for part in work.rounds:
        name = wording(part.round.title, language)
        facts += part.basis.facts(name, language)
    last = list(tables.values())[-1]
    methods = dict.fromkeys(method for part in work.rounds for method in part.basis.methods)
    level = f"{100 * work.study.level:g}"
    stop = semicolon(language)
    ways = stop.join(method_in_words(one, language) for one in methods)
    facts.append((said("method", language), f"{ways} ({level} %)"))
    if any(one.startswith("Taylor") for one in methods):
        facts.append((word("df", language), EFFECTIVE[language]))
    if last.lacking:
        between = comma(language)
        names = []
        for one, lacks in last.lacking.items():
            absent = between.join(lack_in_words(each, language) for each in lacks)
            names.append(f"{plain(one, language)} ({said('lacks', language, names=absent)})")
        facts.append((said("lacking", language), stop.join(names)))
    return tuple(facts)


def _told(part: SurveyRound) -> dict[str, Any]:
    basis = part.basis
    return {
        "title": dict(part.round.title),
        "designs": dict(basis.designs),
        "rows": dict(basis.rows),
        "methods": list(basis.methods),
        "crosswalks": dict(basis.crosswalks),
        "weights": {kind: [dict(one) for one in diary] for kind, diary in basis.diaries.items()},
    }


def _write_changes(study: Study, changes: pd.DataFrame | None, folder: Path) -> None:
    if changes is None or not {"csv", "parquet"} & set(study.formats):
        return
    path = folder / "data" / f"{study.id}_changes.csv"
    path.parent.mkdir(exist_ok=True)
    changes.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
