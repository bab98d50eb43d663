"""Seconds that poverty and inequality take on many rows.

Run it by hand::

    python tests/benchmarks/inequality_speed.py --rows 1000000 --replicates 100

Each call is made twice and the better time is printed, with the target where there is one.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

import mpsurvey as mp

TARGETS = {"Gini": 1.0, "poverty rate, 60% of median": 1.0, "poverty rate, fixed line": 1.0}


def make_people(rows: int, seed: int = 1) -> pd.DataFrame:
    """Incomes of people in 10,000 PSUs of 100 strata, whose means differ, in 20 regions."""
    random = np.random.default_rng(seed)
    place = random.integers(0, 10_000, rows)
    level = random.normal(9, 0.3, 10_000)[place]
    return pd.DataFrame(
        {
            "stratum": place % 100,
            "place": place,
            "weight": random.uniform(50, 150, rows),
            "income": np.round(random.lognormal(level, 0.6), 2),
            "region": random.integers(0, 20, rows),
        }
    )


def calls(sample: mp.Sample) -> dict[str, Callable[[], mp.Estimates]]:
    """Return the figures that are timed."""
    income, relative = "income", "60% of median"
    return {
        "Gini": lambda: mp.gini(sample, income),
        "Gini by 20 regions": lambda: mp.gini(sample, income, by="region"),
        "poverty rate, fixed line": lambda: mp.poverty(sample, income, line=5000),
        "poverty rate, 60% of median": lambda: mp.poverty(sample, income, line=relative),
        "the same by 20 regions": lambda: mp.poverty(sample, income, line=relative, by="region"),
        "poverty gap, 50% of mean": lambda: mp.poverty(sample, income, line="50% of mean", order=1),
        "relative median gap": lambda: mp.relative_median_gap(sample, income),
        "Watts, 60% of median": lambda: mp.watts(sample, income, line=relative),
        "Sen": lambda: mp.sen(sample, income, line=5000),
        "quintile share ratio": lambda: mp.quintile_share_ratio(sample, income),
        "Lorenz curve, 9 ordinates": lambda: mp.lorenz(sample, income),
        "generalised entropy, 3 orders": lambda: mp.generalised_entropy(sample, income, (0, 1, 2)),
        "Atkinson": lambda: mp.atkinson(sample, income),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--replicates", type=int, default=100, help="0 for none")
    given = parser.parse_args()
    design = mp.Design(weight="weight", strata="stratum", psu="place")
    sample = mp.Sample(make_people(given.rows), design)
    print(f"{given.rows:,} rows, 10,000 PSUs, Taylor linearisation")
    for name, call in calls(sample).items():
        seconds = []
        for _ in range(2):
            start = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - start)
        target = f"   target {TARGETS[name]:g}" if name in TARGETS else ""
        print(f"{name:32} {min(seconds):7.2f} s{target}")
    if not given.replicates:
        return
    sample = mp.add_replicates(sample, mp.Bootstrap(replicates=given.replicates, seed=1))
    print(f"The same with {given.replicates} bootstrap replicates, once")
    for name, call in calls(sample).items():
        start = time.perf_counter()
        call()
        print(f"{name:32} {time.perf_counter() - start:7.2f} s")


if __name__ == "__main__":
    main()
