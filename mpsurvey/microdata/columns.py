"""A raw column of a file becomes values, a kind and the reasons for what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from mpsurvey.microdata.dates import Family, temporal_kind, to_temporal
from mpsurvey.microdata.reasons import Reasons, find_discrete, plain_number
from mpsurvey.microdata.variable import Kind, Measure, Variable

__all__ = [
    "MOST_CATEGORIES",
    "Coded",
    "Column",
    "RawColumn",
    "as_text",
    "infer_variable",
    "make_column",
    "split_tags",
    "take_out",
]

# float64 holds whole numbers exactly up to here
LARGEST_WHOLE = 2.0**53
# With as many different answers, labels do not make a variable categorical.
MOST_CATEGORIES = 5000
# Labelled codes among the values given: from this share on, a labelled variable is categorical. A
# scale with labelled ends or an income with a labelled "refused" stays a number.
CATEGORICAL_FROM = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """Numbers of few different values: a byte for each row, and what each byte means.

    Parameters
    ----------
    codes
        uint8, shape (rows,).
    table
        float64, shape (256,); NaN where missing.
    """

    codes: np.ndarray
    table: np.ndarray

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: Any) -> Coded:
        return Coded(self.codes[rows], self.table)

    def numbers(self) -> np.ndarray:
        """The numbers themselves, float64."""
        return self.table.take(self.codes)

    def present(self) -> np.ndarray:
        """The codes that occur, ascending."""
        return np.flatnonzero(np.bincount(self.codes, minlength=256))


@dataclass(frozen=True, slots=True)
class RawColumn:
    """A column as the file has it.

    Parameters
    ----------
    values
        float64, int64, `Coded`, strings, or a mixture of numbers and one-letter special missing
        values.
    labels
        Every value label, also of codes that count as missing; letters for special missing values.
    missing
        What the file declares missing: values and ``(low, high)`` pairs.
    letters
        Special missing values that were already parted from the numbers, with their rows.
    """

    name: str
    values: Any
    family: Family
    label: str = ""
    labels: Mapping[Any, str] | None = None
    missing: tuple[Any, ...] = ()
    measure: Measure | None = None
    format: str | None = None
    display_width: int | None = None
    text: bool = False
    letters: tuple[tuple[str, np.ndarray], ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A column as `Microdata` has it, with how many dates had to be dropped."""

    values: Any
    variable: Variable
    reasons: Reasons | None
    lost_dates: int = 0


def make_column(raw: RawColumn) -> Column:
    """Give a raw column its kind, its dtype and the reasons for its missing values."""
    labels = {_key(code, raw.text): str(word) for code, word in (raw.labels or {}).items()}
    described = Variable(
        raw.name,
        raw.label,
        measure=raw.measure,
        format=raw.format,
        display_width=raw.display_width,
    )
    if raw.text:
        return _text_column(raw, labels, described)
    if isinstance(raw.values, Coded):
        return _coded(raw, raw.values, labels, described)
    return _numbers(raw, labels, described)


def _coded(raw: RawColumn, coded: Coded, labels: dict[Any, str], described: Variable) -> Column:
    """Decide on the few values that occur, and carry the answer to the rows."""
    if temporal_kind(raw.format, raw.family) is not None:
        return _numbers(replace(raw, values=coded.numbers()), labels, described)
    present = coded.present()
    few = _numbers(replace(raw, values=coded.table[present]), labels, described)
    table = np.zeros(256, dtype=few.values.dtype)
    table[present] = few.values
    reasons = few.reasons
    if reasons is not None:
        places = np.zeros(256, dtype=reasons.positions.dtype)
        places[present] = reasons.positions
        reasons = Reasons(reasons.codes, places.take(coded.codes))
    return Column(table.take(coded.codes), few.variable, reasons)


def _text_column(raw: RawColumn, labels: dict[Any, str], described: Variable) -> Column:
    values = as_text(raw.values)
    missing = {code: labels.get(code, "") for code in map(_stripped, raw.missing)}
    variable = described.but(
        kind="categorical" if set(labels) - set(missing) else "text",
        answers={code: word for code, word in labels.items() if code not in missing},
        missing=missing,
    )
    cleaned, reasons = take_out(values, variable)
    return Column(cleaned.mask(cleaned == ""), variable, reasons)


