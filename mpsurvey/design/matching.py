"""Known totals brought together with the cells of the data: gaps, contradictions, merges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from mpsurvey.design.adjusting import Fit
from mpsurvey.design.auxiliaries import Cells, Margin, cells_of, numbers_of, plain
from mpsurvey.design.calibration import Calibration
from mpsurvey.design.codes import Codes
from mpsurvey.design.known_totals import KnownTotals

__all__ = [
    "Work",
    "cell_words",
    "compare_sums",
    "match_margin",
    "match_variables",
    "propose_merges",
]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(slots=True)
class Work:
    """What steps share while a recipe is read: who still has a weight, and what is wrong."""

    frame: nw.DataFrame[Any]
    totals: KnownTotals
    labels: Any
    alive: Mask
    problems: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    last_fit: Fit | None = None
    last_record: Calibration | None = None


def cell_words(cell: Any) -> str:
    """Say a cell as a reader would."""
    return " x ".join(map(str, cell)) if isinstance(cell, tuple | list) else str(cell)


def _yaml(cell: Any) -> str:
    if isinstance(cell, tuple):
        return "[" + ", ".join(map(_yaml, cell)) + "]"
    return str(cell) if isinstance(cell, int | float) else f'"{cell}"'


def propose_merges(cells: Cells, empty: Codes, usable: Mask, counts: NDArray[Any]) -> str:
    """Propose to merge each empty cell with its likeliest neighbour, as lines of the recipe."""
    parts = []
    for place in empty[:12].tolist():
        near = _neighbour(cells.labels, place, usable, counts)
        if near is not None:
            parts.append(f"{{cells: [{_yaml(cells.labels[place])}], into: {_yaml(near)}}}")
    more = f" and {len(empty) - 12} more" if len(empty) > 12 else ""
    named = ", ".join(cell_words(cells.labels[place]) for place in empty[:12].tolist())
    if not parts:
        return f"They are: {named}{more}."
    return f"They are: {named}{more}. To merge them, add  merge: [{', '.join(parts)}]"


def _neighbour(labels: Sequence[Any], place: int, usable: Mask, counts: NDArray[Any]) -> Any | None:
    """The usable cell that differs least: fewest columns, then nearest in order, then largest."""
    mine = labels[place] if isinstance(labels[place], tuple) else (labels[place],)
    rank = {label: number for number, label in enumerate(sorted(labels, key=_order))}
    best: tuple[Any, ...] | None = None
    for other in np.flatnonzero(usable).tolist():
        if other == place:
            continue
        theirs = labels[other] if isinstance(labels[other], tuple) else (labels[other],)
        differ = sum(a != b for a, b in zip(mine, theirs, strict=True))
        far = sum(
            abs(a - b) if isinstance(a, int | float) and isinstance(b, int | float) else 0.0
            for a, b in zip(mine, theirs, strict=True)
        ) or abs(rank[labels[place]] - rank[labels[other]])
        key = (differ, far, -int(counts[other]), labels[other])
        if best is None or key[:3] < best[:3]:
            best = key
    return None if best is None else best[3]


def _order(label: Any) -> Any:
    parts = label if isinstance(label, tuple) else (label,)
    return tuple((0, p, "") if isinstance(p, int | float) else (1, 0, str(p)) for p in parts)


def match_margin(margin: Margin, work: Work) -> tuple[Cells, Floats] | None:
    """Cells of the data with their totals; gaps on either side are problems."""
    work.used.add(margin.name)
    cells = cells_of(work.frame, margin)
    given = work.totals.of_margin(margin)
    if given is None:
        work.problems.append(
            f"No totals are given of '{margin.name}'. Totals are given of: "
            f"{', '.join(work.totals.known()) or 'nothing'}."
        )
        return None
    work.used.update(
        " x ".join(columns)
        for columns in work.totals.margins
        if sorted(columns) == sorted(margin.columns)
    )
    given = _by_code(given, cells, work)
    fine = True
    unplaced = int(np.count_nonzero((cells.code < 0) & work.alive))
    if unplaced:
        work.problems.append(
            f"'{margin.name}' has no value in {unplaced:,} rows with a weight. Impute it, or give "
            "these rows no weight."
        )
        fine = False
    counts = np.bincount(cells.code[work.alive & (cells.code >= 0)], minlength=len(cells.labels))
    without = [
        label
        for label, count in zip(cells.labels, counts, strict=True)
        if count and given.get(label, 0.0) == 0
    ]
    if without:
        shown = ", ".join(cell_words(label) for label in without[:12])
        shown += f" and {len(without) - 12} more" if len(without) > 12 else ""
        work.problems.append(
            f"The totals of {margin.name} have nothing for {shown}, where the sample has "
            "people. Complete the totals, or merge cells."
        )
        fine = False
    place = {label: number for number, label in enumerate(cells.labels)}
    empty = [
        label
        for label, total in given.items()
        if total > 0 and (label not in place or not counts[place[label]])
    ]
    if empty:
        every = (*cells.labels, *(label for label in empty if label not in place))
        both = Cells(margin, cells.code, every)
        sizes = np.concatenate([counts, np.zeros(len(every) - len(cells.labels), dtype=int)])
        where = np.array([every.index(label) for label in empty])
        work.problems.append(
            f"Nobody with a weight is in {len(empty)} cell(s) of {margin.name}, for which there is "
            "a total. " + propose_merges(both, where, sizes > 0, sizes)
        )
        fine = False
    if not fine:
        return None
    return cells, np.array([given.get(label, 0.0) for label in cells.labels])


def _by_code(given: Mapping[Any, float], cells: Cells, work: Work) -> Mapping[Any, float]:
    """Totals by the data's own values, where they were given by value labels."""
    if len(cells.margin.columns) != 1 or set(given) & set(cells.labels):
        return given
    labels = work.labels(cells.margin.columns[0])
    code_of = {str(text).strip().casefold(): code for code, text in labels.items()}
    if not all(str(cell).casefold() in code_of for cell in given):
        return given
    return {plain(code_of[str(cell).casefold()]): total for cell, total in given.items()}


def match_variables(variables: list[str], work: Work) -> tuple[list[Floats], list[float]]:
    """Values of variables and their totals; what is absent is a problem."""
    columns, numbers = [], []
    for name in variables:
        work.used.add(name)
        values = numbers_of(work.frame, name)
        empty = int(np.count_nonzero(~np.isfinite(values) & work.alive))
        if empty:
            work.problems.append(f"'{name}' has no value in {empty:,} rows with a weight.")
        if name not in work.totals.numbers:
            work.problems.append(
                f"No total is given of '{name}'. Totals are given of: "
                f"{', '.join(work.totals.known()) or 'nothing'}."
            )
            continue
        columns.append(np.nan_to_num(values))
        numbers.append(work.totals.numbers[name])
    return columns, numbers


def compare_sums(margins: list[tuple[str, Floats]], work: Work) -> None:
    """Margins of one population have the same sum."""
    sums = [(name, float(totals.sum())) for name, totals in margins]
    for name, whole in sums[1:]:
        if abs(whole - sums[0][1]) > 1e-9 * max(whole, sums[0][1]):
            work.problems.append(
                f"The totals contradict each other: {sums[0][0]} sums to {sums[0][1]:,.10g}, "
                f"{name} to {whole:,.10g}. Bring them to one population."
            )
