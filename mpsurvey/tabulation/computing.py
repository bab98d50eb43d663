"""Indicators are computed: each definition becomes one call of a verb."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mpsurvey import estimation, impact
from mpsurvey.catalogue import Indicator
from mpsurvey.design import Sample
from mpsurvey.errors import ColumnMissing, MpsurveyError
from mpsurvey.estimation import Estimates
from mpsurvey.estimation.estimates import COLUMNS
from mpsurvey.tabulation.indicator_table import IndicatorTable

__all__ = ["compute", "tabulate"]

Breakdown = str | Sequence[str]


def tabulate(
    sample: Sample | Mapping[str, Sample],
    indicators: Indicator | Iterable[Indicator],
    by: Breakdown | Sequence[Breakdown] = (),
    *,
    whole: bool = True,
    level: float = 0.95,
    home: int | None = None,
    lacking: Literal["skip", "fail"] = "skip",
    language: str = "en",
) -> IndicatorTable:
    """Make indicators, for all and by groups, as one long table.

    Parameters
    ----------
    sample
        The sample; or one for each sort of row, ``{"person": ..., "household": ...}``. A single
        sample stands for the rows that each indicator wants.
    indicators
        Definitions, as ``catalogue.indicators(theme="employment")`` gives them.
    by
        Breakdowns, each a variable or a tuple of variables to cross:
        ``by=("sex", "region", ("sex", "region"))`` makes three.
    whole
        Figures for all, too.
    level
        Confidence level.
    home
        The country's own code, for rules that use ``HOME``.
    lacking
        What to do with an indicator whose variables the data lack: leave it out and say so, or
        fail.
    language
        Language of titles and units.

    Returns
    -------
    IndicatorTable

    Raises
    ------
    ColumnMissing
        A breakdown is not a column; or a variable is lacking under ``lacking="fail"``, all at once.
    MpsurveyError
        No sample is given for an indicator's rows.
    """
    asked = (indicators,) if isinstance(indicators, Indicator) else tuple(indicators)
    breakdowns = _breakdowns(by, whole=whole)
    wanted: list[tuple[Indicator, Sample, tuple[str, ...]]] = []
    without: dict[str, tuple[str, ...]] = {}
    problems: list[str] = []
    remembered = _remembered(sample)
    for one in asked:
        rows = remembered.get(one.rows) or remembered.get("")
        if rows is None:
            problems.append(f"{one.id} is of {one.rows} rows, and no such sample is given.")
            continue
        absent = sorted(one.names - set(rows.frame.columns))
        if absent:
            without[one.id] = tuple(absent)
            continue
        for names in breakdowns:
            missing = [("by", name) for name in names if name not in rows.frame.columns]
            if missing:
                raise ColumnMissing(missing, rows.frame.columns)
            wanted.append((one, rows, names))
    if problems:
        raise MpsurveyError(problems)
    if without and lacking == "fail":
        raise MpsurveyError(f"{one} lacks {', '.join(absent)}." for one, absent in without.items())
    # What is asked of the same people in the same groups is computed in a row: samples remember
    # the last few layouts of their rows.
    found = {
        (one.id, names): compute(rows, one, by=names, level=level, home=home)
        for one, rows, names in sorted(wanted, key=lambda job: (job[2], job[0].where or ""))
    }
    results = {(one.id, _place(names)): found[one.id, names] for one, _, names in wanted}
    parts = [_rows_of(found[one.id, names], one, names, language) for one, _, names in wanted]
    everything = [name for names in breakdowns for name in names]
    labels: dict[str, Any] = {}
    titles: dict[str, str] = {}
    for made in results.values():
        labels |= made.labels
        titles |= made.titles
    return IndicatorTable(
        frame=_stacked(parts, tuple(dict.fromkeys(everything))),
        indicators={one.id: one for one in asked if one.id not in without},
        results=results,
        lacking=without,
        language=language,
        labels=labels,
        titles=titles,
    )


def compute(
    sample: Sample,
    indicator: Indicator,
    *,
    by: Sequence[str] = (),
    level: float = 0.95,
    home: int | None = None,
) -> Estimates:
    """Compute one indicator for one breakdown.

    Parameters
    ----------
    sample, by, level
        As in `mpsurvey.total`.
    indicator
        The definition.
    home
        The country's own code, for rules that use ``HOME``.

    Raises
    ------
    MpsurveyError
        The definition uses ``HOME`` and no code is given.
    """
    if indicator.uses_home and home is None:
        raise MpsurveyError(f"{indicator.id} needs the country's own code: home=...")
    given = {key: _at_home(value, home) for key, value in indicator.given.items()}
    options: dict[str, Any] = {
        "by": tuple(by),
        "where": _at_home(indicator.where, home),
        "level": level,
    }
    verb = VERBS[indicator.statistic]
    made = verb(sample, given, options)
    return replace(made, statistic=indicator.title.get("en", indicator.id))


def _total(sample: Sample, given: Mapping[str, Any], options: dict[str, Any]) -> Estimates:
    return estimation.total(sample, given.get("variable"), **options)


def _quantile(sample: Sample, given: Mapping[str, Any], options: dict[str, Any]) -> Estimates:
    return estimation.quantile(sample, given["variable"], given.get("q", 0.5), **options)


def _share(sample: Sample, given: Mapping[str, Any], options: dict[str, Any]) -> Estimates:
    return impact.share(sample, given["group"], of=given.get("of"), **options)


def _contribution(sample: Sample, given: Mapping[str, Any], options: dict[str, Any]) -> Estimates:
    parts = (given["group"], given["numerator"], given.get("denominator"))
    return impact.contribution(sample, *parts, **options)


def _gap(sample: Sample, given: Mapping[str, Any], options: dict[str, Any]) -> Estimates:
    top = given.get("variable", given.get("numerator"))
    return impact.gap(
        sample,
        given["group"],
        str(top),
        given.get("denominator"),
        others=given.get("others"),
        standardise=given.get("standardise"),
        **options,
    )


def _poverty(sample: Sample, given: Mapping[str, Any], options: dict[str, Any]) -> Estimates:
    kept = {key: given[key] for key in ("line", "order") if key in given}
    return estimation.poverty(sample, given["variable"], **_line(kept), **options)


def _line(kept: dict[str, Any]) -> dict[str, Any]:
    """Read a line that is written as a number."""
    line = kept.get("line")
    if isinstance(line, str) and re.fullmatch(r"[0-9.]+", line):
        return {**kept, "line": float(line)}
    return kept


def _counterfactual(sample: Sample, given: Mapping[str, Any], options: dict[str, Any]) -> Estimates:
    verbs: dict[str, Callable[..., Estimates]] = {
        "mean": estimation.mean,
        "gini": estimation.gini,
        "poverty": estimation.poverty,
    }
    figure = given["figure"]
    if figure not in verbs:
        raise MpsurveyError(f"A counterfactual is of {', '.join(verbs)}, not of '{figure}'.")
    kept = {key: given[key] for key in ("size", "replaced", "returning") if key in given}
    if figure == "poverty":
        kept |= _line({key: given[key] for key in ("line", "order") if key in given})
    made = impact.counterfactual(
        sample, verbs[figure], given["variable"], given["without"], **kept, **options
    )
    return _category(made, "difference")


def _age_structure(sample: Sample, given: Mapping[str, Any], options: dict[str, Any]) -> Estimates:
    made = impact.age_structure(sample, given["group"], **options)
    figure = given.get("figure", "dependency ratio")
    if figure not in set(made.frame["variable"]):
        raise MpsurveyError(f"An age structure has no '{figure}'.")
    return _category(made, "contribution", variable=figure)


def _category(made: Estimates, category: str, variable: str | None = None) -> Estimates:
    """Return the rows of one category, with their uncertainty."""
    frame = made.frame
    kept = (frame["category"] == category).to_numpy()
    if variable is not None:
        kept = kept & (frame["variable"] == variable).to_numpy()
    matrix = np.eye(len(frame))[kept]
    return replace(
        made,
        frame=frame[kept].assign(category=None).reset_index(drop=True),
        uncertainty=made.uncertainty.combined(matrix),
    )


VERBS: Mapping[str, Callable[[Sample, Mapping[str, Any], dict[str, Any]], Estimates]] = {
    "total": _total,
    "mean": lambda s, g, o: estimation.mean(s, g["variable"], **o),
    "proportion": lambda s, g, o: estimation.proportion(s, g["variable"], **o),
    "ratio": lambda s, g, o: estimation.ratio(s, g["numerator"], g["denominator"], **o),
    "quantile": _quantile,
    "share": _share,
    "contribution": _contribution,
    "gap": _gap,
    "poverty": _poverty,
    "gini": lambda s, g, o: estimation.gini(s, g["variable"], **o),
    "counterfactual": _counterfactual,
    "age_structure": _age_structure,
}


def _at_home(value: Any, home: int | None) -> Any:
    """Put the country's own code into a rule."""
    return re.sub(r"\bHOME\b", str(home), value) if isinstance(value, str) and home else value


