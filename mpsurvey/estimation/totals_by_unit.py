"""Weighted sums by sampling unit and domain: all that a variance needs of the rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mpsurvey.design import Units
from mpsurvey.design.chain import Chain
from mpsurvey.design.codes import Codes

__all__ = ["UnitTotals", "degrees_of_freedom", "folded_replicates"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class UnitTotals:
    """Weighted sums of K columns for each sampling unit within each domain.

    The first column is always the sum of weights. Where the product of units and domains is small,
    all pairs are kept, units first; else only the pairs that occur.

    Attributes
    ----------
    unit, domain
        Unit and domain of each pair, shape (m,).
    values
        Sums of the pair, shape (m, K).
    totals
        Sums of the domain, shape (D, K).
    n
        Rows behind each domain, unweighted, shape (D,).
    df
        First-stage units less first-stage strata, counting those with data in the domain, (D,).
    units
        The sampling units.
    chain, moments
        Where weights were calibrated: the steps, and the columns of each domain read by their
        auxiliaries, shape (J, D, K).
    inner
        How many neighbouring groups each domain is made of, see `folded`; 0 where nothing is
        folded. Pairs are then of a unit and a group, and K is the columns of one group in `values`,
        of all in `totals`.
    """

    unit: Codes
    domain: Codes
    values: Floats
    totals: Floats
    n: NDArray[np.int64]
    df: NDArray[np.int64]
    units: Units
    chain: Chain | None = None
    moments: Floats | None = None
    inner: int = 0

    @property
    def population(self) -> Floats:
        """Sum of weights of each domain, shape (D,)."""
        return self.totals[:, 0]

    @property
    def dense(self) -> bool:
        """Whether all pairs of unit and domain are kept."""
        return len(self.unit) == self.units.count * len(self.n) * self.run

    @property
    def run(self) -> int:
        """How many groups each domain is made of, 1 where nothing is folded."""
        return self.inner or 1

    def folded(self, inner: int) -> UnitTotals:
        """Return each run of `inner` domains as one, their columns side by side.

        A statistic can then be a function of several groups' totals: a gap, a decomposition. The
        unit totals stay as they are: see `unfolded`.

        Returns
        -------
        UnitTotals
            K becomes 1 + inner K: the sum of weights of the whole run, then the groups' columns.
        """
        outer = len(self.n) // inner
        present = self.values[:, 0] > 0
        if self.dense:  # units first, then domains: the runs are in order already
            place = np.arange(self.units.count * outer)
            groups = present.reshape(-1, inner)
            some = groups[:, 0].copy()
            for group in range(1, inner):
                some |= groups[:, group]
        else:
            place = pd.unique((self.unit * outer + self.domain // inner)[present])
            some = np.ones(len(place), dtype=bool)
        wide = self.values.shape[1]
        return replace(
            self,
            totals=_side_by_side(self.totals.reshape(outer, inner, wide)),
            n=self.n.reshape(outer, inner).sum(axis=1),
            df=degrees_of_freedom(self.units, place // outer, place % outer, some, outer),
            moments=None
            if self.moments is None
            else _side_by_side(self.moments.reshape(-1, outer, inner, wide)),
            inner=inner,
        )

    def unfolded(self, slope: Floats) -> Floats:
        """Derivative by the totals of each group instead of those of each run of groups.

        Parameters
        ----------
        slope
            Shape (D, q, 1 + inner K); or (D, q, K) where nothing is folded.

        Returns
        -------
        numpy.ndarray
            Shape (D inner, q, K).
        """
        if not self.inner:
            return slope
        size, figures, _ = slope.shape
        each = slope[..., 1:].reshape(size, figures, self.inner, -1).copy()
        each[..., 0] += slope[..., :1]  # the sum of all weights is that of the groups' weights
        return each.swapaxes(1, 2).reshape(size * self.inner, figures, -1)


def _side_by_side(values: Floats) -> Floats:
    """Shape (..., groups, K) to (..., 1 + groups K), the sum of all weights first."""
    flat = values.reshape(*values.shape[:-2], -1)
    return np.concatenate([values[..., 0].sum(axis=-1, keepdims=True), flat], axis=-1)


def folded_replicates(repeated: Floats, inner: int) -> Floats:
    """Replicates' totals, shape (R, D, K), folded as `UnitTotals.folded` folds."""
    count, size, wide = repeated.shape
    return _side_by_side(repeated.reshape(count, size // inner, inner, wide))


def degrees_of_freedom(
    units: Units, unit: Codes, domain: Codes, present: NDArray[np.bool_], size: int
) -> NDArray[np.int64]:
    """Count, for each domain, the PSUs less the strata that have data in it."""
    first = units.stages[0]
    if len(unit) == units.count * size:
        here = present.reshape(units.count, size)
        psus = np.logical_or.reduceat(here, first.starts, axis=0)
        hosts = np.logical_or.reduceat(psus, first.stratum_starts, axis=0)
        df = psus.sum(axis=0) - hosts.sum(axis=0)
        return np.asarray(df, dtype=np.int64)
    kept, where = unit[present], domain[present]
    if len(first.starts) == units.count:  # the finest units are the PSUs: each pair is there once
        psu_pairs = kept * size + where
    else:
        below = np.diff(np.append(first.starts, units.count))
        psu_pairs = pd.unique(np.repeat(np.arange(len(below)), below)[kept] * size + where)
    stratum = first.stratum[psu_pairs // size]
    stratum_pairs = pd.unique(stratum * size + psu_pairs % size)
    return np.bincount(psu_pairs % size, minlength=size) - np.bincount(
        stratum_pairs % size, minlength=size
    )
