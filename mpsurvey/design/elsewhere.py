"""Rows that stay where they are: in a database, on a cluster, in a folder of files.

A variance needs of the rows only their sums by sampling unit. Where a frame is lazy, its own engine
makes these sums in one group-by, and only they come back: as *cells*, each the rows of one unit
that agree in what was asked for, with their number and their sum of weights. A sample of cells is
a sample like any other, and every statistic is worked out from it as if the cells were rows.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mpsurvey.declaration import Design
from mpsurvey.design.codes import Codes, encode
from mpsurvey.design.compiled import EACH_ROW, Counted, check_columns, compiled, weight_problems
from mpsurvey.design.in_parts import Parts, distribution
from mpsurvey.design.together import Asked, Batch, Scan
from mpsurvey.design.units import Units
from mpsurvey.errors import DesignError, RowsElsewhere, TooManyCells

__all__ = ["Cells", "Elsewhere", "bring", "can_stay", "count_units"]

Floats = NDArray[np.float64]

MOST_CELLS = 25_000_000
"""Cells that are brought to memory at most (about 1 GB)."""

MOST_NUMBERS = 500_000_000
"""Rows times columns that are brought to memory at most, where a design needs them there (4 GB)."""

_MOST_TOGETHER = 8_000_000
"""Likewise where several questions are answered together: with more they are asked apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Rows of one unit that agree in some values, as an engine has counted them.

    Attributes
    ----------
    values
        What they agree in, a column for each, shape (c,).
    means
        Weighted means of the amounts that were added up; NaN where they are unanswered.
    unit, weight, rows
        Sampling unit, sum of weights and number of rows of each cell, shape (c,).
    """

    values: Mapping[str, nw.Series[Any]]
    means: Mapping[str, Floats]
    unit: Codes
    weight: Floats
    rows: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Elsewhere:
    """A lazy frame, and how its rows belong to sampling units.

    Attributes
    ----------
    lazy
        The rows.
    schema
        Names and types of their columns.
    codes
        The design's codes, a row for each combination that occurs.
    keys
        Which of them tell the units apart.
    unit, unit_weight
        Unit of each combination, shape (u,); the weight of its rows where it follows from the FPC.
    weight
        The column of weights, if there is one.
    zeros
        Whether some rows have weight zero.
    batch
        Questions that are to be answered together; None where each is answered at once.
    """

    lazy: nw.LazyFrame[Any]
    schema: Mapping[str, Any]
    codes: nw.DataFrame[Any]
    keys: tuple[str, ...]
    unit: Codes
    unit_weight: Floats | None
    weight: str | None
    zeros: bool
    batch: Batch | None = None
    found: dict[str, nw.Series[Any]] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self.schema)

    def __getitem__(self, name: Any) -> nw.Series[Any]:
        if isinstance(name, str) and name in self.codes.columns:
            return self.codes[name]
        return self.refuse()

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        self.refuse()

    def __narwhals_dataframe__(self) -> NoReturn:
        """Say so too to whoever takes the rows for a frame."""
        self.refuse()

    def refuse(self, what: str = "This") -> NoReturn:
        """Say what to do where cells cannot tell, and rows are wanted."""
        raise RowsElsewhere(
            f"{what} needs the rows themselves, which stay in {self.lazy.implementation.name}. "
            "Bring them to memory first: sample.collect()."
        )

    def levels(self, name: str) -> nw.Series[Any]:
        """Values of a column that occur, in any order."""
        if name not in self.found:
            once = self.lazy.select(nw.col(name)).unique()
            self.found[name] = _collected(once, f"values of '{name}'")[name]
        return self.found[name]

    def cells(self, asked: Asked, words: Hashable = None) -> Cells:
        """Add rows up by sampling unit and what they agree in: one group-by in their engine.

        Parameters
        ----------
        asked
            What stays apart, what is added up, and of whom.
        words
            The same in words: questions with words wait for each other where there is a batch.

        Raises
        ------
        Waiting
            The question is answered in the next `scan`: ask it again after that.
        """
        if self.batch is not None and words is not None:
            found: Cells = self.batch.take(words, asked)
            return found
        return self._answers([asked])[0]

    def scan(self) -> None:
        """Answer the questions that wait, one group-by for all that group the rows alike."""
        assert self.batch is not None  # noqa: S101 - asked where questions are gathered
        scans = list(self.batch.scans())
        while scans:
            some = scans.pop()
            try:
                found = self._answers(list(some.values()))
            except TooManyCells as error:
                if len(some) == 1:  # whoever asks again can ask otherwise
                    self.batch.answered |= dict.fromkeys(some, error)
                    continue
                half = len(some) // 2
                each = list(some.items())
                scans += [dict(each[:half]), dict(each[half:])]
                continue
            self.batch.answered |= zip(some, found, strict=True)
        self.batch.waiting.clear()

    def _answers(self, questions: Sequence[Asked]) -> list[Cells]:
        scan = Scan(questions, self.keys, self.weight, self.zeros)
        most = MOST_CELLS if len(questions) == 1 else min(MOST_CELLS, _MOST_TOGETHER)
        found = _collected(scan.grouped(self.lazy), "different answers in the sampling units", most)
        at = self._places([found[f"u{i}"] for i in range(len(self.keys))])
        heavy = np.asarray(found["w"].to_numpy(), dtype=np.float64)
        whole = Cells(
            {name: found[f"k{i}"] for i, name in enumerate(scan.apart)},
            {
                name: np.asarray(found[f"s{i}"].to_numpy(), dtype=np.float64) / heavy
                for i, name in enumerate(scan.sums)
            },
            self.unit[at],
            heavy if self.unit_weight is None else heavy * self.unit_weight[at],
            np.asarray(found["n"].to_numpy(), dtype=np.int64),
        )
        held = scan.held(found)
        return [self._own(asked, whole, held) for asked in questions]

    def _own(self, asked: Asked, whole: Cells, held: Mapping[Hashable, NDArray[np.bool_]]) -> Cells:
        """Cells of one question among those of a scan."""
        counts = held.get(("counts", asked.whose))
        at = np.arange(len(whole.rows)) if counts is None else np.flatnonzero(counts)
        values, means = {}, {}
        for name in asked.keys:
            if name in asked.rules:
                truth = held["holds", name][at].astype(np.float64)
                values[name] = nw.new_series(
                    name, truth, nw.Float64, backend=self.codes.implementation
                )
            else:
                column = whole.values[name]
                values[name] = column if counts is None else column[at]
        for name in asked.amounts:
            if name in asked.rules:
                means[name] = held["holds", name][at].astype(np.float64)
            else:
                means[name] = np.where(held["known", name][at], whole.means[name][at], np.nan)
        return Cells(values, means, whole.unit[at], whole.weight[at], whole.rows[at])

    def distribution(
        self, keys: Mapping[str, nw.Expr], where: nw.Expr | None
    ) -> tuple[dict[str, nw.Series[Any]], Floats, NDArray[np.int64]]:
        """Add rows up by what they agree in, whatever their unit: one group-by in their engine.

        Returns
        -------
        values, weight, rows
            What they agree in, their sum of weights and their number.
        """
        scale = 1.0
        if self.unit_weight is not None:
            scale = float(self.unit_weight[0])
            if (self.unit_weight != scale).any():
                self.refuse("Without a column of weights, a distribution of so many values")
        lazy = self.lazy if where is None else self.lazy.filter(where)
        names = [f"k{i}" for i in range(len(keys))]
        taken = [one.alias(name) for one, name in zip(keys.values(), names, strict=True)]
        if self.weight is None:
            chosen = lazy.select(*taken).with_columns(w=nw.lit(1.0))
        else:
            chosen = lazy.select(*taken, nw.col(self.weight).cast(nw.Float64).alias("w"))
        if self.zeros:
            chosen = chosen.filter(nw.col("w") > 0)
        grouped = chosen.group_by(*names).agg(nw.len().alias("n"), nw.col("w").sum().alias("w"))
        found = _collected(grouped, "different answers")
        return (
            {name: found[own] for name, own in zip(keys, names, strict=True)},
            np.asarray(found["w"].to_numpy(), dtype=np.float64) * scale,
            np.asarray(found["n"].to_numpy(), dtype=np.int64),
        )

    def in_parts(
        self, keys: Mapping[str, nw.Expr], where: nw.Expr | None
    ) -> tuple[dict[str, nw.Series[Any]], Floats, NDArray[np.int64], Parts]:
        """Values of rows whose cells are too many, and the way to the units' sums of them."""
        return distribution(self, keys, where, MOST_CELLS)

    def _places(self, columns: list[nw.Series[Any]]) -> Codes:
        """Combination of the design's codes that each cell belongs to."""
        mine = [self.codes[name].to_pandas() for name in self.keys]
        theirs = [column.to_pandas() for column in columns]
        if len(mine) == 1:
            at = pd.Index(mine[0]).get_indexer(pd.Index(theirs[0]))
        else:
            at = pd.MultiIndex.from_arrays(mine).get_indexer(pd.MultiIndex.from_arrays(theirs))
        return np.asarray(at, dtype=np.intp)


