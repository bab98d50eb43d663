"""Stata files of release 118 (119 above 32,767 variables), written from whole columns.

The layout is StataCorp's ("File formats .dta"). Written here and not by pyreadstat, because that
cannot write characteristics, where Stata keeps notes and the survey design, and goes cell by cell.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mpsurvey.microdata.codebook import steps_said
from mpsurvey.microdata.columns import is_whole, numeric_kind
from mpsurvey.microdata.dates import temporal_kind, to_numbers
from mpsurvey.microdata.names import STATA, legal_names
from mpsurvey.microdata.own import OWN, dumped, leftover
from mpsurvey.microdata.svyset import characteristics_of, renamed_design
from mpsurvey.microdata.variable import Variable

if TYPE_CHECKING:
    from mpsurvey.microdata.dataset import Microdata

__all__ = ["write_dta"]

LETTERS = "abcdefghijklmnopqrstuvwxyz"
STRL = 32768
LONGEST_TEXT = 2045
# Stata's type code, NumPy type, lowest and highest value, the value of "." (".a" follows)
WHOLE_TYPES = (
    (65530, "<i1", -127, 100, 101),
    (65529, "<i2", -32767, 32740, 32741),
    (65528, "<i4", -2147483647, 2147483620, 2147483621),
)
DOUBLE = 65526
DOUBLE_MISSING, DOUBLE_STEP = 0x7FE0000000000000, 0x0000010000000000
LARGEST_DOUBLE = 8.988e307
LABEL_MISSING = 2147483621
LONGEST_LABEL = 80


@dataclass(slots=True)
class _Written:
    """A column on its way to the file."""

    name: str
    code: int
    dtype: str
    values: np.ndarray
    format: str
    label: str = ""
    words: dict[int, str] = field(default_factory=dict)
    texts: list[bytes] = field(default_factory=list)  # the distinct long texts, if any
    characteristics: list[tuple[str, str]] = field(default_factory=list)


def write_dta(data: Microdata, path: Path) -> list[str]:
    """Write a Stata file, and return what it cannot hold."""
    names = legal_names(data.columns, STATA)
    lost = [f"the names {_changed(names)}"] if _changed(names) else []
    columns = [_column(data, old, new, lost) for old, new in names.items()]
    characteristics = [
        (one.name, key, text) for one in columns for key, text in one.characteristics
    ]
    characteristics += _notes("_dta", data.notes)
    if data.design is not None:
        triples, unsaid = characteristics_of(renamed_design(data.design, names))
        characteristics += triples
        lost += unsaid
    own: dict[str, Any] = {}
    if data.design is not None and data.design.calibration is not None:
        if _changed(names):
            lost.append("the calibration of the weights (its columns have new names)")
        else:
            own["calibration"] = steps_said(data.design.calibration)
    if data.multiple_response:
        lost.append("multiple-response sets (kept in a characteristic only)")
        own["multiple_response"] = [asdict(one) for one in data.multiple_response.values()]
    if data.weight:
        own["weight"] = names.get(data.weight, data.weight)
    if len(data.title) > LONGEST_LABEL:
        lost.append("the end of the title")
        own["title"] = data.title
    if own:
        characteristics.append(("_dta", OWN, dumped(own)))
    path.write_bytes(_file(columns, len(data), data.title, characteristics))
    return lost


def _changed(names: Mapping[str, str]) -> str:
    changed = [f"'{old}' (now '{new}')" for old, new in names.items() if old != new]
    return ", ".join(changed[:5]) + (f" and {len(changed) - 5} more" if len(changed) > 5 else "")


def _column(data: Microdata, old: str, new: str, lost: list[str]) -> _Written:
    variable = data.variables[old]
    series = data.frame[old]
    letters = _letters(data, old, lost)
    if series.dtype.kind in "iufbMm":
        written = _numbers(series, variable, data, letters, new, lost)
        answers = {code: word for code, word in variable.answers.items() if code in written.words}
    else:
        written = _text(series, variable, new)
        answers = {}
        if data.reasons.get(old) is not None and data.reasons[old].codes:
            lost.append(f"why answers to '{old}' are missing (it is text)")
        if variable.answers:
            lost.append(f"labels of the texts in '{old}'")
    written.label = variable.label[:LONGEST_LABEL]
    if len(variable.label) > LONGEST_LABEL:
        lost.append(f"the end of the label of '{old}'")
    own = leftover(
        variable,
        {code: f".{letter}" for code, letter in letters.items()},
        missing=[],
        ranges=[],
        label=written.label,
        measure=None,
        unit=None,
        question=None,
        kind=_kind_when_read(written, series, answers),
        answers=[list(pair) for pair in answers.items()],
        notes=list(variable.notes),
    )
    if written.dtype.startswith("S") or written.code == STRL:
        own.pop("missing", None)
        if variable.missing:
            own["reasons"] = [list(pair) for pair in variable.missing.items()]
    if own:
        written.characteristics.append((OWN, dumped(own)))
    written.characteristics += [(key, text) for _, key, text in _notes(new, variable.notes)]
    return written


def _kind_when_read(written: _Written, series: pd.Series, answers: Mapping[Any, str]) -> str:
    shown = temporal_kind(written.format, "stata")
    if written.dtype.startswith("S") or written.code == STRL:
        return "text"
    if series.dtype.kind in "Mm" and shown:
        return shown
    return numeric_kind(series.to_numpy(dtype=np.float64, na_value=np.nan), answers)


def _letters(data: Microdata, name: str, lost: list[str]) -> dict[Any, str]:
    """Give each reason one of Stata's letters: its own where it has one."""
    variable, why = data.variables[name], data.reasons.get(name)
    codes = [*variable.missing, *(why.codes if why is not None else ())]
    codes = list(dict.fromkeys(codes))
    given: dict[Any, str] = {}
    for code in codes:
        letter = str(code)[1:].lower()
        own = isinstance(code, str) and len(letter) == 1 and letter in LETTERS
        if own and letter not in given.values():
            given[code] = letter
    free = [letter for letter in LETTERS if letter not in given.values()]
    used = dict(zip(why.codes, why.counts(), strict=True)) if why is not None else {}
    rest = [code for code in codes if code not in given]
    if len(rest) > len(free):
        rest = sorted(rest, key=lambda code: -used.get(code, 0))
        lost.append(f"{len(rest) - len(free)} of the reasons in '{name}' (Stata has 26 letters)")
    return given | dict(zip(rest, free, strict=False))


