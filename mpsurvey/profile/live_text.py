"""An author's text with the table's figures put in, so that the two cannot drift apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from mpsurvey.catalogue import Indicator
from mpsurvey.errors import did_you_mean
from mpsurvey.profile.live_directives import (
    AskedFigure,
    AskedPicture,
    BadDirective,
    read_pieces,
)
from mpsurvey.profile.study import Auxiliary, wording
from mpsurvey.profile.words import said
from mpsurvey.publication.document import Block, ChartBlock, GridBlock, Picture, Prose
from mpsurvey.publication.layout import decimals_of, lay_out
from mpsurvey.publication.wording import number, word
from mpsurvey.tabulation import IndicatorTable

__all__ = ["Figures", "WrittenText", "find_row", "is_percent", "write_text"]

Draw = Callable[[str, tuple[str, ...], str | None], Picture | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a text can ask for, in one language.

    Attributes
    ----------
    tables
        By round, the last one described; already without what is withheld.
    changes
        As `mpsurvey.profile.tracking` gives them.
    draw
        Makes a chart of an indicator by breakdowns; returns None where charts are not made.
    """

    tables: Mapping[str, IndicatorTable]
    language: str
    changes: pd.DataFrame | None = None
    auxiliary: Mapping[str, Auxiliary] = field(default_factory=dict)
    draw: Draw | None = None

    @property
    def table(self) -> IndicatorTable:
        """The round that is described."""
        return list(self.tables.values())[-1]


@dataclass(slots=True)
class WrittenText:
    """A text's blocks, what it asked for, and what is wrong in it.

    Attributes
    ----------
    shown
        Charts and tables in it, as (kind, indicator).
    problems
        With file and line; the text cannot be published.
    withheld
        Places where a figure was asked for that is withheld.
    """

    blocks: list[Block] = field(default_factory=list)
    shown: set[tuple[str, str]] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    withheld: list[str] = field(default_factory=list)


def write_text(text: str, figures: Figures, *, place: str, first_line: int = 1) -> WrittenText:
    """Put figures, charts and tables into a text.

    Parameters
    ----------
    text
        Markdown with directives, see `mpsurvey.profile.live_directives`.
    place
        The file's name, for messages.
    first_line
        Line of the file on which the text begins.
    """
    made = WrittenText()
    prose = ""
    for piece in read_pieces(text, first_line):
        if isinstance(piece, str):
            prose += piece
        elif isinstance(piece, BadDirective):
            made.problems.append(f"{place}:{piece.line}: {piece.fault}")
        elif isinstance(piece, AskedPicture):
            block = _picture(piece, figures, made, place)
            if block is not None:
                if prose.strip():
                    made.blocks.append(Prose(markdown=prose.strip("\n")))
                prose = ""
                made.blocks.append(block)
        else:
            prose += _figure(piece, figures, made, place)
    if prose.strip():
        made.blocks.append(Prose(markdown=prose.strip("\n")))
    return made


def _picture(piece: AskedPicture, figures: Figures, made: WrittenText, place: str) -> Block | None:
    table = figures.table
    fault = _unknown(piece.indicator, table)
    known = set(table.frame.loc[table.frame["indicator"] == piece.indicator, "breakdown"])
    for one in piece.by if fault is None else ():
        if one not in known:
            shown = ", ".join(sorted(x for x in known if x)) or "none"
            near = did_you_mean(one, known)
            fault = f"{piece.indicator} has no breakdown '{one}'.{near} It has {shown}."
    if fault is not None:
        made.problems.append(f"{place}:{piece.line}: {fault}")
        return None
    made.shown.add((piece.kind, piece.indicator))
    if piece.kind == "table":
        by = piece.by or None
        return GridBlock(grid=lay_out(table, piece.indicator, by), audience="decision")
    if figures.draw is None:
        return None
    picture = figures.draw(piece.indicator, piece.by, piece.shape)
    return None if picture is None else ChartBlock(picture=picture)


def _unknown(indicator: str, table: IndicatorTable) -> str | None:
    if indicator in table.indicators:
        return None
    if indicator in table.lacking:
        lacks = ", ".join(table.lacking[indicator])
        return f"{indicator} could not be made: it lacks {lacks}."
    return f"The profile has no indicator '{indicator}'.{did_you_mean(indicator, table.indicators)}"


