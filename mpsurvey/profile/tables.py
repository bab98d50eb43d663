"""The figures of one round: every indicator by the breakdowns that make sense for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from mpsurvey.catalogue import Catalogue, Indicator
from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation.estimates import COLUMNS
from mpsurvey.harmonisation.target import all_targets, is_yes_no
from mpsurvey.harmonisation.words import no_word, yes_word
from mpsurvey.profile.study import Study, wording
from mpsurvey.tabulation import IndicatorTable, tabulate

__all__ = ["asked_indicators", "breakdowns_of", "in_language", "round_table"]


def asked_indicators(study: Study, catalogue: Catalogue) -> tuple[Indicator, ...]:
    """Return what a study shows, by theme in the order of the study, then by id."""
    single = set(study.indicators)
    order = {theme: place for place, theme in enumerate(study.themes)}
    found = [
        one
        for one in catalogue.indicators()
        if (one.theme in order or one.id in single) and one.id not in study.without
    ]
    return tuple(sorted(found, key=lambda one: (order.get(one.theme, len(order)), one.id)))


def breakdowns_of(
    indicator: Indicator, asked: Sequence[tuple[str, ...]], columns: Any
) -> tuple[tuple[str, ...], ...]:
    """Return the breakdowns that an indicator gets: sensible for it, and there in the rows.

    A variable is sensible if the definition lists it under `by`, or if the study made it (then it
    is not among the catalogue's and the definition cannot know it), and if the indicator's own
    rules do not use it.
    """
    there = set(columns)
    kept = []
    for names in asked:
        fits = all(name in there and (name in indicator.by or _own(name)) for name in names)
        if fits and not indicator.names & set(names):
            kept.append(names)
    return tuple(kept)


def _own(name: str) -> bool:
    return name not in _KNOWN_BY


_KNOWN_BY = frozenset(("sex", "age_group", "region", "urban", "isic1", "isco1", "cob_group"))
"""Variables that definitions list; the study's own are not among them."""


def round_table(
    study: Study,
    catalogue: Catalogue,
    samples: Mapping[str, Sample],
    home: int | None,
    auxiliaries: Any = None,
) -> IndicatorTable:
    """Tabulate a study's indicators of one round, in the study's first language.

    Raises
    ------
    MpsurveyError
        The study asks for nothing that the data can give.
    """
    wanted = asked_indicators(study, catalogue)
    needed = {one.id: [rows for rows in one.names_by_rows if rows not in samples] for one in wanted}
    kept = [one for one in wanted if not needed[one.id]]
    without = {
        one: tuple(f"a file of {rows} rows" for rows in absent)
        for one, absent in needed.items()
        if absent
    }
    by_breakdown: dict[tuple[tuple[str, ...], ...], list[Indicator]] = {}
    for one in kept:
        columns = {
            column
            for rows in one.names_by_rows or (one.rows,)
            for column in samples[rows].frame.columns
        }
        places = breakdowns_of(one, study.breakdowns, columns)
        by_breakdown.setdefault(places, []).append(one)
    remembered = {rows: sample.remembering() for rows, sample in samples.items()}
    parts = [
        tabulate(
            remembered,
            ids,
            places,
            level=study.level,
            home=home,
            auxiliaries=auxiliaries or None,
            language=study.languages[0],
        )
        for places, ids in by_breakdown.items()
    ]
    made = [part for part in parts if len(part)]
    if not made:
        lacks = sorted({name for part in parts for names in part.lacking.values()
                        for name in names})  # fmt: skip
        raise MpsurveyError(
            "None of the study's indicators can be made from these files. They lack "
            f"{', '.join(lacks[:12])}."
        )
    return _joined(parts, [one.id for one in wanted], without)


def _joined(
    parts: Sequence[IndicatorTable], order: Sequence[str], without: Mapping[str, tuple[str, ...]]
) -> IndicatorTable:
    """Put tables of different breakdowns into one, in the order of the study."""
    names = list(dict.fromkeys(name for part in parts for name in part.by))
    first = ["indicator", "theme", "breakdown", "statistic", "variable", "category"]
    columns = [*first, *names, *COLUMNS, "unit"]
    frames = []
    for part in parts:
        if not len(part):
            continue
        frame = part.frame.copy()
        for name in names:
            if name not in frame:
                frame[name] = pd.Series([None] * len(frame), dtype=object, index=frame.index)
            frame[name] = frame[name].astype(object).where(frame[name].notna(), None)
        for name in ("variable", "category"):
            frame[name] = frame[name].astype(object).where(frame[name].notna(), None)
        frames.append(frame[columns])
    whole = pd.concat(frames, ignore_index=True)
    place = {one: at for at, one in enumerate(order)}
    whole = whole.sort_values(
        "indicator", key=lambda column: column.map(place), kind="stable"
    ).reset_index(drop=True)
    gathered: dict[str, dict[Any, Any]] = {
        key: {} for key in ("indicators", "results", "lacking", "labels", "titles")
    }
    for part in parts:
        for key, into in gathered.items():
            into |= getattr(part, key)
    indicators = {one: gathered["indicators"][one] for one in order
                  if one in gathered["indicators"]}  # fmt: skip
    return IndicatorTable(
        frame=whole,
        indicators=indicators,
        results=gathered["results"],
        lacking={**gathered["lacking"], **without},
        language=parts[0].language,
        labels=gathered["labels"],
        titles=gathered["titles"],
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
    )


def in_language(
    table: IndicatorTable, language: str, study: Study, catalogue: Catalogue
) -> IndicatorTable:
    """Return a table in another language: units, names of variables and of their codes.

    Wordings come from the study's own groups and labels, then from the catalogue; codes that only
    the file knows keep the file's words.
    """
    targets = all_targets(catalogue)
    labels = {name: dict(known) for name, known in table.labels.items()}
    titles = dict(table.titles)
    for name in {*labels, *titles, *table.by}:
        target = targets.get(name)
        if name in study.groups:
            own = study.groups[name]
            titles[name] = wording(own.title, language)
            labels[name] = {one.code: wording(one.title, language) for one in own.groups}
        elif target is not None:
            titles[name] = target.worded(language)
            known = target.labels(language)
            if target.concept is not None and is_yes_no(target.concept):
                known = {1: yes_word(language), 0: no_word(language)}
            if target.codes is None or not target.codes.open:
                labels[name] = {**labels.get(name, {}), **known}
        for code, texts in study.labels.get(name, {}).items():
            labels.setdefault(name, {})[code] = wording(texts, language)
    units = {one.id: wording(one.unit, language) for one in table.indicators.values()}
    frame = table.frame.assign(unit=table.frame["indicator"].map(units))
    results = {
        key: replace(
            made,
            statistic=wording(table.indicators[key[0]].title, language),
            labels={**made.labels, **{n: labels[n] for n in made.labels if n in labels}},
            titles={**made.titles, **{n: titles[n] for n in made.titles if n in titles}},
        )
        for key, made in table.results.items()
    }
    return replace(
        table, frame=frame, language=language, labels=labels, titles=titles, results=results
    )