def _numbers(
    series: pd.Series,
    variable: Variable,
    data: Microdata,
    letters: Mapping[Any, str],
    name: str,
    lost: list[str],
) -> _Written:
    letter_of_kind = series.dtype.kind
    shown = variable.format if (variable.format or "").startswith("%") else None
    if letter_of_kind in "Mm":
        kind = variable.kind if variable.kind in ("date", "time", "datetime") else "datetime"
        numbers = to_numbers(series.to_numpy(), kind, "stata")
        default = {"date": "%td", "datetime": "%tc", "time": "%tcHH:MM:SS"}[kind]
        shown = shown if shown and shown.startswith(("%t", "%d", "%-t", "%-d")) else default
    elif letter_of_kind in "iub":
        numbers = series.to_numpy(dtype=np.int64)
    else:
        numbers = series.to_numpy(dtype=np.float64, na_value=np.nan)
    blank = np.isnan(numbers) if numbers.dtype.kind == "f" else np.zeros(len(numbers), dtype=bool)
    too_large = ~blank & (np.abs(numbers) > LARGEST_DOUBLE)
    if too_large.any():
        lost.append(f"infinite or very large numbers in '{variable.name}' (now missing)")
        blank = blank | too_large
    code, dtype, values, missing = _stored(numbers, blank)
    why = data.reasons.get(variable.name)
    if why is not None:
        for reason, letter in letters.items():
            values[why.where(reason)] = missing[LETTERS.index(letter) + 1]
    written = _Written(name, code, dtype, values, shown or _display(variable, code))
    written.words = _words(variable, letters, lost)
    return written


