"""Sets of people that are made of others, whatever indicators they come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mpsurvey.tabulation.disclosure.figures import Block

__all__ = ["categories_make_the_base", "unions"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Add = Callable[[int, Sequence[int]], None]

_MOST_FOR_THREE = 70


def categories_make_the_base(
    blocks: Sequence[Block], roles: Sequence[dict[str, Ints]], add: Add
) -> None:
    """Tell that the categories of a variable add up to all who answered."""
    families: dict[tuple[str, str], list[int]] = {}
    for place, block in enumerate(blocks):
        if block.category is not None and "part" in roles[place]:
            families.setdefault((block.indicator, block.breakdown), []).append(place)
    for places in families.values():
        rows: dict[int, list[int]] = {}
        for place in places:
            for base, part in zip(roles[place]["base"], roles[place]["part"], strict=True):
                rows.setdefault(int(base), []).append(int(part))
        for base, parts in rows.items():
            add(base, parts)


def unions(blocks: Sequence[Block], roles: Sequence[dict[str, Ints]], add: Add) -> None:
    """Find sets that are two or three others together: labour force, employed, unemployed.

    Notes
    -----
    The mark of a set is a sum over its people, so that the mark of a union of separate sets is the
    sum of their marks. Two numbers of 30 bits agree by chance about once in 10^18. Unions of three
    are looked for among at most 70 different sets, since their number grows with the third power.
    """
    if not blocks or blocks[0].sample is None:
        return
    together: dict[tuple[str, str], list[int]] = {}
    for place, block in enumerate(blocks):
        together.setdefault((block.source, block.breakdown), []).append(place)
    for places in together.values():
        _unions_of_a_breakdown([blocks[p] for p in places], [roles[p] for p in places], add)


def _unions_of_a_breakdown(blocks: list[Block], roles: list[dict[str, Ints]], add: Add) -> None:
    sets: dict[tuple[float, float], tuple[Block, Ints]] = {}
    for block, mine in zip(blocks, roles, strict=True):
        for role, people in block.people.items():
            first, second = people.marks
            key = (float(first.sum()), float(second.sum()))
            if key[0] and key not in sets:
                sets[key] = (block, mine[role])
    keys = np.array(list(sets))
    if len(keys) < 3:
        return
    order = np.argsort(keys[:, 0], kind="stable")
    keys = keys[order]
    members = [sets[tuple(key)] for key in keys.tolist()]
    left, right = np.triu_indices(len(keys), 1)
    sums = keys[left] + keys[right]
    found: list[tuple[int, tuple[int, ...]]] = [
        (whole, (int(left[pair]), int(right[pair]))) for pair, whole in _matches(sums, keys)
    ]
    if len(keys) <= _MOST_FOR_THREE:
        for third in range(len(keys)):
            later = left > third
            triple = sums[later] + keys[third]
            pairs = np.flatnonzero(later)
            found += [
                (whole, (third, int(left[pairs[pair]]), int(right[pairs[pair]])))
                for pair, whole in _matches(triple, keys)
            ]
    for whole, parts in found:
        _add_rows(members[whole], [members[part] for part in parts], add)


def _matches(sums: Floats, keys: Floats) -> list[tuple[int, int]]:
    """Pairs of a sum and the set that has the same mark."""
    if not len(sums):
        return []
    place = np.searchsorted(keys[:, 0], sums[:, 0]).clip(max=len(keys) - 1)
    same = (keys[place] == sums).all(axis=1)
    return [(int(k), int(place[k])) for k in np.flatnonzero(same)]


def _add_rows(whole: tuple[Block, Ints], parts: list[tuple[Block, Ints]], add: Add) -> None:
    """Add a relation per group; the blocks may list their groups in different orders."""
    places = [
        {key: int(cell) for key, cell in zip(block.keys.itertuples(index=False), ids, strict=True)}
        for block, ids in (whole, *parts)
    ]
    for key, cell in places[0].items():
        if all(key in place for place in places[1:]):
            add(cell, [place[key] for place in places[1:]])
