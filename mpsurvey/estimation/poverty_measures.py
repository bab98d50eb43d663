"""Poverty: rates, gaps and indices below a line that is fixed or estimated from the same people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation import linearise, replication, scanning, taylor
from mpsurvey.estimation.answering import DegreesOfFreedom, Interval, answer, check_options, report
from mpsurvey.estimation.asking import By, Missing, Question, ask
from mpsurvey.estimation.densities import densities, density
from mpsurvey.estimation.estimates import Estimates, Uncertainty
from mpsurvey.estimation.imputation import Imputed, each_imputation
from mpsurvey.estimation.influence import everybody, replicate_weights
from mpsurvey.estimation.intervals import ProportionInterval, proportion_interval
from mpsurvey.estimation.positivity import NonPositive, keep_positive, say_negative
from mpsurvey.estimation.poverty_lines import (
    EstimatedLine,
    Line,
    LineOf,
    evaluate_line,
    read_line,
)
from mpsurvey.estimation.quantiles import SortedValues, sort_by_domain
from mpsurvey.estimation.totals_by_unit import UnitTotals

__all__ = ["poverty", "watts"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measure:
    """What a person's income below a line adds to a poverty measure, which is its mean.

    Attributes
    ----------
    name
        In results.
    gap
        From incomes and lines to what each person adds: 0 above the line.
    slope
        Its derivative by the line.
    step
        What it jumps by at the line: 1 for a head count, else 0.
    """

    name: str
    gap: Callable[[Floats, Floats], Floats]
    slope: Callable[[Floats, Floats], Floats]
    step: float = 0.0


def foster_greer_thorbecke(order: float) -> Measure:
    """The measure of Foster, Greer and Thorbecke: ((z - y) / z)^order of those at or below z."""
    if order == 0:
        return Measure(
            "poverty rate",
            lambda y, z: (y <= z).astype(np.float64),
            lambda y, _z: np.zeros(len(y)),
            step=1.0,
        )
    name = {1.0: "poverty gap", 2.0: "poverty severity"}.get(order, f"FGT index of order {order:g}")
    return Measure(
        name,
        lambda y, z: np.maximum(1 - y / z, 0.0) ** order,
        lambda y, z: (y <= z) * order * np.maximum(1 - y / z, 0.0) ** (order - 1) * y / z**2,
    )


def _watts_measure() -> Measure:
    return Measure(
        "Watts index",
        # Incomes at or below zero are outside the groups by then; 1 keeps their logarithm quiet.
        lambda y, z: np.log(np.maximum(z / np.where(y > 0, y, 1.0), 1.0)),
        lambda y, z: (y <= z) / z,
    )


def poverty(
    sample: Sample,
    variable: str | Imputed,
    *,
    line: Line,
    order: float = 0,
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
    df: DegreesOfFreedom = "domain",
    line_of: LineOf = "population",
    ci: ProportionInterval = "normal",
) -> Estimates:
    r"""Estimate the poverty rate, the poverty gap, or another index of Foster, Greer and Thorbecke.

    Parameters
    ----------
    sample, by, where, level, missing, df
        As in `mpsurvey.total`.
    variable
        Income or consumption per person, or per adult equivalent.
    line
        A fixed amount (``10000``); a column or formula with each row's own fixed line, for instance
        by region and price level; or a line that is estimated from the sample: ``"60% of median"``,
        ``"50% of mean"``, ``"40% of the 75th percentile"``.
    order
        0: the share of people at or below the line. 1: the mean gap, as a share of the line, of all
        people (no gap above the line). 2: the mean squared gap, which weighs the poorest most. Any
        other number from 1 on is possible.
    line_of
        Whose line an estimated one is: ``"population"``, of everybody in the sample, also where
        `where` or `by` ask about some; ``"group"``, of each group itself.
    ci
        Interval of a rate: ``"normal"`` (by t, as R's convey), or one that stays between 0 and 1,
        for rare poverty: ``"logit"``, ``"beta"``, ``"wilson"``.

    Returns
    -------
    Estimates
        Shares, 0 to 1. A note says the line, and what an estimated one came to.

    Raises
    ------
    MpsurveyError
        The line is not understood or not above zero; order is below 0 or between 0 and 1.

    Notes
    -----
    .. math:: \hat P_a = \frac1{\hat N} \sum_k w_k g_k, \quad
              g_k = \left(\frac{z - y_k}{z}\right)^a 1[y_k \le z]

    An estimated line :math:`\hat z` adds its own uncertainty. For group D, with u(z) the influence
    on the line (see `poverty_line`) and f the density of incomes within D,

    .. math::

        u_k = \frac{1[k \in D]}{\hat N_D} (g_k - \hat P_a)
              + \left(\frac1{\hat N_D} \sum_{l \in D} w_l \frac{\partial g_l}{\partial z}
              + 1[a = 0] \hat f_D(\hat z)\right) u_k(\hat z)

    The second part reaches people outside D too. With replicates, the line and the measure are
    worked out again in each. Foster, Greer and Thorbecke (1984), Econometrica 52, 761-766; Deville
    (1999), Survey Methodology 25, 193-203; R's ``convey::svyfgt`` and ``svyarpr``. A person at the
    line is poor here; Eurostat counts those below it.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"income": [10.0, 20, 40, 50, 80]})
    >>> sample = mp.Sample(people, mp.Design())
    >>> float(poverty(sample, "income", line=25).frame.estimate[0])
    0.4
    >>> float(poverty(sample, "income", line="50% of median", order=1).frame.estimate[0])
    0.1
    """
    if isinstance(variable, Imputed):
        return each_imputation(poverty, locals(), _limits(ci) if order == 0 else None)
    problems = []
    if not (order == 0 or 1 <= order < np.inf):
        problems.append(f"order={order!r} is not 0 or a number from 1 on.")
    if ci not in get_args(ProportionInterval):
        problems.append(f"ci='{ci}' is not one of {', '.join(get_args(ProportionInterval))}.")
    elif ci != "normal" and order != 0:
        problems.append(f"ci='{ci}' is for rates, that is for order=0.")
    if problems:
        raise MpsurveyError(problems)
    return _below_line(
        sample,
        variable,
        foster_greer_thorbecke(order),
        line=line,
        line_of=line_of,
        by=by,
        where=where,
        level=level,
        missing=missing,
        df=df,
        interval=None if ci == "normal" else _limits(ci),
    )


def watts(
    sample: Sample,
    variable: str | Imputed,
    *,
    line: Line,
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
    df: DegreesOfFreedom = "domain",
    line_of: LineOf = "population",
    nonpositive: NonPositive = "fail",
) -> Estimates:
    r"""Estimate Watts' poverty index: the mean of log(line / income) of the poor.

    Divided by a rate of growth, it is the time that the mean poor person takes to leave poverty.

    Parameters
    ----------
    sample, variable, line, by, where, level, missing, df, line_of
        As in `mpsurvey.poverty`.
    nonpositive
        Incomes of zero or below have no logarithm: they are an error (``"fail"``), or their rows
        are left out of the groups and a note says how many (``"leave_out"``). They stay among those
        that the line is estimated from.

    Returns
    -------
    Estimates
        0 and up. A note says the line.

    Notes
    -----
    .. math:: \hat W = \frac1{\hat N} \sum_k w_k \log(z / y_k)\, 1[y_k \le z], \quad
              \partial \hat W / \partial z = \hat P_0 / z

    Watts (1968); Zheng (1993), Economics Letters 42, 81-86; R's ``convey::svywatts``. Uncertainty
    as in `mpsurvey.poverty`.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"income": [10.0, 20, 40, 50]})
    >>> found = watts(mp.Sample(people, mp.Design()), "income", line=20)
    >>> round(float(found.frame.estimate[0]), 4)
    0.1733
    """
    if isinstance(variable, Imputed):
        return each_imputation(watts, locals())
    return _below_line(
        sample,
        variable,
        _watts_measure(),
        line=line,
        line_of=line_of,
        by=by,
        where=where,
        level=level,
        missing=missing,
        df=df,
        nonpositive=nonpositive,
    )


def _limits(ci: ProportionInterval) -> Interval:
    return lambda p, se, df, n, level: proportion_interval(ci, p, se, df, n, level)


def _below_line(
    sample: Sample,
    variable: str,
    measure: Measure,
    *,
    line: Line,
    line_of: LineOf,
    by: By,
    where: str | None,
    level: float,
    missing: Missing,
    df: DegreesOfFreedom,
    interval: Interval | None = None,
    nonpositive: NonPositive | None = None,
) -> Estimates:
    """Estimate the mean of a measure below a line; see `poverty` and `watts`."""
    check_options(level, False, df)  # noqa: FBT003
    asked = read_line(line, sample)
    wanted = (variable,) if asked.expression is None else (variable, asked.expression)
    whole = ask(
        sample,
        wanted,
        statistic=f"A {measure.name}",
        by=by,
        where=where,
        missing=missing,
        everyone=asked.relative and line_of == "population",
    )
    question = whole
    if nonpositive is not None:
        question = keep_positive(whole, variable, f"the {measure.name}", nonpositive)
    notes = say_negative(question, variable, "their gap exceeds the line.")
    if asked.relative:
        found = evaluate_line(whole, asked, line_of)
        result = _below_estimated(
            question, measure, found, variable=variable, level=level, df=df, interval=interval
        )
        return replace(result, notes=(*result.notes, *found.notes(), *notes))
    if line_of not in get_args(LineOf):
        raise MpsurveyError(f"line_of='{line_of}' is not one of 'population', 'group'.")
    y = question.columns[0]
    z = np.full(len(y), asked.amount) if asked.expression is None else question.columns[1]
    inside = np.ones(len(y), dtype=bool) if question.answered is None else question.answered
    if question.domains.code is not None:
        inside = inside & (question.domains.code >= 0)
    if not (z[inside] > 0).all():
        raise MpsurveyError(f"The line '{asked.text}' is not above zero in every row.")
    gaps = measure.gap(y, np.where(inside, z, 1.0))
    result = answer(
        question.with_columns((gaps,)),
        linearise.mean,
        name=measure.name,
        variables=[variable],
        level=level,
        df=df,
        interval=interval,
    )
    return replace(result, notes=(*result.notes, asked.note(), *notes))


def _below_estimated(
    question: Question,
    measure: Measure,
    found: EstimatedLine,
    *,
    variable: str,
    level: float,
    df: DegreesOfFreedom,
    interval: Interval | None,
) -> Estimates:
    sample, domains, y = question.sample, question.domains, question.columns[0]
    code = np.zeros(len(y), dtype=np.intp) if domains.code is None else domains.code
    lines = found.by_domain(found.estimate)
    z = lines[code]  # code -1 reads the last line, for a row that is not counted
    columns = (measure.gap(y, z), measure.slope(y, z))
    totals = scanning.unit_totals(sample, domains, columns, answered=question.answered)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = totals.totals[:, 1] / totals.population
        slope = totals.totals[:, 2] / totals.population
        gradient = np.stack([-estimate, np.ones_like(estimate), np.zeros_like(estimate)], axis=-1)
        gradient /= totals.population[:, None]
    uncertainty: Uncertainty
    if found.replicated is None:
        if measure.step:
            slope += measure.step * _densities(question, lines)
        uncertainty = found.carried(taylor.score(totals, gradient[:, None, :]), slope)
    else:
        ordered = sort_by_domain(replace(question, domains=everybody(question).domains), y)
        again = _replicated(question, measure, found, ordered, code, totals)
        assert sample.replicates is not None  # noqa: S101 - there are lines of them
        uncertainty = replication.Deviations(estimate, again, sample.replicates)
    return report(
        question,
        totals,
        estimate,
        uncertainty,
        name=measure.name,
        variables=[variable],
        level=level,
        df=df,
        interval=interval,
    )


def _densities(question: Question, at: Floats) -> Floats:
    """Density of each group's incomes at a point of its own, shape (D,)."""
    y, w, inside = question.columns[0], question.sample.weight, question.answered
    code = question.domains.code
    if code is not None and question.domains.partial:
        inside = code >= 0 if inside is None else inside & (code >= 0)
    if inside is not None:
        y, w, code = y[inside], w[inside], None if code is None else code[inside]
    if code is None or len(at) == 1:
        return np.array([density(y, w, at[0])])
    return densities(y, w, code, at)


