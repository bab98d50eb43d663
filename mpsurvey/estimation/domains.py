"""Domains: the groups of people that a statistic is asked for."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from mpsurvey.design import Sample
from mpsurvey.design.codes import Codes, encode
from mpsurvey.errors import ColumnMissing, MpsurveyError
from mpsurvey.rule import parse_rule

__all__ = ["Domains", "held", "names_of", "split_domains"]

_MOST = 50_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Domains:
    """The rows of a sample, sorted into crossed groups.

    Attributes
    ----------
    code
        Domain of each row, shape (n,), -1 outside all; None when there is one domain of all rows.
    names
        The `by` variables.
    levels
        Sorted distinct values of each `by` variable.
    unplaced
        For each `by` variable, how many rows with weight have no value of it.
    partial
        Whether some rows are outside all domains.
    key
        What was asked, for samples that remember: the `by` variables and the rule.
    """

    code: Codes | None
    names: tuple[str, ...]
    levels: tuple[NDArray[Any], ...]
    unplaced: Mapping[str, int]
    partial: bool = False
    key: tuple[Any, ...] | None = None

    @property
    def size(self) -> int:
        """How many domains there are, empty ones too."""
        return math.prod(len(level) for level in self.levels)

    def outer(self, names: int) -> Domains:
        """The groups without the last `names` variables, as what the results are broken down by."""
        kept = len(self.names) - names
        return replace(self, code=None, names=self.names[:kept], levels=self.levels[:kept])

    def parted(
        self, part: Codes, count: int, *, words: Hashable = None, before: int = 0
    ) -> Domains:
        """The same groups, each parted by a code of the rows.

        Parameters
        ----------
        part, count
            Code of each row, from 0, shape (n,), and how many codes there are.
        words
            What the parts are, for samples that remember.
        before
            How many of the last variables stay after the parts.
        """
        kept = len(self.names) - before
        last = math.prod(len(level) for level in self.levels[kept:])
        code = part
        if self.code is not None:
            # (outer * count + part) * last + inner, for code = outer * last + inner
            outer = self.code if last == 1 else self.code // last
            code = self.code + (outer * (count - 1) + part) * last
            if self.partial:
                code[self.code < 0] = -1
        key = None
        if self.key is not None and words is not None:
            key = ((*self.key[0], words, before), self.key[1])
        return replace(
            self,
            code=code,
            names=(*self.names[:kept], "part", *self.names[kept:]),
            levels=(*self.levels[:kept], np.arange(count), *self.levels[kept:]),
            key=key,
        )

    def columns(self) -> dict[str, NDArray[Any]]:
        """One array per `by` variable, shape (D,): what each domain stands for."""
        if not self.names:
            return {}
        grid = np.unravel_index(np.arange(self.size), [len(level) for level in self.levels])
        return {
            name: level[index]
            for name, level, index in zip(self.names, self.levels, grid, strict=True)
        }


def names_of(by: str | Sequence[str] | None) -> tuple[str, ...]:
    """Read `by` as a tuple of names, each once."""
    listed = () if by is None else (by,) if isinstance(by, str) else by
    names = tuple(listed) if isinstance(listed, list | tuple) else (listed,)
    if not all(isinstance(name, str) for name in names):
        raise MpsurveyError(
            "by= takes the name of a column, or a tuple of names such as ('region', 'sex')."
        )
    return tuple(dict.fromkeys(names))


def split_domains(
    sample: Sample, by: str | Sequence[str] | None = None, where: str | None = None
) -> Domains:
    """Sort the rows of a sample into the crossed groups of `by`, among those where a rule holds.

    Parameters
    ----------
    sample
        The sample; its rows are never cut, only sorted.
    by
        One variable or several to cross.
    where
        A rule such as ``"age >= 15"``; rows for which it does not hold are in no domain.

    Returns
    -------
    Domains
        All crossings of the values that occur, also those that nobody has.

    Raises
    ------
    ColumnMissing
        A `by` variable or a name in the rule is not a column.
    """
    names = names_of(by)
    absent = [("by", name) for name in names if name not in sample.frame.columns]
    if absent:
        raise ColumnMissing(absent, sample.frame.columns)
    found: Domains = sample.recall(("domains", names, where), lambda: _split(sample, names, where))
    return found


def _split(sample: Sample, names: tuple[str, ...], where: str | None) -> Domains:
    inside = counted(sample, where)
    code: Codes | None = None
    levels: list[NDArray[Any]] = []
    unplaced: dict[str, int] = {}
    for name in names:
        codes, values = coded(sample, name)
        known = _known(sample, name)
        if known is not None:
            here = ~known if inside is None else inside & ~known
            unplaced[name] = sample.count(here)
            inside = known if inside is None else inside & known
        code = codes if code is None else code * len(values) + codes
        levels.append(values)
    nothing = [name for name, values in zip(names, levels, strict=True) if not len(values)]
    if nothing:
        raise MpsurveyError(
            f"by='{name}' makes no groups: no row has a value of it." for name in nothing
        )
    missed = {name: count for name, count in unplaced.items() if count}
    domains = Domains(code, names, tuple(levels), missed, key=(names, where))
    if domains.size > _MOST:
        raise MpsurveyError(
            f"by={list(names)} makes {domains.size:,} groups. Cross fewer variables, or variables "
            "with fewer values."
        )
    if inside is None or inside.all():
        return domains
    outside = np.where(inside, 0 if code is None else code, -1)
    return replace(domains, code=outside, partial=True)


def counted(sample: Sample, where: str | None) -> NDArray[np.bool_] | None:
    """Rows that have weight and for which a rule holds, shape (n,); None for all."""
    weighted: NDArray[np.bool_] | None = sample.recall(
        ("weighted",), lambda: None if sample.weight.all() else sample.weight > 0
    )
    if where is None or weighted is None:
        return weighted if where is None else held(sample, where)
    return held(sample, where) & weighted


def _known(sample: Sample, name: str) -> NDArray[np.bool_] | None:
    """Rows that have a value of a column, shape (n,); None for all."""

    def known() -> NDArray[np.bool_] | None:
        has = coded(sample, name)[0] >= 0
        return None if has.all() else has

    found: NDArray[np.bool_] | None = sample.recall(("known", name), known)
    return found


def coded(sample: Sample, name: str) -> tuple[Codes, NDArray[Any]]:
    """Codes of a column, shape (n,), -1 where missing, and its sorted distinct values."""
    codes, values = sample.recall(("codes", name), lambda: encode(sample.frame[name]))
    return codes, values


def held(sample: Sample, rule: str) -> NDArray[np.bool_]:
    """Rows for which a rule holds, shape (n,)."""
    mask: NDArray[np.bool_] = sample.recall(
        ("rule", rule), lambda: parse_rule(rule).mask(sample.frame)
    )
    return mask


def series(sample: Sample, name: str, role: str) -> nw.Series[Any]:
    """Return a column of the sample, or an error that names what it was wanted for."""
    if name not in sample.frame.columns:
        raise ColumnMissing([(role, name)], sample.frame.columns)
    return sample.frame[name]
