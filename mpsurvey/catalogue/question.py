"""A question, its checks, and the host's variables that modules rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mpsurvey.catalogue.fields import (
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
    Word,
)
from mpsurvey.catalogue.marked import Problems
from mpsurvey.catalogue.sources import CITATION, Citation, citations
from mpsurvey.rule import Rule

__all__ = [
    "HOSTS",
    "QUESTION",
    "Check",
    "HostVariable",
    "Hosts",
    "Question",
    "QuestionType",
    "build_hosts",
    "build_question",
]

QuestionType = Literal[
    "select_one", "select_multiple", "integer", "decimal", "text", "date", "note"
]
TYPES = ("select_one", "select_multiple", "integer", "decimal", "text", "date", "note")
SELECTS = ("select_one", "select_multiple")
NUMBERS = ("integer", "decimal")

A_NAME = Word(NAME, 16, "a name in lower case letters, digits and single underscores")
LIST_NAME = Word(r"[A-Z][A-Z0-9_]{0,15}", means="the id of a code list")

CHECK = Record(
    "A check",
    {
        "rule": Key(RuleText(), "what must hold", need=True),
        "message": Key(Texts(250), "what the interviewer is told, in each language", need=True),
        "soft": Key(Flag(), "true to warn, false to refuse"),
    },
)

QUESTION = Record(
    "A question",
    {
        "name": Key(A_NAME, "the variable's name", need=True),
        "concept": Key(Word(longest=120), "what it measures, as dotted words", need=True),
        "type": Key(Choice(TYPES), "the sort of answer", need=True),
        "codes": Key(LIST_NAME, "the code list of a select question"),
        "special": Key(LIST_NAME, "a code list of numbers that stand outside the checks"),
        "ask_if": Key(RuleText(), "who of the universe is asked"),
        "checks": Key(Items(CHECK), "what the answer must satisfy"),
        "level": Key(Choice(("core", "extended")), "core or extended", need=True),
        "text": Key(Texts(500), "what the interviewer reads", need=True),
        "instruction": Key(Texts(1000), "for the interviewer, not read aloud"),
        "label": Key(Texts(80, whole=False), "the variable's label in the data"),
        "roster": Key(Flag(), "true when asked for each row of the module's roster"),
        "unit": Key(Word(longest=60), "the unit of a number"),
        "reference_period": Key(Texts(120), "the time it is about"),
        "proxy": Key(Flag(), "whether somebody else may answer"),
        "minutes": Key(Real(0, 30), "interview minutes when asked"),
        "screened_in": Key(Real(0, 1), "share of the universe that is asked"),
        "sensitivity": Key(Choice(("low", "medium", "high")), "how delicate it is"),
        "specify": Key(Flag(), "false to leave out the text question for 'other'"),
        "sources": Key(Items(CITATION), "what the wording rests on"),
    },
)

HOST = Record(
    "A host variable",
    {
        "name": Key(A_NAME, "the name that modules use", need=True),
        "label": Key(Texts(80), "what it is", need=True),
        "type": Key(Choice(TYPES[:-1]), "the sort of answer", need=True),
        "of": Key(Choice(("person", "household", "design")), "whom it describes", need=True),
        "codes": Key(LIST_NAME, "the code list of a select question"),
        "special": Key(LIST_NAME, "numbers that stand outside the checks"),
        "checks": Key(Items(CHECK), "what the answer must satisfy"),
        "unit": Key(Word(longest=60), "the unit of a number"),
        "text": Key(Texts(500), "a minimal question for hosts that lack it"),
        "instruction": Key(Texts(1000), "for the interviewer"),
        "calculation": Key(
            Choice(("year of interview", "month of interview", "row number", "given")),
            "how a form fills it without asking",
        ),
        "minutes": Key(Real(0, 30), "interview minutes when asked"),
        "also": Key(Items(Word(longest=60)), "words by which hosts call it"),
    },
)

HOSTS = Record(
    "A list of host variables",
    {
        "kind": Key(Word(), "hosts", need=True),
        "id": Key(Word(), "its id", need=True),
        "version": Key(Version(), "three numbers", need=True),
        "title": Key(Texts(200), "what the list is", need=True),
        "replaces": Key(Word(), "the id and version that this one overrides"),
        "variables": Key(Items(HOST, least=1), "the variables", need=True),
    },
)


@dataclass(frozen=True, slots=True)
class Check:
    """What an answer must satisfy; looked at when everything it compares is answered."""

    rule: Rule
    message: Mapping[str, str]
    soft: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question of a module.

    Attributes
    ----------
    name, label
        Name and label of the variable in the data.
    codes, special
        Ids of code lists: the answers of a select question; numbers outside the checks.
    ask_if
        Who of the module's universe is asked; None for all.
    roster
        Asked for each row of the module's roster.
    minutes, screened_in
        Interview minutes when asked, and the share of the universe expected to be asked.
    specifies
        The question whose *other* this one writes out.
    """

    name: str
    concept: str
    type: QuestionType
    text: Mapping[str, str]
    label: Mapping[str, str]
    level: Literal["core", "extended"] = "core"
    codes: str | None = None
    special: str | None = None
    ask_if: Rule | None = None
    checks: tuple[Check, ...] = ()
    instruction: Mapping[str, str] | None = None
    roster: bool = False
    unit: str | None = None
    reference_period: Mapping[str, str] | None = None
    proxy: bool = True
    minutes: float = 0.0
    screened_in: float = 1.0
    sensitivity: Literal["low", "medium", "high"] = "low"
    specifies: str | None = None
    sources: tuple[Citation, ...] = ()
    place: str = ""

    @property
    def asks(self) -> bool:
        """Whether it takes an answer; a note does not."""
        return self.type != "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostVariable:
    """A variable that the host survey supplies, with a minimal question for hosts that lack it."""

    name: str
    label: Mapping[str, str]
    type: QuestionType
    of: Literal["person", "household", "design"]
    codes: str | None = None
    special: str | None = None
    checks: tuple[Check, ...] = ()
    unit: str | None = None
    text: Mapping[str, str] | None = None
    instruction: Mapping[str, str] | None = None
    calculation: str | None = None
    minutes: float = 0.0
    also: tuple[str, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True)
