"""Replicate weights: read from a file's columns, or made as factors of the sampling units."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpsurvey.declaration import (
    Bootstrap,
    Brr,
    Centre,
    Jackknife,
    Replicates,
    SuccessiveDifference,
)
from mpsurvey.design.hadamard import hadamard_at_least
from mpsurvey.design.units import Stage, Units
from mpsurvey.errors import ColumnMissing, DesignError

__all__ = ["ReplicateWeights", "columns_of", "make", "read"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ReplicateWeights:
    """R sets of weights that stand for R repetitions of the sample.

    Attributes
    ----------
    method
        In words, for the foot of a table.
    multipliers
        Factor of each squared deviation, shape (R,).
    centre
        Deviations are from the full-sample estimate or from the replicates' mean.
    columns
        The file's columns of weights, R names; empty for replicates made here.
    factors
        Factor of each sampling unit's weight in each replicate, shape (U, R), for replicates made
        here: no weight of a row is ever written.
    rerun
        Weights of each replicate where every weighting step is done again, R arrays of shape (n,).
    """

    method: str
    multipliers: Floats
    centre: Centre
    columns: tuple[str, ...] = ()
    factors: Floats | None = None
    rerun: Iterable[Floats] | None = None

    @property
    def count(self) -> int:
        """How many replicates there are."""
        return len(self.multipliers)

    @property
    def by_rows(self) -> bool:
        """Whether each set of weights is summed over the rows, not by factors of the units."""
        return self.factors is None or self.rerun is not None


def columns_of(pattern: str | Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Columns that a pattern or a list names.

    >>> columns_of("PWGTP*", ["PWGTP", "PWGTP2", "PWGTP10", "PWGTPX", "PWGTP1"])
    ('PWGTP1', 'PWGTP2', 'PWGTP10')
    """
    if isinstance(pattern, str) and "*" in pattern:
        head, _, tail = pattern.partition("*")
        shape = re.compile(re.escape(head) + r"(\d+)" + re.escape(tail))
        found = [(int(m[1]), name) for name in known if (m := shape.fullmatch(name))]
        if not found:
            raise ColumnMissing([("replicates", pattern)], known)
        return tuple(name for _, name in sorted(found))
    names = (pattern,) if isinstance(pattern, str) else tuple(pattern)
    absent = [("replicates", name) for name in names if name not in set(known)]
    if absent:
        raise ColumnMissing(absent, known)
    return names


def read(replicates: Replicates, known: Sequence[str]) -> ReplicateWeights:
    """Understand the replicate weights that a file carries.

    Parameters
    ----------
    replicates
        Their declaration, with columns.
    known
        The file's columns.

    Notes
    -----
    Multipliers, as in R's ``survey::svrepdesign``: BRR 1/(R (1 - fay)^2); jackknife as declared,
    else (R - 1)/R; bootstrap 1/(R - 1); successive differences 4/R.
    """
    names = columns_of(replicates.columns or (), known)
    count = len(names)
    if count < 2:
        raise DesignError(f"{count} replicate weight(s) are named; a variance needs two or more.")
    match replicates:
        case Brr(fay=fay):
            each = np.full(count, 1 / (count * (1 - fay) ** 2))
            method = "balanced repeated replication" + (
                f" with Fay's factor {fay:g}" if fay else ""
            )
        case Jackknife(multipliers=given):
            one = (count - 1) / count if given is None else given
            if np.size(one) not in (1, count):
                raise DesignError(
                    f"{np.size(one)} jackknife multipliers are given for {count} replicates."
                )
            each = np.broadcast_to(np.asarray(one, dtype=np.float64), (count,))
            method = "jackknife"
        case Bootstrap():
            each = np.full(count, 1 / (count - 1))
            method = "bootstrap"
        case SuccessiveDifference():
            each = np.full(count, 4 / count)
            method = "successive differences"
    return ReplicateWeights(f"{method}, {count} replicate weights", each, replicates.centre, names)


