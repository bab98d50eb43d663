"""An earlier round of Auralia's survey, with changes that are known because they were made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from mpsurvey.microdata import Microdata, write
from mpsurvey.profile.demo.country import PROPENSITY, DemoCountry
from mpsurvey.profile.demo.files import put_whole
from mpsurvey.profile.demo.places import NAME, SURVEY_YEAR
from mpsurvey.profile.demo.survey import CREATED, STAMP, DemoSurvey, draw_survey

__all__ = ["EARLIER_YEAR", "draw_earlier", "earlier_country", "write_earlier", "write_totals"]

EARLIER_YEAR = 2022
LOST_JOBS = 0.06  # of the employed of 2026, who were unemployed in 2022
NO_TRANSFERS = 0.35  # of households that receive in 2026, which did not in 2022


def earlier_country(country: DemoCountry) -> DemoCountry:
    """Return Auralia as it was four years before.

    The same people four years younger in the calendar: unemployment was higher and fewer households
    received money from abroad; who was born where has not changed. So some indicators have truly
    moved and others have not.
    """
    rng = np.random.default_rng([country.seed, EARLIER_YEAR])
    years = SURVEY_YEAR - EARLIER_YEAR
    homes, people = country.households.copy(), country.persons.copy()
    stopped = (homes["ri_any"] == 1).to_numpy() & (rng.random(len(homes)) < NO_TRANSFERS)
    received = homes["rem_total"].to_numpy() * stopped
    homes["hh_cons"] = np.rint((homes["hh_cons"] - PROPENSITY * received) / 10) * 10
    homes["hh_inc"] = homes["hh_inc"] - received
    homes["ri_any"] = np.where(stopped, 2, homes["ri_any"])
    for name in ("ri_nsend", "ri_cash", "ri_kind", "rem_total"):
        homes[name] = np.where(stopped, 0, homes[name])
    jobless = (people["lfs"] == 1).to_numpy() & (rng.random(len(people)) < LOST_JOBS)
    people.loc[jobless, "lfs"] = 2
    for name in ("isic1", "icse", "hours", "earn"):
        people.loc[jobless, name] = np.nan
    people["mb_arr_year"] = people["mb_arr_year"] - years
    absent = country.absent.assign(ab_year=country.absent["ab_year"] - years)
    return replace(country, households=homes, persons=people, absent=absent)


def draw_earlier(country: DemoCountry, seed: int) -> DemoSurvey:
    """Draw the round of 2022: a sample of its own, independent of that of 2026."""
    survey = draw_survey(country, seed + 1_000_003)
    return replace(survey, persons=_dated(survey.persons), households=_dated(survey.households))


def _dated(data: Microdata) -> Microdata:
    title = (data.title or "").replace(str(SURVEY_YEAR), str(EARLIER_YEAR))
    return replace(data, frame=data.frame.assign(int_year=EARLIER_YEAR), title=title)


def write_earlier(survey: DemoSurvey, folder: Path) -> tuple[Path, Path]:
    """Write the round's files as SPSS files; the same survey gives the same bytes."""
    stem = f"{NAME.lower()}_{EARLIER_YEAR}"
    paths = (folder / f"{stem}_persons.sav", folder / f"{stem}_households.sav")
    for data, path in zip((survey.persons, survey.households), paths, strict=True):
        write(data, path)
        content = path.read_bytes()
        put_whole(path, content[: STAMP.start] + CREATED + content[STAMP.stop :])
    return paths


def write_totals(country: DemoCountry, path: Path) -> Path:
    """Write the country's people by region and by sex, as a census would give them."""
    people = country.persons
    region = country.households["region"].to_numpy()[people["household"].to_numpy()]
    rows = [("region", code, count) for code, count in zip(*_counted(region), strict=True)]
    rows += [("sex", code, count) for code, count in zip(*_counted(people["sex"]), strict=True)]
    text = pd.DataFrame(rows, columns=["margin", "cell", "total"]).to_csv(
        index=False, lineterminator="\n"
    )
    put_whole(path, text.encode())
    return path


def _counted(values: object) -> tuple[list[int], list[int]]:
    codes, counts = np.unique(np.asarray(values), return_counts=True)
    return [int(code) for code in codes], [int(count) for count in counts]
