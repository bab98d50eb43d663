"""A module in a form: where it stands, under what names, and what supplies its host variables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from mpsurvey.catalogue import CodeList, Concept, HostVariable, Module, Question
from mpsurvey.rule import Known

__all__ = [
    "Link",
    "Placed",
    "host_question",
    "kind_of",
    "known_variable",
    "numbers_at_end",
    "possible_concepts",
    "scope_of",
    "variable_of",
    "width_of",
]

Kind = Literal["one", "many", "number", "text"]
KINDS: Mapping[str, Kind] = {
    "select_one": "one",
    "select_multiple": "many",
    "integer": "number",
    "decimal": "number",
}


@dataclass(frozen=True, slots=True)
class Link:
    """What supplies one host variable.

    Attributes
    ----------
    how
        'host': a question of the host form; 'module': another module's variable in this form;
        'added': a minimal question or calculation put in for it.
    variable
        Its name in the form.
    codes
        Values of the host to values of the module, where they differ.
    repeat
        The host's repeat that it lies in, when the module stands beside that repeat.
    """

    how: Literal["host", "module", "added"]
    variable: str
    codes: Mapping[str, int] | None = None
    repeat: str | None = None

    def named(self, name: str) -> str:
        """Return the name of the host variable `name` where the form has no host of its own."""
        return self.variable if self.how == "module" else name

    @property
    def calculated(self) -> bool:
        """Whether the form holds a calculation of its own for it."""
        return self.codes is not None or self.repeat is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A module put into a form.

    Attributes
    ----------
    module
        Cut to its level.
    above
        Row of the host's survey sheet before which it stands.
    prefix
        Put before the names of its variables.
    hosts
        What supplies each host variable that its rules use.
    beside
        The host's repeat whose rows it is asked of, in a repeat of its own.
    repeats
        The host's repeats that it stands in.
    person
        The variable that names the person or row, for ``{name}``.
    """

    module: Module
    above: int
    level: str = "extended"
    prefix: str = ""
    hosts: Mapping[str, Link] = field(default_factory=dict)
    beside: str | None = None
    repeats: tuple[str, ...] = ()
    person: str | None = None
    required: bool = True

    @property
    def group(self) -> str:
        """Name of its group in the form."""
        return f"{self.prefix}{self.module.id}"

    @property
    def rows_name(self) -> str:
        """Name of its repeat beside the host's."""
        return f"{self.group}_each"

    def own(self, name: str) -> str:
        """Return the name that one of its variables has in the form."""
        return f"{self.prefix}{name}"

    def linked(self, name: str) -> str:
        """Return the name that a host variable has in the form, calculated or not."""
        link = self.hosts[name]
        return f"{self.group}_{name}" if link.calculated else link.variable

    def names(self) -> Iterator[str]:
        """Go through every name that it puts into the form."""
        yield self.group
        for question in self.module.questions:
            yield self.own(question.name)
            soft = [check for check in question.checks if check.soft]
            for number, _ in enumerate(soft, 1):
                yield f"{self.own(question.name)}_w{number}"
        for concept in self.module.concepts:
            yield self.own(concept.name)
            if concept.over:
                yield f"{self.own(concept.name)}_v"
                yield f"{self.own(concept.name)}_n"
        if self.module.roster is not None:
            yield self.own(self.module.roster.name)
        for name, link in self.hosts.items():
            if link.calculated:
                yield self.linked(name)
            elif link.how == "added":
                yield link.variable
        if self.beside:
            yield self.rows_name
            if self.person:
                yield f"{self.group}_name"


def rule_hosts(module: Module) -> tuple[str, ...]:
    """Return the host variables of a module that its rules and concepts use."""
    used: set[str] = set()
    if module.universe is not None:
        used |= module.universe.names
    for question in module.questions:
        if question.ask_if is not None:
            used |= question.ask_if.names
        for check in question.checks:
            used |= check.rule.names
    return tuple(name for name in module.hosts if name in used)


def concept_hosts(module: Module) -> frozenset[str]:
    """Return the host variables that only derived variables use."""
    used = frozenset().union(*(concept.names for concept in module.concepts))
    return frozenset(used & set(module.hosts)) - set(rule_hosts(module))


def variable_of(module: Module, name: str) -> Question | HostVariable | Concept | None:
    """Return what a name means to a module: its own, a host's or another module's variable."""
    for question in module.questions:
        if question.name == name:
            return question
    for concept in module.concepts:
        if concept.name == name:
            return concept
    return module.host_variables.get(name) or module.borrowed.get(name)


def answers_of(module: Module, variable: Question | HostVariable) -> CodeList | None:
    """Return the code list of a variable, or its special numbers."""
    listed = variable.codes or variable.special
    return module.codelists.get(listed) if listed else None


def kind_of(type_name: str) -> Kind:
    """Return what the answers to a type of question are to a rule."""
    return KINDS.get(type_name, "text")


def known_variable(module: Module, variable: Question | HostVariable, reference: str) -> Known:
    """Return how a target knows a variable that it calls by a reference."""
    kind, answers = kind_of(variable.type), answers_of(module, variable)
    if answers is None:
        return Known(reference, kind)
    return Known(reference, kind, answers.missing, width_of(answers))


def scope_of(
    placed: Placed, own: Callable[[str, bool], str], host: Callable[[str, Link], str]
) -> dict[str, Known]:
    """Return how a target knows each variable that a module's rules may use.

    Parameters
    ----------
    own
        Writes a reference to a variable of the module: its name in the form, and whether it is one
        of each row of the module's roster.
    host
        Writes a reference to a host variable: its name, and what supplies it.
    """
    module = placed.module
    out: dict[str, Known] = {}
    for question in module.questions:
        reference = own(placed.own(question.name), question.roster)
        out[question.name] = known_variable(module, question, reference)
    for concept in module.concepts:
        out[concept.name] = Known(own(placed.own(concept.name), concept.roster))
    for name, link in placed.hosts.items():
        variable = variable_of(module, name)
        reference = host(name, link)
        if isinstance(variable, Question | HostVariable):
            out[name] = known_variable(module, variable, reference)
        else:
            out[name] = Known(reference)
    return out


def host_question(variable: HostVariable | Question, name: str, host: str) -> Question:
    """Return the minimal question `name` that asks for the host variable `host`."""
    return Question(
        name=name,
        concept=f"host.{host}",
        type=variable.type,
        text=variable.text or variable.label,
        label=variable.label,
        codes=variable.codes,
        special=variable.special,
        checks=variable.checks,
        instruction=variable.instruction,
        minutes=variable.minutes,
    )


def width_of(listed: CodeList) -> int:
    """Return the places of a code of a list."""
    return max(len(str(code)) for code in listed.codes)


def numbers_at_end(parts: list[Question]) -> tuple[list[Question], list[Question], list[Question]]:
    """Split questions into those before the roster, in it, and after it."""
    places = [at for at, question in enumerate(parts) if question.roster]
    if not places:
        return parts, [], []
    return parts[: places[0]], parts[places[0] : places[-1] + 1], parts[places[-1] + 1 :]


def possible_concepts(placed: Placed) -> list[Concept]:
    """Return the derived variables that the form can work out; the others wait for the analysis."""
    known = set(placed.module.names) | set(placed.hosts)
    out = []
    for concept in placed.module.concepts:
        if concept.names <= known:
            known.add(concept.name)
            out.append(concept)
    return out
