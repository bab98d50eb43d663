"""Variance and correlation in the population."""

from __future__ import annotations

import numpy as np

from mpsurvey.design import Sample
from mpsurvey.estimation.answering import Deff, DegreesOfFreedom, answer
from mpsurvey.estimation.asking import By, Missing, Question, ask, counts
from mpsurvey.estimation.estimates import Estimates
from mpsurvey.estimation.imputation import Imputed, each_imputation
from mpsurvey.estimation.intervals import Floats, t_interval
from mpsurvey.estimation.linearise import Numbers

__all__ = ["correlation", "variance"]


def variance(
    sample: Sample,
    variable: str | Imputed,
    *,
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
    deff: Deff = False,
    df: DegreesOfFreedom = "domain",
) -> Estimates:
    r"""Estimate the variance of a variable among people, not of an estimate.

    Parameters
    ----------
    sample, by, where, level, missing, deff, df
        As in `mpsurvey.total`.
    variable
        A numeric column or a formula.

    Returns
    -------
    Estimates
        In the square of the variable's unit.

    Notes
    -----
    .. math:: S^2 = \frac{n}{n - 1} \frac{\sum w (y - \bar y)^2}{\sum w}

    with n the rows of the group, as R's ``svyvar``.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> sample = mp.Sample(pd.DataFrame({"age": [20.0, 30, 40]}), mp.Design())
    >>> round(float(variance(sample, "age").frame.estimate[0]), 9)
    100.0
    """
    if isinstance(variable, Imputed):
        return each_imputation(variance, locals())
    question = ask(sample, (variable,), statistic="A variance", by=by, where=where, missing=missing)
    question = _with_products(question)
    n = counts(question)[:, None]

    def statistic(totals: Numbers) -> Numbers:
        return _covariance(totals, 1, 1, 2) * n / (n - 1)

    return answer(
        question, statistic, name="variance", variables=[variable], level=level, deff=deff, df=df
    )


def correlation(
    sample: Sample,
    variable: str | Imputed,
    other: str | Imputed,
    *,
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
    df: DegreesOfFreedom = "domain",
) -> Estimates:
    r"""Estimate Pearson's correlation of two variables among people.

    Parameters
    ----------
    sample, by, where, level, missing, df
        As in `mpsurvey.total`. A row counts when both variables are answered.
    variable, other
        Numeric columns or formulas.

    Returns
    -------
    Estimates
        Between -1 and 1; `variable` is ``"variable with other"``. The interval is found on
        Fisher's scale ``atanh(r)``, so it stays between -1 and 1.

    Notes
    -----
    .. math:: r = S_{xy} / \sqrt{S_x^2 S_y^2}

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"age": [20.0, 30, 40, 50], "years": [1.0, 3, 4, 7]})
    >>> found = correlation(mp.Sample(people, mp.Design()), "age", "years")
    >>> round(float(found.frame.estimate[0]), 4)
    0.9812
    """
    if isinstance(variable, Imputed) or isinstance(other, Imputed):
        return each_imputation(correlation, locals(), _fisher)
    question = ask(
        sample, (variable, other), statistic="A correlation", by=by, where=where, missing=missing
    )
    question = _with_products(question)

    def statistic(totals: Numbers) -> Numbers:
        both = _covariance(totals, 1, 2, 4)
        return np.asarray(
            both / np.sqrt(_covariance(totals, 1, 1, 3) * _covariance(totals, 2, 2, 5))
        )

    return answer(
        question,
        statistic,
        name="correlation",
        variables=[f"{variable} with {other}"],
        level=level,
        df=df,
        interval=_fisher,
    )


def _with_products(question: Question) -> Question:
    """Centre the columns in each group and append their products.

    A spread does not change when a group is moved, and no digits are lost to large means.
    """
    weight, kept = question.sample.weight, question.answered
    some = weight if kept is None else weight * kept
    code = question.domains.code
    if code is None:
        code = np.zeros(len(some), dtype=np.intp)
    inside = code >= 0
    where, size = code[inside], question.domains.size

    def group_means(column: Floats) -> Floats:
        total = np.bincount(where, some[inside] * column[inside], size)
        everyone = np.bincount(where, some[inside], size)
        means = np.divide(total, everyone, out=np.zeros(size), where=everyone != 0)
        return np.asarray(means[code])

    centred = []
    for column in question.columns:
        once = np.where(inside, column - group_means(column), 0.0)
        centred.append(once - group_means(once))  # the first mean has the digits of the column
    products = [first * second for i, first in enumerate(centred) for second in centred[i:]]
    return question.with_columns((*centred, *products))


def _covariance(totals: Numbers, x: int, y: int, product: int) -> Numbers:
    weight = totals[..., 0:1]
    sums = totals[..., x : x + 1] * totals[..., y : y + 1]
    return np.asarray(totals[..., product : product + 1] / weight - sums / weight**2)


def _fisher(r: Floats, se: Floats, df: Floats, _n: Floats, level: float) -> tuple[Floats, Floats]:
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = t_interval(np.arctanh(r), se / (1 - r**2), df, level)
    perfect = np.abs(r) >= 1
    return np.where(perfect, r, np.tanh(low)), np.where(perfect, r, np.tanh(high))