def make(replicates: Replicates, units: Units) -> tuple[ReplicateWeights, Replicates]:
    """Make replicates of a design, as factors of its finest sampling units.

    Parameters
    ----------
    replicates
        What to make.
    units
        The sampling units and their stages.

    Returns
    -------
    weights, declaration
        The replicates, and their declaration with the seed that was used.

    Notes
    -----
    The finite population correction enters every method by shrinking the factors' distance from 1
    by ``sqrt(1 - f)``, or by the jackknife's multipliers. Lonely PSUs keep factor 1 under
    ``"certainty"``; ``"average"`` multiplies the variance by strata over strata that can be seen;
    ``"centre"`` is for the jackknife alone, where the lonely PSU is left out and all others are
    raised.
    """
    lonely = any(stage.lonely.any() for stage in units.stages)
    if lonely and units.lonely_psu == "centre" and not isinstance(replicates, Jackknife):
        raise DesignError(
            "lonely_psu='centre' has a meaning for jackknife replicates only. Choose 'certainty' "
            "or 'average', or merge the strata of one PSU."
        )
    match replicates:
        case Jackknife():
            method, factors, each = _jackknife(units)
        case Brr(fay=fay):
            method, factors, each = _half_samples(units, fay)
        case SuccessiveDifference(replicates=count):
            method, factors, each = _successive_differences(units, count)
        case Bootstrap():
            if replicates.seed is None:
                fresh = int(np.random.default_rng().integers(2**31))
                replicates = replace(replicates, seed=fresh)
            method, factors, each = _bootstrap(units, replicates)
    each = each * _average_rule(units.stages[0], units)
    said = f"{method}, {len(each)} replicates"
    return ReplicateWeights(said, each, replicates.centre, (), factors), replicates


def _average_rule(stage: Stage, units: Units) -> float:
    if units.lonely_psu != "average" or not stage.lonely.any():
        return 1.0
    return float(len(stage.size) / np.count_nonzero(~stage.lonely))


def _spread(stage: Stage, values: NDArray[Any], count: int) -> NDArray[Any]:
    """Values of a stage's units, given to the finest units below them."""
    below = np.diff(np.append(stage.starts, count))
    return np.repeat(values, below, axis=0)


def _jackknife(units: Units) -> tuple[str, Floats, Floats]:
    r"""Leave out one PSU at a time: factor n/(n-1) for its stratum, multiplier (1-f)(n-1)/n."""
    stage = units.stages[0]
    stratum = stage.stratum
    size, fraction = stage.size[stratum], stage.fraction[stratum]
    alone = stage.lonely[stratum]
    left_out = np.flatnonzero((size > 1) | (alone & (units.lonely_psu == "centre")))
    whole = len(stage.starts)
    factors = np.ones((whole, len(left_out)))
    for place, psu in enumerate(left_out):
        if alone[psu]:
            factors[:, place] = whole / (whole - 1)
        else:
            factors[stratum == stratum[psu], place] = size[psu] / (size[psu] - 1)
        factors[psu, place] = 0.0
    n = np.where(alone, whole, size)[left_out]
    each = (1 - fraction[left_out]) * (n - 1) / n
    name = "stratified jackknife (JKn)" if len(stage.size) > 1 else "jackknife (JK1)"
    return name, _spread(stage, factors, units.count), each


def _half_samples(units: Units, fay: float) -> tuple[str, Floats, Floats]:
    """Balanced half-samples of two PSUs per stratum; factors 2 - fay and fay."""
    stage = units.stages[0]
    wrong = np.flatnonzero((stage.size != 2) & ~stage.lonely & (stage.fraction < 1))
    if len(wrong):
        raise DesignError(
            f"Half-samples need two PSUs in every stratum; {len(wrong)} strata have another number "
            f"({sorted(set(stage.size[wrong].tolist()))[:5]}). Use Jackknife() or Bootstrap()."
        )
    paired = np.flatnonzero(stage.size == 2)
    signs = hadamard_at_least(len(paired) + 1)[:, 1 : len(paired) + 1].T.astype(np.float64)
    factors = np.ones((len(stage.starts), signs.shape[1]))
    reach = ((1 - fay) * np.sqrt(1 - stage.fraction[paired]))[:, None] * signs
    factors[stage.stratum_starts[paired]] += reach
    factors[stage.stratum_starts[paired] + 1] -= reach
    count = signs.shape[1]
    name = "balanced repeated replication" + (f" with Fay's factor {fay:g}" if fay else "")
    each = np.full(count, 1 / (count * (1 - fay) ** 2))
    return name, _spread(stage, factors, units.count), each


