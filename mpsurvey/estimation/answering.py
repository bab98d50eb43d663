"""Figures that answer a question, with their uncertainty: the step that all verbs end with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from numbers import Real
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mpsurvey.design import ReplicateWeights, Sample, describe
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation import linearise, replication, scanning, taylor
from mpsurvey.estimation.asking import Question
from mpsurvey.estimation.domains import Domains, split_domains
from mpsurvey.estimation.estimates import Estimates, Uncertainty, assemble
from mpsurvey.estimation.intervals import t_interval
from mpsurvey.estimation.linearise import Statistic
from mpsurvey.estimation.totals_by_unit import UnitTotals, folded_replicates

__all__ = ["Deff", "DegreesOfFreedom", "Interval", "answer", "check_options", "report"]

Floats = NDArray[np.float64]
Deff = Literal["without_replacement", "with_replacement"] | bool
DegreesOfFreedom = Literal["domain", "design", "effective"]
Interval = Callable[[Floats, Floats, Floats, Floats, float], tuple[Floats, Floats]]
"""From estimate, se, df, n and level to the two limits."""


def answer(
    question: Question,
    statistic: Statistic,
    *,
    name: str,
    variables: Sequence[str],
    level: float = 0.95,
    deff: Deff = False,
    df: DegreesOfFreedom = "domain",
    interval: Interval | None = None,
    labels: Sequence[str] | None = None,
    inner: int = 0,
    totals: UnitTotals | None = None,
) -> Estimates:
    """Scan, linearise, and put figures and their uncertainty into a result.

    Parameters
    ----------
    question
        What was asked.
    statistic
        From totals to a value and its gradient.
    name
        The statistic's name in the result.
    variables
        The variable that each figure of a domain stands for, q names.
    level, deff, df
        As every verb has them.
    interval
        How limits are found; t intervals by default.
    labels
        What each figure of a domain is, q names for the column `category`.
    inner
        How many of the last `by` variables are not broken down by but handed to the statistic: it
        then gets the columns of all their groups side by side, see `UnitTotals.folded`.
    totals
        What `Question.totals` gives, where it is known already.
    """
    check_options(level, deff, df)
    sample, domains = question.sample, question.domains
    totals = question.totals() if totals is None else totals
    if inner:
        domains = domains.outer(inner)
        totals = totals.folded(question.domains.size // domains.size)
    value = linearise.evaluate(statistic, totals.totals)
    empty = totals.n == 0
    estimate = np.where(empty[:, None], np.nan, value).ravel()
    slope = None
    if sample.replicates is None or deff:
        slope = linearise.gradient(statistic, totals.totals)
    uncertainty = _uncertainty(question, totals, statistic, estimate, slope)
    found = None
    if slope is not None and deff:
        se = np.sqrt(uncertainty.variance())
        found = _design_effects(question, totals, slope, se, deff)
    return report(
        question,
        totals,
        estimate,
        uncertainty,
        name=name,
        variables=variables,
        level=level,
        df=df,
        interval=interval,
        labels=labels,
        domains=domains,
        deff=found,
    )


def report(
    question: Question,
    totals: UnitTotals,
    estimate: Floats,
    uncertainty: Uncertainty,
    *,
    name: str,
    variables: Sequence[str],
    level: float = 0.95,
    df: DegreesOfFreedom = "domain",
    interval: Interval | None = None,
    labels: Sequence[Any] | None = None,
    domains: Domains | None = None,
    deff: Floats | None = None,
) -> Estimates:
    """Put figures and their uncertainty, however they were found, into a result.

    Parameters
    ----------
    question
        What was asked.
    totals
        Unit totals of its domains: what `n`, `population` and `df` come from.
    estimate
        The figures, domain by domain, shape (D q,).
    uncertainty
        Their unit scores or replicates.
    name, variables, level, df, interval, labels
        As in `answer`.
    domains
        The groups of the result, where they are not those of the question.
    deff
        Design effects, shape (D q,).
    """
    sample = question.sample
    groups = question.domains if domains is None else domains
    figures = len(estimate) // groups.size
    se = np.sqrt(uncertainty.variance())
    freedom = np.repeat(_freedom(question, groups, totals, df).astype(np.float64), figures)
    fewest, counted = totals.df, df
    if df == "effective":
        own = uncertainty.freedom()
        shown = np.isfinite(own)
        freedom = np.fmin(own, freedom)
        fewest = freedom.reshape(groups.size, figures).min(axis=1, initial=np.inf)
        counted = "effective" if shown.any() else "domain"
    n = np.repeat(totals.n, figures)
    find = interval or (lambda p, s, f, _n, lv: t_interval(p, s, f, lv))
    named = labels
    if question.categories is not None:
        named = question.categories.values.tolist()
    frame = assemble(
        statistic=name,
        variables=list(variables) * groups.size,
        categories=None if named is None else list(named) * groups.size,
        by={key: np.repeat(value, figures) for key, value in groups.columns().items()},
        estimate=estimate,
        se=se,
        interval=find(estimate, se, freedom, n.astype(np.float64), level),
        deff=deff,
        df=freedom,
        n=n,
        population=np.repeat(totals.population, figures),
    )
    return Estimates(
        frame=frame,
        statistic=name,
        method="Taylor linearisation" if sample.replicates is None else _method(sample.replicates),
        level=level,
        design=sample.design,
        basis=describe(sample.design, sample.units, len(sample)),
        uncertainty=uncertainty,
        labels=_labels(sample, [*groups.names, *dict.fromkeys(variables)]),
        titles=_titles(sample, [*groups.names, *dict.fromkeys(variables)]),
        notes=(*question.notes, *_cautions(totals, fewest)),
        freedom=counted,
    )


def _uncertainty(
    question: Question,
    totals: UnitTotals,
    statistic: Statistic,
    estimate: Floats,
    slope: Floats | None,
) -> Uncertainty:
    """Unit scores, or the replicates' deviations where the sample has replicates."""
    sample = question.sample
    if sample.replicates is None:
        assert slope is not None  # noqa: S101 - made by the caller
        return taylor.score(totals, slope)
    repeated = replication.replicate_totals(
        sample, totals, question.domains, question.columns, question.answered, question.categories
    )
    if totals.inner:
        repeated = folded_replicates(repeated, totals.inner)
    figures = replication.replicated_figures(statistic, repeated)
    return replication.Deviations(estimate, figures, sample.replicates)


