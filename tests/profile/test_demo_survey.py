"""The fictional survey is drawn as it says, and its files say what they hold."""

import numpy as np
import pyreadstat
import pytest

from mpsurvey import Sample, read
from mpsurvey.profile.demo.codebook import HOUSEHOLD_VARIABLES, PERSON_VARIABLES
from mpsurvey.profile.demo.country import DemoCountry, make_country
from mpsurvey.profile.demo.survey import DESIGN, DemoSurvey, draw_survey, write_survey


@pytest.fixture(scope="module")
def country() -> DemoCountry:
    return make_country(seed=5)


@pytest.fixture(scope="module")
def survey(country) -> DemoSurvey:
    return draw_survey(country, seed=5)


@pytest.fixture(scope="module")
def files(survey, tmp_path_factory):
    return write_survey(survey, tmp_path_factory.mktemp("survey"))


def test_weights_stand_for_the_country(country, survey):
    people = survey.persons.frame["weight"].sum()
    homes = survey.households.frame["weight"].sum()
    assert people == pytest.approx(len(country.persons), rel=0.06)
    assert homes == pytest.approx(len(country.households), rel=0.06)


def test_weights_stand_for_the_country_on_average(country):
    sums = [draw_survey(country, seed).households.frame["weight"].sum() for seed in range(40)]
    error = np.std(sums) / np.sqrt(len(sums))
    assert abs(np.mean(sums) - len(country.households)) < 3 * error


def test_everyone_in_a_household_has_its_weight(survey):
    per_home = survey.persons.frame.groupby("hh_id")
    homes = survey.households.frame.set_index("hh_id")
    assert (per_home["weight"].nunique() == 1).all()
    assert per_home["weight"].first().sort_index().equals(homes["weight"].sort_index())
    assert (per_home.size().sort_index() == homes["hh_size"].sort_index()).all()


def test_units_drawn_fit_the_population_counts(country, survey):
    homes = survey.households.frame
    of_stratum = homes.groupby("stratum")
    assert (of_stratum["psu"].nunique() >= 8).all()
    assert (of_stratum["psu"].nunique() <= of_stratum["fpc_ea"].first()).all()
    assert (homes.groupby("psu").size() <= 14).all()
    listed = country.areas.set_index("psu")["households"]
    assert (homes["fpc_hh"] == homes["psu"].map(listed)).all()


def test_towns_answer_less(survey):
    drawn_per_area = 14
    answered = survey.households.frame.groupby(["region", "urban", "psu"]).size() / drawn_per_area
    rate = answered.groupby(["region", "urban"]).mean()
    assert rate[1, 1] < rate[7, 2] - 0.05
    assert 0.8 < survey.response_rate < 0.95


def test_the_same_seed_writes_the_same_bytes(country, survey, files, tmp_path):
    again = write_survey(draw_survey(country, seed=5), tmp_path)
    for first, second in zip(files, again, strict=True):
        assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("which", "variables"), [(0, PERSON_VARIABLES), (1, HOUSEHOLD_VARIABLES)], ids=["p", "h"]
)
def test_files_read_back_with_their_meaning(survey, files, which, variables):
    written = (survey.persons, survey.households)[which]
    data = read(files[which])
    assert list(data.frame.columns) == [variable.name for variable in variables]
    assert len(data) == len(written)
    for variable in variables:
        found = data.variables[variable.name]
        assert found.label == variable.label
        assert dict(found.answers) == dict(variable.answers)
        assert dict(found.missing) == dict(variable.missing)
        assert len(variable.label) <= 80
        np.testing.assert_array_equal(data.frame[variable.name], written.frame[variable.name])
        assert data.missing_reasons(variable.name).equals(written.missing_reasons(variable.name))


def test_files_declare_their_design(files):
    for file in files:
        data = read(file)
        assert data.design == DESIGN
        assert data.weight == "weight"
        assert len(Sample(data).weight) == len(data)


def test_another_program_sees_declared_codes(files):
    frame, meta = pyreadstat.read_sav(files[0], user_missing=True)
    assert {98, 99} <= set(frame["lfs"].dropna())
    assert {one["lo"] for one in meta.missing_ranges["lfs"]} == {98, 99}
    assert meta.variable_value_labels["lfs"][99] == "Refused"
    assert {one["lo"] for one in meta.missing_ranges["mb_cob"]} == {998, 999}
    assert meta.file_label.startswith("Auralia household survey")


def test_answers_follow_the_questionnaire(survey):
    homes = survey.households.frame
    assert homes.loc[homes["ri_any"] != 1, "ri_cash"].isna().all()
    assert (homes.loc[homes["ri_any"] == 2, "rem_total"] == 0).all()
    assert homes.loc[homes["ri_any"].isna(), "rem_total"].isna().all()
    assert homes.loc[homes["ab_any"] == 2, "ab_count"].isna().all()
    people = survey.persons.frame
    assert people.loc[people["age"] < 15, "lfs"].isna().all()


def test_refusals_have_their_reasons(survey):
    earn = survey.persons.missing_reasons("earn").set_index("label")["count"]
    answered = survey.persons.frame["earn"].notna().sum()
    assert 0.05 < earn["Refused"] / (answered + earn["Refused"] + earn["Does not know"]) < 0.11
    assert earn["blank, no reason recorded"] > 0  # not asked: no job
