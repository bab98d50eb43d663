"""pyreadstat behind one seam: rows and metadata, with text in an encoding that fits."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyreadstat

from mpsurvey.errors import ColumnMissing, FileUnreadable
from mpsurvey.microdata.columns import Coded
from mpsurvey.microdata.dta_rows import take_columns
from mpsurvey.microdata.sav_rows import SavColumn, UnusualRowsError, sav_blocks, sav_columns
from mpsurvey.microdata.spss import SpssFile
from mpsurvey.microdata.stata import Content, StataFile

__all__ = [
    "Contents",
    "RawValues",
    "read_contents",
    "read_spss_contents",
    "read_stata_contents",
    "sas_rows",
    "spss_places",
    "stata_metadata",
    "stata_remarks",
]

READERS: dict[str, Callable[..., Any]] = {
    "sav": pyreadstat.read_sav,
    "por": pyreadstat.read_por,
    "dta": pyreadstat.read_dta,  # its metadata only
    "sas7bdat": pyreadstat.read_sas7bdat,
    "xpt": pyreadstat.read_xport,
}
# Tried in this order after the declared encoding; the last one takes any byte.
LIKELY = ("UTF-8", "WINDOWS-1252", "ISO-8859-1")
NOT_DECODABLE = ("Unable to convert string", "unsupported character set")
FIRST_UNICODE = 118
BINARY = "holds something other than text (pictures, other binary data) and became missing."
FAULTS = {
    "Unable to read from file": "it is cut short",
    "expected number of rows": "it is cut short: fewer rows are there than its header declares",
    "row count": "it is cut short: fewer rows are there than its header declares",
    "Invalid file": "it is damaged or cut short, or uses features that are not known here",
    "unsupported character set": "its character set is not known here; pass encoding=",
    "Unable to convert string": "its text is not in the encoding that it declares; pass encoding=",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RawValues:
    """A column as it stands in the file, and special missing values already parted from it."""

    values: Any
    letters: tuple[tuple[str, np.ndarray], ...] = ()


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds.

    Parameters
    ----------
    columns
        Raw columns: numbers are not turned into dates, missing codes are still in place.
    meta
        pyreadstat's metadata.
    rows
        Number of rows.
    remarks
        Encodings that were assumed.
    """

    columns: dict[str, RawValues]
    meta: Any
    rows: int
    remarks: tuple[str, ...] = ()


class _UndecodableError(Exception):
    """Text does not fit the encoding in use."""


def read_contents(
    path: Path,
    kind: str,
    columns: Sequence[str] | None,
    encoding: str | None,
    structure: SpssFile | None,
) -> Contents:
    """Read a file with pyreadstat, trying likely encodings where the declared one does not fit.

    Raises
    ------
    FileUnreadable
        pyreadstat refuses it, or reads fewer rows than the header declares.
    """
    wanted = list(columns) if columns is not None else None
    fits = structure.fits if structure is not None else _always
    frame, meta, remarks = _read(path, kind, encoding, fits, usecols=wanted)
    if wanted is not None and len(frame.columns) < len(set(wanted)):
        _, whole, _ = _read(path, kind, encoding, fits, metadataonly=True)
        check_names(path, wanted, whole.column_names)
    declared_rows = structure.rows if structure is not None else None
    rows = len(frame) if len(frame.columns) else int(meta.number_rows or 0)
    if declared_rows is not None and rows < declared_rows:
        raise FileUnreadable(
            f"{path.name}: the file is cut short: {rows:,} of {declared_rows:,} rows are there. "
            "Ask for it again, or copy it again."
        )
    raw = {name: RawValues(frame[name]) for name in frame.columns}
    return Contents(raw, meta, rows, remarks)


def read_spss_contents(
    path: Path,
    columns: Sequence[str] | None,
    encoding: str | None,
    file: SpssFile,
    content: Content,
) -> Contents:
    """Read an SPSS file: labels and formats with pyreadstat, rows from the file's own records.

    Where anything about the rows is unusual, pyreadstat reads them too.
    """
    try:
        meta, places = spss_places(path, encoding, file)
        names = list(dict.fromkeys(columns if columns is not None else meta.column_names))
        check_names(path, names, meta.column_names)
        wanted = {name: places[name] for name in names}
        parts: dict[str, list[Any]] = {name: [] for name in wanted}
        rows = 0
        for block in sav_blocks(content, file.dictionary, wanted, meta.file_encoding):
            rows += block.rows
            for name, part in block.columns.items():
                parts[name].append(part)
    except UnusualRowsError:
        return read_contents(path, "sav", columns, encoding, file)
    joined = {name: RawValues(_joined(parts.pop(name), meta, name)) for name in names}
    return Contents(joined, meta, rows)