def _replicated(
    question: Question,
    measure: Measure,
    found: EstimatedLine,
    ordered: SortedValues,
    code: NDArray[np.intp],
    totals: UnitTotals,
) -> Floats:
    """Figures of each replicate with the line of that replicate, shape (R, D).

    Only those below the highest line are looked at; all people are counted by unit totals.
    """
    assert found.replicated is not None  # noqa: S101 - the caller has asked
    size = question.domains.size
    alone = replace(totals, values=totals.values[:, :1], totals=totals.totals[:, :1], moments=None)
    people = replication.replicate_totals(
        question.sample, alone, question.domains, (), question.answered, None
    )[:, :, 0]
    most = int(np.searchsorted(ordered.values, np.nanmax(found.replicated), side="right"))
    values, rows = ordered.values[:most], ordered.rows[:most]
    placed = code[rows] >= 0
    values, rows = values[placed], rows[placed]
    group = code[rows]
    again = np.empty_like(people)
    for r, weights in enumerate(replicate_weights(question.sample, rows)):
        z = found.by_domain(found.replicated[r])[group]
        again[r] = np.bincount(group, weights=measure.gap(values, z) * weights, minlength=size)
    with np.errstate(divide="ignore", invalid="ignore"):
        again /= people
    return np.where(np.isfinite(again), again, np.nan)
