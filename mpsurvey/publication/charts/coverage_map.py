"""What a survey can say: each theme's indicators by status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mpsurvey.catalogue.indicator import THEMES
from mpsurvey.publication.charts.canvas import LABEL, NOTE, Canvas, Key
from mpsurvey.publication.charts.figures import Wording
from mpsurvey.publication.charts.lettering import clean, lines_of, widest
from mpsurvey.publication.charts.palette import GRID, INK, PAPER, RAMP, SERIES, SOFT
from mpsurvey.publication.charts.picture import Chart
from mpsurvey.publication.charts.telling import colon
from mpsurvey.publication.wording import number, semicolon, theme_title, word
from mpsurvey.tabulation import CoverageReport

__all__ = ["coverage_map"]

_STATUSES = {
    "computable": "chart_computable",
    "with an assumption": "chart_assumed",
    "needs a national figure": "chart_needs_figure",
    "missing": "chart_missing",
}
_WIDE, _TALL = 52.0, 20.0


def coverage_map(report: CoverageReport, language: str, words: Wording) -> Chart:
    """Draw a tile for each indicator: full, dashed or hollow, with its id.

    The count of those that can be computed stands at the end of each theme.
    """
    frame = report.frame
    seen = list(dict.fromkeys(frame["theme"]))
    themes = [theme for theme in THEMES if theme in seen]
    themes += [theme for theme in seen if theme not in THEMES]
    stop = colon(language)
    labels = [lines_of(theme_title(theme, language), 140.0, LABEL, most=3) for theme in themes]
    before = 12.0 + widest([line for one in labels for line in one], LABEL, language=language)
    counts = [_count(frame[frame["theme"] == theme], language) for theme in themes]
    canvas = Canvas(
        language=language,
        height=0.0,
        before=before,
        after=widest(counts, LABEL, bold=True, language=language) + 14.0,
        width=words.width,
    )
    per_line = max(int(canvas.plot // _WIDE), 1)
    wide = canvas.plot / per_line
    tiles: dict[str, list[tuple[float, float, str, str]]] = {key: [] for key in _STATUSES}
    middles, borders, top = [], [], 0.0
    for at, theme in enumerate(themes):
        own = frame[frame["theme"] == theme]
        order = [list(_STATUSES).index(status) for status in own["status"]]
        own = own.iloc[np.argsort(order, kind="stable")]
        for place, row in enumerate(own.to_dict("records")):
            line, column = divmod(place, per_line)
            said = f"{row['indicator']} {clean(row['title'])}{stop}{_said(row, language)}"
            x, y = column * wide, top + line * _TALL
            tiles[row["status"]].append((x, y, str(row["indicator"]), said))
        lines = -(-len(own) // per_line)
        tall = max(lines * _TALL, 14.0 * len(labels[at])) + 8.0
        middles.append(top + tall / 2 - 4.0)
        top += tall
        borders.append(top - 4.0)
    canvas.height = top
    edge = canvas.plot + canvas.after
    canvas.lines([(-before, y, edge, y) for y in borders[:-1]], colour=GRID)
    _draw(canvas, tiles, wide)
    canvas.text([(-10.0, y, lines) for y, lines in zip(middles, labels, strict=True)], align="end")
    canvas.text([(edge, y, text) for y, text in zip(middles, counts, strict=True)], align="end",
                bold=True)  # fmt: skip
    totals = frame["status"].value_counts()
    told = [f"{word(key, language)}{stop}{number(int(totals.get(status, 0)), 0, language)}"
            for status, key in _STATUSES.items()]  # fmt: skip
    title = words.title or word("chart_coverage", language)
    between = semicolon(language)
    by_theme = between.join(
        f"{theme_title(theme, language)} {count}"
        for theme, count in zip(themes, counts, strict=True)
    )
    alt = f"{title}. {between.join(told)}. {word('chart_computable', language)}{stop}{by_theme}."
    notes = [*words.notes]
    if words.source:
        notes.append(f"{word('source', language)}{stop}{clean(words.source).rstrip('.')}.")
    spec = canvas.spec(
        title=title,
        subtitle=" · ".join(told),
        legend=[
            Key("bar", word("chart_computable", language), SERIES[0]),
            Key("dashed_bar", word("chart_assumed", language), SERIES[0]),
            Key("outline", word("chart_needs_figure", language), SERIES[1]),
            Key("tile", word("chart_missing", language), SOFT),
        ],
        notes=notes,
        alt=alt,
        foot=0.0,
        decimals=0,
    )
    data = frame[["indicator", "theme", "title", "status"]].reset_index(drop=True)
    return Chart(
        id="coverage",
        kind="coverage",
        title=title,
        alt=alt,
        notes=tuple(notes),
        data=data,
        spec=spec,
        language=language,
    )


def _count(own: pd.DataFrame, language: str) -> str:
    made = int((own["status"] == "computable").sum())
    return word("chart_of", language, part=made, whole=len(own))


def _said(row: Mapping[Any, Any], language: str) -> str:
    said = word(_STATUSES[str(row["status"])], language)
    lacks = row.get("lacks")
    names = ", ".join(map(str, lacks)) if isinstance(lacks, Sequence) else ""
    return f"{said} ({names})" if names else said


def _draw(
    canvas: Canvas, tiles: dict[str, list[tuple[float, float, str, str]]], wide: float
) -> None:
    styles: dict[str, dict[str, Any]] = {
        "computable": {"color": SERIES[0]},
        "with an assumption": {
            "fill": RAMP[0], "stroke": SERIES[0], "strokeWidth": 1.4, "strokeDash": [4, 2],
        },
        "needs a national figure": {
            "fill": PAPER, "stroke": SERIES[1], "strokeWidth": 1.6,
        },
        "missing": {"fill": PAPER, "stroke": "#9aa5b1", "strokeDash": [1, 2]},
    }  # fmt: skip
    letters = {"computable": PAPER, "with an assumption": SERIES[0], "missing": SOFT,
               "needs a national figure": INK}  # fmt: skip
    for status, own in tiles.items():
        rows = [
            {
                "x": canvas.across(x + 1.5),
                "x2": canvas.across(x + wide - 1.5),
                "y": y + 1.5,
                "y2": y + _TALL - 1.5,
                "indicator": name,
                "said": said,
            }
            for x, y, name, said in own
        ]
        canvas.add(rows, "rect", told=True, **styles[status])
        texts = [(x + wide / 2, y + _TALL / 2, name) for x, y, name, _ in own]
        canvas.text(texts, size=NOTE - 0.5, colour=letters[status], align="middle",
                    bold=status == "computable")  # fmt: skip
