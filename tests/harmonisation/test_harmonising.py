"""From a file's own codes to the modules': recodes, missing answers, concepts, any frame."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mpsurvey as mp
from mpsurvey.errors import MpsurveyError
from mpsurvey.harmonisation import Band, Crosswalk, Mapped, harmonise
from mpsurvey.harmonisation.known import known_catalogue
from mpsurvey.microdata import Microdata, Reasons, Variable
from mpsurvey.rule import parse_formula, parse_rule

CATALOGUE = known_catalogue()


def walk(*mapped, **more):
    return Crosswalk(id="lfs", **more).mapping(*mapped)


def apply(frame, *mapped, home=268, **more):
    settings_of_walk = {k: more.pop(k) for k in ("missing", "not_asked", "checks") if k in more}
    return harmonise(
        frame, walk(*mapped, **settings_of_walk), home=home, catalogue=CATALOGUE, **more
    )


def listed(column):
    return [None if pd.isna(value) else value for value in column]


def test_recodes_bands_and_what_is_left_out():
    frame = pd.DataFrame({"B10": [1, 2, 15, 19, 20, 7, 7, np.nan]})
    got = apply(frame, Mapped(name="attend", column="B10", recode={1: 1, Band(10, 19): 2, 2: None}))
    assert listed(got.frame["attend"]) == [1, None, 2, 2, None, None, None, None]
    (finding,) = got.report.of_kind("unmapped")
    assert (finding.count, finding.of, finding.action) == (3, 8, "missing")
    assert finding.what == "no code of the modules for 7 2, 20 1"
    assert got.variables["attend"].answers == {1: "Yes", 2: "No"}
    assert frame["B10"].tolist()[:7] == [1, 2, 15, 19, 20, 7, 7]  # the caller's frame stays


def test_missing_codes_become_reasons_and_keep_their_words():
    asked = Variable(
        "q", "Q", "categorical", {1: "Yes", 0: "No", -1: "Don't know", -9: "Break off"}
    )
    file = Microdata(pd.DataFrame({"q": [1, 0, -1, -9, -1]}), {"q": asked})
    got = apply(file, Mapped(name="attend", column="q", recode={1: 1, 0: 2, -1: 98}), missing=(-9,))
    assert got.missing_reasons("attend").values.tolist() == [
        [98, "Does not know", 2],
        [-9, "Break off", 1],
    ]
    assert got.report.findings == ()


def test_reasons_that_the_file_declares_are_carried_over_or_recoded():
    asked = Variable(
        "q", "Q", "categorical", {1: "Yes", 2: "No"}, {9: "Refused", ".n": "Not applicable"}
    )
    reasons = Reasons.gather(4, [(9, [2]), (".n", [3])])
    file = Microdata(
        pd.DataFrame({"q": [1.0, 2.0, np.nan, np.nan]}), {"q": asked}, reasons={"q": reasons}
    )
    got = apply(file, Mapped(name="attend", column="q", recode={1: 1, 2: 2, ".n": 2}))
    assert listed(got.frame["attend"]) == [1, 2, None, 2]
    assert got.missing_reasons("attend").values.tolist() == [[9, "Refused", 1]]


def test_the_modules_own_codes_of_no_answer_are_missing():
    frame = pd.DataFrame({"sx": [1, 98, 99], "y": [2001, -98, 2019]})
    got = apply(frame, Mapped(name="attend", column="sx"), Mapped(name="mb_arr_year", column="y"))
    assert got.missing_reasons("attend")["code"].tolist() == [98, 99]
    assert got.missing_reasons("mb_arr_year").values.tolist() == [[-98, "Does not know", 1]]


def test_values_of_the_wrong_type():
    frame = pd.DataFrame({"a": ["31", " 40 ", "old", "", None], "b": [1.0, 2.5, 3.0, 4.0, np.nan]})
    got = apply(frame, Mapped(name="age", column="a"), Mapped(name="hours", column="b"))
    assert listed(got.frame["age"]) == [31, 40, None, None, None]
    assert listed(got.frame["hours"]) == [1, None, 3, 4, None]
    assert [(f.variable, f.count) for f in got.report.of_kind("type")] == [("age", 1), ("hours", 1)]


def test_texts_that_few_gave_are_not_shown():
    texts = ["Mars"] + ["Ruritania"] * 5 + ["GE"] * 3
    got = apply(pd.DataFrame({"c": texts}), Mapped(name="mb_cob", column="c", countries=True))
    (finding,) = got.report.of_kind("unmapped")
    assert "Ruritania" in finding.what
    assert "Mars" not in str(got.report)
    assert finding.count == 6


def test_home_and_countries():
    frame = pd.DataFrame({"c": ["66", "RU", "TR", "99"]})
    country = Mapped(name="mb_cob", column="c", countries=True, recode={66: "HOME", 99: 999})
    got = apply(frame, country)
    assert listed(got.frame["mb_cob"]) == [268, 643, 792, None]
    assert listed(got.frame["foreign_born"]) == [0, 1, 1, None]
    assert got.variables["mb_cob"].answers == {268: "Georgia", 643: "Russia", 792: "Türkiye"} or (
        set(got.variables["mb_cob"].answers) == {268, 643, 792}
    )
    with pytest.raises(MpsurveyError, match="HOME, the country's own code"):
        apply(frame, country, home=None)


def test_a_labelled_code_is_the_country_that_its_label_names():
    born = Variable("c", "Born in", "categorical", {8: "France", 1: "Georgia", 70: "Elsewhere"})
    file = Microdata(pd.DataFrame({"c": [8, 1, 70]}), {"c": born})  # 8 is Albania in M49, 70 Bosnia
    got = apply(file, Mapped(name="mb_cob", column="c", countries=True))
    assert listed(got.frame["mb_cob"]) == [250, 268, None]
    assert "70 (Elsewhere) 1" in str(got.report)


def test_rules_formulas_and_categories():
    frame = pd.DataFrame(
        {"work": [1, 2, 2, -1, 2], "look": [2, 1, 2, 1, -1], "birth": [1990, 2001, -1, 1950, 1999]}
    )
    got = apply(
        frame,
        Mapped(name="int_year", value=parse_formula("2024")),
        Mapped(name="age", value=parse_formula("int_year - birth")),
        Mapped(
            name="lfs",
            categories=(
                (1, parse_rule("work == 1")),
                (2, parse_rule("look == 1")),
                (3, parse_rule("answered(work) and answered(look)")),
            ),
            universe=parse_rule("answered(work)"),
        ),
        Mapped(name="attend", value=parse_rule("work == 2 and look == 2")),
        missing=(-1,),
    )
    assert listed(got.frame["age"]) == [34, 23, None, 74, 25]
    assert listed(got.frame["lfs"]) == [1, 2, 3, None, None]
    assert listed(got.frame["attend"]) == [2, 2, 1, None, None]


def test_dates_give_years_and_months():
    frame = pd.DataFrame({"when": pd.to_datetime(["2023-11-30", "2024-01-02", None])})
    got = apply(
        frame, Mapped(name="int_year", column="when"), Mapped(name="int_month", column="when")
    )
    assert listed(got.frame["int_year"]) == [2023, 2024, None]
    assert listed(got.frame["int_month"]) == [11, 1, None]


def test_long_identifiers_keep_their_digits():
    frame = pd.DataFrame({"id": [9007199254740993, 9007199254740995]})
    got = apply(frame, Mapped(name="hh_id", column="id"))
    assert got.frame["hh_id"].tolist() == [9007199254740993, 9007199254740995]


def test_names_in_another_case_are_found():
    got = apply(pd.DataFrame({"HV105": [30], "HV104": [2]}), Mapped(name="age", column="hv105"),
                Mapped(name="sex", categories=((2, parse_rule("hv104 == 2")),)))  # fmt: skip
    assert got.frame[["age", "sex"]].values.tolist() == [[30, 2]]


def test_absent_and_optional_variables():
    frame = pd.DataFrame({"y": [2010, 2020], "now": [2024, 2024]})
    got = apply(
        frame,
        Mapped(name="mb_arr_year", column="y"),
        Mapped(name="int_year", column="now"),
        Mapped(name="mb_arr_per", absent=True),
        Mapped(name="age", column="AGE", optional=True),
    )
    assert got.frame["dur_group"].tolist() == [3, 1]
    assert "mb_arr_per" not in got.frame
    assert "age" in got.report.remarks[0]


def test_every_absent_column_is_named_at_once():
    with pytest.raises(MpsurveyError) as found:
        apply(
            pd.DataFrame({"B02": [1]}),
            Mapped(name="sex", column="B2"),
            Mapped(name="age", value=parse_formula("int_year - birth")),
        )
    assert len(found.value.problems) == 3
    assert "Did you mean 'B02'?" in found.value.problems[0]


def test_unknown_names_and_files_are_refused():
    with pytest.raises(MpsurveyError, match=r"called 'sexx'.*'sex'"):
        apply(pd.DataFrame({"a": [1]}), Mapped(name="sexx", column="a"))
    with pytest.raises(MpsurveyError, match="not a frame"):
        harmonise([1, 2], walk(Mapped(name="sex", column="a")), catalogue=CATALOGUE)


def test_many_answers_in_one_column_or_in_many():
    spread = pd.DataFrame({"use__1": [1, 0, np.nan], "use__3": [1, 0, np.nan]})
    got = apply(spread, Mapped(name="ri_use", column="use", recode={1: 2, 3: 3}))
    assert listed(got.frame["ri_use"]) == ["2 3", None, None]
    one = pd.DataFrame({"use": ["1 3", "3", None]})
    got = apply(one, Mapped(name="ri_use", column="use", recode={1: 2, 3: 3}))
    assert listed(got.frame["ri_use"]) == ["2 3", "3", None]
    own = pd.DataFrame({"nt_wish": [1, 1, 4], "nt_when": [1, 1, np.nan],
                        "nt_prep_2": [1, 0, np.nan], "nt_prep_95": [0, 1, np.nan],
                        "age": [30, 30, 30]})  # fmt: skip
    got = harmonise(own, catalogue=CATALOGUE)
    assert got.frame["nt_ladder"].tolist() == [3, 2, 0]


def own_names():
    return pd.DataFrame(
        {
            "age": [40, 25, 7, 61, 33, 18],
            "mb_cob": [268, 643, 268, 792, 268, 999],
            "mb_cit_home": [1, 2, 1, 1, 2, 1],
            "mb_ever_abr": [1, 1, 2, 1, 98, 2],
            "mb_arr_year": [2020, 2015, np.nan, 1990, np.nan, np.nan],
            "int_year": [2024] * 6,
            "mb_cob_mo": [268, 643, 643, 792, 268, 268],
            "mb_cob_fa": [268, 643, 268, 792, 268, 268],
            "ch_mo": [np.nan, np.nan, 3, np.nan, np.nan, np.nan],
            "ch_fa": [np.nan, np.nan, 1, np.nan, np.nan, np.nan],
        }
    )


def test_concepts_follow_the_modules_rules():
    got = harmonise(own_names(), home=268, catalogue=CATALOGUE)
    assert listed(got.frame["mig_status"]) == [4, 1, 4, 2, 3, None]
    assert listed(got.frame["returnee"]) == [1, 0, 0, 0, None, None]
    assert listed(got.frame["gen2"]) == [3, None, 2, None, 3, None]
    assert listed(got.frame["dur_years"]) == [4, 9, None, 34, None, None]
    assert listed(got.frame["lbc"]) == [None, None, 1, None, None, None]  # children only
    assert got.variables["mig_status"].answers[1] == "Foreign-born foreign citizen"
    assert got.variables["returnee"].answers == {1: "Yes", 0: "No"}
    assert got.report.not_worked_out["fb_returnee"] == ("mb_before",)
    assert got.of["mig_status"] == "person"
    french = harmonise(own_names(), home=268, catalogue=CATALOGUE, language="fr")
    assert french.variables["mig_status"].answers[4].startswith("Né(e) dans le pays")


def test_concepts_agree_with_the_rules_of_one_interview():
    frame = own_names()
    got = harmonise(frame, home=268, catalogue=CATALOGUE)
    module = CATALOGUE.module("mig_core")
    missing = module.missing_codes()
    for name in ("mig_status", "returnee", "gen2"):
        concept = next(c for c in module.concepts if c.name == name)
        for row, value in zip(frame.to_dict("records"), got.frame[name], strict=True):
            defined = concept.universe.holds(row, home=268, missing=missing)
            assert defined == (not pd.isna(value)), name
            if concept.categories and defined:
                held = [c.code for c in concept.categories if c.rule.holds(row, home=268)]
                assert held[0] == value
            elif defined:
                assert concept.value.holds(row, home=268, missing=missing) == value


def test_without_the_countrys_code_concepts_that_need_it_are_not_worked_out():
    got = harmonise(own_names(), catalogue=CATALOGUE)
    assert got.report.not_worked_out["mig_status"] == ("HOME",)
    assert "mig_status" not in got.frame
    assert got.frame["dur_years"].notna().sum() == 3


@pytest.mark.parametrize("kind", ["polars", "arrow"])
def test_any_frame_gives_the_same(kind):
    frame = own_names().assign(more="x")
    frames = {
        "polars": lambda: pl.from_pandas(frame),
        "arrow": lambda: pa.Table.from_pandas(frame),
    }
    got = harmonise(frames[kind](), home=268, catalogue=CATALOGUE, keep=["more"])
    want = harmonise(frame, home=268, catalogue=CATALOGUE, keep=["more"])
    pd.testing.assert_frame_equal(got.frame, want.frame, check_dtype=False)
    assert got.report.findings == want.report.findings


def test_columns_kept_and_the_design():
    frame = pd.DataFrame(
        {"w": [1.5, 2.0], "h": [1, 2], "p": [7, 8], "PW1": [1, 2], "PW2": [2, 3], "x": [0, 1]}
    )
    mapped = (
        Mapped(name="weight", column="w"),
        Mapped(name="stratum", column="h"),
        Mapped(name="psu", column="p"),
    )
    got = harmonise(frame, walk(*mapped, keep=("PW*", "zz")), catalogue=CATALOGUE)
    assert list(got.frame.columns) == ["weight", "stratum", "psu", "PW1", "PW2"]
    assert (got.design.weight, got.design.strata, got.design.psu) == (
        "weight",
        "stratum",
        "psu",
    ) or (got.design.strata == ("stratum",))
    assert "zz" in got.report.remarks[0]
    only = harmonise(frame, walk(mapped[0]), catalogue=CATALOGUE)
    assert only.design is None  # a weight alone is no design
    with pytest.raises(MpsurveyError, match="another variable 'age'"):
        harmonise(frame.rename(columns={"x": "age"}), walk(Mapped(name="age", column="h"),
                  keep=("age",)), catalogue=CATALOGUE)  # fmt: skip


def test_the_files_own_design_is_kept_with_its_columns():
    frame = pd.DataFrame({"w": [1.0, 2.0], "h": [1, 1], "p": [1, 2], "sx": [1, 2]})
    file = Microdata(frame, design=mp.Design(weight="w", strata="h", psu="p"))
    got = harmonise(file, walk(Mapped(name="sex", column="sx")), catalogue=CATALOGUE)
    assert set(got.frame) == {"sex", "w", "h", "p"}
    assert mp.proportion(mp.Sample(got), "sex").frame["n"].tolist() == [2, 2]


@pytest.mark.parametrize(
    ("strict", "fails"),
    [(None, False), (True, True), (False, False), (["unmapped"], True), ({"date": "fail"}, False)],
)
def test_strict_or_lenient(strict, fails):
    frame = pd.DataFrame({"a": [1, 2, 7]})
    if fails:
        with pytest.raises(MpsurveyError, match="attend: no code of the modules for 7 1"):
            apply(frame, Mapped(name="attend", column="a", recode={1: 1, 2: 2}), strict=strict)
    else:
        apply(frame, Mapped(name="attend", column="a", recode={1: 1, 2: 2}), strict=strict)


def test_a_check_that_there_is_not():
    with pytest.raises(MpsurveyError, match="Did you mean 'unmapped'"):
        apply(pd.DataFrame({"a": [1]}), Mapped(name="sex", column="a"), strict=["unmaped"])
    with pytest.raises(MpsurveyError, match="'stop' is not one of"):
        apply(pd.DataFrame({"a": [1]}), Mapped(name="sex", column="a"), strict={"date": "stop"})


@settings(max_examples=40, deadline=None)
@given(
    values=st.lists(st.one_of(st.none(), st.integers(-3, 12)), min_size=1, max_size=40),
    recode=st.dictionaries(st.integers(0, 9), st.sampled_from([1, 2, 98, None]), min_size=1),
    missing=st.sets(st.integers(-3, 3), max_size=3),
    keep=st.booleans(),
)
def test_recodes_agree_with_a_reading_value_by_value(values, recode, missing, keep):
    def one(value):
        if value is None:
            return None, "blank"
        if value in recode:
            code = recode[value]
            return (code, "answer") if code in (1, 2) else (None, "reason")
        if value in missing:
            return None, "reason"
        if not keep:
            return None, "unmapped"
        if value in (98, 99):
            return None, "reason"
        return (value, "answer") if value in (1, 2) else (None, "unmapped")

    frame = pd.DataFrame({"q": pd.Series(values, dtype="Float64").astype(float)})
    mapped = Mapped(
        name="attend", column="q", recode=recode, missing=tuple(missing), keep_others=keep
    )
    got = harmonise(frame, walk(mapped), catalogue=CATALOGUE)
    want = [one(value) for value in values]
    assert listed(got.frame["attend"]) == [code for code, _ in want]
    said = sum(f.count for f in got.report.of_kind("unmapped"))
    assert said == sum(why == "unmapped" for _, why in want)
    reasons = got.missing_reasons("attend")
    assert reasons.loc[reasons["code"].notna(), "count"].sum() == sum(
        why == "reason" for _, why in want
    )
