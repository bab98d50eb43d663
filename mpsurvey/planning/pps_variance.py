r"""Variances for samples drawn with unequal probabilities without replacement.

Array functions: `y` is one variable, shape (n,), or several, shape (n, K); `pi` the inclusion
probabilities of the units drawn; `joint` their joint probabilities with `pi` on the diagonal, as
`Drawn.joint` gives them. Each estimates the variance of the total
:math:`\hat Y = \sum_{k \in s} y_k / \pi_k`: one number, or a covariance of shape (K, K). For a
statistic that is not a total, give its linearised values for y. Strata add up. Units with
probability 1 add nothing.
"""

from __future__ import annotations

import numpy as np

from mpsurvey.errors import DesignError
from mpsurvey.planning.inclusion import CERTAIN, Array

__all__ = [
    "balanced_variance",
    "brewer_variance",
    "deville_variance",
    "hartley_rao_variance",
    "horvitz_thompson_variance",
    "poisson_variance",
    "yates_grundy_variance",
]


def horvitz_thompson_variance(y: Array, pi: Array, joint: Array) -> float | Array:
    r"""Unbiased where all joint probabilities are positive; can be negative.

    .. math:: v = \sum_{k,l \in s} \frac{\pi_{kl} - \pi_k \pi_l}{\pi_{kl}}
                  \frac{y_k}{\pi_k} \frac{y_l}{\pi_l}

    Use it for samples of varying size, such as Poisson samples. Horvitz and Thompson (1952),
    Journal of the American Statistical Association 47, 663-685.
    """
    expanded, one = _expanded(y, pi)
    check = _check_of(pi, joint)
    np.fill_diagonal(check, 1 - pi)
    return _result(expanded.T @ check @ expanded, one=one)


def yates_grundy_variance(y: Array, pi: Array, joint: Array) -> float | Array:
    r"""Unbiased for samples of fixed size whose joint probabilities are all positive.

    .. math:: v = \frac12 \sum_{k,l \in s} \frac{\pi_k \pi_l - \pi_{kl}}{\pi_{kl}}
                  \left(\frac{y_k}{\pi_k} - \frac{y_l}{\pi_l}\right)^2

    Use it rather than the Horvitz-Thompson form when the size is fixed: it is 0 when y is
    proportional to pi. Yates and Grundy (1953), Journal of the Royal Statistical Society B 15,
    253-261; Sen (1953).
    """
    expanded, one = _expanded(y, pi)
    check = -_check_of(pi, joint)
    np.fill_diagonal(check, 0.0)
    laplacian = np.diag(check.sum(axis=1)) - check
    return _result(expanded.T @ laplacian @ expanded, one=one)


def brewer_variance(y: Array, pi: Array) -> float | Array:
    r"""Needs no joint probabilities; for fixed-size designs of high entropy.

    .. math:: v = \frac{n}{n-1} \sum_{k \in s} (1 - \pi_k)
                  \left(\frac{y_k}{\pi_k} - \frac{\hat Y}{n}\right)^2

    Brewer (2002), Combined Survey Sampling Inference, with c = (n-1)/(n-pi); what R survey calls
    ``pps = "brewer"``. n counts the units that were not certain.
    """
    expanded, one, p = _by_chance(y, pi)
    deviation = expanded - expanded.mean(axis=0)
    n = p.size
    return _result(n / (n - 1) * (deviation.T * (1 - p)) @ deviation, one=one)


def hartley_rao_variance(y: Array, pi: Array, sum_of_squares: float | None = None) -> float | Array:
    r"""For systematic PPS in random order, and as an approximation for other fixed-size designs.

    .. math:: v = \frac{1}{n-1} \sum_{k < l \in s}
                  \left(1 - \pi_k - \pi_l + \frac1n \sum_{i \in U} \pi_i^2 \right)
                  \left(\frac{y_k}{\pi_k} - \frac{y_l}{\pi_l}\right)^2

    Hartley and Rao (1962), Annals of Mathematical Statistics 33, 350-374.

    Parameters
    ----------
    sum_of_squares
        Sum of the squared probabilities of all units listed, without those that are certain. It is
        estimated by the sum of the probabilities of the units drawn where it is not known.
    """
    expanded, one, p = _by_chance(y, pi)
    n = p.size
    squares = float(p.sum()) if sum_of_squares is None else sum_of_squares
    pair = (1 - p[:, None] - p[None, :] + squares / n) / (n - 1)
    np.fill_diagonal(pair, 0.0)
    laplacian = np.diag(pair.sum(axis=1)) - pair
    return _result(expanded.T @ laplacian @ expanded, one=one)


