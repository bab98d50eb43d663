"""A design compiled for its data: weights and sampling units of the rows, with every problem."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from mpsurvey.declaration import Design
from mpsurvey.design.calibration import listed_steps
from mpsurvey.design.codes import Codes, encode
from mpsurvey.design.units import Keys, Units, arrange
from mpsurvey.errors import ColumnMissing, DesignError

__all__ = [
    "EACH_ROW",
    "Counted",
    "check_columns",
    "clauses",
    "compiled",
    "describe",
    "shared_psu_codes",
    "weight_problems",
]

Floats = NDArray[np.float64]

EACH_ROW = "_n"
"""Stata's name for "each row is a unit", as a svyset writes it."""


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """What an engine has counted for each combination of the design's codes.

    Attributes
    ----------
    rows
        How many rows it has, shape (u,).
    weight
        Their sum of weights, shape (u,); None where weights follow from the FPC.
    problems
        What is wrong with the weights.
    """

    rows: NDArray[np.int64]
    weight: Floats | None
    problems: tuple[str, ...]


def check_columns(design: Design, columns: Iterable[str]) -> None:
    """Refuse a design that names columns which the data lack."""
    known = set(columns)
    named = [("weight", design.weight)]
    for role in ("strata", "psu", "fpc"):
        for stage, name in enumerate(getattr(design, role), start=1):
            later = f" of stage {stage}" if stage > 1 else ""
            if name != EACH_ROW:
                named.append((f"{role}{later}", name))
    absent = [(role, name) for role, name in named if name is not None and name not in known]
    if absent:
        raise ColumnMissing(absent, columns)


def compiled(
    frame: nw.DataFrame[Any], design: Design, counted: Counted | None = None
) -> tuple[Floats, Codes, Units]:
    """Weights and sampling units of the rows; every problem of the design at once.

    Parameters
    ----------
    frame
        The rows; or, with `counted`, one row for each combination of the design's codes.
    design
        Who was drawn.
    counted
        What stands behind each combination, where an engine has counted it.

    Returns
    -------
    weight, row_unit, units
        Each of shape (n,) but for the units.
    """
    problems: list[str] = []
    rows = len(frame)
    if not rows:
        raise DesignError("The data have no rows.")
    weight: Floats | None = None
    if counted is not None:
        weight = counted.weight
        problems += counted.problems
    elif design.weight is not None:
        weight = _weights(frame, design.weight, problems)
    each = None if counted is None else counted.rows
    keys = _keys(frame, design, problems, each)
    if problems:  # units cannot be arranged from missing codes; other faults can wait for them
        try:
            arrange(_without_missing(keys), rows, design.lonely_psu)
        except DesignError as error:
            problems.extend(error.problems)
        raise DesignError(problems)
    row_unit, units, chance = arrange(
        keys, rows, design.lonely_psu, lonely_domains=design.lonely_domains
    )
    if weight is None:
        weight = _weights_from_fpc(design, chance, rows)
    return weight, row_unit, units


def weight_problems(name: str, rows: int, missing: int, negative: int, positive: int) -> list[str]:
    """Say what is wrong with weights, from counts of rows."""
    if missing:
        return [
            f"The weight '{name}' is missing or infinite in {missing:,} of "
            f"{rows:,} rows. Give them a weight (0 keeps a row out of every statistic) "
            "or leave these rows out."
        ]
    if negative:
        return [
            f"The weight '{name}' is negative in {negative:,} rows. Calibrate "
            "with bounds, or correct the weights."
        ]
    return [] if positive else [f"The weight '{name}' is zero in every row."]


def _weights(frame: nw.DataFrame[Any], name: str, problems: list[str]) -> Floats:
    column = frame[name]
    if not column.dtype.is_numeric():
        problems.append(f"The weight '{name}' is not a number ({column.dtype}).")
        return np.ones(len(frame))
    weight = np.asarray(column.to_numpy(), dtype=np.float64)
    finite = np.isfinite(weight)
    if not finite.all():
        problems += weight_problems(name, len(weight), int((~finite).sum()), 0, 0)
        return np.ones(len(weight))
    problems += weight_problems(
        name, len(weight), 0, int((weight < 0).sum()), int(bool(weight.any()))
    )
    return weight


def _weights_from_fpc(design: Design, chance: Floats | None, rows: int) -> Floats:
    if not design.fpc:
        return np.ones(rows)
    if chance is None:
        raise DesignError(
            "Without a weight, the FPC of every stage must be given: the weights are then the "
            "inverse of the inclusion probabilities. Name the weight, or an fpc for each stage."
        )
    return np.asarray(1 / chance)


def _keys(
    frame: nw.DataFrame[Any], design: Design, problems: list[str], each: NDArray[Any] | None
) -> list[Keys]:
    """Codes of the stages that enter the variance: up to the first one without an FPC."""
    keys: list[Keys] = []
    for stage in range(max(len(design.psu or ()), 1)):
        strata, names = _codes(frame, _at(design.strata, stage), "strata", stage, problems, each)
        units, labels = _codes(frame, _at(design.psu, stage), "psu", stage, problems, each)
        if stage == 0 and strata is not None and units is not None and names is not None:
            _warn_if_not_nested(strata, units, labels, design)
        fpc_name = _at(design.fpc, stage)
        fpc = None
        if fpc_name is not None:
            column = frame[fpc_name]
            if column.dtype.is_numeric():
                fpc = np.asarray(column.to_numpy(), dtype=np.float64)
            else:
                problems.append(f"The fpc '{fpc_name}' is not a number ({column.dtype}).")
        keys.append(Keys(strata, units, fpc, names))
        if fpc_name is None:
            break
    return keys


