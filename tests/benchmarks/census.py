"""A census of a hundred million persons: how long its tables take, and how much memory.

The rows are made in pieces, a Parquet file each, and stay on the disk; nothing but the sums of
the sampling units comes to Python::

    python tests/benchmarks/census.py make --to /tmp/census --rows 100000000
    python tests/benchmarks/census.py time --at /tmp/census --engine duckdb
    python tests/benchmarks/census.py time --at /tmp/census --engine dask --rows 10000000
    python tests/benchmarks/census.py domains

12 columns under the names of the modules, in 100 strata, 5,000 PSUs and 250 regions, so that the
catalogue's own indicators are what is timed: ten of them by five breakdowns, with standard errors.
`--rows` takes the first files that hold so many. `--csv` adds a line to a file.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

import mpsurvey as mp

PSUS, STRATA, REGIONS, PIECES = 5_000, 100, 250, 40
ENGINES = ("duckdb", "polars", "dask", "spark")
DESIGN = mp.Design(weight="weight", strata="stratum", psu="psu")
INDICATORS = (
    "EMP01",  # migrants among the labour force
    "EMP03",  # gap of unemployment rates
    "EMP18",  # migrants among the unemployed
    "EMP22",  # their share of hours
    "EMP23",  # their share of pay
    "EMP28",  # their contribution to the unemployment rate
    "EMP31",  # ... to mean pay
    "EDU13",  # ... to the share with tertiary education
    "DEM15",  # migrants among people of 65 and over
    "DEM16",  # ... of working age
)
MORE = ("EMP09", "EMP19", "EMP20", "EMP29", "EMP30", "EMP33", "DEM14", "DEM17", "DEM18", "DEM03")
BREAKDOWNS: tuple[Any, ...] = ("sex", "age_group", "educ", "region", ("sex", "age_group"))


def piece(number: int, rows: int, psus: int = PSUS, seed: int = 1) -> pa.Table:
    """Persons of one fortieth of the PSUs."""
    random = np.random.default_rng([seed, number])
    psu = np.sort(random.integers(0, psus // PIECES, rows)) + number * (psus // PIECES)
    age = random.integers(0, 95, rows)
    migrant = random.choice(np.array([0, 1, 2]), rows, p=[0.9, 0.07, 0.03])
    works = (age >= 15) & (age < 70) & (random.random(rows) < 0.6)
    lfs = np.where(works, 1, np.where((age >= 15) & (random.random(rows) < 0.1), 2, 3))
    earned = np.round(np.exp(random.normal(7, 0.7, rows)) * (1 - 0.1 * (migrant == 1)), -1)
    return pa.table(
        {
            "stratum": pa.array(psu // (psus // STRATA), pa.int16()),
            "psu": pa.array(psu, pa.int16() if psus < 2**15 else pa.int32()),
            "region": pa.array(psu // max(1, psus // REGIONS), pa.int16()),
            "weight": pa.array(1 + random.random(rows) / 10, pa.float64()),
            "sex": pa.array(random.integers(1, 3, rows), pa.int8()),
            "age": pa.array(age, pa.int8()),
            "age_group": pa.array(np.minimum(age // 15, 5), pa.int8()),
            "mig_status": pa.array(migrant, pa.int8()),
            "educ": pa.array(random.integers(0, 7, rows), pa.int8()),
            "lfs": pa.array(lfs, pa.int8()),
            "hours": pa.array(random.integers(1, 80, rows), pa.float32(), mask=~works),
            "earn": pa.array(earned, pa.float64(), mask=~works),
        }
    )


def make(to: Path, rows: int, psus: int = PSUS) -> None:
    """Write the pieces that are not there yet."""
    to.mkdir(parents=True, exist_ok=True)
    for number in range(PIECES):
        path = to / f"part-{number:02d}.parquet"
        if not path.exists():
            whole = path.with_suffix(".part")
            pq.write_table(piece(number, rows // PIECES, psus), whole, compression="zstd")
            whole.replace(path)
        print(f"\r{number + 1} of {PIECES}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def files_of(at: Path, rows: int | None = None) -> list[str]:
    """The first files that hold so many rows; all of them by default."""
    found = sorted(at.glob("part-*.parquet"))
    each = pq.read_metadata(found[0]).num_rows
    return [str(one) for one in (found if rows is None else found[: max(1, rows // each)])]


def rows_of(engine: str, files: Sequence[str], *, threads: int = 2, memory: str = "2GB") -> Any:
    """Files as a frame of an engine that may take so many threads and so much memory."""
    if engine == "duckdb":
        import duckdb

        duckdb.sql(f"set threads = {threads}; set memory_limit = '{memory}'")
        return duckdb.read_parquet(list(files))
    if engine == "polars":
        os.environ["POLARS_MAX_THREADS"] = str(threads)  # read when Polars is first imported
        import polars as pl

        if pl.thread_pool_size() != threads:
            raise SystemExit("Polars was imported before its threads were set.")
        pl.Config.set_engine_affinity("streaming")
        return pl.scan_parquet(list(files))
    if engine == "dask":
        import dask.dataframe as dd
        from dask.distributed import Client, LocalCluster

        each = f"{float(memory.removesuffix('GB')) / threads}GB"
        Client(LocalCluster(threads, threads_per_worker=1, memory_limit=each,
                            dashboard_address=None))  # fmt: skip
        # A worker holds a part with all that is worked out of it: a row group, not a whole file.
        return dd.read_parquet(list(files), split_row_groups=True)
    from pyspark.sql import SparkSession

    build = SparkSession.builder.master(f"local[{threads}]")
    build = build.config("spark.driver.memory", memory.removesuffix("B").lower())
    spark = build.config("spark.ui.enabled", "false").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark.read.parquet(*files)


@dataclass(frozen=True, slots=True)
class Cost:
    """What something took: time on the clock, of the processors, and memory, with all children."""

    seconds: float
    processor_seconds: float
    peak_gb: float


class Meter:
    """Watch this process and its children while a block runs."""

    def __enter__(self) -> Meter:
        self._peak, self._stop = 0, threading.Event()
        self._busy: dict[int, float] = {}
        self._look()
        self._before = sum(self._busy.values())
        self._watch = threading.Thread(target=self._watching, daemon=True)
        self._started = time.perf_counter()
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        seconds = time.perf_counter() - self._started
        self._stop.set()
        self._watch.join()
        self._look()
        self.cost = Cost(
            round(seconds, 2),
            round(sum(self._busy.values()) - self._before, 2),
            round(self._peak / 1e9, 3),
        )

    def _watching(self) -> None:
        while not self._stop.wait(0.05):
            self._look()

    def _look(self) -> None:
        memory = 0
        me = psutil.Process()
        for one in (me, *me.children(recursive=True)):
            try:
                with one.oneshot():
                    memory += one.memory_info().rss
                    times = one.cpu_times()
            except psutil.Error:
                continue
            self._busy[one.pid] = times.user + times.system
        self._peak = max(self._peak, memory)


def measure(
    engine: str,
    files: Sequence[str],
    indicators: Sequence[str] = INDICATORS,
    breakdowns: Sequence[Any] = BREAKDOWNS,
    **room: Any,
) -> dict[str, Any]:
    """Tabulate indicators by breakdowns, with standard errors; what the engine needs to start
    is not counted in the time, but in the memory.
    """
    wanted = mp.load_catalogue().indicators(*indicators)
    rows = rows_of(engine, files, **room)
    with Meter() as meter:
        sample = mp.Sample(rows, DESIGN)
        table = mp.tabulate(sample, wanted, by=breakdowns, whole=False)
    if table.lacking:
        raise SystemExit(f"Not everything was estimated: {table.lacking}")
    return {
        "engine": engine,
        "rows": len(sample),
        "psus": sample.units.count,
        "indicators": len(wanted),
        "breakdowns": len(breakdowns),
        "domains": len(table.frame) // len(wanted),
        **asdict(meter.cost),
    }


def measure_domains(rows: int = 1_000_000, domains: int = 10_000) -> None:
    """Mean pay with standard errors in very many domains, of rows in memory and of a relation."""
    import duckdb

    table = pa.concat_tables([piece(number, rows // PIECES) for number in range(PIECES)])
    frame = table.to_pandas()
    inside = frame["psu"].astype(int) * (domains // PSUS) + frame["sex"] - 1
    across = frame["region"].astype(int) * (domains // REGIONS) + frame.index % (domains // REGIONS)
    for name, column in (("within PSUs", inside), ("across PSUs", across)):
        asked = frame.assign(domain=column)
        relation = duckdb.from_arrow(pa.Table.from_pandas(asked, preserve_index=False))
        for kind, data in (("pandas", asked), ("duckdb", relation)):
            with Meter() as meter:
                made = mp.mean(mp.Sample(data, DESIGN), "earn", by="domain").frame
                finite = int(np.isfinite(made["se"]).sum())
            print(f"{kind:8} {len(made):,} domains {name}, {finite:,} with SE: {meter.cost}")


def main() -> None:
    """Make the rows, or time their tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("make", "time", "domains"))
    parser.add_argument("--to", type=Path)
    parser.add_argument("--at", type=Path)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--psus", type=int, default=PSUS)
    parser.add_argument("--engine", choices=ENGINES, default="duckdb")
    parser.add_argument("--indicators", type=int, default=len(INDICATORS))
    parser.add_argument("--by", help="one breakdown instead of five: region+sex")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", default="2GB")
    parser.add_argument("--csv", type=Path)
    given = parser.parse_args()
    if given.what == "make":
        make(given.to, given.rows or 100_000_000, given.psus)
        return
    if given.what == "domains":
        measure_domains()
        return
    found = measure(
        given.engine,
        files_of(given.at, given.rows),
        (*INDICATORS, *MORE)[: given.indicators],
        (tuple(given.by.split("+")),) if given.by else BREAKDOWNS,
        threads=given.threads,
        memory=given.memory,
    )
    print("  ".join(f"{name} {value}" for name, value in found.items()), flush=True)
    if given.csv:
        new = not given.csv.exists()
        with given.csv.open("a", newline="", encoding="utf-8") as file:
            lines = csv.DictWriter(file, list(found), lineterminator="\n")
            if new:
                lines.writeheader()
            lines.writerow(found)


if __name__ == "__main__":
    main()
