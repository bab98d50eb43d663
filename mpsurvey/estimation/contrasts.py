"""Differences, ratios and any other function of estimates, with their joint covariance."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg

from mpsurvey.errors import MpsurveyError, did_you_mean
from mpsurvey.estimation.between_imputations import Imputations, alike
from mpsurvey.estimation.estimates import COLUMNS, Estimates, Uncertainty, assemble
from mpsurvey.estimation.intervals import t_interval
from mpsurvey.estimation.known_covariance import KnownCovariance

__all__ = ["combination", "contrast"]

Floats = NDArray[np.float64]
Function = Callable[[NDArray[Any]], Any]
Weights = Mapping[str, Mapping[Any, float]]


def contrast(
    estimates: Estimates | Sequence[Estimates],
    what: Weights | NDArray[Any] | Sequence[Sequence[float]] | Function,
    *,
    gradient: Function | None = None,
    scale: Literal["difference", "ratio"] = "difference",
    names: Sequence[str] | None = None,
    level: float | None = None,
    samples: Literal["one", "independent"] = "one",
) -> Estimates:
    r"""Compare estimates with each other: the standard error uses their covariance.

    Parameters
    ----------
    estimates
        A result, or several results; their rows then follow each other.
    what
        What to compare:

        - ``{"migrant": {1: 1, 0: -1}}``: weights for the values of a `by` variable (or of
          ``"category"``, ``"variable"``): group 1 less group 0, for each combination of the others;
        - a matrix of shape (r, rows): r linear combinations of the rows;
        - a function of the vector of estimates that gives one number or several.
    gradient
        For a function: its derivative, shape (r, rows). Without it, found exactly by a complex
        step, or by differences where the function takes real numbers only. Replicates need none:
        the function is worked out again for each.
    scale
        With weights of 1 and -1: ``"ratio"`` divides the first by the second.
    names
        Names of the results of a matrix or function.
    level
        Confidence level; that of the estimates by default.
    samples
        ``"one"``: all results are of one sample, and their covariance is known. ``"independent"``:
        each is of a sample of its own (two countries, two surveys), and they share nothing. For
        rounds of one survey that share areas use `mpsurvey.change`.

    Returns
    -------
    Estimates
        `df` is the smallest of the rows that take part (of imputed variables that of the contrast
        itself, and of estimates with ``df="effective"`` likewise where it is smaller); `n` and
        `population` are their sums, those of the same group in two results counted once.

    Raises
    ------
    MpsurveyError
        A variable or value is not in the estimates; shapes do not fit; results of different
        samples are mixed.

    Notes
    -----
    .. math:: \hat V(g(\hat\theta)) = G\,\hat V(\hat\theta)\,G^\top, \quad
              G = \partial g / \partial\theta

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"ea": [1, 1, 2, 2, 3, 3], "migrant": [0, 1] * 3,
    ...                        "hours": [40.0, 44, 38, 46, 42, 48]})
    >>> by_group = mp.mean(mp.Sample(people, mp.Design(psu="ea")), "hours", by="migrant")
    >>> gap = contrast(by_group, {"migrant": {1: 1, 0: -1}})
    >>> float(gap.frame.estimate[0])
    6.0
    """
    results = [estimates] if isinstance(estimates, Estimates) else list(estimates)
    if not results:
        raise MpsurveyError("There is nothing to compare: give at least one result.")
    frame = pd.concat([_common(result, results) for result in results], ignore_index=True)
    if samples not in ("one", "independent"):
        raise MpsurveyError(f"samples='{samples}' is not one of 'one', 'independent'.")
    uncertainty = _apart(results) if samples == "independent" else reduce(_join, alike(results))
    theta = frame["estimate"].to_numpy(dtype=np.float64)
    if callable(what):
        value, matrix = _linearised(what, gradient, theta)
        made = uncertainty.mapped(what, matrix)
        rows = _plain_rows(names, len(value), "function")
    elif isinstance(what, Mapping):
        matrix, rows = _matrix(frame, what, scale)
        value = _values(matrix, theta, scale)
        made = uncertainty.combined(matrix)
        if scale == "ratio":
            above, below = matrix.clip(min=0), (-matrix).clip(min=0)
            matrix = _ratio_gradient(matrix, theta)
            made = uncertainty.mapped(lambda x: (above @ x) / (below @ x), matrix)
    else:
        matrix = np.atleast_2d(np.asarray(what, dtype=np.float64))
        if matrix.shape[1] != len(theta):
            raise MpsurveyError(
                f"The matrix has {matrix.shape[1]} columns, but there are {len(theta)} estimates."
            )
        value = _values(matrix, theta, "difference")
        made = uncertainty.combined(matrix)
        rows = _plain_rows(names, len(value), "combination")
    return _result(results, frame, made, value, matrix, rows, scale, level)


def combination(
    estimates: Sequence[Estimates], matrix: Floats, rows: pd.DataFrame, level: float | None = None
) -> Estimates:
    """Return linear combinations of several results' rows, one per row of `rows`.

    Parameters
    ----------
    estimates
        Results of one sample; their rows follow each other.
    matrix
        Shape (r, all rows).
    rows
        `variable`, `category` and the `by` variables of each combination, r rows.
    level
        Confidence level; that of the first result by default.
    """
    results = list(estimates)
    frame = pd.concat([_common(result, results) for result in results], ignore_index=True)
    made = reduce(_join, (result.uncertainty for result in results)).combined(matrix)
    value = _values(matrix, frame["estimate"].to_numpy(dtype=np.float64), "difference")
    return _result(results, frame, made, value, matrix, rows, "difference", level)


def _common(result: Estimates, results: Sequence[Estimates]) -> pd.DataFrame:
    """Return the frame of a result with the `by` variables of all results."""
    frame = result.frame
    for other in results:
        for name in other.by:
            if name not in frame.columns:
                frame = frame.assign(**{name: None})
    by = [name for name in frame.columns[3:] if name not in COLUMNS]
    return frame[["statistic", "variable", "category", *by, *COLUMNS]].astype({"category": object})


def _apart(results: Sequence[Estimates]) -> Uncertainty:
    """Covariance of results that share nothing: blocks along the diagonal."""
    blocks = [result.uncertainty.covariance() for result in results]
    return KnownCovariance(np.asarray(linalg.block_diag(*blocks)))


def _join(first: Uncertainty, second: Uncertainty) -> Uncertainty:
    return first.joined(second)


def _linearised(
    function: Function, gradient: Function | None, theta: Floats
) -> tuple[Floats, Floats]:
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.atleast_1d(np.asarray(function(theta), dtype=np.float64))
        if gradient is not None:
            matrix = np.atleast_2d(np.asarray(gradient(theta), dtype=np.float64))
            if matrix.shape != (len(value), len(theta)):
                raise MpsurveyError(
                    f"The gradient has shape {matrix.shape}; it must be "
                    f"({len(value)}, {len(theta)})."
                )
            return value, matrix
        return value, np.nan_to_num(_derivative(function, theta, len(value)))


def _derivative(function: Function, theta: Floats, count: int) -> Floats:
    """Derivative by a complex step where the function takes complex numbers, else by differences.

    A function that drops the imaginary part (`abs`, `max`, a look-up) would have no derivative by a
    complex step; it is told by its real result.
    """
    matrix = np.zeros((count, len(theta)))
    known = np.flatnonzero(np.isfinite(theta))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for place in known:
                moved = theta.astype(np.complex128)
                moved[place] += 1e-100j
                found = np.atleast_1d(function(moved))
                if not np.iscomplexobj(found):
                    raise TypeError
                matrix[:, place] = np.imag(found) / 1e-100
        return matrix
    except (TypeError, ValueError, Warning, ArithmeticError):
        pass
    for place in known:
        # Central difference with the step that balances rounding against curvature.
        step = np.cbrt(np.finfo(float).eps) * max(abs(theta[place]), 1e-4)
        up, down = theta.copy(), theta.copy()
        up[place] += step
        down[place] -= step
        change = np.asarray(function(up), dtype=np.float64) - np.asarray(function(down))
        matrix[:, place] = np.atleast_1d(change) / (up[place] - down[place])
    return matrix


def _plain_rows(names: Sequence[str] | None, count: int, word: str) -> pd.DataFrame:
    given = list(names) if names is not None else [f"{word} {i + 1}" for i in range(count)]
    if len(given) != count:
        raise MpsurveyError(f"{len(given)} names are given for {count} results.")
    return pd.DataFrame({"variable": given})


def _matrix(frame: pd.DataFrame, what: Weights, scale: str) -> tuple[Floats, pd.DataFrame]:
    """Return one row of weights for each combination of what is not compared."""
    keys = [name for name in frame.columns if name not in (*COLUMNS, "statistic")]
    problems = [
        f"The estimates have no '{name}' to compare.{did_you_mean(name, keys)} They have "
        f"{', '.join(keys)}."
        for name in what
        if name not in keys
    ]
    if problems:
        raise MpsurveyError(problems)
    weight = np.ones(len(frame))
    for name, weights in what.items():
        part = np.zeros(len(frame))
        for value, size in weights.items():
            found = (frame[name] == value).to_numpy(dtype=bool)  # True finds 1, and 1 finds 1.0
            if not found.any():
                seen = list(dict.fromkeys(frame[name].tolist()))[:10]
                problems.append(f"'{name}' has no value {value!r}; it has {seen}.")
            part[found] = size
        weight = weight * part
    if problems:
        raise MpsurveyError(problems)
    if scale == "ratio" and not set(np.unique(weight)) <= {-1.0, 0.0, 1.0}:
        raise MpsurveyError("A ratio needs weights of 1 (above) and -1 (below).")
    rest = [name for name in keys if name not in what]
    others = frame[rest].astype(object).where(frame[rest].notna(), None)
    tuples = list(map(tuple, others.to_numpy().tolist()))
    groups = {key: place for place, key in enumerate(dict.fromkeys(tuples))}
    matrix = np.zeros((len(groups), len(frame)))
    matrix[[groups[key] for key in tuples], np.arange(len(frame))] = weight
    rows = pd.DataFrame(list(groups), columns=rest)
    if "variable" not in rows:
        rows["variable"] = _say(what["variable"])
    if "category" in what:
        rows["category"] = _say(what["category"])
    for name in what:
        if name not in ("variable", "category"):
            rows[name] = _say(what[name])
    return matrix, rows


def _say(weights: Mapping[Any, float]) -> str:
    """Say weights as a reader would: ``1 - 0``."""
    parts = []
    for value, weight in weights.items():
        size = "" if abs(weight) == 1 else f"{abs(weight):g} x "
        sign = "-" if weight < 0 else "+"
        parts.append(f"{sign} {size}{value}")
    return " ".join(parts).removeprefix("+ ")


def _values(matrix: Floats, theta: Floats, scale: str) -> Floats:
    # A row that takes no part may be unknown; one that takes part makes the result unknown.
    known = np.nan_to_num(theta)
    unknown = (matrix != 0) @ ~np.isfinite(theta)
    if scale == "ratio":
        with np.errstate(divide="ignore", invalid="ignore"):
            value = (matrix.clip(min=0) @ known) / ((-matrix).clip(min=0) @ known)
    else:
        value = matrix @ known
    return np.where(unknown > 0, np.nan, value)


def _ratio_gradient(matrix: Floats, theta: Floats) -> Floats:
    known = np.nan_to_num(theta)
    above, below = matrix.clip(min=0), (-matrix).clip(min=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        bottom = (below @ known)[:, None]
        slope = above / bottom - (above @ known)[:, None] * below / bottom**2
    return np.asarray(np.nan_to_num(slope, nan=0.0, posinf=0.0, neginf=0.0))


def _repeats(frame: pd.DataFrame, part: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rows of a group that an earlier row which takes part stands for too, shape of `part`."""
    by = [name for name in frame.columns[3:] if name not in COLUMNS]
    # Sums made in two passes can differ in their last digits.
    people = frame["population"].map("{:.11g}".format)
    told = frame[[*by, "n"]].assign(population=people)
    groups = told.map(str).agg("\x1f".join, axis=1).to_numpy()
    found = np.zeros_like(part)
    for place, row in enumerate(part):
        inside = np.flatnonzero(row)
        found[place, inside] = pd.Series(groups[inside]).duplicated().to_numpy()
    return found


