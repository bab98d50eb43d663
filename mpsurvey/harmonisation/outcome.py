"""What comes of harmonising: data, descriptions, report, design."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mpsurvey.declaration import Design
from mpsurvey.errors import MpsurveyError
from mpsurvey.harmonisation.columns import kept_columns
from mpsurvey.harmonisation.deriving import Gathering
from mpsurvey.harmonisation.describing import described
from mpsurvey.harmonisation.harmonised import Harmonised
from mpsurvey.harmonisation.recoding import Answers
from mpsurvey.harmonisation.report import Report
from mpsurvey.harmonisation.tables import Table
from mpsurvey.harmonisation.work import Work
from mpsurvey.microdata import Microdata, Reasons, Variable

__all__ = ["outcome"]


_MANY = 90


def outcome(work: Work, keep: tuple[str, ...], language: str) -> Harmonised:
    """Put the variables, the concepts and the report together."""
    tables, rosters, concepts = work.tables, work.rosters, work.concepts
    table = tables[None]
    absent = {name for name, mapped in work.walk.variables.items() if mapped.absent}
    frame, variables, reasons = described(
        {name: a for name, a in table.answers.items() if name not in absent},
        concepts,
        work.targets,
        language,
    )
    data = table.data
    _keep_own_words(work, data, variables)
    kept = _kept(work, data, frame, keep)
    for name in kept:
        frame[name] = data.frame[name].to_numpy(copy=False)
        variables[name] = data.variables[name]
        if name in data.reasons:
            reasons[name] = data.reasons[name]
    made = pd.DataFrame(frame, index=data.frame.index, copy=False)
    if made.shape[1] > _MANY:
        made = made.copy()  # so that a user can add a column without pandas' warning
    report = Report(
        crosswalk=f"{work.walk.id} {work.walk.version}",
        rows=len(data),
        findings=tuple(work.findings),
        mapped={
            name: int(a.answered.sum()) for name, a in table.answers.items() if name not in absent
        },
        concepts={name: int((~np.isnan(v)).sum()) for name, v in concepts.items()},
        not_worked_out=work.lacking,
        nearly=tuple(work.nearly),
        not_checked=work.examined.not_checked,
        remarks=tuple(work.remarks),
    )
    return Harmonised(
        made,
        variables,
        data.source,
        _design(data, made),
        reasons=reasons,
        title=data.title,
        notes=data.notes,
        weight="weight" if "weight" in made.columns else data.weight,
        remarks=data.remarks,
        report=report,
        of={name: work.targets[name].of for name in made.columns if name in work.targets},
        rosters={
            name: _roster(work, tables[name], one, language, data, made)
            for name, one in rosters.items()
        },
        unit=work.walk.unit,
    )


def _keep_own_words(work: Work, data: Microdata, variables: dict[str, Any]) -> None:
    """Let codes of an open list that were taken as they are keep the file's own labels.

    Regions are the office's: the catalogue's list of them is a placeholder.
    """
    for name, mapped in work.walk.variables.items():
        listed = work.targets[name].listed if name in work.targets else None
        if name not in variables or listed is None or not listed.open or mapped.countries:
            continue
        own = data.variables.get(mapped.column) if mapped.column and not mapped.recode else None
        if own is not None and own.answers and mapped.file is None:
            variables[name] = variables[name].but(answers=dict(own.answers))


def _kept(work: Work, data: Microdata, made: Mapping[str, Any], keep: tuple[str, ...]) -> list[str]:
    wanted = kept_columns(data.variables, (*work.walk.keep, *keep))
    absent = [name for name in (*work.walk.keep, *keep) if not kept_columns(data.variables, [name])]
    if absent:
        work.remarks.append(f"To be kept, and not in this file: {', '.join(absent)}.")
    if data.design is not None:
        wanted += kept_columns(data.variables, design_columns(data.design))
    hidden = [c for c in dict.fromkeys(wanted) if c in made and not _same(work, c)]
    if hidden and "*" not in keep:
        raise MpsurveyError(
            f"The file's column '{name}' is to be kept, and the crosswalk makes another "
            f"variable '{name}'. Rename the file's column first, or do not keep it."
            for name in hidden
        )
    return [c for c in dict.fromkeys(wanted) if c not in made]


def _same(work: Work, name: str) -> bool:
    mapped = work.walk.variables.get(name)
    return mapped is not None and mapped.column == name and not mapped.recode


def _design(data: Microdata, made: pd.DataFrame) -> Design | None:
    """The file's own design, or that of the host variables that were mapped."""
    if data.design is not None:
        return data.design
    psu = "psu" if "psu" in made.columns else None
    strata = "stratum" if "stratum" in made.columns else None
    if "weight" not in made.columns or (psu is None and strata is None):
        return None  # a weight alone would pass for a simple random sample
    return Design(weight="weight", strata=strata, psu=psu)


def _roster(
    work: Work, table: Table, one: Gathering, language: str, main: Microdata, whole: pd.DataFrame
) -> Microdata:
    beside = [c for c in one.frame.columns if c not in table.answers]
    got = dict(table.answers)
    concepts = {
        c: one.frame[c].to_numpy()
        for c in beside
        if work.targets[c].concept is not None and work.targets[c].of == "roster"
    }
    for column in beside:
        if column not in concepts:
            values = one.frame[column].to_numpy()
            got[column] = Answers(values, Reasons.gather(len(values), []))
    frame, variables, reasons = described(got, concepts, work.targets, language)
    made = pd.DataFrame(frame, copy=False)
    design = main.design if table.data.design is None else None
    if design is not None:
        _put_beside(made, variables, one, main, whole, design_columns(design))
    else:
        design = _design(table.data, made)
    return Microdata(made, variables, table.data.source, design, reasons=reasons)


def _put_beside(
    made: pd.DataFrame,
    variables: dict[str, Variable],
    one: Gathering,
    main: Microdata,
    whole: pd.DataFrame,
    wanted: list[str],
) -> None:
    """Put the main file's columns of the design beside the rows of a roster."""
    first = np.full(one.size + 1, -1, dtype=np.intp)
    known = np.flatnonzero(one.main >= 0)[::-1]
    first[one.main[known]] = known
    at = first[one.row]
    for name in kept_columns(whole.columns, wanted):
        if name in made.columns:
            continue
        values = whole[name].reset_index(drop=True).iloc[np.maximum(at, 0)].to_numpy()
        made[name] = pd.Series(values).where(at >= 0)
        if name in main.variables:
            variables[name] = main.variables[name]


def design_columns(design: Design) -> list[str]:
    """Return the columns and patterns that a design names."""
    out: list[str] = []
    for part in (design.weight, design.strata, design.psu, design.fpc):
        if isinstance(part, str):
            out.append(part)
        elif part is not None:
            out += [one for one in part if isinstance(one, str)]
    columns = getattr(design.replicates, "columns", None)
    if isinstance(columns, str):
        out.append(columns)
    elif columns is not None:
        out += list(columns)
    return out
