"""Formulas of docstrings, from their own notation to that of the pages."""

from __future__ import annotations

import re
import textwrap
from typing import Any

from griffe import Extension, Object

BLOCK = re.compile(r"^( *)\.\. math::[ ]*(.*(?:\n(?:\1 +.*|[ ]*$))*)", re.MULTILINE)
INLINE = re.compile(r":math:`([^`]+)`")


class Formulas(Extension):
    """Turn ``.. math::`` blocks and ``:math:`` roles into dollar signs."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Rewrite the docstring of one object."""
        if obj.docstring:
            obj.docstring.value = as_markdown(obj.docstring.value)


def as_markdown(text: str) -> str:
    """Write the formulas of a docstring as Markdown; doubled backticks become single ones."""

    def block(found: re.Match[str]) -> str:
        formula = " ".join(textwrap.dedent(found[2]).split())
        return f"{found[1]}$$\n{found[1]}{formula}\n{found[1]}$$\n\n"

    return INLINE.sub(r"$\1$", BLOCK.sub(block, text)).replace("``", "`")