def _breakdowns(by: Breakdown | Sequence[Breakdown], *, whole: bool) -> tuple[tuple[str, ...], ...]:
    asked: Sequence[Breakdown] = (by,) if isinstance(by, str) else tuple(by)
    each = [(one,) if isinstance(one, str) else tuple(one) for one in asked]
    return tuple(dict.fromkeys([*([()] if whole else []), *each]))


def _remembered(sample: Sample | Mapping[str, Sample]) -> dict[str, Sample]:
    """Samples by sort of row, remembering what they have read; one for all under ''."""
    given = {"": sample} if isinstance(sample, Sample) else dict(sample)
    return {rows: one.remembering() for rows, one in given.items()}


def _place(names: Sequence[str]) -> str:
    """Name of a breakdown: ``sex x region``; nothing for all."""
    return " x ".join(names)


def _rows_of(
    made: Estimates, one: Indicator, names: Sequence[str], language: str
) -> dict[str, NDArray[Any]]:
    """Columns of a result, as arrays: hundreds of results are put together."""
    frame = made.frame
    said = {"indicator": one.id, "theme": one.theme, "breakdown": _place(names)}
    said["unit"] = one.unit.get(language) or next(iter(one.unit.values()))
    return {
        **{key: np.full(len(frame), value, dtype=object) for key, value in said.items()},
        **{name: frame[name].to_numpy(dtype=object) for name in (*frame.columns[:3], *names)},
        **{name: frame[name].to_numpy() for name in COLUMNS},
    }


def _stacked(parts: list[dict[str, NDArray[Any]]], names: tuple[str, ...]) -> pd.DataFrame:
    said = ["indicator", "theme", "breakdown"]
    order = [*said, "statistic", "variable", "category", *names, *COLUMNS, "unit"]
    if not parts:
        return pd.DataFrame(columns=order)
    table: dict[str, pd.Series[Any]] = {}
    for name in order:
        pieces = [part.get(name, np.full(len(part["n"]), None)) for part in parts]
        column = pd.Series(np.concatenate(pieces), dtype=None if name in COLUMNS else object)
        if name in names:
            column = column.where(column.notna(), None)
        table[name] = column.infer_objects() if name in (*said, "unit") else column
    return pd.DataFrame(table)
