"""The population of Auralia, household by household, with every answer known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mpsurvey.profile.demo.people import give_work, people_households
from mpsurvey.profile.demo.places import REGIONS, SURVEY_YEAR

__all__ = ["POVERTY_LINE", "PROPENSITY", "DemoCountry", "make_country"]

Floats = NDArray[np.float64]

POVERTY_LINE = 6_500
"""Consumption per person and year, in aurals, below which a person is poor."""

PROPENSITY = 0.8
"""Share of remittances that Auralia's households consume."""

PEOPLE_ABROAD = 0.35  # mean number of further members abroad, once there is one


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCountry:
    """A whole fictional country: nobody is missing, and nobody refuses to answer.

    Attributes
    ----------
    seed : int
        The seed that makes the same country again.
    areas : pandas.DataFrame
        One row per enumeration area: `psu`, `stratum`, `region`, `urban`, `households`.
    households : pandas.DataFrame
        One row per household, sorted by area: about 77,000.
    persons : pandas.DataFrame
        One row per usual resident, sorted by household, the head first: about 256,000.
        `household` is the row of the household in `households`.
    absent : pandas.DataFrame
        One row per former member who now lives abroad, with `household` as in `persons`.
    """

    seed: int
    areas: pd.DataFrame
    households: pd.DataFrame
    persons: pd.DataFrame
    absent: pd.DataFrame


def make_country(seed: int = 1) -> DemoCountry:
    """Make Auralia.

    Migration is clustered: by region, and within a region by enumeration area. Who has a member
    abroad tends to receive remittances; these raise consumption (by `PROPENSITY`) and lower labour
    force participation. Immigrants are younger than natives and more often unemployed.

    Parameters
    ----------
    seed
        The same seed gives the same country, number by number.

    Returns
    -------
    DemoCountry
        About 77,000 households of 256,000 persons in 1,250 enumeration areas, 15 strata and
        8 regions; some 3 % of persons immigrants and 4 % returnees; some 12 % of households
        receive remittances.

    Examples
    --------
    >>> country = make_country(seed=1)
    >>> len(country.areas), country.areas["stratum"].nunique()
    (1250, 15)
    """
    rng = np.random.default_rng(seed)
    areas, effects = _areas(rng)
    households, draws = _households(rng, areas, effects)
    absent = _absent(rng, households, draws)
    _remittances(rng, households, absent)
    persons = people_households(rng, households, draws)
    give_work(rng, households, persons, draws)
    _living_standard(rng, households, persons, draws)
    return DemoCountry(
        seed=seed, areas=areas, households=households, persons=persons, absent=absent
    )


def _areas(rng: np.random.Generator) -> tuple[pd.DataFrame, dict[str, Floats]]:
    """Enumeration areas, and the hidden effects that make neighbours alike."""
    rows: list[dict[str, Any]] = [
        {"stratum": code * 10 + kind, "region": code, "urban": kind, "serial": serial}
        for code, region in enumerate(REGIONS, start=1)
        for kind, count in ((1, region.urban), (2, region.rural))
        for serial in range(1, count + 1)
    ]
    areas = pd.DataFrame(rows)
    areas["psu"] = areas["stratum"] * 1000 + areas["serial"]
    size = np.exp(rng.normal(np.log(61), 0.25, len(areas)))
    areas["households"] = np.clip(np.rint(size), 30, 130).astype(np.int64)
    of_region = {
        trait: np.array([getattr(one, trait) for one in REGIONS])[areas["region"] - 1]
        for trait in ("immigration", "emigration", "wealth", "unemployment")
    }
    urban = (areas["urban"] == 1).to_numpy()
    effects = {
        "immigration": np.log(of_region["immigration"]) + rng.normal(0.4 * urban, 0.75),
        "emigration": np.log(of_region["emigration"]) + rng.normal(-0.15 * urban, 0.55),
        "wealth": of_region["wealth"] + rng.normal(0.22 * urban, 0.16),
        "unemployment": np.log(of_region["unemployment"]) + rng.normal(0, 0.2, len(areas)),
    }
    return areas[["psu", "stratum", "region", "urban", "households"]], effects


