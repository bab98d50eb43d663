"""From the text of a rule to its parts.

Python's own parser reads the text (`ast`, which runs nothing) and everything outside the small
language is refused with its column.
"""

from __future__ import annotations

import ast
import math
import re
import warnings
from typing import get_args

from mpsurvey.errors import RuleError, did_you_mean
from mpsurvey.rule.nodes import (
    And,
    Answered,
    Arithmetic,
    Comparison,
    Condition,
    Function,
    FunctionName,
    Home,
    Membership,
    Name,
    Negative,
    Not,
    Number,
    Operator,
    Or,
    Selected,
    Sign,
    Text,
    Value,
)

LONGEST = 5_000
DEEPEST = 60
LARGEST = 2**53  # beyond it neither a float nor JavaScript holds an integer exactly

FUNCTIONS: tuple[str, ...] = get_args(FunctionName)
_TESTS = ("selected", "answered")

_OPERATORS: dict[type[ast.cmpop], Operator] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_SIGNS: dict[type[ast.operator], Sign] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
}

# What people write who know another language; looked for only after Python's parser gave up.
_HABITS: tuple[tuple[str, str], ...] = (
    (r"&&|(?<!&)&(?!&)", "Write 'and'."),
    (r"\|\|?", "Write 'or'."),
    (r"<>", "Write '!=' for 'is not'."),
    (r"=>|=<", "Write '>=' or '<='."),
    (r"(?<![=!<>])=(?!=)", "Write '==' for 'is equal to'."),
    (r"!(?!=)", "Write 'not'."),
    (r"\$\{?", "Write the bare name of the variable."),
    (r"\b(?:AND|OR|NOT|IN|And|Or|Not|In)\b", "Write 'and', 'or', 'not', 'in' in lower case."),
)


