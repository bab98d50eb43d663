"""The parts that a rule is made of.

Two sorts: a *value* (a number or a text, perhaps unanswered) and a *condition* (true or false,
never unanswered). Each part keeps the column of the rule where it stands, for messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "And",
    "Answered",
    "Arithmetic",
    "Comparison",
    "Condition",
    "Function",
    "Home",
    "Membership",
    "Name",
    "Negative",
    "Node",
    "Not",
    "Number",
    "Or",
    "Selected",
    "Text",
    "Value",
    "walk",
]

Operator = Literal["==", "!=", "<", "<=", ">", ">="]
Sign = Literal["+", "-", "*", "/"]
FunctionName = Literal["sum", "min", "max", "mean", "count"]


@dataclass(frozen=True, slots=True)
class Name:
    """A variable."""

    name: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Number:
    """A number written in the rule."""

    value: int | float
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Text:
    """A text written in the rule."""

    value: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Home:
    """The country's own code."""

    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Negative:
    """Minus a value."""

    operand: Value
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two values added, subtracted, multiplied or divided; unanswered when either is."""

    sign: Sign
    left: Value
    right: Value
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Function:
    """`sum`, `min`, `max`, `mean` of the answered ones, or `count` of how many are answered."""

    function: FunctionName
    arguments: tuple[Value, ...]
    at: int = field(default=0, compare=False)


Value = Name | Number | Text | Home | Negative | Arithmetic | Function


@dataclass(frozen=True, slots=True)
class Comparison:
    """False when either side is unanswered, whatever the operator."""

    operator: Operator
    left: Value
    right: Value
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Membership:
    """`x in (1, 2)` or `x not in (1, 2)`; both are false when x is unanswered."""

    value: Value
    choices: tuple[Number | Text | Home, ...]
    negated: bool = False
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Selected:
    """A code is among the answers to a question of many answers."""

    name: str
    code: int | str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Answered:
    """A variable has an answer that is not a missing code."""

    name: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """Plain negation: true exactly where the part is false."""

    part: Condition
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold."""

    parts: tuple[Condition, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds."""

    parts: tuple[Condition, ...]
    at: int = field(default=0, compare=False)


Condition = Comparison | Membership | Selected | Answered | Not | And | Or
Node = Value | Condition


def walk(node: Node) -> Iterator[Node]:
    """Every part of a rule, the whole first, in the order of reading."""
    yield node
    match node:
        case Negative(operand=inner) | Not(part=inner) | Membership(value=inner):
            yield from walk(inner)
        case Arithmetic(left=left, right=right) | Comparison(left=left, right=right):
            yield from walk(left)
            yield from walk(right)
        case Function(arguments=parts) | And(parts=parts) | Or(parts=parts):
            for part in parts:
                yield from walk(part)
        case _:
            return
