"""What a survey can and cannot say: needs assessment and gap analysis."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mpsurvey.catalogue import PERSONS, Catalogue, Indicator, breakdowns
from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.tabulation.computing import compute
from mpsurvey.tabulation.coverage_files import coverage_map, write_coverage
from mpsurvey.tabulation.files import PERSON_ROWS, ROSTERS, Files
from mpsurvey.tabulation.national_figures import auxiliaries_of, said

__all__ = ["CoverageReport", "coverage"]

COMPUTABLE, ASSUMED, MISSING = "computable", "with an assumption", "missing"
FIGURE = "needs a national figure"
STATUSES = (COMPUTABLE, ASSUMED, FIGURE, MISSING)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CoverageReport:
    """Which indicators a survey supports, and what each missing one lacks.

    Attributes
    ----------
    frame : pandas.DataFrame
        A row per indicator: `indicator`, `theme`, `title`, `tier`, `status` (computable; with an
        assumption: a national figure that was given, or a counterfactual; needs a national figure;
        missing), `lacks` (variables), `asks` (the questions that would supply them), `modules`,
        `minutes` (interview minutes these questions cost per person or household of their
        universe), `needs` (national figures to give), and where a sample was given `n` and `cv` of
        the figure for all.
    notes : tuple of str
        What the report rests on.
    language : str
        Of titles, and of headings where it is written.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...] = field(default=())
    language: str = "en"

    def __len__(self) -> int:
        return len(self.frame)

    def by_theme(self) -> pd.DataFrame:
        """Count indicators by theme and status."""
        table = pd.crosstab(self.frame["theme"], self.frame["status"])
        return table.reindex(columns=list(STATUSES), fill_value=0)

    def wanted_questions(self) -> pd.DataFrame:
        """Return the questions whose absence blocks most indicators, most wanted first.

        Returns
        -------
        pandas.DataFrame
            `question`, `indicators` (how many lack it) and `alone` (how many lack nothing else).
        """
        lacking = self.frame[self.frame["status"] == MISSING]
        counts: dict[str, list[int]] = {}
        for questions in lacking["asks"]:
            for one in questions:
                entry = counts.setdefault(one, [0, 0])
                entry[0] += 1
                entry[1] += len(questions) == 1
        rows = [(name, every, alone) for name, (every, alone) in counts.items()]
        table = pd.DataFrame(rows, columns=["question", "indicators", "alone"])
        return table.sort_values(
            ["indicators", "alone", "question"], ascending=[False, False, True]
        ).reset_index(drop=True)

    def title(self) -> str:
        """Say in one line what the survey supports."""
        counts = self.frame["status"].value_counts()
        return (
            f"{counts.get(COMPUTABLE, 0)} of {len(self)} indicators can be computed, "
            f"{counts.get(ASSUMED, 0)} with an assumption, {counts.get(FIGURE, 0)} with a national "
            f"figure that is not given, {counts.get(MISSING, 0)} lack something"
        )

    def display(self) -> pd.DataFrame:
        """Return the report as a reader wants it: lists as text."""
        shown = self.frame.copy()
        for name in ("lacks", "asks", "modules", "needs"):
            shown[name] = [", ".join(items) for items in shown[name]]
        return shown

    def write(self, path: Path | str) -> Path:
        """Write the report to .xlsx, .html, .svg (the map of themes and indicators) or .csv."""
        return write_coverage(self, path, self.language)

    def _repr_html_(self) -> str:
        return coverage_map(self.frame, self.language)

    def footnotes(self) -> tuple[str, ...]:
        """Say what the report rests on."""
        today = datetime.datetime.now().astimezone().date().isoformat()
        return (*self.notes, f"Made on {today}.")

    def __repr__(self) -> str:
        wanted = self.wanted_questions().head(8).to_string(index=False)
        return f"{self.title()}\n\n{self.by_theme().to_string()}\n\nMost wanted:\n{wanted}"


