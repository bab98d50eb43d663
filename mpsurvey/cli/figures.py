"""Figures: coverage, estimate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mpsurvey.cli.application import app
from mpsurvey.cli.options import Columns, Language, Library

__all__: list[str] = []


@app.command("coverage")
def _coverage(
    file: Path,
    library: Library = None,
    language: Language = "en",
    crosswalk: Annotated[
        str | None, typer.Option("--crosswalk", help="A crosswalk's id or file, to harmonise by.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="A .xlsx, .html, .svg or .csv file.")
    ] = None,
) -> None:
    """Show which indicators a data file or a form can produce, and what the others lack."""
    from mpsurvey import profile

    report = profile.coverage_of_file(file, library or (), language=language, crosswalk=crosswalk)
    if to is not None:
        typer.echo(f"wrote {report.write(to)}")
    else:
        typer.echo(repr(report))


@app.command("estimate")
def _estimate(
    file: Path,
    statistic: Annotated[
        str, typer.Option("--statistic", help="total, mean, proportion, ratio or quantile.")
    ],
    variable: Annotated[
        str | None, typer.Option("--variable", help="A column, a rule or a formula.")
    ] = None,
    denominator: Annotated[str | None, typer.Option("--denominator", help="Of a ratio.")] = None,
    by: Annotated[Columns, typer.Option("--by", help="Groups; repeat to cross.")] = None,
    where: Annotated[str | None, typer.Option("--where", help='Such as "age >= 15".')] = None,
    weight: Annotated[str | None, typer.Option("--weight")] = None,
    strata: Annotated[Columns, typer.Option("--strata", help="Repeat for later stages.")] = None,
    psu: Annotated[Columns, typer.Option("--psu", help="Repeat for later stages.")] = None,
    fpc: Annotated[Columns, typer.Option("--fpc", help="Repeat for later stages.")] = None,
    replicates: Annotated[
        str | None, typer.Option("--replicates", help="Such as sdr:PWGTP* or fay=0.5:W_FSTR*.")
    ] = None,
    lonely_psu: Annotated[
        str | None, typer.Option("--lonely-psu", help="fail, certainty, centre or average.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option("--preset", help="A known survey's design: dhs, mics, pisa, ...")
    ] = None,
    missing_codes: Annotated[
        str | None, typer.Option("--missing-codes", help="Codes of no answer, such as -9,-2,-1.")
    ] = None,
    missing: Annotated[
        str, typer.Option("--missing", help="No answer: domain, drop or fail.")
    ] = "domain",
    level: Annotated[float, typer.Option("--level", help="Confidence level.")] = 0.95,
    ci: Annotated[str | None, typer.Option("--ci", help="logit, beta, wilson or normal.")] = None,
    df: Annotated[
        str | None,
        typer.Option("--df", help="Degrees of freedom: domain (default), design or effective."),
    ] = None,
    q: Annotated[
        list[float] | None, typer.Option("--q", help="Probabilities of quantiles.")
    ] = None,
    show: Annotated[str, typer.Option("--format", help="table, csv or json.")] = "table",
    to: Annotated[
        Path | None, typer.Option("--to", help="A .xlsx, .html, .csv, .json or .parquet file.")
    ] = None,
) -> None:
    """Estimate a statistic from a file, by its own design or the one given."""
    from mpsurvey import profile, publication

    asked = {"level": level, "missing": missing, "ci": ci, "df": df, "q": tuple(q or ()) or None}
    found = profile.estimate_file(
        file,
        statistic,  # type: ignore[arg-type]  # checked there
        variable,
        denominator=denominator,
        by=by or (),
        where=where,
        weight=weight,
        strata=strata or (),
        psu=psu or (),
        fpc=fpc or (),
        replicates=replicates,
        lonely_psu=lonely_psu,  # type: ignore[arg-type]
        preset=preset,
        missing_codes=profile.parse_codes(missing_codes),
        options={key: value for key, value in asked.items() if value is not None},
    )
    if to is not None:
        typer.echo(f"wrote {publication.write_table(found, to)}")
    else:
        typer.echo(publication.as_text(found, show))
