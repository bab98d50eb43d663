"""The report's charts, written as SVG: a curve of precision against cost, and bars."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from mpsurvey.planning.inclusion import Array

__all__ = ["bars", "curve"]

INK, GRID, BLUE, AMBER = "#1f2933", "#d8dee4", "#1f5f8b", "#c77700"


def curve(
    x: Array,
    y: Array,
    *,
    at: tuple[float, float] | None,
    x_label: str,
    y_label: str,
    title: str,
    percent: bool = False,
) -> str:
    """Return a line through the points, with the plan's own point marked.

    Examples
    --------
    >>> curve(np.array([1.0, 2]), np.array([4.0, 3]), at=None, x_label="cost", y_label="cv",
    ...       title="t")[:4]
    '<svg'
    """
    width, height, left, bottom, top, right = 660, 300, 74, 46, 34, 40
    x_ticks, y_ticks = _ticks(0.0, float(x.max())), _ticks(0.0, float(y.max()))
    x_end, y_end = max(x_ticks[-1], float(x.max())), max(y_ticks[-1], float(y.max()))

    def place(a: float, b: float) -> tuple[float, float]:
        return (
            left + a / x_end * (width - left - right),
            height - bottom - b / y_end * (height - bottom - top),
        )

    parts = [_open(width, height, title)]
    for tick in y_ticks:
        _, py = place(0, tick)
        parts.append(f'<line x1="{left}" x2="{width - right}" y1="{py:.1f}" y2="{py:.1f}" '
                     f'stroke="{GRID}"/>')  # fmt: skip
        text = f"{tick:.3g}" if not percent else f"{100 * tick:.3g} %"
        parts.append(_text(left - 8, py + 4, text, anchor="end"))
    for tick in x_ticks:
        px, _ = place(tick, 0)
        parts.append(_text(px, height - bottom + 18, f"{tick:,.0f}", anchor="middle"))
    points = " ".join(f"{px:.1f},{py:.1f}" for px, py in map(place, x.tolist(), y.tolist()))
    parts.append(f'<polyline points="{points}" fill="none" stroke="{BLUE}" stroke-width="2.5"/>')
    if at is not None:
        px, py = place(*at)
        parts.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="6" fill="{AMBER}"/>')
        parts.append(_text(px + 10, py - 8, "this plan", anchor="start"))
    parts.append(_text((left + width) / 2, height - 8, x_label, anchor="middle"))
    parts.append(_text(left - 60, top - 12, y_label, anchor="start"))
    return "".join([*parts, "</svg>"])


def bars(labels: Sequence[str], values: Sequence[float], notes: Sequence[str], title: str) -> str:
    """Return a bar for each label, with its value and a note.

    Examples
    --------
    >>> bars(["north"], [12.0], ["1 %"], "n").count("<rect")
    1
    """
    row, left, right = 24, 190, 190
    width, height = 760, 20 + row * len(labels)
    longest = max([*values, 1e-12])
    parts = [_open(width, height, title)]
    for line, (label, value, note) in enumerate(zip(labels, values, notes, strict=True)):
        y = 10 + row * line
        length = value / longest * (width - left - right)
        parts.append(_text(left - 8, y + 15, label[:28], anchor="end"))
        parts.append(f'<rect x="{left}" y="{y + 2}" width="{length:.1f}" height="{row - 7}" '
                     f'fill="{BLUE}"/>')  # fmt: skip
        parts.append(_text(left + length + 8, y + 15, f"{value:,.0f}  ({note})", anchor="start"))
    return "".join([*parts, "</svg>"])


def _open(width: int, height: int, title: str) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img" '
        f'xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="12">'
        f"<title>{escape(title)}</title>"
    )


def _text(x: float, y: float, text: str, *, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{INK}">{escape(text)}</text>'
    )


def _ticks(low: float, high: float) -> list[float]:
    """Four to eight round numbers from `low` to just past `high`."""
    step = 10.0 ** np.floor(np.log10(max(high - low, 1e-12) / 4))
    for factor in (1, 2, 5, 10):
        if (high - low) / (step * factor) <= 6:
            step *= factor
            break
    count = int(np.ceil((high - low) / step - 1e-9))
    return [low + step * number for number in range(count + 1)]
