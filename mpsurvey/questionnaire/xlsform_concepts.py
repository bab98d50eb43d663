"""Derived variables in the XPath of XLSForm."""

from __future__ import annotations

from collections.abc import Iterator

from mpsurvey.catalogue import Concept
from mpsurvey.questionnaire.placed import Placed, possible_concepts
from mpsurvey.rule import Formula, Rule, XPath
from mpsurvey.rule.nodes import Condition
from mpsurvey.rule.targets import bare

__all__ = ["XPathConcepts"]


class XPathConcepts:
    """Writes derived variables as names and calculations: of one interview, or of a roster's row.

    What a row adds to a value over the rows stands in two calculations of the row, ``<name>_n`` (1
    when it counts) and ``<name>_v`` (its value).
    """

    def __init__(self, writer: XPath, placed: Placed) -> None:
        self.writer = writer
        self.placed = placed

    def of_row(self) -> Iterator[tuple[str, str]]:
        """Go through those of each row of the roster."""
        concepts = possible_concepts(self.placed)
        for concept in concepts:
            if concept.over is None and concept.roster:
                yield self.placed.own(concept.name), self._worked_out(concept)
        for concept in concepts:
            if concept.over:
                yield from self._row_parts(concept)

    def of_interview(self) -> Iterator[tuple[str, str]]:
        """Go through those of the person or household."""
        for concept in possible_concepts(self.placed):
            if concept.over:
                yield self.placed.own(concept.name), self._over(concept)
            elif not concept.roster:
                yield self.placed.own(concept.name), self._worked_out(concept)

    def _test(self, node: Condition) -> str:
        return bare(self.writer.condition(node))

    def _worked_out(self, concept: Concept) -> str:
        if concept.categories:
            out = "''"
            for category in reversed(concept.categories):
                test = self._test(category.rule.node)  # type: ignore[arg-type]
                out = f"if({test}, {category.code}, {out})"
        else:
            out = self._value(concept.value)
        if concept.universe is not None:
            out = f"if({self._test(concept.universe.node)}, {out}, '')"  # type: ignore[arg-type]
        return out

    def _value(self, value: Rule | Formula | None, otherwise: str = "''") -> str:
        if isinstance(value, Rule):
            return f"if({self._test(value.node)}, 1, 0)"  # type: ignore[arg-type]
        if value is None:
            return otherwise
        node = value.node
        there = list(dict.fromkeys(self.writer.has_value(node)))  # type: ignore[arg-type]
        shown = self.writer.value(node)  # type: ignore[arg-type]
        return f"if({' and '.join(there)}, {shown}, {otherwise})" if there else shown

    def _row_parts(self, concept: Concept) -> Iterator[tuple[str, str]]:
        """Write what each row adds: an empty value would make the whole sum empty in XPath."""
        own = self.placed.own(concept.name)
        tests = [self.writer.condition(concept.where.node)] if concept.where else []  # type: ignore[arg-type]
        if isinstance(concept.value, Formula):
            tests += self.writer.has_value(concept.value.node)  # type: ignore[arg-type]
        counts = " and ".join(tests) or "true()"
        yield f"{own}_n", f"if({counts}, 1, 0)"
        if concept.value is not None:
            far = {"min": "999999999999", "max": "-999999999999"}.get(concept.aggregate or "", "0")
            value = self._value(concept.value, far)
            yield f"{own}_v", f"if({counts}, {value}, {far})"

    def _over(self, concept: Concept) -> str:
        own = self.placed.own(concept.name)
        rows, values = f"sum(${{{own}_n}})", f"${{{own}_v}}"
        empty = "''" if concept.empty is None else f"{concept.empty:g}"
        match concept.aggregate:
            case "count":
                out = rows
            case "sum":
                out = f"if({rows} > 0, sum({values}), {empty})"
            case "mean":
                out = f"if({rows} > 0, sum({values}) div {rows}, {empty})"
            case "any":
                out = f"if({rows} > 0, if(sum({values}) > 0, 1, 0), {empty})"
            case extreme:
                out = f"if({rows} > 0, {extreme}({values}), {empty})"
        if concept.universe is not None:
            out = f"if({self._test(concept.universe.node)}, {out}, '')"  # type: ignore[arg-type]
        return out
