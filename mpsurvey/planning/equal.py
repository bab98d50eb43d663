"""Simple random and systematic sampling, and the orders that stratify a list without strata."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from mpsurvey.planning.inclusion import Array, Mask

__all__ = [
    "joint_simple_random",
    "joint_systematic",
    "serpentine",
    "simple_random",
    "systematic",
]


def simple_random(N: int, n: int, rng: np.random.Generator) -> Mask:
    """Draw n of N units so that all samples of n units are equally likely."""
    chosen = np.zeros(N, dtype=bool)
    chosen[rng.choice(N, size=n, replace=False, shuffle=False)] = True
    return chosen


def joint_simple_random(N: int, n: int) -> Array:
    """Joint probabilities of the n units drawn by `simple_random`, shape (n, n)."""
    joint = np.full((n, n), n * (n - 1) / (N * (N - 1)) if N > 1 else 0.0)
    np.fill_diagonal(joint, n / N)
    return joint


def systematic(pi: Array, rng: np.random.Generator) -> Mask:
    r"""Ordered systematic sampling with the probabilities given.

    Use it on a list whose order carries information: neighbours are rarely drawn together. Unit k
    is drawn when one of the points :math:`u, u+1, \dots, u+n-1` falls in
    :math:`[C_{k-1}, C_k)`, with :math:`C_k = \sum_{l \le k} \pi_l` and u uniform on [0, 1). With
    equal sizes the interval N/n need not be whole: every unit has probability n/N exactly.
    Madow (1949), Annals of Mathematical Statistics 20, 333-354.

    Parameters
    ----------
    pi
        Probabilities below 1, shape (N,), that sum to a whole number.
    """
    reached = np.cumsum(pi)
    reached[-1] = np.rint(reached[-1])
    points = np.ceil(reached - rng.random())
    return np.diff(points, prepend=0.0) > 0.5


def joint_systematic(pi: Array, chosen: npt.NDArray[np.intp]) -> Array:
    """Exact joint probabilities of the units `chosen` from the whole ordered list.

    A unit is drawn for the starts u in an arc of the unit circle; two units are drawn together for
    the starts in both arcs. Many pairs have probability 0: the Yates-Grundy variance has then no
    unbiased estimate. Tillé (2006), section 7.3.
    """
    begin = (np.cumsum(pi) - pi)[chosen] % 1.0
    length = pi[chosen]
    end = begin + length
    joint = np.zeros((chosen.size, chosen.size))
    for turn in (-1.0, 0.0, 1.0):
        overlap = np.minimum(end[:, None], end[None, :] + turn) - np.maximum(
            begin[:, None], begin[None, :] + turn
        )
        joint += np.clip(overlap, 0.0, None)
    joint[joint < 1e-12] = 0.0
    np.fill_diagonal(joint, length)
    return joint


def serpentine(columns: Sequence[pd.Series]) -> npt.NDArray[np.intp]:
    """Return the serpentine order: each column turns round where the one before it moves on.

    North to south in the first district, south to north in the next, so that neighbours in the list
    are neighbours on the ground: an implicit stratification for systematic and pivotal draws.

    Examples
    --------
    >>> district, village = pd.Series([1, 1, 2, 2]), pd.Series([1, 2, 1, 2])
    >>> serpentine([district, village])
    array([0, 1, 3, 2])
    """
    keys: list[npt.NDArray[np.int64]] = []
    group: npt.NDArray[np.int64] | None = None
    for column in columns:
        codes = pd.factorize(column, sort=True)[0].astype(np.int64)
        if group is not None:
            codes = np.where(group % 2 == 1, codes.max() - codes, codes)
            group = np.unique(group * (codes.max() + 1) + codes, return_inverse=True)[1]
        else:
            group = codes
        keys.append(codes)
    return np.lexsort(keys[::-1])
