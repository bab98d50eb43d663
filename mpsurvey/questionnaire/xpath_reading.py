"""Expressions of a host's XLSForm in our rule language, as far as they can be said in it.

XPath takes an unanswered question for an empty text, of which ``!= 3`` is true; our comparisons are
false then. So ``a != 3`` becomes ``not (a == 3)``, and ``a = ''`` becomes ``not (answered(a))``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mpsurvey.errors import MpsurveyError

__all__ = ["HostName", "Untranslatable", "cases", "condition", "value"]

Node = tuple[Any, ...]
_TOKEN = re.compile(
    r"\s*(?:\$\{\s*(?P<ref>[^}\s]+)\s*\}|(?P<num>\d+(?:\.\d*)?|\.\d+)|'(?P<one>[^']*)'"
    r'|"(?P<two>[^"]*)"|(?P<op><=|>=|!=|[=<>+\-*(),])|(?P<dots>\.\.?)'
    r"|(?P<word>[A-Za-z_][\w:]*(?:-[A-Za-z]\w*)*))"
)
_ORDER = ("=", "!=", "<", "<=", ">", ">=")


class Untranslatable(MpsurveyError):
    """An expression of the host that our rule language cannot say."""


@dataclass(frozen=True, slots=True)
class HostName:
    """A variable of the host that expressions may use.

    Attributes
    ----------
    name
        Its name in the targets.
    codes
        The number of each code, for a question with choices.
    """

    name: str
    kind: str
    codes: Mapping[str, int] = field(default_factory=dict)


Find = Callable[[str], HostName]


def condition(text: str, find: Find, own: HostName | None = None) -> str:
    """Return a condition as the text of a rule.

    >>> find = {"age": HostName("age", "integer"), "sex": HostName("sex", "select_one", {"F": 2})}
    >>> condition("${age} >= 15 and ${sex} != 'F'", find.__getitem__)
    '(age >= 15 and not (sex == 2))'
    """
    return _Written(find, own).condition(_Reader(text).whole())


def value(text: str, find: Find) -> str:
    """Return a calculation as the text of a formula."""
    return _Written(find, None).value(_Reader(text).whole())


def cases(text: str, find: Find) -> list[tuple[str, int]]:
    """Return nested if() with whole numbers as rules and codes, the first that holds counting.

    >>> find = {"a": HostName("a", "integer")}
    >>> cases("if(${a} > 5, 1, if(${a} > 2, 2, 3))", find.__getitem__)
    [('a > 5', 1), ('a > 2', 2), ('1 == 1', 3)]
    """
    written = _Written(find, None)
    node, out = _Reader(text).whole(), []
    while node[0] == "call" and node[1] == "if" and len(node[2]) == 3:
        test, then, node = node[2]
        code = _whole_number(then)
        if code is not None:
            out.append((written.condition(test), code))
        elif then != ("text", ""):
            raise Untranslatable("a result that is no whole number")
        else:
            raise Untranslatable("an empty result before others")
    if not out:
        raise Untranslatable("no if()")
    last = _whole_number(node)
    if last is not None:
        out.append(("1 == 1", last))
    elif node != ("text", ""):
        raise Untranslatable("a result that is no whole number")
    return out


def _whole_number(node: Node) -> int | None:
    if node[0] in ("number", "text") and re.fullmatch(r"\d{1,5}", str(node[1])):
        return int(node[1])
    return None


class _Reader:
    """Reads an expression into its parts."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at, text = 0, text.strip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise Untranslatable(f"'{text[at : at + 12]}'")
            kind = str(match.lastgroup)
            self.tokens.append((kind, match[kind]))
            at = match.end()
        self.at = 0

    def whole(self) -> Node:
        node = self.joined("or")
        if self.at < len(self.tokens):
            raise Untranslatable(f"'{self.tokens[self.at][1]}'")
        return node

    def joined(self, word: str) -> Node:
        parts = [self.joined("and") if word == "or" else self.compared()]
        while self.takes("word", word):
            parts.append(self.joined("and") if word == "or" else self.compared())
        return parts[0] if len(parts) == 1 else (word, parts)

    def compared(self) -> Node:
        left = self.added()
        for sign in _ORDER:
            if self.takes("op", sign):
                return ("compare", sign, left, self.added())
        return left

    def added(self) -> Node:
        left = self.multiplied()
        while True:
            for sign in ("+", "-"):
                if self.takes("op", sign):
                    left = ("arithmetic", sign, left, self.multiplied())
                    break
            else:
                return left

    def multiplied(self) -> Node:
        left = self.one()
        while True:
            if self.takes("op", "*"):
                left = ("arithmetic", "*", left, self.one())
            elif self.takes("word", "div"):
                left = ("arithmetic", "/", left, self.one())
            else:
                return left

    def one(self) -> Node:
        if self.takes("op", "-"):
            return ("negative", self.one())
        if self.takes("op", "("):
            node = self.joined("or")
            self.needs(")")
            return node
        if self.at >= len(self.tokens):
            raise Untranslatable("it ends too early")
        kind, text = self.tokens[self.at]
        self.at += 1
        match kind:
            case "ref":
                return ("name", text)
            case "num":
                return ("number", text)
            case "one" | "two":
                return ("text", text)
            case "dots" if text == ".":
                return ("own",)
            case "word" if self.takes("op", "("):
                arguments: list[Node] = []
                while not self.takes("op", ")"):
                    arguments.append(self.joined("or"))
                    if not self.takes("op", ","):
                        self.needs(")")
                        break
                return ("call", text, arguments)
        raise Untranslatable(f"'{text}'")

    def takes(self, kind: str, text: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at] == (kind, text):
            self.at += 1
            return True
        return False

    def needs(self, text: str) -> None:
        if not self.takes("op", text):
            raise Untranslatable(f"no '{text}'")


