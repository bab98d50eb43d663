"""What weights are calibrated on: cells of margins and columns of numbers, as one sparse matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mpsurvey.design.codes import Codes, encode
from mpsurvey.errors import ColumnMissing, DesignError, RuleError
from mpsurvey.rule import Formula, parse_value

__all__ = ["Auxiliaries", "Cells", "Margin", "as_margin", "cells_of", "numbers_of", "plain"]

Floats = NDArray[np.float64]
Cell = Any
"""Value of a margin's column, or a tuple of values where columns are crossed."""


@dataclass(frozen=True, slots=True)
class Margin:
    """A way to divide the population into cells: a column, or several crossed.

    Parameters
    ----------
    columns
        Columns of the data.
    merged
        Cells that are counted with another one: ``{cell: the cell it joins}``. A cell is the value
        of the column, or a tuple of values where columns are crossed.

    Examples
    --------
    >>> Margin(("sex", "age_group")).name
    'sex x age_group'
    """

    columns: tuple[str, ...]
    merged: Mapping[Cell, Cell] = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        """The columns in words."""
        return " x ".join(self.columns)


def as_margin(given: Margin | str | Sequence[str]) -> Margin:
    """Read a margin: a column, or columns to cross (a list, or text such as ``"sex x age"``).

    >>> as_margin("sex x age").columns, as_margin(["sex", "age"]).columns
    (('sex', 'age'), ('sex', 'age'))
    """
    if isinstance(given, Margin):
        return given
    if isinstance(given, str):
        parts = given.replace("*", " x ").split(" x ")
        return Margin(tuple(part.strip() for part in parts))
    return Margin(tuple(given))


def plain(value: Any) -> Any:
    """Bring a value to one form, so that 1, 1.0, ``numpy.int64(1)`` and ``"1"`` are the same cell.

    >>> plain(1.0), plain("1"), plain("north "), plain((1.0, "f"))
    (1, 1, 'north', (1, 'f'))
    """
    if isinstance(value, tuple | list):
        return tuple(plain(one) for one in value)
    if isinstance(value, str):
        text = value.strip()
        try:
            number = float(text)
        except ValueError:
            return text
        return plain(number) if np.isfinite(number) else text
    if isinstance(value, bool | np.bool_):
        return int(value)
    if isinstance(value, int | float | np.integer | np.floating):
        return int(value) if float(value).is_integer() else float(value)
    return value


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The rows sorted into the cells of a margin.

    Attributes
    ----------
    code
        Cell of each row, shape (n,); -1 where a column has no value.
    labels
        What the codes stand for, in `plain` form.
    """

    margin: Margin
    code: Codes
    labels: tuple[Cell, ...]


def cells_of(frame: nw.DataFrame[Any], margin: Margin) -> Cells:
    """Sort rows into the cells of a margin; only cells that occur are numbered."""
    absent = [("margin", name) for name in margin.columns if name not in frame.columns]
    if absent:
        raise ColumnMissing(absent, frame.columns)
    code: Codes | None = None
    levels: list[NDArray[Any]] = []
    known = np.ones(len(frame), dtype=bool)
    for name in margin.columns:
        codes, values = encode(frame[name])
        known &= codes >= 0
        levels.append(values)
        code = codes if code is None else code * len(values) + codes
    assert code is not None  # noqa: S101 - a margin has a column
    present, inside = np.unique(code[known], return_inverse=True)
    grid = np.unravel_index(present, [max(len(values), 1) for values in levels])
    each = [tuple(plain(values[i]) for values, i in zip(levels, row, strict=True))
            for row in zip(*grid, strict=True)]  # fmt: skip
    found = [cell[0] if len(cell) == 1 else cell for cell in each]
    merged = {plain(cell): plain(into) for cell, into in margin.merged.items()}
    joined = [_into(cell, merged) for cell in found]
    labels = tuple(dict.fromkeys(joined))
    place = {label: number for number, label in enumerate(labels)}
    renumbered = np.array([place[cell] for cell in joined], dtype=np.intp)
    out = np.full(len(frame), -1, dtype=np.intp)
    out[known] = renumbered[inside] if len(renumbered) else 0
    return Cells(margin, out, labels)


def _into(cell: Cell, merged: Mapping[Cell, Cell]) -> Cell:
    seen = set()
    while cell in merged and cell not in seen:
        seen.add(cell)
        cell = merged[cell]
    return cell


def numbers_of(frame: nw.DataFrame[Any], text: str) -> Floats:
    """Values of a column, a formula, or a rule (1 where it holds, else 0); ``"1"`` is a constant.

    Raises
    ------
    ColumnMissing, DesignError
        The name is no column; the column holds text.
    """
    if text.strip() == "1":
        return np.ones(len(frame))
    if text in frame.columns:
        column = frame[text]
        if not (column.dtype.is_numeric() or column.dtype == nw.Boolean):
            raise DesignError(
                f"The auxiliary '{text}' holds {column.dtype}, not numbers. Name it among margins."
            )
        return np.asarray(column.to_numpy(), dtype=np.float64)
    try:
        parsed = parse_value(text)
        if isinstance(parsed, Formula):
            return parsed.values(frame)
        return parsed.mask(frame).astype(np.float64)
    except (RuleError, ColumnMissing):
        if text.isidentifier():
            raise ColumnMissing([("auxiliary", text)], frame.columns) from None
        raise


@dataclass(frozen=True, slots=True, eq=False)
class Auxiliaries:
    """Auxiliary variables of n rows as columns of a sparse matrix.

    Attributes
    ----------
    matrix
        Shape (n, J): indicators of the cells of each margin, then the columns of numbers.
    names
        What each column is, for messages, J pairs of margin (or variable) and cell.
    partition
        Whether the columns are the cells of one margin, so that each row has one 1.
    """

    matrix: sparse.csr_array
    names: tuple[tuple[str, Cell], ...]
    partition: bool

    @classmethod
    def build(
        cls, cells: Sequence[Cells], columns: Sequence[tuple[str, Floats]], rows: int
    ) -> Auxiliaries:
        """Put margins and columns side by side; rows without a cell have zeros there."""
        blocks: list[Any] = []
        names: list[tuple[str, Cell]] = []
        for one in cells:
            known = np.flatnonzero(one.code >= 0)
            blocks.append(
                sparse.csr_array(
                    (np.ones(len(known)), (known, one.code[known])), shape=(rows, len(one.labels))
                )
            )
            names += [(one.margin.name, label) for label in one.labels]
        for name, values in columns:
            blocks.append(sparse.csr_array(np.nan_to_num(values)[:, None]))
            names.append((name, None))
        matrix = blocks[0] if len(blocks) == 1 else sparse.hstack(blocks, format="csr")
        return cls(sparse.csr_array(matrix), tuple(names), len(cells) == 1 and not columns)

    def averaged(self, group: Codes) -> Auxiliaries:
        """The means of each group (a household, a PSU) in place of its rows' own values."""
        size = np.bincount(group).astype(np.float64)
        gather = sparse.csr_array(
            (1 / size[group], (group, np.arange(len(group)))), shape=(len(size), len(group))
        )
        means = sparse.csr_array(gather @ self.matrix)
        return Auxiliaries(sparse.csr_array(means[group]), self.names, partition=False)

    def totals(self, weight: Floats) -> Floats:
        """Weighted sum of each column, shape (J,)."""
        return np.asarray(self.matrix.T @ weight)
