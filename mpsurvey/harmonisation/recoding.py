"""One column of a file to one variable of the modules: each distinct value is looked at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mpsurvey.harmonisation.countries import CountryNames
from mpsurvey.harmonisation.crosswalk import Band, Mapped
from mpsurvey.harmonisation.lookup import NOTHING, Lookup, Unmapped, found_codes
from mpsurvey.harmonisation.target import Target
from mpsurvey.microdata import Reasons, Variable

__all__ = ["Answers", "recoded", "without_codes"]


@dataclass(frozen=True, slots=True)
class Answers:
    """One variable's answers.

    Attributes
    ----------
    values
        Numbers with NaN, or texts and dates with None, shape (rows,).
    reasons
        Codes behind missing answers, one small number per row.
    words
        What these codes mean.
    unmapped
        Values without a place; they are missing.
    mistyped
        Rows whose value is not of the type asked for; they are missing.
    unplaced
        Which rows held such a value, of either sort, shape (rows,); None when there are none.
    """

    values: npt.NDArray[Any]
    reasons: Reasons
    words: Mapping[Any, str] = field(default_factory=dict)
    unmapped: tuple[Unmapped, ...] = ()
    mistyped: int = 0
    unplaced: npt.NDArray[np.bool_] | None = None

    @property
    def answered(self) -> npt.NDArray[np.bool_]:
        """Which rows have an answer, shape (rows,)."""
        return ~np.asarray(pd.isna(self.values))

    def take(self, rows: npt.NDArray[np.intp]) -> Answers:
        """Return the answers of rows by number; -1 gives a blank."""
        inside = rows >= 0
        at = np.where(inside, rows, 0)
        if not len(self.values):
            blank: npt.NDArray[Any] = np.full(len(rows), np.nan)
            return Answers(blank, Reasons.gather(len(rows), []), self.words)
        values = self.values[at]
        if not inside.all():
            values = values.astype(np.float64) if values.dtype.kind in "iub" else values.copy()
            values[~inside] = np.nan if values.dtype.kind == "f" else None
        marks = self.reasons.positions
        positions = np.where(inside, marks[at], 0).astype(marks.dtype)
        lost = None if self.unplaced is None else self.unplaced[at] & inside
        reasons = Reasons(self.reasons.codes, positions)
        return Answers(values, reasons, self.words, unplaced=lost)

    def blanked(self, rows: npt.NDArray[np.bool_]) -> Answers:
        """Return the answers with those of some rows taken out."""
        values = self.values.copy()
        values[rows] = np.nan if values.dtype.kind == "f" else None
        return replace(self, values=values)


def recoded(
    column: pd.Series,
    variable: Variable,
    reasons: Reasons | None,
    mapped: Mapped,
    target: Target,
    *,
    missing: Sequence[Any] = (),
    home: int | None = None,
    countries: CountryNames | None = None,
) -> Answers:
    """Give a column the modules' codes.

    A declared missing code keeps its code and words as the reason; the modules' own codes of *does
    not know* and *refused* become reasons as well.
    """
    if column.dtype.kind == "M" and target.type == "integer":
        of_month = target.unit == "month" or target.name == "int_month"
        column = column.dt.month if of_month else column.dt.year
    as_it_is = not mapped.recode and not mapped.countries
    if column.dtype.kind in "iu" and as_it_is and not target.numeric:
        # An identifier: as a float it would lose its last digits.
        return Answers(column.to_numpy(), Reasons.gather(len(column), []))
    codes, uniques = pd.factorize(column)
    distinct = _plain_values(uniques)
    table = Lookup(distinct, variable, mapped, target, (*mapped.missing, *missing), home, countries)
    counts = np.bincount(codes[codes >= 0], minlength=len(distinct))
    values = table.values
    blank: Any = np.nan if values.dtype.kind == "f" else None
    values = np.append(values, np.array([blank], dtype=values.dtype))[codes]
    marks = np.append(table.marks, NOTHING)[codes]
    if reasons is not None:
        values, marks = table.with_reasons(values, marks, reasons)
    wrong = int(counts[table.mistyped].sum())
    unplaced = table.unmapped | table.mistyped
    lost = np.append(unplaced, False)[codes] if unplaced.any() else None
    positions = (marks + 1).astype(np.min_scalar_type(len(table.reasons)))
    return Answers(
        values,
        Reasons(tuple(table.reasons), positions),
        {code: table.words.get(code, "") for code in table.reasons},
        tuple(table.without_place(counts)),
        wrong,
        lost,
    )


def _plain_values(uniques: Any) -> npt.NDArray[Any]:
    """Distinct values as floats, or as objects where they are not numbers."""
    array = np.asarray(uniques)
    if array.dtype.kind in "iufb":
        return array.astype(np.float64)
    if array.dtype.kind == "M":
        return np.array(pd.to_datetime(array).to_pydatetime(), dtype=object)
    return np.asarray(uniques, dtype=object)


def without_codes(column: pd.Series, codes: Sequence[Any]) -> pd.Series:
    """Return a column with codes of no answer taken out."""
    if not codes or column.dtype.kind in "Mm":
        return column
    if column.dtype.kind in "iuf":
        values = column.to_numpy(dtype=np.float64)
        gone = found_codes(values, codes)
        return pd.Series(np.where(gone, np.nan, values), column.index) if gone.any() else column
    if column.dtype.kind == "b":
        return column
    texts = {str(code) for code in codes if not isinstance(code, Band)}
    return column.mask(column.astype(object).isin(texts))
