"""Vega-Lite becomes SVG, PNG and PDF; the only file that calls the renderer."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from mpsurvey.errors import ExtraMissing, MpsurveyError
from mpsurvey.publication.charts.lettering import is_right_to_left
from mpsurvey.publication.charts.small_png import smaller

__all__ = ["as_pdf", "as_png", "as_svg", "has_letters"]

_SVG = "http://www.w3.org/2000/svg"
_VERSION = "6.1"
"""Of Vega-Lite; a fixed one, so that a newer renderer does not change the pictures."""
_ARIA = ("role", "aria-roledescription", "aria-hidden", "aria-label")


def as_svg(spec: Mapping[str, Any], *, name: str, language: str) -> str:
    """Return an SVG that stands alone: one picture with a name, figures told when pointed at.

    What the renderer says about each mark for its own sake (layers, mark types) is taken out: a
    reader of the page hears the chart's text alternative once, not every line in it.
    """
    return _drawn(json.dumps(spec), name, language, _renderer())


@lru_cache(maxsize=32)
def _drawn(spec: str, name: str, language: str, renderer: Any) -> str:
    """Draw once what a writer asks for again for its notes and its PNG."""
    drawn = renderer.vegalite_to_svg(spec, vl_version=_VERSION)
    etree: Any = importlib.import_module("lxml.etree")
    root = etree.fromstring(drawn.encode(), etree.XMLParser(resolve_entities=False))
    for mark in root.iter(f"{{{_SVG}}}*"):
        told = mark.get("aria-label")
        for key in _ARIA:
            mark.attrib.pop(key, None)
        if told is not None and mark.tag in (f"{{{_SVG}}}path", f"{{{_SVG}}}line"):
            title = etree.Element(f"{{{_SVG}}}title")
            title.text = told
            mark.insert(0, title)
    root.set("role", "img")
    root.set("aria-label", name)
    root.set("lang", language)
    # A page that runs from right to left would turn every anchor around.
    root.set("direction", "ltr")
    made: str = etree.tostring(root, encoding="unicode")
    return made


def as_png(svg: str, *, scale: float, language: str) -> bytes:
    """Return a PNG of an SVG."""
    _need_letters(language)
    return smaller(_renderer().svg_to_png(svg, scale=scale, ppi=72 * scale))


def as_pdf(svg: str, *, language: str) -> bytes:
    """Return a PDF of an SVG."""
    _need_letters(language)
    drawn: bytes = _renderer().svg_to_pdf(svg)
    return drawn


def _renderer() -> Any:
    try:
        import vl_convert
    except ImportError as error:
        raise ExtraMissing("Drawing charts", "charts") from error
    return vl_convert


def has_letters(language: str) -> bool:
    """Whether a PNG or PDF in a language would show its letters on this machine."""
    return not is_right_to_left(language) or _has_arabic()


def _need_letters(language: str) -> None:
    if not has_letters(language):
        raise MpsurveyError(
            "No font on this machine has Arabic letters, so that a PNG or PDF would show boxes. "
            "Install DejaVu Sans or Noto Sans Arabic, or write .svg or .html, which use the "
            "reader's fonts."
        )


@cache
def _has_arabic() -> bool:
    """Whether an Arabic letter looks otherwise than a sign that no font has."""
    pictures = [
        _renderer().svg_to_png(
            f'<svg xmlns="{_SVG}" width="40" height="40"><text x="5" y="30" font-size="24" '
            f'font-family="sans-serif">{sign}</text></svg>'
        )
        for sign in ("ش", "\U000ffffd", " ")
    ]
    return pictures[0] not in pictures[1:]
