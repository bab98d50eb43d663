"""The survey of Auralia: a stratified two-stage sample, with people who do not answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mpsurvey.declaration import Design
from mpsurvey.microdata import Microdata, Variable, write
from mpsurvey.profile.demo.codebook import HOUSEHOLD_VARIABLES, PERSON_VARIABLES
from mpsurvey.profile.demo.country import DemoCountry
from mpsurvey.profile.demo.files import put_whole
from mpsurvey.profile.demo.places import NAME, REGIONS, SURVEY_YEAR

__all__ = ["DESIGN", "DemoSurvey", "draw_survey", "write_survey"]

AREAS_DRAWN = 300
FEWEST_AREAS = 8  # in a stratum, so that each has its own variance
HOUSEHOLDS_PER_AREA = 14
URBAN_PENALTY = 0.07  # towns answer less than the countryside around them

DESIGN = Design(
    weight="weight",
    strata=("stratum", None),
    psu=("psu", "hh_id"),
    fpc=("fpc_ea", "fpc_hh"),
)
"""Two stages without replacement. Everyone in a household is taken, so there is no third."""

ITEM_NONRESPONSE: dict[str, tuple[float, float]] = {
    "mb_cob": (0.002, 0.002),
    "mb_cit_home": (0.003, 0.004),
    "mb_ever_abr": (0.006, 0.002),
    "mb_arr_year": (0.03, 0.01),
    "attend": (0.004, 0.0),
    "educ": (0.015, 0.003),
    "lfs": (0.006, 0.003),
    "isic1": (0.01, 0.002),
    "icse": (0.006, 0.002),
    "hours": (0.03, 0.005),
    "earn": (0.04, 0.08),
    "ri_any": (0.002, 0.006),
    "hh_inc": (0.03, 0.05),
}
"""Shares of those asked who do not know, and who refuse. In Auralia they do not depend on the
answer; in real countries they do."""

AMOUNTS_NOT_SAID = (0.01, 0.01)
"""The same for the amount of remittances, among receivers."""

STAMP = slice(92, 109)
"""Where the header of an SPSS file says when it was written: nine bytes of date, eight of time."""

CREATED = b"01 Jan 2600:00:00"  # the year has two digits

REMITTANCE_AMOUNTS = ("ri_cash", "ri_kind", "rem_total")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSurvey:
    """What came back from the field.

    Attributes
    ----------
    persons, households : Microdata
        One row per resident, and one per household that answered. Both carry the same weight.
    drawn : int
        Households drawn, those that did not answer included.
    seed : int
        The seed that draws the same sample again.
    """

    persons: Microdata
    households: Microdata
    drawn: int
    seed: int

    @property
    def response_rate(self) -> float:
        """Share of the households drawn that answered, unweighted."""
        return len(self.households) / self.drawn


def draw_survey(country: DemoCountry, seed: int = 1) -> DemoSurvey:
    """Draw enumeration areas within strata, then households within areas, and ask them.

    Both stages are simple random sampling without replacement. Whether a household answers depends
    on its region and on urban or rural, that is on its stratum, which therefore serves as the
    response class: within it, weights of those who answered are raised by one factor, so that they
    stand for the weight of all who were drawn. The variance that is later estimated from the file
    takes the final weights as given.

    Parameters
    ----------
    country
        Where the survey takes place.
    seed
        The same seed draws the same sample from the same country.

    Returns
    -------
    DemoSurvey
        About 3,800 households of 12,500 persons, for the country that `make_country` makes.
    """
    rng = np.random.default_rng([seed, 2])
    areas, area_weight = _draw_areas(rng, country.areas)
    rows, base_weight = _draw_households(rng, country, areas, area_weight)
    households = country.households.iloc[rows].reset_index(drop=True)
    answered = rng.random(rows.size) < _chance_to_answer(households)
    weight = _raise_weights(base_weight, households["stratum"].to_numpy(), answered)

    households = households.assign(
        weight=np.round(weight, 6),
        fpc_ea=households["stratum"].map(country.areas.groupby("stratum").size()),
        fpc_hh=country.areas["households"].to_numpy()[households["area"]],
        int_year=SURVEY_YEAR,
        row=rows,
    )[answered].reset_index(drop=True)
    persons = _members(country, households)
    _ask_households(rng, households)
    of_household = ["ri_any", "rem_total"]
    at = persons["at"].to_numpy()
    persons[of_household] = households[of_household].to_numpy()[at]
    _leave_out(rng, persons, PERSON_VARIABLES, skip=("ri_any",))
    return DemoSurvey(
        persons=_described(persons, PERSON_VARIABLES, "persons"),
        households=_described(households, HOUSEHOLD_VARIABLES, "households"),
        drawn=rows.size,
        seed=seed,
    )


def _draw_areas(
    rng: np.random.Generator, areas: pd.DataFrame
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Simple random samples of areas, sized by the square root of the strata's."""
    strata = areas["stratum"].to_numpy()
    codes, sizes = np.unique(strata, return_counts=True)
    root = np.sqrt(sizes)
    wanted = np.rint(AREAS_DRAWN * root / root.sum()).astype(int)
    wanted = np.minimum(np.maximum(wanted, FEWEST_AREAS), sizes)
    drawn = [
        np.sort(rng.choice(np.flatnonzero(strata == code), count, replace=False))
        for code, count in zip(codes, wanted, strict=True)
    ]
    weights = [np.full(count, size / count) for count, size in zip(wanted, sizes, strict=True)]
    return np.concatenate(drawn), np.concatenate(weights)


