"""What an outsider can work out: the range of each withheld cell, by linear programming."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse
from scipy.sparse import csgraph

from mpsurvey.errors import MpsurveyError
from mpsurvey.tabulation.disclosure.cells import Cells

__all__ = ["Attack", "Unknowns", "linprog", "reach", "unknowns_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Mask = NDArray[np.bool_]

linprog: Any = optimize.linprog  # its stubs do not know sparse matrices


@dataclass(frozen=True, slots=True, eq=False)
class Unknowns:
    """A set of cells that are unknown together, and what is known of their changes.

    Attributes
    ----------
    cells
        Their numbers, shape (k,).
    relations
        Relations among them, dense rows of the sums with the known cells taken out, shape (r, k).
    below
        How far each can lie below its value, shape (k,).
    """

    cells: Ints
    relations: sparse.csr_array
    below: Floats

    def farthest(self, cell: int, sign: float) -> tuple[float, Floats]:
        """Largest change of a cell in a direction, and the changes of all that make it."""
        place = int(np.searchsorted(self.cells, cell))
        if not self.relations.shape[0]:
            moved = np.zeros(len(self.cells))
            moved[place] = np.inf if sign > 0 else -self.below[place]
            return float(abs(moved[place])), moved
        cost = np.zeros(len(self.cells))
        cost[place] = -sign
        # One huge bound instead of infinity: an unbounded direction is then found as a solution.
        scale = 1e3 * (1.0 + float(np.max(self.below[np.isfinite(self.below)], initial=0.0)))
        low = np.where(np.isfinite(self.below), -self.below, -scale)
        found = linprog(
            cost,
            A_eq=self.relations,
            b_eq=np.zeros(self.relations.shape[0]),
            bounds=np.column_stack([low, np.full(len(low), scale)]),
            method="highs",
        )
        if found.x is None:
            raise MpsurveyError(f"The solver could not attack a cell: {found.message}")
        return max(0.0, float(-found.fun)), np.asarray(found.x)

    def many(self, places: Ints, sign: Floats, need: Floats) -> Floats | None:
        """One change that moves as many of some cells as it can as far as each needs.

        Parameters
        ----------
        places
            Which of `cells`, shape (m,).
        sign, need
            The direction and distance of each, shape (m,).

        Notes
        -----
        Maximises the sum of min(s d / need, 1): a linear programme with a variable t for each.
        """
        size, count = len(self.cells), len(places)
        index = np.arange(count)
        short = sparse.coo_array(
            (
                np.r_[-sign / need, np.ones(count)],
                (np.r_[index, index], np.r_[places, size + index]),
            ),
            shape=(count, size + count),
        ).tocsr()
        keep = sparse.hstack(
            [self.relations, sparse.csr_array((self.relations.shape[0], count))]
        ).tocsr()
        top = float(need.max()) * 1e3
        found = linprog(
            np.r_[np.zeros(size), -np.ones(count)],
            A_ub=short,
            b_ub=np.zeros(count),
            A_eq=keep,
            b_eq=np.zeros(self.relations.shape[0]),
            bounds=np.column_stack(
                [
                    np.r_[-np.minimum(self.below, top), np.zeros(count)],
                    np.r_[np.full(size, top), np.ones(count)],
                ]
            ),
            method="highs",
        )
        return None if found.x is None else np.asarray(found.x[:size])


Attack = dict[int, tuple[float, float]]


def unknowns_of(cells: Cells, withheld: Mask) -> list[Unknowns]:
    """Split the cells that no published row tells into sets that have no relation in common."""
    hidden = cells.hidden(withheld)
    number = np.flatnonzero(hidden)
    if not len(number):
        return []
    relations = cells.relations.tocsc()[:, number].tocsr()
    alive = np.flatnonzero(np.diff(relations.indptr))
    relations = relations[alive]
    touching = (abs(relations).T @ abs(relations)).tocsr() if len(alive) else None
    label: Ints = np.arange(len(number))
    if touching is not None:
        label = csgraph.connected_components(touching, directed=False)[1].astype(np.intp)
    order = np.argsort(label, kind="stable")
    cuts = np.flatnonzero(np.diff(label[order])) + 1
    first = np.asarray([relations.indices[start] for start in relations.indptr[:-1]], dtype=np.intp)
    row_label = label[first] if len(first) else np.zeros(0, dtype=np.intp)
    row_order = np.argsort(row_label, kind="stable")
    bounds = np.searchsorted(row_label[row_order], np.arange(label.max() + 2))
    found = []
    for one in np.split(order, cuts):
        mine = np.sort(one)
        which = int(label[mine[0]])
        rows = row_order[bounds[which] : bounds[which + 1]]
        ids = number[mine]
        part = relations[rows].tocsc()[:, mine].tocsr()
        found.append(Unknowns(ids, part, cells.value[ids] - cells.low[ids]))
    return found


def reach(cells: Cells, withheld: Mask, wanted: Ints) -> Attack:
    """How far below and above its value an outsider must hold each wanted cell possible.

    A cell that a published row tells has (0, 0): it is known.
    """
    asked = set(wanted.tolist())
    found: Attack = dict.fromkeys(asked, (0.0, 0.0))
    for unknowns in unknowns_of(cells, withheld):
        for cell in unknowns.cells[np.isin(unknowns.cells, wanted)].tolist():
            down, _ = unknowns.farthest(cell, -1.0)
            up, _ = unknowns.farthest(cell, 1.0)
            found[cell] = (down, up)
    return found
