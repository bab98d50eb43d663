"""Crosswalks from YAML: every problem at once, with file, line and near misses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mpsurvey.catalogue import library_folders
from mpsurvey.catalogue.fields import (
    BAD,
    NAME,
    Choice,
    Fields,
    Flag,
    Items,
    Key,
    Real,
    Record,
    RuleText,
    Texts,
    Version,
    Whole,
    Word,
    WordMap,
)
from mpsurvey.catalogue.marked import Marked, Problems, compose
from mpsurvey.errors import CatalogueError, FileUnreadable, MpsurveyError, RuleError, did_you_mean
from mpsurvey.harmonisation.crosswalk import (
    ACTIONS,
    HOME,
    KINDS,
    STATUSES,
    Band,
    Crosswalk,
    Linked,
    Mapped,
)
from mpsurvey.harmonisation.known import known_catalogue
from mpsurvey.harmonisation.target import Target, all_targets
from mpsurvey.rule import parse_rule

__all__ = ["CROSSWALK", "read_crosswalk", "ready_crosswalks"]

A_NAME = Word(NAME, 16, "a name in lower case letters, digits and single underscores")
_BAND = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*\.\.\s*(-?\d+(?:\.\d+)?)\s*")


@dataclass(frozen=True, slots=True)
class Code:
    """A code of a file: a number, a text, or a band such as ``110..430``."""

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return the code."""
        if node.kind not in ("text", "whole number", "number"):
            problems.add(node.line, f"A code is a number, a text or low..high, not {node.kind}.")
            return BAD
        return code_of(node.content) if node.kind == "text" else node.content

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": ["number", "string"]}


@dataclass(frozen=True, slots=True)
class Recode:
    """The file's codes to the modules' codes: ``{1: 1, 2..4: 2, 9: null}``."""

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return codes by code."""
        if node.kind != "keys with values":
            problems.add(node.line, f"A recode is codes with codes, not {node.kind}.")
            return BAD
        out: dict[Any, Any] = {}
        for key, part in node.content.items():
            if part.kind not in ("text", "whole number", "number", "nothing"):
                problems.add(part.line, f"'{key}' goes to a code or to null, not to {part.kind}.")
                continue
            out[code_of(key)] = part.content
        return out

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "object", "additionalProperties": {"type": ["number", "string", "null"]}}


@dataclass(frozen=True, slots=True)
class Categories:
    """The modules' codes, each with its rule, in order: ``{1: "esr in (1, 2)"}``."""

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return pairs of code and rule."""
        if node.kind != "keys with values" or not node.content:
            problems.add(node.line, f"Categories are codes with rules, not {node.kind}.")
            return BAD
        out = []
        for key, part in node.content.items():
            code = code_of(key)
            if isinstance(code, Band):
                problems.add(part.line, f"'{key}' is several codes; a category gives one.")
            try:
                out.append((code, parse_rule(part.content)))
            except RuleError as error:
                problems.add(part.line, str(error))
        return tuple(out)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}}


@dataclass(frozen=True, slots=True)
class LinkKey:
    """Columns that say the same in two files: a name, names, or names by name."""

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return the further file's column by the main file's."""
        if node.kind == "keys with values":
            return WordMap(Word(), r".+").read(node, problems)
        several = Items(Word(), least=1, lone=True).read(node, problems)
        return BAD if several is BAD else {name: name for name in several}

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": ["string", "array", "object"]}


MAPPED = Record(
    "A variable",
    {
        "from": Key(Word(), "the file's column"),
        "file": Key(A_NAME, "the further file in which it stands"),
        "recode": Key(Recode(), "the file's codes to the modules'"),
        "keep_others": Key(Flag(), "true to keep the codes that the recode leaves out"),
        "countries": Key(Flag(), "true when values are names, letters or numbers of countries"),
        "missing": Key(Items(Code(), lone=True), "codes of the file that mean no answer"),
        "value": Key(RuleText("either"), "a formula on the file's columns, or a rule"),
        "categories": Key(Categories(), "codes by rule; the first that holds"),
        "universe": Key(RuleText(), "for whom it is worked out"),
        "absent": Key(Flag(), "true when the file has nothing of it: unanswered by all"),
        "optional": Key(Flag(), "true when some releases of the file lack it"),
        "confidence": Key(Real(0, 1), "of a proposal"),
        "note": Key(Texts(2000, whole=False, plain=True), "what a reader should know"),
    },
)

