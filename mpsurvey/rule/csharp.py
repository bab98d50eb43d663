"""Rules in the C# of Survey Solutions."""

from __future__ import annotations

from mpsurvey.rule.targets import Choosing, Known

__all__ = ["CSharp"]


class CSharp(Choosing):
    """Writes rules for enabling and validation conditions.

    Numbers and single answers are nullable there, many answers an ``int[]``; ``null != 3`` is true.

    >>> from mpsurvey.rule import parse_rule
    >>> scope = {"a": Known("a", "one", frozenset({98}))}
    >>> CSharp(scope).condition(parse_rule("a != 1").node)
    '(IsAnswered(a) && a != 98 && a != 1)'
    """

    AND = "&&"
    OR = "||"
    NOT = "!"

    def selected(self, known: Known, code: int | str) -> str:
        """Write Contains() on the array of answers."""
        return f"(IsAnswered({known.reference}) && {known.reference}.Contains({code}))"

    def answered(self, known: Known) -> str:
        """Write IsAnswered() and that it is no missing code."""
        tests = [f"IsAnswered({known.reference})"]
        for code in sorted(known.missing):
            if known.kind == "many":
                tests.append(f"!{known.reference}.Contains({code})")
            else:
                tests.append(f"{known.reference} != {code}")
        return " && ".join(tests)

    def read(self, known: Known) -> str:
        """Write the answer; whole numbers become doubles only in sums and quotients."""
        return known.reference

    def arithmetic(self, sign: str, left: str, right: str) -> str:
        """Write it in doubles: C# divides whole numbers without their fraction."""
        return f"((double?)({left}) {sign} (double?)({right}))"

    def either(self, test: str, then: str, otherwise: str) -> str:
        """Write '? :' in doubles."""
        return f"({test} ? (double?)({then}) : (double?)({otherwise}))"

    def extreme(self, function: str, parts: list[str]) -> str:
        """Write Math.Min or Math.Max, nested."""
        name = "Math.Min" if function == "min" else "Math.Max"
        out = f"{parts[0]}.Value"
        for part in parts[1:]:
            out = f"{name}({out}, {part}.Value)"
        return f"(double?)({out})"

    def text(self, value: str) -> str:
        """Write a text."""
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'

    def true(self) -> str:
        """Write true."""
        return "true"
