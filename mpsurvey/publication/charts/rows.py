"""Charts with a row per figure: label, mark with its interval, the figure itself, respondents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from mpsurvey.publication.charts.axes import tick_labels, ticks_of
from mpsurvey.publication.charts.canvas import LABEL, NOTE, Canvas, Key, Symbol
from mpsurvey.publication.charts.figures import Figure, Subject
from mpsurvey.publication.charts.lettering import lines_of, widest
from mpsurvey.publication.charts.palette import (
    GRID,
    INK,
    PALE,
    PAPER,
    PLUS,
    SERIES,
    SHAPES,
    SOFT,
)
from mpsurvey.publication.charts.telling import keys_of
from mpsurvey.publication.wording import number, word

__all__ = ["Row", "Sheet", "draw_rows"]

_COLUMN, _LINE = 9.5, 14.0
_ALL = -1
"""The figure for all among several series: it belongs to none of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row: a heading, or a label with a figure for each series.

    Attributes
    ----------
    start
        Where a bar begins, for bars that do not stand on zero.
    shift
        Added to the figure where it is drawn, not where it is written: a step stands on another.
    colour
        Of a bar.
    """

    label: str
    figures: tuple[Figure | None, ...] = ()
    strong: bool = False
    start: float = 0.0
    shift: float = 0.0
    colour: str = PLUS
    sign: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What stands around the rows."""

    title: str
    subtitle: str
    notes: tuple[str, ...]
    alt: str
    width: float = 640.0
    reference: Figure | None = None
    reference_label: str = ""
    series: tuple[str, ...] = ()
    mark: Literal["dots", "bars"] = "dots"
    numbers: bool = True
    joined: bool = False


def draw_rows(subject: Subject, rows: Sequence[Row], sheet: Sheet) -> dict[str, Any]:
    """Draw rows below each other and return the chart as Vega-Lite."""
    figures = [one for row in rows for one in row.figures if one is not None]
    apart = any(end < 0 for one in figures for end in one.ends)
    labels = [
        lines_of(row.label, 560.0 if not row.figures else 180.0, LABEL, most=3, bold=row.strong)
        for row in rows
    ]
    before = 12.0 + max(
        (
            widest(lines, LABEL, bold=row.strong, language=subject.language)
            for lines, row in zip(labels, rows, strict=True)
            if row.figures
        ),
        default=60.0,
    )
    said = {
        id(one): _said(subject, one, row, apart=apart)
        for row in rows
        for one in row.figures
        if one is not None
    }
    column = max(widest(list(said.values()), _COLUMN, language=subject.language) + 14.0, 62.0)
    counts = {id(one): _count(one, subject.language) for one in figures}
    shown_counts = sheet.numbers and any(np.isfinite(one.n) for one in figures)
    heads = lines_of(word("n", subject.language), 76.0, NOTE - 0.5, most=2)
    room = (
        max(widest([*counts.values(), *heads], _COLUMN, language=subject.language) + 8.0, 34.0)
        if shown_counts
        else 0.0
    )
    tall = [
        max(_LINE * len(lines), _LINE * max(len(row.figures), 1)) + (6.0 if row.figures else 9.0)
        for lines, row in zip(labels, rows, strict=True)
    ]
    ends = np.cumsum(tall)
    middles = ends - np.asarray(tall) / 2
    canvas = Canvas(
        language=subject.language,
        height=float(ends[-1]) + 4.0 if len(ends) else 40.0,
        before=before,
        after=column + room,
        width=sheet.width,
    )
    low, high, ticks = _domain(subject, rows, sheet)
    canvas.scale(low, high, ticks)
    scaled = canvas.plot / (high - low)
    places = [
        (middle + _LINE * (at - (len(row.figures) - 1) / 2), at, row, one)
        for middle, row in zip(middles, rows, strict=True)
        for at, one in enumerate(row.figures)
        if one is not None
    ]
    if sheet.mark == "dots":
        _lines(canvas, sheet, low, high)
    _draw_marks(canvas, subject, places, sheet, (low, high))
    if sheet.joined:
        _join(canvas, rows, middles, low, scaled)
    if sheet.mark == "bars":
        _lines(canvas, sheet, low, high)
    _stripes(canvas, rows, tall, ends)
    _write_labels(canvas, rows, labels, middles)
    _write_figures(canvas, places, said, counts if shown_counts else {}, column)
    heading = [(canvas.plot + 10.0, -9.0, word("estimate", subject.language))]
    canvas.text(heading, size=NOTE - 0.5, colour=SOFT)
    if shown_counts:
        place = (canvas.plot + column + room, -9.0 - 5.7 * (len(heads) - 1), heads)
        canvas.text([place], size=NOTE - 0.5, colour=SOFT, align="end")
    canvas.text(
        [
            ((tick - low) * scaled, canvas.height + 9.0, text)
            for tick, text in zip(ticks, tick_labels(ticks, subject), strict=True)
        ],
        size=NOTE,
        colour=SOFT,
        align="middle",
    )
    return canvas.spec(
        title=sheet.title,
        subtitle=sheet.subtitle,
        legend=_legend(subject, figures, sheet),
        notes=sheet.notes,
        alt=sheet.alt,
        foot=20.0,
        head=20.0 + 11.4 * (len(heads) - 1) * shown_counts,
        decimals=subject.digits,
    )


