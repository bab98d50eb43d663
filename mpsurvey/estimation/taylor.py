"""Variance by Taylor linearisation under stratified multistage sampling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from mpsurvey.design import Stage, Units
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation.freedom import effective, spread_of_squares
from mpsurvey.estimation.totals_by_unit import UnitTotals

__all__ = ["Residuals", "Scores", "score"]

Floats = NDArray[np.float64]

_DENSE = 1 << 23
"""Largest number of scores that is kept as a full array (64 MB)."""

_FULL = 1 << 25
"""Likewise after calibration (256 MB), where none of them is zero."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    r"""Linearised values of P statistics, summed within each sampling unit.

    .. math::

        V = \sum_s \sum_h a_{sh} \sum_i (z_{shi} - \bar z_{sh})^\top (z_{shi} - \bar z_{sh}),
        \quad a_{sh} = f_1 \cdots f_{s-1} (1 - f_{sh}) \frac{n_{sh}}{n_{sh} - 1}

    over stages s, strata h and units i, with z the score totals of a unit. Units without data in a
    domain are zeros and count in n: a domain never makes a stratum smaller.
    Särndal, Swensson and Wretman (1992), result 4.3.1; Binder (1983), Int. Stat. Rev. 51, 279-292.

    Attributes
    ----------
    values
        Shape (U, P), a full array or a sparse matrix.
    units
        The units and their stages.
    present
        Units with data behind each statistic, shape (U, P), kept only where lonely units make it
        matter.
    """

    values: Floats | sparse.csr_array
    units: Units
    present: sparse.csr_array | None = None

    def variance(self) -> Floats:
        """Variance of each statistic, shape (P,)."""
        if isinstance(self.values, np.ndarray) or self.present is not None:
            found = [np.einsum("ij,ij->j", part, part) for part in self._parts()]
            return np.asarray(np.sum(found, axis=0))
        found = [_sparse_variance(self.values, stage) for stage in self.units.stages]
        return np.asarray(np.sum(found, axis=0))

    def covariance(self) -> Floats:
        """Covariance of all statistics, shape (P, P)."""
        if isinstance(self.values, np.ndarray) or self.present is not None:
            return np.asarray(np.sum([part.T @ part for part in self._parts()], axis=0))
        width = self.values.shape[1]
        found = np.zeros((width, width))
        for stage in self.units.stages:
            # Stratum by stratum, so that only one stratum's scores are full at a time.
            sums = _unit_sums(self.values, stage)
            ends = np.append(stage.stratum_starts[1:], len(stage.starts))
            for scale, start, end in zip(stage.scale, stage.stratum_starts, ends, strict=True):
                if scale > 0:
                    block = sums[start:end].toarray()
                    block -= block.mean(axis=0)
                    found += scale * (block.T @ block)
        return found

    def freedom(self) -> Floats:
        """Effective degrees of freedom of each statistic, shape (P,); NaN for a variance of 0.

        See `mpsurvey.estimation.freedom.effective`; strata of all stages add to the spread.
        """
        stages = self.units.stages
        if isinstance(self.values, np.ndarray) or self.present is not None:
            pairs = zip(self._parts(), stages, strict=True)
            found = [_moments(part**2, stage) for part, stage in pairs]
        else:
            found = [_sparse_moments(self.values, stage) for stage in stages]
        return effective(*np.sum(found, axis=0))

    def mapped(self, _function: object, slope: Floats) -> Scores:
        """Scores of a function of the statistics, by its derivative, shape (r, P)."""
        return self.combined(slope)

    def combined(self, matrix: Floats) -> Scores:
        """Scores of linear combinations of the statistics; `matrix` has shape (r, P)."""
        values = np.asarray(self.values @ matrix.T)
        if self.present is None:
            return Scores(values, self.units)
        part = sparse.csr_array((matrix != 0).T.astype(np.int64))
        return Scores(values, self.units, sparse.csr_array((self.present @ part) > 0))

    def scaled(self, factors: Floats) -> Scores:
        """Scores of figures that are each multiplied by a number; `factors` has shape (P,)."""
        if isinstance(self.values, np.ndarray):
            return Scores(self.values * factors, self.units, self.present)
        return Scores(
            sparse.csr_array(self.values @ sparse.diags_array(factors)), self.units, self.present
        )

    def joined(self, other: Any) -> Any:
        """Scores of two results of one sample side by side: Scores, or Residuals if one is."""
        if other.units is not self.units:
            raise MpsurveyError(
                "These estimates come from different samples, so their covariance is not known "
                "from them. Make both from one Sample; for two rounds use mp.change; for samples "
                "that share nothing say samples='independent'."
            )
        if isinstance(other, Residuals):
            nothing = np.zeros((len(other.coefficients), self.values.shape[1]))
            return Residuals(
                self.joined(other.raw),
                other.loadings,
                np.hstack([nothing, other.coefficients]),
            )
        present = None
        if self.present is not None and other.present is not None:
            present = sparse.csr_array(sparse.hstack([self.present, other.present]))
        if isinstance(self.values, np.ndarray) and isinstance(other.values, np.ndarray):
            return Scores(np.hstack([self.values, other.values]), self.units, present)
        both = [sparse.csr_array(self.values), sparse.csr_array(other.values)]
        return Scores(sparse.csr_array(sparse.hstack(both)), self.units, present)

    def _parts(self) -> list[Floats]:
        """Scaled deviations at each stage, each of shape (u, P)."""
        full = self.values if isinstance(self.values, np.ndarray) else self.values.toarray()
        here = None if self.present is None else self.present.toarray()
        return [_deviations(full, stage, self.units, here) for stage in self.units.stages]


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """Scores after calibration, where units times figures are too many for a full array.

    Every unit has a score in every domain: what the calibration takes from it. They are worked out
    in parts.

    Attributes
    ----------
    raw
        Scores before, P figures.
    loadings, coefficients
        Shapes (U, J) and (J, P): their product is taken from the scores.
    """

    raw: Scores
    loadings: sparse.csr_array
    coefficients: Floats

    @property
    def units(self) -> Units:
        """The units and their stages."""
        return self.raw.units

    def full(self) -> Scores | Residuals:
        """The scores themselves where they fit, else as they are."""
        if self.raw.units.count * self.coefficients.shape[1] > _FULL:
            return self
        return self._part(slice(None))

    def _part(self, figures: slice) -> Scores:
        present = self.raw.present
        values = self.raw.values[:, figures]
        full = values if isinstance(values, np.ndarray) else values.toarray()
        return Scores(
            full - self.loadings @ self.coefficients[:, figures],
            self.raw.units,
            None if present is None else sparse.csr_array(present[:, figures]),
        )

    def variance(self) -> Floats:
        """Variance of each figure, shape (P,)."""
        return np.concatenate([part.variance() for part in self._in_parts()])

    def freedom(self) -> Floats:
        """Effective degrees of freedom of each figure, shape (P,)."""
        return np.concatenate([part.freedom() for part in self._in_parts()])

    def _in_parts(self) -> Iterator[Scores]:
        step = max(1, _FULL // self.raw.units.count)
        starts = range(0, self.coefficients.shape[1], step)
        return (self._part(slice(p, p + step)) for p in starts)

    def covariance(self) -> Floats:
        """Covariance of all figures, shape (P, P)."""
        return self._part(slice(None)).covariance()

    def mapped(self, _function: object, slope: Floats) -> Scores:
        """Scores of a function of the figures, by its derivative, shape (r, P)."""
        return self.combined(slope)

    def combined(self, matrix: Floats) -> Scores:
        """Scores of linear combinations of the figures; `matrix` has shape (r, P)."""
        raw = self.raw.combined(matrix)
        taken = self.loadings @ (self.coefficients @ matrix.T)
        return Scores(np.asarray(raw.values - taken), raw.units, raw.present)

    def scaled(self, factors: Floats) -> Residuals:
        """Scores of figures that are each multiplied by a number; `factors` has shape (P,)."""
        return Residuals(self.raw.scaled(factors), self.loadings, self.coefficients * factors)

    def joined(self, other: Scores | Residuals) -> Scores | Residuals:
        """Scores of two results of one sample side by side."""
        if isinstance(other, Residuals):
            return Residuals(
                self.raw.joined(other.raw),
                self.loadings,
                np.hstack([self.coefficients, other.coefficients]),
            )
        nothing = np.zeros((len(self.coefficients), other.values.shape[1]))
        return Residuals(
            self.raw.joined(other), self.loadings, np.hstack([self.coefficients, nothing])
        )


def score(totals: UnitTotals, gradient: Floats) -> Scores | Residuals:
    """Turn unit totals into unit scores, or residuals where the weights were calibrated.

    Parameters
    ----------
    totals
        Unit totals of K columns in D domains.
    gradient
        Shape (D, q, K): derivative of q statistics of each domain by its totals. Domains without
        data may have infinite or missing derivatives; they score nothing.

    Returns
    -------
    Scores
        P = D q statistics, domain by domain.
    """
    figures = gradient.shape[1]
    slope = gradient.copy()
    slope[~np.isfinite(gradient).all(axis=(1, 2))] = 0.0
    present = _presence(totals, figures) if _presence_matters(totals.units) else None
    if totals.moments is not None:
        return _residuals(_unit_scores(totals, slope, present), totals, slope)
    return _unit_scores(totals, slope, present)


def _residuals(raw: Scores, totals: UnitTotals, slope: Floats) -> Scores | Residuals:
    """Take from the scores what the calibration of the weights has fixed."""
    assert totals.chain is not None and totals.moments is not None  # noqa: S101, PT018
    moments = np.einsum("jdk,dqk->jdq", totals.moments, slope)
    coefficients = totals.chain.coefficients(moments.reshape(len(moments), -1))
    return Residuals(raw, totals.chain.loadings, coefficients).full()


def _unit_scores(totals: UnitTotals, slope: Floats, present: sparse.csr_array | None) -> Scores:
    size, figures, _ = slope.shape
    count, inner = totals.units.count, totals.run
    each = totals.unfolded(slope)
    used = [(q, np.flatnonzero(each[:, q].any(axis=0))) for q in range(figures)]
    if totals.dense and count * size * figures <= _DENSE:
        cube = totals.values.T.reshape(-1, count, size * inner)
        values = np.zeros((figures, count, size))
        for q, columns in used:
            for k in columns:
                values[q] += _folded_product(cube[k], each[:, q, k], inner)
        full = values[0] if figures == 1 else values.transpose(1, 2, 0).reshape(count, -1)
        return Scores(full, totals.units, present)
    rows, places, parts = [], [], []
    for q, columns in used:
        part = np.zeros(len(totals.domain))
        for k in columns:
            part += totals.values[:, k] * each[totals.domain, q, k]
        some = np.flatnonzero(part)
        rows.append(totals.unit[some])
        places.append(totals.domain[some] // inner * figures + q)
        parts.append(part[some])
    entries = sparse.coo_array(
        (np.concatenate(parts), (np.concatenate(rows), np.concatenate(places))),
        shape=(count, size * figures),
    )
    return Scores(sparse.csr_array(entries), totals.units, present)


def _folded_product(table: Floats, factors: Floats, inner: int) -> Floats:
    """Sum a table's columns times their factors over each run of `inner`, shape (U, D)."""
    if inner == 1:
        return table * factors
    runs = range(0, len(factors), inner)
    return np.stack([table[:, r : r + inner] @ factors[r : r + inner] for r in runs], axis=1)


