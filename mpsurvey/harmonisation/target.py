"""What a crosswalk can map to: questions, host variables and derived concepts of the modules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from mpsurvey.catalogue import (
    PERSONS,
    Catalogue,
    Check,
    CodeList,
    Concept,
    HostVariable,
    Module,
    Question,
    breakdowns,
)
from mpsurvey.rule import Formula, Rule

__all__ = ["Of", "Target", "targets_of"]

Of = Literal["person", "household", "roster", "design"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One variable of the modules.

    Attributes
    ----------
    of
        Whom a value describes: a person, a household, a row of a roster, or the design.
    type
        As for questions; 'concept' for what is worked out.
    codes, special
        The answers; and numbers that stand outside the checks.
    asked
        Rules that all hold when it is asked: the module's universe and the question's own.
    module
        The module that holds it; empty for a host variable.
    roster
        The roster whose rows it describes.
    """

    name: str
    label: Mapping[str, str]
    of: Of
    type: str
    text: Mapping[str, str] = field(default_factory=dict)
    codes: CodeList | None = None
    special: CodeList | None = None
    checks: tuple[Check, ...] = ()
    asked: tuple[Rule, ...] = ()
    unit: str | None = None
    also: tuple[str, ...] = ()
    module: str = ""
    roster: str | None = None
    concept: Concept | None = None
    origin: Literal["host", "question", "concept"] = "question"

    @property
    def listed(self) -> CodeList | None:
        """The list of codes that count here, answers or special numbers."""
        return self.codes or self.special

    @property
    def missing(self) -> frozenset[int]:
        """Codes of the modules that mean no answer."""
        return self.listed.missing if self.listed is not None else frozenset()

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers."""
        return self.type not in ("text", "date", "select_multiple")

    def labels(self, language: str) -> dict[int, str]:
        """The wording of each substantive answer."""
        if self.concept is not None:
            if self.concept.categories:
                return {
                    c.code: c.label.get(language) or next(iter(c.label.values()))
                    for c in self.concept.categories
                }
            return {}
        if self.codes is None:
            return {}
        words = self.codes.labels(language)
        return {code: word for code, word in words.items() if code not in self.codes.missing}

    def worded(self, language: str) -> str:
        """The label in a language, or in the first that there is."""
        return self.label.get(language) or next(iter(self.label.values()), self.name)


def targets_of(
    modules: Iterable[Module], hosts: Mapping[str, HostVariable], lists: Mapping[str, CodeList]
) -> dict[str, Target]:
    """Return every variable of some modules and every host variable, by name."""
    targets = {name: _host(variable, lists) for name, variable in hosts.items()}
    for module in modules:
        for question in module.questions:
            if question.asks:
                targets[question.name] = _question(module, question)
        for concept in module.concepts:
            targets[concept.name] = _concept(module, concept)
    return targets


def all_targets(catalogue: Catalogue) -> dict[str, Target]:
    """Return every variable that a catalogue knows."""
    known = targets_of(catalogue.modules(), catalogue.hosts, catalogue.codelists)
    for concept in breakdowns(catalogue):
        known.setdefault(concept.name, _breakdown(concept))
    return known


def _breakdown(concept: Concept) -> Target:
    return Target(
        name=concept.name,
        label=concept.label,
        of="household" if concept.over == PERSONS else "person",
        type="concept" if concept.categories else "decimal",
        unit=concept.unit,
        concept=concept,
        origin="concept",
    )


def _host(variable: HostVariable, lists: Mapping[str, CodeList]) -> Target:
    return Target(
        name=variable.name,
        label=variable.label,
        of=variable.of,
        type=variable.type,
        text=variable.text or {},
        codes=lists.get(variable.codes or ""),
        special=lists.get(variable.special or ""),
        checks=variable.checks,
        unit=variable.unit,
        also=variable.also,
        origin="host",
    )


def _question(module: Module, question: Question) -> Target:
    listed = module.codelist(question)
    rules = (module.universe, question.ask_if)
    return Target(
        name=question.name,
        label=question.label or question.text,
        of=_of(module, roster=question.roster),
        type=question.type,
        text=question.text,
        codes=listed if question.codes else None,
        special=listed if question.special else None,
        checks=question.checks,
        asked=tuple(rule for rule in rules if rule is not None),
        unit=question.unit,
        module=module.id,
        roster=module.roster.name if question.roster and module.roster else None,
    )


def _concept(module: Module, concept: Concept) -> Target:
    of_row = concept.roster and module.roster is not None
    return Target(
        name=concept.name,
        label=concept.label,
        of=_of(module, roster=concept.roster),
        type="concept" if concept.categories or isinstance(concept.value, Rule) else "decimal",
        unit=concept.unit,
        module=module.id,
        roster=module.roster.name if of_row and module.roster else None,
        concept=concept,
        origin="concept",
    )


def _of(module: Module, *, roster: bool) -> Of:
    if roster:
        return "roster"
    return "household" if module.unit == "household" else "person"


def is_yes_no(concept: Concept) -> bool:
    """Whether a concept is worked out as 1 or 0."""
    if concept.categories:
        return False
    return concept.aggregate == "any" or (
        concept.aggregate is None and not isinstance(concept.value, Formula)
    )
