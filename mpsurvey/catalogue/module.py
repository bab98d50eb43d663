"""A module: questions that a national survey takes in together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from mpsurvey.catalogue.codelist import CodeList, other_word, please_specify
from mpsurvey.catalogue.concept import CONCEPT, Concept, build_concept
from mpsurvey.catalogue.fields import (
    NAME,
    Choice,
    Either,
    Fields,
    Items,
    Key,
    Record,
    RuleText,
    Texts,
    Version,
    Whole,
    Word,
    WordMap,
)
from mpsurvey.catalogue.marked import Problems
from mpsurvey.catalogue.question import (
    A_NAME,
    QUESTION,
    HostVariable,
    Question,
    build_question,
)
from mpsurvey.catalogue.sources import CITATION, Citation, citations
from mpsurvey.errors import MpsurveyError, did_you_mean
from mpsurvey.rule import Rule, parse_rule

__all__ = ["MODULE", "Level", "Module", "Roster", "build_module"]

Unit = Literal["household", "person", "child"]
UNITS = ("household", "person", "child")
RESPONDENTS = ("self", "proxy_allowed", "carer", "reference_person")

ROSTER = Record(
    "A roster",
    {
        "name": Key(A_NAME, "its name", need=True),
        "count": Key(A_NAME, "the question that says how many rows", need=True),
        "title": Key(Texts(200), "what a row is, in each language", need=True),
        "row": Key(A_NAME, "the text question that names a row"),
        "most": Key(Whole(1, 200), "the most rows that fit"),
    },
)

LEVEL = Record(
    "A level",
    {
        "questions": Key(Items(A_NAME, least=1), "the questions it keeps", need=True),
        "ask_if": Key(WordMap(RuleText()), "rules that differ in it, by question"),
    },
)

MODULE = Record(
    "A module",
    {
        "kind": Key(Word(), "module", need=True),
        "id": Key(Word(NAME, 32, "an id in lower case"), "its id", need=True),
        "version": Key(Version(), "three numbers", need=True),
        "title": Key(Texts(200), "its title; these are the file's languages", need=True),
        "purpose": Key(Texts(1500), "what it is for, in each language", need=True),
        "unit": Key(Choice(UNITS), "whom one interview is about", need=True),
        "universe": Key(RuleText(), "who is asked; leave it out when all are"),
        "universe_text": Key(Texts(500), "who is asked, in words", need=True),
        "respondent": Key(Choice(RESPONDENTS), "who may answer"),
        "hosts": Key(
            Items(A_NAME), "variables that the host or another module supplies", need=True
        ),
        "suits": Key(Items(Word(NAME)), "modules best asked before"),
        "reference_period": Key(Texts(500), "the time it is about"),
        "roster": Key(ROSTER, "rows of which each is asked about"),
        "sources": Key(Items(CITATION, least=1), "what it rests on", need=True),
        "levels": Key(WordMap(Either(Items(A_NAME, least=1), LEVEL)), "further short forms"),
        "questions": Key(Items(QUESTION, least=1), "the questions in order", need=True),
        "concepts": Key(Items(CONCEPT), "derived variables in order"),
        "notes": Key(Texts(8000, whole=False, plain=True), "for analysts"),
        "changes": Key(Texts(8000, whole=False, plain=True), "what changed and why"),
        "replaces": Key(Word(), "the id and version that this one overrides"),
    },
)


@dataclass(frozen=True, slots=True)
class Roster:
    """Rows of which each is asked about, such as absent members."""

    name: str
    count: str
    title: Mapping[str, str]
    row: str | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """A short form: the questions it keeps and the rules that differ."""

    questions: tuple[str, ...]
    ask_if: Mapping[str, Rule] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """Questions on one theme that a national survey takes in together.

    Attributes
    ----------
    unit
        Whom one interview is about: 'household', 'person' or 'child'.
    universe
        Who is asked; None for all.
    hosts
        Variables that the host survey, or another module, supplies.
    roster
        Rows of which each is asked about; the questions with ``roster=True``.
    questions
        In the order asked, with the text questions for *other (specify)*.
    concepts
        Derived variables in the order of calculation.
    codelists, host_variables, borrowed
        The lists that it uses, the host variables, and the questions of other modules among its
        `hosts`.
    """

    id: str
    version: str
    title: Mapping[str, str]
    purpose: Mapping[str, str]
    unit: Unit
    universe_text: Mapping[str, str]
    universe: Rule | None = None
    respondent: str = "proxy_allowed"
    hosts: tuple[str, ...] = ()
    suits: tuple[str, ...] = ()
    reference_period: Mapping[str, str] | None = None
    roster: Roster | None = None
    sources: tuple[Citation, ...] = ()
    levels: Mapping[str, Level] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    concepts: tuple[Concept, ...] = ()
    notes: Mapping[str, str] | None = None
    changes: Mapping[str, str] | None = None
    theme: str = ""
    codelists: Mapping[str, CodeList] = field(default_factory=dict, repr=False)
    host_variables: Mapping[str, HostVariable] = field(default_factory=dict, repr=False)
    borrowed: Mapping[str, Question] = field(default_factory=dict, repr=False)
    place: str = ""

    def __repr__(self) -> str:
        title = next(iter(self.title.values()))
        return f"<Module {self.id} {self.version}: {title}, {len(self.questions)} questions>"

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of its wording."""
        return tuple(self.title)

    @property
    def names(self) -> tuple[str, ...]:
        """The variables of its questions, in order."""
        return tuple(question.name for question in self.questions)

    def question(self, name: str) -> Question:
        """Return one question.

        Raises
        ------
        MpsurveyError
            When the module has none of that name, with near misses.
        """
        for question in self.questions:
            if question.name == name:
                return question
        raise MpsurveyError(f"{self.id} has no question '{name}'.{did_you_mean(name, self.names)}")

    def codelist(self, question: Question) -> CodeList | None:
        """Return the answers of a question, or the special numbers of a number."""
        listed = question.codes or question.special
        return self.codelists[listed] if listed else None

    def missing_codes(self) -> dict[str, frozenset[int]]:
        """Return for each question the codes that count as no answer."""
        out = {}
        for question in self.questions:
            listed = self.codelist(question)
            if listed is not None and listed.missing:
                out[question.name] = listed.missing
        return out

    def at_level(self, level: str) -> Module:
        """Return the module cut to a level: 'core', 'extended' (all) or one of its own.

        Raises
        ------
        MpsurveyError
            When the module has no such level.
        """
        if level == "extended":
            return self
        if level == "core":
            kept = {q.name for q in self.questions if q.level == "core"}
            rules: Mapping[str, Rule] = {}
        elif level in self.levels:
            own = self.levels[level]
            kept, rules = set(own.questions), own.ask_if
        else:
            known = ("core", "extended", *self.levels)
            raise MpsurveyError(
                f"{self.id} has no level '{level}'; it has {', '.join(known)}."
                f"{did_you_mean(level, known)}"
            )
        questions = tuple(
            replace(q, ask_if=rules[q.name]) if q.name in rules else q
            for q in self.questions
            if q.name in kept or q.specifies in kept
        )
        return replace(self, questions=questions, concepts=self.concepts_from(questions))

    def concepts_from(self, questions: tuple[Question, ...]) -> tuple[Concept, ...]:
        """Return the concepts that can be worked out from fewer questions."""
        dropped = set(self.names) - {q.name for q in questions}
        kept = []
        for concept in self.concepts:
            if concept.names & dropped:
                dropped.add(concept.name)
            else:
                kept.append(concept)
        return tuple(kept)


