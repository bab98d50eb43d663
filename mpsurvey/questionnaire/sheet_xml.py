"""The XML of a workbook's parts: read with care, written whole."""

from __future__ import annotations

import importlib
import re
from typing import Any

from mpsurvey.errors import ExtraMissing

__all__ = [
    "CELL",
    "MAIN",
    "RELATIONS",
    "column_letters",
    "column_number",
    "etree",
    "parsed",
    "serialised",
    "tag",
]

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
CELL = re.compile(r"([A-Z]{1,3})(\d+)")


def etree() -> Any:
    """Return lxml's etree, or say that it is not installed."""
    try:
        return importlib.import_module("lxml.etree")
    except ImportError as error:
        raise ExtraMissing("Editing a workbook", "forms") from error


def parsed(content: bytes) -> Any:
    """Parse XML that others wrote: no entities, no network, no giant trees."""
    library = etree()
    parser = library.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    return library.fromstring(content, parser)


def tag(name: str) -> str:
    """Return the name of an element of a sheet with its namespace."""
    return f"{{{MAIN}}}{name}"


def column_letters(number: int) -> str:
    """Return the letters of a column counted from 1.

    >>> column_letters(1), column_letters(28)
    ('A', 'AB')
    """
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """Return the number of a column, counted from 1."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def serialised(root: Any) -> bytes:
    """Return a part as it is written into the file."""
    out: bytes = etree().tostring(
        root.getroottree(), xml_declaration=True, encoding="UTF-8", standalone=True
    )
    return out
