"""Each figure of a table is published, published with a warning, or withheld."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.tabulation.files import Files
from mpsurvey.tabulation.indicator_table import IndicatorTable
from mpsurvey.tabulation.quality.quantities import families, quantities
from mpsurvey.tabulation.quality.rule_sets import QualityRules, Test, reason, rules_of

__all__ = ["assess", "mark_rows"]

FIGURES = ["estimate", "se", "ci_low", "ci_high", "cv", "deff", "df"]
_STATUS = np.array(["publish", "flag", "withhold"], dtype=object)
_MARKS = np.array(["", "u", ".."], dtype=object)
_SHARES = ("high_cv",)


def assess(
    table: IndicatorTable,
    rules: str | Path | Mapping[str, Any] | QualityRules = "dhs",
    language: str | None = None,
    *,
    sample: Sample | Mapping[str, Sample] | None = None,
    home: int | None = None,
) -> IndicatorTable:
    """Say for each figure whether it is published, flagged or withheld, and why.

    Use it before a table leaves the office, and before `mpsurvey.protect`. What is withheld is
    taken out of the table; `n` and `population` stay, so that a reader sees why.

    Parameters
    ----------
    table
        Indicators, as `mpsurvey.tabulate` makes them.
    rules
        A shipped set: ``"dhs"``, ``"nchs"``, ``"statcan"``, ``"eurostat_lfs"``, ``"eclac_2020"``,
        ``"eclac_2023"``, ``"ine_chile"``, ``"indicator"`` (each indicator's own limits); a YAML
        file; or a dict of the same shape, such as ``{"like": "dhs", "limits": {"sure": 60}}``.
    language
        Language of the reasons: en, fr, es, ru, ar; the table's by default.
    sample
        The sample or samples of the table. With it, respondents are counted for what the figure is
        about: the smaller side of a gap, the group of a contribution, the denominator of a ratio,
        the cases of a total; and Kish's design effect stands in where none is known. Without it the
        table's own `n` is taken for all, and the table's `rules` say so.
    home
        The country's own code, for rules that use ``HOME``.

    Returns
    -------
    IndicatorTable
        With the columns `status` ("publish", "flag", "withhold"), `mark` ("", "u", "..") and
        `reason`, and the rules in words.

    Raises
    ------
    CatalogueError
        The rules do not exist or are wrong; all problems at once.

    Notes
    -----
    Every test of the set is tried on each figure of the sorts it is for; the worst outcome holds,
    with all reasons for it. A test on a quantity that is not known (a design effect that was not
    computed, a coefficient of variation of zero) does not speak. Coefficients of variation are not
    asked of differences: a gap near zero is a finding, not a poor figure.
    """
    read = rules_of(rules)
    spoken = language or table.language
    if "status" in table.frame and (table.frame["mark"] == "..").any():
        raise MpsurveyError(
            "The table's figures were assessed before and some are no longer in it. Assess the "
            "table that mp.tabulate made."
        )
    frame = table.frame.reset_index(drop=True)
    sort = families(frame, table.indicators)
    kinds = table.indicators.values()
    by_rows = None if sample is None else Files.of(sample, table.auxiliaries, kinds)
    asked = quantities(frame, table.indicators, table.by, sort, by_rows, home)
    shown_n = frame["n"].to_numpy(dtype=np.float64)
    level, reasons = _verdicts(read, asked, sort, spoken, shown_n)
    nothing = ~np.isfinite(frame["estimate"].to_numpy(dtype=np.float64))
    level[nothing] = 2
    for row in np.flatnonzero(nothing):
        reasons[row] = [reason("nobody", spoken)]
    status, mark = _STATUS[level], _MARKS[level]
    text = np.array(["; ".join(dict.fromkeys(each)) for each in reasons], dtype=object)
    if "status" in frame:
        confidential = (frame["mark"] == "c").to_numpy()
        status[confidential], mark[confidential] = "withhold", "c"
        text[confidential] = reason("confidential", spoken)
    made = mark_rows(frame, status, mark, text)
    made.loc[level == 2, FIGURES] = np.nan
    said = [reason("rules", spoken, title=_in(read.title, spoken))]
    counts = {name: int((status == name).sum()) for name in _STATUS}
    said.append(reason("outcome", spoken, **counts))
    if sample is None:
        said.append(reason("without_sample", spoken))
    return replace(table, frame=made, rules=(*table.rules, *said))


def mark_rows(
    frame: pd.DataFrame,
    status: NDArray[np.object_],
    mark: NDArray[np.object_],
    text: NDArray[np.object_],
) -> pd.DataFrame:
    """Return the frame with `status`, `mark` and `reason` as its last columns."""
    kept = frame.drop(columns=[name for name in ("status", "mark", "reason") if name in frame])
    return kept.assign(status=status, mark=mark, reason=text)


def _verdicts(
    rules: QualityRules,
    asked: pd.DataFrame,
    sort: NDArray[np.object_],
    language: str,
    shown_n: NDArray[np.float64],
) -> tuple[NDArray[np.intp], list[list[str]]]:
    level = np.zeros(len(asked), dtype=np.intp)
    hits: list[tuple[NDArray[np.bool_], int, Test]] = []
    known = asked.assign(**rules.limits)
    for test in rules.tests:
        hit = np.isin(sort, list(test.of)) & test.when.mask(known)
        worth = 2 if test.then == "withhold" else 1
        hits.append((hit, worth, test))
        level = np.where(hit, np.maximum(level, worth), level)
    reasons: list[list[str]] = [[] for _ in range(len(asked))]
    for hit, worth, test in hits:
        for row in np.flatnonzero(hit & (level == worth)):
            reasons[row].append(_reason(test, known, int(row), language, shown_n[row]))
    return level, reasons


def _reason(test: Test, known: pd.DataFrame, row: int, language: str, n: float) -> str:
    if test.reason:
        return _in(test.reason, language)
    if test.limit is None:
        return reason(test.because, language)
    value = float(known[test.limit].to_numpy(dtype=np.float64)[row])
    because = test.because
    if because == "few" and n >= value:  # the row shows a larger n: say whose number is meant
        because = "few_in_group"
    sign = " %" if test.because in _SHARES else ""
    shown = round(value * 100, 1) if sign else value
    limit = f"{shown:g}{sign}" if shown < 1e4 else f"{shown:,.0f}"
    return reason(because, language, limit=limit)


def _in(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language) or texts.get("en") or next(iter(texts.values()))
