"""Two crossed variables as a matrix: where from and where to, with the totals of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mpsurvey.errors import MpsurveyError
from mpsurvey.publication.charts.canvas import LABEL, NOTE, Canvas, Key
from mpsurvey.publication.charts.figures import Figure, Subject, Wording, frame_of
from mpsurvey.publication.charts.lettering import clean, lines_of, widest
from mpsurvey.publication.charts.palette import GRID, PALE, PAPER, RAMP, SOFT, ink_on
from mpsurvey.publication.charts.picture import Chart
from mpsurvey.publication.charts.telling import alt_of, colon, keys_of, notes_of, subtitle_of
from mpsurvey.publication.layout import safe_id
from mpsurvey.publication.wording import word

__all__ = ["matrix"]

_MOST = 16
_CELL, _ROW = 9.5, 26.0


def matrix(subject: Subject, place: Sequence[str], words: Wording) -> Chart:
    """Draw a cell for each pair, shaded by its figure, which stands in it.

    Totals of rows and columns are those of the table (breakdowns by one variable); where it has
    none, totals of a total are added up, unless a cell is withheld.

    Parameters
    ----------
    place
        The variable that goes down, then the one that goes across.
    """
    if len(place) != 2:
        raise MpsurveyError("A matrix crosses two variables: by=('origin', 'destination').")
    language = subject.language
    figures = subject.figures(place)
    cells = {(one.labels[0], one.labels[1]): one for one in figures}
    down = list(dict.fromkeys(one.labels[0] for one in figures))
    turned = subject.figures(tuple(reversed(place)))
    across = list(dict.fromkeys(one.labels[0] for one in turned))
    if len(across) > _MOST:
        raise MpsurveyError(
            f"{len(across)} columns are too many to read; {_MOST} fit. Group them, or put the "
            f"variable with fewer groups second: by={(place[1], place[0])!r}."
        )
    edges = _edges(subject, place, cells, down, across)
    sums = bool(edges)
    title = words.title or subject.titled(place)
    told = [(" → ".join(one.labels), one) for one in figures]
    alt = alt_of(subject, "matrix", title, told)
    shown = [*figures, *(one for one in edges.values() if one is not None)]
    notes = notes_of(subject, shown, words.source, words.notes)
    names = [clean(subject.titles.get(name, name)) for name in place]
    labels = [lines_of(label, 150.0, LABEL, most=2) for label in down]
    whole = word("all", language)
    before = 10.0 + max(
        widest([line for one in labels for line in one], LABEL, language=subject.language),
        widest([whole], LABEL, bold=True, language=subject.language),
        70.0,
    )
    canvas = Canvas(
        language=language,
        height=_ROW * (len(down) + sums) + 4.0 * sums,
        before=before,
        after=0.0,
        width=words.width,
    )
    wide = min(canvas.plot / (len(across) + sums), 92.0)
    heads = [lines_of(label, wide - 4.0, NOTE - 1.0, most=3) for label in across]
    breaks = _breaks([one.estimate for one in figures if one.known])
    _draw(canvas, subject, cells, down, across, wide, breaks)
    if sums:
        _draw_totals(canvas, subject, edges, down, across, wide)
    canvas.text([(-8.0, _ROW * (at + 0.5), lines) for at, lines in enumerate(labels)], align="end")
    tall = max(len(lines) for lines in heads) * 12.0
    middles = [(wide * (at + 0.5), -6.0 - tall / 2, lines) for at, lines in enumerate(heads)]
    canvas.text(middles, size=NOTE - 1.0, align="middle")
    corner = [(-before, -tall - 14.0, f"{names[0]} ↓   {names[1]} {_arrow(canvas)}")]
    canvas.text(corner, size=NOTE, colour=SOFT)
    spec = canvas.spec(
        title=title,
        subtitle=subtitle_of(subject),
        legend=[*_ramp_keys(subject, breaks), *keys_of(subject, figures, flag="dashed_bar")],
        notes=notes,
        alt=alt,
        foot=2.0,
        head=tall + 26.0,
        decimals=subject.digits,
    )
    return Chart(
        id=safe_id(f"{subject.id}-matrix-{'-'.join(place)}")[:80],
        kind="matrix",
        title=title,
        alt=alt,
        notes=notes,
        data=frame_of(figures, names),
        spec=spec,
        language=language,
    )


def _arrow(canvas: Canvas) -> str:
    return "←" if canvas.right_to_left else "→"


def _edges(
    subject: Subject,
    place: Sequence[str],
    cells: dict[tuple[str, str], Figure],
    down: Sequence[str],
    across: Sequence[str],
) -> dict[tuple[str | None, str | None], Figure | None]:
    """Totals by (row, None), (None, column) and (None, None); nothing where there are none."""
    found: dict[tuple[str | None, str | None], Figure | None] = {}
    for one in subject.figures((place[0],)):
        found[one.labels[0], None] = one
    for one in subject.figures((place[1],)):
        found[None, one.labels[0]] = one
    for one in subject.figures(()):
        found[None, None] = one
    if subject.statistic == "total":
        for label in down:
            mine = [cells.get((label, other)) for other in across]
            found.setdefault((label, None), _sum(mine))
        for other in across:
            mine = [cells.get((label, other)) for label in down]
            found.setdefault((None, other), _sum(mine))
        found.setdefault((None, None), _sum(list(cells.values())))
    return found


def _sum(figures: Sequence[Figure | None]) -> Figure | None:
    known = [one for one in figures if one is not None]
    if not known or any(one.withheld for one in known):
        return None
    return Figure(
        estimate=float(np.nansum([one.estimate for one in known])),
        n=float(np.nansum([one.n for one in known])),
        labels=("",),
        codes=("",),
    )


def _breaks(values: Sequence[float]) -> list[float]:
    """Upper ends of five classes of equal width."""
    if not values:
        return []
    low, high = min(0.0, *values), max(values)
    return [low + (high - low) * (at + 1) / len(RAMP) for at in range(len(RAMP))]


def _shade(value: float, breaks: Sequence[float]) -> str:
    place = next((at for at, end in enumerate(breaks) if value <= end), len(RAMP) - 1)
    return RAMP[place]


def _draw(
    canvas: Canvas,
    subject: Subject,
    cells: dict[tuple[str, str], Figure],
    down: Sequence[str],
    across: Sequence[str],
    wide: float,
    breaks: Sequence[float],
) -> None:
    shaded: list[dict[str, Any]] = []
    letters: dict[str, list[tuple[float, float, str]]] = {}
    rings: list[tuple[float, float]] = []
    hidden: list[tuple[float, float, str]] = []
    said = lines_of(word("withheld", subject.language), wide - 22.0, NOTE - 1.5, most=1)[0]
    flagged: list[tuple[float, float, float, float]] = []
    for row, label in enumerate(down):
        for column, other in enumerate(across):
            one = cells.get((label, other))
            x, y = wide * column, _ROW * row
            if one is None or not one.known:
                middle = (x + wide / 2, y + _ROW / 2)
                if one is not None and one.withheld:
                    room = wide > 58.0
                    rings.append((x + 11.0, middle[1]) if room else middle)
                    if room:
                        hidden.append((x + 20.0, middle[1], said))
                else:
                    letters.setdefault(SOFT, []).append((*middle, "–"))
                continue
            colour = _shade(one.estimate, breaks)
            shaded.append(
                {
                    "x": canvas.across(x + 1.0),
                    "x2": canvas.across(x + wide - 1.0),
                    "y": y + 1.0,
                    "y2": y + _ROW - 1.0,
                    "colour": colour,
                    "row": label,
                    "column": other,
                    "estimate": one.estimate,
                    "said": f"{label} → {other}{colon(subject.language)}{subject.in_words(one)}",
                }
            )
            text = f"{subject.said(one.estimate)}{' ' + one.mark if one.mark else ''}"
            letters.setdefault(ink_on(colour), []).append((x + wide / 2, y + _ROW / 2, text))
            if one.status == "flag":
                flagged.append((x + 2.5, y + 2.5, x + wide - 2.5, y + _ROW - 2.5))
    frame = [
        (wide * c + 1, _ROW * r + 1, wide * (c + 1) - 1, _ROW * (r + 1) - 1)
        for r in range(len(down))
        for c in range(len(across))
    ]
    canvas.boxes(frame, color=PAPER, stroke=GRID)
    encode = {"color": {"field": "colour", "type": "nominal", "scale": None}}
    canvas.add(shaded, "rect", told=True, encode=encode)
    style = {"color": PAPER, "fillOpacity": 0.0, "stroke": SOFT, "strokeDash": [3, 2]}
    canvas.boxes(flagged, **style)
    for colour, texts in letters.items():
        canvas.text(texts, size=_CELL, colour=colour, align="middle")
    canvas.rings(rings)
    canvas.text(hidden, size=NOTE - 1.5, colour=SOFT)


def _draw_totals(
    canvas: Canvas,
    subject: Subject,
    edges: dict[tuple[str | None, str | None], Figure | None],
    down: Sequence[str],
    across: Sequence[str],
    wide: float,
) -> None:
    bottom, side = _ROW * len(down) + 4.0, wide * len(across)
    canvas.boxes([(-canvas.before, bottom, canvas.plot, bottom + _ROW)], color=PALE)
    whole = word("all", subject.language)
    canvas.text([(-8.0, bottom + _ROW / 2, whole)], align="end", bold=True)
    canvas.text([(side + wide / 2, -12.0, whole)], size=NOTE, align="middle", bold=True)
    places = [
        *((edges.get((label, None)), side, _ROW * at) for at, label in enumerate(down)),
        *((edges.get((None, other)), wide * at, bottom) for at, other in enumerate(across)),
        (edges.get((None, None)), side, bottom),
    ]
    texts = []
    for one, x, y in places:
        said = "–" if one is None else subject.said(one.estimate) if one.known else one.mark
        if one is not None and one.known and one.mark:
            said = f"{said} {one.mark}"
        texts.append((x + wide / 2, y + _ROW / 2, said or "–"))
    canvas.text(texts, size=_CELL, align="middle", bold=True)


def _ramp_keys(subject: Subject, breaks: Sequence[float]) -> list[Key]:
    if not breaks:
        return []
    low = breaks[0] - (breaks[1] - breaks[0])
    keys = []
    for colour, end in zip(RAMP, breaks, strict=True):
        keys.append(Key("bar", f"{subject.said(low)}–{subject.said(end)}", colour))
        low = end
    return keys
