"""The application that the verbs join."""

from __future__ import annotations

from typing import Annotated

import typer

from mpsurvey import __version__

__all__ = ["app"]

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
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Migration in national surveys: question modules, samples, weights, estimates, tables."""
