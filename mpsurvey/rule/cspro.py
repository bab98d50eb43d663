"""Rules in the logic of CSPro."""

from __future__ import annotations

from mpsurvey.rule.targets import Known, Writer

__all__ = ["CSPro"]


class CSPro(Writer):
    """Writes rules for CSPro's application logic.

    Unanswered numbers are ``notappl`` (skipped) or ``default``; many answers are an alphanumeric
    item in which each code fills a place of fixed width.

    >>> from mpsurvey.rule import parse_rule
    >>> scope = {"a": Known("A", "one", frozenset({98}))}
    >>> CSPro(scope).condition(parse_rule("a != 1").node)
    '(not special(A) and A <> 98 and A <> 1)'
    """

    def all_of(self, tests: list[str]) -> str:
        """Join with 'and'."""
        return f"({' and '.join(tests)})" if len(tests) > 1 else "".join(tests)

    def any_of(self, tests: list[str]) -> str:
        """Join with 'or'."""
        return f"({' or '.join(tests)})" if len(tests) > 1 else "".join(tests)

    def negated(self, test: str) -> str:
        """Write 'not'."""
        return f"not {test}" if test.startswith("(") and test.endswith(")") else f"not ({test})"

    def compared(self, sign: str, left: str, right: str, kind: str) -> str:
        """Write a comparison: '=' and '<>'."""
        return f"{left} {({'==': '=', '!=': '<>'}).get(sign, sign)} {right}"

    def selected(self, known: Known, code: int | str) -> str:
        """Call the function that the logic brings along: codes must not be found across places."""
        return f'mp_selected({known.reference}, {known.width}, "{_place(code, known.width)}")'

    def answered(self, known: Known) -> str:
        """Write that the item is not special, or that the text is not blank."""
        if known.kind in ("many", "text"):
            tests = [f"length(strip({known.reference})) > 0"]
            tests += [f"not {self.selected(known, code)}" for code in sorted(known.missing)]
        else:
            tests = [f"not special({known.reference})"]
            tests += [f"{known.reference} <> {code}" for code in sorted(known.missing)]
        return " and ".join(tests)

    def either(self, test: str, then: str, otherwise: str) -> str:
        """Write a value that depends: a test is 1 or 0 in CSPro."""
        return f"(({test}) * {then} + (not ({test})) * {otherwise})"

    def extreme(self, function: str, parts: list[str]) -> str:
        """Write low() or high() of a list."""
        return f"{'low' if function == 'min' else 'high'}({', '.join(parts)})"

    def text(self, value: str) -> str:
        """Write a text."""
        return '"' + value.replace('"', "'") + '"'

    def true(self) -> str:
        """Write what always holds."""
        return "1 = 1"


def _place(code: int | str, width: int) -> str:
    return str(code).rjust(width, "0")
