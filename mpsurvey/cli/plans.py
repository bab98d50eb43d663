"""Before fieldwork: size, allocate, draw, form."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mpsurvey.cli.application import app
from mpsurvey.cli.options import PlanFile, Report

__all__: list[str] = []


@app.command("size")
def _size(plan: PlanFile, report: Report = None) -> None:
    """Say how many interviews each figure of a plan needs."""
    from mpsurvey import catalogue, planning

    load = catalogue.load_catalogue
    typer.echo(planning.perform(plan, "size", report=report, catalogue=load))


@app.command("allocate")
def _allocate(plan: PlanFile, report: Report = None) -> None:
    """Divide a plan's sample among its strata, and say how precise it will be."""
    from mpsurvey import catalogue, planning, profile

    typer.echo(
        planning.perform(
            plan,
            "allocate",
            report=report,
            catalogue=catalogue.load_catalogue,
            expect=profile.expected_precision_of_plan,
        )
    )


@app.command("draw")
def _draw(
    plan: PlanFile,
    to: Annotated[
        Path | None, typer.Option("--to", help="A .csv or .xlsx file for the units drawn.")
    ] = None,
    report: Report = None,
    seed: Annotated[int | None, typer.Option("--seed", help="In place of the plan's.")] = None,
) -> None:
    """Draw a plan's sample from its frame."""
    from mpsurvey import catalogue, planning, profile

    typer.echo(
        planning.perform(
            plan,
            "draw",
            report=report,
            sample=to,
            seed=seed,
            catalogue=catalogue.load_catalogue,
            expect=profile.expected_precision_of_plan,
        )
    )


@app.command("form")
def _form(
    plan: Annotated[Path, typer.Argument(exists=True, help="A plan: host, modules, languages.")],
    to: Annotated[Path, typer.Option("--to", help="The .xlsx form that is written.")],
    validate: Annotated[
        bool, typer.Option("--validate/--no-validate", help="Have pyxform and ODK Validate judge.")
    ] = True,
) -> None:
    """Put modules into a host survey's form, as a plan says."""
    from mpsurvey import questionnaire

    form, known = questionnaire.read_plan_with_catalogue(plan)
    written = questionnaire.write_form(form, to, validate=None if validate else False)
    typer.echo(str(questionnaire.form_report(form, known)))
    for remark in written:
        typer.echo(remark)
