"""The scan: rows are touched here and nowhere else.

A statistic is a function of weighted totals, and its variance needs only the totals of each
sampling unit within each domain. The scan makes these *unit totals* in one pass over the rows;
everything after it is algebra on small arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mpsurvey.design import Sample
from mpsurvey.design.codes import Codes
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation.domains import Domains, series
from mpsurvey.estimation.totals_by_unit import UnitTotals, degrees_of_freedom

__all__ = [
    "Categories",
    "count_rows",
    "domain_totals",
    "numbers",
    "rows_that_count",
    "second_moments",
    "unit_totals",
]

Floats = NDArray[np.float64]

_FULL = 1 << 20
"""Number of pairs of unit and domain up to which all are kept."""

_PART = 1 << 15
"""Rows that are added up at a time (256 KB)."""

_PER_ROW = 2
"""Pairs per row up to which all are kept, however many they are; 1 or more, so that a list of all
pairs is always in order."""


@dataclass(frozen=True, slots=True, eq=False)
class Categories:
    """A categorical variable as codes.

    Attributes
    ----------
    code
        Category of each row, shape (n,); -1 where there is no answer.
    values
        What the codes stand for, shape (c,).
    """

    code: Codes
    values: NDArray[Any]


def numbers(
    sample: Sample, name: str, statistic: str = "A mean", *, yes_no: bool = False
) -> Floats:
    """Read a column as numbers, missing as NaN, shape (n,).

    With `yes_no`, a labelled column that holds 0 and 1 only is read too.

    Raises
    ------
    MpsurveyError
        The column holds text, dates or categories: such a variable has proportions, no mean.
    """
    column = series(sample, name, "variable")
    if column.dtype.is_numeric() or column.dtype == bool or str(column.dtype) == "Boolean":
        if not column.dtype.is_numeric() and column.null_count():
            column = column.cast(nw.Float64)
        values = np.asarray(column.to_numpy(), dtype=np.float64)
        categorical = getattr(sample.variables.get(name), "kind", "") == "categorical"
        if yes_no and categorical:
            categorical = not np.isin(values[~np.isnan(values)], (0.0, 1.0)).all()
        if sample.labels(name) and categorical:
            raise MpsurveyError(
                f"{statistic} of '{name}' is asked for, but it is categorical: its codes stand for "
                f"{_some_labels(sample, name)}. Use proportion(sample, '{name}')."
            )
        return values
    if column.null_count() == len(column):
        return np.full(len(column), np.nan)
    if str(column.dtype) == "Object":
        raise MpsurveyError(
            f"{statistic} of '{name}' is asked for, but pandas holds it as objects of any kind. "
            f"Make it numbers first, such as with pandas.to_numeric, or use proportion(sample, "
            f"'{name}')."
        )
    raise MpsurveyError(
        f"{statistic} of '{name}' is asked for, but it holds {column.dtype}, not numbers. "
        f"Use proportion(sample, '{name}')."
    )


def _some_labels(sample: Sample, name: str) -> str:
    labels = list(sample.labels(name).items())[:3]
    return ", ".join(f"{code} '{text}'" for code, text in labels)


def unit_totals(
    sample: Sample,
    domains: Domains,
    columns: Sequence[Floats] = (),
    *,
    answered: NDArray[np.bool_] | None = None,
    categories: Categories | None = None,
    names: Sequence[str] = (),
) -> UnitTotals:
    """Sum weighted columns by sampling unit and domain, in one pass.

    Parameters
    ----------
    sample, domains
        The rows, their weights, their units and their domains.
    columns
        Columns to sum after the weights themselves, each of shape (n,); not missing where
        `answered` is true.
    answered
        Rows that count, shape (n,); None for all. Others keep their place in the design.
    categories
        Sum the weights of each category instead: K = 1 + the number of categories.
    names
        What the columns are, for samples that remember; empty where they have no name.

    Returns
    -------
    UnitTotals
    """
    if sample.parts is not None:
        from mpsurvey.estimation.sums_in_parts import totals_in_parts

        return totals_in_parts(sample, domains, columns, answered, categories)
    key = None if categories is not None or answered is not None else domains.key
    make = partial(_lay_out, sample, domains, answered, categories)
    here = make() if key is None else sample.recall(("layout", key), make)
    rows, weight, many = here.rows, here.weight, len(here.unit)
    size = domains.size
    if categories is None:
        values = np.empty((many, 1 + len(columns)), order="F")
        values[:, 0] = here.weights
        for place, (name, column) in enumerate(
            zip(names or [""] * len(columns), columns, strict=True), start=1
        ):
            add = partial(here.sums, column)
            values[:, place] = (
                add() if key is None or not name else sample.recall(("sums", key, name), add)
            )
    else:
        category = categories.code if rows is None else categories.code[rows]
        wide = len(categories.values)
        values = np.empty((many, 1 + wide), order="F")
        values[:, 0] = here.weights
        values[:, 1:] = (
            np.bincount(category * many + here.pair, weights=weight, minlength=many * wide)
            .reshape(wide, many)
            .T
        )

    if many == size * sample.units.count:
        totals = values.T.reshape(-1, sample.units.count, size).sum(axis=1).T
    else:
        totals = np.column_stack(
            [np.bincount(here.of_domain, weights=column, minlength=size) for column in values.T]
        )
    moments = None
    if sample.chain is not None and sample.replicates is None:
        if categories is None:
            kept = [column if rows is None else column[rows] for column in columns]
            weighted = [weight, *(weight * column for column in kept)]
        else:
            weighted = [weight, *(weight * (category == c) for c in range(wide))]
        moments = sample.chain.moments(weighted, rows, here.domain, size)
    return UnitTotals(
        here.unit,
        here.of_domain,
        values,
        totals,
        here.n,
        here.df,
        sample.units,
        sample.chain,
        moments,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """Where rows go: the same for every statistic of the same groups.

    Attributes
    ----------
    rows, weight, domain, pair
        The rows that count (None for all), their weights, domains and pairs of unit and domain.
    unit, of_domain, weights
        The parts of each pair, and its sum of weights, shape (m,).
    n, df
        Rows and degrees of freedom of each domain, shape (D,).
    """

    rows: Codes | None
    weight: Floats
    domain: Codes | None
    pair: Codes
    unit: Codes
    of_domain: Codes
    weights: Floats
    n: NDArray[np.int64]
    df: NDArray[np.int64]

    def sums(self, column: Floats) -> Floats:
        """Weighted sums of a column, shape (m,)."""
        return _add_up(self.pair, self.weight, column, self.rows, len(self.unit))


def _add_up(
    place: Codes, weight: Floats, column: Floats | None, rows: Codes | None, count: int
) -> Floats:
    """Sum weights, times a column if there is one, by place, shape (count,).

    A part at a time, whose products stay in the processor's cache: an array as long as the rows
    would take more time to make than to add up. `weight` and `place` are of the `rows` that count.
    """
    found = np.zeros(count)
    if column is None:
        np.add.at(found, place, weight)
        return found
    for start in range(0, len(place), _PART):
        here = slice(start, start + _PART)
        values = column[here] if rows is None else column[rows[here]]
        np.add.at(found, place[here], weight[here] * values)
    return found


def _lay_out(
    sample: Sample,
    domains: Domains,
    answered: NDArray[np.bool_] | None,
    categories: Categories | None,
) -> _Layout:
    rows, weight, unit = _rows_with_units(sample, domains, answered, categories)
    domain = domains.code if rows is None or domains.code is None else domains.code[rows]
    size = domains.size
    pair, unit_of, domain_of = _pairs(
        unit, domain, size, sample.units.count, alone=sample.rows is None
    )
    weights = _add_up(pair, weight, None, None, len(unit_of))
    n = count_rows(sample, rows, domain, size)
    df = degrees_of_freedom(sample.units, unit_of, domain_of, weights > 0, size)
    return _Layout(rows, weight, domain, pair, unit_of, domain_of, weights, n, df)


def _rows_with_units(
    sample: Sample,
    domains: Domains,
    answered: NDArray[np.bool_] | None,
    categories: Categories | None,
) -> tuple[Codes | None, Floats, Codes]:
    """Rows that count, their weights and units."""

    def taken() -> tuple[Codes | None, Floats, Codes]:
        rows = rows_that_count(domains, answered, categories)
        if rows is None:
            return None, sample.weight, sample.row_unit
        return rows, sample.weight[rows], sample.row_unit[rows]

    if answered is not None or categories is not None or domains.key is None or domains.unplaced:
        return taken()
    # Whatever the groups, these are the rows for which the rule holds.
    found: tuple[Codes | None, Floats, Codes] = sample.recall(("rows", domains.key[1]), taken)
    return found


def rows_that_count(
    domains: Domains, answered: NDArray[np.bool_] | None, categories: Categories | None
) -> Codes | None:
    """Rows that are in a domain and answered, or None for all."""
    inside = answered
    if domains.code is not None and domains.partial:
        placed = domains.code >= 0
        inside = placed if inside is None else inside & placed
    if categories is not None:
        known = categories.code >= 0
        inside = known if inside is None else inside & known
    return None if inside is None or inside.all() else np.flatnonzero(inside)


def count_rows(
    sample: Sample, rows: Codes | None, domain: Codes | None, size: int
) -> NDArray[np.int64]:
    """Rows of each domain, unweighted, shape (D,)."""
    if sample.rows is None:
        if domain is not None:
            return np.bincount(domain, minlength=size)
        return np.array([len(sample) if rows is None else len(rows)])
    each = sample.rows if rows is None else sample.rows[rows]
    if domain is None:
        return np.array([each.sum()])
    return np.bincount(domain, each, minlength=size).astype(np.int64)


def _pairs(
    unit: Codes, domain: Codes | None, size: int, count: int, *, alone: bool
) -> tuple[Codes, Codes, Codes]:
    """Number the pairs of unit and domain: for each row its pair, for each pair its two parts."""
    rows = len(unit)
    if size * count <= max(_PER_ROW * rows, _FULL):
        every = np.arange(count * size)
        pair = unit
        if domain is not None:
            pair = unit * size
            pair += domain
        return pair, every // size, every % size
    zero = np.zeros(rows, dtype=np.intp) if domain is None else domain
    if alone and count == rows and len(unit) == count:
        return np.arange(rows), unit, zero
    pair, present = pd.factorize(unit * size + zero)
    return pair.astype(np.intp, copy=False), present // size, present % size


def domain_totals(
    sample: Sample,
    domains: Domains,
    columns: Sequence[Floats],
    weights: Iterable[Floats],
    *,
    answered: NDArray[np.bool_] | None = None,
    categories: Categories | None = None,
) -> Floats:
    """Sum weighted columns by domain, once for each set of weights.

    Parameters
    ----------
    sample, domains, columns, answered, categories
        As in `unit_totals`.
    weights
        R sets of weights, each of shape (n,).

    Returns
    -------
    numpy.ndarray
        Shape (R, D, K), sums of weights first.
    """
    rows = rows_that_count(domains, answered, categories)
    size = domains.size
    count = len(sample) if rows is None else len(rows)
    domain = np.zeros(count, dtype=np.intp)
    if domains.code is not None:
        domain = domains.code if rows is None else domains.code[rows]
    wide = 0 if categories is None else len(categories.values)
    cell = domain
    if categories is not None:
        cell = domain * wide + (categories.code if rows is None else categories.code[rows])
    found = []
    for every in weights:
        weight = every if rows is None else every[rows]
        if categories is not None:
            flat = np.bincount(cell, weights=weight, minlength=size * wide)
            table = flat.reshape(size, wide)
            found.append(np.column_stack([table.sum(axis=1), table]))
            continue
        sums = [_add_up(domain, weight, column, rows, size) for column in (None, *columns)]
        found.append(np.column_stack(sums))
    return np.stack(found)


def second_moments(
    sample: Sample,
    domains: Domains,
    columns: Sequence[Floats],
    *,
    answered: NDArray[np.bool_] | None = None,
) -> Floats:
    """Weighted second moments of the columns about their means, by domain.

    Returns
    -------
    numpy.ndarray
        Shape (D, 1 + K, 1 + K) for the columns (1, x_1, ..., x_K), centred in each domain but for
        the first: what a design effect needs of the rows.
    """
    rows = rows_that_count(domains, answered, None)
    weight = sample.weight if rows is None else sample.weight[rows]
    size = domains.size
    domain = (
        np.zeros(len(weight), dtype=np.intp)
        if domains.code is None
        else (domains.code if rows is None else domains.code[rows])
    )
    centred = [np.ones(len(weight))]
    for column in columns:
        kept = column if rows is None else column[rows]
        total = np.bincount(domain, weights=weight * kept, minlength=size)
        everyone = np.bincount(domain, weights=weight, minlength=size)
        means = np.divide(total, everyone, out=np.zeros(size), where=everyone != 0)
        centred.append(kept - means[domain])
    wide = len(centred)
    moments = np.empty((size, wide, wide))
    for i in range(wide):
        for j in range(i, wide):
            product = weight * centred[i] * centred[j]
            moments[:, i, j] = np.bincount(domain, weights=product, minlength=size)
            moments[:, j, i] = moments[:, i, j]
    return moments
