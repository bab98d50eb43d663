"""The steps of a recipe on arrays: weights in, weights out.

Each step holds what it needs of the rows and can be done again with other weights, which is what
replicates do. Steps that look only at cells can be done on one entry per pattern of cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mpsurvey.design import samplics_engine
from mpsurvey.design.codes import Codes, compact
from mpsurvey.design.distances import Distance, calibrate
from mpsurvey.errors import DesignError

__all__ = ["Done", "Factor", "Fit", "Rescale", "Respond", "Step", "factor_range", "patterns"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """Weights after a step, and what there is to tell about it.

    Attributes
    ----------
    weight
        Shape (n,).
    facts
        For the diary: iterations, the largest factor, how many were cut, ...
    extra
        Further columns that the step makes, by the end of their name.
    again
        What to do in replicates in place of the step itself, if that is something else.
    """

    weight: Floats
    facts: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    again: Any = None


class Step(Protocol):
    """What every step can do."""

    def run(self, weight: Floats, *, again: bool = False) -> Done:
        """Do the step; `again` in a replicate, where a cell may be empty by chance."""
        ...

    def codes(self) -> list[Codes] | None:
        """Return what the step looks at, as codes; None where each row's own numbers matter."""
        ...

    def reduced(self, rows: Codes) -> Self:
        """Return the step for some rows, one of each pattern."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Factor:
    """Weights times a number of each row: selection probabilities, shares."""

    factor: Floats

    def run(self, weight: Floats, *, again: bool = False) -> Done:
        """Multiply."""
        return Done(weight * self.factor)

    def codes(self) -> list[Codes] | None:
        """Each row has its own factor."""
        return None

    def reduced(self, rows: Codes) -> Self:
        """Return the step for some rows."""
        return replace(self, factor=self.factor[rows])


@dataclass(frozen=True, slots=True, eq=False)
class Respond:
    """Respondents stand for their class.

    Attributes
    ----------
    group, size
        Class of each row, shape (n,), and the number of classes.
    stands
        Rows that are to be stood for, shape (n,). Others lose their weight, or keep it.
    answered
        Rows that stand for them, shape (n,).
    others_keep
        Whether rows outside `stands` keep their weight.
    largest
        Factor at which a class is refused.
    names
        Labels of the classes.
    """

    group: Codes
    size: int
    stands: Mask
    answered: Mask
    largest: float | None = None
    names: tuple[Any, ...] = ()

    def run(self, weight: Floats, *, again: bool = False) -> Done:
        """Raise respondents' weights to their class's sum."""
        here = self.stands & (weight > 0)
        group = self.group[here]
        if again:
            answered = np.bincount(group, weight[here] * self.answered[here], self.size)
            whole = np.bincount(group, weight[here], self.size)
            factors = np.divide(whole, answered, out=np.zeros(self.size), where=answered > 0)
        else:
            present = np.bincount(group, minlength=self.size) > 0
            number = np.cumsum(present) - 1
            factors = np.ones(self.size)
            factors[present] = samplics_engine.response_factors(
                weight[here], number[group], int(present.sum()), self.answered[here]
            )
            self._refuse(factors)
        kept = np.where(here & self.answered, weight * factors[self.group], 0.0)
        silent = int(np.count_nonzero(here & ~self.answered))
        return Done(
            kept,
            {
                "classes": self.size,
                "smallest factor": float(factors.min(initial=np.inf)),
                "largest factor": float(factors.max(initial=0.0)),
                "respondents": int(np.count_nonzero(here & self.answered)),
                "stood for": silent,
            },
        )

    def _refuse(self, factors: Floats) -> None:
        if self.largest is None or factors.max() <= self.largest:
            return
        over = np.flatnonzero(factors > self.largest)
        named = ", ".join(f"{_name(self.names, c)} ({factors[c]:.3g})" for c in over[:8])
        raise DesignError(
            f"The nonresponse factor is above {self.largest:g} in {len(over)} class(es): {named}. "
            "Merge them with others, or allow a larger factor."
        )

    def codes(self) -> list[Codes] | None:
        """Classes, and who stands for whom."""
        return [self.group, self.stands.astype(np.intp), self.answered.astype(np.intp)]

    def reduced(self, rows: Codes) -> Self:
        """Return the step for some rows."""
        return replace(
            self, group=self.group[rows], stands=self.stands[rows], answered=self.answered[rows]
        )


def _name(names: tuple[Any, ...], place: int) -> str:
    if place >= len(names):
        return str(place)
    label = names[place]
    return " x ".join(map(str, label)) if isinstance(label, tuple) else str(label)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Weights that meet known totals.

    Attributes
    ----------
    method
        ``"poststratify"`` (one margin), ``"rake"`` or ``"calibrate"``.
    margins
        For each margin, the cell of each row, shape (n,); -1 for none.
    totals
        For each margin, the totals of its cells.
    columns, column_totals
        Numeric auxiliaries, shape (n, p), and their totals, shape (p,).
    distance, bounds
        How factors are kept near 1.
    within
        Household of each row, shape (n,), whose members get one weight.
    scale
        sigma squared of each row, shape (n,).
    names
        What the totals are of: margin (or variable) and cell.
    """

    method: Literal["poststratify", "rake", "calibrate"]
    margins: tuple[Codes, ...]
    totals: tuple[Floats, ...]
    columns: Floats | None = None
    column_totals: Floats | None = None
    distance: Distance = "linear"
    bounds: tuple[Any, Any] | None = None
    within: Codes | None = None
    scale: Floats | None = None
    names: tuple[Any, ...] = ()

    def run(self, weight: Floats, *, again: bool = False) -> Done:
        """Find the factors and multiply."""
        here = np.flatnonzero(weight > 0)
        if self.method == "poststratify":
            factors, facts = self._poststratify(weight[here], self.margins[0][here], again=again)
        elif self.within is not None:
            return self._by_household(weight, here)
        elif self.columns is None and self.scale is None and _same(self.bounds):
            factors, facts = self._by_pattern(weight[here], here, again=again)
        else:
            matrix, totals, names = self._matrix(here, again=again)
            found = calibrate(
                weight[here],
                matrix,
                totals,
                distance=self.distance,
                bounds=_some(self.bounds, here),
                scale=None if self.scale is None else self.scale[here],
                names=names,
            )
            factors, facts = found.factors, {"iterations": found.iterations}
        out = np.zeros_like(weight)
        out[here] = weight[here] * factors
        return Done(out, {**facts, **factor_range(factors)})

    def _poststratify(
        self, weight: Floats, cell: Codes, *, again: bool
    ) -> tuple[Floats, dict[str, Any]]:
        totals = self.totals[0]
        sums = np.bincount(cell, weight, len(totals)).astype(np.float64)
        some = np.flatnonzero((sums > 0) & (totals > 0))
        factors = np.zeros(len(totals))
        if again:
            factors[some] = totals[some] / sums[some]
        else:
            factors[some] = samplics_engine.poststratify(sums[some], totals[some])
        return factors[cell], {"cells": len(some)}

    def _by_pattern(
        self, weight: Floats, here: Codes, *, again: bool
    ) -> tuple[Floats, dict[str, Any]]:
        """Rows with the same cells get the same factor: solve for patterns, not rows."""
        pattern, first = patterns([margin[here] for margin in self.margins])
        sums = np.bincount(pattern, weight).astype(np.float64)
        codes = [margin[here][first] for margin in self.margins]
        if self.method == "rake" and self.bounds is None:
            margins, totals = _present(codes, self.totals, sums)
            factors, met = samplics_engine.rake(sums, margins, totals)
            if met or again:
                return factors[pattern], {"patterns": len(sums), "by": "iterative fitting"}
        chosen = here[first]
        matrix, wanted, names = self._matrix(chosen, again=again)
        distance: Distance = "raking" if self.method == "rake" else self.distance
        found = calibrate(sums, matrix, wanted, distance=distance, bounds=self.bounds, names=names)
        facts = {"patterns": len(sums), "by": "Newton", "iterations": found.iterations}
        return found.factors[pattern], facts

    def _by_household(self, weight: Floats, here: Codes) -> Done:
        """One factor and one weight for all members: auxiliaries are the household's means.

        Lemaitre and Dufour (1987), Survey Methodology 13, 199-207.
        """
        assert self.within is not None  # noqa: S101
        household, _ = compact(self.within[here])
        size = np.bincount(household)
        mean = np.bincount(household, weight[here]) / size
        matrix, totals, names = self._matrix(here, again=False)
        gather = sparse.csr_array(
            (1 / size[household], (household, np.arange(len(here)))), shape=(len(size), len(here))
        )
        found = calibrate(
            mean * size,
            sparse.csr_array(gather @ matrix),
            totals,
            distance="raking" if self.method == "rake" else self.distance,
            bounds=_narrowest(_some(self.bounds, here), household, len(size)),
            names=names,
        )
        out = np.zeros_like(weight)
        out[here] = (mean * found.factors)[household]
        facts = {"households": len(size), "iterations": found.iterations}
        return Done(out, {**facts, **factor_range(found.factors)})

    def _matrix(
        self, rows: Codes, *, again: bool
    ) -> tuple[sparse.csr_array, Floats, tuple[Any, ...]]:
        blocks: list[Any] = []
        count = len(rows)
        for margin, totals in zip(self.margins, self.totals, strict=True):
            code = margin[rows]
            known = np.flatnonzero(code >= 0)
            entries = (np.ones(len(known)), (known, code[known]))
            blocks.append(sparse.csr_array(entries, shape=(count, len(totals))))
        if self.columns is not None:
            blocks.append(sparse.csr_array(self.columns[rows]))
        matrix = sparse.csr_array(sparse.hstack(blocks, format="csr"))
        wanted = np.concatenate(
            [*self.totals, *([] if self.column_totals is None else [self.column_totals])]
        )
        names = self.names
        if again:  # what nobody in the replicate can stand for is left out
            present = np.flatnonzero(np.asarray(abs(matrix).sum(axis=0)) > 0)
            if len(present) < len(wanted):
                matrix, wanted = sparse.csr_array(matrix[:, present]), wanted[present]
                names = tuple(names[j] for j in present)
        return matrix, wanted, names

    def codes(self) -> list[Codes] | None:
        """Cells of the margins, where there is nothing else."""
        if self.columns is not None or self.scale is not None or self.within is not None:
            return None
        return list(self.margins) if _same(self.bounds) else None

    def reduced(self, rows: Codes) -> Self:
        """Return the step for some rows."""
        return replace(self, margins=tuple(margin[rows] for margin in self.margins))


