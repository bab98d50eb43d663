"""The people of Auralia: who lives in a household, where they were born, what work they do."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mpsurvey.profile.demo.places import HOME, SURVEY_YEAR

__all__ = ["give_work", "people_households"]

Floats = NDArray[np.float64]

HEAD, SPOUSE, CHILD, GRANDCHILD, PARENT, RELATIVE = 1, 2, 3, 5, 6, 8

SECTORS = np.array([1, 3, 6, 7, 8, 9, 15, 16, 17, 19, 20])
"""ISIC sections of Auralia's economy: farming, manufacturing, building, trade, transport, ..."""

SECTOR_SHARES = {  # of the employed, by (immigrant, urban)
    (0, 1): [0.03, 0.14, 0.08, 0.22, 0.08, 0.06, 0.12, 0.10, 0.08, 0.07, 0.02],
    (0, 0): [0.42, 0.09, 0.08, 0.13, 0.05, 0.03, 0.06, 0.06, 0.03, 0.04, 0.01],
    (1, 1): [0.02, 0.12, 0.24, 0.16, 0.07, 0.15, 0.01, 0.03, 0.05, 0.06, 0.09],
    (1, 0): [0.44, 0.07, 0.17, 0.10, 0.04, 0.06, 0.01, 0.02, 0.02, 0.03, 0.04],
}


def people_households(
    rng: np.random.Generator, households: pd.DataFrame, draws: dict[str, Floats]
) -> pd.DataFrame:
    """Fill each household with a head and those who live with them, and say where they are from.

    Parameters
    ----------
    rng
        The country's generator.
    households
        One row per household.
    draws
        Hidden traits, one value per household: `wealth`, `emigration`, `immigrant`.

    Returns
    -------
    pandas.DataFrame
        One row per person, sorted by household and then by line in the roster.
    """
    persons = _roster(rng, households, draws)
    _origin(rng, households, persons, draws)
    _schooling(rng, households, persons, draws)
    return persons


def _roster(
    rng: np.random.Generator, households: pd.DataFrame, draws: dict[str, Floats]
) -> pd.DataFrame:
    total = len(households)
    immigrant = draws["immigrant"] == 1
    rural = (households["urban"] == 2).to_numpy()
    head_age = 20 + 66 * rng.beta(2.2, 2.7 + 1.6 * immigrant)
    head_male = rng.random(total) < 0.78
    widowed = np.clip((head_age - 45) / 90, 0, 0.45)
    paired = rng.random(total) < np.where(head_male, 0.88 - widowed * 0.6, 0.28 - widowed * 0.5)
    mother_age = head_age - np.where(head_male, 3, 0)

    def group(chance: Floats | NDArray[np.bool_], more: float) -> NDArray[np.intp]:
        count = np.where(rng.random(total) < chance, 1 + rng.poisson(more, total), 0)
        return np.repeat(np.arange(total), count)

    everyone = np.arange(total)
    spouses = everyone[paired]
    born = np.repeat(everyone, rng.poisson((2.35 + 0.55 * rural) * (0.55 + 0.45 * paired)))
    child_age = np.floor(mother_age[born] - rng.normal(27, 5.5, born.size))
    stays = rng.random(born.size) < 1 / (1 + np.exp((child_age - 24) / 3.5))
    at_home = (child_age >= 0) & stays
    children, child_age = born[at_home], child_age[at_home]
    grandchildren = group(0.22 * (head_age > 55), 0.7)
    parents = group(0.16 * (head_age < 55) * ~immigrant, 0.15)
    relatives = group(np.where(immigrant, 0.22, 0.11), 0.2)

    def ages(rows: NDArray[np.intp], shift: float, spread: float) -> Floats:
        found: Floats = head_age[rows] + rng.normal(shift, spread, rows.size)
        return found

    spouse_shift = np.where(head_male[spouses], -3.0, 3.0)
    blocks = [
        (HEAD, everyone, head_age, head_male),
        (SPOUSE, spouses, ages(spouses, 0, 3.5) + spouse_shift, ~head_male[spouses]),
        (CHILD, children, child_age, rng.random(children.size) < 0.512),
        (GRANDCHILD, grandchildren, rng.integers(0, 16, grandchildren.size), None),
        (PARENT, parents, ages(parents, 26, 4), rng.random(parents.size) < 0.3),
        (RELATIVE, relatives, rng.integers(6, 60, relatives.size), None),
    ]
    frames = [
        pd.DataFrame(
            {
                "household": rows,
                "rel_head": relation,
                "age": np.clip(np.floor(age), 18 if relation <= SPOUSE else 0, 98).astype(int),
                "sex": np.where(rng.random(rows.size) < 0.5 if male is None else male, 1, 2),
            }
        )
        for relation, rows, age, male in blocks
    ]
    persons = pd.concat(frames, ignore_index=True)
    order = np.lexsort((-persons["age"], persons["rel_head"], persons["household"]))
    persons = persons.iloc[order].reset_index(drop=True)
    persons.insert(1, "person_id", persons.groupby("household").cumcount() + 1)
    return persons


