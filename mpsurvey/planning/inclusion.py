"""Inclusion probabilities proportional to size, and the units that are certain."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["CERTAIN", "Array", "Mask", "inclusion_probabilities"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# A probability this near to 1 comes from rounding in a sum, not from a chance of being left out.
CERTAIN = 1.0 - 1e-10


def inclusion_probabilities(size: Array, n: int) -> Array:
    r"""Probabilities proportional to size, with the largest units taken for certain.

    .. math:: \pi_k = (n - n_A) \frac{x_k}{\sum_{l \notin A} x_l}, \quad \pi_k = 1 \ (k \in A)

    where A holds the units for which the ratio would reach 1. A is found by adding units until none
    is left over the interval (Tillé 2006, Sampling Algorithms, section 2.10).

    Parameters
    ----------
    size
        Measure of size, shape (N,), all at least 0.
    n
        Units to draw; at most the number of units of positive size.

    Returns
    -------
    ndarray
        Probabilities, shape (N,), that sum to n.

    Examples
    --------
    >>> inclusion_probabilities(np.array([1.0, 1.0, 2.0, 8.0]), 2)
    array([0.25, 0.25, 0.5 , 1.  ])
    """
    largest_first = np.argsort(-size, kind="stable")
    ordered = size[largest_first]
    # Sum of the sizes from each place to the end, added from the small end so that it stays exact.
    rest = np.cumsum(ordered[::-1])[::-1]
    left = n - np.arange(size.size)
    over = (left > 0) & (left * ordered >= rest * CERTAIN)
    certain = int(np.argmin(over)) if not over.all() else size.size
    pi = np.ones(size.size)
    if certain < size.size:
        remaining = n - certain
        tail = ordered[certain:]
        pi[certain:] = remaining * tail / tail.sum() if remaining > 0 else 0.0
    out = np.empty(size.size)
    out[largest_first] = pi
    return out