def _presence_matters(units: Units) -> bool:
    if units.lonely_psu not in ("centre", "average"):
        return False
    return units.lonely_domains or any(stage.lonely.any() for stage in units.stages)


def _presence(totals: UnitTotals, figures: int) -> sparse.csr_array:
    some = totals.values[:, 0] > 0
    domain = totals.domain[some, None] // totals.run
    place = domain * figures + np.arange(figures)
    row = np.repeat(totals.unit[some], figures)
    shape = (totals.units.count, len(totals.n) * figures)
    ones = np.ones(len(row), dtype=np.int64)
    return sparse.csr_array(sparse.coo_array((ones, (row, place.ravel())), shape=shape) > 0)


def _deviations(
    values: Floats, stage: Stage, units: Units, present: NDArray[np.bool_] | None
) -> Floats:
    """Scaled deviations of a stage's unit sums from their stratum's mean, shape (u, P)."""
    whole = len(stage.starts) == len(values)
    sums = values if whole else np.add.reduceat(values, stage.starts)
    means = np.add.reduceat(sums, stage.stratum_starts) / stage.size[:, None]
    stratum = stage.stratum
    scale = np.sqrt(stage.scale[stratum])[:, None]
    if present is None:
        gaps = means[stratum]
        np.subtract(sums, gaps, out=gaps)
        gaps *= scale
        return gaps

    here: NDArray[np.bool_] = (
        present if whole else np.logical_or.reduceat(present, stage.starts, axis=0)
    )
    counted = np.add.reduceat(here.astype(np.int64), stage.stratum_starts)
    lonely = np.broadcast_to(stage.lonely[:, None], counted.shape)
    if units.lonely_domains:
        lonely = lonely | ((counted == 1) & (stage.fraction < 1)[:, None])
    if units.lonely_psu == "centre":
        # Strata without data in the domain take no part, neither in the mean nor in the sum.
        lonely = lonely & (counted > 0)
        means = np.where(lonely, _grand_means(sums, stage, counted > 0), means)
        return np.asarray((sums - means[stratum]) * scale)
    # "average": a stratum that cannot be seen has the mean variance of the strata of the domain
    # that can.
    seen = ((counted > 0) & ~lonely).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(seen > 0, (counted > 0).sum(axis=0) / seen, np.nan)
    own = np.where(lonely, 0.0, 1.0)[stratum]
    return np.asarray((sums - means[stratum]) * scale * own * np.sqrt(share))


