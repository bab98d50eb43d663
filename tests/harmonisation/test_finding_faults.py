"""What is wrong in a file is listed once, with its count, and shows nobody's answers."""

import numpy as np
import pandas as pd
import pytest

from mpsurvey.errors import MpsurveyError
from mpsurvey.harmonisation import Crosswalk, harmonise
from mpsurvey.harmonisation.known import known_catalogue

CATALOGUE = known_catalogue()


def people(**columns):
    frame = pd.DataFrame({"int_year": 2024, "int_month": 6, **columns})
    walk = Crosswalk.of_same_names(frame, CATALOGUE_NAMES)
    return frame, walk


CATALOGUE_NAMES = {q.name for q in CATALOGUE.questions} | set(CATALOGUE.hosts)


def run(frame, walk, **more):
    return harmonise(frame, walk, home=268, catalogue=CATALOGUE, **more)


def test_arrival_before_birth_and_in_the_future():
    frame, walk = people(
        age=[30, 30, 30, 30],
        mb_cob=[643] * 4,
        mb_arr_year=[2000, 1990, 2031, 1850],
    )
    got = run(frame, walk)
    (dates,) = got.report.of_kind("date")
    assert (dates.variable, dates.count, dates.of) == ("mb_arr_year", 2, 4)
    (before_birth,) = got.report.of_kind("impossible")
    assert (before_birth.count, before_birth.share) == (2, 0.5)
    assert "worth a look" in before_birth.what
    assert got.frame["mb_arr_year"].tolist() == [2000, 1990, 2031, 1850]


def test_duration_above_age():
    frame, walk = people(age=[30, 30], mv_always=[2, 2], mv_dur=[12, 41])
    (finding,) = run(frame, walk).report.of_kind("impossible")
    assert (finding.variable, finding.count, finding.of) == ("mv_dur", 1, 2)


def test_values_that_fail_can_be_made_missing_or_stop_the_work():
    frame, walk = people(age=[30, 130, 20])
    got = run(frame, walk, strict={"impossible": "missing"})
    assert got.frame["age"].isna().tolist() == [False, True, False]
    assert "made missing" in str(got.report)
    with pytest.raises(MpsurveyError, match=r"age: not so: .* \(1 of 3 rows, 33.3%\)"):
        run(frame, walk.but(checks={"impossible": "fail"}))
    assert run(frame, walk.but(checks={"impossible": "fail"}), strict=False).report.findings


def test_special_numbers_stand_outside_the_checks():
    frame, walk = people(
        age=[30, 30], mb_ever_abr=[1, 1], mb_cob=[268, 268], mb_cit_home=[1, 1], rt_job_mo=[997, 5]
    )
    got = run(frame, walk)
    assert not got.report.about("rt_job_mo")
    assert got.frame["rt_months"].isna().tolist() == [True, False]


def test_broken_routing_both_ways():
    frame, walk = people(
        age=[30, 30, 30, 30, 30],
        mb_cob=[268, 268, 643, 643, 999],
        mb_ever_abr=[2, 2, 1, 1, 2],
        mb_arr_year=[np.nan, 2001, 2002, np.nan, np.nan],
        mb_reason=[np.nan, np.nan, 11, 98, np.nan],
    )
    got = run(frame, walk)
    said = {
        (f.variable, f.what.split(",")[0]): (f.count, f.of) for f in got.report.of_kind("routing")
    }
    assert said == {
        ("mb_arr_year", "answered"): (1, 3),
        ("mb_arr_year", "blank"): (1, 2),
    }


def test_a_skip_code_is_a_blank_and_an_unmapped_code_is_not():
    frame, walk = people(age=[30, 30], mb_cob=[643, 643], mb_ever_abr=[1, 1], mb_reason=[-7, 7])
    got = run(frame, walk.but(missing=(-7,), not_asked=(-7,)))
    blank = [f for f in got.report.of_kind("routing") if f.variable == "mb_reason"]
    assert [f.count for f in blank] == [1]
    assert [f.count for f in got.report.of_kind("unmapped")] == [1]


def test_what_cannot_be_checked_is_said():
    frame = pd.DataFrame({"mb_arr_year": [2000]})
    got = run(frame, Crosswalk.of_same_names(frame, CATALOGUE_NAMES))
    assert got.report.not_checked["who is asked 'mb_arr_year'"] == ("mb_cob", "mb_ever_abr")


def test_a_household_variable_that_differs_inside_a_household():
    frame, walk = people(hh_id=[1, 1, 2, 2, 3], hh_size=[2, 2, 2, 3, 1], age=[30, 4, 60, 58, 20])
    (finding,) = run(frame, walk).report.of_kind("unit")
    assert (finding.variable, finding.count, finding.of) == ("hh_size", 1, 3)


def test_the_report_shows_nobody():
    frame, walk = people(age=[30, 451, 30], mb_cob=[643] * 3, mb_ever_abr=[1] * 3,
                         mb_arr_year=[2000, 2077, 1999])  # fmt: skip
    report = run(frame, walk).report
    text = str(report) + report.to_frame().to_csv()
    assert "451" not in text
    assert "2077" not in text
    assert list(report.to_frame()) == [
        "kind", "variable", "what", "count", "of", "share", "action", "place",
    ]  # fmt: skip
