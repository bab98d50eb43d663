"""The picture of the demonstration: dots, intervals and the truth, as SVG."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

from mpsurvey.profile.demo.figures import Figure
from mpsurvey.profile.demo.places import NAME
from mpsurvey.profile.demo.wording import interval_words, number

__all__ = ["draw_picture"]

INK, MUTED, GRID = "#1c2733", "#51606e", "#dfe5ea"
BLUE, RUST, PAPER = "#1f5f8b", "#b5410e", "#ffffff"
FONT = "'Source Sans 3','Open Sans','Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"

WIDTH = 960
MARGIN = 24
GUTTER = 36
COLUMN = (WIDTH - 2 * MARGIN - GUTTER) / 2
LABELS = 158  # room for the words at the left of a panel
ROW = 30
HEAD = 30  # a panel's title
FOOT = 34  # a panel's axis
TOP = 92  # title and legend of the picture


@dataclass(frozen=True, slots=True)
class _Panel:
    title: str
    figures: tuple[Figure, ...]
    labels: tuple[str, ...]

    @property
    def height(self) -> float:
        return HEAD + ROW * len(self.figures) + FOOT


def draw_picture(figures: Sequence[Figure], title: str, standalone_note: str = "") -> str:
    """Draw the shares among the figures, with their intervals and the truth.

    Shape tells estimate from truth as well as colour: a dot on a bar is the estimate in its
    interval, a diamond the truth. A row whose interval misses the truth says so.

    Parameters
    ----------
    figures
        All figures of the demonstration; those with a panel are shown.
    title
        The picture's title.
    standalone_note
        A line at the foot, for when the picture stands without its page.

    Returns
    -------
    str
        An SVG element, with a title and a description for readers who do not see it.
    """
    left, right = _panels(figures)
    height = TOP + max(sum(p.height for p in left), sum(p.height for p in right)) + 14
    foot = 26 if standalone_note else 0
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height + foot:g}" '
        f'width="{WIDTH}" height="{height + foot:g}" role="img" '
        f'aria-labelledby="demo-title demo-desc" font-family="{FONT}">',
        f'<title id="demo-title">{html.escape(title)}</title>',
        f'<desc id="demo-desc">{html.escape(_description([*left, *right]))}</desc>',
        f'<rect width="100%" height="100%" fill="{PAPER}"/>',
        _text(MARGIN, 34, title, size=20, weight=600),
        _legend(),
    ]
    for panels, x in ((left, MARGIN), (right, MARGIN + COLUMN + GUTTER)):
        y: float = TOP
        for panel in panels:
            parts.append(_draw_panel(panel, x, y))
            y += panel.height
    if standalone_note:
        parts.append(_text(MARGIN, height + 8, standalone_note, size=12, fill=MUTED))
    parts.append("</svg>")
    return "\n".join(parts)


def _panels(figures: Sequence[Figure]) -> tuple[list[_Panel], list[_Panel]]:
    of_key: dict[str, list[Figure]] = {}
    for figure in figures:
        of_key.setdefault(figure.key, []).append(figure)

    def panel(title: str, shown: dict[str, list[str]]) -> _Panel:
        chosen = [figure for key in shown for figure in of_key[key]]
        labels = [label for key in shown for label in shown[key]]
        return _Panel(title, tuple(chosen), tuple(labels))

    regions = [figure.label.removeprefix("— in ") for figure in of_key["receiving_region"]]
    left = [
        panel(
            "Immigrants, share of …",
            {
                "immigrant_share": ["residents"],
                "employed": ["the employed"],
                "unemployed": ["the unemployed"],
            },
        ),
        panel(
            "Unemployment rate",
            {"unemployment": ["Never lived abroad", "Returnees", "Immigrants"]},
        ),
        panel(
            "Poverty rate",
            {"poverty": ["as it is"], "poverty_without": ["without remittances"]},
        ),
    ]
    right = [
        panel(
            "Households receiving remittances",
            {"receiving": [NAME], "receiving_region": regions},
        ),
        panel("Persons kept from poverty", {"kept": ["by remittances"]}),
    ]
    return left, right


def _draw_panel(panel: _Panel, x: float, y: float) -> str:
    start, span = x + LABELS, COLUMN - LABELS - 16
    ticks = _ticks(100 * max(max(one.high, one.truth) for one in panel.figures))
    scale = span / ticks[-1]
    bottom = y + HEAD + ROW * len(panel.figures)
    parts = [_text(x, y + 16, panel.title, size=15, weight=600)]
    for tick in ticks:
        at = start + scale * tick
        parts.append(
            f'<line x1="{at:.1f}" y1="{y + HEAD:.1f}" x2="{at:.1f}" y2="{bottom:.1f}" '
            f'stroke="{GRID}"/>'
        )
        unit = " %" if tick == ticks[-1] else ""
        parts.append(
            _text(at, bottom + 16, f"{tick:g}{unit}", size=12, fill=MUTED, anchor="middle")
        )
    for row, (figure, label) in enumerate(zip(panel.figures, panel.labels, strict=True)):
        middle = y + HEAD + ROW * (row + 0.5)
        low, high, dot, truth = (
            start + scale * 100 * value
            for value in (figure.low, figure.high, figure.estimate, figure.truth)
        )
        parts += [
            _text(start - 12, middle + 4.5, label, size=13.5, anchor="end"),
            f"<g><title>{html.escape(_sentence(figure, label))}</title>"
            f'<line x1="{low:.1f}" y1="{middle:.1f}" x2="{high:.1f}" y2="{middle:.1f}" '
            f'stroke="{BLUE}" stroke-width="7" stroke-linecap="round" stroke-opacity="0.3"/>'
            f'<circle cx="{dot:.1f}" cy="{middle:.1f}" r="5" fill="{BLUE}"/>'
            f"{_diamond(truth, middle)}</g>",
        ]
        if not figure.covers:
            parts.append(
                _text(max(high, truth) + 10, middle + 4, "misses the truth", size=12, fill=RUST)
            )
    return "\n".join(parts)


def _legend() -> str:
    y = 62
    return "".join(
        (
            f'<line x1="{MARGIN + 6}" y1="{y}" x2="{MARGIN + 48}" y2="{y}" stroke="{BLUE}" '
            'stroke-width="7" stroke-linecap="round" stroke-opacity="0.3"/>',
            f'<circle cx="{MARGIN + 27}" cy="{y}" r="5" fill="{BLUE}"/>',
            _text(MARGIN + 62, y + 4.5, "estimate from the sample, with its 95 % interval"),
            _diamond(MARGIN + 392, y),
            _text(MARGIN + 406, y + 4.5, "truth in the whole population"),
        )
    )


def _diamond(x: float, y: float) -> str:
    return (
        f'<path d="M{x:.1f} {y - 7:.1f}l5.5 7l-5.5 7l-5.5 -7z" fill="none" stroke="{PAPER}" '
        f'stroke-width="4.5"/><path d="M{x:.1f} {y - 7:.1f}l5.5 7l-5.5 7l-5.5 -7z" fill="none" '
        f'stroke="{RUST}" stroke-width="2"/>'
    )


def _text(
    x: float,
    y: float,
    words: str,
    *,
    size: float = 13.5,
    weight: int = 400,
    fill: str = INK,
    anchor: str = "start",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" font-weight="{weight}" '
        f'fill="{fill}" text-anchor="{anchor}">{html.escape(words)}</text>'
    )


def _ticks(highest: float) -> list[float]:
    """Round ticks from 0 to at least the highest value, four to six of them."""
    rough = highest / 4
    power = 10 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    count = math.ceil(highest / step - 1e-9)
    return [step * tick for tick in range(count + 1)]


def _sentence(figure: Figure, label: str) -> str:
    found = "contains" if figure.covers else "misses"
    return (
        f"{label}: {number(figure, figure.estimate)} %, interval {interval_words(figure)} %, "
        f"which {found} the truth, {number(figure, figure.truth)} %"
    )


def _description(panels: Sequence[_Panel]) -> str:
    return " ".join(
        f"{panel.title} "
        + "; ".join(
            _sentence(figure, label)
            for figure, label in zip(panel.figures, panel.labels, strict=True)
        )
        + "."
        for panel in panels
    )
