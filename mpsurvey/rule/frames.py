"""A rule on the columns of a frame.

Everything becomes one narwhals expression, so that pandas, Polars, PyArrow, DuckDB and the others
evaluate it in their own engine. Missing is null, and NaN where a column is of floats, and the empty
text where it is of text.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import narwhals as nw

from mpsurvey.errors import RuleError
from mpsurvey.rule.nodes import (
    And,
    Answered,
    Arithmetic,
    Comparison,
    Condition,
    Function,
    Home,
    Membership,
    Name,
    Negative,
    Not,
    Number,
    Or,
    Selected,
    Text,
    Value,
)

__all__ = ["Columns", "many_answers_columns"]

# Codes of *does not know* and *refused*, the same in every list of the catalogue. A column of such
# a code among the yes/no columns of a question is a refusal of the whole question.
RESERVED_MISSING = ("98", "99", "998", "999", "-98", "-99")

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_RECKON: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def many_answers_columns(name: str, columns: Mapping[str, Any]) -> dict[str, str]:
    """Columns that hold the answers to one question of many answers, by code.

    Files split such a question into yes/no columns: ``x_3`` (this library), ``x__3`` (Survey
    Solutions), ``x/3`` and ``x.3`` (ODK exports). A negative code is written ``x_n98``.

    >>> many_answers_columns("use", {"use_1": 0, "use_2": 0, "use_main": 0})
    {'1': 'use_1', '2': 'use_2'}
    """
    pattern = re.compile(re.escape(name) + r"(?:__?|/|\.)(n?\d+)")
    found = {}
    for column in columns:
        if match := pattern.fullmatch(str(column)):
            found[match[1].replace("n", "-")] = str(column)
    return found


def _one_where(held: nw.Expr) -> nw.Expr:
    """1 where a condition holds, else 0: PostgreSQL does not cast truth to numbers."""
    return nw.when(held).then(nw.lit(1)).otherwise(nw.lit(0))


class Columns:
    """Builds the expression of a rule for columns of known types.

    Parameters
    ----------
    schema
        The frame's columns and their narwhals types.
    home
        The country's own code, for rules that use ``HOME``.
    """

    def __init__(self, schema: Mapping[str, Any], home: int | str | None) -> None:
        self.schema = schema
        self.home = home

    def condition(self, node: Condition) -> nw.Expr:
        """Return true or false for each row, never null."""
        match node:
            case And(parts=parts):
                return reduce(operator.and_, map(self.condition, parts))
            case Or(parts=parts):
                return reduce(operator.or_, map(self.condition, parts))
            case Not(part=part):
                return ~self.condition(part)
            case Comparison(operator=sign, left=left, right=right):
                self._same_kind(left, right)
                holds = _COMPARE[sign](self.value(left), self.value(right))
                return self._guarded(holds, left, right)
            case Membership(value=value, choices=choices, negated=negated):
                for choice in choices:
                    self._same_kind(value, choice)
                held = self.value(value)
                holds = reduce(operator.or_, [held == self._literal(each) for each in choices])
                return self._guarded(~holds if negated else holds, value)
            case Answered(name=name):
                return self._answered_name(name)
            case Selected(name=name, code=code):
                return self._selected(name, str(code))

    def value(self, node: Value) -> nw.Expr:
        """Return the value for each row, null where unanswered."""
        match node:
            case Number() | Text() | Home():
                return nw.lit(self._literal(node))
            case Name(name=name):
                column = nw.col(name)
                if self.schema[name] != nw.Boolean:
                    return column
                return nw.when(~column.is_null()).then(_one_where(column)).cast(nw.Float64)
            case Negative(operand=operand):
                return -self._float(operand)
            case Arithmetic(sign=sign, left=left, right=right):
                first, second = self._float(left), self._float(right)
                if sign == "/":
                    second = nw.when(second != 0).then(second)
                worked_out: nw.Expr = _RECKON[sign](first, second)
                return worked_out
            case Function():
                return self._function(node)

    def _function(self, node: Function) -> nw.Expr:
        values = [self._float(each) for each in node.arguments]
        here = [self._answered(each) for each in node.arguments]
        many = reduce(operator.add, [_one_where(each).cast(nw.Float64) for each in here])
        if node.function == "count":
            return many
        if node.function in ("sum", "mean"):
            total = reduce(
                operator.add,
                [
                    nw.when(known).then(value).otherwise(nw.lit(0.0))
                    for known, value in zip(here, values, strict=True)
                ],
            )
            return nw.when(many > 0).then(total if node.function == "sum" else total / many)
        known_values = [
            nw.when(known).then(value) for known, value in zip(here, values, strict=True)
        ]
        if node.function == "min":
            return nw.min_horizontal(*known_values)
        return nw.max_horizontal(*known_values)

    def _float(self, node: Value) -> nw.Expr:
        self._must_be_number(node)
        # Narrow integers of .sav and .parquet files would overflow.
        return self.value(node).cast(nw.Float64)

    def _guarded(self, holds: nw.Expr, *sides: Value) -> nw.Expr:
        known = [self._answered(side) for side in sides if not isinstance(side, Number | Text)]
        if not known:
            return holds
        # False and unknown is false, so that no unknown is left.
        return reduce(operator.and_, known) & holds

    def _answered(self, node: Value) -> nw.Expr:
        match node:
            case Name(name=name):
                return self._answered_column(name)
            case Number() | Text() | Home():
                return nw.lit(value=True)
            case Negative(operand=operand):
                return self._answered(operand)
            case Arithmetic(sign=sign, left=left, right=right):
                known = self._answered(left) & self._answered(right)
                if sign != "/":
                    return known
                return known & nw.when(known).then(self._float(right) != 0).otherwise(
                    nw.lit(value=False)
                )
            case Function(function=function, arguments=arguments):
                if function == "count":
                    return nw.lit(value=True)
                return reduce(operator.or_, map(self._answered, arguments))

    def _answered_column(self, name: str) -> nw.Expr:
        column, kind = nw.col(name), self.schema[name]
        known = ~column.is_null()
        if kind.is_float():
            known = known & ~column.is_nan().fill_null(value=False)
        if kind == nw.String:
            known = known & (column != "").fill_null(value=False)
        return known

    def _answered_name(self, name: str) -> nw.Expr:
        if name in self.schema:
            return self._answered_column(name)
        parts = many_answers_columns(name, self.schema)
        known = reduce(operator.or_, map(self._answered_column, parts.values()))
        refusals = [column for code, column in parts.items() if code in RESERVED_MISSING]
        for column in refusals:
            known = known & ~self.condition(Comparison("==", Name(column), Number(1)))
        return known

    def _selected(self, name: str, code: str) -> nw.Expr:
        if name in self.schema and self.schema[name] == nw.String:
            pattern = rf"(?:^|[\s,;|]){re.escape(code)}(?:$|[\s,;|])"
            return nw.col(name).str.contains(pattern).fill_null(value=False)
        parts = many_answers_columns(name, self.schema)
        if code in parts:
            chosen: Condition = Comparison("==", Name(parts[code]), Number(1))
            return self.condition(chosen)
        if name in self.schema:  # one answer is a set of one
            literal = Number(int(code)) if code.lstrip("-").isdigit() else Text(code)
            return self.condition(Comparison("==", Name(name), literal))
        return nw.lit(value=False)

    def _literal(self, node: Number | Text | Home) -> int | float | str:
        if not isinstance(node, Home):
            return node.value
        if self.home is None:
            raise RuleError("The rule uses HOME, the country's own code: give home=, such as 404.")
        return self.home

    def _kind(self, node: Value) -> str:
        """Return 'number', 'text', or 'any' where the frame does not say."""
        match node:
            case Text():
                return "text"
            case Home():
                return "text" if isinstance(self.home, str) else "number"
            case Name(name=name):
                kind = self.schema[name]
                if kind.is_numeric() or kind == nw.Boolean:
                    return "number"
                if kind in (nw.String, nw.Categorical, nw.Enum):
                    return "text"
                if kind.is_temporal():
                    raise RuleError(
                        f"'{name}' is a date or time; a rule compares numbers and texts. "
                        "Make a column of the year first."
                    )
                return "any"
            case _:
                return "number"

    def _same_kind(self, left: Value, right: Value) -> None:
        first, second = self._kind(left), self._kind(right)
        if "any" in (first, second) or first == second:
            return
        text, number = (left, right) if first == "text" else (right, left)
        shown = [
            f"'{side.name}'" if isinstance(side, Name) else f"{self._shown(side)}"
            for side in (text, number)
        ]
        raise RuleError(
            f"{shown[0]} is text, {shown[1]} is a number: they cannot be compared. "
            'Put a code that the file keeps as text in quotes, such as region == "01".'
        )

    def _shown(self, node: Value) -> str:
        match node:
            case Number(value=value):
                return str(value)
            case Text(value=text):
                return f'"{text}"'
            case Home():
                return f"HOME ({self.home!r})"
            case _:
                return "the result of the sum"

    def _must_be_number(self, node: Value) -> None:
        if self._kind(node) == "text":
            shown = f"'{node.name}'" if isinstance(node, Name) else "This"
            raise RuleError(f"{shown} is text and cannot be reckoned with.")