def _stored(numbers: np.ndarray, blank: np.ndarray) -> tuple[int, str, np.ndarray, list[Any]]:
    """Choose the smallest of Stata's types that holds the numbers exactly."""
    present = numbers[~blank]
    if present.size == 0 or is_whole(present):
        low, high = (present.min(), present.max()) if present.size else (0, 0)
        for code, dtype, lowest, highest, dot in WHOLE_TYPES:
            if lowest <= low and high <= highest:
                values = np.where(blank, dot, numbers).astype(dtype)
                return code, dtype, values, [dot + k for k in range(27)]
    bits = [DOUBLE_MISSING + k * DOUBLE_STEP for k in range(27)]
    missing = np.array(bits, dtype="<u8").view("<f8")
    values = np.where(blank, missing[0], numbers).astype("<f8")
    return DOUBLE, "<f8", values, list(missing)


def _display(variable: Variable, code: int) -> str:
    spss = re.fullmatch(r"[FN](\d+)(?:\.(\d+))?", variable.format or "")
    if spss:
        return f"%{spss.group(1)}.{spss.group(2) or 0}f"
    return {65528: "%12.0g", DOUBLE: "%10.0g"}.get(code, "%8.0g")


def _words(variable: Variable, letters: Mapping[Any, str], lost: list[str]) -> dict[int, str]:
    words: dict[int, str] = {}
    unsaid = 0
    for code, word in variable.answers.items():
        whole = isinstance(code, int | float) and float(code).is_integer()
        if whole and abs(code) < LABEL_MISSING:
            words[int(code)] = word
        else:
            unsaid += 1
    if unsaid:
        lost.append(f"{unsaid} labels of '{variable.name}' (Stata labels whole numbers)")
    for code, letter in letters.items():
        if variable.missing.get(code):
            words[LABEL_MISSING + 1 + LETTERS.index(letter)] = variable.missing[code]
    return words


def _text(series: pd.Series, variable: Variable, name: str) -> _Written:
    codes, distinct = pd.factorize(series)
    texts = [str(one).encode() for one in distinct]
    width = max([1, *map(len, texts)])
    shown = variable.format if re.fullmatch(r"%-?\d+s", variable.format or "") else None
    if width <= LONGEST_TEXT and not any(b"\0" in one for one in texts):
        table = np.array([*texts, b""], dtype=f"S{width}")
        return _Written(name, width, f"S{width}", table[codes], shown or f"%{min(width, 244)}s")
    return _Written(name, STRL, "<u8", codes + 1, shown or "%9s", texts=texts)


def _notes(owner: str, notes: tuple[str, ...]) -> list[tuple[str, str, str]]:
    if not notes:
        return []
    numbered = [(owner, f"note{k}", text) for k, text in enumerate(notes, start=1)]
    return [(owner, "note0", str(len(notes))), *numbered]


