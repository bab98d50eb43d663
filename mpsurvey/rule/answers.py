"""A rule on the answers of one interview: the meaning that every other target must match."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Collection, Mapping
from typing import Any

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

__all__ = ["Answers"]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Answers:
    """The answers of one interview, with the codes that count as no answer.

    Parameters
    ----------
    given
        Answer by name: a number, a text, a collection of codes for many answers, or None. A name
        that is absent is unanswered.
    home
        The country's own code.
    missing
        For each name the codes that mean *does not know* or *refused*.
    """

    def __init__(
        self,
        given: Mapping[str, Any],
        home: int | str | None = None,
        missing: Mapping[str, Collection[int]] | None = None,
    ) -> None:
        self.given = given
        self.home = home
        self.missing = missing or {}

    def answer(self, name: str) -> Any:
        """Return the answer, or None where there is none or it is a missing code."""
        value = self.given.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, float) and math.isnan(value):
            return None
        missing = self.missing.get(name, ())
        if isinstance(value, list | tuple | set | frozenset):
            # A refusal stands alone; a form refuses it beside other answers.
            return None if any(code in missing for code in value) else list(value) or None
        return None if value in missing else value

    def holds(self, node: Condition) -> bool:
        """Whether a condition holds."""
        match node:
            case And(parts=parts):
                return all(self.holds(part) for part in parts)
            case Or(parts=parts):
                return any(self.holds(part) for part in parts)
            case Not(part=part):
                return not self.holds(part)
            case Comparison(operator=sign, left=left, right=right):
                first, second = self.value(left), self.value(right)
                if first is None or second is None:
                    return False
                if isinstance(first, str) != isinstance(second, str):
                    raise RuleError("A text is compared with a number.")
                return _COMPARE[sign](first, second)
            case Membership(value=value, choices=choices, negated=negated):
                held = self.value(value)
                if held is None:
                    return False
                return (held in [self.value(choice) for choice in choices]) != negated
            case Selected(name=name, code=code):
                chosen = self.answer(name)
                if isinstance(chosen, list):
                    return code in chosen
                return chosen is not None and chosen == code
            case Answered(name=name):
                return self.answer(name) is not None

    def value(self, node: Value) -> Any:
        """Return the value of a formula, or None where it is unanswered."""
        match node:
            case Number(value=value) | Text(value=value):
                return value
            case Home():
                if self.home is None:
                    raise RuleError("The rule uses HOME, the country's own code: give home=.")
                return self.home
            case Name(name=name):
                return self.answer(name)
            case Negative(operand=operand):
                inner = self.value(operand)
                return None if inner is None else -inner
            case Arithmetic(sign=sign, left=left, right=right):
                return _reckon(sign, self.value(left), self.value(right))
            case Function(function=function, arguments=arguments):
                known = [v for v in map(self.value, arguments) if v is not None]
                if function == "count":
                    return len(known)
                if not known:
                    return None
                if function == "mean":
                    return sum(known) / len(known)
                if function == "sum":
                    return sum(known)
                return min(known) if function == "min" else max(known)


def _reckon(sign: str, left: Any, right: Any) -> Any:
    if left is None or right is None or (sign == "/" and right == 0):
        return None
    if sign == "+":
        return left + right
    if sign == "-":
        return left - right
    return left * right if sign == "*" else left / right
