"""Frames of any library give the same digits, and are never changed."""

import os
import shutil

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import mpsurvey as mp
from mpsurvey.errors import MpsurveyError

DESIGN = mp.Design(weight="w", strata="h", psu=("ea", "hh"), fpc=("N", "M"))
NUMBERS = ["estimate", "se", "ci_low", "ci_high", "cv", "df", "n", "population"]


def people():
    random = np.random.default_rng(7)
    rows = [
        (h, ea, hh, 20 + h, 5.0)
        for h in range(3)
        for ea in range(4)
        for hh in range(3)
        for _ in range(int(random.integers(1, 5)))
    ]
    frame = pd.DataFrame(rows, columns=["h", "ea", "hh", "N", "M"])
    n = len(frame)
    frame["w"] = random.uniform(1, 3, n)
    frame["hours"] = np.where(random.random(n) < 0.1, np.nan, random.normal(40, 8, n).round(1))
    frame["wage"] = random.integers(100, 900, n)
    frame["age"] = random.integers(0, 90, n)
    frame["sex"] = random.integers(1, 3, n)
    frame["migrant"] = random.random(n) < 0.3
    frame["region"] = random.choice(["north", "south", "Øst"], n)
    frame["band"] = pd.Categorical.from_codes(
        (frame.age // 30).clip(upper=2), ["0-29", "30-59", "60+"]
    )
    frame["status"] = np.where(random.random(n) < 0.1, None, random.choice(["in", "out"], n))
    frame["came"] = pd.Timestamp("2001-01-01") + pd.to_timedelta(random.integers(0, 3, n), "D")
    return frame


def duck(frame):
    duckdb = pytest.importorskip("duckdb")
    return duckdb.from_arrow(pa.Table.from_pandas(frame, preserve_index=False))


def plain(frame):
    """As a database holds it: categories are text."""
    return pa.Table.from_pandas(frame.assign(band=frame.band.astype(str)), preserve_index=False)


def dask(frame):
    dataframe = pytest.importorskip("dask.dataframe")
    return dataframe.from_pandas(frame, npartitions=3)


def ibis_on_duckdb(frame):
    ibis = pytest.importorskip("ibis")
    pytest.importorskip("duckdb")
    return ibis.memtable(plain(frame))


def spark(frame):
    pytest.importorskip("pyspark")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    from pyspark.sql import SparkSession

    build = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    build = build.config("spark.sql.shuffle.partitions", "2")
    return build.getOrCreate().createDataFrame(plain(frame))


def postgres(frame):
    """A table of the server that MPSURVEY_POSTGRES names, such as postgresql:///name?host=..."""
    ibis = pytest.importorskip("ibis")
    if "MPSURVEY_POSTGRES" not in os.environ:
        pytest.skip("MPSURVEY_POSTGRES names no server")
    psycopg = pytest.importorskip("psycopg")
    address = os.environ["MPSURVEY_POSTGRES"]
    kinds = {"f": "double precision", "i": "bigint", "b": "boolean", "M": "timestamp"}
    columns = ", ".join(f'"{c}" {kinds.get(frame[c].dtype.kind, "text")}' for c in frame)
    rows = frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None)
    marks = ", ".join(["%s"] * frame.shape[1])
    with psycopg.connect(address) as server:
        server.execute("drop table if exists mpsurvey_people")
        server.execute(f"create table mpsurvey_people ({columns})")
        server.cursor().executemany(f"insert into mpsurvey_people values ({marks})", list(rows))  # noqa: S608
    return ibis.connect(address).table("mpsurvey_people")


