"""What is written and read again is the same: answers, words, reasons, kinds, the design."""

from __future__ import annotations

import warnings
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mpsurvey.declaration import Brr, Design, Jackknife
from mpsurvey.microdata import FileWarning, Microdata, MultipleResponse, Variable, read, write

LOSSLESS = ("sav", "zsav", "dta", "parquet")
WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12
)


@st.composite
def variables(draw, name, rows):
    """A column and its description, with codes that are missing."""
    kind = draw(st.sampled_from(["codes", "whole", "decimal", "text", "day", "moment", "clock"]))
    blank = draw(st.lists(st.booleans(), min_size=rows, max_size=rows))
    label = draw(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=60))
    label = label.strip()
    if kind in ("codes", "whole", "decimal"):
        low, high = (1, 9) if kind == "codes" else (-50_000, 50_000)
        numbers = st.integers(low, high).map(float)
        if kind == "decimal":
            numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda one: one + 0.0)
        values = np.array(draw(st.lists(numbers, min_size=rows, max_size=rows)), dtype=float)
        reasons = draw(st.lists(st.sampled_from([100_097, 100_098, 100_099]), unique=True))
        missing = {code: draw(st.one_of(st.just(""), WORDS)) for code in reasons}
        for row in range(rows):
            if reasons and draw(st.booleans()):
                values[row] = draw(st.sampled_from(reasons))
        values[blank] = np.nan
        answers = {}
        if kind == "codes":
            answers = {code: draw(WORDS) for code in range(1, 10)}
        given_kind = {"codes": "categorical", "whole": "integer", "decimal": "decimal"}[kind]
        return values, Variable(name, label, given_kind, answers, missing)
    if kind == "text":
        texts = draw(st.lists(WORDS, min_size=rows, max_size=rows))
        series = pd.Series(
            [None if absent else text for text, absent in zip(texts, blank, strict=True)],
            dtype="str",
        )
        return series, Variable(name, label, "text")
    seconds = draw(
        st.lists(st.integers(-4_000_000_000, 8_000_000_000), min_size=rows, max_size=rows)
    )
    if kind == "clock":
        values = pd.Series([timedelta(seconds=abs(one) % 86_400) for one in seconds])
        return values.astype("timedelta64[us]").mask(blank), Variable(name, label, "time")
    start = datetime(1970, 1, 1)
    values = pd.Series([start + timedelta(seconds=one) for one in seconds]).astype("datetime64[us]")
    if kind == "day":
        return values.dt.normalize().mask(blank), Variable(name, label, "date")
    return values.mask(blank), Variable(name, label, "datetime")


@st.composite
def surveys(draw):
    rows = draw(st.integers(1, 6))
    names = [f"v{k}" for k in range(draw(st.integers(1, 5)))]
    made = {name: draw(variables(name, rows)) for name in names}
    return Microdata(
        pd.DataFrame({name: values for name, (values, _) in made.items()}),
        {name: variable for name, (_, variable) in made.items()},
        title=draw(WORDS),
        notes=tuple(draw(st.lists(WORDS, max_size=2))),
    )


def meaning(variable: Variable) -> Variable:
    """A variable without what only one program shows."""
    return variable.but(format=None, display_width=None, measure=None)


@pytest.mark.parametrize("ending", LOSSLESS)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(survey=surveys())
def test_nothing_changes_on_the_way_to_a_file_and_back(ending, survey, tmp_path):
    path = tmp_path / f"survey.{ending}"
    assert write(survey, path) == ()
    back = read(path)
    assert back.title == survey.title
    assert back.notes == survey.notes
    for name in survey:
        assert meaning(back.variables[name]) == meaning(survey.variables[name])
        pd.testing.assert_series_equal(back[name], survey[name], check_dtype=False)
        before = survey.missing_reasons(name).sort_values("code", ignore_index=True, key=str_of)
        after = back.missing_reasons(name).sort_values("code", ignore_index=True, key=str_of)
        pd.testing.assert_frame_equal(after, before, check_dtype=False)
        if name in survey.reasons:
            for code in survey.reasons[name].codes:
                same = back.reasons[name].where(code) == survey.reasons[name].where(code)
                assert same.all()


def str_of(codes: pd.Series) -> pd.Series:
    return codes.map(str)


def survey_of(**columns) -> Microdata:
    described = {name: one for name, (_, one) in columns.items()}
    return Microdata(
        pd.DataFrame({name: values for name, (values, _) in columns.items()}), described
    )


@pytest.mark.parametrize("ending", LOSSLESS)
def test_the_design_weight_and_multiple_response_sets_are_kept(ending, tmp_path):
    frame = pd.DataFrame(
        {"w": [1.5, 2.5], "h": [1, 1], "ea": [1, 2], "n": [40, 40], "r1": [1.0, 2], "r2": [2.0, 1]}
    ).assign(m1=[0, 1], m2=[1, 1])
    design = Design(
        "w",
        strata="h",
        psu="ea",
        fpc="n",
        replicates=Brr(("r1", "r2"), fay=0.3),
        lonely_psu="centre",
    )
    sets = {"why": MultipleResponse("why", ("m1", "m2"), "Why did you move?", 1)}
    survey = Microdata(frame, {}, None, design, weight="w", multiple_response=sets)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FileWarning)
        write(survey, tmp_path / f"s.{ending}")
    back = read(tmp_path / f"s.{ending}")
    assert back.design == design
    assert back.weight == "w"
    assert back.multiple_response == sets


