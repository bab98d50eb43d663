"""Sampling units and the stages they were drawn in: all that a variance needs of a design."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpsurvey.declaration import LonelyPsu
from mpsurvey.design.codes import Codes, compact
from mpsurvey.errors import DesignError

__all__ = ["Keys", "Stage", "Units", "arrange"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Keys:
    """The codes that say where each row was drawn at one stage.

    Attributes
    ----------
    strata
        Stratum of each row, shape (n,), or None where the stage is not stratified.
    units
        Unit of each row, shape (n,), nested in the stratum; None where each row is a unit.
    fpc
        Population count (above 1) or sampling fraction (up to 1), shape (n,), or None.
    stratum_names
        What the codes of `strata` stand for, for messages.
    """

    strata: Codes | None
    units: Codes | None
    fpc: Floats | None
    stratum_names: NDArray[Any] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """One stage of sampling. Units and strata are numbered in the order of the finest units.

    Attributes
    ----------
    starts
        First finest unit of each unit of this stage, shape (u,).
    stratum_starts
        First unit of each stratum, as an index into the stage's units, shape (h,).
    size
        Units drawn in each stratum, shape (h,).
    fraction
        Sampling fraction in each stratum, shape (h,); 0 when drawn with replacement.
    scale
        Factor of each stratum's sum of squared deviations, shape (h,): the product of the earlier
        stages' fractions, times (1 - f) n / (n - 1).
    lonely
        Strata of one unit that stands for others too, shape (h,).
    parent_starts
        First stratum of each group of strata that share their unit of the stage before, shape (g,).
    """

    starts: Codes
    stratum_starts: Codes
    size: Codes
    fraction: Floats
    scale: Floats
    lonely: NDArray[np.bool_]
    parent_starts: Codes

    @property
    def stratum(self) -> Codes:
        """Stratum of each unit, shape (u,)."""
        return np.repeat(np.arange(len(self.size)), self.size)


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """The finest sampling units that a variance needs, sorted by stratum and unit of each stage.

    Attributes
    ----------
    count
        How many finest units there are.
    stages
        The stages, first stage first.
    lonely_psu
        How strata of one unit are treated.
    lonely_domains
        Whether strata with one unit in a domain are treated so too.
    """

    count: int
    stages: tuple[Stage, ...]
    lonely_psu: LonelyPsu
    lonely_domains: bool = False

    @property
    def degrees_of_freedom(self) -> int:
        """First-stage units less first-stage strata."""
        first = self.stages[0]
        return len(first.starts) - len(first.size)


def arrange(
    keys: Sequence[Keys], rows: int, lonely_psu: LonelyPsu, *, lonely_domains: bool = False
) -> tuple[Codes, Units, Floats | None]:
    """Sort rows into sampling units.

    Parameters
    ----------
    keys
        One entry per stage, first stage first. Stages after the first that lacks an FPC add
        nothing to the variance and must be left out by the caller.
    rows
        Number of rows, n.
    lonely_psu
        How to treat a stratum of one unit.
    lonely_domains
        Whether to treat so also a stratum with one unit in a domain.

    Returns
    -------
    row_unit, units, chance
        `row_unit`, shape (n,): the finest unit of each row. `chance`, shape (n,): the product of
        the stages' sampling fractions, or None where a stage has no FPC.

    Raises
    ------
    DesignError
        All problems at once: FPC below the number of units drawn or varying within a stratum,
        lonely PSUs where `lonely_psu` is ``"fail"``.
    """
    path = np.zeros(rows, dtype=np.intp)
    paths: list[tuple[Codes, Codes]] = []
    for key in keys:
        stratum = path if key.strata is None else _deepen(path, key.strata)
        unit = _deepen_by_row(stratum, rows) if key.units is None else _deepen(stratum, key.units)
        paths.append((stratum, unit))
        path = unit
    # Codes of a later stage refine those of an earlier one and keep its order, so the finest
    # units of one stratum or unit, at any stage, follow each other.
    finest = paths[-1][1]
    count = int(finest.max()) + 1 if rows else 0
    first_row = np.empty(count, dtype=np.intp)
    first_row[finest[::-1]] = np.arange(rows - 1, -1, -1)

    problems: list[str] = []
    stages: list[Stage] = []
    before = np.ones(1)
    parent = np.zeros(count, dtype=np.intp)
    chance: Floats | None = np.ones(rows)
    for number, (key, (stratum, unit)) in enumerate(zip(keys, paths, strict=True), start=1):
        unit_of, stratum_of = unit[first_row], stratum[first_row]
        starts = _starts(unit_of)
        stratum_starts = _starts(stratum_of[starts])
        size = np.diff(np.append(stratum_starts, len(starts)))
        parent_of_stratum = parent[starts][stratum_starts]
        fraction = _fractions(key, number, stratum, size, problems)
        lonely = (size == 1) & (fraction < 1)
        if lonely.any() and lonely_psu == "fail":
            problems.append(_say_lonely(key, number, stratum, lonely))
        scale = before[parent_of_stratum] * (1 - fraction) * size / np.maximum(size - 1, 1)
        stages.append(
            Stage(
                starts,
                stratum_starts,
                size,
                fraction,
                _rule_lonely(scale, lonely, lonely_psu, number, problems),
                lonely,
                _starts(parent_of_stratum),
            )
        )
        before = (before[parent_of_stratum] * fraction)[np.repeat(np.arange(len(size)), size)]
        parent = unit_of
        if chance is not None:
            chance = None if key.fpc is None else chance * fraction[stratum]
    if problems:
        raise DesignError(problems)
    return finest, Units(count, tuple(stages), lonely_psu, lonely_domains), chance


def _deepen(path: Codes, codes: Codes) -> Codes:
    """Codes of the pairs (path, code), in their order."""
    if not len(path) or not path.any():
        return compact(codes)[0]
    return compact(path * (int(codes.max()) + 1) + codes)[0]


def _deepen_by_row(path: Codes, rows: int) -> Codes:
    """Each row as a unit of its own, numbered in the order of the path."""
    if not path.any():
        return np.arange(rows)
    codes = np.empty(rows, dtype=np.intp)
    codes[np.argsort(path, kind="stable")] = np.arange(rows)
    return codes


def _starts(sorted_codes: Codes) -> Codes:
    """Return the first position of each run of equal codes."""
    if not len(sorted_codes):
        return np.empty(0, dtype=np.intp)
    return np.flatnonzero(np.append(True, sorted_codes[1:] != sorted_codes[:-1]))


def _fractions(key: Keys, number: int, stratum: Codes, size: Codes, problems: list[str]) -> Floats:
    """Sampling fraction of each stratum; faults of the FPC go to `problems`."""
    if key.fpc is None:
        return np.zeros(len(size))
    if np.isnan(key.fpc).any():
        problems.append(
            f"Stage {number}: the FPC is missing in {int(np.isnan(key.fpc).sum()):,} rows. "
            "Give each row the population count or the sampling fraction of its stratum."
        )
        return np.zeros(len(size))
    low = np.full(len(size), np.inf)
    high = np.full(len(size), -np.inf)
    np.minimum.at(low, stratum, key.fpc)
    np.maximum.at(high, stratum, key.fpc)
    varying = np.flatnonzero(high - low > 1e-12 * np.abs(high))
    if len(varying):
        problems.append(
            f"Stage {number}: the FPC varies within {_say_strata(key, stratum, varying)}. "
            "It must be one number per stratum."
        )
    if (low <= 0).any():
        problems.append(
            f"Stage {number}: the FPC is zero or negative in "
            f"{_say_strata(key, stratum, np.flatnonzero(low <= 0))}."
        )
        return np.zeros(len(size))
    counts = bool((high > 1).any())
    if counts and (low < 1).any():
        problems.append(
            f"Stage {number}: the FPC mixes counts above 1 with fractions below 1, in "
            f"{_say_strata(key, stratum, np.flatnonzero(low < 1))}. Use one kind for the stage."
        )
        return np.zeros(len(size))
    fraction = size / high if counts else high
    too_many = np.flatnonzero(fraction > 1 + 1e-9)
    if len(too_many):
        worst = too_many[np.argmax(fraction[too_many])]
        problems.append(
            f"Stage {number}: more units were drawn than the FPC says exist, in "
            f"{_say_strata(key, stratum, too_many)} (for instance {size[worst]} drawn of "
            f"{high[worst]:g}). Correct the FPC, or leave it out."
        )
    return np.asarray(np.minimum(fraction, 1.0))


def _say_strata(key: Keys, stratum: Codes, which: Codes) -> str:
    """Name strata by their own codes, at most eight of them."""
    if key.strata is None or key.stratum_names is None:
        return f"{len(which)} unit(s) of the stage before" if stratum.any() else "the sample"
    first = np.searchsorted(np.sort(stratum), which)
    rows = np.argsort(stratum, kind="stable")[first[:8]]
    names = ", ".join(str(key.stratum_names[key.strata[row]]) for row in rows)
    more = f" and {len(which) - 8} more" if len(which) > 8 else ""
    return f"{'stratum' if len(which) == 1 else f'{len(which)} strata:'} {names}{more}"


def _say_lonely(key: Keys, number: int, stratum: Codes, lonely: NDArray[np.bool_]) -> str:
    return (
        f"Stage {number}: only one unit was drawn in "
        f"{_say_strata(key, stratum, np.flatnonzero(lonely))}, so the variance there cannot be "
        "seen. Merge such strata, or choose lonely_psu='certainty', 'centre' or 'average'."
    )


def _rule_lonely(
    scale: Floats,
    lonely: NDArray[np.bool_],
    rule: LonelyPsu,
    number: int,
    problems: list[str],
) -> Floats:
    """Scale of each stratum once the rule for lonely units has been applied."""
    if not lonely.any() or rule in ("fail", "centre"):
        return scale
    kept: Floats = np.where(lonely, 0.0, scale)
    if rule == "average" and lonely.all():
        problems.append(
            f"Stage {number}: every stratum has one unit only, so there is no variance to take "
            "the average of. Choose lonely_psu='certainty' or 'centre', or merge strata."
        )
    return np.asarray(kept)
