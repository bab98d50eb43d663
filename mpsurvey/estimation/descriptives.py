"""Totals, means, proportions and ratios."""

from __future__ import annotations

import numpy as np

from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation import linearise
from mpsurvey.estimation.answering import Deff, DegreesOfFreedom, answer
from mpsurvey.estimation.asking import By, Missing, ask
from mpsurvey.estimation.estimates import Estimates
from mpsurvey.estimation.imputation import Imputed, each_imputation
from mpsurvey.estimation.intervals import Floats, ProportionInterval, proportion_interval

__all__ = ["mean", "proportion", "ratio", "total"]


def total(
    sample: Sample,
    variable: str | Imputed | None = None,
    *,
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
    deff: Deff = False,
    df: DegreesOfFreedom = "domain",
) -> Estimates:
    r"""Estimate the total of an amount, or how many people there are.

    Parameters
    ----------
    sample
        The sample.
    variable
        A numeric column; or a formula (``"earn * 12"``); or a rule (``"age >= 15"``), whose total
        is the number of people for whom it holds; or `Imputed`, here and in every verb. Without
        it, the number of people.
    by
        One variable or several, crossed: a figure for each group. Groups are domains of the whole
        design.
    where
        A rule that all groups obey, such as ``"age >= 15"``.
    level
        Confidence level.
    missing
        What an unanswered value means. ``"domain"``: the row stays in the design and the figure
        is for the answered. ``"drop"``: the row is removed before units are counted, as Stata
        does. ``"fail"``: an error.
    deff
        Design effect against a simple random sample of the same size, ``"without_replacement"``
        (also True) or ``"with_replacement"``.
    df
        Degrees of freedom: PSUs less strata that have data in the group (``"domain"``, as R); of
        the whole design (``"design"``, as Stata); or ``"effective"``: those of
        the group, or fewer where a few PSUs carry the figure, as its own scores show. Take the last
        for contributions, shares and gaps of rare groups and for skewed amounts; with replicate
        weights it is ``"domain"``.

    Returns
    -------
    Estimates
        In the unit of the variable.

    Raises
    ------
    ColumnMissing
        A name is not a column of the data.
    MpsurveyError
        The variable holds text or labelled categories.

    Notes
    -----
    .. math:: \hat Y = \sum_k w_k y_k

    Särndal, Swensson and Wretman (1992), Model Assisted Survey Sampling, section 4.3.

    The effective degrees of freedom are those of the chi-squared variable that varies as the
    variance does. With e the scaled deviation of a unit's score from the mean of its stratum, n
    units drawn in a stratum, and sums over units i, strata h and stages,

    .. math:: \nu = \frac{2 \hat V^2}{\hat V(\hat V)} - 2, \quad
              \hat V(\hat V) = \sum_h \left[ \frac{3 n_h + 1}{3 (n_h - 1)} \sum_i e_{hi}^4
              - \frac{1}{n_h} \Big(\sum_i e_{hi}^2\Big)^2 \right]

    at least 1 and at most those of the group. Satterthwaite (1946), Biometrics Bulletin 2,
    110-114; Welch (1947), Biometrika 34, 28-35; Valliant and Rust (2010), Journal of Official
    Statistics 26, 585-602.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"w": [10.0] * 4, "ea": [1, 1, 2, 2], "hours": [30, 50, 40, None]})
    >>> sample = mp.Sample(people, mp.Design(weight="w", psu="ea"))
    >>> float(total(sample, "hours").frame.estimate[0])
    1200.0
    """
    if isinstance(variable, Imputed):
        return each_imputation(total, locals())
    named = "people" if variable is None else variable
    wanted = () if variable is None else (variable,)
    question = ask(
        sample,
        wanted,
        statistic="A total",
        by=by,
        where=where,
        missing=missing,
        sums=() if deff else wanted,
    )
    if variable is None:
        question = question.with_columns((np.ones(len(question.sample)),))
    return answer(
        question, linearise.total, name="total", variables=[named], level=level, deff=deff, df=df
    )


