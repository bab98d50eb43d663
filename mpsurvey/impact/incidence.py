"""Who gets an amount: the share that reaches the poorest, and groups above a limit."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation import Estimates, replication, scanning
from mpsurvey.estimation.answering import DegreesOfFreedom, answer, report
from mpsurvey.estimation.asking import By, Missing, ask
from mpsurvey.estimation.domains import names_of
from mpsurvey.estimation.influence import influence_scores, replicate_weights
from mpsurvey.estimation.linearise import Numbers
from mpsurvey.estimation.quantiles import sort_by_domain

__all__ = ["share_above", "share_of_poorest"]

Floats = NDArray[np.float64]


def share_of_poorest(
    sample: Sample,
    amount: str,
    ranked_by: str,
    *,
    poorest: float = 0.4,
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
    df: DegreesOfFreedom = "domain",
) -> Estimates:
    r"""Estimate the share of an amount that goes to those who rank lowest by another.

    Use it for the share of remittances that reaches the poorest 40 % of households: a point of the
    concentration curve.

    Parameters
    ----------
    sample, by, where, level, missing, df
        As in `mpsurvey.total`. The poorest are those of each group of `by`.
    amount
        Column or formula of what is shared out.
    ranked_by
        Column or formula of living standard, such as ``"hh_cons / hh_size"``.
    poorest
        Share of the rows, by weight, that count as poorest.

    Returns
    -------
    Estimates
        A share, 0 to 1; equal to `poorest` if everybody gets the same.

    Raises
    ------
    MpsurveyError
        `poorest` is not between 0 and 1.

    Notes
    -----
    With x the rank variable, Q its quantile at p and m(Q) the mean amount of those near Q,

    .. math::

        \hat C(p) = \frac{\sum_k w_k y_k s_k}{\sum_k w_k y_k}, \qquad
        u_k = \frac{(y_k - m(Q)) s_k + p\,m(Q) - y_k \hat C(p)}{\sum_k w_k y_k}

    :math:`s_k` is 1 below Q, 0 above and the same part of all who stand at Q in between. The
    line between poor and rich is estimated too: that is what m(Q), by a Gaussian kernel, stands
    for. Kovačević and Binder (1997), Journal of Official Statistics 13, 41-58.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> homes = pd.DataFrame({"cons": [10.0, 20, 30, 40, 50], "got": [3.0, 1, 0, 4, 2]})
    >>> found = mp.share_of_poorest(mp.Sample(homes, mp.Design()), "got", "cons")
    >>> float(found.frame.estimate[0])
    0.4
    """
    if not 0 < poorest < 1:
        raise MpsurveyError(f"poorest={poorest} is not between 0 and 1; 40 % is poorest=0.4.")
    question = ask(
        sample,
        (ranked_by, amount),
        statistic="A share of the poorest",
        by=by,
        where=where,
        missing=missing,
    )
    ordered = sort_by_domain(question, question.columns[0])
    received = question.columns[1][ordered.rows]
    each = question.sample.rows
    people = np.ones(len(received)) if each is None else each[ordered.rows]

    def shares(weights: Floats) -> Floats:
        found = [
            _ordinate(ordered.values[a:b], received[a:b], weights[a:b], poorest)[0]
            for a, b in pairwise(ordered.bounds)
        ]
        return np.array(found)

    estimate = shares(ordered.weights)
    drawn = question.sample
    if drawn.replicates is None:
        influence = np.zeros(len(drawn))
        for a, b in pairwise(ordered.bounds):
            influence[ordered.rows[a:b]] = _influence(
                ordered.values[a:b],
                received[a:b],
                ordered.weights[a:b],
                poorest,
                float(people[a:b].sum()),
            )
        totals, uncertainty = influence_scores(question, influence)
    else:
        totals = scanning.unit_totals(drawn, question.domains, answered=question.answered)
        again = [shares(one) for one in replicate_weights(drawn, ordered.rows)]
        uncertainty = replication.Deviations(estimate, np.stack(again), drawn.replicates)  # type: ignore[assignment]
    found = report(
        question,
        totals,
        estimate,
        uncertainty,
        name="share of the poorest",
        variables=[amount],
        level=level,
        df=df,
    )
    ranked = f"The poorest {poorest:.0%} by {ranked_by}."
    return replace(found, notes=(ranked, *found.notes))


def _ordinate(rank: Floats, amount: Floats, weight: Floats, p: float) -> tuple[float, Floats]:
    """Share of an amount, sorted by rank, that the first p of the weights have; and s."""
    if not len(rank):
        return np.nan, np.zeros(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        before, same = _ties(rank, weight)
        part = np.clip((p * weight.sum() - before) / same, 0.0, 1.0)
        part = np.where(weight == 0, 0.0, part)
        got = weight * amount
        return float((got * part).sum() / got.sum()), part


def _ties(rank: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Sum of weights below each rank, and at it: those at one rank share their place."""
    starts = np.flatnonzero(np.append(True, rank[1:] != rank[:-1]))
    same = np.add.reduceat(weight, starts)
    many = np.diff(np.append(starts, len(rank)))
    return np.repeat(np.cumsum(same) - same, many), np.repeat(same, many)


