"""Drawings inside the page: charts made elsewhere, and the intervals beside a table's rows."""

from __future__ import annotations

import colorsys
import importlib
import re
from dataclasses import dataclass
from typing import Any

from mpsurvey.errors import MpsurveyError
from mpsurvey.publication.document import Cell
from mpsurvey.publication.pages.elements import Html, clean, element

__all__ = ["Scale", "dark_twins", "inline_svg", "interval"]

etree: Any = importlib.import_module("lxml.etree")

_SVG = "http://www.w3.org/2000/svg"
_SHAPES = frozenset(
    {
        *("svg", "g", "path", "line", "rect", "circle", "ellipse", "polygon", "polyline"),
        *("text", "tspan", "defs", "clipPath", "linearGradient", "radialGradient", "stop"),
        *("pattern", "mask", "marker"),
    }
)
_KEPT = frozenset(
    {
        *("d", "x", "y", "x1", "x2", "y1", "y2", "dx", "dy", "cx", "cy", "r", "rx", "ry", "points"),
        *("width", "height", "viewBox", "transform", "fill", "fill-opacity", "fill-rule"),
        *("stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-dashoffset"),
        *("stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "opacity", "offset"),
        *("stop-color", "stop-opacity", "gradientUnits", "gradientTransform", "clip-path", "mask"),
        *("clip-rule", "id", "text-anchor", "dominant-baseline", "alignment-baseline", "dir"),
        *("font-size", "font-weight", "font-style", "patternUnits", "patternTransform"),
        *("clipPathUnits", "maskUnits", "textLength", "lengthAdjust", "xml:space", "direction"),
        *("marker-start", "marker-end", "markerWidth", "markerHeight", "refX", "refY", "orient"),
        *("letter-spacing", "text-decoration", "visibility", "display", "unicode-bidi"),
    }
)
_DEFAULTS = {
    ("opacity", "1"),
    ("fill-opacity", "1"),
    ("stroke-opacity", "1"),
    ("stroke-width", "1"),
}
_LONG = re.compile(r"-?\d+\.\d{3,}")
_OWN = re.compile(r"url\(\s*['\"]?#([^'\")]+)['\"]?\s*\)")
_NAMED = {"black": "#000", "white": "#fff", "gray": "#808080", "grey": "#808080"}
# A contrast of 4 to the dark page (luminance 0.014); WCAG 2.2 asks 3 of graphics.
_LEAST_LIGHT = 4 * (0.014 + 0.05) - 0.05
_TONES = ((0.35, "ink"), (0.68, "quiet"), (0.94, "rule"), (1.01, "paper"))


def inline_svg(text: str, *, anchor: str, title: str, words: str) -> Html:
    """Return an SVG to put into a page: shapes and letters, and nothing that acts or is fetched.

    Greys become those of the page, so that the chart follows its light and dark. What a mark says
    of itself (``aria-label``) stays with it, for hovering and the keyboard.

    Parameters
    ----------
    text
        The SVG, as a chart makes it.
    anchor
        Name of the chart on the page; names inside the SVG begin with it.
    title, words
        What the chart shows, and the same in words.

    Raises
    ------
    MpsurveyError
        The text is no SVG.
    """
    reader = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
    try:
        root = etree.fromstring(text.encode("utf-8"), reader)
    except etree.XMLSyntaxError as error:
        raise MpsurveyError(f"The chart '{anchor}' is no SVG: {error.msg}") from error
    if etree.QName(root).localname != "svg":
        raise MpsurveyError(f"The chart '{anchor}' is no SVG but <{root.tag}>.")
    on_paper = _letters_on_shapes(root)
    body = "".join(_shape(child, anchor, on_paper=on_paper) for child in root)
    width, height = root.get("width", "600"), root.get("height", "400")
    box = root.get("viewBox") or f"0 0 {_length(width)} {_length(height)}"
    return element(
        "svg",
        element("title", title, id=f"{anchor}-title"),
        element("desc", words, id=f"{anchor}-words"),
        Html(body),
        viewBox=box,
        width=_length(width),
        height=_length(height),
        role="img",
        aria_labelledby=f"{anchor}-title",
        aria_describedby=f"{anchor}-words",
        class_="on-paper" if on_paper else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Both ends of the scale of a table's intervals, and where the figure for all stands on it."""

    low: float
    high: float
    whole: float | None = None

    def spot(self, value: float) -> str:
        """Return where a value stands, in the units of the drawing."""
        far = 6 + 148 * (value - self.low) / (self.high - self.low)
        return f"{far:.1f}".removesuffix(".0")


def interval(estimate: Cell, low: Cell, high: Cell, scale: Scale) -> Html:
    """Draw a dot and its interval; the numbers stand in the row, so the drawing is decoration.

    Nothing is drawn for a figure that is withheld.
    """
    if estimate.value is None:
        return Html("")
    whole = (
        "" if scale.whole is None else f'<path class="all" d="M{scale.spot(scale.whole)} 0V16"/>'
    )
    line = ""
    if low.value is not None and high.value is not None:
        line = f'<path d="M{scale.spot(low.value)} 8H{scale.spot(high.value)}"/>'
    return Html(
        '<svg class="interval" viewBox="0 0 160 16" aria-hidden="true">'
        f'{whole}{line}<circle cx="{scale.spot(estimate.value)}" cy="8" r="4"/></svg>'
    )


def _shape(node: Any, anchor: str, *, on_paper: bool) -> str:
    if not isinstance(node.tag, str) or etree.QName(node).localname not in _SHAPES:
        return ""
    tag = etree.QName(node).localname
    if node.get("display") == "none" or (tag == "path" and not node.get("d", "").strip()):
        return ""
    role = node.get("class") or ""
    attributes = _attributes(node, anchor, tag, on_paper=on_paper)
    inside = "".join(_shape(child, anchor, on_paper=on_paper) for child in node)
    if tag in ("text", "tspan"):
        inside = _letters(node.text) + "".join(
            _shape(child, anchor, on_paper=on_paper) + _letters(child.tail) for child in node
        )
    if tag == "g" and not (inside and attributes):
        return inside
    if "background" in role and not re.search("fill|stroke", attributes):
        return ""
    return f"<{tag}{attributes}>{inside}</{tag}>" if inside else f"<{tag}{attributes}/>"


def _attributes(node: Any, anchor: str, tag: str, *, on_paper: bool) -> str:
    said: dict[str, str] = {}
    classes: list[str] = []
    for name, value in node.attrib.items():
        if name not in _KEPT or (name, value) in _DEFAULTS:
            continue
        value = _OWN.sub(rf"url(#{anchor}-\1)", value)
        if "url(" in value and f"url(#{anchor}-" not in value:
            continue
        if name == "id":
            value = f"{anchor}-{value}"
        if name in ("fill", "stroke") and not on_paper and (tone := _tone(value)):
            classes.append(f"{name}-{tone}")
            continue
        said[name] = _LONG.sub(lambda found: f"{float(found.group()):.2f}", value)
    label = node.get("aria-label") or node.findtext(f"{{{_SVG}}}title")
    if label and tag not in ("g", "svg"):
        said["data-says"] = label
    if classes:
        said["class"] = " ".join(classes)
    made = element("x", **{name.replace("-", "_"): value for name, value in said.items()})
    return made.removeprefix("<x").removesuffix("></x>")


def _letters(text: str | None) -> str:
    return str(element("x", clean(text or "")))[3:-4]


def _letters_on_shapes(root: Any) -> bool:
    """Whether words stand on coloured areas, which keep the colours that the words were set for."""
    kinds = " ".join(node.get("class") or "" for node in root.iter(f"{{{_SVG}}}g"))
    area = re.search(r"mark-(rect|arc|shape) role-mark", kinds)
    return bool(area and "mark-text role-mark" in kinds)


def _tone(colour: str) -> str | None:
    """Name of a grey, or None for a colour."""
    text = _NAMED.get(colour.strip().lower(), colour.strip().lower())
    if found := re.fullmatch(r"rgb\(\s*(\d+),\s*(\d+),\s*(\d+)\s*\)", text):
        parts = [int(x) for x in found.groups()]
    elif re.fullmatch(r"#[0-9a-f]{3}", text):
        parts = [int(x * 2, 16) for x in text[1:]]
    elif re.fullmatch(r"#[0-9a-f]{6}", text):
        parts = [int(text[i : i + 2], 16) for i in (1, 3, 5)]
    else:
        return None
    if max(parts) - min(parts) > 24:
        return None
    light = sum(parts) / 765
    return next(name for limit, name in _TONES if light < limit)


def _length(text: str) -> str:
    found = re.match(r"\d+(\.\d+)?", text)
    return found.group() if found else "600"


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