def mean(
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
    r"""Estimate the mean of a numeric variable.

    Parameters
    ----------
    sample, by, where, level, missing, deff, df
        As in `total`.
    variable
        A numeric column or a formula. A column of text or of labelled categories is an error that
        names `proportion`.

    Returns
    -------
    Estimates
        In the unit of the variable; t intervals.

    Notes
    -----
    .. math:: \bar y = \frac{\sum w y}{\sum w}, \quad u_k = \frac{w_k (y_k - \bar y)}{\sum w}

    The mean is a ratio of two totals: the number of people in the group is estimated too.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"w": [1.0, 1, 2, 2], "ea": [1, 2, 3, 4], "age": [20, 30, 40, 60]})
    >>> found = mean(mp.Sample(people, mp.Design(weight="w", psu="ea")), "age")
    >>> round(float(found.frame.estimate[0]), 3), int(found.frame.df[0])
    (41.667, 3)
    """
    if isinstance(variable, Imputed):
        return each_imputation(mean, locals())
    question = ask(
        sample,
        (variable,),
        statistic="A mean",
        by=by,
        where=where,
        missing=missing,
        sums=() if deff else (variable,),
    )
    return answer(
        question, linearise.mean, name="mean", variables=[variable], level=level, deff=deff, df=df
    )


def proportion(
    sample: Sample,
    variable: str | Imputed,
    *,
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
    deff: Deff = False,
    df: DegreesOfFreedom = "domain",
    ci: ProportionInterval = "logit",
    every_category: bool = False,
) -> Estimates:
    r"""Estimate the share of each category of a variable, or of those for whom a rule holds.

    Parameters
    ----------
    sample, by, where, level, missing, deff, df
        As in `total`.
    variable
        A categorical column: numbers with labels, text, true/false. One row per category. Or a
        rule such as ``"c5_02 == 1"``: one row, the share of people for whom it holds; people who
        did not answer do not obey a comparison and count in the base, so prefer the column itself,
        or say ``where="answered(c5_02)"``.
    ci
        ``"logit"``, ``"beta"`` (Korn and Graubard; for small n and rare traits), ``"wilson"`` or
        ``"normal"``.
    every_category
        A row also for the categories that the labels declare and nobody chose.

    Returns
    -------
    Estimates
        Shares, 0 to 1.

    Notes
    -----
    .. math:: p_c = \frac{\sum w\,1[y = c]}{\sum w}

    Intervals: see `mpsurvey.estimation.intervals.proportion_interval`.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"ea": [1, 2, 3, 4], "sex": ["f", "m", "f", "f"]})
    >>> sample = mp.Sample(people, mp.Design(psu="ea"))
    >>> proportion(sample, "sex").frame[["category", "estimate"]].values.tolist()
    [['f', 0.75], ['m', 0.25]]
    """
    if ci not in ("logit", "beta", "wilson", "normal"):
        raise MpsurveyError(f"ci='{ci}' is not one of 'logit', 'beta', 'wilson', 'normal'.")

    def limits(
        p: Floats, se: Floats, freedom: Floats, n: Floats, confidence: float
    ) -> tuple[Floats, Floats]:
        return proportion_interval(ci, p, se, freedom, n, confidence)

    if isinstance(variable, Imputed):
        return each_imputation(proportion, locals(), limits)
    if variable in sample.frame.columns:
        question = ask(
            sample,
            (),
            statistic="A proportion",
            by=by,
            where=where,
            missing=missing,
            categorical=variable,
            every_category=every_category,
        )
        found = question.categories
        width = 0 if found is None else len(found.values)
        form = linearise.proportion
    else:
        question = ask(
            sample, (variable,), statistic="A proportion", by=by, where=where, missing=missing
        )
        width, form = 1, linearise.mean
        if any(((column != 0) & (column != 1)).any() for column in question.columns):
            raise MpsurveyError(f"'{variable}' is no condition: write a rule such as 'age >= 15'.")
    return answer(
        question,
        form,
        name="proportion",
        variables=[variable] * width,
        level=level,
        deff=deff,
        df=df,
        interval=limits,
    )


def ratio(
    sample: Sample,
    numerator: str | Imputed,
    denominator: str | Imputed,
    *,
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
    deff: Deff = False,
    df: DegreesOfFreedom = "domain",
) -> Estimates:
    r"""Estimate the ratio of two totals.

    Parameters
    ----------
    sample, by, where, level, missing, deff, df
        As in `total`. A row counts when both variables are answered.
    numerator, denominator
        Numeric columns, formulas or rules: ``ratio(s, "lfs == 2", "lfs in (1, 2)")`` is the
        unemployment rate.

    Returns
    -------
    Estimates
        In units of the numerator per unit of the denominator; `variable` is
        ``"numerator / denominator"``.

    Notes
    -----
    .. math:: R = \frac{\sum w y}{\sum w x}, \quad u_k = \frac{w_k (y_k - R x_k)}{\sum w x}

    Woodruff (1971), JASA 66, 411-414.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> homes = pd.DataFrame({"ea": [1, 2, 3], "spent": [10.0, 20, 30], "people": [1, 2, 2]})
    >>> found = ratio(mp.Sample(homes, mp.Design(psu="ea")), "spent", "people")
    >>> float(found.frame.estimate[0])
    12.0
    """
    if isinstance(numerator, Imputed) or isinstance(denominator, Imputed):
        return each_imputation(ratio, locals())
    question = ask(
        sample,
        (numerator, denominator),
        statistic="A ratio",
        by=by,
        where=where,
        missing=missing,
        yes_no=True,
        sums=() if deff else (numerator, denominator),
    )
    named = f"{numerator} / {denominator}"
    return answer(
        question, linearise.ratio, name="ratio", variables=[named], level=level, deff=deff, df=df
    )
