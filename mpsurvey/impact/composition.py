"""Figures made of totals of several linked files: residents, households, members abroad."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError, did_you_mean
from mpsurvey.estimation import Estimates, linearise
from mpsurvey.estimation.answering import DegreesOfFreedom, answer
from mpsurvey.estimation.asking import By, Question, values_of
from mpsurvey.estimation.domains import held, names_of
from mpsurvey.estimation.estimates import Uncertainty, assemble
from mpsurvey.estimation.folding import gathered
from mpsurvey.estimation.intervals import t_interval
from mpsurvey.impact.known_figures import Given, WithGiven
from mpsurvey.impact.stacking import Layer, Stack, declared_columns, stacked
from mpsurvey.rule import Formula, parse_formula
from mpsurvey.rule.nodes import Arithmetic, Name, Negative, Number

__all__ = ["Part", "compose"]

Floats = NDArray[np.float64]
Numbers = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One total that a composed figure is made of.

    Attributes
    ----------
    total
        What is added up: a column, a formula, or a rule, which counts those for whom it holds.
    where
        A rule for the rows that count; all by default.
    rows
        Which of the samples, by its key.
    by
        Where these rows call a breakdown variable otherwise: ``{"sex": "ab_sex"}``, or are to be
        counted at another place: ``{"region": "mv_res5_adm"}``.
    """

    total: str = "1"
    where: str | None = None
    rows: str = "person"
    by: Mapping[str, str] = field(default_factory=dict)


def compose(
    sample: Sample | Mapping[str, Sample],
    parts: Mapping[str, Part | str],
    figure: str,
    *,
    given: Mapping[str, float | tuple[float, float]] | None = None,
    by: By = None,
    level: float = 0.95,
    df: DegreesOfFreedom = "domain",
) -> Estimates:
    r"""Estimate a figure that is made of totals, of one file or of several that are linked.

    Use it for what one statistic over one file cannot say: members abroad to residents and members
    abroad, arrivals less departures, remittances to national product.

    Parameters
    ----------
    sample
        One sample, or one for each sort of rows: ``{"person": people, "absent": emigrants}``. They
        must be of one survey and declare the same design, so that rows of a household or an area
        are known to belong together.
    parts
        The totals by name: a `Part`, or just what is added up.
    figure
        A formula of the parts and the given figures: ``"away / (away + here)"``.
    given
        Figures from elsewhere, by name: a number, or a number with its standard error, which then
        enters that of the result. They are taken as independent of the sample.
    by, level, df
        As in `mpsurvey.total`.

    Returns
    -------
    Estimates
        One row for each group. `n` counts the rows that add to some part. Groups are the values
        that occur in any part.

    Raises
    ------
    MpsurveyError
        The formula names what is no part; a sample is lacking; designs differ.

    Notes
    -----
    The rows of all parts are laid under each other, each with its weight and its sampling units.
    With :math:`\hat Y_k` the total of part k and g the formula, the variance is that of
    :math:`\sum_k g'_k \hat Y_k`, summed within the sampling units over *all* files: what
    households, residents and absent members have in common is in the standard error.
    A given figure a with standard error s adds :math:`(g'_a s)^2`.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = mp.Sample(pd.DataFrame({"ea": [1, 1, 2, 2], "age": [20, 40, 30, 70]}),
    ...                    mp.Design(psu="ea"))
    >>> abroad = mp.Sample(pd.DataFrame({"ea": [1, 2, 2], "ab_age": [25, 35, 28]}),
    ...                    mp.Design(psu="ea"))
    >>> found = mp.compose(
    ...     {"person": people, "absent": abroad},
    ...     {"here": mp.Part("age >= 15 and age < 65"), "away": mp.Part("1", rows="absent")},
    ...     "away / (here + away)")
    >>> float(found.frame.estimate[0])
    0.5
    """
    formula = parse_formula(figure)
    named = {name: Part(one) if isinstance(one, str) else one for name, one in parts.items()}
    known = {name: _as_given(name, one) for name, one in (given or {}).items()}
    files = {"": sample} if isinstance(sample, Sample) else dict(sample)
    _check(formula, named, known, files)
    groups = names_of(by)
    layers: dict[Layer, None] = {}
    place: dict[str, Layer] = {}
    for name, part in named.items():
        rows = part.rows if part.rows in files else ""
        elsewhere = tuple(sorted((k, v) for k, v in part.by.items() if k in groups))
        place[name] = Layer(rows, elsewhere)
        layers[place[name]] = None
    files = _brought(files, named, place, groups, apart=len(layers) > 1)
    stack = stacked(files, tuple(layers))
    columns, notes = _columns(stack, named, place, files)
    counted = np.zeros(len(stack.sample), dtype=bool)
    for column in columns:
        counted |= (column != 0) & (stack.sample.weight > 0)
    question = Question(stack.sample, stack.domains(groups), tuple(columns), counted, None, notes)
    totals = answer(
        question,
        linearise.total,
        name="total",
        variables=list(named),
        level=level,
        df="domain" if df == "effective" else df,
    )
    own = df == "effective"
    return _composed(totals, formula, tuple(named), known, level, stack, effective=own)