def _origin(
    rng: np.random.Generator,
    households: pd.DataFrame,
    persons: pd.DataFrame,
    draws: dict[str, Floats],
) -> None:
    """Country of birth, citizenship, life abroad and year of arrival, as `mig_core` asks them."""
    total = len(persons)
    home = persons["household"].to_numpy()
    age = persons["age"].to_numpy()
    relation = persons["rel_head"].to_numpy()
    years_here = np.floor(rng.exponential(9.0, len(households)))[home]
    in_immigrant_household = draws["immigrant"][home] == 1
    chance = np.select(
        [relation == HEAD, relation == SPOUSE, relation == CHILD], [1.0, 0.72, 1.0], 0.6
    )
    foreign_born = in_immigrant_household & (rng.random(total) < chance) & (age >= years_here)
    foreign_born |= in_immigrant_household & (relation == HEAD)
    married_in = ~in_immigrant_household & (relation == SPOUSE) & (rng.random(total) < 0.008)
    foreign_born |= married_in
    origin = rng.choice(
        [902, 903, 904, 905, 906, 907], total, p=[0.34, 0.27, 0.07, 0.08, 0.14, 0.1]
    )
    years_here = np.minimum(years_here, age)
    citizen = np.where(
        foreign_born, rng.random(total) < 0.06 + 0.035 * years_here, rng.random(total) < 0.9965
    )

    persons["mb_cob"] = np.where(foreign_born, origin, HOME)
    persons["mb_cit_home"] = np.where(citizen, 1, 2)
    log_odds = (
        -2.85
        + 0.75 * draws["emigration"][home]
        + 0.45 * (persons["sex"] == 1)
        - ((age - 42) / 17.0) ** 2 * 0.45
        + 0.5 * (households["ab_any"].to_numpy()[home] == 1)
    )
    returned = ~foreign_born & (age >= 18) & (rng.random(total) < 1 / (1 + np.exp(-log_odds)))
    persons["mb_ever_abr"] = np.where(foreign_born | returned, 1, 2)
    back = np.minimum(np.floor(rng.exponential(6.0, total)), age - 17)
    arrival = np.where(returned, SURVEY_YEAR - back, SURVEY_YEAR - years_here)
    persons["mb_arr_year"] = np.where(foreign_born | returned, arrival, np.nan)


