"""Rows of one file beside those of another: households of persons, rosters of households."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mpsurvey.errors import ColumnMissing, MpsurveyError
from mpsurvey.harmonisation.columns import actual_column
from mpsurvey.harmonisation.crosswalk import Linked
from mpsurvey.microdata import Microdata

__all__ = ["Link", "linked"]


@dataclass(frozen=True, slots=True)
class Link:
    """Which rows of two files belong together.

    Attributes
    ----------
    main, other
        A number for each row of the main and of the further file; equal numbers belong together,
        and -1 has a blank key.
    row_of_main
        For each row of the main file the row of the further one, -1 where there is none. Of a
        roster: empty.
    row_of_other
        For each row of the further file the first row of the main one, -1 where there is none.
    """

    main: npt.NDArray[np.intp]
    other: npt.NDArray[np.intp]
    row_of_main: npt.NDArray[np.intp]
    row_of_other: npt.NDArray[np.intp]
    size: int

    @property
    def main_alone(self) -> int:
        """Rows of the main file without a row in the further one."""
        here = np.zeros(self.size + 1, dtype=bool)
        here[self.other] = True
        here[-1] = False
        return int((~here[self.main]).sum())

    @property
    def other_alone(self) -> int:
        """Rows of the further file without a row in the main one."""
        return int((self.row_of_other < 0).sum())


def linked(main: Microdata, other: Microdata, link: Linked) -> Link:
    """Put the rows of two files together by their key.

    Raises
    ------
    ColumnMissing
        When a file lacks a column of the key.
    MpsurveyError
        When a key is text in one file and a number in the other, or when a file of households has
        a household on more than one row.
    """
    key = {
        actual_column(ours, main.variables) or ours: actual_column(theirs, other.variables)
        or theirs
        for ours, theirs in link.key.items()
    }
    absent = [(f"the key of '{link.name}'", c) for c in key if c not in main.variables]
    if absent:
        raise ColumnMissing(absent, main.variables)
    absent = [(f"the key in '{link.name}'", c) for c in key.values() if c not in other]
    if absent:
        raise ColumnMissing(absent, other.variables)
    first: npt.NDArray[np.intp] = np.zeros(len(main), dtype=np.intp)
    second: npt.NDArray[np.intp] = np.zeros(len(other), dtype=np.intp)
    for ours, theirs in key.items():
        one, two = main.frame[ours], other.frame[theirs]
        _same_kind(one, two, link)
        both, uniques = pd.factorize(pd.concat([one, two], ignore_index=True))
        a, b = both[: len(one)], both[len(one) :]
        first = np.where((a < 0) | (first < 0), -1, first * len(uniques) + a)
        second = np.where((b < 0) | (second < 0), -1, second * len(uniques) + b)
        # numbered anew after each column, so that the product stays small
        joint, distinct = pd.factorize(np.concatenate([first, second]))
        blank = np.concatenate([first, second]) < 0
        joint = np.where(blank, -1, joint)
        first, second = joint[: len(one)], joint[len(one) :]
        size = len(distinct)
    row_of_other = _first_rows(first, size)[second]
    row_of_other[second < 0] = -1
    row_of_main: npt.NDArray[np.intp] = np.zeros(0, dtype=np.intp)
    if link.unit != "roster":
        counts = np.bincount(second[second >= 0], minlength=size)
        if (twice := int((counts > 1).sum())) > 0:
            raise MpsurveyError(
                f"'{link.name}' has {twice:,} {link.unit}s on more than one row (key: "
                f"{', '.join(key.values())}). There must be one row each: complete the key, or say "
                "'unit: roster'."
            )
        row_of_main = _first_rows(second, size)[first]
        row_of_main[first < 0] = -1
    return Link(first, second, row_of_main, row_of_other, size)


def _first_rows(numbers: npt.NDArray[np.intp], size: int) -> npt.NDArray[np.intp]:
    """For each number the first row that has it, -1 where none has; shape (size,)."""
    rows = np.full(size, -1, dtype=np.intp)
    known = np.flatnonzero(numbers >= 0)[::-1]
    rows[numbers[known]] = known
    return rows


def _same_kind(one: pd.Series, two: pd.Series, link: Linked) -> None:
    numeric = [series.dtype.kind in "iufb" for series in (one, two)]
    if numeric[0] != numeric[1]:
        text, number = ("main file", link.name) if numeric[1] else (link.name, "main file")
        raise MpsurveyError(
            f"The key '{one.name}' is text in the {text} and a number in the {number}, so no rows "
            "would belong together. Make them the same first."
        )
