"""One lazy file on its way to the modules' names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

import narwhals as nw
import numpy as np

from mpsurvey.errors import MpsurveyError, RuleError
from mpsurvey.harmonisation.checking import skip_codes
from mpsurvey.harmonisation.columns import actual_column, actual_columns
from mpsurvey.harmonisation.countries import CountryNames
from mpsurvey.harmonisation.crosswalk import HOME, Band, Crosswalk, Mapped
from mpsurvey.harmonisation.lazy_columns import (
    Drawn,
    first_of,
    found,
    from_numbers,
    from_texts,
    plain,
    renamed,
    texts_as_they_are,
)
from mpsurvey.harmonisation.lazy_rows import (
    NUMBER,
    TEXT,
    LazyRows,
    Sums,
    all_known,
    number,
    tallied,
)
from mpsurvey.harmonisation.lookup import Lookup, Unmapped
from mpsurvey.harmonisation.target import Target, is_yes_no
from mpsurvey.microdata import Variable
from mpsurvey.rule import Formula, Rule
from mpsurvey.rule.frames import many_answers_columns

__all__ = ["LazyTable", "Listed", "aside", "kept", "lost", "raw"]


def raw(column: str) -> str:
    """Name, on the way, of a file's own column; blanks and case cannot clash with the modules'."""
    return f"raw__{column}"


def cleaned(column: str) -> str:
    """Name, on the way, of a file's column without codes of no answer."""
    return f"clean__{column}"


def kept(column: str) -> str:
    """Name, on the way, of a file's column that is carried over."""
    return f"kept__{column}"


def aside(name: str) -> str:
    """Column of the values that mean no answer, or have no place, of a variable."""
    return f"aside__{name}"


def lost(name: str) -> str:
    """Column that says where a value was of the wrong type."""
    return f"lost__{name}"


class Listed:
    """What was set aside of a variable: reasons for missing answers, and values without a place.

    Attributes
    ----------
    reasons
        Codes of the reasons and the rows that have each.
    words
        What these codes mean.
    """

    def __init__(self, lookup: Lookup, counts: np.ndarray) -> None:
        marked = lookup.marks >= 0
        rows = np.bincount(lookup.marks[marked], counts[marked], minlength=len(lookup.reasons))
        self.reasons = {code: int(n) for code, n in zip(lookup.reasons, rows, strict=True)}
        self.words = {code: lookup.words.get(code, "") for code in lookup.reasons}
        self.unmapped: tuple[Unmapped, ...] = tuple(lookup.without_place(counts))


