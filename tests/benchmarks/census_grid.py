"""Time a census's tables over rows, sampling units, domains and statistics, a process for each::

    cd tests/benchmarks
    python census_grid.py --room /tmp/census --csv ../../docs/explanation/census-scale.csv

Makes the rows that are not there yet (1.5 GB in all). What the CSV file has is not measured again,
so an interrupted run goes on. `census_pictures.py` draws the file.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from census import ENGINES, INDICATORS, MORE, PSUS, make

KEY = ("engine", "rows", "psus", "indicators", "breakdowns", "domains")
DOMAINS = {
    "sex": 2,
    "region": 250,
    "region+sex": 500,
    "region+age_group": 1_500,
    "region+age_group+educ": 10_500,
    "region+age": 23_750,
}
SOME = 10_000_000
MEMORY = {"dask": "3.5GB"}
"""What an engine may take; 2 GB by default, with which Dask's workers are restarted without end."""


def grid(largest: int) -> Iterator[tuple[str, int, int, int, str]]:
    """Engine, rows, PSUs, indicators and the one breakdown ('' for all five)."""
    for rows in (100_000, 1_000_000, SOME, largest):
        for engine in ENGINES:
            yield engine, rows, PSUS, len(INDICATORS), ""
    for engine in ("duckdb", "polars"):
        for psus in (1_000, 20_000, 100_000):
            yield engine, SOME, psus, len(INDICATORS), ""
        for by in DOMAINS:
            yield engine, SOME, PSUS, len(INDICATORS), by
        for indicators in (1, 2, 5, len(INDICATORS) + len(MORE)):
            yield engine, SOME, PSUS, indicators, ""


def main() -> None:
    """Measure what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--room", type=Path, required=True)
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--largest", type=int, default=100_000_000)
    parser.add_argument("--engines", nargs="*", default=list(ENGINES))
    given = parser.parse_args()
    for engine, rows, psus, indicators, by in grid(given.largest):
        at = given.room / f"{rows}-{psus}"
        wanted = (
            engine, rows, psus, indicators, 1 if by else 5, DOMAINS.get(by, 277),
        )  # fmt: skip
        if engine not in given.engines or tuple(map(str, wanted)) in _there(given.csv):
            continue
        make(at, rows, psus)
        subprocess.run(
            [sys.executable, "-W", "ignore", str(Path(__file__).with_name("census.py")), "time",
             "--at", str(at), "--engine", engine, "--indicators", str(indicators),
             *(["--by", by] if by else []), "--memory", MEMORY.get(engine, "2GB"),
             "--csv", str(given.csv)],
            check=False, stderr=subprocess.DEVNULL,
        )  # fmt: skip


def _there(path: Path) -> set[tuple[str, ...]]:
    if not path.exists():
        return set()
    with path.open(newline="", encoding="utf-8") as file:
        return {tuple(line[name] for name in KEY) for line in csv.DictReader(file)}


if __name__ == "__main__":
    main()
