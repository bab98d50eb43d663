"""Rules in the expressions of SurveyJS."""

from __future__ import annotations

from mpsurvey.rule.targets import Choosing, Known

__all__ = ["SurveyJS"]


class SurveyJS(Choosing):
    """Writes rules for `visibleIf`, validators and calculated values.

    >>> from mpsurvey.rule import parse_rule
    >>> scope = {"a": Known("{a}", "one", frozenset({98}))}
    >>> SurveyJS(scope).condition(parse_rule("a != 1").node)
    '({a} notempty and {a} <> 98 and {a} <> 1)'
    """

    NOT = "!"
    EQUAL = "="
    DIFFERENT = "<>"

    def selected(self, known: Known, code: int | str) -> str:
        """Write 'contains'."""
        return f"{known.reference} contains {code}"

    def answered(self, known: Known) -> str:
        """Write 'notempty' and that it is no missing code."""
        tests = [f"{known.reference} notempty"]
        for code in sorted(known.missing):
            if known.kind == "many":
                tests.append(f"!({known.reference} contains {code})")
            else:
                tests.append(f"{known.reference} <> {code}")
        return " and ".join(tests)

    def either(self, test: str, then: str, otherwise: str) -> str:
        """Write iif()."""
        return f"iif({test}, {then}, {otherwise})"

    def extreme(self, function: str, parts: list[str]) -> str:
        """Write min() or max()."""
        return f"{function}({', '.join(parts)})"

    def text(self, value: str) -> str:
        """Write a text."""
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def true(self) -> str:
        """Write what always holds."""
        return "1 = 1"
