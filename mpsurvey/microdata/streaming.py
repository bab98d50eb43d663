"""A survey file as a stream of blocks of rows, each with the dtypes that the whole file has.

The file is gone through twice: first for the different values of each column, on which its dtype,
its kind and the reasons for missing answers rest, then for the rows. Both times a block at a time
is in memory. What comes out is, block by block, what `read` gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mpsurvey.microdata.columns import Coded, RawColumn, as_text, make_column, split_tags
from mpsurvey.microdata.dataset import Microdata
from mpsurvey.microdata.dates import to_temporal
from mpsurvey.microdata.dta_rows import take_columns
from mpsurvey.microdata.miniature import of_one_length, seen
from mpsurvey.microdata.reading import (
    FAMILIES,
    assembled,
    known_encoding,
    mapped,
    raw_column,
    read,
    structure_of,
)
from mpsurvey.microdata.readstat import (
    Contents,
    RawValues,
    sas_rows,
    spss_places,
    stata_metadata,
    stata_remarks,
)
from mpsurvey.microdata.recognition import recognise
from mpsurvey.microdata.sav_rows import UnusualRowsError, sav_blocks
from mpsurvey.microdata.spss import SpssFile, let_go
from mpsurvey.microdata.stata import StataFile
from mpsurvey.microdata.tables import REASON_SUFFIX, arrow_table

__all__ = ["Stream", "open_stream"]

Parts = Iterator[tuple[int, Mapping[str, RawValues]]]
Progress = Callable[[float], None]
CELLS = 4_000_000  # that a block of rows has at most


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """A file whose rows come block by block.

    Parameters
    ----------
    data
        What `read` gives, but with a few rows only that stand for all of them.
    rows
        How many rows the file has.
    schema
        Columns as a parquet file has them: `data`'s, then for each with reasons for missing answers
        a column ``name@missing``; the codebook in its metadata.
    give
        Gives the rows of some of the columns of `schema`, in the order of `schema`.
    """

    data: Microdata
    rows: int
    schema: pa.Schema
    give: Callable[[Sequence[str]], Iterator[pa.RecordBatch]]


def open_stream(
    path: Path, encoding: str | None = None, progress: Progress | None = None
) -> Stream:
    """Go through a file once and make it ready to give its rows.

    CSV, parquet, .por and .xpt files, and files whose rows are unusual, are read whole.

    Parameters
    ----------
    progress
        Called with the share of the rows that were gone through.

    Raises
    ------
    FileUnreadable
        As `read`.
    """
    kind = recognise(path)
    if encoding is not None:
        encoding = known_encoding(encoding)
    if kind in ("sav", "dta", "sas7bdat"):
        try:
            return _streamed(path, kind, encoding, progress or (lambda _: None))
        except UnusualRowsError:
            pass
    return _whole(read(path, encoding=encoding))


def _whole(data: Microdata) -> Stream:
    table = arrow_table(data)

    def give(names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        wanted = [name for name in table.column_names if name in set(names)]
        step = max(1, CELLS // max(1, len(wanted)))
        yield from table.select(wanted).to_batches(max_chunksize=step)

    return Stream(data, len(data), table.schema, give)


def _streamed(path: Path, kind: str, encoding: str | None, progress: Progress) -> Stream:
    with mapped(path) as content:
        structure = structure_of(path, kind, content)
    source: _Spss | _Stata | _Sas
    if isinstance(structure, SpssFile):
        source = _Spss(path, encoding, structure)
    elif isinstance(structure, StataFile):
        source = _Stata(path, encoding, structure)
    else:
        source = _Sas(path, encoding)
    names = source.names
    empty = Contents({name: RawValues(np.empty(0)) for name in names}, source.meta, 0)
    raw = {name: raw_column(name, empty, FAMILIES[kind]) for name in names}
    gathered = {name: seen(one) for name, one in raw.items()}
    rows = 0
    for count, columns in source.parts(names):
        rows += count
        for name, part in columns.items():
            gathered[name].add(part)
        progress(rows / max(source.rows, rows))
    if rows == 0 or not names:
        raise UnusualRowsError
    few, values = of_one_length((name, one.values()) for name, one in gathered.items())
    contents = Contents(values, source.meta, few, source.remarks())
    lost = {name: one.lost_dates for name, one in gathered.items()}
    data = assembled(path, kind, contents, structure, None, lost)
    rules = {}
    for name in names:
        column = make_column(raw_column(name, contents, FAMILIES[kind]))
        codes = column.reasons.codes if column.reasons is not None else ()
        rules[name] = _Rule(raw[name], column.values.dtype, column.variable.kind, codes)
    schema = arrow_table(data).schema
    return Stream(data, rows, schema, partial(_give, source.parts, rules, schema))


@dataclass(frozen=True, slots=True)
class _Rule:
    """What was decided about a column: its dtype, its kind, the codes that are reasons."""

    raw: RawColumn
    dtype: Any
    kind: str
    codes: tuple[Any, ...]

    def apply(self, part: RawValues) -> tuple[Any, np.ndarray]:
        """Return a block's values, and for each row the place of its reason in `codes` or 0."""
        if self.raw.text:
            return self._text(part.values)
        if isinstance(part.values, Coded):
            if self.dtype.kind in "Mm":
                return self._numbers(part.values.numbers(), ())
            values, places = self._numbers(part.values.table, ())
            return values.take(part.values.codes), places.take(part.values.codes)
        numbers, tags = split_tags(part.values)
        return self._numbers(numbers, (*part.letters, *tags))

    def _numbers(
        self, numbers: np.ndarray, letters: Sequence[tuple[str, np.ndarray]]
    ) -> tuple[np.ndarray, np.ndarray]:
        places = np.zeros(len(numbers), np.min_scalar_type(len(self.codes)))
        rows_of = dict(letters)
        for k, code in enumerate(self.codes, start=1):
            places[rows_of.get(code, []) if isinstance(code, str) else numbers == code] = k
        if places.any():
            numbers = np.where(places > 0, np.nan, numbers)
        if self.dtype.kind in "Mm":
            numbers = numbers.astype(np.float64, copy=False)
            return to_temporal(numbers, self.kind, self.raw.family)[0], places  # type: ignore[arg-type]
        if self.dtype.kind == "i" and numbers.dtype.kind == "f":
            numbers = np.where(np.isnan(numbers), 0, numbers)  # of a table's unused places
        return numbers.astype(self.dtype, copy=False), places

    def _text(self, values: Any) -> tuple[Any, np.ndarray]:
        text = as_text(values)
        places = np.zeros(len(text), np.min_scalar_type(len(self.codes)))
        if self.codes:
            stripped = text.str.rstrip()
            for k, code in enumerate(self.codes, start=1):
                places[(stripped == code).to_numpy(dtype=bool)] = k
        return text.mask((text == "") | (places > 0)), places


