"""What the field systems' languages have in common: the guards that make them agree with us.

In a field system an unanswered question is an empty text, a null or a special number, and
``x != 3`` is true of it. Each writer adds the test that the question is answered, and that the
answer is not one of its missing codes (*does not know*, *refused*).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

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
    Node,
    Not,
    Number,
    Or,
    Selected,
    Text,
    Value,
    walk,
)

__all__ = ["Choosing", "Known", "Writer", "bare", "in_order"]


@dataclass(frozen=True, slots=True)
class Known:
    """A variable as the target knows it.

    Attributes
    ----------
    reference
        How the target writes it, such as ``${hh_age}``.
    kind
        'one' code, 'many' codes, a 'number' or a 'text'.
    missing
        Codes that count as no answer.
    width
        Places of a code, where the target keeps many answers in one text.
    """

    reference: str
    kind: Literal["one", "many", "number", "text"] = "number"
    missing: frozenset[int] = frozenset()
    width: int = 2


class Writer(ABC):
    """Writes rules in one target's language, whose words are the attributes in capitals.

    Parameters
    ----------
    scope
        The variables that rules may use.
    home
        The country's own code.
    """

    AND = "and"
    OR = "or"
    NOT = "not "
    EQUAL = "=="
    DIFFERENT = "!="

    def __init__(self, scope: Mapping[str, Known], home: int | str | None = None) -> None:
        self.scope = scope
        self.home = home

    def known(self, name: str) -> Known:
        """Return a variable, or refuse a name that the target does not have."""
        if name not in self.scope:
            raise RuleError(f"The form has no variable '{name}'.")
        return self.scope[name]

    # -- conditions

    def all_of(self, tests: list[str]) -> str:
        """Write that all tests hold; of none the empty text."""
        return f"({f' {self.AND} '.join(tests)})" if len(tests) > 1 else "".join(tests)

    def any_of(self, tests: list[str]) -> str:
        """Write that at least one test holds."""
        return f"({f' {self.OR} '.join(tests)})" if len(tests) > 1 else "".join(tests)

    def negated(self, test: str) -> str:
        """Write that a test does not hold."""
        return f"{self.NOT}({bare(test)})"

    def compared(self, sign: str, left: str, right: str) -> str:
        """Write a comparison."""
        written = {"==": self.EQUAL, "!=": self.DIFFERENT}.get(sign, sign)
        return f"{left} {written} {right}"

    def condition(self, node: Condition) -> str:
        """Write a condition."""
        match node:
            case And(parts=parts):
                return self.all_of([self.condition(part) for part in parts])
            case Or(parts=parts):
                return self.any_of([self.condition(part) for part in parts])
            case Not(part=part):
                return self.negated(self.condition(part))
            case Comparison(operator=sign, left=left, right=right):
                test = self.compared(sign, self.value(left), self.value(right))
                return self.all_of([*self.guards(node), test])
            case Membership(value=value, choices=choices, negated=negated):
                shown = self.value(value)
                tests = [self.compared("==", shown, self.value(choice)) for choice in choices]
                held = self.any_of(tests)
                return self.all_of([*self.guards(node), self.negated(held) if negated else held])
            case Selected(name=name, code=code):
                return self.selected(self.known(name), code)
            case Answered(name=name):
                return self.answered(self.known(name))

    def guards(self, node: Comparison | Membership) -> list[str]:
        """Write the tests that everything compared is answered."""
        sides: list[Value] = (
            [node.value] if isinstance(node, Membership) else [node.left, node.right]
        )
        out: list[str] = []
        for side in sides:
            for test in self.has_value(side):
                if test not in out:
                    out.append(test)
        return out

    def has_value(self, node: Value) -> list[str]:
        """Write the tests that a value is there."""
        match node:
            case Name(name=name):
                return [self.answered(self.known(name))]
            case Negative(operand=operand):
                return self.has_value(operand)
            case Arithmetic(sign=sign, left=left, right=right):
                tests = [*self.has_value(left), *self.has_value(right)]
                if sign == "/":
                    tests.append(self.compared("!=", self.value(right), "0"))
                return tests
            case Function(function=function, arguments=arguments):
                if function == "count":
                    return []
                tests = [self.all_of(self.has_value(each)) for each in arguments]
                return [self.any_of(tests)] if all(tests) else []
            case _:
                return []

    # -- values

    def value(self, node: Value) -> str:
        """Write a value."""
        match node:
            case Number(value=value):
                return self.number(value)
            case Text(value=value):
                return self.text(value)
            case Home():
                if self.home is None:
                    raise RuleError("The rule uses HOME, the country's own code: give home=.")
                return (
                    self.text(self.home) if isinstance(self.home, str) else self.number(self.home)
                )
            case Name(name=name):
                return self.read(self.known(name))
            case Negative(operand=operand):
                return self.arithmetic("-", "0", self.value(operand))
            case Arithmetic(sign=sign, left=left, right=right):
                return self.arithmetic(sign, self.value(left), self.value(right))
            case Function(function=function, arguments=arguments):
                return self.function(function, arguments)

    def read(self, known: Known) -> str:
        """Write the answer to a question as a value."""
        return known.reference

    def number(self, value: int | float) -> str:
        """Write a number."""
        return repr(value) if value >= 0 else f"({value!r})"

    def arithmetic(self, sign: str, left: str, right: str) -> str:
        """Write two values added, subtracted, multiplied or divided."""
        return f"({left} {sign} {right})"

    # -- what each target says in its own way

    @abstractmethod
    def function(self, function: str, arguments: tuple[Value, ...]) -> str:
        """Write `sum`, `mean`, `min`, `max` or `count` of what is answered."""

    @abstractmethod
    def selected(self, known: Known, code: int | str) -> str:
        """Write that a code is among many answers."""

    @abstractmethod
    def answered(self, known: Known) -> str:
        """Write that there is an answer and that it is not a missing code."""

    @abstractmethod
    def text(self, value: str) -> str:
        """Write a text."""

    @abstractmethod
    def true(self) -> str:
        """Write what always holds."""


class Choosing(Writer):
    """Targets with an 'if' inside expressions: what is unanswered gives way to a number."""

    def function(self, function: str, arguments: tuple[Value, ...]) -> str:
        """Write `sum`, `mean`, `min`, `max` or `count` of what is answered."""
        there = [self.all_of(self.has_value(each)) or self.true() for each in arguments]
        many = _added([self.either(test, "1", "0") for test in there])
        if function == "count":
            return many
        shown = [self.value(each) for each in arguments]
        if function in ("sum", "mean"):
            total = _added(
                [self.either(test, one, "0") for test, one in zip(there, shown, strict=True)]
            )
            return total if function == "sum" else self.arithmetic("/", total, many)
        far = "999999999999" if function == "min" else "-999999999999"
        parts = [self.either(test, one, far) for test, one in zip(there, shown, strict=True)]
        return self.extreme(function, parts)

    @abstractmethod
    def either(self, test: str, then: str, otherwise: str) -> str:
        """Write one value where a test holds and another where not."""

    @abstractmethod
    def extreme(self, function: str, parts: list[str]) -> str:
        """Write the least or the largest of some values."""


def _added(parts: list[str]) -> str:
    return f"({' + '.join(parts)})" if len(parts) > 1 else parts[0]


def bare(text: str) -> str:
    """Take away brackets that enclose the whole.

    >>> bare("(a or b)"), bare("(a) or (b)")
    ('a or b', '(a) or (b)')
    """
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for at, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0 and at < len(text) - 1:
            return text
    return text[1:-1]


def in_order(node: Node) -> list[str]:
    """Return the names that a rule uses, in the order of reading, each once."""
    names = [n.name for n in walk(node) if isinstance(n, Name | Selected | Answered)]
    return list(dict.fromkeys(names))
