"""Why answers are missing: codes taken out of a column, one small number per row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Reasons"]


@dataclass(frozen=True, slots=True, eq=False)
class Reasons:
    """The reason behind each missing answer of one variable.

    Parameters
    ----------
    codes
        The reasons: codes of the file (``99``, ``"98"``) or special missing values (``".a"``).
    positions
        For each row 0 (answered, or blank without a reason) or k for ``codes[k - 1]``; the smallest
        unsigned integers that can hold it, shape (rows,).
    """

    codes: tuple[Any, ...]
    positions: np.ndarray

    @classmethod
    def gather(cls, rows: int, found: Iterable[tuple[Any, np.ndarray]]) -> Reasons:
        """Make them from each code and the rows (a mask or row numbers) where it stood."""
        pairs = list(found)
        smallest = np.min_scalar_type(len(pairs))
        positions = np.zeros(rows, dtype=smallest)
        for k, (_, where) in enumerate(pairs, start=1):
            positions[where] = k
        return cls(tuple(code for code, _ in pairs), positions)

    def counts(self) -> list[int]:
        """Count the rows behind each code, in the order of `codes`."""
        counted = np.bincount(self.positions, minlength=len(self.codes) + 1)
        return [int(count) for count in counted[1:]]

    def take(self, rows: Any) -> Reasons:
        """Return the reasons of some rows (a mask, a slice or row numbers)."""
        return Reasons(self.codes, self.positions[rows])

    def where(self, code: Any) -> np.ndarray:
        """Mask the rows where this was the reason, shape (rows,)."""
        if code not in self.codes:
            return np.zeros(len(self.positions), dtype=bool)
        return np.asarray(self.positions == self.codes.index(code) + 1)

    def merged(self, later: Reasons) -> Reasons:
        """Return these reasons and others found later; the later ones win."""
        codes = list(self.codes)
        codes += [code for code in later.codes if code not in codes]
        pairs = [(c, np.where(later.positions > 0, later.where(c), self.where(c))) for c in codes]
        return Reasons.gather(len(self.positions), pairs)


def find_discrete(
    values: np.ndarray, codes: Sequence[Any], ranges: Sequence[tuple[float, float]]
) -> list[tuple[Any, np.ndarray]]:
    """Find the rows of a numeric column that hold a missing code or lie in a missing range.

    Every distinct value inside a range is a reason of its own.
    """
    found = []
    for code in codes:
        if isinstance(code, str):
            continue
        at = values == code
        if at.any():
            found.append((code, at))
    for low, high in ranges:
        rows = np.flatnonzero((values >= low) & (values <= high))
        inside = values[rows]
        found += [
            (plain_number(value), rows[inside == value])
            for value in np.unique(inside)
            if value not in codes
        ]
    return found


def plain_number(value: Any) -> Any:
    """Return a Python number, an ``int`` where it is whole.

    >>> plain_number(np.float64(3.0)), plain_number(2.5)
    (3, 2.5)
    """
    number = float(value)
    return int(number) if number.is_integer() else number
