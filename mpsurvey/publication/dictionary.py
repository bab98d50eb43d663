"""What each column of a table holds: meaning, type, unit, codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from mpsurvey.publication.meanings import code_names, column_names
from mpsurvey.publication.wording import LANGUAGES, theme_title
from mpsurvey.tabulation import IndicatorTable

__all__ = ["Field", "dictionary_of", "tidy"]

Texts = Mapping[str, str]
Kind = Literal["integer", "number", "string"]

_FIGURES = ("estimate", "se", "ci_low", "ci_high", "cv", "deff", "df", "population")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A column of the file.

    Attributes
    ----------
    name
        As in the file.
    kind
        ``"integer"``, ``"number"`` or ``"string"``.
    meaning
        What it holds, by language.
    unit
        The column that gives the unit of each row, or the unit itself; empty where there is none.
    codes
        Values and what each means, by language; empty for numbers and free text.
    """

    name: str
    kind: Kind
    meaning: Texts
    unit: str = ""
    codes: Mapping[Any, Texts]


def tidy(table: IndicatorTable) -> pd.DataFrame:
    """Return the figures with a type per column that every format keeps.

    Codes that are all whole numbers stay numbers, others become text; shares stay 0 to 1.
    """
    frame = table.frame.copy()
    for name in frame.columns:
        if name in _FIGURES:
            frame[name] = frame[name].astype("float64")
        elif name == "n":
            frame[name] = frame[name].astype("Int64")
        elif _whole(frame[name]):
            frame[name] = pd.array(
                [pd.NA if _absent(x) else int(x) for x in frame[name]], dtype="Int64"
            )
        else:
            texts = [None if _absent(x) else str(x) for x in frame[name]]
            frame[name] = pd.Series(texts, index=frame.index, dtype="string")
    return frame


def dictionary_of(table: IndicatorTable) -> tuple[Field, ...]:
    """Describe every column of `tidy`."""
    return tuple(_fields(table, tidy(table)))


def _fields(table: IndicatorTable, frame: pd.DataFrame) -> Iterator[Field]:
    for column in frame.columns:
        name = str(column)
        variable = name in table.by
        meaning = column_names(name)
        if variable and name != "round":
            meaning = {table.language: table.titles.get(name, name)}
        kind: Kind = "string"
        if str(frame[name].dtype) == "Int64":
            kind = "integer"
        elif str(frame[name].dtype) == "float64":
            kind = "number"
        yield Field(
            name=name,
            kind=kind,
            meaning=meaning or {"en": name},
            unit=_unit(name),
            codes=_codes(table, frame, name),
        )


def _codes(table: IndicatorTable, frame: pd.DataFrame, name: str) -> Mapping[Any, Texts]:
    if name == "indicator":
        return {key: one.title for key, one in table.indicators.items()}
    if name == "theme":
        themes = dict.fromkeys(one.theme for one in table.indicators.values())
        return {one: {x: theme_title(one, x) for x in LANGUAGES} for one in themes}
    if name == "status":
        return code_names("status")
    if name not in table.by:
        return {}
    labels = {str(key): label for key, label in table.labels.get(name, {}).items()}
    seen = sorted(frame[name].dropna().unique().tolist())
    return {value: {table.language: str(labels[str(value)])} for value in seen
            if str(value) in labels}  # fmt: skip


def _unit(name: str) -> str:
    if name in ("estimate", "se", "ci_low", "ci_high"):
        return "column unit; percent, percentage points and rates are not multiplied: 0.12 is 12 %"
    return {"cv": "ratio", "n": "respondents"}.get(name, "")


def _whole(column: pd.Series) -> bool:
    known = [x for x in column.tolist() if not _absent(x)]
    whole = (int, float)
    return bool(known) and all(
        isinstance(x, whole) and not isinstance(x, bool) and float(x).is_integer() for x in known
    )


def _absent(value: Any) -> bool:
    return value is None or bool(pd.isna(value))
