"""`allocate`: how many interviews in each stratum."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from mpsurvey.errors import ColumnMissing, DesignError, did_you_mean
from mpsurvey.planning import bethel, bounded
from mpsurvey.planning.allocation_result import Allocation, price_of
from mpsurvey.planning.drawn import as_pandas
from mpsurvey.planning.figures import Precision, Target, figures_of, precision_of, targets_of
from mpsurvey.planning.inclusion import Array

__all__ = ["allocate"]

Method = Literal[
    "proportional", "equal", "neyman", "optimum", "power", "bethel", "screening", "oversample"
]
METHODS: tuple[str, ...] = get_args(Method)
Counts = npt.NDArray[np.int64]


def allocate(
    strata: Any,
    *,
    n: int | None = None,
    budget: float | None = None,
    method: Method = "proportional",
    stratum: str = "stratum",
    population: str = "population",
    sd: str | None = None,
    mean: str | None = None,
    cost: str | float = 1.0,
    least: str | int = 2,
    most: str | int | None = None,
    exponent: float = 0.5,
    oversample: str | Mapping[Any, float] | None = None,
    figures: Mapping[str, Any] | None = None,
    targets: Iterable[Target | Mapping[str, Any]] | Mapping[str, float] | None = None,
    groups: str | Sequence[str] = (),
    screen: str | None = None,
    cost_screening: str | float = 0.0,
    cost_psu: str | float | None = None,
    icc: str | float | None = None,
    take: str | int | None = None,
    deff: str | float | None = None,
) -> Allocation:
    r"""Divide a sample among strata.

    Say how large by `n` interviews, a `budget`, or CV `targets`; beside n or a budget the targets
    are only compared with what comes out. Bethel's allocation goes by targets. Sizes
    keep `least` and `most`; what a bound takes is given to the other strata by the same rule.

    ==================  ===========================================================================
    ``"proportional"``  n_h ~ N_h
    ``"equal"``         the same in each stratum
    ``"neyman"``        n_h ~ N_h S_h, the most precise mean for n
    ``"optimum"``       n_h ~ N_h S_h / sqrt(c_h), the most precise for the budget
    ``"power"``         n_h ~ X_h^a CV_h, between national and stratum figures (Bankier 1988)
    ``"bethel"``        the cheapest that meets every target, of several figures in several domains
    ``"screening"``     n_h ~ N_h sqrt{P_h / (c_s + P_h c_h)}, households screened for a rare group
    ``"oversample"``    n_h ~ N_h times a factor
    ==================  ===========================================================================

    Parameters
    ----------
    strata
        A frame with one row per stratum.
    stratum, population
        Columns with its label and its size N_h.
    sd, mean
        Columns with the standard deviation and mean of the leading figure, for Neyman, optimum and
        power allocation.
    cost
        Cost of an interview: one number, or a column.
    least, most
        Bounds in each stratum: one number or a column.
    exponent
        Of ``"power"``: 0 gives all strata the same CV, 1 is near to Neyman's. X_h is N_h times the
        mean.
    oversample
        Of ``"oversample"``: a column, or a mapping from stratum to factor (others 1).
    figures
        What the survey is to give: a mapping from name to `Figure`, to a mapping of its names, to a
        pair of columns (mean, sd), or to the column of a share. Their expected CVs are reported.
    targets
        `Target` s, mappings of their names, or a mapping from figure to CV.
    groups
        Columns with the share of a group in each stratum: what the allocation gives and costs each
        of them is reported.
    screen
        Of ``"screening"``: the column with the share of households with a member of the rare group.
        n counts households screened.
    cost_screening
        Cost of a household screened: one number or a column.
    cost_psu, icc, take
        Two stages: cost of a PSU (travel and listing), intraclass correlation and interviews per
        PSU. Without `take` it is the optimum :math:`\sqrt{(c_1/c_2)(1-\rho)/\rho}`
        (Cochran 1977, section 10.6). The sample is then counted in whole PSUs.
    deff
        Design effect within each stratum, where it does not come from `icc` and `take`.

    Returns
    -------
    Allocation

    Raises
    ------
    DesignError
        If something is missing, contradictory or cannot be met; all at once.

    Examples
    --------
    Cochran (1977), chapter 5: 16 large and 48 smaller cities.

    >>> cities = pd.DataFrame(
    ...     {"stratum": ["large", "small"], "population": [16, 48], "sd": [232.04, 74.71]}
    ... )
    >>> allocate(cities, n=24, method="neyman", sd="sd").units
    {'large': 12, 'small': 12}
    """
    frame = as_pandas(strata).reset_index(drop=True)
    group_names = (groups,) if isinstance(groups, str) else tuple(groups)
    wanted = targets_of(targets)
    described = figures_of(figures)
    _check(
        frame, method, n=n, budget=budget, targets=wanted, stratum=stratum, population=population,
        sd=sd, mean=mean, screen=screen, oversample=oversample, groups=group_names,
        icc=icc, cost_psu=cost_psu, take=take, deff=deff,
    )  # fmt: skip
    N = _column(frame, population, "population")
    H = N.size
    unit_cost, fixed_take, effect = _units(
        frame, cost, cost_psu, icc, take, deff, cost_screening, screen, method
    )
    low = np.minimum(_column(frame, least, "least"), N)
    high = N if most is None else np.minimum(_column(frame, most, "most"), N)
    low, high = np.minimum(low, high), np.maximum(high, 1e-9)
    asked = [(one.figure, one.by) for one in wanted]
    everywhere = [(name, None) for name in described if (name, None) not in asked]
    precision = precision_of(frame, described, [*asked, *everywhere], N, effect, fixed_take)
    limits = _limits(precision, wanted)
    spread = np.ones(H) if sd is None else _column(frame, sd, "sd")
    if method == "bethel":
        counts = _by_targets(precision, limits, unit_cost, low, high)
    else:
        shape = _shape(
            method, frame, N, spread * np.sqrt(effect), unit_cost, mean=mean, exponent=exponent,
            oversample=oversample, screen=screen, stratum=stratum,
            cost_screening=cost_screening, cost=cost,
        )  # fmt: skip
        counts = _by_shape(
            method, shape, N, spread**2 * effect, unit_cost, low, high,
            n=n, budget=budget, precision=precision, limits=limits,
        )  # fmt: skip
    out = pd.DataFrame({"stratum": frame[stratum], "population": N})
    if fixed_take is not None:
        psus = np.maximum(np.ceil(counts / fixed_take - 1e-9), 1).astype(np.int64)
        psus = np.where(counts > 0, psus, 0)
        counts = np.minimum((psus * fixed_take).astype(np.int64), N.astype(np.int64))
    out["n"] = counts
    out["fraction"] = counts / N
    out["weight"] = np.where(counts > 0, N / np.maximum(counts, 1), np.nan)
    out["cost"] = counts * unit_cost
    if fixed_take is not None:
        out["take"] = fixed_take
        out["psus"] = psus
    shares = {name: _column(frame, name, "groups") for name in group_names}
    national, table = price_of(N, counts.astype(float), shares)
    expected = precision.labels.assign(
        value=precision.value,
        cv=precision.cv(np.maximum(counts.astype(float), 1e-9)),
        target=limits,
    )
    expected["met"] = (expected["cv"] <= expected["target"] * (1 + 1e-9)) | np.isnan(limits)
    return Allocation(
        frame=out,
        method=method,
        n=int(counts.sum()),
        cost=float(counts @ unit_cost),
        deff=national,
        groups=table,
        expected=expected,
        _precision=precision,
        _cost=unit_cost,
    )


def _column(frame: pd.DataFrame, given: str | float, role: str) -> Array:
    if isinstance(given, str):
        return frame[given].to_numpy(dtype=np.float64)
    return np.full(len(frame), float(given))


def _units(
    frame: pd.DataFrame,
    cost: str | float,
    cost_psu: str | float | None,
    icc: str | float | None,
    take: str | int | None,
    deff: str | float | None,
    cost_screening: str | float,
    screen: str | None,
    method: str,
) -> tuple[Array, Array | None, Array]:
    """Return the cost of a unit with its part of the PSU, the take, and the design effect."""
    unit = _column(frame, cost, "cost")
    if method == "screening" and screen is not None:
        unit = _column(frame, cost_screening, "cost_screening") + _column(frame, screen, "") * unit
    effect = np.ones(len(frame)) if deff is None else _column(frame, deff, "deff")
    if icc is None:
        return unit, None, effect
    rho = _column(frame, icc, "icc")
    psu = _column(frame, 0.0 if cost_psu is None else cost_psu, "cost_psu")
    if take is None:
        with np.errstate(divide="ignore"):
            best = np.sqrt(psu / unit * (1 - rho) / rho)
        taken = np.maximum(np.rint(np.minimum(best, 1e6)), 1.0)
    else:
        taken = _column(frame, take, "take")
    return unit + psu / taken, taken, effect * (1 + (taken - 1) * rho)


def _limits(precision: Precision, targets: list[Target]) -> Array:
    """Return the tightest CV asked of each estimate, or NaN."""
    limits = np.full(len(precision.labels), np.nan)
    figure, by = precision.labels["figure"], precision.labels["by"]
    for one in targets:
        same_by = by.isna() if one.by is None else by == one.by
        rows = ((figure == one.figure) & same_by).to_numpy()
        limits[rows] = np.fmin(limits[rows], one.cv)
    return limits


def _shape(
    method: str,
    frame: pd.DataFrame,
    N: Array,
    spread: Array,
    unit_cost: Array,
    *,
    mean: str | None,
    exponent: float,
    oversample: str | Mapping[Any, float] | None,
    screen: str | None,
    stratum: str,
    cost_screening: str | float,
    cost: str | float,
) -> Array:
    match method:
        case "equal":
            return np.ones(N.size)
        case "neyman":
            return N * spread
        case "optimum":
            return N * spread / np.sqrt(unit_cost)
        case "power":
            average = np.abs(_column(frame, mean or "", "mean"))
            return np.asarray((N * average) ** exponent * spread / average)
        case "screening":
            rare = _column(frame, screen or "", "screen")
            return np.asarray(N * spread * np.sqrt(rare / unit_cost))
        case "oversample":
            if isinstance(oversample, Mapping):
                given = {str(key): float(value) for key, value in oversample.items()}
                labels = frame[stratum].astype(str)
                unknown = [key for key in given if key not in set(labels)]
                if unknown:
                    raise DesignError(
                        f"oversample names stratum '{key}', which is not there."
                        + did_you_mean(key, labels)
                        for key in unknown
                    )
                return N * labels.map(given).fillna(1.0).to_numpy(dtype=np.float64)
            return N * _column(frame, oversample or "", "oversample")
        case _:
            return N


def _by_shape(
    method: str,
    shape: Array,
    N: Array,
    variance: Array,
    unit_cost: Array,
    low: Array,
    high: Array,
    *,
    n: int | None,
    budget: float | None,
    precision: Precision,
    limits: Array,
) -> Counts:
    if n is not None:
        sizes = bounded.in_proportion(shape, low, high, lambda s: float(s.sum()), n)
        if method in ("neyman", "optimum"):
            # n counts units, so each costs the same here; the costs are in the shape already.
            return bounded.least_variance(shape**2, np.ones(N.size), n, low, high, sizes)
        return bounded.largest_remainder(sizes, n, low, high)
    if budget is not None:
        sizes = bounded.in_proportion(shape, low, high, lambda s: float(unit_cost @ s), budget)
        if method in ("neyman", "optimum"):
            weight = N**2 * variance
            return bounded.least_variance(weight, unit_cost, budget, low, high, sizes)
        return np.maximum(np.floor(sizes + 1e-9), np.ceil(low)).astype(np.int64)
    aimed = ~np.isnan(limits)

    def slack(sizes: Array) -> float:
        return float(np.min(limits[aimed] - precision.cv(sizes)[aimed]))

    sizes = bounded.in_proportion(shape, np.maximum(low, 1e-9), high, slack, 0.0)
    _refuse_unmet(precision, limits, sizes)
    return np.minimum(np.ceil(sizes - 1e-9), np.maximum(high, 1)).astype(np.int64)


def _by_targets(
    precision: Precision, limits: Array, unit_cost: Array, low: Array, high: Array
) -> Counts:
    aimed = ~np.isnan(limits)
    _refuse_unmet(precision, limits, high)
    allowed = (limits * precision.value) ** 2 + precision.fixed
    ratio = precision.coefficient[aimed] / allowed[aimed][:, None]
    floor = np.maximum(low, 1.0)
    sizes = bethel.cheapest(ratio, unit_cost, floor, high)
    return bethel.cheapest_whole(sizes, ratio, unit_cost, floor, high)


def _refuse_unmet(precision: Precision, limits: Array, sizes: Array) -> None:
    cv = precision.cv(sizes)
    over = np.flatnonzero(cv > limits * (1 + 1e-6) + 1e-12)
    if over.size:
        raise DesignError(
            f"Target CV {limits[j]:g} of '{precision.labels['figure'][j]}'"
            + (
                ""
                if precision.labels["by"].isna()[j]
                else f" where {precision.labels['by'][j]} is '{precision.labels['domain'][j]}'"
            )
            + f" cannot be met: the largest sizes allowed give {cv[j]:.3g}. Raise most or the CV."
            for j in over
        )


def _check(frame: pd.DataFrame, method: str, **given: Any) -> None:
    roles = [("stratum", given["stratum"]), ("population", given["population"])]
    roles += [("sd", given["sd"]), ("mean", given["mean"]), ("screen", given["screen"])]
    roles += [("groups", name) for name in given["groups"]]
    if isinstance(given["oversample"], str):
        roles.append(("oversample", given["oversample"]))
    absent = [(role, name) for role, name in roles if name is not None and name not in frame]
    if absent:
        raise ColumnMissing(absent, frame.columns)
    problems = []
    if method not in METHODS:
        problems.append(
            f"method is '{method}'; it is one of {', '.join(METHODS)}."
            + did_you_mean(method, METHODS)
        )
    sources = [name for name in ("n", "budget") if given[name] is not None]
    if given["targets"]:
        sources.append("targets")
    if method == "bethel":
        if not given["targets"]:
            problems.append("method 'bethel' needs targets.")
        if sources[:-1]:
            problems.append(
                f"method 'bethel' finds the size; leave out {' and '.join(sources[:-1])}."
            )
    elif sources in ([], ["n", "budget"], ["n", "budget", "targets"]):
        problems.append("Say how large: n, budget or targets.")
    if method in ("neyman", "optimum") and given["sd"] is None:
        problems.append(f"method '{method}' needs sd, the column of standard deviations.")
    if method == "power" and (given["sd"] is None or given["mean"] is None):
        problems.append("method 'power' needs sd and mean.")
    if method == "screening" and given["screen"] is None:
        problems.append("method 'screening' needs screen, the share of households concerned.")
    if method == "oversample" and given["oversample"] is None:
        problems.append("method 'oversample' needs oversample, the factors.")
    if given["icc"] is None and (given["cost_psu"] is not None or given["take"] is not None):
        problems.append("Two stages need icc; it may be 0 only with take given.")
    if given["icc"] is not None and given["take"] is None and given["cost_psu"] is None:
        problems.append("Two stages need take, or cost_psu to find the best one.")
    labels = frame[given["stratum"]]
    if labels.duplicated().any():
        problems.append(f"Stratum labels occur more than once in '{given['stratum']}'.")
    numbers = frame[given["population"]]
    if not (pd.to_numeric(numbers, errors="coerce") > 0).all():
        problems.append(f"population '{given['population']}' is a number above 0 in each stratum.")
    if problems:
        raise DesignError(problems)
