"""A whole report as one page: cover, contents, chapters."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib import resources

from mpsurvey.publication.document import Audience, Report
from mpsurvey.publication.pages.blocks import facts, part
from mpsurvey.publication.pages.colours import dark_twins
from mpsurvey.publication.pages.elements import Html, element, joined
from mpsurvey.publication.pages.grids import Page
from mpsurvey.publication.pages.outline import (
    LEVELS,
    Anchors,
    Chapter,
    outline,
    start_level,
)
from mpsurvey.publication.wording import word

__all__ = ["document", "report_page"]

_RESERVED = ("top", "content", "contents", "find", "found", "says", "bar")


def report_page(report: Report) -> str:
    """Return a report as the text of a page."""
    anchors = Anchors()
    for name in _RESERVED:
        anchors.claim(name)
    chapters = outline(report, anchors, notes=word("notes", report.language))
    places: dict[str, str] = {}
    for chapter in chapters:
        for article in chapter.articles:
            places.setdefault(article.code, article.anchor)
    page = Page(language=report.language, anchors=anchors, places=places)
    start = start_level(chapters)
    body = joined(
        element("a", page.say("to_content"), href="#content", class_="skip"),
        _cover(report),
        _bar(page, report.title, start),
        element(
            "div",
            _contents(chapters, page),
            element("main", *(_chapter(one, page) for one in chapters), id="content", tabindex=-1),
            class_="sheet",
        ),
        _foot(report, page),
        element("div", id="says", role="tooltip", hidden=True),
    )
    return document(
        body,
        title=report.title,
        language=report.language,
        right_to_left=report.right_to_left,
        acts=True,
    )


def document(
    body: Html, *, title: str, language: str, right_to_left: bool = False, acts: bool = False
) -> str:
    """Return a whole page around its body: styles and, where it acts, the script inside it.

    The policy in its head lets a browser run this script and these styles and nothing else, and
    fetch nothing.
    """
    styles, script = _asset("report.css") + dark_twins(body), _asset("report.js")
    policy = [
        "default-src 'none'",
        f"style-src '{_digest(styles)}'",
        f"script-src '{_digest(script)}'" if acts else "script-src 'none'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content="; ".join(policy)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("link", rel="icon", href="data:,"),
        element("title", title),
        element("style", Html(styles)),
        element("script", Html(script)) if acts else None,
    )
    whole = element(
        "html",
        head,
        "\n",
        element("body", body, id="top"),
        lang=language,
        dir="rtl" if right_to_left else "ltr",
    )
    return f"<!DOCTYPE html>\n{whole}\n"


def _cover(report: Report) -> Html:
    return element(
        "header",
        element(
            "div",
            element("p", report.publisher, class_="publisher") if report.publisher else None,
            element("h1", report.title),
            element("p", report.subtitle, class_="subtitle") if report.subtitle else None,
            element("p", report.date, class_="date") if report.date else None,
        ),
        class_="cover",
    )


def _bar(page: Page, title: str, start: Audience) -> Html:
    """Controls, which are of use with the script only and hidden until it runs."""
    levels = [
        element(
            "label",
            element("input", type="radio", name="level", value=level, checked=level == start),
            element("span", page.say(f"level_{level}")),
        )
        for level in LEVELS
    ]
    return element(
        "div",
        element(
            "div",
            element("a", title, href="#top", class_="running"),
            element(
                "fieldset",
                element("legend", page.say("level"), class_="heard"),
                *levels,
                class_="switch",
            ),
            element("button", page.say("dark"), type="button", id="dark", aria_pressed="false"),
            element("button", page.say("print"), type="button", id="print"),
        ),
        id="bar",
        class_="bar",
        hidden=True,
        role="region",
        aria_label=page.say("level"),
        data_start=start,
    )


def _contents(chapters: tuple[Chapter, ...], page: Page) -> Html:
    items = []
    for chapter in chapters:
        under = None
        if chapter.articles:
            links = [
                element(
                    "li",
                    element(
                        "a",
                        element("span", one.code, class_="code") if one.code else None,
                        " " if one.code else None,
                        one.title,
                        href=f"#{one.anchor}",
                    ),
                    data_audience=one.audience,
                )
                for one in chapter.articles
            ]
            count = page.say("in_theme", number=len(links))
            about = element("span", f" ({chapter.title})", class_="heard")
            under = element(
                "details", element("summary", count, about), element("ul", *links, role="list")
            )
        items.append(
            element(
                "li",
                element("a", chapter.title, href=f"#{chapter.anchor}", class_="chapter"),
                under,
                data_audience=chapter.audience,
            )
        )
    search = element(
        "div",
        element("label", page.say("search"), for_="find"),
        element("input", type="search", id="find", autocomplete="off", spellcheck="false"),
        element("p", role="status", id="found", data_found=page.say("found", number="{number}")),
        role="search",
        class_="search",
        hidden=True,
    )
    return element(
        "nav",
        search,
        element(
            "details",
            element("summary", page.say("contents")),
            element("ol", *items, role="list"),
            class_="menu",
            open=True,
        ),
        id="contents",
        aria_label=page.say("contents"),
        tabindex=-1,
    )


def _chapter(chapter: Chapter, page: Page) -> Html:
    return element(
        "section",
        element("h2", chapter.title, id=f"{chapter.anchor}-heading"),
        *(part(item, page) for item in chapter.parts),
        facts(chapter.facts) if chapter.facts else None,
        id=chapter.anchor,
        data_audience=chapter.audience,
        aria_labelledby=f"{chapter.anchor}-heading",
    )


def _foot(report: Report, page: Page) -> Html:
    said = " · ".join(text for text in (report.publisher, report.title, report.date) if text)
    back = element("a", page.say("to_contents"), href="#contents")
    return element("footer", element("p", said), element("p", back), class_="foot")


@cache
def _asset(name: str) -> str:
    """Return styles or a script without what only its authors read."""
    folder = resources.files("mpsurvey.publication.pages")
    text = re.sub(r"/\*.*?\*/", "", folder.joinpath(name).read_text("utf-8"), flags=re.DOTALL)
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def _digest(text: str) -> str:
    made = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(made).decode('ascii')}"
