"""Derived concepts, worked out on the harmonised columns by the modules' own rules."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mpsurvey.catalogue import Concept
from mpsurvey.harmonisation.target import is_yes_no
from mpsurvey.rule import Formula, Rule

__all__ = ["Gathering", "gathered", "worked_out"]

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Gathering:
    """A roster and the rows of the main file that its rows belong to.

    Attributes
    ----------
    frame
        The roster's rows.
    row, main
        For each row of the roster, and of the main file, the number of the household or person; -1
        has none.
    size
        How many numbers there are.
    """

    frame: pd.DataFrame
    row: npt.NDArray[np.intp]
    main: npt.NDArray[np.intp]
    size: int


def worked_out(concept: Concept, frame: pd.DataFrame, home: int | None) -> Numbers:
    """Work a concept out for each row: numbers, NaN where it is not defined, shape (rows,)."""
    defined = _defined(concept, frame, home)
    if concept.categories:
        out = np.full(len(frame), np.nan)
        for category in reversed(concept.categories):
            out[category.rule.mask(frame, home=home)] = category.code
    else:
        out = _value(concept.value, frame, home)
    out[~defined] = np.nan
    return out


def gathered(
    concept: Concept, main: pd.DataFrame, gathering: Gathering, home: int | None
) -> Numbers:
    """Gather a roster's rows for each row of the main file, shape (rows of main,)."""
    roster = gathering.frame
    counts = gathering.row >= 0
    if concept.where is not None:
        counts &= concept.where.mask(roster, home=home)
    if concept.value is None:
        value = np.ones(len(roster))
    else:
        value = _value(concept.value, roster, home)
        counts &= ~np.isnan(value) if not is_yes_no(concept) else counts
    at, of_row = gathering.row[counts], value[counts]
    rows = np.bincount(at, minlength=gathering.size)
    result = _aggregate(concept.aggregate or "sum", at, of_row, rows)
    result[rows == 0] = np.nan if concept.empty is None else concept.empty
    if concept.value is not None and not is_yes_no(concept):
        result[_unknown(concept, gathering, value, home)] = np.nan
    empty = np.nan if concept.empty is None else concept.empty
    out = np.where(gathering.main >= 0, np.append(result, empty)[gathering.main], np.nan)
    out[~_defined(concept, main, home)] = np.nan
    return np.asarray(out, dtype=np.float64)


def _unknown(
    concept: Concept, gathering: Gathering, value: Numbers, home: int | None
) -> npt.NDArray[np.bool_]:
    """Households with a row that counts and whose value is unknown: a sum would be too small."""
    counts = (gathering.row >= 0) & np.isnan(value)
    if concept.where is not None:
        counts &= concept.where.mask(gathering.frame, home=home)
    return np.bincount(gathering.row[counts], minlength=gathering.size) > 0


def _aggregate(
    how: str, at: npt.NDArray[np.intp], value: Numbers, rows: npt.NDArray[np.intp]
) -> Numbers:
    size = len(rows)
    if how == "count":
        return rows.astype(np.float64)
    if how in ("sum", "mean", "any"):
        total = np.bincount(at, value, minlength=size).astype(np.float64)
        if how == "any":
            return (total > 0).astype(np.float64)
        return total if how == "sum" else total / np.maximum(rows, 1)
    start = np.inf if how == "min" else -np.inf
    out = np.full(size, start)
    (np.minimum if how == "min" else np.maximum).at(out, at, value)
    return out


def _defined(concept: Concept, frame: pd.DataFrame, home: int | None) -> npt.NDArray[np.bool_]:
    if concept.universe is None:
        return np.ones(len(frame), dtype=bool)
    return concept.universe.mask(frame, home=home)


def _value(value: Rule | Formula | None, frame: pd.DataFrame, home: int | None) -> Numbers:
    if isinstance(value, Formula):
        return value.values(frame, home=home)
    if isinstance(value, Rule):
        return value.mask(frame, home=home).astype(np.float64)
    return np.full(len(frame), np.nan)
