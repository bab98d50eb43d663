"""A finite population whose truth is known, and surveys drawn from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

import mpsurvey as mp

STRATA, PLACES = 8, 200
RECIPE = {
    "steps": [
        {"do": "nonresponse", "responded": "answered == 1", "classes": ["rich", "few"]},
        {"do": "rake", "margins": ["sex_age", "region"]},
    ],
    "save_as": "weight",
}


@dataclass(frozen=True)
class Survey:
    """How many places are drawn in each of 8 strata, and how many households in each place."""

    places: int
    households: int


@dataclass(frozen=True)
class Country:
    """People sorted by place and household, and where each place and household begins."""

    people: pd.DataFrame
    first_home: np.ndarray
    first_person: np.ndarray
    totals: dict


def make_country(seed: int = 1) -> Country:
    """About 130,000 people in 1,600 places; 3 % of them migrants, who live near each other."""
    random = np.random.default_rng(seed)
    places = STRATA * PLACES
    stratum = np.repeat(np.arange(STRATA), PLACES)
    level = random.normal(0, 0.25, places) + 0.25 * (stratum % 2)
    near = random.beta(0.5, 0.5 / 0.03 - 0.5, places)
    homes = random.integers(20, 31, places)
    place = np.repeat(np.arange(places), homes)
    migrant_home = random.random(len(place)) < near[place]
    size = 1 + random.binomial(5, 0.42, len(place))
    home = np.repeat(np.arange(len(place)), size)
    n = len(home)
    people = pd.DataFrame({"place": place[home], "home": home})
    people["stratum"] = stratum[people.place]
    people["region"] = people.stratum // 2
    people["rich"] = people.stratum % 2
    people["migrant"] = migrant_home[home].astype(float)
    people["few"] = (size <= 2)[home].astype(int)
    people["sex"] = random.integers(1, 3, n)
    people["age"] = random.integers(15, 75, n)
    people["band"] = np.digitize(people.age, (30, 50))
    people["sex_age"] = 10 * people.sex + people.band
    high = level[people.place] - 0.4 * people.migrant
    people["educ"] = 1 + random.binomial(2, 1 / (1 + np.exp(-high)))
    luck = random.normal(0, 1, n)
    for late in ("", "_2"):  # the labour market in two rounds, of the same people
        if late:
            luck = 0.9 * luck + random.normal(0, 0.45, n)
        drive = luck + 0.5 * (people.educ - 2) + 1.5 * level[people.place] + 0.2 * bool(late)
        drive -= 0.3 * (people.sex == 2) + 0.2 * people.migrant
        people[f"status{late}"] = np.select([drive > -0.1, drive > -0.5], [1, 2], 3)
        works = people[f"status{late}"] == 1
        skill = 6 + 0.25 * people.educ - 0.2 * people.migrant - 0.1 * (people.sex == 2)
        wage = np.exp(skill + level[people.place] + 0.5 * random.normal(0, 1, n))
        people[f"wage{late}"] = np.where(works, wage.round(2), 0.0)
        people[f"employed{late}"] = works.astype(float)
    people["hours"] = np.where(people.employed == 1, random.normal(40, 8, n).round(), 0.0)
    people["log_wage"] = np.where(people.employed == 1, np.log(people.wage.clip(lower=1)), np.nan)
    earned = people.groupby("home").wage.transform("mean")
    receives = (random.random(len(place)) < 0.15)[home]
    people["sent"] = np.where(receives, random.lognormal(5.3, 0.5, len(place))[home], 0.0).round(2)
    base = random.lognormal(4.8, 0.5, len(place))[home]
    people["income"] = (base + earned + people.sent).round(2)
    # Homes answer less often in rich strata, and those of one or two people still less.
    chance = 0.95 - 0.1 * (stratum[place] % 2) - 0.15 * (size <= 2)
    people["answered"] = (random.random(len(place)) < chance)[home].astype(int)
    people["chance"] = chance[home]
    people["homes"] = homes[people.place]
    totals = {name: people[name].value_counts().to_dict() for name in ("sex_age", "region")}
    first_home = np.append(0, np.cumsum(homes))
    first_person = np.append(0, np.cumsum(size))
    return Country(people, first_home, first_person, totals)


def draw_places(survey: Survey, random: np.random.Generator) -> np.ndarray:
    """Places drawn at random without replacement in each stratum, shape (strata, places)."""
    drawn = [random.permutation(PLACES)[: survey.places] for _ in range(STRATA)]
    return np.array(drawn) + PLACES * np.arange(STRATA)[:, None]


def draw_people(
    country: Country, survey: Survey, places: np.ndarray, random: np.random.Generator
) -> pd.DataFrame:
    """Households drawn at random in each place, with all their people; some do not answer."""
    rows = []
    for place in places.ravel():
        first, end = country.first_home[place : place + 2]
        drawn = first + random.permutation(end - first)[: survey.households]
        rows += [np.arange(*country.first_person[home : home + 2]) for home in drawn]
    frame = country.people.iloc[np.concatenate(rows)].reset_index(drop=True)
    homes = frame.home.to_numpy()
    _, number = np.unique(homes, return_inverse=True)
    answers = random.random(number.max() + 1)[number] < frame.chance
    frame["answered"] = answers.astype(int)
    frame["base"] = PLACES / survey.places * frame.homes / survey.households
    frame["all_places"] = PLACES
    return frame


def weighted(country: Country, frame: pd.DataFrame, **replicates) -> mp.Sample:
    """Adjust for nonresponse and rake, as a statistical office would."""
    design = mp.Design(
        weight="base", strata="stratum", psu=("place", "home"), fpc=("all_places", "homes")
    )
    recipe = {**RECIPE, **({"replicates": replicates} if replicates else {})}
    return mp.weight(mp.Sample(frame, design), recipe, country.totals)


def census(country: Country) -> mp.Sample:
    """All the people, each once: what is estimated from them is the truth."""
    return mp.Sample(country.people, mp.Design())
