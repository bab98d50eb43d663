"""Files that are read block by block: `scan`, and `convert` to parquet."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mpsurvey as mp
from mpsurvey.errors import ColumnMissing, ExtraMissing, FileUnreadable, MpsurveyError
from mpsurvey.microdata import Microdata, Variable, convert_file, lazy, sav_rows, streaming
from mpsurvey.microdata.tables import arrow_table

DATA = Path(__file__).parents[2].parent / "shared" / "data"


def survey(rows: int = 500) -> Microdata:
    random = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "sex": random.integers(1, 3, rows),
            "age": random.integers(0, 90, rows).astype(float),
            "income": np.where(random.random(rows) < 0.3, 9999.0, random.random(rows) * 1000),
            "place": random.choice(["Gori", "Тбилиси", ""], rows),
            "day": pd.Timestamp("2024-05-01") + pd.to_timedelta(np.arange(rows), unit="D"),
            "w": random.random(rows) + 1,
            "h": np.arange(rows) % 5,
            "ea": np.arange(rows) // 10,
        }
    )
    frame.loc[rows - 1, "age"] = 30.5  # only the last row tells that these are not whole
    income = Variable("income", "Income", missing={9999: "Refused"})
    sex = Variable("sex", "Sex", "categorical", {1: "Man", 2: "Woman"})
    design = mp.Design(weight="w", strata="h", psu="ea")
    return Microdata(frame, {"income": income, "sex": sex}, design=design, title="A survey")


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(sav_rows, "PIECE", 64)
    monkeypatch.setattr(streaming, "CELLS", 200)


def attempted(reader, path: Path):
    try:
        return reader(path)
    except MpsurveyError as refusal:
        return str(refusal)


def assert_streams_as_read(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data, stream = (attempted(reader, path) for reader in (mp.read, streaming.open_stream))
    if isinstance(data, str) or isinstance(stream, str):
        assert data == stream
        return
    whole = arrow_table(data)
    assert stream.rows == len(data)
    assert stream.schema.equals(whole.schema, check_metadata=True)
    assert stream.data.remarks == data.remarks
    streamed = pa.Table.from_batches(stream.give(whole.column_names), stream.schema)
    for name in whole.column_names:
        assert streamed[name].combine_chunks().equals(whole[name].combine_chunks()), name


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")
@pytest.mark.usefixtures("small_blocks")
def test_files_of_the_corpus_stream_as_they_are_read():
    compared = 0
    for path in sorted((DATA / "reader_corpus").rglob("*")):
        small = path.suffix.lower() in (".sav", ".zsav", ".dta", ".sas7bdat")
        if small and path.stat().st_size < 60_000:
            assert_streams_as_read(path)
            compared += 1
    assert compared > 100


@pytest.mark.parametrize("ending", [".sav", ".zsav", ".dta", ".csv", ".parquet"])
@pytest.mark.usefixtures("small_blocks")
@pytest.mark.filterwarnings("ignore::mpsurvey.microdata.FileWarning")
def test_converting_gives_what_reading_and_writing_gives(tmp_path, ending):
    source = tmp_path / f"made{ending}"
    mp.write(survey(), source)
    shares: list[float] = []
    done = convert_file(source, tmp_path / "streamed.parquet", progress=shares.append)
    assert done == (500, 8)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    mp.write(mp.read(source), tmp_path / "whole.parquet")
    streamed, whole = (
        pyarrow.parquet.read_table(tmp_path / f"{one}.parquet") for one in ("streamed", "whole")
    )
    assert streamed.schema.equals(whole.schema, check_metadata=True)
    assert streamed.equals(whole)
    back, again = mp.read(tmp_path / "streamed.parquet"), mp.read(source)
    pd.testing.assert_frame_equal(back.frame, again.frame)
    assert back.variables == again.variables
    assert back.missing_reasons("income").equals(again.missing_reasons("income"))


ANSWERS = st.one_of(
    st.sampled_from([1.0, 2.0, 98.0, 99.0, np.nan, 2.5, 2.0**54]), st.floats(90, 130)
)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(ANSWERS, ANSWERS), min_size=1, max_size=60), st.booleans())
@pytest.mark.usefixtures("small_blocks")
def test_what_a_column_is_does_not_depend_on_its_blocks(tmp_path_factory, rows, ranged):
    variable = Variable("a", answers={1: "Yes", 2: "No"}, missing={98: "", 99: "Refused"})
    spread = Variable("b", missing_ranges=((97.0, 120.0),) if ranged else ())
    frame = pd.DataFrame(rows, columns=["a", "b"]).astype(float)
    for ending in (".sav", ".dta"):
        path = tmp_path_factory.mktemp("blocks") / f"made{ending}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mp.write(Microdata(frame, {"a": variable, "b": spread}), path)
        assert_streams_as_read(path)


def test_many_different_answers_are_decided_on_like_the_whole(tmp_path):
    values = np.arange(20_000.0)
    values[-1] = 19_998.5
    labelled = {float(k): f"Code {k}" for k in range(12_000)}
    data = Microdata(pd.DataFrame({"x": values}), {"x": Variable("x", answers=labelled)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mp.write(data, tmp_path / "many.sav")
    assert_streams_as_read(tmp_path / "many.sav")


@pytest.mark.parametrize("ending", [".sav", ".dta", ".parquet"])
@pytest.mark.usefixtures("small_blocks")
def test_a_scanned_file_gives_the_same_estimates(tmp_path, ending):
    path = tmp_path / f"made{ending}"
    mp.write(survey(), path)
    scanned, data = mp.scan(path), mp.read(path)
    assert isinstance(scanned.frame, pl.LazyFrame)
    assert scanned.columns == data.columns
    assert scanned.variables == data.variables
    assert scanned.design == data.design
    assert scanned.title == data.title
    assert scanned.label("sex", 2) == "Woman"
    lazy_one, whole = mp.Sample(scanned), mp.Sample(data)
    assert lazy_one.elsewhere is not None
    for by in (None, "sex"):
        ours, theirs = (mp.mean(one, "income", by=by).frame for one in (lazy_one, whole))
        pd.testing.assert_frame_equal(ours, theirs, rtol=1e-10)
    first = scanned.frame.filter(pl.col("sex") == 1).select("age", "sex").head(3).collect()
    assert first["age"].to_list() == data.frame.query("sex == 1")["age"].head(3).tolist()


def test_a_folder_and_a_pattern_of_parquet_files_are_one(tmp_path):
    data = survey()
    for k in range(3):
        mp.write(data.take(slice(k * 200, (k + 1) * 200)), tmp_path / f"part{k}.parquet")
    for path in (tmp_path, tmp_path / "part*.parquet"):
        scanned = mp.scan(path)
        assert scanned.frame.select(pl.len()).collect().item() == 500
        found = mp.mean(mp.Sample(scanned), "income").frame
        pd.testing.assert_frame_equal(found, mp.mean(mp.Sample(data), "income").frame, rtol=1e-10)
    pd.DataFrame({"sex": [1]}).to_parquet(tmp_path / "part3.parquet")
    with pytest.raises(FileUnreadable, match="the column 'age' of part0"):
        mp.scan(tmp_path)
    with pytest.raises(FileUnreadable, match="it finds none"):
        mp.scan(tmp_path / "other*.parquet")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileUnreadable, match=r"holds no \.parquet file"):
        mp.scan(tmp_path / "empty")


def test_columns_without_a_codebook_are_described_by_their_type(tmp_path):
    frame = pd.DataFrame({"n": [1], "x": [1.5], "t": ["a"], "d": [pd.Timestamp("2024-01-01")]})
    frame.to_parquet(tmp_path / "bare.parquet")
    kinds = [one.kind for one in mp.scan(tmp_path / "bare.parquet").variables.values()]
    assert kinds == ["integer", "decimal", "text", "datetime"]


def test_without_polars_parquet_is_scanned_with_duckdb(tmp_path, monkeypatch):
    mp.write(survey(), tmp_path / "made.parquet")
    mp.write(survey(), tmp_path / "made.sav")
    monkeypatch.setattr(lazy, "find_spec", lambda name: None if name == "polars" else name)
    scanned = mp.scan(tmp_path / "made.parquet")
    found = mp.mean(mp.Sample(scanned), "income").frame
    pd.testing.assert_frame_equal(found, mp.mean(mp.Sample(survey()), "income").frame, rtol=1e-10)
    with pytest.raises(ExtraMissing, match="polars"):
        mp.scan(tmp_path / "made.sav")
    monkeypatch.setattr(lazy, "find_spec", lambda _: None)
    with pytest.raises(ExtraMissing, match="polars"):
        mp.scan(tmp_path / "made.parquet")


def test_a_file_that_cannot_be_read_leaves_nothing_behind(tmp_path):
    mp.write(survey(), tmp_path / "made.sav")
    cut = tmp_path / "cut.sav"
    cut.write_bytes((tmp_path / "made.sav").read_bytes()[:-2000])
    with pytest.raises(FileUnreadable, match="cut short"):
        convert_file(cut, tmp_path / "out.parquet")
    with pytest.raises(FileUnreadable, match="cut short"):
        mp.scan(cut)
    with pytest.raises(MpsurveyError, match="there is no folder"):
        convert_file(cut, tmp_path / "absent" / "out.parquet")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["cut.sav", "made.sav"]


def test_a_design_that_the_scanned_file_lacks_is_refused(tmp_path):
    mp.write(survey(), tmp_path / "made.dta")
    with pytest.raises(ColumnMissing, match="wt"):
        mp.Sample(mp.scan(tmp_path / "made.dta"), mp.Design(weight="wt", psu="ea"))


def test_the_bar_is_for_terminals_only(tmp_path, monkeypatch, capsys):
    from mpsurvey.cli import main

    mp.write(survey(), tmp_path / "made.sav")
    out = tmp_path / "out.parquet"
    monkeypatch.setattr(sys, "argv", ["mpsurvey", "convert", str(tmp_path / "made.sav"), str(out)])
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "500 rows, 8 variables" in said.out
    assert mp.read(out).title == "A survey"
