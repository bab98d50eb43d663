"""One small survey as frames of every library, in memory and elsewhere."""

import atexit
import functools
import os
import shutil

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import mpsurvey as mp

DESIGN = mp.Design(weight="w", strata="h", psu=("ea", "hh"), fpc=("N", "M"))

# Dask's support moves out of narwhals; Spark speaks of pandas 3 and leaves sockets to the system.
MARKS = [
    pytest.mark.filterwarnings("ignore:Dask support is moving:FutureWarning"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet:FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


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
    frame["foreign"] = frame.migrant.astype("int64")
    frame["origin"] = random.integers(1, 4, n)
    frame["here"] = np.where(random.random(n) < 0.7, frame.origin, random.integers(1, 4, n))
    frame["sent"] = random.integers(0, 60, n) * (random.random(n) < 0.4)
    # Few different amounts: many people share each of them, also within a household.
    frame["income"] = random.choice([120.0, 180, 180, 240, 300, 300, 420, 600, 900, 1500], n)
    frame["size"] = frame.groupby(["h", "ea", "hh"])["w"].transform("size")
    for place in (1, 2, 3):
        frame[f"score_{place}"] = (frame.wage + random.normal(0, 60, n)).round()
    return frame


def plain(frame):
    """As a database holds it: categories are text."""
    texts = {name: frame[name].astype(str) for name in frame.select_dtypes("category")}
    return pa.Table.from_pandas(frame.assign(**texts), preserve_index=False)


def duck(frame):
    duckdb = pytest.importorskip("duckdb")
    return duckdb.from_arrow(pa.Table.from_pandas(frame, preserve_index=False))


def dask(frame):
    dataframe = pytest.importorskip("dask.dataframe")
    return dataframe.from_pandas(frame, npartitions=3)


def ibis_on_duckdb(frame):
    ibis = pytest.importorskip("ibis")
    pytest.importorskip("duckdb")
    return ibis.memtable(plain(frame))


@functools.cache
def spark_session():
    from pyspark.sql import SparkSession

    build = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    build = build.config("spark.sql.shuffle.partitions", "2")
    build = build.config("spark.default.parallelism", "2")
    return build.getOrCreate()


def spark(frame):
    pytest.importorskip("pyspark")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    return spark_session().createDataFrame(plain(frame)).cache()


@functools.cache
def postgres_server(address):
    import ibis

    server = ibis.connect(address)
    atexit.register(server.disconnect)
    return server


def postgres(frame, table="mpsurvey_people"):
    """A table of the server that MPSURVEY_POSTGRES names, such as postgresql:///name?host=..."""
    pytest.importorskip("ibis")
    if "MPSURVEY_POSTGRES" not in os.environ:
        pytest.skip("MPSURVEY_POSTGRES names no server")
    psycopg = pytest.importorskip("psycopg")
    address = os.environ["MPSURVEY_POSTGRES"]
    kinds = {"f": "double precision", "i": "bigint", "b": "boolean", "M": "timestamp"}
    columns = ", ".join(f'"{c}" {kinds.get(frame[c].dtype.kind, "text")}' for c in frame)
    rows = frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None)
    marks = ", ".join(["%s"] * frame.shape[1])
    with psycopg.connect(address) as server:
        server.execute(f"drop table if exists {table}")
        server.execute(f"create table {table} ({columns})")
        server.cursor().executemany(f"insert into {table} values ({marks})", list(rows))  # noqa: S608
    return postgres_server(address).table(table)


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
