"""A concept: a variable that is worked out from a module's answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mpsurvey.catalogue.fields import (
    Choice,
    Fields,
    Flag,
    Items,
    Key,
    Real,
    Record,
    RuleText,
    Texts,
    Whole,
    Word,
)
from mpsurvey.catalogue.marked import Problems
from mpsurvey.catalogue.question import A_NAME
from mpsurvey.catalogue.sources import CITATION, Citation, citations
from mpsurvey.rule import Formula, Rule

__all__ = ["CONCEPT", "Category", "Concept", "build_concept"]

AGGREGATES = ("sum", "count", "mean", "min", "max", "any")

CATEGORY = Record(
    "A category",
    {
        "code": Key(Whole(-99999, 99999), "the number in the data", need=True),
        "label": Key(Texts(255), "what it means, in each language", need=True),
        "rule": Key(RuleText(), "who belongs to it", need=True),
    },
)

CONCEPT = Record(
    "A concept",
    {
        "name": Key(A_NAME, "the derived variable's name", need=True),
        "label": Key(Texts(80, whole=False), "its label", need=True),
        "unit": Key(Word(longest=60), "the unit of a number"),
        "universe": Key(RuleText(), "whom it is defined for; missing for others"),
        "value": Key(RuleText("either"), "a rule (1/0) or a formula"),
        "categories": Key(Items(CATEGORY, least=1), "the first that holds"),
        "over": Key(A_NAME, "the roster whose rows are gathered"),
        "aggregate": Key(Choice(AGGREGATES), "how they are gathered"),
        "where": Key(RuleText(), "the rows that count"),
        "empty": Key(Real(), "the value when no row counts"),
        "roster": Key(Flag(), "true for one value per row of the roster"),
        "sources": Key(Items(CITATION), "what it rests on"),
        "notes": Key(Texts(4000, whole=False, plain=True), "for analysts"),
    },
)


@dataclass(frozen=True, slots=True)
class Category:
    """One value of a derived variable and who has it."""

    code: int
    label: Mapping[str, str]
    rule: Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """A derived variable.

    Attributes
    ----------
    value
        A rule (then 1 or 0) or a formula.
    categories
        The first whose rule holds; none of `value` then.
    over, aggregate, where, empty
        Gathered over a roster's rows: how, which rows, and the value when there is none.
    universe
        Whom it is defined for; missing for everybody else.
    """

    name: str
    label: Mapping[str, str]
    unit: str | None = None
    universe: Rule | None = None
    value: Rule | Formula | None = None
    categories: tuple[Category, ...] = ()
    over: str | None = None
    aggregate: str | None = None
    where: Rule | None = None
    empty: float | None = None
    roster: bool = False
    sources: tuple[Citation, ...] = ()
    notes: Mapping[str, str] | None = None
    place: str = ""

    @property
    def rules(self) -> tuple[Rule | Formula, ...]:
        """Every rule and formula that it is worked out from."""
        parts = (self.universe, self.value, self.where, *(c.rule for c in self.categories))
        return tuple(part for part in parts if part is not None)

    @property
    def names(self) -> frozenset[str]:
        """The variables that it uses."""
        return frozenset().union(*(rule.names for rule in self.rules))


def build_concept(fields: Fields, problems: Problems) -> Concept:
    """Make a concept, and note one that is worked out in no way or in several."""
    given: dict[str, Any] = {
        key: fields[key]
        for key in ("unit", "universe", "value", "over", "aggregate", "where", "empty", "notes")
        if key in fields
    }
    ways = [
        "categories" in fields,
        "over" in fields or "aggregate" in fields,
        "value" in fields and "over" not in fields and "aggregate" not in fields,
    ]
    if sum(ways) != 1 and not fields.broken:
        problems.add(
            fields.line,
            f"A concept {fields['name']} has one of 'value', 'categories', or 'over' with "
            "'aggregate'.",
        )
    return Concept(
        name=fields["name"],
        label=fields["label"],
        categories=tuple(
            Category(each["code"], each["label"], each["rule"])
            for each in fields.get("categories", ())
            if each.fine
        ),
        roster=fields.get("roster", False),
        sources=citations(fields.get("sources", ())),
        place=f"{problems.file}:{fields.line}",
        **given,
    )
