"""Derived variables in the C# of Survey Solutions."""

from __future__ import annotations

from mpsurvey.catalogue import Concept
from mpsurvey.errors import MpsurveyError
from mpsurvey.questionnaire.placed import Placed, scope_of
from mpsurvey.rule import CSharp, Formula, Known, Rule

__all__ = ["CSharpConcepts", "scope_of_names"]


def scope_of_names(placed: Placed, row: str = "") -> dict[str, Known]:
    """Return how C# knows each variable; with `row` before those of the roster's rows."""
    return scope_of(
        placed,
        lambda name, roster: f"{row if roster else ''}{name}",
        lambda name, link: link.named(name),
    )


class CSharpConcepts:
    """Writes derived variables: of one interview, of a row, and over the rows of a roster."""

    def __init__(self, writer: CSharp, placed: Placed) -> None:
        self.writer = writer
        self.placed = placed

    def worked_out(self, concept: Concept) -> tuple[str, str]:
        """Return the type of the variable and its expression."""
        writer = self.writer
        kind = "Double"
        if concept.over is not None:
            kind, out = self._gathered(concept)
        elif concept.categories:
            kind, out = "LongInteger", "null"
            for category in reversed(concept.categories):
                test = writer.condition(category.rule.node)  # type: ignore[arg-type]
                out = f"({test} ? (long?){category.code} : {out})"
        elif isinstance(concept.value, Rule):
            kind = "LongInteger"
            test = writer.condition(concept.value.node)  # type: ignore[arg-type]
            out = f"({test} ? (long?)1 : (long?)0)"
        elif isinstance(concept.value, Formula):
            out = self._formula(concept.value)
        else:
            raise MpsurveyError(f"The concept '{concept.name}' has no value.")
        if concept.universe is not None:
            test = writer.condition(concept.universe.node)  # type: ignore[arg-type]
            empty = "(long?)null" if kind == "LongInteger" else "(double?)null"
            out = f"({test} ? {out} : {empty})"
        return kind, out

    def _formula(self, formula: Formula) -> str:
        node, writer = formula.node, self.writer
        there = list(dict.fromkeys(writer.has_value(node)))  # type: ignore[arg-type]
        shown = f"(double?)({writer.value(node)})"  # type: ignore[arg-type]
        return f"({writer.all_of(there)} ? {shown} : (double?)null)" if there else shown

    def _gathered(self, concept: Concept) -> tuple[str, str]:
        row = CSharp(scope_of_names(self.placed, row="r."), self.writer.home)
        tests = []
        if concept.where is not None:
            tests.append(row.condition(concept.where.node))  # type: ignore[arg-type]
        if isinstance(concept.value, Formula):
            tests += row.has_value(concept.value.node)  # type: ignore[arg-type]
        roster = self.placed.own(concept.over or "")
        rows = f"{roster}.Where(r => {row.all_of(tests)})" if tests else roster
        empty = "null" if concept.empty is None else f"{concept.empty:g}"
        if concept.aggregate == "count":
            return "LongInteger", f"(long?){rows}.Count()"
        if concept.aggregate == "any" and isinstance(concept.value, Rule):
            test = row.condition(concept.value.node)  # type: ignore[arg-type]
            found = f"({rows}.Any(r => {test}) ? (long?)1 : (long?)0)"
            return "LongInteger", f"({rows}.Any() ? {found} : (long?){empty})"
        if not isinstance(concept.value, Formula):
            raise MpsurveyError(f"The concept '{concept.name}' has no formula.")
        value = row.value(concept.value.node)  # type: ignore[arg-type]
        method = {"sum": "Sum", "mean": "Average", "min": "Min", "max": "Max"}[
            concept.aggregate or "sum"
        ]
        worked = f"{rows}.{method}(r => (double?)({value}))"
        return "Double", f"({rows}.Any() ? {worked} : (double?){empty})"
