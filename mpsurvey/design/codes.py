"""Columns of any kind as whole-number codes, in the order of their values."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Codes", "categories_in_order", "compact", "encode"]

Codes = NDArray[np.intp]

_TABLE = 1 << 22
"""Widest range of whole numbers that is coded by a look-up table instead of by hashing."""


def encode(column: nw.Series[Any]) -> tuple[Codes, NDArray[Any]]:
    """Code a column by the order of its distinct values.

    Parameters
    ----------
    column
        A column of any kind: numbers, text, dates, categories.

    Returns
    -------
    codes, levels
        `codes`, shape (n,), indexes `levels`, the sorted distinct values; a missing value is -1.
        Categories keep the order that pandas, or a Polars Enum, declares.
    """
    declared = categories_in_order(column)
    if declared is not None:
        return _as_declared(declared)
    if column.dtype.is_integer() and column.null_count() == 0:
        return compact(np.asarray(column.to_numpy()))
    if column.dtype == nw.Boolean:
        missing = column.is_null().to_numpy().astype(bool)
        codes, levels = compact(column.fill_null(value=False).to_numpy()[~missing].astype(np.int8))
        every = np.full(len(missing), -1, dtype=np.intp)
        every[~missing] = codes
        return every, levels
    if column.dtype.is_float():
        values = np.asarray(column.to_numpy(), dtype=np.float64)
        missing = np.isnan(values)
        whole = np.where(missing, 0.0, values)
        if np.all(np.abs(whole) < 2**53) and np.array_equal(whole, np.rint(whole)):
            if not missing.any():
                return compact(whole.astype(np.int64))
            inside, levels = compact(whole[~missing].astype(np.int64))
            codes = np.full(len(values), -1, dtype=np.intp)
            codes[~missing] = inside
            return codes, levels
        codes, levels = pd.factorize(values, sort=True)
        return codes.astype(np.intp, copy=False), np.asarray(levels)
    if column.dtype in (nw.Categorical, nw.Enum):
        column = column.cast(nw.String)
    texts = column.to_pandas()
    codes, uniques = pd.factorize(texts, sort=True)
    return codes.astype(np.intp, copy=False), np.asarray(uniques)


def categories_in_order(column: nw.Series[Any]) -> pd.Series | None:
    """The column as pandas' categories, where it declares an order of them; else None."""
    if column.dtype not in (nw.Categorical, nw.Enum):
        return None
    if column.dtype == nw.Categorical and not column.implementation.is_pandas():
        return None  # in the order in which they happened to occur
    held: pd.Series = column.to_pandas()
    return held if isinstance(held.dtype, pd.CategoricalDtype) else None


def _as_declared(column: pd.Series) -> tuple[Codes, NDArray[Any]]:
    codes = column.cat.codes.to_numpy().astype(np.intp)
    present = np.zeros(len(column.cat.categories), dtype=bool)
    present[codes[codes >= 0]] = True
    place = np.cumsum(present) - 1
    levels = np.asarray(column.cat.categories)[present]
    return np.where(codes < 0, -1, place[codes] if len(place) else codes), levels


def compact(values: NDArray[Any]) -> tuple[Codes, NDArray[Any]]:
    """Code whole numbers without gaps, keeping their order.

    Returns
    -------
    codes, levels
        `codes`, shape (n,), indexes `levels`, the sorted distinct values.
    """
    if not len(values):
        return np.empty(0, dtype=np.intp), values
    low, high = int(values.min()), int(values.max())
    if high - low < max(_TABLE, 2 * len(values)):
        shifted = (values - low).astype(np.intp, copy=False) if low else values.astype(np.intp)
        present = np.zeros(high - low + 1, dtype=bool)
        present[shifted] = True
        levels = np.flatnonzero(present)
        if len(levels) == len(present):
            return shifted, (levels + low).astype(values.dtype)
        rank = np.cumsum(present) - 1
        return rank[shifted], (levels + low).astype(values.dtype)
    codes, uniques = pd.factorize(values, sort=True)
    return codes.astype(np.intp, copy=False), np.asarray(uniques)
