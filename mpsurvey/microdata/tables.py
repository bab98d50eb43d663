"""CSV and parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from mpsurvey.errors import ColumnMissing, FileUnreadable
from mpsurvey.microdata.codebook import Codebook, from_json, to_json
from mpsurvey.microdata.columns import infer_variable, is_whole
from mpsurvey.microdata.reasons import Reasons
from mpsurvey.microdata.variable import Variable

if TYPE_CHECKING:
    from mpsurvey.microdata.dataset import Microdata

__all__ = [
    "CODEBOOK_KEY",
    "COMPRESSION",
    "REASON_SUFFIX",
    "arrow_table",
    "read_csv",
    "read_parquet",
    "write_csv",
    "write_parquet",
]

COMPRESSION = "zstd"
CODEBOOK_KEY = b"mpsurvey.codebook"
REASON_SUFFIX = "@missing"
DELIMITERS = ",;\t|"
GUESSES = ("utf-8-sig", "utf-16", "cp1252", "latin-1")


def read_csv(
    path: Path, columns: Sequence[str] | None, encoding: str | None
) -> tuple[pd.DataFrame, dict[str, Variable], list[str]]:
    """Read a CSV file: its frame, what its columns are, and remarks.

    The delimiter is the commonest of ``, ; tab |`` in the first line; with a semicolon a comma can
    be the decimal mark. Empty cells are null, and so is NA among numbers. A row with too few or too
    many fields refuses the file, because it may be cut or wrongly quoted.
    """
    content = path.read_bytes()
    text, used = _decoded(content, path.name, encoding)
    remarks = []
    if encoding is None and used not in ("utf-8-sig",):
        remarks.append(f"{path.name} is not UTF-8; its text was read as {used}.")
    first = text[: text.find("\n") if "\n" in text else None]
    delimiter = max(DELIMITERS, key=first.count)
    if not first.strip():
        raise FileUnreadable(f"{path.name}: the first line is empty; it must name the columns.")
    if not text.endswith(("\n", "\r")):
        remarks.append(
            f"The last line of {path.name} has no line end; if it looks incomplete, "
            "the file was cut short."
        )
    names = next(csv.reader(io.StringIO(first), delimiter=delimiter))
    twice = sorted({one for one in names if names.count(one) > 1})
    if twice:
        raise FileUnreadable(f"{path.name}: more than one column is named {', '.join(twice)}.")
    _check_columns(columns, names)
    table = _arrow_csv(text, path.name, delimiter, ".", columns)
    if delimiter == ";":
        with_comma = _arrow_csv(text, path.name, delimiter, ",", columns)
        if _numbers_in(with_comma) > _numbers_in(table):
            table = with_comma
    frame = _frame_of(table)
    if columns is not None:
        frame = frame[list(columns)]
    texts = [str(name) for name in frame if frame[name].dtype.kind not in "iufbMm"]
    frame = frame.assign(**{name: frame[name].mask(frame[name] == "") for name in texts})
    if doubtful := [name for name in texts if (frame[name] == "NA").any()]:
        shown = ", ".join(repr(name) for name in doubtful[:5])
        remarks.append(
            f"Text NA stands in {shown} and is kept, for it may be a code (Namibia); "
            "where it means no answer, use declare_missing."
        )
    return frame, {name: infer_variable(name, frame[name]) for name in frame.columns}, remarks


def _decoded(content: bytes, name: str, encoding: str | None) -> tuple[str, str]:
    if b"\0" in content[:4096] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileUnreadable(f"{name}: this is not a text file, so it is not CSV.")
    for guess in (encoding,) if encoding else GUESSES:
        if guess == "utf-16" and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
            continue
        try:
            return content.decode(guess), guess
        except UnicodeDecodeError:
            continue
        except LookupError:
            raise FileUnreadable(f"{name}: '{encoding}' is not a known encoding.") from None
    raise FileUnreadable(f"{name}: its text is not {encoding}. Leave the encoding out, or name it.")


def _arrow_csv(
    text: str, name: str, delimiter: str, decimal: str, columns: Sequence[str] | None
) -> pa.Table:
    try:
        return pyarrow.csv.read_csv(
            io.BytesIO(text.encode("utf-8")),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=text.count('"') > 0
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                null_values=["", "NA", "NaN", "nan", "N/A", "NULL", "null", "."],
                strings_can_be_null=False,
                decimal_point=decimal,
                include_columns=list(columns) if columns is not None else None,
            ),
        )
    except pa.ArrowInvalid as error:
        raise FileUnreadable(f"{name}: {_in_words(str(error))}") from None


def _in_words(fault: str) -> str:
    """Say pyarrow's complaint without the row that it quotes."""
    if "Expected" in fault and "columns" in fault:
        counts = fault.split("Expected", 1)[1].split(":", 1)[0].strip()
        row = ""
        if "Row #" in fault:
            number = fault.split("Row #", 1)[1].split(":", 1)[0]
            row = f" (line {number})"
        return (
            f"a row{row} does not have as many fields as the first line: expected {counts}. "
            "The file is cut short, or a text with a delimiter is not in quotes."
        )
    if "quote" in fault.lower() or "block boundary" in fault.lower():
        return "a quoted text does not end. The file is cut short, or a quote mark stands alone."
    return "it could not be read as CSV."


