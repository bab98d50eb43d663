"""A table as cells that add up: what is counted, what sums to what, and which rows tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from mpsurvey.design import Sample
from mpsurvey.tabulation.disclosure.figures import Block, blocks_of
from mpsurvey.tabulation.disclosure.unions import categories_make_the_base, unions
from mpsurvey.tabulation.indicator_table import IndicatorTable

__all__ = ["Cells", "cells_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Mask = NDArray[np.bool_]

MEASURES = ("n", "population", "amount")


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Cells, their relations, and the rows of the table that tell them.

    Attributes
    ----------
    value
        What each cell holds, shape (C,): respondents, people, or an amount.
    measure
        Index into `MEASURES`, shape (C,).
    respondents
        Rows of the sample behind the cell (an estimate without a sample), shape (C,).
    low
        What an outsider knows that the cell is not below: 0, or minus infinity for amounts that
        can be negative.
    relations
        Sparse, shape (R, C), entries 1 and -1: each row sums to 0.
    told
        Sparse, shape (rows of the table, C): 1 where publishing the row tells the cell.
    weight
        What withholding each row costs, shape (rows,).
    amounts
        For cells of amounts: (row, role) of the figure to look the contributions up by.
    """

    value: Floats
    measure: Ints
    respondents: Floats
    low: Floats
    relations: sparse.csr_array
    told: sparse.csr_array
    weight: Floats
    roles: tuple[dict[str, Ints], ...]
    blocks: tuple[Block, ...] = field(default=(), repr=False)

    @property
    def size(self) -> int:
        """How many cells there are."""
        return len(self.value)

    def hidden(self, withheld: Mask) -> Mask:
        """Cells that no published row tells, shape (C,)."""
        published = (~withheld).astype(np.float64)
        told: Floats = np.asarray(self.told.T @ published, dtype=np.float64)
        unknown: Mask = told == 0
        return unknown

    def rows_telling(self, cells: Ints) -> Ints:
        """Rows of the table that tell any of the cells."""
        picked: Ints = np.unique(self.told.tocsc()[:, cells].indices).astype(np.intp)
        return picked


class _Numbering:
    """Numbers for cells: the same number for the same people, whatever they are called."""

    def __init__(self) -> None:
        self.known: dict[tuple[Any, ...], int] = {}
        self.value: list[float] = []
        self.measure: list[int] = []
        self.respondents: list[float] = []
        self.low: list[float] = []

    def add(
        self,
        measure: int,
        what: str,
        marks: tuple[Floats, Floats],
        values: Floats,
        respondents: Floats,
        own: tuple[Any, ...],
        low: float = 0.0,
    ) -> Ints:
        out = np.empty(len(values), dtype=np.intp)
        first, second = (each.tolist() for each in marks)
        for place, value in enumerate(values.tolist()):
            key: tuple[Any, ...] = (measure, what, first[place], second[place])
            if first[place] == 0 and second[place] == 0:
                key = (measure, what, *own, place)  # nobody: empty cells are not one cell
            found = self.known.get(key)
            if found is None:
                found = self.known[key] = len(self.value)
                self.value.append(value)
                self.measure.append(measure)
                self.respondents.append(float(respondents[place]))
                self.low.append(low)
            out[place] = found
        return out

    def slack(self, measure: int, value: float, low: float) -> int:
        self.value.append(value)
        self.measure.append(measure)
        self.respondents.append(np.nan)
        self.low.append(low)
        return len(self.value) - 1


