"""The road before and after the survey: plan, questionnaire, rounds, and the profile."""

from __future__ import annotations

from pathlib import Path

from mpsurvey import catalogue, planning, questionnaire
from mpsurvey.profile.building import Profile, run_profile
from mpsurvey.profile.demo.country import DemoCountry
from mpsurvey.profile.demo.files import put_whole
from mpsurvey.profile.demo.places import HOME, NAME, SURVEY_YEAR
from mpsurvey.profile.demo.survey import AREAS_DRAWN, FEWEST_AREAS
from mpsurvey.profile.starting import write_rounds, write_start

__all__ = ["MODULES", "build_profile", "write_plan", "write_questionnaire"]

MODULES = ("mig_core", "mig_absent", "mig_remit_in")


def write_plan(country: DemoCountry, path: Path) -> Path:
    """Divide the enumeration areas among the strata by the square root of their size.

    It is the rule by which `draw_survey` draws.
    """
    counts = country.areas.groupby("stratum", as_index=False).size()
    strata = counts.rename(columns={"size": "population"})
    made = planning.allocate(
        strata.assign(level=1.0, spread=1.0),  # areas count alike: only the power of size matters
        n=AREAS_DRAWN,
        method="power",
        exponent=0.5,
        mean="level",
        sd="spread",
        least=FEWEST_AREAS,
    )
    put_whole(path, made.frame.to_csv(index=False, lineterminator="\n").encode())
    return path


def write_questionnaire(path: Path) -> Path:
    """Write the modules of the survey as a form for the field, in English and French."""
    known = catalogue.load_catalogue()
    form = questionnaire.new_form(
        f"{NAME} household survey {SURVEY_YEAR}", languages=("en", "fr"), home=HOME,
        country={"en": NAME, "fr": NAME},
    )  # fmt: skip
    for one in MODULES:
        form = form.insert(known.module(one), hosts="add", level="core")
    questionnaire.write_xlsform(form, path, validate=False)
    return path


def build_profile(country: DemoCountry, folder: Path, seed: int) -> Profile:
    """Write the study of Auralia over two rounds, and build its profile in English and French."""
    write_rounds(country, folder, seed)
    write_start(folder, data="")
    study = folder / "profile.yaml"
    text = study.read_text(encoding="utf-8")
    shorter = text.replace("[trends, demography, economy, employment]", "[trends, economy]")
    shorter = shorter.replace(
        "# indicators: [EDU11]              # single ones besides",
        "indicators: [EMP03, EMP18, EMP19, EMP28]      # single ones besides",
    ).replace("breakdowns: [sex, age_group, region, urban]", "breakdowns: [sex, region]")
    put_whole(study, shorter.encode())
    return run_profile(study, folder / "profile")
