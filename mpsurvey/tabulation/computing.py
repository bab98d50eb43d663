"""Indicators are computed: each definition becomes one call of a verb."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mpsurvey import impact
from mpsurvey.catalogue import Indicator
from mpsurvey.design import Sample
from mpsurvey.design.together import Waiting
from mpsurvey.errors import ColumnMissing, MpsurveyError, RowsElsewhere
from mpsurvey.estimation import Estimates
from mpsurvey.estimation.answering import DegreesOfFreedom
from mpsurvey.estimation.estimates import COLUMNS
from mpsurvey.impact.contributions import both_rules
from mpsurvey.tabulation.files import Files
from mpsurvey.tabulation.indicator_table import IndicatorTable
from mpsurvey.tabulation.indicator_verbs import VERBS
from mpsurvey.tabulation.national_figures import auxiliaries_of, said
from mpsurvey.tabulation.remarks import NATIONAL, NOT_BROKEN_DOWN, effective_said, remarks

__all__ = ["compute", "tabulate"]

Breakdown = str | Sequence[str]
Job = tuple[Indicator, tuple[str, ...]]
"""An indicator and the breakdown it is wanted for."""

NEEDS_ROWS = "the rows in memory: sample.collect()"
"""What an indicator lacks that rows elsewhere cannot make."""


def tabulate(
    sample: Sample | Mapping[str, Sample],
    indicators: Indicator | Iterable[Indicator],
    by: Breakdown | Sequence[Breakdown] = (),
    *,
    whole: bool = True,
    level: float = 0.95,
    df: DegreesOfFreedom = "effective",
    home: int | None = None,
    auxiliaries: Any = None,
    lacking: Literal["skip", "fail"] = "skip",
    language: str = "en",
) -> IndicatorTable:
    """Make indicators, for all and by groups, as one long table.

    Parameters
    ----------
    sample
        The sample; or one for each sort of row, ``{"person": ..., "household": ...}``. A sample of
        harmonised persons has its households and rosters with it, and they are used for
        indicators on households, members abroad, senders and trips. Any other single sample stands
        for the rows that each indicator wants.
    indicators
        Definitions, as ``catalogue.indicators(theme="employment")`` gives them.
    by
        Breakdowns, each a variable or a tuple of variables to cross:
        ``by=("sex", "region", ("sex", "region"))`` makes three.
    whole
        Figures for all, too.
    level
        Confidence level.
    df
        Degrees of freedom, as in `mpsurvey.total`. Tables take the effective ones, by which the
        intervals of rare groups and contributions come nearest to their level.
    home
        The country's own code, for rules that use ``HOME``.
    auxiliaries
        National figures from elsewhere, by name: ``{"gdp": {"value": 4.1e9, "unit": "aurals",
        "source": "National accounts", "year": 2025}}``, `Auxiliary` objects, or a YAML or CSV
        file. They stand in the footnotes.
    lacking
        What to do with an indicator whose variables the data lack: leave it out and say so, or
        fail.
    language
        Language of titles and units.

    Returns
    -------
    IndicatorTable
        Indicators that cannot be broken down by a variable, because their rows do not have it,
        have no rows for that breakdown; a note says which.

    Raises
    ------
    ColumnMissing
        A breakdown is no column of any sample; or a variable is lacking under ``lacking="fail"``,
        all at once.
    MpsurveyError
        No sample is given for an indicator's rows, or a national figure lacks something.
    """
    asked = (indicators,) if isinstance(indicators, Indicator) else tuple(indicators)
    breakdowns = _breakdowns(by, whole=whole)
    figures = auxiliaries_of(auxiliaries)
    files = Files.of(sample, figures, asked)
    _check_rows(asked, files, breakdowns)
    wanted: list[Job] = []
    without: dict[str, tuple[str, ...]] = {}
    apart: dict[str, list[str]] = {}
    for one in asked:
        absent = files.lacks(one, home)
        if absent:
            without[one.id] = absent
            continue
        for names in breakdowns:
            if can_break_down(one, names, files):
                wanted.append((one, names))
            else:
                apart.setdefault(_place(names), []).append(one.id)
    _check_lacking(without, lacking)
    found = _computed(files, wanted, level=level, df=df, home=home)
    without |= {one.id: (NEEDS_ROWS,) for one, names in wanted if (one.id, names) not in found}
    _check_lacking(without, lacking)
    wanted = [(one, names) for one, names in wanted if one.id not in without]
    results = {(one.id, _place(names)): found[one.id, names] for one, names in wanted}
    parts = [_rows_of(found[one.id, names], one, names, language) for one, names in wanted]
    everything = [name for names in breakdowns for name in names]
    labels: dict[str, Any] = {}
    titles: dict[str, str] = {}
    for made in results.values():
        labels |= made.labels
        titles |= made.titles
    made_of = {name for one in asked if one.id not in without for name in one.auxiliary}
    return IndicatorTable(
        frame=_stacked(parts, tuple(dict.fromkeys(everything))),
        indicators={one.id: one for one in asked if one.id not in without},
        results=results,
        lacking=without,
        language=language,
        labels=labels,
        titles=titles,
        auxiliaries=figures,
        notes=(
            *effective_said(results.values(), language),
            *(
                NATIONAL[language if language in NATIONAL else "en"].format(one.words())
                for name, one in figures.items()
                if name in made_of
            ),
            *(
                NOT_BROKEN_DOWN[language if language in NOT_BROKEN_DOWN else "en"].format(
                    place, ", ".join(ids)
                )
                for place, ids in apart.items()
            ),
        ),
    )


def _check_lacking(without: Mapping[str, Sequence[str]], lacking: str) -> None:
    if without and lacking == "fail":
        raise MpsurveyError(f"{one} lacks {', '.join(absent)}." for one, absent in without.items())


def _computed(
    files: Files,
    jobs: Sequence[Job],
    *,
    level: float,
    df: DegreesOfFreedom,
    home: int | None,
) -> dict[tuple[str, tuple[str, ...]], Estimates]:
    """Compute each indicator for its breakdown; rows elsewhere answer all of them in few scans.

    What needs the rows themselves, where they are not in memory, is left out.
    """
    together = files.together()
    found = {}
    # What is asked of the same people in the same groups is computed in a row: samples remember
    # the last few layouts of their rows.
    waiting = sorted(jobs, key=_order)
    while waiting:
        again = []
        for one, names in waiting:
            try:
                found[one.id, names] = compute(
                    together, one, by=names, level=level, df=df, home=home
                )
            except Waiting:
                again.append((one, names))
            except RowsElsewhere:
                continue
        together.scan()
        waiting = again
    return found


def _order(job: Job) -> tuple[Any, ...]:
    one, names = job
    return one.rows, one.where or "", names, one.statistic


def _check_rows(
    asked: Sequence[Indicator], files: Files, breakdowns: Sequence[Sequence[str]]
) -> None:
    """Refuse breakdowns that no sample has, and samples that have nothing that is asked for."""
    # A mapping without the rows that an indicator wants is a slip; one sample has what it has.
    if "" not in files.given:
        problems = [
            f"{one.id} is of {rows} rows, and no such sample is given."
            for one in asked
            for rows in one.names_by_rows
            if files.rows(rows) is None
        ]
        if problems:
            raise MpsurveyError(problems)
    have = {column for one in files.given.values() for column in one.frame.columns}
    for one in asked:
        for rows in one.names_by_rows:
            extra = files.rows(rows)
            have |= set() if extra is None else set(extra.frame.columns)
    missing = [("by", name) for names in breakdowns for name in names if name not in have]
    if missing:
        raise ColumnMissing(list(dict.fromkeys(missing)), have)


def can_break_down(one: Indicator, names: Sequence[str], files: Files) -> bool:
    """Whether the rows of an indicator have the variables of a breakdown."""
    if one.statistic == "flows" and names:
        return False
    if one.statistic == "share_above" and one.given["cells"] in names:
        return False
    if one.statistic == "composed":
        return all(
            {part.get("by", {}).get(name, name) for name in names} <= _columns(files, part["rows"])
            for part in one.given["parts"].values()
        )
    return set(names) <= _columns(files, one.rows)


def _columns(files: Files, rows: str) -> set[str]:
    sample = files.rows(rows)
    return set() if sample is None else set(sample.frame.columns)


def compute(
    sample: Sample | Files,
    indicator: Indicator,
    *,
    by: Sequence[str] = (),
    level: float = 0.95,
    df: DegreesOfFreedom = "effective",
    home: int | None = None,
) -> Estimates:
    """Compute one indicator for one breakdown.

    Parameters
    ----------
    sample, by, level, df
        As in `mpsurvey.tabulate`.
    indicator
        The definition.
    home
        The country's own code, for rules that use ``HOME``.

    Raises
    ------
    MpsurveyError
        The definition uses ``HOME`` and no code is given.
    """
    if indicator.uses_home and home is None:
        raise MpsurveyError(f"{indicator.id} needs the country's own code: home=...")
    files = sample if isinstance(sample, Files) else Files({"": sample})
    given = {key: _at_home(value, home) for key, value in indicator.given.items()}
    where = _at_home(indicator.where, home)
    if indicator.statistic == "composed":
        asked = {"by": tuple(by), "level": level, "df": df}
        made = _composed(files, indicator, given, asked, where)
    else:
        rows = files.rows(indicator.rows)
        if rows is None:
            raise MpsurveyError(f"{indicator.id} lacks {files.missing_rows(indicator.rows)}.")
        options: dict[str, Any] = {
            "by": tuple(by),
            "where": files.where(indicator.rows, where),
            "level": level,
            "df": df,
        }
        made = VERBS[indicator.statistic](rows, given, options)
    return replace(made, statistic=indicator.title.get("en", indicator.id))


def _composed(
    files: Files,
    indicator: Indicator,
    given: Mapping[str, Any],
    options: dict[str, Any],
    where: str | None,
) -> Estimates:
    """Hand the parts of a composed figure the samples that they need, and the national figures."""
    samples: dict[str, Sample] = {}
    parts: dict[str, impact.Part] = {}
    for name, part in given["parts"].items():
        rows = part["rows"]
        sample = files.rows(rows)
        if sample is None:
            raise MpsurveyError(f"{indicator.id} lacks {files.missing_rows(rows)}.")
        # One sample for several sorts of rows is one file: its rows are units of their own.
        same = next((key for key, one in samples.items() if one is sample), rows)
        samples[same] = sample
        rule = both_rules(where if rows == indicator.rows else None, part.get("where"))
        parts[name] = impact.Part(
            total=part.get("total", "1"),
            where=files.where(rows, rule),
            rows=same,
            by=part.get("by", {}),
        )
    known: dict[str, float | tuple[float, float]] = {}
    for name in indicator.auxiliary:
        one = files.auxiliaries.get(name)
        if one is None or one.value is None:
            raise MpsurveyError(f"{indicator.id} needs the national figure {said(name, 'en')}.")
        known[name] = (one.value, one.se)
    return impact.compose(samples, parts, given["formula"], given=known, **options)


def _at_home(value: Any, home: int | None) -> Any:
    """Put the country's own code into a rule."""
    if isinstance(value, Mapping):
        return {key: _at_home(one, home) for key, one in value.items()}
    return re.sub(r"\bHOME\b", str(home), value) if isinstance(value, str) and home else value


