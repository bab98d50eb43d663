"""One file on its way to the modules' names: its own columns, and the answers got so far."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mpsurvey.errors import MpsurveyError, did_you_mean
from mpsurvey.harmonisation.columns import actual_column, actual_columns
from mpsurvey.harmonisation.countries import CountryNames
from mpsurvey.harmonisation.crosswalk import HOME, Crosswalk, Mapped
from mpsurvey.harmonisation.recoding import Answers, recoded, without_codes
from mpsurvey.harmonisation.target import Target, is_yes_no
from mpsurvey.microdata import Microdata, Reasons
from mpsurvey.rule import Formula, Rule
from mpsurvey.rule.frames import many_answers_columns

__all__ = ["Table", "absent_columns"]


class Table:
    """The rows of one file.

    Attributes
    ----------
    data
        The file.
    answers
        Variables of the modules that were got from it, by name.
    """

    def __init__(
        self,
        data: Microdata,
        crosswalk: Crosswalk,
        home: int | None,
        countries: CountryNames | None,
    ) -> None:
        self.data, self.crosswalk = data, crosswalk
        self.home, self.countries = home, countries
        self.answers: dict[str, Answers] = {}
        self._cleaned: dict[str, pd.Series] = {}

    def __len__(self) -> int:
        return len(self.data)

    def get(self, mapped: Mapped, target: Target) -> Answers:
        """Get one variable and keep it."""
        if mapped.column is not None and self._spread(mapped, target):
            answers = self._gathered(mapped)
        elif mapped.column is not None:
            column = self.actual(mapped.column)
            answers = recoded(
                self.data.frame[column],
                self.data.variables[column],
                self.data.reasons.get(column),
                mapped,
                target,
                missing=self.crosswalk.missing,
                home=self.home,
                countries=self.countries,
            )
        elif mapped.absent:
            blank: npt.NDArray[Any] = np.full(len(self), np.nan)
            answers = Answers(blank, Reasons.gather(len(self), []))
        else:
            answers = self._worked_out(mapped, target)
        self.answers[mapped.name] = answers
        return answers

    def _spread(self, mapped: Mapped, target: Target) -> bool:
        """Whether a question of many answers stands in a column per answer."""
        columns = self.data.variables
        several = target.type == "select_multiple" and mapped.column is not None
        return several and actual_column(mapped.column or "", columns) is None

    def _gathered(self, mapped: Mapped) -> Answers:
        """Put the columns of a question of many answers together: codes with blanks between."""
        texts: npt.NDArray[Any] = np.full(len(self), "", dtype=object)
        answered = np.zeros(len(self), dtype=bool)
        parts = many_answers_columns(mapped.column or "", dict.fromkeys(self.data.variables))
        for code, column in parts.items():
            numbers = without_codes(self.data.frame[column], self.crosswalk.missing)
            answered |= numbers.notna().to_numpy()
            became = (mapped.recode or {}).get(int(code), code)
            if became is not None:
                chosen = (numbers == 1).to_numpy(dtype=bool, na_value=False)
                texts[chosen] += f" {became}"
        out: npt.NDArray[Any] = np.full(len(self), None, dtype=object)
        out[answered] = [text.strip() or None for text in texts[answered]]
        return Answers(out, Reasons.gather(len(out), []))

    def actual(self, name: str) -> str:
        """Return the file's own writing of a column's name."""
        return actual_column(name, self.data.variables) or name

    def _worked_out(self, mapped: Mapped, target: Target) -> Answers:
        frame = self.cleaned(mapped.names)
        whom = self._universe(mapped, frame)
        if mapped.categories:
            out = np.full(len(self), np.nan)
            for code, rule in reversed(mapped.categories):
                number = self.home if code == HOME else code
                if not isinstance(number, int | float):
                    raise MpsurveyError(
                        f"{mapped.shown} gives {code!r}; a category gives a number, and HOME needs "
                        "the country's own code: home=."
                    )
                out[rule.mask(frame, home=self.home)] = number
        elif isinstance(mapped.value, Formula):
            out = mapped.value.values(frame, home=self.home)
            if target.type == "integer":
                out = np.floor(out)
        elif isinstance(mapped.value, Rule):
            held = mapped.value.mask(frame, home=self.home)
            yes, no = (1.0, 0.0) if target.concept and is_yes_no(target.concept) else (1.0, 2.0)
            out = np.where(held, yes, no)
        out[~whom] = np.nan
        reasons = [(code, out == code) for code in sorted(target.missing)]
        reasons = [(code, rows) for code, rows in reasons if rows.any()]
        words = target.listed.labels("en") if target.listed is not None else {}
        for _, rows in reasons:
            out[rows] = np.nan
        return Answers(
            out,
            Reasons.gather(len(out), reasons),
            {code: words.get(code, "") for code, _ in reasons},
        )

    def _universe(self, mapped: Mapped, frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
        if mapped.universe is not None:
            return mapped.universe.mask(frame, home=self.home)
        whom = np.ones(len(self), dtype=bool)
        if isinstance(mapped.value, Rule):
            for name in frame.columns:
                whom &= _answered(frame[name])
        return whom

    def cleaned(self, names: Iterable[str]) -> pd.DataFrame:
        """Return columns of the file without codes of no answer, and variables got before."""
        used: dict[str, pd.Series] = {}
        for name in sorted(names):
            for said, column in actual_columns(name, self.data.variables).items():
                if said in self.answers and said not in self.data.variables:
                    continue
                if column not in self._cleaned:
                    self._cleaned[column] = without_codes(
                        self.data.frame[column], self.crosswalk.missing
                    )
                used[said] = self._cleaned[column]
            if name not in used and name in self.answers:
                used[name] = pd.Series(self.answers[name].values)
        index = pd.RangeIndex(len(self))
        if not used:  # a formula of constants still needs the rows
            used["rows"] = pd.Series(np.zeros(len(self)))
        columns = {name: column.set_axis(index) for name, column in used.items()}
        return pd.DataFrame(columns, index=index, copy=False)

    def frame(self) -> pd.DataFrame:
        """Return the variables got so far, by the modules' names."""
        index = pd.RangeIndex(len(self))
        columns = {name: pd.Series(a.values, index) for name, a in self.answers.items()}
        return pd.DataFrame(columns, index=index, copy=False)


