"""A section of a report as a sheet: text, findings, tables with their charts, steps."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from mpsurvey.publication.basis import evidence_of, notes_beside
from mpsurvey.publication.document import (
    ChartBlock,
    Checklist,
    Finding,
    Grid,
    GridBlock,
    Picture,
    Prose,
    Section,
)
from mpsurvey.publication.prose import plain
from mpsurvey.publication.safe_text import legible, one_line
from mpsurvey.publication.xlsx.book import ACCENT, DARK, GREY, LINE, SOFT, Book
from mpsurvey.publication.xlsx.graphs import WIDTH, ChartData, height_of_chart, plottable
from mpsurvey.publication.xlsx.grids import column_widths, height_of, write_grid
from mpsurvey.publication.xlsx.page import Page

__all__ = ["Entry", "write_section"]

_LONG = 560.0
"""Points past which a table has a sheet of its own, whose headings repeat on every page."""
_PIXEL = 0.75
"""Points."""
_FINDINGS, _STEPS = (20.0, 78.0, 46.0), (6.0, 24.0, 44.0, 24.0, 13.0, 36.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the contents: a sheet, or a table on it."""

    sheet: str
    row: int
    title: str
    detail: str = ""
    table: bool = False


def write_section(book: Book, section: Section, contents: str, charts: ChartData) -> list[Entry]:
    """Write a section to a sheet of its own; very long tables get further sheets.

    Returns
    -------
    list of Entry
        What the contents list.
    """
    grids = [block.grid for block in section.blocks if isinstance(block, GridBlock)]
    own = {grid.id for grid in grids if height_of(grid, *column_widths([grid])) > _LONG}
    short = [grid for grid in grids if grid.id not in own]
    steps = any(isinstance(block, Checklist) for block in section.blocks)
    if short:
        widths, stub = column_widths(short)
    else:
        widths, stub = (_STEPS if steps else _FINDINGS), 1
    page = Page(book, section.title, widths, back=contents)
    writer = _Section(page, stub, charts, reading=not short)
    entries = [Entry(sheet=page.name, row=0, title=one_line(section.title))]
    drawn = {grid.id.split("-")[0] for grid in short if plottable(grid)}
    for block in section.blocks:
        if isinstance(block, GridBlock):
            grid = block.grid
            if grid.id in own:
                entries.append(_own_sheet(book, section, grid, contents))
                continue
            row = writer.grid(grid)
            title = one_line(grid.title)
            detail = one_line(grid.subtitle)
            entries.append(Entry(sheet=page.name, row=row, title=title, detail=detail, table=True))
        elif isinstance(block, ChartBlock):
            # Where Excel draws a table's figures itself, a picture of the same would say it twice.
            if block.picture.id.split("-")[0] not in drawn:
                writer.picture(block.picture)
        elif isinstance(block, Finding):
            writer.finding(block)
        elif isinstance(block, Checklist):
            writer.checklist(block)
        else:
            writer.prose(block)
    return entries


def _own_sheet(book: Book, section: Section, grid: Grid, contents: str) -> Entry:
    widths, stub = column_widths([grid])
    name = f"{one_line(section.title)[:18]} – {one_line(grid.title)}"
    page = Page(book, name, widths, title=section.title, back=contents)
    title = one_line(grid.title)
    page.line(title, bold=True, font_size=11, font_color=DARK)
    if grid.subtitle:
        page.line(grid.subtitle, italic=True, font_color=GREY)
    first = page.row
    write_grid(page, grid, stub, heading=False)
    heads = 2 if any(column.group for column in grid.columns) else 1
    page.sheet.freeze_panes(first + heads, stub)
    page.sheet.repeat_rows(first, first + heads - 1)
    detail = one_line(grid.subtitle)
    return Entry(sheet=page.name, row=0, title=title, detail=detail, table=True)


