"""Drawings inside the page: charts made elsewhere, and the intervals beside a table's rows."""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mpsurvey.errors import MpsurveyError
from mpsurvey.publication.document import Cell
from mpsurvey.publication.pages.colours import tone
from mpsurvey.publication.pages.elements import Html, clean, element
from mpsurvey.publication.pages.margins import box_of, has_letters_on_shapes, undress

__all__ = ["Scale", "inline_svg", "interval"]

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
_INHERITED = (
    *("fill", "stroke", "stroke-width", "stroke-dasharray", "fill-opacity", "stroke-opacity"),
    *("text-anchor", "font-size", "font-weight", "font-style"),
)
_DEFAULTS = {
    ("opacity", "1"),
    ("fill-opacity", "1"),
    ("stroke-opacity", "1"),
    ("stroke-width", "1"),
}
_LONG = re.compile(r"-?\d+\.\d{3,}")
_OWN = re.compile(r"url\(\s*['\"]?#([^'\")]+)['\"]?\s*\)")


def inline_svg(
    text: str, *, anchor: str, title: str, words: str, notes: Sequence[str] = ()
) -> Html:
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
    notes
        What stands below the chart on the page. Where the chart draws its title and these notes
        itself they are cut off, so that they stand once and fit the page's width.

    Raises
    ------
    MpsurveyError
        The text is no SVG.
    """
    etree: Any = importlib.import_module("lxml.etree")
    reader = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
    try:
        root = etree.fromstring(text.encode("utf-8"), reader)
    except etree.XMLSyntaxError as error:
        raise MpsurveyError(f"The chart '{anchor}' is no SVG: {error.msg}") from error
    if _name(root) != "svg":
        raise MpsurveyError(f"The chart '{anchor}' is no SVG but <{root.tag}>.")
    top, bottom = undress(root, notes)
    on_paper = has_letters_on_shapes(root)
    _share_styles(root)
    body = "".join(_shape(child, anchor, on_paper=on_paper) for child in root)
    left, _, width, _ = box_of(root)
    height = bottom - top
    return element(
        "svg",
        element("title", title, id=f"{anchor}-title"),
        element("desc", words, id=f"{anchor}-words"),
        Html(body),
        viewBox=f"{left:g} {top:g} {width:g} {height:g}",
        width=f"{width:g}",
        height=f"{height:g}",
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


def _share_styles(root: Any) -> None:
    """Say once, on a group, what all its shapes say: pages with many charts get a third smaller."""
    for group in root.iter(f"{{{_SVG}}}g"):
        shapes = list(group)
        if len(shapes) < 2:
            continue
        for name in _INHERITED:
            values = {shape.get(name) for shape in shapes}
            if len(values) == 1 and None not in values and name not in group.attrib:
                group.set(name, values.pop())
                for shape in shapes:
                    del shape.attrib[name]


def _shape(node: Any, anchor: str, *, on_paper: bool) -> str:
    if not isinstance(node.tag, str) or _name(node) not in _SHAPES:
        return ""
    tag = _name(node)
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
        if name in ("fill", "stroke") and not on_paper and (grey := tone(value)):
            classes.append(f"{name}-{grey}")
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


def _name(node: Any) -> str:
    tag: str = node.tag
    return tag.rpartition("}")[2]