def can_stay(design: Design | None, columns: list[str]) -> bool:
    """Whether rows drawn so can stay in their engine: PSUs fold them, and nothing else needs them.

    Where each row is a unit there is nothing to fold. A file's replicate weights and calibrated
    weights need sums that only the rows in memory give.
    """
    if design is None or not design.psu or design.calibration:
        return False
    if design.replicates is not None and design.replicates.columns is not None:
        return False
    return all(name != EACH_ROW or name in columns for name in design.psu)


def bring(lazy: nw.LazyFrame[Any]) -> nw.DataFrame[Any]:
    """Rows in memory, for designs that need them there.

    Raises
    ------
    RowsElsewhere
        There are more than a computer is likely to hold.
    """
    columns = len(lazy.collect_schema().names())
    rows = int(lazy.select(nw.len().alias("n")).collect()["n"][0])
    if rows * columns > MOST_NUMBERS:
        raise RowsElsewhere(
            "This design needs the rows in memory: replicate weights of the file, recorded "
            f"calibration, or no PSU. {rows:,} rows of {columns:,} columns in "
            f"{lazy.implementation.name} are too many. Select the columns that you need, or "
            "declare the design by its PSUs."
        )
    return lazy.collect()


def count_units(
    lazy: nw.LazyFrame[Any], design: Design
) -> tuple[Elsewhere, Floats, Codes, Units, NDArray[np.int64]]:
    """Check a design and find its units by one group-by on the design's codes.

    Returns
    -------
    elsewhere, weight, row_unit, units, rows
        Weight, unit and number of rows of each combination of codes.
    """
    schema = dict(lazy.collect_schema())
    check_columns(design, schema)
    keys, numbers = _key_columns(design)
    weight = design.weight
    named = [f"u{i}" for i in range(len(keys) + len(numbers))]
    codes = [
        nw.col(own).alias(name) for own, name in zip((*keys, *numbers), named, strict=True)
    ]  # fmt: skip
    counts: list[str] = []
    if weight is not None and not schema[weight].is_numeric():
        raise DesignError(f"The weight '{weight}' is not a number ({schema[weight]}).")
    if weight is None:
        chosen = lazy.select(*codes)
    else:
        counts = ["w", "bad", "negative", "nil"]
        chosen = lazy.select(*codes, nw.col(weight).cast(nw.Float64).alias("given"))
        usable = nw.col("given").is_finite().fill_null(value=False)
        chosen = chosen.with_columns(
            nw.when(usable).then(nw.col("given")).otherwise(nw.lit(0.0)).alias("w"),
            _one_where(~usable).alias("bad"),
        ).with_columns(
            _one_where(nw.col("w") < 0).alias("negative"),
            _one_where(nw.col("w") == 0).alias("nil"),
        )
    grouped = chosen.group_by(*named).agg(
        nw.len().alias("n"), *(nw.col(name).sum() for name in counts)
    )
    found = _collected(grouped, "sampling units")
    rows = np.asarray(found["n"].to_numpy(), dtype=np.int64)
    if not len(rows):
        raise DesignError("The data have no rows.")
    sums = {name: np.asarray(found[name].to_numpy(), dtype=np.float64) for name in counts}
    problems: list[str] = []
    if weight is not None:
        bad, negative, nil = (int(sums[name].sum()) for name in ("bad", "negative", "nil"))
        problems = weight_problems(weight, int(rows.sum()), bad, negative, int(rows.sum()) - nil)
    own = found.select(
        *(nw.col(name).alias(old) for name, old in zip(named, (*keys, *numbers), strict=True))
    )
    counted = Counted(rows, sums.get("w"), tuple(problems))
    heavy, row_unit, units = compiled(own, design, counted)
    each = None if weight is not None else heavy
    if each is not None:
        heavy = each * rows
    elsewhere = Elsewhere(
        lazy, schema, own, _enough(own, keys), row_unit, each, weight,
        bool(counts) and bool(sums["nil"].any()),
    )  # fmt: skip
    return elsewhere, heavy, row_unit, units, rows