def _freedom(
    question: Question, domains: Domains, totals: UnitTotals, df: DegreesOfFreedom
) -> NDArray[np.int64]:
    """Degrees of freedom of each domain, shape (D,)."""
    sample = question.sample
    if sample.replicates is not None and sample.replicates.columns:
        if df == "design":
            whole = replication.replicate_freedom(sample, split_domains(sample), None)
            return np.full_like(totals.df, whole[0])
        inside = question.domains
        if domains is not question.domains and inside.code is not None:
            within = inside.size // domains.size
            inside = replace(domains, code=np.where(inside.code < 0, -1, inside.code // within))
        return replication.replicate_freedom(sample, inside, question.answered)
    if df == "design":
        return np.full_like(totals.df, sample.units.degrees_of_freedom)
    return totals.df


def _method(replicates: ReplicateWeights) -> str:
    return f"Replication by {replicates.method}"


def check_options(level: float, deff: Deff, df: DegreesOfFreedom) -> None:
    """Refuse options outside what every verb takes, all at once."""
    problems = []
    if not isinstance(level, Real) or not 0 < level < 1:
        problems.append(f"level={level!r} is not between 0 and 1; 95 % is level=0.95.")
    if deff not in (False, True, "without_replacement", "with_replacement"):
        problems.append(
            f"deff={deff!r} is not one of False, 'without_replacement', 'with_replacement'."
        )
    if df not in get_args(DegreesOfFreedom):
        problems.append(
            f"df={df!r} is not one of {', '.join(map(repr, get_args(DegreesOfFreedom)))}."
        )
    if problems:
        raise MpsurveyError(problems)


def _design_effects(
    question: Question, totals: UnitTotals, gradient: Floats, se: Floats, deff: Deff
) -> Floats:
    r"""Variance over that of a simple random sample of the same n, shape (D q,).

    The comparison is with the total of the linearised value u:
    ``S^2_u N^2 / n``, times ``1 - n / N`` when without replacement, within each domain.
    """
    columns = question.columns
    if question.categories is not None:
        codes = question.categories.code
        columns = tuple((codes == c).astype(float) for c in range(len(question.categories.values)))
    moments = scanning.second_moments(
        question.sample, question.domains, columns, answered=question.answered
    )
    size, n = totals.population, totals.n.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = gradient[:, :, 1:]  # a constant has no spread
        squares = np.einsum("dqi,dij,dqj->dq", slope, moments[:, 1:, 1:], slope)
        mean = np.einsum("dqi,di->dq", slope, moments[:, 0, 1:])
        spread = (squares - mean**2 / size[:, None]) / size[:, None] * (n / (n - 1))[:, None]
        simple = spread * (size**2 / n)[:, None]
        if deff != "with_replacement":
            simple *= (1 - n / size)[:, None]
        found = (se.reshape(simple.shape) ** 2 / simple).ravel()
    return np.where(np.isfinite(found), found, np.nan)


def _labels(sample: Sample, names: Sequence[str]) -> Mapping[str, Mapping[Any, str]]:
    return {name: labels for name in names if (labels := sample.labels(name))}


def _titles(sample: Sample, names: Sequence[str]) -> Mapping[str, str]:
    found = ((name, getattr(sample.variables.get(name), "label", None)) for name in names)
    return {name: label for name, label in found if label}


def _cautions(totals: UnitTotals, df: NDArray[Any]) -> list[str]:
    """Say where there are too few units for an interval to be trusted."""
    some = totals.n > 0
    none, few = some & (df < 1), some & (df >= 1) & (df < 8)
    empty = int(np.count_nonzero(~some))
    notes = []
    if empty:
        notes.append(f"{empty:,} group(s) have nobody in the sample: n = 0 and no estimate.")
    if none.any():
        notes.append(
            f"{int(none.sum()):,} group(s) have no degrees of freedom (one PSU in each stratum): "
            "they have no interval."
        )
    if few.any():
        notes.append(
            f"{int(few.sum()):,} group(s) have fewer than 8 degrees of freedom: their standard "
            "errors are themselves uncertain."
        )
    thin = some & (totals.n < 30)
    if thin.any():
        notes.append(
            f"{int(thin.sum()):,} group(s) rest on fewer than 30 respondents: too few for most "
            "publications. Merge groups or rounds; for shares use ci='beta'."
        )
    return notes
