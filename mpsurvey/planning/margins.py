"""How many interviews make the interval of a proportion narrow enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from scipy import optimize, stats

from mpsurvey.errors import DesignError
from mpsurvey.planning import samplics_engine

__all__ = ["INTERVALS", "Interval", "half_width", "interviews_for_margin"]

Interval = Literal["wald", "wilson", "clopper_pearson", "fleiss"]
INTERVALS: tuple[str, ...] = get_args(Interval)


def half_width(share: float, n: float, *, level: float, method: str) -> float:
    r"""Half the width of the interval of a proportion when n people give the share `share`.

    Parameters
    ----------
    share
        The share that is expected, 0-1.
    n
        Effective interviews: the interviews divided by the design effect.
    method
        ``"wald"`` :math:`z\sqrt{pq/n}`; ``"wilson"``
        :math:`z\sqrt{pq/n + z^2/4n^2} / (1 + z^2/n)`; ``"clopper_pearson"`` the exact interval at
        np successes, by the beta distribution.

    Examples
    --------
    >>> round(half_width(0.5, 400, level=0.95, method="wald"), 4)
    0.049
    """
    z = float(stats.norm.ppf((1 + level) / 2))
    q = 1 - share
    if method == "wilson":
        return float(z * np.sqrt(share * q / n + z**2 / (4 * n**2)) / (1 + z**2 / n))
    if method == "clopper_pearson":
        found, tail = share * n, (1 - level) / 2
        low = 0.0 if found <= 0 else float(stats.beta.ppf(tail, found, n - found + 1))
        high = 1.0 if found >= n else float(stats.beta.ppf(1 - tail, found + 1, n - found))
        return (high - low) / 2
    return float(z * np.sqrt(share * q / n))


def interviews_for_margin(share: float, moe: float, *, level: float, method: Interval) -> float:
    """Effective interviews so that half the interval is at most `moe`; not rounded, save Fleiss's.

    Fleiss's formula (Fleiss, Levin and Paik 2003, Statistical Methods for Rates and Proportions)
    is the one of samplics, where it is right.

    Raises
    ------
    DesignError
        If the method is unknown, or the margin is not within 0 and half the range.
    """
    if method not in INTERVALS:
        raise DesignError(f"method is '{method}'; it is one of {', '.join(INTERVALS)}.")
    if not 0 < moe < 0.5:
        raise DesignError(f"The margin of a proportion is between 0 and 0.5, not {moe:g}.")
    if method == "fleiss":
        return float(samplics_engine.proportion_size(share, moe, alpha=1 - level, method="fleiss"))
    if method == "wald":
        z = float(stats.norm.ppf((1 + level) / 2))
        return z**2 * share * (1 - share) / moe**2

    def excess(log_n: float) -> float:
        return half_width(share, float(np.exp(log_n)), level=level, method=method) - moe

    return float(np.exp(_root(excess)))


def _root(excess: Callable[[float], float]) -> float:
    low, high = np.log(1.0), np.log(1e13)
    if excess(low) <= 0:
        return float(low)
    return float(optimize.brentq(excess, low, high, xtol=1e-13, rtol=1e-13))
