"""Question modules: list, show, search, book, check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mpsurvey.cli.application import app
from mpsurvey.cli.options import Language, Library

__all__: list[str] = []

modules_app = typer.Typer(no_args_is_help=True, help="Question modules: list, show, search, check.")
app.add_typer(modules_app, name="modules")


@modules_app.command("list")
def _modules_list(library: Library = None, language: Language = "en") -> None:
    """List the modules by theme."""
    from mpsurvey import catalogue

    typer.echo(catalogue.modules_text(catalogue.load_catalogue(*library or ()), language))


@modules_app.command("show")
def _modules_show(module: str, library: Library = None, language: Language = "en") -> None:
    """Show what a module asks, of whom, and what is worked out from it."""
    from mpsurvey import catalogue

    found = catalogue.load_catalogue(*library or ()).module(module)
    typer.echo(catalogue.one_module_text(found, language))


@modules_app.command("search")
def _modules_search(words: list[str], library: Library = None, language: Language = "en") -> None:
    """Find modules and questions by words of any language, names or concepts."""
    from mpsurvey import catalogue

    found = catalogue.load_catalogue(*library or ()).search(" ".join(words))
    typer.echo(catalogue.found_text(found, language) or "Nothing was found.")


@modules_app.command("book")
def _modules_book(
    to: Annotated[Path, typer.Option("--to", help="The folder of the pages.")],
    library: Library = None,
    language: Language = "en",
) -> None:
    """Write a page per module in Markdown."""
    from mpsurvey import catalogue, questionnaire

    modules = catalogue.load_catalogue(*library or ()).modules()
    pages = questionnaire.write_codebook(modules, to, language=language)
    typer.echo(f"{len(pages)} pages in {to}")


@modules_app.command("check")
def _modules_check(folder: Annotated[Path, typer.Argument(exists=True)]) -> None:
    """Check a folder of YAML files; every problem at once, with file and line."""
    from mpsurvey import catalogue

    reading = catalogue.read_for_check(folder)
    typer.echo(catalogue.check_text(reading))
    if reading.problems:
        raise typer.Exit(1)
