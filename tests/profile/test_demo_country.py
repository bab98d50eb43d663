"""The fictional country hangs together, and is what it says it is."""

import numpy as np
import pandas as pd
import pytest

from mpsurvey.profile.demo.country import DemoCountry, make_country
from mpsurvey.profile.demo.places import HOME, REGIONS


@pytest.fixture(scope="module")
def country() -> DemoCountry:
    return make_country(seed=5)


def test_the_same_seed_makes_the_same_country(country):
    again = make_country(seed=5)
    for name in ("areas", "households", "persons", "absent"):
        pd.testing.assert_frame_equal(getattr(country, name), getattr(again, name))


def test_another_seed_makes_another_country(country):
    other = make_country(seed=6)
    assert len(other.persons) != len(country.persons)


def test_size_is_that_of_a_small_country(country):
    assert 60_000 <= len(country.households) <= 100_000
    assert 200_000 <= len(country.persons) <= 300_000
    assert len(country.areas) == sum(region.urban + region.rural for region in REGIONS)


def test_households_add_up_to_their_areas(country):
    counted = np.bincount(country.households["area"], minlength=len(country.areas))
    assert (counted == country.areas["households"]).all()
    assert country.households["hh_id"].is_unique
    assert (country.households["hh_id"] // 1000 == country.households["psu"]).all()


def test_persons_add_up_to_their_households(country):
    persons, households = country.persons, country.households
    counted = np.bincount(persons["household"], minlength=len(households))
    assert (counted == households["hh_size"]).all()
    assert persons["household"].is_monotonic_increasing
    heads = persons[persons["person_id"] == 1]
    assert len(heads) == len(households)
    assert (heads["rel_head"] == 1).all()
    assert (persons.loc[persons["rel_head"] == 1, "age"] >= 18).all()


def test_members_abroad_are_those_that_households_tell_of(country):
    households = country.households
    counted = np.bincount(country.absent["household"], minlength=len(households))
    assert (counted == households["ab_count"]).all()
    assert ((counted > 0) == (households["ab_any"] == 1)).all()
    assert (country.absent["ab_dest"] != HOME).all()


def test_remittances_are_cash_and_kind_of_those_who_receive(country):
    households = country.households
    assert (households["rem_total"] == households["ri_cash"] + households["ri_kind"]).all()
    assert ((households["rem_total"] > 0) == (households["ri_any"] == 1)).all()
    assert (households["hh_cons"] > 0.8 * households["rem_total"] - 6).all()  # rounded to tens
    assert (households["hh_inc"] >= households["rem_total"]).all()


def test_migrants_are_as_many_as_announced(country):
    persons, households = country.persons, country.households
    immigrant = persons["mb_cob"] != HOME
    returnee = ~immigrant & (persons["mb_ever_abr"] == 1)
    assert 0.025 < immigrant.mean() < 0.036
    assert 0.033 < returnee.mean() < 0.048
    assert 0.10 < (households["ri_any"] == 1).mean() < 0.14
    assert (persons["mb_ever_abr"][immigrant] == 1).all()


def test_migrants_are_clustered_in_areas(country):
    area = country.households["area"].to_numpy()[country.persons["household"]]
    immigrant = (country.persons["mb_cob"] != HOME).to_numpy().astype(float)
    people = np.bincount(area)
    share = np.bincount(area, immigrant) / people
    overall = immigrant.mean()
    if_scattered = (overall * (1 - overall) / people).mean()
    assert share.var() > 5 * if_scattered


def test_what_is_not_asked_is_missing(country):
    persons = country.persons
    adult = persons["age"] >= 15
    assert (persons["lfs"].notna() == adult).all()
    assert (persons["hours"].notna() == (persons["lfs"] == 1)).all()
    moved = (persons["mb_cob"] != HOME) | (persons["mb_ever_abr"] == 1)
    assert (persons["mb_arr_year"].notna() == moved).all()
    lived_here = 2026 - persons["mb_arr_year"]
    assert ((lived_here >= 0) & (lived_here <= persons["age"]))[moved].all()


def test_the_country_looks_like_one(country):
    persons, households = country.persons, country.households
    active = persons["lfs"].isin([1, 2])
    jobless = persons["lfs"][active] == 2
    immigrant = persons["mb_cob"][active] != HOME
    assert 0.05 < jobless.mean() < 0.13
    assert jobless[immigrant].mean() > jobless[~immigrant].mean()
    assert 0.47 < (persons["sex"] == 1).mean() < 0.52
    assert 0.15 < (persons["age"] < 15).mean() < 0.35
    each = households["hh_cons"] / households["hh_size"]
    capital = households["region"] == 1
    assert each[capital].mean() > each[~capital].mean()