def deville_variance(y: Array, pi: Array) -> float | Array:
    r"""Needs no joint probabilities; centred where units that are nearly certain weigh little.

    .. math:: v = \frac{1}{1 - \sum a_k^2} \sum_{k \in s} (1 - \pi_k)
                  \left(\frac{y_k}{\pi_k} - \sum_l a_l \frac{y_l}{\pi_l}\right)^2,
              \quad a_k = \frac{1 - \pi_k}{\sum_l (1 - \pi_l)}

    Deville (1993); R sampling's ``varest``.
    """
    expanded, one, p = _by_chance(y, pi)
    a = (1 - p) / np.sum(1 - p)
    deviation = expanded - a @ expanded
    return _result((deviation.T * (1 - p)) @ deviation / (1 - np.sum(a**2)), one=one)


def balanced_variance(y: Array, pi: Array, balance: Array) -> float | Array:
    r"""For samples balanced by the cube method: only what the balancing leaves unexplained varies.

    .. math:: v = \frac{n}{n-q} \sum_{k \in s} (1 - \pi_k)
                  \left(\frac{y_k - x_k^\top b}{\pi_k}\right)^2

    with b the regression of y/pi on x/pi with weights 1 - pi. Deville and Tillé (2005), Journal of
    Statistical Planning and Inference 128, 569-591. The draw of this library always balances on the
    probabilities themselves, so they are added to the columns of `balance`.

    Parameters
    ----------
    balance
        Balancing variables of the units drawn, shape (n, q).
    """
    expanded, one, p = _by_chance(y, pi)
    x = np.column_stack([np.ones(p.size), balance[pi < CERTAIN] / p[:, None]])
    root = np.sqrt(1 - p)[:, None]
    fitted, _, rank, _ = np.linalg.lstsq(root * x, root * expanded, rcond=None)
    if p.size <= rank:
        raise DesignError(
            f"{p.size} units drawn by chance leave no freedom beside {rank} balancing variables."
        )
    deviation = expanded - x @ fitted
    return _result(p.size / (p.size - rank) * (deviation.T * (1 - p)) @ deviation, one=one)


def poisson_variance(y: Array, pi: Array) -> float | Array:
    r"""For Poisson samples, whose units are independent: :math:`\sum_s (1-\pi_k) (y_k/\pi_k)^2`."""
    expanded, one = _expanded(y, pi)
    return _result((expanded.T * (1 - pi)) @ expanded, one=one)


def _expanded(y: Array, pi: Array) -> tuple[Array, bool]:
    y = np.asarray(y, dtype=np.float64)
    one = y.ndim == 1
    return (y[:, None] if one else y) / pi[:, None], one


def _by_chance(y: Array, pi: Array) -> tuple[Array, bool, Array]:
    open_units = pi < CERTAIN
    expanded, one = _expanded(y, pi)
    if open_units.sum() == 1:
        raise DesignError(
            "One unit was drawn by chance, so its variance cannot be seen. Join its stratum to "
            "another."
        )
    if not open_units.any():  # a census: two empty units stand in, and add nothing
        return np.zeros((2, expanded.shape[1])), one, np.full(2, 0.5)
    return expanded[open_units], one, pi[open_units]


def _check_of(pi: Array, joint: Array) -> Array:
    off = ~np.eye(pi.size, dtype=bool)
    if np.any(joint[off] <= 0):
        raise DesignError(
            f"{int(np.sum(joint[off] <= 0) // 2)} pairs of the units drawn could never be drawn "
            "together, so there is no unbiased variance. Use brewer_variance or "
            "hartley_rao_variance, or draw with 'sampford' or 'max_entropy' next time."
        )
    return np.asarray((joint - np.outer(pi, pi)) / joint)


def _result(covariance: Array, *, one: bool) -> float | Array:
    return float(covariance[0, 0]) if one else np.asarray((covariance + covariance.T) / 2)
