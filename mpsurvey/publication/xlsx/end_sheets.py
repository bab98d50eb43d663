"""The sheets that every workbook ends with: notes for readers, figures for machines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from mpsurvey.publication.basis import facts_of
from mpsurvey.publication.document import GridBlock, Report
from mpsurvey.publication.safe_text import one_line
from mpsurvey.publication.wording import LANGUAGES
from mpsurvey.publication.xlsx.book import ACCENT, DARK, LINE, SOFT, Book
from mpsurvey.publication.xlsx.page import Page

__all__ = ["write_figures", "write_notes", "write_value"]

_LONGEST = 2400
"""Letters: twenty lines, half of what Excel's highest row shows."""
_RULES = {"status": "publish", "mark": "", "reason": ""}
"""Columns of a table whose quality was judged, and what they hold where it was not."""


def write_notes(book: Book, report: Report, contents: str) -> str:
    """Write what the figures rest on, definitions, signs and codes; return the sheet's name."""
    page = Page(book, book.word("notes"), (30.0, 66.0, 60.0), back=contents)
    table = report.table
    _block(page, "", [(heading, text, "") for heading, text in facts_of(report)])
    marks: dict[str, str] = {}
    for block in report.blocks():
        if isinstance(block, GridBlock):
            marks |= dict(block.grid.marks)
    _block(page, book.word("signs"), [(mark, text, "") for mark, text in marks.items()])
    caution = book.word("caution")
    definitions = []
    for one, definition in table.indicators.items():
        said = _in(definition.definition, report.language) or ""
        unit = _in(definition.unit, report.language) or ""
        sources = "; ".join(str(source.key) for source in definition.sources)
        body = "\n".join(
            part
            for part in (
                said,
                f"{book.word('unit')}: {unit}" if unit else "",
                f"{book.word('source')}: {sources}" if sources else "",
            )
            if part
        )
        warning = _in(definition.caveat, report.language)
        definitions.append(
            (f"{one} {table.name(one)}", body, f"{caution}: {warning}" if warning else "")
        )
    _block(page, book.word("definitions"), definitions)
    codes = [
        (str(table.titles.get(name, name)), f"{name} = {code}: {label}", "")
        for name in table.by
        for code, label in table.labels.get(name, {}).items()
    ]
    _block(page, book.word("codes"), codes)
    return page.name


def _block(page: Page, title: str, rows: Iterable[tuple[str, str, str]]) -> None:
    rows = list(rows)
    if not rows:
        return
    book = page.book
    if title:
        page.together(60)
        page.line(title, bold=True, font_size=12, font_color=DARK)
    line: dict[str, Any] = {"text_wrap": True, "bottom": 4, "bottom_color": LINE}
    looks = (book.look(bold=True, **line), book.look(**line), book.look(**line))
    previous = ""
    whole = not any(more for _, _, more in rows)
    for heading, text, more in rows:
        # A heading said once stands for the rows that follow it.
        shown = "" if heading == previous else one_line(heading)
        if whole:
            for piece in _pieces(text):
                page.cells_across((shown, piece), looks)
                shown = ""
        else:
            page.cells((shown, text, more), looks)
        previous = heading
    page.space(14)


def _pieces(text: str) -> list[str]:
    """Cut a text that is longer than a row can be high, where a sentence or a word ends."""
    out = []
    while len(text) > _LONGEST:
        places = [text.rfind(mark, 0, _LONGEST) + len(mark) for mark in ("; ", ". ", " ")]
        place = next((at for at in places if at > _LONGEST // 2), _LONGEST)
        out.append(text[:place].rstrip())
        text = text[place:]
    return [*out, text]


def write_figures(book: Book, report: Report, contents: str) -> str:
    """Write every figure with codes and all digits, as an Excel table; return the sheet's name."""
    frame = report.table.frame
    for name, usual in _RULES.items():
        if name not in frame:
            frame = frame.assign(**{name: usual})
    sheet = book.sheet(book.word("figures"))
    book.link(sheet, 0, 0, to=contents, text=book.word("back_to_contents"))
    book.write(sheet, 0, 1, book.word("figures_note"))
    heads = _unlike(str(name) for name in frame.columns)
    if len(frame):
        columns = [{"header": head} for head in heads]
        area = (1, 0, len(frame) + 1 - 0, len(heads) - 1)
        sheet.add_table(
            *area, {"name": "figures", "columns": columns, "style": "Table Style Light 1"}
        )
    bold = book.look(bold=True, bg_color=SOFT, font_color=DARK, bottom=1, bottom_color=ACCENT)
    for column, (head, name) in enumerate(zip(heads, frame.columns, strict=True)):
        sheet.write_string(1, column, head, bold)
        values = list(frame[name])
        for row, value in enumerate(values, start=2):
            write_value(book, sheet, row, column, value)
        longest = max((len(str(x)) for x in values[:300] if isinstance(x, str)), default=0)
        sheet.set_column(column, column, float(np.clip(max(longest, len(head)) + 4, 9, 40)))
    sheet.freeze_panes(2, 1)
    sheet.repeat_rows(1)
    return str(sheet.name)


def write_value(book: Book, sheet: Any, row: int, column: int, value: Any) -> None:
    """Write a value as what it is; what is unknown or endless stays empty."""
    if value is None or (not isinstance(value, str) and bool(pd.isna(value))):
        return
    if isinstance(value, bool | np.bool_):
        sheet.write_boolean(row, column, bool(value))
    elif isinstance(value, int | float | np.integer | np.floating):
        if np.isfinite(value):
            sheet.write_number(row, column, float(value))
    else:
        book.write(sheet, row, column, str(value))


def _unlike(names: Iterable[str]) -> list[str]:
    """Return headings that Excel takes for a table: not empty, no two alike but for case."""
    out: list[str] = []
    for name in names:
        said = one_line(name)[:250] or "_"
        tried, number = said, 1
        while tried.lower() in {one.lower() for one in out}:
            number += 1
            tried = f"{said}_{number}"
        out.append(tried)
    return out


def _in(texts: Mapping[str, str], language: str) -> str:
    """Return a text in a language, else in English, else in the first it has."""
    for one in (language, *LANGUAGES):
        if texts.get(one):
            return str(texts[one])
    return ""
