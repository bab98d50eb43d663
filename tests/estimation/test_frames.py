"""Frames of any library give the same digits, and are never changed."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from every_verb import VERBS
from frame_libraries import DESIGN, FAR, LIBRARIES, MARKS, duck, people

import mpsurvey as mp
from mpsurvey.design import elsewhere
from mpsurvey.errors import MpsurveyError

pytestmark = MARKS


@pytest.mark.parametrize("library", FAR)
def test_rows_stay_in_their_engine(library):
    sample = mp.Sample(LIBRARIES[library](people()), DESIGN)
    assert sample.elsewhere is not None
    assert len(sample) == len(people())
    with pytest.raises(MpsurveyError, match=r"sample\.collect"):
        sample.frame["hours"]
    here = sample.collect()
    assert here.elsewhere is None
    assert len(here) == len(sample)


@pytest.mark.parametrize("library", [one for one in LIBRARIES if one not in FAR[2:]])
def test_the_callers_frame_is_never_changed(library):
    frame = LIBRARIES[library](people())
    before = copy_of(frame)
    sample = mp.Sample(frame, DESIGN)
    for questions in VERBS.values():
        next(iter(questions.values()))(sample)
    pd.testing.assert_frame_equal(copy_of(frame), before)


def copy_of(frame):
    if isinstance(frame, pd.DataFrame):
        return frame.copy(deep=True)
    if isinstance(frame, pl.LazyFrame):
        frame = frame.collect()
    if isinstance(frame, pl.DataFrame | pa.Table):
        return frame.to_pandas()
    return frame.df()


def test_a_result_can_be_changed_without_changing_the_next():
    sample = mp.Sample(people(), DESIGN)
    first = mp.mean(sample, "hours", by="region")
    kept = first.to_pandas()
    copied = first.to_pandas()
    copied["estimate"] = 0.0
    first.covariance[:] = 0.0
    pd.testing.assert_frame_equal(mp.mean(sample, "hours", by="region").frame, kept)
    assert mp.mean(sample, "hours", by="region").covariance[0, 0] > 0
    assert first.covariance[0, 0] > 0


def test_columns_that_no_question_needs_are_left_alone():
    """A list column, or anything that is no number or text, may stand in the frame."""
    frame = pl.from_pandas(people().drop(columns="band")).with_columns(
        notes=pl.Series([[1, 2]] * len(people())), place=pl.lit(b"0101")
    )
    sample = mp.Sample(frame, DESIGN)
    want = mp.mean(mp.Sample(people(), DESIGN), "hours", by="region").frame
    pd.testing.assert_frame_equal(mp.mean(sample, "hours", by="region").frame, want)
    assert mp.mean(sample, "hours", missing="drop").frame.n[0] == want.n.sum()


@pytest.mark.parametrize("kind", ["int8", "uint16", "float32", "Int32", "Float64"])
def test_narrow_numbers_do_not_overflow(kind):
    frame = people()
    small = frame.assign(age=frame.age.astype(kind), N=frame.N.astype("int8"))
    want = mp.total(mp.Sample(frame, DESIGN), "age", by="region").frame
    found = mp.total(mp.Sample(small, DESIGN), "age", by="region").frame
    pd.testing.assert_frame_equal(found, want)
    codes = frame.assign(big=frame.age.astype("int16") * 300)
    narrow = mp.total(mp.Sample(codes, DESIGN), by=("big", "region"))
    wide = mp.total(mp.Sample(codes.astype({"big": "int64"}), DESIGN), by=("big", "region"))
    pd.testing.assert_frame_equal(narrow.frame, wide.frame, check_dtype=False)


def test_a_fault_of_the_design_is_counted_in_rows_wherever_they_are():
    frame = people()
    frame.loc[:6, "w"] = np.nan
    frame.loc[8:9, "ea"] = np.nan
    said = []
    for make in (lambda one: one, duck):
        with pytest.raises(MpsurveyError) as fault:
            mp.Sample(make(frame), DESIGN)
        said.append([line for line in fault.value.problems if "missing" in line])
    assert said[0] == said[1]
    assert "7 of 101 rows" in said[0][0]


@pytest.mark.parametrize("parts", [1, 7, 64])
def test_sums_keep_twelve_digits_however_the_rows_are_parted(parts, tmp_path):
    """Of whole numbers of very different size, whose sum is known exactly."""
    random = np.random.default_rng(3)
    n = 200_000
    y = random.integers(0, 10 ** random.integers(1, 12, n))
    frame = pl.DataFrame({"w": np.ones(n), "ea": random.integers(0, 40, n), "y": y})
    for place, some in enumerate(np.array_split(random.permutation(n), parts)):
        frame[some].write_parquet(tmp_path / f"{place}.parquet")
    duckdb = pytest.importorskip("duckdb")
    folder = str(tmp_path / "*.parquet")
    for rows in (pl.scan_parquet(folder), duckdb.read_parquet(folder)):
        sample = mp.Sample(rows, mp.Design(weight="w", psu="ea"))
        found = mp.total(sample, "y").frame.estimate[0]
        assert found == pytest.approx(int(y.sum()), rel=1e-14)


def test_a_design_that_needs_the_rows_does_not_bring_too_many(monkeypatch):
    lazy = pl.LazyFrame({"w": [1.0, 2.0, 3.0], "y": [1, 2, 3]})
    assert mp.Sample(lazy, mp.Design(weight="w")).elsewhere is None
    monkeypatch.setattr(elsewhere, "MOST_NUMBERS", 5)
    with pytest.raises(mp.MpsurveyError, match=r"3 rows of 2 columns in POLARS are too many"):
        mp.Sample(lazy, mp.Design(weight="w"))
