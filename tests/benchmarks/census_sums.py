"""How many digits of a census's totals are right, whatever the threads and the order of files::

    python tests/benchmarks/census_sums.py --at /tmp/census --engines duckdb polars
    python tests/benchmarks/census_sums.py --at /tmp/census --engines dask spark --rows 10000000

The truth is `math.fsum` of each sampling unit's rows, which rounds once, and the standard error
worked out from these sums. Each engine adds up with 1 and 2 threads, with the files in order and in
reverse, in a process of its own; the gaps are relative.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from census import DESIGN, ENGINES, PSUS, REGIONS, STRATA, files_of, rows_of
from numpy.typing import NDArray

import mpsurvey as mp

Floats = NDArray[np.float64]
AMOUNTS = ("people", "earn", "hours")


def unit_sums(files: Sequence[str]) -> dict[str, Floats]:
    """Weighted sums of each sampling unit, rounded once."""
    parts: dict[str, list[list[float]]] = {name: [[] for _ in range(PSUS)] for name in AMOUNTS}
    for file in files:
        rows = pq.read_table(file, columns=["psu", "weight", "earn", "hours"])
        psu, weight = rows["psu"].to_numpy(), rows["weight"].to_numpy()
        starts = np.flatnonzero(np.diff(psu, prepend=-1))
        for name in AMOUNTS:
            values = weight
            if name != "people":
                values = np.nan_to_num(rows[name].to_numpy().astype(float)) * weight
            for unit, some in zip(psu[starts], np.split(values, starts[1:]), strict=True):
                parts[name][unit].append(math.fsum(some.tolist()))
    return {name: np.array([math.fsum(one) for one in units]) for name, units in parts.items()}


def truth(files: Sequence[str]) -> dict[str, Floats]:
    """Totals of the country, of each region, and the standard error of the country's."""
    found = {}
    for name, units in unit_sums(files).items():
        regions = units.reshape(REGIONS, -1)
        strata = units.reshape(STRATA, -1)
        size = strata.shape[1]
        # A part of the files has whole strata too; its other units have no rows.
        strata = strata[(strata != 0).all(axis=1)]
        means = np.array([math.fsum(row) for row in strata])[:, None] / size
        spread = math.fsum(((strata - means) ** 2).ravel()) * size / (size - 1)
        found[name] = np.array(
            [math.fsum(units), math.sqrt(spread), *(math.fsum(row) for row in regions)]
        )
    return found


def added_up(engine: str, files: Sequence[str], threads: int) -> dict[str, list[float]]:
    """The same figures as the engine and mpsurvey make them."""
    sample = mp.Sample(rows_of(engine, files, threads=threads), DESIGN)
    found = {}
    for name in AMOUNTS:
        variable = None if name == "people" else name
        country = mp.total(sample, variable).frame.iloc[0]
        regions = mp.total(sample, variable, by="region").frame.set_index("region")["estimate"]
        every = regions.reindex(range(REGIONS), fill_value=0.0)
        found[name] = [country["estimate"], country["se"], *every]
    return found


def gap(found: Floats, against: Floats) -> float:
    """Largest relative difference."""
    return float(np.max(np.abs(found - against) / np.where(against == 0, 1, np.abs(against))))


def main() -> None:
    """Compare every engine, number of threads and order with the truth and with each other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at", type=Path, required=True)
    parser.add_argument("--engines", nargs="*", default=ENGINES)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--one", nargs=3, metavar=("ENGINE", "THREADS", "ORDER"))
    given = parser.parse_args()
    files = files_of(given.at, given.rows)
    if given.one:
        engine, threads, order = given.one
        some = files if order == "forward" else files[::-1]
        print(json.dumps(added_up(engine, some, int(threads))))
        return
    exact = truth(files)
    print(
        f"{'engine':8}{'threads':>8} {'files':9}{'totals':>10}{'regions':>10}{'SE':>10}  vs first"
    )
    for engine in given.engines:
        first: dict[str, Floats] = {}
        for threads, order in ((2, "forward"), (1, "forward"), (2, "reverse")):
            made = subprocess.run(
                [sys.executable, "-W", "ignore", __file__, "--at", str(given.at),
                 *(["--rows", str(given.rows)] if given.rows else []),
                 "--one", engine, str(threads), order],
                check=True, capture_output=True, text=True,
            )  # fmt: skip
            found = {
                name: np.array(values)
                for name, values in json.loads(made.stdout.strip().splitlines()[-1]).items()
            }
            first = first or found
            gaps = [
                max(gap(found[name][part], exact[name][part]) for name in AMOUNTS)
                for part in (slice(0, 1), slice(2, None), slice(1, 2))
            ]
            moved = max(gap(found[name], first[name]) for name in AMOUNTS)
            print(
                f"{engine:8}{threads:8} {order:9}"
                f"{gaps[0]:10.1e}{gaps[1]:10.1e}{gaps[2]:10.1e}{moved:10.1e}",
                flush=True,
            )


if __name__ == "__main__":
    main()
