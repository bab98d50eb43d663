"""Files of SPSS, Stata, SAS, CSV and parquet become microdata."""

from __future__ import annotations

import codecs
import mmap
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from mpsurvey.errors import MpsurveyError
from mpsurvey.microdata.codebook import design_read
from mpsurvey.microdata.columns import RawColumn, make_column
from mpsurvey.microdata.dataset import FileWarning, Microdata
from mpsurvey.microdata.dates import Family
from mpsurvey.microdata.own import OWN, loaded, restored
from mpsurvey.microdata.readstat import (
    Contents,
    read_contents,
    read_spss_contents,
    read_stata_contents,
)
from mpsurvey.microdata.reasons import Reasons
from mpsurvey.microdata.recognition import recognise
from mpsurvey.microdata.sas import (
    TransportFile,
    parse_sas,
    parse_transport,
)
from mpsurvey.microdata.spss import (
    SpssFile,
    check_portable,
    parse_spss,
)
from mpsurvey.microdata.stata import StataFile, parse_stata
from mpsurvey.microdata.svyset import declared_design
from mpsurvey.microdata.tables import read_csv, read_parquet
from mpsurvey.microdata.variable import MultipleResponse, Variable

__all__ = [
    "FAMILIES",
    "assembled",
    "known_encoding",
    "mapped",
    "raw_column",
    "read",
    "structure_of",
    "told",
]

FAMILIES: dict[str, Family] = {
    "sav": "spss",
    "por": "spss",
    "dta": "stata",
    "sas7bdat": "sas",
    "xpt": "sas",
}
# Remarks on what is common and mostly harmless are kept, but do not warn.
QUIET = ("The last line of", "Text without", "Text NA")
Structure = StataFile | SpssFile | TransportFile | None


def read(
    path: str | Path, columns: Sequence[str] | None = None, encoding: str | None = None
) -> Microdata:
    """Read a survey file with everything that it says about its columns.

    Declared missing values (SPSS codes and ranges, Stata's .a to .z, SAS's special missing values)
    become null and their reasons are kept, see `Microdata.missing_reasons`. Empty text becomes
    null. The design that a Stata file declares (``svyset``) becomes `Microdata.design`.

    Parameters
    ----------
    path
        A .sav .zsav .por .dta .sas7bdat .xpt .csv or .parquet file.
    columns
        The columns to read, in the order in which you want them; all of them by default.
    encoding
        The encoding of its text, where the file declares none or a wrong one: ``"cp1251"``,
        ``"latin-1"``.

    Returns
    -------
    Microdata
        Its `remarks` say what reading had to assume; those that may change a figure or a word are
        also warnings.

    Raises
    ------
    FileUnreadable
        The file is absent, empty, a folder, encrypted, cut short or of another kind.
    ColumnMissing
        `columns` names columns that the file does not have.

    Warns
    -----
    FileWarning
        An encoding was assumed, dates were out of range, a declared design does not fit.
    """
    path = Path(path).expanduser()
    kind = recognise(path)
    if isinstance(columns, str):
        columns = [columns]
    if encoding is not None:
        encoding = known_encoding(encoding)
    if kind == "csv":
        frame, variables, remarks = read_csv(path, columns, encoding)
        return told(Microdata(frame, variables, path, remarks=tuple(remarks)))
    if kind == "parquet":
        return _read_parquet(path, columns)
    with mapped(path) as content:
        structure = structure_of(path, kind, content)
        if isinstance(structure, StataFile):
            contents = read_stata_contents(path, columns, encoding, structure, content)
        elif isinstance(structure, TransportFile) and len(structure.members) > 1:
            contents = _first_member(path, structure, columns, encoding, content)
        elif isinstance(structure, SpssFile):
            contents = read_spss_contents(path, columns, encoding, structure, content)
        else:
            contents = read_contents(path, kind, columns, encoding, None)
    return told(assembled(path, kind, contents, structure, columns))


