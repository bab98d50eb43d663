"""Regression under a complex design: what remains of a gap when other things are equal."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from mpsurvey.design import Sample
from mpsurvey.errors import ColumnMissing, MpsurveyError, RuleError, did_you_mean
from mpsurvey.estimation.answering import check_options
from mpsurvey.estimation.asking import Missing
from mpsurvey.estimation.between_imputations import CombiningRule
from mpsurvey.estimation.domains import names_of
from mpsurvey.estimation.estimates import Estimates
from mpsurvey.estimation.fitting import Fit, fit
from mpsurvey.estimation.folding import complete_rows, gathered, names_within, needs_rows
from mpsurvey.estimation.formulas import ModelFormula, plain_term, read_formula
from mpsurvey.estimation.imputation import Imputed, combine, one_rule
from mpsurvey.estimation.score_equations import FAMILIES, Family, FamilyName, NotFound
from mpsurvey.estimation.significance import Significance, mixture_tail, wald_f
from mpsurvey.rule import parse_rule, parse_value

__all__ = ["Regression", "TestMethod", "regression"]

Floats = NDArray[np.float64]
TestMethod = Literal["wald", "likelihood ratio"]

_MOST_GROUPS = 30


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Regression:
    """A fitted model: its coefficients, tests of its terms, and margins.

    Attributes
    ----------
    estimates : Estimates
        The coefficients, a row for each column of the model; `variable` is the column's name.
        ``estimates.test()`` gives t and p.
    formula : str
        As it was read.
    family : str
        ``"gaussian"``, ``"binomial"`` or ``"poisson"``.
    terms : tuple of str
        Terms that can be tested.
    """

    estimates: Estimates
    formula: str
    family: FamilyName
    terms: tuple[str, ...]
    fits: tuple[Fit, ...] = field(repr=False)
    rule: CombiningRule | None = field(default=None, repr=False)

    @property
    def covariance(self) -> Floats:
        """Covariance of the coefficients, in the order of `estimates`, shape (p, p)."""
        return self.estimates.covariance

    @property
    def _kind(self) -> Family:
        return FAMILIES[self.family]

    def test(self, terms: str | Sequence[str], *, method: TestMethod = "wald") -> Significance:
        r"""Test whether all coefficients of some terms are zero.

        Parameters
        ----------
        terms
            A term as in the formula (``"C(educ)"``, ``"age:migrant"``), several (a list, or
            ``"age + C(educ)"``), or names of single coefficients.
        method
            ``"wald"``, or ``"likelihood ratio"``: Rao and Scott's working likelihood ratio, which
            holds its level better where a coefficient is large for its standard error.

        Returns
        -------
        Significance

        Notes
        -----
        Wald: :math:`F = b^\top V^{-1} b / k` on k and :math:`\nu + 1 - p` degrees of freedom.
        Likelihood ratio: the difference of deviances against
        :math:`\sum \lambda_i Z_i^2` with an F denominator, :math:`\lambda` the eigenvalues of
        :math:`V_0^{-1} V`, V_0 the covariance without a design; the statistic reported is the
        difference over their mean. Rao and Scott (1984), Annals of Statistics 12, 46-60; Lumley and
        Scott (2014), Australian & New Zealand Journal of Statistics 56, 1-14. R's ``regTermTest``.
        With imputed variables, Wald's test with the combined covariance and the smallest df.
        """
        if method not in get_args(TestMethod):
            raise MpsurveyError(f"method='{method}' is not one of 'wald', 'likelihood ratio'.")
        tested, said = self._columns_of(terms)
        frame = self.estimates.frame
        b = frame["estimate"].to_numpy(dtype=np.float64)[tested]
        covariance = self.covariance[np.ix_(tested, tested)]
        df = float(frame["df"].to_numpy(dtype=np.float64)[tested].min())
        k = int(tested.sum())
        if method == "wald":
            statistic = wald_f(b, covariance)
            p = float(stats.f.sf(statistic, k, df)) if df > 0 else float("nan")
            return Significance(said, "Wald", statistic, k, df, p)
        if len(self.fits) > 1:
            raise MpsurveyError(
                "A likelihood ratio has no simple form with imputed variables: use method='wald'."
            )
        one = self.fits[0]
        try:
            gap = one.deviance_without(tested) - one.solution.deviance
        except NotFound:
            raise MpsurveyError(f"The model without {said} has no finite solution.") from None
        naive = one.naive_covariance()[np.ix_(tested, tested)]
        factors = np.real(np.linalg.eigvals(np.linalg.solve(naive, covariance)))
        statistic = float(gap / factors.mean())
        p = mixture_tail(float(gap), factors, df)
        return Significance(said, "Rao-Scott likelihood ratio", statistic, k, df, p)

    def _columns_of(self, terms: str | Sequence[str]) -> tuple[NDArray[np.bool_], str]:
        """Which columns terms have, shape (p,), and the terms in words."""
        columns = self.fits[0].columns
        wanted = [terms] if isinstance(terms, str) else list(terms)
        known = {*columns.slices, *columns.names}
        if isinstance(terms, str) and plain_term(terms) not in known and terms not in known:
            wanted = [part.strip() for part in terms.split("+")]
        tested = np.zeros(len(columns.names), dtype=bool)
        problems = []
        for term in wanted:
            if plain_term(term) in columns.slices:
                tested[columns.slices[plain_term(term)]] = True
            elif term in columns.names:
                tested[columns.names.index(term)] = True
            else:
                near = did_you_mean(term, [*self.terms, *columns.names])
                problems.append(
                    f"The model has no term '{term}'.{near} Its terms are {', '.join(self.terms)}."
                )
        if problems or not tested.any():
            raise MpsurveyError(problems or "Name a term to test.")
        return tested, " + ".join(wanted)

    def margins(
        self,
        by: str | Sequence[str],
        *,
        at: Mapping[str, Sequence[Any]] | None = None,
        among: str | None = None,
        level: float | None = None,
    ) -> Estimates:
        """Estimate what the mean response would be if everybody were in each group in turn.

        All else stays as it is, so the difference of two margins is the adjusted gap:
        ``mp.contrast(model.margins("migrant"), {"migrant": {1: 1, 0: -1}})``.

        Parameters
        ----------
        by
            One variable of the model or several, crossed.
        at
            Values to set for a variable, in place of those that occur; needed for a variable with
            more than 30 values.
        among
            A rule: whose predictions are averaged; everybody in the model by default. With
            ``among="migrant == 1"`` the gap is for people such as the migrants are.
        level
            Confidence level; that of the model by default.

        Returns
        -------
        Estimates
            In the unit of the response: a probability for a binomial model, with an interval found
            on the logit scale (for a poisson model, on the log scale). `df` is that of the design.
            The variance has both parts, jointly: the coefficients' and that of the people who are
            averaged over. (R's ``svypredmeans`` adds them as if independent.)

        Notes
        -----
        Graubard and Korn (1999), Biometrics 55, 652-659; see `mpsurvey.estimation.fitting.Fit`.
        """
        names = names_of(by)
        problems = []
        present = list(self.fits[0].columns.frame.columns)
        for name in (*names, *(at or {})):
            if name not in present:
                problems.append(
                    f"'{name}' is not a variable of the model.{did_you_mean(name, present)} It has "
                    f"{', '.join(present)}."
                )
            elif name not in names:
                problems.append(f"`at` has values of '{name}', which is not in `by`.")
        if problems or not names:
            raise MpsurveyError(problems or "Name the groups.")
        groups = _groups(self.fits, names, at or {})
        chosen = self.estimates.level if level is None else level
        check_options(chosen, deff=False, df="domain")
        response = self.formula.partition("~")[0].strip()
        found = [one.margins(groups, _among(one, among), response, chosen) for one in self.fits]
        if self.rule is None:
            return found[0]
        return combine(found, self.rule, interval=self._kind.limits)

    def ratios(self) -> Estimates:
        r"""Exponentiate coefficients: odds ratios (binomial) or rate ratios (poisson).

        Returns
        -------
        Estimates
            Without the intercept. Limits are those of the coefficients, exponentiated; `se` is by
            the delta method.
        """
        called = self._kind.ratio
        if called is None:
            raise MpsurveyError("Coefficients of a gaussian model are differences, not ratios.")
        frame = self.estimates.frame
        rows = np.flatnonzero((frame["variable"] != "(Intercept)").to_numpy())
        kept = frame.iloc[rows].reset_index(drop=True)
        choose = np.zeros((len(rows), len(frame)))
        choose[np.arange(len(rows)), rows] = 1.0
        estimate = np.exp(kept["estimate"].to_numpy(dtype=np.float64))
        uncertainty = self.estimates.uncertainty.combined(choose).mapped(np.exp, np.diag(estimate))
        se = np.sqrt(uncertainty.variance())
        frame = kept.assign(
            statistic=called,
            estimate=estimate,
            se=se,
            ci_low=np.exp(kept["ci_low"]),
            ci_high=np.exp(kept["ci_high"]),
            cv=se / estimate,
        )
        return replace(self.estimates, frame=frame, statistic=called, uncertainty=uncertainty)

    def __repr__(self) -> str:
        return f"{self._kind.title}: {self.formula}\n{self.estimates!r}"

    def _repr_html_(self) -> str:
        import html

        title = html.escape(f"{self._kind.title}: {self.formula}")
        return f"<p>{title}</p>{self.estimates._repr_html_()}"


def regression(
    sample: Sample,
    formula: str,
    *,
    family: FamilyName = "gaussian",
    imputed: Mapping[str, Imputed] | None = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
) -> Regression:
    r"""Fit a linear, logistic or Poisson regression to a sample, with design-based errors.

    Parameters
    ----------
    sample
        The sample; its weights enter the fit.
    formula
        ``"wage ~ migrant + age + C(educ)"``. The left side is a column, a rule (``"lfs == 2"``, as
        in every verb: unanswered counts as no), a variable of two categories (the second is
        modelled) or a transformation (``log(wage)``). On the right, ``C(x)`` takes codes as
        categories, ``a:b`` and ``a*b`` are interactions, ``log``, ``poly``, ``bs`` and others
        transform, ``offset(x)`` adds a known part, ``-1`` leaves out the intercept. Names that are
        no Python names stand in backticks.
    family
        ``"gaussian"`` (identity link), ``"binomial"`` (logit) or ``"poisson"`` (log).
    imputed
        Names in the formula that stand for imputed variables: ``{"math": mp.Imputed("PV*MATH")}``.
        The model is fitted to each imputation and the results are combined.
    where
        A rule: the people the model is for. They are a domain; other units stay in the design.
    level
        Confidence level.
    missing
        Rows without an answer to every variable of the formula: ``"domain"`` leaves them out of
        the fit but not of the design, ``"drop"`` removes them first, ``"fail"`` is an error.

    Returns
    -------
    Regression
        With `estimates`, `covariance`, `test`, `margins` and `ratios`.

    Raises
    ------
    ColumnMissing
        A name in the formula is not a column.
    MpsurveyError
        The formula cannot be read; a labelled variable stands bare; columns repeat each other; the
        response is separated, so that a coefficient is infinite.

    Notes
    -----
    The coefficients solve :math:`\sum w_k x_k (y_k - \mu_k) = 0`. Their covariance is that of the
    total of :math:`u_k = w_k H^{-1} x_k (y_k - \mu_k)` under the design, with
    :math:`H = \sum w_k \mu'_k x_k x_k^\top`, all stages and strata included; or the spread of the
    fits under each set of replicate weights. Intervals have :math:`\nu + 1 - p` degrees of freedom,
    :math:`\nu` PSUs less strata with rows in the model, p coefficients. Equal to R's ``svyglm``
    with the quasi-families. Binder (1983), Int. Stat. Rev. 51, 279-292.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"ea": [1, 1, 2, 2, 3, 3, 4, 4], "migrant": [0, 1] * 4,
    ...                        "age": [20.0, 25, 40, 35, 50, 52, 30, 41],
    ...                        "wage": [10.0, 9, 20, 14, 24, 21, 14, 17]})
    >>> model = regression(mp.Sample(people, mp.Design(psu="ea")), "wage ~ migrant + age")
    >>> model.estimates.frame[["variable", "estimate"]].round(3).values.tolist()
    [['(Intercept)', 0.714], ['migrant', -3.262], ['age', 0.465]]
    """
    if family not in FAMILIES:
        near = did_you_mean(str(family), FAMILIES)
        raise MpsurveyError(f"family='{family}' is not one of {', '.join(FAMILIES)}.{near}")
    if missing not in get_args(Missing):
        raise MpsurveyError(f"missing='{missing}' is not one of 'domain', 'drop', 'fail'.")
    check_options(level, deff=False, df="domain")
    several = dict(imputed or {})
    read = read_formula(formula, [*sample.frame.columns, *several])
    if missing == "drop" and several:
        needs_rows(sample, "missing='drop' with imputed values")
    unused = [name for name in several if name not in (*read.variables, read.response)]
    if unused:
        raise MpsurveyError(f"imputed names '{unused[0]}', which is not in '{read.text}'.")
    asked = {name: one.expressions(sample) for name, one in several.items()}
    rule = one_rule(several, asked) if several else None
    count = len(next(iter(asked.values()))) if asked else 1
    complete = None if sample.elsewhere is None else partial(_complete_rows, sample, read, where)
    fits = []
    modelled = None
    for m in range(count):
        standing_for = {name: names[m] for name, names in asked.items()}
        one, modelled = fit(
            _rows_in_memory(sample, read, standing_for, where),
            read,
            FAMILIES[family],
            where=where,
            missing=missing,
            standing_for=standing_for,
            complete=complete,
        )
        fits.append(one)
    if len({one.columns.names for one in fits}) > 1:
        raise MpsurveyError("The imputations give different columns: a category is in some only.")
    each = [one.coefficients(level) for one in fits]
    estimates = each[0] if rule is None else combine(each, rule)
    if modelled is not None:
        estimates = replace(estimates, notes=(*estimates.notes, f"Modelled: {modelled}."))
    return Regression(
        estimates=estimates,
        formula=read.text,
        family=family,
        terms=tuple(fits[0].columns.slices),
        fits=tuple(fits),
        rule=rule,
    )


def _rows_in_memory(
    sample: Sample, read: ModelFormula, standing_for: Mapping[str, str], where: str | None
) -> Sample:
    """The cells of the formula's variables, where the rows stay in their engine."""
    imputed = list(standing_for.values())
    return gathered(sample, names_within(sample, read.text), imputed, where=where)


