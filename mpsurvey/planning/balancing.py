"""The cube method: samples whose expansion totals match known totals."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mpsurvey.planning.inclusion import Array, Mask

__all__ = ["cube"]

DECIDED = 1e-9


def cube(pi: Array, balance: Array, rng: np.random.Generator) -> Mask:
    r"""Draw with the probabilities given so that the Horvitz-Thompson totals of `balance` hold.

    Use it when the list carries good auxiliary variables: the sample then reproduces their totals
    before any weighting. The flight walks from `pi` along directions that leave
    :math:`\sum_k x_k s_k / \pi_k` unchanged until fewer than q + 1 units are undecided; the landing
    decides these by giving up the balancing variables one at a time, the last first. The
    probabilities are a balancing variable of their own, given up last, so the size is fixed.
    Deville and Tillé (2004), Biometrika 91, 893-912; Chauvet and Tillé (2006), Computational
    Statistics 21, 53-62, for the flight on q + 1 units at a time.

    Parameters
    ----------
    pi
        Probabilities strictly between 0 and 1, shape (N,).
    balance
        Balancing variables, shape (N, q), the most important first.
    """
    order = rng.permutation(pi.size)
    constraints = np.column_stack([np.ones(pi.size), balance / pi[:, None]])
    scale = np.abs(constraints).max(axis=0)
    constraints = constraints[:, scale > 0] / scale[scale > 0]
    value = pi.astype(np.float64).copy()
    undecided = order
    for kept in range(constraints.shape[1], 0, -1):
        undecided = _flight(value, constraints[:, :kept], undecided, rng)
        if undecided.size <= 1:
            break
    for unit in undecided:
        value[unit] = float(rng.random() < value[unit])
    return np.asarray(value > 0.5)


def _flight(
    value: Array,
    constraints: Array,
    undecided: npt.NDArray[np.intp],
    rng: np.random.Generator,
) -> npt.NDArray[np.intp]:
    """Move `value` in place until the constraints leave no direction; return who is undecided."""
    q = constraints.shape[1]
    waiting = undecided.tolist()
    waiting.reverse()
    active: list[int] = []
    while True:
        while len(active) < q + 1 and waiting:
            active.append(waiting.pop())
        if not active:
            break
        units = np.array(active)
        direction = _null_direction(constraints[units])
        if direction is None:
            break
        now = value[units]
        with np.errstate(divide="ignore", invalid="ignore"):
            up = np.where(direction > 0, (1 - now) / direction, -now / direction)
            down = np.where(direction > 0, now / direction, (now - 1) / direction)
        moves = np.abs(direction) > 1e-12
        forward, back = up[moves].min(), down[moves].min()
        step = forward if rng.random() * (forward + back) < back else -back
        now = now + step * direction
        now[now < DECIDED] = 0.0
        now[now > 1 - DECIDED] = 1.0
        value[units] = now
        active = units[(now > 0) & (now < 1)].tolist()
    return np.array(active + waiting[::-1], dtype=np.intp)


def _null_direction(rows: Array) -> Array | None:
    """Return a direction u with rows' u = 0, or None where there is none."""
    _, singular, right = np.linalg.svd(rows.T, full_matrices=True)
    if rows.shape[0] > rows.shape[1] or (singular.size and singular[-1] < 1e-11 * singular[0]):
        return np.asarray(right[-1])
    return None
