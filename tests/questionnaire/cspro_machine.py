"""Carries CSPro's logic out as its manual says, as far as the exporter writes it.

CSPro itself runs on Windows only. What matters here: anything reckoned with a special value
(``notappl``) is special, a comparison of a special value says nothing that logic may rest on, and a
condition is true when it is neither 0 nor special. `unsure` is what such a comparison says: logic
that is right is right with both.
"""

from __future__ import annotations

import contextlib
import operator
import re
from dataclasses import dataclass

TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d*)?(?:e[+-]?\d+)?)|(?P<text>"[^"]*")|(?P<name>[A-Za-z_]\w*)
    |(?P<sign><>|<=|>=|[-+*/=<>()\[\]:,;]))""",
    re.VERBOSE,
)
COMPARE = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Left(Exception):
    """The logic leaves the item or the roster: 'reenter', 'endgroup' or 'skip'."""


@dataclass
class Reader:
    """Reads statements and expressions into nested tuples."""

    tokens: list[str]
    at: int = 0

    @classmethod
    def of(cls, text):
        text = re.sub(r"//[^\n]*", "", text)
        tokens, place = [], 0
        while text[place:].strip():
            found = TOKEN.match(text, place)
            assert found, text[place : place + 60]
            tokens.append(found[0].strip())
            place = found.end()
        return cls(tokens)

    def peek(self, ahead=0):
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else ""

    def take(self, wanted=None):
        token = self.peek()
        assert wanted is None or token == wanted, (wanted, self.tokens[self.at - 8 : self.at + 8])
        self.at += 1
        return token

    def given(self, *wanted):
        if self.peek() in wanted:
            return self.take()
        return None

    # -- statements

    def until(self, *ends):
        out = []
        while self.peek() not in ends:
            out.append(self.statement())
        return out

    def statement(self):
        match self.peek():
            case "if":
                return self.branches()
            case "while":
                self.take()
                test = self.either()
                self.take("do")
                return self.closed(("while", test, self.until("enddo")), "enddo")
            case "do":
                self.take()
                self.take("varying")
                name = self.take()
                self.take("=")
                start = self.either()
                self.take("while")
                test = self.either()
                return self.closed(("count", name, start, test, self.until("enddo")), "enddo")
            case "numeric":
                self.take()
                names = []
                while not names or self.given(","):
                    names.append((self.take(), self.either() if self.given("=") else None))
                return self.closed(("declare", names))
            case "ask":
                self.take()
                self.take("if")
                return self.closed(("ask", self.either()))
            case "reenter" | "endgroup" | "noinput":
                return self.closed(("leave", self.take()))
            case "errmsg" | "warning":
                return self.closed(("say", self.take(), self.primary()))
        target = self.primary()
        self.take("=")
        return self.closed(("set", target, self.either()))

    def closed(self, node, end=None):
        if end is not None:
            self.take(end)
        self.take(";")
        return node

    def branches(self):
        parts, otherwise = [], []
        word = self.take("if")
        while word in ("if", "elseif"):
            test = self.either()
            self.take("then")
            parts.append((test, self.until("elseif", "else", "endif")))
            word = self.take()
        if word == "else":
            otherwise = self.until("endif")
            self.take("endif")
        return self.closed(("if", parts, otherwise))

    # -- expressions, loosest first

    def chain(self, inner, *signs):
        left = inner()
        while sign := self.given(*signs):
            left = (sign, left, inner())
        return left

    def either(self):
        return self.chain(self.both, "or")

    def both(self):
        return self.chain(self.negation, "and")

    def negation(self):
        return ("not", self.negation()) if self.given("not") else self.comparison()

    def comparison(self):
        return self.chain(self.added, *COMPARE)

    def added(self):
        return self.chain(self.multiplied, "+", "-")

    def multiplied(self):
        return self.chain(self.primary, "*", "/")

    def primary(self):
        word = self.take()
        if word == "(":
            inner = self.either()
            self.take(")")
            return inner
        if word == "-":
            return ("-", ("is", 0), self.primary())
        if word[0].isdigit():
            return ("is", float(word))
        if word[0] == '"':
            return ("is", word[1:-1])
        if word == "notappl":
            return ("is", None)
        if self.given("("):
            parts = []
            while not self.given(")"):
                parts.append(self.either())
                self.given(",")
            return ("of", word, parts)
        if self.given("["):
            start = self.either()
            self.take(":")
            length = self.either()
            self.take("]")
            return ("part", word, start, length)
        return ("name", word)

    # -- declarations

    def functions(self):
        """Read the declarations of PROC GLOBAL: each function's parameters and statements."""
        out = {}
        while self.peek():
            if self.peek() != "function":
                self.statement()
                continue
            self.take()
            name, names = self.take(), []
            self.take("(")
            while not self.given(")"):
                if self.take() == "alpha":
                    self.primary()
                names.append(self.take())
                self.given(",")
            out[name] = (names, self.until("end"))
            self.closed(None, "end")
        return out


