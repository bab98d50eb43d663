"""A sheet to read and print, filled from top to bottom."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from mpsurvey.publication.safe_text import legible, one_line
from mpsurvey.publication.xlsx.book import ACCENT, GREY, Book

__all__ = ["Page", "lines_of"]

_LINE, _PAGE_HEIGHT, _PAGE_WIDTH = 13.5, 495.0, 765.0
"""Points: a line of text, and what an A4 sheet on its side holds between its margins."""
_POINTS_A_CHARACTER, _HIGHEST = 5.25, 409.0
"""Points: a digit of the usual letters, and the highest row that Excel takes."""


def lines_of(text: str, width: float) -> int:
    """Return how many lines a text takes in a column of a width in characters."""
    # Letters are narrower than the digits that widths count.
    wide = max(width * 1.1, 1.0)
    return sum(max(1, math.ceil(len(part) / wide)) for part in text.split("\n"))


class Page:
    """A sheet, the row that is next, and where its printed pages break.

    Attributes
    ----------
    name
        Of the sheet.
    row
        The next free row, from 0.
    top
        Points from the top of the printed page to the next row.
    """

    def __init__(
        self, book: Book, name: str, widths: Sequence[float], *, title: str = "", back: str = ""
    ) -> None:
        self.book = book
        self.sheet: Any = book.sheet(name)
        self.name: str = self.sheet.name
        self.widths = tuple(widths)
        self.row = 0
        self.top = 0.0
        self._breaks: list[int] = []
        self._wide = sum(widths) * _POINTS_A_CHARACTER
        for column, width in enumerate(widths):
            self.sheet.set_column(column, column, width)
        heading = one_line(title or name)
        look = book.look(bold=True, font_size=15, font_color=ACCENT)
        book.write(self.sheet, 0, 0, heading, look)
        self._next(26)
        if back:
            book.link(self.sheet, 1, 0, to=back, text=book.word("back_to_contents"))
            self._next(16)
        self.sheet.freeze_panes(self.row, 0)
        self.sheet.repeat_rows(0)
        self.space()

    def taken(self, wide: float) -> None:
        """Say that something stands beside the columns, so many points wide in all."""
        self._wide = max(self._wide, wide)

    def space(self, height: float = 8) -> None:
        """Leave a low row empty."""
        self._next(height)

    def line(self, text: str, *, columns: int = 0, indent: int = 0, **look: Any) -> None:
        """Write a line across the first columns, wrapped, as high as it needs to be."""
        said = legible(text)
        across = columns or len(self.widths)
        size = float(look.get("font_size", 10))
        wide = (
            (sum(self.widths[:across]) - 2 * indent) * 10 / size * (0.92 if "bold" in look else 1)
        )
        lines = lines_of(said, wide)
        shape = self.book.look(text_wrap=True, indent=indent, **look)
        if across > 1 and (lines > 1 or indent):
            self.sheet.merge_range(self.row, 0, self.row, across - 1, "", shape)
        elif lines == 1:
            # A merged cell is only needed where text wraps.
            shape = self.book.look(indent=indent, **look)
        self.book.write(self.sheet, self.row, 0, said, shape)
        self._next(lines * _LINE * size / 10 + 2)

    def note(self, text: str, *, columns: int = 0) -> None:
        """Write a small grey line."""
        self.line(text, columns=columns, font_size=9, font_color=GREY)

    def cells(self, texts: Sequence[str], looks: Sequence[Any], *, least: float = 15) -> None:
        """Write a row of texts, a column each, as high as the longest needs."""
        high = least
        for column, (text, look) in enumerate(zip(texts, looks, strict=True)):
            self.book.write(self.sheet, self.row, column, text, look)
            size = look.font_size if look is not None else 10
            lines = lines_of(legible(text), self.widths[column] * 9.5 / size)
            high = max(high, lines * _LINE * size / 10 + 2)
        self._next(high)

    def cells_across(self, texts: Sequence[str], looks: Sequence[Any]) -> None:
        """Write a row of texts, of which the last has the columns that are left."""
        last, end = len(texts) - 1, len(self.widths) - 1
        kept = self.widths
        self.sheet.merge_range(self.row, last, self.row, end, "", looks[last])
        self.widths = (*kept[:last], sum(kept[last:]))
        self.cells(texts, looks[: len(texts)])
        self.widths = kept

    def together(self, height: float) -> None:
        """Break the printed page here unless so many points still fit on it."""
        shrink = min(1.0, _PAGE_WIDTH / self._wide)
        room = _PAGE_HEIGHT / shrink
        if self.top > 60 and self.top + height > room:
            self._breaks.append(self.row)
            self.sheet.set_h_pagebreaks(self._breaks)
            self.top = 28.0

    def high(self, height: float) -> None:
        """Set the height of the next row and go on."""
        self._next(height)

    def _next(self, height: float) -> None:
        height = min(height, _HIGHEST)
        self.sheet.set_row(self.row, height)
        self.top += height
        self.row += 1
