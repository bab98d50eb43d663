"""A whole report as a workbook, contents first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mpsurvey.publication.document import Report
from mpsurvey.publication.safe_text import one_line
from mpsurvey.publication.xlsx.book import ACCENT, DARK, GREY, LINE, Book, open_book
from mpsurvey.publication.xlsx.end_sheets import write_figures, write_notes
from mpsurvey.publication.xlsx.graphs import ChartData
from mpsurvey.publication.xlsx.theme_sheet import Entry, write_section

__all__ = ["fill_report"]

_CODE = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)\s+(.+)")
_LEFT_TO_RIGHT = re.compile(r"[A-Za-z0-9]")
_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff]")


def fill_report(report: Report, path: Path) -> None:
    """Write a report to a workbook."""
    book = open_book(
        path,
        title=report.title,
        language=report.language,
        right_to_left=report.right_to_left,
        date=report.date,
        publisher=report.publisher,
    )
    with book.file:
        first = book.sheet(book.word("contents"))
        contents: str = first.name
        charts = ChartData(book, _rounds(report))
        entries: list[Entry] = []
        for section in report.sections:
            entries += write_section(book, section, contents, charts)
        for name in (write_notes(book, report, contents), write_figures(book, report, contents)):
            entries.append(Entry(sheet=name, row=0, title=name))
        # Last, so that what charts draw stands behind what people and machines read.
        name = charts.draw()
        if name:
            entries.append(Entry(sheet=name, row=0, title=name))
        _contents(book, first, report, entries)
        first.activate()


def _rounds(report: Report) -> Sequence[str]:
    """Labels of the rounds in the table, as its rows show them."""
    table = report.table
    if "round" not in table.by:
        return ()
    labels = table.labels.get("round", {})
    codes = pd.unique(table.frame["round"].dropna())
    return tuple(one_line(str(labels.get(code, code))) for code in codes)


def _contents(book: Book, sheet: Any, report: Report, entries: Sequence[Entry]) -> None:
    sheet.set_column(0, 0, 10 if book.right_to_left else 4)
    sheet.set_column(1, 1, 92)
    sheet.set_column(2, 2, 48)
    title = book.look(bold=True, font_size=20, font_color=ACCENT, text_wrap=True)
    sheet.merge_range(0, 0, 0, 2, "", title)
    book.write(sheet, 0, 0, one_line(report.title), title)
    sheet.set_row(0, 30 * (1 + len(report.title) // 75))
    row = 1
    for text, look in (
        (report.subtitle, book.look(font_size=13, font_color=DARK)),
        (report.publisher, book.look(font_size=11)),
        (report.date, book.look(font_size=11, font_color=GREY)),
    ):
        if text:
            book.write(sheet, row, 0, one_line(text), look)
            sheet.set_row(row, 20)
            row += 1
    row += 1
    heading = book.look(bold=True, font_size=13, font_color=DARK, bottom=2, bottom_color=ACCENT)
    for column in range(3):
        book.write(sheet, row, column, book.word("contents") if column == 0 else "", heading)
    row += 1
    for entry in entries:
        cell = f"A{entry.row + 1}"
        if entry.table:
            _table_link(book, sheet, row, entry, cell)
            small = book.look(font_size=9, font_color=GREY, text_wrap=True)
            book.write(sheet, row, 2, entry.detail, small)
            lines = max(1 + len(entry.title) // 92, 1 + len(entry.detail) // 50)
            sheet.set_row(row, 14 * lines + 1)
        else:
            sheet.set_row(row, 20)
            look = book.look(
                bold=True, font_size=11, font_color=ACCENT, underline=1, valign="bottom"
            )
            place = entry.sheet.replace("'", "''")
            said = entry.title or entry.sheet
            sheet.write_url(row, 0, f"internal:'{place}'!{cell}", look, said[:2000])
            rule = book.look(bottom=4, bottom_color=LINE)
            for column in (1, 2):
                sheet.write_blank(row, column, None, rule)
        row += 1
    sheet.repeat_rows(0)


def _table_link(book: Book, sheet: Any, row: int, entry: Entry, cell: str) -> None:
    """Write the link to a table.

    Some programs print the parts of a link over one another where it mixes letters of both
    directions; so, from right to left, the code is a link and the name another.
    """
    title = entry.title or "-"
    if book.right_to_left:
        found = _CODE.match(title) if _RIGHT_TO_LEFT.search(title) else None
        code, title = (found[1], found[2]) if found else ("◂", title)
        book.link(sheet, row, 0, to=entry.sheet, text=code, cell=cell)
        if _LEFT_TO_RIGHT.search(title) and _RIGHT_TO_LEFT.search(title):
            book.write(sheet, row, 1, title, book.look(text_wrap=True))
            return
    book.link(sheet, row, 1, to=entry.sheet, text=title, cell=cell, wrap=True)
