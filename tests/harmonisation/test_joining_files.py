"""Households of persons, rosters of households: rows that belong together, checked."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpsurvey.errors import ColumnMissing, MpsurveyError
from mpsurvey.harmonisation import Crosswalk, Linked, Mapped, harmonise
from mpsurvey.harmonisation.known import known_catalogue

CATALOGUE = known_catalogue()

PERSONS = pd.DataFrame(
    {"cl": [1, 1, 1, 2, 2, 3], "no": [1, 1, 2, 1, 1, 9], "yrs": [40, 8, 30, 61, 19, 5]}
)
HOUSES = pd.DataFrame(
    {"CL": [2, 1, 1, 4], "NO": [1, 1, 2, 4], "urb": [2, 1, 1, 1], "inc": [50, 90, 70, 1]}
)
ABROAD = pd.DataFrame(
    {
        "CL": [1, 1, 2, 7],
        "NO": [1, 1, 1, 7],
        "went": [2023, 2010, 2021, 2020],
        "stay": [1, 1, 2, 1],
        "dest": [643, 792, 643, 643],
        "rel": [3, 8, 2, 3],
        "kids": [0, 0, 1, 0],
    }
)
KEY = {"cl": "CL", "no": "NO"}


def walk():
    return Crosswalk(
        id="two_files",
        home=268,
        household=("cl", "no"),
        files={
            "houses": Linked(name="houses", unit="household", key=KEY),
            "ab_roster": Linked(name="ab_roster", unit="roster", key=KEY),
        },
    ).mapping(
        Mapped(name="age", column="yrs"),
        Mapped(name="urban", column="urb", file="houses"),
        Mapped(name="hh_inc", column="inc", file="houses"),
    )


def with_roster():
    rows = [("ab_year", "went"), ("ab_stay12", "stay"), ("ab_dest", "dest"), ("ab_rel", "rel"),
            ("ab_kids", "kids")]  # fmt: skip
    return walk().mapping(
        Mapped(name="ab_any", column="any"),
        *(Mapped(name=name, column=column, file="ab_roster") for name, column in rows),
    )


def run(persons=PERSONS, crosswalk=None, **files):
    return harmonise(persons, crosswalk or walk(), files=files, catalogue=CATALOGUE)


def test_household_answers_come_to_each_person():
    got = run(houses=HOUSES)
    assert got.frame["hh_inc"].tolist()[:5] == [90, 90, 70, 50, 50]
    assert np.isnan(got.frame["hh_inc"].iloc[5])
    assert got.frame["hh_id"].tolist() == ["1-1", "1-1", "1-2", "2-1", "2-1", "3-9"]
    joins = {f.what: (f.count, f.of) for f in got.report.of_kind("join")}
    assert joins == {
        "rows of the main file without a household in it": (1, 6),
        "rows without a row of the main file": (1, 4),
    }
    assert (got.of["hh_inc"], got.of["age"]) == ("household", "person")


def test_one_row_for_each_household():
    got = run(houses=HOUSES).at_households()
    assert got.frame["hh_inc"].tolist()[:3] == [90, 70, 50]
    assert len(got) == 4
    assert "age" not in got.frame
    with pytest.raises(MpsurveyError, match="hh_id"):
        harmonise(PERSONS, Crosswalk(id="x").mapping(Mapped(name="age", column="yrs")),
                  catalogue=CATALOGUE).at_households()  # fmt: skip


def test_a_household_on_two_rows_is_refused():
    twice = pd.concat([HOUSES, HOUSES.iloc[[1]]])
    with pytest.raises(MpsurveyError, match="'houses' has 1 households on more than one row"):
        run(houses=twice)


def test_keys_must_be_there_and_of_one_kind():
    with pytest.raises(ColumnMissing, match="key in 'houses'"):
        run(houses=HOUSES.rename(columns={"CL": "cluster"}))
    with pytest.raises(MpsurveyError, match="text in the houses and a number in the main file"):
        run(houses=HOUSES.astype({"CL": str}))
    with pytest.raises(MpsurveyError, match="stands in the file 'houses': give files="):
        run()
    with pytest.raises(MpsurveyError, match="Did you mean 'houses'"):
        run(house=HOUSES)


def test_rosters_are_gathered_for_households():
    persons = PERSONS.assign(any=[1, 1, 2, 1, 1, 2], int_year=2024, int_month=6)
    crosswalk = with_roster().mapping(
        Mapped(name="int_year", column="int_year"),
        Mapped(name="ab_count", column="n", optional=True),
    )
    got = run(persons, crosswalk, houses=HOUSES, ab_roster=ABROAD)
    assert got.frame["emig_count"].tolist() == [2, 2, 0, 0, 0, 0]
    assert got.frame["transnat_hh"].tolist() == [1, 1, 0, 1, 1, 0]
    roster = got.rosters["ab_roster"]
    assert roster.frame["emigrant"].tolist() == [1, 1, 0, 1]
    assert roster.frame["urban"].tolist()[:3] == [1, 1, 2]  # the household's, beside each row
    assert "age" not in roster.frame  # a person's, and not of the row
    lost = [f for f in got.report.of_kind("join") if f.variable == "ab_roster"]
    assert [(f.count, f.of) for f in lost] == [(1, 4)]


def test_rows_of_a_roster_are_compared_with_the_number_said():
    persons = PERSONS.assign(any=[1, 1, 2, 1, 1, 2], n=[2, 2, np.nan, 3, 3, np.nan])
    crosswalk = with_roster().mapping(Mapped(name="ab_count", column="n"))
    got = run(persons, crosswalk, houses=HOUSES, ab_roster=ABROAD)
    said = [f for f in got.report.of_kind("join") if "ab_count" in f.what]
    assert [(f.count, f.of) for f in said] == [(2, 6)]


def test_a_sum_with_an_unknown_part_is_unknown():
    trips = pd.DataFrame(
        {"h": [1, 1, 2, 3], "earn": [100.0, np.nan, 70.0, 30.0], "cost": [10.0, 5.0, 20.0, 1.0],
         "why": [1, 1, 1, 4]}
    )  # fmt: skip
    people = pd.DataFrame({"h": [1, 2, 3, 4], "yrs": [30] * 4, "any": [1, 1, 1, 2]})
    crosswalk = Crosswalk(
        id="trips", files={"tr_roster": Linked(name="tr_roster", unit="roster", key={"h": "h"})}
    ).mapping(
        Mapped(name="age", column="yrs"),
        Mapped(name="tr_any", column="any"),
        Mapped(name="tr_earn", column="earn", file="tr_roster"),
        Mapped(name="tr_spent", column="cost", file="tr_roster"),
        Mapped(name="tr_purp", column="why", file="tr_roster"),
        Mapped(name="tr_work", file="tr_roster", absent=True),
        Mapped(name="tr_pattern", file="tr_roster", absent=True),
    )
    got = harmonise(people, crosswalk, files={"tr_roster": trips}, catalogue=CATALOGUE)
    assert [None if np.isnan(v) else v for v in got.frame["tr_coe"]] == [None, 50, 0, 0]
    assert got.frame["tr_works"].tolist() == [2, 1, 0, 0]


@settings(max_examples=40, deadline=None)
@given(
    persons=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=25),
    houses=st.sets(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=12),
)
def test_joins_agree_with_a_merge(persons, houses):
    main = pd.DataFrame(persons, columns=["cl", "no"]).assign(yrs=20)
    other = pd.DataFrame(sorted(houses), columns=["CL", "NO"]).astype("int64")
    other = other.assign(urb=1, inc=np.arange(len(other), dtype=float))
    got = run(main, houses=other)
    want = main.merge(other, left_on=["cl", "no"], right_on=["CL", "NO"], how="left")["inc"]
    np.testing.assert_array_equal(got.frame["hh_inc"].to_numpy(dtype=float), want.to_numpy())
