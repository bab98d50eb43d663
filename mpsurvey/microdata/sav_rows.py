"""The rows of an SPSS file as NumPy and Arrow columns, block by block.

SPSS keeps rows in elements of eight bytes. Plain files have them one after another. Compressed
files have words of eight one-byte codes: 1 to 251 is a small whole number, 254 eight spaces, 255
the system-missing value, and 253 says that the element stands in full after the word (PSPP
developers' guide, "System File Format"). Here the words are found and the elements are taken column
by column; pyreadstat, which goes cell by cell, stays the reference. What is unusual is left to it:
codes in texts, texts that do not fit their encoding, rows other than declared.
"""

from __future__ import annotations

import codecs
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mpsurvey.microdata.columns import Coded
from mpsurvey.microdata.spss import Content, Dictionary, let_go

__all__ = ["Block", "SavColumn", "UnusualRowsError", "sav_blocks", "sav_columns"]

Words = NDArray[np.uint64]
Codes = NDArray[np.uint8]
LITERAL, END, SPACES, MISSING, BIAS = 253, 252, 254, 255, 100.0
LITERALS = 8  # at most, after a word of codes
BLANK = np.frombuffer(b" " * 8, np.uint64)[0]
PIECE = 1 << 20  # words that are decoded at a time
STRETCH, RUN_UP = 128, 16  # words of a stretch, and how far before it the search begins
LONGEST_PLAIN, SEGMENT = 255, 252
# Where Python and iconv, which pyreadstat uses, read every byte alike.
ALIKE = frozenset({
    "utf-8", "ascii", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1256", "cp1257",
    "iso8859-1", "iso8859-2", "iso8859-5", "iso8859-9", "iso8859-15",
})  # fmt: skip


class UnusualRowsError(Exception):
    """Rows that are left to pyreadstat."""