def _grand_means(sums: Floats, stage: Stage, some: NDArray[np.bool_]) -> Floats:
    """Mean over the strata with data that share their unit of the stage before, shape (h, P)."""
    totals = np.add.reduceat(sums, stage.stratum_starts[stage.parent_starts])
    counts = np.add.reduceat(stage.size[:, None] * some, stage.parent_starts)
    strata = np.diff(np.append(stage.parent_starts, len(stage.size)))
    return np.asarray(np.repeat(totals / np.maximum(counts, 1), strata, axis=0))


def _unit_sums(values: sparse.csr_array, stage: Stage) -> sparse.csr_array:
    """Sum of the finest units' scores within each unit of a stage."""
    count = values.shape[0]
    if len(stage.starts) == count:
        return values
    gather = sparse.csr_array(
        (np.ones(count), np.arange(count), np.append(stage.starts, count)),
        shape=(len(stage.starts), count),
    )
    return sparse.csr_array(gather @ values)


def _sparse_variance(values: sparse.csr_array, stage: Stage) -> Floats:
    """Sum over strata of scaled squared deviations, from the scores that are not zero."""
    h, p, powers = _stratum_powers(values, stage, (2,))
    return np.asarray(np.bincount(p, stage.scale[h] * powers[0], minlength=values.shape[1]))


