"""Questions to rows that stay in their engine, answered together: one scan for many of them.

Each question splits the rows by a few yes-or-no's: rules that hold or not, amounts that are known
or not. Alone, these become keys of the group-by. Together with others they would multiply, so each
question has a column of sums for each of its own combinations instead.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

__all__ = ["Asked", "Batch", "Piece", "Scan", "Waiting"]

Floats = NDArray[np.float64]

_MOST_COMBINATIONS = 16
"""Combinations of yes and no of one question up to which it is answered with others."""

_MOST_SUMS = 160
"""Columns of sums of one scan."""


class Waiting(Exception):
    """A question waits for the next scan: ask again after it."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A question to the rows: what stays apart, what is added up, and of whom.

    Attributes
    ----------
    keys
        Values that stay apart, by name.
    amounts
        Numbers that are added up, by name; null or NaN where unanswered.
    where
        Rows that count, true or false for each; None for all.
    rules
        Names of those keys and amounts that are 1 or 0 for each row and never missing.
    """

    keys: Mapping[str, nw.Expr]
    amounts: Mapping[str, nw.Expr] = field(default_factory=dict)
    where: nw.Expr | None = None
    rules: frozenset[str] = frozenset()

    @property
    def apart(self) -> tuple[str, ...]:
        """Keys of many values: what the rows must be grouped by."""
        return tuple(name for name in self.keys if name not in self.rules)

    @property
    def flags(self) -> tuple[str, ...]:
        """Keys that are rules."""
        return tuple(name for name in self.keys if name in self.rules)

    @property
    def unsure(self) -> tuple[str, ...]:
        """Amounts that can be missing."""
        return tuple(name for name in self.amounts if name not in self.rules)

    @property
    def combinations(self) -> int:
        """How many combinations of rules and of missing amounts there can be."""
        return 1 << (len(self.flags) + len(self.unsure))

    def holds(self, name: str, combination: int) -> bool:
        """Whether a rule holds in a combination."""
        return bool(combination >> self.flags.index(name) & 1)

    def known(self, name: str, combination: int) -> bool:
        """Whether an amount is known in a combination."""
        if name in self.rules:
            return True
        return bool(combination >> (len(self.flags) + self.unsure.index(name)) & 1)

    def combination(self) -> nw.Expr | None:
        """Number of a row's combination, a bit for each yes; None where there is but one."""
        yes = [self.keys[name] == 1 for name in self.flags]
        for name in self.unsure:
            amount = self.amounts[name]
            yes.append((~amount.is_null()) & (~amount.is_nan().fill_null(value=False)))
        found: nw.Expr | None = None
        for place, one in enumerate(yes):
            bit = nw.when(one).then(nw.lit(1 << place)).otherwise(nw.lit(0))
            found = bit if found is None else found + bit
        return found


