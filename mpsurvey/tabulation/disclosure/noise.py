"""Cell keys: noise that depends on who is in a cell, so that a cell is always changed alike."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize

from mpsurvey.tabulation.disclosure.cells import Cells
from mpsurvey.tabulation.disclosure.figures import Block
from mpsurvey.tabulation.disclosure.settings import DisclosureRules
from mpsurvey.tabulation.indicator_table import IndicatorTable
from mpsurvey.tabulation.quality.rule_sets import reason

__all__ = ["change_counts", "noise_table", "perturbed"]

Floats = NDArray[np.float64]


@cache
def noise_table(count: int, largest: int, variance: float) -> tuple[tuple[int, ...], Floats]:
    """Return the changes that a count may take and their probabilities.

    The distribution of greatest entropy among those with mean 0, the given variance, changes of at
    most `largest` and no negative result. A small count cannot vary that much without becoming
    negative: it then has the largest variance that it can.

    Parameters
    ----------
    count
        Respondents in the cell; an empty cell is not changed.
    largest, variance
        Bounds of the change.

    References
    ----------
    Fraser and Wooton (2005), Marley and Leaver (2011); Giessing (2016), PSD, LNCS 9867, 237-251.

    Examples
    --------
    >>> change, chance = noise_table(1, 5, 2.0)
    >>> bool(abs(np.dot(change, chance)) < 1e-9), min(change)
    (True, -1)
    """
    if count == 0:
        return (0,), np.ones(1)
    change = np.arange(-min(count, largest), largest + 1)
    most = float(min(count, largest) * largest)  # all the mass at the two ends
    target = min(variance, 0.9 * most)
    # Greatest entropy with two moments is exp(a v + b v^2); its dual is smooth and convex.
    moments = np.vstack([change, change**2]).astype(float)

    def dual(slope: Floats) -> tuple[float, Floats]:
        power = slope @ moments
        top = power.max()
        weight = np.exp(power - top)
        total = weight.sum()
        mean = moments @ weight / total
        wanted = np.array([0.0, target])
        return float(top + np.log(total) - slope @ wanted), mean - wanted

    found = optimize.minimize(
        dual, np.zeros(2), jac=True, method="BFGS", options={"gtol": 1e-12, "maxiter": 500}
    )
    power = found.x @ moments
    chance = np.exp(power - power.max())
    chance /= chance.sum()
    # BFGS leaves the mean at about 1e-9; the last step makes it exactly unbiased.
    tilt = float(chance @ change) / float(chance @ change**2)
    chance = chance * (1 - tilt * change)
    chance /= chance.sum()
    return tuple(int(v) for v in change), chance


def change_counts(counts: Floats, keys: Floats, largest: int, variance: float) -> Floats:
    """Change counts of respondents by their cell keys, numbers from 0 to 1; shape (r,).

    >>> change_counts(np.array([0.0, 40.0, 40.0]), np.array([0.3, 0.01, 0.01]), 5, 2.0)
    array([ 0., 37., 37.])
    """
    out = counts.copy()
    # Above the largest change the distribution is the same for every count.
    kind = np.minimum(np.round(counts), largest).astype(np.intp)
    for count in np.unique(kind).tolist():
        mine = kind == count
        change, chance = noise_table(count, largest, variance)
        edges = np.cumsum(chance)
        edges[-1] = 1.0
        picked = np.searchsorted(edges, keys[mine], side="right").clip(max=len(change) - 1)
        out[mine] += np.array(change)[picked]
    return out


def perturbed(
    table: IndicatorTable, cells: Cells, rules: DisclosureRules
) -> tuple[pd.DataFrame, str]:
    """Return the frame with changed counts, totals, shares and proportions, and what was done."""
    frame = table.frame.reset_index(drop=True)
    frame[["n", "population", "estimate"]] = frame[["n", "population", "estimate"]].astype(float)
    for block in cells.blocks:
        base = block.people["base"]
        n = _changed(block, "base", rules)
        scale = np.divide(n, base.respondents, out=np.zeros_like(n), where=base.respondents > 0)
        people = base.people * scale
        empty = n == 0
        frame.loc[block.rows, "n"] = n
        frame.loc[block.rows, "population"] = people
        if "part" not in block.people:
            continue
        part = block.people["part"]
        cases = _changed(block, "part", rules)
        ratio = np.divide(cases, part.respondents, out=np.zeros_like(n), where=part.respondents > 0)
        trait = part.people * ratio
        value = trait
        if block.family != "count":
            share = np.divide(trait, people, out=np.full_like(n, np.nan), where=~empty)
            value = np.minimum(share, 1.0)
        value = np.where(block.hushed, np.nan, value)
        frame.loc[block.rows, "estimate"] = value
    said = reason(
        "cell_key", table.language, most=rules.largest_noise, variance=f"{rules.noise_variance:g}"
    )
    return frame, said


def _changed(block: Block, role: str, rules: DisclosureRules) -> Floats:
    people = block.people[role]
    keys = _cell_keys(block, role, rules)
    return change_counts(people.respondents, keys, rules.largest_noise, rules.noise_variance)


def _cell_keys(block: Block, role: str, rules: DisclosureRules) -> Floats:
    """Sum of the record keys of a cell's respondents, the part after the point."""
    assert block.sample is not None and block.groups is not None  # noqa: S101, PT018
    assert block.behind is not None and block.place is not None  # noqa: S101, PT018
    found = block.behind
    mask = found.base if role == "base" else found.people["part"]
    random = np.random.default_rng(rules.seed)
    # Whole numbers add up exactly, whatever the order of the rows.
    keys = random.integers(0, 2**32, len(mask)).astype(np.float64)
    sums = block.groups.add(mask, keys)[np.maximum(block.place, 0)]
    return np.asarray(np.mod(sums, 2**32) / 2**32)
