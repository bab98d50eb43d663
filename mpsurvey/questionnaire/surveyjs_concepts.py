"""Derived variables in the expressions of SurveyJS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mpsurvey.catalogue import Concept
from mpsurvey.errors import MpsurveyError
from mpsurvey.questionnaire.placed import Placed
from mpsurvey.rule import Formula, Known, Rule, SurveyJS

__all__ = ["SurveyJSConcepts"]

EMPTY = "''"


class SurveyJSConcepts:
    """Writes derived variables: of one interview, of a row, and over the rows of a roster.

    What a row adds stands in two hidden variables of the row, ``<name>_n`` (1 when it counts) and
    ``<name>_v`` (its value), as the functions over panels take a field's name and no expression.
    """

    def __init__(self, scope: Mapping[str, Known], home: int | None, placed: Placed) -> None:
        self.writer = SurveyJS(scope, home)
        self.placed = placed

    def worked_out(self, concept: Concept) -> str:
        """Write the value for one interview, or one row."""
        if concept.categories:
            out = EMPTY
            for category in reversed(concept.categories):
                out = f"iif({self._test(category.rule)}, {category.code}, {out})"
        else:
            out = self._value(concept.value, EMPTY)
        return self._within(concept, out)

    def row_parts(self, concept: Concept) -> Iterator[tuple[str, str]]:
        """Write whether a row counts, and what it adds."""
        own = self.placed.own(concept.name)
        tests = [self._test(concept.where)] if concept.where is not None else []
        if isinstance(concept.value, Formula):
            tests += self.writer.has_value(concept.value.node)  # type: ignore[arg-type]
        counts = self.writer.all_of(tests) or self.writer.true()
        yield f"{own}_n", f"iif({counts}, 1, 0)"
        if concept.value is not None:
            far = _FAR.get(concept.aggregate or "", "0")
            yield f"{own}_v", f"iif({counts}, {self._value(concept.value, far)}, {far})"

    def gathered(self, concept: Concept, rows: str) -> str:
        """Write the value over the rows of a roster."""
        own, roster = self.placed.own(concept.name), self.placed.module.roster
        many = f"sumInArray({rows}, '{own}_n')"
        if roster is not None:
            # A panel keeps the rows of an answer that was taken back.
            asked = self.writer.answered(self.writer.scope[roster.count])
            many = f"iif({asked}, {many}, 0)"
        total = f"sumInArray({rows}, '{own}_v')"
        empty = EMPTY if concept.empty is None else f"{concept.empty:g}"
        match concept.aggregate:
            case "count":
                out = many
            case "sum":
                out = f"iif({many} > 0, {total}, {empty})"
            case "mean":
                out = f"iif({many} > 0, {total} / {many}, {empty})"
            case "any":
                out = f"iif({many} > 0, iif({total} > 0, 1, 0), {empty})"
            case "min" | "max":
                extreme = f"{concept.aggregate}InArray({rows}, '{own}_v')"
                out = f"iif({many} > 0, {extreme}, {empty})"
            case other:
                raise MpsurveyError(f"'{concept.name}' is gathered by '{other}', which is unknown.")
        return self._within(concept, out)

    def _within(self, concept: Concept, out: str) -> str:
        if concept.universe is not None:
            out = f"iif({self._test(concept.universe)}, {out}, {EMPTY})"
        universe = self.placed.module.universe
        if universe is not None:
            out = f"iif({self._test(universe)}, {out}, {EMPTY})"
        return out

    def _test(self, rule: Rule) -> str:
        return self.writer.condition(rule.node)  # type: ignore[arg-type]

    def _value(self, value: Rule | Formula | None, otherwise: str) -> str:
        if isinstance(value, Rule):
            return f"iif({self._test(value)}, 1, 0)"
        if value is None:
            return otherwise
        there = list(dict.fromkeys(self.writer.has_value(value.node)))  # type: ignore[arg-type]
        shown = self.writer.value(value.node)  # type: ignore[arg-type]
        return f"iif({self.writer.all_of(there)}, {shown}, {otherwise})" if there else shown


_FAR = {"min": "999999999999", "max": "-999999999999"}