def cells_of(
    table: IndicatorTable,
    sample: Sample | Mapping[str, Sample] | None,
    home: int | None,
    cost: str = "log",
) -> Cells:
    """Find the cells of a table, what adds up to what, and which rows tell them.

    With the sample, cells are the same when the same respondents are in them, also under another
    name, and a variable whose groups lie inside those of another (district in region) is found.
    Without it, cells are the same when rule and groups are written alike.

    Notes
    -----
    Sums: a breakdown's groups add up to the coarser breakdowns of the table; people with and
    without a trait add up to all, and so do the categories of a variable; with the sample, sets of
    people that are two or three others together are found (labour force, employed, unemployed).
    Where groups do not add up (some have no value of the variable),
    the difference is a cell of its own that no row tells.
    """
    blocks = blocks_of(table, sample, home)
    numbering = _Numbering()
    roles: list[dict[str, Ints]] = []
    for block in blocks:
        own = (block.indicator, block.category, block.breakdown)
        mine: dict[str, Ints] = {}
        for role, part in block.people.items():
            mine[role] = numbering.add(
                1, block.source, part.marks, part.people, part.respondents, (*own, role)
            )
        base = block.people["base"]
        mine["n"] = numbering.add(
            0, block.source, base.marks, base.respondents, base.respondents, (*own, "n")
        )
        for role, amount in block.amounts.items():
            mine[f"amount {role}"] = numbering.add(
                2,
                f"{block.source} {amount.text}",
                amount.marks,
                amount.total,
                amount.respondents,
                (*own, role),
                amount.low,
            )
        roles.append(mine)
    relations = _Relations(numbering)
    for mine in roles:
        if "rest" in mine:
            for whole, part, rest in zip(mine["base"], mine["part"], mine["rest"], strict=True):
                relations.add(int(whole), [int(part), int(rest)], exact=True)
    categories_make_the_base(blocks, roles, relations.add)
    unions(blocks, roles, relations.add)
    _sums(blocks, roles, relations)
    rows = sum(len(block.rows) for block in blocks)
    shown = [
        (row, cell)
        for block, mine in zip(blocks, roles, strict=True)
        for role, ids in mine.items()
        for row, cell in zip(block.rows[block.tells(role)], ids[block.tells(role)], strict=True)
    ]
    pairs = np.array(shown, dtype=np.intp).reshape(-1, 2)
    size = len(numbering.value)
    told = sparse.coo_array(
        (np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(rows, size)
    ).tocsr()
    told.data[:] = 1
    weight = np.ones(rows)
    for block in blocks:
        people = np.nan_to_num(block.people["base"].people)
        weight[block.rows] = {
            "log": 1 + np.log1p(people), "number": np.ones(len(people)), "population": 1 + people
        }[cost]  # fmt: skip
    return Cells(
        value=np.array(numbering.value),
        measure=np.array(numbering.measure, dtype=np.intp),
        respondents=np.array(numbering.respondents),
        low=np.array(numbering.low),
        relations=relations.matrix(),
        told=told,
        weight=weight,
        roles=tuple(roles),
        blocks=tuple(blocks),
    )


class _Relations:
    """Sums, each once."""

    def __init__(self, numbering: _Numbering) -> None:
        self.numbering = numbering
        self.seen: set[tuple[int, ...]] = set()
        self.rows: list[tuple[int, list[int]]] = []

    def add(self, whole: int, parts: Sequence[int], *, exact: bool = False) -> None:
        if list(parts) == [whole]:
            return
        key = (whole, *sorted(parts))
        if key in self.seen:
            return
        self.seen.add(key)
        found = list(parts)
        value = self.numbering.value
        rest = value[whole] - sum(value[part] for part in parts)
        scale = abs(value[whole]) + sum(abs(value[part]) for part in parts)
        if not exact and abs(rest) > 1e-9 * max(scale, 1.0):
            measure, low = self.numbering.measure[whole], self.numbering.low[whole]
            found.append(self.numbering.slack(measure, rest, min(low, rest)))
        self.rows.append((whole, found))

    def matrix(self) -> sparse.csr_array:
        sizes = [1 + len(parts) for _, parts in self.rows]
        columns = np.array(
            [c for whole, parts in self.rows for c in (whole, *parts)], dtype=np.intp
        )
        signs = np.array([s for size in sizes for s in (1.0, *([-1.0] * (size - 1)))])
        index = np.repeat(np.arange(len(sizes)), sizes)
        shape = (len(sizes), len(self.numbering.value))
        return sparse.coo_array((signs, (index, columns)), shape=shape).tocsr()


def _sums(blocks: Sequence[Block], roles: Sequence[dict[str, Ints]], relations: _Relations) -> None:
    by_indicator: dict[tuple[str, Any], list[int]] = {}
    for place, block in enumerate(blocks):
        by_indicator.setdefault((block.indicator, block.category), []).append(place)
    for places in by_indicator.values():
        for fine in places:
            coarser = [
                place
                for place in places
                if place != fine and blocks[place].is_coarser_than(blocks[fine])
            ]
            nearest = [
                place
                for place in coarser
                if not any(
                    other != place and blocks[place].is_coarser_than(blocks[other])
                    for other in coarser
                )
            ]
            for place in nearest:
                parents = blocks[place].parents_of(blocks[fine])
                for role in roles[fine]:
                    if role not in roles[place]:
                        continue
                    groups = pd.Series(roles[fine][role]).groupby(parents).agg(list)
                    for parent, parts in groups.items():
                        if int(parent) >= 0:  # type: ignore[call-overload]
                            relations.add(int(roles[place][role][int(parent)]), parts)  # type: ignore[call-overload]
