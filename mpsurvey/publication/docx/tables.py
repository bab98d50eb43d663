"""Tables of a document: headings that repeat, numbers to the right, rows that stay whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from xml.sax.saxutils import quoteattr

from mpsurvey.publication.document import Checklist, Grid, GridRow
from mpsurvey.publication.docx.page_text import PageText, as_text
from mpsurvey.publication.docx.styles import NAMESPACES, TABLE_STYLE
from mpsurvey.publication.safe_text import one_line
from mpsurvey.publication.wording import word

__all__ = ["add_grid", "add_prose_table", "add_steps", "width_of"]

_CHARACTER, _BOLD, _PADDING = 104, 122, 170
"""Twentieths of a point: a digit, a letter of a heading, and the space around a cell's text."""
_LEAST_STUB, _WRAPPED_STUB, _WIDEST_STUB, _OTHER_STUB = 2200, 2500, 5200, 1900
_KEPT_WHOLE = 28
"""Rows up to which a table is not broken over pages."""
_ACROSS = "gridSpan"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """A cell: text, style of its paragraph, columns it spans, whether it goes on downwards."""

    text: str
    style: str = "Table text"
    span: int = 1
    down: str = ""
    number: bool = False


def width_of(grid: Grid) -> int:
    """Return the least width that suits a table, in twentieths of a point; long labels wrap."""
    return sum(_figure_widths(grid)) + sum(
        min(_WRAPPED_STUB if at == 0 else _OTHER_STUB, _stub_width(grid, at))
        for at in range(len(grid.stub))
    )


