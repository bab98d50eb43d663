"""One stage drawn: every stratum of every unit of the stage before."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mpsurvey.planning.equal import serpentine
from mpsurvey.planning.inclusion import CERTAIN, Array
from mpsurvey.planning.methods import Request, Selection, select
from mpsurvey.planning.stages import Stage
from mpsurvey.planning.unit_list import UnitList

__all__ = ["StageDraw", "draw_stage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageDraw:
    """What one stage drew: arrays by unit of its list, and `held` by row.

    Attributes
    ----------
    inside : ndarray of bool
        The units drawn.
    pi, with_reserve, fpc : ndarray
        Probability of the main sample, of the sample with its reserve, and the sampling fraction
        of the unit's stratum.
    stratum, rotation : ndarray
        The stratum for the variance, and the rotation group, 0 where not drawn.
    held : ndarray of int
        Rows of the units in reserve.
    table : DataFrame
        Counts by stratum.
    notes : list of str
        What the reader should know.
    selections : dict
        The selection of each stratum, for the first stage.
    lonely : bool
        Whether some stratum drew one unit by chance, so that its variance cannot be seen.
    """

    inside: npt.NDArray[np.bool_]
    pi: Array
    with_reserve: Array
    fpc: Array
    stratum: npt.NDArray[np.object_]
    rotation: npt.NDArray[np.int64]
    held: npt.NDArray[np.intp]
    table: pd.DataFrame
    notes: list[str]
    selections: dict[str, Selection]
    lonely: bool


def draw_stage(
    rows: pd.DataFrame, stage: Stage, units: UnitList, number: int, seed: int
) -> StageDraw:
    """Draw the units of one stage, each stratum with random numbers of its own."""
    count = units.first.size
    order = _list_order(rows, stage, units)
    inside, held = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    pi, with_reserve, fpc = np.ones(count), np.ones(count), np.ones(count)
    stratum = np.empty(count, dtype=object)
    rotation = np.zeros(count, dtype=np.int64)
    by_group = np.argsort(units.group, kind="stable")
    bounds = np.searchsorted(units.group[by_group], np.arange(len(units.labels) + 1))
    rank = np.empty(count, dtype=np.intp)
    rank[order if order is not None else np.arange(count)] = np.arange(count)
    selections: dict[str, Selection] = {}
    for g, label in enumerate(units.labels):
        members = by_group[bounds[g] : bounds[g + 1]]
        rng = _generator(seed, number, label)
        selection = select(
            Request(
                method=stage.method,
                n=int(units.wanted[g]),
                reserve=stage.reserve,
                size=units.size[members],
                forced=units.forced[members],
                list_order=None if order is None else np.argsort(rank[members]),
                balance=units.balance[members],
                prn=None if units.prn is None else units.prn[members],
                start=stage.start,
            ),
            rng,
        )
        chosen = members[selection.chosen]
        inside[chosen] = True
        held[members[selection.reserve]] = True
        pi[members] = selection.pi
        with_reserve[members] = selection.pi_with_reserve
        certain = selection.pi >= CERTAIN
        by_chance = selection.pi[~certain]
        # One fraction for the stratum. With unequal probabilities the one of Hartley and Rao's
        # variance: the mean probability of the units drawn.
        total = float(by_chance.sum())
        fraction = min(float(np.sum(by_chance**2)) / total, 1.0) if total > 0 else 1.0
        fpc[members] = np.where(certain, 1.0, fraction)
        name = units.stratum_labels[g]
        mixed = bool(certain.any() and by_chance.size)
        stratum[members] = (
            np.where(certain, f"{name} / certain", name).astype(object) if mixed else name
        )
        if stage.rotation:
            place = np.argsort(rank[chosen]) if order is not None else rng.permutation(chosen.size)
            turn = rng.permutation(stage.rotation)
            rotation[chosen[place]] = turn[np.arange(chosen.size) % stage.rotation] + 1
        if number == 1:
            names = units.first[chosen] if stage.unit is None else chosen
            column = rows.index.to_numpy() if stage.unit is None else rows[stage.unit].to_numpy()
            at = names if stage.unit is None else units.first[names]
            selections[label] = selection.named(column[at])
    lonely = _lonely(units, inside, pi)
    return StageDraw(
        inside=inside,
        pi=pi,
        with_reserve=with_reserve,
        fpc=fpc,
        stratum=stratum,
        rotation=rotation,
        held=units.first[held],
        table=_table(units, inside, held, pi, number),
        notes=_notes(stage, units, inside, lonely, number, selections),
        selections=selections,
        lonely=bool(lonely),
    )


def _generator(seed: int, number: int, label: str) -> np.random.Generator:
    digest = hashlib.blake2b(label.encode(), digest_size=8).digest()
    return np.random.default_rng([seed, number, int.from_bytes(digest, "little")])


def _list_order(rows: pd.DataFrame, stage: Stage, units: UnitList) -> npt.NDArray[np.intp] | None:
    """Return the order of the list, or None where it is to be random."""
    if stage.order == ("random",):
        return None
    if stage.order:
        at_units = rows.iloc[units.first]
        return serpentine([at_units[name] for name in stage.order])
    return None if stage.method == "pivotal" else np.arange(units.first.size)


def _table(
    units: UnitList,
    inside: npt.NDArray[np.bool_],
    held: npt.NDArray[np.bool_],
    pi: Array,
    number: int,
) -> pd.DataFrame:
    names, of_group = np.unique(np.array(units.stratum_labels, dtype=str), return_inverse=True)
    stratum = of_group[units.group]

    def count(which: npt.NDArray[np.bool_] | None = None) -> npt.NDArray[np.intp]:
        chosen = stratum if which is None else stratum[which]
        return np.bincount(chosen, minlength=names.size)

    least, greatest = np.ones(names.size), np.zeros(names.size)
    np.minimum.at(least, stratum, pi)
    np.maximum.at(greatest, stratum, pi)
    return pd.DataFrame(
        {
            "stage": number,
            "stratum": names,
            "listed": count(),
            "drawn": count(inside),
            "certain": count(inside & (pi >= CERTAIN)),
            "reserve": count(held),
            "least_probability": least,
            "greatest_probability": greatest,
        }
    )


def _lonely(units: UnitList, inside: npt.NDArray[np.bool_], pi: Array) -> int:
    """Count the strata that drew one unit by chance out of several."""
    open_units = np.bincount(units.group[pi < CERTAIN], minlength=len(units.labels))
    by_chance = np.bincount(units.group[inside & (pi < CERTAIN)], minlength=len(units.labels))
    return int(np.sum((by_chance == 1) & (open_units > 1)))


def _notes(
    stage: Stage,
    units: UnitList,
    inside: npt.NDArray[np.bool_],
    lonely: int,
    number: int,
    selections: Mapping[str, Selection],
) -> list[str]:
    notes = []
    where = f"Stage {number}: "
    if units.short.size:
        notes.append(
            f"{where}{units.short.size} of {len(units.labels)} lists had fewer units than n; "
            "all of theirs were taken."
        )
    left_out = int(np.sum(units.wanted == 0))
    if left_out:
        notes.append(f"{where}{left_out} strata have n = 0: the sample does not cover them.")
    if lonely and number == 1:
        notes.append(
            f"{where}{lonely} strata have one unit drawn by chance: their variance cannot be seen. "
            "Draw two, or choose how Sample treats lonely PSUs."
        )
    if lonely and number > 1:
        notes.append(
            f"{where}{lonely} lists have one unit drawn by chance; the design leaves out the "
            "variance of this stage, which adds little unless the first stage draws much of its "
            "list."
        )
    if stage.method == "pareto":
        notes.append(
            f"{where}Pareto sampling has the probabilities wanted up to an error that vanishes as "
            "more units are left to chance; where a stratum leaves only a few, it can reach "
            "several percent. 'poisson' is exact."
        )
    if stage.method == "poisson":
        notes.append(
            f"{where}Poisson sampling: the size varies; {int(inside.sum())} were drawn. Sample "
            "takes the size as it came, which is right for means and ratios; for totals calibrate "
            "to a known count, or use poisson_variance."
        )
    known = sorted({one.joint_status for one in selections.values()} - {"exact"})
    notes += [f"{where}joint probabilities are {status}." for status in known]
    return notes
