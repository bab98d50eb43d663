"""pyreadstat behind one seam: rows and metadata, with text in an encoding that fits."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat

from mpsurvey.errors import FileUnreadable
from mpsurvey.microdata.spss import SpssFile
from mpsurvey.microdata.stata import StataFile

__all__ = ["Contents", "read_contents"]

READERS: dict[str, Callable[..., Any]] = {
    "sav": pyreadstat.read_sav,
    "por": pyreadstat.read_por,
    "dta": pyreadstat.read_dta,
    "sas7bdat": pyreadstat.read_sas7bdat,
    "xpt": pyreadstat.read_xport,
}
# Tried in this order after the declared encoding; the last one takes any byte.
LIKELY = ("UTF-8", "WINDOWS-1252", "ISO-8859-1")
NOT_DECODABLE = ("Unable to convert string", "unsupported character set")
FAULTS = {
    "Unable to read from file": "it is cut short",
    "row count": "it is cut short: fewer rows are there than its header declares",
    "Invalid file": "it is damaged, or uses features that are not known here",
    "unsupported character set": "its character set is not known here; pass encoding=",
    "Unable to convert string": "its text is not in the encoding that it declares; pass encoding=",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Contents:
    """What pyreadstat made of a file.

    Parameters
    ----------
    frame
        Raw columns: numbers are not turned into dates, missing codes are still in place.
    meta
        pyreadstat's metadata.
    rows
        Number of rows.
    """

    frame: pd.DataFrame
    meta: Any
    rows: int
    remarks: tuple[str, ...] = ()
    read_names: Callable[[], list[str]] = field(default=list)

    def every_column(self) -> list[str]:
        """Names of all columns of the file, also those that were not read."""
        return self.read_names()


class _UndecodableError(Exception):
    """Text does not fit the encoding in use."""


def read_contents(
    path: Path,
    kind: str,
    columns: Sequence[str] | None,
    encoding: str | None,
    structure: StataFile | SpssFile | None,
) -> Contents:
    """Read a file with pyreadstat, trying likely encodings where the declared one does not fit.

    Raises
    ------
    FileUnreadable
        pyreadstat refuses it, or reads fewer rows than the header declares.
    """
    wanted = list(columns) if columns is not None else None

    def attempt(**options: Any) -> tuple[pd.DataFrame, Any]:
        return _attempt(path, kind, usecols=wanted, **options)

    def names() -> list[str]:
        return list(_attempt(path, kind, metadataonly=True)[1].column_names)

    remarks: tuple[str, ...] = ()
    try:
        frame, meta = attempt(encoding=encoding)
    except _UndecodableError as fault:
        if encoding is not None:
            raise FileUnreadable(
                f"{path.name}: its text is not {encoding}. Leave the encoding out, or name another."
            ) from None
        frame, meta, remarks = _by_likely_encoding(path, kind, wanted, str(fault))
    rows = len(frame) if len(frame.columns) else int(meta.number_rows or 0)
    declared = structure.rows if structure is not None else None
    if declared is not None and rows < declared:
        raise FileUnreadable(
            f"{path.name}: the file is cut short: {rows:,} of {declared:,} rows are there. "
            "Ask for it again, or copy it again."
        )
    return Contents(frame, meta, rows, remarks, names)


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
        if kind == "dta":
            frame = _with_blanks(path, frame, meta, options)
    except UnicodeDecodeError as error:
        raise _UndecodableError("it is not UTF-8") from error
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError) as error:
        said = str(error)
        if any(one in said for one in NOT_DECODABLE) and options.get("encoding") != LIKELY[-1]:
            raise _UndecodableError(said) from error
        raise FileUnreadable(_in_words(path, said)) from None
    except (OverflowError, ValueError, MemoryError, SystemError) as error:
        raise FileUnreadable(_in_words(path, type(error).__name__)) from None
    return frame, meta


def _with_blanks(
    path: Path, frame: pd.DataFrame, meta: Any, options: dict[str, Any]
) -> pd.DataFrame:
    """Read again the whole-number columns in which special missing values stand.

    pyreadstat 1.3.7 leaves uninitialised memory in the cells that hold a plain "." after the first
    ".a" of such a column, as long as it fills NumPy arrays; its lists are right.
    """
    wrong = [
        one for one in meta.missing_user_values if meta.readstat_variable_types[one][:3] == "int"
    ]
    if not wrong or options.get("metadataonly"):
        return frame
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        again, _ = READERS["dta"](
            path,
            disable_datetime_conversion=True,
            **{**options, "usecols": wrong, "output_format": "dict"},
        )
    right = {name: pd.Series(again[name], dtype=object) for name in wrong}
    return frame.assign(**right)


def _in_words(path: Path, said: str) -> str:
    for fault, words in FAULTS.items():
        if fault in said:
            return f"{path.name}: {words}."
    return f"{path.name}: it is damaged and cannot be read ({said.strip('.').lower()})."


def _by_likely_encoding(
    path: Path, kind: str, columns: list[str] | None, fault: str
) -> tuple[pd.DataFrame, Any, tuple[str, ...]]:
    """Read column by column where only some texts are undecodable, else all in another encoding."""
    try:
        _, meta = _attempt(path, kind, metadataonly=True)
    except _UndecodableError:
        return _all_in(path, kind, columns, fault)
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
            for encoding in LIKELY:
                try:
                    part = _attempt(path, kind, usecols=[name], encoding=encoding)[0][name]
                except _UndecodableError:
                    continue
                parts[name] = part
                said.setdefault(encoding, []).append(name)
                break
            else:
                binary.append(name)
    if len(binary) == len(texts):
        return _all_in(path, kind, columns, fault)
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
        remarks.append(
            f"{path.name}: {_listed(binary)} holds something other than text (pictures or other "
            "binary data) and became missing."
        )
    return pd.DataFrame(joined), full, tuple(remarks)


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(one) for one in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown


def _all_in(
    path: Path, kind: str, columns: list[str] | None, fault: str
) -> tuple[pd.DataFrame, Any, tuple[str, ...]]:
    for encoding in LIKELY:
        try:
            frame, meta = _attempt(path, kind, usecols=columns, encoding=encoding)
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