def _numbers_in(table: pa.Table) -> int:
    kinds = [field.type for field in table.schema]
    return sum(pa.types.is_floating(kind) or pa.types.is_integer(kind) for kind in kinds)


def _frame_of(table: pa.Table) -> pd.DataFrame:
    """Turn Arrow columns into the dtypes that `Microdata` promises."""
    columns: dict[str, Any] = {}
    for field in table.schema:
        column = table.column(field.name)
        kind = field.type
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            if column.null_count or not pa.types.is_integer(kind):
                values = column.cast(pa.float64(), safe=False).to_numpy()
                columns[field.name] = values
            else:
                columns[field.name] = column.cast(pa.int64()).to_numpy()
        elif pa.types.is_date(kind) or pa.types.is_timestamp(kind):
            if pa.types.is_timestamp(kind) and kind.tz is not None:
                column = column.cast(pa.timestamp("us"))
            columns[field.name] = column.to_numpy().astype("datetime64[us]")
        elif pa.types.is_time(kind):
            columns[field.name] = (
                column.cast(pa.time64("us")).cast(pa.int64()).cast(pa.duration("us")).to_numpy()
            )
        elif pa.types.is_duration(kind):
            columns[field.name] = column.to_numpy().astype("timedelta64[us]")
        elif pa.types.is_null(kind):
            columns[field.name] = np.full(len(column), np.nan)
        elif pa.types.is_boolean(kind) and not column.null_count:
            columns[field.name] = column.to_numpy()
        elif pa.types.is_boolean(kind):
            columns[field.name] = column.cast(pa.int8()).cast(pa.float64()).to_numpy()
        else:
            if pa.types.is_dictionary(kind):
                column = column.cast(kind.value_type)
            columns[field.name] = column.to_pandas()
    return pd.DataFrame(columns, copy=False)


def read_parquet(
    path: Path, columns: Sequence[str] | None
) -> tuple[pd.DataFrame, Codebook | None, dict[str, Reasons]]:
    """Read a parquet file, with the codebook and the reasons that `write_parquet` left in it."""
    try:
        file = pyarrow.parquet.ParquetFile(path)
        names = list(file.schema_arrow.names)
        book = from_json(raw.decode()) if (raw := _metadata(file).get(CODEBOOK_KEY)) else None
        coded = book.reason_codes if book is not None else {}
        extra = [f"{name}{REASON_SUFFIX}" for name in coded]
        substantive = [name for name in names if name not in extra]
        _check_columns(columns, substantive)
        wanted = list(columns) if columns is not None else substantive
        why = [one for one in extra if one.removesuffix(REASON_SUFFIX) in wanted]
        table = file.read(columns=wanted + why)
    except (pa.ArrowInvalid, pa.ArrowException, OSError) as error:
        raise FileUnreadable(
            f"{path.name}: this is not a whole parquet file: it is cut short or damaged."
        ) from error
    reasons = {}
    for one in why:
        name = one.removesuffix(REASON_SUFFIX)
        reasons[name] = Reasons(tuple(coded[name]), table.column(one).to_numpy())
    return _frame_of(table.select(wanted)), book, reasons


