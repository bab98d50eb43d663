"""`sample_size`: how many interviews a figure needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from scipy import stats

from mpsurvey.errors import DesignError, did_you_mean
from mpsurvey.planning.margins import Interval, half_width, interviews_for_margin
from mpsurvey.planning.rare import RareGroup
from mpsurvey.planning.size_result import Costs, SampleSize, cost_of, described

__all__ = ["sample_size"]

Statistic = Literal["mean", "total", "proportion", "ratio", "difference", "change"]
STATISTICS: tuple[str, ...] = get_args(Statistic)
# A catalogue indicator's statistic, and what it is for planning.
OF_INDICATOR = {"share": "proportion", "gap": "difference"} | {one: one for one in STATISTICS}


def sample_size(
    statistic: Any,
    *,
    value: float | None = None,
    sd: float | None = None,
    other: float | None = None,
    other_sd: float | None = None,
    cv_numerator: float | None = None,
    cv_denominator: float | None = None,
    correlation: float = 0.0,
    overlap: float = 0.0,
    group_ratio: float = 1.0,
    moe: float | None = None,
    relative_moe: float | None = None,
    se: float | None = None,
    cv: float | None = None,
    power: float | None = None,
    sides: int = 2,
    level: float = 0.95,
    method: Interval = "wald",
    population: float | None = None,
    deff: float | None = None,
    icc: float = 0.0,
    take: float | None = None,
    weight_deff: float = 1.0,
    response: float = 1.0,
    group: RareGroup | Mapping[str, Any] | float | None = None,
    costs: Costs | Mapping[str, float] | None = None,
    catalogue: Any = None,
) -> SampleSize:
    r"""Return the interviews that a figure needs to be as precise as wanted.

    The variance planned with is

    .. math:: V = \text{deff} \, S^2 \left(\frac1n - \frac1N\right), \quad
              \text{deff} = d_w \, \{1 + (b - 1) \rho_h + (t - b) \rho\}

    with t interviews in a PSU, b of them in one household (1 save for a rare group), and
    :math:`d_w` the effect of unequal weights. The design effect comes before the finite population
    correction, so a size never exceeds the population.

    Parameters
    ----------
    statistic
        ``"mean"``, ``"total"``, ``"proportion"``, ``"ratio"``, ``"difference"`` between two groups,
        ``"change"`` between two rounds, an indicator of the catalogue, or its id (with
        `catalogue`).
    value
        What is expected: the mean, total, share (0-1) or ratio; of the first group or round.
    sd
        Standard deviation between people; not for proportions. For a ratio, of (y - R x) / mean(x),
        unless the two CVs and the correlation of y and x are given.
    other, other_sd
        The same of the second group or round. Without `sd` values are shares.
    overlap, correlation
        For a change: the share of people asked in both rounds and the correlation of their answers.
        For a ratio: the correlation of numerator and denominator.
    group_ratio
        For a difference: size of the second group's sample over the first's.
    moe, relative_moe, se, cv, power
        What is wanted, exactly one: half the interval's width, the same over the value, the
        standard error, the coefficient of variation, or the chance to find the difference
        ``other - value`` significant at 1 - `level`.
    sides
        Sides of the test for `power`.
    method
        The interval of a proportion: ``"wald"``, ``"wilson"``, ``"clopper_pearson"``, ``"fleiss"``.
    population
        Number of people (of the group) in the country; without it very large.
    deff
        The whole design effect, where known; otherwise from `icc`, `take` and `weight_deff`.
    icc, take
        Intraclass correlation, and interviews in a PSU (of the group, where it is rare).
    response
        Share of people approached who answer.
    group
        A `RareGroup`, a mapping of its names, or its share of the people. In a difference it is the
        first group; the second is met on the way.
    costs
        `Costs` or a mapping of their names.

    Returns
    -------
    SampleSize

    Raises
    ------
    DesignError
        If something is missing, contradictory or out of range; all at once.

    Examples
    --------
    Cochran (1977), chapter 4: the share with blood group O within 5 points, N = 3,200.

    >>> sample_size("proportion", value=0.5, moe=0.05, level=0.9545, population=3200).interviews
    356

    Immigrants are 3 % of the people: their unemployment rate within 4 points.

    >>> found = sample_size(
    ...     "proportion", value=0.12, moe=0.04, icc=0.05, take=4, response=0.8,
    ...     group={"share": 0.03, "household_size": 4, "eligible_per_household": 1.6},
    ... )
    >>> found.interviews, found.households
    (284, 2959)
    """
    name = _named(statistic, catalogue)
    rare = RareGroup.of(group)
    if rare is not None and take is None:
        take = rare.take(response)
    _check(
        name, value=value, sd=sd, other=other, power=power, moe=moe, relative_moe=relative_moe,
        se=se, cv=cv, level=level, population=population, response=response, icc=icc, take=take,
        overlap=overlap, correlation=correlation, deff=deff, sides=sides, method=method,
        ratio_cvs=(cv_numerator, cv_denominator),
    )  # fmt: skip
    N = np.inf if population is None else float(population)
    spread = _spread(
        name, value or 0.0, sd, other, other_sd, (cv_numerator, cv_denominator, correlation),
        overlap, group_ratio, N,
    )  # fmt: skip
    effect, effect_steps = _design_effect(deff, icc, take, weight_deff, rare)
    z = float(stats.norm.ppf((1 + level) / 2))
    target = moe
    if relative_moe is not None:
        target = relative_moe * abs(spread.value) * spread.scale
    if name == "proportion" and target is not None:
        plain = interviews_for_margin(spread.value, target, level=level, method=method)
        # Wald's size in a finite population follows S^2 = N/(N-1) pq, the others' likewise.
        n = plain * effect
        n = n / (1 + (n - 1) / N) if np.isfinite(N) else n
    else:
        if power is not None:
            wanted = _variance_for_power(spread, power, level, sides)
        elif se is not None:
            wanted = se**2
        elif cv is not None:
            wanted = (cv * spread.value) ** 2
        else:
            wanted = ((target or 0.0) / spread.scale / z) ** 2
        if se is not None:
            wanted /= spread.scale**2
        plain = spread.variance / wanted
        n = spread.variance * effect / (wanted + spread.variance * effect / N)
    first = int(np.ceil(min(n, N) - 1e-9))
    groups = (first,) if name not in ("difference", "change") else (
        first, int(np.ceil(first * (group_ratio if name == "difference" else 1.0) - 1e-9)),
    )  # fmt: skip
    total = sum(groups)
    priced = Costs.of(costs)
    steps: list[tuple[str, float, Any]] = [("simple random sample", 1.0, round(plain, 1))]
    steps += [(step, factor, None) for step, factor in effect_steps]
    steps.append(("with the design effect", effect, round(plain * effect, 1)))
    if np.isfinite(N):
        steps.append(("finite population", n / (plain * effect), round(n, 1)))
    steps.append(("interviews", 1.0, total))
    to_select = int(np.ceil(total / response - 1e-9))
    steps.append(("to approach, with nonresponse", 1 / response, to_select))
    # A rare group compared with everybody else: only its own interviews need screening.
    screened = first / total if name == "difference" else 1.0
    households = None
    if rare is not None:
        households = int(np.ceil(rare.households(total * screened, response) - 1e-9))
        steps.append(("households to screen", households / to_select, households))
    reached = np.sqrt(effect * spread.variance * max(1 / first - 1 / N, 0.0))
    margin = z * reached
    if name == "proportion" and method in ("wilson", "clopper_pearson"):
        loss = (1 - (first - 1) / (N - 1)) if np.isfinite(N) else 1.0
        effective = first / effect / max(loss, 1e-12)
        margin = half_width(spread.value, effective, level=level, method=method)
    return SampleSize(
        statistic=name,
        interviews=total,
        by_group=groups,
        to_select=to_select,
        households=households,
        psus=int(np.ceil(total / take - 1e-9)) if take else None,
        deff=effect,
        se=float(reached * spread.scale),
        moe=float(margin * spread.scale),
        cv=float(reached / abs(spread.value)) if spread.value else float("nan"),
        level=level,
        cost=None if priced is None else cost_of(priced, total, take, response, rare, screened),
        steps=described(steps),
        _unit_variance=spread.variance * spread.scale**2,
        _value=spread.value * spread.scale,
        _population=N,
        _take=take,
        _response=response,
        _group=rare,
        _costs=priced,
        _screened=screened,
    )


@dataclass(frozen=True, slots=True)
class _Spread:
    """Variance x n of the estimate under simple random sampling, on the scale of a mean.

    `scale` brings it back to a total; `null` is the variance under no difference, for power.
    """

    value: float
    variance: float
    scale: float = 1.0
    difference: float = 0.0
    null: float | None = None


def _spread(
    name: str,
    value: float,
    sd: float | None,
    other: float | None,
    other_sd: float | None,
    ratio: tuple[float | None, float | None, float],
    overlap: float,
    group_ratio: float,
    N: float,
) -> _Spread:
    finite = N / (N - 1) if np.isfinite(N) else 1.0
    if name == "proportion":
        return _Spread(value, value * (1 - value) * finite)
    if name == "ratio" and ratio[0] is not None and ratio[1] is not None:
        y, x, rho = ratio[0], ratio[1], ratio[2]
        return _Spread(value, value**2 * (y**2 + x**2 - 2 * rho * y * x))
    if name in ("mean", "ratio"):
        return _Spread(value, float(sd or 0.0) ** 2)
    if name == "total":
        return _Spread(value / N, float(sd or 0.0) ** 2, scale=N)
    then = float(other or 0.0)
    if sd is None:
        one, two = value * (1 - value), then * (1 - then)
    else:
        one, two = sd**2, float(other_sd if other_sd is not None else sd) ** 2
    if name == "change":
        kept = 2 * overlap * ratio[2] * np.sqrt(one * two)
        return _Spread(0.0, one + two - kept, difference=then - value)
    null = None
    if sd is None:
        pooled = (value + group_ratio * then) / (1 + group_ratio)
        null = pooled * (1 - pooled) * (1 + 1 / group_ratio)
    return _Spread(0.0, one + two / group_ratio, difference=then - value, null=null)


def _variance_for_power(spread: _Spread, power: float, level: float, sides: int) -> float:
    """Variance at which the test finds the difference with this power, on the scale of V.

    The test of two shares pools them under the null; its size is that of R's ``power.prop.test``.
    """
    alpha = float(stats.norm.ppf(1 - (1 - level) / sides))
    beta = float(stats.norm.ppf(power))
    null = spread.variance if spread.null is None else spread.null
    n = (alpha * np.sqrt(null) + beta * np.sqrt(spread.variance)) ** 2 / spread.difference**2
    return float(spread.variance / n)


def _design_effect(
    deff: float | None,
    icc: float,
    take: float | None,
    weight_deff: float,
    rare: RareGroup | None,
) -> tuple[float, list[tuple[str, float]]]:
    if deff is not None:
        return deff, [("design effect, given", deff)]
    in_household = rare.interviews_per_household if rare is not None else 1.0
    household_icc = rare.household_icc if rare is not None else 0.0
    weights = weight_deff * (rare.weight_deff if rare is not None else 1.0)
    clusters = 1 + (in_household - 1) * household_icc
    if take is not None:
        # A group met by chance: the others in the PSU live in the other households screened.
        listed = rare.households_per_psu if rare is not None else None
        others = take - in_household if listed is None else take * (1 - 1 / listed)
        clusters += max(others, 0.0) * icc
    steps = [("clusters", clusters), ("unequal weights", weights)]
    return weights * clusters, [(step, factor) for step, factor in steps if factor != 1]


def _named(statistic: Any, catalogue: Any) -> str:
    """Return the statistic's name, of a word, of an indicator or of an indicator's id."""
    if isinstance(statistic, str) and statistic in STATISTICS:
        return statistic
    if isinstance(statistic, str):
        if catalogue is None:
            raise DesignError(
                f"statistic is '{statistic}'; it is one of {', '.join(STATISTICS)}, or the id of "
                f"an indicator together with catalogue=.{did_you_mean(statistic, STATISTICS)}"
            )
        statistic = catalogue.indicators(statistic)[0]
    kind = getattr(statistic, "statistic", None)
    given = getattr(statistic, "given", {})
    if kind == "share" and given.get("of"):
        return "ratio"
    if kind == "poverty" and not given.get("order"):
        return "proportion"
    if kind in OF_INDICATOR:
        return OF_INDICATOR[str(kind)]
    label = getattr(statistic, "id", type(statistic).__name__)
    raise DesignError(
        f"Indicator '{label}' is a '{kind}', whose size has no formula here. Plan it as a mean "
        "with the standard deviation of its linearised values: sample_size('mean', sd=...)."
    )


def _check(name: str, **given: Any) -> None:
    problems = []
    aims = ("moe", "relative_moe", "se", "cv", "power")
    wanted = [one for one in aims if given[one] is not None]
    if len(wanted) != 1:
        problems.append(
            f"Say what is wanted by exactly one of {', '.join(aims)}"
            + (f", not by {' and '.join(wanted)}." if wanted else ".")
        )
    two = name in ("difference", "change")
    value, sd = given["value"], given["sd"]
    relative = given["cv"] is not None or given["relative_moe"] is not None
    if value is None and (name in ("proportion", "total") or two or relative):
        problems.append(f"A {name} needs value, what is expected.")
    if name in ("mean", "total") and sd is None:
        problems.append(f"A {name} needs sd, the standard deviation between people.")
    if name == "ratio" and sd is None and None in given["ratio_cvs"]:
        problems.append(
            "A ratio needs sd, of (y - R x) / mean(x), or cv_numerator, cv_denominator and their "
            "correlation."
        )
    if name == "total" and given["population"] is None:
        problems.append("A total needs population, the number of people it is taken over.")
    if two and given["other"] is None:
        problems.append(f"A {name} needs other, the value of the second group or round.")
    if two and relative:
        problems.append(f"A {name} near 0 has no useful CV. Ask for moe, se or power.")
    if given["power"] is not None and not two:
        problems.append("power belongs to a difference or a change.")
    if given["power"] is not None and two and value is not None and value == given["other"]:
        problems.append("power needs a difference to find: value and other are equal.")
    shares = name == "proportion" or (two and sd is None)
    problems += [
        f"{role} is {given[role]:g}; a share is between 0 and 1."
        for role in (("value", "other") if two else ("value",))
        if shares and given[role] is not None and not 0 < given[role] < 1
    ]
    problems += [
        f"{role} is {given[role]:g}; it is above 0 and below 1."
        for role in ("level", "power")
        if given[role] is not None and not 0 < given[role] < 1
    ]
    problems += [
        f"{role} is {given[role]:g}; it is above 0."
        for role in ("moe", "relative_moe", "se", "cv", "sd", "population", "take", "deff")
        if given[role] is not None and not given[role] > 0
    ]
    if not 0 < given["response"] <= 1:
        problems.append(f"response is {given['response']:g}; it is above 0 and at most 1.")
    if not -1 <= given["correlation"] <= 1 or not 0 <= given["overlap"] <= 1:
        problems.append("correlation is within -1 and 1, overlap within 0 and 1.")
    if given["icc"] and given["take"] is None and given["deff"] is None:
        problems.append("icc needs take, the interviews in a PSU.")
    if given["sides"] not in (1, 2):
        problems.append("sides is 1 or 2.")
    if given["method"] != "wald" and name != "proportion":
        problems.append(f"method '{given['method']}' is an interval for proportions.")
    if problems:
        raise DesignError(problems)
