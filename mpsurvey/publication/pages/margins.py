"""What a chart draws around its plot: title and notes, which a page says in its own letters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from mpsurvey.publication.pages.colours import luminance, tone

__all__ = ["box_of", "has_letters_on_shapes", "undress"]

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_MOVED = re.compile(r"translate\(\s*(-?[\d.]+)[\s,]+(-?[\d.]+)\s*\)")
_ISOLATES = re.compile("[\u2066-\u2069]")


def box_of(root: Any) -> tuple[float, float, float, float]:
    """Return left, top, width and height of an SVG."""
    found = [float(x) for x in _NUMBER.findall(root.get("viewBox") or "")]
    if len(found) == 4:
        return found[0], found[1], found[2], found[3]
    sizes = [_NUMBER.match(root.get(name) or "") for name in ("width", "height")]
    width, height = (
        float(size.group()) if size else usual
        for size, usual in zip(sizes, (600.0, 400.0), strict=True)
    )
    return 0.0, 0.0, width, height


def undress(root: Any, notes: Sequence[str]) -> tuple[float, float]:
    """Take title and notes out of a chart as Vega draws it; return where the rest begins and ends.

    Parameters
    ----------
    root
        The SVG; it is changed.
    notes
        Notes that the page says. A group of letters that says nothing else goes.
    """
    _, top, _, height = box_of(root)
    bottom = top + height
    for group in _groups(root, "role-title"):
        places = [_height(text) for text in _texts(group)]
        if places:
            top = max(top, min(max(places) + 6.0, bottom))
        group.getparent().remove(group)
    if top and (rest := [_height(text) for text in _texts(root)]):
        top = max(top, min(min(rest) - 16.0, bottom))
    said = " ".join(_plain(note) for note in notes)
    for group in _groups(root, "mark-text role-mark"):
        texts = _texts(group)
        lines = [_plain("".join(text.itertext())) for text in texts]
        if not lines or not all(line and line in said for line in lines):
            continue
        # A column of figures may be part of the notes too; the notes are most of their own words.
        if sum(map(len, lines)) > 0.6 * len(said):
            bottom = max(min(bottom, min(_height(text) for text in texts) - 14.0), top + 1)
            group.getparent().remove(group)
    return top, bottom


def has_letters_on_shapes(root: Any) -> bool:
    """Whether words stand on coloured areas, which keep the colours that the words were set for."""
    if not _groups(root, "mark-text role-mark"):
        return False
    letters = {
        text.get("fill", "") for group in _groups(root, "role-mark") for text in _texts(group)
    }
    if any(tone(colour) == "paper" for colour in letters):
        return True
    areas = [
        shape.get("fill", "")
        for group in _groups(root, "role-mark")
        if re.search("mark-(rect|arc|shape)", group.get("class", ""))
        for shape in group
    ]
    return any(tone(area) is None and (luminance(area) or 0.0) > 0.3 for area in areas)


def _groups(root: Any, role: str) -> list[Any]:
    wanted = set(role.split())
    groups = [node for node in root.iter() if isinstance(node.tag, str) and _is(node, "g")]
    return [node for node in groups if wanted <= set(node.get("class", "").split())]


def _texts(group: Any) -> list[Any]:
    return [node for node in group.iter() if isinstance(node.tag, str) and _is(node, "text")]


def _is(node: Any, name: str) -> bool:
    tag: str = node.tag
    return tag.rpartition("}")[2] == name


def _height(node: Any) -> float:
    """Where a text stands, from the top: what it and the groups around it were moved by."""
    total = float(node.get("y") or 0)
    while node is not None:
        total += sum(float(down) for _, down in _MOVED.findall(node.get("transform") or ""))
        node = node.getparent()
    return total


def _plain(text: str) -> str:
    return " ".join(_ISOLATES.sub("", text).split())
