"""A survey's rows and what its columns mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from mpsurvey.declaration import Design
from mpsurvey.errors import ColumnMissing, MpsurveyError
from mpsurvey.microdata.columns import infer_variable, settled, take_out
from mpsurvey.microdata.reasons import Reasons
from mpsurvey.microdata.variable import Kind, MultipleResponse, Variable

__all__ = ["FileWarning", "Microdata"]

BLANK = "blank, no reason recorded"


class FileWarning(UserWarning):
    """What reading had to change, or what writing could not keep."""


@dataclass(frozen=True, slots=True, eq=False)
class Microdata:
    """A survey's rows, what its columns mean, and the design that its file declares.

    Made by `mpsurvey.read`; or from a frame of your own, with as many `variables` as you can
    describe. Nothing changes in place: every method returns a new one and the frame that you gave
    stays as it was.

    Parameters
    ----------
    frame
        The rows, as pandas (another eager frame is turned into pandas). Numbers are ``int64`` where
        every value is present and whole, else ``float64`` with NaN; dates and datetimes are
        ``datetime64``, times ``timedelta64``, text pandas' own string type. ``int64`` and not
        something smaller, because codes get multiplied into identifiers and must not overflow.
        Declared missing values are null here; codes of `variables` that still stand in a frame of
        yours are taken out.
    variables
        What each column means, by name; columns left out are described from their values.
    source
        The file.
    design
        The design that the file itself declares, or ``None``.
    reasons
        Why answers are missing, by column.
    title
        The file's own label.
    notes
        The file's notes (Stata notes, SPSS documents).
    weight
        The column by which the file says it is weighted (SPSS).
    multiple_response
        Questions with several answers, by name (SPSS MR sets).
    remarks
        What reading had to do: an encoding that was assumed, dates out of range, a stale design.

    Examples
    --------
    >>> import pandas as pd
    >>> people = Microdata(
    ...     pd.DataFrame({"sex": [1, 2, 9, 2]}),
    ...     {"sex": Variable("sex", "Sex", "categorical", {1: "Man", 2: "Woman"}, {9: "Refused"})},
    ... )
    >>> people.frame["sex"].tolist()
    [1.0, 2.0, nan, 2.0]
    >>> people.missing_reasons("sex").to_dict("records")
    [{'code': 9, 'label': 'Refused', 'count': 1}]
    """

    frame: pd.DataFrame
    variables: Mapping[str, Variable] = field(default_factory=dict)
    source: str | Path | None = None
    design: Design | None = None
    reasons: Mapping[str, Reasons] = field(default_factory=dict, kw_only=True)
    title: str = field(default="", kw_only=True)
    notes: tuple[str, ...] = field(default=(), kw_only=True)
    weight: str | None = field(default=None, kw_only=True)
    multiple_response: Mapping[str, MultipleResponse] = field(default_factory=dict, kw_only=True)
    remarks: tuple[str, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        frame = self.frame
        if not isinstance(frame, pd.DataFrame):
            try:
                frame = nw.from_native(frame, eager_only=True).to_pandas()
            except TypeError:
                raise MpsurveyError(
                    "Microdata needs a frame that is in memory (pandas, Polars, PyArrow); "
                    "collect a lazy one first, or give it to Sample as it is."
                ) from None
        columns = list(frame.columns)
        if len(set(columns)) < len(columns):
            twice = sorted({str(c) for c in columns if columns.count(c) > 1})
            raise MpsurveyError(f"The frame has more than one column named {', '.join(twice)}.")
        absent = [("the description of a variable", v) for v in self.variables if v not in columns]
        if absent:
            raise ColumnMissing(absent, columns)
        variables: dict[str, Variable] = {}
        reasons = {name: why for name, why in self.reasons.items() if name in columns}
        changed: dict[str, Any] = {}
        for name in columns:
            variable = self.variables.get(name) or infer_variable(name, frame[name])
            if variable.declares_missing and name not in reasons:
                cleaned, found = take_out(frame[name], variable)
                if found is not None:
                    changed[name], reasons[name] = cleaned, found
            variables[name] = variable
        if changed:
            frame = frame.copy(deep=False)
            for name, cleaned in changed.items():
                frame[name] = cleaned
        object.__setattr__(self, "frame", frame)
        object.__setattr__(self, "variables", variables)
        object.__setattr__(self, "reasons", reasons)
        object.__setattr__(self, "notes", tuple(self.notes))
        object.__setattr__(self, "remarks", tuple(self.remarks))

    def __len__(self) -> int:
        return len(self.frame)

    def __iter__(self) -> Iterator[str]:
        return iter(self.variables)

    def __contains__(self, name: object) -> bool:
        return name in self.variables

    def __getitem__(self, name: str) -> pd.Series:
        self._find(name)
        return self.frame[name]

    def __repr__(self) -> str:
        kinds: dict[str, int] = {}
        for variable in self.variables.values():
            kinds[variable.kind] = kinds.get(variable.kind, 0) + 1
        lines = [
            f"Microdata: {len(self):,} rows, {len(self.variables):,} variables"
            + (f" from {Path(self.source).name}" if self.source else ""),
            "  " + ", ".join(f"{count} {kind}" for kind, count in kinds.items()),
        ]
        if self.title:
            lines.append(f"  title: {self.title}")
        lines.append(f"  design: {self.design if self.design else 'none declared'}")
        lines += [f"  remark: {remark}" for remark in self.remarks]
        return "\n".join(line for line in lines if line.strip())

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.variables)

    def label(self, name: str, value: Any = None) -> str:
        """Return the words for a variable, or for one of its values.

        The name or the value itself comes back where the file has no words.

        >>> people = Microdata(pd.DataFrame({"sex": [1, 2]}),
        ...                    {"sex": Variable("sex", "Sex", answers={1: "Man", 2: "Woman"})})
        >>> people.label("sex"), people.label("sex", 2)
        ('Sex', 'Woman')
        """
        return self._find(name).word(value)

    def labelled(self, name: str) -> pd.Series:
        """Return a column with words for codes, as an ordered pandas categorical.

        Categories stand in the order of the codes, also those that nobody gave. Codes without a
        label show as themselves.
        """
        variable = self._find(name)
        column = self.frame[name]
        words = dict(variable.answers)
        for value in pd.unique(column.dropna()):
            words.setdefault(value, str(value))
        if all(isinstance(code, int | float) for code in words):
            words = dict(sorted(words.items()))
        # two codes with the same label stay two categories, told apart by their code
        said: dict[str, int] = {}
        for word in words.values():
            said[word] = said.get(word, 0) + 1
        shown = [word if said[word] == 1 else f"{word} ({code})" for code, word in words.items()]
        codes = pd.Index(list(words)).get_indexer(pd.Index(column))
        codes = np.where(column.isna().to_numpy(), -1, codes)
        values = pd.Categorical.from_codes(codes, categories=pd.Index(shown), ordered=True)
        return pd.Series(values, index=column.index, name=name)

    def missing_reasons(self, name: str) -> pd.DataFrame:
        """Count the rows behind each reason for a missing answer.

        Returns
        -------
        pandas.DataFrame
            ``code``, ``label``, ``count``: declared codes, also those that nobody has, then a row
            with code ``None`` for cells that are blank without a reason, if there are any.
        """
        variable = self._find(name)
        counted: dict[Any, int] = dict.fromkeys(variable.missing, 0)
        why = self.reasons.get(name)
        if why is not None:
            counted |= dict(zip(why.codes, why.counts(), strict=True))
        labels = [variable.missing.get(code, "") for code in counted]
        blank = int(self.frame[name].isna().sum()) - sum(counted.values())
        if blank > 0:
            counted[None] = blank
            labels.append(BLANK)
        return pd.DataFrame(
            {
                "code": pd.Series(list(counted), dtype=object),
                "label": pd.Series(labels, dtype=object),
                "count": pd.Series(list(counted.values()), dtype=np.int64),
            }
        )

    def declare_missing(self, codes: Mapping[str, Any] | Sequence[Any]) -> Microdata:
        """Make ordinary codes missing, with their labels as the reasons.

        Parameters
        ----------
        codes
            For each variable its codes; a pair ``(lowest, highest)`` among them is a range; or a
            mapping of codes to words of your own. A list without names means every variable that
            *labels* a code of the list: a -1 that has no label stays a number.

        Returns
        -------
        Microdata
            A new one; this one and its frame stay as they are.

        Examples
        --------
        >>> income = Variable("income", "Income", answers={-2: "Refused", -1: "Does not know"})
        >>> people = Microdata(pd.DataFrame({"income": [120, -1, 80, -2, -1]}), {"income": income})
        >>> people.declare_missing({"income": [-2, -1]}).missing_reasons("income").values.tolist()
        [[-2, 'Refused', 1], [-1, 'Does not know', 2]]
        """
        wanted = self._missing_wanted(codes)
        variables = dict(self.variables)
        reasons = dict(self.reasons)
        frame = self.frame.copy(deep=False)
        for name, given in wanted.items():
            before = variables[name]
            declared = split_codes(name, given)
            inside = [
                code
                for code in before.answers
                if any(low <= code <= high for low, high in declared.ranges)
            ]
            new = {
                code: declared.words.get(code) or before.answers.get(code, "")
                for code in (*declared.words, *inside)
            }
            answers = {code: word for code, word in before.answers.items() if code not in new}
            after = before.but(
                answers=answers,
                missing={**before.missing, **new},
                missing_ranges=(*before.missing_ranges, *declared.ranges),
            )
            cleaned, found = take_out(
                frame[name], before.but(missing=new, missing_ranges=declared.ranges)
            )
            if not answers and after.kind in ("categorical", "integer", "decimal"):
                cleaned, after = settled(cleaned, after)
                frame[name] = cleaned
            variables[name] = after
            if found is not None:
                frame[name] = cleaned
                reasons[name] = reasons[name].merged(found) if name in reasons else found
            elif name not in reasons:
                reasons[name] = Reasons.gather(len(frame), [])
        return replace(self, frame=frame, variables=variables, reasons=reasons)

    def describe(self, name: str, **changes: Any) -> Microdata:
        """Return the same data with a variable described otherwise: label, kind, answers, unit.

        >>> people = Microdata(pd.DataFrame({"age": [31, 45]}))
        >>> people.describe("age", label="Age", unit="years").label("age")
        'Age'
        """
        variables = {**self.variables, name: self._find(name).but(**changes)}
        return replace(self, variables=variables)

    def select(self, columns: Sequence[str]) -> Microdata:
        """Return some of the columns, in this order."""
        for_what = "the selection"
        absent = [(for_what, name) for name in columns if name not in self.variables]
        if absent:
            raise ColumnMissing(absent, self.variables)
        return replace(
            self,
            frame=self.frame[list(columns)],
            variables={name: self.variables[name] for name in columns},
            reasons={name: why for name, why in self.reasons.items() if name in columns},
        )

    def take(self, rows: Any) -> Microdata:
        """Return some of the rows: a boolean mask, a slice or row numbers.

        Not for subpopulations: give those to an estimate as ``where``, so that its standard error
        still knows the whole design.
        """
        rows = rows if isinstance(rows, slice) else np.asarray(rows)
        return replace(
            self,
            frame=self.frame.iloc[rows],
            reasons={name: why.take(rows) for name, why in self.reasons.items()},
        )

    def of_kind(self, *kinds: Kind) -> tuple[str, ...]:
        """Names of the variables of these kinds."""
        return tuple(name for name, variable in self.variables.items() if variable.kind in kinds)

    def _find(self, name: str) -> Variable:
        if name not in self.variables:
            raise ColumnMissing([("this question", name)], self.variables)
        return self.variables[name]

    def _missing_wanted(self, codes: Mapping[str, Any] | Sequence[Any]) -> dict[str, Any]:
        if isinstance(codes, Mapping):
            absent = [("missing codes", name) for name in codes if name not in self.variables]
            if absent:
                raise ColumnMissing(absent, self.variables)
            return dict(codes)
        wanted = {}
        for name, variable in self.variables.items():
            labelled = [code for code in codes if code in variable.answers]
            if labelled:
                wanted[name] = labelled
        return wanted


@dataclass(frozen=True, slots=True)
class _Declared:
    words: dict[Any, str]
    ranges: tuple[tuple[float, float], ...]


def split_codes(name: str, given: Any) -> _Declared:
    """Tell single codes from ranges in what a caller declares missing."""
    if isinstance(given, Mapping):
        return _Declared(dict(given), ())
    if isinstance(given, str | int | float):
        given = [given]
    words: dict[Any, str] = {}
    ranges: list[tuple[float, float]] = []
    for code in given:
        if isinstance(code, tuple | list):
            if len(code) != 2 or not code[0] <= code[1]:
                raise MpsurveyError(
                    f"Missing codes of '{name}': {code!r} is not a range; write (lowest, highest)."
                )
            ranges.append((float(code[0]), float(code[1])))
        else:
            words[code] = ""
    return _Declared(words, tuple(ranges))
