"""What a survey can and cannot say: needs assessment and gap analysis."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from mpsurvey.catalogue import Catalogue, Indicator
from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.tabulation.computing import compute

__all__ = ["CoverageReport", "coverage"]

COMPUTABLE, ASSUMED, MISSING = "computable", "with an assumption", "missing"
SUPPLIED = ("age_group", "migrant", "cob_group", "weight")
"""Variables that harmonisation or the user makes from others."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CoverageReport:
    """Which indicators a survey supports, and what each missing one lacks.

    Attributes
    ----------
    frame : pandas.DataFrame
        A row per indicator: `indicator`, `theme`, `title`, `tier`, `status` (computable; with an
        assumption: an auxiliary national figure or a counterfactual; missing), `lacks` (variables),
        `asks` (the questions that would supply them), `modules`, `minutes` (interview minutes these
        questions cost per person or household of their universe), `needs` (auxiliary figures), and
        where a sample was given `n` and `cv` of the figure for all.
    notes : tuple of str
        What the report rests on.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.frame)

    def by_theme(self) -> pd.DataFrame:
        """Count indicators by theme and status."""
        table = pd.crosstab(self.frame["theme"], self.frame["status"])
        return table.reindex(columns=[COMPUTABLE, ASSUMED, MISSING], fill_value=0)

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
            f"{counts.get(ASSUMED, 0)} with an assumption, {counts.get(MISSING, 0)} lack something"
        )

    def display(self) -> pd.DataFrame:
        """Return the report as a reader wants it: lists as text."""
        shown = self.frame.copy()
        for name in ("lacks", "asks", "modules", "needs"):
            shown[name] = [", ".join(items) for items in shown[name]]
        return shown

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
    language: str = "en",
) -> CoverageReport:
    """Find which indicators a survey can produce, and what each missing one lacks.

    Parameters
    ----------
    data
        A `Sample` (then the support of each figure is shown too), `Microdata` or a frame in the
        modules' names, as `mpsurvey.harmonise` gives them; a questionnaire; or names of variables.
    catalogue
        Modules and indicators.
    indicators
        Which to look at; all of the catalogue by default.
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
    found = _Found(_names_of(data), catalogue)
    rows = []
    for one in asked:
        lacks = sorted(name for name in one.names if not found.has(name))
        wanted = found.wanted(lacks)
        assumed = bool(one.auxiliary) or one.statistic == "counterfactual"
        rows.append(
            {
                "indicator": one.id,
                "theme": one.theme,
                "title": one.title.get(language) or next(iter(one.title.values())),
                "tier": one.tier,
                "status": MISSING if lacks else ASSUMED if assumed else COMPUTABLE,
                "lacks": tuple(lacks),
                "asks": tuple(wanted),
                "modules": tuple(dict.fromkeys(m for m, _ in wanted.values() if m)),
                "minutes": round(sum(minutes for _, minutes in wanted.values()), 2),
                "needs": one.auxiliary,
                **_support(data, one, lacks=bool(lacks)),
            }
        )
    source = getattr(data, "source", None)
    notes = (f"Variables of {source}.",) if isinstance(source, str) else ()
    return CoverageReport(pd.DataFrame(rows), notes)


class _Found:
    """Which variables are there, directly or worked out."""

    def __init__(self, names: frozenset[str], catalogue: Catalogue) -> None:
        self.names = names | frozenset(SUPPLIED)
        self.catalogue = catalogue
        self.concepts = {c.name: c for m in catalogue.modules() for c in m.concepts}
        self.owners = {q.name: (m.id, q) for m in catalogue.modules() for q in m.questions}
        self.known: dict[str, bool] = {}

    def has(self, name: str) -> bool:
        """Whether a variable is there or can be worked out from what is."""
        if name in self.names:
            return True
        if name not in self.known:
            self.known[name] = False  # a concept that needs itself is not there
            concept = self.concepts.get(name)
            if concept is not None:
                self.known[name] = all(self.has(part) for part in concept.names)
        return self.known[name]

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
                todo += sorted(self.concepts[name].names)
            elif name in self.owners:
                module, question = self.owners[name]
                wanted[name] = (module, question.minutes * question.screened_in)
            else:
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


def _support(data: Any, one: Indicator, *, lacks: bool) -> Mapping[str, float]:
    """Return respondents and coefficient of variation of the figure for all, where a sample is."""
    if not isinstance(data, Sample):
        return {}
    # A concept that is still to be worked out from its questions has no column yet.
    if lacks or one.uses_home or not one.names <= set(data.frame.columns):
        return {"n": np.nan, "cv": np.nan}
    frame = compute(data, one).frame
    return {"n": float(frame["n"].max()), "cv": float(frame["cv"].max())}
