"""The made survey, once for all tests of tables."""

import made_survey
import pytest

import mpsurvey as mp


@pytest.fixture(scope="session")
def made_people():
    """The made survey, harmonised: persons with their households and rosters."""
    return made_survey.harmonised()


@pytest.fixture(scope="session")
def made_sample(made_people):
    design = mp.Design(weight="weight", strata="stratum", psu="psu", lonely_psu="average")
    return mp.Sample(made_people, design)
