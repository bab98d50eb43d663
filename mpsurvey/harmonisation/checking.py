"""What is wrong in answers: counted with the modules' own checks and routing, and never shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mpsurvey.harmonisation.crosswalk import Action, Crosswalk, Kind, Mapped
from mpsurvey.harmonisation.recoding import Answers, found_codes
from mpsurvey.harmonisation.report import Finding
from mpsurvey.harmonisation.target import Target
from mpsurvey.rule import Rule

__all__ = ["DEFAULTS", "Examined", "Policy", "check_answers", "check_routing", "check_units"]

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


def check_got(answers: Answers, mapped: Mapped, target: Target, policy: Policy) -> list[Finding]:
    """List codes without a place and values of the wrong type."""
    rows = len(answers.values)
    found = []
    if answers.unmapped:
        first = ", ".join(f"{one.shown} {one.count:,}" for one in answers.unmapped[:8])
        more = len(answers.unmapped) - 8
        what = f"no code of the modules for {first}" + (f" and {more} more" if more > 0 else "")
        count = sum(one.count for one in answers.unmapped)
        found.append(policy.finding("unmapped", mapped.name, what, count, rows, mapped.place))
    if answers.mistyped:
        wanted = {"integer": "whole numbers are", "decimal": "numbers are"}.get(
            target.type, "codes are"
        )
        what = f"{wanted} asked for, and '{mapped.column}' holds something else"
        found.append(
            policy.finding("type", mapped.name, what, answers.mistyped, rows, mapped.place)
        )
    return found


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
    for name in list(answers):
        target = targets[name]
        for check in target.checks:
            absent = sorted(check.rule.names - set(frame.columns))
            if absent:
                out.not_checked[str(check.rule)] = tuple(absent)
                continue
            if home is None and check.rule.uses_home:
                out.not_checked[str(check.rule)] = ("HOME",)
                continue
            looked_at, wrong = _failing(check.rule, frame, target, home)
            if not wrong.any():
                continue
            kind: Kind = "date" if _about_dates(check.rule, target, targets) else "impossible"
            worth = " (may be right: worth a look)" if check.soft else ""
            finding = policy.finding(
                kind,
                name,
                f"not so: {check.rule}{worth}",
                int(wrong.sum()),
                int(looked_at.sum()),
                places.get(name, ""),
            )
            if check.soft and finding.action == "missing":
                finding = replace(finding, action="list")
            out.findings.append(finding)
            if finding.action == "missing":
                answers[name] = answers[name].blanked(wrong)
                frame[name] = answers[name].values
    return out


def _failing(
    rule: Rule, frame: pd.DataFrame, target: Target, home: int | None
) -> tuple[Mask, Mask]:
    """Rows where everything that a rule compares is answered, and those where it does not hold."""
    used = frame[sorted(rule.names)]
    looked_at: Mask = np.asarray(used.notna().to_numpy().all(axis=1))
    if target.special is not None and target.name in used:
        outside = [code for code in target.special.codes if code not in target.special.missing]
        looked_at &= ~found_codes(used[target.name].to_numpy(dtype=np.float64), outside)
    return looked_at, looked_at & ~rule.mask(used, home=home)


def _about_dates(rule: Rule, target: Target, targets: Mapping[str, Target]) -> bool:
    if target.unit not in CALENDAR and target.type != "date":
        return False
    others = rule.names - {target.name} - PASSING
    return all(name in targets and targets[name].unit in CALENDAR for name in others)


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
    skipped = [code for code in crosswalk.not_asked if isinstance(code, int | float)]
    for name, got in answers.items():
        target = targets[name]
        mapped = crosswalk.variables.get(name)
        if not target.asked or mapped is None or mapped.absent:
            continue
        needed = frozenset().union(*(rule.names for rule in target.asked))
        absent = sorted(needed - set(frame.columns))
        if home is None and any(rule.uses_home for rule in target.asked):
            absent.append("HOME")
        if absent:
            out.not_checked[f"who is asked '{name}'"] = tuple(absent)
            continue
        asked = np.ones(len(frame), dtype=bool)
        for rule in target.asked:
            asked &= rule.mask(frame, home=home)
        answered = got.answered
        rules = " and ".join(
            f"({rule})" if len(target.asked) > 1 else str(rule) for rule in target.asked
        )
        if (count := int((answered & ~asked).sum())) > 0:
            what = f"answered, though asked only if {rules}"
            out.findings.append(
                policy.finding("routing", name, what, count, int((~asked).sum()), mapped.place)
            )
        blank = ~answered & (got.reasons.positions == 0)
        if got.unplaced is not None:
            blank &= ~got.unplaced
        for code in skipped:
            blank |= got.reasons.where(code)
        if (count := int((blank & asked).sum())) > 0:
            what = f"blank, though asked if {rules}"
            out.findings.append(
                policy.finding("routing", name, what, count, int(asked.sum()), mapped.place)
            )
    return out


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
            what = "describes households, and differs between people of the same one"
            finding = policy.finding("unit", name, what, differ, homes, places.get(name, ""))
            found.append(finding)
    return found
