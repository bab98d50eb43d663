"""Colours of charts on a page that can be light or dark."""

from __future__ import annotations

import colorsys
import re

__all__ = ["dark_twins", "luminance", "tone"]

_NAMED = {"black": "#000", "white": "#fff", "gray": "#808080", "grey": "#808080"}
_TONES = ((0.35, "ink"), (0.68, "quiet"), (0.93, "rule"), (0.985, "wash"), (1.01, "paper"))
# A contrast of 4 to the dark page (luminance 0.014); WCAG 2.2 asks 3 of graphics.
_LEAST_LIGHT = 4 * (0.014 + 0.05) - 0.05


def tone(colour: str) -> str | None:
    """Return the name of a grey among the page's own, or None for a colour.

    >>> tone("#1f2933"), tone("white"), tone("#0b5c8a")
    ('ink', 'paper', None)
    """
    hexed = _hexed(colour)
    if hexed is None:
        return None
    parts = _parts(hexed)
    if max(parts) - min(parts) > 0.12:
        return None
    return next(name for limit, name in _TONES if sum(parts) / 3 < limit)


def luminance(colour: str) -> float | None:
    """Return the relative luminance as WCAG 2.2 defines it; None for what is no colour."""
    hexed = _hexed(colour)
    return None if hexed is None else _luminance(hexed)


def dark_twins(body: str) -> str:
    """Return styles that lighten the dark colours of charts where the page is dark.

    Parameters
    ----------
    body
        The page; its charts' colours are looked for.
    """
    found = sorted(set(re.findall(r'(fill|stroke)="(#[0-9a-fA-F]{6})"', body)))
    rules = [
        (f'.plot>svg:not(.on-paper) [{name}="{colour}"]', f"{{{name}:{twin}}}")
        for name, colour in found
        if (twin := _twin(colour)) != colour
    ]
    by_choice = "".join(f':root[data-theme="dark"] {where}{what}' for where, what in rules)
    by_system = "".join(f':root:not([data-theme="light"]) {where}{what}' for where, what in rules)
    if not rules:
        return ""
    return (
        f"@media screen{{{by_choice}}}@media screen and (prefers-color-scheme:dark){{{by_system}}}"
    )


def _twin(colour: str) -> str:
    """Return the colour, or a lighter one of its hue that stands out from the dark page."""
    hue, light, full = colorsys.rgb_to_hls(*_parts(colour))
    made = colour
    while _luminance(made) < _LEAST_LIGHT:
        light += 0.02
        red, green, blue = (round(255 * x) for x in colorsys.hls_to_rgb(hue, light, full))
        made = f"#{red:02x}{green:02x}{blue:02x}"
    return made


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in _parts(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _parts(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hexed(colour: str) -> str | None:
    text = _NAMED.get(colour.strip().lower(), colour.strip().lower())
    if found := re.fullmatch(r"rgb\(\s*(\d+),\s*(\d+),\s*(\d+)\s*\)", text):
        return "#" + "".join(f"{min(int(x), 255):02x}" for x in found.groups())
    if re.fullmatch(r"#[0-9a-f]{3}", text):
        return "#" + "".join(x * 2 for x in text[1:])
    return text if re.fullmatch(r"#[0-9a-f]{6}", text) else None
