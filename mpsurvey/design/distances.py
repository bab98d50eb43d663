r"""Calibration by any distance: weights nearest to the old ones that meet the totals.

.. math:: w_k = d_k F(x_k^\top \lambda / \sigma_k^2), \quad \sum_k w_k x_k = t_x

Deville and Särndal (1992), JASA 87, 376-382. `F` is linear (regression), exponential (raking) or
logistic between bounds; linear and exponential may be cut off at bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize, sparse

from mpsurvey.design import samplics_engine
from mpsurvey.errors import DesignError

__all__ = ["Distance", "Solution", "calibrate", "closest_bounds"]

Floats = NDArray[np.float64]
Distance = Literal["linear", "raking", "logit"]
Bounds = tuple[Any, Any]

_STEPS = 100
_ENOUGH = 1e-13


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Factors that calibrate, and how they were found.

    Attributes
    ----------
    factors
        g-weights, shape (n,).
    iterations
        Newton steps.
    met
        Largest relative distance from a total that is left.
    """

    factors: Floats
    iterations: int
    met: float


def calibrate(
    weight: Floats,
    matrix: sparse.csr_array,
    totals: Floats,
    *,
    distance: Distance = "linear",
    bounds: Bounds | None = None,
    scale: Floats | None = None,
    names: Sequence[Any] = (),
) -> Solution:
    """Find factors that make weights meet totals.

    Parameters
    ----------
    weight
        Weights before, above 0, shape (n,): of rows, or sums of rows with the same auxiliaries.
    matrix
        Auxiliaries, shape (n, J). Columns may depend on each other, as the cells of two margins
        do, if their totals agree.
    totals
        Known totals, shape (J,).
    distance, bounds
        Logit needs bounds, below and above 1; the others are cut off at them. Bounds may be one
        number each or one per row.
    scale
        sigma squared of each row, shape (n,).
    names
        What the columns are, for messages.

    Raises
    ------
    DesignError
        Totals that contradict each other, or that no factors within the bounds meet; the closest
        bounds that do are named.
    """
    function = _function(distance, bounds)
    chosen = _independent(weight, matrix, totals, names)
    small = sparse.csr_array(matrix[:, chosen])
    size = np.maximum(abs(small).T @ weight / weight.sum(), 1e-300)
    scaled = sparse.csr_array(small @ sparse.diags_array(1 / size))
    wanted = totals[chosen] / size
    spread = 1.0 if scale is None else 1.0 / scale
    with np.errstate(all="ignore"):  # multipliers run away where no factors meet the totals
        factors, steps = _newton(weight, scaled, wanted, function, spread)
    found = matrix.T @ (weight * factors)
    reach = np.maximum(np.abs(totals), (abs(matrix).T @ weight) * 1e-3)
    gap = np.abs(found - totals) / np.maximum(reach, 1e-300)
    worst = float(gap.max(initial=0.0))
    if not worst <= samplics_engine.MET:
        raise DesignError(_say_infeasible(weight, small, totals[chosen], distance, bounds, worst))
    return Solution(factors, steps, worst)


@dataclass(frozen=True, slots=True, eq=False)
class _Function:
    distance: Distance
    low: Any
    high: Any

    def values(self, u: Floats) -> tuple[Floats, Floats]:
        """F and its derivative."""
        if self.distance == "logit":
            low, high = self.low, self.high
            steep = (high - low) / ((1 - low) * (high - 1))
            e = np.exp(np.clip(steep * u, -700, 700))
            below = (high - 1) + (1 - low) * e
            value = (low * (high - 1) + high * (1 - low) * e) / below
            slope = e * (high - low) ** 2 / below**2
            return np.asarray(value), np.asarray(slope)
        if self.distance == "raking":
            value = np.exp(np.clip(u, -700, 700))
            slope = value
        else:
            value, slope = 1 + u, np.ones_like(u)
        if self.low is None:
            return value, slope
        inside = (value > self.low) & (value < self.high)
        return np.clip(value, self.low, self.high), np.where(inside, slope, 0.0)


