"""What a Sample refuses, how it says so, and what it makes of unusual designs."""

import numpy as np
import pandas as pd
import pytest
from references import data

import mpsurvey as mp
from mpsurvey.errors import ColumnMissing, DesignError


def people(**columns):
    frame = pd.DataFrame(
        {
            "weight": [2.0, 2, 2, 2, 3, 3, 3, 3],
            "stratum": [1, 1, 1, 1, 2, 2, 2, 2],
            "ea": [1, 1, 2, 2, 1, 1, 2, 2],
            "household": [1, 2, 1, 2, 1, 2, 1, 2],
            "n_ea": [10, 10, 10, 10, 20, 20, 20, 20],
            "n_hh": [4, 4, 6, 6, 8, 8, 5, 5],
            "y": [1.0, 2, 3, 5, 8, 13, 21, 34],
        }
    )
    return frame.assign(**columns)


def design(**changes):
    return mp.Design(**{"weight": "weight", "strata": "stratum", "psu": "ea", **changes})


def refused(frame, how):
    with pytest.raises(DesignError) as error:
        mp.Sample(frame, how)
    return error.value.problems


def test_every_absent_column_is_named_with_its_near_miss():
    how = mp.Design(weight="wieght", strata="Stratum", psu=("ea", "houshold"), fpc=("n_ea", "m"))
    with pytest.raises(ColumnMissing) as error:
        mp.Sample(people(), how)
    assert error.value.problems == (
        "No column 'wieght' for weight. Did you mean 'weight'?",
        "No column 'Stratum' for strata. Did you mean 'stratum'?",
        "No column 'houshold' for psu of stage 2. Did you mean 'household'?",
        "No column 'm' for fpc of stage 2.",
    )
    assert isinstance(error.value, mp.MpsurveyError)
    assert isinstance(error.value, KeyError)
    assert str(error.value).startswith("No column 'wieght'")


def test_no_design_at_all():
    with pytest.raises(DesignError, match=r"declare no design.*Say how the people were drawn"):
        mp.Sample(people())


@pytest.mark.parametrize(
    ("weight", "words"),
    [
        ([None, 2, 2, None, 3, 3, 3, 3], "missing or infinite in 2 of 8 rows"),
        ([np.inf, 2, 2, 2, 3, 3, 3, 3], "missing or infinite in 1 of 8 rows"),
        ([-1, 2, 2, 2, 3, 3, -0.5, 3], "negative in 2 rows"),
        ([0.0] * 8, "zero in every row"),
        (list("22223333"), "is not a number"),
        ([True] * 8, "is not a number"),
        (pd.Categorical([2, 2, 2, 2, 3, 3, 3, 3]), "is not a number"),
        (pd.Series([2, 2, 2, 2, 3, 3, 3, None], dtype="Int64"), "missing or infinite in 1 of 8"),
    ],
)
def test_weights_that_cannot_be(weight, words):
    (problem,) = refused(people(weight=weight), design())
    assert words in problem
    assert "'weight'" in problem


def test_a_missing_weight_says_what_to_do():
    (problem,) = refused(people(weight=[np.nan] + [2.0] * 7), design())
    assert "0 keeps a row out of every statistic" in problem


def test_weights_of_zero_are_legal():
    sample = mp.Sample(people(weight=[0.0, 2, 2, 2, 3, 3, 3, 3]), design())
    found = mp.mean(sample, "y").frame
    assert found.n[0] == 7
    assert found.population[0] == 18


@pytest.mark.parametrize("role", ["stratum", "ea"])
def test_missing_codes(role):
    codes = people()[role].astype(float)
    codes[[0, 5]] = np.nan
    problems = refused(people(**{role: codes}), design())
    assert f"'{role}' is missing in 2 of 8 rows" in problems[0]
    texts = people()[role].astype(str).where(codes.notna())
    problems = refused(people(**{role: texts}), design())
    assert f"'{role}' is missing in 2 of 8 rows" in problems[0]


def test_missing_codes_of_a_later_stage():
    household = people().household.astype(float)
    household[3] = np.nan
    how = design(psu=("ea", "household"), fpc=("n_ea", "n_hh"))
    problems = refused(people(household=household), how)
    assert "The psu of stage 2 'household' is missing in 1 of 8 rows." in problems[0]


