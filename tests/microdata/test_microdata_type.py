"""Microdata and Variable: missing reasons, words, choosing, and that nothing changes in place."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpsurvey.errors import ColumnMissing, MpsurveyError
from mpsurvey.microdata import Microdata, Variable

C5 = Variable(
    "c5_02",
    "Income from remittances from abroad",
    "categorical",
    {-9: "Break off", -2: "Refused", -1: "Does not know", 0: "No", 1: "Yes"},
)


@pytest.fixture
def people() -> Microdata:
    frame = pd.DataFrame({"c5_02": [0, 1, -1, -1, -2, 0], "age": [20, 31, 44, -1, 60, 71]})
    return Microdata(frame, {"c5_02": C5})


def test_ordinary_codes_become_missing_with_their_labels_as_reasons(people):
    declared = people.declare_missing({"c5_02": [-9, -7, -2, -1]})
    assert declared.missing_reasons("c5_02").to_numpy().tolist() == [
        [-9, "Break off", 0],
        [-7, "", 0],
        [-2, "Refused", 1],
        [-1, "Does not know", 2],
    ]
    assert declared["c5_02"].dropna().tolist() == [0, 1, 0]
    assert declared.variables["c5_02"].answers == {0: "No", 1: "Yes"}
    assert people["c5_02"].tolist() == [0, 1, -1, -1, -2, 0]
    assert people.variables["c5_02"] == C5


def test_a_list_of_codes_counts_only_where_they_have_a_label(people):
    declared = people.declare_missing([-2, -1])
    assert declared["c5_02"].isna().sum() == 3
    assert declared["age"].tolist() == [20, 31, 44, -1, 60, 71]


def test_ranges_and_words_of_ones_own(people):
    declared = people.declare_missing({"c5_02": [(-9, -2)], "age": {-1: "Not stated"}})
    assert declared.missing_reasons("c5_02")["code"].tolist() == [-9, -2]
    assert declared.variables["c5_02"].missing_ranges == ((-9.0, -2.0),)
    assert declared.missing_reasons("age").to_numpy().tolist() == [[-1, "Not stated", 1]]
    assert declared.missing_reasons("c5_02")["count"].sum() == declared["c5_02"].isna().sum()


def test_declaring_twice_adds_up(people):
    twice = people.declare_missing({"c5_02": [-1]}).declare_missing({"c5_02": [-2]})
    at_once = people.declare_missing({"c5_02": [-1, -2]})
    assert twice.missing_reasons("c5_02").equals(at_once.missing_reasons("c5_02"))
    assert twice.variables["c5_02"] == at_once.variables["c5_02"]


def test_a_labelled_number_without_its_codes_is_a_number():
    income = Variable("y", "Income", "categorical", {-1: "Does not know"})
    data = Microdata(pd.DataFrame({"y": [100, -1]}), {"y": income}).declare_missing({"y": [-1]})
    assert data.variables["y"].kind == "integer"


def test_a_date_with_labelled_codes_becomes_a_date_when_they_are_missing():
    day = Variable("day", "Interview", "integer", {-1: "Does not know"}, format="%td")
    data = Microdata(pd.DataFrame({"day": [21_092, -1]}), {"day": day})
    assert data.variables["day"].kind == "integer"
    declared = data.declare_missing([-1])
    assert declared.variables["day"].kind == "date"
    assert declared["day"].dropna().tolist() == [pd.Timestamp("2017-09-30")]
    assert declared.missing_reasons("day")["label"].tolist() == ["Does not know"]


def test_text_codes_can_be_missing():
    data = Microdata(pd.DataFrame({"t": ["yes", "NA ", "no", None]})).declare_missing({"t": ["NA"]})
    assert data["t"].dropna().tolist() == ["yes", "no"]
    assert data.missing_reasons("t").to_numpy().tolist() == [
        ["NA", "", 1],
        [None, "blank, no reason recorded", 1],
    ]


def test_mistakes_are_named(people):
    with pytest.raises(ColumnMissing, match=r"'c5_2' for missing codes\. Did you mean 'c5"):
        people.declare_missing({"c5_2": [-1]})
    with pytest.raises(MpsurveyError, match=r"\(9, 1\) is not a range"):
        people.declare_missing({"age": [(9, 1)]})
    with pytest.raises(ColumnMissing, match="Did you mean 'age'"):
        people.label("agee")
    with pytest.raises(ColumnMissing, match="No column 'x'"):
        people.select(["age", "x"])
    with pytest.raises(ColumnMissing, match="No column 'sex'"):
        Microdata(pd.DataFrame({"age": [1]}), {"sex": Variable("sex")})
    with pytest.raises(MpsurveyError, match="kind 'number'"):
        Variable("x", kind="number")
    with pytest.raises(MpsurveyError, match="give the lower end first"):
        Variable("x", missing_ranges=((9, 1),))
    with pytest.raises(MpsurveyError, match="more than one column named a"):
        Microdata(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_words(people):
    assert people.label("c5_02") == "Income from remittances from abroad"
    assert people.label("age") == "age"
    assert people.label("c5_02", 1) == "Yes"
    assert people.label("c5_02", 7) == "7"
    assert people.declare_missing({"c5_02": [-1]}).label("c5_02", -1) == "Does not know"
    shown = people.declare_missing([-9, -2, -1]).labelled("c5_02")
    assert shown.cat.categories.tolist() == ["No", "Yes"]
    assert shown.isna().tolist() == [False, False, True, True, True, False]


def test_two_codes_with_one_label_stay_apart():
    y = Variable("y", answers={1: "Other", 2: "Other", 3: "Home"})
    shown = Microdata(pd.DataFrame({"y": [1, 2, 3, 4]}), {"y": y}).labelled("y")
    assert shown.tolist() == ["Other (1)", "Other (2)", "Home", "4"]


def test_choosing_columns_and_rows_keeps_reasons_in_step(people):
    declared = people.declare_missing([-2, -1])
    some = declared.take(np.array([True, False, True, False, True, False]))
    assert some.missing_reasons("c5_02")["count"].tolist() == [1, 1]
    assert some.select(["c5_02"]).columns == ("c5_02",)
    assert declared.take(slice(0, 2)).missing_reasons("c5_02")["count"].tolist() == [0, 0]


def test_the_callers_frame_stays_as_it_was():
    frame = pd.DataFrame({"y": [1, 9]})
    data = Microdata(frame, {"y": Variable("y", missing={9: "Refused"})})
    assert data["y"].isna().tolist() == [False, True]
    assert frame["y"].tolist() == [1, 9]


def test_other_frames_are_taken_and_lazy_ones_refused():
    data = Microdata(pl.DataFrame({"y": [1, 2]}), {"y": Variable("y", "Why")})
    assert isinstance(data.frame, pd.DataFrame)
    with pytest.raises(MpsurveyError, match="collect a lazy one"):
        Microdata(pl.LazyFrame({"y": [1]}))


def test_it_prints_no_respondent(people):
    shown = repr(people.describe("age", label="Age"))
    assert "6 rows, 2 variables" in shown
    for value in ("44", "71"):
        assert value not in shown


def test_it_acts_like_a_mapping_of_columns(people):
    assert len(people) == 6
    assert list(people) == ["c5_02", "age"]
    assert "age" in people
    assert people.of_kind("integer") == ("age",)
    assert people.columns == ("c5_02", "age")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-9, 9), min_size=1, max_size=30),
    st.lists(st.integers(-9, 9), unique=True, max_size=6),
)
def test_counts_of_reasons_are_counts_of_codes(values, codes):
    data = Microdata(pd.DataFrame({"y": values})).declare_missing({"y": codes})
    counted = dict(data.missing_reasons("y")[["code", "count"]].to_numpy().tolist())
    assert counted == {code: values.count(code) for code in codes}
    assert data["y"].dropna().tolist() == [one for one in values if one not in codes]
