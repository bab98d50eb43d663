"""Indicators: figures that are defined once and made from any survey that has what they need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mpsurvey.catalogue.fields import (
    Choice,
    Fields,
    Items,
    Key,
    Real,
    Record,
    RuleText,
    Texts,
    Version,
    Whole,
    Word,
)
from mpsurvey.catalogue.marked import Problems
from mpsurvey.catalogue.sources import CITATION, Citation, citations

__all__ = ["INDICATOR", "STATISTICS", "THEMES", "Indicator", "build_indicator"]

THEMES = (
    "trends",
    "demography",
    "economy",
    "employment",
    "education",
    "health",
    "environment",
    "social",
)
UNITS = ("person", "household", "absent", "child", "sender", "trip")

STATISTICS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "total": ((), ("variable",)),
    "mean": (("variable",), ()),
    "proportion": (("variable",), ()),
    "ratio": (("numerator", "denominator"), ()),
    "quantile": (("variable",), ("q",)),
    "share": (("group",), ("of",)),
    "contribution": (("group", "numerator"), ("denominator",)),
    "gap": (("group",), ("variable", "numerator", "denominator", "others", "standardise")),
    "poverty": (("variable",), ("line", "order")),
    "gini": (("variable",), ()),
    "counterfactual": (
        ("variable", "without", "figure"),
        ("size", "line", "order", "replaced", "returning"),
    ),
    "age_structure": (("group",), ("figure",)),
}
"""What each statistic must and may be given, besides the population (`where`)."""

_GIVEN = sorted({key for needs in STATISTICS.values() for part in needs for key in part})

INDICATOR = Record(
    "An indicator",
    {
        "kind": Key(Word(), "indicator", need=True),
        "id": Key(Word(r"[A-Z]{3}[0-9]{2}[A-Z]?", means="an id such as EMP03"), "id", need=True),
        "version": Key(Version(), "three numbers", need=True),
        "theme": Key(Choice(THEMES), "heading of the Migration Profile", need=True),
        "title": Key(Texts(160), "what it is called, in each language", need=True),
        "definition": Key(Texts(600, whole=False, plain=True), "in words", need=True),
        "rows": Key(Choice(UNITS), "what a row of the file is; person by default"),
        "statistic": Key(Choice(tuple(STATISTICS)), "how it is estimated", need=True),
        "where": Key(RuleText(), "rule for the population"),
        "variable": Key(RuleText("either"), "amount, or rule of a proportion"),
        "numerator": Key(RuleText("either"), "rule or amount above"),
        "denominator": Key(RuleText("either"), "rule or amount below"),
        "group": Key(RuleText(), "rule that says who belongs"),
        "others": Key(RuleText(), "rule for those compared with; all but the group by default"),
        "of": Key(RuleText("either"), "amount that a share is of"),
        "without": Key(RuleText("either"), "income that a counterfactual takes away"),
        "size": Key(RuleText("either"), "members who share an income"),
        "returning": Key(RuleText("either"), "members who would be at home again"),
        "replaced": Key(Real(0, 1), "share of it that is earned otherwise"),
        "figure": Key(Word(longest=40), "statistic of a counterfactual, or figure of a structure"),
        "standardise": Key(Items(Word(longest=16)), "variables whose joint structure is held"),
        "q": Key(Real(0, 1), "probability of a quantile"),
        "line": Key(Word(longest=40), "poverty line: 60% of median, or a variable"),
        "order": Key(Whole(0, 2), "order of a poverty index"),
        "per": Key(Whole(1, 1000000), "shown per so many: 100, 1000, 100000; 1 for amounts"),
        "unit": Key(Texts(120), "unit as shown, in each language", need=True),
        "weight": Key(Choice(("person", "household")), "which weight", need=True),
        "by": Key(Items(Word(longest=16)), "breakdowns that make sense"),
        "least_n": Key(Whole(1), "fewest respondents behind a published figure"),
        "most_cv": Key(Real(0), "largest coefficient of variation of a published figure"),
        "tier": Key(Choice(("core", "extended")), "questions that it needs"),
        "family": Key(Word(longest=40), "a set that is shown together"),
        "sdg": Key(Word(longest=80), "SDG indicator and how it relates"),
        "auxiliary": Key(Items(Word(longest=16)), "national figures from elsewhere"),
        "sources": Key(Items(CITATION), "what it rests on", need=True),
        "caveat": Key(Texts(600), "when not to trust it, in each language", need=True),
        "replaces": Key(Word(), "the id and version that this one overrides"),
        "notes": Key(Texts(4000, whole=False, plain=True), "for analysts"),
    },
)


@dataclass(frozen=True, slots=True)
class Indicator:
    """An indicator: what is counted, among whom, and how it is to be shown.

    Attributes
    ----------
    statistic
        One of `STATISTICS`.
    given
        What the statistic is given, as texts of rules and formulas, numbers and names.
    where
        The population, as a rule's text, or None for all rows.
    rows
        What a row of the file must be: person, household, absent, child, sender or trip.
    per
        Shares and rates are shown per so many; figures in results are not multiplied.
    weight
        Whose weight: of persons or of households.
    by
        Breakdowns that make sense.
    names
        Every variable that it needs, the breakdowns not counted.
    """

    id: str
    version: str
    theme: str
    title: Mapping[str, str]
    definition: Mapping[str, str]
    statistic: str
    given: Mapping[str, Any]
    unit: Mapping[str, str]
    caveat: Mapping[str, str]
    where: str | None = None
    rows: str = "person"
    per: int = 1
    weight: str = "person"
    by: tuple[str, ...] = ()
    least_n: int = 30
    most_cv: float = 0.30
    tier: str = "core"
    family: str | None = None
    sdg: str | None = None
    auxiliary: tuple[str, ...] = ()
    sources: tuple[Citation, ...] = ()
    names: frozenset[str] = frozenset()
    uses_home: bool = field(default=False)
    replaces: str | None = None
    notes: Mapping[str, str] | None = None
    place: str = ""


def build_indicator(fields: Fields, problems: Problems, place: str) -> Indicator:
    """Make an indicator, and note what its statistic lacks or does not know."""
    statistic = fields["statistic"]
    must, may = STATISTICS[statistic]
    for key in must:
        if key not in fields:
            problems.add(fields.line, f"A {statistic} needs '{key}'.")
    for key in _GIVEN:
        if key in fields and key not in (*must, *may):
            problems.add(fields.line_of(key), f"A {statistic} takes no '{key}'.")
    if statistic == "gap" and ("variable" in fields) == ("numerator" in fields):
        problems.add(
            fields.line, "A gap is of a 'variable' (a mean) or of a 'numerator' and 'denominator'."
        )
    rules = [value for value in fields.values() if hasattr(value, "names")]
    names = frozenset(name for rule in rules for name in rule.names)
    names |= frozenset(fields.get("standardise", ()))
    given = {
        key: getattr(fields[key], "text", fields[key]) for key in (*must, *may) if key in fields
    }
    where = fields.get("where")
    return Indicator(
        id=fields["id"],
        version=fields["version"],
        theme=fields["theme"],
        title=fields["title"],
        definition=fields["definition"],
        statistic=statistic,
        given=given,
        unit=fields["unit"],
        caveat=fields["caveat"],
        where=None if where is None else where.text,
        rows=fields.get("rows", "person"),
        per=fields.get("per", 1),
        weight=fields["weight"],
        by=tuple(fields.get("by", ())),
        least_n=fields.get("least_n", 30),
        most_cv=fields.get("most_cv", 0.30),
        tier=fields.get("tier", "core"),
        family=fields.get("family"),
        sdg=fields.get("sdg"),
        auxiliary=tuple(fields.get("auxiliary", ())),
        sources=citations(fields.get("sources", ())),
        names=names,
        uses_home=any(rule.uses_home for rule in rules),
        replaces=fields.get("replaces"),
        notes=fields.get("notes"),
        place=place,
    )