def _check(
    formula: Formula,
    parts: Mapping[str, Part],
    known: Mapping[str, Given],
    files: Mapping[str, Sample],
) -> None:
    problems = [
        f"The figure '{formula}' uses '{name}', which is no part and is not given."
        f"{did_you_mean(name, [*parts, *known])}"
        for name in sorted(formula.names - set(parts) - set(known))
    ]
    problems += [f"'{name}' is both a part and a given figure." for name in parts if name in known]
    if "" not in files:
        problems += [
            f"'{name}' is of {part.rows} rows, and no such sample is given."
            for name, part in parts.items()
            if part.rows not in files
        ]
    if problems:
        raise MpsurveyError(problems)


def _as_given(name: str, one: float | tuple[float, float]) -> Given:
    value, error = one if isinstance(one, tuple) else (one, 0.0)
    if not np.isfinite(value) or not error >= 0:
        raise MpsurveyError(f"The given figure '{name}' must be a number, its error 0 or more.")
    return Given(float(value), float(error))


def _brought(
    files: Mapping[str, Sample],
    parts: Mapping[str, Part],
    place: Mapping[str, Layer],
    groups: Sequence[str],
    *,
    apart: bool,
) -> dict[str, Sample]:
    """Bring cells of what the parts use, from files whose rows stay in their engine."""
    brought = dict(files)
    for rows, sample in files.items():
        layers = {layer for layer in place.values() if layer.rows == rows}
        if sample.elsewhere is None or not layers:
            continue
        mine = [part for name, part in parts.items() if place[name].rows == rows]
        texts = [text for part in mine for text in (part.total, part.where) if text is not None]
        by = [layer.name(name) for layer in layers for name in groups]
        design = declared_columns(sample) if apart else ()
        brought[rows] = gathered(sample, texts, by, design)
    return brought


def _columns(
    stack: Stack,
    parts: Mapping[str, Part],
    place: Mapping[str, Layer],
    files: Mapping[str, Sample],
) -> tuple[list[Floats], tuple[str, ...]]:
    """What each part adds up, over the rows of all layers: 0 in those of others."""
    columns, notes = [], []
    for name, part in parts.items():
        sample = files[place[name].rows]
        value = values_of(sample, part.total, "A part of a figure", yes_no=True)
        inside = None if part.where is None else held(sample, part.where)
        unknown = np.isnan(value)
        if unknown.any():
            asked = unknown & (sample.weight > 0)
            asked = asked if inside is None else asked & inside
            if asked.any():
                lost = sample.count(asked)
                notes.append(f"{name}: no answer to {part.total} in {lost:,} rows.")
            value = np.where(unknown, 0.0, value)
        if inside is not None:
            value = np.where(inside, value, 0.0)
        here = stack.bounds[place[name]]
        if here.stop - here.start == len(stack.sample):
            columns.append(value)
            continue
        column = np.zeros(len(stack.sample))
        column[here] = value
        columns.append(column)
    return columns, tuple(notes)


