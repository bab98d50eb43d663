"""The units that a stage draws from, read from the frame and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mpsurvey.errors import ColumnMissing, DesignError, did_you_mean
from mpsurvey.planning.inclusion import Array, Mask
from mpsurvey.planning.stages import Stage

__all__ = ["UnitList", "label_of", "list_units", "rows_named"]


def label_of(key: Any) -> str:
    """Return a stratum's label: its values joined by ' / '."""
    return " / ".join(str(part) for part in key) if isinstance(key, tuple) else str(key)


def rows_named(rows: npt.NDArray[np.intp] | Iterable[int]) -> str:
    """Return 'rows 3, 8, 11 and 20 more', counted from 1, without showing what is in them."""
    places = [int(row) + 1 for row in rows]
    shown = ", ".join(str(one) for one in places[:5])
    more = f" and {len(places) - 5:,} more" if len(places) > 5 else ""
    return f"{'row' if len(places) == 1 else 'rows'} {shown}{more}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitList:
    """The units of one stage, checked.

    Attributes
    ----------
    first : ndarray of int
        A row of the frame for each unit.
    of_row : ndarray of int
        The unit of each row.
    group : ndarray of int
        The group of each unit: a stratum of a unit of the stage before.
    labels, stratum_labels : list of str
        Each group's own name, and the name of its stratum alone.
    size, balance, prn, forced, wanted
        What the draw reads, one value for each unit; `wanted` one for each group.
    """

    first: npt.NDArray[np.intp]
    of_row: npt.NDArray[np.intp]
    group: npt.NDArray[np.intp]
    labels: list[str]
    stratum_labels: list[str]
    size: Array
    balance: Array
    prn: Array | None
    forced: Mask
    wanted: npt.NDArray[np.int64]
    short: npt.NDArray[np.intp]


def list_units(
    frame: pd.DataFrame,
    stage: Stage,
    *,
    parents: npt.NDArray[np.intp],
    parent_labels: list[str],
    number: int,
    last: bool,
) -> UnitList:
    """Read the units of a stage from the frame, or report everything that is wrong with them.

    Parameters
    ----------
    frame
        Rows of the units drawn so far.
    stage
        The stage to draw.
    parents
        The drawn unit of the stage before, for each row.
    parent_labels
        The names of these units, for messages and seeds.
    number
        The stage's number, from 1.
    last
        Whether a row is a unit of this stage.
    """
    absent = [(role, name) for role, name in stage.columns if name not in frame.columns]
    if absent:
        raise ColumnMissing(absent, frame.columns)
    problems: list[str] = []
    where = f"Stage {number}: "
    for role, name in dict.fromkeys((r, n) for r, n in stage.columns):
        missing = np.flatnonzero(frame[name].isna().to_numpy())
        if missing.size:
            problems.append(f"{where}{role} '{name}' is missing in {rows_named(missing)}.")
    if problems:
        raise DesignError(problems)
    first, of_row = _units(frame, stage, parents, last=last, where=where, problems=problems)
    constant = [(r, n) for r, n in stage.columns if r != "unit"] if not last else []
    for role, name in constant:
        values = frame[name].to_numpy()
        differs = np.flatnonzero(values != values[first][of_row])
        if differs.size:
            problems.append(
                f"{where}{role} '{name}' differs within a unit '{stage.unit}', "
                f"first in {rows_named(differs[:1])}."
            )
    units = frame.iloc[first]
    stratum, stratum_keys = _strata(units, stage)
    stratum_names = [label_of(key) for key in stratum_keys]
    pair, group = np.unique(parents[first] * len(stratum_keys) + stratum, return_inverse=True)
    of_stratum = pair % len(stratum_keys)
    of_parent = pair // len(stratum_keys)
    N = np.bincount(group, minlength=pair.size)
    wanted = _wanted(units, stage, stratum_names, of_stratum, group, where, problems)
    size = _numbers(units, stage.size, where, "size", first, problems)
    if stage.size is not None:
        bad = np.flatnonzero(size < 0)
        if bad.size:
            problems.append(f"{where}size '{stage.size}' is negative in {rows_named(first[bad])}.")
        zero = np.flatnonzero(size == 0)
        if zero.size:
            problems.append(
                f"{where}size '{stage.size}' is 0 in {rows_named(first[zero])}: such units could "
                "never be drawn. Give them a small size, join them to a neighbour, or remove them."
            )
    prn = None if stage.prn is None else _numbers(units, stage.prn, where, "prn", first, problems)
    if prn is not None:
        outside = np.flatnonzero((prn < 0) | (prn >= 1))
        if outside.size:
            problems.append(
                f"{where}prn '{stage.prn}' is outside [0, 1) in {rows_named(first[outside])}."
            )
        if np.unique(prn).size < prn.size:
            problems.append(
                f"{where}prn '{stage.prn}' has equal values; each unit needs a number of its own."
            )
    balance = (
        np.column_stack(
            [_numbers(units, name, where, "balance", first, problems) for name in stage.balance]
        )
        if stage.balance
        else np.empty((first.size, 0))
    )
    forced = np.zeros(first.size, dtype=bool)
    if stage.take_all not in ("auto", "fail"):
        forced = units[stage.take_all].to_numpy().astype(bool)
    drawn, short = _fitted(
        stage, wanted, N, forced, group, of_stratum, stratum_names, number, where, problems
    )
    if stage.take_all == "fail" and stage.size is not None and not problems:
        total = np.bincount(group, weights=size)
        over = np.flatnonzero(size * drawn[group] > total[group])
        if over.size:
            problems.append(
                f"{where}size '{stage.size}' is larger than the sampling interval in "
                f"{rows_named(first[over])}. Take them for certain (take_all='auto') or "
                "split them."
            )
    if problems:
        raise DesignError(problems)
    labels = [
        f"{parent_labels[p]} | {stratum_names[s]}" if parent_labels[p] else stratum_names[s]
        for p, s in zip(of_parent.tolist(), of_stratum.tolist(), strict=True)
    ]
    return UnitList(
        first=first,
        of_row=of_row,
        group=group,
        labels=labels,
        stratum_labels=[stratum_names[s] for s in of_stratum],
        size=size if stage.size is not None else np.ones(first.size),
        balance=balance,
        prn=prn,
        forced=forced,
        wanted=drawn,
        short=short,
    )


