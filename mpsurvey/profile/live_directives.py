"""What stands between ``{{`` and ``}}`` in an author's text.

::

    {{ EMP03 }}                                 the estimate, with its sign of percent
    {{ EMP03.interval where sex=2 }}            another field, of a group
    {{ EMP03.estimate where sex=2 and region=3 in round 2022 }}
    {{ EMP03.change }}  {{ EMP03.verdict }}     since the round before
    {{ chart EMP03 by sex as trend }}           on a line of its own
    {{ table EMP03 by sex, region }}            on a line of its own
    {{ gdp.value }}  {{ gdp.source }}           an auxiliary figure of the study
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mpsurvey.errors import did_you_mean

__all__ = [
    "AUXILIARY_FIELDS",
    "FIELDS",
    "AskedFigure",
    "AskedPicture",
    "BadDirective",
    "Piece",
    "read_pieces",
]

FIELDS = (
    "estimate", "interval", "ci", "low", "high", "se", "cv", "n", "population", "words", "unit",
    "title", "change", "change_interval", "verdict",
)  # fmt: skip
AUXILIARY_FIELDS = ("value", "unit", "year", "source", "title", "words")

_MARK = re.compile(r"(?<!\\)\{\{(.*?)\}\}", re.DOTALL)
_ID = r"[A-Z]{3}[0-9]{2}[A-Z]?"
_FIGURE = re.compile(
    rf"(?P<id>{_ID})(?:\.(?P<field>[a-z_]+))?"
    r"(?:\s+where\s+(?P<where>.+?))?(?:\s+in\s+round\s+(?P<round>\S+))?"
)
_PICTURE = re.compile(
    rf"(?P<kind>chart|table)\s+(?P<id>{_ID})"
    r"(?:\s+by\s+(?P<by>[a-z0-9_,\s]+?))?(?:\s+as\s+(?P<shape>[a-z_-]+))?"
)
_AUXILIARY = re.compile(r"(?P<id>[a-z][a-z0-9_]*)\.(?P<field>[a-z]+)")
_CONDITION = re.compile(r"(?P<name>[a-z][a-z0-9_]*)\s*==?\s*(?P<value>\"[^\"]*\"|'[^']*'|[^\s,]+)")


@dataclass(frozen=True, slots=True)
class AskedFigure:
    """A figure in a line of text; `indicator` is empty for an auxiliary one."""

    indicator: str
    field: str
    where: tuple[tuple[str, str], ...] = ()
    round: str | None = None
    auxiliary: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class AskedPicture:
    """A chart or a table in its place between paragraphs."""

    kind: str
    indicator: str
    by: tuple[str, ...] = ()
    shape: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class BadDirective:
    """What cannot be read, and why."""

    fault: str
    line: int = 0


Piece = str | AskedFigure | AskedPicture | BadDirective


def read_pieces(text: str, first_line: int = 1) -> Iterator[Piece]:
    r"""Go through a text: what is to be printed as it stands, and what is to be put in.

    >>> list(read_pieces("Some {{ EMP18.n where sex=2 }} people."))[1]
    AskedFigure(indicator='EMP18', field='n', where=(('sex', '2'),), round=None, auxiliary='', line=1)
    >>> list(read_pieces(r"A literal \{{ pair"))
    ['A literal {{ pair']
    """  # noqa: E501 - the repr is one line
    done = 0
    for found in _MARK.finditer(text):
        yield from _plain(text[done : found.start()])
        line = first_line + text.count("\n", 0, found.start())
        yield _read(found[1].strip(), line, alone=_alone(text, found.start(), found.end()))
        done = found.end()
    rest = text[done:]
    if "{{" in rest.replace(r"\{{", ""):
        at = first_line + text.count("\n", 0, done + rest.index("{{"))
        yield BadDirective("'{{' is not closed by '}}'. Write \\{{ for the braces.", at)
    yield from _plain(rest)


def _plain(text: str) -> Iterator[str]:
    if text:
        yield text.replace(r"\{{", "{{")


def _alone(text: str, start: int, end: int) -> bool:
    """Whether nothing else stands on the directive's line."""
    before = text[text.rfind("\n", 0, start) + 1 : start]
    after = text[end : text.find("\n", end) if "\n" in text[end:] else len(text)]
    return not before.strip() and not after.strip()


def _read(said: str, line: int, *, alone: bool) -> Piece:
    words = " ".join(said.split())
    if picture := _PICTURE.fullmatch(words):
        if not alone:
            return BadDirective(f"A {picture['kind']} stands on a line of its own.", line)
        by = tuple(_place(one) for one in (picture["by"] or "").split(",") if one.strip())
        return AskedPicture(picture["kind"], picture["id"], by, picture["shape"], line)
    if words.split(" ")[0] in ("chart", "table"):
        return BadDirective(
            f"'{words}' is not such as 'chart EMP03 by sex' or 'table EMP03'.", line
        )
    if figure := _FIGURE.fullmatch(words):
        return _figure(figure, words, line)
    if other := _AUXILIARY.fullmatch(words):
        if other["field"] not in AUXILIARY_FIELDS:
            near = did_you_mean(other["field"], AUXILIARY_FIELDS)
            return BadDirective(
                f"An auxiliary figure has no '{other['field']}'.{near} "
                f"It has {', '.join(AUXILIARY_FIELDS)}.",
                line,
            )
        return AskedFigure("", other["field"], auxiliary=other["id"], line=line)
    return BadDirective(
        f"'{words}' cannot be read. Write such as EMP03.estimate where sex=2, chart EMP03 by sex, "
        "table EMP03, or gdp.value.",
        line,
    )


def _figure(figure: re.Match[str], words: str, line: int) -> Piece:
    asked = figure["field"] or "estimate"
    if asked not in FIELDS:
        near = did_you_mean(asked, FIELDS)
        fault = f"A figure has no '{asked}'.{near} It has {', '.join(FIELDS)}."
        return BadDirective(fault, line)
    where = []
    for part in re.split(r"\s+and\s+|,", figure["where"] or ""):
        if not part.strip():
            continue
        condition = _CONDITION.fullmatch(part.strip())
        if condition is None:
            fault = f"'{part.strip()}' in '{words}' is no condition such as sex=2."
            return BadDirective(fault, line)
        where.append((condition["name"], condition["value"].strip("\"'")))
    return AskedFigure(figure["id"], asked, tuple(where), figure["round"], line=line)


def _place(said: str) -> str:
    """Name of a breakdown as tables have it: ``sex x region``."""
    return " x ".join(said.split(" x ")).strip()