class _Written:
    """Writes the parts in our rule language."""

    def __init__(self, find: Find, own: HostName | None) -> None:
        self.find = find
        self.own = own

    def condition(self, node: Node) -> str:
        match node:
            case ("or" | "and" as word, parts):
                return f"({f' {word} '.join(self.condition(part) for part in parts)})"
            case ("compare", sign, left, right):
                return self.compared(sign, left, right)
            case ("call", "not", [part]):
                return f"not ({self.condition(part)})"
            case ("call", "true", []):
                return "1 == 1"
            case ("call", "selected", [which, ("text" | "number", code)]):
                known = self.named(which)
                if known.kind == "select_multiple":
                    return f"selected({known.name}, {self.code(known, code)})"
                return f"{known.name} == {self.code(known, code)}"
        raise Untranslatable(_said(node))

    def compared(self, sign: str, left: Node, right: Node) -> str:
        if left[0] in ("text", "number") and right[0] not in ("text", "number"):
            turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
            return self.compared(turned.get(sign, sign), right, left)
        counted = left[0] == "call" and left[1] in ("string-length", "count-selected")
        if counted and right == ("number", "0") and sign in (">", "=", "!="):
            there = f"answered({self.named(left[2][0]).name})"
            return f"not ({there})" if sign == "=" else there
        if right == ("text", "") and sign in ("=", "!="):
            there = f"answered({self.named(left).name})"
            return f"not ({there})" if sign == "=" else there
        known = self.named(left) if left[0] in ("name", "own") else None
        if known is not None and known.kind == "select_multiple":
            raise Untranslatable(f"a comparison of the many answers of '{known.name}'")
        if known is not None and right[0] in ("text", "number"):
            shown = self.code(known, right[1])
        else:
            shown = self.value(right)
        first = self.value(left)
        if sign == "=":
            return f"{first} == {shown}"
        return f"not ({first} == {shown})" if sign == "!=" else f"{first} {sign} {shown}"

    def value(self, node: Node) -> str:
        match node:
            case ("number", text):
                return str(text)
            case ("name" | "own", *_):
                known = self.named(node)
                if known.kind == "select_multiple":
                    raise Untranslatable(f"the many answers of '{known.name}' as a value")
                return known.name
            case ("negative", inner):
                return f"-({self.value(inner)})"
            case ("arithmetic", sign, left, right):
                return f"({self.value(left)} {sign} {self.value(right)})"
            case ("call", "number", [inner]):
                return self.value(inner)
        raise Untranslatable(_said(node))

    def named(self, node: Node) -> HostName:
        if node[0] == "own" and self.own is not None:
            return self.own
        if node[0] == "name":
            return self.find(node[1])
        raise Untranslatable(_said(node))

    def code(self, known: HostName, text: str) -> str:
        if known.kind in ("select_one", "select_multiple"):
            if text not in known.codes:
                raise Untranslatable(f"'{text}' is no choice of '{known.name}'")
            return str(known.codes[text])
        if known.kind == "text":
            return repr(text)
        if not re.fullmatch(r"\d+(?:\.\d+)?", text):
            raise Untranslatable(f"'{text}' is compared with the number '{known.name}'")
        return text


def _said(node: Node) -> str:
    return f"{node[1]}()" if node[0] == "call" else f"{node[-1] if len(node) > 1 else '.'}"
