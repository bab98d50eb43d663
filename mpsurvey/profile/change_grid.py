"""Changes and revisions laid out as tables for reading."""

from __future__ import annotations

from typing import Any

import pandas as pd

from mpsurvey.profile.study import wording
from mpsurvey.profile.words import said
from mpsurvey.publication.document import Cell, Column, Grid, GridRow
from mpsurvey.publication.layout import decimals_of, safe_id
from mpsurvey.publication.wording import number, word
from mpsurvey.tabulation import IndicatorTable

__all__ = ["change_grid", "revision_grid"]

_ARROWS = {"up": "▲", "down": "▼", "no clear change": "≈", "withheld": ".."}


def change_grid(
    changes: pd.DataFrame,
    table: IndicatorTable,
    *,
    title: str,
    subtitle: str = "",
    place: str = "",
    notes: tuple[str, ...] = (),
    level: float = 0.95,
) -> Grid:
    """Lay out changes: a row each, under its indicator's heading where there are groups."""
    language = table.language
    interval = word("interval", language, level=f"{100 * level:g}")
    earlier, later = (
        (str(changes[f"{key}_round"].iloc[0]) if len(changes) else "")
        for key in ("earlier", "later")
    )
    columns = (
        Column(key="verdict", heading=said("change_sign", language)),
        Column(key="earlier", heading=earlier, decimals=1),
        Column(key="later", heading=later, decimals=1),
        Column(key="change", heading=said("change", language), decimals=1),
        Column(key="ci_low", heading=word("ci_low", language), decimals=1, group=interval),
        Column(key="ci_high", heading=word("ci_high", language), decimals=1, group=interval),
    )
    rows: list[GridRow] = []
    names = place.split(" x ") if place else []
    parts = {str(one): part for one, part in changes.groupby("indicator", sort=False)}
    for one in (one for one in table.indicators if one in parts):
        part, definition = parts[one], table.indicators[one]
        own = table.frame[table.frame["indicator"] == one]
        decimals = decimals_of(own, definition.per)
        heading = f"{one} {table.name(one)} ({wording(definition.unit, language)})"
        if names:
            rows.append(GridRow(labels=(heading,), heading=True))
        rows += [
            GridRow(
                labels=(_label(row, names, table) if names else heading,),
                cells=_cells(row, definition.per, decimals, language),
            )
            for row in part.to_dict("records")
        ]
    by = " × ".join(str(table.titles.get(name, name)) for name in names)
    return Grid(
        id=safe_id(f"changes-{earlier}-{later}-{place}"),
        title=f"{title} – {by}" if by else title,
        subtitle=subtitle,
        stub=(word("group" if names else "indicator", language),),
        columns=columns,
        rows=tuple(rows),
        marks=tuple(
            (sign, said(f"verdict_{verdict.replace(' ', '_')}", language))
            for verdict, sign in _ARROWS.items()
            if (changes["verdict"] == verdict).any()
        ),
        notes=notes,
    )


def _label(row: dict[Any, Any], names: list[str], table: IndicatorTable) -> str:
    parts = [str(table.labels.get(name, {}).get(row[name], row[name])) for name in names]
    if row["category"] is not None and not pd.isna(row["category"]):
        parts.append(str(row["category"]))
    return " · ".join(parts)


def _cells(row: dict[Any, Any], per: float, decimals: int, language: str) -> tuple[Cell, ...]:
    verdict = str(row["verdict"])
    cells = [Cell(text=_ARROWS[verdict])]
    for key in ("earlier", "later", "change", "ci_low", "ci_high"):
        value = row[key]
        if pd.isna(value):
            mark = ".." if verdict == "withheld" else "–"
            cells.append(Cell(text=mark, mark=mark if verdict == "withheld" else ""))
            continue
        text = number(float(value) * per, decimals, language)
        if key == "change" and value > 0:
            text = f"+{text}"
        cells.append(Cell(text=text, value=float(value) * per))
    return tuple(cells)


def revision_grid(revised: pd.DataFrame, table: IndicatorTable, *, title: str) -> Grid:
    """Lay out figures that the last profile published otherwise."""
    language = table.language
    keys = [n for n in revised.columns if n not in ("indicator", "breakdown", "published", "now")]
    rows = []
    for row in revised.to_dict("records"):
        one = str(row["indicator"])
        if one not in table.indicators:
            continue
        per = table.indicators[one].per
        decimals = decimals_of(table.frame[table.frame["indicator"] == one], per)
        groups = [str(table.labels.get(n, {}).get(row[n], row[n])) for n in keys
                  if row[n] is not None and not pd.isna(row[n])]  # fmt: skip
        cells = tuple(
            Cell(text=number(row[key] * per, decimals, language), value=row[key] * per)
            for key in ("published", "now")
        )
        rows.append(GridRow(labels=(f"{one} {table.name(one)}", " · ".join(groups)), cells=cells))
    return Grid(
        id="revisions",
        title=title,
        stub=(word("indicator", language), word("group", language)),
        columns=(
            Column(key="published", heading=said("published", language), decimals=1),
            Column(key="now", heading=said("now", language), decimals=1),
        ),
        rows=tuple(rows),
    )
