"""The one verb for charts: it finds the figures and the kind that suits them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

import pandas as pd

from mpsurvey.errors import MpsurveyError, did_you_mean
from mpsurvey.publication.charts.coverage_map import coverage_map
from mpsurvey.publication.charts.decomposition import decomposition
from mpsurvey.publication.charts.dots import dots
from mpsurvey.publication.charts.figures import Subject, Wording
from mpsurvey.publication.charts.matrix import matrix
from mpsurvey.publication.charts.picture import Chart
from mpsurvey.publication.charts.pyramid import pyramid
from mpsurvey.publication.charts.shares import shares
from mpsurvey.publication.charts.trend import trend
from mpsurvey.publication.charts.waterfall import waterfall
from mpsurvey.publication.wording import LANGUAGES
from mpsurvey.tabulation import CoverageReport, IndicatorTable

__all__ = ["KINDS", "chart"]

Kind = Literal[
    "dots", "pyramid", "shares", "waterfall", "decomposition", "trend", "matrix", "coverage"
]
KINDS: tuple[str, ...] = get_args(Kind)
Breakdown = str | tuple[str, ...]

_MOST_ROWS = 30
_AGE, _SEX = ("age_group", "age"), ("sex", "ab_sex")
_MIGRANT = ("migrant", "foreign_born", "mig_status")


def chart(
    table: Any,
    indicator: str | Sequence[str] | None = None,
    kind: Kind | None = None,
    by: Breakdown | Sequence[Breakdown] | None = None,
    language: str | None = None,
    *,
    changes: pd.DataFrame | None = None,
    parts: Any = None,
    measure: Literal["share", "count"] | None = None,
    labels: Mapping[str, Mapping[Any, str]] | None = None,
    titles: Mapping[str, str] | None = None,
    title: str = "",
    source: str = "",
    notes: Sequence[str] = (),
    width: float = 640.0,
) -> Chart:
    """Draw an indicator, or another result, as the chart that suits it.

    Parameters
    ----------
    table
        `IndicatorTable`; `Estimates` of any statistic; or the `CoverageReport` that
        `mpsurvey.coverage` makes. Figures that `mpsurvey.assess` or `mpsurvey.protect` withheld are
        shown as withheld.
    indicator
        Id in a table of indicators; for ``kind="shares"`` several, or None for all that share out
        the same group as most of them. Not needed where the table has only one.
    kind
        ``"dots"``: dots with intervals by group, the figure for all as a line. ``"pyramid"``: age
        by sex. ``"shares"``: a group's share in several populations or amounts. ``"waterfall"``:
        a national figure without a group, what the group adds, and with it.
        ``"decomposition"``: what a difference is made of. ``"trend"``: over rounds.
        ``"matrix"``: two crossed variables. ``"coverage"``: what a survey can say. None chooses by
        the statistic and the breakdown.
    by
        Breakdown: a variable; a tuple (or ``"region x sex"``) of crossed ones; a list of several
        breakdowns to put below each other. None takes those by one variable that the table has.
    language
        ``"en"``, ``"fr"``, ``"es"``, ``"ru"`` or ``"ar"`` (mirrored); the table's unless given.
    changes
        For a trend: changes between rounds with their tests, as `mpsurvey.profile` makes them.
    parts
        For the waterfall of an indicator: ``mp.contribution(..., detail=True)``, which has the
        national figure with and without the group.
    measure
        For a pyramid: each group's shares by age and sex, or counts. None draws shares, or counts
        where a figure is withheld, because shares of a group need all of it.
    labels, titles
        Labels of values and variables, over those of the table.
    title
        In place of the indicator's; keep it to what is shown.
    source, notes
        As they are to stand below the chart.
    width
        Pixels; 640 fits a printed page.

    Returns
    -------
    Chart
        With ``svg()``, ``png()``, ``pdf()``, ``html()``; `mpsurvey.write_chart` saves it.

    Raises
    ------
    MpsurveyError
        The table lacks the indicator or breakdown, or the kind does not fit it.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"ea": [1, 1, 2, 2], "sex": [1, 2, 1, 2], "works": [1, 0, 1, 1]})
    >>> found = mp.mean(mp.Sample(people, mp.Design(psu="ea")), "works", by="sex")
    >>> drawn = mp.chart(found, source="A made example")
    >>> drawn.kind, drawn.data["estimate"].tolist()
    ('dots', [1.0, 0.5])
    """
    if kind is not None and kind not in KINDS:
        raise MpsurveyError(
            f"No kind of chart is called '{kind}'.{did_you_mean(kind, KINDS)} "
            f"There are {', '.join(KINDS)}."
        )
    tongue = language or getattr(table, "language", None) or "en"
    if tongue not in LANGUAGES:
        raise MpsurveyError(f"Charts speak {', '.join(LANGUAGES)}, not '{tongue}'.")
    words = Wording(title=title, source=source, notes=tuple(notes), width=width)
    if isinstance(table, CoverageReport):
        return coverage_map(table, tongue, words)
    if kind == "coverage":
        raise MpsurveyError("A coverage map is drawn of mp.coverage(...), not of a table.")
    if isinstance(table, IndicatorTable):
        if kind == "shares" or not (indicator is None or isinstance(indicator, str)):
            ids = (indicator,) if isinstance(indicator, str) else indicator
            return shares(table, ids, tongue, words)
        subject = Subject.of_table(table, _one_of(table, indicator), tongue)
    elif hasattr(table, "uncertainty") and hasattr(table, "statistic"):
        if kind == "shares":
            raise MpsurveyError("Shares side by side are drawn of a table of share indicators.")
        subject = Subject.of_result(table, tongue)
    else:
        raise MpsurveyError(
            f"A {type(table).__name__} cannot be drawn. Give a table of indicators (mp.tabulate), "
            "Estimates, or a coverage report."
        )
    subject = replace(
        subject,
        labels={**subject.labels, **(labels or {})},
        titles={**subject.titles, **(titles or {})},
    )
    places = _places(subject, by)
    chosen = kind or _suiting(subject, places, parts)
    if chosen == "pyramid":
        return pyramid(subject, _single(places, chosen), measure, words)
    if chosen == "waterfall":
        return waterfall(subject, parts, words)
    if chosen == "decomposition":
        return decomposition(subject, words)
    if chosen == "trend":
        return trend(subject, _single(places, chosen), changes, words)
    if chosen == "matrix":
        return matrix(subject, _single(places, chosen), words)
    return dots(subject, places, words)


def _one_of(table: IndicatorTable, indicator: Any) -> str:
    if indicator is not None:
        return str(indicator)
    if len(table.indicators) != 1:
        raise MpsurveyError(
            f"The table has {len(table.indicators)} indicators. Say which: mp.chart(table, "
            f"{next(iter(table.indicators), 'EMP18')!r})."
        )
    return next(iter(table.indicators))


def _places(subject: Subject, by: Any) -> list[tuple[str, ...]]:
    """Breakdowns to draw, in the order of the table's own variables."""
    if by is None:
        return _usual(subject)
    asked = [by] if isinstance(by, str | tuple) else list(by)
    wanted = [_split(one) for one in asked]
    found, problems = [], []
    for names in wanted:
        over_rounds = ("round", *names)
        near = [p for p in subject.places if set(p) in (set(names), set(over_rounds))]
        if near:
            # The order asked for: of a matrix the first goes down, the second across.
            chosen = max(near, key=len)
            first = tuple(name for name in chosen if name not in names)
            found.append((*first, *names))
        else:
            known = [" x ".join(place) for place in subject.places if place]
            said = " x ".join(names)
            problems.append(
                f"{subject.id} has no breakdown '{said}'.{did_you_mean(said, known)} "
                f"It has {', '.join(known) or 'none'}."
            )
    if problems:
        raise MpsurveyError(problems)
    return found


