"""What the figures of a report rest on, for the notes of every format."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from importlib import metadata

from mpsurvey.publication.document import Finding, Picture, Report
from mpsurvey.publication.wording import word

__all__ = ["evidence_of", "facts_of", "notes_beside"]


def evidence_of(finding: Finding) -> str:
    """Return what a finding rests on; nothing where its sentence for experts already says it.

    >>> told = "A third [estimate 33 %; n 90]."
    >>> evidence_of(Finding(text=told, kind="level", indicator="A", basis="estimate 33 %; n 90"))
    ''
    """
    first = finding.basis.split(";")[0].strip()
    return "" if first and first in finding.text else finding.basis


_TAG = re.compile(r"<style.*?</style>|<[^>]*>", re.DOTALL)
_OF_INDICATOR = re.compile(r"([A-Z]{3}[0-9]{2}[A-Z0-9]*): (.+)", re.DOTALL)


def facts_of(report: Report) -> tuple[tuple[str, str], ...]:
    """Return the report's facts, the rules of quality applied, and the software.

    What is the same of several indicators is said once.

    Returns
    -------
    tuple
        (heading, text) pairs in the order shown.
    """
    language = report.language
    facts = _gathered((heading, text) for heading, text in report.facts if text)
    said = {text for _, text in facts}
    rules = [
        (word("rules_applied", language), rule)
        for rule in getattr(report.table, "rules", ())
        if rule not in said
    ]
    version = f"mpsurvey {metadata.version('mpsurvey')}"
    if not any(version in text for text in said):
        rules.append((word("software", language), version))
    return (*facts, *rules)


def notes_beside(picture: Picture) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the notes that a picture draws itself, and those to be written beside it."""
    drawn = "".join(html.unescape(_TAG.sub("", picture.svg())).split())
    inside = tuple(note for note in picture.notes if "".join(note.split()) in drawn)
    return inside, tuple(note for note in picture.notes if note not in inside)


def _gathered(facts: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Say once, after all their codes, what is said of several indicators.

    >>> _gathered([("Note", "EMP01: rough"), ("Note", "x"), ("Note", "EMP03: rough")])
    [('Note', 'EMP01, EMP03: rough'), ('Note', 'x')]
    """
    codes: dict[tuple[str, str], list[str]] = {}
    for heading, text in facts:
        found = _OF_INDICATOR.fullmatch(text)
        said = codes.setdefault((heading, found[2] if found else text), [])
        if found:
            said.append(found[1])
    return [
        (heading, f"{', '.join(dict.fromkeys(said))}: {text}" if said else text)
        for (heading, text), said in codes.items()
    ]
