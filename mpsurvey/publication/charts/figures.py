"""What a chart shows: figures in the unit of their indicator, with labels and reliability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from mpsurvey.catalogue import Indicator
from mpsurvey.publication.charts.lettering import clean, plain
from mpsurvey.publication.wording import comma, number, word
from mpsurvey.tabulation import IndicatorTable

__all__ = ["Figure", "Subject", "Wording", "frame_of", "said_in"]

Status = Literal["publish", "flag", "withhold"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What the caller says: a title in place of the indicator's, source, notes; and the width."""

    title: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()
    width: float = 640.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure in the unit shown, and for whom it stands.

    Attributes
    ----------
    codes, labels
        The groups it is for, one per variable; none for all.
    estimate, low, high, n
        NaN where withheld or unknown.
    status, mark, reason
        Whether it can be shown, the sign beside it, and why.
    """

    codes: tuple[Any, ...] = ()
    labels: tuple[str, ...] = ()
    estimate: float = np.nan
    low: float = np.nan
    high: float = np.nan
    n: float = np.nan
    population: float = np.nan
    status: Status = "publish"
    mark: str = ""
    reason: str = ""

    @property
    def known(self) -> bool:
        """Whether there is a figure to draw."""
        return self.status != "withhold" and bool(np.isfinite(self.estimate))

    @property
    def withheld(self) -> bool:
        """Whether there is a figure that is not told."""
        return self.status == "withhold"

    @property
    def ends(self) -> list[float]:
        """Those of the figure and its limits that are finite."""
        if not self.known:
            return []
        return [x for x in (self.estimate, self.low, self.high) if np.isfinite(x)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a chart is about: one indicator of a table, or the figures of one result.

    Attributes
    ----------
    frame
        Its rows, with the columns of every result.
    name, unit
        In the chart's language.
    scale
        Figures are multiplied by it: percent rather than shares.
    by
        Variables that some rows are broken down by.
    """

    id: str
    name: str
    unit: str
    percent: bool
    scale: float
    frame: pd.DataFrame
    by: tuple[str, ...]
    language: str
    level: float = 0.95
    statistic: str = ""
    indicator: Indicator | None = None
    labels: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    caveat: str = ""
    checked: bool = True
    remarks: tuple[str, ...] = ()
    """What a result says of itself, such as which group is taken from which."""

    @classmethod
    def of_table(cls, table: IndicatorTable, indicator: str, language: str) -> Subject:
        """Take one indicator of a table.

        Raises
        ------
        MpsurveyError
            The table does not have it.
        """
        own = table.only(indicator)
        one = own.indicators[indicator]
        found = (made.level for (name, _), made in table.results.items() if name == indicator)
        return cls(
            id=indicator,
            name=said_in(one.title, language),
            unit=said_in(one.unit, language),
            percent=one.unit.get("en", "").strip() in ("percent", "%"),
            scale=float(one.per),
            frame=own.frame,
            by=own.by,
            language=language,
            level=next(found, 0.95),
            statistic=one.statistic,
            indicator=one,
            labels=table.labels,
            titles=table.titles,
            caveat=said_in(one.caveat, language),
            checked="status" in own.frame,
        )

    @classmethod
    def of_result(cls, result: Any, language: str) -> Subject:
        """Take `Estimates`; a breakdown column is added, as tables of indicators have."""
        frame = result.frame.copy()
        frame["breakdown"] = " x ".join(result.by)
        shares = bool(len(frame)) and bool(frame["statistic"].isin(["proportion", "share"]).all())
        variables = [str(name) for name in dict.fromkeys(frame["variable"])]
        return cls(
            id=f"{result.statistic}-{variables[0] if variables else ''}",
            name=result.title() if not result.by else result.title().rsplit(", by ", 1)[0],
            unit=word("chart_percent", language) if shares else "",
            percent=shares,
            scale=100.0 if shares else 1.0,
            frame=frame,
            by=tuple(result.by),
            language=language,
            level=result.level,
            statistic=result.statistic,
            remarks=tuple(clean(note) for note in result.notes),
            labels=result.labels,
            titles=result.titles,
        )

    @property
    def bounds(self) -> tuple[float, float]:
        """What the figures cannot exceed: shares are 0 to 1, differences of them -1 to 1."""
        if self.percent and self.statistic in ("share", "proportion"):
            return 0.0, 100.0
        if (
            self.indicator is not None
            and self.scale == 100
            and "point" in self.indicator.unit["en"]
        ):
            return -100.0, 100.0
        return -np.inf, np.inf

    @property
    def places(self) -> tuple[tuple[str, ...], ...]:
        """The breakdowns that it has, each a tuple of variables; () for all."""
        found = dict.fromkeys(self.frame["breakdown"])
        return tuple(tuple(place.split(" x ")) if place else () for place in found)

    @property
    def digits(self) -> int:
        """Decimals that show two digits of the typical standard error."""
        se = self.frame["se"].to_numpy(dtype=np.float64) * self.scale
        known = se[np.isfinite(se) & (se > 0)]
        if not len(known):
            return 1 if self.scale > 1 else 0
        most = 2 if self.scale > 1 else 6
        return int(np.clip(1 - np.floor(np.log10(np.median(known))), 0, most))

    def title_of(self, name: str) -> str:
        """Label of a variable, in the small letters that it has within a sentence."""
        title = clean(self.titles.get(name, name))
        return title if title[:2].isupper() else title[:1].lower() + title[1:]

    def titled(self, by: Sequence[str]) -> str:
        """Return the name with what it is broken down by."""
        named = [self.title_of(name) for name in by if name != "category"]
        if not named:
            return self.name
        between = word("chart_and", self.language)
        comma = "، " if self.language == "ar" else ", "
        said = f"{comma.join(named[:-1])}{between}{named[-1]}" if len(named) > 1 else named[0]
        return word("chart_by", self.language, title=self.name, by=said)

    def figures(self, by: Sequence[str]) -> tuple[Figure, ...]:
        """Return the figures of a breakdown in the declared order of its groups.

        The declared order is that of the value labels, and of the rows where there are none.
        """
        wanted = set(by)
        mine = [set(place.split(" x ")) - {""} == wanted for place in self.frame["breakdown"]]
        part = self.frame[np.asarray(mine, dtype=bool)]
        several = part["category"].notna().any()
        names = [*by, "category"] if several else list(by)
        found = [self._figure(row, names) for row in part.to_dict("records")]
        orders = [self._order(name, [one.codes[at] for one in found], part)
                  for at, name in enumerate(names)]  # fmt: skip
        return tuple(
            sorted(
                found,
                key=lambda one: [orders[at][code] for at, code in enumerate(one.codes)],
            )
        )

    def said(self, value: float, *, sign: bool = False) -> str:
        """Return a number as the language writes it, at the digits of the subject."""
        text = number(value, self.digits, self.language)
        if sign and value > 0 and float(f"{value:.{self.digits}f}") != 0:
            text = f"+{text}"
        return plain(text, self.language)

    def interval(self, figure: Figure, *, apart: bool = False) -> str:
        """Return the limits in brackets: (3–9), or (−2; 3) where some are below zero."""
        if not (np.isfinite(figure.low) and np.isfinite(figure.high)):
            return ""
        between = "; " if apart else "–"
        return f"({self.said(figure.low)}{between}{self.said(figure.high)})"

    def in_words(self, figure: Figure, *, sign: bool = False) -> str:
        """Return a figure for those who hear it: 4.8 (2.8 to 8.2)."""
        if figure.withheld:
            return word("withheld", self.language)
        if not figure.known:
            return word("mark_missing", self.language)
        said = self.said(figure.estimate, sign=sign)
        if np.isfinite(figure.low) and np.isfinite(figure.high) and figure.low != figure.high:
            low, high = self.said(figure.low), self.said(figure.high)
            said = f"{said} ({word('chart_range', self.language, low=low, high=high)})"
        if figure.status == "flag":
            said += comma(self.language) + word("chart_caution", self.language)
        return said

    def label(self, name: str, code: Any, variable: Any = None) -> str:
        """Label of a code."""
        known = self.labels.get(str(variable) if name == "category" else name, {})
        return clean(known.get(code, code))

    def _figure(self, row: Mapping[Any, Any], names: Sequence[str]) -> Figure:
        status = row.get("status", "publish")
        hidden = status == "withhold"
        estimate, low, high = (
            np.nan if hidden else _real(row[key]) * self.scale
            for key in ("estimate", "ci_low", "ci_high")
        )
        return Figure(
            codes=tuple(row[name] for name in names),
            labels=tuple(self.label(name, row[name], row["variable"]) for name in names),
            estimate=estimate,
            low=low,
            high=high,
            n=_real(row["n"]),
            population=_real(row["population"]),
            status=status if status in ("flag", "withhold") else "publish",
            mark=clean(row.get("mark") or ""),
            reason=clean(row.get("reason") or ""),
        )

    def _order(self, name: str, codes: Sequence[Any], part: pd.DataFrame) -> dict[Any, int]:
        variable = part["variable"].iloc[0] if len(part) else None
        known = list(self.labels.get(str(variable) if name == "category" else name, {}))
        seen = list(dict.fromkeys(codes))
        order = [code for code in known if code in seen] if set(seen) <= set(known) else seen
        return {code: at for at, code in enumerate(order)}


def frame_of(figures: Sequence[Figure], names: Sequence[str]) -> pd.DataFrame:
    """Return figures as drawn: labels, figures in the unit shown, status; withheld ones are NaN."""
    frame = pd.DataFrame(
        {
            **{
                name: [one.labels[at] if at < len(one.labels) else None for one in figures]
                for at, name in enumerate(names)
            },
            "estimate": [one.estimate for one in figures],
            "ci_low": [one.low for one in figures],
            "ci_high": [one.high for one in figures],
            "n": [one.n for one in figures],
            "status": [one.status for one in figures],
            "mark": [one.mark for one in figures],
            "reason": [one.reason for one in figures],
        }
    )
    frame["n"] = frame["n"].astype("Int64")
    return frame


def said_in(texts: Mapping[str, str], language: str) -> str:
    """Return a text in a language; in English, or any, where it lacks it."""
    return clean(texts.get(language) or texts.get("en") or next(iter(texts.values()), ""))


def _real(value: Any) -> float:
    return np.nan if value is None or pd.isna(value) else float(value)
