"""How long a draw takes from a list of a million units, and joint probabilities of a few thousand.

Run: python tests/benchmarks/planning_speed.py
"""

from time import perf_counter

import numpy as np
import pandas as pd

from mpsurvey.planning import draw
from mpsurvey.planning.conditional_poisson import (
    conditional_poisson,
    joint_conditional_poisson,
    joint_sampford,
)
from mpsurvey.planning.inclusion import inclusion_probabilities

RNG = np.random.default_rng(1)
BIG = pd.DataFrame(
    {
        "size": RNG.lognormal(0, 1, 1_000_000),
        "stratum": RNG.integers(0, 20, 1_000_000),
        "district": RNG.integers(0, 1000, 1_000_000),
        "village": RNG.integers(0, 1000, 1_000_000),
    }
)
draw(BIG.head(100), n=5, seed=1)  # the first draw imports samplics
for given in (
    {"method": "srs"},
    {"method": "systematic", "order": ["district", "village"]},
    {"method": "pps_systematic", "size": "size", "order": ["district", "village"]},
    {"method": "pivotal", "size": "size"},
    {"method": "pivotal", "size": "size", "order": "district"},
    {"method": "poisson", "size": "size"},
):
    began = perf_counter()
    draw(BIG, n=500, strata="stratum", seed=1, **given)
    stratified = perf_counter() - began
    began = perf_counter()
    draw(BIG, n=5000, seed=1, **given)
    print(f"{given['method']:16s} 1,000,000 units: 20 strata {stratified:5.2f} s, "
          f"one list {perf_counter() - began:5.2f} s")  # fmt: skip
for N, n in ((500, 60), (2000, 200), (5000, 400)):
    pi = inclusion_probabilities(RNG.lognormal(0, 0.7, N), n)
    pi = pi[pi < 1 - 1e-9]
    began = perf_counter()
    chosen = np.flatnonzero(conditional_poisson(pi, RNG))
    drawn = perf_counter() - began
    began = perf_counter()
    joint_conditional_poisson(pi, chosen)
    entropy = perf_counter() - began
    began = perf_counter()
    joint_sampford(pi, chosen)
    print(f"maximum entropy {n} of {N}: draw {drawn:.2f} s, joint {entropy:.2f} s; "
          f"Sampford joint {perf_counter() - began:.2f} s")  # fmt: skip