def _one_where(held: nw.Expr) -> nw.Expr:
    """1 where a condition holds, else 0: PostgreSQL does not cast truth to numbers."""
    return nw.when(held).then(nw.lit(1)).otherwise(nw.lit(0))


def _key_columns(design: Design) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Columns of codes and of FPC up to the first stage without one: what a variance needs."""
    keys: list[str] = []
    numbers: list[str] = []
    for stage in range(len(design.psu or ())):
        roles = (design.strata or (), design.psu or ())
        keys += [str(role[stage]) for role in roles if stage < len(role) and role[stage]]
        fpc = (design.fpc or ())[stage] if stage < len(design.fpc or ()) else None
        if fpc is None:
            break
        numbers.append(str(fpc))
    kept = tuple(dict.fromkeys(keys))
    return kept, tuple(name for name in dict.fromkeys(numbers) if name not in kept)


def _enough(codes: nw.DataFrame[Any], keys: tuple[str, ...]) -> tuple[str, ...]:
    """The last code alone where it tells the combinations apart: there is less to group by."""
    last, _ = encode(codes[keys[-1]])
    return keys[-1:] if len(np.unique(last)) == len(codes) else keys


def _collected(lazy: nw.LazyFrame[Any], what: str, most: int | None = None) -> nw.DataFrame[Any]:
    limit = MOST_CELLS if most is None else most
    found = lazy.head(limit + 1).collect()
    if len(found) > limit:
        raise TooManyCells(
            f"There are more than {limit:,} {what}: too many to bring to memory. Round or "
            "band the variable, or ask of fewer people with where=."
        )
    return found