def _answered(column: pd.Series) -> npt.NDArray[np.bool_]:
    known = column.notna().to_numpy()
    if column.dtype.kind in "OT" or str(column.dtype).startswith("str"):
        known &= (column != "").to_numpy()
    return np.asarray(known, dtype=bool)


def absent_columns(
    crosswalk: Crosswalk, files: Mapping[str | None, Collection[str]]
) -> tuple[list[str], list[str]]:
    """Return a message for each column that is read and lacking, and optional variables to drop.

    `files` has the columns of each file, the main one under None.
    """
    problems: list[str] = []
    dropped: list[str] = []
    above: set[str] = set()
    for mapped in crosswalk.variables.values():
        lacking = _lacking(mapped, files.get(mapped.file), above)
        if not lacking:
            above.add(mapped.name)
        elif mapped.optional:
            dropped.append(mapped.name)
        else:
            problems += lacking
    return problems, dropped


def _lacking(mapped: Mapped, columns: Collection[str] | None, above: set[str]) -> list[str]:
    if columns is None:
        file = mapped.file
        return [f"{mapped.shown} stands in the file '{file}': give files={{\"{file}\": ...}}."]
    return [
        f"{mapped.shown} reads the column '{name}', which the data lack."
        f"{did_you_mean(name, columns)}"
        for name in sorted(mapped.names)
        if not actual_columns(name, columns) and (name not in above or name == mapped.column)
    ]
