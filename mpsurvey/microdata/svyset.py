"""The design that a Stata file declares: ``svyset`` keeps it in the characteristics of the data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mpsurvey.declaration import (
    Bootstrap,
    Brr,
    Centre,
    Design,
    Jackknife,
    LonelyPsu,
    Replicates,
    SuccessiveDifference,
)
from mpsurvey.errors import did_you_mean
from mpsurvey.microdata.stata import StataFile

__all__ = ["Declared", "characteristics_of", "declared_design", "renamed_design"]

SINGLE_UNIT: dict[str, LonelyPsu] = {
    "": "fail",
    "missing": "fail",
    "certainty": "certainty",
    "scaled": "average",
    "centered": "centre",
}
EACH_ROW = "_n"


@dataclass(frozen=True, slots=True)
class Declared:
    """What a file's ``svyset`` amounts to: a design, or the reasons why there is none.

    Parameters
    ----------
    design
        The design, ``None`` where nothing is declared or the declaration does not fit the file.
    warnings
        What is wrong with the declaration, or what in it has no counterpart here.
    """

    design: Design | None
    warnings: tuple[str, ...] = ()


def declared_design(file: StataFile) -> Declared:
    """Read the design from a Stata file's characteristics.

    ``su1 su2 ...`` are the sampling units of each stage (``_n`` is the row), ``strata#`` and
    ``fpc#`` belong to them, ``wvar`` is the weight. Replicate weights count only where the file's
    ``vce`` names their method or is silent.
    """
    said = {
        key.removeprefix("_svy_"): text.strip()
        for key, text in file.of("_dta").items()
        if key.startswith("_svy_") and text.strip()
    }
    if not ({"wvar", "su1", "strata1", "fpc1"} & set(said) or _replicate_key(said)):
        return Declared(None)
    stages = max([1, *(int(m.group(1)) for key in said if (m := re.fullmatch(r"su(\d+)", key)))])
    units = [said.get(f"su{k}", EACH_ROW) for k in range(1, stages + 1)]
    strata = [said.get(f"strata{k}") for k in range(1, stages + 1)]
    fpc = [said.get(f"fpc{k}") for k in range(1, stages + 1)]
    while units and units[-1] == EACH_ROW and (len(units) == 1 or not (fpc[-1] or strata[-1])):
        units.pop()
        if units:
            strata.pop()
            fpc.pop()
    replicates, warnings = _replicates(said, file)
    absent = _absent(said, [*units, *strata, *fpc, *_columns_of(replicates)], file.columns)
    if absent:
        return Declared(None, (_stale(absent, file.columns),))
    lonely = SINGLE_UNIT.get(said.get("singleunit", ""))
    if lonely is None:
        warnings.append(
            f"The file's design says singleunit({said['singleunit']}), which is not known here; "
            "a stratum of one unit will stop the estimate."
        )
    design = Design(
        weight=said.get("wvar"),
        strata=_trimmed(strata),
        psu=tuple(units),
        fpc=_trimmed(fpc),
        replicates=replicates,
        lonely_psu=lonely or "fail",
    )
    return Declared(design, (*warnings, *_without_counterpart(said)))


def _replicate_key(said: Mapping[str, str]) -> str | None:
    """Choose the replicate weights that the declared variance method uses."""
    methods = {"brr": "brrweight", "jackknife": "jkrweight", "bootstrap": "bsrweight"}
    methods["sdr"] = "sdrweight"
    vce = said.get("vce", "")
    if vce in methods:
        return methods[vce] if methods[vce] in said else None
    if vce == "" and not {"su1", "strata1"} & set(said):
        return next((key for key in methods.values() if key in said), None)
    return None


def _replicates(said: Mapping[str, str], file: StataFile) -> tuple[Replicates | None, list[str]]:
    key = _replicate_key(said)
    if key is None:
        return None, []
    columns = tuple(said[key].split())
    # Stata takes deviations from the replicates' mean unless mse is asked for
    centre: Centre = "estimate" if said.get("mse") == "mse" else "mean"
    if key == "brrweight":
        return Brr(columns, fay=float(said.get("fay", 0)), centre=centre), []
    if key == "bsrweight":
        mean_of = float(said.get("bsn", 1))
        if mean_of != 1:
            return None, [
                f"The file's replicates are means of {mean_of:g} bootstrap samples (bsn), which "
                "have no counterpart here; its replicate weights are left out of the design."
            ]
        return Bootstrap(columns, replicates=len(columns), centre=centre), []
    if key == "sdrweight":
        if "sdrfpc" in said:
            return None, [
                "The file's successive-difference replicates come with a finite population "
                "correction, which has no counterpart here; they are left out of the design."
            ]
        return SuccessiveDifference(columns, replicates=len(columns), centre=centre), []
    given = [file.of(column).get("jk_multiplier") for column in columns]
    if any(file.of(column).get("jk_fpc", "0") not in ("0", "") for column in columns):
        return None, [
            "The file's jackknife replicates come with finite population corrections, which have "
            "no counterpart here; they are left out of the design."
        ]
    multipliers = tuple(float(one) for one in given if one) if all(given) else None
    return Jackknife(columns, multipliers=multipliers, centre=centre), []


def _columns_of(replicates: Replicates | None) -> Iterable[str]:
    columns = replicates.columns if replicates is not None else None
    return (columns,) if isinstance(columns, str) else tuple(columns or ())


def _absent(
    said: Mapping[str, str], named: Iterable[str | None], columns: tuple[str, ...]
) -> list[str]:
    wanted = [said.get("wvar"), *named]
    known = {*columns, EACH_ROW}
    return list(dict.fromkeys(one for one in wanted if one and one not in known))


def _stale(absent: list[str], columns: tuple[str, ...]) -> str:
    named = ", ".join(f"'{one}'" for one in absent)
    lowered = {column.lower(): column for column in columns}
    near = [lowered[one.lower()] for one in absent if one.lower() in lowered]
    if near:
        proposed = ", ".join(repr(one) for one in near)
        advice = f" Did you mean {proposed}? If so, say it in a Design of your own."
    else:
        advice = "".join(did_you_mean(one, columns) for one in absent[:1])
    return (
        f"The file declares a design with columns that it does not have: {named}. "
        f"The declaration is left aside.{advice}"
    )


def _trimmed(stages: list[str | None]) -> tuple[str | None, ...]:
    while stages and stages[-1] is None:
        stages = stages[:-1]
    return tuple(stages)


def _without_counterpart(said: Mapping[str, str]) -> list[str]:
    found = []
    if "poststrata" in said or "postweight" in said:
        found.append(
            "The file declares poststratification "
            f"({said.get('poststrata', '?')}, {said.get('postweight', '?')}), which is not applied "
            "when it is read; weight the sample with a recipe."
        )
    if "calmethod" in said:
        found.append(
            f"The file declares calibration ({said['calmethod']}), which is not applied when it is "
            "read; weight the sample with a recipe."
        )
    if any(re.fullmatch(r"weight\d+", key) for key in said):
        found.append("The file declares weights by stage, for multilevel models; they are ignored.")
    if "dof" in said:
        found.append(
            f"The file declares {said['dof']} degrees of freedom; estimates here count their own."
        )
    return found


def characteristics_of(design: Design) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Say a design in Stata's characteristics, and what of it Stata cannot say.

    Returns
    -------
    tuple
        ``(owner, name, text)`` triples, and sentences on what has no counterpart in ``svyset``.
    """
    said: dict[str, str] = {"version": "2"}
    units = list(design.psu or ()) or [EACH_ROW]
    stages = len(units)
    said["stages"] = str(stages)
    for k in range(stages):
        said[f"su{k + 1}"] = units[k] or EACH_ROW
        for role, columns in (("strata", design.strata), ("fpc", design.fpc)):
            if columns is not None and k < len(columns) and columns[k]:
                said[f"{role}{k + 1}"] = str(columns[k])
    if design.weight:
        said |= {"wtype": "pweight", "wvar": design.weight}
    words = {ours: theirs for theirs, ours in SINGLE_UNIT.items() if theirs}
    said["singleunit"] = words[design.lonely_psu]
    lost: list[str] = []
    triples = []
    if design.replicates is not None:
        more, of_columns = _say_replicates(design.replicates)
        said |= more
        triples += of_columns
        if not more:
            lost.append("replicate weights named by a pattern")
    return [("_dta", f"_svy_{key}", text) for key, text in said.items()] + triples, lost