LINKED = Record(
    "A further file",
    {
        "unit": Key(Choice(("household", "person", "roster")), "what a row of it is", need=True),
        "key": Key(LinkKey(), "columns by which its rows belong to the main file's", need=True),
    },
)

CROSSWALK = Record(
    "A crosswalk",
    {
        "kind": Key(Word(), "crosswalk", need=True),
        "id": Key(Word(NAME, 40, "an id in lower case"), "its id", need=True),
        "version": Key(Version(), "three numbers", need=True),
        "title": Key(Texts(200), "the file it is for", need=True),
        "status": Key(Choice(STATUSES), "how far it was tried", need=True),
        "about": Key(Texts(8000, whole=False, plain=True), "what a user should know"),
        "codebook": Key(Items(Word(), lone=True), "the documents it was written from"),
        "replaces": Key(Word(), "the id and version that this one overrides"),
        "unit": Key(Choice(("person", "household")), "what a row of the file is", need=True),
        "household": Key(Items(Word(), least=1, lone=True), "columns that tell households apart"),
        "home": Key(Whole(1, 999), "UN M49 number of the country"),
        "missing": Key(Items(Code(), lone=True), "codes of no answer in every column"),
        "not_asked": Key(Items(Code(), lone=True), "those that mean skipped"),
        "keep": Key(Items(Word(), lone=True), "columns carried over as they are"),
        "files": Key(WordMap(LINKED), "further files"),
        "checks": Key(WordMap(Choice(ACTIONS)), "for each sort of problem what is done"),
        "variables": Key(WordMap(MAPPED), "how each variable is got", need=True),
    },
)


def code_of(written: str) -> Any:
    """Return the code that a text stands for: a band, a number, or the text itself.

    >>> code_of("7"), code_of("-1"), code_of("01"), str(code_of("10..19")), code_of(".a")
    (7, -1, '01', '10..19', '.a')
    """
    if match := _BAND.fullmatch(written):
        return Band(float(match[1]), float(match[2]))
    if re.fullmatch(r"-?(0|[1-9]\d*)", written):
        return int(written)
    if re.fullmatch(r"-?(0|[1-9]\d*)\.\d+", written):
        return float(written)
    return written


def read_crosswalk(path: Path | str, *, catalogue: Any = None) -> Crosswalk:
    """Read a crosswalk from a YAML file, or a ready one by its id.

    Parameters
    ----------
    path
        A file; or the id of a crosswalk of the library, such as ``"acs_pums"``.
    catalogue
        Whose variables it maps to; the shipped one unless given.

    Raises
    ------
    CatalogueError
        With every problem of the file, each with its line: unknown keys, names that no module has
        (with near misses), codes that are not in a list, rules that cannot be read.
    FileUnreadable
        When there is neither such a file nor such a crosswalk.
    """
    file = Path(path)
    if not file.is_file():
        file = _ready(str(path))
    problems = Problems(file.name)
    node = compose(file, problems)
    walk = None
    if node is not None:
        targets = all_targets(known_catalogue(catalogue))
        walk = _read(node, problems, targets)
    if problems.found or walk is None:
        raise CatalogueError(problems.lines())
    return walk


def ready_crosswalks() -> dict[str, Path]:
    """Return the crosswalks of the library by id: what is shipped, packs, ``MPSURVEY_PATH``."""
    return {path.stem: path for path in _crosswalk_files()}


def _crosswalk_files() -> Iterator[Path]:
    for folder in library_folders():
        if folder.is_dir():
            for path in sorted(folder.rglob("crosswalks/*")):
                if path.suffix.lower() in (".yaml", ".yml"):
                    yield path


def _ready(name: str) -> Path:
    ready = ready_crosswalks()
    if name in ready:
        return ready[name]
    near = did_you_mean(name, ready)
    raise FileUnreadable(
        f"There is no file '{name}' and no ready crosswalk of that id.{near} "
        f"Ready ones: {', '.join(sorted(ready)) or 'none'}."
    )


