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
    from mpsurvey.estimation.scan import Categories, UnitTotals

__all__ = ["Deviations", "replicate_freedom", "replicate_totals", "replicated_figures"]

Floats = NDArray[np.float64]


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
    """Totals of each domain under each set of replicate weights, shape (R, D, K).

    Replicates made by the library are factors of the units and multiply the unit totals: rows are
    not touched again. A file's replicate columns are summed one by one.
    """
    from mpsurvey.estimation.scan import domain_totals

    weights = sample.replicates
    assert weights is not None  # noqa: S101 - the caller has asked
    size, wide = len(totals.n), totals.values.shape[1]
    if weights.factors is None or weights.rerun is not None:
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
        cube = totals.values.reshape(totals.units.count, size * wide)
        return (weights.factors.T @ cube).reshape(-1, size, wide)
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
    rows = len(sample)
    inside = np.ones(rows, dtype=bool) if answered is None else answered
    code = np.zeros(rows, dtype=np.intp) if domains.code is None else domains.code
    kept = np.flatnonzero(inside & (code >= 0))
    order = kept[np.argsort(code[kept], kind="stable")]
    bounds = np.searchsorted(code[order], np.arange(domains.size + 1))
    names = list(weights.columns)
    table = sample.frame.select(names)
    df = np.zeros(domains.size, dtype=np.int64)
    for d in range(domains.size):
        here = order[bounds[d] : bounds[d + 1]]
        few = here[:: max(1, len(here) // (4 * weights.count))]
        rank = _rank(_matrix(table, few))
        if rank < min(weights.count, len(here)) and len(few) < len(here):
            rank = _rank(_matrix(table, here))
        df[d] = max(rank - 1, 0)
    return df


def _matrix(table: object, rows: NDArray[np.intp]) -> Floats:
    return np.asarray(table[rows].to_numpy(), dtype=np.float64)  # type: ignore[index]


def _rank(matrix: Floats) -> int:
    """Numerical rank at R's tolerance of 1e-5."""
    if not len(matrix):
        return 0
    _, triangle = np.linalg.qr(matrix) if len(matrix) > matrix.shape[1] else (None, matrix)
    values = np.linalg.svd(triangle, compute_uv=False)
    return int(np.count_nonzero(values > 1e-5 * values[0])) if len(values) else 0
