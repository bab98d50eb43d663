"""Replicates in which every step of a recipe is done again, without a matrix of n by R weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mpsurvey.design.adjusting import Factor, Fit, Step, patterns
from mpsurvey.design.auxiliaries import as_margin, cells_of, numbers_of
from mpsurvey.design.calibration import Calibration, column_of, listed_steps
from mpsurvey.design.codes import Codes, encode
from mpsurvey.errors import DesignError

__all__ = ["FileRerun", "Rerun", "Rerunning", "SomeRows", "declared_again"]

Floats = NDArray[np.float64]

_MOST = 250_000_000
"""Largest n x R that is kept where steps look at each row (2 GB)."""


@dataclass(frozen=True, slots=True, eq=False)
class Rerunning:
    """The steps that turned base weights into final ones, to be done again in each replicate.

    Attributes
    ----------
    base
        Weights before the first step, shape (n,).
    steps
        The steps in order.
    rows
        Rows that are kept of those the steps were made for; None for all.
    drawn
        Column of the weights that belong to the file's replicate weights, if it has any.
    """

    base: Floats
    steps: tuple[Step, ...]
    rows: Codes | None = None
    drawn: str | None = None

    def only(self, rows: Codes) -> Rerunning:
        """The same for some rows: the steps are still done on all."""
        kept = rows if self.rows is None else self.rows[rows]
        return Rerunning(self.base, self.steps, kept, self.drawn)

    def with_columns(self, frame: nw.DataFrame[Any], columns: Sequence[str]) -> FileRerun:
        """Replicates from a file's columns, which stood beside the weights of `drawn`."""
        assert self.drawn is not None  # noqa: S101 - mp.weight has said it
        return FileRerun(self, frame, columns, column_of(frame, self.drawn))

    def with_factors(self, row_unit: Codes, factors: Floats) -> Rerun:
        """Replicates by factors of sampling units; `factors` has shape (U, R)."""
        if self.rows is not None:  # not reached where replicates were there before the rows went
            raise DesignError(
                "Replicates cannot be made again for part of the rows: the weighting steps need "
                "all of them. Make the replicates before rows are dropped."
            )
        return Rerun(self, row_unit, factors)


class Rerun:
    """Replicate weights, worked out when asked for.

    Where steps look at cells only, weights of a row are its base weight times its unit's factor
    times the factor of its pattern of cells: the steps are done on patterns, some hundreds, and no
    n x R matrix is made. Steps that look at rows (trimming, models, numeric auxiliaries) are done
    on rows, and their weights are kept.
    """

    def __init__(self, made: Rerunning, row_unit: Codes, factors: Floats) -> None:
        self.made, self.row_unit, self.factors = made, row_unit, factors

    def __len__(self) -> int:
        return int(self.factors.shape[1])

    def __iter__(self) -> Iterator[Floats]:
        return (self.weights(r) for r in range(len(self)))

    def weights(self, replicate: int) -> Floats:
        """Weights of all rows in one replicate, shape (n,)."""
        if self._compact is None:
            return np.asarray(self._kept[replicate])
        base, pattern, factors = self._compact
        found = base * self.factors[self.row_unit, replicate]
        found *= factors[pattern, replicate]
        return np.asarray(found)

    @cached_property
    def _compact(self) -> tuple[Floats, Codes, Floats] | None:
        base, steps = self.made.base, list(self.made.steps)
        while steps and isinstance(steps[0], Factor):
            base = base * steps.pop(0).factor  # type: ignore[attr-defined]
        looked = [step.codes() for step in steps]
        if any(one is None for one in looked):
            return None
        codes = [code for one in looked for code in one or []]
        alive = (base > 0).astype(np.intp)
        pattern, first = patterns([alive, *codes])
        reduced = [step.reduced(first) for step in steps]
        shape = (len(first), len(self.factors))
        table = sparse.csr_array((base, (pattern, self.row_unit)), shape=shape)
        sums: Floats = np.asarray(table @ self.factors)
        done = np.empty_like(sums)
        for r in range(sums.shape[1]):
            done[:, r] = _run(reduced, np.ascontiguousarray(sums[:, r]), r)
        factors = np.divide(done, sums, out=np.zeros_like(done), where=sums != 0)
        return base, pattern, factors

    @cached_property
    def _kept(self) -> Floats:
        rows, count = len(self.made.base), len(self)
        if rows * count > _MOST:
            raise DesignError(
                f"{count} replicates of {rows:,} rows do not fit in memory, because a step looks "
                "at each row (trim, propensity, numeric variables). Ask for fewer replicates, or "
                "for steps on cells."
            )
        out = np.empty((count, rows))
        for r in range(count):
            out[r] = _run(self.made.steps, self.made.base * self.factors[self.row_unit, r], r)
        return out