def build_module(
    fields: Fields, problems: Problems, theme: str, codelists: Mapping[str, CodeList]
) -> Module:
    """Make a module; its rules are reviewed by `mpsurvey.catalogue.review`."""
    questions: list[Question] = []
    for each in fields["questions"]:
        if not each.fine:
            continue
        question = build_question(each, problems, problems.file)
        questions.append(question)
        other = _other(question, codelists) if each.get("specify", True) else None
        if other is not None:
            questions.append(other)
    roster = fields.get("roster")
    levels = {
        name: Level(own["questions"], own.get("ask_if", {}))
        if isinstance(own, Fields)
        else Level(own)
        for name, own in fields.get("levels", {}).items()
        if not isinstance(own, Fields) or own.fine
    }
    return Module(
        id=fields["id"],
        version=fields["version"],
        title=fields["title"],
        purpose=fields["purpose"],
        unit=fields["unit"],
        universe=fields.get("universe"),
        universe_text=fields["universe_text"],
        respondent=fields.get("respondent", "proxy_allowed"),
        hosts=fields["hosts"],
        suits=fields.get("suits", ()),
        reference_period=fields.get("reference_period"),
        roster=_roster(roster) if roster is not None and roster.fine else None,
        sources=citations(fields["sources"]),
        levels=levels,
        questions=tuple(questions),
        concepts=tuple(
            build_concept(each, problems) for each in fields.get("concepts", ()) if each.fine
        ),
        notes=fields.get("notes"),
        changes=fields.get("changes"),
        theme=theme,
        codelists=codelists,
        place=f"{problems.file}:{fields.line}",
    )


def _other(question: Question, codelists: Mapping[str, CodeList]) -> Question | None:
    """Return the text question that writes out *other (specify)*."""
    listed = codelists.get(question.codes or "")
    if listed is None:
        return None
    codes = [item.code for item in listed if item.specify]
    if not codes:
        return None
    test = "selected({}, {})" if question.type == "select_multiple" else "{} == {}"
    rule = " or ".join(test.format(question.name, code) for code in codes)
    wording = please_specify()
    return Question(
        name=f"{question.name}_o",
        concept=f"{question.concept}.other",
        type="text",
        text={language: wording.get(language, wording["en"]) for language in question.text},
        label={
            language: f"{label[:60]}: {other_word().get(language, 'other')}"
            for language, label in question.label.items()
        },
        level=question.level,
        ask_if=parse_rule(rule),
        roster=question.roster,
        proxy=question.proxy,
        minutes=0.1,
        screened_in=0.03,
        sensitivity=question.sensitivity,
        specifies=question.name,
        place=question.place,
    )


def _roster(fields: Fields) -> Roster:
    return Roster(
        fields["name"], fields["count"], fields["title"], fields.get("row"), fields.get("most")
    )
