"""What definitions rest on: standards, handbooks, questionnaires."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from mpsurvey.catalogue.fields import Choice, Fields, Items, Key, Record, Texts, Version, Word
from mpsurvey.catalogue.marked import Problems

__all__ = ["CITATION", "SOURCES", "Citation", "Source", "Sources", "build_sources", "citations"]

CITATION = Record(
    "A source",
    {
        "key": Key(Word(longest=40), "a key of modules/sources.yaml, in quotes", need=True),
        "part": Key(Word(longest=200), "chapter, paragraph or question"),
        "status": Key(Choice(("aligned", "adapted", "own")), "how near it is to the source"),
    },
)

SOURCES = Record(
    "A list of sources",
    {
        "kind": Key(Word(), "sources", need=True),
        "id": Key(Word(), "its id", need=True),
        "version": Key(Version(), "three numbers", need=True),
        "title": Key(Texts(200), "what the list is", need=True),
        "replaces": Key(Word(), "the id and version that this one overrides"),
        "sources": Key(
            Items(
                Record(
                    "A source",
                    {
                        "key": Key(Word(longest=40), "the key used in citations", need=True),
                        "title": Key(
                            Word(longest=500), "the work, as a reader finds it", need=True
                        ),
                        "checked": Key(
                            Choice(("read", "part", "exists", "known")),
                            "how far it was checked: the part used was read; only a part or a "
                            "quotation was; it is known to exist; general knowledge",
                            need=True,
                        ),
                        "url": Key(Word(r"https?://\S+", means="an address"), "where it is"),
                    },
                )
            ),
            "the sources",
            need=True,
        ),
    },
)


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a definition comes from, and how near it stays."""

    key: str
    part: str | None = None
    status: Literal["aligned", "adapted", "own"] = "aligned"


@dataclass(frozen=True, slots=True)
class Source:
    """A work that definitions rest on.

    Attributes
    ----------
    checked
        'read': the part used was read; 'part': an opening or a quotation was; 'exists': it is known
        to exist; 'known': general knowledge.
    """

    key: str
    title: str
    checked: Literal["read", "part", "exists", "known"]
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Sources:
    """A list of works."""

    id: str
    version: str
    sources: tuple[Source, ...]
    place: str = ""


def citations(read: Iterable[Fields]) -> tuple[Citation, ...]:
    """Make the citations that could be read."""
    return tuple(
        Citation(each["key"], each.get("part"), each.get("status", "aligned"))
        for each in read
        if each.fine
    )


def build_sources(fields: Fields, problems: Problems, place: str) -> Sources:
    """Make the list, and note keys that stand twice."""
    seen: dict[str, int] = {}
    for each in fields["sources"]:
        if each.fine and each["key"] in seen:
            problems.add(each.line, f"'{each['key']}' is already on line {seen[each['key']]}.")
        if each.fine:
            seen.setdefault(each["key"], each.line)
    read = tuple(
        Source(each["key"], each["title"], each["checked"], each.get("url"))
        for each in fields["sources"]
        if each.fine
    )
    return Sources(fields["id"], fields["version"], read, place)
