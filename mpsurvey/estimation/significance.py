"""Tests of hypotheses under a complex design: Wald, and Rao and Scott's corrections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

__all__ = ["Significance", "mixture_tail", "wald_f"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Significance:
    """A test: what was tested, how, and how surprising the data are if nothing is there.

    Attributes
    ----------
    what
        The terms or variables.
    method
        ``"Wald"`` or ``"Rao-Scott likelihood ratio"``.
    statistic
        The F statistic of Wald's test; the corrected likelihood ratio, its deviance difference over
        the mean of the design effects.
    df, ddf
        Degrees of freedom of what is tested, and of the design after the model.
    p
        Probability of a statistic at least as large, when what is tested is zero.
    """

    what: str
    method: Literal["Wald", "Rao-Scott likelihood ratio"]
    statistic: float
    df: int
    ddf: float
    p: float

    def __str__(self) -> str:
        name = "F" if self.method == "Wald" else "2 log LR"
        p = "p < 0.0001" if self.p < 1e-4 else f"p = {self.p:.4f}"
        on = f"on {self.df} and {self.ddf:g} df"
        return f"{self.method}, {self.what}: {name} = {self.statistic:.4g} {on}, {p}"


def wald_f(estimate: Floats, covariance: Floats) -> float:
    r"""Wald's F statistic for all figures being zero: :math:`b^\top V^{-1} b / k`.

    Parameters
    ----------
    estimate
        Shape (k,).
    covariance
        Shape (k, k). A direction without variance gives no statistic (NaN).
    """
    scale = np.sqrt(np.diag(covariance))
    if not np.all(scale > 0):
        return float("nan")
    standard = covariance / np.outer(scale, scale)
    if np.linalg.cond(standard) > 1e12:
        return float("nan")
    z = estimate / scale
    return float(z @ np.linalg.solve(standard, z) / len(z))


def mixture_tail(x: float, factors: Floats, ddf: float) -> float:
    r"""Probability that a weighted sum of squares exceeds x, with an F denominator.

    .. math:: P\left(\sum_i \lambda_i Z_i^2 > x\, \chi^2_\nu / \nu\right)

    One factor gives an F distribution; several the saddlepoint approximation, whose relative error
    stays small far into the tail. Kuonen (1999), Biometrika 86, 929-935; Lumley and Scott (2014),
    Australian & New Zealand Journal of Statistics 56, 1-14.

    Parameters
    ----------
    x
        The statistic before correction.
    factors
        Its generalised design effects, shape (k,).
    ddf
        Denominator degrees of freedom; infinite for a chi-squared test.
    """
    if not (np.isfinite(x) and np.all(np.isfinite(factors)) and ddf > 0):
        return float("nan")
    if x <= 0:
        return 1.0
    mean, count = factors.mean(), len(factors)
    flatness = float((factors**2).mean() / mean**2)
    crude = _f_tail(x / (count * mean), count / flatness, ddf)
    if count == 1:
        return crude
    # Each term of the sum, with how often it stands there; the denominator is subtracted.
    scale = max(float(factors.max()), 0.0 if np.isinf(ddf) else x / ddf)
    terms = np.append(factors, -x / ddf if np.isfinite(ddf) else 0.0) / scale
    often = np.append(np.ones(count), ddf if np.isfinite(ddf) else 0.0)
    target = 0.0 if np.isfinite(ddf) else x / scale
    tail = _saddlepoint(target, terms, often)
    return crude if tail is None else tail


def _f_tail(f: float, df: float, ddf: float) -> float:
    if np.isinf(ddf):
        return float(stats.chi2.sf(f * df, df))
    return float(stats.f.sf(f, df, ddf))


def _saddlepoint(target: float, terms: Floats, often: Floats) -> float | None:
    """Tail of a sum of weighted chi-squares, or None at its middle, where the formula divides 0."""

    def slope(z: float) -> float:
        return float((often * terms / (1 - 2 * z * terms)).sum() - target)

    above, below = terms[terms > 0], terms[terms < 0]
    high = 1 / (2 * above.max())
    low = 1 / (2 * below.min()) if len(below) else -len(terms) / (2 * target) - 1.0
    inside = (high - low) * 1e-9
    z = float(optimize.brentq(slope, low + inside, high - inside, xtol=1e-14, rtol=1e-14))
    if abs(z) < 1e-4:
        return None
    cumulant = -0.5 * float((often * np.log1p(-2 * z * terms)).sum())
    curve = 2 * float((often * terms**2 / (1 - 2 * z * terms) ** 2).sum())
    w = np.sign(z) * np.sqrt(2 * (z * target - cumulant))
    v = z * np.sqrt(curve)
    return float(stats.norm.sf(w + np.log(v / w) / w))
