"""Confidence intervals from an estimate, its standard error and its degrees of freedom."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = ["ProportionInterval", "proportion_interval", "t_interval"]

Floats = NDArray[np.float64]
ProportionInterval = Literal["logit", "beta", "wilson", "normal"]


def t_quantile(df: Floats, level: float) -> Floats:
    """Two-sided quantile of Student's t, shape of `df`; NaN without degrees of freedom."""
    known = np.asarray(df > 0)
    quantile = np.full(np.shape(df), np.nan)
    # One look-up for each distinct df: results have thousands of rows and few df.
    distinct, place = np.unique(df[known], return_inverse=True)
    quantile[known] = np.asarray(stats.t.ppf((1 + level) / 2, distinct))[place]
    return quantile


def t_interval(estimate: Floats, se: Floats, df: Floats, level: float) -> tuple[Floats, Floats]:
    """Estimate plus and minus t times its standard error.

    Parameters
    ----------
    estimate, se, df
        Shape (r,). Infinite `df` gives the normal interval.
    level
        Confidence level, for instance 0.95.

    Returns
    -------
    low, high
        Shape (r,).
    """
    reach = t_quantile(df, level) * se
    return estimate - reach, estimate + reach


def proportion_interval(
    kind: ProportionInterval, p: Floats, se: Floats, df: Floats, n: Floats, level: float
) -> tuple[Floats, Floats]:
    r"""Interval of a proportion that stays between 0 and 1.

    Parameters
    ----------
    kind
        ``"logit"``: the t interval on the logit scale, drawn back; a sound default.
        ``"beta"``: Korn and Graubard's Clopper-Pearson interval at the effective sample size
        ``n* = p (1 - p) / se^2 (t_{n-1} / t_{df})^2``; conservative, for small n and rare traits.
        ``"wilson"``: Wilson's score interval at the effective sample size, with t for z.
        ``"normal"``: p plus and minus t se; can leave the range of 0 to 1.
    p, se, df, n
        Proportion, standard error, degrees of freedom, number of rows; shape (r,).
    level
        Confidence level.

    Returns
    -------
    low, high
        Shape (r,). For p = 0 or 1 the standard error is 0 and says nothing: ``"normal"`` then
        gives p itself, and the others the Clopper-Pearson limit of n independent answers, which is
        too narrow when the answers of a cluster are alike. A share that the design itself fixes
        (standard error 0) is its own interval.

    References
    ----------
    Korn and Graubard (1998), Survey Methodology 24, 193-201. Dean and Pagano (2015), JSSAM 3,
    484-503.
    """
    if kind == "normal":
        return t_interval(p, se, df, level)
    certain = np.isfinite(p) & ((p <= 0) | (p >= 1))
    known = np.isfinite(p) & ~certain & (se == 0)
    inside = np.isfinite(p) & ~certain & (se > 0)
    low, high = np.full(p.shape, np.nan), np.full(p.shape, np.nan)
    t = t_quantile(df, level)
    q, s = p[inside], se[inside]
    if kind == "logit":
        centre, reach = np.log(q / (1 - q)), t[inside] * s / (q * (1 - q))
        low[inside], high[inside] = _expit(centre - reach), _expit(centre + reach)
    elif kind == "wilson":
        effective, t2 = q * (1 - q) / s**2, t[inside] ** 2
        middle = q + t2 / (2 * effective)
        reach = t[inside] / (2 * effective) * np.sqrt(4 * effective * q * (1 - q) + t2)
        low[inside] = (middle - reach) / (1 + t2 / effective)
        high[inside] = (middle + reach) / (1 + t2 / effective)
    else:
        plain = t_quantile(np.asarray(n, dtype=np.float64) - 1, level)[inside]
        effective = q * (1 - q) / s**2 * (plain / t[inside]) ** 2
        low[inside], high[inside] = _clopper_pearson(q, effective, level)
    low[known], high[known] = p[known], p[known]
    low[certain], high[certain] = _clopper_pearson(p[certain], n[certain].astype(float), level)
    return low, high


def _clopper_pearson(p: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    tail = (1 - level) / 2
    with np.errstate(invalid="ignore"):
        low = np.where(p <= 0, 0.0, stats.beta.ppf(tail, n * p, n * (1 - p) + 1))
        high = np.where(p >= 1, 1.0, stats.beta.ppf(1 - tail, n * p + 1, n * (1 - p)))
    return low, high


def _expit(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))
