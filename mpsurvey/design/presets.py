"""Samples of surveys that many people use, by the columns these surveys name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import narwhals as nw
import numpy as np

from mpsurvey.catalogue.known_design import DesignFile, DesignPreset
from mpsurvey.catalogue.reading import load_kind
from mpsurvey.declaration import (
    Bootstrap,
    Brr,
    Design,
    Jackknife,
    Replicates,
    SuccessiveDifference,
)
from mpsurvey.design.auxiliaries import numbers_of
from mpsurvey.design.sample import Sample
from mpsurvey.errors import DesignError, did_you_mean
from mpsurvey.microdata import Microdata, Variable

__all__ = ["design_preset"]

_Added = dict[str, tuple[str, Any]]
"""Columns to be made: what each is in words, and its values."""


def design_preset(
    name: str | DesignPreset,
    data: Any,
    *,
    file: str | None = None,
    weight: str | None = None,
    strata: str | None = None,
    psu: str | None = None,
    divide_by: float | None = None,
) -> Sample:
    """Make a sample of a known survey's file, by what the survey calls its design.

    Use it for DHS, MICS, LSMS, EU-LFS, EU-SILC, ESS, PISA, TIMSS, ACS, CPS, Afrobarometer and the
    Caucasus Barometer; ``"two_stage"`` looks for the usual names. A file that declares its own
    design (Stata's svyset) needs no preset.

    Parameters
    ----------
    name
        Id of a preset of the catalogue, or a preset.
    data
        `Microdata`, or a frame; it is never changed. Columns are found whatever their case.
    file
        Which file of the survey, where several would fit: ``"women"``, ``"households"``.
    weight, strata, psu, divide_by
        In place of the preset's own.

    Returns
    -------
    Sample
        Weights that the survey stores multiplied (``v005``) are divided, in a column of their own.
        Where the data have several countries, strata are crossed with the country.

    Raises
    ------
    CatalogueError
        There is no such preset; near misses are proposed.
    DesignError
        The data lack the columns by which the preset would know them, or by which the survey says
        its strata and sampling units; replicate weights are not all there.

    Examples
    --------
    >>> import pandas as pd
    >>> women = pd.DataFrame({"V005": [800000, 1200000], "V021": [1, 2], "V022": [1, 1]})
    >>> design_preset("dhs", women)
    Sample: 2 rows standing for 2; 2 PSUs in 1 strata; weight 'V005_scaled'
    """
    preset = name if isinstance(name, DesignPreset) else load_kind("design").design(name)
    native = data.frame if isinstance(data, Microdata) else data
    found = nw.from_native(native)
    frame: nw.DataFrame[Any] = found.collect() if isinstance(found, nw.LazyFrame) else found
    columns = {column.lower(): column for column in reversed(frame.columns)}
    chosen = _choose(preset, columns, file, weight)
    taken = weight or _weight(preset, chosen, columns)
    factor = chosen.divide_by if divide_by is None else divide_by
    added: dict[str, tuple[str, Any]] = {}
    if factor != 1 or taken not in frame.columns:
        said = f"{taken} / {factor:,.10g}" if factor != 1 else taken
        column = f"{taken}_scaled" if taken in frame.columns else "weight_of_preset"
        added[column] = (said, numbers_of(frame, taken) / factor)
    else:
        column = taken
    shipped = chosen.replicates is not None and "columns" in chosen.replicates
    layers: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    if not shipped:
        layers = _role("strata", strata, preset, chosen, columns, frame)
        units = _role("psu", psu, preset, chosen, columns, frame)
        if strata is None:
            layers = _nested(layers, chosen, columns, frame, added)
    made = None
    if chosen.replicates is not None:
        names = _replicate_columns(preset, chosen.replicates, columns) if shipped else None
        if names is not None:
            values = added[column][1] if column in added else numbers_of(frame, column)
            names = _on_one_scale(names, float(np.nansum(values)), column, frame, added)
        made = _replicates(chosen.replicates, names)
    design = Design(
        column,
        strata=layers,
        psu=units,
        replicates=made,
        lonely_psu=chosen.lonely_psu,  # type: ignore[arg-type]  # the catalogue has checked it
    )
    return Sample(_with_columns(data, frame, added), design)


def _with_columns(data: Any, frame: nw.DataFrame[Any], added: _Added) -> Any:
    """The data with further columns, and what these mean where the data say what columns mean."""
    if not added:
        return data
    there = [name for name in added if name in frame.columns]
    if there:
        raise DesignError(f"The data have a column '{there[0]}', which the preset would make.")
    backend = nw.get_native_namespace(frame)
    made = [
        nw.new_series(name, values, backend=backend)
        if isinstance(values, np.ndarray)
        else values.alias(name)
        for name, (_, values) in added.items()
    ]
    wider = frame.with_columns(*made).to_native()
    if not isinstance(data, Microdata):
        return wider
    kinds = {
        name: Variable(name, said, "decimal" if isinstance(values, np.ndarray) else "text")
        for name, (said, values) in added.items()
    }
    return replace(data, frame=wider, variables={**data.variables, **kinds})


def _role(
    role: str,
    given: str | None,
    preset: DesignPreset,
    chosen: DesignFile,
    columns: Mapping[str, str],
    frame: nw.DataFrame[Any],
) -> tuple[str, ...]:
    """The first column of a role that the data have and that is not empty."""
    if given is not None:
        return (given,)
    candidates: tuple[str, ...] = getattr(chosen, role)
    for one in candidates:
        real = columns.get(one.lower())
        if real is not None and frame[real].null_count() < len(frame):
            return (real,)
    if role in chosen.must:
        named = {"strata": "strata", "psu": "sampling units"}[role]
        raise DesignError(
            f"The preset '{preset.id}' takes the {named} of its file '{chosen.name}' from "
            f"{' or '.join(candidates)}, which the data lack or leave empty. Without them "
            "standard errors would be wrong: read or merge these columns, or say "
            f"{role}='...'; for a design without them use mp.Design."
        )
    return ()


def _nested(
    layers: tuple[str, ...],
    chosen: DesignFile,
    columns: Mapping[str, str],
    frame: nw.DataFrame[Any],
    added: _Added,
) -> tuple[str, ...]:
    """Strata crossed with the country, or what else their codes start anew in."""
    present = [columns[one.lower()] for one in chosen.within if one.lower() in columns]
    several = [one for one in present if frame[one].n_unique() > 1 and one not in layers]
    crossed = (*several, *layers)
    if not several or len(crossed) == 1:
        return crossed if several else layers
    values = frame.select(
        nw.concat_str([nw.col(one).cast(nw.String) for one in crossed], separator=" / ").alias("s")
    )["s"]
    added["stratum_of_preset"] = (" x ".join(crossed), values)
    return ("stratum_of_preset",)


def _first(candidates: Sequence[str], columns: Mapping[str, str]) -> str | None:
    return next((columns[one.lower()] for one in candidates if one.lower() in columns), None)


def _choose(
    preset: DesignPreset, columns: Mapping[str, str], file: str | None, weight: str | None
) -> DesignFile:
    if file is not None:
        fitting = [one for one in preset.files if file.lower() in one.name.lower()]
        if not fitting:
            names = [one.name for one in preset.files]
            raise DesignError(
                f"The preset '{preset.id}' has no file '{file}'.{did_you_mean(file, names)} "
                f"Its files are: {', '.join(names)}."
            )
        return fitting[0]
    for one in preset.files:
        if one.needs and all(name.lower() in columns for name in one.needs):
            return one
        if not one.needs and (weight or _first(one.weight, columns)):
            return one
    wanted = " or ".join(", ".join(one.needs or one.weight[:4]) for one in preset.files)
    raise DesignError(
        f"The preset '{preset.id}' knows its files by {wanted}, and the data have none of these. "
        "Is it a file of this survey? Else say weight=, strata= and psu= in mp.Design."
    )


def _weight(preset: DesignPreset, chosen: DesignFile, columns: Mapping[str, str]) -> str:
    for one in chosen.weight:
        if one.lower() in columns:
            return columns[one.lower()]
        names = re.findall(r"[A-Za-z_]\w*", one)
        if len(names) > 1 and all(name.lower() in columns for name in names):
            return re.sub(r"[A-Za-z_]\w*", lambda found: columns[found[0].lower()], one)
    raise DesignError(
        f"The preset '{preset.id}' takes the weight from {' or '.join(chosen.weight)}, which the "
        "data lack. Say weight='...'."
    )


def _replicate_columns(
    preset: DesignPreset, said: Mapping[str, Any], columns: Mapping[str, str]
) -> list[str]:
    head, _, tail = str(said["columns"]).lower().partition("*")
    shape = re.compile(re.escape(head) + r"(\d+)" + re.escape(tail))
    skip = {name.lower() for name in said.get("skip", ())}
    numbered = {
        int(found[1]): real
        for lower, real in columns.items()
        if (found := shape.fullmatch(lower)) and lower not in skip
    }
    wanted = range(1, int(said.get("number", 0)) + 1)
    absent = [str(said["columns"]).replace("*", str(one)) for one in wanted if one not in numbered]
    if absent:
        more = f" and {len(absent) - 4} more" if len(absent) > 4 else ""
        raise DesignError(
            f"The preset '{preset.id}' needs {len(wanted)} replicate weights; the data lack "
            f"{', '.join(absent[:4])}{more}. Read or merge all of them."
        )
    return [numbered[one] for one in sorted(numbered)]


def _on_one_scale(
    names: list[str], total: float, weight: str, frame: nw.DataFrame[Any], added: _Added
) -> list[str]:
    """Replicate weights in the unit of the weight, where files write decimals in one and not both.

    A replicate weight and the weight add up to the same people but for sampling error, so that a
    ratio of 100 or 10,000 is one of decimals that were left out.
    """
    sums = [float(np.nansum(numbers_of(frame, name))) for name in names]
    ratio = float(np.median(sums)) / total if total > 0 else 1.0
    power = round(np.log10(ratio)) if ratio > 0 else 0
    if power == 0 and 0.5 < ratio < 2:
        return names
    if ratio <= 0 or abs(np.log10(ratio) - power) > 0.1:
        raise DesignError(
            f"The weight '{weight}' adds up to {total:,.6g}, and the replicate weights {names[0]} "
            f"to {names[-1]} to {np.median(sums):,.6g} each: they do not belong together. Say "
            "weight= or divide_by=, or declare them in mp.Design."
        )
    unit = 10.0**power
    for name in names:
        added[f"{name}_scaled"] = (f"{name} / {unit:,.10g}", numbers_of(frame, name) / unit)
    return [f"{name}_scaled" for name in names]


def _replicates(said: Mapping[str, Any], names: list[str] | None) -> Replicates:
    match said["kind"]:
        case "brr":
            return Brr(names, fay=said.get("fay", 0.0))
        case "jk1" | "jkn":
            return Jackknife(names)
        case "jk2":
            return Jackknife(names, multipliers=1.0)
        case "bootstrap":
            return Bootstrap(names)
        case _:
            return SuccessiveDifference(names)
