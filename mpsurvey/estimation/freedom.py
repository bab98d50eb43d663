"""Degrees of freedom that the unit scores of a figure show of themselves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["effective", "spread_of_squares"]

Floats = NDArray[np.float64]


def spread_of_squares(squares: Floats, fourths: Floats, size: NDArray[np.int64]) -> Floats:
    r"""Estimate the variance of what each stratum adds to a variance.

    Parameters
    ----------
    squares, fourths
        Sums over a stratum's units of the second and fourth powers of their scaled deviations e,
        :math:`v = \sum e^2` and :math:`q = \sum e^4`; any shape that `size` goes with.
    size
        Units drawn in each stratum, n.

    Returns
    -------
    numpy.ndarray
        Shape of `squares`.

    Notes
    -----
    .. math:: \hat V(v) = \frac{3 n + 1}{3 (n - 1)}\, q - \frac{v^2}{n}

    For many units this is the variance of a sum of squares as they are seen, whatever the kurtosis
    of the scores; its first factor makes it unbiased for normal scores at every n from 2. A stratum
    of one unit, whose mean comes from other strata, has :math:`2 v^2 / 3`, unbiased likewise.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        several = (3 * size + 1) / (3 * (size - 1)) * fourths - squares**2 / size
    return np.asarray(np.where(size > 1, several, 2 / 3 * squares**2))


def effective(variance: Floats, spread: Floats) -> Floats:
    r"""Degrees of freedom of the chi-squared variable that varies as a variance does.

    Parameters
    ----------
    variance, spread
        Estimated variances, and their own estimated variances, shape (P,).

    Returns
    -------
    numpy.ndarray
        At least 1, shape (P,); NaN where the variance is 0.

    Notes
    -----
    .. math:: \nu = \frac{2 \hat V^2}{\hat V(\hat V)} - 2

    A multiple of a chi-squared variable has :math:`\nu = 2 E^2 / \text{Var}`; the 2 that is taken
    away makes up for the square of an estimate, which is too large by its variance. With two or
    three units in all this is n - 1 exactly. Satterthwaite (1946), Biometrics Bulletin 2, 110-114;
    Welch (1947), Biometrika 34, 28-35; Valliant and Rust (2010), Journal of Official Statistics 26,
    585-602, on the fourth moments of PSU totals.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        found = 2 * variance**2 / spread - 2
    return np.asarray(np.where(variance > 0, np.maximum(found, 1.0), np.nan))