class Grammar:
    """Reads one rule; keeps its text so that every message can point into it.

    Parameters
    ----------
    text
        The rule as it was written. A name with blanks or signs stands in backticks.
    """

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise RuleError(f"A rule is a text, not {type(text).__name__}.")
        self.text = text
        if len(text) > LONGEST:
            raise RuleError(f"A rule has at most {LONGEST} characters; this one has {len(text)}.")
        if not text.strip():
            raise RuleError("The rule is empty.")
        self._quoted: dict[str, str] = {}
        self._source = self._plain_source()
        self._bytes = self._source.encode("utf-8", errors="surrogatepass")

    def condition(self) -> Condition:
        """Read the text as something that holds or does not."""
        return self._condition(self._tree(), 0)

    def value(self) -> Value:
        """Read the text as a number or a text."""
        return self._value(self._tree(), 0)

    def either(self) -> Condition | Value:
        """Read the text as a rule when it compares something, as a formula otherwise."""
        tree = self._tree()
        tests = isinstance(tree, ast.BoolOp | ast.Compare) or (
            isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not)
        )
        if isinstance(tree, ast.Call):
            tests = isinstance(tree.func, ast.Name) and tree.func.id in _TESTS
        return self._condition(tree, 0) if tests else self._value(tree, 0)

    def fault(self, fault: str, at: int) -> RuleError:
        """Return the error, with the rule and a caret under the place."""
        first = max(0, at - 60)
        shown = self.text[first : first + 110]
        printable = "".join(c if c.isprintable() else " " for c in shown)
        head, tail = "…" if first else "", "…" if first + 110 < len(self.text) else ""
        return RuleError(
            f"{fault}\n    {head}{printable}{tail}\n    {' ' * (at - first + len(head))}^"
        )

    # -- from text to Python's tree

    def _plain_source(self) -> str:
        """Return the text with line ends as blanks and quoted names as plain ones, as long."""
        out = list(self.text)
        quote, start = "", 0
        for at, char in enumerate(self.text):
            if quote:
                if char != quote:
                    continue
                if quote == "`":
                    self._quote_name(out, start, at)
                quote = ""
            elif char in "'\"`":
                quote, start = char, at
            elif char == "#":
                raise self.fault("A rule has no comments.", at)
            elif char == "\\":
                raise self.fault("A backslash has no meaning in a rule.", at)
            elif char.isspace():
                out[at] = " "
        if quote:
            raise self.fault(f"The {quote} that opens here is never closed.", start)
        return "".join(out)

    def _quote_name(self, out: list[str], start: int, end: int) -> None:
        name = self.text[start + 1 : end]
        if not name.strip():
            raise self.fault("There is no name between the backticks.", start)
        stand_in = f"q{len(self._quoted)}".ljust(end - start + 1, "_")
        if len(stand_in) > end - start + 1:
            raise self.fault("Too many names in backticks.", start)
        self._quoted[stand_in] = name
        out[start : end + 1] = stand_in

    def _tree(self) -> ast.expr:
        lead = len(self._source) - len(self._source.lstrip(" "))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Python has opinions on '1or 2'; ours come below
                tree = ast.parse(self._source[lead:], mode="eval").body
        except SyntaxError as error:
            at = lead + max((error.offset or 1) - 1, 0)
            raise self._habit(min(at, len(self.text)), error.msg or "") from None
        except (ValueError, RecursionError, MemoryError, OverflowError):
            raise self.fault("This cannot be read as a rule.", 0) from None
        self._lead = lead
        return tree

    def _habit(self, at: int, python_says: str) -> RuleError:
        without_text = re.sub(r"\"[^\"]*\"|'[^']*'", lambda m: " " * len(m[0]), self._source)
        for pattern, advice in _HABITS:
            if found := re.search(pattern, without_text):
                return self.fault(
                    f"'{found[0]}' is not in the rule language. {advice}", found.start()
                )
        if "never closed" in python_says or "unmatched" in python_says:
            return self.fault("The brackets do not match.", at)
        return self.fault("The rule cannot be read from here.", at)

    def _at(self, node: ast.AST) -> int:
        offset = getattr(node, "col_offset", 0)
        start = len(self._source[: self._lead].encode())
        return len(self._bytes[: start + offset].decode("utf-8", errors="ignore"))

    # -- from Python's tree to ours

    def _condition(self, node: ast.expr, depth: int) -> Condition:
        self._shallow(node, depth)
        at = self._at(node)
        match node:
            case ast.BoolOp(op=op, values=values):
                parts = tuple(self._condition(part, depth + 1) for part in values)
                return And(parts, at) if isinstance(op, ast.And) else Or(parts, at)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Not(self._condition(operand, depth + 1), at)
            case ast.Compare():
                return self._comparison(node, depth)
            case ast.Call(func=ast.Name(id="selected" | "answered")):
                return self._test(node)
            case ast.Name(id="True" | "False") | ast.Constant(value=True | False):
                raise self.fault(
                    "A rule compares something; it is not true or false by itself.", at
                )
            case ast.Name():
                name = self._name(node).name
                raise self.fault(f"Say what '{name}' is compared with, such as {name} == 1.", at)
            case ast.Call(func=ast.Name(id=name)) if name not in FUNCTIONS:
                raise self._unknown_function(name, at)
            case _:
                self._value(node, depth)  # points at anything foreign inside
                raise self.fault("Here a condition is needed, such as age >= 15.", at)

    def _comparison(self, node: ast.Compare, depth: int) -> Condition:
        at = self._at(node)
        sides = [node.left, *node.comparators]
        parts: list[Condition] = []
        for left, op, right in zip(sides, node.ops, sides[1:], strict=False):
            if isinstance(op, ast.In | ast.NotIn):
                negated = isinstance(op, ast.NotIn)
                choices = self._choices(right)
                parts.append(Membership(self._value(left, depth + 1), choices, negated, at))
            elif type(op) in _OPERATORS:
                operator = _OPERATORS[type(op)]
                first, second = self._value(left, depth + 1), self._value(right, depth + 1)
                self._comparable(operator, first, second, at)
                parts.append(Comparison(operator, first, second, at))
            else:
                raise self.fault("'is' is not in the rule language. Write '=='.", at)
        return parts[0] if len(parts) == 1 else And(tuple(parts), at)

    def _comparable(self, operator: Operator, left: Value, right: Value, at: int) -> None:
        for one, other in ((left, right), (right, left)):
            if not isinstance(one, Text):
                continue
            if one.value == "":
                raise self.fault(
                    'Nothing is equal to "". Write answered(x) or not answered(x).', one.at
                )
            if operator not in ("==", "!="):
                raise self.fault("A text has no order: compare it with == or !=.", at)
            if isinstance(other, Number | Home | Negative | Arithmetic | Function):
                raise self.fault("A text is compared with a number.", at)

    def _choices(self, node: ast.expr) -> tuple[Number | Text | Home, ...]:
        if not isinstance(node, ast.Tuple | ast.List | ast.Set):
            at = self._at(node)
            if isinstance(node, ast.Constant | ast.Name | ast.UnaryOp):
                raise self.fault("After 'in' comes a list: write x in (1,) or x == 1.", at)
            raise self.fault("After 'in' comes a list of numbers or texts, such as (1, 2).", at)
        choices: list[Number | Text | Home] = []
        for element in node.elts:
            value = self._value(element, 0)
            if isinstance(value, Negative) and isinstance(value.operand, Number):
                value = Number(-value.operand.value, value.at)
            if not isinstance(value, Number | Text | Home):
                raise self.fault(
                    "The list after 'in' holds numbers and texts only.", self._at(element)
                )
            choices.append(value)
        if not choices:
            raise self.fault("The list after 'in' is empty.", self._at(node))
        if len({isinstance(choice, Text) for choice in choices}) > 1:
            raise self.fault("The list after 'in' mixes texts and numbers.", self._at(node))
        return tuple(choices)

    def _test(self, node: ast.Call) -> Condition:
        assert isinstance(node.func, ast.Name)  # noqa: S101 - the caller matched it
        at, test = self._at(node), node.func.id
        wanted = 2 if test == "selected" else 1
        shape = "selected(x, 3)" if test == "selected" else "answered(x)"
        if node.keywords or len(node.args) != wanted or not isinstance(node.args[0], ast.Name):
            raise self.fault(f"Write it as {shape}.", at)
        name = self._name(node.args[0]).name
        if test == "answered":
            return Answered(name, at)
        code = self._value(node.args[1], 0)
        if isinstance(code, Negative) and isinstance(code.operand, Number):
            code = Number(-code.operand.value, code.at)
        if isinstance(code, Text) and code.value and not any(c.isspace() for c in code.value):
            return Selected(name, code.value, at)
        if isinstance(code, Number) and isinstance(code.value, int):
            return Selected(name, code.value, at)
        raise self.fault(f"Write it as {shape}: the code is a whole number or a word.", at)

    def _value(self, node: ast.expr, depth: int) -> Value:
        self._shallow(node, depth)
        at = self._at(node)
        match node:
            case ast.Name(id="HOME"):
                return Home(at)
            case ast.Name():
                return self._name(node)
            case ast.Constant(value=value):
                return self._constant(value, at)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return Negative(self._number(operand, depth + 1), at)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._number(operand, depth + 1)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _SIGNS:
                first = self._number(left, depth + 1)
                return Arithmetic(_SIGNS[type(op)], first, self._number(right, depth + 1), at)
            case ast.BinOp():
                raise self.fault("Only + - * / are in the rule language.", at)
            case ast.Call(func=ast.Name(id=name)) if name in FUNCTIONS:
                if node.keywords or not node.args:
                    raise self.fault(f"Write it as {name}(x, y, ...).", at)
                arguments = tuple(self._number(each, depth + 1) for each in node.args)
                return Function(name, arguments, at)  # type: ignore[arg-type]
            case ast.Call(func=ast.Name(id=name)) if name not in _TESTS:
                raise self._unknown_function(name, at)
            case ast.BoolOp() | ast.Compare() | ast.Call(func=ast.Name()):
                raise self.fault("Here a value is needed, not a condition.", at)
            case ast.UnaryOp(op=ast.Not()):
                raise self.fault("Here a value is needed, not a condition.", at)
            case ast.Tuple() | ast.List() | ast.Set():
                raise self.fault("A list stands only after 'in'.", at)
            case _:
                what = _SPOKEN.get(type(node), "This")
                raise self.fault(f"{what} is not in the rule language.", at)

    def _number(self, node: ast.expr, depth: int) -> Value:
        value = self._value(node, depth)
        if isinstance(value, Text):
            raise self.fault("A text cannot be reckoned with.", value.at)
        return value

    def _constant(self, value: object, at: int) -> Number | Text:
        match value:
            case bool() | None:
                raise self.fault(f"Write a number, not {value}.", at)
            case int() | float():
                if not math.isfinite(value) or abs(value) > LARGEST:
                    raise self.fault("The number is too large.", at)
                return Number(value, at)
            case str():
                if any(not c.isprintable() for c in value):
                    raise self.fault("The text holds a character that cannot be printed.", at)
                return Text(value, at)
            case _:
                raise self.fault("Only numbers and texts are in the rule language.", at)

    def _name(self, node: ast.Name) -> Name:
        # Python folds look-alike letters of a name into one; columns are matched as written.
        at = self._at(node)
        end = len(
            self._bytes[
                : len(self._source[: self._lead].encode()) + (node.end_col_offset or 0)
            ].decode("utf-8", errors="ignore")
        )
        written = self._source[at:end]
        return Name(self._quoted.get(written, written), at)

    def _unknown_function(self, name: str, at: int) -> RuleError:
        known = (*FUNCTIONS, *_TESTS)
        return self.fault(
            f"There is no '{name}()' in the rule language; there are "
            f"{', '.join(known)}.{did_you_mean(name, known)}",
            at,
        )

    def _shallow(self, node: ast.expr, depth: int) -> None:
        if depth > DEEPEST:
            raise self.fault("The rule is nested too deeply.", self._at(node))


_SPOKEN: dict[type[ast.expr], str] = {
    ast.Attribute: "A dot after a name",
    ast.Subscript: "An index in square brackets",
    ast.Call: "Calling this",
    ast.Lambda: "'lambda'",
    ast.IfExp: "'if ... else'",
    ast.JoinedStr: "An f-string",
    ast.NamedExpr: "':='",
    ast.Dict: "A dictionary",
    ast.ListComp: "A loop",
    ast.SetComp: "A loop",
    ast.DictComp: "A loop",
    ast.GeneratorExp: "A loop",
    ast.Await: "'await'",
    ast.Yield: "'yield'",
    ast.Starred: "'*' before a name",
}
