"""One meaning: on every frame library and on the answers of one interview."""

from __future__ import annotations

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpsurvey.errors import ColumnMissing, RuleError
from mpsurvey.rule import parse_formula, parse_rule

PEOPLE = {
    "age": [10, 15, 40, None, 70],
    "status": [None, 1.0, 2.0, 3.0, None],
    "region": ["01", None, "02", "", "01"],
    "items": ["1 3", None, "13", "3", "2"],
}
FRAMES = {
    "pandas": pd.DataFrame,
    "pandas nullable": lambda d: pd.DataFrame(d).convert_dtypes(),
    "pandas arrow": lambda d: pd.DataFrame(d).convert_dtypes(dtype_backend="pyarrow"),
    "polars": pl.DataFrame,
    "pyarrow": pa.table,
}

CASES = [
    ("age >= 15", [0, 1, 1, 0, 1]),
    ("age != 15", [1, 0, 1, 0, 1]),
    ("not (age == 15)", [1, 0, 1, 1, 1]),
    ("status != 2", [0, 1, 0, 1, 0]),
    ("status not in (1, 2)", [0, 0, 0, 1, 0]),
    ("not status in (1, 2)", [1, 0, 0, 1, 1]),
    ('region == "01"', [1, 0, 0, 0, 1]),
    ('region != "01"', [0, 0, 1, 0, 0]),
    ("answered(region) and answered(age)", [1, 0, 1, 0, 1]),
    ("selected(items, 3)", [1, 0, 0, 1, 0]),
    ("not selected(items, 3)", [0, 1, 1, 0, 1]),
    ("age / status > 12", [0, 1, 1, 0, 0]),
    ("age / (status - 1) > 1", [0, 0, 1, 0, 0]),
    ("sum(age, status) > 15", [0, 1, 1, 0, 1]),
    ("max(age, status) == 3 or min(age, status) == 10", [1, 0, 0, 1, 0]),
    ("count(age, status) == 2", [0, 1, 1, 0, 0]),
    ("mean(age, status) < 10", [0, 1, 0, 1, 0]),
    ("15 <= age < 70", [0, 1, 1, 0, 0]),
    ("age == HOME", [0, 0, 1, 0, 0]),
    ("age in (HOME, 10)", [1, 0, 1, 0, 0]),
    ("-age < -14", [0, 1, 1, 0, 1]),
    ("1 == 1", [1, 1, 1, 1, 1]),
]


@pytest.mark.parametrize("make", FRAMES.values(), ids=FRAMES)
@pytest.mark.parametrize(("text", "wanted"), CASES, ids=[case[0] for case in CASES])
def test_every_library_agrees(make, text, wanted):
    mask = parse_rule(text).mask(make(PEOPLE), home=40)
    assert mask.dtype == bool
    np.testing.assert_array_equal(mask, np.array(wanted, dtype=bool))


@pytest.mark.parametrize(("text", "wanted"), CASES, ids=[case[0] for case in CASES])
def test_one_interview_agrees(text, wanted):
    rule = parse_rule(text)
    for row, held in enumerate(wanted):
        answers = {name: column[row] for name, column in PEOPLE.items()}
        if answers["items"]:
            answers["items"] = [int(code) for code in answers["items"].split()]
        assert rule.holds(answers, home=40) == bool(held)


@pytest.mark.parametrize("text", [case[0] for case in CASES])
def test_lazy_frames_take_the_expression(text):
    lazy = nw.from_native(pl.LazyFrame(PEOPLE))
    rule = parse_rule(text)
    got = lazy.with_columns(held=rule.expression(lazy.collect_schema(), home=40)).collect()
    np.testing.assert_array_equal(got["held"].to_numpy(), rule.mask(pl.DataFrame(PEOPLE), home=40))


def test_duckdb_takes_the_expression():
    duckdb = pytest.importorskip("duckdb")
    people = pl.DataFrame(PEOPLE)  # noqa: F841 - DuckDB finds it by name
    relation = nw.from_native(duckdb.sql("select * from people"))
    rule = parse_rule("status != 2 and age / (status - 1) > 1 or selected(items, 3)")
    got = relation.with_columns(held=rule.expression(relation.collect_schema())).collect()
    np.testing.assert_array_equal(got["held"].to_numpy(), rule.mask(pl.DataFrame(PEOPLE)))


@pytest.mark.parametrize("make", FRAMES.values(), ids=FRAMES)
def test_formulas(make):
    nan = np.nan
    frame = make(PEOPLE)
    for text, wanted in {
        "age + status": [nan, 16, 42, nan, nan],
        "sum(age, status)": [10, 16, 42, 3, 70],
        "age / (status - 1)": [nan, nan, 40, nan, nan],
        "count(age, status)": [1, 2, 2, 1, 1],
        "-age": [-10, -15, -40, nan, -70],
        "7": [7, 7, 7, 7, 7],
    }.items():
        np.testing.assert_array_equal(parse_formula(text).values(frame), wanted)


