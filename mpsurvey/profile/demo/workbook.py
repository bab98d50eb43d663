"""The demonstration as a workbook: the figures as numbers, and what they rest on."""

from __future__ import annotations

import datetime
import io
import math
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from mpsurvey.profile.demo.figures import Figure
from mpsurvey.profile.demo.wording import TITLE, UNIT_WORDS, coverage_words

__all__ = ["fill_workbook"]

BLUE, RUST, INK, MUTED, TINT, LINE = (
    "#1f5f8b", "#b5410e", "#1c2733", "#51606e", "#f4f7f9", "#dfe5ea",
)  # fmt: skip

COLUMNS = (
    ("Figure", 50),
    ("Unit", 17),
    ("Estimate", 11),
    ("Standard error", 11),
    ("95 % low", 11),
    ("95 % high", 11),
    ("n", 9),
    ("Truth", 11),
    ("Contains the truth", 12),
    ("File", 12),
)

NUMBER_FORMATS = {"persons": "#,##0", "aurals": "#,##0", "percent": "0.0%", "points": "+0.0%;-0.0%"}
"""Shares and differences of shares stay 0 to 1 in the cells and show as percent."""

HEAD = 4  # row of the column heads, counted from 0


def fill_workbook(
    figures: Sequence[Figure], design: str, notes: Sequence[str], made_on: datetime.date
) -> bytes:
    """Fill a workbook with two sheets: the figures, and notes on them.

    Parameters
    ----------
    figures
        The figures, in order.
    design
        How the sample was drawn, in a few sentences.
    notes
        The footnotes.
    made_on
        The day to record as the workbook's own, so that the same figures give the same bytes.

    Returns
    -------
    bytes
        An .xlsx file.
    """
    import xlsxwriter

    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    book.set_properties(
        {
            "title": TITLE,
            "author": "mpsurvey",
            "comments": "Fictional data.",
            "created": datetime.datetime(made_on.year, made_on.month, made_on.day),
        }
    )
    _figures_sheet(book, figures, design)
    _notes_sheet(book, design, notes)
    book.close()
    return file.getvalue()


def _figures_sheet(book: Any, figures: Sequence[Figure], design: str) -> None:
    sheet = book.add_worksheet("Figures")
    style = {"font_name": "Calibri", "font_size": 11, "font_color": INK, "valign": "vcenter"}
    title = book.add_format({**style, "bold": True, "font_size": 16})
    small = book.add_format({**style, "font_color": MUTED})
    heading = {**style, "bold": True, "bottom": 2, "text_wrap": True, "valign": "bottom"}
    head = book.add_format(heading)
    head_right = book.add_format({**heading, "align": "right"})
    head_centre = book.add_format({**heading, "align": "center"})
    topic_format = book.add_format({**style, "bold": True, "bg_color": TINT})
    line = {**style, "bottom": 1, "bottom_color": LINE}
    words = book.add_format(line)
    muted = book.add_format({**line, "font_color": MUTED})
    count = book.add_format({**line, "num_format": "#,##0"})
    covers = book.add_format({**line, "align": "center"})
    missed = book.add_format({**line, "align": "center", "bold": True, "font_color": RUST})

    sheet.hide_gridlines(2)
    for column, (_, width) in enumerate(COLUMNS):
        sheet.set_column(column, column, width)
    sheet.set_row(0, 26)
    sheet.write(0, 0, TITLE, title)
    sheet.write(1, 0, "Fictional data. " + coverage_words(figures), small)
    sheet.write(2, 0, "How the sample was drawn, definitions and cautions: sheet 'Notes'.", small)
    sheet.set_row(HEAD, 32)
    for column, (name, _) in enumerate(COLUMNS):
        kind = {0: head, 1: head, 8: head_centre, 9: head}.get(column, head_right)
        sheet.write(HEAD, column, name, kind)

    row = HEAD + 1
    for topic, members in groupby(figures, key=lambda figure: figure.topic):
        for column in range(len(COLUMNS)):
            sheet.write_blank(row, column, None, topic_format)
        sheet.write(row, 0, topic, topic_format)
        row += 1
        for figure in members:
            shown = NUMBER_FORMATS[figure.unit]
            value = book.add_format({**line, "num_format": shown})
            truth = book.add_format({**line, "num_format": shown, "bold": True, "font_color": RUST})
            finer = {"percent": "0.00%", "points": "0.00%"}.get(figure.unit, shown)
            error = book.add_format({**line, "num_format": finer})
            sheet.write(row, 0, figure.label, words)
            sheet.write(row, 1, UNIT_WORDS[figure.unit], muted)
            sheet.write(row, 2, figure.estimate, value)
            sheet.write(row, 3, figure.se, error)
            sheet.write(row, 4, figure.low, value)
            sheet.write(row, 5, figure.high, value)
            sheet.write(row, 6, figure.n, count)
            sheet.write(row, 7, figure.truth, truth)
            sheet.write(
                row, 8, "yes" if figure.covers else "no", covers if figure.covers else missed
            )
            sheet.write(row, 9, figure.file, muted)
            row += 1
    sheet.freeze_panes(HEAD + 1, 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(HEAD)
    sheet.print_area(0, 0, row - 1, len(COLUMNS) - 1)
    sheet.set_footer("&L&8Fictional data&R&8Page &P of &N")


def _notes_sheet(book: Any, design: str, notes: Sequence[str]) -> None:
    sheet = book.add_worksheet("Notes")
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 4)
    sheet.set_column(1, 1, 110)
    title = book.add_format({"bold": True, "font_size": 14, "font_color": INK})
    wrapped = book.add_format({"text_wrap": True, "valign": "top", "font_color": INK})
    mark = book.add_format({"valign": "top", "font_color": MUTED, "align": "left"})
    sheet.write(0, 0, "What the figures rest on", title)
    for row, note in enumerate((design, *notes), start=2):
        sheet.write(row, 0, row - 1, mark)
        sheet.write(row, 1, note, wrapped)
        sheet.set_row(row, 15.5 * math.ceil(len(note) / 112) + 5)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