def _successive_differences(units: Units, count: int) -> tuple[str, Floats, Floats]:
    """Neighbouring PSUs, in the order of their codes, share a row of a Hadamard matrix.

    Factor 1 + 2^(-3/2) (a_i - a_{i+1}). Fay and Train (1995), Proceedings of the Government
    Statistics Section, ASA, 154-159; Ash (2014), Survey Methodology 40, 47-59.
    """
    stage = units.stages[0]
    signs = hadamard_at_least(count).astype(np.float64)[1:]
    rows = len(signs)
    first = np.arange(len(stage.starts)) % rows
    second = (first + 1 + (np.arange(len(stage.starts)) // rows) % (rows - 1)) % rows
    reach = 2**-1.5 * (signs[first] - signs[second])
    factors = 1 + reach * np.sqrt(1 - stage.fraction[stage.stratum])[:, None]
    replicates = signs.shape[1]
    name = "successive differences"
    return name, _spread(stage, factors, units.count), np.full(replicates, 4 / replicates)


def _bootstrap(units: Units, bootstrap: Bootstrap) -> tuple[str, Floats, Floats]:
    count = bootstrap.replicates
    if count < 2:
        raise DesignError(f"{count} bootstrap replicate(s) are asked for; make 2 or more.")
    random = np.random.default_rng(bootstrap.seed)
    if len(units.stages) > 1:
        name, factors = "multistage rescaled bootstrap (Preston)", _preston(units, count, random)
    else:
        name, factors = "rescaled bootstrap (Rao and Wu)", _rao_wu(units, count, random)
    return f"{name}, seed {bootstrap.seed}", factors, np.full(count, 1 / (count - 1))


def _rao_wu(units: Units, count: int, random: np.random.Generator) -> Floats:
    """Draw n - 1 of n PSUs with replacement in each stratum; factor n/(n-1) times the draws.

    Rao, Wu and Yue (1992), Survey Methodology 18, 209-217.
    """
    stage = units.stages[0]
    factors = np.ones((len(stage.starts), count))
    for start, size, fraction in zip(stage.stratum_starts, stage.size, stage.fraction, strict=True):
        if size < 2:
            continue
        draws = random.multinomial(size - 1, np.full(size, 1 / size), size=count).T
        factors[start : start + size] += np.sqrt(1 - fraction) * (draws * size / (size - 1) - 1)
    return np.asarray(_spread(stage, factors, units.count))


def _preston(units: Units, count: int, random: np.random.Generator) -> Floats:
    """Draw half of the units without replacement at each stage, and rescale stage by stage.

    Preston (2009), Survey Methodology 35, 227-234.
    """
    factors = np.ones((units.count, count))
    raised = np.ones((units.count, count))
    before = np.ones(units.count)
    for stage in units.stages:
        drawn = np.ones((len(stage.starts), count))
        reach = np.zeros((len(stage.starts), count))
        for start, size, fraction in zip(
            stage.stratum_starts, stage.size, stage.fraction, strict=True
        ):
            half = size // 2
            if half == 0 or fraction >= 1:  # nothing to draw from, or nothing left to chance
                continue
            here = slice(start, start + size)
            chosen = np.argsort(random.random((size, count)), axis=0) < half
            scale = np.sqrt(before[stage.starts[start]] * half * (1 - fraction) / (size - half))
            reach[here] = scale * (chosen * size / half - 1)
            drawn[here] = chosen * np.sqrt(size / half)
        factors += raised * _spread(stage, reach, units.count)
        raised *= _spread(stage, drawn, units.count)
        before *= _spread(stage, stage.fraction[stage.stratum], units.count)
    return factors
