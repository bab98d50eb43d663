"""Derived concepts as expressions of an engine, worked out by the modules' own rules."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import narwhals as nw

from mpsurvey.catalogue import Concept
from mpsurvey.harmonisation.lazy_columns import first_of
from mpsurvey.harmonisation.lazy_rows import NUMBER, LazyRows, all_known, number, one_where
from mpsurvey.harmonisation.target import is_yes_no
from mpsurvey.rule import Formula, Rule

__all__ = ["gather", "work_out"]


def work_out(concept: Concept, rows: LazyRows, home: int | None, within: Rule | None) -> None:
    """Put a concept in: numbers, null where it is not defined or outside its module's universe."""
    if concept.categories:
        value = first_of(
            [
                nw.when(each.rule.expression(rows.schema, home=home)).then(number(each.code))
                for each in concept.categories
            ]
        )
    else:
        value = _value(concept.value, rows.schema, home)
    _put(concept, value, rows, home, within, concept.names)


def gather(
    concepts: Sequence[tuple[Concept, Rule | None]],
    main: LazyRows,
    roster: LazyRows,
    main_key: Sequence[str],
    roster_key: Sequence[str],
    home: int | None,
) -> None:
    """Gather a roster's rows for each row of the main file: one group-by for all concepts.

    Parameters
    ----------
    concepts
        Each with the rule that confines it.
    main_key, roster_key
        Columns that tell which rows belong together.
    """
    names = [f"key{at}" for at in range(len(roster_key))]
    columns = [nw.col(key).alias(name) for key, name in zip(roster_key, names, strict=True)]
    sums: list[nw.Expr] = []
    for at, (concept, _) in enumerate(concepts):
        counts = (
            nw.lit(value=True)
            if concept.where is None
            else concept.where.expression(roster.schema, home=home)
        )
        known = counts
        if concept.value is None:
            value = number(1)
        else:
            value = _value(concept.value, roster.schema, home)
            if not is_yes_no(concept):
                known = counts & ~value.is_null()
                columns.append(one_where(counts & value.is_null()).alias(f"unknown{at}"))
                sums.append(nw.col(f"unknown{at}").sum())
        columns += [
            one_where(known).alias(f"rows{at}"),
            nw.when(known).then(value).otherwise(nw.lit(None, dtype=nw.Float64)).alias(f"x{at}"),
        ]
        sums += [nw.col(f"rows{at}").sum(), _ADD_UP[concept.aggregate or "sum"](nw.col(f"x{at}"))]
    grouped = roster.frame().filter(all_known(roster_key)).with_columns(*columns)
    found = grouped.group_by(*names).agg(*sums)
    kinds: dict[str, Any] = {}
    for at, (concept, _) in enumerate(concepts):
        kinds |= {f"rows{at}": nw.Int64(), f"x{at}": NUMBER}
        if concept.value is not None and not is_yes_no(concept):
            kinds[f"unknown{at}"] = nw.Int64()
    main.join(found, dict(zip(main_key, names, strict=True)), kinds)
    for at, (concept, within) in enumerate(concepts):
        _put(concept, _result(concept, at, main_key), main, home, within,
             concept.universe.names if concept.universe is not None else ())  # fmt: skip
    main.drop(list(kinds))


_ADD_UP: Mapping[str, Callable[[nw.Expr], nw.Expr]] = {
    "count": lambda x: x.sum(),
    "sum": lambda x: x.sum(),
    "mean": lambda x: x.sum(),
    "any": lambda x: x.sum(),
    "min": lambda x: x.min(),
    "max": lambda x: x.max(),
}
"""Sums and extremes of an engine, by the name of the aggregate."""


def _result(concept: Concept, at: int, main_key: Sequence[str]) -> nw.Expr:
    """What was gathered, for each row of the main file that has a key."""
    rows, value = nw.col(f"rows{at}"), nw.col(f"x{at}")
    how = concept.aggregate or "sum"
    if how == "count":
        value = rows.cast(nw.Float64)
    elif how == "any":
        value = nw.when(value > 0).then(number(1)).otherwise(number(0))
    elif how == "mean":
        value = value / nw.when(rows != 0).then(rows.cast(nw.Float64))
    nobody = rows.is_null() | (rows == 0)
    empty = nw.lit(None, dtype=nw.Float64) if concept.empty is None else number(concept.empty)
    out = nw.when(nobody).then(empty).otherwise(value)
    if concept.value is not None and not is_yes_no(concept):
        unknown = nw.col(f"unknown{at}")
        out = nw.when(unknown.is_null() | (unknown == 0)).then(out)
    return nw.when(all_known(main_key)).then(out)


def _put(
    concept: Concept,
    value: nw.Expr,
    rows: LazyRows,
    home: int | None,
    within: Rule | None,
    uses: Collection[str],
) -> None:
    used = set(uses)
    for rule in (concept.universe, within):
        if rule is not None:
            used |= rule.names
            value = nw.when(rule.expression(rows.schema, home=home)).then(value)
    rows.put(concept.name, value, NUMBER, used)


def _value(value: Rule | Formula | None, schema: Mapping[str, Any], home: int | None) -> nw.Expr:
    if isinstance(value, Formula):
        return value.expression(schema, home=home).cast(nw.Float64)
    if isinstance(value, Rule):
        held = value.expression(schema, home=home)
        return nw.when(held).then(number(1)).otherwise(number(0))
    return nw.lit(None, dtype=nw.Float64)
