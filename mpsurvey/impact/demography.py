"""What a group does to the age structure, and what moves the population."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation import Estimates
from mpsurvey.estimation.answering import DegreesOfFreedom, answer
from mpsurvey.estimation.asking import By, ask
from mpsurvey.estimation.linearise import Numbers
from mpsurvey.impact.contributions import ACCOUNTING, ask_about_group

__all__ = ["age_structure", "population_change"]

FIGURES = (
    "share of the young",
    "share of working age",
    "share of the old",
    "young dependency ratio",
    "old dependency ratio",
    "dependency ratio",
    "mean age",
)


def age_structure(
    sample: Sample,
    group: str,
    *,
    age: str = "age",
    young: int = 15,
    old: int = 65,
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    df: DegreesOfFreedom = "domain",
) -> Estimates:
    r"""Estimate age structure and dependency with and without a group.

    Parameters
    ----------
    sample, by, where, level, df
        As in `mpsurvey.total`.
    group
        Who belongs: a column of 0 and 1, or a rule.
    age
        Column of completed years.
    young, old
        Working age runs from `young` to just below `old`.

    Returns
    -------
    Estimates
        `variable` names the figure (shares, dependency ratios as persons per person of working age,
        mean age); `category` is ``with``, ``without`` or ``contribution``, their difference.

    Notes
    -----
    Dependency ratio: persons below `young` and from `old` on, per person of working age. All
    figures come from one scan and their joint covariance.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"age": [5, 30, 40, 70, 30, 10], "migrant": [0, 0, 1, 0, 1, 0]})
    >>> found = mp.age_structure(mp.Sample(people, mp.Design()), "migrant").frame
    >>> found[found.variable == "dependency ratio"].estimate.tolist()
    [1.0, 3.0, -2.0]
    """
    if not 0 < young < old:
        raise MpsurveyError(f"young={young} and old={old} must be ages in rising order.")
    question = ask_about_group(
        sample, group, (age,), by=by, where=where, missing="domain", apart=(age,)
    )
    inside, years = question.columns
    parts = (years < young, (years >= young) & (years < old), years >= old)
    all_ages = [*(part.astype(np.float64) for part in parts), years]
    columns = (*all_ages, *(column * inside for column in all_ages))

    def statistic(totals: Numbers) -> Numbers:
        everyone, group_part = totals[..., 1:5], totals[..., 5:9]
        with_group, without = _structure(everyone), _structure(everyone - group_part)
        figures = np.stack([with_group, without, with_group - without], axis=-1)
        return np.asarray(figures.reshape(*totals.shape[:-1], -1))

    found = answer(
        question.with_columns(columns),
        statistic,
        name="age structure",
        variables=np.repeat(FIGURES, 3).tolist(),
        level=level,
        df=df,
        labels=["with", "without", "contribution"] * len(FIGURES),
    )
    ages = f"Young: below {young}; old: {old} and over; group: {group}."
    return replace(found, notes=(ages, ACCOUNTING, *found.notes))


def _structure(totals: Numbers) -> Numbers:
    young, working, old, years = (totals[..., k] for k in range(4))
    people = young + working + old
    return np.stack(
        [
            young / people,
            working / people,
            old / people,
            young / working,
            old / working,
            (young + old) / working,
            years / people,
        ],
        axis=-1,
    )


def population_change(
    sample: Sample,
    gains: Mapping[str, str],
    losses: Mapping[str, str] | None = None,
    *,
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    df: DegreesOfFreedom = "domain",
) -> Estimates:
    r"""Estimate what moved a population in a period, component by component.

    Parameters
    ----------
    sample, by, where, level, df
        As in `mpsurvey.total`.
    gains, losses
        Components by name, each a column of counts or a rule on the rows: for instance
        ``gains={"births": "age == 0", "immigration": "years_here == 0"}``,
        ``losses={"emigration": "left_last_year"}``.

    Returns
    -------
    Estimates
        `variable` names the component, ``net change`` and ``net change per person`` (of the present
        population less the net change). Losses are negative.

    Notes
    -----
    A survey sees only those who are here to answer, or whose household is: households that left as
    a whole and deaths of people who lived alone are not in it.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> homes = pd.DataFrame({"new": [1, 0, 2], "left": [0, 1, 1]})
    >>> found = mp.population_change(
    ...     mp.Sample(homes, mp.Design()), {"immigration": "new"}, {"emigration": "left"})
    >>> found.frame[["variable", "estimate"]].to_numpy().tolist()[:3]
    [['immigration', 3.0], ['emigration', -2.0], ['net change', 1.0]]
    """
    components = {**gains, **(losses or {})}
    if len(components) != len(gains) + len(losses or {}):
        raise MpsurveyError("A component is named both as a gain and as a loss.")
    question = ask(
        sample,
        tuple(components.values()),
        statistic="A component of change",
        by=by,
        where=where,
        yes_no=True,
        sums=tuple(components.values()),
    )
    sign = np.array([1.0] * len(gains) + [-1.0] * len(losses or {}))

    def statistic(totals: Numbers) -> Numbers:
        parts = totals[..., 1:] * sign
        net = parts.sum(axis=-1, keepdims=True)
        return np.concatenate([parts, net, net / (totals[..., :1] - net)], axis=-1)

    found = answer(
        question,
        statistic,
        name="population change",
        variables=[*components, "net change", "net change per person"],
        level=level,
        df=df,
    )
    seen = "Only what people who are here report: households that left as a whole are not in it."
    return replace(found, notes=(seen, *found.notes))
