"""The gap between a group and the others, as it is or at equal composition."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

import numpy as np

from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation import Estimates, total
from mpsurvey.estimation.asking import By, DegreesOfFreedom, Missing, answer, ask
from mpsurvey.estimation.domains import held, names_of, split_domains
from mpsurvey.estimation.intervals import Floats, t_interval
from mpsurvey.estimation.linearise import Numbers
from mpsurvey.estimation.scan import unit_totals
from mpsurvey.impact.contributions import ask_about_group, both_rules

__all__ = ["gap"]


def gap(
    sample: Sample,
    group: str,
    numerator: str,
    denominator: str | None = None,
    *,
    others: str | None = None,
    standardise: By = None,
    composition: Literal["group", "both"] = "group",
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
    df: DegreesOfFreedom = "domain",
) -> Estimates:
    r"""Estimate how far a group's mean or rate is from that of the others.

    Parameters
    ----------
    sample, by, where, level, missing, df
        As in `mpsurvey.total`.
    group
        A rule, or a column of 0 and 1, for those who belong.
    numerator, denominator
        The rate's parts, as columns, formulas or rules; without a denominator, the mean of the
        numerator.
    others
        A rule for those compared with; by default everyone outside the group.
    standardise
        Variables, such as age group and sex, whose joint composition is held equal.
    composition
        Whose composition rates within the cells are weighed by: ``"group"``, the group's own, so
        that the others are made alike to it; or ``"both"``, that of all together. For a small
        group the first is the surer: the second gives weight to cells in which it has one or two
        people, whose error cannot be seen.

    Returns
    -------
    Estimates
        Group less others; `df` is that of the side with fewer, or fewer still if effective.

    Notes
    -----
    Plain: :math:`R_g - R_o`. Standardised, over cells j that both have:
    :math:`\sum_j P_j (R_{gj} - R_{oj}) / \sum_j P_j`, :math:`P_j` the denominator of the group, or
    of both together; it is estimated too, and its error is in the standard error.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"ea": [1, 1, 2, 2, 3, 3], "migrant": [1, 0, 1, 0, 1, 0],
    ...                        "works": [1, 1, 0, 1, 0, 1]})
    >>> found = mp.gap(mp.Sample(people, mp.Design(psu="ea")), "migrant", "works")
    >>> round(float(found.frame.estimate[0]), 4)
    -0.6667
    """
    if composition not in ("group", "both"):
        raise MpsurveyError(f"composition='{composition}' is not one of 'group', 'both'.")
    # Within a group of `by` its own variable has one value: there is nothing to hold equal.
    cells = tuple(name for name in names_of(standardise) if name not in names_of(by))
    amounts = (numerator,) if denominator is None else (numerator, denominator)
    rows_elsewhere = isinstance(sample, Sample) and sample.elsewhere is not None
    if rows_elsewhere and others is not None:  # read with the rest: cells have what was asked for
        amounts = (*amounts, others)
    question = ask_about_group(
        sample,
        group,
        amounts,
        by=(*names_of(by), *cells),
        where=where,
        missing=missing,
        statistic="A gap",
        apart=() if others is None else (others,),
    )
    inside, top = question.columns[:2]
    bottom = question.columns[2] if denominator else np.ones(len(question.sample))
    outside = 1 - inside
    if others is not None:
        outside = (
            question.columns[-1]
            if rows_elsewhere
            else held(question.sample, others).astype(np.float64)
        )
        if (inside * outside).any():
            raise MpsurveyError(f"The rules '{group}' and '{others}' hold for the same people.")
    columns = tuple(column * who for who in (inside, outside) for column in (top, bottom))
    count = math.prod(len(level) for level in question.domains.levels[len(names_of(by)) :])

    def statistic(totals: Numbers) -> Numbers:
        return _standardised(totals, count, composition) if cells else _plain(totals)

    found = answer(
        question.with_columns(columns),
        statistic,
        name="gap",
        variables=[numerator if denominator is None else f"{numerator} / {denominator}"],
        level=level,
        df=df,
        inner=len(cells),
    )
    if df != "design":
        sides = _sides(sample, group, others)
        found = _with_freedom(found, [_freedom(sample, side, by, where) for side in sides])
    compared = f"Group: {group}; compared with {others or 'all others'}."
    whose = "the group's" if composition == "group" else "everybody's"
    equal = (f"At {whose} composition by {', '.join(cells)}.",) if cells else ()
    return replace(found, notes=(compared, *equal, *found.notes))


def _sides(sample: Sample, group: str, others: str | None) -> tuple[str, str]:
    """Rules for the group and for those it is compared with."""
    mine = f"`{group}` == 1" if group in sample.frame.columns else group
    return mine, others or f"not ({mine})"


def _freedom(sample: Sample, rule: str, by: By, where: str | None) -> Floats:
    """Degrees of freedom of the people for whom a rule holds, in each group of `by`."""
    both = both_rules(where, rule)
    if sample.elsewhere is not None:
        found = ask(sample, (), statistic="A gap", by=by, where=both)
        return unit_totals(found.sample, found.domains).df.astype(np.float64)
    if sample.replicates is None or not sample.replicates.columns:
        return unit_totals(sample, split_domains(sample, by, both)).df.astype(np.float64)
    return total(sample, by=by, where=both).frame["df"].to_numpy(dtype=np.float64)


def _with_freedom(found: Estimates, each: list[Floats]) -> Estimates:
    """Take the degrees of freedom of the side that has fewer: a gap is no surer than that."""
    frame = found.frame
    df = np.minimum(*each)
    if found.freedom == "effective":
        df = np.minimum(df, frame["df"].to_numpy(dtype=np.float64))
    estimate, se = (frame[name].to_numpy(dtype=np.float64) for name in ("estimate", "se"))
    low, high = t_interval(estimate, se, df, found.level)
    return replace(found, frame=frame.assign(df=df, ci_low=low, ci_high=high))


def _plain(totals: Numbers) -> Numbers:
    y_in, x_in, y_out, x_out = (totals[..., k] for k in range(1, 5))
    return np.asarray(y_in / x_in - y_out / x_out)[..., None]


def _standardised(totals: Numbers, cells: int, composition: str) -> Numbers:
    table = totals[..., 1:].reshape(*totals.shape[:-1], cells, 5)
    y_in, x_in, y_out, x_out = (table[..., k] for k in range(1, 5))
    both = (x_in.real != 0) & (x_out.real != 0)
    inside = np.where(both, y_in / np.where(both, x_in, 1), 0)
    outside = np.where(both, y_out / np.where(both, x_out, 1), 0)
    weight = np.where(both, x_in if composition == "group" else x_in + x_out, 0)
    return np.asarray((weight * (inside - outside)).sum(axis=-1) / weight.sum(axis=-1))[..., None]
