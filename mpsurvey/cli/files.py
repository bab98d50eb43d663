"""Files: inspect, convert, match, harmonise."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from mpsurvey.cli.application import app
from mpsurvey.cli.options import Encoding, Language, Library

__all__: list[str] = []


@app.command("inspect")
def _inspect(file: Path, encoding: Encoding = None) -> None:
    """Show what is inside a file: variables, labels, what is missing and why, the design."""
    from rich.console import Console

    from mpsurvey import microdata

    with warnings.catch_warnings(action="ignore", category=microdata.FileWarning):
        data = microdata.read(file, encoding=encoding)
    Console().print(microdata.summarise(data))  # it shows the remarks


@app.command("convert")
def _convert(source: Path, target: Path, encoding: Encoding = None) -> None:
    """Write a file in another format; what that format cannot hold is said."""
    from mpsurvey import microdata

    with _bar(f"{source.name} to {target.name}") as progress:
        rows, columns = microdata.convert_file(source, target, encoding, progress)
    typer.echo(f"{target}: {rows:,} rows, {columns:,} variables")


@contextmanager
def _bar(words: str) -> Iterator[Callable[[float], None]]:
    """Show a bar on a terminal that goes when the work is done; nothing elsewhere."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(words, total=1.0)
        yield lambda share: bar.update(task, completed=share)


@app.command("match")
def _match(
    file: Path,
    to: Annotated[Path, typer.Option("--to", help="The .yaml crosswalk that is written.")],
    module: Annotated[
        list[str] | None, typer.Option("--module", help="A module; repeat. All unless given.")
    ] = None,
    language: Annotated[
        list[str] | None, typer.Option("--language", help="Of the file's labels; repeat.")
    ] = None,
    home: Annotated[int | None, typer.Option("--home", help="The country's M49 number.")] = None,
    library: Library = None,
    encoding: Encoding = None,
) -> None:
    """Propose how a file's own variables become the modules', for a person to correct."""
    from mpsurvey import harmonisation

    crosswalk = harmonisation.match_file(
        file,
        to,
        modules=module or (),
        languages=language or (),
        home=home,
        library=library or (),
        encoding=encoding,
    )
    typer.echo(f"wrote {to}: {len(crosswalk)} variables proposed; look at every line")


@app.command("harmonise")
def _harmonise(
    file: Path,
    crosswalk: Annotated[str, typer.Argument(help="A .yaml file, or the id of a ready one.")],
    to: Annotated[Path, typer.Option("--to", help="The file that is written.")],
    further: Annotated[
        list[str] | None, typer.Option("--file", help="name=path of a further file; repeat.")
    ] = None,
    home: Annotated[int | None, typer.Option("--home", help="The country's M49 number.")] = None,
    fail_on: Annotated[
        list[str] | None, typer.Option("--fail-on", help="unmapped, date, routing, ...; repeat.")
    ] = None,
    keep: Annotated[
        list[str] | None, typer.Option("--keep", help="A column to carry over; repeat.")
    ] = None,
    report: Annotated[Path | None, typer.Option("--report", help="A .csv of the findings.")] = None,
    library: Library = None,
    language: Language = "en",
) -> None:
    """Bring a file under the modules' names and codes, and list what is wrong in it."""
    from mpsurvey import harmonisation

    result = harmonisation.harmonise_file(
        file,
        crosswalk,
        to,
        files=harmonisation.named_files(further or ()),
        home=home,
        fail_on=fail_on or (),
        keep=keep or (),
        library=library or (),
        language=language,
        report=report,
    )
    typer.echo(str(result.report))
    typer.echo(f"wrote {to}")
