"""A table is made safe: confidential figures, and those that would tell them, are kept back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation.estimates import COLUMNS
from mpsurvey.tabulation.disclosure.attacking import reach
from mpsurvey.tabulation.disclosure.cells import MEASURES, Cells, cells_of
from mpsurvey.tabulation.disclosure.noise import perturbed
from mpsurvey.tabulation.disclosure.rounding import rounded
from mpsurvey.tabulation.disclosure.sensitivity import sensitive_cells
from mpsurvey.tabulation.disclosure.settings import DisclosureRules, disclosure_rules
from mpsurvey.tabulation.disclosure.suppression import rows_to_withhold
from mpsurvey.tabulation.indicator_table import IndicatorTable
from mpsurvey.tabulation.quality.assessing import mark_rows
from mpsurvey.tabulation.quality.rule_sets import reason

__all__ = ["attack", "protect"]

Samples = Sample | Mapping[str, Sample] | None


def protect(
    table: IndicatorTable,
    rules: str | Path | Mapping[str, Any] | DisclosureRules = "threshold",
    *,
    sample: Samples = None,
    home: int | None = None,
) -> IndicatorTable:
    """Keep a table from telling what few people answered.

    Use it last, after `mpsurvey.assess`, on the whole table that is going to be published: tables
    that are protected one by one can tell together what each keeps.

    Parameters
    ----------
    table
        Indicators, as `mpsurvey.tabulate` makes them.
    rules
        ``"threshold"`` (fewer than 5 respondents), a YAML file, or a dict such as
        ``{"threshold": 10, "p_percent": 15}``; see `DisclosureRules` for every key.
    sample
        The sample or samples of the table. With it, respondents with a trait are counted, cells
        are recognised as the same people under whatever name, nested groups are found, and amounts
        are checked for dominance. Without it, the number of respondents with a trait is worked out
        from the share, and amounts only have the threshold.
    home
        The country's own code, for rules that use ``HOME``.

    Returns
    -------
    IndicatorTable
        Under suppression, with `status`, `mark` and `reason`: what is confidential, and what would
        tell it, is NaN in every column and marked ``"c"``, the one not told from the other. Under
        rounding and cell keys, counts, totals, shares and proportions are changed instead.

    Raises
    ------
    CatalogueError
        The rules are wrong; all problems at once.
    MpsurveyError
        Dominance, p percent or cell keys are asked for without a sample.

    Notes
    -----
    A row gives away its respondents, its people (`population`) and, for a total, share, proportion
    or mean, the people with the trait or the amount: figure times population. All of these are
    cells that add up over breakdowns. `docs/methods/disclosure.md` has the model and its limits.
    """
    read = disclosure_rules(rules)
    if sample is None and (read.dominance or read.p_percent is not None):
        raise MpsurveyError("Dominance and p percent look at contributions: give sample=.")
    if not len(table):
        return _withhold(table, np.zeros(0, dtype=bool), read.in_words(table.language))
    cells = cells_of(table, sample, home, read.cost)
    if read.method == "suppression":
        return _suppressed(table, cells, read)
    if read.method == "rounding":
        changed, said = rounded(table, cells, read)
    else:
        if sample is None:
            raise MpsurveyError("Cell keys are made from the respondents: give sample=.")
        changed, said = perturbed(table, cells, read)
    made = replace(table, frame=changed)
    return _without_dominated(made, cells, read, said)


def attack(
    table: IndicatorTable,
    rules: str | Path | Mapping[str, Any] | DisclosureRules = "threshold",
    *,
    sample: Samples = None,
    home: int | None = None,
) -> pd.DataFrame:
    """Work out what an outsider can learn of the figures that a table keeps back.

    Use it on a protected table before it leaves the office. The answer tells what is confidential:
    it is for the author alone.

    Parameters
    ----------
    table, rules, sample, home
        As for `protect`; the table's marks ``"c"`` are what is attacked.

    Returns
    -------
    pandas.DataFrame
        A row per withheld row and cell: `indicator`, `breakdown`, the `by` variables, `role`
        (``n``, ``base``, ``part``, ``rest``, ``amount ...``), `measure`, `value`, `low` and `high`
        (the range that the published figures leave open), `needed_low` and `needed_high` (what the
        rules ask; the value itself where they ask nothing), `known` (the range is one point) and
        `safe`.
    """
    read = disclosure_rules(rules)
    cells = cells_of(table, sample, home, read.cost)
    frame = table.frame.reset_index(drop=True)
    withheld = np.zeros(len(frame), dtype=bool)
    if "mark" in frame:
        withheld = (frame["mark"] == "c").to_numpy()
    sensitive = sensitive_cells(cells, read)
    pairs = [
        (int(row), role, int(cell))
        for block, roles in zip(cells.blocks, cells.roles, strict=True)
        for role, ids in roles.items()
        for row, cell in zip(block.rows, ids, strict=True)
        if withheld[row] or sensitive.up[cell] > 0
    ]
    found = reach(cells, withheld, np.unique([cell for _, _, cell in pairs]).astype(np.intp))
    rows = [row for row, _, _ in pairs]
    ids = np.array([cell for _, _, cell in pairs], dtype=np.intp)
    down = np.array([found[cell][0] for cell in ids.tolist()])
    up = np.array([found[cell][1] for cell in ids.tolist()])
    value = cells.value[ids]
    slip = 1e-5
    names = ["indicator", "breakdown", *table.by]
    return (
        frame.loc[rows, names]
        .reset_index(drop=True)
        .assign(
            role=[role for _, role, _ in pairs],
            measure=[MEASURES[kind] for kind in cells.measure[ids]],
            value=value,
            low=value - down,
            high=value + up,
            needed_low=value - sensitive.down[ids],
            needed_high=value + sensitive.up[ids],
            known=(down + up) <= 1e-9 * np.maximum(np.abs(value), 1.0),
            safe=(down >= sensitive.down[ids] * (1 - slip))
            & (up >= sensitive.up[ids] * (1 - slip)),
        )
    )


def _suppressed(table: IndicatorTable, cells: Cells, rules: DisclosureRules) -> IndicatorTable:
    withheld = rows_to_withhold(cells, sensitive_cells(cells, rules))
    said = reason(
        "disclosure",
        table.language,
        what=rules.in_words(table.language),
        withheld=int(withheld.sum()),
        all=len(withheld),
    )
    return _withhold(table, withheld, said)


def _withhold(table: IndicatorTable, withheld: NDArray[np.bool_], said: str) -> IndicatorTable:
    frame = table.frame.reset_index(drop=True)
    fresh = "status" not in frame
    size = len(frame)
    status = np.full(size, "publish", dtype=object) if fresh else frame["status"].to_numpy(object)
    mark = np.full(size, "", dtype=object) if fresh else frame["mark"].to_numpy(object)
    text = np.full(size, "", dtype=object) if fresh else frame["reason"].to_numpy(object)
    status, mark, text = status.copy(), mark.copy(), text.copy()
    status[withheld], mark[withheld] = "withhold", "c"
    text[withheld] = reason("confidential", table.language)
    figures = list(COLUMNS)
    made = mark_rows(frame, status, mark, text)
    made[figures] = made[figures].astype(np.float64)
    made.loc[withheld, figures] = np.nan
    return replace(table, frame=made, rules=(*table.rules, said))


def _without_dominated(
    table: IndicatorTable, cells: Cells, rules: DisclosureRules, said: str
) -> IndicatorTable:
    """Withhold figures of amounts that few hold: noise on counts does not hide them."""
    sensitive = sensitive_cells(cells, rules)
    withheld = np.zeros(len(table.frame), dtype=bool)
    for block in cells.blocks:
        if block.family not in ("count", "proportion") or "part" not in block.people:
            withheld[block.rows] = sensitive.rows[block.rows]
    return _withhold(table, withheld, said)
