"""Sizes in proportion to something, within bounds, and rounded to whole units."""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from mpsurvey.planning.inclusion import Array

__all__ = ["in_proportion", "largest_remainder", "least_variance"]

Counts = npt.NDArray[np.int64]


def in_proportion(
    shape: Array, least: Array, most: Array, reached: Callable[[Array], float], aim: float
) -> Array:
    """Sizes ``clip(scale * shape, least, most)`` with the scale at which `reached` comes to `aim`.

    For a sum of squares over n that is to be least at a given cost this is the exact optimum within
    the bounds. `reached` must not decrease in the sizes. At the ends the bounds decide.
    """

    def sizes(log_scale: float) -> Array:
        return np.asarray(np.clip(shape * np.exp(log_scale), least, most))

    low, high = -50.0, 80.0
    if reached(sizes(low)) >= aim:
        return sizes(low)
    if reached(sizes(high)) < aim:
        return sizes(high)
    for _ in range(200):
        middle = (low + high) / 2
        if reached(sizes(middle)) < aim:
            low = middle
        else:
            high = middle
    return sizes(high)


def largest_remainder(sizes: Array, total: int, least: Array, most: Array) -> Counts:
    """Round so that the sum is `total`: up where the fraction cut off is largest.

    Examples
    --------
    >>> largest_remainder(np.array([3.4, 3.3, 3.3]), 10, np.zeros(3), np.full(3, 9.0))
    array([4, 3, 3])
    """
    low, high = np.ceil(least - 1e-9).astype(np.int64), np.floor(most + 1e-9).astype(np.int64)
    out = np.clip(np.floor(sizes + 1e-9).astype(np.int64), low, high)
    while (short := total - int(out.sum())) != 0:
        step = 1 if short > 0 else -1
        open_strata = out < high if step > 0 else out > low
        if not open_strata.any():
            break
        gap = np.where(open_strata, (sizes - out) * step, -np.inf)
        first = np.argsort(-gap, kind="stable")[: min(abs(short), int(open_strata.sum()))]
        out[first] += step
    return out


def least_variance(
    variance: Array, cost: Array, aim: float, least: Array, most: Array, start: Array
) -> Counts:
    """Whole sizes that make the sum of ``variance / n`` least while ``cost @ n <= aim``.

    One unit after the other goes where it takes off most for its cost; with equal costs this is
    exactly optimal. Wright (2017), Statistics and Probability Letters 129, 50-57. Large samples
    start from two units under the continuous solution, so that they are quick.
    """
    low, high = np.ceil(least - 1e-9).astype(np.int64), np.floor(most + 1e-9).astype(np.int64)
    begin = low if start.sum() < 100_000 else np.floor(start).astype(np.int64) - 2
    n = np.clip(np.maximum(begin, low), 0, high)
    spent = float(cost @ n)
    gain = [
        (-_gain(variance[h], n[h]) / cost[h], int(h))
        for h in range(n.size)
        if n[h] < high[h] and variance[h] > 0
    ]
    heapq.heapify(gain)
    while gain:
        _, h = heapq.heappop(gain)
        if spent + cost[h] > aim + 1e-9:
            continue
        n[h] += 1
        spent += cost[h]
        if n[h] < high[h]:
            heapq.heappush(gain, (-_gain(variance[h], n[h]) / cost[h], h))
    return n


def _gain(variance: float, n: int) -> float:
    """Return what one unit more takes off; endless for the first."""
    return np.inf if n == 0 else variance / (n * (n + 1))
