"""Statistics that are no function of totals: a row's influence on them takes the same road.

A quantile, a poverty line or a Gini coefficient depends on the order of the values. What a row adds
to it is its *influence value* u, the derivative of the statistic by the row's weight. The weighted
sums of u in the sampling units are the scores that `mpsurvey.estimation.taylor` makes variances
from; where the sample has replicates, the statistic itself is worked out again with each set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation import replication, scanning, taylor
from mpsurvey.estimation.answering import DegreesOfFreedom, Interval, check_options, report
from mpsurvey.estimation.asking import Question
from mpsurvey.estimation.domains import split_domains
from mpsurvey.estimation.estimates import Estimates, Uncertainty
from mpsurvey.estimation.quantiles import SortedValues, sort_by_domain
from mpsurvey.estimation.totals_by_unit import UnitTotals

__all__ = [
    "Evaluated",
    "Functional",
    "answer_functional",
    "evaluate_functional",
    "everybody",
    "influence_scores",
    "refuse_parts",
    "replicate_weights",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Functional:
    """A statistic of the values of a group, in order, and their weights.

    Attributes
    ----------
    figures
        From sorted values and weights, each of shape (m,), to q figures. Weights of zero count for
        nothing.
    influence
        From the same to the derivative of each figure by each weight, shape (q, m).
    count
        q.
    """

    figures: Callable[[Floats, Floats], Floats]
    influence: Callable[[Floats, Floats], Floats]
    count: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """Figures of each domain, found from its sorted values.

    Attributes
    ----------
    totals
        Unit totals: n, population and degrees of freedom of the domains.
    estimate
        Shape (D, q).
    uncertainty
        Unit scores, or the figures of the replicates.
    """

    totals: UnitTotals
    estimate: Floats
    uncertainty: Uncertainty


def influence_scores(
    question: Question, influence: Floats
) -> tuple[UnitTotals, taylor.Scores | taylor.Residuals]:
    """Turn the rows' influence values into unit scores.

    Use it for any statistic whose influence values are known: sum them with the weights, stage by
    stage and with the calibration of the weights taken out, as for a total.

    Parameters
    ----------
    question
        What was asked; rows outside its domains, or without an answer, score nothing.
    influence
        Derivative of the q figures of a row's own domain by the row's weight, shape (n,) or (n, q).
        A figure that depends on rows of other domains too, through a line or a mean of everybody,
        has two parts: join the scores of both, and combine them with the slope of the figure.

    Returns
    -------
    totals, scores
        The scores of D q figures, domain by domain.
    """
    columns = np.atleast_2d(influence.T)
    figures = len(columns)
    totals = scanning.unit_totals(
        question.sample, question.domains, tuple(columns), answered=question.answered
    )
    gradient = np.zeros((question.domains.size, figures, 1 + figures))
    gradient[:, :, 1:] = np.eye(figures)
    return totals, taylor.score(totals, gradient)


def everybody(question: Question) -> Question:
    """The same question about the whole population, in one group."""
    return replace(question, domains=split_domains(question.sample))


def replicate_weights(sample: Sample, rows: NDArray[np.intp]) -> Iterator[Floats]:
    """Weights of some rows in each replicate, in the order of `rows`: one set after the other."""
    weights = sample.replicates
    assert weights is not None  # noqa: S101 - the caller has asked
    refuse_parts(sample)
    if weights.rerun is not None:
        for weight in weights.rerun:
            yield weight[rows]
        return
    if weights.factors is None:
        for name in weights.columns:
            yield np.asarray(sample.frame[name].to_numpy(), dtype=np.float64)[rows]
        return
    weight, unit = sample.weight[rows], sample.row_unit[rows]
    for factor in np.ascontiguousarray(weights.factors.T):
        yield weight * factor[unit]


def refuse_parts(sample: Sample) -> None:
    """Refuse replicates of a statistic of order whose values come in parts.

    Raises
    ------
    MpsurveyError
        The rows are elsewhere, and their cells too many to be brought at once.
    """
    if sample.parts is not None:
        raise MpsurveyError(
            "Replicates of this statistic need the values of each sampling unit at once, which are "
            "too many. Leave the replicates out, or round or band the variable."
        )


def evaluate_functional(question: Question, functional: Functional) -> Evaluated:
    """Work a functional of the first column out in each domain, with what its variance needs.

    Parameters
    ----------
    question
        What was asked.
    functional
        The statistic. Its influence is asked for only where the sample has no replicates.
    """
    sample, domains = question.sample, question.domains
    ordered = sort_by_domain(question, question.columns[0])
    estimate = _figures(functional, ordered, ordered.weights)
    if sample.replicates is None:
        influence = np.zeros((functional.count, len(sample)))
        with np.errstate(divide="ignore", invalid="ignore"):
            for start, end in pairwise(ordered.bounds):
                here = slice(start, end)
                if start < end:
                    one = functional.influence(ordered.values[here], ordered.weights[here])
                    one[~np.isfinite(one)] = 0.0
                    influence[:, ordered.rows[here]] = one
        totals, scores = influence_scores(question, influence.T)
        return Evaluated(totals, estimate, scores)
    totals = scanning.unit_totals(sample, domains, answered=question.answered)
    again = [
        _figures(functional, ordered, weights).ravel()
        for weights in replicate_weights(sample, ordered.rows)
    ]
    found = replication.Deviations(estimate.ravel(), np.stack(again), sample.replicates)
    return Evaluated(totals, estimate, found)


def answer_functional(
    question: Question,
    functional: Functional,
    *,
    name: str,
    variables: Sequence[str],
    labels: Sequence[Any] | None = None,
    level: float = 0.95,
    df: DegreesOfFreedom = "domain",
    interval: Interval | None = None,
    notes: Sequence[str] = (),
) -> Estimates:
    """Work a functional out and put its figures into a result.

    Parameters
    ----------
    question, functional
        As in `evaluate_functional`.
    name, variables, labels, level, df, interval
        As in `mpsurvey.estimation.asking.answer`.
    notes
        What a reader must know besides.
    """
    check_options(level, False, df)  # noqa: FBT003
    found = evaluate_functional(question, functional)
    result = report(
        question,
        found.totals,
        found.estimate.ravel(),
        found.uncertainty,
        name=name,
        variables=variables,
        level=level,
        df=df,
        interval=interval,
        labels=labels,
    )
    return replace(result, notes=(*result.notes, *notes))


def _figures(functional: Functional, ordered: SortedValues, weights: Floats) -> Floats:
    """Figures of each domain, shape (D, q); NaN where there is nobody."""
    found = np.full((len(ordered.bounds) - 1, functional.count), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        for d, (start, end) in enumerate(pairwise(ordered.bounds)):
            inside = weights[start:end]
            if inside.any():
                found[d] = functional.figures(ordered.values[start:end], inside)
    return np.where(np.isfinite(found), found, np.nan)
