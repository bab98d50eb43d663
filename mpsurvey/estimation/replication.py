"""Variance by replication: the statistic again, with each set of replicate weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mpsurvey.design import ReplicateWeights, Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation.linearise import Statistic, evaluate

if TYPE_CHECKING:
    from mpsurvey.estimation.domains import Domains
    from mpsurvey.estimation.scanning import Categories
    from mpsurvey.estimation.totals_by_unit import UnitTotals

__all__ = ["Deviations", "replicate_freedom", "replicate_totals", "replicated_figures"]

Floats = NDArray[np.float64]

_CELLS = 1 << 22
"""Replicate weights that are looked at together when ranks are sought (32 MB)."""


@dataclass(frozen=True, slots=True, eq=False)
class Deviations:
    r"""P figures and their replicates: how far the replicates lie apart is the variance.

    .. math:: V = \sum_r c_r (\hat\theta_r - \theta_0)^\top (\hat\theta_r - \theta_0)

    with :math:`\theta_0` the full-sample figures or the replicates' mean. A replicate that leaves a
    domain empty has no figure there (NaN) and adds nothing.

    Attributes
    ----------
    figures
        The full-sample figures, shape (P,).
    replicated
        The figures of each replicate, shape (R, P).
    source
        The replicate weights they come from.
    """

    figures: Floats
    replicated: Floats
    source: ReplicateWeights

    def scaled_deviations(self) -> Floats:
        """Deviations whose squares add up to the variance, shape (R, P)."""
        each = self.source.multipliers
        known = np.isfinite(self.replicated)
        centre = self.figures
        if self.source.centre == "mean":
            counted = known & (each > 0)[:, None]
            some = np.maximum(counted.sum(axis=0), 1)
            centre = np.where(counted, self.replicated, 0.0).sum(axis=0) / some
        gap = np.where(known, self.replicated - centre, 0.0)
        return np.asarray(gap * np.sqrt(each)[:, None])

    def variance(self) -> Floats:
        """Variance of each figure, shape (P,)."""
        gap = self.scaled_deviations()
        return np.asarray(np.einsum("rp,rp->p", gap, gap))

    def covariance(self) -> Floats:
        """Covariance of all figures, shape (P, P)."""
        gap = self.scaled_deviations()
        return gap.T @ gap

    def freedom(self) -> Floats:
        """Nothing: replicates mix the units, so that how few a figure rests on is not seen."""
        return np.full(len(self.figures), np.nan)

    def mapped(self, function: Statistic, _slope: Floats) -> Deviations:
        """Replicates of a function of the figures: the function of each replicate's figures."""
        with np.errstate(divide="ignore", invalid="ignore"):
            again = np.stack([np.atleast_1d(function(row)) for row in self.replicated])
            return Deviations(np.atleast_1d(function(self.figures)), again, self.source)

    def combined(self, matrix: Floats) -> Deviations:
        """Replicates of linear combinations of the figures; `matrix` has shape (r, P)."""
        taking_part = (matrix != 0).T.astype(np.float64)
        lost = (~np.isfinite(self.replicated)).astype(np.float64) @ taking_part > 0
        again = np.nan_to_num(self.replicated) @ matrix.T
        figures = np.nan_to_num(self.figures) @ matrix.T
        return Deviations(figures, np.where(lost, np.nan, again), self.source)

    def scaled(self, factors: Floats) -> Deviations:
        """Replicates of figures that are each multiplied by a number; shape (P,)."""
        return Deviations(self.figures * factors, self.replicated * factors, self.source)

    def about(self, figures: Floats) -> Deviations:
        """The same deviations about other figures, shape (P,)."""
        return Deviations(figures, self.replicated - self.figures + figures, self.source)

    def joined(self, other: Deviations) -> Deviations:
        """Replicates of two results of one sample side by side."""
        if other.source is not self.source:
            raise MpsurveyError(
                "These estimates come from different replicates, so their covariance is not known "
                "from them. Make both from one Sample."
            )
        figures = np.concatenate([self.figures, other.figures])
        return Deviations(figures, np.hstack([self.replicated, other.replicated]), self.source)


