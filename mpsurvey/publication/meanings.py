"""What the columns of a table and their codes mean, in each language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

__all__ = ["code_names", "column_names"]

Texts = Mapping[str, str]


@cache
def _meanings() -> Mapping[str, Any]:
    text = resources.files("mpsurvey.publication").joinpath("meanings.yaml").read_text("utf-8")
    meanings: Mapping[str, Any] = yaml.safe_load(text)
    return meanings


def column_names(column: str) -> Texts:
    """Return what a fixed column holds, by language; nothing for one that is not fixed."""
    names: Texts = _meanings()["columns"].get(column, {})
    return names


def code_names(column: str) -> Mapping[str, Any]:
    """Return the codes of a fixed column and what each means, by language."""
    names: Mapping[str, Any] = _meanings()["codes"].get(column, {})
    return names