def _households(
    rng: np.random.Generator, areas: pd.DataFrame, effects: dict[str, Floats]
) -> tuple[pd.DataFrame, dict[str, Floats]]:
    """Households in their areas; what is hidden about them stays out of the frame."""
    area = np.repeat(np.arange(len(areas)), areas["households"])
    total = area.size
    first = np.concatenate([[0], np.cumsum(areas["households"])[:-1]])
    serial = np.arange(total) - first[area] + 1
    placed = areas.loc[area, ["psu", "stratum", "region", "urban"]].reset_index(drop=True)
    households = placed.assign(area=area, hh_id=placed["psu"].to_numpy() * 1000 + serial)
    draws = {name: effect[area] for name, effect in effects.items()}
    draws["wealth"] = draws["wealth"] + rng.normal(0, 0.33, total)
    immigrant = rng.random(total) < _share(-3.85 + draws["immigration"])
    draws["immigrant"] = immigrant.astype(np.float64)
    return households, draws


def _absent(
    rng: np.random.Generator, households: pd.DataFrame, draws: dict[str, Floats]
) -> pd.DataFrame:
    """Members who left for another country in the last ten years.

    Neither the poorest nor the richest households send most, and immigrant households few.
    """
    log_odds = -2.15 + draws["emigration"] - 0.8 * draws["wealth"] ** 2 - 1.2 * draws["immigrant"]
    total = len(households)
    any_abroad = rng.random(total) < _share(log_odds)
    count = np.where(any_abroad, 1 + rng.poisson(PEOPLE_ABROAD, total), 0)
    households["ab_any"] = np.where(any_abroad, 1, 2)
    households["ab_count"] = count
    household = np.repeat(np.arange(total), count)
    people = household.size
    return pd.DataFrame(
        {
            "household": household,
            "ab_sex": np.where(rng.random(people) < 0.57, 1, 2),
            "ab_age": np.clip(np.rint(18 + rng.gamma(3.2, 4.4, people)), 18, 70).astype(int),
            "ab_rel": rng.choice([3, 2, 7, 8], people, p=[0.66, 0.14, 0.13, 0.07]),
            "ab_dest": rng.choice(
                [902, 903, 904, 905, 906, 907], people, p=[0.22, 0.1, 0.34, 0.2, 0.04, 0.1]
            ),
            "ab_year": SURVEY_YEAR - np.minimum(rng.geometric(0.2, people) - 1, 10),
            "ab_sent": np.where(rng.random(people) < 0.62, 1, 2),
        }
    )


def _remittances(rng: np.random.Generator, households: pd.DataFrame, absent: pd.DataFrame) -> None:
    """Money and goods from members abroad, and from other people there."""
    total = len(households)
    senders = np.bincount(absent["household"], absent["ab_sent"] == 1, minlength=total)
    others = rng.random(total) < 0.045 + 0.08 * (households["ab_any"] == 1)
    senders = (senders + others).astype(np.int64)
    households["ri_any"] = np.where(senders > 0, 1, 2)
    households["ri_nsend"] = senders
    year = rng.lognormal(np.log(4_600), 0.8, total) * np.sqrt(senders)
    in_kind = rng.beta(1, 8, total) * (rng.random(total) < 0.5)
    households["ri_cash"] = np.rint(year * (1 - in_kind) / 10) * 10
    households["ri_kind"] = np.rint(year * in_kind / 10) * 10
    households["rem_total"] = households["ri_cash"] + households["ri_kind"]


def _living_standard(
    rng: np.random.Generator,
    households: pd.DataFrame,
    persons: pd.DataFrame,
    draws: dict[str, Floats],
) -> None:
    """Income and consumption in 12 months; remittances come on top of what is earned here."""
    total = len(households)
    row = persons["household"].to_numpy()
    size = np.bincount(row, minlength=total)
    workers = np.bincount(row, persons["lfs"] == 1, minlength=total)
    earned = 12 * np.bincount(row, persons["earn"].fillna(0), minlength=total)
    head = persons.groupby("household", sort=True)["educ"].first().to_numpy(dtype=float)
    other = rng.lognormal(np.log(5_500), 0.7, total) * np.exp(draws["wealth"])
    received = households["rem_total"].to_numpy()
    spread = rng.normal(0, 0.2, total)
    each = np.exp(
        9.08 + draws["wealth"] + 0.05 * (head - 3) + 0.55 * (workers / size - 0.4)
        - 0.25 * np.log(size / 3.5) + spread
    )  # fmt: skip
    households["hh_size"] = size
    households["hh_inc"] = np.rint((earned + other + received) / 10) * 10
    households["hh_cons"] = np.rint((each * size + PROPENSITY * received) / 10) * 10
    households["pline"] = POVERTY_LINE


def _share(log_odds: Floats) -> Floats:
    shares: Floats = 1 / (1 + np.exp(-log_odds))
    return shares
