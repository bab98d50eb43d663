"""The findings of a page for decision makers, and the same for technical readers."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from mpsurvey.errors import ColumnMissing, MpsurveyError
from mpsurvey.profile.snapshot.claim import Claim
from mpsurvey.profile.snapshot.family import Adjustment
from mpsurvey.profile.snapshot.gathering import claims
from mpsurvey.profile.snapshot.ranking import chosen
from mpsurvey.profile.snapshot.saying import basis, headline, sentence, with_basis
from mpsurvey.publication.document import Audience, Finding
from mpsurvey.tabulation import IndicatorTable

__all__ = ["findings"]

_CHANGE = ("indicator", "breakdown", "change", "se", "ci_low", "ci_high", "p")


def findings(
    table: IndicatorTable,
    changes: pd.DataFrame | None = None,
    *,
    language: str = "en",
    audience: Audience = "decision",
    limit: int | None = None,
    per_theme: int = 4,
    lead: Sequence[str] = (),
    adjust: Adjustment = "holm",
) -> tuple[Finding, ...]:
    """Say the main findings of a table in plain sentences, none beyond what its figures support.

    Use it for the first page of a profile. Levels are said as ranges rounded outwards ("between 11
    and 14 in every 100"). Up and down are said only where zero lies outside the interval and the
    difference still counts after all comparisons of its sort are counted; otherwise "no clear
    difference". Figures that are withheld are never spoken of, those marked are said with caution
    and have no headline.

    Parameters
    ----------
    table
        As published, after `mpsurvey.assess` and `mpsurvey.protect`. Of several rounds the last.
    changes
        Changes between rounds, a row each: `indicator`, `breakdown`, `category`, `change`, `se`,
        `ci_low`, `ci_high`, `p` and, where known, `earlier_round` and `later_round` (their names),
        `df` and `verdict`. Those of all people are spoken of.
    language
        ``"en"``, ``"fr"``, ``"es"``, ``"ru"`` or ``"ar"``.
    audience
        ``"decision"``: the sentence. ``"technical"``: with estimate, interval and respondents
        behind it. ``"expert"``: with standard error, degrees of freedom, test and method too.
    limit, per_theme
        Most findings of the page, and of each theme.
    lead
        Indicators that come first in their theme, whatever they say, "no clear difference" too.
    adjust
        ``"holm"`` holds the risk of any false alarm, ``"bh"`` the share of false alarms.

    Returns
    -------
    tuple of Finding
        In the order of the themes; `basis` of each carries its evidence for every audience.

    Raises
    ------
    MpsurveyError
        The language or audience is another.
    ColumnMissing
        `changes` lacks a column.
    """
    if audience not in ("decision", "technical", "expert"):
        raise MpsurveyError(f"audience='{audience}' is not one of decision, technical, expert.")
    if changes is not None:
        absent = [("changes", name) for name in _CHANGE if name not in changes.columns]
        if absent:
            raise ColumnMissing(absent, changes.columns)
    told = chosen(
        claims(table, changes, adjust=adjust),
        table.indicators,
        per_theme=per_theme,
        limit=limit,
        lead=lead,
    )
    return tuple(_finding(one, table, language, audience) for one in told)


def _finding(claim: Claim, table: IndicatorTable, language: str, audience: Audience) -> Finding:
    indicator = table.indicators[claim.indicator]
    text = sentence(claim, indicator, language, same_language=table.language == language)
    if audience != "decision":
        rests_on = basis(claim, language, expert=audience == "expert")
        text = with_basis(text, rests_on, language)
    return Finding(
        text=text,
        kind="none" if claim.direction == "unclear" else claim.kind,
        indicator=claim.indicator,
        breakdown=claim.breakdown,
        headline=headline(claim, language),
        basis=basis(claim, language),
        audience=audience,
    )
