"""Figures laid out as tables for reading, the same for workbook, page and document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mpsurvey.catalogue import Indicator
from mpsurvey.publication.document import Cell, Column, Grid, GridRow
from mpsurvey.publication.table import HEADINGS, Table, digits_of, heading, is_share
from mpsurvey.publication.wording import number, theme_title, word
from mpsurvey.tabulation import IndicatorTable

__all__ = ["cross", "decimals_of", "lay_out", "overview", "plain", "safe_id"]

_FIGURES = ("estimate", "ci_low", "ci_high", "cv", "n")
_CONFIDENTIAL, _WITHHELD, _MISSING, _UNRELIABLE = "c", "..", "–", "u"
_MEANINGS = {
    _UNRELIABLE: "mark_unreliable",
    _WITHHELD: "mark_withheld",
    _CONFIDENTIAL: "mark_confidential",
    _MISSING: "mark_missing",
}


def lay_out(table: IndicatorTable, indicator: str, by: Sequence[str] | None = None) -> Grid:
    """Lay out one indicator: a row for all, then the groups of each breakdown under its heading.

    Parameters
    ----------
    table
        Indicators by group.
    indicator
        Its id.
    by
        Breakdowns to show, as the table names them (``"sex"``, ``"sex x region"``); all of them
        unless given. The figure for all is always shown.

    Returns
    -------
    Grid
        Columns: estimate, limits of the interval, coefficient of variation in percent, respondents.
        Figures are in the indicator's unit (percent, not shares).

    Raises
    ------
    MpsurveyError
        The table does not have the indicator.
    """
    own = table.only(indicator)
    definition = own.indicators[indicator]
    language, frame = table.language, own.frame
    decimals = decimals_of(frame, definition.per)
    rows: list[GridRow] = []
    for place, part in frame.groupby("breakdown", sort=False):
        if place and by is not None and place not in by:
            continue
        if place:
            names = str(place).split(" x ")
            said = " × ".join(table.titles.get(name, name) for name in names)
            rows.append(GridRow(labels=(said,), heading=True))
        rows += [
            GridRow(
                labels=(_label(table, row, str(place)),),
                cells=_cells(row, definition.per, decimals, language),
            )
            for row in part.to_dict("records")
        ]
    level = f"{100 * _level(table, indicator):g}"
    interval = word("interval", language, level=level)
    columns = tuple(
        Column(
            key=key,
            heading=word(key, language),
            decimals={"cv": 1, "n": 0}.get(key, decimals),
            group=interval if key in ("ci_low", "ci_high") else "",
        )
        for key in _FIGURES
    )
    return Grid(
        id=safe_id(indicator),
        title=f"{indicator} {table.name(indicator)}",
        subtitle=_in(definition.unit, language),
        stub=(word("group", language),),
        columns=columns,
        rows=tuple(rows),
        marks=_marks_of(rows, language),
        notes=_notes(definition, language),
    )


def overview(table: IndicatorTable, ids: Iterable[str], by: str | None = None) -> Grid:
    """Lay out several indicators side by side: a row each, a column for all and for each group.

    Parameters
    ----------
    table
        Indicators by group.
    ids
        Which, in the order shown. Those with several categories are left to tables of their own.
    by
        A breakdown by one variable; without it only the figures for all.

    Returns
    -------
    Grid
        Its title names the breakdown, and the theme where the indicators share one.
    """
    language, ids = table.language, tuple(ids)
    kept = table.frame[table.frame["category"].isna()]
    whole = kept[kept["breakdown"] == ""].drop_duplicates("indicator").set_index("indicator")
    groups: list[Any] = []
    parted: dict[tuple[str, Any], dict[Any, Any]] = {}
    if by is not None:
        part = kept[kept["breakdown"] == by]
        groups = list(pd.unique(part[by].dropna())) if by in part else []
        parted = {(row["indicator"], row[by]): row for row in part.to_dict("records")}
    title = table.titles.get(by, by) if by is not None else ""
    named = [Column(key="all", heading=word("all", language))]
    labels = table.labels.get(by or "", {})
    named += [
        Column(key=str(code), heading=str(labels.get(code, code)), group=str(title))
        for code in groups
    ]
    rows = []
    for one in ids:
        if one not in whole.index:
            continue
        definition = table.indicators[one]
        decimals = decimals_of(table.frame[table.frame["indicator"] == one], definition.per)
        first: dict[Any, Any] = whole.loc[one].to_dict()
        found = [first, *(parted.get((one, code)) for code in groups)]
        cells = tuple(_estimate(row, definition.per, decimals, language) for row in found)
        said = f"{one} {table.name(one)}"
        rows.append(GridRow(labels=(said, _in(definition.unit, language)), cells=cells))
    themes = {table.indicators[one].theme for one in ids if one in whole.index}
    theme = theme_title(themes.pop(), language) if len(themes) == 1 else ""
    return Grid(
        id=safe_id(f"overview-{by or 'all'}-{rows[0].labels[0].split()[0] if rows else ''}"),
        title=" – ".join(part for part in (theme, str(title)) if part),
        stub=(word("indicator", language), word("unit", language)),
        columns=tuple(named),
        rows=tuple(rows),
        marks=_marks_of(rows, language),
    )


def cross(table: IndicatorTable, indicator: str, down: str, across: str) -> Grid:
    """Lay out one indicator by two variables: groups of one below, of the other across.

    Raises
    ------
    MpsurveyError
        The table does not have the indicator.
    """
    own = table.only(indicator)
    definition, language = own.indicators[indicator], table.language
    both = own.frame[own.frame["breakdown"].isin([f"{down} x {across}", f"{across} x {down}"])]
    decimals = decimals_of(own.frame, definition.per)
    found = {(row[down], row[across]): row for row in both.to_dict("records")}
    columns = [
        Column(
            key=str(code),
            heading=str(table.labels.get(across, {}).get(code, code)),
            group=str(table.titles.get(across, across)),
        )
        for code in pd.unique(both[across])
    ]
    rows = tuple(
        GridRow(
            labels=(str(table.labels.get(down, {}).get(code, code)),),
            cells=tuple(
                _estimate(found.get((code, other)), definition.per, decimals, language)
                for other in pd.unique(both[across])
            ),
        )
        for code in pd.unique(both[down])
    )
    return Grid(
        id=safe_id(f"{indicator}-{down}-{across}"),
        title=f"{indicator} {table.name(indicator)}",
        subtitle=_in(definition.unit, language),
        stub=(str(table.titles.get(down, down)),),
        columns=tuple(columns),
        rows=rows,
        marks=_marks_of(rows, language),
        notes=_notes(definition, language),
    )


def plain(table: Table) -> Grid:
    """Lay out any result as it stands: its words as labels, its figures as columns, in English."""
    shown = table.display()
    if isinstance(table, IndicatorTable) and "status" in table.frame:
        shown = shown.drop(columns=[x for x in ("status", "mark", "reason") if x in shown])
    digits, scale = digits_of(table), 100.0 if is_share(table) else 1.0
    scales = [scale] * len(shown)
    if isinstance(table, IndicatorTable):
        pers = {one: table.indicators[one].per for one in table.frame["indicator"]}
        scales = [pers[one] for one in table.frame["indicator"]]
        parts = table.frame.groupby("indicator")
        digits = max((decimals_of(part, pers[str(one)]) for one, part in parts), default=digits)
    names = [str(name) for name in shown.columns]
    words = [name for name in names if name not in HEADINGS or name in ("variable", "category")]
    figures = [name for name in names if name not in words]
    places = {"cv": 1, "deff": 2, "df": 0, "n": 0, "population": 0}
    columns = tuple(
        Column(
            key=name,
            heading=f"{HEADINGS[name]} (%)" if name == "cv" else heading(table, name),
            decimals=places.get(name, digits),
        )
        for name in figures
    )
    marks = list(table.frame["mark"]) if "mark" in table.frame else [""] * len(shown)
    rows = []
    for mark, scale, row in zip(marks, scales, shown.to_dict("records"), strict=True):
        cells = []
        for column in columns:
            times = 100.0 if column.key == "cv" else scale if column.key not in places else 1.0
            value = _value(row[column.key], times)
            shown_mark = mark if column.key == "estimate" else ""
            cells.append(_cell(value, column.decimals, "en", shown_mark))
        labels = tuple("" if _absent(row[name]) else str(row[name]) for name in words)
        rows.append(GridRow(labels=labels, cells=tuple(cells)))
    return Grid(
        id="table",
        title=table.title(),
        stub=tuple(heading(table, name) for name in words),
        columns=columns,
        rows=tuple(rows),
        marks=_marks_of(rows, "en"),
        notes=table.footnotes(),
    )


def safe_id(text: str) -> str:
    """Return a name that is safe in anchors, sheets and files.

    >>> safe_id("EMP03 x sex")
    'EMP03-x-sex'
    """
    return re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-") or "table"


def _cells(
    row: dict[Any, Any], per: float, decimals: int, language: str
) -> tuple[Cell, Cell, Cell, Cell, Cell]:
    mark = str(row.get("mark") or "")
    quiet = "" if mark == _UNRELIABLE else mark
    limits = [_cell(_value(row[key], per), decimals, language, quiet) for key in _FIGURES[1:3]]
    return (
        _estimate(row, per, decimals, language),
        limits[0],
        limits[1],
        _cell(_value(row["cv"], 100.0), 1, language, quiet),
        _cell(_value(row["n"], 1.0), 0, language, quiet if quiet == _CONFIDENTIAL else ""),
    )


def _estimate(row: dict[Any, Any] | None, per: float, decimals: int, language: str) -> Cell:
    if row is None:
        return Cell(text=_MISSING, mark=_MISSING)
    mark = str(row.get("mark") or "")
    value = _value(row["estimate"], per)
    return _cell(value, decimals, language, mark or ("" if value is not None else _MISSING))


def _cell(value: float | None, decimals: int, language: str, mark: str) -> Cell:
    if value is None:
        return Cell(text=mark or _MISSING, mark=mark)
    return Cell(text=number(value, decimals, language), value=value, mark=mark)


def _value(value: Any, times: float) -> float | None:
    return None if _absent(value) or not np.isfinite(value) else float(value) * times


def _absent(value: Any) -> bool:
    return value is None or bool(pd.isna(value))


def decimals_of(frame: pd.DataFrame, per: float) -> int:
    """Decimals that show two digits of the typical standard error."""
    se = frame["se"].to_numpy(dtype=np.float64) * per
    known = se[np.isfinite(se) & (se > 0)]
    if not len(known):
        return 1
    return int(np.clip(1 - np.floor(np.log10(np.median(known))), 0, 3 if per > 1 else 6))


def _level(table: IndicatorTable, indicator: str) -> float:
    found = (made.level for (one, _), made in table.results.items() if one == indicator)
    return next(found, 0.95)


def _label(table: IndicatorTable, row: dict[Any, Any], place: str) -> str:
    """Words for a row: its groups and, where the figure has categories, its category."""
    parts = []
    for name in place.split(" x ") if place else ():
        code = row[name]
        parts.append(str(table.labels.get(name, {}).get(code, code)))
    if not _absent(row["category"]):
        known = table.labels.get(row["variable"], {})
        parts.append(str(known.get(row["category"], row["category"])))
    return " · ".join(parts) or word("all", table.language)


def _marks_of(rows: Iterable[GridRow], language: str) -> tuple[tuple[str, str], ...]:
    used = {cell.mark for row in rows for cell in row.cells}
    used |= {_MISSING for row in rows for cell in row.cells if cell.text == _MISSING}
    return tuple((m, word(key, language)) for m, key in _MEANINGS.items() if m in used)


def _notes(definition: Indicator, language: str) -> tuple[str, ...]:
    """Say what the figure counts, and when not to trust it."""
    stop = " : " if language == "fr" else ": "
    said = _in(definition.definition, language).rstrip(".")
    caution = f"{word('caution', language)}{stop}{_in(definition.caveat, language)}"
    return (f"{word('definition', language)}{stop}{said}.", caution)


def _in(texts: Any, language: str) -> str:
    return str(texts.get(language) or texts.get("en") or next(iter(texts.values()), ""))