def _draw_households(
    rng: np.random.Generator,
    country: DemoCountry,
    areas: NDArray[np.intp],
    area_weight: NDArray[np.float64],
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The same number of households in each area, whatever its size."""
    sizes = country.areas["households"].to_numpy()
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    taken = np.minimum(sizes[areas], HOUSEHOLDS_PER_AREA)
    rows = [
        first[area] + np.sort(rng.choice(sizes[area], count, replace=False))
        for area, count in zip(areas, taken, strict=True)
    ]
    return np.concatenate(rows), np.repeat(area_weight * sizes[areas] / taken, taken)


def _chance_to_answer(households: pd.DataFrame) -> NDArray[np.float64]:
    of_region = np.array([region.response for region in REGIONS])
    chance = of_region[households["region"].to_numpy() - 1]
    return np.asarray(chance - URBAN_PENALTY * (households["urban"] == 1).to_numpy())


def _raise_weights(
    base_weight: NDArray[np.float64], classes: NDArray[np.int64], answered: NDArray[np.bool_]
) -> NDArray[np.float64]:
    _, code = np.unique(classes, return_inverse=True)
    drawn = np.bincount(code, base_weight)
    stood_for = np.bincount(code, base_weight * answered)
    return base_weight * (drawn / stood_for)[code] * answered


def _members(country: DemoCountry, households: pd.DataFrame) -> pd.DataFrame:
    """Everyone who lives in the households that answered; `at` is their household's row."""
    household = country.persons["household"].to_numpy()
    position = np.full(len(country.households), -1)
    position[households["row"]] = np.arange(len(households))
    at = position[household]
    inside = at >= 0
    residents = country.persons.loc[inside].reset_index(drop=True)
    at = at[inside]
    of_household = households.drop(columns="row").iloc[at].reset_index(drop=True)
    members: pd.DataFrame = pd.concat([residents, of_household], axis=1).assign(at=at)
    return members


def _ask_households(rng: np.random.Generator, households: pd.DataFrame) -> None:
    """Skips and refusals in the households' questionnaire."""
    receives = (households["ri_any"] == 1).to_numpy()
    for name in ("ri_nsend", "ri_cash", "ri_kind"):
        households[name] = households[name].where(receives)
    households["ab_count"] = households["ab_count"].where(households["ab_any"] == 1)
    _leave_out(rng, households, HOUSEHOLD_VARIABLES)
    unknown = households["ri_any"] >= 98
    for name in ("ri_nsend", "ri_cash", "ri_kind"):
        households.loc[unknown, name] = np.nan
    households.loc[unknown, "rem_total"] = 9_999_998
    which = _who_is_silent(rng, np.ones(len(households), dtype=bool), AMOUNTS_NOT_SAID)
    for name in REMITTANCE_AMOUNTS:
        for reason, code in ((1, 9_999_998), (2, 9_999_999)):
            households.loc[receives & ~unknown & (which == reason), name] = code


def _leave_out(
    rng: np.random.Generator,
    frame: pd.DataFrame,
    variables: tuple[Variable, ...],
    skip: tuple[str, ...] = (),
) -> None:
    """Put the codes of "does not know" and "refused" where an answer was asked for."""
    for variable in variables:
        if variable.name not in ITEM_NONRESPONSE or variable.name in skip:
            continue
        asked = frame[variable.name].notna().to_numpy()
        which = _who_is_silent(rng, asked, ITEM_NONRESPONSE[variable.name])
        for reason, code in enumerate(variable.missing, start=1):
            frame.loc[which == reason, variable.name] = code


def _who_is_silent(
    rng: np.random.Generator, asked: NDArray[np.bool_], shares: tuple[float, float]
) -> NDArray[np.int64]:
    """0 answers, 1 does not know, 2 refuses."""
    draw = rng.random(asked.size)
    return np.where(asked, np.select([draw < shares[0], draw < sum(shares)], [1, 2], 0), 0)


def _described(frame: pd.DataFrame, variables: tuple[Variable, ...], unit: str) -> Microdata:
    names = [variable.name for variable in variables]
    return Microdata(
        frame[names].copy(),
        {variable.name: variable for variable in variables},
        design=DESIGN,
        title=f"{NAME} household survey {SURVEY_YEAR}, {unit} (fictional)",
        weight="weight",
    )


def write_survey(survey: DemoSurvey, folder: Path) -> tuple[Path, Path]:
    """Write the persons' and the households' file as SPSS files, and return where they are.

    The files declare their design and their weight. The same survey gives the same bytes.
    """
    paths = (folder / "auralia_persons.sav", folder / "auralia_households.sav")
    for data, path in zip((survey.persons, survey.households), paths, strict=True):
        write(data, path)
        content = path.read_bytes()
        put_whole(path, content[: STAMP.start] + CREATED + content[STAMP.stop :])
    return paths