def _units(
    frame: pd.DataFrame,
    stage: Stage,
    parents: npt.NDArray[np.intp],
    *,
    last: bool,
    where: str,
    problems: list[str],
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    rows = np.arange(len(frame))
    if stage.unit is None:
        return rows, rows
    codes, names = pd.factorize(frame[stage.unit])
    of_row, key = pd.factorize(parents * max(len(names), 1) + codes)
    first = np.full(key.size, -1, dtype=np.intp)
    first[of_row[::-1]] = rows[::-1]
    if last and key.size < len(frame):
        again = np.flatnonzero(rows != first[of_row])
        problems.append(
            f"{where}unit '{stage.unit}' is listed more than once: again in {rows_named(again)}. "
            "Remove the duplicates, or add a stage with n='all' to take whole units."
        )
        return rows, rows
    return first, np.asarray(of_row, dtype=np.intp)


def _strata(units: pd.DataFrame, stage: Stage) -> tuple[npt.NDArray[np.intp], list[Any]]:
    if not stage.strata:
        return np.zeros(len(units), dtype=np.intp), ["all"]
    columns = list(stage.strata)
    if len(columns) == 1:
        codes, keys = pd.factorize(units[columns[0]], sort=True)
        return np.asarray(codes, dtype=np.intp), list(keys)
    grouped = units.groupby(columns, sort=True, observed=True)
    return grouped.ngroup().to_numpy().astype(np.intp), list(grouped.size().index)


def _numbers(
    units: pd.DataFrame,
    name: str | None,
    where: str,
    role: str,
    first: npt.NDArray[np.intp],
    problems: list[str],
) -> Array:
    if name is None:
        return np.ones(len(units))
    values = pd.to_numeric(units[name], errors="coerce").to_numpy(dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        problems.append(f"{where}{role} '{name}' is not a number in {rows_named(first[bad])}.")
    return np.where(np.isfinite(values), values, 0.5)


def _wanted(
    units: pd.DataFrame,
    stage: Stage,
    stratum_names: list[str],
    of_stratum: npt.NDArray[np.intp],
    group: npt.NDArray[np.intp],
    where: str,
    problems: list[str],
) -> Array:
    groups = of_stratum.size
    n = stage.n
    if isinstance(n, str):
        if n == "all":
            return np.full(groups, np.inf)
        values = pd.to_numeric(units[n], errors="coerce").to_numpy(dtype=np.float64)
        out = np.full(groups, np.nan)
        out[group] = values
        if not np.array_equal(out[group], values):
            problems.append(f"{where}n '{n}' differs within a stratum.")
    elif isinstance(n, Mapping):
        given = {label_of(key): float(value) for key, value in n.items()}
        problems.extend(
            f"{where}n names stratum '{key}', which the frame does not have."
            + did_you_mean(key, stratum_names)
            for key in given
            if key not in stratum_names
        )
        problems.extend(
            f"{where}stratum '{name}' has no n. Give it one; 0 leaves it out."
            for name in stratum_names
            if name not in given
        )
        out = np.array([given.get(stratum_names[s], 0.0) for s in of_stratum])
    else:
        out = np.full(groups, float(n))
    wrong = ~(out >= 0) | (out % 1 != 0)
    if wrong.any():
        problems.append(f"{where}n must be a whole number, at least 0, in every stratum.")
        return np.where(wrong, 0.0, out)
    return out


def _fitted(
    stage: Stage,
    wanted: Array,
    N: npt.NDArray[np.intp],
    forced: Mask,
    group: npt.NDArray[np.intp],
    of_stratum: npt.NDArray[np.intp],
    stratum_names: list[str],
    number: int,
    where: str,
    problems: list[str],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.intp]]:
    """Return n within the units at hand, and the groups that had fewer units than n."""
    sure = np.bincount(group[forced], minlength=N.size)
    short = np.flatnonzero((wanted > N) & np.isfinite(wanted))
    if number == 1:
        problems.extend(
            f"{where}stratum '{stratum_names[of_stratum[g]]}' has {N[g]:,} units, "
            f"but n is {int(wanted[g]):,}."
            for g in short
        )
        problems.extend(
            f"{where}stratum '{stratum_names[of_stratum[g]]}' has {sure[g]:,} units to take for "
            f"certain ('{stage.take_all}'), but n is {int(wanted[g]):,}."
            for g in np.flatnonzero((sure > wanted) & (wanted <= N))
        )
    return np.maximum(np.minimum(wanted, N), sure).astype(np.int64), short