def _give(
    parts: Callable[[Sequence[str]], Parts],
    rules: Mapping[str, _Rule],
    schema: pa.Schema,
    names: Sequence[str],
) -> Iterator[pa.RecordBatch]:
    wanted = [name for name in schema.names if name in set(names)]
    fields = pa.schema([schema.field(name) for name in wanted], schema.metadata)
    of_columns = [one for one in rules if {one, f"{one}{REASON_SUFFIX}"} & set(wanted)]
    # a batch needs a column to know its rows
    for count, columns in parts(of_columns or list(rules)[:1]):
        made: dict[str, Any] = {}
        for name in of_columns:
            made[name], made[f"{name}{REASON_SUFFIX}"] = rules[name].apply(columns[name])
        arrays = [pa.array(made[one.name], one.type, from_pandas=True) for one in fields]
        whole = [a.combine_chunks() if isinstance(a, pa.ChunkedArray) else a for a in arrays]
        if whole or not count:
            yield pa.RecordBatch.from_arrays(whole, schema=fields)


class _Spss:
    def __init__(self, path: Path, encoding: str | None, file: SpssFile) -> None:
        self.path, self.file = path, file
        self.meta, self.places = spss_places(path, encoding, file)
        self.names = list(self.places)
        self.rows = max(file.dictionary.rows, 0)

    def parts(self, names: Sequence[str]) -> Parts:
        wanted = {name: self.places[name] for name in names}
        encoding = self.meta.file_encoding
        with mapped(self.path) as content:
            for block in sav_blocks(content, self.file.dictionary, wanted, encoding):
                yield block.rows, {name: RawValues(one) for name, one in block.columns.items()}

    def remarks(self) -> tuple[str, ...]:
        return ()


class _Stata:
    def __init__(self, path: Path, encoding: str | None, file: StataFile) -> None:
        self.path, self.encoding, self.file = path, encoding, file
        self.meta, self.said = stata_metadata(path, encoding, file)
        self.names, self.rows = list(file.columns), file.rows
        self.used: dict[str, set[str]] = {}
        self.binary: set[str] = set()

    def parts(self, names: Sequence[str]) -> Parts:
        step = max(1, CELLS // max(1, len(self.names)))
        width = self.file.row_width
        with mapped(self.path) as content:
            for first in range(0, self.rows, step):
                taken = take_columns(
                    content,
                    self.file,
                    names,
                    self.encoding,
                    self.path.name,
                    first=first,
                    count=step,
                )
                for name, one in taken.items():
                    if one.encoding is not None:
                        self.used.setdefault(name, set()).add(one.encoding)
                    if one.binary:
                        self.binary.add(name)
                raw = {name: RawValues(one.values, one.letters) for name, one in taken.items()}
                yield min(step, self.rows - first), raw
                let_go(content, self.file.data_at + width * first)

    def remarks(self) -> tuple[str, ...]:
        """Say which encodings were assumed; blocks of one column must agree on it."""
        used = {}
        for name, found in self.used.items():
            assumed = found - {""}
            declared = self.file.release >= 118 and found > assumed  # UTF-8 in some blocks
            if len(assumed) > 1 or (assumed and declared):
                raise UnusualRowsError
            used[name] = "" if self.encoding is not None else "".join(assumed)
        binary = [name for name in self.names if name in self.binary]
        return (*self.said, *stata_remarks(self.path, self.file, used, binary))


class _Sas:
    def __init__(self, path: Path, encoding: str | None) -> None:
        self.path, self.encoding = path, encoding
        _, self.meta = sas_rows(path, None, encoding, 0, 1)
        # pyreadstat 1.3.7 carries letters of these over from row to row
        if str(self.meta.file_encoding).upper() in ("WINDOWS-1255", "WINDOWS-1258"):
            raise UnusualRowsError
        self.names = list(self.meta.column_names)
        self.rows = int(self.meta.number_rows or 0)

    def parts(self, names: Sequence[str]) -> Parts:
        step = max(1, CELLS // max(1, len(self.names)))
        first = 0
        while True:
            frame, _ = sas_rows(self.path, names, self.encoding, first, step)
            yield len(frame), {name: RawValues(frame[name]) for name in names}
            first += len(frame)
            if len(frame) < step:
                return

    def remarks(self) -> tuple[str, ...]:
        return ()