def _numbers(raw: RawColumn, labels: dict[Any, str], described: Variable) -> Column:
    numbers, tags = split_tags(raw.values)
    tags = [*raw.letters, *tags]
    ranges = tuple((low, high) for low, high in map(_pair, raw.missing) if low != high)
    discrete = [plain_number(low) for low, high in map(_pair, raw.missing) if low == high]
    marked = {
        code: word
        for code, word in labels.items()
        if _is_tag(code) or code in discrete or any(lo <= code <= hi for lo, hi in ranges)
    }
    missing = {code: labels.get(code, "") for code in discrete} | marked
    missing |= {tag: labels.get(tag, "") for tag, _ in tags}
    answers = {code: word for code, word in labels.items() if code not in missing}
    found = [*tags, *find_discrete(numbers, list(missing), ranges)]
    reasons = None
    if missing or ranges:
        reasons = Reasons.gather(len(numbers), found)
    if found:
        assert reasons is not None  # noqa: S101 - for the type checker
        numbers = np.where(reasons.positions > 0, np.nan, numbers)
    answers = _ordered(answers)
    missing = _ordered({**dict.fromkeys([code for code, _ in found], ""), **missing})
    variable = described.but(answers=answers, missing=missing, missing_ranges=ranges)
    temporal = temporal_kind(raw.format, raw.family)
    if temporal is not None and not np.isin(numbers, list(answers)).any():
        values, lost = to_temporal(np.asarray(numbers, dtype=np.float64), temporal, raw.family)
        # labels of a date ("does not know") are reasons; one that occurs has yet to be declared so
        variable = variable.but(kind=temporal, answers={}, missing=_ordered({**missing, **answers}))
        if answers and reasons is None:
            reasons = Reasons.gather(len(values), [])
        return Column(values, variable, reasons, lost)
    values = whole_if_possible(numbers)
    kind = numeric_kind(values, answers, partly_labelled=raw.measure != "scale")
    return Column(values, variable.but(kind=kind), reasons)


def split_tags(values: Any) -> tuple[np.ndarray, list[tuple[str, np.ndarray]]]:
    """Part numbers from one-letter special missing values (``a`` in Stata, ``A`` in SAS)."""
    array = np.asarray(values)
    if array.dtype != object:
        return array, []
    numbers = pd.to_numeric(pd.Series(array, dtype=object), errors="coerce").to_numpy(np.float64)
    rows = np.flatnonzero(np.isnan(numbers))
    rest = array[rows]
    lettered = np.fromiter((isinstance(one, str) for one in rest), dtype=bool, count=len(rest))
    rows, letters = rows[lettered], rest[lettered].astype(str)
    return numbers, [("." + letter, rows[letters == letter]) for letter in np.unique(letters)]


def whole_if_possible(numbers: np.ndarray) -> np.ndarray:
    """Return int64 where every number is present and whole, else float64."""
    if numbers.dtype.kind in "iu":
        return numbers.astype(np.int64, copy=False)
    if numbers.size and is_whole(numbers):
        return numbers.astype(np.int64)
    return numbers.astype(np.float64, copy=False)


def is_whole(numbers: np.ndarray) -> bool:
    """Whether every number is present, whole and exactly representable."""
    if numbers.dtype.kind in "iu":
        return True
    with np.errstate(invalid="ignore"):
        # the first few settle most columns of measurements and most columns with blanks
        head = numbers[:64]
        if not (head == np.floor(head)).all():
            return False
        return bool(
            (numbers == np.floor(numbers)).all() and (np.abs(numbers) <= LARGEST_WHOLE).all()
        )


def numeric_kind(
    values: np.ndarray, answers: Mapping[Any, str], *, partly_labelled: bool = True
) -> Kind:
    """Choose among categorical, integer and decimal.

    Labelled values are categorical when at least half of the distinct values given have a label
    (all of them where `partly_labelled` is off: SPSS calls the variable a scale), or when nobody
    answered.
    """
    present = values if values.dtype.kind in "iu" else values[~np.isnan(values)]
    whole = is_whole(present)
    if answers:
        distinct = _distinct(present) if whole else np.unique(present)
        labelled = 0
        if len(distinct) < MOST_CATEGORIES:
            labelled = sum(1 for value in distinct if value in answers)
        if labelled >= (CATEGORICAL_FROM if partly_labelled else 1.0) * len(distinct):
            return "categorical"
    return "integer" if whole and present.size else "decimal"


def _distinct(whole: np.ndarray) -> np.ndarray:
    if whole.size == 0:
        return whole
    low, high = whole.min(), whole.max()
    if high - low > 100_000:
        return np.unique(whole)
    offset = (whole - low).astype(np.intp)
    return np.asarray(np.flatnonzero(np.bincount(offset)) + low)


