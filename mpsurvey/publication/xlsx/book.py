"""A workbook being written: its looks, the names of its sheets, and where its links lead."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mpsurvey.publication.safe_text import legible, one_line
from mpsurvey.publication.wording import word

__all__ = ["ACCENT", "DARK", "GREY", "LINE", "SOFT", "TINT", "Book", "open_book"]

ACCENT, DARK, GREY, LINE, SOFT, TINT = (
    "#0B5C8A",
    "#0B3C5D",
    "#5A6570",
    "#B9C3CC",
    "#EAF0F4",
    "#A9CCE3",
)
"""Blues and greys that keep apart in print and the colour-blind; text has a contrast above 4.5."""

_LONGEST_NAME, _LONGEST_TEXT, _LONGEST_RUNNING = 31, 32_767, 100
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")


@dataclass(slots=True)
class Book:
    """A workbook under way, in one language."""

    file: Any
    language: str
    right_to_left: bool
    title: str = ""
    publisher: str = ""
    names: set[str] = field(default_factory=set)
    _looks: dict[tuple[tuple[str, Any], ...], Any] = field(default_factory=dict)

    def word(self, key: str, **values: object) -> str:
        """Return a fixed word in the language of the workbook."""
        return word(key, self.language, **values)

    def look(self, **properties: Any) -> Any:
        """Return the format with these properties, made once."""
        key = tuple(sorted(properties.items()))
        if key not in self._looks:
            order = {"reading_order": 2} if self.right_to_left else {}
            base = {"font_name": "Calibri", "font_size": 10, "valign": "top", **order}
            self._looks[key] = self.file.add_format({**base, **properties})
        return self._looks[key]

    def sheet(self, wanted: str) -> Any:
        """Add a sheet whose name is valid and unlike any other, and set up its pages."""
        sheet = self.file.add_worksheet(self.sheet_name(wanted))
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(left=0.5, right=0.5, top=0.7, bottom=0.7)
        sheet.fit_to_pages(1, 0)
        running = {"title": _running(self.title), "publisher": _running(self.publisher)}
        sheet.set_header(f"&L&8{running['title']}&R&8&A")
        sheet.set_footer(f"&L&8{running['publisher']}&R&8&P / &N")
        if self.right_to_left:
            sheet.right_to_left()
        return sheet

    def sheet_name(self, wanted: str) -> str:
        """Return a name that Excel takes: short, without its forbidden signs, not used yet."""
        name = _FORBIDDEN.sub(" ", one_line(wanted)).strip("' ") or "-"
        # Excel keeps the name History for itself.
        name = f"{name}." if name.lower() == "history" else name
        tried, number = _cut(name, _LONGEST_NAME), 1
        while tried.lower() in self.names:
            number += 1
            tried = f"{_cut(name, _LONGEST_NAME - len(f' {number}'))} {number}"
        self.names.add(tried.lower())
        return tried

    def write(self, sheet: Any, row: int, column: int, text: str, look: Any = None) -> None:
        """Write text as text: never a formula, a link or a number."""
        said = legible(text)
        if len(said) > _LONGEST_TEXT:
            said = said[: _LONGEST_TEXT - 1] + "…"
        if said:
            sheet.write_string(row, column, said, look)
        else:
            sheet.write_blank(row, column, None, look)

    def link(
        self,
        sheet: Any,
        row: int,
        column: int,
        *,
        to: str,
        text: str,
        cell: str = "A1",
        wrap: bool = False,
    ) -> None:
        """Write a link to a cell of another sheet."""
        look = self.look(font_color=ACCENT, underline=1, text_wrap=wrap)
        place = to.replace("'", "''")
        said = one_line(text)
        sheet.write_url(row, column, f"internal:'{place}'!{cell}", look, said[:2000] or "-")


def open_book(
    path: Path,
    *,
    title: str,
    language: str = "en",
    right_to_left: bool = False,
    date: str = "",
    publisher: str = "",
) -> Book:
    """Open a workbook for writing; the same content gives the same bytes."""
    import xlsxwriter

    # A label that begins with '=' stays a label: text is never read as a formula or a link.
    plain = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
        "in_memory": True,
    }
    file = xlsxwriter.Workbook(str(path), plain)
    file.set_properties(
        {
            "title": one_line(title)[:250],
            "author": one_line(publisher)[:250],
            "created": stated_date(date),
            "comments": "mpsurvey",
        }
    )
    file.set_custom_property("Language", language)
    return Book(
        file=file,
        language=language,
        right_to_left=right_to_left,
        title=one_line(title),
        publisher=one_line(publisher),
    )


def stated_date(date: str) -> datetime.datetime:
    """Return the date that a report states, for the file's properties; 1 January 2000 if none.

    The clock is not asked, so that the same report gives the same bytes.

    >>> stated_date("March 2026").isoformat(), stated_date("2026-03-05").isoformat()
    ('2026-01-01T00:00:00', '2026-03-05T00:00:00')
    """
    try:
        return datetime.datetime.combine(
            datetime.date.fromisoformat(date.strip()[:10]), datetime.time()
        )
    except ValueError:
        year = re.search(r"\b(19|20)\d\d\b", date)
        return datetime.datetime(int(year[0]) if year else 2000, 1, 1)


def _cut(name: str, longest: int) -> str:
    # Excel counts the halves of surrogate pairs.
    while len(name.encode("utf-16-le")) // 2 > longest:
        name = name[:-1]
    return name.rstrip("' ")


def _running(text: str) -> str:
    """Return text for a header or footer, where ``&`` begins a code."""
    short = text if len(text) <= _LONGEST_RUNNING else text[: _LONGEST_RUNNING - 1] + "…"
    # A digit after the size code would be read as part of it.
    return " " + short.replace("&", "&&") if short[:1].isdigit() else short.replace("&", "&&")
