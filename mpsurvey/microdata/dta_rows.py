"""The rows of a Stata file as NumPy columns.

Its data section is a plain table of fixed-width records, so NumPy takes whole columns from it.
pyreadstat 1.3.7 is not used for them: it goes cell by cell, and in columns of whole numbers it
leaves uninitialised memory in cells that hold a plain "." after the first ".a" of the column.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mpsurvey.errors import FileUnreadable
from mpsurvey.microdata.stata import Content, StataFile

__all__ = ["StataColumn", "take_columns"]

# What "." is in each type up to release 112, and from 113 on; ".a" to ".z" follow from 113 on.
OLD_MISSING = {"i1": 127, "i2": 32767, "i4": 2147483647}
MISSING = {"i1": 101, "i2": 32741, "i4": 2147483621}
# Floating-point missing values by their bits, and the step from one letter to the next
FLOAT_MISSING = {"f4": (0x7F000000, 0x800, "u4"), "f8": (0x7FE0000000000000, 1 << 40, "u8")}
FIRST_WITH_LETTERS = 113
BINARY = 129
LIKELY = ("utf-8", "cp1252", "latin-1")


@dataclass(frozen=True, slots=True)
class StataColumn:
    """A column's values and where its special missing values stand.

    Parameters
    ----------
    values
        float64 or int64 numbers, NaN where missing; or text.
    letters
        Pairs of a special missing value (``".a"``) and its row numbers.
    encoding
        For text: how it was read.
    binary
        Whether texts were left out because they hold binary data.
    """

    values: Any
    letters: tuple[tuple[str, np.ndarray], ...] = ()
    encoding: str | None = None
    binary: bool = False


def take_columns(
    content: Content,
    file: StataFile,
    names: Sequence[str],
    encoding: str | None,
    name: str,
    *,
    first: int = 0,
    count: int | None = None,
) -> dict[str, StataColumn]:
    """Take columns out of a Stata file: all rows, or `count` of them from row `first` on.

    Text is read in `encoding`; without one in UTF-8 where its bytes are that, which they must be
    from release 118 on, else in windows-1252.

    Raises
    ------
    FileUnreadable
        A text is not in the `encoding` that was asked for.
    """
    record = np.dtype(
        {
            "names": [f"c{k}" for k in range(len(file.types))],
            "formats": [kind if kind != "strL" else "V8" for kind in file.types],
        }
    )
    count = file.rows - first if count is None else min(count, file.rows - first)
    start = file.data_at + first * record.itemsize
    rows = np.frombuffer(content, dtype=record, count=count, offset=start)
    places = {column: k for k, column in enumerate(file.columns)}
    long_texts: dict[tuple[int, int], bytes | None] | None = None
    taken = {}
    try:
        for wanted in names:
            k = places[wanted]
            kind, cells = file.types[k], np.ascontiguousarray(rows[f"c{k}"])
            if kind == "strL":
                if long_texts is None:
                    long_texts = _long_texts(content, file)
                taken[wanted] = _long_text_column(cells, file, long_texts, encoding)
            elif kind.startswith("S"):
                codes, distinct = pd.factorize(cells)
                texts = [one.split(b"\0", 1)[0] for one in distinct.tolist()]
                taken[wanted] = _text_column(codes, texts, encoding, file.release)
            else:
                taken[wanted] = _number_column(cells, file.release)
    except UnicodeDecodeError:
        raise FileUnreadable(
            f"{name}: the text in '{wanted}' is not {encoding}. "
            "Leave the encoding out, or name another."
        ) from None
    finally:
        del rows  # the file's memory map cannot close while an array looks into it
    return taken


def _number_column(cells: np.ndarray, release: int) -> StataColumn:
    kind = cells.dtype.str[1:]
    if kind in FLOAT_MISSING:
        dot, step, unsigned = FLOAT_MISSING[kind]
        bits = cells.view(cells.dtype.str[0] + unsigned).astype(np.uint64)
        # from the bits of "." on, without the sign, there is nothing but missing values
        absent = (bits >= dot) & (bits < (1 << (8 * cells.dtype.itemsize - 1)))
        letter = np.where(absent, (bits - np.uint64(dot)) // np.uint64(step), 0)
        values = cells.astype(np.float64)
    else:
        dot = MISSING[kind] if release >= FIRST_WITH_LETTERS else OLD_MISSING[kind]
        absent = cells >= dot
        if not absent.any():
            return StataColumn(cells.astype(np.int64))
        letter = np.where(absent, cells.astype(np.int64) - dot, 0)
        values = cells.astype(np.float64)
    values[absent] = np.nan
    if release < FIRST_WITH_LETTERS:
        return StataColumn(values)
    found = tuple(
        (f".{chr(ord('a') + k - 1)}", np.flatnonzero(letter == k))
        for k in np.unique(letter[absent]).tolist()
        if 1 <= k <= 26
    )
    return StataColumn(values, found)


def _text_column(
    codes: np.ndarray, texts: list[bytes], encoding: str | None, release: int
) -> StataColumn:
    words, used = _decoded(texts, encoding, release)
    table = np.array([*words, None], dtype=object)
    return StataColumn(pd.Series(table[codes]), encoding=used)


def _decoded(texts: list[bytes], encoding: str | None, release: int) -> tuple[list[str], str]:
    if encoding is not None:
        return [one.decode(encoding) for one in texts], encoding
    for guess in LIKELY:
        try:
            words = [one.decode(guess) for one in texts]
        except UnicodeDecodeError:
            continue
        plain = guess == "utf-8" and all(one.isascii() for one in texts)
        declared = release >= 118 and guess == "utf-8"
        return words, "" if plain or declared else guess
    raise AssertionError("latin-1 takes any byte")


def _long_texts(content: Content, file: StataFile) -> dict[tuple[int, int], bytes | None]:
    """Read the section of long texts: by variable and observation, ``None`` where binary."""
    found: dict[tuple[int, int], bytes | None] = {}
    head = file.order + ("IIBI" if file.release == 117 else "IQBI")
    size = struct.calcsize(head)
    at = file.strls_at
    while content[at : at + 3] == b"GSO":
        variable, observation, kind, length = struct.unpack(head, content[at + 3 : at + 3 + size])
        at += 3 + size
        body = content[at : at + length]
        at += length
        found[variable, observation] = body.rstrip(b"\0") if kind != BINARY else _as_text(body)
    return found


def _as_text(body: bytes) -> bytes | None:
    """Return a text that is stored as binary data, ``None`` for anything that is no text."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if b"\0" in body.rstrip(b"\0") else body.rstrip(b"\0")


def _long_text_column(
    cells: np.ndarray,
    file: StataFile,
    long_texts: Mapping[tuple[int, int], bytes | None],
    encoding: str | None,
) -> StataColumn:
    pointers = cells.view(file.order + "u8").astype(np.uint64)
    variable_bits = {117: 32, 118: 16, 119: 24}[file.release]
    codes, distinct = pd.factorize(pointers)
    texts: list[bytes] = []
    binary = False
    for pointer in distinct.tolist():
        if file.order == "<":
            key = (pointer & ((1 << variable_bits) - 1), pointer >> variable_bits)
        else:
            key = (pointer >> (64 - variable_bits), pointer & ((1 << (64 - variable_bits)) - 1))
        text = long_texts.get(key, b"")
        binary |= text is None
        texts.append(text or b"")
    words, used = _decoded(texts, encoding, file.release)
    table = np.array([*words, None], dtype=object)
    return StataColumn(pd.Series(table[codes]), encoding=used, binary=binary)
