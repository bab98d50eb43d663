"""The long table that indicators are published from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from mpsurvey.catalogue import Indicator
from mpsurvey.errors import MpsurveyError, did_you_mean
from mpsurvey.estimation import Estimates
from mpsurvey.estimation.estimates import COLUMNS

__all__ = ["IndicatorTable"]


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class IndicatorTable:
    """Indicators by group: a row per figure, in fixed columns.

    Attributes
    ----------
    frame : pandas.DataFrame
        `indicator`, `theme`, `breakdown` (the `by` variables of the row, crossed by " x "; empty
        for all), `statistic`, `variable`, `category`, a column per `by` variable (null where the
        row is not broken down by it), the figures as in `Estimates`, and `unit`. Shares are 0 to
        1; `per` of the indicator says how they are shown. `notes` says of a row that nobody is in
        it, that its standard error is 0 or that it has no interval. After `mpsurvey.assess` or
        `mpsurvey.protect` also `status` ("publish", "flag", "withhold"), `mark` and `reason`: the
        figures of what is withheld are then NaN.
    indicators : mapping
        The definitions, by id.
    results : mapping
        The `Estimates` behind each (indicator, breakdown), with their covariance. They keep what is
        withheld: they are for the author's own contrasts and are never published.
    lacking : mapping
        Indicators that could not be made, and the variables that each lacks.
    language : str
        Language of titles and units.
    labels, titles : mapping
        Value labels and labels of variables, where the data have them.
    notes : tuple of str
        What holds for the whole table.
    rules : tuple of str
        The rules on quality and disclosure that were applied, in words.
    auxiliaries : mapping
        National figures that some indicators were made with, by name.
    """

    frame: pd.DataFrame
    indicators: Mapping[str, Indicator]
    results: Mapping[tuple[str, str], Estimates] = field(default_factory=dict)
    lacking: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    language: str = "en"
    labels: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    auxiliaries: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def by(self) -> tuple[str, ...]:
        """The variables that some rows are broken down by."""
        first = list(self.frame.columns).index("category") + 1
        return tuple(self.frame.columns[first : list(self.frame.columns).index("estimate")])

    def only(self, *ids: str) -> IndicatorTable:
        """Return the rows of some indicators.

        Raises
        ------
        MpsurveyError
            An id is not in the table; near misses are proposed.
        """
        absent = [
            f"The table has no '{one}'.{did_you_mean(one, self.indicators)}"
            for one in ids
            if one not in self.indicators
        ]
        if absent:
            raise MpsurveyError(absent)
        kept = self.frame[self.frame["indicator"].isin(ids)].reset_index(drop=True)
        return replace(self, frame=kept, indicators={one: self.indicators[one] for one in ids})

    def estimates(self, indicator: str, breakdown: str = "") -> Estimates:
        """Return the result behind an indicator and breakdown, for contrasts and covariance."""
        if (indicator, breakdown) not in self.results:
            known = sorted({place for one, place in self.results if one == indicator})
            raise MpsurveyError(f"'{indicator}' has no breakdown '{breakdown}'; it has {known}.")
        return self.results[indicator, breakdown]

    def name(self, indicator: str) -> str:
        """Title of an indicator in the table's language."""
        titles = self.indicators[indicator].title
        return titles.get(self.language) or next(iter(titles.values()))

    def title(self) -> str:
        """Say in one line what the table holds."""
        if len(self.indicators) == 1:
            return self.name(next(iter(self.indicators)))
        return f"{len(self.indicators)} indicators"

    def display(self) -> pd.DataFrame:
        """Return the figures as a reader wants them: titles, labels, no empty columns."""
        shown = self.frame.drop(columns=["theme", "breakdown", "statistic", "variable"])
        if "mark" in shown:
            shown = shown.drop(columns="status")
        for name in self.by:
            known = self.labels.get(name, {})
            shown[name] = [None if pd.isna(x) else known.get(x, x) for x in shown[name]]
        shown["indicator"] = [self.name(one) for one in shown["indicator"]]
        empty = [name for name in ("category", "deff", *self.by) if shown[name].isna().all()]
        if "notes" in shown and not shown["notes"].astype(bool).any():
            empty.append("notes")
        return shown.drop(columns=empty)

    def footnotes(self) -> tuple[str, ...]:
        """Say what the figures rest on: designs, methods, caveats, what is lacking.

        The same table says the same on any day; a report has a date of its own.
        """
        results = self.results.values()
        designs = dict.fromkeys(f"Design: {one.basis}. {one.method}." for one in results)
        caveats = (
            f"{one.id}: {one.caveat.get(self.language) or next(iter(one.caveat.values()))}"
            for one in self.indicators.values()
        )
        lacking = (f"{one}: not made, lacks {', '.join(x)}." for one, x in self.lacking.items())
        return (*designs, *self.notes, *self.rules, *caveats, *lacking)

    def __repr__(self) -> str:
        shown = self.display().head(40).drop(columns=["unit", "notes"], errors="ignore")
        figures = [name for name in COLUMNS if name in shown]
        body = shown.to_string(index=False, float_format=lambda x: f"{x:,.4g}") if figures else ""
        return f"{self.title()}\n{body}\n{self._not_made()}"

    def _not_made(self) -> str:
        """Say how many indicators were not made, and what most of them lack."""
        if not self.lacking:
            return "All indicators were made."
        lacks = Counter(name for names in self.lacking.values() for name in names)
        most = ", ".join(f"{name} ({count})" for name, count in lacks.most_common(4))
        said = f"{len(self.lacking)} indicator(s) could not be made. Most often they lack {most}."
        if not self.indicators:
            said += " mp.harmonise makes such variables from those of a file."
        return said
