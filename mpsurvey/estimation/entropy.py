"""Inequality as a function of totals: generalised entropy and Atkinson's index."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation.answering import DegreesOfFreedom, answer
from mpsurvey.estimation.asking import By, Missing, Question, ask
from mpsurvey.estimation.estimates import Estimates
from mpsurvey.estimation.imputation import Imputed, each_imputation
from mpsurvey.estimation.linearise import Numbers
from mpsurvey.estimation.positivity import NonPositive, keep_positive

__all__ = ["atkinson", "generalised_entropy"]

Floats = NDArray[np.float64]


def generalised_entropy(
    sample: Sample,
    variable: str | Imputed,
    order: float | Sequence[float] = 1,
    *,
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
    df: DegreesOfFreedom = "domain",
    nonpositive: NonPositive = "fail",
) -> Estimates:
    r"""Estimate a generalised entropy index: Theil's and the mean log deviation among them.

    Use it where inequality is to be split: the index of all is the inequality between groups plus a
    weighted sum of that within them.

    Parameters
    ----------
    sample, by, where, level, missing, df
        As in `mpsurvey.total`.
    variable
        Income or consumption.
    order
        One order or several. 0: mean log deviation, which looks at the poor; 1: Theil's index; 2:
        half the squared coefficient of variation, which looks at the rich; any other number.
    nonpositive
        Orders of 0 and below need values above zero, those above 0 allow zero. Other values are an
        error (``"fail"``), or their rows are left out of the groups and a note says how many
        (``"leave_out"``).

    Returns
    -------
    Estimates
        0 when all have the same; `category` holds the order.

    Raises
    ------
    MpsurveyError
        Values that an order is not defined for.

    Notes
    -----
    With :math:`\bar y` the mean and :math:`\bar g` the weighted mean of g(y),

    .. math::

        I_a = \frac{\overline{(y/\bar y)^a} - 1}{a (a - 1)}, \quad
        I_1 = \overline{(y/\bar y) \log (y/\bar y)}, \quad
        I_0 = -\overline{\log (y/\bar y)}

    Functions of totals, linearised by their derivatives. Shorrocks (1984), Econometrica 52,
    1369-1385; Biewen and Jenkins (2006), Oxford Bulletin 68, 371-383; R's ``convey::svygei``.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"income": [10.0, 20, 30]})
    >>> found = generalised_entropy(mp.Sample(people, mp.Design()), "income", (0, 2))
    >>> found.frame.estimate.round(4).tolist()
    [0.0959, 0.0833]
    """
    if isinstance(variable, Imputed):
        return each_imputation(generalised_entropy, locals())
    orders = np.atleast_1d(np.asarray(order, dtype=np.float64))
    if not np.isfinite(orders).all():
        raise MpsurveyError(f"order={order!r} is not a number.")
    question = ask(
        sample,
        (variable,),
        statistic="An entropy index",
        by=by,
        where=where,
        missing=missing,
    )
    said = f"the entropy index of order {orders.min():g}"
    question = keep_positive(question, variable, said, nonpositive, zero=bool(orders.min() > 0))

    def statistic(totals: Numbers) -> Numbers:
        mean = totals[..., 1] / totals[..., 0]
        found = []
        for place, a in enumerate(orders, start=2):
            other = totals[..., place] / totals[..., 0]
            if a == 0:
                found.append(np.log(mean) - other)
            elif a == 1:
                found.append(other / mean - np.log(mean))
            else:
                found.append((other / mean**a - 1) / (a * (a - 1)))
        return np.stack(found, axis=-1)

    return answer(
        _with_powers(question, orders),
        statistic,
        name="generalised entropy",
        variables=[variable] * len(orders),
        labels=orders.tolist(),
        level=level,
        df=df,
    )


def atkinson(
    sample: Sample,
    variable: str | Imputed,
    epsilon: float | Sequence[float] = 0.5,
    *,
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
    df: DegreesOfFreedom = "domain",
    nonpositive: NonPositive = "fail",
) -> Estimates:
    r"""Estimate Atkinson's index: the share of income that equality would let a society do without.

    Parameters
    ----------
    sample, by, where, level, missing, df
        As in `mpsurvey.total`.
    variable
        Income or consumption.
    epsilon
        Aversion to inequality, above 0; one value or several. The larger it is, the more the
        poorest count.
    nonpositive
        From epsilon = 1 on, values must be above zero; below, zero is allowed. Other values are an
        error (``"fail"``), or their rows are left out of the groups and a note says how many
        (``"leave_out"``).

    Returns
    -------
    Estimates
        0 (all have the same) to 1; `category` holds epsilon.

    Raises
    ------
    MpsurveyError
        Values that the index is not defined for; epsilon not above 0.

    Notes
    -----
    .. math::

        A_\epsilon = 1 - \left[\overline{(y/\bar y)^{1 - \epsilon}}\right]^{1/(1 - \epsilon)}, \quad
        A_1 = 1 - \exp(\overline{\log (y/\bar y)})

    Functions of totals, linearised by their derivatives. Atkinson (1970), Journal of Economic
    Theory 2, 244-263; Biewen and Jenkins (2006), Oxford Bulletin 68, 371-383; R's
    ``convey::svyatk``.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"income": [10.0, 40]})
    >>> found = atkinson(mp.Sample(people, mp.Design()), "income", 1)
    >>> round(float(found.frame.estimate[0]), 9)  # geometric mean 20, mean 25
    0.2
    """
    if isinstance(variable, Imputed):
        return each_imputation(atkinson, locals())
    aversions = np.atleast_1d(np.asarray(epsilon, dtype=np.float64))
    problems = [f"epsilon={e:g} is not above 0." for e in aversions if not 0 < e < np.inf]
    if problems:
        raise MpsurveyError(problems)
    question = ask(
        sample, (variable,), statistic="Atkinson's index", by=by, where=where, missing=missing
    )
    said = f"Atkinson's index of epsilon {aversions.max():g}"
    question = keep_positive(question, variable, said, nonpositive, zero=bool(aversions.max() < 1))
    powers = 1 - aversions

    def statistic(totals: Numbers) -> Numbers:
        mean = totals[..., 1] / totals[..., 0]
        found = []
        for place, a in enumerate(powers, start=2):
            other = totals[..., place] / totals[..., 0]
            found.append(1 - (np.exp(other) if a == 0 else other ** (1 / a)) / mean)
        return np.stack(found, axis=-1)

    return answer(
        _with_powers(question, powers),
        statistic,
        name="Atkinson index",
        variables=[variable] * len(powers),
        labels=aversions.tolist(),
        level=level,
        df=df,
    )


def _with_powers(question: Question, powers: Floats) -> Question:
    """Columns y and, for each power a, y^a; log y for 0 and y log y for 1.

    In units of the overall mean, which changes no index and keeps large powers within range.
    """
    values, weight = question.columns[0], question.sample.weight
    inside = np.ones(len(values), dtype=bool) if question.answered is None else question.answered
    if question.domains.code is not None:
        inside = inside & (question.domains.code >= 0)
    y = np.where(inside, values, 1.0)
    some = weight * inside
    mean = some @ y / some.sum() if some.any() else 1.0
    if mean > 0:
        y = y / mean
    columns = [y]
    for a in powers:
        if a == 0:
            columns.append(np.log(y))
        elif a == 1:
            columns.append(np.asarray(xlogy(y, y)))
        else:
            columns.append(np.asarray(y**a))
    return question.with_columns(tuple(columns))
