"""Rows that stay in their engine: columns put in as expressions, and the few counts that come back.

Nothing is read when a column is put in. Counts are asked for together: one aggregation for all sums
of a file, one group-by for the values that are to be listed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any
from uuid import uuid4

import narwhals as nw
import numpy as np

from mpsurvey.errors import MpsurveyError

__all__ = [
    "NUMBER",
    "TEXT",
    "LazyRows",
    "Sums",
    "all_known",
    "one_where",
    "tallied",
    "with_columns",
]

# Numbers made here are floats with null and without NaN. Rules are told that they are whole, so
# that they need not ask for NaN as well.
NUMBER: Any = nw.Int64()
TEXT: Any = nw.String()

MOST_VALUES = 100_000
"""Distinct values that are brought to memory at most, to be looked at one by one."""


class LazyRows:
    """A lazy frame that grows by columns.

    Columns wait until one is put in that is worked out from them: an engine gets a few wide steps
    and not one for each column.

    Attributes
    ----------
    schema
        Columns and their types, also of those that wait.
    """

    def __init__(self, frame: nw.LazyFrame[Any], schema: dict[str, Any]) -> None:
        self._frame, self.schema = frame, schema
        self._waiting: dict[str, nw.Expr] = {}

    def put(self, name: str, value: nw.Expr, kind: Any, uses: Iterable[str] = ()) -> None:
        """Put a column in, or in the place of one; `uses` are the columns that it reads."""
        if name in self._waiting or not self._waiting.keys().isdisjoint(uses):
            self.frame()
        self._waiting[name] = value.alias(name)
        self.schema[name] = kind

    def frame(self) -> nw.LazyFrame[Any]:
        """Return the frame with every column."""
        if self._waiting:
            self._frame = with_columns(self._frame, *self._waiting.values())
            self._waiting = {}
        return self._frame

    def join(
        self,
        other: nw.LazyFrame[Any],
        keys: dict[str, str],
        schema: dict[str, Any],
    ) -> None:
        """Put columns of another frame beside the rows; `keys` has this frame's column first."""
        self._frame = self.frame().join(
            other, how="left", left_on=list(keys), right_on=list(keys.values())
        )
        self.schema |= schema

    def drop(self, columns: Sequence[str]) -> None:
        """Take columns out."""
        self._frame = self.frame().drop(*columns)
        for name in columns:
            del self.schema[name]


class Sums:
    """Rows to be counted, each by a condition; all in one aggregation."""

    def __init__(self) -> None:
        self._asked: dict[str, nw.Expr] = {}
        self._found: dict[str, int] = {}
        self.rows = 0

    def ask(self, condition: nw.Expr) -> str:
        """Ask for the number of rows for which a condition holds; return what to `get` it by."""
        name = f"n{len(self._asked)}"
        self._asked[name] = one_where(condition).sum().alias(name)
        return name

    def count(self, frame: nw.LazyFrame[Any]) -> None:
        """Let the engine count."""
        asked = [nw.len().alias("rows"), *self._asked.values()]
        found = in_parts(frame, lambda part: part.select(*asked)).collect()
        numbers = {name: sum(map(_whole, found[name].to_list())) for name in found.columns}
        self.rows = numbers.pop("rows")
        self._found = numbers

    def __getitem__(self, name: str) -> int:
        return self._found[name]


def _whole(number: Any) -> int:
    """A sum over no rows is null, and DuckDB's are decimals."""
    return 0 if number is None or number != number else int(number)


def one_where(condition: nw.Expr) -> nw.Expr:
    """1 where a condition holds, else 0."""
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0))


def number(value: float) -> nw.Expr:
    """Return a number as a float; PostgreSQL takes 1.0 for a decimal, and Ibis does not know."""
    whole = float(value).is_integer()
    return nw.lit(int(value) if whole else float(value)).cast(nw.Float64)


def all_known(columns: Collection[str]) -> nw.Expr:
    """Whether each of some columns is answered; columns made here have no NaN."""
    known = nw.lit(value=True)
    for place, name in enumerate(sorted(columns)):
        here = ~nw.col(name).is_null()
        known = here if place == 0 else known & here
    return known


def tallied(
    frame: nw.LazyFrame[Any], columns: Sequence[str], what: str
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Count the distinct values of columns of one type: one group-by for all of them.

    Returns
    -------
    dict
        For each column its distinct values in order, and the rows that hold each.
    """
    if not columns:
        return {}
    names = [f"v{at}" for at in range(len(columns))]

    def tally(rows: Any) -> Any:
        chosen = rows.select(*(nw.col(c).alias(n) for c, n in zip(columns, names, strict=True)))
        if frame.implementation.is_duckdb() or frame.implementation.is_ibis():
            # DuckDB has no unpivot for a relation of a connection of one's own, and that of Ibis on
            # PostgreSQL puts the names into quotes.
            each = [
                chosen.select(nw.lit(name).alias("name"), nw.col(name).alias("value"))
                for name in names
            ]
            long = nw.concat(each)
        else:
            long = chosen.unpivot(on=names, variable_name="name", value_name="value")
        return (
            long.filter(~nw.col("value").is_null())
            .group_by("name", "value")
            .agg(nw.len().alias("n"))
        )

    found = in_parts(frame, tally).head(MOST_VALUES + 1).collect()
    if len(found) > MOST_VALUES:
        raise MpsurveyError(
            f"There are more than {MOST_VALUES:,} {what}: too many to look at one by one in "
            f"{frame.implementation.name}. Make numbers or bands of them there first, or collect "
            "the frame."
        )
    counts: dict[str, dict[Any, int]] = {name: {} for name in names}
    for name, value, count in found.select("name", "value", "n").iter_rows():
        counts[name][value] = counts[name].get(value, 0) + int(count)
    out = {}
    for column, name in zip(columns, names, strict=True):
        values = sorted(counts[name])
        out[column] = (
            np.array(values, dtype=object),
            np.array([counts[name][value] for value in values], dtype=np.int64),
        )
    return out


def with_columns(frame: nw.LazyFrame[Any], *columns: nw.Expr) -> nw.LazyFrame[Any]:
    """Put columns into a lazy frame."""
    return in_parts(frame, lambda part: part.with_columns(*columns))


def in_parts(frame: nw.LazyFrame[Any], step: Callable[[Any], Any]) -> nw.LazyFrame[Any]:
    """Take a step on a lazy frame; on one of Dask, on each of its parts for itself.

    Dask plans every expression alone, which takes minutes for hundreds of them; its parts are
    frames of pandas, for which they are one step. What a step adds up is then to be added up again.
    """
    if not frame.implementation.is_dask():
        out: nw.LazyFrame[Any] = step(frame)
        return out

    native: Any = frame.to_native()
    on_part = _OnPart(step)
    parts: nw.LazyFrame[Any] = nw.from_native(
        native.map_partitions(on_part, meta=on_part(native._meta))
    )
    return parts


class _OnPart:
    """A step on the parts of a Dask frame, which need not be pickled to be told from others."""

    def __init__(self, step: Callable[[Any], Any]) -> None:
        self.step, self.token = step, uuid4().hex

    def __call__(self, rows: Any) -> Any:
        return self.step(nw.from_native(rows, eager_only=True)).to_native()

    def __dask_tokenize__(self) -> str:
        return self.token
