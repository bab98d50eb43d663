"""All that could be said of a table, as claims."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
from scipy import optimize, stats

from mpsurvey.profile.snapshot.claim import Claim, Evidence
from mpsurvey.profile.snapshot.comparing import differences
from mpsurvey.profile.snapshot.family import Adjustment, adjusted
from mpsurvey.profile.snapshot.figures import (
    Figure,
    breakdown_of,
    figures,
    form_of_difference,
    form_of_level,
)
from mpsurvey.profile.snapshot.rounding import one_in, outward
from mpsurvey.tabulation import IndicatorTable

__all__ = ["claims"]

_EFFECTS = {
    "gap": ("gap", "group"),
    "contribution": ("contribution", "without"),
    "age_structure": ("contribution", "without"),
    "counterfactual": ("contribution", "taken_out"),
}
"""Statistics that are differences by definition: what they are about, and what they compare."""

_WIDEST = 40.0
"""A share known to no better than so many points says nothing."""


def claims(
    table: IndicatorTable, changes: pd.DataFrame | None = None, *, adjust: Adjustment = "holm"
) -> tuple[Claim, ...]:
    """Return all that could be said, each no more than its figures support.

    Parameters
    ----------
    table
        As published: withheld figures are never spoken of. Of several rounds the last is taken.
    changes
        Changes between rounds, with the columns that `mpsurvey.profile.snapshot.findings` names.
    adjust
        How comparisons are adjusted for their number, within each sort (gaps and contributions,
        groups, changes): see `mpsurvey.profile.snapshot.family.adjusted`.

    Returns
    -------
    tuple of Claim
        Levels, gaps and contributions, groups, changes; in the order of the table.
    """
    shown = list(figures(table))
    whole = [one for one in shown if not one.breakdown]
    levels = [_level(one) for one in whole if one.indicator.statistic not in _EFFECTS]
    effects = [
        _difference(one, one.evidence, *_EFFECTS[one.indicator.statistic])
        for one in whole
        if one.indicator.statistic in _EFFECTS
    ]
    groups = [
        _difference(
            one.figure,
            one.evidence,
            "gap",
            "pair" if len(one.groups) == 2 else "rest",
            groups=one.groups,
        )
        for one in differences(table, shown)
    ]
    moved = [] if changes is None else list(_changes(table, changes, shown, adjust))
    return (
        *(one for one in levels if one is not None),
        *_decided(effects, adjust),
        *_decided(groups, adjust),
        *moved,
    )


def _level(figure: Figure) -> Claim | None:
    indicator, evidence = figure.indicator, figure.evidence
    form = form_of_level(indicator)
    claim = _blank(figure, evidence, form)
    if form == "amount":
        ends = outward(evidence.low, evidence.high)
        shape = "at_most" if evidence.low >= 0 and ends.low <= 0 else "between"
        return replace(claim, shape=shape, low=ends.low, high=ends.high, decimals=ends.decimals)
    low, high = max(evidence.low, 0.0), evidence.high
    if form == "frequency":
        high = min(high, 100.0)
    if not low < high or high - low > _WIDEST:
        return None
    # Plain words need not be fine: a whole number in 100 may be up to 1.6 times as wide.
    ends = outward(low, high, coarsest=0, room=1.6, finest=5)
    shape = "between"
    if ends.low <= 0:
        shape = "at_most"
    elif form == "frequency" and ends.high >= 100:
        shape = "at_least"
    if form == "percent":
        return replace(claim, shape=shape, low=ends.low, high=ends.high, decimals=ends.decimals)
    times = 10.0**ends.digits
    return replace(
        claim,
        shape=shape,
        low=round(ends.low * times),
        high=round(ends.high * times),
        base=round(100 * times),
        one_in=one_in(evidence.low / 100, evidence.high / 100),
    )


def _difference(
    figure: Figure,
    evidence: Evidence,
    kind: Any,
    comparison: str,
    *,
    groups: tuple[str, ...] = (),
) -> Claim:
    """Make a claim that `_decided` gives its direction."""
    form = form_of_difference(figure.indicator)
    claim = _blank(figure, evidence, form)
    return replace(claim, kind=kind, comparison=comparison, groups=groups)


def _blank(figure: Figure, evidence: Evidence, form: str) -> Claim:
    return Claim(
        kind="level",
        indicator=figure.indicator.id,
        theme=figure.indicator.theme,
        evidence=evidence,
        breakdown=figure.breakdown,
        category=figure.category,
        form=form,
        caution=figure.caution,
        reason=figure.reason,
    )


def _decided(found: Sequence[Claim], adjust: Adjustment) -> Iterator[Claim]:
    """Say up, down or unclear, after all comparisons of the sort are counted."""
    share = adjusted([one.evidence.p for one in found], adjust)
    tests = sum(math.isfinite(one.evidence.p) for one in found)
    for one, p in zip(found, share, strict=True):
        evidence = replace(one.evidence, adjusted=float(p), tests=tests, adjustment=adjust)
        yield _directed(replace(one, evidence=evidence))


def _directed(claim: Claim) -> Claim:
    evidence = claim.evidence
    low, high = evidence.low, evidence.high
    if not evidence.clear:
        if low > 0 or high < 0:
            return replace(claim, direction="unclear", shape="beyond")
        ends = outward(low, high)
        return replace(
            claim,
            direction="unclear",
            shape="inside",
            low=ends.low,
            high=ends.high,
            decimals=ends.decimals,
        )
    if high < 0:
        low, high = -high, -low
    ends = outward(low, high)
    return replace(
        claim,
        direction="up" if evidence.low > 0 else "down",
        shape="range" if ends.low > 0 else "up_to",
        low=ends.low,
        high=ends.high,
        decimals=ends.decimals,
    )


def _changes(
    table: IndicatorTable, changes: pd.DataFrame, shown: Sequence[Figure], adjust: Adjustment
) -> Iterator[Claim]:
    """Changes for all: those of groups are in the profile's tables of rounds."""
    latest = {(one.indicator.id, one.category): one for one in shown if not one.breakdown}
    rows = [row for row in changes.to_dict("records") if not breakdown_of(row)]
    # All changes were looked at, so all are counted, also those that are not spoken of.
    p = [float(row["p"]) for row in rows]
    tests = sum(math.isfinite(one) for one in p)
    for row, share in zip(rows, adjusted(p, adjust), strict=True):
        if str(row.get("verdict")) == "withheld":
            continue
        indicator = table.indicators.get(str(row["indicator"]))
        figure = latest.get((str(row["indicator"]), _category(table, row)))
        # A change is spoken of where the later figure itself may be.
        if indicator is None or figure is None:
            continue
        # "Higher" would be read as a wider gap, also where a negative one has come nearer to zero.
        if indicator.statistic in _EFFECTS:
            continue
        evidence = _change_evidence(row, float(indicator.per), figure.evidence)
        if evidence is None:
            continue
        evidence = replace(evidence, adjusted=float(share), tests=tests, adjustment=adjust)
        claim = _difference(figure, evidence, "change", "rounds", groups=_rounds(row))
        yield _directed(claim)


