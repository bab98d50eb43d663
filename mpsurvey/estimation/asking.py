"""What is asked of a sample, and the figures that answer it: the step that all verbs share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mpsurvey.design import ReplicateWeights, Sample, describe
from mpsurvey.errors import ColumnMissing, MpsurveyError, RuleError
from mpsurvey.estimation import linearise, replication, scanning, taylor
from mpsurvey.estimation.domains import Domains, coded, held, names_of, series, split_domains
from mpsurvey.estimation.estimates import Estimates, Uncertainty, assemble
from mpsurvey.estimation.folding import cells_of, complete_rows
from mpsurvey.estimation.intervals import t_interval
from mpsurvey.estimation.linearise import Statistic
from mpsurvey.rule import Formula, parse_value

__all__ = [
    "By",
    "Deff",
    "DegreesOfFreedom",
    "Interval",
    "Missing",
    "Question",
    "answer",
    "ask",
    "check_options",
    "counts",
    "report",
]

Floats = NDArray[np.float64]
By = str | Sequence[str] | None
Missing = Literal["domain", "drop", "fail"]
Deff = Literal["without_replacement", "with_replacement"] | bool
DegreesOfFreedom = Literal["domain", "design", "effective"]
Interval = Callable[[Floats, Floats, Floats, Floats, float], tuple[Floats, Floats]]
"""From estimate, se, df, n and level to the two limits."""


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A statistic's columns and domains, read from a sample and checked.

    Attributes
    ----------
    sample
        The sample; under ``missing="drop"`` the one that is left.
    domains
        The groups.
    columns
        The variables' values, each of shape (n,); 0 where unanswered.
    answered
        Rows with an answer to every variable, shape (n,), or None for all.
    categories
        The categorical variable, if that is what was asked for.
    notes
        What was left out and why.
    names
        What the columns are, where they are as they were read; else empty.
    """

    sample: Sample
    domains: Domains
    columns: tuple[Floats, ...]
    answered: NDArray[np.bool_] | None
    categories: scanning.Categories | None = None
    notes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def with_columns(self, columns: tuple[Floats, ...], names: tuple[str, ...] = ()) -> Question:
        """The same rows and groups, with other columns to sum; `names` where they have some."""
        return replace(self, columns=columns, names=names)

    def totals(self) -> scanning.UnitTotals:
        """Scan the rows."""
        return scanning.unit_totals(
            self.sample,
            self.domains,
            self.columns,
            answered=self.answered,
            categories=self.categories,
            names=self.names,
        )


def counts(question: Question) -> Floats:
    """Rows that are in each domain and answered, unweighted, shape (D,)."""
    domains, inside = question.domains, question.answered
    if domains.code is None:
        return np.array([float(question.sample.count(inside))])
    placed = domains.code >= 0
    placed = placed if inside is None else placed & inside
    rows = question.sample.rows
    each = None if rows is None else rows[placed]
    return np.bincount(domains.code[placed], each, minlength=domains.size).astype(np.float64)


def values_of(sample: Sample, text: str, statistic: str, *, yes_no: bool = False) -> Floats:
    """Values of a column, of a rule (1 where it holds, else 0) or of a formula, NaN if missing.

    With `yes_no`, a labelled column of 0 and 1 is read as numbers: it says who has a trait.
    """
    if not isinstance(sample, Sample):
        raise MpsurveyError(
            "The first thing to name is a sample: mp.Sample(data, mp.Design(weight=...))."
        )
    if not isinstance(text, str):
        raise MpsurveyError(
            f"{statistic} is asked of one variable: the name of a column, or a formula, as text."
        )
    if text in sample.frame.columns:
        return scanning.numbers(sample, text, statistic, yes_no=yes_no)
    try:
        parsed = parse_value(text)
        if isinstance(parsed, Formula):
            return np.asarray(sample.recall(("rule", text), lambda: parsed.values(sample.frame)))
        return held(sample, text).astype(np.float64)
    except (RuleError, ColumnMissing) as error:
        if text.isidentifier() or not isinstance(error, RuleError | ColumnMissing):
            raise ColumnMissing([("variable", text)], sample.frame.columns) from None
        raise


