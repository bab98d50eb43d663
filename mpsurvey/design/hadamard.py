"""Hadamard matrices: the balance behind half-samples and successive differences."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["hadamard_at_least"]

Signs = NDArray[np.int8]


def hadamard_at_least(order: int) -> Signs:
    """Return a normalised Hadamard matrix of the smallest order we can build that is large enough.

    Parameters
    ----------
    order
        Least order wanted.

    Returns
    -------
    numpy.ndarray
        Entries 1 and -1, shape (m, m) with m >= order; the first row and column are all 1, so that
        every other column sums to zero.

    Notes
    -----
    Built by Sylvester's doubling and Paley's two constructions (Paley 1933, J. Math. and Phys. 12,
    311-320) over prime fields; orders up to 504 overshoot by 12 at most.

    Examples
    --------
    >>> matrix = hadamard_at_least(13).astype(int)
    >>> matrix.shape, bool((matrix.T @ matrix == 16 * np.eye(16)).all())
    ((16, 16), True)
    """
    size = max(order, 1)
    while (matrix := _build(size)) is None:
        size += 1
    signs = matrix * matrix[:1, :]
    return signs * signs[:, :1]


@cache
def _build(order: int) -> Signs | None:
    if order == 1:
        return np.ones((1, 1), dtype=np.int8)
    if order == 2:
        return np.array([[1, 1], [1, -1]], dtype=np.int8)
    if order % 4:
        return None
    if _is_prime(order - 1):
        return _paley_one(order - 1)
    half = _build(order // 2)
    if half is not None:
        return np.kron(np.array([[1, 1], [1, -1]], dtype=np.int8), half)
    if (order // 2 - 1) % 4 == 1 and _is_prime(order // 2 - 1):
        return _paley_two(order // 2 - 1)
    return None


def _is_prime(number: int) -> bool:
    return number > 1 and all(number % d for d in range(2, int(number**0.5) + 1))


def _jacobsthal(q: int) -> Signs:
    """Quadratic character of every difference of two elements of the field of q elements."""
    character = -np.ones(q, dtype=np.int8)
    character[np.arange(1, q) ** 2 % q] = 1
    character[0] = 0
    return np.asarray(character[(np.arange(q)[:, None] - np.arange(q)) % q])


def _paley_one(q: int) -> Signs | None:
    if q % 4 != 3:
        return None
    skew = np.zeros((q + 1, q + 1), dtype=np.int8)
    skew[0, 1:] = 1
    skew[1:, 0] = -1
    skew[1:, 1:] = _jacobsthal(q)
    return skew + np.eye(q + 1, dtype=np.int8)


def _paley_two(q: int) -> Signs:
    symmetric = np.zeros((q + 1, q + 1), dtype=np.int8)
    symmetric[0, 1:] = symmetric[1:, 0] = 1
    symmetric[1:, 1:] = _jacobsthal(q)
    zero = np.array([[1, -1], [-1, -1]], dtype=np.int8)
    one = np.array([[1, 1], [1, -1]], dtype=np.int8)
    return np.kron(symmetric, one) + np.kron(np.eye(q + 1, dtype=np.int8), zero)