def _breakdowns(by: Breakdown | Sequence[Breakdown], *, whole: bool) -> tuple[tuple[str, ...], ...]:
    asked: Sequence[Breakdown] = (by,) if isinstance(by, str) else tuple(by)
    each = [(one,) if isinstance(one, str) else tuple(one) for one in asked]
    return tuple(dict.fromkeys([*([()] if whole else []), *each]))


def _place(names: Sequence[str]) -> str:
    """Name of a breakdown: ``sex x region``; nothing for all."""
    return " x ".join(names)


def _rows_of(
    made: Estimates, one: Indicator, names: Sequence[str], language: str
) -> dict[str, NDArray[Any]]:
    """Columns of a result, as arrays: hundreds of results are put together."""
    frame = made.frame
    named = {"indicator": one.id, "theme": one.theme, "breakdown": _place(names)}
    named["unit"] = one.unit.get(language) or next(iter(one.unit.values()))
    return {
        **{key: np.full(len(frame), value, dtype=object) for key, value in named.items()},
        **{name: frame[name].to_numpy(dtype=object) for name in (*frame.columns[:3], *names)},
        **{name: frame[name].to_numpy() for name in COLUMNS},
        "notes": remarks(frame, language),
    }


def _stacked(parts: list[dict[str, NDArray[Any]]], names: tuple[str, ...]) -> pd.DataFrame:
    first = ["indicator", "theme", "breakdown"]
    order = [*first, "statistic", "variable", "category", *names, *COLUMNS, "unit", "notes"]
    if not parts:
        return pd.DataFrame(columns=order)
    table: dict[str, pd.Series[Any]] = {}
    for name in order:
        pieces = [part.get(name, np.full(len(part["n"]), None)) for part in parts]
        column = pd.Series(np.concatenate(pieces), dtype=None if name in COLUMNS else object)
        if name in names:
            column = column.where(column.notna(), None)
        table[name] = column.infer_objects() if name in (*first, "unit", "notes") else column
    return pd.DataFrame(table)