def ask(
    sample: Sample,
    variables: Sequence[str],
    *,
    statistic: str,
    by: By = None,
    where: str | None = None,
    missing: Missing = "domain",
    categorical: str | None = None,
    every_category: bool = False,
    yes_no: bool = False,
    sums: Sequence[str] = (),
    everyone: bool = False,
) -> Question:
    """Read what a statistic needs from a sample.

    Parameters
    ----------
    sample
        The sample.
    variables
        Columns, rules or formulas to read as numbers.
    statistic
        How messages name it, for instance ``"A mean"``.
    by, where
        The groups, and the rule that all of them obey.
    missing
        ``"domain"``: rows without an answer stay in the design. ``"drop"``: they are removed before
        units are counted. ``"fail"``: they are an error.
    categorical
        A variable to read as categories.
    every_category
        Count also the categories that the labels declare and nobody chose.
    yes_no
        Read labelled columns of 0 and 1 as numbers.
    sums
        Variables that enter sums only: an engine that holds the rows adds them up.
    everyone
        Whether those who do not obey the rule matter too, for a line of the whole population.
    """
    if missing not in ("domain", "drop", "fail"):
        raise MpsurveyError(f"missing='{missing}' is not one of 'domain', 'drop', 'fail'.")
    if isinstance(sample, Sample) and sample.elsewhere is not None:
        return _ask_elsewhere(
            sample,
            variables,
            sums,
            where,
            missing,
            statistic=statistic,
            by=by,
            categorical=categorical,
            every_category=every_category,
            yes_no=yes_no,
            everyone=everyone,
        )
    columns = [values_of(sample, name, statistic, yes_no=yes_no) for name in variables]
    categories = None if categorical is None else categories_of(sample, categorical, every_category)
    domains = split_domains(sample, by, where)

    answered: NDArray[np.bool_] | None = None
    notes: list[str] = []
    inside = None if domains.code is None else domains.code >= 0
    # A sum is finite where all values are, and costs less than looking at each value.
    with np.errstate(over="ignore", invalid="ignore"):
        strange = [
            (n, c) for n, c in zip(variables, columns, strict=True) if not np.isfinite(c.sum())
        ]
    _refuse_infinite(sample, strange, inside)
    unanswered = [(name, np.isnan(column)) for name, column in strange]
    if categories is not None:
        unanswered.append((str(categorical), categories.code < 0))
    for name, empty in unanswered:
        if not empty.any():
            continue
        here = sample.count(empty if inside is None else empty & inside)
        asked = sample.count(inside)
        if here:
            notes.append(f"{name}: no answer in {here:,} of {asked:,} rows.")
        answered = ~empty if answered is None else answered & ~empty
    if notes and missing == "fail":
        raise MpsurveyError([*notes, "missing='fail' was asked for: answers must be complete."])
    for name, column in zip(variables, columns, strict=True):
        notes += _codes_among(sample, name, column, inside)
    for name, count in domains.unplaced.items():
        notes.append(f"{name}: {count:,} rows without a value are in no group.")

    if missing == "drop" and (answered is not None or domains.unplaced):
        keep = np.ones(len(sample), dtype=bool) if answered is None else answered.copy()
        for name in names_of(by):
            keep &= coded(sample, name)[0] >= 0
        if not keep.any():
            raise MpsurveyError("No row has an answer to all the variables that are asked for.")
        kept = ask(
            sample.only(np.flatnonzero(keep)),
            variables,
            statistic=statistic,
            by=by,
            where=where,
            categorical=categorical,
            every_category=every_category,
            yes_no=yes_no,
        )
        dropped = f"{int((~keep).sum()):,} rows were dropped before units were counted."
        return replace(kept, notes=(*notes, dropped))
    filled = tuple(np.nan_to_num(c) if answered is not None else c for c in columns)
    return Question(sample, domains, filled, answered, categories, tuple(notes), tuple(variables))


