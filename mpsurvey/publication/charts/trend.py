"""Figures over rounds, with marks where a change is beyond chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from mpsurvey.errors import MpsurveyError
from mpsurvey.publication.charts.axes import tick_labels, ticks_of
from mpsurvey.publication.charts.canvas import NOTE, Canvas, Key
from mpsurvey.publication.charts.dots import dots
from mpsurvey.publication.charts.figures import Figure, Subject, Wording, frame_of
from mpsurvey.publication.charts.lettering import lines_of, widest
from mpsurvey.publication.charts.palette import GRID, PAPER, SERIES, SHAPES, SOFT
from mpsurvey.publication.charts.picture import Chart
from mpsurvey.publication.charts.telling import alt_of, colon, keys_of, notes_of, subtitle_of
from mpsurvey.publication.layout import safe_id
from mpsurvey.publication.wording import comma, word

__all__ = ["trend"]

_HEIGHT, _DODGE, _STRIP = 210.0, 7.0, 20.0


@dataclass(frozen=True, slots=True)
class Change:
    """A change between two rounds, in the unit shown, and what its test says."""

    value: float
    low: float
    high: float
    verdict: str


Series = tuple[str, list[Figure | None]]
Steps = dict[tuple[tuple[Any, ...], Any, Any], Change]


def trend(
    subject: Subject, place: Sequence[str], changes: pd.DataFrame | None, words: Wording
) -> Chart:
    """Draw lines over rounds; more than four groups become rows with a mark per round.

    Parameters
    ----------
    place
        ``"round"``, then the variables of the groups.
    changes
        With `verdict` by indicator, groups and rounds. Without it nothing is said about change.
    """
    if "round" not in place:
        raise MpsurveyError(
            f"{subject.id} has no rounds: a trend takes a table with a column 'round' first."
        )
    others = tuple(name for name in place if name != "round")
    figures = subject.figures(("round", *others))
    rounds = list(dict.fromkeys((one.codes[0], one.labels[0]) for one in figures))
    groups = list(dict.fromkeys((one.codes[1:], one.labels[1:]) for one in figures))
    if len(groups) > len(SERIES):
        if len(others) == 1 and len(rounds) <= len(SERIES):
            return dots(subject, [(*others, "round")], words)
        raise MpsurveyError(f"{len(groups)} lines are too many to tell apart; four fit.")
    found = {one.codes: one for one in figures}
    series: list[Series] = [
        (" · ".join(labels), [found.get((code, *codes)) for code, _ in rounds])
        for codes, labels in groups
    ]
    steps = _steps(subject, changes, others, [code for code, _ in rounds])
    title = words.title or subject.titled(others)
    language = subject.language
    said = _changes_in_words(subject, steps, rounds, groups)
    told = [(" · ".join((*one.labels[1:], one.labels[0])), one) for one in figures]
    alt = alt_of(subject, "trend", title, told, more=said)
    untested = (word("chart_untested", language),) if not steps and len(rounds) > 1 else ()
    notes = notes_of(subject, figures, words.source, (*words.notes, *untested))
    spec = _draw(subject, series, rounds, groups, steps, words, title, alt, notes)
    return Chart(
        id=safe_id("-".join([subject.id, "trend", *others]))[:80],
        kind="trend",
        title=title,
        alt=alt,
        notes=notes,
        data=frame_of(figures, ["round", *(str(subject.titles.get(x, x)) for x in others)]),
        spec=spec,
        language=language,
    )


def _steps(
    subject: Subject, changes: pd.DataFrame | None, others: Sequence[str], rounds: Sequence[Any]
) -> Steps:
    """Changes of neighbouring rounds by group and rounds."""
    if changes is None or not len(changes):
        return {}
    mine = changes[changes["indicator"] == subject.id]
    steps: Steps = {}
    for row in mine.to_dict("records"):
        place = set(str(row.get("breakdown") or "").split(" x ")) - {"", "round"}
        if place != set(others) or not _blank(row.get("category")):
            continue
        earlier, later = row.get("earlier_round"), row.get("later_round")
        if earlier is None and len(rounds) > 1:
            earlier, later = rounds[-2], rounds[-1]
        value, low, high = (
            float(row[key]) * subject.scale for key in ("change", "ci_low", "ci_high")
        )
        change = Change(value, low, high, str(row["verdict"]))
        steps[tuple(row[name] for name in others), earlier, later] = change
    return steps


def _blank(value: Any) -> bool:
    return value is None or bool(pd.isna(value)) or value == ""


def _changes_in_words(
    subject: Subject, steps: Steps, rounds: Sequence[Any], groups: Sequence[Any]
) -> str:
    labels, names = dict(rounds), {codes: " · ".join(said) for codes, said in groups}
    parts = []
    for (codes, earlier, later), change in steps.items():
        if earlier not in labels or later not in labels or codes not in names:
            continue
        start = f"{names[codes]} " if names[codes] else ""
        verdict = word(_verdict(change), subject.language)
        if np.isfinite(change.value):
            verdict += comma(subject.language) + subject.said(change.value, sign=True)
        parts.append(f"{start}{labels[earlier]}–{labels[later]}{colon(subject.language)}{verdict}.")
    return " ".join(parts)


def _verdict(change: Change) -> str:
    if not np.isfinite(change.value):
        return "withheld"
    return {"up": "chart_up", "down": "chart_down"}.get(change.verdict, "chart_no_change")


def _spots(labels: Sequence[str], plot: float) -> list[float]:
    """Where rounds stand: years in proportion to time, others at equal distances."""
    inside = max(plot - 80.0, 40.0)
    try:
        years = np.asarray([float(label) for label in labels])
    except ValueError:
        years = np.arange(len(labels), dtype=np.float64)
    if len(labels) == 1 or np.any(np.diff(years) <= 0):
        years = np.arange(len(labels), dtype=np.float64)
    wide = max(float(years[-1] - years[0]), 1.0)
    return [40.0 + inside * float(year - years[0]) / wide for year in years]


def _draw(
    subject: Subject,
    series: Sequence[Series],
    rounds: Sequence[tuple[Any, str]],
    groups: Sequence[tuple[tuple[Any, ...], tuple[str, ...]]],
    steps: Steps,
    words: Wording,
    title: str,
    alt: str,
    notes: Sequence[str],
) -> dict[str, Any]:
    language = subject.language
    figures = [one for _, mine in series for one in mine if one is not None]
    ends = [end for one in figures for end in one.ends] or [0.0, 1.0]
    low, high = min(ends), max(ends)
    if 0 <= low < 0.6 * high or low == high:
        low = min(low, 0.0)
    ticks = ticks_of(low, high, most=5)
    low, high = ticks[0], ticks[-1]
    texts = tick_labels(ticks, subject)
    heads = [lines_of(name, 96.0, NOTE, most=2) for name, _ in series]
    before = (
        max(
            widest(texts, NOTE, language=subject.language),
            *(widest(head, NOTE, language=subject.language) + 14.0 for head in heads),
        )
        + 8.0
    )
    named = [lines_of(name, 110.0, NOTE + 0.5, most=2) for name, _ in series]
    after = (
        widest([line for one in named for line in one], NOTE + 0.5, language=subject.language)
        + 12.0
    )
    canvas = Canvas(
        language=language, height=_HEIGHT, before=before, after=after, width=words.width
    )
    scaled = _HEIGHT / (high - low)
    spots = _spots([label for _, label in rounds], canvas.plot)

    def down(value: float) -> float:
        return (high - value) * scaled

    canvas.lines([(0.0, down(x), canvas.plot, down(x)) for x in ticks])
    if low <= 0 <= high:
        canvas.lines([(0.0, down(0.0), canvas.plot, down(0.0))], colour=SOFT)
    canvas.text(
        [(-6.0, down(x), text) for x, text in zip(ticks, texts, strict=True)],
        size=NOTE,
        colour=SOFT,
        align="end",
    )
    labels = [(x, _HEIGHT + 12.0, label) for x, (_, label) in zip(spots, rounds, strict=True)]
    canvas.text(labels, size=NOTE + 1, align="middle", bold=True)
    ends_at: list[tuple[float, int]] = []
    for at, (_, mine) in enumerate(series):
        dodge = _DODGE * (at - (len(series) - 1) / 2)
        places = [x + dodge for x in spots]
        _line(canvas, at, mine, places, down, [code for code, _ in rounds], groups[at][0], steps)
        _points(canvas, subject, at, series[at], places, down, rounds)
        last = [down(one.estimate) for one in mine if one is not None and one.known]
        ends_at.append((last[-1] if last else _HEIGHT, at))
    _write_values(canvas, subject, series, spots, down)
    if len(series) > 1:
        _name_ends(canvas, ends_at, named)
    foot = 24.0
    if steps:
        foot += 6.0 + _STRIP * len(series)
        _strips(canvas, subject, series, rounds, groups, steps, spots, heads)
    level = f"{100 * subject.level:g}"
    keys = [
        Key("dot", name or word("estimate", language), SERIES[at], SHAPES[at])
        for at, (name, _) in enumerate(series)
    ]
    keys.append(Key("interval", word("interval", language, level=level), SOFT))
    if steps:
        keys += [
            Key("rise", word("chart_beyond_chance", language), SERIES[0]),
            Key("dashes", word("chart_no_change", language), SOFT),
        ]
    return canvas.spec(
        title=title,
        subtitle=subtitle_of(subject),
        legend=[*keys, *keys_of(subject, figures)],
        notes=notes,
        alt=alt,
        foot=foot,
        head=4.0,
        decimals=subject.digits,
    )


def _line(
    canvas: Canvas,
    at: int,
    mine: Sequence[Figure | None],
    places: Sequence[float],
    down: Callable[[float], float],
    rounds: Sequence[Any],
    codes: tuple[Any, ...],
    steps: Steps,
) -> None:
    """Join neighbouring rounds: solid where the change is beyond chance or was not tested."""
    for (here, one), (there, other) in pairwise(enumerate(mine)):
        if one is None or other is None or not (one.known and other.known):
            continue
        change = steps.get((codes, rounds[here], rounds[there]))
        unclear = change is not None and change.verdict not in ("up", "down")
        step = (places[here], down(one.estimate), places[there], down(other.estimate))
        canvas.lines(
            [step], colour=SERIES[at], thick=1.3 if unclear else 2.2, dash=(4, 3) if unclear else ()
        )


def _points(
    canvas: Canvas,
    subject: Subject,
    at: int,
    series: Series,
    places: Sequence[float],
    down: Callable[[float], float],
    rounds: Sequence[tuple[Any, str]],
) -> None:
    rows, whiskers = [], []
    for x, one, (_, label) in zip(places, series[1], rounds, strict=True):
        if one is None or not one.known:
            if one is not None and one.withheld:
                canvas.lines([(x, 0.0, x, _HEIGHT)], colour=SOFT, thick=0.8, dash=(1, 4))
                canvas.rings([(x, 12.0 + 14.0 * at)])
                start = f"{series[0]}{colon(subject.language)}" if series[0] else ""
                said = start + word("withheld", subject.language)
                canvas.text([(x + 8.0, 12.0 + 14.0 * at, said)], size=NOTE, colour=SOFT)
            continue
        if np.isfinite(one.low) and np.isfinite(one.high):
            whiskers.append((x, down(one.low), x, down(one.high)))
        name = f"{series[0]} · {label}" if series[0] else label
        rows.append(
            {
                "x": canvas.across(x),
                "y": down(one.estimate),
                "round": label,
                "group": series[0],
                "estimate": one.estimate,
                "ci_low": one.low,
                "ci_high": one.high,
                "status": one.status,
                "said": f"{name}{colon(subject.language)}{subject.in_words(one)}",
            }
        )
    canvas.lines(whiskers, colour=SERIES[at], thick=1.4)
    style: dict[str, Any] = {"filled": True, "opacity": 1, "size": 66, "shape": SHAPES[at]}
    sure = [row for row in rows if row["status"] == "publish"]
    canvas.add(sure, "point", told=True, color=SERIES[at], **style)
    style |= {"fill": PAPER, "stroke": SERIES[at], "strokeWidth": 1.8}
    canvas.add([row for row in rows if row["status"] == "flag"], "point", told=True, **style)


def _write_values(
    canvas: Canvas,
    subject: Subject,
    series: Sequence[Series],
    spots: Sequence[float],
    down: Callable[[float], float],
) -> None:
    """Write the figures beside the dots of one or two lines, the lower one below."""
    if len(series) > 2 or len(spots) * 60.0 > canvas.plot:
        return
    for at, (_, mine) in enumerate(series):
        for place, one in enumerate(mine):
            if one is None or not one.known:
                continue
            others = [each[place] for _, each in series if each is not mine]
            lower = any(x is not None and x.known and x.estimate > one.estimate for x in others)
            side = -1.0 if len(series) == 2 and at == 0 else 1.0
            dodge = _DODGE * (at - (len(series) - 1) / 2)
            said = f"{subject.said(one.estimate)} {one.mark}".rstrip()
            x, y = spots[place] + dodge + 9.0 * side, down(one.estimate) + (11.0 if lower else -9.0)
            canvas.text(
                [(x, y, said)],
                size=NOTE,
                colour=SERIES[at],
                bold=True,
                align="end" if side < 0 else "start",
            )


def _name_ends(
    canvas: Canvas, ends_at: Sequence[tuple[float, int]], named: Sequence[list[str]]
) -> None:
    """Write each line's name at its end, moved down where two would touch."""
    free = -99.0
    for y, at in sorted(ends_at):
        tall = 12.6 * len(named[at])
        spot = max(y, free + tall / 2)
        canvas.text(
            [(canvas.plot + 2.0, spot, named[at])], size=NOTE + 0.5, colour=SERIES[at], bold=True
        )
        free = spot + tall / 2 + 1.0


