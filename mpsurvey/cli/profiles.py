"""The demonstration and the profile."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mpsurvey.cli.application import app
from mpsurvey.cli.options import Columns, Language, Library

__all__: list[str] = []

profile_app = typer.Typer(no_args_is_help=True, help="A Migration Profile from one study file.")
app.add_typer(profile_app, name="profile")

_StudyFile = Annotated[Path, typer.Argument(exists=True, help="profile.yaml, or its folder.")]
_Out = Annotated[
    Path | None, typer.Option("--out", help="The output; by default out/ beside the study.")
]


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
    for remark in made.remarks:
        typer.echo(remark)


@app.command("publish")
def _publish(
    file: Path,
    to: Annotated[
        list[Path], typer.Option("--to", help=".xlsx, .html, .docx, .csv or .parquet; repeat.")
    ],
    crosswalk: Annotated[
        str | None, typer.Option("--crosswalk", help="Its id or file; none: the modules' names.")
    ] = None,
    theme: Annotated[list[str] | None, typer.Option("--theme", help="May be repeated.")] = None,
    indicator: Annotated[
        list[str] | None, typer.Option("--indicator", help="Such as EMP03; may be repeated.")
    ] = None,
    by: Annotated[
        list[str] | None, typer.Option("--by", help="A breakdown; 'sex x region' crosses.")
    ] = None,
    weight: Annotated[str | None, typer.Option("--weight")] = None,
    strata: Annotated[Columns, typer.Option("--strata", help="Repeat for later stages.")] = None,
    psu: Annotated[Columns, typer.Option("--psu", help="Repeat for later stages.")] = None,
    fpc: Annotated[Columns, typer.Option("--fpc", help="Repeat for later stages.")] = None,
    lonely_psu: Annotated[str | None, typer.Option("--lonely-psu")] = None,
    preset: Annotated[str | None, typer.Option("--preset", help="A known survey's design.")] = None,
    home: Annotated[int | None, typer.Option("--home", help="The country's UN M49 number.")] = None,
    quality: Annotated[
        str, typer.Option("--quality", help="A set of rules, a YAML file, or none.")
    ] = "dhs",
    disclosure: Annotated[
        str, typer.Option("--disclosure", help="threshold, a YAML file, or none.")
    ] = "threshold",
    language: Language = "en",
    title: Annotated[str, typer.Option("--title", help="Of the publication.")] = "",
    library: Library = None,
) -> None:
    """Make indicators of a file, check them, and write them as workbook, page or document."""
    from mpsurvey import profile

    for written in profile.publish_file(
        file,
        to,
        crosswalk=crosswalk,
        themes=theme or (),
        indicators=indicator or (),
        by=by or (),
        design=profile.given_design(weight, strata, psu, fpc, lonely_psu),
        preset=preset,
        home=home,
        quality=None if quality == "none" else quality,
        disclosure=None if disclosure == "none" else disclosure,
        language=language,
        title=title,
        libraries=library or (),
    ):
        typer.echo(f"wrote {written}")


@profile_app.command("new")
def _profile_new(
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
    languages: Annotated[
        list[str] | None, typer.Option("--language", help="Repeat; en and fr by default.")
    ] = None,
) -> None:
    """Write a commented starting point that builds at once with data of a fictional country."""
    from mpsurvey import profile

    for file in profile.new_profile(folder, languages=tuple(languages or ("en", "fr"))):
        typer.echo(f"wrote {file}")
    typer.echo(f"Build it: mpsurvey profile build {folder} --to {folder / 'out'}")


@profile_app.command("build")
def _profile_build(
    study: _StudyFile,
    to: Annotated[Path, typer.Option("--to", help="The output folder, replaced as a whole.")],
    store: Annotated[
        bool, typer.Option("--store/--no-store", help="Keep parts that can be taken again.")
    ] = True,
) -> None:
    """Build a profile: tables, findings, charts and texts in every language, and a manifest."""
    from rich.console import Console

    from mpsurvey import profile

    console = Console(stderr=True)
    if console.is_terminal:
        with console.status("reading") as status:
            made = profile.run_profile(study, to, store=store, tell=status.update)
    else:
        made = profile.run_profile(study, to, store=store)
    typer.echo(repr(made))
    for file in made.files:
        typer.echo(f"wrote {file}")
    for remark in made.remarks:
        typer.echo(f"look: {remark}")
    typer.echo(f"{len(made.made)} parts made, {len(made.found)} unchanged; {made.seconds:.1f} s")


@profile_app.command("status")
def _profile_status(study: _StudyFile, out: _Out = None) -> None:
    """Show the steps of the work, missing inputs, languages, and whether the output is stale."""
    from mpsurvey import profile

    typer.echo(profile.profile_status(study, out=out))


@profile_app.command("trace")
def _profile_trace(
    indicator: Annotated[str, typer.Argument(help="Such as EMP03.")],
    by: Annotated[
        list[str] | None, typer.Option("--by", help="The group, such as sex=2; repeat to cross.")
    ] = None,
    study: Annotated[Path, typer.Option("--study", help="profile.yaml, or its folder.")] = Path(
        "profile.yaml"
    ),
    out: _Out = None,
    round_id: Annotated[str | None, typer.Option("--round", help="The last by default.")] = None,
) -> None:
    """Say where a published number comes from: question, concept, weight, estimator, cell."""
    from mpsurvey import profile

    where = profile.named_codes(by or ())
    typer.echo(profile.trace(indicator, where, profile=study, out=out, round_id=round_id))