def test_a_jackknife_keeps_its_multipliers_in_stata(tmp_path):
    design = Design("w", replicates=Jackknife(("r1", "r2"), multipliers=(0.5, 0.75)))
    frame = pd.DataFrame({"w": [1.0, 2], "r1": [0.0, 2], "r2": [2.0, 0]})
    write(Microdata(frame, {}, None, design), tmp_path / "s.dta")
    assert read(tmp_path / "s.dta").design == design


def test_spss_ranges_and_codes_survive(tmp_path):
    age = Variable(
        "age", "Age", "integer", missing={99: "Refused", -1: ""}, missing_ranges=((-9, -1),)
    )
    survey = survey_of(age=([30, -3, 99, 45, -1], age))
    assert survey.reasons["age"].codes == (99, -1, -3)
    for ending in LOSSLESS:
        write(survey, tmp_path / f"s.{ending}")
        back = read(tmp_path / f"s.{ending}")
        assert back.variables["age"].missing_ranges == ((-9.0, -1.0),)
        assert dict(back.missing_reasons("age")[["code", "count"]].to_numpy().tolist()) == {
            99: 1,
            -3: 1,
            -1: 1,
        }


def test_five_codes_become_one_spss_range_and_come_back_as_five_codes(tmp_path):
    words = {-9: "Break off", -7: "Skip", -3: "Error", -2: "Refused", -1: "Does not know"}
    y = Variable("y", "", "categorical", {0: "No", 1: "Yes"}, words)
    survey = survey_of(y=([0, 1, -9, -2, -1], y))
    assert write(survey, tmp_path / "s.sav") == ()
    back = read(tmp_path / "s.sav")
    assert back.variables["y"].missing == words
    assert back.variables["y"].missing_ranges == ()


def test_a_reason_that_spss_cannot_declare_becomes_blank_and_is_named(tmp_path):
    codes = {2: "a", 4: "b", 6: "c", 8: "d", 10: "e"}
    survey = survey_of(y=([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], Variable("y", missing=codes)))
    with pytest.warns(FileWarning, match="the reason .* in 'y'"):
        write(survey, tmp_path / "s.sav")
    back = read(tmp_path / "s.sav")
    assert back["y"].dropna().tolist() == [1, 3, 5, 7, 9]


def test_stata_letters_get_codes_in_spss_and_come_back(tmp_path):
    y = Variable("y", missing={".a": "Refused", ".z": "Absent"})
    survey = survey_of(y=([1.0, 2.0], y))
    write(survey, tmp_path / "s.sav")
    assert read(tmp_path / "s.sav").variables["y"].missing == y.missing


def test_long_labels_texts_and_words_that_quote(tmp_path):
    long = 'It\'s "long": ' + "щ" * 200
    survey = survey_of(
        t=(["x" * 3000, "short"], Variable("t", long, "text", question="What's \u2018this\u2019?"))
    )
    for ending in ("dta", "sav"):
        with pytest.warns(FileWarning, match="the end of"):
            write(survey, tmp_path / f"s.{ending}")
        back = read(tmp_path / f"s.{ending}")
        assert back.variables["t"].label == long
        assert back.variables["t"].question == survey.variables["t"].question
        assert back["t"].tolist() == survey["t"].tolist()


def test_pandas_reads_our_stata_file_alike(tmp_path):
    survey = survey_of(
        sex=(
            [1, 2, 9],
            Variable("sex", "Sex", "categorical", {1: "Man", 2: "Woman"}, {9: "Refused"}),
        ),
        pay=([1.25, np.nan, 1e10], Variable("pay", "Pay")),
        day=(pd.to_datetime(["2020-02-29", None, "1931-01-02"]), Variable("day", kind="date")),
        name=(["Ñandú", "", "x" * 2500], Variable("name", kind="text")),
    )
    write(survey, tmp_path / "s.dta")
    frame = pd.read_stata(tmp_path / "s.dta", convert_categoricals=False)
    assert frame["sex"].tolist()[:2] == [1, 2]
    assert np.isnan(frame["sex"].tolist()[2])
    assert frame["pay"].tolist()[::2] == [1.25, 1e10]
    assert frame["day"].tolist()[0] == pd.Timestamp("2020-02-29")
    assert frame["name"].tolist() == ["Ñandú", "", "x" * 2500]
    with pd.io.stata.StataReader(tmp_path / "s.dta") as reader:
        assert reader.variable_labels()["sex"] == "Sex"
        assert reader.value_labels()["sex"][1] == "Man"


def test_names_that_a_format_does_not_allow_are_changed_and_said(tmp_path):
    survey = Microdata(pd.DataFrame({"age (years)": [1], "if": [2], "a.b": [3]}))
    with pytest.warns(FileWarning, match="'age \\(years\\)' \\(now 'age__years_'\\)"):
        write(survey, tmp_path / "s.dta")
    assert read(tmp_path / "s.dta").columns == ("age__years_", "if_", "a_b")


def test_csv_and_transport_files_say_what_they_lose(tmp_path):
    survey = survey_of(y=([1, 9], Variable("y", "Y", missing={9: "Refused"})))
    with pytest.warns(FileWarning, match="why answers are missing"):
        lost = write(survey, tmp_path / "s.csv")
    assert "labels" in lost
    with pytest.warns(FileWarning, match="why answers are missing"):
        write(survey, tmp_path / "s.xpt")
    assert read(tmp_path / "s.csv")["y"].tolist()[0] == 1
    assert read(tmp_path / "s.xpt").label("y") == "Y"