def _influence(rank: Floats, amount: Floats, weight: Floats, p: float, n: float) -> Floats:
    share, part = _ordinate(rank, amount, weight, p)
    whole = (weight * amount).sum()
    if not len(rank) or not np.isfinite(share):
        return np.zeros(len(rank))
    near = _mean_near(rank, amount, weight, p, n)
    return np.asarray(((amount - near) * part + p * near - amount * share) / whole)


def _mean_near(rank: Floats, amount: Floats, weight: Floats, p: float, n: float) -> float:
    """Mean amount of those whose place in the order is near p, by a kernel on the places."""
    before, same = _ties(rank, weight)
    place = (before + same / 2) / weight.sum()
    width = max(0.25 * n**-0.2, 1e-9)
    kernel = weight * np.exp(-(((place - p) / width) ** 2) / 2)
    return float((kernel * amount).sum() / kernel.sum())


def share_above(
    sample: Sample,
    variable: str,
    cells: str,
    limit: float,
    *,
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
    df: DegreesOfFreedom = "domain",
) -> Estimates:
    r"""Estimate the share of people in cells whose mean lies above a limit.

    Use it for senders in corridors whose mean cost is above 5 %.

    Parameters
    ----------
    sample, by, where, level, missing, df
        As in `mpsurvey.total`.
    variable
        Column or formula whose mean is taken in each cell.
    cells
        The column that makes the cells, such as the country that money is sent to.
    limit
        In the unit of the variable.

    Returns
    -------
    Estimates
        A share, 0 to 1.

    Notes
    -----
    .. math:: \hat S = \frac{\sum_c \hat N_c 1[\hat{\bar y}_c > L]}{\sum_c \hat N_c}

    Linearised, the standard error takes the cells found above the limit as known: a cell whose
    mean is within its own error of the limit could fall on either side, and then the error is
    larger. Replicate weights sort the cells anew each time.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> sent = pd.DataFrame({"to": [1, 1, 2, 2, 2], "cost": [0.02, 0.04, 0.06, 0.09, 0.03]})
    >>> found = mp.share_above(mp.Sample(sent, mp.Design()), "cost", "to", 0.05)
    >>> float(found.frame.estimate[0])
    0.6
    """
    groups = names_of(by)
    if cells in groups:
        raise MpsurveyError(f"'{cells}' makes the cells, so that it cannot be in `by` too.")
    question = ask(
        sample,
        (variable,),
        statistic="A share above a limit",
        by=(*groups, cells),
        where=where,
        missing=missing,
    )

    def statistic(totals: Numbers) -> Numbers:
        table = totals[..., 1:].reshape(*totals.shape[:-1], -1, 2)
        people, amount = table[..., 0], table[..., 1]
        some = people.real > 0
        mean = np.where(some, amount.real / np.where(some, people.real, 1), 0)
        high = np.where(some & (mean > limit), people, 0)
        return np.asarray(high.sum(axis=-1) / people.sum(axis=-1))[..., None]

    found = answer(
        question,
        statistic,
        name="share above a limit",
        variables=[f"{variable} by {cells} above {limit:g}"],
        level=level,
        df=df,
        inner=1,
    )
    held = "Cells found above the limit are taken as known in the standard error."
    return replace(found, notes=(held, *found.notes))
