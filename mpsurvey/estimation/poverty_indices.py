"""Poverty indices that look at the poor among themselves: Sen's, and the median gap."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation import replication, scanning, taylor
from mpsurvey.estimation.answering import DegreesOfFreedom, check_options, report
from mpsurvey.estimation.asking import By, Missing, ask
from mpsurvey.estimation.concentration import Ranks, gini_functional
from mpsurvey.estimation.densities import density, lower_quantile
from mpsurvey.estimation.estimates import Estimates, Uncertainty
from mpsurvey.estimation.folding import needs_rows
from mpsurvey.estimation.imputation import Imputed, each_imputation
from mpsurvey.estimation.influence import Functional, answer_functional, replicate_weights
from mpsurvey.estimation.positivity import say_negative
from mpsurvey.estimation.poverty_lines import Line, LineOf, evaluate_line, read_line
from mpsurvey.estimation.quantiles import sort_by_domain

__all__ = ["relative_median_gap", "sen"]

Floats = NDArray[np.float64]


def sen(
    sample: Sample,
    variable: str | Imputed,
    *,
    line: float,
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
    df: DegreesOfFreedom = "domain",
    ranks: Ranks = "middle",
) -> Estimates:
    r"""Estimate Sen's poverty index: how many are poor, how poor they are, and how unequally.

    Parameters
    ----------
    sample, variable, by, where, level, missing, df
        As in `mpsurvey.poverty`.
    line
        A fixed amount.
    ranks
        Of the Gini coefficient within, see `mpsurvey.gini`.

    Returns
    -------
    Estimates
        0 (nobody is poor) to 1.

    Raises
    ------
    MpsurveyError
        The line is no fixed amount.

    Notes
    -----
    .. math:: \hat S = \hat P_0 \hat G_p + \hat P_1 (1 - \hat G_p)

    with :math:`P_0` the poverty rate, :math:`P_1` the poverty gap and :math:`G_p` the Gini
    coefficient of the poor; this is :math:`H (I + (1 - I) G_p)`, Sen's index for large populations,
    linearised by its three parts. Sen (1976), Econometrica 44, 219-231.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"income": [10.0, 10, 40, 50]})
    >>> found = sen(mp.Sample(people, mp.Design()), "income", line=20)
    >>> float(found.frame.estimate[0])  # all the poor have the same: the poverty gap
    0.25
    """
    if isinstance(variable, Imputed):
        return each_imputation(sen, locals())
    within = gini_functional(ranks)
    if ranks == "upper":
        needs_rows(sample, "ranks='upper'")
    asked = read_line(line, sample)
    if asked.amount is None:
        raise MpsurveyError(f"line={line!r}: Sen's index takes a fixed amount, such as line=10000.")
    z = asked.amount
    question = ask(
        sample, (variable,), statistic="Sen's index", by=by, where=where, missing=missing
    )

    def parts(y: Floats, w: Floats) -> tuple[int, float, float, float]:
        poor = int(np.searchsorted(y, z, side="right"))
        below, some, whole = y[:poor], w[:poor], w.sum()
        unequal = within.figures(below, some)[0] if (some * below).sum() > 0 else 0.0
        rate, gap = some.sum() / whole, (some * (1 - below / z)).sum() / whole
        return poor, unequal, rate, gap

    def figures(y: Floats, w: Floats) -> Floats:
        _, unequal, rate, gap = parts(y, w)
        return np.array([rate * unequal + gap * (1 - unequal)])

    def influence(y: Floats, w: Floats) -> Floats:
        poor, unequal, rate, gap = parts(y, w)
        shortfall = np.maximum(1 - y / z, 0.0)
        found = unequal * ((y <= z) - rate) + (1 - unequal) * (shortfall - gap)
        found /= w.sum()
        if unequal > 0:
            found[:poor] += (rate - gap) * within.influence(y[:poor], w[:poor])[0]
        return np.asarray(found)[None, :]

    return answer_functional(
        question,
        Functional(figures, influence),
        name="Sen index",
        variables=[variable],
        level=level,
        df=df,
        notes=(asked.note(), *say_negative(question, variable, "their gap exceeds the line.")),
    )


def relative_median_gap(
    sample: Sample,
    variable: str | Imputed,
    *,
    line: Line = "60% of median",
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
    df: DegreesOfFreedom = "domain",
    line_of: LineOf = "population",
) -> Estimates:
    r"""Estimate the relative median poverty gap: how far below the line the median poor person is.

    Parameters
    ----------
    sample, variable, line, by, where, level, missing, df, line_of
        As in `mpsurvey.poverty`; a fixed line is an amount.

    Returns
    -------
    Estimates
        Shares of the line, 0 to 1; missing where nobody is poor. A note says the line.

    Notes
    -----
    With m the median of the poor of group D, f the density of incomes in D and P the poverty rate,

    .. math::

        \hat R = \frac{\hat z - \hat m}{\hat z}, \quad
        u_k(\hat m) = \frac{1}{\hat f_D(\hat m)} \left(\tfrac12 u_k(\hat P)
            - \frac{1[k \in D]}{\hat N_D} (1[y_k \le \hat m] - \tfrac12 \hat P)\right)

    with the influence on P and on the line z as in `mpsurvey.poverty`. Osier (2009), Survey
    Research Methods 3, 167-195; R's ``convey::svyrmpg``.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"income": [10.0, 20, 40, 50, 80]})
    >>> found = relative_median_gap(mp.Sample(people, mp.Design()), "income", line=25)
    >>> float(found.frame.estimate[0])
    0.6
    """
    if isinstance(variable, Imputed):
        return each_imputation(relative_median_gap, locals())
    check_options(level, False, df)  # noqa: FBT003
    asked = read_line(line, sample)
    if asked.expression is not None:
        raise MpsurveyError(
            f"line='{line}': a median gap needs one line, an amount or for instance "
            "'60% of median'."
        )
    question = ask(
        sample,
        (variable,),
        statistic="A median gap",
        by=by,
        where=where,
        missing=missing,
        everyone=asked.relative and line_of == "population",
    )
    found = evaluate_line(question, asked, line_of)
    z = found.by_domain(found.estimate)
    ordered = sort_by_domain(question, question.columns[0])
    middle, heights = np.full(len(z), np.nan), np.zeros((2, len(z)))
    for d, (start, end) in enumerate(pairwise(ordered.bounds)):
        y, w = ordered.values[start:end], ordered.weights[start:end]
        middle[d] = _median_of_poor(y, w, z[d])
        heights[:, d] = density(y, w, z[d]), density(y, w, middle[d])
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = 1 - middle / z
    y = question.columns[0]
    code = question.domains.code
    below = [(y <= at[0 if code is None else code]).astype(np.float64) for at in (z, middle)]
    totals = scanning.unit_totals(
        question.sample, question.domains, tuple(below), answered=question.answered
    )
    uncertainty: Uncertainty
    if found.replicated is None:
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = totals.totals[:, 1] / totals.population
            factor = -1 / (z * heights[1] * totals.population)
            gradient = np.stack([-0.0 * rate, 0.5 + 0 * rate, -1 + 0 * rate], axis=-1)
            # Half of (poor - P), less (below the median - P / 2): P cancels.
            gradient *= factor[:, None]
            slope = -0.5 * heights[0] / (z * heights[1]) + middle / z**2
        own = taylor.score(totals, gradient[:, None, :])
        uncertainty = found.carried(own, slope)
    else:
        again = np.full((len(found.replicated), len(z)), np.nan)
        for r, inside in enumerate(replicate_weights(question.sample, ordered.rows)):
            lines = found.by_domain(found.replicated[r])
            for d, (start, end) in enumerate(pairwise(ordered.bounds)):
                at = _median_of_poor(ordered.values[start:end], inside[start:end], lines[d])
                again[r, d] = 1 - at / lines[d]
        assert question.sample.replicates is not None  # noqa: S101 - there are figures of them
        uncertainty = replication.Deviations(estimate, again, question.sample.replicates)
    result = report(
        question,
        totals,
        estimate,
        uncertainty,
        name="relative median poverty gap",
        variables=[variable],
        level=level,
        df=df,
    )
    return replace(result, notes=(*result.notes, *found.notes()))


def _median_of_poor(y: Floats, w: Floats, line: float) -> float:
    poor = int(np.searchsorted(y, line, side="right")) if np.isfinite(line) else 0
    return lower_quantile(y[:poor], w[:poor], 0.5)
