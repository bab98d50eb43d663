"""Brewer's method and Tillé's elimination: one unit in, or one unit out, at each step."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt

from mpsurvey.planning.inclusion import Array, Mask, inclusion_probabilities

__all__ = ["brewer", "brewer_is_enumerable", "joint_brewer", "joint_tille", "tille"]

# Subsets x units up to which all of Brewer's paths are followed one by one.
LARGEST_ENUMERATION = 3_000_000


def _brewer_step(pi: Array, drawn: Mask, step: int, n: int) -> Array:
    """Probabilities of the next unit, given those drawn; broadcasts over leading axes."""
    left = n - np.sum(pi * drawn, axis=-1, keepdims=True)
    chance = np.where(drawn, 0.0, pi * (left - pi) / (left - pi * (n - step)))
    return np.asarray(chance / chance.sum(axis=-1, keepdims=True))


def brewer(pi: Array, rng: np.random.Generator) -> Mask:
    r"""Draw by Brewer's method for any n: n draws, exact probabilities.

    At step r = 1, ..., n the unit k is drawn with probability proportional to

    .. math:: \pi_k \frac{n - a - \pi_k}{n - a - \pi_k (n - r + 1)}, \quad
              a = \sum_{l \text{ drawn}} \pi_l .

    Brewer (1975), Australian Journal of Statistics 17, 166-172; Tillé (2006), algorithm 6.10.
    """
    n = int(np.rint(pi.sum()))
    drawn = np.zeros(pi.size, dtype=bool)
    for step in range(n):
        drawn[rng.choice(pi.size, p=_brewer_step(pi, drawn, step, n))] = True
    return drawn


def brewer_is_enumerable(N: int, n: int) -> bool:
    """Whether `joint_brewer` can follow every path to a sample."""
    return sum(comb(N, r) for r in range(n + 1)) * N <= LARGEST_ENUMERATION


def joint_brewer(pi: Array, chosen: npt.NDArray[np.intp]) -> Array:
    r"""Exact joint probabilities of Brewer's method.

    For n = 2 in closed form,
    :math:`\pi_{kl} = \pi_k \pi_l \left(\frac{1}{1-\pi_k} + \frac{1}{1-\pi_l}\right) /
    \left(2 + \sum_i \frac{\pi_i}{1-\pi_i}\right)`; otherwise by following
    every path, for which the list must be short (`brewer_is_enumerable`).
    """
    n = int(np.rint(pi.sum()))
    if n == 2:
        inverse = 1 / (1 - pi)
        scale = 2 + np.sum(pi * inverse)
        own = pi[chosen]
        both = own[:, None] * own[None, :] * (inverse[chosen][:, None] + inverse[chosen][None, :])
        joint = np.asarray(both / scale)
        np.fill_diagonal(joint, own)
        return joint
    chance: dict[tuple[int, ...], float] = {(): 1.0}
    for step in range(n):
        sets = list(chance)
        drawn = np.zeros((len(sets), pi.size), dtype=bool)
        for row, units in enumerate(sets):
            drawn[row, list(units)] = True
        following = _brewer_step(pi, drawn, step, n) * np.array(list(chance.values()))[:, None]
        chance = {}
        for row, units in enumerate(sets):
            for k in np.flatnonzero(following[row]).tolist():
                larger = tuple(sorted((*units, k)))
                chance[larger] = chance.get(larger, 0.0) + float(following[row, k])
    whole = np.zeros((pi.size, pi.size))
    for units, probability in chance.items():
        for one, other in combinations(units, 2):
            whole[one, other] += probability
    whole += whole.T
    np.fill_diagonal(whole, pi)
    return np.asarray(whole[np.ix_(chosen, chosen)])


def _elimination(pi: Array) -> Array:
    """Probabilities of going out at each step, shape (N - n, N), last unit list first."""
    n = int(np.rint(pi.sum()))
    before = np.ones(pi.size)
    out = np.empty((pi.size - n, pi.size))
    for step, left in enumerate(range(pi.size - 1, n - 1, -1)):
        after = pi if left == n else inclusion_probabilities(pi, left)
        out[step] = 1 - after / before
        before = after
    return np.clip(out, 0.0, 1.0)


def tille(pi: Array, rng: np.random.Generator) -> Mask:
    """Draw by Tillé's elimination: units go out one by one, exact probabilities.

    Use it on short lists when positive joint probabilities are wanted without any iteration.
    Tillé (1996), Biometrika 83, 238-241.
    """
    inside = np.ones(pi.size, dtype=bool)
    for chance in _elimination(pi):
        chance = np.where(inside, chance, 0.0)
        inside[rng.choice(pi.size, p=chance / chance.sum())] = False
    return inside


def joint_tille(pi: Array, chosen: npt.NDArray[np.intp]) -> Array:
    """Exact joint probabilities: the product over the steps of staying in together."""
    joint = np.ones((chosen.size, chosen.size))
    for chance in _elimination(pi):
        own = chance[chosen]
        joint *= 1 - own[:, None] - own[None, :]
    np.fill_diagonal(joint, pi[chosen])
    return joint
