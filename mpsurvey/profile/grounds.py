"""What a round's figures rest on, said in the languages of profiles."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mpsurvey.profile.study import ROW_KINDS
from mpsurvey.profile.words import said
from mpsurvey.publication.charts.lettering import plain
from mpsurvey.publication.wording import comma, number, semicolon

__all__ = [
    "design_in_words",
    "lack_in_words",
    "method_in_words",
    "rows_in_words",
    "step_in_words",
]

_REPLICATION = re.compile(r"Replication by (.+), (\d+) replicate(?:s| weights)(, every .+)?")
_NO_FILE = re.compile(r"a file of (\w+) rows")
_HOW = {
    "balanced repeated replication": "replication_brr",
    "jackknife": "replication_jackknife",
    "bootstrap": "replication_bootstrap",
    "successive differences": "replication_differences",
}
"""How the estimates name a method, and the key of its wording."""


def rows_in_words(kind: str, language: str) -> str:
    """Return what the rows of a file are.

    >>> rows_in_words("household", "es"), rows_in_words("persons", "fr")
    ('hogares', 'personnes')
    """
    return said(f"rows_{ROW_KINDS.get(kind, kind)}", language)


def lack_in_words(lack: str, language: str) -> str:
    """Return what an indicator lacks: a variable's name as it is, a file in words.

    >>> lack_in_words("mv_res1", "fr"), lack_in_words("a file of trip rows", "fr")
    ('mv_res1', 'un fichier : séjours')
    """
    found = _NO_FILE.fullmatch(lack)
    if not found:
        return plain(lack, language)
    return said("lacks_file", language, rows=rows_in_words(found[1], language))


def design_in_words(clauses: Sequence[tuple[str, Mapping[str, Any]]], language: str) -> str:
    """Return a design in words, of what `mpsurvey.design.compiled.clauses` says of it.

    >>> design_in_words([("units", {"count": 1298}), ("weight", {"name": "w"})], "en")
    'primary sampling units: 1,298; weight: w'
    """
    parts = []
    for key, held in clauses:
        words = {
            name: number(value, 0, language) if isinstance(value, int) else str(value)
            for name, value in held.items()
        }
        names = held.get("names", ())
        words["names"] = comma(language).join(names)
        within = "_within" if key == "response" and names else ""
        parts.append(said(f"design_{key}{within}", language, **words))
    return semicolon(language).join(parts)


def step_in_words(do: str, words: str, language: str) -> str:
    """Return a step of weighting, with the variables that its words name.

    >>> step_in_words("rake", "rake (region, sex)", "es")
    'ajuste iterativo por marginales (region, sex)'
    """
    return said(f"step_{do}", language) + words.removeprefix(do)


def method_in_words(method: str, language: str) -> str:
    """Return how standard errors were made; what has no wording stays as it is.

    English keeps what the estimates say, with the variant and seed of replicates.

    >>> method_in_words("Taylor linearisation", "fr")
    'linéarisation de Taylor'
    >>> method_in_words("Replication by jackknife, 80 replicate weights", "es")
    'replicación por jackknife, réplicas: 80'
    """
    if language == "en":
        return method
    if method == "Taylor linearisation":
        return said("method_taylor", language)
    found = _REPLICATION.fullmatch(method)
    key = found and next((_HOW[name] for name in _HOW if name in found[1]), None)
    if not found or not key:
        return method
    count = number(int(found[2]), 0, language)
    text = said("method_replication", language, how=said(key, language), count=count)
    again = semicolon(language) + said("method_again", language) if found[3] else ""
    return text + again
