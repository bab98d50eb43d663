"""The parts of a report as markup: findings, charts, texts, steps, facts."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from mpsurvey.publication.document import ChartBlock, Checklist, Prose
from mpsurvey.publication.pages.downloads import csv_of_frame, download
from mpsurvey.publication.pages.drawings import inline_svg
from mpsurvey.publication.pages.elements import Html, element
from mpsurvey.publication.pages.grids import Page, grid_table, lines
from mpsurvey.publication.pages.markdown import rendered
from mpsurvey.publication.pages.outline import Article, Findings, Part

__all__ = ["facts", "part"]


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


def _article(item: Article, page: Page) -> Html:
    heading = element(
        "h3",
        element("span", item.code, class_="code") if item.code else None,
        " " if item.code else None,
        item.title,
        id=f"{item.anchor}-heading",
    )
    body = [
        _chart(block, item, page)
        if isinstance(block, ChartBlock)
        else element(
            "div",
            grid_table(
                block.grid,
                page,
                about=_without_code(block.grid.title, item.code) if item.code else item.title,
                # Without a code the article is named by the table itself.
                named=bool(item.code) and _without_code(block.grid.title, item.code) != item.title,
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


def _chart(block: ChartBlock, item: Article, page: Page) -> Html:
    picture = block.picture
    anchor = page.anchors.claim(f"{picture.id}-chart")
    title = _without_code(picture.title, item.code)
    shown = title != item.title
    text = csv_of_frame(picture.data)
    return element(
        "figure",
        element("figcaption", title) if shown else None,
        element(
            "div",
            inline_svg(
                picture.svg(), anchor=anchor, title=title, words=picture.alt, notes=picture.notes
            ),
            class_="plot",
        ),
        lines(picture.notes),
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
                element("p", element("bdi", one.headline), class_="headline")
                if one.headline
                else None,
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
        element("div", box, class_="scroll", role="group", aria_label=about, tabindex=0),
        data_audience=item.audience,
        class_="table",
    )


def facts(pairs: Iterable[tuple[str, str]]) -> Html:
    """Return what the figures rest on: headings, each with its texts."""
    made = []
    for heading, texts in groupby(pairs, key=lambda pair: pair[0]):
        said = (element("dd", text) for _, text in texts)
        made.append(element("div", element("dt", heading), *said))
    return element("dl", *made, class_="facts")


def _without_code(title: str, code: str) -> str:
    return title.removeprefix(f"{code} ") if code else title