def _read(node: Marked, problems: Problems, targets: Mapping[str, Target]) -> Crosswalk | None:
    if node.kind != "keys with values":
        problems.add(node.line, "The file holds keys with values, beginning with 'kind:'.")
        return None
    kind = node.get("kind")
    if kind is not None and kind.written != "crosswalk":
        problems.add(kind.line, f"This is of the kind '{kind.written}', not a crosswalk.")
        return None
    fields = CROSSWALK.read(node, problems)
    if fields is BAD:
        return None
    for check, line in _lines_in(node, "checks"):
        if check not in KINDS:
            problems.add(line, f"There is no check '{check}'.{did_you_mean(check, KINDS)}")
    files = {
        name: Linked(
            name=name, unit=each["unit"], key=each["key"], place=f"{problems.file}:{each.line}"
        )
        for name, each in fields.get("files", {}).items()
        if each.fine
    }
    variables: dict[str, Mapped] = {}
    lines = dict(_lines_in(node, "variables"))
    for name, each in fields.get("variables", {}).items():
        line = lines.get(name, each.line)
        if name not in targets:
            near = did_you_mean(name, targets)
            problems.add(line, f"No module and no host variable is called '{name}'.{near}")
        mapped = _mapped(name, each, f"{problems.file}:{line}", problems)
        if mapped is not None:
            variables[name] = mapped
            _review(mapped, each, targets.get(name), files, problems)
    if not fields.fine or problems.found:
        return None
    return Crosswalk(
        id=fields["id"],
        version=fields["version"],
        title=fields["title"],
        variables=variables,
        unit=fields["unit"],
        household=fields.get("household", ()),
        home=fields.get("home"),
        missing=fields.get("missing", ()),
        not_asked=fields.get("not_asked", ()),
        keep=fields.get("keep", ()),
        files=files,
        checks=fields.get("checks", {}),
        status=fields["status"],
        about=fields.get("about", {}),
        codebook=fields.get("codebook", ()),
        place=problems.file,
    )


def _lines_in(node: Marked, key: str) -> Iterable[tuple[str, int]]:
    part = node.get(key)
    return () if part is None else part.key_lines.items()


def _mapped(name: str, each: Fields, place: str, problems: Problems) -> Mapped | None:
    if each.broken or not each.fine:
        return None
    try:
        return Mapped(
            name=name,
            column=each.get("from"),
            file=each.get("file"),
            recode=each.get("recode"),
            keep_others=each.get("keep_others", False),
            countries=each.get("countries", False),
            missing=each.get("missing", ()),
            value=each.get("value"),
            categories=each.get("categories", ()),
            universe=each.get("universe"),
            absent=each.get("absent", False),
            optional=each.get("optional", False),
            confidence=each.get("confidence"),
            note=each.get("note", {}),
            place=place,
        )
    except MpsurveyError as error:
        for problem in error.problems:
            problems.add(each.line, problem.removeprefix(f"{place}: "))
        return None


def _review(
    mapped: Mapped,
    each: Fields,
    target: Target | None,
    files: Mapping[str, Linked],
    problems: Problems,
) -> None:
    """Note what does not fit the variable that is mapped."""
    if mapped.file is not None and mapped.file not in files:
        near = did_you_mean(mapped.file, files)
        problems.add(each.line_of("file"), f"'files' has no '{mapped.file}'.{near}")
    if target is None:
        return
    if mapped.countries and (target.codes is None or target.codes.id != "CNT"):
        problems.add(
            each.line_of("countries"), f"'{mapped.name}' is no country; 'countries' is not for it."
        )
    allowed = _allowed(target)
    if allowed is None:
        return
    given = list((mapped.recode or {}).values())
    line = each.line_of("recode" if given else "categories")
    for code in dict.fromkeys([*given, *(code for code, _ in mapped.categories)]):
        if code is None or (code == HOME and target.codes is not None and target.codes.id == "CNT"):
            continue
        if code not in allowed:
            shown = ", ".join(str(one) for one in list(allowed)[:12])
            more = ", ..." if len(allowed) > 12 else ""
            problems.add(line, f"{code} is not a code of '{mapped.name}': {shown}{more}.")


def _allowed(target: Target) -> frozenset[Any] | dict[Any, str] | None:
    if target.codes is not None:
        return None if target.codes.open else dict.fromkeys(target.codes.codes, "")
    if target.concept is not None and target.concept.categories:
        return dict.fromkeys([c.code for c in target.concept.categories], "")
    return None