def _stratum_powers(
    values: sparse.csr_array, stage: Stage, orders: tuple[int, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64], list[Floats]]:
    """Sums of powers of deviations in each stratum and column that has a score, and which they are.

    Powers are taken after centring, and absent units add that of the mean, so that no digits are
    lost to the difference of two large sums.
    """
    sums = _unit_sums(values, stage).tocoo()
    width = values.shape[1]
    row, column = sums.coords
    place, pairs = pd.factorize(stage.stratum[row].astype(np.int64) * width + column)
    h, p = pairs // width, pairs % width
    many = len(pairs)
    mean = np.bincount(place, weights=sums.data, minlength=many) / stage.size[h]
    absent = stage.size[h] - np.bincount(place, minlength=many)
    gap = sums.data - mean[place]
    powers = [
        np.bincount(place, weights=gap**order, minlength=many) + absent * mean**order
        for order in orders
    ]
    return h, p, powers


def _moments(squared: Floats, stage: Stage) -> tuple[Floats, Floats]:
    """Variance from a stage and its own, from squared scaled deviations of shape (u, P)."""
    squares = np.add.reduceat(squared, stage.stratum_starts)
    fourths = np.add.reduceat(squared**2, stage.stratum_starts)
    spread = spread_of_squares(squares, fourths, stage.size[:, None])
    return squares.sum(axis=0), spread.sum(axis=0)


def _sparse_moments(values: sparse.csr_array, stage: Stage) -> tuple[Floats, Floats]:
    """The same from the scores that are not zero."""
    h, p, (second, fourth) = _stratum_powers(values, stage, (2, 4))
    scale, width = stage.scale[h], values.shape[1]
    squares = scale * second
    spread = spread_of_squares(squares, scale**2 * fourth, stage.size[h])
    sums = [np.bincount(p, part, minlength=width) for part in (squares, spread)]
    return sums[0].astype(np.float64), sums[1].astype(np.float64)