def test_yes_no_columns_stand_for_many_answers():
    frame = pd.DataFrame({"use_1": [1, 0, None], "use_2": [0, 1, None], "use_n98": [0, 0, None]})
    rule = parse_rule("selected(use, 2)")
    assert rule.columns(frame) == ("use_1", "use_2", "use_n98")
    assert rule.mask(frame).tolist() == [False, True, False]
    assert parse_rule("answered(use)").mask(frame).tolist() == [True, True, False]
    assert parse_rule("selected(use, 7)").mask(frame).tolist() == [False] * 3
    assert parse_rule("selected(use, -98)").mask(frame).tolist() == [False] * 3
    with pytest.raises(ColumnMissing, match="'use'"):
        parse_rule("use == 2").mask(frame)


def test_a_refusal_among_many_answers_is_no_answer():
    frame = pd.DataFrame({"use_1": [1, 0, None, 0], "use_98": [0, 1, None, 0]})
    assert parse_rule("answered(use)").mask(frame).tolist() == [True, False, False, True]


def test_every_absent_column_is_named():
    with pytest.raises(ColumnMissing) as caught:
        parse_rule("agee >= 15 and xyz == 1").mask(pd.DataFrame(PEOPLE))
    assert len(caught.value.problems) == 2
    assert "Did you mean 'age'?" in str(caught.value)


@pytest.mark.parametrize("make", FRAMES.values(), ids=FRAMES)
@pytest.mark.parametrize(
    "text", ["region == 1", 'age == "01"', "region in (1, 2)", "region + 1 > 2", 'age in ("a",)']
)
def test_text_and_number_are_not_compared(make, text):
    with pytest.raises(RuleError, match="text"):
        parse_rule(text).mask(make(PEOPLE))


def test_dates_are_refused():
    frame = pd.DataFrame({"day": pd.to_datetime(["2020-01-01"])})
    with pytest.raises(RuleError, match="date"):
        parse_rule("day == 2020").mask(frame)


def test_home_must_be_given():
    with pytest.raises(RuleError, match="home="):
        parse_rule("age == HOME").mask(pd.DataFrame(PEOPLE))
    with pytest.raises(RuleError, match="home="):
        parse_rule("age == HOME").holds({"age": 3})


def test_odd_columns():
    frame = pd.DataFrame(
        {
            "yes": [True, False, True],
            "label": pd.Categorical(["male", "female", None]),
            "code": pd.Categorical([1, 2, None]),
            "mixed": pd.Series([1, "a", None], dtype=object),
            "tiny": np.array([100, 120, 5], dtype=np.int8),
        }
    )
    assert parse_rule("yes == 1").mask(frame).tolist() == [True, False, True]
    assert parse_rule('label != "male"').mask(frame).tolist() == [False, True, False]
    assert parse_rule("code >= 2").mask(frame).tolist() == [False, True, False]
    assert parse_rule("tiny + tiny > 210").mask(frame).tolist() == [False, True, False]
    assert parse_rule("tiny != 998").mask(frame).tolist() == [True, True, True]
    polars = pl.DataFrame({"tiny": [100, 120, None]}, schema={"tiny": pl.Int8})
    assert parse_rule("tiny != 998 and tiny in (100, 998)").mask(polars).tolist() == [
        True,
        False,
        False,
    ]
    assert parse_rule("yes == 1").mask(pl.DataFrame({"yes": [True, None]})).tolist() == [
        True,
        False,
    ]


def test_nothing_to_evaluate_on():
    assert parse_rule("age > 1").mask(pd.DataFrame({"age": []})).shape == (0,)
    assert parse_formula("age").values(pl.DataFrame({"age": []})).shape == (0,)


def test_the_frame_is_left_alone():
    frame = pd.DataFrame(PEOPLE)
    before = frame.copy(deep=True)
    parse_rule("status != 2").mask(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_missing_codes_are_no_answer():
    rule = parse_rule("x != 1")
    assert rule.holds({"x": 98})
    assert not rule.holds({"x": 98}, missing={"x": (98, 99)})
    assert not parse_rule("answered(m)").holds({"m": [98]}, missing={"m": (98,)})


ATOMS = st.sampled_from(
    [
        "x == 1",
        "x != 1",
        "y > 2",
        "not y <= 2",
        "x in (1, 2)",
        "x not in (1, 2)",
        "x + y >= 3",
        "x - y != 0",
        "answered(x)",
        "x / y > 1",
        "sum(x, y) == 2",
        "x == y",
        "max(x, y) < 3",
    ]
)
RULES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        inner.map(lambda a: f"not ({a})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
            lambda t: f"({t[0]} {t[1]} {t[2]})"
        ),
    ),
    max_leaves=6,
)
VALUES = st.one_of(st.none(), st.integers(-1, 4))


@settings(max_examples=60, deadline=None)
@given(RULES, st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=8))
def test_frames_and_interviews_agree_on_random_rules(text, rows):
    rule = parse_rule(text)
    columns = {
        "x": pd.array([row[0] for row in rows], dtype="Int64"),
        "y": pd.array([row[1] for row in rows], dtype="Int64"),
    }
    wanted = [rule.holds({"x": x, "y": y}) for x, y in rows]
    assert rule.mask(pd.DataFrame(columns)).tolist() == wanted
    data = {"x": [row[0] for row in rows], "y": [row[1] for row in rows]}
    polars = pl.DataFrame(data, schema={"x": pl.Int8, "y": pl.Float64})
    assert rule.mask(polars).tolist() == wanted
