"""Markup that is safe because of how it is made: whatever is not markup is escaped."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from mpsurvey.publication.safe_text import legible

__all__ = ["Child", "Html", "clean", "element", "joined"]

_VOID = frozenset({"br", "hr", "input", "link", "meta"})
_OPENS, _CLOSES = "\u2066\u2067\u2068", "\u2069"


class Html(str):
    """Text that is markup already; any other text is escaped where it is put into an element."""

    __slots__ = ()


Child = str | None


def element(tag: str, *children: Child, **attributes: str | int | bool | None) -> Html:
    """Return an element.

    Parameters
    ----------
    tag
        Its name.
    children
        Text, which is escaped, or `Html`, which is not; None is left out.
    attributes
        A name ends in ``_`` where it is a word of Python, and ``_`` within it stands for ``-``.
        None and False leave an attribute out, True writes it without a value.

    >>> element("a", "R & D", href="#x", class_="far")
    '<a href="#x" class="far">R &amp; D</a>'
    """
    start = tag + "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in _VOID:
        return Html(f"<{start}>")
    return Html(f"<{start}>{joined(*children)}</{tag}>")


def joined(*children: Child) -> Html:
    """Return children one after the other: text escaped, markup as it is."""
    return Html(
        "".join(
            child if isinstance(child, Html) else escape(clean(child), quote=False)
            for child in children
            if child is not None
        )
    )


def clean(text: str) -> str:
    r"""Return legible text that leaves the order of what stands beside it alone.

    Isolates stay where each is closed; a label that opens one and never closes it would reorder
    what stands beside it.

    >>> clean("pay\u202egnp.exe\u2066")
    'paygnp.exe'
    """
    text = legible(text)
    depth = 0
    for sign in text:
        if sign in _OPENS:
            depth += 1
        elif sign == _CLOSES:
            depth -= 1
            if depth < 0:
                break
    return text if depth == 0 else re.sub(f"[{_OPENS}{_CLOSES}]", "", text)


def _attribute(name: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    said = name.rstrip("_").replace("_", "-")
    return f" {said}" if value is True else f' {said}="{escape(clean(str(value)))}"'
