"""A rule or formula that has been read, and what can be done with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt

from mpsurvey.errors import ColumnMissing, RuleError
from mpsurvey.rule.answers import Answers
from mpsurvey.rule.frames import Columns, many_answers_columns
from mpsurvey.rule.grammar import Grammar
from mpsurvey.rule.nodes import (
    Answered,
    Condition,
    Home,
    Membership,
    Name,
    Node,
    Selected,
    Value,
    walk,
)
from mpsurvey.rule.words import in_words

__all__ = ["Formula", "Rule", "parse_formula", "parse_rule", "parse_value"]

Home_ = int | str | None


@dataclass(frozen=True, slots=True)
class _Parsed:
    """What a rule and a formula share.

    Attributes
    ----------
    text
        As it was written.
    names
        The variables it uses.
    node
        Its parts (`mpsurvey.rule.nodes`).
    uses_home
        Whether it uses ``HOME``.
    """

    text: str
    node: Node = field(repr=False)
    names: frozenset[str] = field(repr=False)
    uses_home: bool = field(repr=False)

    def __str__(self) -> str:
        return self.text

    def words(
        self,
        language: str = "en",
        *,
        names: Mapping[str, str] | None = None,
        answers: Mapping[str, Mapping[int, str]] | None = None,
    ) -> str:
        """Say it in words: 'en', 'fr', 'es', 'ru', 'ar', and English for any other.

        >>> parse_rule("age >= 15 and sex == 2").words("fr", answers={"sex": {2: "Femme"}})
        'age est au moins 15 et sex est 2 (Femme)'
        """
        return in_words(self.node, language, names=names, answers=answers)

    def columns(self, frame: Any) -> tuple[str, ...]:
        """Return the columns of a frame that are read, in the frame's order.

        Raises
        ------
        ColumnMissing
            When the frame lacks some, naming all of them with near misses.
        """
        schema = dict.fromkeys(nw.from_native(frame).collect_schema().names())
        return _needed(self.names, self._many(), schema)

    def _many(self) -> frozenset[str]:
        """Names that may stand for the yes/no columns of a question of many answers."""
        loose = {n.name for n in walk(self.node) if isinstance(n, Selected | Answered)}
        fixed = {n.name for n in walk(self.node) if isinstance(n, Name)}
        return frozenset(loose - fixed)


@dataclass(frozen=True, slots=True)
class Rule(_Parsed):
    """A condition that holds or does not; see `parse_rule`."""

    def expression(self, schema: Mapping[str, Any], *, home: Home_ = None) -> nw.Expr:
        """Return the rule as a narwhals expression: true or false, never null.

        Parameters
        ----------
        schema
            Column types, as ``narwhals.from_native(frame).collect_schema()`` gives them. Lazy
            frames are welcome: nothing is read.
        home
            The country's own code, for rules that use ``HOME``.

        Raises
        ------
        ColumnMissing
            Naming every absent column.
        RuleError
            When text is compared with numbers, or ``HOME`` is used and not given.
        """
        _needed(self.names, self._many(), schema)
        return Columns(schema, home).condition(self.node)  # type: ignore[arg-type]

    def mask(self, frame: Any, *, home: Home_ = None) -> npt.NDArray[np.bool_]:
        """Evaluate on an eager frame (pandas, Polars, PyArrow or narwhals), shape (n,).

        >>> import pandas as pd
        >>> people = pd.DataFrame({"age": [10, 20, 30], "status": [None, 3, None]})
        >>> parse_rule("age >= 15 and status != 4").mask(people)
        array([False,  True, False])
        """
        data = _eager(frame, self.columns(frame), self.text)
        rows = data.shape[0]
        if rows == 0:
            return np.zeros(0, dtype=bool)
        held = data.select(rule=self.expression(data.schema, home=home))["rule"].to_numpy()
        # A rule of constants alone gives one row.
        return np.broadcast_to(held.astype(bool), (rows,)).copy()

    def holds(
        self,
        answers: Mapping[str, Any],
        *,
        home: Home_ = None,
        missing: Mapping[str, Collection[int]] | None = None,
    ) -> bool:
        """Whether the rule holds for the answers of one interview.

        Parameters
        ----------
        answers
            Answer by name; a collection of codes where many can be given; absent is unanswered.
        home
            The country's own code.
        missing
            For each name the codes that count as no answer (*does not know*, *refused*).

        Examples
        --------
        >>> rule = parse_rule("mb_cob != HOME")
        >>> rule.holds({"mb_cob": 999}, home=404), rule.holds({}, home=404)
        (True, False)
        >>> rule.holds({"mb_cob": 999}, home=404, missing={"mb_cob": (998, 999)})
        False
        """
        return Answers(answers, home, missing).holds(self.node)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Formula(_Parsed):
    """A value that is worked out from answers; see `parse_formula`."""

    def expression(self, schema: Mapping[str, Any], *, home: Home_ = None) -> nw.Expr:
        """Return the formula as a narwhals expression, null where unanswered."""
        _needed(self.names, self._many(), schema)
        columns, node = Columns(schema, home), self.node
        return columns.value(node)  # type: ignore[arg-type]

    def values(self, frame: Any, *, home: Home_ = None) -> npt.NDArray[np.float64]:
        """Evaluate on an eager frame: floats of shape (n,), NaN where unanswered.

        >>> import pandas as pd
        >>> paid = pd.DataFrame({"a": [10.0, None, None], "b": [5, 6, None]})
        >>> parse_formula("sum(a, b)").values(paid)
        array([15.,  6., nan])
        """
        data = _eager(frame, self.columns(frame), self.text)
        rows = data.shape[0]
        if rows == 0:
            return np.zeros(0)
        held = data.select(value=self.expression(data.schema, home=home).cast(nw.Float64))
        worked_out = held["value"].to_numpy().astype(np.float64)
        return np.broadcast_to(worked_out, (rows,)).copy()

    def value(
        self,
        answers: Mapping[str, Any],
        *,
        home: Home_ = None,
        missing: Mapping[str, Collection[int]] | None = None,
    ) -> Any:
        """Work the formula out for one interview; None where it is unanswered."""
        return Answers(answers, home, missing).value(self.node)  # type: ignore[arg-type]


def parse_rule(text: str) -> Rule:
    """Read a rule.

    Parameters
    ----------
    text
        Such as ``"age >= 15 and emp_paid == 1"``. The language: ``== != < <= > >=``,
        ``in (1, 2)``, ``not in``, ``and``, ``or``, ``not``, ``+ - * /``, numbers, texts in quotes,
        names (in backticks when they hold blanks or signs), ``selected(x, 3)``, ``answered(x)``,
        ``HOME``, and ``sum min max mean count`` of several values.

    Raises
    ------
    RuleError
        For anything else, with the place.

    Examples
    --------
    >>> rule = parse_rule("age >= 15 and (emp_paid == 1 or status in (3, 4))")
    >>> sorted(rule.names)
    ['age', 'emp_paid', 'status']
    >>> parse_rule("age => 15")
    Traceback (most recent call last):
    mpsurvey.errors.RuleError: '=>' is not in the rule language. Write '>=' or '<='.
        age => 15
            ^
    """
    node = Grammar(text).condition()
    return Rule(text, node, *_used(node))


def parse_formula(text: str) -> Formula:
    """Read a formula that gives a value, such as ``"int_year - mb_arr_year"``.

    >>> parse_formula("sum(fee, visa) / earn").value({"fee": 30, "earn": 10})
    3.0
    """
    node = Grammar(text).value()
    return Formula(text, node, *_used(node))


def parse_value(text: str) -> Rule | Formula:
    """Read a rule when the text compares something, a formula otherwise.

    >>> type(parse_value("age >= 15")).__name__, type(parse_value("age + 1")).__name__
    ('Rule', 'Formula')
    """
    node = Grammar(text).either()
    names, home = _used(node)
    if isinstance(node, Value):
        return Formula(text, node, names, home)
    return Rule(text, node, names, home)


def _used(node: Condition | Value) -> tuple[frozenset[str], bool]:
    parts = list(walk(node))
    names = frozenset(p.name for p in parts if isinstance(p, Name | Selected | Answered))
    home = any(isinstance(p, Home) for p in parts)
    inside = [c for p in parts if isinstance(p, Membership) for c in p.choices]
    return names, home or any(isinstance(c, Home) for c in inside)


def _needed(
    names: frozenset[str], many: frozenset[str], schema: Mapping[str, Any]
) -> tuple[str, ...]:
    wanted: set[str] = set()
    absent: list[str] = []
    for name in sorted(names):
        if name in schema:
            wanted.add(name)
        parts = many_answers_columns(name, schema) if name in many else {}
        wanted.update(parts.values())
        if name not in schema and not parts:
            absent.append(name)
    if absent:
        raise ColumnMissing([("a rule", name) for name in absent], schema)
    return tuple(column for column in schema if column in wanted)


def _eager(frame: Any, columns: tuple[str, ...], text: str) -> nw.DataFrame[Any]:
    data: Any = nw.from_native(frame)
    if isinstance(data, nw.LazyFrame):
        raise RuleError(
            f"'{text}' is asked of a frame that is not collected: use rule.expression(schema)."
        )
    if not columns:  # a rule of constants still needs the rows
        columns = tuple(data.columns[:1])
    data = data.select(*columns)
    plain = []
    for name in columns:
        native = data[name].to_native()
        if data.schema[name] in (nw.Categorical, nw.Enum) and hasattr(native, "cat"):
            categories = getattr(native.cat, "categories", None)
            if categories is not None and hasattr(categories, "dtype"):  # pandas: codes or labels
                kind = categories.dtype
                numeric = getattr(kind, "kind", "O") in "iuf"
                series = native.astype("Float64" if numeric else object)
                plain.append(nw.from_native(series, series_only=True).alias(name))
    eager: nw.DataFrame[Any] = data.with_columns(*plain) if plain else data
    return eager