def known_encoding(encoding: str) -> str:
    """Return the encoding's name as both Python and iconv know it."""
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise MpsurveyError(
            f"'{encoding}' is not the name of an encoding. Common ones are utf-8, cp1251, cp1252, "
            "latin-1, cp1256, koi8-r."
        ) from None
    return name.replace("iso8859-", "ISO-8859-").replace("mac-", "MAC-").upper()


@contextmanager
def mapped(path: Path) -> Iterator[mmap.mmap]:
    """Give a file's bytes without holding them in memory."""
    with path.open("rb") as stream:
        view = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        yield view
    finally:
        with suppress(BufferError):  # arrays in an error's traceback still look into it
            view.close()


def structure_of(path: Path, kind: str, content: mmap.mmap) -> Structure:
    """Read what the header declares, and refuse a file that ends too early."""
    if kind == "dta":
        return parse_stata(content, path.name)
    if kind == "sav":
        return parse_spss(content, path.name)
    if kind == "por":
        check_portable(content, path.name)
    elif kind == "sas7bdat":
        parse_sas(content, path.name)
    elif kind == "xpt":
        return parse_transport(content, path.name)
    return None


def _first_member(
    path: Path,
    transport: TransportFile,
    columns: Sequence[str] | None,
    encoding: str | None,
    content: mmap.mmap,
) -> Contents:
    """Read the first data set of a transport file that holds several.

    pyreadstat 1.3.7 would read the headers of the others, and their rows, as rows of the first.
    """
    with tempfile.TemporaryDirectory() as folder:
        alone = Path(folder) / path.name
        alone.write_bytes(content[: transport.first_ends_at])
        contents = read_contents(alone, "xpt", columns, encoding, None)
    first, *others = transport.members
    remark = (
        f"{path.name} holds {len(transport.members)} data sets; the first, {first}, was read, "
        f"and {', '.join(others)} not. Write each to a file of its own to read it."
    )
    return replace(contents, remarks=(remark, *contents.remarks))


def assembled(
    path: Path,
    kind: str,
    contents: Contents,
    structure: Structure,
    columns: Sequence[str] | None,
    lost: Mapping[str, int] | None = None,
) -> Microdata:
    """Decide what each raw column is, and add what the file says about itself.

    Parameters
    ----------
    lost
        How many dates each column loses, where `contents` are not all of the rows.
    """
    meta = contents.meta
    whole, own_of = _left_by_us(structure)
    frame, variables, reasons = {}, {}, {}
    remarks = list(contents.remarks)
    lost_dates: list[str] = []
    for name in dict.fromkeys(columns if columns is not None else contents.columns):
        column = make_column(raw_column(name, contents, FAMILIES[kind]))
        frame[name] = column.values
        variable = column.variable
        if isinstance(structure, StataFile):
            variable = variable.but(notes=_notes(structure, name))
        variables[name], why = restored(variable, column.reasons, own_of(name))
        if why is not None:
            reasons[name] = why
        gone = column.lost_dates if lost is None else lost.get(name, 0)
        if gone and variable.kind in ("date", "time", "datetime"):
            lost_dates.append(f"{gone:,} in '{name}'")
    if lost_dates:
        more = f" and in {len(lost_dates) - 10} more columns" if len(lost_dates) > 10 else ""
        remarks.append(
            f"Dates outside the years 1 to 9999 became missing: {', '.join(lost_dates[:10])}{more}."
        )
    design, weight = None, None
    notes = tuple(meta.notes or ())
    if isinstance(structure, StataFile):
        declared = declared_design(structure)
        design = declared.design
        if design is not None and "calibration" in whole:
            design = replace(design, calibration=tuple(whole["calibration"]))
        remarks += declared.warnings
        notes = _notes(structure, "_dta")
        weight = whole.get("weight")
    elif isinstance(structure, SpssFile):
        weight = structure.weight
        design = design_read(whole.get("design"))
    sets = _multiple_response(meta.mr_sets or {}, list(frame))
    sets |= {one["name"]: MultipleResponse(**one) for one in whole.get("multiple_response", ())}
    data = pd.DataFrame(frame, index=pd.RangeIndex(contents.rows), copy=False)
    return Microdata(
        data,
        variables,
        path,
        design,
        reasons=reasons,
        title=whole.get("title") or meta.file_label or "",
        notes=notes,
        weight=weight,
        multiple_response=sets,
        remarks=tuple(remarks),
    )