def procedures(logic):
    """Read an ``.apc`` file: its functions, and the moments of each procedure."""
    _, head, *rest = re.split(r"^PROC ", logic, flags=re.MULTILINE)
    out = {}
    for part in rest:
        name, _, body = part.partition("\n")
        reader = Reader.of(body)
        out[name.strip()] = moments = {}
        while reader.peek():
            moment = reader.given("preproc", "postproc") or "postproc"
            moments[moment] = reader.until("preproc", "postproc", "")
    return Reader.of(head.removeprefix("GLOBAL")).functions(), out


class Case:
    """One case being entered.

    Parameters
    ----------
    functions
        The functions of PROC GLOBAL.
    values
        Items by name; of a roster by (name, row), counted from 1.
    unsure
        What comparing a special value gives.
    procedures
        Moments of each item's procedure, by its name.
    rows
        Items of rosters.
    """

    def __init__(self, functions, values, *, unsure, procedures=None, rows=frozenset()):
        self.functions = functions
        self.procedures = procedures or {}
        self.values = values
        self.unsure = unsure
        self.rows = rows
        self.row = None
        self.said = []

    def enter(self, name, row=None):
        """Ask an item: whether it is asked, and what the logic says about the answer."""
        self.row, self.said = row, []
        parts = self.procedures.get(name, {})
        answer = self.values.pop((name, row) if row else name, None)
        try:
            self.carry_out(parts.get("preproc", ()))
        except Left as left:
            return str(left), []
        self.values[(name, row) if row else name] = answer
        with contextlib.suppress(Left):
            self.carry_out(parts.get("postproc", ()))
        return "asked", self.said

    def finish(self, level):
        """Carry out what a level does at its end."""
        self.row = None
        self.carry_out(self.procedures.get(level, {}).get("postproc", ()))

    def key(self, node):
        match node:
            case ("of", name, [place]):
                return (name, int(self.worth(place)))
            case ("name", name):
                return (name, self.row) if self.row and name in self.rows else name

    def carry_out(self, statements):
        for statement in statements:
            match statement:
                case ("set", target, value):
                    self.values[self.key(target)] = self.worth(value)
                case ("if", parts, otherwise):
                    held = (inner for test, inner in parts if self.holds(test))
                    self.carry_out(next(held, otherwise))
                case ("while", test, inner):
                    while self.holds(test):
                        self.carry_out(inner)
                case ("count", name, start, test, inner):
                    self.values[name] = self.worth(start)
                    while self.holds(test):
                        self.carry_out(inner)
                        self.values[name] += 1
                case ("declare", names):
                    for name, value in names:
                        self.values[name] = 0.0 if value is None else self.worth(value)
                case ("ask", test):
                    if not self.holds(test):
                        raise Left("skip")
                case ("leave", word):
                    raise Left(word)
                case ("say", word, number):
                    self.said.append((word, int(self.worth(number))))

    def holds(self, node):
        value = self.worth(node)
        return value is not None and value != 0

    def worth(self, node):
        match node:
            case ("is", value):
                return value
            case ("not", inner):
                return float(not self.holds(inner))
            case ("and", left, right):
                return float(self.holds(left) and self.holds(right))
            case ("or", left, right):
                return float(self.holds(left) or self.holds(right))
            case ("name", _):
                return self.values.get(self.key(node))
            case ("part", name, start, length):
                first = int(self.worth(start)) - 1
                return self.values[name][first : first + int(self.worth(length))]
            case ("of", name, parts):
                return self.function(name, parts, node)
            case (sign, left, right):
                return self.reckoned(sign, self.worth(left), self.worth(right))

    def function(self, name, parts, node):
        match name:
            case "special":
                return float(self.worth(parts[0]) is None)
            case "strip":
                return (self.worth(parts[0]) or "").rstrip(" ")
            case "length":
                return float(len(self.worth(parts[0])))
            case "curocc":
                return float(self.row)
        if name not in self.functions:
            return self.values.get(self.key(node))
        names, body = self.functions[name]
        inner = Case(self.functions, {}, unsure=self.unsure)
        inner.values = dict(zip(names, map(self.worth, parts), strict=True))
        inner.values = {key: "" if one is None else one for key, one in inner.values.items()}
        inner.carry_out(body)
        return inner.values[name]

    def reckoned(self, sign, left, right):
        if sign in COMPARE:
            if left is None or right is None:
                return float(self.unsure)
            return float(COMPARE[sign](left, right))
        if left is None or right is None or (sign == "/" and right == 0):
            return None
        return {
            "+": operator.add,
            "-": operator.sub,
            "*": operator.mul,
            "/": operator.truediv,
        }[sign](left, right)