def _domain(
    subject: Subject, rows: Sequence[Row], sheet: Sheet
) -> tuple[float, float, list[float]]:
    ends = [
        end + row.shift
        for row in rows
        for one in row.figures
        if one is not None
        for end in one.ends
    ]
    if sheet.reference is not None:
        ends += sheet.reference.ends[:1]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    # Normal intervals of few respondents run past what a share or a gap of shares can be.
    least, most = subject.bounds
    low, high = max(low, least), min(high, most)
    zero = sheet.mark == "bars" or 0 <= low < 0.6 * high or high < 0 < -0.6 * low or low == high
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        high = low + 1.0
    ticks = ticks_of(low, high)
    return ticks[0], ticks[-1], ticks


def _said(subject: Subject, one: Figure, row: Row, *, apart: bool) -> str:
    if not one.known:
        return one.mark or "–"
    said = subject.said(one.estimate, sign=row.sign)
    limits = subject.interval(one, apart=apart) if one.low != one.high else ""
    mark = f" {one.mark}" if one.mark else ""
    return f"{said}{mark} {limits}".strip()


def _count(one: Figure, language: str) -> str:
    return number(one.n, 0, language)


def _lines(canvas: Canvas, sheet: Sheet, low: float, high: float) -> None:
    """Draw the line of zero and the line of the figure for all."""
    scaled = canvas.plot / (high - low)
    if low < 0 < high or (sheet.mark == "bars" and low == 0):
        at = -low * scaled
        canvas.lines([(at, 0.0, at, canvas.height)], colour=INK)
    if sheet.reference is not None and sheet.reference.known:
        at = (sheet.reference.estimate - low) * scaled
        canvas.lines([(at, 0.0, at, canvas.height)], colour=SOFT, thick=1.3, dash=(4, 3))


def _stripes(canvas: Canvas, rows: Sequence[Row], tall: Sequence[float], ends: Any) -> None:
    canvas.boxes(
        [
            (-canvas.before, float(end) - high + 3.0, canvas.plot + canvas.after, float(end) - 2.0)
            for row, high, end in zip(rows, tall, ends, strict=True)
            if not row.figures
        ],
        color=PALE,
    )


def _draw_marks(
    canvas: Canvas,
    subject: Subject,
    places: Sequence[tuple[float, int, Row, Figure]],
    sheet: Sheet,
    domain: tuple[float, float],
) -> None:
    several = len(sheet.series) > 1
    hidden = [(y, one) for y, _, _, one in places if not one.known]
    canvas.lines([(0.0, y, canvas.plot, y) for y, _ in hidden], colour=SOFT, thick=0.8, dash=(1, 4))
    kinds = [
        (_ALL if several and len(row.figures) == 1 else own, y, row, one)
        for y, own, row, one in places
        if one.known
    ]
    for at in sorted({kind for kind, _, _, _ in kinds}):
        mine = [(y, row, one) for kind, y, row, one in kinds if kind == at]
        named = sheet.series[at : at + 1] if several and at != _ALL else ()
        rows = [
            {
                "label": " · ".join([row.label, *named]),
                "estimate": one.estimate + row.shift,
                "ci_low": float(np.clip(one.low + row.shift, *domain)),
                "ci_high": float(np.clip(one.high + row.shift, *domain)),
                "start": row.start,
                "status": one.status,
                "colour": row.colour,
                "y": float(y),
                "said": _told(subject, row, one, named),
            }
            for y, row, one in mine
        ]
        colour, shape = (INK, "diamond") if at == _ALL else (SERIES[at], SHAPES[at])
        _marks(canvas, rows, colour, shape, bars=sheet.mark == "bars")
    words = [
        (
            word("withheld", subject.language)
            if one.withheld
            else word("mark_missing", subject.language),
            y,
            one,
        )
        for y, one in hidden
    ]
    texts = [
        f"{said}: {one.reason}" if one.reason and one.withheld else said for said, _, one in words
    ]
    texts = [lines_of(text, canvas.plot - 60.0, NOTE, most=1)[0] for text in texts]
    middle = canvas.plot / 2
    wide = [widest([text], NOTE, language=subject.language) / 2 + 14.0 for text in texts]
    canvas.boxes(
        [
            (middle - w - 4, y - 6.0, middle + w, y + 6.0)
            for w, (_, y, _) in zip(wide, words, strict=True)
        ],
        color=PAPER,
    )
    canvas.rings(
        [(middle - w + 4, y) for w, (_, y, one) in zip(wide, words, strict=True) if one.withheld]
    )
    canvas.text(
        [(middle + 6.0, y, text) for text, (_, y, _) in zip(texts, words, strict=True)],
        size=NOTE,
        colour=SOFT,
        align="middle",
    )


