"""What becomes of each distinct value of a column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mpsurvey.errors import MpsurveyError
from mpsurvey.harmonisation.countries import CountryNames
from mpsurvey.harmonisation.crosswalk import HOME, Band, Mapped
from mpsurvey.harmonisation.target import Target
from mpsurvey.microdata import Reasons, Variable

__all__ = ["Lookup", "Unmapped", "found_codes", "whole"]

NOTHING = -1
"""Marks an answer; other marks are positions of reasons."""

SHOWN_FROM = 5
"""A text that fewer rows hold is not shown: it may be somebody's own words."""


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A value for which a crosswalk has no place, and how many rows hold it."""

    shown: str
    count: int


class Lookup:
    """What becomes of each distinct value of a column.

    `values` and `marks` have one element per distinct value: the modules' code, and the position of
    the reason among `reasons`, or -1.
    """

    def __init__(
        self,
        distinct: npt.NDArray[Any],
        variable: Variable,
        mapped: Mapped,
        target: Target,
        missing: Sequence[Any],
        home: int | None,
        countries: CountryNames | None,
    ) -> None:
        self.distinct, self.variable, self.mapped, self.target = distinct, variable, mapped, target
        self.home, self.countries, self.missing = home, countries, missing
        self.recode = {k: self._own(v) for k, v in (mapped.recode or {}).items()}
        self.bands = [(k, v) for k, v in self.recode.items() if isinstance(k, Band)]
        self.reasons: list[Any] = []
        self.words: dict[Any, str] = {}
        self.marks = np.full(len(distinct), NOTHING, dtype=np.int64)
        self.unmapped = np.zeros(len(distinct), dtype=bool)
        self.mistyped = np.zeros(len(distinct), dtype=bool)
        chosen = bool(self.recode) or mapped.countries
        if not chosen and distinct.dtype == object and not target.numeric:
            self.values = self._texts_at_once(distinct)
        elif chosen or distinct.dtype == object:
            self.values = self._one_by_one(distinct)
        else:
            self.values = self._at_once(distinct.astype(np.float64))

    def _own(self, code: Any) -> Any:
        if code != HOME:
            return code
        if self.home is None:
            raise MpsurveyError(
                f"{self.mapped.shown} uses HOME, the country's own code: add 'home:' to the "
                "crosswalk, or give home=, such as 404."
            )
        return self.home

    def _mark(self, code: Any, words: str) -> int:
        if code not in self.reasons:
            self.reasons.append(code)
            self.words[code] = words
        return self.reasons.index(code)

    def _words(self, code: Any) -> str:
        found = self.variable.answers.get(code) or self.variable.missing.get(code) or ""
        return str(found)

    def _listed_words(self, code: Any) -> str:
        listed = self.target.listed
        return listed.labels("en").get(code, "") if listed is not None else ""

    def _at_once(self, distinct: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Numbers that stay as they are, but for missing codes and a list's own codes."""
        out = distinct.copy()
        gone = found_codes(distinct, self.missing)
        for at in np.flatnonzero(gone):
            code = whole(distinct[at])
            self.marks[at] = self._mark(code, self._words(code))
        for code in sorted(self.target.missing):
            at = (distinct == code) & ~gone
            if at.any():
                self.marks[at] = self._mark(code, self._listed_words(code))
                gone |= at
        listed = self.target.codes
        if listed is not None and not listed.open:
            self.unmapped = ~gone & ~np.isin(distinct, np.array(listed.codes, dtype=np.float64))
        elif self.target.type == "integer":
            self.mistyped = ~gone & (distinct != np.floor(distinct))
        out[gone | self.unmapped | self.mistyped] = np.nan
        return out

    def _texts_at_once(self, distinct: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Texts that stay as they are: there may be as many of them as rows."""
        texts = pd.Series(distinct, dtype=object)
        gone = texts.isin([str(code) for code in self.missing]).to_numpy()
        for at in np.flatnonzero(gone):
            self.marks[at] = self._mark(distinct[at], self._words(distinct[at]))
        empty = np.array([isinstance(one, str) and not one.strip() for one in distinct], dtype=bool)
        out = distinct.copy()
        out[gone | empty] = None
        return out

    def _one_by_one(self, distinct: npt.NDArray[Any]) -> npt.NDArray[Any]:
        numeric = self.target.numeric
        out: npt.NDArray[Any] = (
            np.full(len(distinct), np.nan) if numeric else np.full(len(distinct), None, object)
        )
        for at, value in enumerate(distinct.tolist()):
            became = self._became(at, value)
            if became is not None:
                out[at] = became
        return out

    def _became(self, at: int, value: Any) -> Any:
        value = whole(value) if isinstance(value, float) else value
        if isinstance(value, str) and not value.strip():
            return None
        known, code = self._recoded(value)
        if known:
            return self._placed(at, value, code)
        if self.target.type == "select_multiple" and isinstance(value, str):
            return self._several(at, value)
        if any(_same(value, one) for one in self.missing):
            self.marks[at] = self._mark(value, self._words(value))
            return None
        if self.mapped.countries and self.countries is not None:
            # a labelled code is what its label says: 8 may be France in this file
            code = self.countries.find(self._words(value) or value)
            if code is None:
                self.unmapped[at] = True
                return None
            return self._placed(at, value, code)
        if self.recode and not self.mapped.keep_others:
            self.unmapped[at] = True
            return None
        return self._as_it_is(at, value)

    def _several(self, at: int, value: str) -> str | None:
        """Recode each of several codes with blanks between."""
        codes = [self._recoded(one) for one in re.split(r"[\s,;|]+", value.strip())]
        if not all(known for known, _ in codes) and not self.mapped.keep_others:
            self.unmapped[at] = True
            return None
        return " ".join(str(code) for _, code in codes if code is not None) or None

    def _recoded(self, value: Any) -> tuple[bool, Any]:
        for form in _forms(value):
            if form in self.recode:
                return True, self.recode[form]
            for band, code in self.bands:
                if band.holds(form):
                    return True, code
        return False, None

    def _placed(self, at: int, value: Any, code: Any) -> Any:
        """Return a code of the modules, or take it out when it means no answer."""
        if code is None:
            self.marks[at] = self._mark(value, self._words(value))
            return None
        if code in self.target.missing:
            self.marks[at] = self._mark(code, self._listed_words(code))
            return None
        return str(code) if self.target.type == "select_multiple" else code

    def _as_it_is(self, at: int, value: Any) -> Any:
        if not self.target.numeric:
            return value
        number = _number(value)
        if number is None or (self.target.type == "integer" and number != int(number)):
            self.mistyped[at] = True
            return None
        listed = self.target.codes
        if number in self.target.missing:
            return self._placed(at, value, number)
        if listed is not None and not listed.open and number not in listed.codes:
            self.unmapped[at] = True
            return None
        return number

    def without_place(self, counts: npt.NDArray[np.int64]) -> Iterable[Unmapped]:
        """List the values without a place, the most frequent first; rare texts without words."""

        def order(at: np.intp) -> tuple[int, float, str]:
            value = self.distinct[at]
            number = isinstance(value, int | float)
            return -int(counts[at]), value if number else np.inf, str(value)

        hidden = 0
        for at in sorted(np.flatnonzero(self.unmapped), key=order):
            value, count = self.distinct[at], int(counts[at])
            if isinstance(value, str) and (count < SHOWN_FROM or len(value) > 30):
                hidden += count
                continue
            code = whole(value) if isinstance(value, int | float) else value
            words = self.variable.answers.get(code, "")
            shown = f"'{code}'" if isinstance(code, str) else str(code)
            yield Unmapped(f"{shown} ({words})" if words else shown, count)
        if hidden:
            yield Unmapped("other texts", hidden)

    def with_reasons(
        self, values: npt.NDArray[Any], marks: npt.NDArray[np.int64], reasons: Reasons
    ) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
        """Carry over the file's own reasons; a recode may give them a code or another reason."""
        values, marks = values.copy(), marks.copy()
        for code in reasons.codes:
            rows = reasons.where(code)
            if not rows.any():
                continue
            known, became = self._recoded(code)
            if known and became is not None and became not in self.target.missing:
                values[rows] = became
                continue
            given = became if known and became is not None else code
            words = self._listed_words(given) if known and became is not None else ""
            marks[rows] = self._mark(given, words or self._words(code))
        return values, marks


def _forms(value: Any) -> Iterable[Any]:
    """The ways in which a recode may name a value: as it is, and the number that a text is."""
    yield value
    if isinstance(value, str):
        yield value.strip()
        number = _number(value)
        if number is not None:
            yield number


def _same(value: Any, code: Any) -> bool:
    return any(code.holds(f) if isinstance(code, Band) else f == code for f in _forms(value))


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return whole(value)
    try:
        number = float(str(value).strip())
    except ValueError:
        return None
    return whole(number) if np.isfinite(number) else None


def whole(number: Any) -> Any:
    """Return a number as an integer where it is whole."""
    return int(number) if float(number).is_integer() else float(number)


def found_codes(values: npt.NDArray[np.float64], codes: Iterable[Any]) -> npt.NDArray[np.bool_]:
    """Which numbers are one of some codes, or lie in one of their bands, shape as `values`."""
    found = np.zeros(values.shape, dtype=bool)
    for code in codes:
        if isinstance(code, Band):
            found |= (values >= code.low) & (values <= code.high)
        elif isinstance(code, int | float):
            found |= values == code
    return found
