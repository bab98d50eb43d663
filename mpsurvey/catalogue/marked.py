"""YAML as plain data that remembers its lines.

YAML is data here: no tags, no anchors, no second document, and no key twice. Each mapping, list and
value knows the line it stands on, so that every later problem can be said with file and line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

__all__ = ["Marked", "Problems", "compose", "mark"]

# The C parser is ten times faster; PyYAML on some systems is built without it.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_KINDS = {
    "tag:yaml.org,2002:str": "text",
    "tag:yaml.org,2002:int": "whole number",
    "tag:yaml.org,2002:float": "number",
    "tag:yaml.org,2002:bool": "yes/no",
    "tag:yaml.org,2002:null": "nothing",
    "tag:yaml.org,2002:timestamp": "date",
    "tag:yaml.org,2002:map": "keys with values",
    "tag:yaml.org,2002:seq": "list",
}


@dataclass(frozen=True, slots=True)
class Marked:
    """A piece of YAML and where it stands.

    Attributes
    ----------
    kind
        'text', 'whole number', 'number', 'yes/no', 'nothing', 'date', 'keys with values', 'list'.
    content
        The scalar as a Python value, a tuple of `Marked`, or a dict of name to `Marked`.
    written
        A scalar as it stands in the file.
    line
        Counted from 1.
    key_lines
        Of a mapping: the line of each key.
    """

    kind: str
    content: Any
    written: str
    line: int
    key_lines: dict[str, int]

    def __iter__(self) -> Iterator[Marked]:
        """Go through the elements of a list."""
        return iter(self.content)

    def get(self, key: str) -> Marked | None:
        """Return what a key of a mapping holds, if it is there."""
        found: Marked | None = self.content.get(key)
        return found

    def plain(self) -> Any:
        """Return the content as ordinary Python data."""
        if self.kind == "list":
            return [element.plain() for element in self.content]
        if self.kind == "keys with values":
            return {key: element.plain() for key, element in self.content.items()}
        return self.content


class Problems:
    """Gathers what is wrong in one file; nothing is raised until all is known."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[tuple[int, str]] = []
        self.doubts: list[tuple[int, str]] = []

    def add(self, line: int, fault: str) -> None:
        """Note a fault that must be mended."""
        if (line, fault) not in self.found:
            self.found.append((line, fault))

    def doubt(self, line: int, fault: str) -> None:
        """Note something that may be meant."""
        if (line, fault) not in self.doubts:
            self.doubts.append((line, fault))

    def lines(self) -> list[str]:
        """Return the faults as messages, in the order of the file."""
        return [f"{self.file}:{line}: {fault}" for line, fault in sorted(self.found)]

    def doubt_lines(self) -> list[str]:
        """Return the doubts as messages, in the order of the file."""
        return [f"{self.file}:{line}: {fault}" for line, fault in sorted(self.doubts)]


def compose(path: Path, problems: Problems) -> Marked | None:
    """Read one YAML file; a file that cannot be read gives None and a problem."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        problems.add(1, f"The file cannot be opened: {error.strerror}.")
        return None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problems.add(line, "The file is not in UTF-8. Save it again with that encoding.")
        return None
    return _compose(text, problems)


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, _data: Any) -> bool:
        return True  # the same list in two places is written twice


def mark(content: Any, problems: Problems) -> Marked | None:
    """Read plain data as if it stood in a file: line 1 is the first line of its YAML."""
    try:
        text = yaml.dump(content, Dumper=_Plain, sort_keys=False, allow_unicode=True)
    except yaml.YAMLError as error:
        problems.add(1, f"This cannot be written as YAML: {error}.")
        return None
    return _compose(text, problems)


def _compose(text: str, problems: Problems) -> Marked | None:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        fault = str(getattr(error, "problem", None) or error).rstrip(".")
        line = mark.line + 1 if mark else 1
        problems.add(line, f"This is not YAML: {fault}. Texts with ': ' or '#' need quotes.")
        return None
    except ValueError as error:
        problems.add(1, f"This is not YAML: {error}.")
        return None
    finally:
        loader.dispose()
    if node is None:
        problems.add(1, "The file is empty.")
        return None
    return _mark(node, loader, problems, set(), 0)


def _mark(node: Any, loader: Any, problems: Problems, seen: set[int], depth: int) -> Marked | None:
    line = node.start_mark.line + 1
    kind = _KINDS.get(node.tag)
    if kind is None:
        problems.add(line, f"The tag {node.tag} is not used here. Remove it.")
        return None
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node, kind, line, loader, problems)
    if id(node) in seen or depth > 30:
        problems.add(line, "Anchors (&) and references (*) are not used here. Write it out.")
        return None
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        parts = (_mark(part, loader, problems, seen, depth + 1) for part in node.value)
        return Marked(kind, tuple(part for part in parts if part is not None), "", line, {})
    content: dict[str, Marked] = {}
    key_lines: dict[str, int] = {}
    for key_node, value_node in node.value:
        at = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            problems.add(at, "A key is a word.")
            continue
        key = key_node.value
        if key in key_lines:
            problems.add(at, f"'{key}' stands twice; it is already on line {key_lines[key]}.")
            continue
        key_lines[key] = at
        value = _mark(value_node, loader, problems, seen, depth + 1)
        if value is not None:
            content[key] = value
    return Marked(kind, content, "", line, key_lines)


def _scalar(node: Any, kind: str, line: int, loader: Any, problems: Problems) -> Marked | None:
    written = node.value
    if kind == "text":
        return Marked(kind, written, written, line, {})
    try:
        content = loader.construct_object(node)
    except (ValueError, yaml.YAMLError):
        problems.add(line, f"'{written}' cannot be read. If it is a text, put it in quotes.")
        return None
    return Marked(kind, content, written, line, {})
