"""Weights by a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mpsurvey.cli.application import app
from mpsurvey.cli.options import Columns

__all__: list[str] = []


@app.command("weight")
def _weight(
    file: Path,
    recipe: Annotated[str, typer.Option("--recipe", help="A YAML file, or a recipe's id.")],
    to: Annotated[Path, typer.Option("--to", help="The weighted file, such as weighted.sav.")],
    totals: Annotated[
        list[Path] | None, typer.Option("--totals", help="CSV or xlsx; may be repeated.")
    ] = None,
    report: Annotated[Path | None, typer.Option("--report", help="A web page.")] = None,
    weight: Annotated[str | None, typer.Option("--weight", help="Weights to start from.")] = None,
    strata: Annotated[Columns, typer.Option("--strata", help="Repeat for later stages.")] = None,
    psu: Annotated[Columns, typer.Option("--psu", help="Repeat for later stages.")] = None,
    fpc: Annotated[Columns, typer.Option("--fpc", help="Repeat for later stages.")] = None,
    lonely_psu: Annotated[
        str | None, typer.Option("--lonely-psu", help="fail, certainty, centre or average.")
    ] = None,
    save_as: Annotated[str | None, typer.Option("--save-as", help="Name of the weight.")] = None,
    steps: Annotated[
        bool,
        typer.Option(
            "--steps/--no-steps",
            help="Keep the weights after each step, from which standard errors know of them.",
        ),
    ] = True,
) -> None:
    """Make weights by a recipe and known totals, and write the file with all its labels."""
    from mpsurvey import profile

    made = profile.weight_file(
        file,
        recipe,
        totals=totals or (),
        to=to,
        report=report,
        design=profile.given_design(weight, strata, psu, fpc, lonely_psu),
        save_as=save_as,
        steps=steps,
    )
    typer.echo(repr(made.report))
    for written in made.files:
        typer.echo(f"wrote {written}")