def spss_places(
    path: Path, encoding: str | None, file: SpssFile
) -> tuple[Any, dict[str, SavColumn]]:
    """Read an SPSS file's metadata with pyreadstat and find each variable's place in a row.

    Raises
    ------
    UnusualRowsError
        The two do not agree on the variables, or words do not fit the encoding.
    """
    try:
        if not file.fits(encoding):
            raise UnusualRowsError
        _, meta = _attempt(path, "sav", encoding=encoding, metadataonly=True)
    except _UndecodableError:
        raise UnusualRowsError from None
    found = sav_columns(file.dictionary)
    texts = [meta.readstat_variable_types.get(name) == "string" for name in meta.column_names]
    if texts != [bool(one.segments) for one in found] or not meta.file_encoding:
        raise UnusualRowsError
    return meta, dict(zip(meta.column_names, found, strict=True))


def _joined(parts: list[Any], meta: Any, name: str) -> Any:
    """Put the blocks of a column together; a byte for each row as long as that is enough."""
    if meta.readstat_variable_types.get(name) == "string":
        return pa.chunked_array(parts, pa.string())
    if all(isinstance(one, Coded) for one in parts):
        codes = np.concatenate([one.codes for one in parts]) if parts else np.empty(0, np.uint8)
        return Coded(codes, parts[0].table if parts else np.full(256, np.nan))
    return np.concatenate([one.numbers() if isinstance(one, Coded) else one for one in parts])


def read_stata_contents(
    path: Path,
    columns: Sequence[str] | None,
    encoding: str | None,
    file: StataFile,
    content: Content,
) -> Contents:
    """Read a Stata file: labels and formats with pyreadstat, rows from the file's own records."""
    names = list(columns) if columns is not None else list(file.columns)
    check_names(path, names, file.columns)
    meta, remarks = stata_metadata(path, encoding, file)
    taken = take_columns(content, file, names, encoding, path.name)
    used = {name: one.encoding or "" for name, one in taken.items() if encoding is None}
    binary = [name for name, one in taken.items() if one.binary]
    raw = {name: RawValues(one.values, one.letters) for name, one in taken.items()}
    return Contents(raw, meta, file.rows, (*remarks, *stata_remarks(path, file, used, binary)))


def stata_metadata(
    path: Path, encoding: str | None, file: StataFile
) -> tuple[Any, tuple[str, ...]]:
    """Read a Stata file's labels and formats, and say which encoding was assumed for them."""
    _, meta, remarks = _read(path, "dta", encoding, _always, metadataonly=True)
    if encoding is None and file.release < FIRST_UNICODE and _is_utf8(meta):
        _, meta, remarks = _read(path, "dta", "UTF-8", _always, metadataonly=True)
    return meta, remarks


def stata_remarks(
    path: Path, file: StataFile, used: Mapping[str, str], binary: list[str]
) -> list[str]:
    """Say in which encodings texts were read, by column, and which columns are no text."""
    said: dict[str, list[str]] = {}
    for name, encoding in used.items():
        if encoding:
            said.setdefault(encoding, []).append(name)
    found = [_remark(path, file, encoding, some) for encoding, some in said.items()]
    if binary:
        found.append(f"{path.name}: {_listed(binary)} {BINARY}")
    return found


def sas_rows(
    path: Path, names: Sequence[str] | None, encoding: str | None, first: int, count: int
) -> tuple[pd.DataFrame, Any]:
    """Read some rows of a sas7bdat file.

    Raises
    ------
    UnusualRowsError
        A text does not fit the encoding.
    """
    try:
        wanted = list(names) if names is not None else None
        return _attempt(
            path, "sas7bdat", encoding=encoding, usecols=wanted, row_offset=first, row_limit=count
        )
    except _UndecodableError:
        raise UnusualRowsError from None


def _remark(path: Path, file: StataFile, used: str, names: list[str]) -> str:
    if file.release >= FIRST_UNICODE:
        return (
            f"{path.name}: text in {_listed(names)} is not UTF-8, as its release prescribes; "
            f"it was read as {used}."
        )
    return (
        f"Text without a declared encoding (release {file.release}) in {_listed(names)} was read "
        f"as {used}. If letters look wrong, pass encoding=."
    )


def _is_utf8(meta: Any) -> bool:
    """Whether words that were read as windows-1252 are UTF-8 in truth."""
    words = [*(meta.column_labels or ()), meta.file_label, *(meta.notes or ())]
    words += [word for labels in meta.value_labels.values() for word in labels.values()]
    other = [word for word in words if word and not word.isascii()]
    try:
        return bool(other) and all(word.encode("cp1252").decode("utf-8") for word in other)
    except UnicodeError:
        return False


def check_names(path: Path, wanted: Sequence[str], known: Sequence[str]) -> None:
    """Refuse columns that the file does not have."""
    absent = [(f"reading {path.name}", name) for name in wanted if name not in known]
    if absent:
        raise ColumnMissing(absent, known)


def _always(_: str | None) -> bool:
    return True


