"""What is wrong in answers: counted with the modules' own checks and routing, and never shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mpsurvey.harmonisation.crosswalk import Action, Crosswalk, Kind, Mapped
from mpsurvey.harmonisation.lookup import Unmapped, found_codes
from mpsurvey.harmonisation.recoding import Answers
from mpsurvey.harmonisation.report import Finding
from mpsurvey.harmonisation.target import Target
from mpsurvey.rule import Rule

__all__ = [
    "DEFAULTS",
    "Claim",
    "Examined",
    "Policy",
    "Route",
    "check_answers",
    "check_routing",
    "check_units",
    "claims",
    "differing",
    "mistyped",
    "routes",
    "skip_codes",
    "without_place",
]

DEFAULTS: Mapping[Kind, Action] = {
    "unmapped": "missing",
    "type": "missing",
    "date": "list",
    "impossible": "list",
    "routing": "list",
    "unit": "list",
    "join": "list",
}
"""What is done with each sort of problem unless the crosswalk or the caller says otherwise."""

PASSING = frozenset({"int_year", "int_month"})
CALENDAR = ("year", "month")

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Policy:
    """What is done with each sort of problem."""

    actions: Mapping[Kind, Action] = field(default_factory=lambda: dict(DEFAULTS))

    def finding(
        self, kind: Kind, variable: str, what: str, count: int, of: int, place: str = ""
    ) -> Finding:
        """Make a finding with the action for its sort."""
        return Finding(kind, variable, what, count, of, self.actions[kind], place)


@dataclass(slots=True)
class Examined:
    """What the checks found, and which could not be looked at."""

    findings: list[Finding] = field(default_factory=list)
    not_checked: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """A check of a question that can be looked at in these columns.

    Attributes
    ----------
    outside
        Special numbers of the variable, which stand outside its checks.
    finding
        What is said where it does not hold, without counts.
    """

    rule: Rule
    outside: tuple[int, ...]
    finding: Finding


@dataclass(frozen=True, slots=True)
class Route:
    """Who is asked a question; looked at where the columns tell.

    Attributes
    ----------
    rules
        All hold for those who are asked.
    answered, blank
        What is said of answers of others, and of blanks of those asked, without counts.
    """

    variable: str
    rules: tuple[Rule, ...]
    answered: Finding
    blank: Finding


def without_place(
    unmapped: Collection[Unmapped], mapped: Mapped, policy: Policy, rows: int
) -> Finding:
    """List codes without a place."""
    first = ", ".join(f"{one.shown} {one.count:,}" for one in list(unmapped)[:8])
    more = len(unmapped) - 8
    what = f"no code of the modules for {first}" + (f" and {more} more" if more > 0 else "")
    count = sum(one.count for one in unmapped)
    return policy.finding("unmapped", mapped.name, what, count, rows, mapped.place)


def mistyped(mapped: Mapped, target: Target, policy: Policy, count: int, rows: int) -> Finding:
    """List values of the wrong type."""
    wanted = {"integer": "whole numbers are", "decimal": "numbers are"}.get(
        target.type, "codes are"
    )
    what = f"{wanted} asked for, and '{mapped.column}' holds something else"
    return policy.finding("type", mapped.name, what, count, rows, mapped.place)


def check_got(answers: Answers, mapped: Mapped, target: Target, policy: Policy) -> list[Finding]:
    """List codes without a place and values of the wrong type."""
    rows = len(answers.values)
    found = []
    if answers.unmapped:
        found.append(without_place(answers.unmapped, mapped, policy, rows))
    if answers.mistyped:
        found.append(mistyped(mapped, target, policy, answers.mistyped, rows))
    return found


def claims(
    columns: Collection[str],
    names: Iterable[str],
    targets: Mapping[str, Target],
    policy: Policy,
    home: int | None,
    places: Mapping[str, str],
    not_checked: dict[str, tuple[str, ...]],
) -> Iterator[Claim]:
    """Give the checks of some variables one by one, and note which cannot be looked at."""
    for name in names:
        target = targets[name]
        outside = (
            ()
            if target.special is None
            else tuple(code for code in target.special.codes if code not in target.special.missing)
        )
        for check in target.checks:
            absent = sorted(check.rule.names - set(columns))
            if absent:
                not_checked[str(check.rule)] = tuple(absent)
                continue
            if home is None and check.rule.uses_home:
                not_checked[str(check.rule)] = ("HOME",)
                continue
            kind: Kind = "date" if _about_dates(check.rule, target, targets) else "impossible"
            worth = " (may be right: worth a look)" if check.soft else ""
            what = f"not so: {check.rule}{worth}"
            finding = policy.finding(kind, name, what, 0, 0, places.get(name, ""))
            if check.soft and finding.action == "missing":
                finding = replace(finding, action="list")
            yield Claim(check.rule, outside if name in check.rule.names else (), finding)


def check_answers(
    frame: pd.DataFrame,
    answers: dict[str, Answers],
    targets: Mapping[str, Target],
    policy: Policy,
    home: int | None,
    places: Mapping[str, str],
) -> Examined:
    """Hold answers against the checks of their questions; may blank those that fail."""
    out = Examined()
    for claim in claims(
        frame.columns, list(answers), targets, policy, home, places, out.not_checked
    ):
        name = claim.finding.variable
        looked_at, wrong = _failing(claim, frame, home)
        if not wrong.any():
            continue
        finding = replace(claim.finding, count=int(wrong.sum()), of=int(looked_at.sum()))
        out.findings.append(finding)
        if finding.action == "missing":
            answers[name] = answers[name].blanked(wrong)
            frame[name] = answers[name].values
    return out


def _failing(claim: Claim, frame: pd.DataFrame, home: int | None) -> tuple[Mask, Mask]:
    """Rows where everything that a rule compares is answered, and those where it does not hold."""
    used = frame[sorted(claim.rule.names)]
    looked_at: Mask = np.asarray(used.notna().to_numpy().all(axis=1))
    if claim.outside:
        own = used[claim.finding.variable].to_numpy(dtype=np.float64)
        looked_at &= ~found_codes(own, claim.outside)
    return looked_at, looked_at & ~claim.rule.mask(used, home=home)


def _about_dates(rule: Rule, target: Target, targets: Mapping[str, Target]) -> bool:
    if target.unit not in CALENDAR and target.type != "date":
        return False
    others = rule.names - {target.name} - PASSING
    return all(name in targets and targets[name].unit in CALENDAR for name in others)


def routes(
    columns: Collection[str],
    names: Iterable[str],
    targets: Mapping[str, Target],
    crosswalk: Crosswalk,
    policy: Policy,
    home: int | None,
    not_checked: dict[str, tuple[str, ...]],
) -> Iterator[Route]:
    """Give who is asked each variable, and note where that cannot be looked at."""
    for name in names:
        target = targets[name]
        mapped = crosswalk.variables.get(name)
        if not target.asked or mapped is None or mapped.absent:
            continue
        needed = frozenset().union(*(rule.names for rule in target.asked))
        absent = sorted(needed - set(columns))
        if home is None and any(rule.uses_home for rule in target.asked):
            absent.append("HOME")
        if absent:
            not_checked[f"who is asked '{name}'"] = tuple(absent)
            continue
        rules = " and ".join(
            f"({rule})" if len(target.asked) > 1 else str(rule) for rule in target.asked
        )
        answered, blank = (
            policy.finding("routing", name, what, 0, 0, mapped.place)
            for what in (
                f"answered, though asked only if {rules}",
                f"blank, though asked if {rules}",
            )
        )
        yield Route(name, target.asked, answered, blank)


def skip_codes(crosswalk: Crosswalk) -> list[Any]:
    """Return the codes that mean that a question was skipped."""
    return [code for code in crosswalk.not_asked if isinstance(code, int | float)]


def check_routing(
    frame: pd.DataFrame,
    answers: Mapping[str, Answers],
    targets: Mapping[str, Target],
    crosswalk: Crosswalk,
    policy: Policy,
    home: int | None,
) -> Examined:
    """List answers of people who were not to be asked, and blanks of those who were."""
    out = Examined()
    for route in routes(frame.columns, answers, targets, crosswalk, policy, home, out.not_checked):
        got = answers[route.variable]
        asked = np.ones(len(frame), dtype=bool)
        for rule in route.rules:
            asked &= rule.mask(frame, home=home)
        answered = got.answered
        if (count := int((answered & ~asked).sum())) > 0:
            out.findings.append(replace(route.answered, count=count, of=int((~asked).sum())))
        blank = ~answered & (got.reasons.positions == 0)
        if got.unplaced is not None:
            blank &= ~got.unplaced
        for code in skip_codes(crosswalk):
            blank |= got.reasons.where(code)
        if (count := int((blank & asked).sum())) > 0:
            out.findings.append(replace(route.blank, count=count, of=int(asked.sum())))
    return out


def differing(variable: str, policy: Policy, place: str, count: int = 0, of: int = 0) -> Finding:
    """Say that a variable of households differs between people who live together."""
    what = "describes households, and differs between people of the same one"
    return policy.finding("unit", variable, what, count, of, place)


def check_units(
    answers: Mapping[str, Answers],
    targets: Mapping[str, Target],
    household: npt.NDArray[Any],
    policy: Policy,
    places: Mapping[str, str],
) -> list[Finding]:
    """List variables of households that differ between people who live together."""
    found = []
    homes = int(household.max()) + 1 if len(household) else 0
    for name, got in answers.items():
        if targets[name].of != "household" or name in ("hh_id",) or not homes:
            continue
        values, _ = pd.factorize(pd.Series(got.values))
        known = (household >= 0) & (values >= 0)
        least = np.full(homes, np.iinfo(np.int64).max)
        most = np.full(homes, -1)
        np.minimum.at(least, household[known], values[known])
        np.maximum.at(most, household[known], values[known])
        differ = int(((most >= 0) & (least != most)).sum())
        if differ:
            found.append(differing(name, policy, places.get(name, ""), differ, homes))
    return found
