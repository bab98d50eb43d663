"""A model fitted to a sample: coefficients, what their variance comes from, and margins."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation import scanning, taylor
from mpsurvey.estimation.answering import report
from mpsurvey.estimation.asking import Missing, Question
from mpsurvey.estimation.domains import split_domains
from mpsurvey.estimation.estimates import Estimates, Uncertainty
from mpsurvey.estimation.formulas import Columns, ModelFormula, columns_of
from mpsurvey.estimation.influence import refuse_parts, replicate_weights
from mpsurvey.estimation.intervals import t_interval
from mpsurvey.estimation.replication import Deviations
from mpsurvey.estimation.score_equations import Family, NotFound, Solution, orthonormal, solve
from mpsurvey.estimation.totals_by_unit import UnitTotals

__all__ = ["Fit", "fit"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    r"""One fit of a model to a sample.

    The columns are made orthonormal under the weights, x = q T^-1, so that the score equations of
    the sample and of every replicate are well conditioned; coefficients of x are T times those of
    q. The influence of a row on them is

    .. math:: u_k = w_k T H^{-1} q_k (y_k - \mu_k), \quad H = \sum w_k \mu'_k q_k q_k^\top

    Binder (1983), Int. Stat. Rev. 51, 279-292; Fuller (1975), Sankhya C 37, 117-132.

    Attributes
    ----------
    question
        The sample, and the rows that are in the model.
    columns
        The formula's columns for these rows.
    family
        Distribution and link.
    q, transform
        Orthonormal columns, shape (m, p), and T, shape (p, p).
    solution
        Of the score equations of q.
    replicated
        Coefficients of q in each replicate, shape (R, p), NaN where it has no solution; None
        without replicates.
    """

    question: Question
    columns: Columns
    family: Family
    q: Floats
    transform: Floats
    solution: Solution
    replicated: Floats | None

    @property
    def sample(self) -> Sample:
        """The sample; under ``missing="drop"`` the one that is left."""
        return self.question.sample

    @property
    def weight(self) -> Floats:
        """Weights of the rows in the model, shape (m,)."""
        return np.asarray(self.sample.weight[self.columns.rows])

    def coefficients(self, level: float) -> Estimates:
        """Coefficients with the degrees of freedom of the design after the model."""
        totals = self._totals(())
        names = self.columns.names
        slope = np.zeros((1, len(names), 1 + len(names)))
        slope[0, :, 1:] = np.linalg.solve(self.solution.information, self.transform.T).T
        estimate = self.transform @ self.solution.coefficients
        uncertainty: Uncertainty
        if self.replicated is None:
            uncertainty = taylor.score(totals, slope)
        else:
            source = self.sample.replicates
            assert source is not None  # noqa: S101 - they made `replicated`
            uncertainty = Deviations(estimate, self.replicated @ self.transform.T, source)
        found = report(
            self.question,
            totals,
            estimate,
            uncertainty,
            name="coefficient",
            variables=list(names),
            level=level,
        )
        frame = found.frame
        df = frame["df"].to_numpy(dtype=np.float64) + 1 - len(names)
        low, high = t_interval(estimate, frame["se"].to_numpy(dtype=np.float64), df, level)
        notes = list(found.notes)
        if df[0] < 1:
            notes.append(
                f"The design has {frame['df'].iloc[0]:g} degrees of freedom, too few for "
                f"{len(names)} coefficients: they have no intervals."
            )
        if self.replicated is not None:
            lost = int(np.isnan(self.replicated).any(axis=1).sum())
            if lost:
                notes.append(
                    f"{lost} of {len(self.replicated)} replicates have no solution and add "
                    "nothing to the variance."
                )
        return replace(
            found, frame=frame.assign(df=df, ci_low=low, ci_high=high), notes=tuple(notes)
        )

    def naive_covariance(self) -> Floats:
        """Covariance if weights were counts of independent people, up to the dispersion."""
        inverse = np.linalg.inv(self.solution.information)
        return np.asarray(self.transform @ inverse @ self.transform.T)

    def deviance_without(self, drop: NDArray[np.bool_]) -> float:
        """Deviance of the model without some columns."""
        kept, y = self.columns.matrix[:, ~drop], self.columns.response
        if not kept.shape[1]:
            mu = self.family.mean(np.zeros(len(y)) + self.columns.offset)
            return float(self.weight @ self.family.deviance(y, mu))
        names = tuple(np.asarray(self.columns.names, dtype=object)[~drop])
        q, _ = orthonormal(kept, self.weight, names)
        return solve(self.family, q, y, self.weight, self.columns.offset).deviance

    def margins(
        self,
        groups: pd.DataFrame,
        among: NDArray[np.bool_] | None,
        response: str,
        level: float,
    ) -> Estimates:
        r"""Mean prediction over the rows, with every row put into each group in turn.

        .. math:: m_g = \frac{\sum_k w_k \mu(x_k^{(g)\top} \hat\beta)}{\sum_k w_k}

        Its linearised value is the row's own deviation plus the coefficients' influence:
        :math:`w_k (\mu_k^{(g)} - m_g) / \hat N + (\partial m_g / \partial \beta) u_k`.

        Parameters
        ----------
        groups
            A row per group: values of the variables that are set.
        among
            Rows of the model to average over, shape (m,); None for all.
        response
            The variable of the result.
        level
            Confidence level.
        """
        counted = np.ones(len(self.columns.rows)) if among is None else among.astype(np.float64)
        weight = self.weight * counted
        size = float(weight.sum())
        width, count = len(self.columns.names), len(groups)
        means, fitted = np.empty(count), []
        slopes = np.empty((count, width))
        again = None if self.replicated is None else np.full((len(self.replicated), count), np.nan)
        for place in range(count):
            values = {name: groups[name].iloc[place] for name in groups.columns}
            x = self.columns.again(**values)
            beta = self.transform @ self.solution.coefficients
            mu = self.family.mean(x @ beta + self.columns.offset)
            means[place] = weight @ mu / size
            slopes[place] = (weight * self.family.slope(mu)) @ x @ self.transform / size
            if again is None:
                fitted.append(mu * counted)
            else:
                self._replicate_margin(again, place, x, counted)
        totals = self._totals((counted, *fitted))
        uncertainty: Uncertainty
        if again is None:
            slope = np.zeros((1, count, 1 + width + 1 + count))
            slope[0, :, 1 : 1 + width] = np.linalg.solve(self.solution.information, slopes.T).T
            slope[0, :, 1 + width] = -means / size
            slope[0, np.arange(count), 2 + width + np.arange(count)] = 1 / size
            uncertainty = taylor.score(totals, slope)
        else:
            source = self.sample.replicates
            assert source is not None  # noqa: S101
            uncertainty = Deviations(means, again, source)
        found = report(
            self.question,
            totals,
            means,
            uncertainty,
            name="margin",
            variables=[response] * count,
            level=level,
            interval=self.family.limits,
        )
        frame = found.frame
        for place, name in enumerate(groups.columns):
            frame.insert(3 + place, name, groups[name].to_numpy())
        n = self.sample.count(self._at_rows(counted) > 0)
        frame = frame.assign(n=n, population=size)
        labels = {
            name: known for name in groups.columns if (known := self.sample.labels(str(name)))
        }
        return replace(found, frame=frame, labels={**found.labels, **labels})

    def _replicate_margin(self, again: Floats, place: int, x: Floats, counted: Floats) -> None:
        assert self.replicated is not None  # noqa: S101 - the caller has looked
        for r, weight in enumerate(replicate_weights(self.sample, self.columns.rows)):
            beta = self.transform @ self.replicated[r]
            if np.isfinite(beta).all():
                mu = self.family.mean(x @ beta + self.columns.offset)
                used = weight * counted
                again[r, place] = used @ mu / used.sum()

    def _totals(self, more: Sequence[Floats]) -> UnitTotals:
        """Unit totals of the score columns q (y - mu), and of more columns, each of shape (m,)."""
        residual = self.columns.response - self.solution.mean
        own = (self.q[:, j] * residual for j in range(self.q.shape[1]))
        return scanning.unit_totals(
            self.sample,
            self.question.domains,
            [self._at_rows(column) for column in (*own, *more)],
            answered=self.question.answered,
        )

    def _at_rows(self, values: Floats) -> Floats:
        """Values of the model's rows at their places in the sample, shape (n,)."""
        if len(values) == len(self.sample):
            return values
        every = np.zeros(len(self.sample))
        every[self.columns.rows] = values
        return every


