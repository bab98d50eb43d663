"""A census of a hundred million persons: how long tables take, and how much memory.

The rows are made in pieces, a Parquet file each, and stay on the disk; nothing but the totals of
the sampling units comes to Python::

    python tests/benchmarks/census.py make --to /tmp/census --rows 100000000
    python tests/benchmarks/census.py time --at /tmp/census --engine duckdb
    python tests/benchmarks/census.py time --at /tmp/census --engine dask --pieces 4

5,000 PSUs in 100 strata and 250 regions, 12 columns. `--pieces` takes the first files only.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

import mpsurvey as mp

PSUS, STRATA, REGIONS = 5_000, 100, 250
PIECES = 40


def piece(number: int, rows: int, seed: int = 1) -> pa.Table:
    """Persons of one fortieth of the PSUs."""
    random = np.random.default_rng([seed, number])
    psu = np.sort(random.integers(0, PSUS // PIECES, rows)) + number * (PSUS // PIECES)
    age = random.integers(0, 95, rows)
    migrant = random.choice(np.array([0, 1, 2]), rows, p=[0.9, 0.07, 0.03])
    works = (age >= 15) & (age < 70) & (random.random(rows) < 0.6)
    lfs = np.where(works, 1, np.where((age >= 15) & (random.random(rows) < 0.1), 2, 3))
    earned = np.round(np.exp(random.normal(7, 0.7, rows)) * (1 - 0.1 * (migrant == 1)), -1)
    return pa.table(
        {
            "stratum": pa.array(psu // (PSUS // STRATA), pa.int16()),
            "psu": pa.array(psu, pa.int16()),
            "region": pa.array(psu // (PSUS // REGIONS), pa.int16()),
            "weight": pa.array(1 + random.random(rows) / 10, pa.float64()),
            "sex": pa.array(random.integers(1, 3, rows), pa.int8()),
            "age": pa.array(age, pa.int8()),
            "age_group": pa.array(np.minimum(age // 15, 5), pa.int8()),
            "migrant": pa.array(migrant, pa.int8()),
            "educ": pa.array(random.integers(0, 5, rows), pa.int8()),
            "lfs": pa.array(lfs, pa.int8()),
            "hours": pa.array(random.integers(1, 80, rows), pa.float32(), mask=~works),
            "income": pa.array(earned, pa.float64(), mask=~works),
        }
    )


def make(to: Path, rows: int) -> None:
    """Write the pieces."""
    to.mkdir(parents=True, exist_ok=True)
    for number in range(PIECES):
        table = piece(number, rows // PIECES)
        pq.write_table(table, to / f"part-{number:02d}.parquet", compression="zstd")
        print(f"\r{number + 1} of {PIECES}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def rows_of(engine: str, at: Path, pieces: int) -> Any:
    """The first pieces as a frame of an engine."""
    files = [str(one) for one in sorted(at.glob("part-*.parquet"))[:pieces]]
    if engine == "duckdb":
        import duckdb

        return duckdb.read_parquet(files)
    if engine == "polars":
        import polars as pl

        return pl.scan_parquet(files)
    if engine == "dask":
        import dask.dataframe as dd
        from dask.distributed import Client, LocalCluster

        Client(LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None))
        return dd.read_parquet(files)
    from pyspark.sql import SparkSession

    build = SparkSession.builder.master("local[2]").config("spark.driver.memory", "3g")
    spark = build.config("spark.ui.enabled", "false").getOrCreate()
    return spark.read.parquet(*files)


ASKED = {
    "people": lambda s, by: mp.total(s, by=by),
    "mean income": lambda s, by: mp.mean(s, "income", by=by),
    "mean hours": lambda s, by: mp.mean(s, "hours", by=by),
    "mean age": lambda s, by: mp.mean(s, "age", by=by),
    "labour force": lambda s, by: mp.proportion(s, "lfs", by=by),
    "unemployment": lambda s, by: mp.ratio(s, "lfs == 2", "lfs in (1, 2)", by=by),
    "migrants": lambda s, by: mp.share(s, "migrant in (1, 2)", by=by),
    "migrants among the unemployed": lambda s, by: mp.share(
        s, "migrant in (1, 2)", among="lfs == 2", by=by
    ),
    "migrants in the wage bill": lambda s, by: mp.share(s, "migrant == 1", of="income", by=by),
    "contribution to income": lambda s, by: mp.contribution(s, "migrant == 1", "income", by=by),
}
BREAKDOWNS = (None, "sex", "age_group", "educ", "region")


def peak_of(process: psutil.Process, stop: threading.Event, found: list[int]) -> None:
    """Watch the memory of a process and of its children."""
    while not stop.wait(0.1):
        every = [process, *process.children(recursive=True)]
        total = 0
        for one in every:
            try:
                total += one.memory_info().rss
            except psutil.Error:
                continue
        found[0] = max(found[0], total)


def measure(engine: str, at: Path, pieces: int) -> None:
    """Ten indicators by five breakdowns, with standard errors."""
    stop, peak = threading.Event(), [0]
    watch = threading.Thread(target=peak_of, args=(psutil.Process(), stop, peak), daemon=True)
    watch.start()
    rows = rows_of(engine, at, pieces)
    started = time.perf_counter()
    sample = mp.Sample(rows, mp.Design(weight="weight", strata="stratum", psu="psu"))
    seconds = {"Sample": time.perf_counter() - started}
    for name, ask in ASKED.items():
        begun = time.perf_counter()
        for by in BREAKDOWNS:
            ask(sample, by)
        seconds[name] = time.perf_counter() - begun
        print(f"{name:32} {seconds[name]:8.1f} s", flush=True)
    stop.set()
    whole = time.perf_counter() - started
    print(f"{engine}: {sample!r}")
    print(f"10 indicators x 5 breakdowns: {whole:.0f} s, peak {peak[0] / 1e9:.2f} GB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("make", "time"))
    parser.add_argument("--to", type=Path)
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--at", type=Path)
    parser.add_argument("--engine", choices=("duckdb", "polars", "dask", "spark"))
    parser.add_argument("--pieces", type=int, default=PIECES)
    given = parser.parse_args()
    if given.what == "make":
        make(given.to, given.rows)
    else:
        measure(given.engine, given.at, given.pieces)