def _same(bounds: tuple[Any, Any] | None) -> bool:
    return bounds is None or (np.ndim(bounds[0]) == 0 and np.ndim(bounds[1]) == 0)


def _some(bounds: tuple[Any, Any] | None, rows: Codes) -> tuple[Any, Any] | None:
    if bounds is None:
        return None
    low, high = (one[rows] if np.ndim(one) else one for one in bounds)
    return low, high


def _narrowest(bounds: tuple[Any, Any] | None, group: Codes, size: int) -> tuple[Any, Any] | None:
    """Bounds that hold for every member of a group."""
    if bounds is None or _same(bounds):
        return bounds
    low, high = np.full(size, -np.inf), np.full(size, np.inf)
    np.maximum.at(low, group, np.broadcast_to(bounds[0], group.shape))
    np.minimum.at(high, group, np.broadcast_to(bounds[1], group.shape))
    return low, high


def _present(
    codes: list[Codes], totals: tuple[Floats, ...], sums: Floats
) -> tuple[list[Codes], list[Floats]]:
    """Leave out cells that nobody is in; the margins keep their common sum."""
    grand = totals[0].sum()
    kept_codes, kept_totals = [], []
    for code, total in zip(codes, totals, strict=True):
        some = np.bincount(code, sums, len(total)) > 0
        number = np.cumsum(some) - 1
        kept_codes.append(number[code])
        kept_totals.append(total[some] * (grand / total[some].sum() if not some.all() else 1.0))
    return kept_codes, kept_totals


