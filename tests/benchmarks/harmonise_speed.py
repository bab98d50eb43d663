"""Time a million persons through a crosswalk of 31 variables, checks and concepts included.

``python tests/benchmarks/harmonise_speed.py``; the aim is a few seconds. In memory, and as Parquet
that stays in Polars and DuckDB: then the time is that of the report, and nothing else is read.
"""

import tempfile
import time

import duckdb
import numpy as np
import pandas as pd
import polars as pl

from mpsurvey.harmonisation import Band, Crosswalk, Mapped, harmonise
from mpsurvey.harmonisation.known import known_catalogue
from mpsurvey.microdata import Microdata

ROWS = 1_000_000
RNG = np.random.default_rng(1)

WHOLE = {
    "age": (0, 95), "sex": (1, 3), "educ": (0, 9), "isic1": (1, 22), "icse": (1, 6),
    "hours": (0, 80), "stratum": (1, 40), "psu": (1, 3000), "urban": (1, 3), "region": (1, 12),
    "rel_head": (1, 10), "mv_res1": (1, 5), "int_month": (1, 13), "hh_size": (1, 9),
}  # fmt: skip


def made():
    columns = {name: RNG.integers(*ends, ROWS) for name, ends in WHOLE.items()}
    choose = RNG.choice
    columns |= {
        "hh_id": np.arange(ROWS) // 3,
        "school": choose([0, 1, 9], ROWS),
        "mb_cob": choose([268, 643, 792, 31, 999], ROWS, p=[0.9, 0.04, 0.03, 0.02, 0.01]),
        "citizen": choose([1, 0, -1], ROWS, p=[0.95, 0.04, 0.01]),
        "mb_ever_abr": choose([1.0, 2.0, np.nan], ROWS),
        "mb_arr_year": np.where(RNG.random(ROWS) < 0.15, RNG.integers(1950, 2025, ROWS), np.nan),
        "work": choose([1, 2, 3, 8], ROWS),
        "occupation": RNG.integers(1000, 9999, ROWS),
        "earn": RNG.lognormal(7, 1, ROWS),
        "weight": RNG.random(ROWS),
        "mb_cob_mo": choose([268, 643], ROWS),
        "mb_cob_fa": choose([268, 643], ROWS),
        "ri_any": choose([1, 2], ROWS),
        "hh_inc": RNG.lognormal(9, 1, ROWS),
        "int_year": 2024,
        "mb_reason": choose([11, 12, 22, 31], ROWS),
        "before": choose(["GE", "RU", "TR", "XX"], ROWS),
    }
    return pd.DataFrame(columns)


def crosswalk(frame):
    major = {Band(group * 1000, group * 1000 + 999): group for group in range(1, 10)}
    others = ("school", "citizen", "work", "occupation", "before")
    walk = Crosswalk(id="speed", home=268, missing=(-1,))
    return walk.mapping(
        *(Mapped(name=name, column=name) for name in frame if name not in others),
        Mapped(name="attend", column="school", recode={1: 1, 0: 2, 9: 99}),
        Mapped(name="mb_cit_home", column="citizen", recode={1: 1, 0: 2}),
        Mapped(name="lfs", column="work", recode={1: 1, 2: 2, 3: 3, 8: 98}),
        Mapped(name="isco1", column="occupation", recode=major),
        Mapped(name="mb_prev_cnt", column="before", countries=True),
    )


def timed(what, rows, walk):
    for _ in range(3):
        wall, cpu = time.perf_counter(), time.process_time()
        people = harmonise(rows(), walk)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        concepts = len(people.report.concepts)
        print(
            f"{what}: {ROWS:,} rows, {len(walk)} variables, {concepts} concepts: "
            f"{wall:.1f} s, {cpu:.1f} s of processor"
        )


if __name__ == "__main__":
    known_catalogue()
    frame = made()
    file, walk = Microdata(frame), crosswalk(frame)
    timed("in memory", lambda: file, walk)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/people.parquet"
        frame.to_parquet(path)
        timed("Polars, lazy", lambda: pl.scan_parquet(path), walk)
        connection = duckdb.connect()
        timed("DuckDB", lambda: connection.read_parquet(path), walk)
