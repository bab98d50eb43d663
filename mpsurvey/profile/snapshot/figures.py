"""The rows of a table that can be spoken of, with the uncertainty that each carries."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from scipy import stats

from mpsurvey.catalogue import Indicator
from mpsurvey.profile.snapshot.claim import Evidence
from mpsurvey.tabulation import IndicatorTable

__all__ = [
    "Figure", "breakdown_of", "caution_of", "few_cases", "figures", "form_of_difference",
    "form_of_level", "latest_round", "near_the_end", "probability",
]  # fmt: skip

_FEW_CASES = 10.0
_FEW_FREEDOM = 12.0
"""Below so many degrees of freedom the standard error itself is not well known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A row of a table: its definition, where it stands, and its evidence in the units shown."""

    indicator: Indicator
    breakdown: str
    category: str
    row: Mapping[str, Any]
    evidence: Evidence
    caution: str
    reason: str


def latest_round(table: IndicatorTable) -> Any:
    """Return the last round of a table over several, or None."""
    if "round" not in table.by:
        return None
    rounds = table.frame["round"].dropna().unique().tolist()
    return rounds[-1] if rounds else None


def breakdown_of(row: Mapping[Any, Any]) -> str:
    """Return the breakdown of a row, rounds apart."""
    return " x ".join(x for x in str(row["breakdown"]).split(" x ") if x and x != "round")


def figures(table: IndicatorTable) -> Iterator[Figure]:
    """Go through the figures of the latest round that are published and have an interval."""
    latest = latest_round(table)
    for row in table.frame.to_dict("records"):
        if latest is not None and row["round"] != latest:
            continue
        indicator = table.indicators[str(row["indicator"])]
        evidence = _evidence(table, indicator, row)
        if evidence is None or row.get("status", "publish") == "withhold":
            continue
        if evidence.n is None or evidence.n < indicator.least_n:
            continue
        caution = caution_of(row, evidence, indicator)
        yield Figure(
            indicator=indicator,
            breakdown=breakdown_of(row),
            category=_category(table, row),
            row={str(key): value for key, value in row.items()},
            evidence=evidence,
            caution=caution,
            reason=_text(row.get("reason")) if caution == "flag" else "",
        )


def caution_of(row: Mapping[Any, Any], evidence: Evidence, indicator: Indicator) -> str:
    """Say why a figure is to be used with caution, or nothing."""
    if row.get("status", "publish") == "flag":
        return "flag"
    tested = indicator.statistic in ("gap", "contribution", "counterfactual", "age_structure")
    # A difference near zero has a large coefficient of variation, however well it is known.
    if not tested and evidence.cv > indicator.most_cv:
        return "cv"
    if evidence.df < _FEW_FREEDOM:
        return "df"
    return "cases" if few_cases(indicator, evidence) else ""


def few_cases(indicator: Indicator, evidence: Evidence) -> bool:
    """Whether fewer than ten have what a share counts, or fewer than ten have not."""
    if form_of_level(indicator) != "frequency" or evidence.n is None:
        return False
    share = evidence.estimate / 100
    return evidence.n * min(share, 1 - share) < _FEW_CASES


def near_the_end(indicator: Indicator, evidence: Evidence) -> bool:
    """Whether a share is so near 0 or 1, for its error, that differences from it mislead.

    With ten cases in a simple random sample the standard error is a third of a small share.
    """
    if form_of_level(indicator) not in ("frequency", "percent"):
        return False
    distance = min(evidence.estimate, 100 - evidence.estimate)
    return few_cases(indicator, evidence) or 3 * evidence.se > distance


def probability(estimate: float, se: float, df: float) -> float:
    """Two-sided probability of a figure at least as far from zero if it is zero."""
    if not (se > 0 and df > 0):
        return float("nan")
    return float(2 * stats.t.sf(abs(estimate / se), df))


def form_of_level(indicator: Indicator) -> str:
    """Say how a level is put: so many in 100 persons, percent of an amount, or an amount."""
    if indicator.unit.get("en") != "percent" or indicator.per != 100:
        return "amount"
    counted = indicator.statistic == "proportion" or (
        indicator.statistic == "share" and "of" not in indicator.given
    )
    headcount = indicator.statistic == "poverty" and indicator.given.get("order", 0) == 0
    return "frequency" if counted or headcount else "percent"


def form_of_difference(indicator: Indicator) -> str:
    """Say how a difference is put: in percentage points, or in the indicator's unit."""
    points = indicator.unit.get("en") in ("percent", "percentage points")
    return "points" if points and indicator.per == 100 else "amount"


def _evidence(
    table: IndicatorTable, indicator: Indicator, row: Mapping[Any, Any]
) -> Evidence | None:
    """Read a row; None where there is no interval, or one of no width, which is no interval."""
    per = float(indicator.per)
    estimate, se, low, high = (
        float(row[name]) * per for name in ("estimate", "se", "ci_low", "ci_high")
    )
    known = all(math.isfinite(x) for x in (estimate, se, low, high))
    if not (known and se > 0 and low < high and low <= estimate <= high):
        return None
    result = table.results.get((indicator.id, str(row["breakdown"])))
    return Evidence(
        estimate=estimate,
        se=se,
        low=low,
        high=high,
        cv=float(row["cv"]),
        df=float(row["df"]),
        n=None if pd.isna(row["n"]) else int(row["n"]),
        level=0.95 if result is None else result.level,
        p=probability(estimate, se, float(row["df"])),
        method="" if result is None else result.method,
    )


def _category(table: IndicatorTable, row: Mapping[Any, Any]) -> str:
    """Label of the category of a categorical variable; a quantile's probability is no category."""
    statistic = table.indicators[str(row["indicator"])].statistic
    if statistic == "quantile" or _text(row["category"]) == "":
        return ""
    labels = table.labels.get(str(row["variable"]), {})
    return str(labels.get(row["category"], row["category"]))


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)