LIBRARIES = {
    "pandas": lambda frame: frame,
    "pandas, another index": lambda frame: frame.set_axis(np.arange(len(frame))[::-1] * 3),
    "pandas, nullable": lambda frame: frame.convert_dtypes(),
    "pandas, arrow": lambda frame: (
        frame.drop(columns="band").convert_dtypes(dtype_backend="pyarrow").assign(band=frame.band)
    ),
    "polars": pl.from_pandas,
    "polars, lazy": lambda frame: pl.from_pandas(frame).lazy(),
    "pyarrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "pyarrow, in parts": lambda frame: pa.concat_tables(
        [
            pa.Table.from_pandas(frame[:50], preserve_index=False),
            pa.Table.from_pandas(frame[50:], preserve_index=False),
        ],
        promote_options="permissive",
    ),
    "duckdb": duck,
    "dask": dask,
    "ibis on duckdb": ibis_on_duckdb,
    "spark": spark,
    "postgresql": postgres,
}
FAR = ("polars, lazy", "duckdb", "dask", "ibis on duckdb", "spark", "postgresql")

# Dask's support moves out of narwhals; Spark speaks of pandas 3 and leaves sockets to the system.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Dask support is moving:FutureWarning"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet:FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

QUESTIONS = {
    "total": lambda s: mp.total(s, "wage", by="region"),
    "people": lambda s: mp.total(s, by=("sex", "band")),
    "mean": lambda s: mp.mean(s, "hours", by=("region", "sex"), where="age >= 15", deff=True),
    "formula": lambda s: mp.mean(s, "wage / hours", by="migrant"),
    "rule": lambda s: mp.proportion(s, "age >= 15 and region == 'north'", by="status"),
    "logical": lambda s: mp.mean(s, "migrant", by="came"),
    "proportion of text": lambda s: mp.proportion(s, "status", by="band"),
    "proportion of categories": lambda s: mp.proportion(s, "band", by="migrant", ci="beta"),
    "ratio": lambda s: mp.ratio(s, "wage", "hours", by="status"),
    "quantile": lambda s: mp.quantile(s, "hours", (0.25, 0.5), by="region"),
    "correlation": lambda s: mp.correlation(s, "hours", "wage", by="sex"),
    "dropped": lambda s: mp.mean(s, "hours", by="status", missing="drop"),
    "share": lambda s: mp.share(s, "migrant", among="age >= 15", by="region"),
    "contribution": lambda s: mp.contribution(s, "migrant", "wage", "hours", by="sex"),
    "composition": lambda s: mp.decompose(s, "wage", group="sex", cells=("band", "region")),
    "regression": lambda s: mp.decompose(s, "wage ~ age + C(region)", group="sex"),
    "standardised": lambda s: mp.standardise(s, "hours", "band", by="migrant"),
    "counterfactual": lambda s: mp.counterfactual(s, mp.mean, "wage", "hours", by="region"),
    "jackknife": lambda s: mp.mean(
        mp.add_replicates(s.with_design(psu="ea", fpc=None), mp.Jackknife()), "hours", by="region"
    ),
}


@pytest.fixture(scope="module")
def wanted():
    sample = mp.Sample(people(), DESIGN)
    return {name: ask(sample) for name, ask in QUESTIONS.items()}


def as_texts(frame, names):
    return frame[names].astype(object).where(frame[names].notna(), None).map(str)


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_same_digits_labels_and_rows(library, wanted):
    sample = mp.Sample(LIBRARIES[library](people()), DESIGN)
    for name, ask in QUESTIONS.items():
        found, want = ask(sample), wanted[name]
        place = f"{library}: {name}"
        np.testing.assert_allclose(
            found.frame[NUMBERS].to_numpy(float),
            want.frame[NUMBERS].to_numpy(float),
            rtol=1e-12,
            atol=1e-13,
            err_msg=place,
        )
        np.testing.assert_allclose(
            found.covariance, want.covariance, rtol=1e-11, atol=1e-10, err_msg=place
        )
        keys = ["statistic", "variable", "category", *want.by]
        assert found.frame.columns.tolist() == want.frame.columns.tolist()
        pd.testing.assert_frame_equal(as_texts(found.frame, keys), as_texts(want.frame, keys))
        assert found.notes == want.notes, place
        if library in FAR:
            assert found.frame.dtypes.equals(want.frame.dtypes), place


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
    for ask in QUESTIONS.values():
        ask(sample)
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
