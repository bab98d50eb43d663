"""Questions to rows that stay in their engine, answered together: one scan for many of them.

What a question wants to know of a row is mostly yes or no: whether it counts, whether a rule holds,
whether an amount is known. The yes-or-no's of some questions are the bits of one number. Rows of a
sampling unit that agree in it, and in the values that stay apart, are one cell; each question then
finds its own among the cells.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from mpsurvey.errors import TooManyCells

__all__ = ["Asked", "Batch", "Scan", "Waiting"]

Floats = NDArray[np.float64]
Conditions = dict[Hashable, nw.Expr]

_MOST_BITS = 16
"""Yes-or-no's of one scan: with many more, cells are hardly fewer than rows."""


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
    where, whose
        Rows that count, true or false for each (None for all), and the same in words.
    rules
        Those keys and amounts that are 1 or 0 for each row and never missing, as true or false.
    """

    keys: Mapping[str, nw.Expr]
    amounts: Mapping[str, nw.Expr] = field(default_factory=dict)
    where: nw.Expr | None = None
    whose: str | None = None
    rules: Mapping[str, nw.Expr] = field(default_factory=dict)

    @property
    def apart(self) -> tuple[str, ...]:
        """Keys that are no rules: what the rows must be grouped by."""
        return tuple(name for name in self.keys if name not in self.rules)

    @property
    def sums(self) -> tuple[str, ...]:
        """Amounts that are no rules, and can be missing."""
        return tuple(name for name in self.amounts if name not in self.rules)

    def conditions(self) -> Conditions:
        """What is asked of each row by yes or no, but for whether it counts."""
        found: Conditions = {("holds", name): truth for name, truth in self.rules.items()}
        for name in self.sums:
            amount = self.amounts[name]
            found["known", name] = (~amount.is_null()) & (~amount.is_nan().fill_null(value=False))
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
        TooManyCells
            Its scan found more than is brought to memory.
        """
        if words not in self.answered:
            self.waiting[words] = asked
            raise Waiting
        found = self.answered[words]
        if isinstance(found, TooManyCells):
            raise found
        return found

    def scans(self) -> Iterator[dict[Hashable, Asked]]:
        """Split what waits into scans: questions that group the rows alike go together."""
        alike: dict[tuple[str, ...], dict[Hashable, Asked]] = {}
        for words, one in self.waiting.items():
            alike.setdefault(tuple(sorted(one.apart)), {})[words] = one
        for some in alike.values():
            scan: dict[Hashable, Asked] = {}
            bits: set[Hashable] = set()
            for words, one in some.items():
                more = {("counts", one.whose), *one.conditions()}
                if scan and len(bits | more) > _MOST_BITS:
                    yield scan
                    scan, bits = {}, set()
                scan[words] = one
                bits |= more
            yield scan


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """One group-by that answers some questions which group the rows alike.

    Attributes
    ----------
    questions
        They have the same keys that are no rules.
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
    def apart(self) -> dict[str, nw.Expr]:
        """Values that stay apart, the same for all questions."""
        first = self.questions[0]
        return {name: first.keys[name] for name in first.apart}

    @property
    def sums(self) -> dict[str, nw.Expr]:
        """Amounts of all questions."""
        return {name: one.amounts[name] for one in self.questions for name in one.sums}

    @property
    def everyone_alike(self) -> bool:
        """Whether all questions are of the same people: the others can be left out at once."""
        return len({one.whose for one in self.questions}) == 1

    def conditions(self) -> Conditions:
        """The yes-or-no's of all questions, each once."""
        found: Conditions = {}
        for one in self.questions:
            if one.where is not None and not self.everyone_alike:
                found["counts", one.whose] = one.where
            found |= one.conditions()
        return found

    def grouped(self, lazy: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        """The group-by. Its columns: units u, keys k, bits, rows n, weights w, sums s."""
        where = self.questions[0].where
        if where is not None and self.everyone_alike:
            lazy = lazy.filter(where)
        weight = nw.lit(1.0) if self.weight is None else nw.col(self.weight).cast(nw.Float64)
        units = [nw.col(name).alias(f"u{i}") for i, name in enumerate(self.units)]
        keys = [value.alias(f"k{i}") for i, value in enumerate(self.apart.values())]
        sums = [value.alias(f"s{i}") for i, value in enumerate(self.sums.values())]
        conditions = self.conditions()
        bits = [_number_of(conditions.values()).alias("bits")] if conditions else []
        chosen = lazy.select(
            *units,
            *keys,
            *sums,
            *bits,
            # A column besides: constants alone would have one row only.
            (nw.col(self.units[0]) if self.weight is None else weight).alias("w"),
        )
        if self.weight is None:
            chosen = chosen.with_columns(w=weight)
        if self.positive:
            chosen = chosen.filter(nw.col("w") > 0)
        names = [f"s{i}" for i in range(len(sums))]
        if names:
            chosen = chosen.with_columns(*(_weighted(name) for name in names))
        by = [f"u{i}" for i in range(len(units))] + [f"k{i}" for i in range(len(keys))]
        return chosen.group_by(*by, *(["bits"] if bits else [])).agg(
            nw.len().alias("n"), *(nw.col(name).sum() for name in ("w", *names))
        )

    def held(self, found: nw.DataFrame[Any]) -> dict[Hashable, NDArray[np.bool_]]:
        """Where each yes-or-no is a yes, among the cells."""
        conditions = self.conditions()
        if not conditions:
            return {}
        bits = np.asarray(found["bits"].to_numpy(), dtype=np.int64)
        return {one: (bits >> i & 1).astype(bool) for i, one in enumerate(conditions)}


def _number_of(conditions: Iterable[nw.Expr]) -> nw.Expr:
    """A bit for each yes. Numbers and not truth are added: PostgreSQL does not cast truth."""
    bits = [
        nw.when(one).then(nw.lit(1 << place)).otherwise(nw.lit(0))
        for place, one in enumerate(conditions)
    ]
    found = bits[0]
    for bit in bits[1:]:
        found = found + bit
    return found


def _weighted(name: str) -> nw.Expr:
    """An amount times its weight, 0 where it is unknown."""
    amount = nw.col(name)
    known = (~amount.is_null()) & (~amount.is_nan().fill_null(value=False))
    return nw.when(known).then(amount * nw.col("w")).otherwise(nw.lit(0.0)).alias(name)