def _at(stages: Any, stage: int) -> str | None:
    return stages[stage] if stage < len(stages) else None


def _codes(
    frame: nw.DataFrame[Any],
    name: str | None,
    role: str,
    stage: int,
    problems: list[str],
    each: NDArray[Any] | None,
) -> tuple[Codes | None, NDArray[Any] | None]:
    if name is None or (name == EACH_ROW and name not in frame.columns):
        return None, None
    codes, levels = encode(frame[name])
    absent = codes < 0
    missing = int(np.count_nonzero(absent) if each is None else each[absent].sum())
    if missing:
        rows = len(codes) if each is None else int(each.sum())
        later = f" of stage {stage + 1}" if stage else ""
        problems.append(
            f"The {role}{later} '{name}' is missing in {missing:,} of {rows:,} rows. "
            "Every row must say where it was drawn."
        )
    return codes, levels


def _without_missing(keys: list[Keys]) -> list[Keys]:
    def known(codes: Codes | None) -> Codes | None:
        return None if codes is None else np.maximum(codes, 0)

    return [Keys(known(key.strata), known(key.units), key.fpc, key.stratum_names) for key in keys]


def shared_psu_codes(strata: Codes, units: Codes) -> Codes:
    """PSU codes that stand in more than one stratum, when most codes stand in one only.

    Codes that begin anew in each stratum are nested and in order. A few codes that recur among
    many that do not look like an error in the file.

    Parameters
    ----------
    strata, units
        Codes of each row, shape (n,).

    Returns
    -------
    numpy.ndarray
        The suspicious codes; empty where the codes look nested or unique.
    """
    width = int(units.max()) + 1 if len(units) else 1
    pairs = np.unique(strata * width + units)
    strata_of_unit = np.bincount(pairs % width, minlength=width)
    recurring = np.flatnonzero(strata_of_unit > 1)
    used = np.count_nonzero(strata_of_unit)
    return recurring if len(recurring) <= 0.1 * used else np.empty(0, dtype=np.intp)


def _warn_if_not_nested(
    strata: Codes, units: Codes, labels: NDArray[Any] | None, design: Design
) -> None:
    suspicious = shared_psu_codes(strata, units)
    if len(suspicious) and labels is not None:
        some = ", ".join(str(labels[code]) for code in suspicious[:5])
        warnings.warn(
            f"{len(suspicious)} code(s) of the PSU '{_at(design.psu, 0)}' stand in more than one "
            f"stratum of '{_at(design.strata, 0)}' (for instance {some}), the others in one only. "
            "They are counted as different PSUs, nested in their strata; check the file.",
            UserWarning,
            stacklevel=6,
        )


_CLAUSES: Mapping[str, str] = {
    "replicated": "units known by their replicate weights",
    "rows": "each row a unit",
    "units": "{count:,} PSUs",
    "strata": " in {count:,} strata",
    "stages": ", {count} stages",
    "correction": ", finite population correction",
    "lonely": "; {count} lonely unit(s) by '{way}'",
    "weight": "; weight '{name}'",
    "weight_of_correction": "; weight from the FPC",
    "unweighted": "; no weight",
    "calibration": ", {words}",
    "response": ", {words}",
    "propensity": ", {words}",
}


def describe(design: Design, units: Units, rows: int) -> str:
    """Say a design in one line, for the foot of a table.

    Examples: ``4 PSUs in 2 strata; weight 'w'``, ``each row a unit; no weight``.
    """
    return "".join(_CLAUSES[key].format(**held) for key, held in clauses(design, units))


def clauses(design: Design, units: Units) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """Return what a design consists of, for whoever says it in another language.

    Each is a key, such as ``"strata"``, and what stands in its wording: counts and names.
    """
    first = units.stages[0]
    said: list[tuple[str, Mapping[str, Any]]] = []
    if not design.psu and design.replicates is not None and design.replicates.columns is not None:
        said.append(("replicated", {}))
    elif not design.psu:
        said.append(("rows", {}))
    else:
        said.append(("units", {"count": len(first.starts)}))
    if design.strata and design.strata[0]:
        said.append(("strata", {"count": len(first.size)}))
    if len(units.stages) > 1:
        said.append(("stages", {"count": len(units.stages)}))
    if any((stage.fraction > 0).any() for stage in units.stages):
        said.append(("correction", {}))
    if any(stage.lonely.any() for stage in units.stages):
        lonely = sum(int(stage.lonely.sum()) for stage in units.stages)
        said.append(("lonely", {"count": lonely, "way": units.lonely_psu}))
    if design.weight:
        said.append(("weight", {"name": design.weight}))
    else:
        said.append(("weight_of_correction" if design.fpc else "unweighted", {}))
    steps = listed_steps(design.calibration)
    said += [
        (type(one).__name__.lower(), {"words": one.words(), "names": one.names}) for one in steps
    ]
    return tuple(said)