def _change_evidence(row: Mapping[Any, Any], per: float, later: Evidence) -> Evidence | None:
    estimate, se, low, high = (
        float(row[name]) * per for name in ("change", "se", "ci_low", "ci_high")
    )
    known = all(math.isfinite(x) for x in (estimate, se, low, high))
    if not (known and se > 0 and low < high and low <= estimate <= high):
        return None
    df = row.get("df")
    freedom = _freedom((high - low) / 2 / se, later.level) if df is None else float(df)
    return Evidence(
        estimate=estimate,
        se=se,
        low=low,
        high=high,
        df=freedom,
        n=later.n,
        level=later.level,
        p=float(row["p"]),
        method=later.method,
    )


def _freedom(quantile: float, level: float) -> float:
    """Degrees of freedom at which an interval is so many standard errors to each side."""
    normal = float(stats.norm.ppf((1 + level) / 2))
    if not normal * 1.0005 < quantile < 60:
        return math.inf

    def off(logarithm: float) -> float:
        return float(stats.t.ppf((1 + level) / 2, math.exp(logarithm))) - quantile

    low, high = math.log(0.5), math.log(1e6)
    return (
        math.exp(float(optimize.brentq(off, low, high))) if off(low) > 0 > off(high) else math.inf
    )


def _category(table: IndicatorTable, row: Mapping[Any, Any]) -> str:
    value = row.get("category")
    if value is None or pd.isna(value):
        return ""
    if table.indicators[str(row["indicator"])].statistic == "quantile":
        return ""
    variable = row.get("variable")
    return str(table.labels.get(str(variable), {}).get(value, value))


def _rounds(row: Mapping[Any, Any]) -> tuple[str, ...]:
    """Names of the rounds, where the frame has them."""
    names = (row.get("earlier_round"), row.get("later_round"))
    if all(isinstance(one, str) for one in names):
        return tuple(str(one) for one in names)
    return ()