def _composed(
    totals: Estimates,
    formula: Formula,
    names: tuple[str, ...],
    known: Mapping[str, Given],
    level: float,
    stack: Stack,
    *,
    effective: bool,
) -> Estimates:
    width = len(names)
    theta = totals.frame["estimate"].to_numpy(dtype=np.float64).reshape(-1, width)
    constants = {name: one.value for name, one in known.items()}
    figure = _evaluator(formula, names)
    value = figure(theta, constants)
    slope = np.zeros((len(theta), len(theta) * width))
    for k in range(width):
        moved = theta.astype(np.complex128)
        moved[:, k] += 1e-100j
        slope[np.arange(len(theta)), np.arange(len(theta)) * width + k] = (
            np.imag(figure(moved, constants)) / 1e-100
        )

    def function(row: Numbers) -> Numbers:
        return figure(row.reshape(-1, width), constants)

    uncertainty: Uncertainty = totals.uncertainty.mapped(function, np.nan_to_num(slope))
    loading = {
        name: np.nan_to_num(
            np.imag(figure(theta, {**constants, name: complex(one.value, 1e-100)})) / 1e-100
        )
        * one.error
        for name, one in known.items()
        if one.error > 0
    }
    if loading:
        uncertainty = WithGiven.of(uncertainty, loading)
    first = totals.frame.iloc[::width].reset_index(drop=True)
    se = np.sqrt(uncertainty.variance())
    freedom = first["df"].to_numpy(dtype=np.float64)
    counted = totals.freedom
    if effective and np.isfinite(own := uncertainty.freedom()).any():
        freedom, counted = np.fmin(own, freedom), "effective"
    return replace(
        totals,
        frame=assemble(
            statistic="composed figure",
            variables=[formula.text] * len(first),
            categories=None,
            by={name: first[name] for name in totals.by},
            estimate=value,
            se=se,
            interval=t_interval(value, se, freedom, level),
            deff=None,
            df=freedom,
            n=first["n"].to_numpy(),
            population=first["population"].to_numpy(dtype=np.float64),
        ),
        statistic="composed figure",
        uncertainty=uncertainty,
        labels={**totals.labels, **stack.labels(totals.by)},
        titles={**totals.titles, **stack.titles(totals.by)},
        notes=(*stack.notes, *totals.notes),
        freedom=counted,
    )


def _evaluator(
    formula: Formula, names: Sequence[str]
) -> Callable[[Numbers, Mapping[str, complex | float]], Numbers]:
    """Work a formula out on totals of shape (D, K), real or complex; NaN where it divides by 0."""
    at = {name: k for k, name in enumerate(names)}

    def worked(node: Any, theta: Numbers, constants: Mapping[str, complex | float]) -> Any:
        match node:
            case Name(name=name):
                return theta[:, at[name]] if name in at else constants[name]
            case Number(value=value):
                return float(value)
            case Negative(operand=operand):
                return -worked(operand, theta, constants)
            case Arithmetic(sign=sign, left=left, right=right):
                one, two = (worked(part, theta, constants) for part in (left, right))
                if sign == "+":
                    return one + two
                if sign == "-":
                    return one - two
                return one * two if sign == "*" else np.divide(one, two)
        raise MpsurveyError(
            f"'{formula}' may add, subtract, multiply and divide parts, and nothing else."
        )

    def figure(theta: Numbers, constants: Mapping[str, complex | float]) -> Numbers:
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.asarray(worked(formula.node, theta, constants) + np.zeros(len(theta)))
        return np.where(np.isfinite(found), found, np.nan)

    return figure
