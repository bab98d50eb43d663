"""What comes of harmonising rows that stay in their engine: frame, descriptions, report, design."""

from __future__ import annotations

from collections.abc import Mapping

import narwhals as nw

from mpsurvey.errors import MpsurveyError
from mpsurvey.harmonisation.describing import variable_of
from mpsurvey.harmonisation.lazy_harmonised import LazyHarmonised, LazyMicrodata
from mpsurvey.harmonisation.lazy_table import LazyTable, kept
from mpsurvey.harmonisation.lazy_work import LazyRoster, LazyWork
from mpsurvey.harmonisation.outcome import design_of_hosts
from mpsurvey.harmonisation.report import Report
from mpsurvey.microdata import Variable

__all__ = ["lazy_outcome"]


def lazy_outcome(work: LazyWork, keep: tuple[str, ...], language: str) -> LazyHarmonised:
    """Put the variables, the concepts and the report together."""
    main = work.main
    answers = [n for n in work.answers if n not in work.walk or not work.walk[n].absent]
    made = [*answers, *work.concepts]
    carried = work.kept(main.columns, made, keep, ())
    _told_apart([*made, *carried], main.engine)
    variables = {name: _variable(work, main, name, language) for name in made}
    variables |= {name: work.described(name) for name in carried}
    frame = main.rows.frame().select(*made, *(nw.col(kept(n)).alias(n) for n in carried))
    sums = main.sums
    report = Report(
        crosswalk=f"{work.walk.id} {work.walk.version}",
        rows=sums.rows,
        findings=tuple(work.findings),
        mapped={name: sums[work.answered[name]] for name in answers},
        concepts={name: sums[work.answered[name]] for name in work.concepts},
        not_worked_out=work.lacking,
        nearly=tuple(work.nearly),
        not_checked=work.examined.not_checked,
        remarks=tuple(work.remarks),
    )
    return LazyHarmonised(
        frame=frame.to_native(),
        variables=variables,
        design=design_of_hosts(variables),
        report=report,
        reasons={name: one.reasons for name, one in main.listed.items() if name in variables},
        of={name: work.targets[name].of for name in variables if name in work.targets},
        rosters={name: _roster(work, one, language) for name, one in work.rosters.items()},
        unit=work.walk.unit,
    )


def _variable(work: LazyWork, table: LazyTable, name: str, language: str) -> Variable:
    """Describe a variable with the words of the file that it came from."""
    kind = table.rows.schema[name]
    listed = None
    if name in work.walk and (table is work.main or name in table.drawn):
        listed = work.tables[work.walk[name].file].listed.get(name)
    return variable_of(
        work.targets[name],
        listed.words if listed is not None else {},
        language,
        text=kind == nw.String or kind.is_temporal(),
        there=table.there.get(name, ()),
    )


def _roster(work: LazyWork, roster: LazyRoster, language: str) -> LazyMicrodata:
    table = roster.table
    variables: Mapping[str, Variable] = {
        name: _variable(work, table, name, language) for name in roster.columns
    }
    frame = table.rows.frame().select(*roster.columns)
    return LazyMicrodata(frame.to_native(), variables, design_of_hosts(variables))


def _told_apart(names: list[str], engine: str) -> None:
    """Refuse names that differ in case alone where an engine takes them for one."""
    if engine not in ("DUCKDB", "PYSPARK", "PYSPARK_CONNECT", "SQLFRAME", "IBIS"):
        return
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise MpsurveyError(
                f"'{other}' and '{name}' are one name in {engine}: do not keep the file's column, "
                "or rename it first."
            )
