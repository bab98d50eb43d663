"""The `mpsurvey` command: one function per verb, no logic; a file per part of the work."""

from __future__ import annotations

import sys
import warnings

import typer

# Each of these joins its verbs to the application.
from mpsurvey.cli import figures, files, modules, plans, profiles, weighting  # noqa: F401
from mpsurvey.cli.application import app
from mpsurvey.errors import MpsurveyError

__all__ = ["app", "main"]


def main() -> None:
    """Run the command; a fault in the input is a message and exit code 1, never a traceback."""
    warnings.showwarning = _say_warning  # type: ignore[assignment]
    try:
        app()
    except MpsurveyError as error:
        typer.echo(f"mpsurvey: {error}", err=True)
        sys.exit(1)


def _say_warning(message: Warning | str, *_: object) -> None:
    typer.echo(f"mpsurvey: note: {message}", err=True)