def _function(distance: Distance, bounds: Bounds | None) -> _Function:
    problems = []
    if distance not in ("linear", "raking", "logit"):
        problems.append(f"distance='{distance}' is not one of 'linear', 'raking', 'logit'.")
    if bounds is None and distance == "logit":
        problems.append("The logit distance needs bounds, such as [0.3, 3.0].")
    if bounds is not None:
        low, high = bounds
        if not (np.all(np.asarray(low) < 1) and np.all(np.asarray(high) > 1)):
            problems.append(f"bounds={[low, high]}: the lower is below 1 and the upper above 1.")
    if problems:
        raise DesignError(problems)
    return _Function(distance, *(bounds or (None, None)))


def _independent(
    weight: Floats, matrix: sparse.csr_array, totals: Floats, names: Sequence[Any]
) -> NDArray[np.intp]:
    """Columns that depend on no other; the others' totals must follow from theirs."""
    moments = (matrix.T @ (sparse.diags_array(weight) @ matrix)).toarray()
    size = np.sqrt(np.diag(moments))
    empty = np.flatnonzero((size == 0) & (totals != 0))
    if len(empty):
        which = ", ".join(str(names[j]) if len(names) else str(j) for j in empty[:8])
        raise DesignError(f"Nobody in the sample can stand for the total of {which}.")
    size[size == 0] = 1.0
    _, triangle, order = linalg.qr(moments / np.outer(size, size), pivoting=True)
    diagonal = np.abs(np.diag(triangle))
    rank = int(np.count_nonzero(diagonal > 1e-11 * max(diagonal[0], 1e-300)))
    kept, left = np.sort(order[:rank]), order[rank:]
    left = left[np.diag(moments)[left] > 0]
    if len(left):
        inside = (moments / np.outer(size, size))[np.ix_(kept, kept)]
        across = (moments / np.outer(size, size))[np.ix_(kept, left)]
        follows = np.linalg.solve(inside, across).T @ (totals[kept] / size[kept]) * size[left]
        wrong = np.abs(follows - totals[left]) > 1e-9 * np.abs(totals).max()
        if wrong.any():
            j = left[wrong][0]
            name = names[j] if len(names) else j
            raise DesignError(
                f"The totals contradict each other: the others give {follows[wrong][0]:,.6g} for "
                f"{name}, but {totals[j]:,.6g} is asked for. Margins must have the same sum."
            )
    return np.asarray(kept, dtype=np.intp)


def _newton(
    weight: Floats,
    matrix: sparse.csr_array,
    wanted: Floats,
    function: _Function,
    spread: Any,
) -> tuple[Floats, int]:
    """Newton's method on the multipliers; each step is a linear calibration of pseudo-weights.

    The totals are the gradient of a convex function of the multipliers, so a step that goes too far
    shows by its slope and is cut back until it does not.
    """
    turned = sparse.csr_array(matrix.T)
    score = np.zeros(len(weight))
    value, slope = function.values(score)
    gap = wanted - turned @ (weight * value)
    reach = np.maximum(np.abs(wanted), 1e-3 * (abs(turned) @ weight))
    best, unmoved = np.inf, 0
    for step in range(_STEPS):
        miss = float(np.abs(gap / reach).max(initial=0.0))
        unmoved = unmoved + 1 if miss >= 0.5 * best else 0
        best = min(best, miss)
        if miss < _ENOUGH or (best < 1e-11 and unmoved > 1):
            return value, step
        if not np.isfinite(miss) or unmoved > 25 or float(np.abs(score).max()) > 1e8:
            return value, step
        pseudo = weight * slope * spread
        moments = (turned @ (sparse.diags_array(pseudo) @ matrix)).toarray()
        direction = _step(moments, gap)
        if direction is None:
            break
        moved = (matrix @ direction) * spread
        length = 1.0
        for _ in range(40):
            value_new, slope_new = function.values(score + length * moved)
            gap_new = wanted - turned @ (weight * value_new)
            along = float(gap_new @ direction)  # minus the slope of the convex function
            if along >= -0.5 * abs(float(gap @ direction)):  # not so where it is not a number
                break
            length /= 2
        score, value, slope, gap = score + length * moved, value_new, slope_new, gap_new
    return value, _STEPS