class FileRerun:
    """Replicate weights that a file carries from before the steps, with every step done on each.

    Parameters
    ----------
    made
        The steps.
    frame, columns
        The file's rows, and its columns of replicate weights.
    weight
        The full-sample weights that belong to them, shape (n,): where the steps start from another
        weight, replicates keep their ratio to it.
    """

    def __init__(
        self, made: Rerunning, frame: nw.DataFrame[Any], columns: Sequence[str], weight: Floats
    ) -> None:
        self.made, self.frame, self.columns, self.weight = made, frame, tuple(columns), weight

    def __iter__(self) -> Iterator[Floats]:
        steps = self.made.steps
        for number, name in enumerate(self.columns):
            ratio = np.divide(
                np.asarray(self.frame[name].to_numpy(), dtype=np.float64),
                self.weight,
                out=np.zeros_like(self.weight),
                where=self.weight != 0,
            )
            yield _run(steps, self.made.base * ratio, number)


@dataclass(frozen=True, slots=True, eq=False)
class SomeRows:
    """Some rows of each set of weights."""

    weights: Iterable[Floats]
    rows: NDArray[Any]

    def __iter__(self) -> Iterator[Floats]:
        return (one[self.rows] for one in self.weights)


def declared_again(steps: Any, frame: nw.DataFrame[Any], weight: Floats) -> Rerunning | None:
    """Steps that a design declares, as steps that can be done again; None where it declares none.

    The totals are those that the weights after each step meet. How a step found its weights is not
    known: margins are raked, and numeric auxiliaries calibrated linearly. Between a step's weights
    and the next one's, rows keep their ratio (trimming, rescaling).
    """
    listed = listed_steps(steps)
    if not listed or not all(isinstance(step, Calibration) for step in listed):
        return None
    again: list[Step] = []
    before = column_of(frame, str(listed[0].before))
    base, current = before, before
    for number, step in enumerate(listed):
        assert isinstance(step, Calibration)  # noqa: S101 - seen above
        start = column_of(frame, str(step.before))
        following = listed[number + 1].before if number + 1 < len(listed) else None
        name = step.after or following
        after = weight if name is None else column_of(frame, name)
        again.append(Factor(np.divide(start, current, out=np.ones_like(start), where=current != 0)))
        again.append(_fit_of(step, frame, after))
        current = after
    last = np.divide(weight, current, out=np.ones_like(weight), where=current != 0)
    return Rerunning(base, (*again, Factor(last)))


def _fit_of(step: Calibration, frame: nw.DataFrame[Any], after: Floats) -> Fit:
    cells = [cells_of(frame, as_margin(one)) for one in step.margins]
    columns = [np.nan_to_num(numbers_of(frame, name)) for name in step.variables]
    known = [np.where(one.code < 0, len(one.labels), one.code) for one in cells]
    plain = not columns and step.within is None and step.scale is None
    return Fit(
        "rake" if plain else "calibrate",
        tuple(one.code for one in cells),
        tuple(
            np.asarray(np.bincount(code, after, len(one.labels) + 1)[:-1], dtype=np.float64)
            for code, one in zip(known, cells, strict=True)
        ),
        np.column_stack(columns) if columns else None,
        np.array([after @ column for column in columns]) if columns else None,
        within=None if step.within is None else encode(frame[step.within])[0],
        scale=None if step.scale is None else numbers_of(frame, step.scale),
        names=tuple(f"{one.margin.name}: {label}" for one in cells for label in one.labels)
        + tuple(step.variables),
    )


def _run(steps: Sequence[Any], weight: Floats, replicate: int) -> Floats:
    try:
        for step in steps:
            weight = step.run(weight, again=True).weight
    except DesignError as error:
        raise DesignError(
            [f"Replicate {replicate + 1}: {problem}" for problem in error.problems]
        ) from None
    return weight
