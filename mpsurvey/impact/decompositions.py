"""Why two groups differ: composition and rates, endowments and returns."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mpsurvey.design import Sample
from mpsurvey.errors import ColumnMissing, MpsurveyError
from mpsurvey.estimation import Estimates
from mpsurvey.estimation.answering import DegreesOfFreedom, answer
from mpsurvey.estimation.asking import By, Missing, Question, ask
from mpsurvey.estimation.domains import names_of
from mpsurvey.estimation.folding import gathered, names_within
from mpsurvey.estimation.formulas import columns_of, read_formula
from mpsurvey.estimation.linearise import Numbers

__all__ = ["decompose"]

Floats = NDArray[np.float64]
Reference = Literal["second", "first", "pooled"]


def decompose(
    sample: Sample,
    what: str,
    denominator: str | None = None,
    *,
    group: str,
    between: tuple[Any, Any] | None = None,
    cells: By = None,
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
    df: DegreesOfFreedom = "domain",
    reference: Reference = "second",
    threefold: bool = False,
) -> Estimates:
    r"""Split the difference of two groups into what they are made of and how they fare.

    Two questions can be asked. With `cells`, how much of a gap in a rate or mean comes from
    different composition (age, sex, education) and how much from different rates within the cells:
    Kitagawa's decomposition, and Das Gupta's for several variables. With a formula, how much comes
    from different endowments and how much from different returns to them: Oaxaca and Blinder's.

    Parameters
    ----------
    sample, by, where, level, missing, df
        As in `mpsurvey.total`.
    what
        A column, formula or rule whose mean or rate is compared; or a regression formula such as
        ``"wage ~ age + C(educ)"``.
    denominator
        With `cells`: what the rate is of, for instance ``"lfs in (1, 2)"``; without it, people.
    group
        A column that tells the groups; rounds stacked in one frame can be groups too.
    between
        The two values to compare, first less second; can be left out where there are two only
        (then the larger less the smaller).
    cells
        Variables whose cells make the composition. Each is a factor of its own.
    reference
        With a formula: whose coefficients weigh the endowments.
    threefold
        With a formula: endowments, coefficients and their interaction.

    Returns
    -------
    Estimates
        `category` names the parts: ``difference``, ``rate`` and one per cell variable; or
        ``difference``, ``explained``, ``unexplained`` and one per term of each. The parts add up.

    Raises
    ------
    MpsurveyError
        Neither cells nor a formula are given, the groups are not two, or a cell variable is the
        group itself.

    Notes
    -----
    Composition and rate: :math:`R = \sum_j P_j r_j` with the share of each cell a product of one
    factor per variable (Das Gupta 1993, P23-186); each factor's effect is its average effect over
    all orders in which the factors can be exchanged, which for one variable is Kitagawa (1955),
    JASA 50, 1168-1194. A cell that one group lacks has no rate there: it takes the other's.
    Endowments: :math:`\bar x_1'b_1 - \bar x_2'b_2 = (\bar x_1 - \bar x_2)'b_* + \ldots`; Oaxaca
    (1973), Int. Econ. Rev. 14, 693-709; Blinder (1973), J. Hum. Res. 8, 436-455. The means and the
    coefficients of both groups are estimated from one sample; all of it is in the standard error.
    """
    second_question = "~" in what
    if second_question == (cells is not None):
        raise MpsurveyError(
            "Say what explains the difference: either cells=('age_group', 'sex') with a variable, "
            "or a formula such as 'wage ~ age + C(educ)'."
        )
    if group not in sample.frame.columns:
        raise ColumnMissing([("group", group)], sample.frame.columns)
    values = _two_groups(sample, group, between)
    options: dict[str, Any] = {"where": where, "missing": missing}
    if second_question:
        question, names, terms = _regression_question(
            gathered(sample, names_within(sample, what), names_of(by), group, where=where),
            what,
            (*names_of(by), group),
            **options,
        )
        first, second = _places(question, -1, values)
        width = len(names)

        def statistic(totals: Numbers) -> Numbers:
            return _oaxaca(totals, width, (first, second), reference, threefold, terms)

        parts, inner = _oaxaca_parts(terms, threefold), 1
    else:
        question = _cell_question(sample, what, denominator, group, names_of(cells), by, **options)
        first, second = _places(question, len(names_of(by)), values)
        shape = tuple(len(level) for level in question.domains.levels[len(names_of(by)) :])

        def statistic(totals: Numbers) -> Numbers:
            return _das_gupta(totals, shape, (first, second))

        parts, inner = ["difference", "rate", *names_of(cells)], 1 + len(names_of(cells))
        question = replace(
            question, notes=(*question.notes, *_one_sided(question, shape, (first, second)))
        )
    found = answer(
        question,
        statistic,
        name="decomposition",
        variables=[what] * len(parts),
        level=level,
        df=df,
        labels=parts,
        inner=inner,
    )
    said = f"{group}: {values[0]} less {values[1]}."
    return replace(found, notes=(said, *found.notes))


def _two_groups(sample: Sample, group: str, between: tuple[Any, Any] | None) -> tuple[Any, Any]:
    column = sample.frame[group] if sample.elsewhere is None else sample.elsewhere.levels(group)
    levels = column.drop_nulls().unique().sort().to_list()
    if between is None:
        if len(levels) != 2:
            raise MpsurveyError(
                f"The group '{group}' has {len(levels)} values. Say which two: "
                f"between=({levels[0]!r}, {levels[-1]!r})."
            )
        return levels[1], levels[0]
    absent = [value for value in between if value not in levels]
    if absent or len(between) != 2:
        raise MpsurveyError(f"between={between!r} must name two of {levels[:12]}.")
    return between


def _places(question: Question, name: int, values: tuple[Any, Any]) -> tuple[int, int]:
    levels = question.domains.levels[name].tolist()
    return levels.index(values[0]), levels.index(values[1])


def _cell_question(
    sample: Sample,
    what: str,
    denominator: str | None,
    group: str,
    cells: tuple[str, ...],
    by: By,
    *,
    where: str | None,
    missing: Missing,
) -> Question:
    if group in cells:
        raise MpsurveyError(f"'{group}' cannot be both the group and a cell variable.")
    wanted = (what,) if denominator is None else (what, denominator)
    question = ask(
        sample,
        wanted,
        statistic="A decomposition",
        by=(*names_of(by), group, *cells),
        where=where,
        missing=missing,
        yes_no=True,
        sums=wanted,
    )
    base = question.columns[1] if denominator else np.ones(len(question.sample))
    return question.with_columns((base, question.columns[0]))


def _one_sided(question: Question, shape: tuple[int, ...], pair: tuple[int, int]) -> list[str]:
    """Say how many cells one of the two groups lacks, and whose rate they are then given."""
    domains, base = question.domains, question.columns[0]
    assert domains.code is not None  # noqa: S101 - the group is always broken down by
    counted = (domains.code >= 0) & (base != 0)
    if question.answered is not None:
        counted &= question.answered
    sizes = np.bincount(domains.code[counted], minlength=domains.size)
    here = sizes.reshape(-1, shape[0], math.prod(shape[1:]))[:, list(pair)] > 0
    one, any_ = int((here.sum(axis=1) == 1).sum()), int(here.any(axis=1).sum())
    if not one:
        return []
    return [
        f"{one:,} of {any_:,} cells have people of one of the two groups only: there the other "
        "group is given the same rate, and the cell counts as composition."
    ]


def _das_gupta(totals: Numbers, shape: tuple[int, ...], pair: tuple[int, int]) -> Numbers:
    """Difference, rate effect and one composition effect per cell variable; last axis 2 + cells."""
    groups, cells = shape[0], shape[1:]
    table = totals[..., 1:].reshape(*totals.shape[:-1], groups, math.prod(cells), 3)
    factors: list[list[Numbers]] = []
    for place in pair:
        size = table[..., place, :, 1].reshape(*totals.shape[:-1], *cells)
        amount = table[..., place, :, 2].reshape(*totals.shape[:-1], *cells)
        rate = _divide(amount, size)
        # A group without anybody has neither rates nor a composition, and so no difference.
        nobody = size.real.sum(axis=tuple(range(-len(cells), 0)), keepdims=True) == 0
        composition = _composition(size, len(cells))
        composition[0] = np.where(nobody, np.nan, composition[0])
        factors.append([rate, *composition])
    lacking = [factors[0][0].real * 0 + (_size(table, place) == 0).reshape(rate.shape)
               for place in pair]  # fmt: skip
    for own, other, gone in ((0, 1, lacking[0]), (1, 0, lacking[1])):
        factors[own][0] = np.where(gone > 0, factors[other][0], factors[own][0])
    axes = tuple(range(-len(cells), 0))

    def rate_of(chosen: Sequence[int]) -> Numbers:
        product = factors[chosen[0]][0]
        for k, side in enumerate(chosen[1:], start=1):
            product = product * factors[side][k]
        return np.asarray(product.sum(axis=axes))

    count = 1 + len(cells)
    rates = {key: rate_of(key) for key in itertools.product((0, 1), repeat=count)}
    effects = []
    for k in range(count):
        effect: Numbers = np.zeros(1)
        for others in itertools.product((0, 1), repeat=count - 1):
            chosen = list(others)
            mine = rates[(*chosen[:k], 0, *chosen[k:])] - rates[(*chosen[:k], 1, *chosen[k:])]
            taken = sum(others)
            effect = effect + mine * (
                math.factorial(taken) * math.factorial(count - 1 - taken) / math.factorial(count)
            )
        effects.append(effect)
    difference = rates[(0,) * count] - rates[(1,) * count]
    return np.stack([difference, *effects], axis=-1)


def _size(table: Numbers, place: int) -> Numbers:
    return np.asarray(table[..., place, :, 1].real)


def _divide(top: Numbers, bottom: Numbers) -> Numbers:
    """Quotient, 0 where the bottom is 0."""
    empty = bottom.real == 0
    return np.asarray(np.where(empty, 0.0, top / np.where(empty, 1.0, bottom)))


def _composition(size: Numbers, count: int) -> list[Numbers]:
    """Factors, one per variable, whose product is the share of each cell.

    Factor of a: the product over subsets S of the others of (N[S and a] / N[S]) to the power of
    the weight of S in Shapley's average, with N[S] the total of the cells that agree on S.
    """
    axes = range(count)

    def total(kept: tuple[int, ...]) -> Numbers:
        out = tuple(a - count for a in axes if a not in kept)
        return np.asarray(size.sum(axis=out, keepdims=True)) if out else size

    factors = []
    for a in axes:
        factor: Numbers = np.ones_like(size)
        others = [b for b in axes if b != a]
        for length in range(len(others) + 1):
            weight = math.factorial(length) * math.factorial(count - 1 - length)
            power = weight / math.factorial(count)
            for kept in itertools.combinations(others, length):
                step = _divide(total(tuple(sorted((*kept, a)))) + 0 * size, total(kept) + 0 * size)
                factor = factor * (step if power == 1 else _power(step, power))
        factors.append(factor)
    return factors


def _power(base: Numbers, power: float) -> Numbers:
    empty = base.real == 0
    return np.asarray(np.where(empty, 0.0, np.where(empty, 1.0, base) ** power))


def _regression_question(
    sample: Sample, formula: str, by: tuple[str, ...], *, where: str | None, missing: Missing
) -> tuple[Question, list[str], dict[str, list[int]]]:
    """Read a formula into columns: the response's and regressors' products, by group."""
    response, x, names, terms = _design_matrix(sample, formula)
    known = np.isfinite(response) & np.isfinite(x).all(axis=1)
    known |= sample.weight == 0  # in no statistic, and so not unanswered
    question = ask(sample, (), statistic="A decomposition", by=by, where=where, missing="domain")
    if missing == "fail" and not known.all():
        raise MpsurveyError(f"{sample.count(~known):,} rows lack an answer to '{formula}'.")
    if missing == "drop" and not known.all():
        question = ask(
            sample.only(np.flatnonzero(known)), (), statistic="A decomposition", by=by, where=where
        )
        response, x, known = response[known], x[known], known[known]
    stacked = np.nan_to_num(np.column_stack([response, x]))
    filled = np.where(known[:, None], stacked, 0.0)
    y, x = filled[:, 0], filled[:, 1:]
    pairs = [(i, j) for i in range(x.shape[1]) for j in range(i, x.shape[1])]
    columns = [x[:, i] * x[:, j] for i, j in pairs] + [x[:, i] * y for i in range(x.shape[1])]
    notes = question.notes
    if not known.all():
        notes = (*notes, f"{formula}: no answer in {question.sample.count(~known):,} rows.")
    asked = replace(question, answered=None if known.all() else known, notes=notes)
    return asked.with_columns(tuple(columns)), names, terms


def _design_matrix(
    sample: Sample, formula: str
) -> tuple[Floats, Floats, list[str], dict[str, list[int]]]:
    """Response, shape (n,), and regressors, shape (n, p), of all rows, NaN where incomplete."""
    read = read_formula(formula, sample.frame.columns)
    made, _, _ = columns_of(sample, read, None, {})
    terms = {
        ("constant" if name == "(Intercept)" else name): list(range(at.start, at.stop))
        for name, at in made.slices.items()
    }
    if "constant" not in terms:
        raise MpsurveyError(f"'{formula}' has no constant; a decomposition needs one.")
    if read.offsets:
        raise MpsurveyError(f"'{formula}' has an offset; a decomposition has no part for one.")
    response = np.full(len(sample), np.nan)
    x = np.full((len(sample), len(made.names)), np.nan)
    response[made.rows], x[made.rows] = made.response, made.matrix
    return response, x, list(made.names), terms


def _oaxaca_parts(terms: dict[str, list[int]], threefold: bool) -> list[str]:  # noqa: FBT001
    kinds = (
        ["endowments", "coefficients", "interaction"] if threefold else ["explained", "unexplained"]
    )
    detailed = [
        f"{kind}: {name}"
        for kind in kinds
        for name in terms
        if name != "constant" or kind in ("unexplained", "coefficients")
    ]
    return ["difference", *kinds, *detailed]


def _oaxaca(
    totals: Numbers,
    width: int,
    pair: tuple[int, int],
    reference: Reference,
    threefold: bool,  # noqa: FBT001
    terms: dict[str, list[int]],
) -> Numbers:
    each = 1 + width * (width + 1) // 2 + width
    table = totals[..., 1:].reshape(*totals.shape[:-1], -1, each)
    means, slopes = [], []
    for place in pair:
        weight, cross, with_y = _moments(table[..., place, :], width)
        # The first row of X'WX holds the sums of the columns, where the constant is the first.
        means.append(cross[..., terms["constant"][0], :] / weight[..., None])
        slopes.append(_solve(cross, with_y))
    (x1, x2), (b1, b2) = means, slopes
    if threefold:
        kinds = [(x1 - x2) * b2, x2 * (b1 - b2), (x1 - x2) * (b1 - b2)]
    else:
        star = {"second": b2, "first": b1}.get(reference)
        if star is None:
            moments = [_moments(table[..., place, :], width) for place in pair]
            star = _solve(moments[0][1] + moments[1][1], moments[0][2] + moments[1][2])
        kinds = [(x1 - x2) * star, x1 * (b1 - star) + x2 * (star - b2)]
    figures = [((x1 * b1) - (x2 * b2)).sum(axis=-1), *(kind.sum(axis=-1) for kind in kinds)]
    for place, kind in enumerate(kinds):
        for name, at in terms.items():
            if name != "constant" or place == 1:
                figures.append(kind[..., at].sum(axis=-1))
    return np.stack(figures, axis=-1)


def _moments(table: Numbers, width: int) -> tuple[Numbers, Numbers, Numbers]:
    rows, columns = np.triu_indices(width)
    cross = np.zeros((*table.shape[:-1], width, width), dtype=table.dtype)
    cross[..., rows, columns] = table[..., 1 : 1 + len(rows)]
    cross[..., columns, rows] = table[..., 1 : 1 + len(rows)]
    return table[..., 0], cross, table[..., 1 + len(rows) :]


def _solve(cross: Numbers, with_y: Numbers) -> Numbers:
    try:
        return np.asarray(np.linalg.solve(cross, with_y[..., None])[..., 0])
    except np.linalg.LinAlgError:
        raise MpsurveyError(
            "The regressors of a group are collinear: a category that nobody in it has, or a "
            "column that repeats another. Merge categories or leave a term out."
        ) from None
