"""What is asked of a sample: the step that all verbs begin with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mpsurvey.design import Sample
from mpsurvey.errors import ColumnMissing, MpsurveyError, RuleError
from mpsurvey.estimation import scanning
from mpsurvey.estimation.domains import Domains, coded, held, names_of, series, split_domains
from mpsurvey.estimation.folding import cells_of, complete_rows
from mpsurvey.estimation.totals_by_unit import UnitTotals
from mpsurvey.rule import Formula, parse_value

__all__ = ["By", "Missing", "Question", "ask", "categories_of", "counts", "values_of"]

Floats = NDArray[np.float64]
By = str | Sequence[str] | None
Missing = Literal["domain", "drop", "fail"]


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

    def totals(self) -> UnitTotals:
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
