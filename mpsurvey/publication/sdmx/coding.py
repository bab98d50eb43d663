"""Codes that SDMX takes for values, variables and units."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

__all__ = ["code_ids", "component_ids", "unit_id"]

_UNITS = {
    "percent": "PT",
    "percentage points": "PP",
    "persons": "PS",
    "years": "YR",
    "national currency": "XDC",
    "national currency a year": "XDC_YR",
}


def code_ids(values: Iterable[Any], *, taken: Iterable[str] = ()) -> Mapping[Any, str]:
    """Give each value an id of the letters, digits and signs that SDMX allows.

    Whole numbers and plain codes stay as they are; others are spelt with ``_``, numbered where
    two would be the same.

    >>> dict(code_ids([1, 2.0, "North", "a b", "a/b", "شمال"], taken=("_T",)))
    {1: '1', 2.0: '2', 'North': 'North', 'a b': 'a_b', 'a/b': 'a_b_2', 'شمال': 'V'}
    """
    found: dict[Any, str] = {}
    used = set(taken)
    for value in values:
        if value in found:
            continue
        whole = isinstance(value, float) and value.is_integer()
        plain = re.sub(r"[^A-Za-z0-9_@$-]+", "_", str(int(value) if whole else value))
        stem = plain if plain.strip("_") else "V"
        name, count = stem, 1
        while name in used:
            count += 1
            name = f"{stem}_{count}"
        used.add(name)
        found[value] = name
    return found


def component_ids(names: Iterable[str], *, taken: Iterable[str]) -> Mapping[str, str]:
    """Give each variable the id of a dimension: capitals, a letter first.

    >>> dict(component_ids(["sex", "2nd", "n"], taken=("N",)))
    {'sex': 'SEX', '2nd': 'D_2ND', 'n': 'N_2'}
    """
    capital = {}
    for name in names:
        plain = re.sub(r"[^A-Z0-9_]+", "_", name.upper())
        capital[name] = plain if re.match("[A-Z]", plain) else f"D_{plain}"
    codes: dict[str, str] = {}
    used = set(taken)
    for name, plain in capital.items():
        made = next(iter(code_ids([plain], taken=used).values()))
        used.add(made)
        codes[name] = made
    return codes


def unit_id(unit: str) -> str:
    """Id of a unit of the catalogue, by its English text.

    >>> unit_id("percent"), unit_id("cases per 100,000 workers")
    ('PT', 'CASES_PER_100_000_WORKERS')
    """
    known = _UNITS.get(unit)
    return known or re.sub(r"[^A-Z0-9]+", "_", unit.upper()).strip("_") or "UNIT"


def absent(value: Any) -> bool:
    """Whether a cell holds nothing."""
    return value is None or bool(pd.isna(value))
