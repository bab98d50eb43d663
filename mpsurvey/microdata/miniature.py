"""The few values of a column on which every decision about it rests, gathered block by block.

What a column is (whole numbers or not, categorical or not, which reasons for missing answers occur)
follows from its different values. A few rows that hold them all are decided upon like the whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from mpsurvey.microdata.columns import (
    LARGEST_WHOLE,
    MOST_CATEGORIES,
    Coded,
    RawColumn,
    as_text,
    split_tags,
)
from mpsurvey.microdata.dates import temporal_kind, to_temporal
from mpsurvey.microdata.readstat import RawValues

__all__ = ["SeenNumbers", "SeenTexts", "of_one_length", "seen"]


class SeenNumbers:
    """The different numbers of a column: all that are missing, and answers until they are many."""

    def __init__(self, raw: RawColumn) -> None:
        pairs = [pair for pair in raw.missing if not isinstance(pair[0], str)]
        self.discrete = np.array([float(low) for low, high in pairs if low == high])
        self.ranges = [(low, high) for low, high in pairs if low != high]
        self.labelled = np.array(
            [float(code) for code in raw.labels or {} if not isinstance(code, str)]
        )
        self.family = raw.family
        self.temporal = temporal_kind(raw.format, raw.family)
        self.answers: set[float] = set()
        self.missing: set[float] = set()
        self.letters: set[str] = set()
        self.blank = False
        self.lost_dates = 0

    def add(self, part: RawValues) -> None:
        """Note what a block holds."""
        self.letters.update(letter for letter, rows in part.letters if len(rows))
        if isinstance(part.values, Coded):
            numbers = part.values.table[part.values.present()]
        else:
            numbers, tags = split_tags(part.values)
            numbers = numbers.astype(np.float64, copy=False)
            self.letters.update(letter for letter, _ in tags)
        given = numbers[~np.isnan(numbers)]
        self.blank |= len(given) < len(numbers)
        gone = np.isin(given, self.discrete)
        for low, high in self.ranges:
            gone |= (given >= low) & (given <= high)
        if gone.any():
            self.missing.update(pd.unique(given[gone]).tolist())
            given = given[~gone]
        if self.temporal is not None:
            self.lost_dates += to_temporal(given, self.temporal, self.family)[1]
        if len(self.answers) < MOST_CATEGORIES:
            self.answers.update(pd.unique(given)[:MOST_CATEGORIES].tolist())
        for rare in (given != np.floor(given), np.abs(given) > LARGEST_WHOLE):
            self.answers.update(given[rare][:1].tolist())
        self.answers.update(given[np.isin(given, self.labelled)].tolist())

    def values(self) -> RawValues:
        """Return values that are decided upon like the whole column."""
        numbers = [*sorted(self.missing | self.answers)]
        letters = sorted(self.letters)
        places = tuple((letter, np.array([len(numbers) + k])) for k, letter in enumerate(letters))
        blanks = len(letters) + (1 if self.blank and not letters else 0)
        return RawValues(np.array([*numbers, *[np.nan] * blanks]), places)


class SeenTexts:
    """Which of the codes that count as missing stand in a text column."""

    lost_dates = 0

    def __init__(self, raw: RawColumn) -> None:
        self.codes = [str(low).rstrip() for low, _ in raw.missing]
        self.found: set[str] = set()

    def add(self, part: RawValues) -> None:
        """Note what a block holds."""
        if len(self.found) < len(self.codes):
            stripped = as_text(part.values).str.rstrip()
            self.found.update(code for code in self.codes if (stripped == code).any())

    def values(self) -> RawValues:
        """Return values that are decided upon like the whole column."""
        return RawValues(pd.Series([*sorted(self.found), None], dtype=object))


def seen(raw: RawColumn) -> SeenNumbers | SeenTexts:
    """Begin to gather the values of a column."""
    return SeenTexts(raw) if raw.text else SeenNumbers(raw)


def of_one_length(columns: Iterable[tuple[str, RawValues]]) -> tuple[int, dict[str, RawValues]]:
    """Repeat the values of each column until all columns have as many."""
    pairs = list(columns)
    rows = max((len(one.values) for _, one in pairs), default=0)
    return rows, {name: RawValues(_resized(one.values, rows), one.letters) for name, one in pairs}


def _resized(values: Any, rows: int) -> Any:
    if isinstance(values, pd.Series):
        return values.iloc[np.arange(rows) % len(values)].reset_index(drop=True)
    return np.resize(values, rows)
