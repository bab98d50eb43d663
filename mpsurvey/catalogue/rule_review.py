"""What a rule compares, and whether it can: types, codes, and what skips make of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mpsurvey.catalogue.codelist import CodeList
from mpsurvey.catalogue.marked import Problems
from mpsurvey.catalogue.question import NUMBERS, HostVariable, Question
from mpsurvey.catalogue.surroundings import Surroundings
from mpsurvey.rule import Formula, Rule, walk
from mpsurvey.rule.nodes import (
    Answered,
    Comparison,
    Function,
    Membership,
    Name,
    Negative,
    Not,
    Number,
    Selected,
    Text,
    Value,
)

__all__ = ["RuleReview"]


class RuleReview:
    """Looks at the rules of a module.

    Parameters
    ----------
    by_name
        The module's own questions.
    """

    def __init__(
        self, by_name: Mapping[str, Question], around: Surroundings, problems: Problems
    ) -> None:
        self.by_name = by_name
        self.around = around
        self.problems = problems

    def look(self, rule: Rule | Formula, line: int, *, doubts: bool = True) -> None:
        """Note what a rule compares that cannot be, and with `doubts` what skips make false."""
        for node in walk(rule.node):
            self._types(node, line)
        if doubts:
            self._lint(rule, line)

    def _answers(self, name: str) -> tuple[Question | HostVariable | None, CodeList | None]:
        variable = (
            self.by_name.get(name) or self.around.hosts.get(name) or self.around.questions.get(name)
        )
        if variable is None:
            return None, None
        return variable, self.around.codelists.get(variable.codes or variable.special or "")

    def _types(self, node: Any, line: int) -> None:
        match node:
            case Comparison(left=left, right=right):
                for one, other in ((left, right), (right, left)):
                    self._compared(one, [other], line)
            case Membership(value=value, choices=choices):
                self._compared(value, list(choices), line)
            case Selected(name=name, code=code):
                variable, listed = self._answers(name)
                if variable is not None and variable.type != "select_multiple":
                    self.problems.add(
                        line,
                        f"'{name}' is {variable.type}: selected() is for select_multiple. "
                        f"Write {name} == {code}.",
                    )
                elif listed is not None:
                    self._code(name, code, listed, line)
            case Function(arguments=arguments):
                for argument in arguments:
                    self._compared(argument, [], line)
            case _:
                return

    def _compared(self, side: Value, others: list[Any], line: int) -> None:
        if not isinstance(side, Name):
            return
        variable, listed = self._answers(side.name)
        if variable is None:
            return
        if variable.type == "select_multiple":
            self.problems.add(
                line, f"'{side.name}' has many answers: write selected({side.name}, code)."
            )
            return
        if variable.type in ("date", "note"):
            self.problems.add(line, f"'{side.name}' is a {variable.type} and is not compared.")
            return
        for other in others:
            if isinstance(other, Text) != (variable.type == "text") and isinstance(
                other, Text | Number
            ):
                kind = "text" if variable.type == "text" else "a number"
                self.problems.add(line, f"'{side.name}' is {kind}; it is compared with the other.")
            value = other.value if isinstance(other, Number) else None
            if isinstance(other, Negative) and isinstance(other.operand, Number):
                value = -other.operand.value
            if value is not None and listed is not None:
                if variable.type in NUMBERS:
                    if value in listed.missing:
                        self._missing_code(side.name, value, line)
                else:
                    self._code(side.name, value, listed, line)

    def _code(self, name: str, code: Any, listed: CodeList, line: int) -> None:
        if code in listed.missing:
            self._missing_code(name, code, line)
        elif code not in listed.codes and not listed.open:
            self.problems.add(line, f"{code} is not a code of {listed.id}, the list of '{name}'.")

    def _missing_code(self, name: str, code: Any, line: int) -> None:
        self.problems.add(
            line,
            f"{code} means no answer to '{name}', so the comparison is never true. "
            f"Write not answered({name}).",
        )

    def _lint(self, rule: Rule | Formula, line: int) -> None:
        sure = {n.name for n in walk(rule.node) if isinstance(n, Answered)}
        negated = {id(n.part) for n in walk(rule.node) if isinstance(n, Not)}
        for node in walk(rule.node):
            if id(node) in negated:
                continue
            side: Value
            if isinstance(node, Comparison) and node.operator == "!=":
                side = node.left
            elif isinstance(node, Membership) and node.negated:
                side = node.value
            else:
                continue
            if not isinstance(side, Name) or side.name in sure:
                continue
            question = self.by_name.get(side.name) or self.around.questions.get(side.name)
            if question is not None and question.ask_if is not None:
                self.problems.doubt(
                    line,
                    f"'{side.name}' can be skipped, and then '!=' is false: those who skipped it "
                    f"are lost. Write not ({side.name} == ...) to keep them, or add "
                    f"answered({side.name}) to say that this is meant.",
                )
