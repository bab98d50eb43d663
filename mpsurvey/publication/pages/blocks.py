"""The parts of a report as markup: findings, charts, tables, texts, steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from mpsurvey.publication.document import ChartBlock, Checklist, Grid, GridRow, Prose
from mpsurvey.publication.pages.downloads import csv_of_frame, csv_of_grid, download
from mpsurvey.publication.pages.drawings import inline_svg, interval
from mpsurvey.publication.pages.elements import Html, element, joined
from mpsurvey.publication.pages.markdown import rendered
from mpsurvey.publication.pages.outline import Anchors, Article, Findings, Part
from mpsurvey.publication.wording import number, word

__all__ = ["Page", "grid_table", "part"]


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


def part(item: Part, page: Page) -> Html:
    """Return a part of a chapter."""
    if isinstance(item, Article):
        return _article(item, page)
    if isinstance(item, Findings):
        return _findings(item, page)
    if isinstance(item, Prose):
        text = rendered(item.markdown, top=3, label=page.say("table"))
        return element("div", text, data_audience=item.audience)
    return _checklist(item, page)


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
    drawn = _axis(grid)
    parts = [_head(grid, page, drawn)]
    under: list[Html] = []
    for row in grid.rows:
        if row.heading:
            parts.append(element("tbody", *under) if under else Html(""))
            span = len(grid.stub) + len(grid.columns) + (drawn is not None)
            said = element("th", " ".join(row.labels), scope="rowgroup", colspan=span)
            under = [element("tr", said, class_="heading")]
        else:
            under.append(_row(row, grid, page, drawn))
    parts.append(element("tbody", *under))
    caption = element(
        "caption",
        element("span", about, class_="name" if named else "heard"),
        element("span", grid.subtitle, class_="unit") if grid.subtitle else None,
    )
    box = element("table", caption, *parts)
    text = csv_of_grid(grid, breakdown=page.say("breakdown"), mark=page.say("mark"))
    return joined(
        element("div", box, class_="scroll", role="region", aria_label=about, tabindex=0),
        _marks(grid),
        _lines(grid.notes),
        element(
            "p",
            download(text, grid.id, word=page.say("download_table"), about=about),
            class_="actions",
        ),
    )


def _article(item: Article, page: Page) -> Html:
    heading = element(
        "h3",
        element("span", item.code, class_="code") if item.code else None,
        " " if item.code else None,
        item.title,
        id=f"{item.anchor}-heading",
    )
    alone = len(item.blocks) == 1
    body = [
        _chart(block, item, page, alone=alone)
        if isinstance(block, ChartBlock)
        else element(
            "div",
            grid_table(
                block.grid,
                page,
                about=_without_code(block.grid.title, item.code) or item.title,
                named=not alone and _without_code(block.grid.title, item.code) != item.title,
            ),
            class_="table",
            data_audience=block.audience,
        )
        for block in item.blocks
    ]
    return element(
        "article",
        heading,
        *body,
        id=item.anchor,
        data_audience=item.audience,
        aria_labelledby=f"{item.anchor}-heading",
    )


def _chart(block: ChartBlock, item: Article, page: Page, *, alone: bool) -> Html:
    picture = block.picture
    anchor = page.anchors.claim(f"{picture.id}-chart")
    title = _without_code(picture.title, item.code)
    shown = not alone and title != item.title
    text = csv_of_frame(picture.data)
    return element(
        "figure",
        element("figcaption", title) if shown else None,
        element(
            "div",
            inline_svg(picture.svg(), anchor=anchor, title=title, words=picture.alt),
            class_="plot",
        ),
        _lines(picture.notes),
        element(
            "p",
            download(text, picture.id, word=page.say("download_chart"), about=title),
            class_="actions",
        ),
        data_audience=block.audience,
    )


def _findings(item: Findings, page: Page) -> Html:
    cards = []
    for one in item.items:
        place = page.places.get(one.indicator)
        link = element("a", page.say("see_figures"), href=f"#{place}") if place else None
        about = element("span", f": {one.indicator}", class_="heard")
        cards.append(
            element(
                "li",
                element("p", one.headline, class_="headline") if one.headline else None,
                element("p", one.text, class_="finding"),
                element("p", one.basis, class_="basis", data_audience="technical")
                if one.basis
                else None,
                element("p", Html(link.removesuffix("</a>") + about + "</a>"), class_="more")
                if link
                else None,
                class_=f"card {one.kind}" if one.kind.isalpha() else "card",
                data_audience=one.audience,
            )
        )
    return element("ul", *cards, class_="cards", role="list", data_audience=item.audience)


def _checklist(item: Checklist, page: Page) -> Html:
    names = ("step", "body_responsible", "date", "evidence", "done")
    head = element("tr", *(element("th", page.say(name), scope="col") for name in names))
    bodies = []
    for phase, steps in groupby(item.steps, key=lambda step: step.phase):
        said = element("th", phase, scope="rowgroup", colspan=len(names))
        rows = [element("tr", said, class_="heading")] if phase else []
        for step in steps:
            state = element(
                "td",
                element("span", "✓" if step.done else "○", aria_hidden="true"),
                " ",
                page.say("done" if step.done else "not_done"),
                class_="done" if step.done else "open",
            )
            rows.append(
                element(
                    "tr",
                    element("th", f"{step.number}. {step.title}", scope="row"),
                    *(element("td", text) for text in (step.body, step.date, step.evidence)),
                    state,
                )
            )
        bodies.append(element("tbody", *rows))
    done = sum(step.done for step in item.steps)
    about = page.say("steps_done", done=done, number=len(item.steps))
    box = element(
        "table", element("caption", about), element("thead", head), *bodies, class_="checklist"
    )
    return element(
        "div",
        element("div", box, class_="scroll", role="region", aria_label=about, tabindex=0),
        data_audience=item.audience,
        class_="table",
    )


def _head(grid: Grid, page: Page, drawn: tuple[float, float, float] | None) -> Html:
    grouped = any(column.group for column in grid.columns)
    down = 2 if grouped else None
    first = [
        element("th", name, scope="col", rowspan=down) if name else element("td", rowspan=down)
        for name in grid.stub
    ]
    second: list[Html] = []
    for group, columns in groupby(grid.columns, key=lambda column: column.group):
        own = list(columns)
        if group:
            first.append(element("th", group, scope="colgroup", colspan=len(own), class_="group"))
            second += [element("th", one.heading, scope="col", class_="number") for one in own]
        else:
            first += [
                element("th", one.heading, scope="col", class_="number", rowspan=down)
                for one in own
            ]
    if drawn is not None:
        decimals = grid.columns[[column.key for column in grid.columns].index("estimate")].decimals
        ends = [
            element("span", number(end, min(decimals, 1), page.language), class_="end")
            for end in drawn[:2]
        ]
        scale = element("span", *ends, class_="scale", aria_hidden="true")
        first.append(
            element(
                "th",
                page.say("estimate_drawn"),
                scale,
                scope="col",
                class_="drawn",
                rowspan=down,
            )
        )
    rows = [element("tr", *first)]
    if grouped:
        rows.append(element("tr", *second))
    return element("thead", *rows)


def _row(row: GridRow, grid: Grid, page: Page, drawn: tuple[float, float, float] | None) -> Html:
    meanings = dict(grid.marks)
    cells = [element("th", label, scope="row") if label else element("td") for label in row.labels]
    for cell in row.cells:
        known = meanings.get(cell.mark)
        if cell.value is None:
            said = known or (meanings.get(cell.text) if cell.text else None)
            cells.append(
                element(
                    "td",
                    element("span", cell.text, aria_hidden="true") if said else cell.text,
                    element("span", said, class_="heard") if said else None,
                    class_="number withheld" if cell.mark else "number",
                )
            )
        elif cell.mark:
            sign = element("sup", cell.mark, aria_hidden="true")
            heard = element("span", f" ({known or cell.mark})", class_="heard")
            cells.append(element("td", _figure(cell.text), sign, heard, class_="number marked"))
        else:
            cells.append(Html(f'<td class="number">{_figure(cell.text)}</td>'))
    if drawn is not None:
        by_key = {column.key: cell for column, cell in zip(grid.columns, row.cells, strict=True)}
        picture = interval(by_key["estimate"], by_key["ci_low"], by_key["ci_high"], drawn)
        cells.append(element("td", picture, class_="drawn"))
    return element("tr", *cells)


def _figure(text: str) -> Html:
    return joined(text)


def _axis(grid: Grid) -> tuple[float, float, float] | None:
    """Scale of the intervals beside the rows, and where the first figure stands on it."""
    places = {column.key: place for place, column in enumerate(grid.columns)}
    if not {"estimate", "ci_low", "ci_high"} <= places.keys():
        return None
    drawn = [places[key] for key in ("estimate", "ci_low", "ci_high")]
    rows = [row.cells for row in grid.rows if row.cells]
    known = [
        value for cells in rows for place in drawn if (value := cells[place].value) is not None
    ]
    if not known:
        return None
    low, high = min(known), max(known)
    # From nought where that does not squeeze the intervals into a corner.
    if 0 < low <= 0.5 * high:
        low = 0.0
    if low == high:
        low, high = low - 1, high + 1
    first = rows[0][places["estimate"]].value
    return low, high, low - high if first is None else first


def _marks(grid: Grid) -> Html | None:
    if not grid.marks:
        return None
    items: list[Html] = []
    for sign, meaning in grid.marks:
        items += [element("dt", sign), element("dd", meaning)]
    pairs = [element("div", name, text) for name, text in zip(items[::2], items[1::2], strict=True)]
    return element("dl", *pairs, class_="marks")


def _lines(notes: Sequence[str]) -> Html | None:
    if not notes:
        return None
    return element("ul", *(element("li", note) for note in notes), class_="notes", role="list")


def facts(pairs: Iterable[tuple[str, str]]) -> Html:
    """Return what the figures rest on: headings, each with its texts."""
    made = []
    for heading, texts in groupby(pairs, key=lambda pair: pair[0]):
        said = (element("dd", text) for _, text in texts)
        made.append(element("div", element("dt", heading), *said))
    return element("dl", *made, class_="facts")


def _without_code(title: str, code: str) -> str:
    return title.removeprefix(f"{code} ") if code else title
