"""A national figure without a group, what the group adds, and the figure with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mpsurvey.errors import MpsurveyError
from mpsurvey.publication.charts.figures import Figure, Subject, Wording, frame_of
from mpsurvey.publication.charts.palette import MINUS, OTHERS, PLUS
from mpsurvey.publication.charts.picture import Chart
from mpsurvey.publication.charts.rows import Row, Sheet, draw_rows
from mpsurvey.publication.charts.telling import alt_of, colon, notes_of, subtitle_of
from mpsurvey.publication.layout import safe_id
from mpsurvey.publication.wording import word

__all__ = ["waterfall"]

_WITHOUT, _ADDS, _ALL = "without the group", "contribution", "all"


def waterfall(subject: Subject, parts: Any, words: Wording) -> Chart:
    """Draw the account in three steps for all, or for each group of a breakdown.

    Parameters
    ----------
    parts
        For an indicator: ``mp.contribution(..., detail=True)`` of the same definition. What the
        table withholds is withheld here, too.
    """
    hidden = False
    if parts is not None:
        mine = subject.figures(()) if () in subject.places else ()
        hidden = any(one.withheld for one in mine)
        source = Subject.of_result(parts, subject.language)
        subject = replace(
            subject,
            frame=source.frame,
            by=source.by,
            level=source.level,
            percent=subject.indicator is not None and "point" in subject.indicator.unit["en"],
        )
    language = subject.language
    place = subject.places[0]
    figures = subject.figures(place)
    by_group: dict[tuple[str, ...], dict[str, Figure]] = {}
    for one in figures:
        if one.codes:
            by_group.setdefault(one.labels[:-1], {})[str(one.codes[-1])] = one
    if not by_group or any({_WITHOUT, _ADDS, _ALL} - set(own) for own in by_group.values()):
        raise MpsurveyError(
            f"{subject.id}: a waterfall needs the national figure with and without the group: "
            "give parts=mp.contribution(sample, group, numerator, denominator, detail=True)."
        )
    if parts is None and _is_rate(figures):
        subject = replace(subject, scale=100.0, percent=True, unit=word("chart_percent", language))
        figures = subject.figures(place)
        by_group = {}
        for one in figures:
            by_group.setdefault(one.labels[:-1], {})[str(one.codes[-1])] = one
    rows: list[Row] = []
    shown: list[Figure] = []
    said = {
        _WITHOUT: word("chart_without", language),
        _ADDS: word("chart_adds", language),
        _ALL: word("chart_with", language),
    }
    for labels, own in by_group.items():
        if labels:
            rows.append(Row(label=" · ".join(labels)))
        named = {
            key: _hidden(one, hidden=hidden or own[_ADDS].withheld, label=(*labels, said[key]))
            for key, one in own.items()
        }
        adds = named[_ADDS]
        base = named[_WITHOUT].estimate if named[_WITHOUT].known else 0.0
        colour = PLUS if adds.estimate >= 0 else MINUS
        rows += [
            Row(label=said[_WITHOUT], figures=(named[_WITHOUT],), colour=OTHERS),
            Row(label=said[_ADDS], figures=(adds,), start=base, shift=base, colour=colour,
                sign=True, strong=True),
            Row(label=said[_ALL], figures=(named[_ALL],), colour=OTHERS),
        ]  # fmt: skip
        shown += [named[_WITHOUT], adds, named[_ALL]]
    title = words.title or subject.titled(place)
    told = [(" · ".join(one.labels), one) for one in shown]
    alt = alt_of(subject, "waterfall", title, told)
    accounting = () if subject.caveat else (word("chart_accounting", language),)
    sheet = Sheet(
        title=title,
        subtitle=_units(subject),
        notes=notes_of(subject, shown, words.source, (*words.notes, *accounting)),
        alt=alt,
        width=words.width,
        mark="bars",
        joined=True,
    )
    return Chart(
        id=safe_id(f"{subject.id}-waterfall")[:80],
        kind="waterfall",
        title=title,
        alt=alt,
        notes=sheet.notes,
        data=frame_of(
            [replace(one, labels=(" · ".join(one.labels),)) for one in shown], ["category"]
        ),
        spec=draw_rows(subject, rows, sheet),
        language=language,
    )


def _units(subject: Subject) -> str:
    """Say that rates are in percent and what lies between them in points."""
    if not subject.percent:
        return subtitle_of(subject)
    language = subject.language
    adds = f"{word('chart_adds', language)}{colon(language)}{word('chart_points', language)}"
    return subtitle_of(replace(subject, unit=word("chart_percent", language)), adds)


def _hidden(one: Figure, *, hidden: bool, label: tuple[str, ...]) -> Figure:
    if not hidden:
        return replace(one, labels=label)
    return Figure(codes=one.codes, labels=label, status="withhold", mark=one.mark or "..",
                  reason=one.reason)  # fmt: skip


def _is_rate(figures: tuple[Figure, ...]) -> bool:
    """Whether the national figure is a rate of 0 to 1."""
    return all(0 <= one.estimate <= 1 for one in figures if one.codes[-1] == _ALL and one.known)
