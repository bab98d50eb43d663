"""Controlled rounding: counts become multiples of a base and still add up."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, sparse
from scipy.sparse import csgraph

from mpsurvey.errors import MpsurveyError
from mpsurvey.tabulation.disclosure.cells import Cells
from mpsurvey.tabulation.disclosure.settings import DisclosureRules
from mpsurvey.tabulation.indicator_table import IndicatorTable
from mpsurvey.tabulation.quality.rule_sets import reason

__all__ = ["round_cells", "rounded"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


def round_cells(value: Floats, relations: sparse.csr_array, base: Floats) -> Floats:
    """Round cells to multiples of a base so that every relation still holds.

    Parameters
    ----------
    value
        Cells, shape (C,).
    relations
        Shape (R, C): each row sums to 0, before and after.
    base
        Base of each cell, shape (C,); cells of one relation have one base.

    Returns
    -------
    numpy.ndarray
        Each cell is the multiple below or above (a multiple stays); where the relations do not let
        all be so near, the least further away. The sum of changes is as small as can be.

    Raises
    ------
    MpsurveyError
        No such rounding was found.

    References
    ----------
    Cox (1987), JASA 82, 520-524; Salazar, Staggemeier and Bycroft (2005).
    """
    touching = (abs(relations).T @ abs(relations)).tocsr()
    _, label = csgraph.connected_components(touching, directed=False)
    out = np.round(value / base) * base
    columns = relations.tocsc()
    order = np.argsort(label, kind="stable")
    for ids in np.split(order, np.flatnonzero(np.diff(label[order])) + 1):
        if len(ids) == 1:
            continue
        mine = np.sort(ids)
        rows = np.unique(columns[:, mine].indices)
        part = relations[rows].tocsc()[:, mine].tocsr()
        out[mine] = _round_set(value[mine] / base[mine], part) * base[mine]
    return out


def _round_set(scaled: Floats, relations: sparse.csr_array) -> Floats:
    floor = np.floor(scaled + 1e-9)
    # A cell that is a multiple stays one; the cost of a step is what it adds to the distance.
    over = np.clip(scaled - floor, 0.0, 1.0)
    target = -(relations @ floor)
    size = len(scaled)
    for steps in (1, 2, 4, 8):
        # floor + step + extra above - extra below; extra steps cost 1 each.
        first = np.where(over > 1e-9, 1.0, 0.0)
        extra = float(steps - 1)
        high = np.r_[first, np.full(2 * size, extra)]
        high[2 * size :] = np.minimum(high[2 * size :], floor)
        cost = np.r_[1 - 2 * over, np.full(2 * size, 2.0)]
        both = sparse.hstack([relations, relations, -relations]).tocsr()
        found = optimize.milp(
            cost,
            constraints=[optimize.LinearConstraint(both, lb=target, ub=target)],
            integrality=np.ones(3 * size, dtype=np.int64),
            bounds=optimize.Bounds(np.zeros(3 * size), high),
            options={"mip_rel_gap": 0.01, "node_limit": 20000},
        )
        if found.x is not None:
            change = np.round(found.x)
            return np.asarray(floor + change[:size] + change[size : 2 * size] - change[2 * size :])
    raise MpsurveyError("No rounding was found that adds up. Choose a smaller base.")


def rounded(
    table: IndicatorTable, cells: Cells, rules: DisclosureRules
) -> tuple[pd.DataFrame, str]:
    """Return the frame with rounded counts, totals, shares and proportions, and what was done."""
    frame = table.frame.reset_index(drop=True)
    frame[["n", "population", "estimate"]] = frame[["n", "population", "estimate"]].astype(float)
    people_base = rules.population_base or _base_of_people(cells, rules.base)
    base = np.where(cells.measure == 0, float(rules.base), people_base)
    counted = np.flatnonzero(cells.measure < 2)
    rows = np.flatnonzero(np.asarray(abs(cells.relations[:, counted]).sum(axis=1)).ravel() > 0)
    relations = cells.relations[rows].tocsc()[:, counted].tocsr()
    new = cells.value.copy()
    new[counted] = round_cells(cells.value[counted], relations, base[counted])
    for block, roles in zip(cells.blocks, cells.roles, strict=True):
        people = new[roles["base"]]
        frame.loc[block.rows, "n"] = new[roles["n"]]
        frame.loc[block.rows, "population"] = people
        if "part" not in roles:
            continue
        value = new[roles["part"]]
        if block.family != "count":
            value = np.divide(value, people, out=np.full_like(value, np.nan), where=people > 0)
        frame.loc[block.rows, "estimate"] = np.where(block.hushed, np.nan, value)
    said = reason("rounding", table.language, base=rules.base, people=f"{people_base:,.0f}")
    return frame, said


def _base_of_people(cells: Cells, base: int) -> float:
    """Base times the mean weight, to one digit."""
    people = cells.measure == 1
    stand_for = np.nansum(cells.value[people]) / max(np.nansum(cells.respondents[people]), 1.0)
    raw = max(base * float(stand_for), 1.0)
    digit = 10 ** np.floor(np.log10(raw))
    return float(max(1.0, np.round(raw / digit) * digit))