def raw_column(name: str, contents: Contents, family: Family) -> RawColumn:
    """Bring together what a file has of a column: values, labels, what is declared missing."""
    meta = contents.meta
    measure = (meta.variable_measure or {}).get(name)
    largest = 1e300
    declared = []
    for one in (meta.missing_ranges or {}).get(name, ()):
        low, high = (one["lo"], one["hi"]) if isinstance(one, dict) else (one, one)
        if not isinstance(low, str):
            # SPSS writes LOWEST and HIGHEST as the ends of its floating-point numbers
            low = float("-inf") if low < -largest else low
            high = float("inf") if high > largest else high
        declared.append((low, high))
    return RawColumn(
        name=name,
        values=contents.columns[name].values,
        letters=contents.columns[name].letters,
        family=family,
        label=(meta.column_names_to_labels.get(name) or "").strip(),
        labels=meta.variable_value_labels.get(name),
        missing=tuple(declared),
        measure=measure if measure in ("nominal", "ordinal", "scale") else None,
        format=meta.original_variable_types.get(name),
        display_width=(meta.variable_display_width or {}).get(name) or None,
        text=meta.readstat_variable_types.get(name) == "string",
    )


def _left_by_us(
    structure: Structure,
) -> tuple[dict[str, Any], Callable[[str], dict[str, Any]]]:
    """Find what `write` left in the file about the whole and about each variable."""
    if isinstance(structure, StataFile):
        stata = structure
        return loaded(stata.of("_dta").get(OWN)), lambda name: loaded(stata.of(name).get(OWN))
    whole = loaded(structure.own) if isinstance(structure, SpssFile) else {}
    return whole, lambda name: dict(whole.get("variables", {}).get(name, {}))


def _notes(structure: StataFile, owner: str) -> tuple[str, ...]:
    numbered = {
        int(key[4:]): text
        for key, text in structure.of(owner).items()
        if key.startswith("note") and key[4:].isdigit() and key != "note0"
    }
    return tuple(numbered[k] for k in sorted(numbered))


def _multiple_response(sets: dict[str, Any], columns: list[str]) -> dict[str, MultipleResponse]:
    actual = {name.lower(): name for name in columns}
    found = {}
    for name, said in sets.items():
        members = [actual.get(one.lower()) for one in said["variable_list"]]
        present = tuple(one for one in members if one is not None)
        if present:
            counted = said["counted_value"] if said["is_dichotomy"] else None
            found[name] = MultipleResponse(name, present, said["label"] or "", counted)
    return found


def _read_parquet(path: Path, columns: Sequence[str] | None) -> Microdata:
    frame, book, reasons = read_parquet(path, columns)
    if book is None:
        return Microdata(frame, {}, path)
    variables: dict[str, Variable] = {
        name: book.variables[name] for name in frame.columns if name in book.variables
    }
    for name, variable in variables.items():
        if variable.declares_missing and name not in reasons:
            reasons[name] = Reasons.gather(len(frame), [])
    return Microdata(
        frame,
        variables,
        path,
        book.design,
        reasons=reasons,
        title=book.title,
        notes=book.notes,
        weight=book.weight,
        multiple_response=book.multiple_response or {},
    )


def told(data: Microdata) -> Microdata:
    """Warn of the remarks that may change a figure or a word."""
    for remark in data.remarks:
        if not remark.startswith(QUIET):
            warnings.warn(remark, FileWarning, stacklevel=3)
    return data
