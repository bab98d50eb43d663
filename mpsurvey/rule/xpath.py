"""Rules in the XPath of XLSForm and ODK XForms."""

from __future__ import annotations

from mpsurvey.rule.nodes import Comparison, Home, Membership, Name, Number, Text, Value
from mpsurvey.rule.targets import Choosing, Known

__all__ = ["Constraint", "XPath"]


class XPath(Choosing):
    """Writes rules for `relevant`, `constraint` and `calculation`.

    An unanswered question is the empty text there: ``'' != 3`` is true and ``'' = ''`` too, and as
    a number it is NaN.

    >>> from mpsurvey.rule import parse_rule
    >>> scope = {"a": Known("${a}", "one", frozenset({98}))}
    >>> XPath(scope).condition(parse_rule("a == 1").node)
    '${a} = 1'
    >>> XPath(scope).condition(parse_rule("a != 1").node)
    "(${a} != '' and ${a} != 98 and ${a} != 1)"
    """

    NOT = "not"
    EQUAL = "="

    def guards(self, node: Comparison | Membership) -> list[str]:
        """Leave the guard out where XPath itself says false of an empty answer."""
        sides = [node.value] if isinstance(node, Membership) else [node.left, node.right]
        equal = node.operator == "==" if isinstance(node, Comparison) else not node.negated
        named = [side for side in sides if isinstance(side, Name)]
        fixed = isinstance(node, Membership) or any(
            isinstance(side, Number | Text | Home) for side in sides
        )
        # A missing code is never among the codes compared with: the catalogue refuses such a rule.
        if equal and len(named) == 1 and fixed and len(sides) - len(named) <= 1:
            return []
        return super().guards(node)

    def selected(self, known: Known, code: int | str) -> str:
        """Write selected()."""
        return f"selected({known.reference}, '{code}')"

    def answered(self, known: Known) -> str:
        """Write that the answer is neither empty nor a missing code."""
        tests = [f"{known.reference} != ''"]
        for code in sorted(known.missing):
            if known.kind == "many":
                tests.append(f"not(selected({known.reference}, '{code}'))")
            else:
                tests.append(f"{known.reference} != {code}")
        return " and ".join(tests)

    def either(self, test: str, then: str, otherwise: str) -> str:
        """Write if()."""
        return f"if({test}, {then}, {otherwise})"

    def extreme(self, function: str, parts: list[str]) -> str:
        """Write min() or max()."""
        return f"{function}({', '.join(parts)})"

    def arithmetic(self, sign: str, left: str, right: str) -> str:
        """Division is 'div' in XPath."""
        return f"({left} {'div' if sign == '/' else sign} {right})"

    def number(self, value: int | float) -> str:
        """Write a number; a negative one needs no brackets."""
        return repr(value)

    def text(self, value: str) -> str:
        """Write a text in the quotes that it does not hold itself."""
        if "'" not in value:
            return f"'{value}'"
        if '"' not in value:
            return f'"{value}"'
        pieces = value.split("'")
        quoted = ', "\'", '.join(f"'{piece}'" for piece in pieces)
        return f"concat({quoted})"

    def true(self) -> str:
        """Write true()."""
        return "true()"


class Constraint(XPath):
    """Writes rules for `constraint`, where the own answer is ``.`` and never empty.

    >>> from mpsurvey.rule import parse_rule
    >>> scope = {"a": Known("."), "b": Known("${b}")}
    >>> Constraint(scope).condition(parse_rule("a >= 0 and a <= b").node)
    "(. >= 0 and (${b} != '' and . <= ${b}))"
    """

    def has_value(self, node: Value) -> list[str]:
        """Leave out the test that the own answer is there."""
        if isinstance(node, Name) and self.known(node.name).reference == ".":
            return []
        return super().has_value(node)
