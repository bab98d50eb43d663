"""One group's share in several populations and amounts, side by side."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from mpsurvey.errors import MpsurveyError
from mpsurvey.publication.charts.figures import Subject, Wording, frame_of
from mpsurvey.publication.charts.palette import OTHERS
from mpsurvey.publication.charts.picture import Chart
from mpsurvey.publication.charts.rows import Row, Sheet, draw_rows
from mpsurvey.publication.charts.telling import alt_of, notes_of, subtitle_of
from mpsurvey.publication.layout import safe_id
from mpsurvey.publication.wording import word
from mpsurvey.tabulation import IndicatorTable

__all__ = ["shares"]

_SAME = {"mig_status in (1, 2)": "foreign_born == 1"}
"""Rules of the catalogue that say the same people: of the four statuses, two are born abroad."""


def shares(
    table: IndicatorTable, ids: Sequence[str] | None, language: str, words: Wording
) -> Chart:
    """Draw shares as bars from zero, the largest first; the share in the population as a line.

    Parameters
    ----------
    ids
        Indicators of statistic `share`; None takes those of the group that most of them share out.
    """
    chosen = _chosen(table, ids)
    subjects = [Subject.of_table(table, one, language) for one in chosen]
    found = [(one, one.figures(())) for one in subjects]
    empty = [one.id for one, figures in found if len(figures) != 1]
    if empty:
        raise MpsurveyError(
            f"{', '.join(empty)}: no figure for all. Make the table with whole=True."
        )
    pairs = [(one, figures[0]) for one, figures in found]
    frames = [one.frame[one.frame["breakdown"] == ""] for one in subjects]
    caveats = list(dict.fromkeys(one.caveat for one in subjects))
    units = list(dict.fromkeys(one.unit for one in subjects))
    subject = replace(
        subjects[0],
        id="shares",
        name=word("chart_shares", language),
        unit=units[0] if len(units) == 1 else word("chart_percent", language),
        frame=pd.concat(frames, ignore_index=True),
        caveat=caveats[0] if len(caveats) == 1 else "",
    )
    whole = next((pair for pair in pairs if _is_of_all(pair[0])), None)
    rest = [pair for pair in pairs if pair is not whole]
    rest.sort(key=lambda pair: -pair[1].estimate if pair[1].known else np.inf)
    ordered = ([whole] if whole else []) + rest
    shown = [replace(one, labels=(about.name,), codes=(about.id,)) for about, one in ordered]
    title = words.title or subject.name
    alt = alt_of(subject, "shares", title, [(one.labels[0], one) for one in shown])
    sheet = Sheet(
        title=title,
        subtitle=subtitle_of(subject),
        notes=notes_of(subject, shown, words.source, words.notes),
        alt=alt,
        width=words.width,
        mark="bars",
        reference=shown[0] if whole else None,
        reference_label=shown[0].labels[0] if whole else "",
    )  # fmt: skip
    rows = [
        Row(label=one.labels[0], figures=(one,), strong=whole is not None and at == 0)
        for at, one in enumerate(shown)
    ]
    if whole is not None:
        rows[0] = replace(rows[0], colour=OTHERS)
    frame = frame_of(shown, ["indicator"])
    frame.insert(0, "id", [about.id for about, _ in ordered])
    return Chart(
        id=safe_id(f"shares-{'-'.join(chosen) if ids is not None else chosen[0]}")[:80],
        kind="shares",
        title=title,
        alt=alt,
        notes=sheet.notes,
        data=frame,
        spec=draw_rows(subject, rows, sheet),
        language=language,
    )


def _chosen(table: IndicatorTable, ids: Sequence[str] | None) -> list[str]:
    if ids is not None:
        wrong = [one for one in table.only(*ids).indicators.values() if one.statistic != "share"]
        if wrong:
            said = ", ".join(f"{one.id} is a {one.statistic}" for one in wrong)
            raise MpsurveyError(f"Only shares stand side by side: {said}.")
        if len({table.indicators[one].per for one in ids}) > 1:
            raise MpsurveyError("Shares side by side must be shown per the same number.")
        return list(ids)
    found = [
        one for one in table.indicators.values()
        if one.statistic == "share" and one.family == "shares" and one.per == 100
    ]  # fmt: skip
    if not found:
        raise MpsurveyError("The table has no indicators of the family 'shares'.")
    group, _ = Counter(one.given["group"] for one in found).most_common(1)[0]
    same = {group, _SAME.get(group, group)}
    present = set(table.frame.loc[table.frame["breakdown"] == "", "indicator"])
    return [one.id for one in found if one.given["group"] in same and one.id in present]


def _is_of_all(subject: Subject) -> bool:
    one = subject.indicator
    if one is None or "of" in one.given:
        return False
    return one.where is None or re.fullmatch(r"answered\(\w+\)", one.where) is not None