def _metadata(file: pyarrow.parquet.ParquetFile) -> dict[bytes, bytes]:
    return dict(file.schema_arrow.metadata or {})


def _check_columns(columns: Sequence[str] | None, known: Sequence[str]) -> None:
    absent = [("reading", name) for name in columns or () if name not in known]
    if absent:
        raise ColumnMissing(absent, known)


def write_parquet(data: Microdata, path: Path) -> list[str]:
    """Write parquet: null where an answer is missing, the reason beside it, the codebook within."""
    pyarrow.parquet.write_table(arrow_table(data), path, compression=COMPRESSION)
    return []


def arrow_table(data: Microdata) -> pa.Table:
    """Bring microdata to the shape that a parquet file has."""
    table = pa.Table.from_pandas(data.frame, preserve_index=False)
    why = {name: one for name, one in data.reasons.items() if one.codes}
    for name, one in why.items():
        table = table.append_column(f"{name}{REASON_SUFFIX}", pa.array(one.positions))
    book = Codebook(
        data.variables,
        {name: one.codes for name, one in why.items()},
        data.title,
        data.notes,
        data.weight,
        data.multiple_response,
        data.design,
    )
    metadata = {**(table.schema.metadata or {}), CODEBOOK_KEY: to_json(book).encode()}
    return table.replace_schema_metadata(metadata)


def write_csv(data: Microdata, path: Path) -> list[str]:
    """Write CSV with codes; what it cannot hold is returned."""
    columns = {str(name): _for_csv(data.frame[name], data.variables[name]) for name in data}
    pyarrow.csv.write_csv(pa.table(columns), path)
    lost = []
    if any(one.label or one.answers for one in data.variables.values()):
        lost.append("labels")
    if any(one.codes for one in data.reasons.values()):
        lost.append("why answers are missing (they are empty cells)")
    if data.design is not None:
        lost.append("the design")
    if data.notes or data.title:
        lost.append("the title and notes")
    return lost


def _for_csv(series: pd.Series, variable: Variable) -> pa.Array:
    if series.dtype.kind == "m":
        return pa.array(_clock(series), type=pa.string())
    if series.dtype.kind == "M":
        shown = "%Y-%m-%d" if variable.kind == "date" else "%Y-%m-%d %H:%M:%S"
        fractions = variable.kind != "date" and bool((series.dt.microsecond.fillna(0) != 0).any())
        return pa.array(series.dt.strftime(f"{shown}.%f" if fractions else shown), pa.string())
    if series.dtype.kind == "f":
        numbers = series.to_numpy(dtype=np.float64)
        absent = np.isnan(numbers)
        if is_whole(numbers[~absent]):
            return pa.array(np.where(absent, 0, numbers).astype(np.int64), mask=absent)
        return pa.array(numbers, mask=absent)
    return pa.array(series, from_pandas=True)


def _clock(column: pd.Series) -> pd.Series:
    seconds = column.dt.total_seconds()
    hours, rest = np.divmod(seconds, 3600)
    minutes, left = np.divmod(rest, 60)
    shown = [
        f"{h:02.0f}:{m:02.0f}:{s:02.0f}" if s == round(s) else f"{h:02.0f}:{m:02.0f}:{s:09.6f}"
        for h, m, s in zip(hours.fillna(0), minutes.fillna(0), left.fillna(0), strict=True)
    ]
    return pd.Series(shown, index=column.index, dtype=object).where(column.notna(), None)