def _figure(piece: AskedFigure, figures: Figures, made: WrittenText, place: str) -> str:
    at = f"{place}:{piece.line}"
    if piece.auxiliary:
        return _auxiliary(piece, figures, made, at)
    if piece.round is not None and piece.round not in figures.tables:
        near = did_you_mean(piece.round, figures.tables)
        shown = ", ".join(figures.tables)
        made.problems.append(f"{at}: There is no round '{piece.round}'.{near} There are: {shown}.")
        return ""
    table = figures.tables[piece.round] if piece.round is not None else figures.table
    fault = _unknown(piece.indicator, table)
    if fault is not None:
        made.problems.append(f"{at}: {fault}")
        return ""
    definition = table.indicators[piece.indicator]
    if piece.field in ("unit", "title"):
        texts = definition.unit if piece.field == "unit" else definition.title
        return escaped(wording(texts, figures.language))
    if piece.field in ("change", "change_interval", "verdict"):
        return _change(piece, figures, made, at, definition)
    row, fault = find_row(table, piece.indicator, piece.where)
    if row is None:
        made.problems.append(f"{at}: {fault}")
        return ""
    text = field_text(row, piece.field, definition, table)
    if text is None:
        made.withheld.append(f"{at}: {piece.indicator}{_asked(piece)} is withheld: {row['reason']}"
                             if row.get("reason") else
                             f"{at}: {piece.indicator}{_asked(piece)} has no figure.")  # fmt: skip
        return word("withheld" if row.get("status") == "withhold" else "not_made",
                    figures.language)  # fmt: skip
    return text


def _asked(piece: AskedFigure) -> str:
    said_where = " and ".join(f"{name}={value}" for name, value in piece.where)
    return f" where {said_where}" if said_where else ""


def find_row(
    table: IndicatorTable, indicator: str, where: Sequence[tuple[str, str]]
) -> tuple[dict[Any, Any] | None, str]:
    """Find the one row of an indicator that conditions name, or say why there is none.

    Parameters
    ----------
    where
        Pairs of a variable and a code or its label; ``category`` for an answer.
    """
    own = table.frame[table.frame["indicator"] == indicator]
    names = [name for name, _ in where if name != "category"]
    for place in own["breakdown"].unique():
        if set(str(place).split(" x ") if place else []) == set(names):
            break
    else:
        known = ", ".join(sorted(str(x) for x in own["breakdown"].unique() if x)) or "none"
        wanted = " x ".join(names)
        near = did_you_mean(wanted, [x for x in own["breakdown"].unique() if x])
        return None, f"{indicator} has no breakdown '{wanted}'.{near} It has {known}."
    kept = own[own["breakdown"] == place]
    for name, value in where:
        column = kept[name]
        labels = table.labels.get(name, {})
        fits = [_same(code, value, labels) for code in column]
        if not any(fits):
            codes = ", ".join(
                f"{_code(code)} ({labels.get(code, labels.get(_whole(code), ''))})".replace(
                    " ()", ""
                )
                for code in pd.unique(column)
            )
            return None, f"{indicator} by {name} has no group '{value}'. It has {codes}."
        kept = kept[np.array(fits)]
    if len(kept) > 1:
        known = ", ".join(str(x) for x in pd.unique(kept["category"]))
        return None, f"{indicator} has several figures here; say category=... of {known}."
    found: dict[Any, Any] = kept.iloc[0].to_dict()
    return found, ""


def _whole(code: Any) -> Any:
    return int(code) if isinstance(code, float) and code.is_integer() else code


def _code(code: Any) -> str:
    return str(_whole(code))


def _same(code: Any, value: str, labels: Mapping[Any, str]) -> bool:
    label = labels.get(code, labels.get(_whole(code)))
    return value in (_code(code), label)


def is_percent(indicator: Indicator) -> bool:
    """Whether figures are shares shown in percent; points of percent are not."""
    unit = indicator.unit.get("en", "").lower()
    return indicator.per == 100 and unit.startswith("percent") and not unit.startswith("percentage")


def field_text(
    row: Mapping[Any, Any], asked: str, definition: Indicator, table: IndicatorTable
) -> str | None:
    """Return a field of a figure as it is printed; None where the figure is withheld."""
    language = table.language
    frame = table.frame[table.frame["indicator"] == definition.id]
    per, decimals = definition.per, decimals_of(frame, definition.per)
    sign = "\N{NO-BREAK SPACE}%" if is_percent(definition) else ""

    def shown(value: Any, places: int = decimals, times: float = per, after: str = sign) -> str:
        return number(float(value) * times, places, language) + after

    if asked in ("n", "population"):
        value = row[asked]
        return None if pd.isna(value) else shown(value, 0, 1.0, "")
    if pd.isna(row["estimate"]):
        return None
    if asked == "cv":
        return None if pd.isna(row["cv"]) else shown(row["cv"], 1, 100.0, "\N{NO-BREAK SPACE}%")
    flag = f"\N{NO-BREAK SPACE}({row['mark']})" if row.get("mark") else ""
    if asked == "estimate":
        return shown(row["estimate"]) + flag
    if asked == "se":
        return None if pd.isna(row["se"]) else shown(row["se"], decimals + 1, per, "")
    column = {"low": "ci_low", "high": "ci_high"}.get(asked)
    if column is not None:
        return None if pd.isna(row[column]) else shown(row[column]) + flag
    if pd.isna(row["ci_low"]) or pd.isna(row["ci_high"]):
        return None
    return interval_text(row["ci_low"] * per, row["ci_high"] * per, asked, decimals, definition,
                         language) + flag  # fmt: skip