def _read(
    path: Path,
    kind: str,
    encoding: str | None,
    fits: Callable[[str | None], bool],
    **options: Any,
) -> tuple[pd.DataFrame, Any, tuple[str, ...]]:
    try:
        if not fits(encoding):
            raise _UndecodableError("labelled codes")
        frame, meta = _attempt(path, kind, encoding=encoding, **options)
    except _UndecodableError as fault:
        if encoding is not None:
            raise FileUnreadable(
                f"{path.name}: its text is not {encoding}. Leave the encoding out, or name another."
            ) from None
        if options.get("metadataonly") or not fits(None):
            return _all_in(path, kind, str(fault), fits, **options)
        return _by_likely_encoding(path, kind, options.get("usecols"), str(fault), fits)
    return frame, meta, ()


def _attempt(path: Path, kind: str, **options: Any) -> tuple[pd.DataFrame, Any]:
    if kind == "por":
        options.pop("encoding", None)  # portable files carry their own table of characters
    else:
        options["user_missing"] = True
    if kind == "xpt":
        options.pop("user_missing", None)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frame, meta = READERS[kind](path, disable_datetime_conversion=True, **options)
    except UnicodeDecodeError as error:
        raise _UndecodableError("it is not UTF-8") from error
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError) as error:
        said = str(error)
        if any(one in said for one in NOT_DECODABLE) and options.get("encoding") != LIKELY[-1]:
            raise _UndecodableError(said) from error
        raise FileUnreadable(_in_words(path, said)) from None
    except Exception as error:
        raise FileUnreadable(_in_words(path, type(error).__name__)) from None
    if not all(isinstance(name, str) and name for name in meta.column_names):
        raise FileUnreadable(f"{path.name}: it is damaged: a variable has no name.")
    return frame, meta


def _in_words(path: Path, said: str) -> str:
    for fault, words in FAULTS.items():
        if fault in said:
            return f"{path.name}: {words}."
    return f"{path.name}: it is damaged and cannot be read ({said.strip('.').lower()})."


def _by_likely_encoding(
    path: Path,
    kind: str,
    columns: list[str] | None,
    fault: str,
    fits: Callable[[str | None], bool],
) -> tuple[pd.DataFrame, Any, tuple[str, ...]]:
    """Read column by column where only some texts are undecodable, else all in another encoding."""
    try:
        _, meta = _attempt(path, kind, metadataonly=True)
    except _UndecodableError:
        return _all_in(path, kind, fault, fits, usecols=columns)
    names = columns if columns is not None else list(meta.column_names)
    texts = [one for one in names if meta.readstat_variable_types.get(one) == "string"]
    fitting = [one for one in names if one not in texts]
    parts: dict[str, pd.Series] = {}
    said: dict[str, list[str]] = {}
    binary: list[str] = []
    for name in texts:
        try:
            parts[name] = _attempt(path, kind, usecols=[name])[0][name]
        except _UndecodableError:
            for encoding in filter(fits, LIKELY):
                try:
                    part = _attempt(path, kind, usecols=[name], encoding=encoding)[0][name]
                except (_UndecodableError, KeyError):
                    continue
                parts[name] = part
                said.setdefault(encoding, []).append(name)
                break
            else:
                binary.append(name)
    if len(binary) == len(texts):
        return _all_in(path, kind, fault, fits, usecols=columns)
    frame, _ = _attempt(path, kind, usecols=fitting) if fitting else (pd.DataFrame(), None)
    _, full = _attempt(path, kind, metadataonly=True, usecols=names)
    rows = max(len(frame), *(len(part) for part in parts.values()), 0)
    nothing = pd.Series([None] * rows, dtype=object)
    joined = {one: parts[one] if one in parts else frame.get(one, nothing) for one in names}
    remarks = [
        f"{path.name}: text in {_listed(found)} is not in the encoding that the file declares "
        f"({full.file_encoding or 'none'}); it was read as {encoding}."
        for encoding, found in said.items()
    ]
    if binary:
        remarks.append(f"{path.name}: {_listed(binary)} {BINARY}")
    return pd.DataFrame(joined), full, tuple(remarks)


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(one) for one in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown


def _all_in(
    path: Path, kind: str, fault: str, fits: Callable[[str | None], bool], **options: Any
) -> tuple[pd.DataFrame, Any, tuple[str, ...]]:
    for encoding in filter(fits, LIKELY):
        try:
            frame, meta = _attempt(path, kind, encoding=encoding, **options)
        except _UndecodableError:
            continue
        why = (
            "declares a character set that is not known here"
            if "character set" in fault
            else "has text that is not in the encoding that it declares"
        )
        remark = (
            f"{path.name} {why}; all text was read as {encoding}. "
            "If letters look wrong, pass encoding=."
        )
        return frame, meta, (remark,)
    raise FileUnreadable(f"{path.name}: its text fits no likely encoding; pass encoding=.")
