"""`variance_components`: what an earlier round or a census says about clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mpsurvey.errors import ColumnMissing, DesignError
from mpsurvey.planning.inclusion import Array, Mask
from mpsurvey.rule import parse_rule

__all__ = ["VarianceComponents", "nested_components", "variance_components"]

Codes = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceComponents:
    """The answer of `variance_components`.

    Attributes
    ----------
    frame : DataFrame
        One row per variable: ``value`` and ``sd`` (weighted, between people), ``n``, ``psus``,
        ``take`` (people per PSU, as clusters count), for each stage s ``variance_s`` (between its
        units, within those of the stage before) and ``icc_s`` (correlation of two people in one
        unit of stage s), ``variance_within`` (between people in a unit of the last stage),
        ``deff_weights`` (Kish), ``deff_clusters`` (``1 + (take - 1) icc_1``), ``deff`` (of the
        design, estimated from the sample with PSUs drawn with replacement).
    stages : tuple of str
        The columns that name the units of each stage.
    """

    frame: pd.DataFrame
    stages: tuple[str, ...]

    def inputs(self, variable: str) -> dict[str, float]:
        """Return what `sample_size` needs of a variable: value, sd, icc and weight_deff.

        Raises
        ------
        DesignError
            If the variable is not among those estimated.
        """
        if variable not in self.frame.index:
            raise DesignError(
                f"'{variable}' is not among the variables estimated: "
                f"{', '.join(map(repr, self.frame.index))}."
            )
        row: dict[Any, Any] = self.frame.loc[variable].to_dict()
        return {
            "value": float(row["value"]),
            "sd": float(row["sd"]),
            "icc": max(float(row["icc_1"]), 0.0),
            "weight_deff": float(row["deff_weights"]),
        }

    def __repr__(self) -> str:
        return f"VarianceComponents by {' > '.join(self.stages)}\n{self.frame.T.to_string()}"

    def _repr_html_(self) -> str:
        return str(self.frame.T.to_html())


def variance_components(
    sample: Any,
    variables: str | Sequence[str],
    *,
    where: str | None = None,
    stages: str | Sequence[str] | None = None,
) -> VarianceComponents:
    r"""Return intraclass correlations, design effects and components by stage.

    Use it on an earlier round, or on a census file as a sample of itself, to plan the next survey.
    The model is nested, within strata: a person's value is the stratum's mean plus an effect of
    each unit it lies in. Components come from the weighted sums of squares set equal to their
    expectations (Henderson's method 1); a negative component is shown as it comes and means none.

    Parameters
    ----------
    sample
        A `Sample`.
    variables
        Numeric columns, or rules whose truth is a share, such as ``"lfs == 2"``.
    where
        A rule: the people the figures are about, such as ``"migrant == 1"``.
    stages
        Columns that name the units of each stage, first stage first; by default the PSUs of the
        design.

    Raises
    ------
    ColumnMissing
        If a variable is neither a column nor a rule of columns.
    DesignError
        If the design has no PSUs, or no unit has two people.
    """
    frame = sample.frame.to_pandas()
    names = (variables,) if isinstance(variables, str) else tuple(variables)
    units = (stages,) if isinstance(stages, str) else tuple(stages or sample.design.psu)
    if not units:
        raise DesignError(
            "The design has no PSUs, so there are no components to tell apart. Name the units: "
            "stages=['ea', 'household']."
        )
    strata = [one for one in (sample.design.strata or ())[:1] if one is not None]
    absent = [("stages", name) for name in units if name not in frame]
    if absent:
        raise ColumnMissing(absent, frame.columns)
    inside = np.ones(len(frame), dtype=bool)
    if where is not None:
        inside = _truth(frame, where)
    paths = _paths(frame, strata, units)
    rows = [
        _of_variable(_values(frame, name), np.asarray(sample.weight), paths, inside, name)
        for name in names
    ]
    return VarianceComponents(frame=pd.DataFrame(rows, index=list(names)), stages=units)


def nested_components(y: Array, weight: Array, paths: Sequence[Codes]) -> Array:
    r"""Variance components of a nested model, first the outermost random level, last the people.

    With level 0 the strata (fixed), levels 1..L the units and level L+1 the people, the sum of
    squares :math:`SS_l = \sum_g W_g (\bar y_g - \bar y_{parent(g)})^2` has expectation
    :math:`\sum_c \sigma_c^2 (T_{c,l} - T_{c,l-1})` with
    :math:`T_{c,l} = \sum_g \sum_{u \in g} W_u^2 / W_g` over the units u of level c in the groups g
    of level l, and the sum of all weights where c <= l. Searle, Casella and McCulloch (1992),
    chapter 5.

    Parameters
    ----------
    y, weight
        Shape (n,).
    paths
        Codes of the group of each person at levels 0..L, nested.
    """
    levels = [*paths, np.arange(y.size)]
    sums, squares = [], []
    for codes in levels:
        total = np.bincount(codes, weights=weight)
        mean = np.bincount(codes, weights=weight * y) / np.where(total > 0, total, 1)
        sums.append(total)
        squares.append(mean[codes])
    depth = len(levels)
    T = np.full((depth, depth), float(weight.sum()))
    for c in range(1, depth):
        first = np.unique(levels[c], return_index=True)[1]
        for at in range(c):
            inner = np.bincount(levels[at][first], weights=sums[c] ** 2, minlength=sums[at].size)
            T[c, at] = np.sum(inner / np.where(sums[at] > 0, sums[at], 1))
    ss = np.array([np.sum(weight * (squares[at] - squares[at - 1]) ** 2) for at in range(1, depth)])
    expected = np.array(
        [[T[c, at] - T[c, at - 1] for c in range(1, depth)] for at in range(1, depth)]
    )
    found = np.zeros(depth - 1)
    for at in range(depth - 2, -1, -1):
        rest = ss[at] - expected[at, at + 1 :] @ found[at + 1 :]
        found[at] = rest / expected[at, at] if expected[at, at] > 1e-9 * T[0, 0] else 0.0
    return found


def _of_variable(
    y: Array, weight: Array, paths: list[Codes], inside: Mask, name: str
) -> dict[str, float]:
    use = inside & np.isfinite(y) & (weight > 0)
    if use.sum() < 2:
        raise DesignError(f"'{name}' has fewer than two people with a value and a weight.")
    value, w = y[use], weight[use]
    short = [np.unique(codes[use], return_inverse=True)[1] for codes in paths]
    psu_sizes = np.bincount(short[1])
    if psu_sizes.max() < 2:
        raise DesignError(f"'{name}': no PSU has two people, so nothing is seen within PSUs.")
    n = value.size
    mean = float(np.average(value, weights=w))
    variance = float(n / (n - 1) * np.average((value - mean) ** 2, weights=w))
    parts = nested_components(value, w, short)
    whole = float(np.sum(np.maximum(parts, 0.0)))
    row: dict[str, float] = {"value": mean, "sd": float(np.sqrt(variance)), "n": n}
    row["psus"] = int(psu_sizes.size)
    # Sum of squares over sum: what the variance of a mean meets when PSUs differ in size.
    row["take"] = float(np.sum(psu_sizes**2) / n)
    for stage in range(1, len(short)):
        row[f"variance_{stage}"] = float(parts[stage - 1])
        row[f"icc_{stage}"] = float(parts[:stage].sum() / whole) if whole > 0 else 0.0
    row["variance_within"] = float(parts[-1])
    row["deff_weights"] = float(n * np.sum(w**2) / w.sum() ** 2)
    row["deff_clusters"] = 1 + (row["take"] - 1) * row["icc_1"]
    scores = np.zeros(y.size)
    scores[use] = w * (value - mean) / w.sum()
    row["deff"] = _design_variance(scores, paths) / (variance / n) if variance > 0 else np.nan
    return row


def _design_variance(scores: Array, paths: list[Codes]) -> float:
    """Variance of the sum of the scores, PSUs drawn with replacement; lonely PSUs add nothing."""
    totals = np.bincount(paths[1], weights=scores)
    stratum = np.zeros(totals.size, dtype=np.intp)
    stratum[paths[1]] = paths[0]
    count = np.bincount(stratum)
    mean = np.bincount(stratum, weights=totals) / np.maximum(count, 1)
    factor = np.where(count > 1, count / np.maximum(count - 1, 1), 0.0)
    return float(np.sum(factor[stratum] * (totals - mean[stratum]) ** 2))


def _paths(frame: pd.DataFrame, strata: list[str], units: Sequence[str]) -> list[Codes]:
    """Codes of the strata, and of the units of each stage nested in what lies above them."""
    paths = [np.zeros(len(frame), dtype=np.intp)]
    if strata:
        paths = [np.asarray(pd.factorize(frame[strata[0]])[0], dtype=np.intp)]
    for name in units:
        codes = np.asarray(pd.factorize(frame[name])[0], dtype=np.int64)
        pair = paths[-1].astype(np.int64) * (int(codes.max()) + 1) + codes
        paths.append(np.unique(pair, return_inverse=True)[1])
    return paths


def _values(frame: pd.DataFrame, name: str) -> Array:
    if name in frame:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            raise DesignError(
                f"'{name}' is not numeric. Say which share is meant by a rule, such as "
                f"\"{name} == 'yes'\"."
            )
        return frame[name].to_numpy(dtype=np.float64)
    if not any(sign in name for sign in "=<>(") and " " not in name:
        raise ColumnMissing([("variables", name)], frame.columns)
    return _truth(frame, name).astype(np.float64)


def _truth(frame: pd.DataFrame, text: str) -> Mask:
    return parse_rule(text).mask(frame)