def take_out(values: Any, variable: Variable) -> tuple[Any, Reasons | None]:
    """Make a variable's missing codes null in its column, and keep them as reasons.

    Returns
    -------
    tuple
        The column (the same object where nothing was found) and the reasons, or ``None`` where no
        code was found.
    """
    column = values if isinstance(values, pd.Series) else pd.Series(values)
    if column.dtype.kind in "Mm" or not variable.declares_missing:
        return values, None
    if column.dtype.kind in "iufb":
        array = column.to_numpy()
        found = find_discrete(array, list(variable.missing), variable.missing_ranges)
        if not found:
            return values, None
        reasons = Reasons.gather(len(array), found)
        cleaned = np.where(reasons.positions > 0, np.nan, array)
        return pd.Series(cleaned, index=column.index, name=column.name), reasons
    present = column.notna().to_numpy()
    text = column.astype(object).to_numpy()
    numbers = variable.missing and not all(isinstance(code, str) for code in variable.missing)
    if present.any() and (numbers or variable.missing_ranges):
        try:
            array = pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
            return take_out(pd.Series(array, index=column.index, name=column.name), variable)
        except (ValueError, TypeError):
            pass
    found = []
    if variable.missing and _texts(text):
        text = column.str.rstrip().astype(object).to_numpy()
    for code in variable.missing:
        at = np.asarray(text == code, dtype=bool) & present
        if at.any():
            found.append((code, at))
    if not found:
        return values, None
    reasons = Reasons.gather(len(text), found)
    return column.mask(reasons.positions > 0), reasons


def _texts(values: np.ndarray) -> bool:
    return any(isinstance(one, str) for one in values[:1000])


def infer_variable(name: str, values: Any) -> Variable:
    """Describe a column from its values alone."""
    column = values if isinstance(values, pd.Series) else pd.Series(values)
    if isinstance(column.dtype, pd.CategoricalDtype):
        return Variable(name, kind="text")
    letter = column.dtype.kind
    if letter == "M":
        clock = column.dropna()
        at_midnight = bool((clock == clock.dt.normalize()).all()) if len(clock) else False
        return Variable(name, kind="date" if at_midnight else "datetime")
    if letter == "m":
        return Variable(name, kind="time")
    if letter in "iub":
        return Variable(name, kind="integer")
    if letter == "f":
        array = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return Variable(name, kind=numeric_kind(array, {}))
    return Variable(name, kind="text")


def settled(values: Any, variable: Variable) -> tuple[Any, Variable]:
    """Decide again what a column is, now that none of its codes is an answer with a label.

    A category becomes a number; numbers with a date's format, which labelled codes had kept from
    being dates, become dates.
    """
    column = values if isinstance(values, pd.Series) else pd.Series(values)
    family: Family = "stata" if (variable.format or "").startswith("%") else "spss"
    temporal = temporal_kind(variable.format, family)
    if temporal is not None and column.dtype.kind in "iuf":
        numbers = column.to_numpy(dtype=np.float64)
        dates, _ = to_temporal(numbers, temporal, family)
        return pd.Series(dates, index=column.index), variable.but(kind=temporal)
    if variable.kind == "categorical":
        return values, variable.but(kind=infer_variable(variable.name, column).kind)
    return values, variable


def as_text(values: Any) -> pd.Series:
    """Return strings as pandas' own string type, null where there is no string."""
    if isinstance(values, pa.Array):
        values = pa.chunked_array([values])
    if isinstance(values, pa.ChunkedArray):
        text: Any = pd.StringDtype(na_value=np.nan)
        return pd.Series(text.__from_arrow__(values))
    column = values if isinstance(values, pd.Series) else pd.Series(values)
    if isinstance(column.dtype, pd.StringDtype):
        return column
    return pd.Series(column.astype(object).to_numpy(), dtype=pd.StringDtype(na_value=np.nan))


def _key(code: Any, text: bool) -> Any:  # noqa: FBT001 - which of two kinds of code
    if isinstance(code, str):
        return code.rstrip() if text else f".{code}"
    return plain_number(code)


def _stripped(code: Any) -> str:
    low, _ = _pair(code)
    return str(low).rstrip()


def _pair(declared: Any) -> tuple[Any, Any]:
    if isinstance(declared, Mapping):
        return declared["lo"], declared["hi"]
    return declared if isinstance(declared, tuple) else (declared, declared)


def _is_tag(code: Any) -> bool:
    return isinstance(code, str)


def _ordered(words: dict[Any, str]) -> dict[Any, str]:
    numbers = sorted(code for code in words if not isinstance(code, str))
    letters = sorted(code for code in words if isinstance(code, str))
    return {code: words[code] for code in (*numbers, *letters)}