@pytest.mark.parametrize(
    ("fpc", "words"),
    [
        ([1.5] * 4 + [20] * 4, "more units were drawn than the FPC says exist, in stratum 1"),
        ([10, 10, 11, 10] + [20] * 4, "varies within stratum 1"),
        ([10, 10, 11, 10, 20, 20, 20, 30], "varies within 2 strata: 1, 2"),
        ([0.2] * 4 + [20] * 4, "mixes counts above 1 with fractions below 1, in stratum 1"),
        ([0.0] * 4 + [0.2] * 4, "zero or negative in stratum 1"),
        ([-10.0] * 4 + [20.0] * 4, "zero or negative in stratum 1"),
        ([None] * 4 + [20.0] * 4, "missing in 4 rows"),
        (list("aaaabbbb"), "is not a number"),
    ],
)
def test_corrections_that_cannot_be(fpc, words):
    problems = refused(people(n_ea=fpc), design(fpc="n_ea"))
    assert len(problems) == 1
    assert words in problems[0]


def test_a_correction_of_a_later_stage_names_it():
    how = design(psu=("ea", "household"), fpc=("n_ea", "n_hh"))
    problems = refused(people(n_hh=[1.5, 1.5, 6, 6, 8, 8, 5, 5]), how)
    assert problems[0].startswith("Stage 2: more units were drawn")
    assert "2 drawn of 1.5" in problems[0]


def test_lonely_units_are_named_and_remedies_given():
    alone = people(stratum=[1, 1, 1, 1, 2, 2, 3, 3])
    (problem,) = refused(alone, design())
    assert "Stage 1: only one unit was drawn in 2 strata: 2, 3" in problem
    assert "lonely_psu='certainty', 'centre' or 'average'" in problem
    for rule in ("certainty", "centre", "average"):
        assert np.isfinite(mp.mean(mp.Sample(alone, design(lonely_psu=rule)), "y").frame.se[0])


def test_a_stratum_taken_whole_is_not_lonely():
    frame = people(ea=[1, 1, 2, 2, 1, 1, 1, 1], n_ea=[10] * 4 + [1] * 4)
    with pytest.raises(DesignError, match="mixes"):  # 1 is a fraction among fractions only
        mp.Sample(frame.assign(n_ea=[0.5] * 4 + [10] * 4), design(fpc="n_ea"))
    sample = mp.Sample(frame.assign(n_ea=[0.2] * 4 + [1.0] * 4), design(fpc="n_ea"))
    assert mp.total(sample, "y", where="stratum == 2").frame.se[0] == 0
    sample = mp.Sample(frame, design(fpc="n_ea"))
    assert mp.total(sample, "y", where="stratum == 2").frame.se[0] == 0


def test_where_all_are_lonely_there_is_no_average():
    frame = people(stratum=[1, 1, 1, 1, 2, 2, 2, 2], ea=1)
    problems = refused(frame, design(lonely_psu="average"))
    assert "every stratum has one unit only" in problems[0]


def test_a_lonely_unit_of_the_second_stage():
    how = design(psu=("ea", "household"), fpc=("n_ea", "n_hh"))
    frame = people(household=[1, 1, 1, 2, 1, 2, 1, 2])
    (problem,) = refused(frame, how)
    assert problem.startswith("Stage 2: only one unit was drawn in 1 unit(s) of the stage before")