def fit(
    sample: Sample,
    formula: ModelFormula,
    family: Family,
    *,
    where: str | None,
    missing: Missing,
    standing_for: Mapping[str, str],
    complete: Callable[[], tuple[Sample, int]] | None = None,
) -> tuple[Fit, str | None]:
    """Fit a model to the rows of a domain.

    Parameters
    ----------
    sample, where, missing
        As in `mpsurvey.regression`.
    formula, family
        The model.
    standing_for
        The column that a name in the formula stands for.
    complete
        Gives, of cells, those of the rows with all answers, and how many rows have not: units are
        counted anew where the rows are.

    Returns
    -------
    fit, modelled
        `modelled` is the category of the response whose probability is modelled, if it is one.

    Raises
    ------
    MpsurveyError
        Columns are dependent, the response does not suit the family, or there is no solution.
    """
    domains = split_domains(sample, None, where)
    inside = None if domains.code is None else domains.code >= 0
    columns, answered, modelled = columns_of(sample, formula, inside, standing_for)
    asked = sample.count(inside)
    here = np.zeros(len(sample), dtype=bool)
    here[columns.rows] = True
    lost = asked - sample.count(here)
    notes: tuple[str, ...] = ()
    if lost:
        notes = (f"{lost:,} of {asked:,} rows have no answer to some variable of the formula.",)
        if missing == "fail":
            raise MpsurveyError([*notes, "missing='fail' was asked for: answers must be complete."])
        if missing == "drop":
            if complete is None:
                left, gone = sample.only(np.flatnonzero(answered)), int((~answered).sum())
            else:
                left, gone = complete()
            kept, modelled = fit(
                left,
                formula,
                family,
                where=where,
                missing="domain",
                standing_for=standing_for,
            )
            dropped = f"{gone:,} rows were dropped before units were counted."
            return replace(kept, question=replace(kept.question, notes=(*notes, dropped))), modelled
    wrong = family.check(columns.response)
    if wrong:
        raise MpsurveyError(f"The response of '{formula.text}' does not fit: {wrong}.")
    weight = np.asarray(sample.weight[columns.rows])
    q, transform = orthonormal(columns.matrix, weight, columns.names)
    try:
        solution = solve(family, q, columns.response, weight, columns.offset)
    except NotFound:
        raise MpsurveyError(_why_not(sample, columns, formula, family)) from None
    question = Question(sample, split_domains(sample), (), here, notes=notes)
    replicated = None
    if sample.replicates is not None:
        replicated = _replicated(sample, columns, family, q, solution)
    return Fit(question, columns, family, q, transform, solution, replicated), modelled