@dataclass(frozen=True, slots=True)
class SavColumn:
    """Where a variable stands in a row.

    Parameters
    ----------
    at
        Its first element.
    segments
        For text the elements of each of its segments; empty for a number.
    """

    at: int
    segments: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows: columns by name, numbers as `Coded` or float64, texts as Arrow strings."""

    rows: int
    columns: Mapping[str, Coded | np.ndarray | pa.Array]


def sav_columns(dictionary: Dictionary) -> list[SavColumn]:
    """List the variables of a row in file order; a text of several segments is one variable."""
    starts = [at for at, width in enumerate(dictionary.widths) if width >= 0]
    found = []
    k = 0
    while k < len(starts):
        width = dictionary.widths[starts[k]]
        if width == 0:
            found.append(SavColumn(starts[k]))
            k += 1
            continue
        long = dictionary.long_texts.get(dictionary.short_names.get(starts[k] + 1, ""), 0)
        count = -(-long // SEGMENT) if long > LONGEST_PLAIN else 1
        parts = starts[k : k + count]
        if len(parts) < count or any(dictionary.widths[at] <= 0 for at in parts):
            raise UnusualRowsError
        sizes = tuple(-(-dictionary.widths[at] // 8) for at in parts)
        if any(
            at + size != after for at, size, after in zip(parts, sizes, parts[1:], strict=False)
        ):
            raise UnusualRowsError
        found.append(SavColumn(starts[k], sizes))
        k += count
    return found


def sav_blocks(
    content: Content,
    dictionary: Dictionary,
    wanted: Mapping[str, SavColumn],
    encoding: str,
) -> Iterator[Block]:
    """Give the rows of an SPSS file block by block.

    Parameters
    ----------
    wanted
        The columns, by name.
    encoding
        The name of the texts' encoding, as pyreadstat says it.

    Raises
    ------
    UnusualRowsError
        The rows are better read by pyreadstat; possibly after some blocks.
    """
    width = dictionary.elements
    if width == 0 or dictionary.bias != BIAS or not wanted:
        raise UnusualRowsError
    texts = _Texts(encoding)
    left = dictionary.rows if dictionary.rows >= 0 else None
    for taken in _taken(content, dictionary):
        rows = taken.rows if left is None else min(left, taken.rows)
        if left is not None:
            left -= rows
        columns: dict[str, Coded | np.ndarray | pa.Array] = {}
        for name, column in wanted.items():
            if column.segments:
                columns[name] = texts.read(taken, column, rows)
            else:
                columns[name] = taken.numbers(column.at, dictionary)[:rows]
        yield Block(rows, columns)
        if left == 0:
            return
    if left:
        raise UnusualRowsError


@dataclass(frozen=True, slots=True)
class _Plain:
    """Rows of a file that is not compressed, shape (rows, elements)."""

    words: Words

    @property
    def rows(self) -> int:
        return len(self.words)

    def numbers(self, at: int, dictionary: Dictionary) -> np.ndarray:
        return _numbers(np.ascontiguousarray(self.words[:, at]), dictionary)

    def element(self, at: int) -> Words:
        return self.words[:, at]


@dataclass(slots=True)
class _Packed:
    """Rows of a compressed file: a code for each element, and the elements that stand in full.

    Parameters
    ----------
    codes
        Shape (rows, elements).
    literals
        The elements behind code 253, row by row.
    place, column
        Where in `codes`, row by row, each of them belongs, and in which column.
    """

    codes: Codes
    literals: Words
    place: NDArray[np.uint32]
    column: NDArray[np.uint32]

    @classmethod
    def of(cls, codes: Codes, literals: Words) -> _Packed:
        """Note the place of each literal in the table, and its column."""
        # a block has far fewer elements than 2**32, and division is faster
        place = np.flatnonzero(codes.reshape(-1) == LITERAL).astype(np.uint32)
        return cls(codes, literals[: len(place)], place, place % np.uint32(codes.shape[1]))

    def rows_of(self, here: NDArray[np.bool_]) -> NDArray[np.uint32]:
        """Return the rows of some literals."""
        return self.place[here] // np.uint32(self.codes.shape[1])

    @property
    def rows(self) -> int:
        return len(self.codes)

    def numbers(self, at: int, dictionary: Dictionary) -> Coded | np.ndarray:
        codes = np.ascontiguousarray(self.codes[:, at])
        here = self.column == at
        rows = self.rows_of(here)
        if not len(rows):
            return Coded(codes, NUMBERS)
        literals = _numbers(self.literals[here], dictionary)
        if len(rows) == len(codes):
            return literals
        values: np.ndarray = NUMBERS.take(codes)
        values[rows] = literals
        return values

    def element(self, at: int) -> Words:
        codes = self.codes[:, at]
        here = self.column == at
        words = np.full(len(codes), BLANK, np.uint64)
        rows = self.rows_of(here)
        words[rows] = self.literals[here]
        if len(rows) + np.count_nonzero(codes == SPACES) != len(codes):
            raise UnusualRowsError
        return words


def _table() -> np.ndarray:
    table = np.arange(256) - BIAS
    table[[0, END, LITERAL, MISSING]] = np.nan
    table[SPACES] = np.frombuffer(b" " * 8, np.float64)[0]
    return table


NUMBERS = _table()


def _numbers(words: Words, dictionary: Dictionary) -> np.ndarray:
    """Read elements as numbers; what the file declares to be none is NaN."""
    native = words.astype(np.uint64) if dictionary.order == "<" else words.byteswap()
    values = native.view(np.float64)
    # these stand for no number and for the ends of open ranges; all are beyond ordinary numbers
    for none in set(dictionary.no_numbers):
        at = native == np.uint64(none)
        if at.any():
            values[at] = np.nan
    return values


def _taken(content: Content, dictionary: Dictionary) -> Iterator[_Plain | _Packed]:
    width = dictionary.elements
    if dictionary.compression == 0:
        count = (len(content) - dictionary.data_at) // (8 * width)
        if dictionary.rows >= 0:
            count = min(count, dictionary.rows)
        whole = np.frombuffer(content, np.uint64, count * width, dictionary.data_at)
        step = max(1, PIECE // width)
        for start in range(0, count, step):
            yield _Plain(whole[start * width : (start + step) * width].reshape(-1, width))
            let_go(content, dictionary.data_at + 8 * width * min(start + step, count))
        return
    if dictionary.compression == 1:
        start = dictionary.data_at
        whole = np.frombuffer(content, np.uint64, (len(content) - start) // 8, start)
        found = _found_in_place(content, whole, start)
    else:
        found = _found(_inflated_words(content, dictionary))
    yield from _packed(found, width)


def _found_in_place(content: Content, whole: Words, start: int) -> Iterator[tuple[Codes, Words]]:
    """Part the words of codes from the literals, a piece at a time."""
    at = 0
    while at < len(whole):
        words = whole[at : at + PIECE]
        marked, end = _code_words(words)
        if not end:
            return
        yield words[:end][marked[:end]].view(np.uint8), words[:end][~marked[:end]]
        at += end
        let_go(content, start + 8 * at)


def _found(parts: Iterator[Words]) -> Iterator[tuple[Codes, Words]]:
    """Do the same with words that come in parts, whose ends may cut a group."""
    rest: Words = np.empty(0, np.uint64)
    for part in parts:
        words = np.concatenate([rest, part])
        marked, end = _code_words(words)
        yield words[:end][marked[:end]].view(np.uint8), words[:end][~marked[:end]]
        rest = words[end:]


def _inflated_words(content: Content, dictionary: Dictionary) -> Iterator[Words]:
    """Inflate the blocks of a .zsav file, which its trailer lists."""
    order = dictionary.order
    try:
        start = dictionary.data_at
        _, trailer, _ = struct.unpack(order + "3q", content[start : start + 24])
        _, _, _, count = struct.unpack(order + "2q2i", content[trailer : trailer + 24])
        left = b""
        for k in range(count):
            at = trailer + 24 * (k + 1)
            _, place, size, packed = struct.unpack(order + "2q2i", content[at : at + 24])
            part = zlib.decompress(content[place : place + packed])
            if len(part) != size:
                raise UnusualRowsError
            part = left + part
            whole = len(part) // 8 * 8
            left = part[whole:]
            yield np.frombuffer(part, np.uint64, whole // 8)
    except (struct.error, zlib.error):
        raise UnusualRowsError from None


def _packed(found: Iterator[tuple[Codes, Words]], width: int) -> Iterator[_Packed]:
    """Cut codes and literals into rows."""
    codes: Codes = np.empty(0, np.uint8)
    literals: Words = np.empty(0, np.uint64)
    for new, behind in found:
        ended = np.flatnonzero(new == END)[:1]
        some = new[: ended[0]] if len(ended) else new
        if not some.all():  # code 0 fills up
            some = some[some != 0]
        codes = np.concatenate([codes, some])
        literals = np.concatenate([literals, behind])
        rows = len(codes) // width
        if rows:
            taken = _Packed.of(codes[: rows * width].reshape(rows, width), literals)
            yield taken
            codes, literals = codes[rows * width :], literals[len(taken.place) :]
        if len(ended):
            return


def _code_words(words: Words) -> tuple[NDArray[np.bool_], int]:
    """Mark the words that hold codes, the first of which is the first word.

    Each word of codes says how many words later the next one is, so they are a chain, which NumPy
    cannot follow. It is followed in many stretches at once. A stretch begins its search a little
    earlier: searches that start between two words of codes soon fall in step. Where one did not,
    the true chain is followed word by word until the two meet.

    Returns
    -------
    tuple
        A mark for each word, and where the first word of codes stands whose literals are not all
        there (or the end).
    """
    count = len(words)
    # the highest byte of the product is the sum of the eight marks
    steps = (words.view(np.uint8) == LITERAL).view(np.uint64) * np.uint64(0x0101010101010101)
    steps >>= np.uint64(56)
    steps += np.uint64(1)
    step = steps.view(np.intp)
    marked = np.zeros(count, bool)
    starts = np.arange(0, count, STRETCH)
    stops = np.minimum(starts + STRETCH, count)
    at = np.maximum(starts - RUN_UP, 0)
    while True:
        early = at < starts
        if not early.any():
            break
        at = np.where(early, at + step.take(at, mode="clip"), at)
    first = at.copy()
    ends = at.copy()  # where each stretch's chain leaves it
    alive = np.flatnonzero(at < stops)
    at, limit = at[alive], stops[alive]
    while len(alive):
        marked[at] = True
        at += step.take(at, mode="clip")
        inside = at < limit
        if not inside.all():
            out = ~inside
            ends[alive[out]] = at[out]
            alive, at, limit = alive[inside], at[inside], limit[inside]
    for k in np.flatnonzero(first[1:] != ends[:-1]).tolist() if count else ():
        _mend(marked, step, k + 1, first, ends, stops)
    # a mended stretch may leave its end elsewhere; the next one is mended in its turn
    end = int(ends[-1]) if count else 0
    if end > count:
        near = max(count - 1 - LITERALS, 0)
        return marked, near + int(np.flatnonzero(marked[near:])[-1])
    return marked, count


def _mend(
    marked: NDArray[np.bool_],
    step: NDArray[np.intp],
    k: int,
    first: NDArray[np.intp],
    ends: NDArray[np.intp],
    stops: NDArray[np.intp],
) -> None:
    """Put the true chain into a stretch and, where it leaves that elsewhere, into the next ones."""
    while k < len(stops) and first[k] != ends[k - 1]:
        at, stop = int(ends[k - 1]), int(stops[k])
        true = []
        while at < stop and not marked[at]:
            true.append(at)
            at += int(step[at])
        marked[k * STRETCH : min(at, stop)] = False
        marked[true] = True
        first[k] = ends[k - 1]
        if at < stop:  # from here on the two are one
            return
        ends[k] = at
        k += 1


class _Texts:
    """Texts of one encoding."""

    def __init__(self, encoding: str) -> None:
        try:
            self.codec = codecs.lookup(encoding).name
        except LookupError:
            self.codec = ""
        self.without_null = encoding == "UTF-8"

    def read(self, taken: _Plain | _Packed, column: SavColumn, rows: int) -> pa.Array:
        """Read a text column of a block."""
        total = sum(column.segments)
        words = np.empty((rows, total), np.uint64)
        for k in range(total):
            words[:, k] = taken.element(column.at + k)[:rows]
        raw = words.view(np.uint8).reshape(rows, 8 * total)
        if len(column.segments) > 1:  # the last byte of a full segment is not used
            ends = np.cumsum(column.segments[:-1]) * 8 - 1
            raw = np.delete(raw, ends, axis=1)
        return self._decoded(np.ascontiguousarray(raw), several=len(column.segments) > 1)

    def _decoded(self, raw: Codes, *, several: bool) -> pa.Array:
        rows, size = raw.shape
        if rows == 0:
            return pa.array([], pa.string())
        fixed = pa.FixedSizeBinaryArray.from_buffers(
            pa.binary(size), rows, [None, pa.py_buffer(raw)]
        )
        plain = int(raw.max()) < 128
        null = int(raw.min()) == 0
        if not null and (plain or self.codec == "utf-8"):
            try:
                return pc.ascii_rtrim(fixed.cast(pa.binary()).cast(pa.string()), " ")
            except pa.ArrowInvalid:
                pass
        if (null and several) or not (plain or self.codec in ALIKE):
            raise UnusualRowsError
        coded = fixed.dictionary_encode()
        try:
            words = [self._word(one) for one in coded.dictionary.to_pylist()]
        except UnicodeDecodeError:
            raise UnusualRowsError from None
        return pa.array(words, pa.string()).take(coded.indices)

    def _word(self, raw: bytes) -> str:
        if self.without_null:
            raw = raw.replace(b"\0", b"")
        raw = raw.rstrip(b" \0")
        if raw.isascii():
            text = raw.decode("ascii")
        elif self.codec == "utf-8":  # a letter that the width cut off is left out
            text = codecs.getincrementaldecoder("utf-8")().decode(raw)
        else:
            text = raw.decode(self.codec)
        return text.split("\0", 1)[0]