class Hosts:
    """A list of host variables."""

    id: str
    version: str
    variables: tuple[HostVariable, ...]
    place: str = ""


def build_checks(read: tuple[Fields, ...]) -> tuple[Check, ...]:
    """Make the checks that could be read."""
    return tuple(
        Check(each["rule"], each["message"], each.get("soft", False)) for each in read if each.fine
    )


def build_question(fields: Fields, problems: Problems, file: str) -> Question:
    """Make a question, and note keys that do not go with its type."""
    kind, name = fields["type"], fields["name"]
    _type_keys(fields, kind, name, problems)
    if kind != "note":
        for key, why in (
            ("label", "the variable's label in the data"),
            ("minutes", "interview minutes when asked"),
        ):
            if key not in fields and key not in fields.broken:
                problems.add(fields.line, f"A question {name} has no '{key}': {why}.")
    asked_of_all = "ask_if" not in fields
    return Question(
        name=name,
        concept=fields["concept"],
        type=kind,
        text=fields["text"],
        label=fields.get("label", {}),
        level=fields["level"],
        codes=fields.get("codes"),
        special=fields.get("special"),
        ask_if=fields.get("ask_if"),
        checks=build_checks(fields.get("checks", ())),
        instruction=fields.get("instruction"),
        roster=fields.get("roster", False),
        unit=fields.get("unit"),
        reference_period=fields.get("reference_period"),
        proxy=fields.get("proxy", True),
        minutes=float(fields.get("minutes", 0.0)),
        screened_in=float(fields.get("screened_in", 1.0 if asked_of_all else 0.3)),
        sensitivity=fields.get("sensitivity", "low"),
        sources=citations(fields.get("sources", ())),
        place=f"{file}:{fields.line}",
    )


def _type_keys(fields: Fields, kind: str, name: str, problems: Problems) -> None:
    if kind in SELECTS and "codes" not in fields and "codes" not in fields.broken:
        problems.add(fields.line, f"{name} is {kind} and has no 'codes': name its code list.")
    if kind not in SELECTS and "codes" in fields:
        problems.add(
            fields.line_of("codes"), f"{name} is {kind}: only a select question has 'codes'."
        )
    if kind not in NUMBERS:
        for key in ("special", "unit"):
            if key in fields:
                problems.add(fields.line_of(key), f"{name} is {kind}: only a number has '{key}'.")
    if kind == "note":
        for key in ("checks", "label"):
            if key in fields:
                problems.add(fields.line_of(key), f"{name} is a note: it has no '{key}'.")


def build_hosts(fields: Fields, problems: Problems, place: str) -> Hosts:
    """Make the list of host variables."""
    seen: dict[str, int] = {}
    variables = []
    for each in fields["variables"]:
        if not each.fine:
            continue
        name = each["name"]
        if name in seen:
            problems.add(each.line, f"'{name}' is already on line {seen[name]}.")
        seen.setdefault(name, each.line)
        _type_keys(each, each["type"], name, problems)
        variables.append(
            HostVariable(
                name=name,
                label=each["label"],
                type=each["type"],
                of=each["of"],
                codes=each.get("codes"),
                special=each.get("special"),
                checks=build_checks(each.get("checks", ())),
                unit=each.get("unit"),
                text=each.get("text"),
                instruction=each.get("instruction"),
                calculation=each.get("calculation"),
                minutes=float(each.get("minutes", 0.0)),
                also=each.get("also", ()),
                place=f"{problems.file}:{each.line}",
            )
        )
    return Hosts(fields["id"], fields["version"], tuple(variables), place)
