"""Statistics as functions of totals: a value and its gradient, for all domains at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Linearised", "Statistic", "mean", "proportion", "ratio", "total"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Linearised:
    """A statistic and its derivative by the totals it is made of.

    Attributes
    ----------
    estimate
        Shape (..., D, q): q figures for each domain, in the unit of the variable. Leading axes, if
        any, are replicates.
    gradient
        Shape (..., D, q, K).
    """

    estimate: Floats
    gradient: Floats


Statistic = Callable[[Floats], Linearised]
"""From totals, shape (..., D, K) with the sum of weights first, to a value and its gradient."""


def total(totals: Floats) -> Linearised:
    """Sum of each column after the weights: Y = sum w y."""
    estimate = totals[..., 1:]
    count = totals.shape[-1]
    gradient = np.broadcast_to(np.eye(count)[1:], (*totals.shape[:-1], count - 1, count))
    return Linearised(estimate, gradient)


def ratio(totals: Floats) -> Linearised:
    r"""Ratio of the column after the weights to the last column.

    With the weights alone and one column, the last column is the variable and the first the
    weights: then this is not a mean. A mean is `mean`, which see.

    .. math:: R = Y / X, \quad dR = (dY - R\,dX) / X

    Woodruff (1971), JASA 66, 411-414.
    """
    top, bottom = totals[..., 1], totals[..., 2]
    return _quotient(totals, top, bottom, 1, 2)


def mean(totals: Floats) -> Linearised:
    r"""Weighted mean of the column after the weights: the ratio of its total to the weights.

    .. math:: \bar y = \sum w y / \sum w
    """
    return _quotient(totals, totals[..., 1], totals[..., 0], 1, 0)


def _quotient(totals: Floats, top: Floats, bottom: Floats, above: int, below: int) -> Linearised:
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = np.where(bottom == 0, np.nan, top / bottom)
        gradient = np.zeros((*totals.shape[:-1], 1, totals.shape[-1]))
        gradient[..., 0, above] = 1 / bottom
        gradient[..., 0, below] = -estimate / bottom
    return Linearised(estimate[..., None], gradient)


def proportion(totals: Floats) -> Linearised:
    r"""Shares of the categories whose sums follow the sum of weights.

    .. math:: p_c = W_c / W, \quad dp_c = (dW_c - p_c\,dW) / W
    """
    weight = totals[..., :1]
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = np.where(weight == 0, np.nan, totals[..., 1:] / weight)
        count = totals.shape[-1] - 1
        gradient = np.zeros((*totals.shape[:-1], count, count + 1))
        gradient[..., :, 0] = -estimate / weight
        gradient[..., np.arange(count), np.arange(1, count + 1)] = 1 / weight
    return Linearised(estimate, gradient)
