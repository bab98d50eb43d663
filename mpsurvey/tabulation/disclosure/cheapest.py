"""The cheapest pattern of withheld figures, for small tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from mpsurvey.tabulation.disclosure.attacking import linprog
from mpsurvey.tabulation.disclosure.cells import Cells

__all__ = ["cheapest_rows"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Mask = NDArray[np.bool_]

_ROUNDS = 60


def cheapest_rows(
    cells: Cells, needs: list[tuple[int, float, float]], forced: Mask, first: Mask
) -> Mask | None:
    """Find the safe pattern of least cost, by inequalities that attacks prove.

    Parameters
    ----------
    cells
        The table.
    needs
        Confidential cells, direction (1 or -1) and how far each must be able to move.
    forced
        Rows that are withheld in any case, shape (rows,).
    first
        A safe pattern, which bounds the cost.

    Returns
    -------
    numpy.ndarray or None
        Rows to withhold; None when it was not found in a fixed number of steps.

    References
    ----------
    Fischetti and Salazar (2001), Management Science 47, 1008-1027.
    """
    rows = np.flatnonzero(cells.told.sum(axis=1) > 0)
    weight = cells.weight
    best = float(weight[first].sum())
    cuts: list[Floats] = []
    limits: list[float] = []
    for _ in range(_ROUNDS):
        pattern = _master(cells, forced, rows, cuts, limits)
        if pattern is None or weight[pattern].sum() > best + 1e-6:
            return None
        new = 0
        for cell, sign, need in needs:
            cut = _proof(cells, pattern, cell, sign, need)
            if cut is not None:
                cuts.append(cut)
                limits.append(need)
                new += 1
        if not new:
            return pattern
    return None


def _master(
    cells: Cells, forced: Mask, rows: Ints, cuts: list[Floats], limits: list[float]
) -> Mask | None:
    """Cheapest rows and cells that satisfy the inequalities found so far."""
    size, count = cells.size, len(forced)
    cost = np.r_[cells.weight, np.zeros(size)]
    told = cells.told.tocoo()
    # A cell is free only if every row that tells it is withheld: u_c <= z_r.
    pairs = len(told.row)
    index = np.arange(pairs)
    order = sparse.coo_array(
        (
            np.r_[np.ones(pairs), -np.ones(pairs)],
            (np.r_[index, index], np.r_[told.row, count + told.col]),
        ),
        shape=(pairs, count + size),
    ).tocsr()
    constraints = [optimize.LinearConstraint(order, lb=0.0, ub=np.inf)]
    if cuts:
        matrix = np.hstack([np.zeros((len(cuts), count)), np.array(cuts)])
        scale = np.array(limits)[:, None]
        constraints.append(
            optimize.LinearConstraint(sparse.csr_array(matrix / scale), lb=1.0, ub=np.inf)
        )
    low = np.r_[forced.astype(float), np.zeros(size)]
    high = np.ones(count + size)
    high[:count][~np.isin(np.arange(count), rows) & ~forced] = 0
    found = optimize.milp(
        cost,
        constraints=constraints,
        integrality=np.r_[np.ones(count), np.zeros(size)].astype(np.int64),
        bounds=optimize.Bounds(low, high),
        options={"node_limit": 5000},
    )
    if found.x is None or found.status != 0:
        return None
    return np.asarray(found.x[:count] > 0.5)


def _proof(cells: Cells, pattern: Mask, cell: int, sign: float, need: float) -> Floats | None:
    """Inequality on the cells that are free, from an attack that succeeds; None when it fails."""
    free = cells.hidden(pattern)
    below = np.where(np.isfinite(cells.low), cells.value - cells.low, 10 * need)
    # A cell never has to move farther than all confidential ones together do in any change of a
    # small table; the value of the largest cell is far enough.
    above = np.full(cells.size, max(need, float(np.abs(cells.value).max())))
    cost = np.zeros(cells.size)
    cost[cell] = -sign
    found = linprog(
        cost,
        A_eq=cells.relations,
        b_eq=np.zeros(cells.relations.shape[0]),
        bounds=np.column_stack([-below * free, above * free]),
        method="highs",
    )
    if found.x is None or -found.fun >= need * (1 - 1e-7):
        return None
    lower = np.maximum(found.lower.marginals, 0.0) * below
    upper = np.maximum(-found.upper.marginals, 0.0) * above
    # A coefficient above the right-hand side can be cut down to it: cells are free or not.
    cut: Floats = np.minimum(lower + upper, need)
    return cut
