"""Colours and shapes: told apart without colour, on paper, and by the colour-blind."""

from __future__ import annotations

__all__ = [
    "GRID",
    "INK",
    "MINUS",
    "OTHERS",
    "PALE",
    "PAPER",
    "PLUS",
    "RAMP",
    "SERIES",
    "SHAPES",
    "SOFT",
    "ink_on",
]

PAPER = "#ffffff"
INK = "#1f2933"
SOFT = "#52606d"
GRID = "#dde3e9"
PALE = "#f1f4f7"

SERIES = ("#0b5c8a", "#d1620a", "#2a9d77", "#4a1a45")
"""Dark blue, orange, green, dark plum: apart in lightness too, so that they survive a copier."""

SHAPES = ("circle", "square", "triangle-up", "cross")
"""A shape goes with each colour of `SERIES`; more series than these become rows."""

PLUS, MINUS, OTHERS = "#4c8db6", "#d1620a", "#8793a0"
"""Bars: what adds, what takes away, and the totals; light enough for intervals to show on them."""

RAMP = ("#eaf2f8", "#c3dbea", "#8fbbd6", "#5b9ac1", "#0b5c8a")
"""From few to many, in one hue: the order survives every kind of sight and printer."""


def ink_on(colour: str) -> str:
    """Return the colour of letters that is legible on another.

    >>> ink_on("#eaf2f8"), ink_on("#0b5c8a")
    ('#1f2933', '#ffffff')
    """
    return INK if contrast(INK, colour) >= contrast(PAPER, colour) else PAPER


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21, as WCAG 2.2 defines it.

    >>> contrast("#ffffff", "#000000")
    21.0
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
