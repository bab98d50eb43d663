"""Differences between the categories of a breakdown, with their covariance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mpsurvey.estimation import Estimates, contrast
from mpsurvey.profile.snapshot.claim import Evidence
from mpsurvey.profile.snapshot.figures import Figure, near_the_end, probability
from mpsurvey.tabulation import IndicatorTable

__all__ = ["Difference", "differences"]

_LEVELS = ("share", "proportion", "mean", "ratio", "quantile", "poverty", "gini")
"""Statistics whose value can be compared between groups of any size; totals cannot."""

_MOST_GROUPS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A category less another or less the mean of the others, with its own evidence."""

    figure: Figure
    groups: tuple[str, ...]
    evidence: Evidence


def differences(table: IndicatorTable, shown: Sequence[Figure]) -> Iterator[Difference]:
    """Compare the categories of each breakdown by one variable.

    Two categories are compared with each other, more than two each with the plain mean of the
    others. Figures that are withheld, or too few respondents, take no part: not as a category, and
    not in the mean. The standard error is that of the difference: it uses the covariance, which two
    intervals laid side by side do not.

    Parameters
    ----------
    table
        With the results behind it; a table without `results` gives nothing.
    shown
        The figures that may be spoken of.
    """
    places: dict[tuple[str, str], list[Figure]] = {}
    for figure in shown:
        if figure.breakdown and " x " not in figure.breakdown and not figure.category:
            places.setdefault((figure.indicator.id, figure.breakdown), []).append(figure)
    for (_, name), group in places.items():
        result = _result(table, group[0])
        comparable = group[0].indicator.statistic in _LEVELS
        if comparable and result is not None and 2 <= len(group) <= _MOST_GROUPS:
            yield from _compare(table, name, group, result)


def _result(table: IndicatorTable, figure: Figure) -> Estimates | None:
    return table.results.get((figure.indicator.id, str(figure.row["breakdown"])))


def _compare(
    table: IndicatorTable, name: str, group: list[Figure], result: Estimates
) -> Iterator[Difference]:
    spots = [_row_of(result, figure) for figure in group]
    if any(spot is None for spot in spots):
        return
    labels = [_label(table, name, figure.row[name]) for figure in group]
    count = len(group)
    matrix = np.zeros((1 if count == 2 else count, len(result.frame)))
    for line in range(len(matrix)):
        for place, spot in enumerate(spots):
            matrix[line, spot] = 1.0 if place == line else -1 / (count - 1)
    found = contrast(result, matrix)
    per = float(group[0].indicator.per)
    for line, row in enumerate(found.frame.to_dict("records")):
        estimate, se, low, high = (
            float(row[key]) * per for key in ("estimate", "se", "ci_low", "ci_high")
        )
        if not (np.isfinite([estimate, se, low, high]).all() and se > 0 and low < high):
            continue
        evidence = Evidence(
            estimate=estimate,
            se=se,
            low=low,
            high=high,
            df=float(row["df"]),
            n=int(row["n"]),
            level=found.level,
            p=probability(estimate, se, float(row["df"])),
            method=found.method,
        )
        spoken = group if count == 2 else [group[line]]
        # The difference of shares that are hardly known to be above 0 is far from normal.
        if any(near_the_end(one.indicator, one.evidence) for one in spoken):
            continue
        # How imprecise a group's own figure is does not matter: the interval is the difference's.
        unsure = next((one for one in spoken if one.caution in ("flag", "df")), None)
        figure = replace(group[line], caution="", reason="")
        if unsure is not None:
            figure = replace(figure, caution=unsure.caution, reason=unsure.reason)
        groups = (labels[0], labels[1]) if count == 2 else (labels[line],)
        yield Difference(figure=figure, groups=groups, evidence=evidence)


def _row_of(result: Estimates, figure: Figure) -> int | None:
    """Place of a figure in the result behind it, found by its groups and variable."""
    frame = result.frame
    same = np.ones(len(frame), dtype=bool)
    for name in (*result.by, "variable"):
        if name in figure.row:
            same &= (frame[name] == figure.row[name]).to_numpy(dtype=bool, na_value=False)
    spots = np.flatnonzero(same)
    return int(spots[0]) if len(spots) == 1 else None


def _label(table: IndicatorTable, name: str, code: Any) -> str:
    known = table.labels.get(name, {})
    if code in known:
        return str(known[code])
    whole = isinstance(code, float) and code.is_integer()
    return f"{table.titles.get(name, name)} {int(code) if whole else code}"