def _split(one: Breakdown) -> tuple[str, ...]:
    if isinstance(one, str):
        return tuple(name.strip() for name in one.split(" x "))
    return tuple(one)


def _usual(subject: Subject) -> list[tuple[str, ...]]:
    """All breakdowns by one variable that have figures, up to thirty rows; the first at least."""
    if "round" in subject.by:
        if ("round",) in subject.places:
            return [("round",)]
        return [place for place in subject.places if "round" in place][:1]
    chosen: list[tuple[str, ...]] = []
    rows = 0
    single = [place for place in subject.places if len(place) == 1]
    for place in single:
        figures = subject.figures(place)
        if not any(one.known or one.withheld for one in figures):
            continue
        if chosen and rows + len(figures) > _MOST_ROWS:
            continue
        chosen.append(place)
        rows += len(figures)
    return chosen or [place for place in subject.places if place][:1]


def _suiting(subject: Subject, places: Sequence[tuple[str, ...]], parts: Any) -> str:
    """Choose by the statistic and the breakdown."""
    categories = set(subject.frame["category"].dropna().astype(str))
    if "round" in subject.by:
        return "trend"
    if parts is not None or {"all", "without the group"} <= categories:
        return "waterfall"
    if "difference" in categories and len(categories) > 1 and subject.statistic == "decomposition":
        return "decomposition"
    if len(places) == 1 and _is_pyramid(subject, places[0]):
        return "pyramid"
    if len(places) == 1 and len(places[0]) == 2 and not categories:
        sizes = [subject.frame[name].nunique() for name in places[0]]
        if min(sizes) > len(_AGE) + len(_SEX):
            return "matrix"
    return "dots"


def _is_pyramid(subject: Subject, place: tuple[str, ...]) -> bool:
    counted = subject.statistic == "total" or (
        subject.statistic == "share"
        and (subject.indicator is None or "of" not in subject.indicator.given)
    )
    names = set(place)
    roles = [names & set(_AGE), names & set(_SEX), names & set(_MIGRANT)]
    return counted and bool(roles[0] and roles[1]) and len(place) == 2 + bool(roles[2])


def _single(places: Sequence[tuple[str, ...]], kind: str) -> tuple[str, ...]:
    if len(places) != 1:
        raise MpsurveyError(f"A {kind} chart takes one breakdown: by=('region', 'sex').")
    return places[0]
