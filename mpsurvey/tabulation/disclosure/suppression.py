"""Which further figures must go, so that no confidential one can be worked out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mpsurvey.errors import MpsurveyError
from mpsurvey.tabulation.disclosure.attacking import Unknowns, linprog, reach, unknowns_of
from mpsurvey.tabulation.disclosure.cells import Cells
from mpsurvey.tabulation.disclosure.cheapest import cheapest_rows
from mpsurvey.tabulation.disclosure.sensitivity import Sensitive

__all__ = ["rows_to_withhold"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Mask = NDArray[np.bool_]

Change = tuple[Ints, Floats]
"""Cells that move, and how far each: every sum holds and no cell falls below what it can be."""

_TINY = 1e-7
_BATCHES = 12
_FIRST_SIZE = 300
_EXACT_CELLS = 250
_EXACT_DIRECTIONS = 30


def rows_to_withhold(cells: Cells, sensitive: Sensitive, *, exact: bool | None = None) -> Mask:
    """Choose the rows of a table that are withheld, shape (rows,).

    Parameters
    ----------
    cells, sensitive
        The table and what is confidential in it.
    exact
        Look for the cheapest pattern there is; by default in small tables only.

    Notes
    -----
    For each confidential cell and direction, the cheapest change of the table is found, by a linear
    programme, that moves the cell far enough and keeps every sum; the cells it moves are withheld
    (Kelly, Golden and Assad 1992; Castro 2012). A change moves many cells, so one programme often
    serves several. Figures that no change needs are then put back, the dearest first. In small
    tables the pattern of least cost is found by adding, until no attack succeeds, the inequality
    that each successful attack proves (Fischetti and Salazar 2001, Management Science 47,
    1008-1027). The result is attacked before it is returned.

    Raises
    ------
    MpsurveyError
        No pattern protects every cell.
    """
    search = _Search(cells, sensitive)
    search.cover()
    search.thin()
    small = (
        len(np.unique(cells.told.indices)) <= _EXACT_CELLS
        and 2 * len(sensitive.cells) <= _EXACT_DIRECTIONS
    )
    withheld = search.withheld
    if exact or (exact is None and small):
        better = cheapest_rows(cells, search.needs(), search.forced, withheld)
        withheld = withheld if better is None else better
    proofs = search.changes if withheld is search.withheld else {}
    open_cells = _too_narrow(cells, sensitive, withheld, proofs)
    if open_cells:
        raise MpsurveyError(
            f"{open_cells} confidential cells could not be protected. Fewer breakdowns, or a "
            "smaller 'protection', may help."
        )
    return withheld


def _too_narrow(
    cells: Cells,
    sensitive: Sensitive,
    withheld: Mask,
    proofs: Mapping[tuple[int, float], Change],
) -> int:
    """Count the confidential cells that an outsider can place too narrowly.

    A change that keeps every sum, moves no published cell and leaves no cell impossible proves that
    its cell can be so far away; what has no such proof is attacked.
    """
    hidden = cells.hidden(withheld)
    relations = cells.relations.tocsc()
    room = cells.value - cells.low
    doubtful = []
    for cell in sensitive.cells.tolist():
        for sign, need in ((1.0, sensitive.up[cell]), (-1.0, sensitive.down[cell])):
            if need <= 0:
                continue
            ids, change = proofs.get((cell, sign), (np.zeros(0, dtype=np.intp), np.zeros(0)))
            scale = max(float(np.abs(change).max(initial=0.0)), need)
            far = sign * float(change[ids == cell].sum())
            sums = relations[:, ids] @ change
            holds = (
                far >= need * (1 - 1e-6)
                and bool(hidden[ids].all())
                and bool((change >= -room[ids] - 1e-6 * scale).all())
                and float(np.abs(sums).max(initial=0.0)) <= 1e-6 * scale
            )
            if not holds:
                doubtful.append(cell)
    found = reach(cells, withheld, np.unique(np.array(doubtful, dtype=np.intp)))
    return sum(
        down < sensitive.down[cell] * (1 - 1e-5) or up < sensitive.up[cell] * (1 - 1e-5)
        for cell, (down, up) in found.items()
    )


class _Search:
    """A pattern that grows until every confidential cell can move far enough."""

    def __init__(self, cells: Cells, sensitive: Sensitive) -> None:
        self.cells, self.sensitive = cells, sensitive
        self.withheld = sensitive.rows.copy()
        self.withheld[cells.rows_telling(sensitive.cells)] = True
        self.forced = self.withheld.copy()
        self.by_cell = cells.relations.tocsc()
        self.by_relation = cells.relations.tocsr()
        self.telling = cells.told.tocsc()
        self.below = cells.value - cells.low
        # For each confidential cell and direction, a change that moves it far enough: its proof.
        self.changes: dict[tuple[int, float], Change] = {}

    def needs(self) -> list[tuple[int, float, float]]:
        """Confidential cells, direction and distance, the farthest first."""
        wanted = [(int(c), 1.0, float(self.sensitive.up[c])) for c in self.sensitive.cells]
        wanted += [(int(c), -1.0, float(self.sensitive.down[c])) for c in self.sensitive.cells]
        wanted = [need for need in wanted if need[2] > 0]
        return sorted(wanted, key=lambda need: (-need[2], need[0], need[1]))

    def cover(self) -> None:
        """Withhold rows until every need is met."""
        for unknowns in unknowns_of(self.cells, self.withheld):
            self._move_many(unknowns)
        for cell, sign, distance in self.needs():
            if (cell, sign) not in self.changes:
                self._move(cell, sign, distance)

    def _move_many(self, unknowns: Unknowns) -> None:
        """Find changes that meet many needs at once with what is withheld already."""
        ids = unknowns.cells
        up, down = self.sensitive.up[ids] > 0, self.sensitive.down[ids] > 0
        wanted = {(cell, 1.0) for cell in ids[up].tolist()}
        wanted |= {(cell, -1.0) for cell in ids[down].tolist()}
        self.changes |= self._proofs(unknowns, wanted)

    def _proofs(
        self, unknowns: Unknowns, wanted: set[tuple[int, float]]
    ) -> dict[tuple[int, float], Change]:
        """Find changes for some needs, many at a time; what stays without one may yet have one."""
        found: dict[tuple[int, float], Change] = {}
        if not unknowns.relations.shape[0]:
            return found
        ids = unknowns.cells
        random = np.random.default_rng(len(ids))
        for turn in range(_BATCHES):
            still = sorted(wanted - set(found))
            if len(still) < 2:
                break
            picked: dict[int, float] = {}
            for (cell, way), coin in zip(still, random.random(len(still)) < 0.5, strict=True):
                if cell not in picked or coin:
                    picked[cell] = way
            cells = np.array(list(picked), dtype=np.intp)
            sign = np.array(list(picked.values()))
            need = np.where(sign > 0, self.sensitive.up[cells], self.sensitive.down[cells])
            change = unknowns.many(np.searchsorted(ids, cells), sign, need)
            before = len(found)
            if change is not None:
                met = self._met(ids, change)
                found |= {key: met[key] for key in still if key in met}
            if turn > 2 and len(found) - before < 0.05 * len(still):
                break
        return found

    def _costs(self, ids: Ints) -> Floats:
        """Return what it costs to withhold each cell: its rows that are still published."""
        published = np.where(self.withheld, 0.0, self.cells.weight)
        part = self.telling[:, ids]
        return np.asarray(part.T @ published)

    def _neighbours(self, cell: int, size: int) -> Ints:
        """Return the cells nearest to one, relation by relation, until there are enough."""
        inside = np.zeros(self.cells.size, dtype=bool)
        inside[cell] = True
        edge = np.array([cell], dtype=np.intp)
        while len(edge) and np.count_nonzero(inside) < size:
            rows = np.unique(self.by_cell[:, edge].indices)
            near = np.unique(self.by_relation[rows].indices).astype(np.intp)
            edge = near[~inside[near]]
            inside[edge] = True
        return np.flatnonzero(inside)

    def _move(self, cell: int, sign: float, distance: float) -> None:
        size = _FIRST_SIZE
        while True:
            ids = self._neighbours(cell, size)
            change = self._cheapest_change(ids, cell, sign, distance)
            if change is not None:
                break
            if size >= self.cells.size:
                raise MpsurveyError(
                    "A confidential cell cannot be protected whatever is withheld. A smaller "
                    "'protection' may help."
                )
            size *= 4
        moved = np.abs(change) > _TINY * distance
        self.withheld[self.cells.rows_telling(ids[moved])] = True
        self.changes = self._met(ids, change) | self.changes

    def _met(self, ids: Ints, change: Floats) -> dict[tuple[int, float], Change]:
        """Return the needs that a change meets, and those of its opposite where it is possible."""
        moved = np.abs(change) > _TINY * np.abs(change).max(initial=0.0)
        support, steps = ids[moved], change[moved]
        found = self._met_by_one(support, steps)
        if (steps <= self.below[support]).all():
            found |= self._met_by_one(support, -steps)
        return found

    def _met_by_one(self, support: Ints, steps: Floats) -> dict[tuple[int, float], Change]:
        need = np.where(steps > 0, self.sensitive.up[support], self.sensitive.down[support])
        met = (need > 0) & (np.abs(steps) >= need * (1 - 1e-9))
        return {
            (int(support[place]), 1.0 if steps[place] > 0 else -1.0): (support, steps)
            for place in np.flatnonzero(met).tolist()
        }

    def _cheapest_change(self, ids: Ints, cell: int, sign: float, distance: float) -> Floats | None:
        """Change of the nearby cells of least cost that moves a cell and keeps every sum."""
        rows = np.unique(self.by_cell[:, ids].indices)
        relations = self.by_relation[rows].tocsc()[:, ids].tocsr()
        cost = self._costs(ids) + 1e-6
        place = int(np.searchsorted(ids, cell))
        up = np.full(len(ids), np.inf)
        down = self.below[ids].copy()
        (up if sign > 0 else down)[place] = distance
        (down if sign > 0 else up)[place] = 0.0
        least_up, least_down = np.zeros(len(ids)), np.zeros(len(ids))
        (least_up if sign > 0 else least_down)[place] = distance
        if distance > (up if sign > 0 else down)[place]:
            return None
        found = linprog(
            np.r_[cost, cost],
            A_eq=sparse.hstack([relations, -relations]).tocsr(),
            b_eq=np.zeros(len(rows)),
            bounds=np.column_stack([np.r_[least_up, least_down], np.r_[up, down]]),
            method="highs",
        )
        if found.x is None or found.status != 0:
            return None
        return np.asarray(found.x[: len(ids)] - found.x[len(ids) :])

    def thin(self) -> None:
        """Put figures back that protect nothing, the dearest first."""
        extra = np.flatnonzero(self.withheld & ~self.forced)
        used: dict[int, set[tuple[int, float]]] = {}
        told = self.cells.told
        for need, (support, _) in self.changes.items():
            for cell in support.tolist():
                used.setdefault(cell, set()).add(need)
        for row in extra[np.argsort(-self.cells.weight[extra], kind="stable")].tolist():
            told_cells = told.indices[told.indptr[row] : told.indptr[row + 1]]
            concerned = set().union(*(used.get(int(c), set()) for c in told_cells))
            if len(concerned) > 40:
                continue
            trial = self.withheld.copy()
            trial[row] = False
            again = self._again(trial, concerned)
            if again is None:
                continue
            self.withheld = trial
            for need, change in again.items():
                for cell in self.changes[need][0].tolist():
                    used[cell].discard(need)
                self.changes[need] = change
                for cell in change[0].tolist():
                    used.setdefault(cell, set()).add(need)

    def _again(
        self, withheld: Mask, concerned: set[tuple[int, float]]
    ) -> dict[tuple[int, float], Change] | None:
        """Find other changes for some needs under a smaller pattern; None where there is none."""
        found: dict[tuple[int, float], Change] = {}
        hidden = self.cells.hidden(withheld)
        if not all(hidden[cell] for cell, _ in concerned):
            return None
        while concerned - set(found):
            first, _ = min(concerned - set(found))
            unknown = self._around(first, hidden)
            inside = set(unknown.cells.tolist())
            here = {need for need in concerned - set(found) if need[0] in inside}
            found |= self._proofs(unknown, here)
            for cell, sign in sorted(here - set(found)):
                need = self.sensitive.up[cell] if sign > 0 else self.sensitive.down[cell]
                far, moved = unknown.farthest(cell, sign)
                if far < need * (1 - 1e-9):
                    return None
                some = np.abs(moved) > _TINY * need
                found[cell, sign] = (unknown.cells[some], moved[some])
        return found

    def _around(self, cell: int, hidden: Mask) -> Unknowns:
        """Return the unknown cells that have relations with one, near or far."""
        inside = np.zeros(self.cells.size, dtype=bool)
        inside[cell] = True
        edge = np.array([cell], dtype=np.intp)
        rows = np.zeros(0, dtype=np.intp)
        while len(edge):
            rows = np.union1d(rows, self.by_cell[:, edge].indices)
            near = np.unique(self.by_relation[rows].indices).astype(np.intp)
            edge = near[hidden[near] & ~inside[near]]
            inside[edge] = True
        ids = np.flatnonzero(inside)
        part = self.by_relation[rows].tocsc()[:, ids].tocsr()
        return Unknowns(ids, part, self.below[ids])
