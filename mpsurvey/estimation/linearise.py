"""Statistics as functions of totals, for all domains at once.

A statistic takes totals of shape (..., D, K), with the sum of weights first, and gives figures of
shape (..., D, q). Leading axes, if any, are replicates. It is written with plain arithmetic, so
that its derivative can be found exactly; see `gradient`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Statistic", "evaluate", "gradient", "mean", "proportion", "ratio", "total"]

Floats = NDArray[np.float64]
Numbers = NDArray[Any]
"""Real, or complex where a derivative is sought."""
Statistic = Callable[[Numbers], Numbers]

_STEP = 1e-100


def evaluate(statistic: Statistic, totals: Floats) -> Floats:
    """Figures of a statistic; NaN where a domain is too empty for it."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        figures = np.asarray(statistic(totals), dtype=np.float64)
    return np.where(np.isfinite(figures), figures, np.nan)


def gradient(statistic: Statistic, totals: Floats) -> Floats:
    r"""Derivative of each figure by each total, shape (D, q, K), exact to rounding.

    .. math:: \partial g / \partial t_k = \mathrm{Im}\, g(t + i h e_k) / h, \quad h \to 0

    No difference of near numbers is taken, so a tiny step loses no digits.
    Squire and Trapp (1998), SIAM Review 40, 110-112.
    """
    slopes = []
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for k in range(totals.shape[-1]):
            moved = totals.astype(np.complex128)
            moved[..., k] += 1j * _STEP
            slopes.append(np.imag(statistic(moved)) / _STEP)
    return np.stack(slopes, axis=-1)


def total(totals: Numbers) -> Numbers:
    """Sum of each column after the weights: Y = sum w y."""
    return totals[..., 1:]


def mean(totals: Numbers) -> Numbers:
    """Mean of each column after the weights: sum w y / sum w."""
    return np.asarray(totals[..., 1:] / totals[..., :1])


def ratio(totals: Numbers) -> Numbers:
    """First column after the weights over the second: sum w y / sum w x."""
    return np.asarray(totals[..., 1:2] / totals[..., 2:3])


proportion = mean
"""Shares of categories: means of their indicators."""