def _strips(
    canvas: Canvas,
    subject: Subject,
    series: Sequence[Series],
    rounds: Sequence[tuple[Any, str]],
    groups: Sequence[tuple[tuple[Any, ...], tuple[str, ...]]],
    steps: Steps,
    spots: Sequence[float],
    heads: Sequence[list[str]],
) -> None:
    """Write the change between neighbouring rounds under the axis, an arrow where it is clear."""
    top = _HEIGHT + 26.0
    edge = canvas.plot + canvas.after
    for at in range(len(series)):
        y = top + _STRIP * (at + 0.5)
        canvas.lines([(-canvas.before, y - _STRIP / 2, edge, y - _STRIP / 2)], colour=GRID)
        canvas.text([(-canvas.before, y, heads[at][:1])], size=NOTE, colour=SERIES[at], bold=True)
        for here, there in pairwise(range(len(rounds))):
            change = steps.get((groups[at][0], rounds[here][0], rounds[there][0]))
            if change is None:
                continue
            middle, room = (spots[here] + spots[there]) / 2, spots[there] - spots[here]
            if not np.isfinite(change.value):
                canvas.rings([(middle - 30.0, y)])
                canvas.text(
                    [(middle - 20.0, y, word("withheld", subject.language))], size=NOTE, colour=SOFT
                )
                continue
            clear = change.verdict in ("up", "down")
            text = subject.said(change.value, sign=True)
            limits = Figure(estimate=change.value, low=change.low, high=change.high)
            if room > 130.0:
                text = f"{text} {subject.interval(limits, apart=True)}"
            if not clear and room > 240.0:
                text = f"{word('chart_no_change', subject.language)}{colon(subject.language)}{text}"
            colour = SERIES[at] if clear else SOFT
            canvas.text([(middle, y, text)], size=NOTE, colour=colour, align="middle", bold=clear)
            if clear:
                shape = "triangle-up" if change.verdict == "up" else "triangle-down"
                far = widest([text], NOTE, bold=True, language=canvas.language) / 2 + 9.0
                canvas.symbols([(middle - far, y)], shape, size=56, filled=True, color=colour)
