"""What rules on quality compare: sizes, precision and widths of each figure of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mpsurvey.catalogue import Indicator
from mpsurvey.design import Sample
from mpsurvey.errors import RuleError
from mpsurvey.estimation.intervals import proportion_interval, t_quantile
from mpsurvey.rule import Rule, parse_value
from mpsurvey.tabulation.files import Files
from mpsurvey.tabulation.quality.respondents import (
    APART,
    behind,
    category_of,
    counted,
    groups_of,
    sample_of,
)

__all__ = ["families", "quantities"]

Floats = NDArray[np.float64]

DIFFERENCES = ("gap", "contribution", "counterfactual", "age_structure")


def families(frame: pd.DataFrame, indicators: Mapping[str, Indicator]) -> NDArray[np.object_]:
    """Return the sort of each figure, one of `FAMILIES`.

    A ratio of two rules whose figures all lie from 0 to 1, such as an unemployment rate, is a
    proportion; any other ratio and a share of an amount are ratios.
    """
    sort = {name: _family(one) for name, one in indicators.items()}
    found = np.array([sort[name] for name in frame["indicator"]], dtype=object)
    values = frame["estimate"].to_numpy(dtype=np.float64)
    for name, family in sort.items():
        if family != "rate":
            continue
        mine = (frame["indicator"] == name).to_numpy()
        seen = values[mine & np.isfinite(values)]
        found[mine] = "proportion" if ((seen >= 0) & (seen <= 1)).all() else "ratio"
    return found


def _family(indicator: Indicator) -> str:
    statistic, given = indicator.statistic, indicator.given
    if statistic in DIFFERENCES:
        return "difference"
    if statistic == "share":
        return "proportion" if given.get("of") is None else "ratio"
    if statistic == "ratio":
        rules = all(_is_rule(given[key]) for key in ("numerator", "denominator"))
        return "rate" if rules else "ratio"
    if statistic == "mean":
        return "proportion" if _is_rule(given["variable"]) else "mean"
    if statistic == "total":
        variable = given.get("variable")
        return "count" if variable is None or _is_rule(variable) else "amount"
    if statistic == "poverty":
        return "proportion" if not given.get("order") else "index"
    return {"proportion": "proportion", "quantile": "quantile"}.get(statistic, "index")


def _is_rule(text: Any) -> bool:
    try:
        return isinstance(parse_value(str(text)), Rule)
    except RuleError:
        return False


def quantities(
    frame: pd.DataFrame,
    indicators: Mapping[str, Indicator],
    by: tuple[str, ...],
    sort: NDArray[np.object_],
    sample: Files | Sample | Mapping[str, Sample] | None,
    home: int | None,
) -> pd.DataFrame:
    """Return a row per figure and a column per quantity, NaN where it is not known."""
    names = ("estimate", "se", "cv", "deff", "df", "n", "population")
    found = {name: frame[name].to_numpy(dtype=np.float64) for name in names}
    value, se, df = found["estimate"], found["se"], found["df"]
    n, kish = found["n"].copy(), np.full(len(frame), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(sort == "count", value / found["population"], value)
        cases = np.where(np.isin(sort, ["proportion", "count"]), np.round(n * part), n)
    n = np.where(sort == "count", cases, n)
    if sample is not None:
        known = sample if isinstance(sample, Files) else Files.of(sample, {})
        counts = _counted(frame, indicators, by, known, home)
        apart = [indicators[one].statistic in APART for one in frame["indicator"]]
        n, cases, kish, df = (
            np.where(apart, old, new) for old, new in zip((n, cases, kish, df), counts, strict=True)
        )
    share = sort == "proportion"
    p = np.where(share, value, np.nan)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        least = np.minimum(p, 1 - p)
        from_se = p * (1 - p) / se**2
        effective = np.where(share & (se > 0), from_se, n / np.fmax(found["deff"], 0))
        deff = np.where(
            np.isfinite(found["deff"]), found["deff"], np.where(share, n / from_se, kish)
        )
        effective = np.where(np.isfinite(effective), effective, n / kish)
        found["log_cv"] = se / (least * -np.log(least))
        found["se_curve"] = least ** (2 / 3) / 9
        low, high = _korn_graubard(p, se, df, n)
        found["width"] = high - low
        found["relative_width"] = (high - low) / p
        found["relative_width_rest"] = (high - low) / (1 - p)
        inside = np.minimum(n, np.where(np.isfinite(effective), effective, n))
        capped = np.minimum(cases, cases / np.where(np.isfinite(kish), kish, 1))
        reach = t_quantile(np.maximum(capped - 1, 0.1), 0.95) * se / value
        found["relative_width_log"] = np.where(value > 0, np.exp(reach) - np.exp(-reach), np.nan)
    found |= {"n": n, "cases": cases, "deff": deff, "df": df, "effective_cases": capped}
    found["effective_n"] = np.where(share, inside, effective)
    found["standing"] = np.where(sort == "count", value, found["population"])
    for name in ("least_n", "most_cv"):
        own = {key: getattr(one, name) for key, one in indicators.items()}
        found[name] = frame["indicator"].map(own).to_numpy(dtype=np.float64)
    return pd.DataFrame(found)


def _korn_graubard(p: Floats, se: Floats, df: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Limits of proportions, as the standard on proportions wants them.

    The width is 0 where the sample has nobody or everybody: the standard lets such a figure through
    for review when there are enough respondents.
    """
    inside = (p > 0) & (p < 1) & (se > 0) & (n > 1)
    low, high = np.where(np.isfinite(p), p, np.nan), np.where(np.isfinite(p), p, np.nan)
    if inside.any():
        # More respondents than were asked is no evidence: the effective size is at most n.
        floor = np.sqrt(p[inside] * (1 - p[inside]) / n[inside])
        ratio = t_quantile(df[inside], 0.95) / t_quantile(n[inside] - 1, 0.95)
        spread = np.maximum(se[inside], floor / ratio)
        low[inside], high[inside] = proportion_interval(
            "beta", p[inside], spread, df[inside], n[inside].astype(np.int64), 0.95
        )
    return low, high


def _counted(
    frame: pd.DataFrame,
    indicators: Mapping[str, Indicator],
    by: tuple[str, ...],
    files: Files,
    home: int | None,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Count the respondents again, from the rows, and the units that they are in.

    Degrees of freedom of replicate weights are not counted in units: they stay.
    """
    n, cases, kish = (np.full(len(frame), np.nan) for _ in range(3))
    df = frame["df"].to_numpy(dtype=np.float64).copy()
    groups: dict[tuple[int, tuple[str, ...]], Any] = {}
    for (name, category), rows in frame.groupby(
        ["indicator", "category"], sort=False, dropna=False
    ):
        one = indicators[str(name)]
        if one.statistic in APART:
            continue
        mine = sample_of(files, one)
        found = behind(files, one, home, category_of(category))
        for breakdown, part in rows.groupby("breakdown", sort=False):
            names = tuple(str(breakdown).split(" x ")) if breakdown else ()
            names = tuple(column for column in by if column in names)
            key = (id(mine), names)
            if key not in groups:
                groups[key] = groups_of(mine, names)
            each = counted(found, groups[key], mine.weight, one.statistic)
            place = groups[key].places(part, names)
            where, known = part.index.to_numpy(), place >= 0
            for target, source in ((n, each.n), (cases, each.cases), (kish, each.kish)):
                target[where[known]] = source[place[known]]
            if mine.replicates is None:
                df[where[known]] = each.df[place[known]]
    return n, cases, kish, df