def _schooling(
    rng: np.random.Generator,
    households: pd.DataFrame,
    persons: pd.DataFrame,
    draws: dict[str, Floats],
) -> None:
    """Level completed (ISCED 2011); the young have not finished, the old had less of it."""
    home = persons["household"].to_numpy()
    age = persons["age"].to_numpy()
    foreign_born = (persons["mb_cob"] != HOME).to_numpy()
    latent = (
        1.0 * draws["wealth"][home]
        - 0.018 * (np.clip(age, 25, 80) - 40)
        + 0.3 * (households["urban"].to_numpy()[home] == 1)
        + rng.normal(0, np.where(foreign_born, 1.25, 0.95))
    )
    level = np.searchsorted([-1.7, -1.0, -0.2, 0.85, 1.0, 1.2, 1.95, 2.6], latent)
    reached = np.array([0, 1, 2, 3, 5, 6, 7, 8])
    ceiling = reached[np.searchsorted([12, 15, 18, 20, 22, 24, 28], age, side="right")]
    persons["educ"] = np.where(age >= 5, np.minimum(level, ceiling), np.nan)
    at_school = 1 / (1 + np.exp((age - 18.5) / 1.8 - 0.5 * latent))
    attends = np.where(rng.random(len(persons)) < at_school, 1, 2)
    persons["attend"] = np.where((age >= 5) & (age < 30), attends, np.nan)


def give_work(
    rng: np.random.Generator,
    households: pd.DataFrame,
    persons: pd.DataFrame,
    draws: dict[str, Floats],
) -> None:
    """Add labour-force status, sector, status in employment, hours and earnings to `persons`.

    Parameters
    ----------
    rng
        The country's generator.
    households, persons
        The frames so far; `persons` gains columns that are missing where they do not apply.
    draws
        Hidden traits, one value per household: `wealth`, `unemployment`.
    """
    total = len(persons)
    home = persons["household"].to_numpy()
    age = persons["age"].to_numpy()
    man = (persons["sex"] == 1).to_numpy()
    educ = persons["educ"].fillna(0).to_numpy()
    urban = (households["urban"].to_numpy()[home] == 1).astype(int)
    foreign_born = (persons["mb_cob"] != HOME).to_numpy()
    returned = (persons["mb_ever_abr"] == 1).to_numpy() & ~foreign_born
    receives = households["ri_any"].to_numpy()[home] == 1
    works_or_looks = rng.random(total) < 1 / (
        1
        + np.exp(
            -(
                1.45
                + 0.95 * man
                + 0.12 * (educ - 3)
                - 0.0042 * (age - 40.0) ** 2
                - 2.2 * (persons["attend"] == 1)
                - 0.3 * receives
                + 0.25 * foreign_born
            )
        )
    )
    jobless = rng.random(total) < 1 / (
        1
        + np.exp(
            -(
                -2.55
                + draws["unemployment"][home]
                + 0.85 * (age < 25)
                + 0.6 * foreign_born
                + 0.3 * returned
                - 0.1 * (educ - 3)
            )
        )
    )
    adult = age >= 15
    employed = adult & works_or_looks & ~jobless
    persons["lfs"] = np.where(adult, np.select([employed, works_or_looks], [1, 2], 3), np.nan)

    sector = np.zeros(total, dtype=int)
    for (immigrant, town), shares in SECTOR_SHARES.items():
        of_kind = (foreign_born == immigrant) & (urban == town)
        sector[of_kind] = rng.choice(SECTORS, of_kind.sum(), p=shares)
    farm = sector == 1
    status = np.searchsorted(
        [0.62, 0.90, 0.94, 0.97], np.clip(rng.random(total) + 0.42 * farm, 0, 0.999), side="right"
    )
    status = np.array([4, 2, 3, 1, 5])[status]
    hours = np.clip(np.rint(rng.normal(42 - 3 * ~man, 9)), 5, 84)
    years_of_work = np.clip(age - 20, 0, 40)
    log_earnings = (
        6.98
        + 0.085 * educ
        + 0.026 * years_of_work
        - 0.00042 * years_of_work**2
        + 0.16 * man
        - 0.13 * foreign_born
        - 0.25 * farm
        + 0.45 * draws["wealth"][home]
        + rng.normal(0, 0.38, total)
    )
    earnings = np.rint(np.exp(log_earnings) * (hours / 42) ** 0.8 / 10) * 10
    persons["isic1"] = np.where(employed, sector, np.nan)
    persons["icse"] = np.where(employed, status, np.nan)
    persons["hours"] = np.where(employed, hours, np.nan)
    persons["earn"] = np.where(employed & (status != 5), earnings, np.nan)
