"""Quantiles, with intervals by inverting those of a proportion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation import linearise
from mpsurvey.estimation.answering import DegreesOfFreedom, answer
from mpsurvey.estimation.asking import By, Missing, Question, ask
from mpsurvey.estimation.estimates import Estimates
from mpsurvey.estimation.folding import needs_rows
from mpsurvey.estimation.imputation import Imputed, each_imputation
from mpsurvey.estimation.intervals import ProportionInterval, proportion_interval, t_quantile
from mpsurvey.estimation.replication import Deviations

__all__ = ["QuantileRule", "SortedValues", "quantile", "sort_by_domain"]

Floats = NDArray[np.float64]
QuantileRule = Literal[
    "inverted_cdf",
    "averaged_inverted_cdf",
    "closest_observation",
    "interpolated_inverted_cdf",
    "hazen",
    "weibull",
    "linear",
    "median_unbiased",
    "normal_unbiased",
]

_OF_VALUES = ("inverted_cdf", "averaged_inverted_cdf", "closest_observation")
"""Rules for which people with equal values may be counted together."""


class SortedValues:
    """The answered values of each domain in order, with cumulated weights.

    Parameters
    ----------
    values, weights
        Shape (m,), sorted by domain and value.
    bounds
        First row of each domain and the end, shape (D + 1,).
    rows
        Where each value stands in the sample, shape (m,).
    """

    __slots__ = ("bounds", "rows", "values", "weights")

    def __init__(
        self,
        values: Floats,
        weights: Floats,
        bounds: NDArray[np.intp],
        rows: NDArray[np.intp],
    ) -> None:
        self.values, self.weights, self.bounds, self.rows = values, weights, bounds, rows

    def quantiles(self, p: Floats, rule: QuantileRule) -> Floats:
        """Quantiles of each domain; `p` has shape (D, m) or (m,), the result (D, m).

        NaN where p is outside 0 to 1 or nobody answered.
        """
        size = len(self.bounds) - 1
        wanted = np.broadcast_to(p, (size, np.shape(p)[-1]))
        found = np.full(wanted.shape, np.nan)
        for d in range(size):
            start, end = self.bounds[d], self.bounds[d + 1]
            if start < end:
                found[d] = _quantiles(
                    self.values[start:end], self.weights[start:end], wanted[d], rule
                )
        return found


def sort_by_domain(question: Question, values: Floats) -> SortedValues:
    """Sort the answered rows of a question by domain and value."""
    key = question.domains.key
    if key is None or not question.names or values is not question.columns[0]:
        return _sorted(question, values)
    found: SortedValues = question.sample.recall(
        ("order", key, question.names), lambda: _sorted(question, values)
    )
    return found


def _sorted(question: Question, values: Floats) -> SortedValues:
    sample, domains = question.sample, question.domains
    inside = np.ones(len(sample), dtype=bool) if question.answered is None else question.answered
    if domains.code is not None and domains.partial:
        inside = inside & (domains.code >= 0)
    rows = np.flatnonzero(inside)

    def ranked() -> NDArray[np.intp]:
        if sample.rows is None:
            return rows[np.argsort(values[rows], kind="stable")]
        # An engine gives cells in any order.
        return rows[np.lexsort((sample.weight[rows], sample.row_unit[rows], values[rows]))]

    if domains.key is None or domains.unplaced or not question.names:
        order = ranked()
    else:  # whatever the groups, these are the rows for which the rule holds
        order = sample.recall(("ranked", domains.key[1], question.names), ranked)
    bounds = np.array([0, len(order)])
    if domains.code is not None and domains.size > 1:
        code = domains.code[order]
        # NumPy sorts short whole numbers by their digits, in time proportional to the rows.
        short = code.astype(np.uint16) if domains.size <= 1 << 16 else code
        order = order[np.argsort(short, kind="stable")]
        bounds = np.append(0, np.cumsum(np.bincount(code, minlength=domains.size)))
    return SortedValues(values[order], sample.weight[order], bounds, order)


def quantile(
    sample: Sample,
    variable: str | Imputed,
    q: float | Sequence[float] = 0.5,
    *,
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
    df: DegreesOfFreedom = "domain",
    rule: QuantileRule = "inverted_cdf",
    ci: ProportionInterval = "normal",
) -> Estimates:
    r"""Estimate quantiles: the median, quartiles, the 80th percentile of recruitment costs.

    Parameters
    ----------
    sample, by, where, level, missing, df
        As in `mpsurvey.total`.
    variable
        A numeric column or a formula.
    q
        One probability or several, between 0 and 1.
    rule
        How a value is read off the cumulated weights, in NumPy's words: ``"inverted_cdf"`` (R's
        ``math`` or ``hf1``), ``"averaged_inverted_cdf"`` (``school``, ``hf2``),
        ``"closest_observation"`` (``hf3``), ``"interpolated_inverted_cdf"`` (``hf4``),
        ``"hazen"`` (``hf5``), ``"weibull"`` (``hf6``), ``"linear"`` (``hf7``),
        ``"median_unbiased"`` (``hf8``), ``"normal_unbiased"`` (``hf9``).
    ci
        Interval of the proportion at or below the quantile that is inverted: ``"normal"``
        (Woodruff's), ``"beta"`` (Korn and Graubard), ``"logit"`` or ``"wilson"``.

    Returns
    -------
    Estimates
        In the unit of the variable; `category` holds the probability. A limit that would need a
        proportion below 0 or above 1 is missing, and so is the standard error then.

    Notes
    -----
    With :math:`\hat p` the share at or below the quantile and (l, u) its interval, the quantile's
    is :math:`(\hat Q(l), \hat Q(u))` and its standard error :math:`(u - l) / (2 t)` of that.
    Woodruff (1952), JASA 47, 635-646. Under replication the share's standard error comes from the
    replicates: a jackknife of the quantile itself would be inconsistent.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"w": [1.0, 1, 2, 1], "earn": [100.0, 200, 300, 900]})
    >>> found = quantile(mp.Sample(people, mp.Design(weight="w")), "earn", (0.25, 0.5))
    >>> found.frame[["category", "estimate"]].to_numpy().tolist()
    [[0.25, 200.0], [0.5, 300.0]]
    """
    if isinstance(variable, Imputed):
        return each_imputation(quantile, locals())
    wanted = np.atleast_1d(np.asarray(q, dtype=np.float64))
    problems = [f"q={x:g} is not between 0 and 1." for x in wanted if not 0 < x < 1]
    if rule not in get_args(QuantileRule):
        problems.append(f"rule='{rule}' is not one of {', '.join(get_args(QuantileRule))}.")
    if ci not in get_args(ProportionInterval):
        problems.append(f"ci='{ci}' is not one of {', '.join(get_args(ProportionInterval))}.")
    if problems:
        raise MpsurveyError(problems)
    if rule not in _OF_VALUES:  # it reads between rows, and equal values are several
        needs_rows(sample, f"rule='{rule}'")
    question = ask(sample, (variable,), statistic="A quantile", by=by, where=where, missing=missing)
    values = question.columns[0]
    ordered = sort_by_domain(question, values)
    estimate = ordered.quantiles(wanted, rule)

    code = question.domains.code
    at = estimate if code is None else estimate[code]  # code -1 reads a row that is not counted
    below = tuple((values <= at[..., j]).astype(np.float64) for j in range(len(wanted)))
    shares = answer(
        question.with_columns(below),
        linearise.mean,
        name="quantile",
        variables=[variable] * len(wanted),
        level=level,
        df=df,
    )
    frame = shares.frame
    p, se, freedom, n = (
        frame[name].to_numpy(dtype=np.float64) for name in ("estimate", "se", "df", "n")
    )
    limits = proportion_interval(ci, p, se, freedom, n, level)
    shape = estimate.shape
    # A share of 1 can have a limit that rounding puts just above 1; a real one lies outside.
    inside = (np.clip(end, 0, 1) for end in limits)
    ends = [
        np.where(np.abs(end - clipped) < 1e-12, clipped, np.nan)
        for end, clipped in zip(limits, inside, strict=True)
    ]
    low, high = (ordered.quantiles(end.reshape(shape), rule).ravel() for end in ends)
    found = (high - low) / (2 * t_quantile(freedom, level))
    with np.errstate(divide="ignore", invalid="ignore"):
        stretch = np.where(se > 0, found / se, 0.0)
        cv = found / np.abs(estimate.ravel())
    changed = frame.assign(
        category=np.tile(wanted, shape[0]),
        estimate=estimate.ravel(),
        se=found,
        ci_low=low,
        ci_high=high,
        cv=cv,
    )
    # More people below a value means a smaller quantile, hence the sign.
    uncertainty = shares.uncertainty.scaled(-np.nan_to_num(stretch))
    if isinstance(uncertainty, Deviations):
        # A function of quantiles is worked out for each replicate: it must meet quantiles there.
        uncertainty = uncertainty.about(estimate.ravel())
    return replace(shares, frame=changed, uncertainty=uncertainty)


def _quantiles(x: Floats, w: Floats, p: Floats, rule: QuantileRule) -> Floats:
    """Quantiles of sorted values; NaN where p is."""
    if rule == "closest_observation":
        starts = np.flatnonzero(np.append(True, x[1:] != x[:-1]))
        x, w = x[starts], np.add.reduceat(w, starts)
    cumulated = np.cumsum(w)
    whole, last = cumulated[-1], len(x) - 1
    if rule in ("inverted_cdf", "averaged_inverted_cdf", "closest_observation"):
        # A sum that should meet p exactly misses it by rounding: 0.1 + 0.2 is not 0.3.
        slack = 1e-12 * whole
        target = np.nan_to_num(p) * whole
        after = np.searchsorted(cumulated, target + slack, side="right")
        meets = (after > 0) & (cumulated[np.maximum(after - 1, 0)] >= target - slack)
        low, high = x[np.maximum(after - 1, 0)], x[np.minimum(after, last)]
        if rule == "inverted_cdf":
            found = np.where(meets, low, high)
        elif rule == "averaged_inverted_cdf":
            found = np.where(meets, (low + high) / 2, high)
        else:
            found = np.where(meets & (after % 2 == 0), low, high)
        return np.where(np.isnan(p), np.nan, found)
    if last == 0:
        return np.where(np.isnan(p), np.nan, x[0])
    earlier = cumulated - w
    if rule == "interpolated_inverted_cdf":
        place = cumulated / whole
    elif rule == "hazen":
        place = (cumulated - w / 2) / whole
    elif rule == "weibull":
        place = cumulated / (whole + w[-1])
    elif rule == "linear":
        place = earlier / cumulated[-2]
    elif rule == "median_unbiased":
        place = (earlier / 3 + cumulated * 2 / 3) / (whole + w[-1] / 3)
    else:
        place = (earlier * 3 / 8 + cumulated * 5 / 8) / (whole + w[-1] / 4)
    return np.where(np.isnan(p), np.nan, np.interp(np.nan_to_num(p), place, x))
