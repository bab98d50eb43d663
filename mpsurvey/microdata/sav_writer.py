"""SPSS files: pyreadstat writes the rows; the weight, MR sets and attributes are added to its file.

pyreadstat has no way to say them. They are records of the file's dictionary, laid out as the PSPP
developers' guide ("System File Format") describes.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyreadstat

from mpsurvey.errors import MpsurveyError
from mpsurvey.microdata.codebook import design_said
from mpsurvey.microdata.columns import numeric_kind
from mpsurvey.microdata.dates import temporal_kind, to_numbers
from mpsurvey.microdata.names import SPSS, legal_names
from mpsurvey.microdata.own import OWN, dumped, leftover
from mpsurvey.microdata.reasons import plain_number
from mpsurvey.microdata.spss import read_dictionary
from mpsurvey.microdata.svyset import renamed_design
from mpsurvey.microdata.variable import MultipleResponse, Variable

if TYPE_CHECKING:
    from mpsurvey.microdata.dataset import Microdata

__all__ = ["write_sav"]

LONGEST_LABEL, LONGEST_WORD, LONGEST_TITLE = 255, 120, 64
LONGEST_MISSING_TEXT = 8
FORMATS = {"date": "DATE11", "datetime": "DATETIME20", "time": "TIME8"}
MEASURES = {"categorical": "nominal", "text": "nominal"}


def write_sav(data: Microdata, path: Path, *, compressed: bool = False) -> list[str]:
    """Write an SPSS file (a .zsav where `compressed`), and return what it cannot hold."""
    names = legal_names(data.columns, SPSS)
    lost = [f"the name '{old}' (now '{new}')" for old, new in names.items() if old != new]
    frame: dict[str, Any] = {}
    words: dict[str, dict[Any, str]] = {}
    missing: dict[str, list[Any]] = {}
    own: dict[str, Any] = {}
    for old, new in names.items():
        column = _column(data, old, lost)
        frame[new] = column.values
        words[new] = {code: _cut(word, LONGEST_WORD) for code, word in column.words.items()}
        missing[new] = column.declared
        if column.own:
            own[new] = column.own
    variables = {new: data.variables[old] for old, new in names.items()}
    _too_long(variables, data.title, lost)
    try:
        pyreadstat.write_sav(
            pd.DataFrame(frame),
            path,
            file_label=_cut(data.title, LONGEST_TITLE),
            column_labels={new: _cut(one.label, LONGEST_LABEL) for new, one in variables.items()},
            compress=compressed,
            row_compress=not compressed,
            note=[line for note in data.notes for line in _lines(note)] or None,
            variable_value_labels={new: said for new, said in words.items() if said},
            missing_ranges={new: said for new, said in missing.items() if said},
            variable_display_width={
                new: one.display_width for new, one in variables.items() if one.display_width
            },
            variable_measure={
                new: one.measure or MEASURES.get(one.kind, "scale")
                for new, one in variables.items()
            },
            variable_format={
                new: shown for new, one in variables.items() if (shown := _display(one))
            },
        )
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError) as error:
        raise MpsurveyError(f"{path.name} could not be written: {error}") from None
    attributes: dict[str, Any] = {"variables": own} if own else {}
    if data.design is not None:
        attributes["design"] = design_said(renamed_design(data.design, names))
        if data.design.calibration is not None and "calibration" not in attributes["design"]:
            lost.append("the calibration of the weights (its columns have new names)")
    sets = [_renamed(one, names) for one in data.multiple_response.values()]
    weight = names.get(data.weight) if data.weight else None
    path.write_bytes(_completed(path.read_bytes(), weight, sets, attributes))
    return lost


@dataclass(slots=True)
class _Column:
    values: Any
    words: dict[Any, str]
    declared: list[Any]
    own: dict[str, Any]


def _column(data: Microdata, name: str, lost: list[str]) -> _Column:
    if data.frame[name].dtype.kind in "iufbMm":
        return _numbers(data, name, lost)
    return _texts(data, name, lost)


def _numbers(data: Microdata, name: str, lost: list[str]) -> _Column:
    variable, why = data.variables[name], data.reasons.get(name)
    values = _floats(data.frame[name], variable)
    answered = values.copy()
    codes = list(dict.fromkeys([*variable.missing, *(why.codes if why is not None else ())]))
    stored = _stored_codes(codes, values, variable)
    ranges = variable.missing_ranges
    single = [there for there in stored.values() if not _inside(there, ranges)]
    declared, kept = declarable(single, ranges, _substantive(values, variable))
    unkept = [code for code, there in stored.items() if there in single and there not in kept]
    for code in unkept:
        del stored[code]
        lost.append(f"the reason {code} in '{name}' (SPSS has three codes, or a range and a code)")
    if why is not None:
        for code, there in stored.items():
            values[why.where(code)] = there
    words: dict[Any, str] = dict(variable.answers)
    words |= {there: variable.missing.get(code, "") for code, there in stored.items()}
    own = _own(variable, stored, _kind_when_read(answered, variable))
    as_declared = [{"lo": _end(low), "hi": _end(high)} for low, high in ranges] + single
    if sorted(map(str, declared)) != sorted(map(str, as_declared)):
        own["ranges"] = [[repr(low), repr(high)] for low, high in ranges]
        own["reasons"] = [[code, word] for code, word in variable.missing.items()]
    return _Column(values, {code: word for code, word in words.items() if word}, declared, own)


def _kind_when_read(answered: np.ndarray, variable: Variable) -> str:
    measure = variable.measure or MEASURES.get(variable.kind, "scale")
    return numeric_kind(answered, variable.answers, partly_labelled=measure != "scale")


def _texts(data: Microdata, name: str, lost: list[str]) -> _Column:
    variable, why, series = data.variables[name], data.reasons.get(name), data.frame[name]
    values = series.astype(object).where(series.notna(), "")
    stored: dict[Any, str] = {}
    for code in variable.missing:
        fits = isinstance(code, str) and len(code.encode()) <= LONGEST_MISSING_TEXT
        if fits and len(stored) < 3:
            stored[code] = code
        else:
            lost.append(f"the reason {code!r} in '{name}' (SPSS has three of eight letters)")
    if why is not None:
        for code in stored:
            values = values.mask(why.where(code), code)
    words = {str(code): word for code, word in variable.answers.items()}
    words |= {code: word for code, word in variable.missing.items() if code in stored and word}
    own = _own(variable, stored, "categorical" if variable.answers else "text")
    return _Column(values, words, list(stored), own)


def _own(variable: Variable, stored: Mapping[Any, Any], kind_when_read: str) -> dict[str, Any]:
    return leftover(
        variable,
        stored,
        missing=[],
        ranges=[[repr(low), repr(high)] for low, high in variable.missing_ranges],
        label=_cut(variable.label, LONGEST_LABEL),
        measure=variable.measure or MEASURES.get(variable.kind, "scale"),
        unit=None,
        question=None,
        kind=variable.kind if variable.kind in FORMATS else kind_when_read,
        answers=[[c, _cut(w, LONGEST_WORD)] for c, w in variable.answers.items()],
        notes=[],
    )


def _floats(series: pd.Series, variable: Variable) -> np.ndarray:
    if series.dtype.kind in "Mm":
        kind = variable.kind if variable.kind in ("date", "time", "datetime") else "datetime"
        return to_numbers(series.to_numpy(), kind, "spss")
    return series.to_numpy(dtype=np.float64, na_value=np.nan, copy=True)


def _substantive(values: np.ndarray, variable: Variable) -> np.ndarray:
    labelled = [code for code in variable.answers if isinstance(code, int | float)]
    return np.concatenate([values[~np.isnan(values)], np.array(labelled, dtype=np.float64)])


def _stored_codes(
    codes: Sequence[Any], values: np.ndarray, variable: Variable
) -> dict[Any, float | int]:
    """Give Stata's and SAS's letters a code: below everything that the variable holds."""
    letters = [code for code in codes if isinstance(code, str)]
    stored = {code: plain_number(code) for code in codes if not isinstance(code, str)}
    if letters:
        used = np.concatenate([_substantive(values, variable), list(stored.values()) or [0]])
        floor = min(used.min(), 0) if used.size else 0
        base = next(b for b in (10.0**k for k in range(2, 300)) if -b < floor)
        stored |= {letter: int(-base - k) for k, letter in enumerate(sorted(letters))}
    return {code: stored[code] for code in codes}


def _inside(code: Any, ranges: Sequence[tuple[float, float]]) -> bool:
    return any(low <= code <= high for low, high in ranges)


def declarable(
    codes: Sequence[float], ranges: Sequence[tuple[float, float]], substantive: np.ndarray
) -> tuple[list[Any], set[float]]:
    """Say missing codes as SPSS can: three codes, or a range and at most one code.

    More than three become a range where no answer lies between them.

    Returns
    -------
    tuple
        What to declare, and the codes that are covered by it.

    Examples
    --------
    >>> declarable([-9, -7, -3, -2, -1], [], np.array([0, 1]))[0]
    [{'lo': -9, 'hi': -1}]
    >>> declarable([-1, 7, 8, 9, 99], [], np.array([1, 2, 50]))[0]
    [{'lo': 7, 'hi': 9}, 99]
    """
    codes = sorted(codes)
    if len(ranges) <= 1 and len(codes) <= (1 if ranges else 3):
        spans = [{"lo": _end(low), "hi": _end(high)} for low, high in ranges]
        return [*spans, *codes], set(codes)
    pieces = sorted([*ranges, *((code, code) for code in codes)])
    best: tuple[tuple[int, int], list[Any]] = ((0, 0), [])
    for first in range(len(pieces)):
        for last in range(first, len(pieces)):
            low, high = pieces[first][0], max(end for _, end in pieces[first : last + 1])
            if ((substantive >= low) & (substantive <= high)).any():
                break
            rest = [p for p in (*pieces[:first], *pieces[last + 1 :]) if p[0] == p[1]]
            spare = [rest[-1][0]] if rest else []
            worth = (last - first + 1 + len(spare), -len(spare))
            if worth > best[0]:
                span = {"lo": _end(low), "hi": _end(high)} if low != high else low
                best = (worth, [span, *spare])
    declared = best[1]
    kept = {
        code
        for code in codes
        if any(
            one["lo"] <= code <= one["hi"] if isinstance(one, dict) else code == one
            for one in declared
        )
    }
    return declared, kept


def _end(number: float) -> float | int:
    largest = float(np.finfo(np.float64).max)
    return (
        plain_number(min(max(number, -largest), largest))
        if abs(number) < 1e15
        else min(max(number, -largest), largest)
    )


def _display(variable: Variable) -> str | None:
    shown = variable.format or ""
    if variable.kind in FORMATS:
        kept = temporal_kind(shown, "spss") == variable.kind if shown[:1] not in "%$" else False
        return shown if kept else FORMATS[variable.kind]
    if shown[:1] in ("F", "N", "E") and shown[1:2].isdigit():
        return shown
    return None


def _too_long(variables: Mapping[str, Variable], title: str, lost: list[str]) -> None:
    long_labels = [n for n, one in variables.items() if len(one.label.encode()) > LONGEST_LABEL]
    if long_labels:
        lost.append(f"the end of long labels ({', '.join(long_labels[:5])})")
    if len(title.encode()) > LONGEST_TITLE:
        lost.append("the end of the title")
    words = [word for one in variables.values() for word in one.answers.values()]
    if any(len(word.encode()) > LONGEST_WORD for word in words):
        lost.append("the end of long value labels")


def _cut(text: str, longest: int) -> str:
    return text.encode()[:longest].decode(errors="ignore")


def _lines(note: str) -> list[str]:
    """Break a note into the lines of 80 bytes that SPSS documents are made of."""
    lines = []
    for line in note.splitlines() or [""]:
        rest = line
        while len(rest.encode()) > 80:
            piece = _cut(rest, 80)
            lines.append(piece)
            rest = rest[len(piece) :]
        lines.append(rest)
    return lines


def _renamed(one: MultipleResponse, names: Mapping[str, str]) -> MultipleResponse:
    columns = tuple(names.get(column, column) for column in one.columns)
    return MultipleResponse(one.name, columns, one.label, one.counted)


def _completed(
    content: bytes,
    weight: str | None,
    sets: Sequence[MultipleResponse],
    attributes: Mapping[str, Any],
) -> bytes:
    """Add the weight, the MR sets and this library's attribute to a file's dictionary."""
    dictionary = read_dictionary(content)
    short = {long: s for s, long in dictionary.long_names.items()}
    if weight is not None:
        place = {dictionary.long_names.get(s, s): k for k, s in dictionary.short_names.items()}
        content = content[:76] + struct.pack("<i", place[weight]) + content[80:]
    extra = b""
    if sets:
        lines = [_set_line(one, short).encode() for one in sets]
        extra += _extension(7, b"".join(lines))
    if attributes:
        # a quote mark would end the value; JSON says it as an escape
        text = dumped(attributes).replace("'", "\\u0027")
        extra += _extension(17, f"{OWN}('{text}'\n)".encode())
    at = dictionary.end_record_at
    content = content[:at] + extra + content[at:]
    if dictionary.compression == 2:
        content = _shifted(content, dictionary.data_at + len(extra), len(extra))
    return content


def _extension(subtype: int, body: bytes) -> bytes:
    return struct.pack("<4i", 7, subtype, 1, len(body)) + body


def _set_line(one: MultipleResponse, short: Mapping[str, str]) -> str:
    members = " ".join(short.get(column, column.upper()).lower() for column in one.columns)
    label = f"{len(one.label.encode())} {one.label}"
    if one.counted is None:
        return f"${one.name}=C {label} {members}\n"
    counted = str(one.counted)
    return f"${one.name}=D{len(counted)} {counted} {label} {members}\n"


def _shifted(content: bytes, header_at: int, by: int) -> bytes:
    """Move the absolute places in a .zsav's header and trailer."""
    header, trailer, length = struct.unpack_from("<3q", content, header_at)
    out = bytearray(content)
    struct.pack_into("<3q", out, header_at, header + by, trailer + by, length)
    trailer_at = trailer + by
    (blocks,) = struct.unpack_from("<i", content, trailer_at + 20)
    for k in range(blocks):
        at = trailer_at + 24 + 24 * k
        plain, packed = struct.unpack_from("<2q", content, at)
        struct.pack_into("<2q", out, at, plain + by, packed + by)
    return bytes(out)