def replicate_totals(
    sample: Sample,
    totals: UnitTotals,
    domains: Domains,
    columns: tuple[Floats, ...],
    answered: NDArray[np.bool_] | None,
    categories: Categories | None,
) -> Floats:
    """Totals of each domain under each set of replicate weights, shape (R, D, K); not folded.

    Replicates made by the library are factors of the units and multiply the unit totals: rows are
    not touched again. A file's replicate columns are summed one by one.
    """
    from mpsurvey.estimation.scanning import domain_totals

    weights = sample.replicates
    assert weights is not None  # noqa: S101 - the caller has asked
    size, wide = len(totals.n) * totals.run, totals.values.shape[1]
    if weights.factors is None or weights.by_rows:
        files = (np.asarray(sample.frame[name].to_numpy(), float) for name in weights.columns)
        return domain_totals(
            sample,
            domains,
            columns,
            files if weights.rerun is None else weights.rerun,
            answered=answered,
            categories=categories,
        )
    if totals.dense:
        cube = totals.values.T.reshape(wide, totals.units.count, size)
        return np.stack([weights.factors.T @ table for table in cube], axis=-1)
    place = totals.domain[:, None] * wide + np.arange(wide)
    row = np.repeat(totals.unit, wide)
    table = sparse.csr_array(
        (totals.values.ravel(), (place.ravel(), row)), shape=(size * wide, totals.units.count)
    )
    return np.asarray((table @ weights.factors).T).reshape(-1, size, wide)


def replicated_figures(statistic: Statistic, totals: Floats) -> Floats:
    """Figures of each replicate, shape (R, D q), from its totals, shape (R, D, K)."""
    figures = evaluate(statistic, totals)
    return figures.reshape(len(totals), -1)


def replicate_freedom(
    sample: Sample, domains: Domains, answered: NDArray[np.bool_] | None
) -> NDArray[np.int64]:
    """Degrees of freedom of a file's replicates in each domain: rank of the weights less one.

    The rank is sought in a few rows first: most domains have the full rank at once.
    """
    weights = sample.replicates
    assert weights is not None  # noqa: S101
    kept = np.ones(len(sample), dtype=bool) if answered is None else answered
    if domains.code is not None:
        kept = kept & (domains.code >= 0)
    order = np.flatnonzero(kept)
    bounds = np.array([0, len(order)])
    if domains.code is not None:
        code = domains.code[order]
        # NumPy sorts short whole numbers by their digits, in time proportional to the rows.
        short = code.astype(np.uint16) if domains.size <= 1 << 16 else code
        order = order[np.argsort(short, kind="stable")]
        bounds = np.append(0, np.cumsum(np.bincount(code, minlength=domains.size)))
    most = 2 * weights.count
    sizes = np.diff(bounds)
    steps = np.maximum(1, sizes // most)
    df = np.zeros(domains.size, dtype=np.int64)
    at_once = max(1, _CELLS // (most * weights.count))
    for first in range(0, domains.size, at_once):
        some = range(first, min(first + at_once, domains.size))
        few = [order[bounds[d] : bounds[d + 1] : steps[d]][:most] for d in some]
        table = _matrix(sample, weights.columns, np.concatenate(few))
        ends = np.append(0, np.cumsum([len(rows) for rows in few]))
        for place, d in enumerate(some):
            rank = _rank(table[ends[place] : ends[place + 1]])
            if rank < min(weights.count, sizes[d]) and len(few[place]) < sizes[d]:
                rank = _rank(_matrix(sample, weights.columns, order[bounds[d] : bounds[d + 1]]))
            df[d] = max(rank - 1, 0)
    return df


def _matrix(sample: Sample, names: tuple[str, ...], rows: NDArray[np.intp]) -> Floats:
    found = np.empty((len(rows), len(names)))
    for place, name in enumerate(names):
        found[:, place] = np.asarray(sample.frame[name].to_numpy(), dtype=np.float64)[rows]
    return found


def _rank(matrix: Floats) -> int:
    """Numerical rank at R's tolerance of 1e-5 of the largest singular value.

    The squares of singular values, as eigenvalues, are exact to 1e-14 of the largest: far below
    the square of 1e-5. On a busy machine this takes a twentieth of the time of the values
    themselves, whose many small steps wait for threads.
    """
    if not matrix.any():
        return 0
    gram = (
        np.einsum("ij,kj->ik", matrix, matrix)
        if len(matrix) < matrix.shape[1]
        else (np.einsum("ij,ik->jk", matrix, matrix))
    )
    squares = np.linalg.eigvalsh(gram)
    return int(np.count_nonzero(squares > 1e-10 * squares[-1]))
