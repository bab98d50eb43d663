"""The demonstration from end to end: a country, its survey, the figures, three files to look at."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mpsurvey.errors import MpsurveyError
from mpsurvey.microdata import read
from mpsurvey.profile.demo.country import DemoCountry, make_country
from mpsurvey.profile.demo.figures import (
    Figure,
    estimate_figures,
    find_truth,
    household_sample,
    person_sample,
)
from mpsurvey.profile.demo.files import put_whole
from mpsurvey.profile.demo.page import lay_out_page
from mpsurvey.profile.demo.picture import draw_picture
from mpsurvey.profile.demo.survey import DemoSurvey, draw_survey, write_survey
from mpsurvey.profile.demo.wording import (
    TITLE,
    coverage_words,
    design_words,
    interval_words,
    notes,
    number,
    short_design_words,
)
from mpsurvey.profile.demo.workbook import fill_workbook

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["Demonstration", "run_demo"]

SHORT_UNITS = {"percent": "%"}

DEFAULT_SEED = 2  # a typical draw: over many draws, the median is 30 intervals of 31


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Demonstration:
    """What a run of the demonstration made.

    Attributes
    ----------
    country : DemoCountry
        The whole fictional country.
    survey : DemoSurvey
        What came back from the field.
    figures : tuple of Figure
        The estimates, each beside its truth.
    files : tuple of pathlib.Path
        The persons' and the households' file, the workbook, the page and the picture.
    remarks : tuple of str
        What could not be made and why.
    """

    country: DemoCountry
    survey: DemoSurvey
    figures: tuple[Figure, ...]
    files: tuple[Path, ...]
    remarks: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Demonstration: {coverage_words(self.figures)}"

    def table(self) -> Table:
        """Return the figures as a table for a terminal of 80 columns."""
        from rich.box import SIMPLE
        from rich.table import Table

        table = Table(
            title=TITLE,
            title_justify="left",
            caption=coverage_words(self.figures),
            caption_justify="left",
            box=SIMPLE,
            padding=(0, 1, 0, 0),
        )
        table.add_column("Figure")
        for name in ("Estimate", "95 % interval", "Truth", "Within"):
            table.add_column(name, justify="right", no_wrap=True)
        topic = ""
        for figure in self.figures:
            if figure.topic != topic:
                topic = figure.topic
                table.add_row(f"[bold]{topic}[/bold]")
            cells = (
                f"{figure.label} ({SHORT_UNITS.get(figure.unit, figure.unit)})",
                number(figure, figure.estimate),
                interval_words(figure),
                number(figure, figure.truth),
                "yes" if figure.covers else "NO",
            )
            # not every terminal has a minus sign
            table.add_row(*(cell.replace("−", "-") for cell in cells))
        return table


def run_demo(
    folder: str | Path,
    *,
    seed: int = DEFAULT_SEED,
    made_on: datetime.date | None = None,
    whole_road: bool = True,
) -> Demonstration:
    """Make a country, survey it, and show the estimates beside the truth; needs no data.

    When to use it: to see what the library does, to teach, to try an analysis of your own on data
    whose truth is known, or to check an installation.

    Parameters
    ----------
    folder
        Where the files go; made if absent. Files of the same names are replaced.
    seed
        Seed of the country and of the sample. The same seed gives the same data files, byte by
        byte, with the same version of NumPy.
    made_on
        The day that the page and the workbook show; today by default.
    whole_road
        Whether the plan, the questionnaire, an earlier round and the Migration Profile are made
        too, which takes some seconds more.

    Returns
    -------
    Demonstration
        The country, the survey, the figures, and where the files are.

    Raises
    ------
    MpsurveyError
        The folder cannot be made, or is a file; the seed is negative.
    """
    if seed < 0:
        raise MpsurveyError(f"The seed is {seed}; give a whole number of 0 or more.")
    day = made_on or datetime.datetime.now().astimezone().date()
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MpsurveyError(
            f"{target}: the folder cannot be made ({error.strerror}). Give another with --to."
        ) from error

    country = make_country(seed)
    survey = draw_survey(country, seed)
    person_file, household_file = write_survey(survey, target)

    # from here on as a user would: the files are all there is
    persons = person_sample(read(person_file))
    households = household_sample(read(household_file))
    figures = estimate_figures(persons, households, find_truth(country))

    design, footnotes = design_words(country, survey), notes(country, day)
    picture = draw_picture(figures, TITLE, short_design_words(country, survey))
    made = {
        "demo.xlsx": fill_workbook(figures, design, footnotes, day),
        "demo.html": lay_out_page(figures, design, footnotes).encode(),
        "demo.svg": picture.encode(),
    }
    for name, content in made.items():
        put_whole(target / name, content)
    files = (person_file, household_file, *(target / name for name in made))
    remarks: tuple[str, ...] = ()
    if whole_road:
        files, remarks = _rest_of_the_road(country, target, seed, files)
    return Demonstration(
        country=country, survey=survey, figures=figures, files=files, remarks=remarks
    )


def _rest_of_the_road(
    country: DemoCountry, target: Path, seed: int, files: tuple[Path, ...]
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Make the plan, the questionnaire, the earlier round and the profile."""
    from mpsurvey.profile.demo.road import build_profile, write_plan, write_questionnaire

    plan = write_plan(country, target / "plan.csv")
    form = write_questionnaire(target / "questionnaire.xlsx")
    made = build_profile(country, target, seed)
    shown = [path for path in made.files if path.suffix in (".html", ".xlsx", ".docx")]
    return (*files, plan, form, made.study.path, *shown), made.remarks
