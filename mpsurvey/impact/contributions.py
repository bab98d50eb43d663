"""A group's share of people or amounts, and what it adds to a national figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation import Estimates, linearise
from mpsurvey.estimation.answering import DegreesOfFreedom, answer
from mpsurvey.estimation.asking import By, Missing, Question, ask
from mpsurvey.estimation.intervals import Floats, proportion_interval, t_interval
from mpsurvey.estimation.linearise import Numbers

__all__ = ["ask_about_group", "both_rules", "contribution", "share"]

ACCOUNTING = (
    "An accounting figure: it compares the country as it is with the same country less this "
    "group's answers, and says nothing of what would happen if the group were not there."
)


def share(
    sample: Sample,
    group: str,
    among: str | None = None,
    of: str | None = None,
    *,
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
    df: DegreesOfFreedom = "domain",
    ci: Literal["logit", "normal"] | None = None,
) -> Estimates:
    r"""Estimate a group's share of the people, or of an amount.

    Use it for the share of migrants among the unemployed, the young or the active; or of migrants
    in total hours worked or in the wage bill.

    Parameters
    ----------
    sample, by, where, level, missing, df
        As in `mpsurvey.total`.
    group
        Who belongs: a column of 0 and 1, or a rule such as ``"mig_status in (1, 2)"``.
    among
        A rule for the people that are counted, such as ``"age >= 15 and lfs == 2"``.
    of
        A numeric column or formula whose total is shared out, such as ``"hours"``; without it,
        people are counted.
    ci
        ``"logit"``, the t interval on the logit scale, which stays between 0 and 1 and suits the
        skewed share of a small group; ``"normal"``, the share plus and minus t se. By default
        shares of people have logit intervals and shares of amounts, which can be negative, normal
        ones.

    Returns
    -------
    Estimates
        Shares, 0 to 1. A rule does not hold for people without an answer: they count among the
        others.

    Notes
    -----
    .. math:: s = \frac{\sum w\,1[g]\,y}{\sum w\,y}, \quad y = 1 \text{ for people}

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"ea": [1, 1, 2, 2, 3, 3], "migrant": [1, 0, 0, 0, 1, 0],
    ...                        "lfs": [2, 1, 1, 2, 2, 2], "hours": [0, 40, 30, 0, 0, 0]})
    >>> found = mp.share(mp.Sample(people, mp.Design(psu="ea")), "migrant", among="lfs == 2")
    >>> float(found.frame.estimate[0])
    0.5
    """
    if ci not in (None, "logit", "normal"):
        raise MpsurveyError(f"ci='{ci}' is not one of logit, normal.")
    question = ask_about_group(
        sample,
        group,
        () if of is None else (of,),
        by=by,
        where=both_rules(where, among),
        missing=missing,
    )
    inside = question.columns[0]
    if of is None:
        found = answer(
            question,
            linearise.mean,
            name="share",
            variables=[group],
            level=level,
            df=df,
            interval=_normal if ci == "normal" else _logit,
        )
    else:
        amount = question.columns[1]
        found = answer(
            question.with_columns((amount * inside, amount), (f"{of} within {group}", of)),
            linearise.ratio,
            name="share",
            variables=[f"{group} in {of}"],
            level=level,
            df=df,
            interval=_logit_inside if ci == "logit" else _normal,
        )
    return _among(found, among)


def contribution(
    sample: Sample,
    group: str,
    numerator: str,
    denominator: str | None = None,
    *,
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
    df: DegreesOfFreedom = "domain",
    detail: bool = False,
) -> Estimates:
    r"""Estimate what a group adds to a national figure.

    For a total (no denominator), the group's part of it. For a rate, ratio or mean, the national
    figure less the figure without the group: how many points of the unemployment rate are there
    because migrants are counted.

    Parameters
    ----------
    sample, by, where, level, missing, df
        As in `mpsurvey.total`.
    group
        Who belongs: a column of 0 and 1, or a rule.
    numerator
        A column, formula or rule: ``"lfs == 2"``.
    denominator
        Likewise: ``"lfs in (1, 2)"``; ``"1"`` for a mean over all people; None for a total.
    detail
        Return also the national figure and the figure without the group, told apart in `category`.

    Returns
    -------
    Estimates
        In the unit of the figure; its notes say that this is accounting, not cause.

    Notes
    -----
    .. math:: c = \frac{\sum w y}{\sum w x} - \frac{\sum w y (1 - g)}{\sum w x (1 - g)}

    All parts are totals of one sample: their joint covariance enters the standard error.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"ea": [1, 1, 2, 2, 3, 3], "migrant": [1, 0, 1, 0, 0, 0],
    ...                        "lfs": [2, 1, 1, 2, 1, 1]})
    >>> sample = mp.Sample(people, mp.Design(psu="ea"))
    >>> found = mp.contribution(sample, "migrant", "lfs == 2", "lfs in (1, 2)", detail=True)
    >>> found.frame[["category", "estimate"]].round(4).to_numpy().tolist()
    [['contribution', 0.0833], ['all', 0.3333], ['without the group', 0.25]]
    """
    wanted = (numerator,) if denominator is None else (numerator, denominator)
    question = ask_about_group(sample, group, wanted, by=by, where=where, missing=missing)
    inside, *amounts = question.columns
    parts = tuple(column * inside for column in amounts)
    names = (*wanted, *(f"{name} within {group}" for name in wanted))
    statistic, named = _part_of_total, numerator
    if denominator is not None:
        statistic, named = _part_of_ratio, f"{numerator} / {denominator}"
    labels = ["contribution", "all", "without the group"]
    kept = 3 if detail else 1
    found = answer(
        question.with_columns((*amounts, *parts), names),
        lambda totals: statistic(totals)[..., :kept],
        name="contribution",
        variables=[named] * kept,
        level=level,
        df=df,
        labels=labels if detail else None,
    )
    return replace(found, notes=(f"Group: {group}.", ACCOUNTING, *found.notes))


def ask_about_group(
    sample: Sample,
    group: str,
    amounts: tuple[str, ...],
    *,
    by: By,
    where: str | None,
    missing: Missing,
    statistic: str = "A share or contribution",
    apart: Sequence[str] = (),
) -> Question:
    """Read the group as 0 and 1, then the amounts, which enter sums only unless they are `apart`.

    Raises
    ------
    MpsurveyError
        The group is a column with other values than 0 and 1.
    """
    question = ask(
        sample,
        (group, *amounts),
        statistic=statistic,
        by=by,
        where=where,
        missing=missing,
        yes_no=True,
        sums=tuple(name for name in amounts if name not in (group, *apart)),
    )
    inside = question.columns[0]
    # A rule holds or not; only a column can hold something else.
    if group in sample.frame.columns and ((inside != 0) & (inside != 1)).any():
        raise MpsurveyError(
            f"The group '{group}' holds other values than 0 and 1. Write a rule, for instance "
            f"'{group} == 1'."
        )
    return question


def both_rules(first: str | None, second: str | None) -> str | None:
    """Return a rule that holds where both do."""
    rules = [rule for rule in (first, second) if rule is not None]
    return (
        " and ".join(f"({rule})" for rule in rules) if len(rules) > 1 else next(iter(rules), None)
    )


def _part_of_total(totals: Numbers) -> Numbers:
    whole, part = totals[..., 1], totals[..., 2]
    return np.stack([part, whole, whole - part], axis=-1)


def _part_of_ratio(totals: Numbers) -> Numbers:
    y, x, y_in, x_in = (totals[..., k] for k in range(1, 5))
    with_group, without = y / x, (y - y_in) / (x - x_in)
    return np.stack([with_group - without, with_group, without], axis=-1)


def _normal(p: Floats, se: Floats, df: Floats, _n: Floats, level: float) -> tuple[Floats, Floats]:
    return t_interval(p, se, df, level)


def _logit_inside(
    p: Floats, se: Floats, df: Floats, n: Floats, level: float
) -> tuple[Floats, Floats]:
    """Logit limits of shares of an amount; normal ones of those that are not between 0 and 1."""
    inside = (p > 0) & (p < 1)
    logit = _logit(np.where(inside, p, 0.5), se, df, n, level)
    ends = zip(logit, t_interval(p, se, df, level), strict=True)
    low, high = (np.where(inside, one, other) for one, other in ends)
    return low, high


def _logit(p: Floats, se: Floats, df: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    return proportion_interval("logit", p, se, df, n, level)


def _among(found: Estimates, among: str | None) -> Estimates:
    return found if among is None else replace(found, notes=(f"Among: {among}.", *found.notes))
