"""What is wrong in answers that stay in their engine: conditions, to be counted together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from operator import and_
from typing import Any

import narwhals as nw

from mpsurvey.harmonisation.checking import Claim, Route, claims, differing, routes
from mpsurvey.harmonisation.lazy_columns import Drawn
from mpsurvey.harmonisation.lazy_rows import NUMBER, Sums, all_known, one_where
from mpsurvey.harmonisation.lazy_table import LazyTable, aside, lost
from mpsurvey.harmonisation.report import Finding
from mpsurvey.harmonisation.task import Task

__all__ = ["LazyChecks", "with_counts"]

Later = Callable[[], Finding | None]


@dataclass(slots=True)
class LazyChecks(Task):
    """Checks, routing and households of files that stay in their engine.

    Attributes
    ----------
    tables
        The main file (under None) and the further ones.
    answers
        Variables of the main file, from whichever file they came.
    later
        Gives each finding once the engine has counted; None, or a count of zero, is no finding.
    apart
        What is not counted among the rows of a file, but of groups of them.
    """

    tables: dict[str | None, LazyTable] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)
    later: list[Later] = field(default_factory=list)
    apart: list[tuple[Sums, nw.LazyFrame[Any]]] = field(default_factory=list)

    @property
    def main(self) -> LazyTable:
        """The main file."""
        return self.tables[None]

    def check(self, table: LazyTable, names: Sequence[str], columns: Collection[str]) -> None:
        """Hold answers against their checks and against who is asked."""
        not_checked = self.examined.not_checked
        for claim in claims(
            columns, names, self.targets, self.policy, self.home, self.places, not_checked
        ):
            self._claim(table, claim)
        later: dict[str, tuple[str, ...]] = {}
        for route in routes(columns, names, self.targets, self.walk, self.policy, self.home, later):
            self._route(table, route)
        not_checked |= later

    def _claim(self, table: LazyTable, claim: Claim) -> None:
        name, rows = claim.finding.variable, table.rows
        looked_at = all_known(claim.rule.names)
        if claim.outside:
            looked_at = looked_at & ~nw.col(name).is_in([float(code) for code in claim.outside])
        wrong = looked_at & ~claim.rule.expression(rows.schema, home=self.home)
        if not {"missing"}.isdisjoint(self.policy.actions[kind] for kind in ("date", "impossible")):
            # Answers may be taken out below, and this is about those before.
            at = f"check__{len(rows.schema)}"
            rows.put(f"{at}__of", one_where(looked_at), NUMBER, claim.rule.names)
            rows.put(f"{at}__not", one_where(wrong), NUMBER, claim.rule.names)
            looked_at, wrong = nw.col(f"{at}__of") == 1, nw.col(f"{at}__not") == 1
            if claim.finding.action == "missing":
                blanked = nw.when(~wrong).then(nw.col(name))
                rows.put(name, blanked, rows.schema[name], {f"{at}__not", name})
        self._counted(table, claim.finding, wrong, looked_at)

    def _counted(
        self, table: LazyTable, finding: Finding, wrong: nw.Expr, looked_at: nw.Expr
    ) -> None:
        count, of = table.sums.ask(wrong), table.sums.ask(looked_at)
        self.later.append(lambda: replace(finding, count=table.sums[count], of=table.sums[of]))

    def _route(self, table: LazyTable, route: Route) -> None:
        name, schema = route.variable, table.rows.schema
        asked = reduce(and_, [rule.expression(schema, home=self.home) for rule in route.rules])
        answered = ~nw.col(name).is_null()
        self._counted(table, route.answered, answered & ~asked, ~asked)
        blank = nw.col(name).is_null()
        if lost(name) in schema:
            blank = blank & (nw.col(lost(name)).is_null() | (nw.col(lost(name)) != 1))
        if aside(name) in schema:
            skipped = self._drawn(table, name).skipped
            nothing = nw.col(aside(name)).is_null()
            if skipped:
                here = nw.col(aside(name)).is_in(list(skipped))
                nothing = nw.when(nothing).then(nw.lit(value=True)).otherwise(here)
            blank = blank & nothing
        self._counted(table, route.blank, blank & asked, asked)

    def _drawn(self, table: LazyTable, name: str) -> Drawn:
        """How a variable was got, from this file or from one that was joined to it."""
        if name in table.drawn:
            return table.drawn[name]
        return self.tables[self.walk[name].file].drawn[name]

    def check_units(self) -> None:
        """List variables of households that differ between people who live together."""
        if self.walk.unit != "person" or "hh_id" not in self.answers:
            return
        names = [n for n in self.answers if self.targets[n].of == "household" and n != "hh_id"]
        names = [n for n in names if n not in self.walk or not self.walk[n].absent]
        if not names:
            return
        frame = self.main.rows.frame().filter(~nw.col("hh_id").is_null())
        homes = frame.group_by("hh_id").agg(
            *(nw.col(n).min().alias(f"least{i}") for i, n in enumerate(names)),
            *(nw.col(n).max().alias(f"most{i}") for i, n in enumerate(names)),
        )
        sums = Sums()
        differ = {n: sums.ask(all_known([f"most{i}"]) & (nw.col(f"least{i}") != nw.col(f"most{i}")))
                  for i, n in enumerate(names)}  # fmt: skip
        self.apart.append((sums, homes))
        for name, count in differ.items():
            finding = differing(name, self.policy, self.places.get(name, ""))
            self.later.append(partial(with_counts, finding, sums, count))


def with_counts(finding: Finding, sums: Sums, count: str) -> Finding:
    """Put into a finding how many of a file's rows it is about."""
    return replace(finding, count=sums[count], of=sums.rows)
