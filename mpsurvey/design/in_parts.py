"""Rows elsewhere that agree in too many ways within the sampling units to be brought at once.

A statistic of the order of values needs two things: how the values are distributed among everybody,
and the sum in each sampling unit of a function of the value. The first is a group-by on the values
alone, without the units. Once it has come, the function is known at each value, and the sums by
unit come in parts: one group-by on units and values for each of several ranges of values, none of
which is too large.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from mpsurvey.design.codes import Codes, encode
from mpsurvey.design.together import Asked
from mpsurvey.errors import TooManyCells

if TYPE_CHECKING:
    from mpsurvey.design.elsewhere import Elsewhere

__all__ = ["Parts", "distribution"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """The cells of each unit, a range of values at a time.

    Attributes
    ----------
    elsewhere, keys, where
        Whose rows, what they agree in, and which of them count.
    levels
        Sorted distinct values of each key.
    order
        Places among the values, sorted by what they are, shape (c,).
    known
        What they are, as one number each, in that order, shape (c,).
    split, borders
        The key by whose values the rows are parted, and where.
    """

    elsewhere: Elsewhere
    keys: Mapping[str, nw.Expr]
    where: nw.Expr | None
    levels: tuple[NDArray[Any], ...]
    order: Codes
    known: NDArray[np.int64]
    split: str
    borders: Floats

    def __iter__(self) -> Iterator[tuple[Codes, Codes, Floats]]:
        """Place among the values, unit, and sum of weights of the cells of each part."""
        value = self.keys[self.split].cast(nw.Float64)
        answered = (~value.is_null()) & (~value.is_nan().fill_null(value=False))
        ends = [-np.inf, *self.borders.tolist(), np.inf]
        for number, (low, high) in enumerate(pairwise(ends)):
            inside = nw.lit(value=True)
            if number:
                inside = inside & (value >= low)
            if high < np.inf:
                inside = inside & (value < high)
            # Those without an answer come with the first part.
            here = nw.when(answered).then(inside).otherwise(nw.lit(value=number == 0))
            rule = self.where
            if len(self.borders):
                rule = here if rule is None else rule & here
            cells = self.elsewhere.cells(Asked(self.keys, where=rule))
            if not len(cells.weight):
                continue
            codes = _numbered([cells.values[name] for name in self.keys], self.levels)
            yield self.order[np.searchsorted(self.known, codes)], cells.unit, cells.weight


def distribution(
    elsewhere: Elsewhere, keys: Mapping[str, nw.Expr], where: nw.Expr | None, most: int
) -> tuple[dict[str, nw.Series[Any]], Floats, NDArray[np.int64], Parts]:
    """How rows are distributed over values, whatever their unit: one group-by in their engine.

    Parameters
    ----------
    elsewhere
        The rows.
    keys
        Values that stay apart.
    where
        Rows that count.
    most
        How many cells may be brought at once.

    Returns
    -------
    values, weight, rows, parts
        A column for each key, the sum of weights and the number of rows of each combination, and
        the way to the sums by unit.

    Raises
    ------
    TooManyCells
        The values are too many without the units too, or none of them is a number.
    """
    values, weight, rows = elsewhere.distribution(keys, where)
    encoded = {name: encode(column) for name, column in values.items()}
    numeric = [name for name, column in values.items() if column.dtype.is_numeric()]
    if not numeric:
        raise TooManyCells(f"There are more than {most:,} different answers in the sampling units.")
    split = max(numeric, key=lambda name: len(encoded[name][1]))
    levels = tuple(found for _, found in encoded.values())
    codes = _combined([code for code, _ in encoded.values()], levels)
    order = np.argsort(codes, kind="stable").astype(np.intp)
    place, sizes = encoded[split]
    # A part has no more cells than rows, and no more than units for each combination.
    bound = np.bincount(
        place + 1,
        weights=np.minimum(rows, len(elsewhere.codes)),
        minlength=len(sizes) + 1,
    )
    borders = np.asarray(sizes, dtype=np.float64)[_starts(bound, most)]
    parts = Parts(elsewhere, keys, where, levels, order, codes[order], split, borders)
    return values, weight, rows, parts


def _starts(bound: NDArray[Any], most: int) -> Codes:
    """Levels with which a new part begins; the first entry of `bound` is of those unanswered."""
    starts, filled = [], bound[0]
    for level, size in enumerate(bound[1:]):
        if filled and filled + size > most:
            starts.append(level)
            filled = 0.0
        filled += size
    return np.asarray(starts, dtype=np.intp)


def _numbered(columns: list[nw.Series[Any]], levels: tuple[NDArray[Any], ...]) -> NDArray[np.int64]:
    """Number each combination of values as `_combined` numbered those of the distribution."""
    codes = []
    for column, known in zip(columns, levels, strict=True):
        own, found = encode(column)
        place = np.searchsorted(known, found) if len(found) else np.empty(0, dtype=np.intp)
        codes.append(np.append(place, -1)[own])  # -1, unanswered, finds the last place
    return _combined(codes, levels)


def _combined(codes: list[Codes], levels: tuple[NDArray[Any], ...]) -> NDArray[np.int64]:
    found = np.zeros(len(codes[0]), dtype=np.int64)
    for code, known in zip(codes, levels, strict=True):
        found = found * (len(known) + 1) + code + 1
    return found
