"""A result as an Excel workbook: a sheet to print and a tidy one for machines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mpsurvey.publication.table import (
    FIGURES,
    HEADINGS,
    Table,
    digits_of,
    heading,
    is_share,
    write_whole,
)

__all__ = ["write_xlsx"]


def write_xlsx(table: Table, path: str | Path) -> Path:
    """Write a result as an Excel workbook.

    The first sheet is to read and print: title, labels, figures, what they rest on. The second
    holds the same figures with codes and all digits, a row each, for other programs.

    Parameters
    ----------
    table
        `Estimates` or another result.
    path
        Where to; written whole or not at all.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    MpsurveyError
        The folder is absent, or the file is open in another program.
    """
    return write_whole(path, lambda spare: _fill(table, spare))


def _fill(table: Table, path: Path) -> None:
    import xlsxwriter

    # A label that begins with '=' stays a label: text is never read as a formula or a link.
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": False}
    with xlsxwriter.Workbook(str(path), plain) as book:
        _reading_sheet(book, table)
        _data_sheet(book, table)


def _reading_sheet(book: Any, table: Table) -> None:
    sheet = book.add_worksheet("Table")
    bold = book.add_format({"bold": True, "font_size": 13})
    head = book.add_format(
        {
            "bold": True,
            "text_wrap": True,
            "valign": "bottom",
            "bottom": 1,
            "bg_color": "#E8EEF2",
            "font_size": 10,
        }
    )
    note = book.add_format({"font_size": 9, "font_color": "#444444"})
    digits = digits_of(table)
    decimals = "#,##0" + ("." + "0" * digits if digits else "")
    formats = {
        **{name: book.add_format({"num_format": decimals}) for name in FIGURES},
        "cv": book.add_format({"num_format": "0.0%"}),
        "deff": book.add_format({"num_format": "0.00"}),
        "df": book.add_format({"num_format": "0"}),
        "n": book.add_format({"num_format": "#,##0"}),
        "population": book.add_format({"num_format": "#,##0"}),
    }
    shown = table.display()
    scale = 100.0 if is_share(table) else 1.0
    sheet.write_string(0, 0, table.title(), bold)
    sheet.set_row(2, 46)
    for column, name in enumerate(shown.columns):
        sheet.write_string(2, column, heading(table, str(name)), head)
        longest = max((len(str(x)) for x in shown[name].head(500)), default=0)
        width = 14 if name in HEADINGS and name not in ("variable", "category") else longest + 2
        sheet.set_column(column, column, float(np.clip(width, 10, 48)))
        for row, value in enumerate(shown[name], start=3):
            figure = value * scale if name in FIGURES and not _is_missing(value) else value
            _write(sheet, row, column, figure, formats.get(str(name)))
    last = 3 + len(shown)
    for line, text in enumerate(table.footnotes(), start=last + 1):
        sheet.write_string(line, 0, text, note)
    sheet.freeze_panes(3, 0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(2)


def _data_sheet(book: Any, table: Table) -> None:
    sheet = book.add_worksheet("Data")
    bold = book.add_format({"bold": True})
    for column, name in enumerate(table.frame.columns):
        sheet.write_string(0, column, str(name), bold)
        for row, value in enumerate(table.frame[name], start=1):
            _write(sheet, row, column, value, None)
    sheet.freeze_panes(1, 0)


def _is_missing(value: Any) -> bool:
    return value is None or bool(pd.isna(value))


def _write(sheet: Any, row: int, column: int, value: Any, shape: Any) -> None:
    if _is_missing(value):
        sheet.write_blank(row, column, None, shape)
    elif isinstance(value, bool | np.bool_):
        sheet.write_boolean(row, column, bool(value), shape)
    elif isinstance(value, int | float | np.integer | np.floating):
        if np.isfinite(value):
            sheet.write_number(row, column, float(value), shape)
        else:
            sheet.write_string(row, column, "∞" if value > 0 else "-∞", shape)
    else:
        sheet.write_string(row, column, str(value), shape)
