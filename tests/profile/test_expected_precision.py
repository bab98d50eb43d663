"""The precision of each indicator is promised before an interview, from an earlier round."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import mpsurvey as mp
from mpsurvey.cli import app
from mpsurvey.errors import ColumnMissing, DesignError
from mpsurvey.planning import Figure
from mpsurvey.profile import expected_precision

INDICATORS = ("EMP01", "EMP03", "EMP18")


@pytest.fixture(scope="module")
def country():
    """A country of 60,000 adults in 1,500 areas of three regions, immigrants living together."""
    rng = np.random.default_rng(8)
    area = np.repeat(np.arange(1500), 40)
    region = np.repeat(rng.choice(["border", "coast", "inland"], 1500, p=[0.2, 0.3, 0.5]), 40)
    lean = pd.Series({"border": 0.10, "coast": 0.04, "inland": 0.02})[region].to_numpy()
    chance = np.clip(lean * np.exp(rng.normal(-0.1, 0.5, 1500))[area], 0, 0.9)
    immigrant = rng.random(60_000) < chance
    rate = 0.08 + 0.06 * immigrant + rng.normal(0, 0.02, 1500)[area]
    return pd.DataFrame(
        {
            "ea": area,
            "region": region,
            "age": 30,
            "mig_status": immigrant.astype(int),
            "lfs": np.where(rng.random(60_000) < rate, 2, 1),
        }
    )


@pytest.fixture(scope="module")
def indicators():
    return mp.load_catalogue().indicators(*INDICATORS)


@pytest.fixture(scope="module")
def allocation(country):
    strata = country.groupby("region").agg(
        population=("ea", "size"), immigrant=("mig_status", "mean")
    )
    return mp.allocate(
        strata.reset_index(names="stratum"), method="bethel", cost=20, cost_psu=100, take=10,
        icc=0.02, figures={"immigrants": Figure(mean="immigrant", icc=0.02)},
        targets=[{"figure": "immigrants", "cv": 0.08}],
    )  # fmt: skip


def surveyed(country, areas, seed):
    stages = [{"unit": "ea", "strata": "region", "n": areas, "method": "srs"}, {"n": 10}]
    return mp.Sample(mp.draw(country, stages, seed=seed))


EARLIER = {"border": 40, "coast": 40, "inland": 40}


def test_promised_precision_is_met_within_ten_percent(country, indicators, allocation):
    """Means over 16 rounds and 16 surveys: each mean is good to about 3 %."""
    promised, met = [], []
    for seed in range(16):
        earlier = surveyed(country, EARLIER, seed)
        found = expected_precision(earlier, indicators, plan=allocation, stratum="region").frame
        promised.append(found["se"] / 100)
        survey = surveyed(country, allocation.units, 100 + seed)
        met.append(mp.tabulate(survey, indicators).frame["se"])
    ratio = np.mean(promised, axis=0) / np.mean(met, axis=0)
    np.testing.assert_allclose(ratio, 1, atol=0.10)


def test_the_same_survey_again_has_the_same_precision(country, indicators):
    earlier = surveyed(country, EARLIER, 3)
    found = expected_precision(earlier, indicators, ("region",), plan=1200).frame
    known = mp.tabulate(earlier, indicators, by=("region",)).frame
    np.testing.assert_allclose(found["se"], 100 * known["se"], rtol=1e-12)
    np.testing.assert_allclose(found["n"], known["n"])


def test_four_times_the_interviews_halve_the_standard_error(country, indicators):
    earlier = surveyed(country, EARLIER, 3)
    one, four = (expected_precision(earlier, indicators, plan=n).frame["se"] for n in (1200, 4800))
    np.testing.assert_allclose(one, 2 * four)


def test_only_the_strata_that_grow_give_more(country, indicators, allocation):
    earlier = surveyed(country, EARLIER, 3)
    found = expected_precision(
        earlier, indicators, ("region",), plan=allocation, stratum="region"
    ).frame
    shares = found[(found["indicator"] == "EMP01") & (found["breakdown"] == "region")]
    sizes = allocation.frame.set_index("stratum")["n"]
    np.testing.assert_allclose(shares["n"], [sizes[one] for one in shares["group"]])
    change = shares["cv"] / shares["cv_earlier"]
    np.testing.assert_allclose(change, [np.sqrt(400 / sizes[one]) for one in shares["group"]])


def test_more_people_in_each_area_give_less_than_more_areas(country, indicators, allocation):
    earlier = surveyed(country, EARLIER, 3)
    alone, alike = (
        expected_precision(earlier, indicators, plan=allocation, stratum="region", icc=icc)
        for icc in (0.0, 0.3)
    )
    np.testing.assert_allclose(alone.frame["se"], alike.frame["se"])  # ten in each, then and now
    wider = mp.allocate(
        allocation.frame[["stratum", "population"]], method="proportional", n=3000, take=30,
        icc=0.3, cost=20, cost_psu=100,
    )  # fmt: skip
    alone, alike = (
        expected_precision(earlier, indicators, plan=wider, stratum="region", icc=icc).frame["se"]
        for icc in (0.0, 0.3)
    )
    np.testing.assert_allclose(alike / alone, np.sqrt((1 + 29 * 0.3) / (1 + 9 * 0.3)))


def test_figures_that_cannot_be_published_are_named(country, indicators):
    earlier = surveyed(country, {"border": 4, "coast": 4, "inland": 4}, 1)
    found = expected_precision(earlier, indicators, plan=24).frame
    assert set(found["publish"]) == {"too few respondents"}


def test_replicate_weights_grow_as_a_whole(country, indicators):
    earlier = mp.add_replicates(surveyed(country, EARLIER, 3), mp.Bootstrap(replicates=50, seed=1))
    one = expected_precision(earlier, indicators, plan=4800)
    known = mp.tabulate(earlier, indicators).frame["se"]
    np.testing.assert_allclose(one.frame["se"], 100 * known / 2)
    assert any("Replicate weights" in note for note in one.notes)


def test_strata_that_do_not_fit_are_named(country, indicators, allocation):
    earlier = surveyed(country[country["region"] != "coast"], {"border": 9, "inland": 9}, 1)
    with pytest.raises(DesignError, match="coast"):
        expected_precision(earlier, indicators, plan=allocation, stratum="region")
    with pytest.raises(ColumnMissing, match="regoin"):
        expected_precision(earlier, indicators, plan=allocation, stratum="regoin")


def test_a_plan_file_reports_what_the_survey_will_be_able_to_say(country, allocation, tmp_path):
    surveyed(country, EARLIER, 3).frame.to_pandas().to_csv(tmp_path / "earlier.csv", index=False)
    allocation.frame.assign(immigrant=[0.1, 0.04, 0.02]).to_csv(
        tmp_path / "strata.csv", index=False
    )
    (tmp_path / "plan.yaml").write_text(
        """
title: Survey 2027
allocation:
  strata: strata.csv
  method: proportional
  n: 6000
  figures: {immigrants: immigrant}
expected:
  earlier: earlier.csv
  design: {weight: base_weight, strata: region, psu: ea}
  stratum: region
  indicators: [EMP01, EMP18]
  by: [region]
""",
        encoding="utf-8",
    )
    report = tmp_path / "plan.html"
    done = CliRunner().invoke(
        app, ["allocate", str(tmp_path / "plan.yaml"), "--report", str(report)]
    )
    assert done.exit_code == 0, done.output
    page = report.read_text(encoding="utf-8")
    assert "What it will be able to say" in page
    assert "Share of immigrants among the unemployed" in page
    book = tmp_path / "plan.xlsx"
    done = CliRunner().invoke(app, ["allocate", str(tmp_path / "plan.yaml"), "--report", str(book)])
    assert len(pd.read_excel(book, sheet_name="Indicators")) == 8


def test_a_wrong_word_in_the_plan_is_named(tmp_path):
    plan = tmp_path / "plan.yaml"
    plan.write_text("expected: {earleir: a.csv}\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["allocate", str(plan)])
    assert "earlier" in str(done.exception)
    assert "interviews" in str(done.exception)
