"""What comes of harmonising: data, descriptions, report, design."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from mpsurvey.declaration import Design
from mpsurvey.harmonisation.columns import kept_columns
from mpsurvey.harmonisation.deriving import Gathering
from mpsurvey.harmonisation.describing import described
from mpsurvey.harmonisation.harmonised import Harmonised
from mpsurvey.harmonisation.recoding import Answers
from mpsurvey.harmonisation.report import Report
from mpsurvey.harmonisation.tables import Table
from mpsurvey.harmonisation.work import Work
from mpsurvey.microdata import Microdata, Reasons, Variable

__all__ = ["design_columns", "design_of_hosts", "outcome"]


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
    for name, words in work.of_the_office(data.variables).items():
        if name in variables:
            variables[name] = variables[name].but(answers=words)
    declared = design_columns(data.design) if data.design is not None else []
    kept = work.kept(data.variables, frame, keep, declared)
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
        _design(data, made.columns),
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


def _design(data: Microdata, made: Collection[str]) -> Design | None:
    """The file's own design, or that of the host variables that were mapped."""
    return data.design if data.design is not None else design_of_hosts(made)


def design_of_hosts(made: Collection[str]) -> Design | None:
    """Return the design of the host variables that were mapped."""
    psu = "psu" if "psu" in made else None
    strata = "stratum" if "stratum" in made else None
    if "weight" not in made or (psu is None and strata is None):
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
        design = _design(table.data, made.columns)
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