def _ask_elsewhere(
    sample: Sample,
    variables: Sequence[str],
    sums: Sequence[str],
    where: str | None,
    missing: Missing,
    *,
    by: By,
    categorical: str | None,
    everyone: bool,
    **options: Any,
) -> Question:
    """Ask rows that stay in their engine: in one group-by that leaves cells, which are asked."""
    groups = names_of(by)
    columns = sample.frame.columns
    absent = [("by", name) for name in groups if name not in columns]
    if absent:
        raise ColumnMissing(absent, columns)
    levelled = (*groups, *(() if categorical is None else (categorical,)))
    folded = cells_of(sample, variables, sums, levelled, where, everyone=everyone)
    found = ask(
        folded,
        variables,
        by=by,
        where=where,
        missing="domain" if missing == "drop" else missing,
        categorical=categorical,
        **options,
    )
    if missing != "drop" or (found.answered is None and not found.domains.unplaced):
        return found
    kept, lost = complete_rows(sample, variables, levelled)
    again = _ask_elsewhere(
        kept,
        variables,
        sums,
        where,
        "domain",
        by=by,
        categorical=categorical,
        everyone=everyone,
        **options,
    )
    dropped = f"{lost:,} rows were dropped before units were counted."
    return replace(again, notes=(*found.notes, dropped))


def _codes_among(
    sample: Sample, name: str, column: Floats, inside: NDArray[np.bool_] | None
) -> list[str]:
    """Say how many rows hold a negative code that has a label, such as -1 'does not know'."""
    labels = sample.labels(name)
    codes = [code for code in labels if isinstance(code, Real) and float(code) < 0]
    if not codes:
        return []
    held = np.isin(column, np.array(codes, dtype=np.float64))
    if inside is not None:
        held &= inside
    if not held.any():
        return []
    seen = [code for code in sorted(codes) if (column[held] == code).any()]
    some = ", ".join(f"{code} '{labels[code]}'" for code in seen[:4])
    return [
        f"{name}: {sample.count(held):,} rows hold a negative code with a label of its own "
        f"({some}) and count as that number. If they are no amounts, leave them out: "
        f"where='{name} >= 0'."
    ]


def _refuse_infinite(
    sample: Sample,
    columns: Sequence[tuple[str, Floats]],
    inside: NDArray[np.bool_] | None,
) -> None:
    counted = [(n, np.isinf(c) if inside is None else np.isinf(c) & inside) for n, c in columns]
    problems = [
        f"'{name}' is infinite in {sample.count(where):,} rows. Correct these values, or "
        "leave the rows out with where=."
        for name, where in counted
        if where.any()
    ]
    if problems:
        raise MpsurveyError(problems)


def categories_of(sample: Sample, name: str, every: bool) -> scanning.Categories:  # noqa: FBT001
    """Read a column as categories, in the order of their codes."""
    series(sample, name, "variable")
    code, values = coded(sample, name)
    declared = [label for label in sample.labels(name) if label not in set(values.tolist())]
    if every and declared:
        allowed = np.concatenate([values, np.asarray(declared, dtype=values.dtype)])
        order = np.argsort(allowed, kind="stable")
        rank = np.empty(len(order), dtype=np.intp)
        rank[order] = np.arange(len(order))
        code = np.where(code < 0, -1, rank[code])
        values = allowed[order]
    return scanning.Categories(code, values)


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
    totals: scanning.UnitTotals | None = None,
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
    totals: scanning.UnitTotals,
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
    totals: scanning.UnitTotals,
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
        repeated = scanning.folded_replicates(repeated, totals.inner)
    figures = replication.replicated_figures(statistic, repeated)
    return replication.Deviations(estimate, figures, sample.replicates)


def _freedom(
    question: Question, domains: Domains, totals: scanning.UnitTotals, df: DegreesOfFreedom
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
    question: Question, totals: scanning.UnitTotals, gradient: Floats, se: Floats, deff: Deff
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


def _cautions(totals: scanning.UnitTotals, df: NDArray[Any]) -> list[str]:
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
