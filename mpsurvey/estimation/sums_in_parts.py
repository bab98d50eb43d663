"""Unit totals of rows elsewhere whose cells come in parts, see `mpsurvey.design.in_parts`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mpsurvey.design import Sample
from mpsurvey.estimation.domains import Domains
from mpsurvey.estimation.scanning import Categories, count_rows, rows_that_count
from mpsurvey.estimation.totals_by_unit import UnitTotals, degrees_of_freedom

__all__ = ["totals_in_parts"]

Floats = NDArray[np.float64]

_FULL = 1 << 20
"""Number of pairs of unit and domain up to which all are kept."""


def totals_in_parts(
    sample: Sample,
    domains: Domains,
    columns: Sequence[Floats],
    answered: NDArray[np.bool_] | None,
    categories: Categories | None,
) -> UnitTotals:
    """Sum weighted columns by sampling unit and domain, one part of the cells after the other.

    Parameters
    ----------
    sample
        Its rows are values, whatever their unit.
    domains, columns, answered, categories
        As in `mpsurvey.estimation.scanning.unit_totals`: what is known of each value.
    """
    assert sample.parts is not None  # noqa: S101 - the caller has looked
    size, count = domains.size, sample.units.count
    rows = rows_that_count(domains, answered, categories)
    counts = np.ones(len(sample), dtype=bool)
    if rows is not None:
        counts[:] = False
        counts[rows] = True
    group = np.zeros(len(sample), dtype=np.intp) if domains.code is None else domains.code
    if categories is not None:
        wide = len(categories.values)
        columns = [(categories.code == c).astype(np.float64) for c in range(wide)]
    pairs = [np.empty(0, dtype=np.intp)]
    sums = [np.empty((0, 1 + len(columns)))]
    for place, unit, weight in sample.parts:
        kept = counts[place]
        at, of, heavy = place[kept], unit[kept], weight[kept]
        pair, present = pd.factorize(of * size + group[at])
        many = len(present)
        added = [np.bincount(pair, heavy, many)]
        added += [np.bincount(pair, heavy * column[at], many) for column in columns]
        pairs.append(present)
        sums.append(np.column_stack(added))
    every = np.concatenate(pairs)
    if size * count <= _FULL:
        where, present = every, np.arange(size * count)
    else:
        where, present = pd.factorize(every, sort=True)
    values = np.zeros((len(present), 1 + len(columns)))
    np.add.at(values, where, np.concatenate(sums))
    unit, domain = present // size, present % size
    totals = np.zeros((size, values.shape[1]))
    np.add.at(totals, domain, values)
    placed = domains.code if rows is None or domains.code is None else domains.code[rows]
    return UnitTotals(
        unit,
        domain,
        values,
        totals,
        count_rows(sample, rows, placed, size),
        degrees_of_freedom(sample.units, unit, domain, values[:, 0] > 0, size),
        sample.units,
    )