def _why_not(sample: Sample, columns: Columns, formula: ModelFormula, family: Family) -> str:
    """Say what keeps the score equations from a solution, with the column if one can be named."""
    y = columns.response
    for name, x in zip(columns.names, columns.matrix.T, strict=True):
        for side, said in ((1.0, "1"), (0.0, "0")):
            here = x == side
            if name == "(Intercept)" or not here.any() or not np.isin(x, (0.0, 1.0)).all():
                continue
            same = y[here].min() == y[here].max() and y[here][0] in (0.0, 1.0)
            if same and (y[here][0] == 0 or family.ratio == "odds ratio"):
                many = sample.count(np.isin(np.arange(len(sample)), columns.rows[here]))
                return (
                    f"'{formula.text}' has no finite solution: all {many:,} rows with "
                    f"{name} = {said} have the response {y[here][0]:g}. Merge that category with "
                    "another, or leave its rows out with `where`."
                )
    return (
        f"'{formula.text}' has no finite solution that could be found: the columns separate the "
        "response perfectly, or nearly so. Take fewer or wider categories, or leave out a variable "
        "that decides the response."
    )


def _replicated(
    sample: Sample, columns: Columns, family: Family, q: Floats, solution: Solution
) -> Floats:
    """Coefficients of q in each replicate, shape (R, p)."""
    source = sample.replicates
    assert source is not None  # noqa: S101
    if family.ratio is None and source.factors is not None and source.rerun is None:
        return _replicated_lines(sample, columns, q, source.factors)
    found = np.full((source.count, q.shape[1]), np.nan)
    start = solution.coefficients
    for r, weight in enumerate(replicate_weights(sample, columns.rows)):
        try:
            again = solve(family, q, columns.response, weight, columns.offset, start)
        except NotFound:
            continue
        found[r] = again.coefficients
    return found


def _replicated_lines(sample: Sample, columns: Columns, q: Floats, factors: Any) -> Floats:
    """Least squares in each replicate from the units' products: rows are summed once."""
    refuse_parts(sample)
    weight, unit = sample.weight[columns.rows], sample.row_unit[columns.rows]
    y = columns.response - columns.offset
    width, count = q.shape[1], sample.units.count
    upper = np.triu_indices(width)
    pairs = zip(*upper, strict=True)
    sums = [np.bincount(unit, weight * q[:, i] * q[:, j], count) for i, j in pairs]
    sums += [np.bincount(unit, weight * q[:, i] * y, count) for i in range(width)]
    products = factors.T @ np.column_stack(sums)
    found = np.full((len(products), width), np.nan)
    for r, row in enumerate(products):
        information = np.zeros((width, width))
        information[upper] = row[: len(upper[0])]
        information.T[upper] = row[: len(upper[0])]
        if np.isfinite(information).all() and np.linalg.cond(information) < 1e13:
            found[r] = np.linalg.solve(information, row[len(upper[0]) :])
    return found
