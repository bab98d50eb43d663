"""Age by sex: migrants as bars, the others as an outline around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from mpsurvey.errors import MpsurveyError
from mpsurvey.publication.charts.axes import tick_labels, ticks_of
from mpsurvey.publication.charts.canvas import LABEL, NOTE, Canvas, Key
from mpsurvey.publication.charts.figures import Figure, Subject, Wording, frame_of
from mpsurvey.publication.charts.lettering import clean, lines_of, widest
from mpsurvey.publication.charts.palette import INK, PAPER, PLUS, SERIES, SOFT
from mpsurvey.publication.charts.picture import Chart
from mpsurvey.publication.charts.telling import alt_of, colon, notes_of, subtitle_of
from mpsurvey.publication.layout import safe_id
from mpsurvey.publication.wording import number, word

__all__ = ["pyramid"]

_AGE, _SEX = ("age_group", "age"), ("sex", "ab_sex")
_BAND = 21.0
Measure = Literal["share", "count"]
Cells = dict[tuple[str, str], Figure]


def pyramid(
    subject: Subject, place: Sequence[str], measure: Measure | None, words: Wording
) -> Chart:
    """Draw one or two groups by age and sex.

    A share of migrants by age and sex, whose base is people, gives both groups: the migrants and
    the others of each cell. A total gives one group; crossed with a variable of two values, two.

    Parameters
    ----------
    measure
        ``"share"``: each bar is a part of its own group, so that shapes compare. ``"count"``.
    """
    age = next((name for name in place if name in _AGE), None)
    sex = next((name for name in place if name in _SEX), None)
    if age is None or sex is None or len(place) > 3:
        raise MpsurveyError(
            "A pyramid is by age and sex, and at most one more variable of two values: "
            "by=('age_group', 'sex')."
        )
    other = next((name for name in place if name not in (age, sex)), None)
    order = [age, sex, *([other] if other else [])]
    figures = subject.figures(order)
    ages = list(dict.fromkeys(one.labels[0] for one in figures))
    sexes = list(dict.fromkeys(one.labels[1] for one in figures))
    if len(sexes) != 2:
        raise MpsurveyError(f"A pyramid has two sides; '{sex}' has {len(sexes)} values.")
    groups = _groups(subject, figures, other)
    subject, about = _named(subject, list(groups))
    whole = not any(one.withheld for cells in groups.values() for one in cells.values())
    if measure == "share" or (measure is None and whole):
        groups = {name: _as_shares(subject, name, cells) for name, cells in groups.items()}
        subject = replace(subject, unit=word("chart_of_group", subject.language), percent=True,
                          scale=100.0)  # fmt: skip
        digits = 1
    else:
        subject = replace(subject, unit=word("chart_persons", subject.language), percent=False)
        digits = 0
    language = subject.language
    title = words.title or subject.titled([age, sex])
    shown = [
        replace(one, labels=(*key, name)) for name, cells in groups.items()
        for key, one in cells.items()
    ]  # fmt: skip
    told = [(" · ".join(one.labels), one) for one in shown]
    alt = alt_of(subject, "pyramid", title, told)
    notes = notes_of(subject, figures, words.source, (*words.notes, about))
    spec = _draw(subject, groups, ages, sexes, digits, words, title, alt, notes)
    names = [clean(subject.titles.get(name, name)) for name in (age, sex)]
    return Chart(
        id=safe_id(f"{subject.id}-pyramid")[:80],
        kind="pyramid",
        title=title,
        alt=alt,
        notes=notes,
        data=frame_of(shown, [*names, "group"]),
        spec=spec,
        language=language,
    )


def _groups(subject: Subject, figures: Sequence[Figure], other: str | None) -> dict[str, Cells]:
    """Counts by group, age and sex; the group drawn as bars comes first."""
    rule = "" if subject.indicator is None else str(subject.indicator.given.get("group", ""))
    born = subject.indicator is None or rule in ("mig_status in (1, 2)", "foreign_born == 1")
    migrants = word("chart_migrants" if born else "chart_in_group", subject.language)
    others = word("chart_others", subject.language)
    groups: dict[str, Cells] = {}
    if other is not None:
        codes = list(dict.fromkeys(one.codes[2] for one in figures))
        if len(codes) != 2:
            raise MpsurveyError(f"A pyramid compares two groups; '{other}' has {len(codes)}.")
        known = subject.labels.get(other, {})
        # Of 0 and 1, or False and True, the one who belongs is drawn as bars.
        bars_first = sorted(codes, key=lambda code: code not in (1, True))
        for at, code in enumerate(bars_first):
            name = clean(known.get(code, (migrants, others)[at]))
            groups[name] = {
                (one.labels[0], one.labels[1]): one for one in figures if one.codes[2] == code
            }
        return groups
    if subject.statistic != "share":
        if subject.statistic != "total":
            raise MpsurveyError(f"A pyramid is of a total or a share of people, not of a "
                                f"{subject.statistic}.")  # fmt: skip
        return {subject.name: {(one.labels[0], one.labels[1]): one for one in figures}}
    for name, sign in ((migrants, 1.0), (others, -1.0)):
        groups[name] = {}
        for one in figures:
            share = one.estimate / subject.scale
            part = share if sign > 0 else 1.0 - share
            count = one.population * part if one.known else np.nan
            if one.n == 0 and not one.withheld:
                count = 0.0
            cell = replace(one, estimate=count, low=np.nan, high=np.nan)
            groups[name][one.labels[0], one.labels[1]] = cell
    return groups


def _named(subject: Subject, names: Sequence[str]) -> tuple[Subject, str]:
    """Name the chart by its groups where it shows two, and note whose share makes them."""
    if len(names) != 2:
        return subject, ""
    between = word("chart_and", subject.language)
    name = f"{names[0]}{between}{names[1][:1].lower()}{names[1][1:]}"
    about = f"{subject.id}{colon(subject.language)}{subject.name}." if subject.indicator else ""
    return replace(subject, name=name), about


def _as_shares(subject: Subject, name: str, cells: Cells) -> Cells:
    """Each cell as percent of its group."""
    if any(one.withheld for one in cells.values()):
        raise MpsurveyError(
            f"{subject.id}: figures of '{name}' are withheld, so that shares of the group are not "
            "known. Use measure='count', or broader age groups."
        )
    total = float(np.nansum([one.estimate for one in cells.values()]))
    if not total:
        raise MpsurveyError(f"{subject.id}: nobody is in '{name}'.")
    return {
        key: replace(one, estimate=100.0 * one.estimate / total, low=np.nan, high=np.nan)
        for key, one in cells.items()
    }


def _draw(
    subject: Subject,
    groups: dict[str, Cells],
    ages: Sequence[str],
    sexes: Sequence[str],
    digits: int,
    words: Wording,
    title: str,
    alt: str,
    notes: Sequence[str],
) -> dict[str, Any]:
    language = subject.language
    labels = [lines_of(label, 130.0, LABEL, most=1)[0] for label in ages]
    canvas = Canvas(
        language=language,
        height=_BAND * len(ages),
        before=widest(labels, LABEL, language=subject.language) + 14.0,
        after=14.0,
        width=words.width,
    )
    values = [end for cells in groups.values() for one in cells.values() for end in one.ends]
    ticks = ticks_of(0.0, max(values, default=1.0), most=4)
    most = ticks[-1]
    both = [-tick for tick in reversed(ticks[1:])] + ticks
    canvas.scale(-most, most, both)
    middle, scaled = canvas.plot / 2, canvas.plot / (2 * most)
    # The oldest stand on top.
    top = {label: _BAND * (len(ages) - 1 - at) for at, label in enumerate(ages)}
    keys: list[Key] = []
    for at, (name, cells) in enumerate(groups.items()):
        if at == 0:
            _bars(canvas, subject, cells, name, top, sexes, digits)
            keys.append(Key("bar", name, PLUS))
        else:
            _outline(canvas, cells, top, ages, sexes, middle, scaled)
            keys.append(Key("outline", name, INK))
    if any(len(one.ends) == 3 for cells in groups.values() for one in cells.values()):
        level = f"{100 * subject.level:g}"
        keys.append(Key("interval", word("interval", language, level=level), INK))
    hidden = {
        (label, which)
        for cells in groups.values()
        for (label, which), one in cells.items()
        if one.withheld
    }
    if hidden:
        said = word("withheld", language)
        spots = [
            (middle + (-1 if which == sexes[0] else 1) * 16.0, top[label] + _BAND / 2, which)
            for label, which in sorted(hidden)
        ]
        canvas.rings([(x, y) for x, y, _ in spots])
        for which, align in ((sexes[0], "end"), (sexes[1], "start")):
            step = -10.0 if which == sexes[0] else 10.0
            words_at = [(x + step, y, said) for x, y, mine in spots if mine == which]
            canvas.text(
                words_at, size=NOTE - 1, colour=SOFT,
                        align="end" if align == "end" else "start")  # fmt: skip
        keys.append(Key("ring", said, SOFT))
    if any(one.status == "flag" and one.known for c in groups.values() for one in c.values()):
        keys.append(Key("dashed_bar", word("chart_caution", language), SERIES[0]))
    canvas.lines([(middle, 0.0, middle, canvas.height)], colour=INK)
    canvas.text([(-8.0, top[label] + _BAND / 2, text)
                 for label, text in zip(ages, labels, strict=True)], align="end")  # fmt: skip
    for x, which in ((middle / 2, sexes[0]), (1.5 * middle, sexes[1])):
        canvas.text([(x, -10.0, which)], size=LABEL, align="middle", bold=True)
    texts = tick_labels([abs(tick) for tick in both[: len(ticks)]], subject)
    named = dict(zip(sorted(ticks, reverse=True), texts, strict=True))
    canvas.text(
        [(middle + tick * scaled, canvas.height + 10.0, named[abs(tick)]) for tick in both],
        size=NOTE, colour=SOFT, align="middle",
    )  # fmt: skip
    return canvas.spec(
        title=title,
        subtitle=subtitle_of(subject),
        legend=keys,
        notes=notes,
        alt=alt,
        foot=20.0,
        head=22.0,
        decimals=digits,
    )


def _bars(
    canvas: Canvas,
    subject: Subject,
    cells: Cells,
    name: str,
    top: dict[str, float],
    sexes: Sequence[str],
    digits: int,
) -> None:
    language, stop = subject.language, colon(subject.language)
    rows: list[dict[str, Any]] = []
    for (label, which), one in cells.items():
        if not one.known:
            continue
        side = -1.0 if which == sexes[0] else 1.0
        said = f"{label} · {which} · {name}{stop}{number(one.estimate, digits, language)}"
        rows.append(
            {
                "age": label,
                "sex": which,
                "group": name,
                "estimate": side * one.estimate,
                "zero": 0.0,
                "low": side * one.low,
                "high": side * one.high,
                "y": top[label] + _BAND / 2,
                "status": one.status,
                "said": said,
            }
        )
    encode = {"x": canvas.value("zero"), "x2": {"field": "estimate"}}
    sure = [row for row in rows if row["status"] == "publish"]
    canvas.add(sure, "bar", told=True, encode=encode, height=_BAND - 5, color=PLUS)
    flagged = [row for row in rows if row["status"] == "flag"]
    canvas.add(
        flagged, "bar", told=True, encode=encode, height=_BAND - 5, fill=PAPER,
        stroke=SERIES[0], strokeWidth=1.4, strokeDash=[3, 2],
    )  # fmt: skip
    known = [row for row in rows if np.isfinite(row["low"]) and np.isfinite(row["high"])]
    encode = {"x": canvas.value("low"), "x2": {"field": "high"}}
    canvas.add(known, "rule", encode=encode, color=INK, strokeWidth=1.3)


def _outline(
    canvas: Canvas,
    cells: Cells,
    top: dict[str, float],
    ages: Sequence[str],
    sexes: Sequence[str],
    middle: float,
    scaled: float,
) -> None:
    """Draw a staircase along the ends of the bars that the group would have."""
    for which, side in ((sexes[0], -1.0), (sexes[1], 1.0)):
        lines: list[tuple[float, float, float, float]] = []
        before: float | None = None
        for label in reversed(ages):
            one = cells.get((label, which))
            y = top[label]
            if one is None or not one.known:
                before = None
                continue
            x = middle + side * one.estimate * scaled
            lines.append((x, y, x, y + _BAND))
            if before is not None:
                lines.append((before, y, x, y))
            before = x
        canvas.lines(lines, colour=INK, thick=1.6)
