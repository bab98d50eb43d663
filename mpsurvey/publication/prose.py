"""An author's Markdown as passages that any writer can set: paragraphs, lists, links, tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mpsurvey.publication.safe_text import legible

if TYPE_CHECKING:
    from markdown_it.token import Token

__all__ = ["Passage", "Span", "passages", "plain"]

Kind = Literal["paragraph", "heading", "bullet", "number", "quote", "code", "rule", "table"]

_LINKS = ("http://", "https://", "mailto:", "#")
"""What a link may lead to; anything else stays text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of text that looks the same throughout."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A paragraph, an item of a list, a small heading or a table of the author's text.

    Attributes
    ----------
    kind
        ``"bullet"`` and ``"number"`` are items of lists.
    spans
        The text.
    level
        Of a heading, from 1; of an item, from 0.
    list
        Which numbered list of the text the item belongs to, from 1.
    first
        False for what continues an item without a bullet or number of its own.
    rows
        Of a table: cells of spans; the first row holds the headings.
    """

    kind: Kind
    spans: tuple[Span, ...] = ()
    level: int = 0
    list: int = 0
    first: bool = True
    rows: tuple[tuple[tuple[Span, ...], ...], ...] = ()

    @property
    def text(self) -> str:
        """The words alone."""
        return "".join(span.text for span in self.spans)


def passages(markdown: str) -> tuple[Passage, ...]:
    r"""Read Markdown (CommonMark and tables); HTML in it stays text.

    >>> [(one.kind, one.text) for one in passages("A *b*\n\n- c\n- <i>")]
    [('paragraph', 'A b'), ('bullet', 'c'), ('bullet', '<i>')]
    """
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    return _Passages(reader.parse(legible(markdown))).out


def plain(markdown: str) -> tuple[Passage, ...]:
    """Read Markdown for a writer that has neither tables nor looks: cells are joined by a bar."""
    out: list[Passage] = []
    for one in passages(markdown):
        if one.kind != "table":
            out.append(one)
            continue
        for row in one.rows:
            text = " | ".join("".join(span.text for span in cell) for cell in row)
            out.append(Passage(kind="paragraph", spans=(Span(text=text),)))
    return tuple(out)


class _Passages:
    """Goes through the reader's tokens once."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.lists: list[tuple[Literal["bullet", "number"], int]] = []
        self.numbered = 0
        self.fresh = False
        self.quoted = 0
        self.heading = 0
        self.rows: list[list[tuple[Span, ...]]] | None = None
        made: list[Passage] = []
        for token in tokens:
            made.extend(self._passage(token))
        self.out = tuple(made)

    def _passage(self, token: Token) -> list[Passage]:
        kind = token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            if kind == "ordered_list_open":
                self.numbered += 1
            self.lists.append(
                ("bullet", 0) if kind == "bullet_list_open" else ("number", self.numbered)
            )
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self.lists.pop()
        elif kind == "list_item_open":
            self.fresh = True
        elif kind in ("blockquote_open", "blockquote_close"):
            self.quoted += 1 if kind == "blockquote_open" else -1
        elif kind == "heading_open":
            self.heading = int(token.tag[1:])
        elif kind == "heading_close":
            self.heading = 0
        elif kind == "table_open":
            self.rows = []
        elif kind == "tr_open" and self.rows is not None:
            self.rows.append([])
        elif kind == "table_close" and self.rows is not None:
            rows = tuple(tuple(row) for row in self.rows)
            self.rows = None
            return [Passage(kind="table", rows=rows)]
        elif kind == "hr":
            return [Passage(kind="rule")]
        elif kind in ("fence", "code_block"):
            return [Passage(kind="code", spans=(Span(text=token.content.rstrip("\n"), code=True),))]
        elif kind == "inline":
            return self._inline(_spans(token.children or []))
        return []

    def _inline(self, spans: tuple[Span, ...]) -> list[Passage]:
        if self.rows is not None:
            self.rows[-1].append(spans)
            return []
        if self.heading:
            return [Passage(kind="heading", spans=spans, level=self.heading)]
        if self.lists:
            kind, number = self.lists[-1]
            first, self.fresh = self.fresh, False
            level = len(self.lists) - 1
            return [Passage(kind=kind, spans=spans, level=level, list=number, first=first)]
        return [Passage(kind="quote" if self.quoted else "paragraph", spans=spans)]


def _spans(tokens: Sequence[Token]) -> tuple[Span, ...]:
    out: list[Span] = []
    bold = italic = 0
    link = ""
    for token in tokens:
        kind = token.type
        if kind in ("strong_open", "strong_close"):
            bold += 1 if kind == "strong_open" else -1
        elif kind in ("em_open", "em_close"):
            italic += 1 if kind == "em_open" else -1
        elif kind == "link_open":
            address = str(token.attrGet("href") or "")
            link = address if address.lower().startswith(_LINKS) else ""
        elif kind == "link_close":
            link = ""
        elif kind in ("text", "code_inline", "softbreak", "hardbreak", "image", "html_inline"):
            text = {"softbreak": " ", "hardbreak": "\n"}.get(kind, token.content)
            if text:
                code = kind == "code_inline"
                out.append(
                    Span(text=text, bold=bool(bold), italic=bool(italic), code=code, link=link)
                )
    return tuple(out)
