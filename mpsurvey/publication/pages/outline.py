"""What stands where on the page: articles, their names in addresses, and for whom each is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from mpsurvey.publication.document import (
    Audience,
    Block,
    ChartBlock,
    Checklist,
    Finding,
    GridBlock,
    Prose,
    Report,
)
from mpsurvey.publication.wording import word

__all__ = ["LEVELS", "Anchors", "Article", "Chapter", "Findings", "outline", "start_level"]

LEVELS: tuple[Audience, ...] = ("decision", "technical", "expert")
"""From those who want least to those who want all."""


class Anchors:
    """Names in addresses, each given once."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def claim(self, wanted: str) -> str:
        """Return a name that no other place has: the one wanted, or with a number behind it."""
        base = re.sub(r"[^A-Za-z0-9_-]+", "-", wanted).strip("-") or "part"
        name, count = base, 1
        while name in self._given:
            count += 1
            name = f"{base}-{count}"
        self._given.add(name)
        return name


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The charts and tables of one indicator that stand together, or one that has no indicator."""

    anchor: str
    title: str
    blocks: tuple[ChartBlock | GridBlock, ...]
    code: str = ""
    audience: Audience


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Findings that stand together."""

    items: tuple[Finding, ...]
    audience: Audience


Part = Article | Findings | Prose | Checklist


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A section as it stands on the page."""

    anchor: str
    title: str
    parts: tuple[Part, ...]
    audience: Audience
    facts: tuple[tuple[str, str], ...] = field(default=())

    @property
    def articles(self) -> tuple[Article, ...]:
        """The parts that the navigation and the search lead to."""
        return tuple(part for part in self.parts if isinstance(part, Article))


def outline(report: Report, anchors: Anchors, *, notes: str) -> tuple[Chapter, ...]:
    """Arrange a report's blocks as chapters and articles; facts go to the notes, the last chapter.

    Parameters
    ----------
    report
        The report.
    anchors
        Takes the names of chapters and articles.
    notes
        Title of the notes where the report has no section for them.
    """
    chapters = [anchors.claim(section.id) for section in report.sections]
    names = {one: report.table.name(one) for one in report.table.indicators}
    made, noted = [], False
    for section, anchor in zip(report.sections, chapters, strict=True):
        parts = tuple(_parts(section.blocks, report.language, names, anchors))
        facts = report.facts if section.id == "notes" and not noted else ()
        noted = noted or section.id == "notes"
        # A chapter of facts is for all: they are what the figures rest on.
        least = "decision" if facts or not parts else _least(part.audience for part in parts)
        made.append(
            Chapter(anchor=anchor, title=section.title, parts=parts, audience=least, facts=facts)
        )
    if report.facts and not noted:
        made.append(
            Chapter(
                anchor=anchors.claim("notes"),
                title=notes,
                parts=(),
                audience="decision",
                facts=report.facts,
            )
        )
    return tuple(made)


def start_level(chapters: Iterable[Chapter]) -> Audience:
    """Return the least level at which every chapter with articles shows one of them."""
    needed = [
        _least(article.audience for article in chapter.articles)
        for chapter in chapters
        if chapter.articles
    ]
    return max(needed, key=LEVELS.index, default="decision")


def _parts(
    blocks: Iterable[Block], language: str, names: dict[str, str], anchors: Anchors
) -> list[Part]:
    parts: list[Part] = []
    held: list[ChartBlock | GridBlock] = []
    found: list[Finding] = []

    def close() -> None:
        if found:
            least = _least(one.audience for one in found)
            parts.append(Findings(items=tuple(found), audience=least))
        if held:
            parts.append(_article(tuple(held), language, names, anchors))
        found.clear()
        held.clear()

    for block in blocks:
        if isinstance(block, Finding):
            if held:
                close()
            found.append(block)
        elif isinstance(block, ChartBlock | GridBlock):
            code = _indicator(_id(block), names)
            if found or (held and (not code or _indicator(_id(held[0]), names) != code)):
                close()
            held.append(block)
        else:
            close()
            parts.append(block)
    close()
    return parts


def _article(
    blocks: tuple[ChartBlock | GridBlock, ...],
    language: str,
    names: dict[str, str],
    anchors: Anchors,
) -> Article:
    first = blocks[0]
    code = _indicator(_id(first), names)
    return Article(
        anchor=anchors.claim(code or _id(first)),
        title=names[code] if code else _title(first, language),
        blocks=blocks,
        code=code,
        audience=_least(block.audience for block in blocks),
    )


def _title(block: ChartBlock | GridBlock, language: str) -> str:
    """Title of what belongs to no indicator; an overview is named by the groups across it alone."""
    if isinstance(block, ChartBlock):
        return block.picture.title
    title = block.grid.title
    glance = word("at_a_glance", language)
    if not title:
        return glance
    stop = " : " if language == "fr" else ": "
    groups = {column.group for column in block.grid.columns}
    return f"{glance}{stop}{title}" if title in groups else title


def _id(block: ChartBlock | GridBlock) -> str:
    return block.picture.id if isinstance(block, ChartBlock) else block.grid.id


def _indicator(name: str, known: Collection[str]) -> str:
    """Return the indicator that the id of a chart or table begins with: EMP03 of EMP03-by-sex."""
    if name in known:
        return name
    head = re.match(r"[A-Za-z0-9_]+", name)
    return head.group() if head and head.group() in known else ""


def _least(audiences: Iterable[Audience]) -> Audience:
    return min(audiences, key=LEVELS.index, default="decision")
