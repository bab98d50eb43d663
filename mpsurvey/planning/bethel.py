"""Bethel's allocation: the cheapest sample that meets many precision targets at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import optimize

from mpsurvey.planning.inclusion import Array

__all__ = ["cheapest", "cheapest_whole"]


def cheapest(ratio: Array, cost: Array, least: Array, most: Array) -> Array:
    r"""Minimise :math:`\sum_h c_h n_h` subject to :math:`\sum_h A_{jh} / n_h \le 1` and bounds.

    The problem is convex. Its dual, in one multiplier for each target, has for given multipliers
    the solution :math:`n_h = \sqrt{\sum_j \lambda_j A_{jh} / c_h}` clipped to the bounds; it is
    maximised by a quasi-Newton method instead of Chromy's fixed point, which stalls when targets
    nearly bind. Bethel (1989), Survey Methodology 15, 47-57; Chromy (1987).

    Parameters
    ----------
    ratio
        Each target's variance coefficient over the variance allowed, shape (J, H).
    cost
        Cost of a unit in each stratum, shape (H,).
    least, most
        Bounds of the sizes, shape (H,); `most` must meet the targets.

    Returns
    -------
    ndarray
        Sizes, shape (H,), not rounded.
    """
    scale = float(np.mean([np.sum(np.sqrt(cost * row)) ** 2 for row in ratio])) or 1.0

    def sizes(multipliers: Array) -> Array:
        pull = np.maximum(multipliers, 0.0) @ ratio * scale
        return np.clip(np.sqrt(pull / cost), least, most)

    def negative_dual(multipliers: Array) -> tuple[float, Array]:
        n = sizes(multipliers)
        slack = ratio @ (1 / n) - 1
        value = cost @ n / scale + multipliers @ slack
        return -float(value), -slack

    start = np.full(ratio.shape[0], 1.0 / ratio.shape[0])
    found = optimize.minimize(
        negative_dual, start, jac=True, method="L-BFGS-B",
        bounds=[(0.0, None)] * start.size,
        options={"maxiter": 20_000, "maxfun": 40_000, "ftol": 1e-16, "gtol": 1e-10,
                 "maxcor": 30},
    )  # fmt: skip
    n = sizes(found.x)
    # What is left of rounding error is taken up by one factor for all strata.
    for _ in range(60):
        over = float(np.max(ratio @ (1 / n)))
        if over <= 1 + 1e-12:
            break
        n = np.clip(n * over, least, most)
    return np.asarray(n)


def cheapest_whole(
    sizes: Array, ratio: Array, cost: Array, least: Array, most: Array
) -> npt.NDArray[np.int64]:
    """Round up, then down again where every target stays met, the dearest strata first."""
    low, high = np.ceil(least - 1e-9), np.floor(most + 1e-9)
    n = np.clip(np.ceil(sizes - 1e-6), low, high)
    while np.max(ratio @ (1 / n)) > 1 + 1e-9:
        worst = int(np.argmax(ratio @ (1 / n)))
        gain = np.where(n < high, ratio[worst] / (n * (n + 1)) / cost, -np.inf)
        n[int(np.argmax(gain))] += 1
    used = ratio @ (1 / n)
    for h in np.argsort(-cost * (n - sizes), kind="stable"):
        if n[h] <= low[h] or n[h] - 1 < np.floor(sizes[h]):
            continue
        fewer = used + ratio[:, h] * (1 / (n[h] - 1) - 1 / n[h])
        if np.max(fewer) <= 1 + 1e-9:
            n[h] -= 1
            used = fewer
    return n.astype(np.int64)
