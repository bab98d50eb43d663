"""What a key of a YAML file may hold: the one source of the reader and of the JSON Schemas."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from mpsurvey.catalogue.marked import Marked, Problems
from mpsurvey.errors import RuleError, did_you_mean
from mpsurvey.rule import parse_formula, parse_rule, parse_value

__all__ = [
    "BAD",
    "Choice",
    "Either",
    "Flag",
    "Items",
    "Key",
    "Kind",
    "Raw",
    "Real",
    "Record",
    "RuleText",
    "Texts",
    "Version",
    "Whole",
    "Word",
    "WordMap",
]

LANGUAGE = r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?"
NAME = r"[a-z][a-z0-9]*(_[a-z0-9]+)*"


class Bad:
    """Stands for a value that could not be read; its problem has been noted."""


BAD = Bad()


class Kind(Protocol):
    """A sort of value: how it is read, and how a JSON Schema says it."""

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return the value, or BAD after noting the problem."""
        ...

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        ...


def _wrong(node: Marked, expected: str, problems: Problems) -> Bad:
    shown = f" ({node.written})" if node.written else ""
    remedy = " Put it in quotes." if expected == "text" and node.written else ""
    problems.add(node.line, f"Here {expected} is expected, not {node.kind}{shown}.{remedy}")
    return BAD


@dataclass(frozen=True, slots=True)
class Word:
    """A text in no language: an id, a name, a unit."""

    pattern: str | None = None
    longest: int = 2000
    means: str = "text"

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return the text."""
        if node.kind != "text":
            return _wrong(node, "text", problems)
        if len(node.content) > self.longest:
            problems.add(
                node.line,
                f"'{node.content[:40]}…' has {len(node.content)} characters; "
                f"at most {self.longest} fit.",
            )
            return BAD
        if not node.content.strip():
            problems.add(node.line, "The text is empty. Leave the key out.")
            return BAD
        if self.pattern and not re.fullmatch(self.pattern, node.content):
            problems.add(node.line, f"'{node.content}' is not {self.means}.")
            return BAD
        return node.content

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        out: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": self.longest}
        return out | ({"pattern": f"^{self.pattern}$"} if self.pattern else {})


@dataclass(frozen=True, slots=True)
class Version:
    """Three numbers: 1.0.0."""

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return the version as text."""
        if node.kind == "text" and re.fullmatch(r"\d+\.\d+\.\d+", node.content):
            return node.content
        problems.add(node.line, f"A version is three numbers such as 1.0.0, not {node.written}.")
        return BAD

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "string", "pattern": r"^\d+\.\d+\.\d+$"}


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number."""

    least: int | None = None
    most: int | None = None

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return the number."""
        if node.kind != "whole number":
            return _wrong(node, "a whole number", problems)
        return _within(node, self.least, self.most, problems)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "integer"} | _bounds(self.least, self.most)


@dataclass(frozen=True, slots=True)
class Real:
    """A number."""

    least: float | None = None
    most: float | None = None

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return the number."""
        if node.kind not in ("whole number", "number"):
            return _wrong(node, "a number", problems)
        return _within(node, self.least, self.most, problems)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "number"} | _bounds(self.least, self.most)


def _within(node: Marked, least: float | None, most: float | None, problems: Problems) -> Any:
    if (least is not None and node.content < least) or (most is not None and node.content > most):
        limits = " to ".join(str(limit) for limit in (least, most) if limit is not None)
        word = "lies outside" if None not in (least, most) else "is beyond"
        problems.add(node.line, f"{node.written} {word} {limits}.")
        return BAD
    return node.content


def _bounds(least: float | None, most: float | None) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if least is not None:
        out["minimum"] = least
    if most is not None:
        out["maximum"] = most
    return out


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return it."""
        if node.kind != "yes/no":
            return _wrong(node, "true or false", problems)
        return node.content

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    options: tuple[str, ...]

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return the word."""
        if node.kind == "text" and node.content in self.options:
            return node.content
        near = did_you_mean(node.written, self.options)
        problems.add(node.line, f"'{node.written}' is not one of {', '.join(self.options)}.{near}")
        return BAD

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"enum": list(self.options)}


@dataclass(frozen=True, slots=True)
class Texts:
    """A wording in each language: ``{en: "...", fr: "..."}``.

    `whole` says that every language of the file is needed; otherwise the first is enough. `plain`
    takes a text without language as English: for notes to analysts.
    """

    longest: int = 2000
    whole: bool = True
    plain: bool = False

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return the wordings by language."""
        if node.kind != "keys with values":
            if node.kind == "text" and self.plain:
                value = Word(longest=self.longest).read(node, problems)
                return BAD if value is BAD else {"en": value}
            if node.kind == "text":
                problems.add(
                    node.line,
                    'A wording has its language: write {en: "' + node.content[:30] + '..."}.',
                )
                return BAD
            return _wrong(node, "a wording in each language", problems)
        out: dict[str, str] = {}
        fine = bool(node.content)
        if not node.content:
            problems.add(node.line, "There is no wording here.")
        for language, part in node.content.items():
            if not re.fullmatch(LANGUAGE, language):
                problems.add(
                    part.line, f"'{language}' is not the code of a language, such as en or pt-BR."
                )
                fine = False
                continue
            value = Word(longest=self.longest).read(part, problems)
            if value is BAD:
                fine = False
            else:
                out[language] = value
        return out if fine else BAD

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        text = {"type": "string", "minLength": 1, "maxLength": self.longest}
        keyed = {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": f"^{LANGUAGE}$"},
            "additionalProperties": text,
        }
        return {"anyOf": [keyed, text]} if self.plain else keyed


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule, a formula, or either."""

    gives: str = "rule"

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return the parsed rule."""
        if node.kind != "text":
            if node.kind in ("whole number", "number") and self.gives != "rule":
                return parse_formula(node.written)
            return _wrong(node, "text", problems)
        parse = {"rule": parse_rule, "formula": parse_formula, "either": parse_value}[self.gives]
        try:
            return parse(node.content)
        except RuleError as error:
            problems.add(node.line, str(error))
            return BAD

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        kinds = "string" if self.gives == "rule" else ["string", "number"]
        return {"type": kinds}


