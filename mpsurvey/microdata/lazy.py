"""A survey file whose rows stay on the disk until a question is asked."""

from __future__ import annotations

import glob
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from mpsurvey.declaration import Design
from mpsurvey.errors import ColumnMissing, ExtraMissing, FileUnreadable
from mpsurvey.microdata.codebook import Codebook, from_json
from mpsurvey.microdata.dataset import FileWarning
from mpsurvey.microdata.reading import told
from mpsurvey.microdata.recognition import recognise
from mpsurvey.microdata.streaming import Stream, open_stream
from mpsurvey.microdata.tables import CODEBOOK_KEY, REASON_SUFFIX
from mpsurvey.microdata.variable import MultipleResponse, Variable

__all__ = ["LazyMicrodata", "scan"]


@dataclass(frozen=True, slots=True, eq=False)
class LazyMicrodata:
    """What `mpsurvey.scan` returns: `Microdata` whose rows are not in memory.

    Parameters
    ----------
    frame
        The rows, a lazy frame of Polars (a DuckDB relation where Polars is not installed). Declared
        missing values are null; the reasons for them are not in it.
    variables, source, design, title, notes, weight, multiple_response, remarks
        As in `Microdata`.
    """

    frame: Any
    variables: Mapping[str, Variable]
    source: str | Path
    design: Design | None = None
    title: str = field(default="", kw_only=True)
    notes: tuple[str, ...] = field(default=(), kw_only=True)
    weight: str | None = field(default=None, kw_only=True)
    multiple_response: Mapping[str, MultipleResponse] = field(default_factory=dict, kw_only=True)
    remarks: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.variables)

    def label(self, name: str, value: Any = None) -> str:
        """Return the words for a variable, or for one of its values, as `Microdata.label`."""
        if name not in self.variables:
            raise ColumnMissing([("this question", name)], self.variables)
        return self.variables[name].word(value)

    def __contains__(self, name: object) -> bool:
        return name in self.variables

    def __repr__(self) -> str:
        return (
            f"LazyMicrodata: {len(self.variables):,} variables from {Path(self.source).name}; "
            f"design: {self.design if self.design else 'none declared'}"
        )


def scan(path: str | Path, encoding: str | None = None) -> LazyMicrodata:
    """Open a file that does not fit in memory: a lazy frame with the file's codebook.

    `mpsurvey.Sample` takes the result: each statistic then reads the columns that it needs.

    Parquet files are best: nothing is read but their metadata. A .sav, .zsav, .dta or .sas7bdat
    file is gone through once to know its columns, and again for each question, a block of rows at
    a time; for more than a few questions write it to parquet with ``mpsurvey convert`` first.
    Other files are read whole.

    Parameters
    ----------
    path
        A file that `mpsurvey.read` reads, a folder of .parquet files, or a pattern such as
        ``"census/*.parquet"``. The codebook is that of the first file.
    encoding
        The encoding of its text, where the file declares none or a wrong one.

    Returns
    -------
    LazyMicrodata

    Raises
    ------
    FileUnreadable
        As `mpsurvey.read`; no file fits the pattern; parquet files with different columns.
    ExtraMissing
        Polars is not installed; for parquet files neither Polars nor DuckDB.

    Warns
    -----
    FileWarning
        As `mpsurvey.read`.
    """
    path = Path(path).expanduser()
    files = _parquet_files(path)
    if files is not None:
        return _scan_parquet(path, files)
    if find_spec("polars") is None:
        raise ExtraMissing(f"Scanning {path.suffix} files", "polars")
    with warnings.catch_warnings(action="ignore", category=FileWarning):
        stream = open_stream(path, encoding)
    data = stream.data
    told(data)
    return LazyMicrodata(
        _polars_frame(stream),
        data.variables,
        path,
        data.design,
        title=data.title,
        notes=data.notes,
        weight=data.weight,
        multiple_response=data.multiple_response,
        remarks=data.remarks,
    )


def _parquet_files(path: Path) -> list[Path] | None:
    """List the parquet files that a path means; None for one file of another kind."""
    if path.is_dir():
        files = sorted(path.glob("*.parquet"))
        if not files:
            raise FileUnreadable(f"{path}: this folder holds no .parquet file.")
        return files
    if not path.exists() and glob.has_magic(str(path)):
        files = [Path(one) for one in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207
        if not files or any(one.suffix.lower() != ".parquet" for one in files):
            raise FileUnreadable(f"{path}: a pattern has to name .parquet files; it finds none.")
        return files
    return [path] if recognise(path) == "parquet" else None


def _scan_parquet(path: Path, files: Sequence[Path]) -> LazyMicrodata:
    schemas = [_schema(one) for one in files]
    names = [one for one in schemas[0].names if not one.endswith(REASON_SUFFIX)]
    for file, schema in zip(files, schemas, strict=True):
        if absent := [one for one in names if one not in schema.names]:
            raise FileUnreadable(
                f"{file.name}: the column '{absent[0]}' of {files[0].name} is not in it. "
                "Files that are scanned together have the same columns."
            )
    said = (schemas[0].metadata or {}).get(CODEBOOK_KEY)
    book = from_json(said.decode()) if said else Codebook({}, {})
    return LazyMicrodata(
        _parquet_frame(files, names),
        {name: book.variables.get(name) or _described(schemas[0].field(name)) for name in names},
        path,
        book.design,
        title=book.title,
        notes=book.notes,
        weight=book.weight,
        multiple_response=book.multiple_response or {},
    )


def _schema(file: Path) -> pa.Schema:
    try:
        return pyarrow.parquet.read_schema(file)
    except (pa.ArrowException, OSError) as error:
        raise FileUnreadable(
            f"{file.name}: this is not a whole parquet file: it is cut short or damaged."
        ) from error


def _parquet_frame(files: Sequence[Path], names: Sequence[str]) -> Any:
    if find_spec("polars") is not None:
        import polars

        frames = [polars.scan_parquet(one, glob=False).select(names) for one in files]
        return polars.concat(frames, how="vertical_relaxed") if len(frames) > 1 else frames[0]
    if find_spec("duckdb") is None:
        raise ExtraMissing("Scanning parquet files", "polars")
    import duckdb

    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    relation = duckdb.read_parquet([str(one) for one in files], union_by_name=True)
    return relation.project(", ".join(quoted))


def _described(column: pa.Field) -> Variable:
    """Describe a column that no codebook describes, by its type alone."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return Variable(column.name, kind="integer")
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return Variable(column.name, kind="decimal")
    if pa.types.is_date(kind):
        return Variable(column.name, kind="date")
    if pa.types.is_timestamp(kind):
        return Variable(column.name, kind="datetime")
    if pa.types.is_time(kind) or pa.types.is_duration(kind):
        return Variable(column.name, kind="time")
    return Variable(column.name, kind="text")


def _polars_frame(stream: Stream) -> Any:
    import polars
    from polars.io.plugins import register_io_source

    names = list(stream.data.columns)

    def rows(
        with_columns: list[str] | None,
        predicate: Any,
        n_rows: int | None,
        batch_size: int | None,
    ) -> Iterator[Any]:
        left = n_rows
        for batch in stream.give(with_columns or names):
            block: Any = polars.from_arrow(batch)
            if with_columns is not None:
                block = block.select(with_columns)
            if left is not None:
                block = block.head(left)
                left -= len(block)
            yield block if predicate is None else block.filter(predicate)
            if left == 0:
                return

    schema = pa.schema([stream.schema.field(name) for name in names])
    empty: Any = polars.from_arrow(schema.empty_table())
    return register_io_source(rows, schema=empty.schema)