def coverage(
    data: Any,
    catalogue: Catalogue,
    indicators: Iterable[Indicator] | None = None,
    *,
    auxiliaries: Any = None,
    home: int | None = None,
    language: str = "en",
) -> CoverageReport:
    """Find which indicators a survey can produce, and what each missing one lacks.

    Parameters
    ----------
    data
        A `Sample` (then the support of each figure is shown too), data in the modules' names, as
        `mpsurvey.harmonise` gives them; a questionnaire; or names of variables. A sample, or a
        mapping of samples, supports exactly what `mpsurvey.tabulate` makes of it. Of a form or of
        names, what could be worked out from them by `mpsurvey.harmonise` counts as there.
    catalogue
        Modules and indicators.
    indicators
        Which to look at; all of the catalogue by default.
    auxiliaries
        National figures that are at hand, as `mpsurvey.tabulate` takes them.
    home
        The country's own code, for rules that use ``HOME``; for samples.
    language
        Language of titles.

    Returns
    -------
    CoverageReport
        A concept counts as there when all that it is worked out from is there.

    Raises
    ------
    MpsurveyError
        The catalogue holds no indicators, or the data have no names to look at.

    Examples
    --------
    >>> import mpsurvey as mp
    >>> report = mp.coverage(["age", "lfs", "sex"], mp.load_catalogue())
    >>> set(report.frame.columns) >= {"indicator", "status", "lacks", "modules", "minutes"}
    True
    """
    asked = tuple(catalogue.indicators() if indicators is None else indicators)
    if not asked:
        raise MpsurveyError("The catalogue holds no indicators.")
    figures = auxiliaries_of(auxiliaries)
    files = None
    if isinstance(data, Sample | Mapping):
        files = Files.of(data, figures, asked)
        names = frozenset(c for one in files.given.values() for c in one.frame.columns)
    else:
        names = _names_of(data)
    found = _Found(names, catalogue)
    ready = _Ready(data) if hasattr(data, "rosters") and hasattr(data, "unit") else None
    rows: list[dict[str, Any]] = []
    for one in asked:
        if files is not None:
            lacks = [name for name in files.lacks(one, home) if name not in one.auxiliary]
            needs = [name for name in files.lacks(one, home) if name in one.auxiliary]
        else:
            lacks = ready.lacks(one) if ready else sorted(n for n in one.names if not found.has(n))
            needs = [n for n in one.auxiliary if n not in figures and not found.has(n)]
        wanted = found.wanted(lacks)
        rows.append(
            {
                "indicator": one.id,
                "theme": one.theme,
                "title": one.title.get(language) or next(iter(one.title.values())),
                "tier": one.tier,
                "status": _status(one, lacks, needs),
                "lacks": tuple(lacks),
                "asks": tuple(wanted),
                "modules": tuple(dict.fromkeys(m for m, _ in wanted.values() if m)),
                "minutes": round(sum(minutes for _, minutes in wanted.values()), 2),
                "needs": tuple(needs),
                **_support(files, one, home, lacks=bool(lacks or needs)),
            }
        )
    source = getattr(data, "source", None)
    notes = [f"Variables of {source}."] if isinstance(source, str) else []
    needed = dict.fromkeys(name for row in rows for name in row["needs"])
    notes += [f"National figures to give: {said(name, language)}." for name in needed]
    return CoverageReport(pd.DataFrame(rows), tuple(notes), language)


def _status(one: Indicator, lacks: Sequence[str], needs: Sequence[str]) -> str:
    if lacks:
        return MISSING
    if needs:
        return FIGURE
    return ASSUMED if one.auxiliary or one.statistic == "counterfactual" else COMPUTABLE


