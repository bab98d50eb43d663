"""Which cells are confidential, and how wide an interval around them must stay open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mpsurvey.tabulation.disclosure.cells import Cells
from mpsurvey.tabulation.disclosure.figures import Amount, Block
from mpsurvey.tabulation.disclosure.settings import DisclosureRules

__all__ = ["Sensitive", "largest_contributions", "sensitive_cells"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Sensitive:
    """Confidential cells and the rows that must go for their own sake.

    Attributes
    ----------
    down, up
        How far below and above its value an outsider must hold each cell possible, shape (C,); 0
        for cells that are not confidential.
    rows
        Rows of the table that are confidential themselves, shape (rows,).
    """

    down: Floats
    up: Floats
    rows: Mask

    @property
    def cells(self) -> Ints:
        """The confidential cells."""
        return np.flatnonzero((self.down > 0) | (self.up > 0))


def sensitive_cells(cells: Cells, rules: DisclosureRules) -> Sensitive:
    r"""Find the confidential cells of a table.

    Notes
    -----
    A count of r respondents standing for N people is confidential when 0 < r < threshold or
    0 < N < population; so is every amount of such a group. An amount T with largest contributions
    :math:`x_1 \ge x_2 \ge \dots` is confidential under

    - p percent: :math:`T - x_1 - x_2 < p\,x_1/100`, and must stay open upwards by
      :math:`p\,x_1/100 - (T - x_1 - x_2)`;
    - dominance (n, k): :math:`x_1 + \dots + x_n > k\,T/100`, and must stay open upwards by
      :math:`100\,(x_1 + \dots + x_n)/k - T`.

    Hundepool et al. (2012), Statistical Disclosure Control, Wiley, sections 4.2 and 4.3.
    """
    down, up = np.zeros(cells.size), np.zeros(cells.size)
    rows = np.zeros(len(cells.weight), dtype=bool)
    part = rules.protection

    def protect(ids: Ints, where: Mask, below: Floats, above: Floats) -> None:
        np.maximum.at(down, ids[where], below[where])
        np.maximum.at(up, ids[where], above[where])

    for block, roles in zip(cells.blocks, cells.roles, strict=True):
        small = dict.fromkeys(block.people, np.zeros(len(block.rows), dtype=bool))
        for role, people in block.people.items():
            if role != "base" and not rules.parts:
                continue
            small[role] = _few(people.respondents, people.people, rules)
            open_people = part * people.people
            protect(roles[role], small[role], open_people, open_people)
        base = block.people["base"]
        counts = np.maximum(1.0, part * base.respondents)
        protect(roles["n"], small["base"], np.minimum(counts, base.respondents), counts)
        bad = np.logical_or.reduce(list(small.values()))
        if rules.parts:
            for side in block.sides:
                bad |= (side > 0) & (side < rules.threshold)
        for role, amount in block.amounts.items():
            ids = roles[f"amount {role}"]
            floor = part * np.abs(amount.total)
            few = _few(amount.respondents, np.full(len(floor), np.inf), rules) | small["base"]
            risky, needed = _risky_amounts(block, amount, rules)
            above = np.maximum(np.where(risky, needed, 0.0), np.where(few, floor, 0.0))
            above = np.where(risky & (above <= 0), floor, above)
            below = above if amount.low < 0 else np.minimum(above, np.abs(amount.total))
            protect(ids, few | risky, below, above)
            bad |= few | risky
        # A group of few people: what share of them has the trait is theirs alone.
        for role in ("part", "rest", "numerator", "denominator"):
            if role in block.people:
                held = small["base"] & (block.people[role].respondents > 0)
                open_people = part * block.people[role].people
                protect(roles[role], held, open_people, open_people)
        rows[block.rows[bad & (~block.hushed | small["base"])]] = True
    return Sensitive(down, up, rows)


def _few(respondents: Floats, people: Floats, rules: DisclosureRules) -> Mask:
    present = respondents > 0
    return present & ((respondents < rules.threshold) | (people < rules.population))


def _risky_amounts(block: Block, amount: Amount, rules: DisclosureRules) -> tuple[Mask, Floats]:
    """Tell which totals a few contributors dominate, and how far they must stay open."""
    risky = np.zeros(len(block.rows), dtype=bool)
    needed = np.zeros(len(block.rows))
    if amount.values is None or block.sample is None or block.groups is None:
        return risky, needed
    if rules.dominance is None and rules.p_percent is None:
        return risky, needed
    assert block.behind is not None and block.place is not None  # noqa: S101, PT018
    code = np.where(block.behind.base & (amount.values != 0), block.groups.code, -1)
    weight = block.sample.weight if rules.weighted else np.ones(len(code))
    values = np.abs(amount.values)
    place, inside = np.maximum(block.place, 0), block.place >= 0
    size = block.groups.size
    kept = code >= 0
    total = np.bincount(code[kept], (values * weight)[kept], minlength=size)

    def largest(number: int) -> Floats:
        return largest_contributions(code, values, weight, size, number)

    if rules.p_percent is not None:
        first, two = largest(1), largest(2)
        gap = rules.p_percent / 100 * first - (total - two)
        risky |= ((gap > 0) & (first > 0))[place] & inside
        needed = np.maximum(needed, np.where(inside, gap[place], 0.0))
    if rules.dominance is not None:
        number, share = rules.dominance
        gap = 100 / share * largest(number) - total
        risky |= ((gap > 0) & (total > 0))[place] & inside
        needed = np.maximum(needed, np.where(inside, gap[place], 0.0))
    if not rules.weighted:
        # What is published is the weighted total: the interval is of its size.
        people = np.bincount(code[kept], block.sample.weight[kept], minlength=size)
        rows = np.bincount(code[kept], minlength=size)
        with np.errstate(divide="ignore", invalid="ignore"):
            mean_weight = np.where(rows > 0, people / rows, 0.0)
        needed = needed * mean_weight[place]
    return risky, needed


def largest_contributions(
    code: Ints, values: Floats, weight: Floats, groups: int, number: int
) -> Floats:
    """Sum of the largest contributions to each group's total.

    Parameters
    ----------
    code
        Group of each row, -1 for none.
    values, weight
        What a row holds, not negative, and how many contributors it stands for.
    number
        How many contributors are looked at.

    Returns
    -------
    numpy.ndarray
        Shape (groups,). A row of weight w is w contributors of the same value, as tau-Argus takes
        sampling weights.

    Examples
    --------
    >>> code, weight = np.array([0, 0, 0, 1]), np.array([1.0, 1.0, 1.0, 1.0])
    >>> largest_contributions(code, np.array([5.0, 9.0, 1.0, 2.0]), weight, 2, 2)
    array([14.,  2.])
    >>> largest_contributions(code, np.array([5.0, 9.0, 1.0, 2.0]), weight * 1.5, 2, 2)
    array([16.,  3.])
    """
    order = np.lexsort((-values, code))
    order = order[code[order] >= 0]
    group, value, worth = code[order], values[order], weight[order]
    running = np.cumsum(worth) - worth
    starts = np.r_[True, group[1:] != group[:-1]] if len(group) else np.zeros(0, dtype=bool)
    before = running - np.maximum.accumulate(np.where(starts, running, -np.inf))
    counted = np.clip(number - before, 0.0, worth)
    return np.bincount(group, counted * value, minlength=groups).astype(np.float64)
