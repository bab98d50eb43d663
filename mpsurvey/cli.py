"""The `mpsurvey` command: one function per verb, no logic."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
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
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Migration in national surveys: question modules, samples, weights, estimates, tables."""


modules_app = typer.Typer(no_args_is_help=True, help="Question modules: list, show, search, check.")
app.add_typer(modules_app, name="modules")

_Library = Annotated[
    list[Path] | None, typer.Option("--library", help="A folder of your own; may be repeated.")
]
_Language = Annotated[str, typer.Option("--language", help="Language of the wording.")]


@modules_app.command("list")
def _modules_list(library: _Library = None, language: _Language = "en") -> None:
    """List the modules by theme."""
    from mpsurvey import catalogue

    typer.echo(catalogue.modules_text(catalogue.load_catalogue(*library or ()), language))


@modules_app.command("show")
def _modules_show(module: str, library: _Library = None, language: _Language = "en") -> None:
    """Show what a module asks, of whom, and what is worked out from it."""
    from mpsurvey import catalogue

    found = catalogue.load_catalogue(*library or ()).module(module)
    typer.echo(catalogue.one_module_text(found, language))


@modules_app.command("search")
def _modules_search(words: list[str], library: _Library = None, language: _Language = "en") -> None:
    """Find modules and questions by words of any language, names or concepts."""
    from mpsurvey import catalogue

    found = catalogue.load_catalogue(*library or ()).search(" ".join(words))
    typer.echo(catalogue.found_text(found, language) or "Nothing was found.")


@modules_app.command("book")
def _modules_book(
    to: Annotated[Path, typer.Option("--to", help="The folder of the pages.")],
    library: _Library = None,
    language: _Language = "en",
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


_Encoding = Annotated[
    str | None, typer.Option("--encoding", help="Encoding of the file's text, if it declares none.")
]


@app.command("inspect")
def _inspect(file: Path, encoding: _Encoding = None) -> None:
    """Show what is inside a file: variables, labels, what is missing and why, the design."""
    from rich.console import Console

    from mpsurvey import microdata

    with warnings.catch_warnings(action="ignore", category=microdata.FileWarning):
        data = microdata.read(file, encoding=encoding)
    Console().print(microdata.summarise(data))  # it shows the remarks


@app.command("convert")
def _convert(source: Path, target: Path, encoding: _Encoding = None) -> None:
    """Write a file in another format; what that format cannot hold is said."""
    from mpsurvey import microdata

    data = microdata.read(source, encoding=encoding)
    microdata.write(data, target)
    typer.echo(f"{target}: {len(data):,} rows, {len(data.columns):,} variables")


def _say_warning(message: Warning | str, *_: object) -> None:
    typer.echo(f"mpsurvey: note: {message}", err=True)


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
    library: _Library = None,
    encoding: _Encoding = None,
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
    library: _Library = None,
    language: _Language = "en",
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


@app.command("coverage")
def _coverage(file: Path, library: _Library = None, language: _Language = "en") -> None:
    """Show which indicators a data file or a form can produce, and what the others lack."""
    from mpsurvey import profile

    typer.echo(repr(profile.coverage_of_file(file, library or (), language=language)))


_Columns = list[str] | None


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
    by: Annotated[_Columns, typer.Option("--by", help="Groups; repeat to cross.")] = None,
    where: Annotated[str | None, typer.Option("--where", help='Such as "age >= 15".')] = None,
    weight: Annotated[str | None, typer.Option("--weight")] = None,
    strata: Annotated[_Columns, typer.Option("--strata", help="Repeat for later stages.")] = None,
    psu: Annotated[_Columns, typer.Option("--psu", help="Repeat for later stages.")] = None,
    fpc: Annotated[_Columns, typer.Option("--fpc", help="Repeat for later stages.")] = None,
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

    asked = {"level": level, "missing": missing, "ci": ci, "q": tuple(q or ()) or None}
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


_PlanFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="plan.yaml")]
_Report = Annotated[
    Path | None, typer.Option("--report", help="A .html or .xlsx file for the report.")
]


@app.command("size")
def _size(plan: _PlanFile, report: _Report = None) -> None:
    """Say how many interviews each figure of a plan needs."""
    from mpsurvey import catalogue, planning

    load = catalogue.load_catalogue
    typer.echo(planning.perform(plan, "size", report=report, catalogue=load))


@app.command("allocate")
def _allocate(plan: _PlanFile, report: _Report = None) -> None:
    """Divide a plan's sample among its strata, and say how precise it will be."""
    from mpsurvey import catalogue, planning

    load = catalogue.load_catalogue
    typer.echo(planning.perform(plan, "allocate", report=report, catalogue=load))


@app.command("draw")
def _draw(
    plan: _PlanFile,
    to: Annotated[
        Path | None, typer.Option("--to", help="A .csv or .xlsx file for the units drawn.")
    ] = None,
    report: _Report = None,
    seed: Annotated[int | None, typer.Option("--seed", help="In place of the plan's.")] = None,
) -> None:
    """Draw a plan's sample from its frame."""
    from mpsurvey import catalogue, planning

    load = catalogue.load_catalogue
    typer.echo(planning.perform(plan, "draw", report=report, sample=to, seed=seed, catalogue=load))


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
    strata: Annotated[_Columns, typer.Option("--strata", help="Repeat for later stages.")] = None,
    psu: Annotated[_Columns, typer.Option("--psu", help="Repeat for later stages.")] = None,
    fpc: Annotated[_Columns, typer.Option("--fpc", help="Repeat for later stages.")] = None,
    lonely_psu: Annotated[
        str | None, typer.Option("--lonely-psu", help="fail, certainty, centre or average.")
    ] = None,
    save_as: Annotated[str | None, typer.Option("--save-as", help="Name of the weight.")] = None,
    steps: Annotated[
        bool, typer.Option("--steps", help="Keep the weights after each step too.")
    ] = False,
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


def main() -> None:
    """Run the command; a fault in the input is a message and exit code 1, never a traceback."""
    warnings.showwarning = _say_warning  # type: ignore[assignment]
    try:
        app()
    except MpsurveyError as error:
        typer.echo(f"mpsurvey: {error}", err=True)
        sys.exit(1)
