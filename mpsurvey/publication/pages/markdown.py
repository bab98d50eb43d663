"""An author's Markdown as markup: no tags of its own, nothing fetched, links that cannot act."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from mpsurvey.publication.pages.elements import Html, clean, element

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

__all__ = ["rendered"]

_GOES_TO = re.compile(r"(?:https?://|mailto:|#)", re.IGNORECASE)


def rendered(text: str, *, top: int, label: str) -> Html:
    """Return Markdown as markup.

    Tags in the text are shown, not obeyed. Images are not drawn: they would be fetched. Links lead
    to a page of the web, a mail address or a place in the report; others stay as text.

    Parameters
    ----------
    text
        Markdown: paragraphs, emphasis, lists, links, tables, headings.
    top
        Level of the first heading, and the highest of all; none is skipped below it.
    label
        Name of a table for those who hear the page, such as ``"Table"``.
    """
    reader = _reader()
    tokens = reader.parse(clean(text))
    _set_levels(tokens, top)
    for token in tokens:
        for inner in token.children or ():
            if inner.type == "link_open" and not str(inner.attrGet("href")).startswith("#"):
                inner.attrSet("rel", "noopener noreferrer")
    made: str = reader.renderer.render(tokens, reader.options, {})
    box = element("div", class_="scroll", role="group", tabindex=0, aria_label=label)
    made = made.replace("<table>", box.removesuffix("</div>") + "<table>")
    return element("div", Html(made.replace("</table>", "</table></div>")), class_="prose")


@cache
def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    reader.disable(["html_block", "html_inline"])
    # The reader asks this of every link and writes as text what is refused.
    reader.validateLink = lambda url: bool(_GOES_TO.match(url.strip()))  # type: ignore[method-assign]
    return reader


def _set_levels(tokens: list[Token], top: int) -> None:
    """Put headings below those of the page, each at most one level under the one before."""
    asked = [int(token.tag[1]) for token in tokens if token.type == "heading_open"]
    highest, last = min(asked, default=1), top - 1
    for token in tokens:
        if token.type == "heading_open":
            last = min(int(token.tag[1]) - highest + top, last + 1, 6)
            token.tag = f"h{last}"
        elif token.type == "heading_close":
            token.tag = f"h{last}"
