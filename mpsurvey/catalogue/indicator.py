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
    WordMap,
)
from mpsurvey.catalogue.marked import Problems
from mpsurvey.catalogue.sources import CITATION, Citation, citations
from mpsurvey.errors import did_you_mean

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
    "composed": (("parts", "formula"), ()),
    "flows": (("origin", "destination", "figure"), ("stayed",)),
    "share_of_poorest": (("variable", "ranked_by"), ("poorest",)),
    "share_above": (("variable", "cells", "limit"), ()),
}
"""What each statistic must and may be given, besides the population (`where`)."""

_GIVEN = sorted({key for needs in STATISTICS.values() for part in needs for key in part})

PART = Record(
    "A part",
    {
        "total": Key(RuleText("either"), "amount, or rule of those counted; all by default"),
        "where": Key(RuleText(), "rule for the rows that count"),
        "rows": Key(Choice(UNITS), "what a row is; that of the indicator by default"),
        "by": Key(WordMap(Word(longest=16)), "breakdown variables that these rows call otherwise"),
    },
)

INDICATOR = Record(
    "An indicator",
    {
        "kind": Key(Word(), "indicator", need=True),
        "id": Key(Word(r"[A-Z]{3}[0-9]{2}[A-Z]?", means="an id such as EMP03"), "id", need=True),
        "version": Key(Version(), "three numbers", need=True),
        "theme": Key(Choice(THEMES), "heading of the Migration Profile", need=True),
        "title": Key(Texts(160), "what it is called, in each language", need=True),
        "definition": Key(
            Texts(600, whole=False, plain=True), "in words, in each language", need=True
        ),
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
        "parts": Key(WordMap(PART), "totals that a composed figure is made of, by name"),
        "formula": Key(RuleText("formula"), "a composed figure, of parts and national figures"),
        "origin": Key(Word(longest=16), "variable of the region lived in before"),
        "destination": Key(Word(longest=16), "variable of the region lived in now"),
        "stayed": Key(RuleText(), "rule for those whose region did not change"),
        "ranked_by": Key(RuleText("either"), "living standard by which rows are poor"),
        "poorest": Key(Real(0, 1), "share of the rows that count as poorest; 0.4 by default"),
        "cells": Key(Word(longest=16), "variable whose values are looked at one by one"),
        "limit": Key(Real(), "mean above which such a cell counts"),
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
        "caveat": Key(Texts(600, plain=True), "when not to trust it, in each language", need=True),
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
    names_by_rows
        The same by what a row is: a composed figure may need several files.
    auxiliary
        National figures from elsewhere that it needs.
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
    names_by_rows: Mapping[str, frozenset[str]] = field(default_factory=dict)
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
    rows = fields.get("rows", "person")
    auxiliary = tuple(fields.get("auxiliary", ()))
    rules = [value for key, value in fields.items() if hasattr(value, "names") and key != "formula"]
    names = frozenset(name for rule in rules for name in rule.names)
    names |= frozenset(fields.get("standardise", ()))
    names |= {fields[key] for key in ("origin", "destination", "cells") if key in fields}
    names -= frozenset(auxiliary)
    by_rows = {rows: names}
    if "parts" in fields:
        by_rows = _names_of_parts(fields, rows)
        rules += [rule for part in fields["parts"].values() for rule in _rules_of(part)]
        names = frozenset().union(*by_rows.values())
        _check_formula(fields, auxiliary, problems)
    given = {key: _plain(fields[key], rows) for key in (*must, *may) if key in fields}
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
        rows=rows,
        per=fields.get("per", 1),
        weight=fields["weight"],
        by=tuple(fields.get("by", ())),
        least_n=fields.get("least_n", 30),
        most_cv=fields.get("most_cv", 0.30),
        tier=fields.get("tier", "core"),
        family=fields.get("family"),
        sdg=fields.get("sdg"),
        auxiliary=auxiliary,
        sources=citations(fields.get("sources", ())),
        names=names,
        names_by_rows=by_rows,
        uses_home=any(rule.uses_home for rule in rules),
        replaces=fields.get("replaces"),
        notes=fields.get("notes"),
        place=place,
    )


def _plain(value: Any, rows: str) -> Any:
    """Texts of rules in place of what was parsed; parts as mappings of texts."""
    if isinstance(value, Mapping):
        return {
            name: {"rows": rows, **{key: _plain(one, rows) for key, one in part.items()}}
            if isinstance(part, Mapping)
            else part
            for name, part in value.items()
        }
    return getattr(value, "text", value)


def _rules_of(part: Fields) -> list[Any]:
    return [part[key] for key in ("total", "where") if key in part]


def _names_of_parts(fields: Fields, rows: str) -> dict[str, frozenset[str]]:
    """Variables that the parts need, by what a row is."""
    found: dict[str, frozenset[str]] = {}
    for part in fields["parts"].values():
        used = frozenset(name for rule in _rules_of(part) for name in rule.names)
        whose = part.get("rows", rows)
        found[whose] = found.get(whose, frozenset()) | used
    return found


def _check_formula(fields: Fields, auxiliary: tuple[str, ...], problems: Problems) -> None:
    known = {*fields["parts"], *auxiliary}
    used = fields["formula"].names if "formula" in fields else frozenset(known)
    line = fields.line_of("formula")
    for name in sorted(used - known):
        near = did_you_mean(name, known)
        problems.add(line, f"The formula uses '{name}', which is no part and no auxiliary.{near}")
    for name in sorted(known - used):
        problems.add(line, f"The formula does not use '{name}'.")
