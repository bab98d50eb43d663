"""The rows of a table as SDMX observations."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mpsurvey.errors import MpsurveyError
from mpsurvey.publication.sdmx.coding import absent, code_ids, component_ids, unit_id
from mpsurvey.tabulation import IndicatorTable

__all__ = ["FIGURES", "FIXED", "Observations", "observations_of"]

FIGURES = {
    "OBS_VALUE": "estimate",
    "STD_ERR": "se",
    "CI_LOWER": "ci_low",
    "CI_UPPER": "ci_high",
    "CV": "cv",
    "DEFF": "deff",
    "DF": "df",
    "N": "n",
    "POPULATION": "population",
}
"""Measure and numeric attributes, and the columns that they come from."""

FIXED = {
    "REF_AREA": "area",
    "INDICATOR": "indicator",
    "CATEGORY": "category",
    "TIME_PERIOD": "period",
    **FIGURES,
    "CI_LEVEL": "confidence",
    "UNIT_MEASURE": "unit",
    "UNIT_MULT": "multiplier",
    "OBS_STATUS": "observation",
    "CONF_STATUS": "confidentiality",
}
"""Every fixed component, and the name of its meaning."""

_SCALED = ("OBS_VALUE", "STD_ERR", "CI_LOWER", "CI_UPPER")
_PERIOD = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2])|-[ASTQMWD][0-9]{1,3})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """A table as SDMX has it.

    Attributes
    ----------
    frame
        A column per component, text and numbers; a row per figure.
    dimensions
        Ids of the dimensions in their order, and the variable of each (None for fixed ones).
    codes
        For each dimension of a variable, its values and their ids.
    categories
        Ids of categories, by (variable, value).
    """

    frame: pd.DataFrame
    dimensions: Mapping[str, str | None]
    codes: Mapping[str, Mapping[Any, str]]
    categories: Mapping[tuple[str, Any], str]


def observations_of(table: IndicatorTable, *, area: str, period: str | None) -> Observations:
    """Make observations: a value in the unit named, with its reliability.

    Raises
    ------
    MpsurveyError
        A round or period is not a period of SDMX, or two figures have the same key.
    """
    source = table.frame
    rounds = "round" in table.by
    names = [name for name in table.by if name != "round"]
    ids = component_ids(names, taken=FIXED)
    codes = {
        ids[name]: code_ids((x for x in source[name].tolist() if not absent(x)), taken=("_T", "_Z"))
        for name in names
    }
    categories = _category_ids(table)
    frame = pd.DataFrame(index=source.index)
    frame["REF_AREA"] = area
    frame["INDICATOR"] = source["indicator"].astype(str)
    for name in names:
        known = codes[ids[name]]
        frame[ids[name]] = ["_T" if absent(x) else known[x] for x in source[name]]
    frame["CATEGORY"] = [
        "_Z" if absent(value) else categories[str(variable), value]
        for variable, value in zip(source["variable"], source["category"], strict=True)
    ]
    frame["TIME_PERIOD"] = [_period(x) for x in source["round"]] if rounds else _period(period)
    per = source["indicator"].map({key: one.per for key, one in table.indicators.items()})
    for component, column in FIGURES.items():
        figures = source[column].astype(float)
        # An infinite number of degrees of freedom has no form that every reader takes.
        figures = figures.where(figures.abs() != math.inf)
        frame[component] = figures * per.astype(float) if component in _SCALED else figures
    frame["N"] = frame["N"].astype("Int64")
    frame["CI_LEVEL"] = _levels(table)
    frame["UNIT_MEASURE"] = [
        unit_id(table.indicators[str(one)].unit.get("en", "")) for one in source["indicator"]
    ]
    frame["UNIT_MULT"] = "0"
    frame["OBS_STATUS"], frame["CONF_STATUS"] = _statuses(source)
    dimensions = {
        "REF_AREA": None, "INDICATOR": None, **{ids[x]: x for x in names},
        "CATEGORY": None, "TIME_PERIOD": None,
    }  # fmt: skip
    _check_keys(frame, list(dimensions))
    return Observations(frame=frame, dimensions=dimensions, codes=codes, categories=categories)


def _category_ids(table: IndicatorTable) -> Mapping[tuple[str, Any], str]:
    """Ids of categories; those of several variables are told apart where they clash."""
    source = table.frame
    pairs = zip(source["variable"], source["category"], strict=True)
    seen = dict.fromkeys((str(one), value) for one, value in pairs if not absent(value))
    found: dict[tuple[str, Any], str] = {}
    labels: dict[str, str] = {}
    for variable, value in seen:
        label = str(table.labels.get(variable, {}).get(value, value))
        name = next(iter(code_ids([value], taken=("_T", "_Z")).values()))
        # The same code with the same meaning is one code; with another meaning it is another.
        while labels.get(name, label) != label:
            name = f"{name}_"
        labels[name] = label
        found[variable, value] = name
    return found


def _period(value: Any) -> str:
    text = "" if absent(value) else str(value)
    if not _PERIOD.fullmatch(text):
        raise MpsurveyError(
            f"'{text}' is not a period of SDMX. Give period='2026', '2026-Q1' or '2026-03'; of "
            "several rounds each must be named so."
        )
    return text


def _levels(table: IndicatorTable) -> list[float]:
    """Confidence levels in percent, as the results behind the figures tell them."""
    any_level = next((one.level for one in table.results.values()), 0.95)
    found = []
    for key in zip(table.frame["indicator"], table.frame["breakdown"], strict=True):
        result = table.results.get((str(key[0]), str(key[1])))
        found.append(round(100 * (any_level if result is None else result.level), 6))
    return found


def _statuses(source: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Observation and confidentiality status of each row."""
    status = source["status"] if "status" in source else pd.Series("publish", index=source.index)
    mark = source["mark"] if "mark" in source else pd.Series("", index=source.index)
    observed, confidential = [], []
    for one, sign, value in zip(status, mark, source["estimate"], strict=True):
        if one == "withhold":
            observed.append("Q")
            confidential.append("C" if sign == "c" else "N")
        else:
            missing = not math.isfinite(float(value))
            observed.append("O" if missing else "U" if one == "flag" else "A")
            confidential.append("F")
    return observed, confidential


def _check_keys(frame: pd.DataFrame, dimensions: list[str]) -> None:
    twice = frame[frame.duplicated(dimensions, keep=False)]
    if len(twice):
        keys = dict.fromkeys(" ".join(row) for row in twice[dimensions].astype(str).to_numpy())
        raise MpsurveyError(
            f"{len(keys)} key(s) stand for several figures: {', '.join(list(keys)[:5])}. Publish "
            "them as separate tables."
        )