class LazyTable:
    """The rows of one file, in their engine.

    Attributes
    ----------
    rows
        The frame; it has the variables under the modules' names as they are got, and beside them
        the columns named by `raw`, `kept`, `aside` and `lost`.
    columns
        The file's own columns and their types.
    sums
        What is counted in it.
    drawn
        Variables got from this file, by name.
    listed, there
        Once counted: what was set aside of each variable; codes that occur of a long list.
    """

    def __init__(
        self,
        lazy: nw.LazyFrame[Any],
        read: Sequence[str],
        keep: Sequence[str],
        crosswalk: Crosswalk,
        home: int | None,
        countries: CountryNames | None,
    ) -> None:
        self.columns = dict(lazy.collect_schema())
        self.crosswalk, self.home, self.countries = crosswalk, home, countries
        self.engine = lazy.implementation.name
        self.sums = Sums()
        self.drawn: dict[str, Drawn] = {}
        self.lookups: dict[str, tuple[Mapped, Target]] = {}
        self.listed: dict[str, Listed] = {}
        self.there: dict[str, set[int]] = {}
        self._texts: dict[str, list[str]] = {}
        chosen, schema = [], {}
        for column in read:
            value, kind = plain(nw.col(column), self.columns[column], f"The column '{column}'")
            chosen.append(value.alias(raw(column)))
            schema[raw(column)] = kind
        for column in keep:
            chosen.append(nw.col(column).alias(kept(column)))
            schema[kept(column)] = self.columns[column]
        self.rows = LazyRows(lazy.select(*chosen), schema)

    # -- what must be known before

    def look_at_texts(self, wanted: Iterable[tuple[Mapped, Target]]) -> None:
        """Bring the distinct texts of columns that are recoded text by text: one group-by."""
        columns = {
            column
            for mapped, target in wanted
            if (column := self._column(mapped)) is not None
            and self.rows.schema[raw(column)] == nw.String
            and (_is_chosen(mapped) or target.numeric)
        }
        ordered = sorted(columns)
        found_texts = tallied(self.rows.frame(), [raw(c) for c in ordered], "different texts")
        self._texts = {c: found_texts[raw(c)][0].tolist() for c in ordered}

    def _column(self, mapped: Mapped) -> str | None:
        return None if mapped.column is None else actual_column(mapped.column, self.columns)

    # -- one variable

    def get(self, mapped: Mapped, target: Target) -> None:
        """Put one variable in."""
        uses: set[str] = set()
        column = self._column(mapped)
        if column is not None:
            got = self._recoded(column, mapped, target)
            uses = {raw(column)}
        elif mapped.column is not None:
            got, uses = self._gathered(mapped)
        elif mapped.absent:
            got = Drawn(nw.lit(None, dtype=nw.Float64))
        else:
            got, uses = self._worked_out(mapped, target)
        self.drawn[mapped.name] = got
        self.lookups[mapped.name] = mapped, target
        self.rows.put(mapped.name, got.value, got.kind, uses)

    def set_aside(self) -> None:
        """Put beside the variables what was of the wrong type, and what was set aside."""
        for name, got in self.drawn.items():
            if got.lost is not None:
                self.rows.put(lost(name), got.lost, NUMBER)
        for name, got in self.drawn.items():
            if got.given is None:
                continue
            gone = nw.col(name).is_null()
            uses = {name}
            if got.lost is not None:
                gone = gone & (nw.col(lost(name)) != 1)
                uses.add(lost(name))
            kind = TEXT if self.is_text(name) else NUMBER
            self.rows.put(aside(name), nw.when(gone).then(got.given), kind, uses)

    def is_text(self, name: str) -> bool:
        """Whether what is set aside of a variable are texts."""
        column = self._column(self.crosswalk[name])
        return column is not None and self.rows.schema[raw(column)] == nw.String

    def _recoded(self, column: str, mapped: Mapped, target: Target) -> Drawn:
        value, kind = nw.col(raw(column)), self.rows.schema[raw(column)]
        missing = (*mapped.missing, *self.crosswalk.missing)
        skips = skip_codes(self.crosswalk)
        if kind.is_temporal():
            if target.type != "integer" and not target.numeric and not _is_chosen(mapped):
                return Drawn(value, kind)
            if target.type != "integer":
                raise MpsurveyError(
                    f"{mapped.shown}: '{column}' holds dates in {self.engine}, and codes or "
                    "numbers are asked for. Make a column of numbers of it there first."
                )
            of_month = target.unit == "month" or target.name == "int_month"
            value = value.dt.month() if of_month else value.dt.year()
        elif kind == nw.String:
            if not _is_chosen(mapped) and not target.numeric:
                return texts_as_they_are(value, missing)
            texts = np.array(self._texts[column], dtype=object)
            return from_texts(value, self._lookup(texts, mapped, target), skips)
        elif kind.is_integer() and not _is_chosen(mapped) and not target.numeric:
            return Drawn(value, kind)  # an identifier: as a float it would lose its last digits
        lookup = self._lookup(np.zeros(0), mapped, target)
        return from_numbers(value.cast(nw.Float64), lookup, skips)

    def _lookup(self, distinct: np.ndarray, mapped: Mapped, target: Target) -> Lookup:
        missing = () if mapped.column is None else (*mapped.missing, *self.crosswalk.missing)
        variable = Variable(mapped.column or mapped.name)
        return Lookup(distinct, variable, mapped, target, missing, self.home, self.countries)

    def _gathered(self, mapped: Mapped) -> tuple[Drawn, set[str]]:
        """Put the columns of a question of many answers together: codes with blanks between."""
        parts, known, uses = [], [], set()
        columns = many_answers_columns(mapped.column or "", self.columns)
        for code, column in columns.items():
            uses.add(self._cleaned(column))
            answer = nw.col(cleaned(column))
            known.append(~answer.is_null())
            became = (mapped.recode or {}).get(int(code), code)
            if became is not None:
                chosen = nw.when(answer == 1).then(nw.lit(f" {became}"))
                parts.append(chosen.otherwise(nw.lit("")))
        text = nw.concat_str(*parts).str.strip_chars() if parts else nw.lit("")
        answered = reduce(or_, known) & (text != "")
        return Drawn(nw.when(answered).then(text), TEXT), uses

    def _cleaned(self, column: str) -> str:
        """Put in a column of the file without the crosswalk's codes of no answer."""
        name = cleaned(column)
        if name not in self.rows.schema:
            value, kind = nw.col(raw(column)), self.rows.schema[raw(column)]
            codes = self.crosswalk.missing
            if kind == nw.String:
                texts = [str(code) for code in codes if not isinstance(code, Band)]
                gone = value.is_in(texts) if texts else None
            else:
                gone = None if kind.is_temporal() else found(value, codes)
            if gone is not None:
                value = nw.when(~gone).then(value)
            numeric = kind.is_numeric()
            self.rows.put(name, value.cast(nw.Float64) if numeric else value,
                          NUMBER if numeric else kind)  # fmt: skip
        return name

    def _worked_out(self, mapped: Mapped, target: Target) -> tuple[Drawn, set[str]]:
        names, uses = self._said(mapped.names)

        def holds(rule: Rule | Formula) -> nw.Expr:
            try:
                return renamed(rule, names).expression(self.rows.schema, home=self.home)
            except RuleError as error:
                raise RuleError(str(error).replace(cleaned(""), "")) from None

        if mapped.categories:
            out = first_of(
                [
                    nw.when(holds(rule)).then(number(self._number(code, mapped)))
                    for code, rule in mapped.categories
                ]
            )
        elif isinstance(mapped.value, Formula):
            out = holds(mapped.value).cast(nw.Float64)
            if target.type == "integer":
                out = out.floor().cast(nw.Float64)
        else:
            assert isinstance(mapped.value, Rule)  # noqa: S101 - a crosswalk has one of the three
            yes, no = (1.0, 0.0) if target.concept and is_yes_no(target.concept) else (1.0, 2.0)
            out = nw.when(holds(mapped.value)).then(number(yes)).otherwise(number(no))
        if mapped.universe is not None:
            out = nw.when(holds(mapped.universe)).then(out)
        elif isinstance(mapped.value, Rule) and uses:
            out = nw.when(self._answered(uses)).then(out)
        if not target.missing:
            return Drawn(out), uses
        gone = [float(code) for code in sorted(target.missing)]
        skipped = tuple(code for code in gone if code in skip_codes(self.crosswalk))
        return Drawn(nw.when(~out.is_in(gone)).then(out), given=out, skipped=skipped), uses

    def _number(self, code: Any, mapped: Mapped) -> float:
        given = self.home if code == HOME else code
        if not isinstance(given, int | float):
            raise MpsurveyError(
                f"{mapped.shown} gives {code!r}; a category gives a number, and HOME needs "
                "the country's own code: home=."
            )
        return float(given)

    def _answered(self, columns: Iterable[str]) -> nw.Expr:
        known = all_known(list(columns))
        for name in columns:
            if self.rows.schema[name] == nw.String:
                known = known & (nw.col(name) != "")
        return known

    def _said(self, names: Iterable[str]) -> tuple[dict[str, str], set[str]]:
        """What a rule's names are called here, and the columns read: of the file, or got above."""
        used: dict[str, str] = {}
        columns: set[str] = set()
        for name in sorted(names):
            here = actual_columns(name, self.columns)
            if name in self.drawn and name not in self.columns:
                used[name] = name
                columns.add(name)
                continue
            for column in here.values():
                columns.add(self._cleaned(column))
            # Of a question of many answers the rule finds the columns by the name's beginning.
            used[name] = cleaned(here.get(name, name))
        return used, columns

    # -- what was found

    def count(self, own: Mapping[str, LazyTable], named: Sequence[str]) -> None:
        """Let the engine count what was asked for, and list what was set aside.

        Parameters
        ----------
        own
            Variables that stand here, and the file that each came from.
        named
            Variables of which the codes that occur are wanted.
        """
        schema, frame = self.rows.schema, self.rows.frame()
        asked = {
            name: self.sums.ask(~nw.col(aside(name)).is_null())
            for name in own
            if aside(name) in schema
        }
        self.sums.count(frame)
        some = [name for name, count in asked.items() if self.sums[count]]
        texts = [aside(name) for name in some if schema[aside(name)] == nw.String]
        numbers = [aside(name) for name in some if schema[aside(name)] != nw.String]
        values = tallied(frame, [*numbers, *named], "different values without a place")
        values |= tallied(frame, texts, "different texts without a place")
        self.listed = {name: own[name]._listed(name, *values[aside(name)]) for name in some}
        self.there = {name: {int(code) for code in values[name][0]} for name in named}

    def _listed(self, name: str, values: np.ndarray, counts: np.ndarray) -> Listed:
        """Say what the values are that were set aside of a variable of this file."""
        kind = object if self.is_text(name) else np.float64
        return Listed(self._lookup(values.astype(kind), *self.lookups[name]), counts)


def _is_chosen(mapped: Mapped) -> bool:
    """Whether the crosswalk says what each value becomes."""
    return bool(mapped.recode) or mapped.countries
