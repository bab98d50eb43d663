"""What a difference of two groups is made of, as bars from zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mpsurvey.errors import MpsurveyError
from mpsurvey.publication.charts.figures import Figure, Subject, Wording, frame_of
from mpsurvey.publication.charts.palette import MINUS, OTHERS, PLUS
from mpsurvey.publication.charts.picture import Chart
from mpsurvey.publication.charts.rows import Row, Sheet, draw_rows
from mpsurvey.publication.charts.telling import alt_of, notes_of, subtitle_of
from mpsurvey.publication.layout import safe_id
from mpsurvey.publication.wording import word

__all__ = ["decomposition"]

_KNOWN = ("difference", "rate", "explained", "unexplained", "endowments", "coefficients",
          "interaction")  # fmt: skip


def decomposition(subject: Subject, words: Wording) -> Chart:
    """Draw the difference and its parts; what adds to it and what lessens it differ in colour.

    Shares and rates are shown in percentage points.
    """
    if not subject.frame["category"].notna().any():
        raise MpsurveyError("A decomposition has parts: draw the result of mp.decompose.")
    language = subject.language
    places = subject.places
    figures = subject.figures(places[0])
    if _is_rate(subject):
        subject = replace(subject, scale=100.0, unit=word("chart_points", language))
        figures = subject.figures(places[0])
    shown = [replace(one, labels=(*one.labels[:-1], _part(subject, one))) for one in figures]
    rows: list[Row] = []
    for one in shown:
        heading = " · ".join(one.labels[:-1])
        if heading and (not rows or heading != _last_heading(rows)):
            rows.append(Row(label=heading))
        whole = one.codes[-1] == "difference"
        colour = OTHERS if whole else PLUS if one.estimate >= 0 else MINUS
        rows.append(Row(label=one.labels[-1], figures=(one,), strong=whole, colour=colour,
                        sign=True))  # fmt: skip
    title = words.title or word("chart_decomposition", language)
    told = [(" · ".join(one.labels), one) for one in shown]
    alt = alt_of(subject, "decomposition", title, told, sign=True)
    sheet = Sheet(
        title=title,
        subtitle=subtitle_of(subject, " · ".join(dict.fromkeys(subject.frame["variable"]))),
        notes=notes_of(subject, shown, words.source, words.notes),
        alt=alt,
        width=words.width,
        mark="bars",
    )
    return Chart(
        id=safe_id(subject.id)[:80],
        kind="decomposition",
        title=title,
        alt=alt,
        notes=sheet.notes,
        data=frame_of(
            [replace(one, labels=(" · ".join(one.labels),)) for one in shown], ["category"]
        ),
        spec=draw_rows(subject, rows, sheet),
        language=subject.language,
    )


def _is_rate(subject: Subject) -> bool:
    """Whether the difference is of rules, that is of rates of 0 to 1."""
    named = " ".join(str(name) for name in dict.fromkeys(subject.frame["variable"]))
    values = subject.frame["estimate"].to_numpy(dtype=np.float64)
    small = bool(np.nanmax(np.abs(values), initial=0.0) <= 1)
    return small and any(sign in named for sign in ("==", " in (", ">", "<"))


def _part(subject: Subject, one: Figure) -> str:
    """Name of a part; terms stand after the part that they are of."""
    code = str(one.codes[-1])
    first, colon, term = code.partition(":")
    if first.strip() in _KNOWN:
        said = word(f"chart_part_{first.strip()}", subject.language)
        return f"{said}: {subject.title_of(term.strip())}" if colon else said
    title = subject.title_of(code)
    return word("chart_composition", subject.language, variable=title)


def _last_heading(rows: Sequence[Row]) -> str | None:
    return next((row.label for row in reversed(rows) if not row.figures), None)