def factor_range(factors: Floats) -> dict[str, float]:
    """Smallest and largest factor, for the diary."""
    if not len(factors):
        return {}
    return {"smallest factor": float(factors.min()), "largest factor": float(factors.max())}


def patterns(codes: list[Codes]) -> tuple[Codes, Codes]:
    """Number the combinations of codes that occur: the pattern of each row, and a row of each."""
    path = compact(codes[0] - codes[0].min(initial=0))[0]
    for code in codes[1:]:
        low = code.min(initial=0)
        path = compact(path * (int(code.max(initial=0)) - int(low) + 1) + (code - low))[0]
    count = int(path.max(initial=-1)) + 1
    first = np.empty(count, dtype=np.intp)
    first[path[::-1]] = np.arange(len(path) - 1, -1, -1)
    return path, first


@dataclass(frozen=True, slots=True, eq=False)
class Rescale:
    """Bring the sum of weights of each group to a number.

    Attributes
    ----------
    group, size
        Group of each row, shape (n,).
    targets
        Wanted sums, shape (size,), or None for the number of rows with a weight.
    """

    group: Codes
    size: int
    targets: Floats | None

    def run(self, weight: Floats, *, again: bool = False) -> Done:
        """Multiply by each group's factor."""
        sums = np.bincount(self.group, weight, self.size).astype(np.float64)
        wanted = self.targets
        if wanted is None:
            wanted = np.bincount(self.group, weight > 0, self.size).astype(np.float64)
        factors = np.ones(self.size)
        for g in np.flatnonzero(sums > 0):
            factors[g] = (
                wanted[g] / sums[g]
                if again
                else samplics_engine.normalise(sums[g : g + 1], float(wanted[g]))
            )
        return Done(weight * factors[self.group], factor_range(factors))

    def codes(self) -> list[Codes] | None:
        """Groups; not where rows are counted."""
        return [self.group] if self.targets is not None else None

    def reduced(self, rows: Codes) -> Self:
        """Return the step for some rows."""
        return replace(self, group=self.group[rows])
