"""The `mpsurvey` command: one function per verb, no logic."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mpsurvey import __version__
from mpsurvey.errors import MpsurveyError

app = typer.Typer(
    name="mpsurvey",
    help="Migration in national surveys: question modules, samples, weights, estimates, tables.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _print_version(asked: bool) -> None:  # noqa: FBT001 - the shape that typer calls back
    if asked:
        typer.echo(f"mpsurvey {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print it.")
    ] = False,  # noqa: FBT002
) -> None:
    """Migration in national surveys: question modules, samples, weights, estimates, tables."""


def main() -> None:
    """Run the command; a fault in the input is a message and exit code 1, never a traceback."""
    try:
        app()
    except MpsurveyError as error:
        typer.echo(f"mpsurvey: {error}", err=True)
        sys.exit(1)
