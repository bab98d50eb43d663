"""Tables as markup: headings that belong to their cells, signs explained, intervals drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from mpsurvey.publication.document import Cell, Grid, GridRow
from mpsurvey.publication.pages.downloads import csv_of_grid, download
from mpsurvey.publication.pages.drawings import Scale, interval
from mpsurvey.publication.pages.elements import Html, element, joined
from mpsurvey.publication.pages.outline import Anchors
from mpsurvey.publication.wording import number, word

__all__ = ["Page", "grid_table", "lines"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What all parts of a page share.

    Attributes
    ----------
    language
        Of its words and numbers.
    anchors
        Names in addresses.
    places
        Where each indicator's article stands.
    """

    language: str
    anchors: Anchors
    places: Mapping[str, str]

    def say(self, key: str, **values: object) -> str:
        """Return a fixed word in the language of the page."""
        return word(key, self.language, **values)


def grid_table(grid: Grid, page: Page, *, about: str, named: bool) -> Html:
    """Return a table with its unit, the signs it uses, its notes and its figures to save.

    Parameters
    ----------
    grid
        The table.
    page
        Language and names.
    about
        What it shows, for those who hear the page.
    named
        Whether its title is shown above it; not where a heading says the same.
    """
    scale = _scale(grid, page)
    parts = [_head(grid, page, scale)]
    under: list[Html] = []
    for row in grid.rows:
        if row.heading:
            parts.append(element("tbody", *under) if under else Html(""))
            span = len(grid.stub) + len(grid.columns) + (scale is not None)
            said = element("th", " ".join(row.labels), scope="rowgroup", colspan=span)
            under = [element("tr", said, class_="heading")]
        else:
            under.append(_row(row, grid, page, scale))
    parts.append(element("tbody", *under))
    caption = element(
        "caption",
        element("span", about, class_="name" if named else "heard"),
        element("span", grid.subtitle, class_="unit") if grid.subtitle else None,
    )
    box = element("table", caption, *parts)
    text = csv_of_grid(grid, breakdown=page.say("breakdown"), mark=page.say("mark"))
    return joined(
        element("div", box, class_="scroll", role="group", aria_label=about, tabindex=0),
        _marks(grid),
        lines(grid.notes),
        element(
            "p",
            download(text, grid.id, word=page.say("download_table"), about=about),
            class_="actions",
        ),
    )


def lines(notes: Sequence[str]) -> Html | None:
    """Return notes, a line each."""
    if not notes:
        return None
    return element("ul", *(element("li", note) for note in notes), class_="notes", role="list")


def _head(grid: Grid, page: Page, scale: Scale | None) -> Html:
    grouped = any(column.group for column in grid.columns)
    down = 2 if grouped else None
    first = [
        element("th", name, scope="col", rowspan=down) if name else element("td", rowspan=down)
        for name in grid.stub
    ]
    second: list[Html] = []
    for group, columns in groupby(grid.columns, key=lambda column: column.group):
        own = list(columns)
        under = [
            element(
                "th", one.heading, scope="col", class_="number", rowspan=None if group else down
            )
            for one in own
        ]
        if group:
            first.append(element("th", group, scope="colgroup", colspan=len(own), class_="group"))
            second += under
        else:
            first += under
    if scale is not None:
        first.append(
            element(
                "th",
                page.say("estimate_drawn"),
                _key(grid, page, scale),
                scope="col",
                class_="drawn",
                rowspan=down,
            )
        )
    rows = [element("tr", *first)]
    if grouped:
        rows.append(element("tr", *second))
    return element("thead", *rows)


def _key(grid: Grid, page: Page, scale: Scale) -> Html:
    """Ends of the scale, and the line of the figure for all between them."""
    column = next(column for column in grid.columns if column.key == "estimate")
    low, high = (
        element("span", number(end, min(column.decimals, 1), page.language))
        for end in (scale.low, scale.high)
    )
    line = Html('<svg class="all" viewBox="0 0 3 14"><path d="M1.5 0V14"/></svg>')
    drawn = None if scale.whole is None else element("span", line, page.say("all"))
    return element("span", low, drawn, high, class_="scale", aria_hidden="true")


def _row(row: GridRow, grid: Grid, page: Page, scale: Scale | None) -> Html:
    meanings = dict(grid.marks)
    cells = [element("th", label, scope="row") if label else element("td") for label in row.labels]
    cells += [_cell(cell, meanings) for cell in row.cells]
    if scale is not None:
        by_key = {column.key: cell for column, cell in zip(grid.columns, row.cells, strict=True)}
        picture = interval(by_key["estimate"], by_key["ci_low"], by_key["ci_high"], scale)
        cells.append(element("td", picture, class_="drawn"))
    whole = "whole" if row.labels[:1] == (page.say("all"),) else None
    return element("tr", *cells, class_=whole)


def _cell(cell: Cell, meanings: Mapping[str, str]) -> Html:
    """Return a figure with its sign, which is told in words to those who hear the page."""
    if cell.value is not None and not cell.mark:
        return Html(f'<td class="number">{joined(cell.text)}</td>')
    said = meanings.get(cell.mark) or meanings.get(cell.text)
    heard = element("span", f" ({said})", class_="heard") if said else None
    if cell.value is None:
        shown = element("span", cell.text, aria_hidden="true") if said else cell.text
        return element("td", shown, heard, class_="number withheld" if cell.mark else "number")
    sign = element("sup", cell.mark, aria_hidden="true" if said else None)
    return element("td", cell.text, sign, heard, class_="number marked")


def _scale(grid: Grid, page: Page) -> Scale | None:
    """Scale of the intervals beside the rows; None where a table has none to draw."""
    places = {column.key: place for place, column in enumerate(grid.columns)}
    if not {"estimate", "ci_low", "ci_high"} <= places.keys():
        return None
    drawn = [places[key] for key in ("estimate", "ci_low", "ci_high")]
    rows = [row for row in grid.rows if row.cells]
    known = [
        value for row in rows for place in drawn if (value := row.cells[place].value) is not None
    ]
    if not known:
        return None
    low, high = min(known), max(known)
    # From nought where that does not squeeze the intervals into a corner.
    if 0 < low <= 0.5 * high:
        low = 0.0
    if low == high:
        low, high = low - 1, high + 1
    is_whole = rows[0].labels[0] == page.say("all")
    whole = rows[0].cells[places["estimate"]].value if is_whole else None
    return Scale(low=low, high=high, whole=whole)


def _marks(grid: Grid) -> Html | None:
    if not grid.marks:
        return None
    items: list[Html] = []
    for sign, meaning in grid.marks:
        items += [element("dt", sign), element("dd", meaning)]
    pairs = [element("div", name, text) for name, text in zip(items[::2], items[1::2], strict=True)]
    return element("dl", *pairs, class_="marks")