class _Ready:
    """Harmonised data: what is a column is there, and nothing else is made of it."""

    def __init__(self, data: Any) -> None:
        self.main = frozenset(str(name) for name in data.frame.columns)
        self.unit = data.unit
        self.rosters = {n: frozenset(one.frame.columns) for n, one in data.rosters.items()}

    def lacks(self, one: Indicator) -> list[str]:
        absent: set[str] = set()
        for rows, names in one.names_by_rows.items():
            roster = ROSTERS.get(rows)
            if roster is not None:
                here = self.rosters.get(roster)
                absent |= {roster} if here is None else names - here
            elif rows in PERSON_ROWS and self.unit != "person":
                absent.add(f"{rows} rows")
            else:
                absent |= names - self.main
        return sorted(absent)


class _Found:
    """Which variables are there, directly or worked out."""

    def __init__(self, names: frozenset[str], catalogue: Catalogue) -> None:
        self.names = names
        made = breakdowns(catalogue)
        self.concepts = {c.name: c for c in made}
        self.concepts |= {c.name: c for m in catalogue.modules() for c in m.concepts}
        self.of_households = {c.name for c in made if c.over == PERSONS}
        self.owners = {q.name: (m.id, q) for m in catalogue.modules() for q in m.questions}
        self.rosters = {
            m.roster.name: sorted(q.name for q in m.questions if q.roster and q.asks)
            for m in catalogue.modules()
            if m.roster is not None
        }
        self.hosts = catalogue.hosts
        self.known: dict[str, bool] = {}

    def has(self, name: str) -> bool:
        """Whether a variable is there or can be worked out from what is."""
        if name in self.names:
            return True
        if name not in self.known:
            self.known[name] = False  # a concept that needs itself is not there
            if name in self.concepts:
                self.known[name] = all(self.has(part) for part in self.parts(name))
        return self.known[name]

    def parts(self, name: str) -> list[str]:
        """Return what a concept is worked out from."""
        own = {"hh_id"} if name in self.of_households else set()
        return sorted(self.concepts[name].names | own)

    def wanted(self, lacks: Iterable[str]) -> dict[str, tuple[str | None, float]]:
        """Return the questions or host variables that would supply what lacks."""
        wanted: dict[str, tuple[str | None, float]] = {}
        seen: set[str] = set()
        todo = list(lacks)
        while todo:
            name = todo.pop(0)
            if name in seen or self.has(name):
                continue
            seen.add(name)
            if name in self.concepts:
                todo += self.parts(name)
            elif name in self.rosters:
                todo += self.rosters[name]
            elif name in self.owners:
                module, question = self.owners[name]
                wanted[name] = (module, question.minutes * question.screened_in)
            elif name in self.hosts:
                wanted[name] = (None, self.hosts[name].minutes or 0.0)
            elif " " not in name and name != "HOME":
                wanted[name] = (None, 0.0)
        return wanted


def _names_of(data: Any) -> frozenset[str]:
    """Names of variables of a sample, data, a form or a list."""
    if isinstance(data, Sample):
        return frozenset(data.frame.columns)
    if hasattr(data, "placed") and hasattr(data, "host"):  # a questionnaire
        asked = {name for module in data.modules for name in (*module.names, *module.hosts)}
        return frozenset(data.host.names) | asked
    for attribute in ("columns", "names"):
        names = getattr(data, attribute, None)
        if names is not None and not callable(names):
            return frozenset(str(name) for name in names)
    if isinstance(data, Iterable) and not isinstance(data, str | bytes):
        return frozenset(str(name) for name in data)
    raise MpsurveyError("Give a sample, microdata, a frame, a questionnaire or names of variables.")


def _support(
    files: Files | None, one: Indicator, home: int | None, *, lacks: bool
) -> Mapping[str, float]:
    """Return respondents and coefficient of variation of the figure for all, where a sample is."""
    if files is None:
        return {}
    if lacks:
        return {"n": np.nan, "cv": np.nan}
    frame = compute(files, one, home=home).frame
    return {"n": float(frame["n"].max()), "cv": float(frame["cv"].max())}
