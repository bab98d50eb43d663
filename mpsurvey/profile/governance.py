"""Governance: policies, legislation, institutions and cooperation, as entries and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mpsurvey.catalogue.fields import BAD, Items, Key, Record, Texts, Word
from mpsurvey.catalogue.marked import Problems, compose
from mpsurvey.profile.live_text import escaped
from mpsurvey.profile.study import wording
from mpsurvey.profile.words import said
from mpsurvey.publication.wording import semicolon

__all__ = ["GOVERNANCE", "PARTS", "Entry", "governance_text", "read_governance"]

PARTS = ("policies", "legislation", "institutions", "cooperation", "data_sources")

_ENTRY = Record(
    "An entry",
    {
        "title": Key(Texts(300), "its name in each language", need=True),
        "about": Key(Texts(3000), "what it does, in each language; Markdown"),
        "since": Key(Word(longest=40), "the year, in quotes"),
        "responsible": Key(Texts(300, whole=False, plain=True), "which body answers for it"),
        "reference": Key(Word(longest=400), "where it can be read: an address or a gazette"),
    },
)

GOVERNANCE = Record(
    "The governance",
    {
        "kind": Key(Word(), "governance", need=True),
        **{part: Key(Items(_ENTRY), f"{part.replace('_', ' ')}") for part in PARTS},
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A policy, a law, an institution, an agreement, or a source of data."""

    part: str
    title: Mapping[str, str]
    about: Mapping[str, str] = field(default_factory=dict)
    since: str = ""
    responsible: Mapping[str, str] = field(default_factory=dict)
    reference: str = ""


def read_governance(path: Path | None, problems: Problems | None = None) -> tuple[Entry, ...]:
    """Read the entries of a file; none without a file."""
    if path is None or not path.is_file():
        return ()
    found = problems if problems is not None else Problems(path.name)
    node = compose(path, found)
    fields: Any = None if node is None else GOVERNANCE.read(node, found)
    if fields is None or fields is BAD:
        return ()
    return tuple(
        Entry(
            part=part,
            title=each["title"],
            about=each.get("about", {}),
            since=each.get("since", ""),
            responsible=each.get("responsible", {}),
            reference=each.get("reference", ""),
        )
        for part in PARTS
        for each in fields.get(part, ())
        if each.fine
    )


def governance_text(entries: tuple[Entry, ...], language: str) -> str:
    """Return the entries as Markdown, under a small heading for each part."""
    lines: list[str] = []
    stop = "\N{NARROW NO-BREAK SPACE}: " if language == "fr" else ": "
    for part in PARTS:
        own = [one for one in entries if one.part == part]
        if not own:
            continue
        lines += [f"### {said(part, language)}", ""]
        for one in own:
            facts = []
            if one.since:
                facts.append(f"{said('since', language)} {escaped(one.since)}")
            if one.responsible:
                body = escaped(wording(one.responsible, language))
                facts.append(f"{said('responsible', language)}{stop}{body}")
            if one.reference:
                facts.append(f"{said('reference', language)}{stop}{_reference(one.reference)}")
            behind = f" ({semicolon(language).join(facts)})" if facts else ""
            lines += [f"**{escaped(wording(one.title, language))}**{behind}", ""]
            about = wording(one.about, language).strip()
            if about:
                lines += [about, ""]
    return "\n".join(lines).strip()


def _reference(text: str) -> str:
    if text.startswith(("https://", "http://")) and not set(text) & set("()<> \"'"):
        return f"[{escaped(text)}]({text})"
    return escaped(text)
