"""How the demonstration says its numbers: units, digits, the design in words, footnotes."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from mpsurvey.profile.demo.country import PROPENSITY, DemoCountry
from mpsurvey.profile.demo.figures import Figure
from mpsurvey.profile.demo.places import CURRENCY, NAME, SURVEY_YEAR
from mpsurvey.profile.demo.survey import HOUSEHOLDS_PER_AREA, DemoSurvey

__all__ = [
    "TITLE",
    "UNIT_WORDS",
    "coverage_words",
    "design_words",
    "interval_words",
    "notes",
    "number",
    "short_design_words",
    "standard_error",
    "with_unit",
]

TITLE = f"What migration does to {NAME}: estimates beside the truth"

UNIT_WORDS = {
    "persons": "persons",
    "percent": "%",
    "points": "% points",
    "aurals": CURRENCY,
}


def number(figure: Figure, value: float, *, more: int = 0) -> str:
    """Write a value of a figure with the digits of its unit: 12.3 for a share of 0.123.

    A minus sign, not a hyphen, stands before negative numbers; differences carry their sign.
    """
    if figure.unit in ("percent", "points"):
        value, digits = 100 * value, 1 + more
    else:
        digits = 0
    sign = "+" if figure.unit == "points" and not more else "-"
    return f"{value:{sign},.{digits}f}".replace("-", "−")


def standard_error(figure: Figure) -> str:
    """Write the standard error, with one more digit than the estimate where it is a share."""
    return number(figure, figure.se, more=1)


def interval_words(figure: Figure) -> str:
    """Write the interval as "low to high"."""
    return f"{number(figure, figure.low)} to {number(figure, figure.high)}"


def with_unit(figure: Figure, value: float) -> str:
    """Write a value and its unit: "12.3 %", "+4.1 points", "7,431 persons"."""
    unit = {"points": "points"}.get(figure.unit, UNIT_WORDS[figure.unit])
    return f"{number(figure, value)}\N{NO-BREAK SPACE}{unit}"


def coverage_words(figures: Sequence[Figure]) -> str:
    """Say how many intervals contain the truth, and how many one expects."""
    covered = sum(figure.covers for figure in figures)
    return (
        f"{covered} of the {len(figures)} intervals contain the truth. At 95 % confidence one "
        f"expects about {0.95 * len(figures):.0f}; another seed gives another count."
    )


def design_words(country: DemoCountry, survey: DemoSurvey) -> str:
    """Say how the sample was drawn and who answered, for the head of a table."""
    strata = country.areas["stratum"].nunique()
    areas = survey.households.frame["psu"].nunique()
    return (
        f"Stratified two-stage sample: {areas:,} of {len(country.areas):,} enumeration areas in "
        f"{strata} strata, then {HOUSEHOLDS_PER_AREA} households in each, both by simple random "
        f"sampling without replacement. Of {survey.drawn:,} households drawn, "
        f"{len(survey.households):,} answered ({100 * survey.response_rate:.0f} %), with "
        f"{len(survey.persons):,} persons."
    )


def short_design_words(country: DemoCountry, survey: DemoSurvey) -> str:
    """Say the same in one line, for the foot of a picture."""
    return (
        f"{NAME} is fictional (seed {country.seed}). Sample: {len(survey.households):,} households "
        f"in {survey.households.frame['psu'].nunique():,} of {len(country.areas):,} enumeration "
        "areas."
    )


def notes(country: DemoCountry, made_on: datetime.date) -> tuple[str, ...]:
    """Say what a reader must know to use the figures, one sentence or two each."""
    return (
        f"{NAME} is fictional: its {len(country.households):,} households and "
        f"{len(country.persons):,} persons were generated (seed {country.seed}), so that the "
        "truth is known. No real country is meant.",
        "Weights: the inverse chance of selection, raised within each stratum for the households "
        "that did not answer. Every person carries the weight of the household, because everyone "
        "in it was taken. Figures of persons rest on the persons' file; figures of households, "
        "emigrants and remittances on the households' file, which has one row per household.",
        "Standard errors: Taylor linearisation over both stages, with finite population "
        "corrections. Intervals: logit for shares, t for other figures, at 95 %. "
        "The nonresponse adjustment is taken as given.",
        "n counts the rows that gave the answer (for totals, all). Who did not know or refused is "
        f"left out of a share or a mean and adds nothing to a total; in {NAME} silence does not "
        "depend on the answer, elsewhere it may.",
        "Immigrants were born in another country. Returnees were born here and lived abroad for "
        "12 months or more. Emigrants are former members of a household, reported by those who "
        "stayed: households that left whole are not seen, in the truth neither.",
        "Without remittances: each household's consumption less "
        f"{100 * PROPENSITY:.0f} % of what it received, the share that the country was made to "
        "consume. Nobody works more or moves in this comparison. The poverty line is given per "
        "person and year.",
        f"Data: {NAME} household survey {SURVEY_YEAR} (fictional). Made by mpsurvey on "
        f"{made_on.isoformat()}.",
    )
