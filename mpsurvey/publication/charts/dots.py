"""Dots with their intervals by group, the figure for all as reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mpsurvey.errors import MpsurveyError
from mpsurvey.publication.charts.figures import Figure, Subject, Wording, frame_of
from mpsurvey.publication.charts.palette import SERIES
from mpsurvey.publication.charts.picture import Chart
from mpsurvey.publication.charts.rows import Row, Sheet, draw_rows
from mpsurvey.publication.charts.telling import alt_of, notes_of, subtitle_of
from mpsurvey.publication.layout import safe_id
from mpsurvey.publication.wording import word

__all__ = ["dots"]


def dots(
    subject: Subject,
    places: Sequence[tuple[str, ...]],
    words: Wording = Wording(),  # noqa: B008 - frozen
) -> Chart:
    """Draw dots with intervals: the figure for all first, then each breakdown's groups.

    Parameters
    ----------
    places
        Breakdowns, each a tuple of variables. Of two crossed variables, the one with up to four
        groups becomes colours and shapes; otherwise the first one becomes headings.
    """
    language = subject.language
    whole = subject.figures(()) if () in subject.places else ()
    parts = [(place, subject.figures(place)) for place in places if place]
    shown: list[Figure] = [*whole, *(one for _, part in parts for one in part)]
    if not shown:
        raise MpsurveyError(f"{subject.id} has no figures to draw.")
    reference = whole[0] if len(whole) == 1 and parts else None
    series = _series(parts[0][1]) if len(parts) == 1 and len(parts[0][0]) == 2 else None
    rows = [
        Row(label=one.labels[-1] if one.labels else word("all", language), figures=(one,),
            strong=not one.labels)
        for one in whole
    ]  # fmt: skip
    for place, part in parts:
        nested = any(len(one.labels) > 1 for one in part)
        if len(parts) > 1 or not (nested or series):
            heading = " × ".join(str(subject.titles.get(name, name)) for name in place)
            rows.append(Row(label=heading))
        rows += _crossed(part, *series) if series else _nested(part)
    names = list(dict.fromkeys(name for place, _ in parts for name in place))
    said = words.title or subject.titled(names)
    told = [(" · ".join(one.labels) or word("all", language), one) for one in shown]
    alt = alt_of(subject, "dots", said, told)
    sheet = Sheet(
        title=said,
        subtitle=subtitle_of(subject),
        notes=notes_of(subject, shown, words.source, words.notes),
        alt=alt,
        width=words.width,
        reference=reference,
        reference_label=word("all", language),
        series=series[1] if series else (),
    )
    spec = draw_rows(subject, rows, sheet)
    by = "-".join(names)
    frame = frame_of([_labelled(one, language) for one in shown], ["group"])
    return Chart(
        id=safe_id(f"{subject.id}-by-{by}" if by else f"{subject.id}-dots"),
        kind="dots",
        title=said,
        alt=alt,
        notes=sheet.notes,
        data=frame,
        spec=spec,
        language=language,
    )


def _labelled(one: Figure, language: str) -> Figure:
    return replace(one, labels=(" · ".join(one.labels) or word("all", language),))


def _series(part: Sequence[Figure]) -> tuple[int, tuple[str, ...]] | None:
    """Which of two crossed variables becomes colours, and its groups."""
    if not part or len(part[0].codes) != 2:
        return None
    found = []
    for at in (0, 1):
        labels = tuple(dict.fromkeys(one.labels[at] for one in part))
        if len(labels) <= len(SERIES):
            found.append((len(labels), -at, labels))
    if not found:
        return None
    _, at, labels = min(found)
    return -at, labels


def _crossed(part: Sequence[Figure], at: int, labels: tuple[str, ...]) -> list[Row]:
    grouped: dict[str, dict[str, Figure]] = {}
    for one in part:
        grouped.setdefault(one.labels[1 - at], {})[one.labels[at]] = one
    return [
        Row(label=label, figures=tuple(mine.get(name) for name in labels))
        for label, mine in grouped.items()
    ]


def _nested(part: Sequence[Figure]) -> list[Row]:
    rows: list[Row] = []
    for one in part:
        if len(one.labels) > 1:
            heading = " · ".join(one.labels[:-1])
            last = [row.label for row in rows if not row.figures][-1:]
            if last != [heading]:
                rows.append(Row(label=heading))
        rows.append(Row(label=one.labels[-1], figures=(one,)))
    return rows
