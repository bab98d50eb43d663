"""How long a recipe takes: a million rows, poststratified and raked, again in 500 replicates.

python tests/benchmarks/weighting_speed.py [rows] [replicates]
"""

import sys
import time

import numpy as np
import pandas as pd

import mpsurvey as mp


def people(rows, rng):
    """A million people in 4,000 areas of 50 strata."""
    psu = np.sort(rng.integers(0, max(rows // 250, 100), rows))
    return pd.DataFrame(
        {
            "psu": psu,
            "stratum": psu % 50,
            "region": psu % 10,
            "sex": rng.integers(1, 3, rows),
            "age": rng.integers(0, 16, rows),
            "educ": rng.integers(0, 6, rows),
            "d": rng.uniform(5, 50, rows),
            "income": rng.lognormal(7, 1, rows),
        }
    )


def main(rows=1_000_000, replicates=500):
    rng = np.random.default_rng(1)
    frame = people(rows, rng)
    true = frame.d * np.exp(0.1 * frame.sex + 0.02 * frame.age - 0.05 * frame.educ)
    totals = {
        name: frame.assign(true=true).groupby(name).true.sum().to_dict()
        for name in ("region", "sex", "age", "educ")
    }
    recipe = {
        "steps": [
            {"do": "poststratify", "margin": "region"},
            {"do": "rake", "margins": ["sex", "age", "educ"]},
        ]
    }
    started = time.perf_counter()
    sample = mp.Sample(frame, mp.Design(weight="d", strata="stratum", psu="psu"))
    print(f"sample             {time.perf_counter() - started:6.1f} s")
    started = time.perf_counter()
    weighted = mp.weight(sample, recipe, totals)
    print(f"weights            {time.perf_counter() - started:6.1f} s")
    started = time.perf_counter()
    taylor = mp.mean(weighted, "income", by="region")
    print(f"mean by region     {time.perf_counter() - started:6.1f} s (calibrated Taylor)")
    started = time.perf_counter()
    recipe["replicates"] = {"kind": "bootstrap", "number": replicates, "seed": 1}
    again = mp.weight(sample, recipe, totals)
    again.replicates.rerun.weights(0)
    print(f"{replicates} replicates     {time.perf_counter() - started:6.1f} s")
    started = time.perf_counter()
    found = mp.mean(again, "income", by="region")
    print(f"mean by region     {time.perf_counter() - started:6.1f} s (replicates)")
    ratio = found.frame.se / taylor.frame.se
    print(f"se, replicates over Taylor: {ratio.min():.3f} to {ratio.max():.3f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
