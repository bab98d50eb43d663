"""Weighted quantiles, densities and local means of sorted values: what a line's influence needs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["bandwidth", "densities", "density", "local_mean", "lower_quantile"]

Floats = NDArray[np.float64]


def lower_quantile(values: Floats, weights: Floats, p: float) -> float:
    """Smallest value whose cumulated share of the weights is at least p.

    Parameters
    ----------
    values, weights
        Shape (m,), sorted by value. Weights of zero, and negative ones of a replicate, are legal.
    p
        Between 0 and 1.

    Returns
    -------
    float
        NaN where the weights sum to nothing.
    """
    cumulated = np.cumsum(weights)
    if not len(cumulated) or not cumulated[-1] > 0:
        return float("nan")
    if weights.min() < 0:  # the first crossing of a sum that can fall
        cumulated, whole = np.maximum.accumulate(cumulated), cumulated[-1]
    else:
        whole = cumulated[-1]
    # A sum that should meet p exactly misses it by rounding: 0.1 + 0.2 is not 0.3.
    place = np.searchsorted(cumulated, p * whole - 1e-12 * whole, side="left")
    return float(values[min(place, len(values) - 1)])


def bandwidth(values: Floats, weights: Floats) -> float:
    r"""Width of the kernel: :math:`h = s\,\hat N^{-1/5}`.

    s is the weighted standard deviation, N the sum of weights, as Eurostat's linearisation has it:
    Deville (1999), Survey Methodology 25, 193-203; Osier (2009), Survey Research Methods 3,
    167-195.
    """
    whole = weights.sum()
    if not whole > 0:
        return 0.0
    gap = values - (weights * values).sum() / whole
    return float(np.sqrt((weights * gap**2).sum() / whole) * whole**-0.2)


def density(values: Floats, weights: Floats, at: float) -> float:
    r"""Density of a variable at a point, by a Gaussian kernel.

    .. math:: \hat f(x) = \frac{1}{\hat N h} \sum_k w_k\,\phi\!\left(\frac{x - y_k}{h}\right)

    Zero where all values are equal: nothing can then be said of a density.
    """
    width = bandwidth(values, weights)
    if not width > 0 or not np.isfinite(at):
        return 0.0
    kernel = np.exp(-(((at - values) / width) ** 2) / 2)
    return float((weights * kernel).sum() / (np.sqrt(2 * np.pi) * width * weights.sum()))


def densities(values: Floats, weights: Floats, group: NDArray[np.intp], at: Floats) -> Floats:
    """Density of each group's values at a point of its own, as `density`, without sorting.

    Parameters
    ----------
    values, weights, group
        Shape (m,); `group` counts from 0.
    at
        Shape (D,).
    """
    size = len(at)

    def summed(column: Floats) -> Floats:
        return np.asarray(np.bincount(group, weights=column, minlength=size), dtype=np.float64)

    with np.errstate(divide="ignore", invalid="ignore"):
        people = summed(weights)
        gap = values - (summed(weights * values) / people)[group]
        width = np.sqrt(summed(weights * gap**2) / people) * people**-0.2
        kernel = np.exp(-(((at[group] - values) / width[group]) ** 2) / 2)
        found = summed(weights * kernel) / (np.sqrt(2 * np.pi) * width * people)
    return np.where(width > 0, np.nan_to_num(found), 0.0)


def local_mean(values: Floats, weights: Floats, at: float) -> float:
    """Mean of the values about a point, weighted by the kernel of `density`; near the point."""
    width = bandwidth(values, weights)
    if not width > 0 or not np.isfinite(at):
        return at
    kernel = weights * np.exp(-(((at - values) / width) ** 2) / 2)
    return float((kernel * values).sum() / kernel.sum())
