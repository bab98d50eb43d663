"""What the figures of a report rest on, for the notes of every format."""

from __future__ import annotations

from importlib import metadata

from mpsurvey.publication.document import Finding, Report
from mpsurvey.publication.wording import word

__all__ = ["evidence_of", "facts_of"]


def evidence_of(finding: Finding) -> str:
    """Return what a finding rests on; nothing where its sentence for experts already says it.

    >>> told = "A third [estimate 33 %; n 90]."
    >>> evidence_of(Finding(text=told, kind="level", indicator="A", basis="estimate 33 %; n 90"))
    ''
    """
    first = finding.basis.split(";")[0].strip()
    return "" if first and first in finding.text else finding.basis


def facts_of(report: Report) -> tuple[tuple[str, str], ...]:
    """Return the report's facts, the rules of quality applied, and the software.

    Returns
    -------
    tuple
        (heading, text) pairs in the order shown.
    """
    language = report.language
    facts = [(heading, text) for heading, text in report.facts if text]
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