def _file(
    columns: list[_Written], rows: int, title: str, characteristics: list[tuple[str, str, str]]
) -> bytes:
    wide = len(columns) > 32767
    count = struct.pack("<I" if wide else "<H", len(columns))
    label = title[:LONGEST_LABEL].encode()
    out = io.BytesIO()
    places: list[int] = []

    def section(tag: str, body: bytes) -> None:
        places.append(out.tell())
        out.write(b"<%s>" % tag.encode())
        out.write(body)
        out.write(b"</%s>" % tag.encode())

    places.append(0)
    out.write(b"<stata_dta><header><release>" + (b"119" if wide else b"118") + b"</release>")
    out.write(b"<byteorder>LSF</byteorder><K>" + count + b"</K>")
    out.write(b"<N>" + struct.pack("<Q", rows) + b"</N>")
    out.write(b"<label>" + struct.pack("<H", len(label)) + label + b"</label>")
    out.write(b"<timestamp>\0</timestamp></header>")  # none: the same data give the same bytes
    section("map", bytes(14 * 8))
    map_at = places[-1] + len(b"<map>")
    section("variable_types", np.array([one.code for one in columns], dtype="<u2").tobytes())
    section("varnames", b"".join(_padded(one.name, 129) for one in columns))
    section("sortlist", bytes((len(columns) + 1) * (4 if wide else 2)))
    section("formats", b"".join(_padded(one.format, 57) for one in columns))
    sets, set_names = _label_sets(columns)
    section("value_label_names", b"".join(_padded(name, 129) for name in set_names))
    section("variable_labels", b"".join(_padded(one.label, 321) for one in columns))
    section("characteristics", b"".join(_characteristic(*one) for one in characteristics))
    places.append(out.tell())
    out.write(b"<data>")
    long_texts = _write_rows(out, columns, rows, wide)
    out.write(b"</data>")
    section("strls", long_texts)
    section("value_labels", b"".join(_label_set(name, words) for name, words in sets.items()))
    places.append(out.tell())
    out.write(b"</stata_dta>")
    places.append(out.tell())
    out.seek(map_at)
    out.write(struct.pack("<14Q", *places))
    return out.getvalue()


def _padded(text: str, width: int) -> bytes:
    raw = text.encode()[: width - 1].decode(errors="ignore").encode()
    return raw + bytes(width - len(raw))


def _characteristic(owner: str, name: str, text: str) -> bytes:
    body = _padded(owner, 129) + _padded(name, 129) + text.encode() + b"\0"
    return b"<ch>" + struct.pack("<I", len(body)) + body + b"</ch>"


def _write_rows(out: io.BytesIO, columns: list[_Written], rows: int, wide: bool) -> bytes:  # noqa: FBT001
    """Write the rows, and return the section of long texts that they point into."""
    record = np.zeros(rows, dtype=[(f"c{k}", one.dtype) for k, one in enumerate(columns)])
    blocks = []
    for k, one in enumerate(columns):
        if one.code != STRL:
            record[f"c{k}"] = one.values
            continue
        # a long text is a pointer: the column and the row of its first appearance (0, 0 is "")
        place = k + 1
        first = np.zeros(len(one.texts) + 1, dtype=np.uint64)
        appears = pd.Series(one.values).drop_duplicates()
        for row, code in appears.items():
            if code:
                first[code] = int(row) + 1  # type: ignore[call-overload]
        shift = 24 if wide else 16
        pointer = np.where(first > 0, (first << np.uint64(shift)) | np.uint64(place), 0)
        record[f"c{k}"] = pointer[one.values]
        for text, row in sorted(zip(one.texts, first[1:], strict=True), key=lambda pair: pair[1]):
            head = struct.pack("<IQBI", place, int(row), 130, len(text) + 1)
            blocks.append(b"GSO" + head + text + b"\0")
    out.write(record.tobytes())
    return b"".join(blocks)


def _label_sets(columns: list[_Written]) -> tuple[dict[str, dict[int, str]], list[str]]:
    """Share one set of labels among the variables that have the same one."""
    sets: dict[str, dict[int, str]] = {}
    by_content: dict[tuple[tuple[int, str], ...], str] = {}
    names = []
    for one in columns:
        content = tuple(sorted(one.words.items()))
        if not content:
            names.append("")
            continue
        name = by_content.setdefault(content, one.name)
        sets.setdefault(name, one.words)
        names.append(name)
    return sets, names


def _label_set(name: str, words: Mapping[int, str]) -> bytes:
    codes = sorted(words)
    texts = [words[code].encode() + b"\0" for code in codes]
    offsets = np.cumsum([0, *map(len, texts)])[:-1].astype("<i4")
    table = struct.pack("<2i", len(codes), sum(map(len, texts)))
    table += offsets.tobytes() + np.array(codes, dtype="<i4").tobytes() + b"".join(texts)
    head = struct.pack("<I", len(table)) + _padded(name, 129) + bytes(3)
    return b"<lbl>" + head + table + b"</lbl>"
