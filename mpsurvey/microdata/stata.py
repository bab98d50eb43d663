"""The structure of a Stata file: what its header declares, its characteristics, its end.

Releases 105 to 115 are a plain sequence of binary fields; 117 to 119 mark the same fields with tags
and hold a map of their places. StataCorp documents both in "File formats .dta" (``help dta``).
Values are left to pyreadstat.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from mmap import mmap
from typing import Any

import numpy as np

from mpsurvey.errors import FileUnreadable

__all__ = ["StataFile", "is_stata", "parse_stata"]

Content = bytes | mmap
RELEASES = (105, 108, 110, 111, 113, 114, 115, 117, 118, 119)
LETTERS = {"b": "i1", "i": "i2", "l": "i4", "f": "f4", "d": "f8"}
BYTE_CODES = {251: "i1", 252: "i2", 253: "i4", 254: "f4", 255: "f8"}
WORD_CODES = {65530: "i1", 65529: "i2", 65528: "i4", 65527: "f4", 65526: "f8"}
STRL = 32768
CUT = "The file is cut short: {what}. Ask for it again, or copy it again."


@dataclass(frozen=True, slots=True)
class StataFile:
    """What a Stata file says about itself.

    Parameters
    ----------
    release
        The release of the format, 105 to 119.
    rows
        The number of rows that the header declares.
    columns
        Names of the variables.
    types
        NumPy types of the variables in the data section; ``"strL"`` for long texts.
    order
        Byte order, ``"<"`` or ``">"``.
    data_at, strls_at
        Where the data section and the section of long texts begin.
    characteristics
        ``(variable or "_dta", name, text)`` in file order.
    """

    release: int
    rows: int
    columns: tuple[str, ...]
    types: tuple[str, ...]
    order: str
    data_at: int
    strls_at: int
    characteristics: tuple[tuple[str, str, str], ...]

    @property
    def row_width(self) -> int:
        """Bytes of a row."""
        return sum(8 if kind == "strL" else np.dtype(kind).itemsize for kind in self.types)

    def of(self, owner: str) -> dict[str, str]:
        """Characteristics of the data (``"_dta"``) or of a variable, the last one of a name."""
        return {name: text for whose, name, text in self.characteristics if whose == owner and text}


def is_stata(head: bytes) -> bool:
    """Whether the first bytes are those of a Stata file."""
    if head.startswith(b"<stata_dta>"):
        return True
    return len(head) >= 4 and head[0] in range(102, 116) and head[1] in (1, 2) and head[2] == 1


def parse_stata(content: Content, name: str) -> StataFile:
    """Read the structure of a Stata file.

    Raises
    ------
    FileUnreadable
        Where the file is cut short, or of a release that is not known.
    """
    try:
        if content[:11] == b"<stata_dta>":
            return _parse_tagged(content, name)
        return _parse_plain(content, name)
    except (struct.error, IndexError, ValueError, TypeError) as error:
        if isinstance(error, FileUnreadable):
            raise
        raise FileUnreadable(f"{name}: {CUT.format(what='its header does not hold')}") from None


def _text(raw: bytes, release: int) -> str:
    raw = raw.split(b"\0", 1)[0]
    return raw.decode("utf-8" if release >= 118 else "cp1252", errors="replace")


class _Cursor:
    """A place in the bytes that moves on as fields are read."""

    def __init__(self, content: Content, order: str) -> None:
        self.content, self.order, self.at = content, order, 0

    def take(self, count: int) -> bytes:
        if count < 0 or self.at + count > len(self.content):
            raise IndexError
        self.at += count
        return self.content[self.at - count : self.at]

    def number(self, code: str) -> int:
        value: Any = struct.unpack(self.order + code, self.take(struct.calcsize(code)))[0]
        return int(value)


def _parse_plain(content: Content, name: str) -> StataFile:
    release = content[0]
    if release not in RELEASES:
        raise FileUnreadable(
            f"{name}: release {release} of the Stata format is not known here. "
            "Open it in Stata and save it again."
        )
    cursor = _Cursor(content, ">" if content[1] == 1 else "<")
    cursor.take(4)
    count = cursor.number("H")
    rows = cursor.number("i")
    cursor.take(32 if release <= 105 else 81)  # data label
    cursor.take(18)  # time stamp
    types = cursor.take(count)
    width = 9 if release <= 108 else 33
    columns = tuple(_text(cursor.take(width), release) for _ in range(count))
    cursor.take(2 * (count + 1))  # sort order
    cursor.take(count * (49 if release >= 114 else 12))  # formats
    cursor.take(count * width)  # names of value labels
    cursor.take(count * (32 if release <= 105 else 81))  # variable labels
    characteristics = []
    while True:
        kind = cursor.number("B")
        length = cursor.number("i" if release >= 110 else "h")
        if kind == 0:
            break
        field = cursor.take(length)
        if kind == 1:
            owner, key = field[:width], field[width : 2 * width]
            characteristics.append(
                (_text(owner, release), _text(key, release), _text(field[2 * width :], release))
            )
    kinds = tuple(_kind(code, release, cursor.order) for code in types)
    row_width = sum(np.dtype(kind).itemsize for kind in kinds)
    data_at = cursor.at
    have = len(content) - cursor.at
    if have < row_width * rows:
        what = f"{have // max(row_width, 1):,} of {rows:,} rows are there"
        raise FileUnreadable(f"{name}: {CUT.format(what=what)}")
    cursor.take(row_width * rows)
    if release >= 108:
        _walk_labels(cursor, release, name)
    return StataFile(
        release, rows, columns, kinds, cursor.order, data_at, 0, tuple(characteristics)
    )


def _kind(code: int, release: int, order: str) -> str:
    if release >= 117:
        number = WORD_CODES.get(code)
        return "strL" if code == STRL else (order + number if number else f"S{code}")
    if release >= 111:
        return order + BYTE_CODES[code] if code in BYTE_CODES else f"S{code}"
    return order + LETTERS[chr(code)] if chr(code) in LETTERS else f"S{code - 127}"


def _walk_labels(cursor: _Cursor, release: int, name: str) -> None:
    """Follow the value labels to the end of the file: a cut file stops inside one of them."""
    try:
        while cursor.at < len(cursor.content):
            length = cursor.number("i")
            cursor.take(9 if release <= 108 else 33)
            cursor.take(3)
            cursor.take(length)
    except (struct.error, IndexError):
        raise FileUnreadable(
            f"{name}: {CUT.format(what='it ends inside the value labels')}"
        ) from None


def _parse_tagged(content: Content, name: str) -> StataFile:
    release = int(_between(content, b"<release>", b"</release>", name))
    if release not in RELEASES:
        raise FileUnreadable(
            f"{name}: release {release} of the Stata format is not known here. "
            "Save it from Stata with 'saveold'."
        )
    if not content[-64:].rstrip(b"\0\r\n ").endswith(b"</stata_dta>"):
        raise FileUnreadable(f"{name}: {CUT.format(what='its end mark is missing')}")
    order = ">" if _between(content, b"<byteorder>", b"</byteorder>", name) == b"MSF" else "<"
    count = _unpacked(content, b"<K>", order + ("I" if release == 119 else "H"))
    rows = _unpacked(content, b"<N>", order + ("I" if release == 117 else "Q"))
    width = 33 if release == 117 else 129
    map_at = content.find(b"<map>", 0, 4096) + len(b"<map>")
    start = content.find(b"<varnames>") + len(b"<varnames>")
    if start + width * count > len(content):
        raise IndexError
    columns = tuple(
        _text(content[start + k * width : start + (k + 1) * width], release) for k in range(count)
    )
    types_at = content.find(b"<variable_types>") + len(b"<variable_types>")
    codes = struct.unpack(f"{order}{count}H", content[types_at : types_at + 2 * count])
    kinds = tuple(_kind(code, release, order) for code in codes)
    places = struct.unpack(f"{order}14Q", content[map_at : map_at + 14 * 8])
    data_at, strls_at = places[9] + len(b"<data>"), places[10] + len(b"<strls>")
    row_width = sum(8 if kind == "strL" else np.dtype(kind).itemsize for kind in kinds)
    end = data_at + row_width * rows
    if content[places[9] : data_at] != b"<data>" or content[end : end + 7] != b"</data>":
        raise FileUnreadable(
            f"{name}: it is damaged: its rows do not stand where its map says. "
            "Open it in Stata and save it again."
        )
    return StataFile(
        release,
        rows,
        columns,
        kinds,
        order,
        data_at,
        strls_at,
        _tagged_characteristics(content, order, release),
    )


def _tagged_characteristics(
    content: Content, order: str, release: int
) -> tuple[tuple[str, str, str], ...]:
    width = 33 if release == 117 else 129
    found = []
    at = content.find(b"<characteristics>")
    if at < 0:
        return ()
    at += len(b"<characteristics>")
    while content[at : at + 4] == b"<ch>":
        (length,) = struct.unpack(order + "I", content[at + 4 : at + 8])
        field = content[at + 8 : at + 8 + length]
        found.append(
            (
                _text(field[:width], release),
                _text(field[width : 2 * width], release),
                _text(field[2 * width :], release),
            )
        )
        at += 8 + length + len(b"</ch>")
    return tuple(found)


def _between(content: Content, opening: bytes, closing: bytes, name: str) -> bytes:
    start = content.find(opening, 0, 4096)
    end = content.find(closing, start)
    if start < 0 or end < 0:
        raise FileUnreadable(f"{name}: {CUT.format(what='its header is incomplete')}")
    return content[start + len(opening) : end]


def _unpacked(content: Content, opening: bytes, code: str) -> int:
    start = content.find(opening, 0, 4096) + len(opening)
    value: Any = struct.unpack(code, content[start : start + struct.calcsize(code)])[0]
    return int(value)
