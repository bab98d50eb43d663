"""Samples of surveys that many people use, by the columns these surveys name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import narwhals as nw

from mpsurvey.catalogue.known_design import DesignFile, DesignPreset
from mpsurvey.catalogue.library import load_kind
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

    Raises
    ------
    CatalogueError
        There is no such preset; near misses are proposed.
    DesignError
        The data lack the columns by which the preset would know them.

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
    made = None if chosen.replicates is None else _replicates(chosen.replicates, columns)
    named = Design(
        taken,
        strata=() if made else strata or _first(chosen.strata, columns) or (),
        psu=() if made else psu or _first(chosen.psu, columns) or (),
        replicates=made,
        lonely_psu=chosen.lonely_psu,  # type: ignore[arg-type]  # the catalogue has checked it
    )
    if factor == 1 and taken in frame.columns:
        return Sample(data, named)
    column = f"{taken}_scaled" if taken in frame.columns else "weight_of_preset"
    if column in frame.columns:
        raise DesignError(f"The data have a column '{column}', which the preset would make.")
    values = numbers_of(frame, taken) / factor
    said = f"{taken} / {factor:,.10g}" if factor != 1 else taken
    if isinstance(data, Microdata):
        scaled: Any = replace(
            data,
            frame=data.frame.assign(**{column: values}),
            variables={**data.variables, column: Variable(column, said, "decimal")},
        )
    else:
        backend = nw.get_native_namespace(frame)
        added = nw.new_series(column, values, backend=backend)
        scaled = frame.with_columns(added).to_native()
    return Sample(scaled, replace(named, weight=column))


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


def _replicates(said: Mapping[str, Any], columns: Mapping[str, str]) -> Replicates:
    head, _, tail = str(said["columns"]).lower().partition("*")
    shape = re.compile(re.escape(head) + r"(\d+)" + re.escape(tail))
    skip = {name.lower() for name in said.get("skip", ())}
    numbered = sorted(
        (int(found[1]), real)
        for lower, real in columns.items()
        if (found := shape.fullmatch(lower)) and lower not in skip
    )
    names = [real for _, real in numbered]
    match said["kind"]:
        case "brr":
            return Brr(names, fay=said.get("fay", 0.0))
        case "jk1":
            return Jackknife(names)
        case "jk2":
            return Jackknife(names, multipliers=1.0)
        case "bootstrap":
            return Bootstrap(names)
        case _:
            return SuccessiveDifference(names)