def _result(
    results: Sequence[Estimates],
    frame: pd.DataFrame,
    made: Uncertainty,
    value: Floats,
    matrix: Floats,
    rows: pd.DataFrame,
    scale: str,
    level: float | None,
) -> Estimates:
    first = results[0]
    part = matrix != 0
    se = np.sqrt(made.variance())
    freedom = frame["df"].to_numpy(dtype=np.float64)
    df = np.array([freedom[row].min() if row.any() else np.nan for row in part])
    counted = {result.freedom for result in results}
    if isinstance(made, Imputations):
        df = made.freedom()
    elif counted == {"effective"}:
        df = np.fmin(made.freedom(), df)
    once = part & ~_repeats(frame, part)
    confidence = first.level if level is None else level
    by = [name for name in rows.columns if name not in ("variable", "category")]
    return Estimates(
        frame=assemble(
            statistic=scale,
            variables=rows["variable"].tolist(),
            categories=rows["category"].tolist() if "category" in rows else None,
            by={name: rows[name] for name in by},
            estimate=value,
            se=se,
            interval=t_interval(value, se, df, confidence),
            deff=None,
            df=df,
            n=once @ frame["n"].to_numpy(),
            population=once @ frame["population"].to_numpy(),
        ),
        statistic=f"{scale} of {first.statistic}",
        method=first.method,
        level=confidence,
        design=first.design,
        basis="; ".join(dict.fromkeys(result.basis for result in results)),
        uncertainty=made,
        labels={key: labels for result in results for key, labels in result.labels.items()},
        titles={key: title for result in results for key, title in result.titles.items()},
        notes=tuple(dict.fromkeys(note for result in results for note in result.notes)),
        freedom=counted.pop() if len(counted) == 1 else "domain",
    )
