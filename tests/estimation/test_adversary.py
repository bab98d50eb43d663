"""Data and questions that are nasty: no wrong number, no traceback."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest

import mpsurvey as mp

N = 200
DESIGN = mp.Design(weight="w", strata="h", psu="ea")


def people(**columns):
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "w": rng.uniform(1, 5, N),
            "h": np.repeat([1, 2, 3, 4], N // 4),
            "ea": np.tile(np.repeat(np.arange(10), 5), 4),
            "y": rng.normal(10, 3, N),
            "x": rng.normal(5, 1, N),
            "k": rng.integers(0, 2, N),
            "g": rng.choice(["a", "b", "c"], N),
        }
    ).assign(**columns)


def sample(**columns):
    return mp.Sample(people(**columns), DESIGN)


def same(found, expected, rtol=1e-6):
    columns = ["estimate", "se", "ci_low", "ci_high", "deff"]
    for name in columns:
        np.testing.assert_allclose(
            found.frame[name].astype(float), expected.frame[name].astype(float), rtol, err_msg=name
        )


# Means that are large beside their spread, in all groups or in one of them.
SHIFTS = {
    "all": lambda frame: frame.y + 1e9,
    "one group": lambda frame: frame.y + np.where(frame.k == 1, 1e9, 0.0),
}


@pytest.mark.parametrize(("shift", "by"), [("all", None), ("all", "k"), ("one group", "k")])
def test_spreads_do_not_change_when_a_group_is_moved(shift, by):
    moved, still = sample(y=SHIFTS[shift](people())), sample()
    same(mp.variance(moved, "y", by=by), mp.variance(still, "y", by=by), 1e-5)
    same(mp.correlation(moved, "y", "x", by=by), mp.correlation(still, "y", "x", by=by), 1e-4)
    deff = mp.mean(moved, "y", by=by, deff=True).frame.deff
    expected = mp.mean(still, "y", by=by, deff=True).frame.deff
    np.testing.assert_allclose(deff, expected, 1e-5)


def test_a_constant_has_no_spread():
    for value in (0.1, 1e9):
        found = mp.variance(sample(y=value), "y").frame
        assert 0 <= found.estimate[0] < 1e-30
        assert found.se[0] < 1e-30


def test_infinite_values_outside_the_domain_are_no_matter():
    frame = people(y=people().y.where(people().index != 3, np.inf))
    where = "y < 100"
    with_infinity = mp.Sample(frame, DESIGN)
    without = mp.Sample(frame.assign(y=people().y.where(frame.index != 3, 1e6)), DESIGN)
    for verb in (mp.mean, mp.variance):
        same(verb(with_infinity, "y", where=where), verb(without, "y", where=where), 1e-12)
    same(
        mp.correlation(with_infinity, "y", "x", where=where),
        mp.correlation(without, "y", "x", where=where),
    )


@pytest.mark.parametrize(
    "column",
    [
        lambda k: k == 1,
        lambda k: (k == 1).astype("boolean"),
        lambda k: (k == 1).astype(object),
        lambda k: k.astype(float),
    ],
)
def test_groups_are_compared_however_true_is_written(column):
    expected = mp.contrast(mp.mean(sample(), "y", by="k"), {"k": {1: 1, 0: -1}})
    means = mp.mean(sample(k=column(people().k)), "y", by="k")
    same(mp.contrast(means, {"k": {True: 1, False: -1}}), expected, 1e-12)
    same(mp.contrast(means, {"k": {1: 1, 0: -1}}), expected, 1e-12)
    assert mp.contrast(means, {"k": {True: 1, False: -1}}).frame.n[0] == N


def test_dates_are_compared():
    first, later = dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 2)
    days = pd.Timestamp(first) + pd.to_timedelta(people().k, "D")
    means = mp.mean(sample(k=days), "y", by="k")
    expected = mp.contrast(mp.mean(sample(), "y", by="k"), {"k": {1: 1, 0: -1}})
    same(mp.contrast(means, {"k": {later: 1, first: -1}}), expected, 1e-12)


def test_yes_and_no_with_unanswered_rows_are_numbers():
    known = people().index % 7 > 0
    yes = (people().k == 1).astype("boolean").where(known)
    found = mp.mean(sample(yes=yes), "yes")
    same(found, mp.mean(sample(yes=people().k.where(known)), "yes"), 1e-12)
    assert found.notes == ("yes: no answer in 29 of 200 rows.",)


def test_a_column_without_any_answer():
    for nothing in (None, np.nan, pd.NA, pd.array([pd.NA] * N, dtype="Int64")):
        found = mp.mean(sample(y=nothing), "y")
        assert found.frame.n[0] == 0
        assert found.frame.estimate.isna().all()
        assert "y: no answer in 200 of 200 rows." in found.notes
        with pytest.raises(mp.MpsurveyError, match="by='k' makes no groups"):
            mp.mean(sample(k=nothing), "y", by="k")


def test_numbers_that_pandas_holds_as_objects():
    mixed = pd.Series([1, 2.5, None, "x"] * (N // 4), dtype=object)
    with pytest.raises(mp.MpsurveyError, match=r"objects of any kind.*pandas\.to_numeric"):
        mp.mean(sample(y=mixed), "y")


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: mp.mean(people(), "y"), "The first thing to name is a sample"),
        (lambda: mp.mean(sample(), ["y", "x"]), "asked of one variable"),
        (lambda: mp.mean(sample(), None), "asked of one variable"),
        (lambda: mp.mean(sample(), "y", by=3), "by= takes the name of a column"),
        (lambda: mp.mean(sample(), "y", by=people().k), "by= takes the name of a column"),
        (lambda: mp.mean(sample(), "y", level="0.95"), "level='0.95' is not between 0 and 1"),
        (lambda: mp.mean(sample(), "y", level=None), "level=None is not between 0 and 1"),
    ],
)
def test_what_is_no_question(ask, said):
    with pytest.raises(mp.MpsurveyError, match=said):
        ask()


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_sample_does_not_follow_what_becomes_of_the_callers_frame(wrapped):
    frame = people()
    held = mp.Sample(mp.Microdata(frame, {}) if wrapped else frame, DESIGN)
    before = mp.mean(held, "y")
    frame["y"] = frame.y + 1000
    frame["w"] = 1.0
    frame.loc[:, "h"] = 1
    frame = frame.sort_values("x")
    same(mp.mean(held, "y"), before, 1e-15)
    same(mp.mean(held.with_design(lonely_psu="centre"), "y"), before, 1e-15)


def test_data_that_are_no_table():
    for data in (5, "people.csv", [[1, 2]], None, np.zeros((3, 2))):
        with pytest.raises(mp.MpsurveyError, match="The data are no table"):
            mp.Sample(data, mp.Design(weight="w"))


def test_two_columns_of_one_name():
    frame = people()
    frame.columns = ["w", "h", "ea", "y", "y", "k", "g"]
    with pytest.raises(mp.MpsurveyError, match=r"(?s)Two columns.*'y' 2 times"):
        mp.Sample(frame, DESIGN)


ORDER = ["none", "primary", "higher"]


def school(frame):
    return pd.Series(np.array(ORDER)[frame.index % 3], index=frame.index)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_categories_keep_their_order(library):
    frame = people()
    if library == "pandas":
        declared = [*ORDER, "never given"]
        data = frame.assign(s=pd.Categorical(school(frame), declared))
    else:
        enum = pl.Enum([*ORDER, "never given"])
        data = pl.from_pandas(frame.assign(s=school(frame))).with_columns(pl.col("s").cast(enum))
    held = mp.Sample(data, DESIGN)
    plain = mp.Sample(frame.assign(s=school(frame)), DESIGN)
    assert mp.proportion(held, "s").frame.category.tolist() == ORDER
    found = mp.mean(held, "y", by="s")
    assert found.frame["s"].tolist() == ORDER
    expected = mp.mean(plain, "y", by="s").frame.set_index("s").loc[ORDER]
    np.testing.assert_array_equal(found.frame.estimate, expected.estimate)
    model = mp.regression(held, "y ~ s").estimates.frame
    assert model.variable.tolist() == ["(Intercept)", "s[T.primary]", "s[T.higher]"]
    assert model.estimate[0] == pytest.approx(expected.estimate["none"])


def test_categories_of_numbers_stay_numbers():
    frame = people()
    held = mp.Sample(frame.assign(k=frame.k.astype("category")), DESIGN)
    expected = mp.contrast(mp.mean(sample(), "y", by="k"), {"k": {1: 1, 0: -1}})
    same(mp.contrast(mp.mean(held, "y", by="k"), {"k": {1: 1, 0: -1}}), expected, 1e-12)
    parts = mp.decompose(held, "y", group="k", cells="g").frame
    assert parts.estimate[0] == pytest.approx(expected.frame.estimate[0])


def test_missing_categories_are_in_no_group():
    frame = people()
    known = frame.index % 7 > 0
    some = pd.Categorical(school(frame).where(known), ORDER)
    found = mp.mean(sample(s=some), "y", by="s")
    assert found.notes == ("s: 29 rows without a value are in no group.",)
    assert found.frame.n.sum() == N - 29


def test_intervals_are_in_order():
    cut = pd.cut(people().y, [-5, 5, 10, 30])
    assert [one.left for one in mp.mean(sample(s=cut), "y", by="s").frame["s"]] == [-5, 5, 10]


def test_a_date_is_no_regressor():
    with pytest.raises(mp.MpsurveyError, match="'day' is a date or time"):
        mp.regression(sample(day=pd.Timestamp("2020-01-01")), "y ~ day")


def test_a_sample_says_that_replicates_tell_its_units():
    frame = people(r1=people().w * 1.1, r2=people().w * 0.9)
    held = mp.Sample(frame, mp.Design(weight="w", replicates=mp.Bootstrap("r*")))
    assert "units known by their replicate weights" in repr(held)


def test_a_stale_design_is_told_again():
    remark = "The file declares a design with columns that it does not have: 'indwt'."
    data = mp.Microdata(people(), remarks=(remark,))
    with pytest.raises(mp.MpsurveyError, match=r"does not have: 'indwt'\. Say how the people"):
        mp.Sample(data)


def test_labelled_negative_codes_among_numbers_are_told():
    frame = people(year=np.where(people().index % 4 == 0, -7, 1980))
    year = mp.Variable("year", kind="integer", answers={-9: "break off", -7: "legal skip"})
    held = mp.Sample(mp.Microdata(frame, {"year": year}), DESIGN)
    (note,) = mp.mean(held, "year").notes
    assert note.startswith("year: 50 rows hold a negative code with a label of its own (-7 'legal")
    assert "break off" not in note
    assert mp.mean(held, "year", where="year >= 0").notes == ()
    assert mp.mean(held, "year", missing="fail").notes == (note,)
    assert mp.quantile(held, "year").notes == (note,)