def add_grid(page: PageText, grid: Grid, room: int) -> None:
    """Add a laid-out table, as wide as the text."""
    figures = _figure_widths(grid)
    easy = _figure_widths(grid, lines=1)
    others = [min(_OTHER_STUB, _stub_width(grid, at)) for at in range(1, len(grid.stub))]
    # A heading over a group stands on one line where the labels leave room for it.
    if room - sum(easy) - sum(others) >= max(_stub_width(grid, 0), round(room * 0.2)):
        figures = easy
    first = room - sum(figures) - sum(others)
    if first < _LEAST_STUB:
        # Too wide even for a page on its side: figures come closer, labels wrap.
        shrink = max(0.4, (room - sum(others) - _LEAST_STUB) / max(sum(figures), 1))
        figures = [round(width * shrink) for width in figures]
        first = _LEAST_STUB
    # What the labels do not need goes to the figures, evenly.
    wanted = max(_stub_width(grid, 0), round(room * 0.3))
    if first > wanted and figures:
        spare = min((first - wanted) // len(figures), 500)
        figures = [width + spare for width in figures]
        first -= spare * len(figures)
    widths = [first, *others, *figures][: len(grid.stub)] + figures
    heads = _headings(grid)
    rows = [_row(grid, row) for row in grid.rows]
    noted = bool(grid.marks or grid.notes)
    _add(page, widths, heads, rows, title=one_line(grid.title), noted=noted)


def add_steps(page: PageText, block: Checklist, room: int, language: str) -> None:
    """Add the steps of the work, by phase."""
    keys = ("step", "body_responsible", "date", "evidence", "done")
    names = ["", *(word(key, language) for key in keys)]
    shares = (0.05, 0.34, 0.21, 0.12, 0.18, 0.10)
    widths = [round(room * share) for share in shares]
    heads = [[_Cell(text=name, style="Table heading") for name in names]]
    rows: list[list[_Cell]] = []
    for phase, steps in groupby(block.steps, key=lambda one: one.phase):
        if phase:
            rows.append([_Cell(text=one_line(phase), style="Table group", span=len(names))])
        for step in steps:
            state = f"✓ {word('done', language)}" if step.done else word("not_done", language)
            texts = (str(step.number), step.title, step.body, step.date, step.evidence, state)
            rows.append([_Cell(text=one_line(text)) for text in texts])
    _add(page, widths, heads, rows, title=word("steps", language))


def add_prose_table(
    page: PageText, rows: Sequence[Sequence[str]], room: int, *, before: Any
) -> None:
    """Add a table of an author's text before a paragraph."""
    many = max(len(row) for row in rows)
    widths = [room // many] * many
    filled = [[*row, *[""] * (many - len(row))] for row in rows]
    heads = [[_Cell(text=text, style="Table heading") for text in filled[0]]]
    body = [[_Cell(text=text) for text in row] for row in filled[1:]]
    made = _add(page, widths, heads, body, title="")
    before._p.addprevious(made)


def _add(
    page: PageText,
    widths: Sequence[int],
    heads: Sequence[Sequence[_Cell]],
    rows: Sequence[Sequence[_Cell]],
    *,
    title: str,
    noted: bool = False,
) -> Any:
    """Add a table to the end of the document; return its element.

    With `noted` its last row stays on the page of the notes that follow.
    """
    from docx.oxml import parse_xml

    whole = len(rows) <= _KEPT_WHOLE
    lines = [_row_xml(page, cells, widths, head=True, keep=True) for cells in heads]
    last = len(rows) - 1
    for at, cells in enumerate(rows):
        # A heading over rows stays with the first of them.
        keep = whole or cells[0].style == "Table group" if at < last else noted
        lines.append(_row_xml(page, cells, widths, head=False, keep=keep))
    turned = "<w:bidiVisual/>" if page.right_to_left else ""
    said = f"<w:tblCaption w:val={quoteattr(title[:250])}/>" if title else ""
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    xml = (
        f"<w:tbl {NAMESPACES}><w:tblPr>"
        f'<w:tblStyle w:val="{page.styles[TABLE_STYLE]}"/>{turned}'
        f'<w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblLayout w:type="fixed"/>'
        '<w:tblLook w:val="0420" w:firstRow="1" w:lastRow="0" w:firstColumn="0" w:lastColumn="0" '
        f'w:noHBand="0" w:noVBand="1"/>{said}</w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(lines)}</w:tbl>"
    )
    made = parse_xml(xml)
    body = page.document.element.body
    body.insert_element_before(made, "w:sectPr")
    return made


def _row_xml(
    page: PageText, cells: Sequence[_Cell], widths: Sequence[int], *, head: bool, keep: bool
) -> str:
    marks = "<w:cantSplit/>" + ("<w:tblHeader/>" if head else "")
    out, column = [], 0
    for cell in cells:
        wide = sum(widths[column : column + cell.span])
        column += cell.span
        inside = f'<w:tcW w:w="{wide}" w:type="dxa"/>'
        if cell.span > 1:
            inside += f'<w:{_ACROSS} w:val="{cell.span}"/>'
        if cell.down:
            inside += "<w:vMerge/>" if cell.down == "continue" else '<w:vMerge w:val="restart"/>'
        if head:
            inside += '<w:vAlign w:val="bottom"/>'
        out.append(f"<w:tc><w:tcPr>{inside}</w:tcPr>{_paragraph_xml(page, cell, keep)}</w:tc>")
    return f"<w:tr><w:trPr>{marks}</w:trPr>{''.join(out)}</w:tr>"


def _paragraph_xml(page: PageText, cell: _Cell, keep: bool) -> str:  # noqa: FBT001
    # Digits run from left to right and stand to the right in every language.
    turned = "<w:bidi/>" if page.right_to_left and not cell.number else ""
    heading = cell.number and cell.style == "Table heading"
    if heading:
        turned = "<w:bidi/>" if page.right_to_left else ""
    side = "center" if cell.span > 1 else "left" if page.right_to_left else "right"
    aside = f'<w:jc w:val="{side}"/>' if heading else ""
    properties = (
        f"<w:pPr><w:pStyle w:val={quoteattr(page.styles[cell.style])}/>"
        f"{'<w:keepNext/>' if keep else ''}{turned}{aside}</w:pPr>"
    )
    plain = cell.number and not heading
    looks = "" if plain else page.run_properties()
    run = f"<w:r>{looks}{as_text(cell.text)}</w:r>" if cell.text else ""
    return f"<w:p>{properties}{run}</w:p>"


def _headings(grid: Grid) -> list[list[_Cell]]:
    head = "Table heading"
    stubs = [one_line(text) for text in grid.stub]
    figures = [_Cell(text=one_line(c.heading), style=head, number=True) for c in grid.columns]
    if not any(column.group for column in grid.columns):
        return [[*(_Cell(text=text, style=head) for text in stubs), *figures]]
    above = [_Cell(text=text, style=head, down="restart") for text in stubs]
    below = [_Cell(text="", style=head, down="continue") for _ in stubs]
    place = 0
    for group, members in groupby(grid.columns, key=lambda one: one.group):
        many = len(list(members))
        if group:
            above.append(_Cell(text=one_line(group), style=head, span=many, number=True))
            below += figures[place : place + many]
        else:
            for figure in figures[place : place + many]:
                above.append(_Cell(text=figure.text, style=head, number=True, down="restart"))
                below.append(_Cell(text="", style=head, down="continue"))
        place += many
    return [above, below]


def _row(grid: Grid, row: GridRow) -> list[_Cell]:
    across = len(grid.stub) + len(grid.columns)
    if row.heading:
        text = " · ".join(one_line(label) for label in row.labels if label)
        return [_Cell(text=text, style="Table group", span=across)]
    labels = [*row.labels, *[""] * len(grid.stub)][: len(grid.stub)]
    return [
        *(_Cell(text=one_line(label)) for label in labels),
        *(_Cell(text=_figure(cell), style="Table number", number=True) for cell in row.cells),
    ]


def _figure(cell: Any) -> str:
    """Return a figure with its sign, apart by a space that does not break."""
    said = one_line(cell.text) or "–"
    if cell.mark and cell.value is not None and cell.mark not in said:
        return f"{said}\u00a0{cell.mark}"
    return said


def _figure_widths(grid: Grid, *, lines: int = 2) -> list[int]:
    """Return what each column of figures wants, where a heading over several has so many lines."""
    out = []
    for place, column in enumerate(grid.columns):
        longest = max((len(_figure(row.cells[place])) for row in grid.rows if row.cells), default=0)
        words = max((len(part) for part in one_line(column.heading).split()), default=0)
        out.append(_PADDING + max(_CHARACTER * max(longest, 5), _BOLD * min(words, 15)))
    place = 0
    for group, members in groupby(grid.columns, key=lambda one: one.group):
        many = len(list(members))
        letters = min(len(one_line(group)), 24 * lines)
        share = (_PADDING + _BOLD * (letters * 6 // 10 if lines > 1 else letters)) // many
        for at in range(place, place + many):
            out[at] = max(out[at], share)
        place += many
    return out


def _stub_width(grid: Grid, at: int) -> int:
    longest = max(
        (len(row.labels[at]) for row in grid.rows if not row.heading and at < len(row.labels)),
        default=8,
    )
    return _PADDING + _CHARACTER * max(longest, 8)
