"""A commented starting point for a profile, with data to try it on."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from mpsurvey.errors import MpsurveyError
from mpsurvey.profile.demo.country import DemoCountry, make_country
from mpsurvey.profile.demo.files import put_whole
from mpsurvey.profile.demo.places import SURVEY_YEAR
from mpsurvey.profile.demo.rounds import (
    EARLIER_YEAR,
    draw_earlier,
    earlier_country,
    write_earlier,
    write_totals,
)
from mpsurvey.profile.demo.survey import draw_survey, write_survey

__all__ = ["new_profile", "write_rounds", "write_start"]

PLAIN = ("profile.yaml", "weights.yaml", "governance.yaml", "steps.yaml")
TEXTS = ("introduction", "employment")
WRITTEN = ("en", "fr")


def new_profile(
    folder: str | Path, *, languages: Sequence[str] = WRITTEN, seed: int = 2
) -> tuple[Path, ...]:
    """Write ``profile.yaml``, texts, governance, steps, a recipe, and data of a fictional country.

    It builds at once; an author then replaces the data and the words one by one.

    Parameters
    ----------
    folder
        A new or empty folder.
    languages
        Of the profile; texts are in English where there are none in a language.
    seed
        Of the fictional country.

    Raises
    ------
    MpsurveyError
        The folder is a file, cannot be made, or holds a profile already.
    """
    target = Path(folder)
    if (target / "profile.yaml").exists():
        raise MpsurveyError(f"{target} holds a profile already. Name another folder.")
    try:
        (target / "data").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MpsurveyError(f"{target}: the folder cannot be made ({error.strerror}).") from error
    country = make_country(seed)
    survey = draw_survey(country, seed)
    data = [*write_survey(survey, target / "data"), *write_rounds(country, target / "data", seed)]
    return (*write_start(target, languages=languages), *data)


def write_rounds(country: DemoCountry, folder: Path, seed: int) -> tuple[Path, ...]:
    """Write the earlier round, and the totals that both rounds are calibrated to."""
    before = earlier_country(country)
    return (
        *write_earlier(draw_earlier(before, seed), folder),
        write_totals(before, folder / f"totals_{EARLIER_YEAR}.csv"),
        write_totals(country, folder / f"totals_{SURVEY_YEAR}.csv"),
    )


def write_start(
    folder: Path, *, languages: Sequence[str] = WRITTEN, data: str = "data"
) -> tuple[Path, ...]:
    """Write the study's own files, which look for data in the folder `data`."""
    source = resources.files("mpsurvey.profile").joinpath("start")
    written = []
    for name in PLAIN:
        text = source.joinpath(name).read_text("utf-8")
        text = text.replace("languages: [en, fr]", f"languages: [{', '.join(languages)}]")
        if data != "data":
            text = text.replace("data/", f"{data}/" if data else "")
        put_whole(folder / name, text.encode())
        written.append(folder / name)
    (folder / "text").mkdir(exist_ok=True)
    for section in TEXTS:
        for language in languages:
            kept = language if language in WRITTEN else "en"
            text = source.joinpath("text", f"{section}.{kept}.md").read_text("utf-8")
            path = folder / "text" / f"{section}.{language}.md"
            put_whole(path, text.encode())
            written.append(path)
    return tuple(written)
