"""What stands below a chart, in its legend and in its text alternative."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from mpsurvey.publication.charts.canvas import Key, Symbol
from mpsurvey.publication.charts.figures import Figure, Subject
from mpsurvey.publication.charts.lettering import clean, plain
from mpsurvey.publication.charts.palette import SERIES, SOFT
from mpsurvey.publication.wording import number, semicolon, word

__all__ = ["alt_of", "colon", "keys_of", "notes_of", "subtitle_of"]

_MEANINGS = {"u": "mark_unreliable", "..": "mark_withheld", "c": "mark_confidential"}
_TOLD = 12


def colon(language: str) -> str:
    """Colon, with the space that French sets before it."""
    return "\u00a0: " if language == "fr" else ": "


def subtitle_of(subject: Subject, more: str = "") -> str:
    """Unit, and what else a reader needs to read the figures."""
    unit = subject.unit[:1].upper() + subject.unit[1:]
    return " · ".join(part for part in (unit, more) if part)


def keys_of(
    subject: Subject,
    figures: Iterable[Figure],
    reference: Figure | None = None,
    label: str = "",
    flag: Symbol = "open",
) -> list[Key]:
    """Entries of the legend that only some charts need: flagged, withheld, the reference."""
    language, keys = subject.language, []
    shown = list(figures)
    if reference is not None and reference.known:
        said = f"{label}{colon(language)}{subject.said(reference.estimate)}"
        keys.append(Key("dashes", said, SOFT))
    if any(one.known and one.status == "flag" for one in shown):
        keys.append(Key(flag, word("chart_caution", language), SERIES[0]))
    if any(one.withheld for one in shown):
        keys.append(Key("ring", word("withheld", language), SOFT))
    return keys


def notes_of(
    subject: Subject, figures: Sequence[Figure], source: str, more: Iterable[str] = ()
) -> tuple[str, ...]:
    """Respondents, signs, cautions and source."""
    language, stop = subject.language, colon(subject.language)
    notes = [f"{word('n', language)}{stop}{_respondents(figures, language)}."]
    for mark, key in _MEANINGS.items():
        if any(one.mark == mark for one in figures):
            # A sign in Latin letters must not turn the line around.
            notes.append(f"{plain(mark, language)}{stop}{word(key, language)}.")
    notes += [clean(one) for one in more if one]
    notes += subject.remarks
    if subject.caveat:
        notes.append(f"{word('caution', language)}{stop}{subject.caveat}")
    if not subject.checked:
        notes.append(word("chart_unchecked", language))
    said = clean(source) or word("chart_own", language)
    notes.append(f"{word('source', language)}{stop}{said.rstrip('.')}.")
    return tuple(notes)


def alt_of(
    subject: Subject,
    kind: str,
    title: str,
    told: Sequence[tuple[str, Figure]],
    *,
    sign: bool = False,
    more: str = "",
) -> str:
    """Say the chart: its kind, what it shows, in which unit, and the figures.

    Up to twelve figures are told; of more than that the largest, the smallest and how many are
    withheld. A figure that is withheld is said to be so.
    """
    language, stop = subject.language, colon(subject.language)
    parts = [f"{word(f'chart_kind_{kind}', language)}{stop}{title}."]
    if subject.unit:
        parts.append(f"{word('unit', language)}{stop}{subject.unit}.")
    if len(told) <= _TOLD:
        chosen = list(told)
    else:
        known = [(label, one) for label, one in told if one.known]
        ranked = sorted(known, key=lambda pair: pair[1].estimate)
        chosen = [pair for pair in told if not pair[1].codes][:1]
        if ranked:
            first = (f"{word('chart_largest', language)}{stop}{ranked[-1][0]}", ranked[-1][1])
            last = (f"{word('chart_smallest', language)}{stop}{ranked[0][0]}", ranked[0][1])
            chosen += [first, last]
        hidden = sum(one.withheld for _, one in told)
        if hidden:
            parts.append(f"{word('withheld', language)}{stop}{hidden}.")
    said = [f"{label}{stop}{subject.in_words(one, sign=sign)}" for label, one in chosen]
    level = f"{100 * subject.level:g}"
    if any(len(one.ends) == 3 for _, one in chosen):
        parts.append(f"{word('interval', language, level=level)}.")
    return clean(" ".join([*parts, f"{semicolon(language).join(said)}." if said else "", more]))


def _respondents(figures: Sequence[Figure], language: str) -> str:
    whole = [one.n for one in figures if not one.codes and np.isfinite(one.n)]
    if whole:
        return number(max(whole), 0, language)
    known = [one.n for one in figures if np.isfinite(one.n)]
    if not known:
        return word("mark_missing", language)
    low, high = (number(x, 0, language) for x in (min(known), max(known)))
    if low == high:
        return low
    return word("chart_per_group", language, low=low, high=high)