def _marks(
    canvas: Canvas, rows: Sequence[dict[str, Any]], colour: str, shape: str, *, bars: bool
) -> None:
    x, x2 = canvas.value("ci_low"), {"field": "ci_high"}
    if bars:
        painted = {"field": "colour", "type": "nominal", "scale": None}
        for status in ("publish", "flag"):
            mine = [row for row in rows if row["status"] == status]
            style: dict[str, Any] = {"height": 13}
            if status == "flag":
                style |= {"fillOpacity": 0.25, "strokeWidth": 1.4, "strokeDash": [3, 2]}
            encode = {"x": canvas.value("estimate"), "x2": {"field": "start"}, "color": painted}
            if status == "flag":
                encode["stroke"] = painted
            canvas.add(mine, "bar", told=True, encode=encode, **style)
    drawn = [row for row in rows if np.isfinite(row["ci_low"]) and np.isfinite(row["ci_high"])]
    for status, dash in (("publish", []), ("flag", [3, 2])):
        mine = [row for row in drawn if row["status"] == status]
        style = {"strokeWidth": 1.3 if bars else 2, "color": INK if bars else colour}
        if dash:
            style["strokeDash"] = dash
        canvas.add(mine, "rule", encode={"x": x, "x2": x2}, **style)
    if bars:
        return
    for status in ("publish", "flag"):
        mine = [row for row in rows if row["status"] == status]
        style = {"filled": True, "opacity": 1, "size": 62, "shape": shape, "color": colour}
        if status == "flag":
            style |= {"fill": PAPER, "stroke": colour, "strokeWidth": 1.8}
        canvas.add(mine, "point", told=True, encode={"x": canvas.value("estimate")}, **style)


def _join(canvas: Canvas, rows: Sequence[Row], middles: Any, low: float, scaled: float) -> None:
    """Join the end of each bar with the next one, as steps of an account."""
    ends = [
        (float(y), one.estimate + row.shift) if one is not None and one.known else None
        for y, row in zip(middles, rows, strict=True)
        for one in row.figures
    ]
    steps = []
    for first, second in pairwise(ends):
        if first is not None and second is not None:
            at = (first[1] - low) * scaled
            steps.append((at, first[0] + 6.5, at, second[0] - 6.5))
    canvas.lines(steps, colour=SOFT, dash=(2, 2))


def _told(subject: Subject, row: Row, one: Figure, series: Sequence[str]) -> str:
    said = f"{' · '.join([row.label, *series])}: {subject.in_words(one, sign=row.sign)}"
    if not np.isfinite(one.n):
        return said
    return f"{said}. {word('n', subject.language)}: {number(one.n, 0, subject.language)}"


def _write_labels(canvas: Canvas, rows: Sequence[Row], labels: Any, middles: Any) -> None:
    for bold in (False, True):
        canvas.text(
            [
                (-10.0, float(y), lines)
                for row, lines, y in zip(rows, labels, middles, strict=True)
                if row.figures and row.strong is bold
            ],
            align="end",
            bold=bold,
        )
    canvas.text(
        [
            (-canvas.before + 6.0, float(y), lines)
            for row, lines, y in zip(rows, labels, middles, strict=True)
            if not row.figures
        ],
        bold=True,
    )


def _write_figures(
    canvas: Canvas,
    places: Sequence[tuple[float, int, Row, Figure]],
    said: dict[int, str],
    counts: dict[int, str],
    column: float,
) -> None:
    edge = canvas.plot + canvas.after
    for bold in (False, True):
        mine = [(y, one) for y, _, row, one in places if row.strong is bold]
        canvas.text(
            [(canvas.plot + 10.0, y, said[id(one)]) for y, one in mine], size=_COLUMN, bold=bold
        )
        canvas.text(
            [(edge, y, counts[id(one)]) for y, one in mine if id(one) in counts],
            size=_COLUMN,
            colour=SOFT,
            align="end",
        )
    canvas.lines([(-canvas.before, canvas.height, edge, canvas.height)], colour=GRID)


def _legend(subject: Subject, figures: Sequence[Figure], sheet: Sheet) -> list[Key]:
    level = f"{100 * subject.level:g}"
    interval = word("interval", subject.language, level=level)
    keys: list[Key] = []
    if len(sheet.series) > 1:
        keys += [Key("dot", name, SERIES[at], SHAPES[at]) for at, name in enumerate(sheet.series)]
    elif sheet.mark == "dots":
        keys.append(Key("dot", word("estimate", subject.language), SERIES[0]))
    if any(len(one.ends) == 3 for one in figures):
        keys.append(Key("interval", interval, INK if sheet.mark == "bars" else SOFT))
    flag: Symbol = "dashed_bar" if sheet.mark == "bars" else "open"
    return [*keys, *keys_of(subject, figures, sheet.reference, sheet.reference_label, flag)]
