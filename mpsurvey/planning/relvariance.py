"""Between and within relvariances of a total when PSUs are drawn with probability to size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mpsurvey.errors import DesignError
from mpsurvey.planning.inclusion import Array

__all__ = ["Relvariances", "census_relvariances", "sample_relvariances"]

Codes = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relvariances:
    r"""Parts of the relvariance of an estimated total.

    The relvariance with m PSUs and t people in each is
    :math:`\frac{V k}{m t} \{1 + (t - 1) \delta\}`, V the relvariance between people.

    Attributes
    ----------
    between, within : float
        Relvariance of the PSU totals, and within PSUs.
    unit : float
        Relvariance between people.
    k : float
        (between + within) / unit.
    delta : float
        between / (between + within), the measure of homogeneity.
    """

    between: float
    within: float
    unit: float
    k: float
    delta: float


def census_relvariances(y: Array, psu: Codes, p: Array | None = None) -> Relvariances:
    r"""Return the parts when everybody's value is known, as on a census file.

    .. math:: B^2 = \frac{\sum_i p_i (t_i / p_i - t)^2}{t^2}, \quad
              W^2 = \frac{\sum_i N_i^2 S_i^2 / p_i}{t^2}

    Valliant, Dever and Kreuter (2018), section 9.2.3. PSUs of one person take the mean of the
    other PSUs' variances.

    Parameters
    ----------
    y, psu
        Value and PSU (0..M-1) of each person, shape (n,).
    p
        One-draw probability of each PSU, shape (M,), summing to 1; by default the share of people.
    """
    count = np.bincount(psu)
    share = count / y.size if p is None else p
    if abs(share.sum() - 1) > 1e-6:
        raise DesignError(f"The probabilities of one draw sum to {share.sum():g}, not to 1.")
    total = np.bincount(psu, weights=y)
    variance = _within(y, psu, count)
    t = float(y.sum())
    between = float(np.sum(share * (total / share - t) ** 2) / t**2)
    within = float(np.sum(count**2 * variance / share) / t**2)
    unit = float(y.var(ddof=1) / y.mean() ** 2)
    return _parts(between, within, unit)


def sample_relvariances(
    y: Array, psu: Codes, weight: Array, population: Array, p: Array
) -> Relvariances:
    r"""Return the parts estimated from a sample of m PSUs drawn by p, people at random within.

    .. math:: \hat B^2 = \frac{m}{\hat t^2} \Big\{ m \, s^2(\hat t_{wi}) -
              \sum_i \frac{V_i}{(m p_i)^2} \Big\}, \quad
              \hat W^2 = \frac{1}{\hat t^2} \sum_i \frac{N_i^2 s_i^2}{m p_i^2}

    with :math:`V_i = N_i (N_i / n_i - 1) s_i^2`. Valliant, Dever and Kreuter (2018), section 9.4.1.

    Parameters
    ----------
    y, psu, weight
        Value, PSU (0..m-1) and weight of each person, shape (n,).
    population, p
        People in each PSU, and its one-draw probability, shape (m,).
    """
    count = np.bincount(psu)
    m = count.size
    variance = _within(y, psu, count)
    t = float(weight @ y)
    inner = population * (population / count - 1) * variance
    weighted = np.bincount(psu, weights=weight * y)
    psu_variance = m * float(weighted.var(ddof=1)) - float(np.sum(inner / p**2)) / m**2
    between = m * psu_variance / t**2
    within = float(np.sum(population**2 * variance / m / p**2)) / t**2
    mean = t / weight.sum()
    spread = float(np.sum(weight * (y - mean) ** 2) / weight.sum()) * y.size / (y.size - 1)
    return _parts(between, within, spread / mean**2)


def _within(y: Array, psu: Codes, count: npt.NDArray[np.intp]) -> Array:
    mean = np.bincount(psu, weights=y) / count
    squares = np.bincount(psu, weights=(y - mean[psu]) ** 2)
    seen = count > 1
    if not seen.any():
        raise DesignError("No PSU has two people, so nothing is seen within PSUs.")
    variance = squares / np.maximum(count - 1, 1)
    return np.where(seen, variance, variance[seen].mean())


def _parts(between: float, within: float, unit: float) -> Relvariances:
    both = between + within
    return Relvariances(
        between=between, within=within, unit=unit, k=both / unit, delta=between / both
    )
