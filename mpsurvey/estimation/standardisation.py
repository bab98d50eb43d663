"""Direct standardisation: means of groups as if all had one age and sex structure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError, did_you_mean
from mpsurvey.estimation import linearise
from mpsurvey.estimation.answering import DegreesOfFreedom, answer
from mpsurvey.estimation.asking import By, Missing, Question, ask
from mpsurvey.estimation.domains import names_of
from mpsurvey.estimation.estimates import Estimates, assemble
from mpsurvey.estimation.imputation import Imputed, each_imputation
from mpsurvey.estimation.intervals import t_interval
from mpsurvey.estimation.linearise import Numbers

__all__ = ["Structure", "standardise"]

Floats = NDArray[np.float64]
Structure = Mapping[Any, float] | Literal["pooled"]


def standardise(
    sample: Sample,
    variable: str | Imputed,
    cells: str | Sequence[str],
    *,
    structure: Structure = "pooled",
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
    df: DegreesOfFreedom = "domain",
) -> Estimates:
    r"""Estimate means or rates of groups as if all had one structure, of age and sex for instance.

    Use it to compare migrants with others, or regions, without the difference that only comes from
    one group being younger. For a difference that several variables explain at once, see
    `mpsurvey.regression` and its margins.

    Parameters
    ----------
    sample, by, where, level, missing, df
        As in `mpsurvey.total`.
    variable
        A numeric column, a formula, a rule (a rate: ``"lfs == 2"``), or `Imputed`.
    cells
        The variables that make the structure: ``("age_group", "sex")``.
    structure
        ``"pooled"``: that of all answered people together, estimated from the sample itself, its
        variance included. Or shares or counts of a standard population, taken as exact: a mapping
        from a value, or a tuple of values in the order of `cells`, to a number. People in cells
        that are not in the mapping are left out.

    Returns
    -------
    Estimates
        In the unit of the variable. A group in which a cell of the structure has nobody has no
        figure. `n`, `population` and `df` are those of the group. `mpsurvey.contrast` compares
        groups.

    Raises
    ------
    MpsurveyError
        The structure names a cell that nobody in the data is in, or has shares that are negative
        or add to zero.

    Notes
    -----
    .. math:: \bar y_g^{\,*} = \sum_a \pi_a\, \bar y_{ga}, \qquad
              \pi_a = N_a / N \ \text{or}\ \hat N_a / \hat N

    A given structure equals R's ``svystandardize`` with ``svymean``. With ``"pooled"``, R takes
    the estimated shares as exact; here their linearised part
    :math:`\sum_a (\bar y_{ga} - \bar y_g^{\,*})\, d\hat N_a / \hat N` is in the variance.
    Korn and Graubard (1999), Analysis of Health Surveys, section 3.8.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"migrant": [1, 1, 1, 0, 0, 0], "old": [0, 0, 1, 0, 1, 1],
    ...                        "hours": [40.0, 44, 30, 42, 30, 34]})
    >>> sample = mp.Sample(people, mp.Design())
    >>> found = standardise(sample, "hours", "old", structure={0: 0.5, 1: 0.5}, by="migrant")
    >>> found.frame[["migrant", "estimate"]].to_numpy().tolist()
    [[0.0, 37.0], [1.0, 36.0]]
    """
    if isinstance(variable, Imputed):
        return each_imputation(standardise, locals())
    groups, parts = names_of(by), names_of(cells)
    twice = sorted(set(groups) & set(parts))
    if twice or not parts:
        raise MpsurveyError(
            f"'{twice[0]}' cannot be in `by` and in `cells`." if twice else "Name the cells."
        )
    question = ask(
        sample,
        (variable,),
        statistic="A standardised mean",
        by=(*groups, *parts),
        where=where,
        missing=missing,
        yes_no=True,
        sums=(variable,),
    )
    shares, known = _shares(question, parts, structure)
    question = replace(question, answered=_inside(question, known))
    fine = answer(question, linearise.mean, name="mean", variables=[variable], level=level)
    crude = _of_groups(question, variable, groups, where, level, df)
    width = len(shares)
    means = fine.frame["estimate"].to_numpy(dtype=np.float64).reshape(-1, width)
    empty = (np.isnan(means) & (shares > 0)).any(axis=1)
    count = len(means)
    spread = np.zeros((count, count * width))
    for group in range(count):
        spread[group, group * width : (group + 1) * width] = shares
    estimate = np.where(empty, np.nan, np.nan_to_num(means) @ shares)
    pooled = isinstance(structure, str)
    if pooled:
        uncertainty = _with_pooled_shares(question, fine, spread, means, estimate, parts, where)
    else:
        uncertainty = fine.uncertainty.combined(spread)
    se = np.sqrt(uncertainty.variance())
    rows = crude.frame
    freedom = rows["df"].to_numpy(dtype=np.float64)
    notes = [note for note in crude.notes if note not in question.notes]
    if empty.any():
        notes.append(
            f"{int(empty.sum()):,} group(s) have nobody in some cell of {' x '.join(parts)} and no "
            "standardised figure. Make the cells wider."
        )
    by_what = "their own pooled structure" if pooled else "a given structure"
    return replace(
        crude,
        frame=assemble(
            statistic="standardised mean",
            variables=[variable] * count,
            categories=None,
            by={name: rows[name] for name in groups},
            estimate=estimate,
            se=se,
            interval=t_interval(estimate, se, freedom, level),
            deff=None,
            df=freedom,
            n=rows["n"].to_numpy(),
            population=rows["population"].to_numpy(),
        ),
        statistic="standardised mean",
        uncertainty=uncertainty,
        notes=(*question.notes, *notes, f"Standardised over {' x '.join(parts)} to {by_what}."),
    )


def _shares(
    question: Question, parts: Sequence[str], structure: Structure
) -> tuple[Floats, NDArray[np.bool_]]:
    """Share of each cell in the standard population, and the cells that are in it, shape (A,)."""
    levels = question.domains.levels[len(question.domains.names) - len(parts) :]
    sizes = [len(level) for level in levels]
    width = int(np.prod(sizes))
    if isinstance(structure, str):
        if structure != "pooled":
            raise MpsurveyError(
                f"structure='{structure}' is not 'pooled'; else give shares by cell."
            )
        counted = question.answered
        code = question.domains.code
        assert code is not None  # noqa: S101 - there is at least one variable in `by`
        inside = code >= 0 if counted is None else (code >= 0) & counted
        found = np.bincount(
            code[inside] % width, weights=question.sample.weight[inside], minlength=width
        )
        if not found.any():
            raise MpsurveyError("Nobody has an answer, so there is no structure to pool.")
        return found / found.sum(), np.ones(width, dtype=bool)
    grid = np.unravel_index(np.arange(width), sizes)
    columns = [level[place].tolist() for level, place in zip(levels, grid, strict=True)]
    cells = list(zip(*columns, strict=True))
    at = {cell: place for place, cell in enumerate(cells)}
    shares, known = np.zeros(width), np.zeros(width, dtype=bool)
    problems = []
    for key, share in structure.items():
        cell = key if isinstance(key, tuple) else (key,)
        if not share >= 0:
            problems.append(f"The structure gives {key!r} the share {share}.")
        elif cell in at:
            shares[at[cell]], known[at[cell]] = share, True
        elif share > 0:
            shown = key if isinstance(key, tuple) else str(key)
            near = did_you_mean(str(shown), [c if len(c) > 1 else c[0] for c in cells])
            problems.append(
                f"Nobody in the data is in the cell {key!r} of {' x '.join(parts)}.{near}"
            )
    if not problems and not shares.any():
        problems.append("The shares of the structure add to zero.")
    if problems:
        raise MpsurveyError(problems)
    return shares / shares.sum(), known


def _inside(question: Question, known: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """Rows that are answered and in a cell of the structure."""
    if known.all():
        return question.answered
    code = question.domains.code
    assert code is not None  # noqa: S101
    inside: NDArray[np.bool_] = known[code % len(known)] & (code >= 0)
    return inside if question.answered is None else inside & question.answered


def _of_groups(
    question: Question,
    variable: str,
    groups: Sequence[str],
    where: str | None,
    level: float,
    df: DegreesOfFreedom,
) -> Estimates:
    """Plain means of the groups: their n, population, df and labels."""
    counted = _placed(question)
    whole = ask(question.sample, (), statistic="A standardised mean", by=tuple(groups), where=where)
    whole = replace(whole, answered=counted, columns=question.columns)
    return answer(whole, linearise.mean, name="mean", variables=[variable], level=level, df=df)


def _placed(question: Question) -> NDArray[np.bool_] | None:
    """Rows that are answered and have a value of every variable in `by`."""
    code = question.domains.code
    if code is None or not question.domains.partial:
        return question.answered
    placed: NDArray[np.bool_] = code >= 0
    return placed if question.answered is None else placed & question.answered


def _with_pooled_shares(
    question: Question,
    fine: Estimates,
    spread: Floats,
    means: Floats,
    estimate: Floats,
    parts: Sequence[str],
    where: str | None,
) -> Any:
    """Uncertainty of means and estimated shares together."""

    def sizes(totals: Numbers) -> Numbers:
        return totals[..., :1]

    people = ask(question.sample, (), statistic="A structure", by=tuple(parts), where=where)
    people = replace(people, answered=_placed(question))
    counts = answer(people, sizes, name="size", variables=["people"])
    size = counts.frame["estimate"].fillna(0.0).to_numpy(dtype=np.float64)
    width = len(size)
    gap = np.nan_to_num(np.nan_to_num(means) - estimate[:, None]) / size.sum()
    slope = np.hstack([spread, gap])

    def standardised(figures: Numbers) -> Numbers:
        share = np.nan_to_num(figures[-width:])
        cells = np.where(share == 0, 0, figures[:-width].reshape(-1, width))
        return np.asarray(cells @ share / share.sum())

    return fine.uncertainty.joined(counts.uncertainty).mapped(standardised, slope)