def interval_text(
    low: float, high: float, asked: str, decimals: int, definition: Indicator, language: str
) -> str:
    """Return an interval: ``4.1 to 5.6 %``, or as `words`: ``between 4 and 6 in 100``.

    In words whole numbers are rounded outwards, so that the words never claim more than the
    interval.
    """
    percent = is_percent(definition)
    if asked != "words":
        sign = "\N{NO-BREAK SPACE}%" if percent else ""
        ends = [number(value, decimals, language) for value in (low, high)]
        return said("to", language, low=ends[0], high=ends[1]) + sign
    width = high - low
    places = decimals if not percent or width < 0.2 else 0 if width >= 2 else 1
    scale = 10.0**places
    ends = [
        number(float(np.floor(low * scale) / scale), places, language),
        number(float(np.ceil(high * scale) / scale), places, language),
    ]
    if percent:
        return said("between_in_100", language, low=ends[0], high=ends[1])
    unit = wording(definition.unit, language)
    return said("between", language, low=ends[0], high=ends[1], unit=escaped(unit))


def _change(
    piece: AskedFigure, figures: Figures, made: WrittenText, at: str, definition: Indicator
) -> str:
    language = figures.language
    if figures.changes is None or not len(figures.changes):
        made.problems.append(f"{at}: The profile has one round, so nothing has a change.")
        return ""
    later = piece.round or list(figures.tables)[-1]
    rows = figures.changes[figures.changes["later_round"] == later]
    rows = rows[rows["indicator"] == piece.indicator]
    table = figures.table
    names = {name for name, _ in piece.where if name != "category"}
    rows = rows[[set(x.split(" x ") if x else []) == names for x in rows["breakdown"]]]
    for name, value in piece.where:
        labels = table.labels.get(name, {})
        rows = rows[[_same(code, value, labels) for code in rows[name]]]
    if len(rows) != 1:
        made.problems.append(
            f"{at}: {piece.indicator}{_asked(piece)} has no change to '{later}': "
            "both rounds must have the figure."
        )
        return ""
    row = rows.iloc[0].to_dict()
    if piece.field == "verdict":
        return said(f"verdict_{row['verdict'].replace(' ', '_')}", language)
    if pd.isna(row["change"]):
        made.withheld.append(f"{at}: the change of {piece.indicator}{_asked(piece)} is withheld.")
        return word("withheld", language)
    frame = table.frame[table.frame["indicator"] == piece.indicator]
    decimals = decimals_of(frame, definition.per)
    unit = said("points", language) if is_percent(definition) else ""
    per = definition.per
    if piece.field == "change":
        value = number(row["change"] * per, decimals, language)
        plus = "+" if row["change"] > 0 else ""
        text = plus + value
    else:
        ends = [number(row[key] * per, decimals, language) for key in ("ci_low", "ci_high")]
        text = said("to", language, low=ends[0], high=ends[1])
    return f"{text}\N{NO-BREAK SPACE}{unit}".rstrip()


def _auxiliary(piece: AskedFigure, figures: Figures, made: WrittenText, at: str) -> str:
    one = figures.auxiliary.get(piece.auxiliary)
    if one is None:
        near = did_you_mean(piece.auxiliary, figures.auxiliary)
        known = ", ".join(figures.auxiliary) or "none"
        made.problems.append(
            f"{at}: There is no auxiliary figure '{piece.auxiliary}'.{near} There are: {known}."
        )
        return ""
    language = figures.language
    if piece.field == "year":
        return one.year
    value = auxiliary_value(one, language)
    if piece.field == "value":
        return value
    if piece.field == "words":
        unit, source = wording(one.unit, language), wording(one.source, language)
        return escaped(f"{value} {unit} ({source}, {one.year})")
    texts = {"unit": one.unit, "source": one.source, "title": one.title}[piece.field]
    return escaped(wording(texts, language))


def auxiliary_value(one: Auxiliary, language: str) -> str:
    """Return an auxiliary figure as a language writes it, with the decimals it was given with."""
    decimals = one.decimals
    if decimals is None:
        decimals = len(f"{one.value:.10g}".partition(".")[2])
    return number(one.value, min(decimals, 6), language)


def escaped(text: str) -> str:
    """Return words so that Markdown prints them and does nothing else with them.

    >>> print(escaped("a*b"))
    a\\*b
    """  # noqa: D301
    return re.sub(r"([\\`*_\[\]<#|~])", r"\\\1", text)
