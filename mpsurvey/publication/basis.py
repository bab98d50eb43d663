"""What the figures of a report rest on, for the notes of every format."""

from __future__ import annotations

from importlib import metadata

from mpsurvey.publication.document import Report
from mpsurvey.publication.wording import word

__all__ = ["facts_of"]


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