def test_psu_codes_in_two_strata():
    anew = mp.Sample(people(), design())  # codes that begin anew in each stratum: nested, no word
    assert anew.units.count == 4
    n = 60
    frame = pd.DataFrame({"w": 1.0, "h": np.repeat([1, 2], n // 2), "ea": np.arange(n) // 2})
    frame.loc[59, "ea"] = 0
    with pytest.warns(
        UserWarning, match="1 code.s. of the PSU 'ea' stand in more than one"
    ) as seen:
        sample = mp.Sample(frame, mp.Design(weight="w", strata="h", psu="ea"))
    assert seen[0].filename == __file__, "the warning points at the caller's line"
    assert sample.units.count == 31


def test_all_problems_are_said_at_once():
    frame = people(
        weight=[-1.0, 2, 2, 2, 3, 3, 3, 3],
        stratum=[1, 1, 1, 1, 2, 2, 2, None],
        n_ea=[10, 11, 10, 10, 1.5, 1.5, 1.5, 1.5],
    )
    problems = refused(frame, design(fpc="n_ea"))
    said = "\n".join(problems)
    assert len(problems) >= 4
    for words in ("negative in 1 rows", "'stratum' is missing in 1 of 8", "varies", "more units"):
        assert words in said


def test_a_message_shows_no_record():
    frame = people(weight=[-987.125, 2, 2, 2, 3, 3, 3, 3])
    assert "987" not in "\n".join(refused(frame, design()))


def test_no_rows_and_one_row():
    with pytest.raises(DesignError, match="no rows"):
        mp.Sample(people().iloc[:0], design())
    (problem,) = refused(people().iloc[:1], design())
    assert "only one unit was drawn" in problem
    alone = mp.Sample(people().iloc[:1], design(lonely_psu="certainty"))
    found = mp.mean(alone, "y").frame.iloc[0]
    assert (found.estimate, found.se, found.df) == (1.0, 0.0, 0)
    assert np.isnan(found.ci_low)


def test_designs_that_contradict_themselves():
    with pytest.raises(DesignError, match="lonely_psu is 'merge'; it is one of"):
        mp.Design(lonely_psu="merge")
    with pytest.raises(DesignError, match="strata names 2 stages, but psu names 1"):
        mp.Design(strata=("a", "b"), psu="c")
    with pytest.raises(DesignError, match="fpc names 3 stages, but psu names 2"):
        mp.Design(psu=("a", "b"), fpc=("n", "m", "o"))
    with pytest.raises(DesignError, match="Fay's factor is 1"):
        mp.Brr("w*", fay=1)
    with pytest.raises(DesignError, match="FPC of every stage must be given"):
        mp.Sample(people(n=40), mp.Design(psu=("ea", "household"), fpc="n"))


def test_weights_from_the_correction():
    how = mp.Design(strata="stratum", psu=("ea", "household"), fpc=("n_ea", "n_hh"))
    sample = mp.Sample(people(), how)
    want = people().n_ea / 2 * people().n_hh / 2
    np.testing.assert_allclose(sample.weight, want)
    assert repr(sample).endswith("4 PSUs in 2 strata, 2 stages, finite population correction; "
                                 "weight from the FPC")  # fmt: skip


def test_without_a_weight_each_row_counts_one():
    sample = mp.Sample(people(), mp.Design(strata="stratum", psu="ea"))
    assert (sample.weight == 1).all()
    assert "no weight" in repr(sample)


def test_codes_of_any_kind_are_the_same_units():
    want = mp.mean(mp.Sample(people(), design()), "y", by="stratum").frame.se
    frame = people()
    kinds = {
        "text": frame.ea.map({1: "north", 2: "south"}),
        "categorical": pd.Categorical(frame.ea.map({1: "b", 2: "a"})),
        "float": frame.ea + 0.5,
        "boolean": frame.ea == 1,
        "date": pd.Timestamp("2020-01-01") + pd.to_timedelta(frame.ea, unit="D"),
        "huge": frame.ea * 10**15,
        "nullable": frame.ea.astype("Int64"),
        "object": frame.ea.map({1: "b", 2: "a"}).astype(object),
    }
    for name, ea in kinds.items():
        found = mp.mean(mp.Sample(people(ea=ea), design()), "y", by="stratum").frame.se
        np.testing.assert_allclose(found, want, rtol=1e-14, err_msg=name)


def test_the_second_stage_counts_only_under_a_correction():
    with_second = mp.Sample(people(), design(psu=("ea", "household"), fpc=("n_ea", "n_hh")))
    without = mp.Sample(people(), design(psu=("ea", "household")))
    assert len(with_second.units.stages) == 2
    assert len(without.units.stages) == 1


def test_absent_replicates_and_bad_multipliers():
    frame = data("replicates_jk1")
    with pytest.raises(ColumnMissing, match=r"No column 'jkx\*' for replicates"):
        mp.Sample(frame, mp.Design(weight="pw", replicates=mp.Jackknife("jkx*")))
    with pytest.raises(DesignError, match="a variance needs two or more"):
        mp.Sample(frame, mp.Design(weight="pw", replicates=mp.Jackknife(["jk1"])))


def test_a_changed_design_is_another_sample():
    sample = mp.Sample(people(), design())
    other = sample.with_design(fpc="n_ea")
    assert sample.design.fpc == ()
    assert other.design.fpc == ("n_ea",)
    assert mp.mean(other, "y").frame.se[0] < mp.mean(sample, "y").frame.se[0]
    with pytest.raises(AttributeError):
        sample.weight = np.ones(8)