@dataclass(frozen=True, slots=True)
class Raw:
    """Anything: kept as it stands."""

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return the plain data."""
        return node.plain()

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {}


@dataclass(frozen=True, slots=True)
class Items:
    """A list of one sort; a single one may stand without the list when `lone`."""

    of: Kind
    least: int = 0
    lone: bool = False

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return a tuple."""
        if node.kind != "list":
            if self.lone:
                value = self.of.read(node, problems)
                return BAD if value is BAD else (value,)
            return _wrong(node, "a list", problems)
        values = tuple(self.of.read(part, problems) for part in node.content)
        if len(values) < self.least:
            problems.add(node.line, f"The list needs at least {self.least}.")
            return BAD
        return tuple(value for value in values if value is not BAD)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        many: dict[str, Any] = {"type": "array", "items": self.of.schema()}
        if self.least:
            many["minItems"] = self.least
        return {"anyOf": [many, self.of.schema()]} if self.lone else many


@dataclass(frozen=True, slots=True)
class WordMap:
    """Keys of the author's choice, each with a value of one sort."""

    of: Kind
    pattern: str = NAME

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return a dict."""
        if node.kind != "keys with values":
            return _wrong(node, "keys with values", problems)
        out = {}
        for key, part in node.content.items():
            if not re.fullmatch(self.pattern, key):
                problems.add(node.key_lines[key], f"'{key}' is not a name in lower case.")
            value = self.of.read(part, problems)
            if value is not BAD:
                out[key] = value
        return out

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {
            "type": "object",
            "propertyNames": {"pattern": f"^{self.pattern}$"},
            "additionalProperties": self.of.schema(),
        }


@dataclass(frozen=True, slots=True)
class Either:
    """A list in the one form, keys with values in the other."""

    listed: Items
    keyed: Record

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return what the form gives."""
        return (self.listed if node.kind == "list" else self.keyed).read(node, problems)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"anyOf": [self.listed.schema(), self.keyed.schema()]}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a record: its sort, whether it is needed, and what it is for."""

    kind: Kind
    about: str
    need: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """Fixed keys with values; what is read has a `line` and the lines of its keys.

    Reading gives a `Fields`: the values by key, absent ones left out.
    """

    what: str
    keys: Mapping[str, Key] = field(default_factory=dict)

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return the fields, or BAD when a needed one is absent or wrong."""
        if node.kind != "keys with values":
            return _wrong(node, f"{self.what} with its keys", problems)
        out = Fields(line=node.line, lines=dict(node.key_lines))
        for key in node.key_lines:
            if key not in self.keys:
                near = did_you_mean(key, self.keys)
                problems.add(node.key_lines[key], f"{self.what} has no key '{key}'.{near}")
        fine = True
        for key, asked in self.keys.items():
            part = node.get(key)
            if part is None or part.kind == "nothing":
                if asked.need and (part is not None or key not in node.key_lines):
                    name = node.get("name") or node.get("id") or node.get("code")
                    which = f" {name.written}" if name is not None and name.written else ""
                    problems.add(
                        node.line if part is None else part.line,
                        f"{self.what}{which} has no '{key}': {asked.about}.",
                    )
                fine = fine and not asked.need
                if part is not None and not asked.need:
                    problems.add(part.line, f"'{key}' holds nothing. Leave the key out.")
                continue
            value = asked.kind.read(part, problems)
            if value is BAD:
                fine = fine and not asked.need
                out.broken.add(key)
            else:
                out[key] = value
        out.fine = fine
        return out

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        needed = [key for key, asked in self.keys.items() if asked.need]
        return {
            "type": "object",
            "properties": {
                key: {"description": asked.about} | asked.kind.schema()
                for key, asked in self.keys.items()
            },
            "additionalProperties": False,
        } | ({"required": needed} if needed else {})


class Fields(dict[str, Any]):
    """The values of a record that was read.

    Attributes
    ----------
    line, lines
        Where the record and each key stand.
    fine
        Whether every needed key could be read.
    broken
        Keys that are there and could not be read.
    """

    def __init__(self, line: int, lines: dict[str, int]) -> None:
        super().__init__()
        self.line = line
        self.lines = lines
        self.fine = True
        self.broken: set[str] = set()

    def line_of(self, key: str) -> int:
        """Return the line of a key, or of the record."""
        return self.lines.get(key, self.line)
