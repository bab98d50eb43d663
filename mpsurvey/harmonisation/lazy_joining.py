"""Rows of one lazy file beside those of another: keys checked by counts that the engine makes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from mpsurvey.errors import ColumnMissing, MpsurveyError
from mpsurvey.harmonisation.columns import actual_column
from mpsurvey.harmonisation.crosswalk import Linked
from mpsurvey.harmonisation.lazy_rows import LazyRows, Sums, all_known, number
from mpsurvey.harmonisation.lazy_table import LazyTable, raw

__all__ = ["LazyLink", "beside", "lazily_linked"]


@dataclass(frozen=True, slots=True)
class LazyLink:
    """How the rows of two files belong together.

    Attributes
    ----------
    main, other
        The key's columns on the way, of one type in both files.
    one_each
        Whether each row of the main file has a key of its own; asked of rosters only.
    other_alone
        Rows of the further file without a row in the main one.
    """

    linked: Linked
    main: tuple[str, ...]
    other: tuple[str, ...]
    one_each: bool
    other_alone: int


def lazily_linked(main: LazyTable, other: LazyTable, link: Linked) -> LazyLink:
    """Check the key of two files, and count the rows of the further one that stand alone.

    Raises
    ------
    ColumnMissing
        When a file lacks a column of the key.
    MpsurveyError
        When a key is text in one file and a number in the other, or when a file of households has
        a household on more than one row.
    """
    key = {
        actual_column(ours, main.columns) or ours: actual_column(theirs, other.columns) or theirs
        for ours, theirs in link.key.items()
    }
    for columns, file, shown in (
        (key.keys(), main, f"the key of '{link.name}'"),
        (key.values(), other, f"the key in '{link.name}'"),
    ):
        absent = [(shown, c) for c in columns if c not in file.columns]
        if absent:
            raise ColumnMissing(absent, file.columns)
    mine, theirs = [], []
    for at, (one, two) in enumerate(key.items()):
        name = f"key__{link.name}__{at}"
        kind = _one_kind(main.rows.schema[raw(one)], other.rows.schema[raw(two)], one, link)
        main.rows.put(name, nw.col(raw(one)).cast(kind), kind)
        other.rows.put(name, nw.col(raw(two)).cast(kind), kind)
        mine.append(name)
        theirs.append(name)
    if link.unit != "roster" and (twice := _twice(other.rows, theirs)):
        raise MpsurveyError(
            f"'{link.name}' has {twice:,} {link.unit}s on more than one row (key: "
            f"{', '.join(key.values())}). There must be one row each: complete the key, or say "
            "'unit: roster'."
        )
    one_each = link.unit == "roster" and not _twice(main.rows, mine)
    known = main.rows.frame().select(*mine).filter(all_known(mine))
    known = known.group_by(*mine).agg(nw.len().alias("rows")).select(*mine)
    alone = other.rows.frame().join(known, how="anti", left_on=theirs, right_on=mine)
    sums = Sums()
    sums.count(alone.select(*theirs))
    return LazyLink(link, tuple(mine), tuple(theirs), one_each, sums.rows)


def beside(
    rows: LazyRows, other: LazyRows, link: LazyLink, columns: Collection[str], mark: str
) -> None:
    """Put columns of a file with one row for each key beside the rows of another.

    `mark` becomes a column that is null where the other file has no row.
    """
    theirs = [f"{key}__other" for key in link.other]
    chosen = (
        other.frame()
        .filter(all_known(link.other))
        .select(
            *(nw.col(key).alias(name) for key, name in zip(link.other, theirs, strict=True)),
            *columns,
            number(1).alias(mark),
        )
    )
    kinds = {name: other.schema[name] for name in columns}
    rows.join(chosen, dict(zip(link.main, theirs, strict=True)), {**kinds, mark: nw.Float64()})


def _twice(rows: LazyRows, keys: Sequence[str]) -> int:
    """How many keys stand on more than one row."""
    known = rows.frame().select(*keys).filter(all_known(keys))
    found = known.group_by(*keys).agg(nw.len().alias("rows")).filter(nw.col("rows") > 1)
    sums = Sums()
    sums.count(found)
    return sums.rows


def _one_kind(one: Any, two: Any, name: str, link: Linked) -> Any:
    """The type in which a column of the key is compared."""
    numeric = [kind.is_numeric() for kind in (one, two)]
    if numeric[0] != numeric[1]:
        text, number = ("main file", link.name) if numeric[1] else (link.name, "main file")
        raise MpsurveyError(
            f"The key '{name}' is text in the {text} and a number in the {number}, so no rows "
            "would belong together. Make them the same first."
        )
    if not numeric[0]:
        return one
    return nw.Int64() if one.is_integer() and two.is_integer() else nw.Float64()