def _say_replicates(replicates: Replicates) -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    named = replicates.columns
    if named is None or isinstance(named, str):
        return {}, []
    columns: list[str] = list(named)
    said = {"mse": "mse"} if replicates.centre == "estimate" else {}
    listed = " ".join(columns)
    if isinstance(replicates, Brr):
        said |= {"vce": "brr", "brrweight": listed}
        if replicates.fay:
            said["fay"] = repr(float(replicates.fay))
        return said, []
    if isinstance(replicates, Bootstrap):
        return said | {"vce": "bootstrap", "bsrweight": listed}, []
    if isinstance(replicates, SuccessiveDifference):
        return said | {"vce": "sdr", "sdrweight": listed}, []
    given = replicates.multipliers
    if given is None:
        given = (len(columns) - 1) / len(columns)
    each = [float(given)] * len(columns) if isinstance(given, int | float) else list(given)
    return said | {"vce": "jackknife", "jkrweight": listed}, [
        (column, "jk_multiplier", repr(float(one)))
        for column, one in zip(columns, each, strict=True)
    ]


def renamed_design(design: Design, names: Mapping[str, str]) -> Design:
    """Return a design whose columns have been renamed."""

    def new(column: str | None) -> str | None:
        return names.get(column, column) if column else column

    def stages(columns: Any) -> tuple[Any, ...]:
        return tuple(new(one) for one in columns or ())

    replicates = design.replicates
    if replicates is not None and not isinstance(replicates.columns, str | None):
        replicates = replace(replicates, columns=stages(replicates.columns))
    return replace(
        design,
        weight=new(design.weight),
        strata=stages(design.strata),
        psu=stages(design.psu),
        fpc=stages(design.fpc),
        replicates=replicates,
        # Steps name columns in rules and formulas, where a new name cannot be put in safely.
        calibration=design.calibration if all(a == b for a, b in names.items()) else None,
    )
