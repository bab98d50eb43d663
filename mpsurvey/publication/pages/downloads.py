"""The figures of a chart or table as a CSV that lies inside the page."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from mpsurvey.publication.document import Cell, Grid
from mpsurvey.publication.pages.elements import Html, clean, element

__all__ = ["csv_of_frame", "csv_of_grid", "download"]

_ACTS = ("=", "+", "-", "@", "\t", "\r")


def csv_of_grid(grid: Grid, *, breakdown: str, mark: str) -> str:
    """Return a table as CSV: figures as numbers, their marks in columns beside them.

    Parameters
    ----------
    grid
        The table.
    breakdown
        Heading of the column that holds the headings over rows.
    mark
        Heading of the columns of marks, in front of the name of the figure.
    """
    parted = any(row.heading for row in grid.rows)
    marked = [
        any(row.cells[place].mark for row in grid.rows if row.cells)
        for place in range(len(grid.columns))
    ]
    header = [breakdown] if parted else []
    header += grid.stub
    for column, has in zip(grid.columns, marked, strict=True):
        name = f"{column.group}: {column.heading}" if column.group else column.heading
        header += [name, f"{mark}: {name}"] if has else [name]
    lines, under = [], ""
    for row in grid.rows:
        if row.heading:
            under = " ".join(row.labels)
            continue
        line: list[Any] = [_text(under)] if parted else []
        line += map(_text, row.labels)
        for cell, has in zip(row.cells, marked, strict=True):
            line += [_figure(cell), _text(cell.mark)] if has else [_figure(cell)]
        lines.append(line)
    return _csv(header, lines)


def csv_of_frame(frame: pd.DataFrame) -> str:
    """Return a frame as CSV; missing figures are empty."""
    lines = [
        [
            "" if _absent(value) else _text(value) if isinstance(value, str) else value
            for value in row
        ]
        for row in frame.itertuples(index=False, name=None)
    ]
    return _csv([str(name) for name in frame.columns], lines)


def download(text: str, name: str, *, word: str, about: str) -> Html:
    """Return a link that saves a CSV: it works offline and without scripts."""
    # The byte order mark lets Excel read the letters of every language rightly.
    held = base64.b64encode(text.encode("utf-8-sig")).decode("ascii")
    return element(
        "a",
        word,
        element("span", f": {about}", class_="heard"),
        class_="download",
        download=f"{name}.csv",
        href=f"data:text/csv;charset=utf-8;base64,{held}",
    )


def _csv(header: Sequence[str], lines: Iterable[Sequence[Any]]) -> str:
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\r\n")
    writer.writerow([_text(name) for name in header])
    writer.writerows(lines)
    return held.getvalue()


def _figure(cell: Cell) -> str:
    if cell.value is not None:
        return f"{cell.value:.10g}"
    # A cell of words, such as a verdict; the sign of a withheld figure stands in the mark's column.
    return "" if cell.text in (cell.mark, "–") or cell.mark else _text(cell.text)


def _text(label: str) -> str:
    """Keep a label from being read as a formula by a spreadsheet."""
    label = clean(label)
    return f"'{label}" if label.startswith(_ACTS) else label


def _absent(value: Any) -> bool:
    return value is None or bool(pd.isna(value))
