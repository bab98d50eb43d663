"""Inequality read off the order of incomes: Gini coefficient, quintile shares, Lorenz curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation.answering import DegreesOfFreedom
from mpsurvey.estimation.asking import By, Missing, ask
from mpsurvey.estimation.densities import local_mean, lower_quantile
from mpsurvey.estimation.estimates import Estimates
from mpsurvey.estimation.folding import needs_rows
from mpsurvey.estimation.imputation import Imputed, each_imputation
from mpsurvey.estimation.influence import Functional, answer_functional
from mpsurvey.estimation.positivity import say_negative

__all__ = ["Ranks", "gini", "gini_functional", "lorenz", "quintile_share_ratio"]

Floats = NDArray[np.float64]
Ranks = Literal["middle", "upper"]


def gini_functional(ranks: Ranks = "middle") -> Functional:
    """The Gini coefficient of sorted values, as a statistic of their weights; see `gini`."""
    if ranks not in ("middle", "upper"):
        raise MpsurveyError(f"ranks='{ranks}' is not one of 'middle', 'upper'.")

    def figures(y: Floats, w: Floats) -> Floats:
        income = w * y
        # Sums and not products of vectors: those wake threads for every group and replicate.
        ranked = (np.cumsum(w) * income).sum()
        taken = (income * w).sum() if ranks == "middle" else income.sum()
        return np.array([(2 * ranked - taken) / (w.sum() * income.sum()) - 1])

    def influence(y: Floats, w: Floats) -> Floats:
        income = w * y
        below, people, amount = np.cumsum(w), w.sum(), income.sum()
        slope = 2 * (y * below + amount - np.cumsum(income))
        if ranks == "upper":
            slope += 2 * income - y
        one_more = figures(y, w)[0] + 1
        found = slope / (people * amount) - one_more * (1 / people + y / amount)
        return np.asarray(found)[None, :]

    return Functional(figures, influence)


def gini(
    sample: Sample,
    variable: str | Imputed,
    *,
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
    df: DegreesOfFreedom = "domain",
    ranks: Ranks = "middle",
) -> Estimates:
    r"""Estimate the Gini coefficient: half the mean gap between two people, over the mean.

    Parameters
    ----------
    sample, by, where, level, missing, df
        As in `mpsurvey.total`.
    variable
        Income, consumption or wealth of the person, or of the household per adult equivalent.
    ranks
        How a row that stands for w people ranks them. ``"middle"``: as w people side by side, so
        the result is that of the population written out person by person. ``"upper"``: all at the
        last one's rank, as R's ``convey::svygini``; too high by
        :math:`\sum w (w - 1) y / (\hat N \hat Y)`, about 1/n, and changed by a change of the
        weights' scale.

    Returns
    -------
    Estimates
        0 (all have the same) to 1; above 1 is possible with values below zero, and is said.

    Notes
    -----
    In the order of y, with r the sum of weights up to and with row k and S that of w y,

    .. math::

        \hat G = \frac{2 \sum w_k r_k y_k - \sum w_k^2 y_k}{\hat N \hat Y} - 1
               = \frac{\sum_k \sum_l w_k w_l |y_k - y_l|}{2 \hat N \hat Y}

    .. math::

        u_k = \frac{2 (r_k y_k + \hat Y - S_k)}{\hat N \hat Y}
              - (\hat G + 1) \left(\frac1{\hat N} + \frac{y_k}{\hat Y}\right)

    The influence value is the exact derivative by the weight, so rows with the same income may
    stand in any order. Langel and Tillé (2013), Journal of the Royal Statistical Society A 176,
    521-540; Lerman and Yitzhaki (1989), Journal of Econometrics 42, 43-47; the estimate is that of
    R's ``laeken::gini`` and of Eurostat.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"w": [2.0, 1, 1], "income": [10.0, 20, 40]})
    >>> found = gini(mp.Sample(people, mp.Design(weight="w")), "income")
    >>> float(found.frame.estimate[0])
    0.3125
    """
    if isinstance(variable, Imputed):
        return each_imputation(gini, locals())
    functional = gini_functional(ranks)
    if ranks == "upper":
        needs_rows(sample, "ranks='upper'")
    question = ask(
        sample, (variable,), statistic="A Gini coefficient", by=by, where=where, missing=missing
    )
    return answer_functional(
        question,
        functional,
        name="Gini coefficient",
        variables=[variable],
        level=level,
        df=df,
        notes=say_negative(question, variable, "the Gini coefficient can then exceed 1."),
    )


def quintile_share_ratio(
    sample: Sample,
    variable: str | Imputed,
    *,
    top: float = 0.2,
    bottom: float = 0.2,
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
    df: DegreesOfFreedom = "domain",
) -> Estimates:
    r"""Estimate the income of the richest over that of the poorest: S80/S20, Palma and their kin.

    Parameters
    ----------
    sample, by, where, level, missing, df
        As in `mpsurvey.total`.
    variable
        Income or consumption.
    top, bottom
        Shares of the people. 0.2 and 0.2 give S80/S20; ``top=0.1, bottom=0.1`` S90/S10;
        ``top=0.1, bottom=0.4`` the Palma ratio.

    Returns
    -------
    Estimates
        The total of those above the quantile 1 - top, over that of those at or below the quantile
        `bottom`. Groups have their own quantiles. Missing where the poorest have nothing.

    Notes
    -----
    With :math:`S_p = \sum w y 1[y \le Q_p]` and m(Q) the mean of y near Q (a Gaussian kernel; it
    stands for the ratio of two densities and is close to Q),

    .. math:: u_k(S_p) = y_k 1[y_k \le Q_p] - m(Q_p) (1[y_k \le Q_p] - p)

    and the ratio :math:`(\hat Y - S_{1 - t}) / S_b` follows by its derivative. Osier (2009), Survey
    Research Methods 3, 167-195; Langel and Tillé (2011), Journal of Official Statistics 27,
    379-391; R's ``convey::svyqsr``.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"income": [10.0, 20, 30, 40, 50]})
    >>> found = quintile_share_ratio(mp.Sample(people, mp.Design()), "income")
    >>> float(found.frame.estimate[0])
    5.0
    """
    if isinstance(variable, Imputed):
        return each_imputation(quintile_share_ratio, locals())
    problems = [
        f"{name}={share:g} is not a share between 0 and 1."
        for name, share in (("top", top), ("bottom", bottom))
        if not 0 < share < 1
    ]
    if problems:
        raise MpsurveyError(problems)
    question = ask(
        sample, (variable,), statistic="A share ratio", by=by, where=where, missing=missing
    )

    def parts(y: Floats, w: Floats) -> tuple[float, float, float, float]:
        low, high = lower_quantile(y, w, bottom), lower_quantile(y, w, 1 - top)
        income = w * y
        poor = income[: np.searchsorted(y, low, side="right")].sum()
        rich = income[np.searchsorted(y, high, side="right") :].sum()
        return low, high, poor, rich

    def figures(y: Floats, w: Floats) -> Floats:
        _, _, poor, rich = parts(y, w)
        return np.array([rich / poor if poor > 0 else np.nan])

    def influence(y: Floats, w: Floats) -> Floats:
        low, high, poor, rich = parts(y, w)
        if not poor > 0:
            return np.zeros((1, len(y)))
        of_poor = y * (y <= low) - local_mean(y, w, low) * ((y <= low) - bottom)
        of_rich = y * (y > high) + local_mean(y, w, high) * ((y <= high) - (1 - top))
        return np.asarray(of_rich / poor - rich / poor**2 * of_poor)[None, :]

    return answer_functional(
        question,
        Functional(figures, influence),
        name="share ratio",
        variables=[variable],
        level=level,
        df=df,
        notes=(
            f"The top {100 * top:g} % over the bottom {100 * bottom:g} % of each group.",
            *say_negative(question, variable, "they count as they are in the shares."),
        ),
    )


def lorenz(
    sample: Sample,
    variable: str | Imputed,
    p: float | Sequence[float] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
    *,
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
    df: DegreesOfFreedom = "domain",
) -> Estimates:
    r"""Estimate ordinates of the Lorenz curve: the poorest 40 % have this share of all income.

    Parameters
    ----------
    sample, by, where, level, missing, df
        As in `mpsurvey.total`.
    variable
        Income, consumption or wealth.
    p
        One share of the people or several, 0 to 1.

    Returns
    -------
    Estimates
        Shares, 0 to 1, each with its own interval (the band of all together would be wider);
        `category` holds p. The income share of the richest tenth is 1 less the ordinate at 0.9:
        ``mp.contrast`` gives it, and the share of any class in between.

    Notes
    -----
    A row that straddles p counts in part. With Q the interpolated quantile,

    .. math::

        \hat L(p) = \frac1{\hat Y} \sum_k w_k y_k
            \min\!\left(\max\!\left(\frac{p \hat N - r_{k-1}}{w_k}, 0\right), 1\right), \quad
        u_k = \frac{(y_k - Q_p) 1[y_k \le Q_p] + p\,Q_p - y_k \hat L(p)}{\hat Y}

    Kovačević and Binder (1997), Journal of Official Statistics 13, 41-58; R's
    ``convey::svylorenz``.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"income": [10.0, 20, 30, 40]})
    >>> found = lorenz(mp.Sample(people, mp.Design()), "income", (0.25, 0.5))
    >>> found.frame[["category", "estimate"]].to_numpy().tolist()
    [[0.25, 0.1], [0.5, 0.3]]
    """
    if isinstance(variable, Imputed):
        return each_imputation(lorenz, locals())
    points = np.atleast_1d(np.asarray(p, dtype=np.float64))
    problems = [f"p={x:g} is not between 0 and 1." for x in points if not 0 <= x <= 1]
    if problems:
        raise MpsurveyError(problems)
    question = ask(
        sample, (variable,), statistic="A Lorenz curve", by=by, where=where, missing=missing
    )

    def cumulated(y: Floats, w: Floats) -> tuple[Floats, Floats]:
        people = np.append(0.0, np.cumsum(w))
        # A replicate weight below zero would let the curve run backwards.
        return np.maximum.accumulate(people), np.append(0.0, np.cumsum(w * y))

    def figures(y: Floats, w: Floats) -> Floats:
        people, income = cumulated(y, w)
        return np.asarray(np.interp(points * people[-1], people, income) / income[-1])

    def influence(y: Floats, w: Floats) -> Floats:
        people, income = cumulated(y, w)
        ordinates = figures(y, w)
        quantiles = np.interp(points * people[-1], people, np.append(y[0], y))
        found = np.zeros((len(points), len(y)))
        # One ordinate after the other: side by side they would need memory for several tables.
        for one, share, at, ordinate in zip(found, points, quantiles, ordinates, strict=True):
            if 0 < share < 1:
                np.multiply(y - at, y <= at, out=one)
                one += share * at - y * ordinate
                one /= income[-1]
        return found

    return answer_functional(
        question,
        Functional(figures, influence, len(points)),
        name="Lorenz curve",
        variables=[variable] * len(points),
        labels=points.tolist(),
        level=level,
        df=df,
        notes=say_negative(question, variable, "the Lorenz curve then begins below zero."),
    )
