"""Rules in the logic of CSPro."""

from __future__ import annotations

from collections.abc import Mapping

from mpsurvey.rule.nodes import Condition, Value
from mpsurvey.rule.targets import Known, Writer

__all__ = ["SELECTED", "CSPro"]

# A code must not be found across two places, as pos() would.
SELECTED = """\
function mp_selected(alpha(400) answers, numeric width, alpha(4) code)
  numeric place = 1;
  mp_selected = 0;
  while place <= length(strip(answers)) do
    if strip(answers[place:width]) = strip(code) then mp_selected = 1; endif;
    place = place + width;
  enddo;
end;
"""


class CSPro(Writer):
    """Writes rules for CSPro's application logic.

    Unanswered numbers are ``notappl`` (skipped) or ``default``; many answers are an alphanumeric
    item in which each code fills a place of fixed width. CSPro has no 'if' inside expressions, and
    anything added to or multiplied by an unanswered item is unanswered. So `sum`, `mean`, `min`,
    `max` and `count` are worked out in statements of their own, which go before the expression.

    Attributes
    ----------
    taken
        The logic's own variables that statements have used so far, to be declared.

    Examples
    --------
    >>> from mpsurvey.rule import parse_rule
    >>> logic = CSPro({"a": Known("A", "one", frozenset({98})), "b": Known("B")})
    >>> logic.test(parse_rule("a != 1").node)
    ('(not special(A) and A <> 98 and A <> 1)', [])
    >>> test, before = logic.test(parse_rule("count(a, b) > 1").node)
    >>> test, logic.taken
    ('mp_v1 > 1', ['mp_v1', 'mp_v2'])
    >>> before[-1]
    '  if not special(B) then mp_v1 = mp_v1 + 1; mp_v2 = mp_v2 + B; endif;'
    """

    EQUAL = "="
    DIFFERENT = "<>"

    def __init__(self, scope: Mapping[str, Known], home: int | str | None = None) -> None:
        super().__init__(scope, home)
        self.taken: list[str] = []
        self._before: list[str] = []

    def among(self, scope: Mapping[str, Known]) -> CSPro:
        """Return a writer of the same logic for rules on other variables."""
        other = CSPro(scope, self.home)
        other.taken = self.taken
        return other

    def new(self) -> str:
        """Return a variable of the logic that nothing else uses."""
        self.taken.append(f"mp_v{len(self.taken) + 1}")
        return self.taken[-1]

    def test(self, node: Condition) -> tuple[str, list[str]]:
        """Write a condition, and the statements that go before it."""
        self._before = []
        return self.condition(node), self._before

    def worth(self, node: Value) -> tuple[str, str, list[str]]:
        """Write when a value is there, the value, and the statements that go before both."""
        self._before = []
        there = list(dict.fromkeys(self.has_value(node)))
        return self.all_of(there), self.value(node), self._before

    def function(self, function: str, arguments: tuple[Value, ...]) -> str:
        """Work `sum`, `mean`, `min`, `max` or `count` of what is answered out before."""
        many, total = self.new(), self.new()
        self._before += [f"  {many} = 0;", f"  {total} = 0;"]
        for each in arguments:
            test = self.all_of(self.has_value(each)) or self.true()
            value = self.value(each)
            match function:
                case "min" | "max":
                    sign = "<" if function == "min" else ">"
                    held = f"{many} = 1 or {value} {sign} {total}"
                    add = f"if {held} then {total} = {value}; endif;"
                case _:
                    add = f"{total} = {total} + {value};"
            self._before.append(f"  if {test} then {many} = {many} + 1; {add} endif;")
        if function == "count":
            return many
        return f"({total} / {many})" if function == "mean" else total

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

    def text(self, value: str) -> str:
        """Write a text."""
        return '"' + value.replace('"', "'") + '"'

    def true(self) -> str:
        """Write what always holds."""
        return "1 = 1"


def _place(code: int | str, width: int) -> str:
    return str(code).rjust(width, "0")
