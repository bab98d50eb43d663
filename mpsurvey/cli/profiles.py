"""The demonstration and the profile."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mpsurvey.cli.application import app

__all__: list[str] = []


@app.command("demo")
def _demo(
    to: Annotated[Path, typer.Option("--to", help="Folder for the files; made if absent.")] = Path(
        "mpsurvey-demo"
    ),
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another country.")] = 2,
) -> None:
    """Survey a fictional country and show the estimates beside the truth; needs no data."""
    from rich.console import Console

    from mpsurvey.profile import run_demo

    made = run_demo(to, seed=seed)
    Console().print(made.table())
    for file in made.files:
        typer.echo(f"wrote {file}")
