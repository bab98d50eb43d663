"""The demonstration's figures: the truth is the truth, and intervals cover it as often as said."""

import numpy as np
import pandas as pd
import pytest

from mpsurvey import Design, Microdata
from mpsurvey.profile.demo.codebook import HOUSEHOLD_VARIABLES, PERSON_VARIABLES
from mpsurvey.profile.demo.country import make_country
from mpsurvey.profile.demo.figures import (
    estimate_figures,
    find_truth,
    household_sample,
    person_sample,
)
from mpsurvey.profile.demo.survey import draw_survey

REPLICATIONS = 60


@pytest.fixture(scope="module")
def country():
    return make_country(seed=5)


@pytest.fixture(scope="module")
def truth(country):
    return find_truth(country)


def everyone(country):
    """The whole country as if it were a file: nobody left out, each counts once."""
    households = country.households.assign(
        weight=1.0, int_year=2026, fpc_ea=1, fpc_hh=1,
        ab_count=country.households["ab_count"].where(country.households["ab_any"] == 1),
    )  # fmt: skip
    home = households.iloc[country.persons["household"].to_numpy()].reset_index(drop=True)
    persons = pd.concat([country.persons, home], axis=1)
    for frame, variables in ((persons, PERSON_VARIABLES), (households, HOUSEHOLD_VARIABLES)):
        described = {variable.name: variable for variable in variables}
        yield Microdata(frame[list(described)], described, design=Design(weight="weight"))


def test_the_estimators_find_the_truth_when_nobody_is_left_out(country, truth):
    persons, households = everyone(country)
    figures = estimate_figures(person_sample(persons), household_sample(households), truth)
    # the same sums in another order, over 256,000 rows
    for figure in figures:
        assert figure.estimate == pytest.approx(figure.truth, rel=1e-9), figure.label


def test_the_truth_is_consistent_with_itself(country, truth):
    homes = country.households
    of_region = homes.groupby("region").size() / len(homes)
    assert truth["receiving"][0] == pytest.approx(of_region @ np.array(truth["receiving_region"]))
    assert truth["immigrants"][0] == pytest.approx(
        truth["immigrant_share"][0] * len(country.persons)
    )
    assert truth["kept"][0] == pytest.approx(truth["poverty_without"][0] - truth["poverty"][0])
    never, returned, immigrant = truth["unemployment"]
    assert truth["immigrant_gap"][0] == pytest.approx(immigrant - never)
    assert truth["returnee_gap"][0] == pytest.approx(returned - never)
    receiving, other = truth["consumption_receipt"]
    assert truth["consumption_gap"][0] == pytest.approx(receiving - other)
    assert truth["poverty_without"][0] > truth["poverty"][0] > 0


def test_intervals_cover_the_truth_about_as_often_as_they_say(country, truth):
    covered, distance = [], []
    for seed in range(REPLICATIONS):
        survey = draw_survey(country, 100 + seed)
        figures = estimate_figures(
            person_sample(survey.persons), household_sample(survey.households), truth
        )
        covered.append([figure.covers for figure in figures])
        distance.append([(figure.estimate - figure.truth) / figure.se for figure in figures])
    # figures of one draw go together: the mean of 60 draws has a standard error near 0.01
    assert 0.92 < np.mean(covered) < 0.98
    # no estimator is off: 31 means of 60 standardised errors, each with standard error 0.13
    assert np.abs(np.mean(distance, axis=0)).max() < 0.5
    assert 0.9 < np.std(distance) < 1.15


def test_figures_say_what_they_rest_on(country, truth):
    survey = draw_survey(country, 5)
    figures = estimate_figures(
        person_sample(survey.persons), household_sample(survey.households), truth
    )
    assert len({(figure.key, figure.label) for figure in figures}) == len(figures)
    for figure in figures:
        assert figure.low < figure.estimate < figure.high
        assert figure.se > 0
        rows = survey.persons if figure.file == "persons" else survey.households
        assert 0 < figure.n <= len(rows)
        assert isinstance(figure.truth, float)