@dataclass(slots=True, eq=False)
class Batch:
    """Questions that wait for a scan, and the answers of those before.

    Attributes
    ----------
    waiting
        Questions by what they ask, in words.
    answered
        Likewise their cells.
    """

    waiting: dict[Hashable, Asked] = field(default_factory=dict)
    answered: dict[Hashable, Any] = field(default_factory=dict)

    def take(self, words: Hashable, asked: Asked) -> Any:
        """Return the cells of a question; or keep it for the next scan and say so.

        Raises
        ------
        Waiting
            It is not answered yet.
        """
        if words not in self.answered:
            self.waiting[words] = asked
            raise Waiting
        return self.answered[words]

    def scans(self) -> Iterator[dict[Hashable, Asked]]:
        """Split what waits into scans: questions that group the rows alike go together."""
        alike: dict[tuple[str, ...], dict[Hashable, Asked]] = {}
        for words, one in self.waiting.items():
            if one.combinations > _MOST_COMBINATIONS:
                yield {words: one}
            else:
                alike.setdefault(tuple(sorted(one.apart)), {})[words] = one
        for some in alike.values():
            scan: dict[Hashable, Asked] = {}
            sums = 0
            for words, one in some.items():
                more = one.combinations * (2 + len(one.amounts))
                if scan and sums + more > _MOST_SUMS:
                    yield scan
                    scan, sums = {}, 0
                scan[words] = one
                sums += more
            yield scan


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """The groups in which a combination of a question occurs.

    Attributes
    ----------
    combination
        Its number.
    at
        Places of the groups in what a scan has found, shape (g,).
    rows, weight
        Number of rows and sum of weights, shape (g,).
    sums
        Weighted sums of the amounts that are known, each of shape (g,).
    """

    combination: int
    at: NDArray[np.intp]
    rows: NDArray[np.int64]
    weight: Floats
    sums: Mapping[str, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """One group-by that answers some questions which group the rows alike.

    Attributes
    ----------
    questions
        They have the same keys of many values.
    units
        Columns that tell the sampling units apart.
    weight
        The column of weights; None for 1 each.
    positive
        Leave out rows of weight zero.
    """

    questions: Sequence[Asked]
    units: tuple[str, ...]
    weight: str | None
    positive: bool

    @property
    def alone(self) -> bool:
        """Whether there is one question: its combinations are keys then."""
        return len(self.questions) == 1

    def grouped(self, lazy: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        """The group-by: a row for each group and combination, or a row for each group."""
        first = self.questions[0]
        if self.alone and first.where is not None:
            lazy = lazy.filter(first.where)
        weight = nw.lit(1.0) if self.weight is None else nw.col(self.weight).cast(nw.Float64)
        units = [nw.col(name).alias(f"u{i}") for i, name in enumerate(self.units)]
        keys = [first.keys[name].alias(f"k{i}") for i, name in enumerate(first.apart)]
        by = [f"u{i}" for i in range(len(units))] + [f"k{i}" for i in range(len(keys))]
        amounts: dict[str, nw.Expr] = {}
        codes: dict[str, nw.Expr] = {}
        for q, one in enumerate(self.questions):
            amounts |= one.amounts
            code = one.combination()
            if one.where is not None and not self.alone:
                code = nw.when(one.where).then(nw.lit(0) if code is None else code)
            if code is not None:
                codes[f"c{q}"] = code
        column = {name: f"a{i}" for i, name in enumerate(amounts)}
        chosen = lazy.select(
            *units,
            *keys,
            *(one.alias(column[name]) for name, one in amounts.items()),
            *(one.alias(name) for name, one in codes.items()),
            # A column besides: constants alone would have one row only.
            (nw.col(self.units[0]) if self.weight is None else weight).alias("w"),
        )
        if self.weight is None:
            chosen = chosen.with_columns(w=weight)
        if self.positive:
            chosen = chosen.filter(nw.col("w") > 0)
        if column:
            heavy = ((nw.col(name) * nw.col("w")).alias(name) for name in column.values())
            chosen = chosen.with_columns(*heavy)
        if self.alone:
            return self._by_combination(chosen, by, column, first, has_code="c0" in codes)
        made = [
            each
            for q, one in enumerate(self.questions)
            for each in self._sums(q, one, column, has_code=f"c{q}" in codes)
        ]
        names = [name for name, _ in made]
        return (
            chosen.with_columns(*(one.alias(name) for name, one in made))
            .group_by(*by)
            .agg(nw.len().alias("n"), *(nw.col(name).sum() for name in names))
        )

    @staticmethod
    def _by_combination(
        chosen: nw.LazyFrame[Any],
        by: list[str],
        column: Mapping[str, str],
        one: Asked,
        *,
        has_code: bool,
    ) -> nw.LazyFrame[Any]:
        """Combinations as keys."""
        zero = nw.lit(0.0)
        filled = []
        for name in one.unsure:
            amount = nw.col(column[name])
            known = (~amount.is_null()) & (~amount.is_nan().fill_null(value=False))
            filled.append(nw.when(known).then(amount).otherwise(zero).alias(column[name]))
        if filled:
            chosen = chosen.with_columns(*filled)
        return chosen.group_by(*by, *(["c0"] if has_code else [])).agg(
            nw.len().alias("n"),
            nw.col("w").sum(),
            *(nw.col(name).sum() for name in column.values()),
        )

    @staticmethod
    def _sums(
        q: int, one: Asked, column: Mapping[str, str], *, has_code: bool
    ) -> Iterator[tuple[str, nw.Expr]]:
        """Columns to sum for a question, by name: rows, weights and amounts of each combination."""
        for c in range(one.combinations):
            here = nw.col(f"c{q}") == c if has_code else None
            parts = {f"n{q}_{c}": nw.lit(1), f"w{q}_{c}": nw.col("w")}
            for name in one.amounts:
                if one.known(name, c):
                    parts[f"s{q}_{c}_{column[name]}"] = nw.col(column[name])
            for name, part in parts.items():
                if here is None:
                    yield name, part
                else:
                    zero = nw.lit(0) if name.startswith("n") else nw.lit(0.0)
                    yield name, nw.when(here.fill_null(value=False)).then(part).otherwise(zero)

    def pieces(self, found: nw.DataFrame[Any]) -> Iterator[list[Piece]]:
        """For each question its combinations that occur in the groups found."""
        columns = list(dict.fromkeys(name for one in self.questions for name in one.amounts))
        column = {name: f"a{i}" for i, name in enumerate(columns)}

        def numbers(name: str) -> Floats:
            return np.asarray(found[name].to_numpy(), dtype=np.float64)

        for q, one in enumerate(self.questions):
            if self.alone:
                code = np.zeros(len(found), dtype=np.int64)
                if "c0" in found.columns:
                    code = np.asarray(found["c0"].to_numpy(), dtype=np.int64)
            pieces = []
            for c in np.unique(code).tolist() if self.alone else range(one.combinations):
                named = "" if self.alone else f"{q}_{c}"
                rows = numbers(f"n{named}")
                at = np.flatnonzero(code == c if self.alone else rows)
                sums = {
                    name: numbers(column[name] if self.alone else f"s{named}_{column[name]}")[at]
                    for name in one.amounts
                    if one.known(name, c)
                }
                heavy = numbers(f"w{named}")[at]
                pieces.append(Piece(c, at, rows[at].astype(np.int64), heavy, sums))
            yield pieces
