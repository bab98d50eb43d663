"""The pivotal method: units meet in pairs until each is in or out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mpsurvey.planning.inclusion import Array, Mask

__all__ = ["joint_ordered_pivotal", "ordered_pivotal", "random_pivotal"]

DECIDED = 1e-11


def ordered_pivotal(pi: Array, rng: np.random.Generator) -> Mask:
    """Draw by the pivotal method along the list: the winner so far meets the next unit.

    Use it for implicit stratification with more randomness than systematic sampling, and with joint
    probabilities that are rarely 0. Deville and Tillé (1998), Biometrika 85, 89-101.
    """
    chosen = np.zeros(pi.size, dtype=bool)
    luck = rng.random(pi.size).tolist()
    values = pi.tolist()
    inside: list[int] = []
    holder, a = 0, values[0]
    for k in range(1, len(values)):
        b, u = values[k], luck[k]
        both = a + b
        if both < 1 - DECIDED:
            if u * both >= a:
                holder = k
            a = both
        else:
            # One of the two is drawn; the other keeps what is left.
            if u * (2 - both) < 1 - b:
                inside.append(holder)
                holder = k
            else:
                inside.append(k)
            a = max(both - 1, 0.0)
    if luck[0] < a or a > 1 - 1e-6:
        inside.append(holder)
    n = int(np.rint(pi.sum()))
    chosen[inside[:n]] = True
    return chosen


def joint_ordered_pivotal(pi: Array, chosen: npt.NDArray[np.intp]) -> Array:
    r"""Exact joint probabilities of `ordered_pivotal` for the units `chosen`.

    What the holder carries after each meeting is not random, only who it is. So for k before l

    .. math:: \pi_{kl} = P(k \text{ in before } l)\, \pi_l
              + P(k \text{ holds before } l) \max(0, a_{l-1} + \pi_l - 1)

    with :math:`a_{l-1}` what the holder carries. Chauvet (2012), Bernoulli 18, 1320-1340, derives
    the same probabilities for Deville's systematic sampling.
    """
    position = np.full(pi.size, -1)
    position[chosen] = np.arange(chosen.size)
    inside = np.zeros(chosen.size)
    holds = np.zeros(chosen.size)
    joint = np.zeros((chosen.size, chosen.size))
    a = float(pi[0])
    if position[0] >= 0:
        holds[position[0]] = 1.0
    for k in range(1, pi.size):
        b = float(pi[k])
        both = a + b
        row = position[k]
        if row >= 0:
            joint[row] = inside * b + holds * max(both - 1, 0.0)
        if both < 1 - DECIDED:
            holds *= a / both
            if row >= 0:
                holds[row] = b / both
            a = both
        else:
            wins = (1 - b) / (2 - both)
            inside += holds * wins
            holds *= 1 - wins
            if row >= 0:
                inside[row] = 1 - wins
                holds[row] = wins
            a = max(both - 1, 0.0)
    # Only pairs in which the row comes later were filled; a later column held nothing then.
    joint += joint.T
    np.fill_diagonal(joint, pi[chosen])
    return joint


def random_pivotal(pi: Array, rng: np.random.Generator) -> Mask:
    """Draw by the pivotal method with pairs made at random, all pairs of a round at once.

    Use it on large lists without a meaningful order: any pairing keeps the probabilities, so a
    knock-out tournament needs about log2(N) rounds. Joint probabilities have no closed form.
    """
    n = int(np.rint(pi.sum()))
    value = pi.astype(np.float64).copy()
    players = rng.permutation(pi.size)
    chosen = np.zeros(pi.size, dtype=bool)
    while players.size > 1:
        odd = players[-1:] if players.size % 2 else players[:0]
        first, second = players[: players.size - odd.size].reshape(2, -1)
        a, b = value[first], value[second]
        both = a + b
        u = rng.random(first.size)
        low = both < 1 - DECIDED
        with np.errstate(divide="ignore", invalid="ignore"):
            first_stays = np.where(low, u * both < a, u * (2 - both) >= 1 - b)
        stays = np.where(first_stays, first, second)
        leaves = np.where(first_stays, second, first)
        chosen[leaves[~low]] = True
        value[stays] = np.where(low, both, np.maximum(both - 1, 0.0))
        open_still = value[stays] > DECIDED
        players = np.concatenate([stays[open_still], odd])
    missing = n - int(chosen.sum())
    if missing and players.size:
        chosen[players[:missing]] = True
    return chosen
