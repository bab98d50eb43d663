"""The gap between a group and the others, as it is or at equal composition."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation import Estimates, replication
from mpsurvey.estimation.answering import DegreesOfFreedom, answer
from mpsurvey.estimation.asking import By, Missing, Question
from mpsurvey.estimation.domains import held, names_of
from mpsurvey.estimation.intervals import Floats, t_interval
from mpsurvey.estimation.linearise import Numbers
from mpsurvey.estimation.totals_by_unit import UnitTotals
from mpsurvey.impact.contributions import ask_about_group

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
    question, side = _sides(question, group, others, rows_elsewhere=rows_elsewhere)
    before, sides = len(cells), 2 if others is None else 3
    parted = replace(
        question,
        domains=question.domains.parted(side, sides, words=("gap", group, others), before=before),
    )
    count = math.prod(len(level) for level in question.domains.levels[len(names_of(by)) :])

    def statistic(totals: Numbers) -> Numbers:
        table = totals[..., 1:].reshape(*totals.shape[:-1], sides, count, -1)
        inside, outside = table[..., 0, :, :], table[..., 1, :, :]
        if cells:
            return _standardised(inside, outside, composition)
        return _rate(inside) - _rate(outside)

    totals = parted.totals()
    found = answer(
        parted,
        statistic,
        name="gap",
        variables=[numerator if denominator is None else f"{numerator} / {denominator}"],
        level=level,
        df=df,
        inner=1 + before,
        totals=totals,
    )
    if df != "design":
        found = _with_freedom(found, _freedom(parted, totals, before, sides))
    compared = f"Group: {group}; compared with {others or 'all others'}."
    whose = "the group's" if composition == "group" else "everybody's"
    equal = (f"At {whose} composition by {', '.join(cells)}.",) if cells else ()
    return replace(found, notes=(compared, *equal, *found.notes))


def _sides(
    question: Question, group: str, others: str | None, *, rows_elsewhere: bool
) -> tuple[Question, NDArray[np.intp]]:
    """Leave the amounts to the question, and say of each row: 0 in, 1 compared with, 2 neither."""
    inside, amounts, names = question.columns[0], question.columns[1:], question.names[1:]
    side = (inside == 0).astype(np.intp)
    if others is not None:
        if rows_elsewhere:
            outside, amounts, names = amounts[-1] != 0, amounts[:-1], names[:-1]
        else:
            outside = held(question.sample, others)
        if (outside & (side == 0)).any():
            raise MpsurveyError(f"The rules '{group}' and '{others}' hold for the same people.")
        side[(side == 1) & ~outside] = 2
    return question.with_columns(amounts, names), side


def _freedom(parted: Question, totals: UnitTotals, before: int, sides: int) -> Floats:
    """Degrees of freedom of the side that has fewer, in each group."""
    sample, domains = parted.sample, parted.domains
    cells = math.prod(len(level) for level in domains.levels[len(domains.levels) - before :])
    if sample.replicates is not None and sample.replicates.columns:
        code = domains.code
        assert code is not None  # noqa: S101 - the sides part the rows
        pooled = replace(domains.outer(before), code=np.where(code < 0, -1, code // cells))
        df = replication.replicate_freedom(sample, pooled, parted.answered)
    else:
        df = totals.folded(cells).df if before else totals.df
    return np.asarray(df.reshape(-1, sides)[:, :2].min(axis=1), dtype=np.float64)


def _with_freedom(found: Estimates, df: Floats) -> Estimates:
    """Take the degrees of freedom of the side that has fewer: a gap is no surer than that."""
    frame = found.frame
    if found.freedom == "effective":
        df = np.minimum(df, frame["df"].to_numpy(dtype=np.float64))
    estimate, se = (frame[name].to_numpy(dtype=np.float64) for name in ("estimate", "se"))
    low, high = t_interval(estimate, se, df, found.level)
    return replace(found, frame=frame.assign(df=df, ci_low=low, ci_high=high))


def _rate(table: Numbers) -> Numbers:
    """Rate of the only cell."""
    top, bottom = _parts(table)
    return np.asarray(top / bottom)


def _standardised(inside: Numbers, outside: Numbers, composition: str) -> Numbers:
    """Rates within the cells, weighed by the composition of the group or of both."""
    (y_in, x_in), (y_out, x_out) = _parts(inside), _parts(outside)
    both = (x_in.real != 0) & (x_out.real != 0)
    mine = np.where(both, y_in / np.where(both, x_in, 1), 0)
    theirs = np.where(both, y_out / np.where(both, x_out, 1), 0)
    weight = np.where(both, x_in if composition == "group" else x_in + x_out, 0)
    return np.asarray((weight * (mine - theirs)).sum(axis=-1) / weight.sum(axis=-1))[..., None]


def _parts(table: Numbers) -> tuple[Numbers, Numbers]:
    """Numerator and denominator of each cell: of a mean, the sum of weights."""
    return table[..., 1], table[..., 2] if table.shape[-1] > 2 else table[..., 0]