def _complete_rows(sample: Sample, read: ModelFormula, where: str | None) -> tuple[Sample, int]:
    """Cells of the rows that are in the model, of rows that stay in their engine; and the rest."""
    made = [] if read.response in sample.frame.columns else [read.response]
    columns = list(read.variables) if made else [*read.variables, read.response]
    try:
        parse_value(read.response)
    except (RuleError, ColumnMissing):  # such as log(wage): its columns must be there
        made, columns = [], [*columns, *names_within(sample, read.response)]
    kept, lost = complete_rows(sample, made, columns)
    return _rows_in_memory(kept, read, {}, where), lost


def _groups(
    fits: Sequence[Fit], names: Sequence[str], at: Mapping[str, Sequence[Any]]
) -> pd.DataFrame:
    """Crossed values that margins are wanted for, a row for each group."""
    values = []
    for name in names:
        if name in at:
            values.append(list(at[name]))
            continue
        found = sorted({value for one in fits for value in one.columns.frame[name].unique()})
        if len(found) > _MOST_GROUPS:
            raise MpsurveyError(
                f"'{name}' has {len(found):,} values: say which are wanted, at={{'{name}': [...]}}."
            )
        values.append([_whole(value) for value in found])
    return pd.DataFrame(list(itertools.product(*values)), columns=list(names))


def _whole(value: Any) -> Any:
    """A number as a whole number where it is one, so that groups are named as in the data."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _among(one: Fit, among: str | None) -> NDArray[np.bool_] | None:
    if among is None:
        return None
    rule = parse_rule(among)
    absent = sorted(rule.names - set(one.sample.frame.columns))
    if one.sample.rows is not None and absent:
        raise MpsurveyError(
            f"among= uses '{absent[0]}', which is not in the formula, and the rows are not in "
            "memory. Bring them there before the model is fitted: sample.collect()."
        )
    mask: Callable[[Any], NDArray[np.bool_]] = rule.mask
    chosen: NDArray[np.bool_] = mask(one.sample.frame)[one.columns.rows]
    if not chosen.any():
        raise MpsurveyError(f"Nobody in the model obeys among='{among}'.")
    return chosen
