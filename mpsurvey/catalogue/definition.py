"""Kinds whose meaning belongs to later stages: kept as data, with their ids and places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mpsurvey.catalogue.marked import Marked, Problems

__all__ = ["Definition", "build_definition"]


@dataclass(frozen=True, slots=True)
class Definition:
    """A weighting recipe, a design preset or another definition, as its file says it.

    Attributes
    ----------
    content
        The whole file as plain data.
    """

    kind: str
    id: str
    version: str
    content: Mapping[str, Any] = field(repr=False)
    theme: str = ""
    replaces: str | None = None
    place: str = ""


def build_definition(node: Marked, problems: Problems, theme: str) -> Definition | None:
    """Make a definition that has at least an id and a version."""
    content = node.plain()
    for key in ("id", "version"):
        if not isinstance(content.get(key), str):
            problems.add(node.line, f"The file has no '{key}' in words, such as {key}: 1.0.0.")
    if problems.found:
        return None
    return Definition(
        content["kind"],
        content["id"],
        content["version"],
        content,
        theme,
        content.get("replaces"),
        f"{problems.file}:{node.line}",
    )