class _Section:
    """Writes blocks to a page."""

    def __init__(self, page: Page, stub: int, charts: ChartData, *, reading: bool) -> None:
        self.page = page
        self.stub = stub
        self.charts = charts
        self.reading = reading
        self.heads = False

    def grid(self, grid: Grid) -> int:
        """Write a table and, beside it, its chart; return the row of its title."""
        page = self.page
        drawn = plottable(grid)
        chart_high = height_of_chart(grid) * _PIXEL if drawn else 0.0
        page.together(max(height_of(grid, page.widths, self.stub), chart_high + 8))
        top = page.top
        first, _ = write_grid(page, grid, self.stub)
        if drawn:
            column = self.stub + len(grid.columns)
            self.charts.later(grid, page.sheet, first, column)
            beside = sum(page.widths[:column]) * 5.25 + (WIDTH + 24) * _PIXEL
            page.taken(beside)
            short = chart_high + 8 - (page.top - top)
            while short > 0:
                page.space(min(short, 300))
                short -= 300
        page.space(10)
        page.space(10)
        return first

    def picture(self, picture: Picture) -> None:
        """Place a chart that Excel does not draw itself, with its words."""
        page = self.page
        content = picture.png(scale=2.0)
        inside, beside = notes_beside(picture)
        wide, high = _pixels(content)
        scale = min(0.5, 900 / max(wide, 1))
        shown = high * scale
        page.together(shown * _PIXEL + 60)
        page.line(one_line(picture.title), bold=True, font_size=11, font_color=DARK)
        # A picture that states its resolution would be shown smaller or larger than that.
        finer = _resolution(content) / 96
        page.sheet.insert_image(
            page.row,
            0,
            f"{picture.id}.png",
            {
                "image_data": io.BytesIO(content),
                "x_scale": scale * finer,
                "y_scale": scale * finer,
                "description": legible(" ".join((picture.alt, *inside)))[:2000],
                "object_position": 2,
            },
        )
        rest = shown * _PIXEL + 6
        while rest > 0:
            page.space(min(rest, 300))
            rest -= 300
        for note in beside:
            page.note(note)
        page.space(14)

    def finding(self, block: Finding) -> None:
        """Write a sentence with its figure before it and what it rests on after it."""
        page, book = self.page, self.page.book
        if not self.reading or len(page.widths) != len(_FINDINGS):
            lead = f"{one_line(block.headline)}   " if block.headline else ""
            page.line(f"{lead}{one_line(block.text)}", font_size=11, font_color=DARK)
            if evidence := one_line(evidence_of(block)):
                page.note(evidence)
            return
        if not self.heads:
            self.heads = True
            head = book.look(bold=True, bg_color=SOFT, font_color=DARK, top=2, top_color=ACCENT)
            names = (book.word("headline"), book.word("finding"), book.word("basis"))
            page.cells(names, [head] * 3, least=17)
        line = {"bottom": 4, "bottom_color": LINE, "text_wrap": True, "valign": "vcenter"}
        large = 18 if len(block.headline) <= 10 else 12
        looks = (
            book.look(font_size=large, bold=True, font_color=ACCENT, **line),
            book.look(font_size=11, **line),
            book.look(font_size=9, font_color=GREY, **line),
        )
        texts = (one_line(block.headline), one_line(block.text), one_line(evidence_of(block)))
        page.cells(texts, looks, least=34)

    def prose(self, block: Prose) -> None:
        """Write an author's text, a row for each paragraph, without its looks."""
        page = self.page
        numbers: dict[int, int] = {}
        across = min(len(page.widths), 2) if self.reading else 0
        for one in plain(block.markdown):
            if one.kind == "rule":
                continue
            if one.kind == "heading":
                page.space(4)
                page.line(one.text, columns=across, bold=True, font_size=12, font_color=DARK)
                continue
            lead = ""
            if one.kind == "bullet":
                lead = "• " if one.first else ""
            elif one.kind == "number":
                numbers[one.list] = numbers.get(one.list, 0) + one.first
                lead = f"{numbers[one.list]}. " if one.first else ""
            indent = one.level + 1 if one.kind in ("bullet", "number", "quote") else 0
            links = dict.fromkeys(span.link for span in one.spans if span.link)
            said = [x for x in links if not x.startswith("#") and x not in one.text]
            tail = f" ({', '.join(said)})" if said else ""
            page.line(f"{lead}{one.text}{tail}", columns=across, indent=indent)
        page.space()

    def checklist(self, block: Checklist) -> None:
        """Write the steps of the work as a table."""
        page, book = self.page, self.page.book
        head = book.look(
            bold=True, bg_color=SOFT, font_color=DARK, text_wrap=True, top=2, top_color=ACCENT
        )
        keys = ("", "phase", "step", "body_responsible", "date", "evidence", "done")
        names = [book.word(key) if key else "" for key in keys]
        if len(page.widths) != len(_STEPS):
            for step in block.steps:
                parts = (step.body, step.date, step.evidence)
                state = book.word("done" if step.done else "not_done")
                detail = " · ".join(part for part in (state, *parts) if part)
                page.line(f"{step.number}. {one_line(step.title)} ({detail})", indent=1)
            return
        page.cells(names, [head] * len(names), least=17)
        line: dict[str, Any] = {"bottom": 4, "bottom_color": LINE, "text_wrap": True}
        for step in block.steps:
            state = "✓ " + book.word("done") if step.done else book.word("not_done")
            colour = ACCENT if step.done else GREY
            texts = (
                "",
                step.phase,
                step.title,
                step.body,
                step.date,
                step.evidence,
                state,
            )
            looks = [book.look(**line)] * 6 + [book.look(font_color=colour, **line)]
            at = page.row
            page.cells([one_line(text) for text in texts], looks)
            page.sheet.write_number(at, 0, step.number, book.look(align="center", **line))
        page.space()


def _pixels(png: bytes) -> tuple[int, int]:
    """Return width and height that a PNG states in its header."""
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


def _resolution(png: bytes) -> float:
    """Return the dots per inch that a PNG states; 96 where it states none."""
    at = png.find(b"pHYs", 0, 4096)
    if at < 0 or png[at + 12] != 1:
        return 96.0
    return int.from_bytes(png[at + 4 : at + 8], "big") * 0.0254