def _step(moments: Floats, gap: Floats) -> Floats | None:
    diagonal = np.diag(moments)
    for ridge in (0.0, 1e-12, 1e-8, 1e-4):
        lifted = moments + np.diag(ridge * np.maximum(diagonal, diagonal.max(initial=0.0)))
        if (np.diag(lifted) <= 0).any():
            continue
        try:
            found = samplics_engine.linear_step(lifted, gap)
        except np.linalg.LinAlgError:
            continue
        if np.isfinite(found).all():
            return found
    return None


def closest_bounds(
    weight: Floats, matrix: sparse.csr_array, totals: Floats, bounds: tuple[float, float]
) -> tuple[float, float] | None:
    """The least stretch of bounds within which some factors meet the totals, by linear programming.

    Both bounds are stretched alike, as multiples of their distance from 1; the lower stays at 0 or
    above. None where no factors of 0 or more meet the totals at all.
    """
    low, high = bounds
    units = len(weight)
    weighted = sparse.csr_array(sparse.diags_array(weight) @ matrix)
    found = None
    for floor in (None, 0.0):  # the lower bound reached 0: only the upper one is stretched further
        # unknowns: factors g (units), stretch s; g >= 1 - s (1 - low), g <= 1 + s (high - 1)
        unit = sparse.csr_array(sparse.eye_array(units))
        below: Any = sparse.hstack([-unit, sparse.csr_array((low - 1) * np.ones((units, 1)))])
        above: Any = sparse.hstack([unit, sparse.csr_array((1 - high) * np.ones((units, 1)))])
        limits = [above] if floor is not None else [below, above]
        right = [np.ones(units)] if floor is not None else [-np.ones(units), np.ones(units)]
        no_stretch = sparse.csr_array((matrix.shape[1], 1))
        fixed: Any = sparse.hstack([sparse.csr_array(weighted.T), no_stretch])
        solve: Any = optimize.linprog
        solved = solve(
            np.append(np.zeros(units), 1.0),
            A_ub=sparse.vstack(limits, format="csr"),
            b_ub=np.concatenate(right),
            A_eq=fixed.tocsr(),
            b_eq=totals,
            bounds=[(floor, None)] * units + [(0, None)],
            method="highs",
        )
        if not solved.success:
            return None
        stretch = float(solved.x[-1])
        lower = 1 - stretch * (1 - low) if floor is None else 0.0
        found = (lower, 1 + stretch * (high - 1))
        if lower >= 0:
            return found
    return found


def _say_infeasible(
    weight: Floats,
    matrix: sparse.csr_array,
    totals: Floats,
    distance: Distance,
    bounds: Bounds | None,
    worst: float,
) -> str:
    missed = f"The weights cannot be calibrated: a total is missed by a relative {worst:.2g}."
    if bounds is None or np.ndim(bounds[0]) or np.ndim(bounds[1]) or len(weight) > 200_000:
        loose = "" if bounds is None else " Widen the bounds or drop a total."
        if bounds is None and distance == "raking":
            loose = " No positive weights meet them: some cells that must count are empty."
        return missed + loose
    low, high = float(bounds[0]), float(bounds[1])
    # Rows with the same auxiliaries may as well have the same factor.
    near = closest_bounds(weight, matrix, totals, (low, high))
    if near is None:
        return (
            f"{missed} No factors of 0 or more meet these totals at all, so wider bounds would not "
            "help: look for totals that contradict each other or cells without respondents."
        )
    lower, upper = np.floor(near[0] * 1000) / 1000, np.ceil(near[1] * 1000) / 1000
    return (
        f"No factors within the bounds [{low:g}, {high:g}] meet the totals. The closest bounds "
        f"that do are [{lower:g}, {upper:g}]; widen them a little beyond, or ask for fewer totals."
    )
