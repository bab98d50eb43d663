"""A laid-out table on a sheet: numbers stay numbers, withheld figures are words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from mpsurvey.publication.document import Cell, Column, Grid, GridRow
from mpsurvey.publication.safe_text import legible, one_line
from mpsurvey.publication.wording import number
from mpsurvey.publication.xlsx.book import ACCENT, DARK, GREY, LINE, SOFT, Book
from mpsurvey.publication.xlsx.page import Page, lines_of

__all__ = ["column_widths", "height_of", "write_grid"]

_WIDEST_STUB, _WIDEST_FIGURE = 38.0, 15.0


def column_widths(grids: Sequence[Grid]) -> tuple[tuple[float, ...], int]:
    """Return widths in characters that suit all tables of a sheet, and how many hold labels.

    Where tables have different numbers of label columns, their labels share the first one, so that
    figures stand below figures.
    """
    stubs = {len(grid.stub) for grid in grids}
    stub = stubs.pop() if len(stubs) == 1 else 1
    widths: dict[int, float] = {}
    for grid in grids:
        for row in grid.rows:
            said = row.labels if stub > 1 else _joined(row.labels).split("\n")
            for place, text in enumerate(said[:stub] if stub > 1 else said):
                column = place if stub > 1 else 0
                longest = 0 if row.heading else len(text) + 3
                widths[column] = max(widths.get(column, 12.0), min(longest, _WIDEST_STUB))
        for place, column_ in enumerate(grid.columns):
            texts = [row.cells[place].text for row in grid.rows if row.cells]
            longest_word = max((len(x) for x in one_line(column_.heading).split()), default=0)
            wide = max([8.5, longest_word + 2, *(len(x) + 4 for x in texts)])
            at = stub + place
            widths[at] = max(widths.get(at, 0.0), min(wide, _WIDEST_FIGURE))
        for place, share in _group_shares(grid):
            at = stub + place
            widths[at] = max(widths[at], min(share, _WIDEST_FIGURE))
    return tuple(widths[at] for at in sorted(widths)) or (40.0,), stub


def height_of(grid: Grid, widths: Sequence[float], stub: int) -> float:
    """Return about how many points a table takes, with its notes."""
    wide = sum(widths[: stub + len(grid.columns)]) * 10 / 9
    notes = sum(lines_of(note, wide) for note in grid.notes) + len(grid.marks)
    rows = sum(
        17.0
        if row.heading
        else sum(13.5 * lines_of(text, widths[0] - 2) for text in row.labels if text) + 2
        for row in grid.rows
    )
    heads = 32.0 + (16 if any(column.group for column in grid.columns) else 0) + 43
    return heads + rows + 14.2 * notes


def write_grid(page: Page, grid: Grid, stub: int, *, heading: bool = True) -> tuple[int, int]:
    """Write a table at the page's next row, with its title, and its signs and notes below.

    Returns
    -------
    tuple
        The row of its title and the row after its last figure.
    """
    book, sheet = page.book, page.sheet
    first = page.row
    across = max(stub + len(grid.columns), 1)
    if heading:
        page.line(one_line(grid.title), columns=across, bold=True, font_size=11, font_color=DARK)
        if grid.subtitle:
            page.line(one_line(grid.subtitle), columns=across, italic=True, font_color=GREY)
    _headings(page, grid, stub)
    last = len(grid.rows) - 1
    under_heading = False
    for at, row in enumerate(grid.rows):
        line = {"bottom": 1, "bottom_color": DARK if at == last else LINE}
        line["bottom"] = 1 if at == last else 4
        if row.heading:
            under_heading = True
            look = book.look(bold=True, bg_color=SOFT, valign="vcenter")
            for column in range(across):
                book.write(sheet, page.row, column, "", look)
            book.write(sheet, page.row, 0, one_line(_joined(row.labels, " · ")), look)
            page.high(17)
            continue
        _row(page, grid, row, stub, line, indent=1 if under_heading else 0)
    end = page.row
    for mark, meaning in grid.marks:
        page.note(f"{mark}  {meaning}", columns=across)
    for note in grid.notes:
        page.note(note, columns=across)
    return first, end


def _group_shares(grid: Grid) -> Iterable[tuple[int, float]]:
    """Say how wide each column must be for the heading above its group to fit."""
    place = 0
    for group, members in groupby(grid.columns, key=lambda one: one.group):
        many = len(list(members))
        for at in range(place, place + many):
            yield at, (len(one_line(group)) + 2) / many
        place += many


def _row(
    page: Page, grid: Grid, row: GridRow, stub: int, line: dict[str, Any], *, indent: int
) -> None:
    book, sheet = page.book, page.sheet
    label = book.look(text_wrap=True, indent=indent, **line)
    high = 15.0
    if stub == len(grid.stub):
        for column, text in enumerate(row.labels):
            book.write(sheet, page.row, column, text, label)
            high = max(high, 13.5 * lines_of(legible(text), page.widths[column] - 2) + 2)
    else:
        _together(page, row.labels, label)
        high = 13.5 * sum(lines_of(legible(x), page.widths[0] - 2) for x in row.labels) + 3
    marked = _columns_with_marks(grid)
    for place, (column_, cell) in enumerate(zip(grid.columns, row.cells, strict=True)):
        _figure(book, sheet, page.row, stub + place, cell, column_, line, marked=place in marked)
    page.high(high)


def _together(page: Page, labels: Sequence[str], look: Any) -> None:
    """Write several labels into one cell, a line each, the later ones small and grey."""
    book = page.book
    said = [legible(text) for text in labels if text]
    if len(said) < 2:
        book.write(page.sheet, page.row, 0, said[0] if said else "", look)
        return
    plain = book.look(font_color="#000000")
    small = book.look(font_size=9, font_color=GREY)
    rest = "\n" + "\n".join(said[1:])
    page.sheet.write_rich_string(page.row, 0, plain, said[0], small, rest, look)


def _figure(
    book: Book,
    sheet: Any,
    row: int,
    column: int,
    cell: Cell,
    of: Column,
    line: dict[str, Any],
    *,
    marked: bool,
) -> None:
    if cell.value is None:
        text = cell.text or "–"
        look = book.look(align="right", font_color=GREY, **line)
        book.write(sheet, row, column, text, look)
        return
    places = _decimals(cell, of, book.language)
    shape = "#,##0" + ("." + "0" * places if places else "")
    if cell.mark and cell.mark not in cell.text:
        # The sign is part of the number's format, so that the cell still holds a number.
        sign = cell.mark.replace('"', "")
        shape = f'{shape}" {sign}"'
    elif marked:
        shape = f"{shape}_ _u"
    # Digits read from left to right in every language.
    look = book.look(num_format=shape, align="right", **line, reading_order=1)
    sheet.write_number(row, column, cell.value, look)


def _decimals(cell: Cell, column: Column, language: str) -> int:
    """Return the decimals that a figure is shown with; tables of several units differ by row."""
    if cell.value is None:
        return column.decimals
    tried = (column.decimals, *range(7))
    return next((d for d in tried if number(cell.value, d, language) == cell.text), column.decimals)


def _columns_with_marks(grid: Grid) -> set[int]:
    return {
        place
        for row in grid.rows
        for place, cell in enumerate(row.cells)
        if cell.mark and cell.value is not None
    }


def _headings(page: Page, grid: Grid, stub: int) -> None:
    book, sheet = page.book, page.sheet
    grouped = any(column.group for column in grid.columns)
    head = {"bold": True, "bg_color": SOFT, "font_color": DARK, "text_wrap": True}
    top = {"top": 2, "top_color": ACCENT}
    across = stub + len(grid.columns)
    if grouped:
        for column in range(across):
            book.write(sheet, page.row, column, "", book.look(**head, **top))
        column = stub
        high = 16.0
        for group, members in groupby(grid.columns, key=lambda one: one.group):
            many = len(list(members))
            if group:
                # Centred over its columns without merging: the cells stay apart.
                look = book.look(
                    **{**head, "text_wrap": False},
                    **top,
                    align="center_across" if many > 1 else "center",
                    bottom=1,
                    bottom_color=LINE,
                )
                wide = sum(page.widths[column : column + many])
                said = one_line(group)
                fits = said if len(said) <= wide * 1.02 else said[: max(int(wide) - 1, 1)] + "…"
                book.write(sheet, page.row, column, fits, look)
                for other in range(column + 1, column + many):
                    sheet.write_blank(page.row, other, None, look)
            column += many
        page.high(high)
    line = {"bottom": 1, "bottom_color": DARK, **({} if grouped else top)}
    left = book.look(**head, **line, valign="bottom")
    right = book.look(**head, **line, valign="bottom", align="right")
    stubs = grid.stub if stub == len(grid.stub) else (_joined(grid.stub, " / "),)
    high = 16.0
    for column, text in enumerate((*stubs, *(one.heading for one in grid.columns))):
        said = one_line(text)
        book.write(sheet, page.row, column, said, left if column < stub else right)
        high = max(high, 13.5 * _word_lines(said, page.widths[column] * 1.1) + 3)
    page.high(high)


def _word_lines(text: str, width: float) -> int:
    """Return the lines a heading takes when it breaks between words."""
    lines, room = 1, width
    for part in text.split():
        if len(part) > room and room < width:
            lines, room = lines + 1, width
        lines += max(0, int(len(part) // max(width, 1.0)))
        room -= len(part) + 1
    return lines


def _joined(labels: Iterable[str], by: str = "\n") -> str:
    return by.join(text for text in labels if text)
