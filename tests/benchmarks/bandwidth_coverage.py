"""What the bandwidth of the density does to the interval of a poverty rate below an estimated line.

Run it by hand::

    python tests/benchmarks/bandwidth_coverage.py --draws 1500

Simple random samples of people are drawn from a lognormal population. The kernel's width depends on
the sum of weights: once they sum to a country of 8 million, as they should, once to the number of
rows. Printed are the root mean square of the standard error over the standard deviation of the
estimates (1 is right), and the share of 95 % intervals that hold the truth, whose own standard
error is about sqrt(0.0475 / draws).
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

import mpsurvey as mp

COUNTRY = 8_000_000
LINE = "60% of median"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=1500)
    given = parser.parse_args()
    population = np.random.default_rng(1).lognormal(9, 0.6, COUNTRY // 2)
    truth = (population <= 0.6 * np.median(population)).mean()
    print(f"{given.draws} draws; true rate {truth:.4f}")
    print(f"{'n':>6} {'weights sum to':>14} {'se/sd':>6} {'cover':>6}")
    for n in (100, 300, 1000):
        for total in (COUNTRY, n):
            random = np.random.default_rng(5)
            rows = []
            for _ in range(given.draws):
                people = pd.DataFrame({"income": random.choice(population, n), "w": total / n})
                sample = mp.Sample(people, mp.Design(weight="w"))
                found = mp.poverty(sample, "income", line=LINE).frame
                rows.append(found[["estimate", "se", "ci_low", "ci_high"]].to_numpy()[0])
            estimate, se, low, high = np.array(rows).T
            ratio = np.sqrt((se**2).mean()) / estimate.std(ddof=1)
            cover = ((low <= truth) & (truth <= high)).mean()
            print(f"{n:6,} {total:14,} {ratio:6.2f} {cover:6.1%}")


if __name__ == "__main__":
    main()
