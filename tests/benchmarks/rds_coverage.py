"""How often intervals of respondent-driven samples hold the truth: simulated networks.

    python tests/benchmarks/rds_coverage.py [draws]

Populations of 2,000 people who know each other; 20 % have the trait (work without a contract). They
differ in how much people of one kind keep to themselves, whether those with the trait know more
people, and how much of the population the sample reaches. Recruitment is without replacement: six
seeds, up to three recruits each, at random among those known.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

import mpsurvey as mp
from mpsurvey.design import respondent_driven

PEOPLE, SEEDS, COUPONS = 2000, 6, (0.05, 0.15, 0.35, 0.45)
SCENARIOS = {
    "kinds mix": {"alike": 1.0, "more": 1.0, "n": 300},
    "kinds keep apart (3 times)": {"alike": 3.0, "more": 1.0, "n": 300},
    "kinds keep apart (8 times)": {"alike": 8.0, "more": 1.0, "n": 300},
    "those with it know 2 times as many": {"alike": 1.0, "more": 2.0, "n": 300},
    "both: 3 times apart, 2 times as many": {"alike": 3.0, "more": 2.0, "n": 300},
    "both, half of all people reached": {"alike": 3.0, "more": 2.0, "n": 1000},
    "both, seeds all have it": {"alike": 3.0, "more": 2.0, "n": 300, "seeds": "trait"},
}


def network(alike, more, rng):
    """Who knows whom: mean 10 contacts; like knows like `alike` times as often."""
    trait = np.arange(PEOPLE) < 0.2 * PEOPLE
    lean = rng.gamma(4, 0.25, PEOPLE) * np.where(trait, more, 1.0)
    same = trait[:, None] == trait[None]
    chance = np.outer(lean, lean) * np.where(same, alike, 1.0)
    np.fill_diagonal(chance, 0.0)
    chance *= 10 * PEOPLE / chance.sum()
    links = np.triu(rng.random((PEOPLE, PEOPLE)) < chance, 1)
    links |= links.T
    return trait, [np.flatnonzero(row) for row in links]


def recruited(trait, knows, n, rng, seeds="degree"):
    """A sample by chains, each person once; new seeds where all chains end."""
    degree = np.array([len(one) for one in knows], dtype=float)
    chance = degree * (trait if seeds == "trait" else 1)
    first = rng.choice(PEOPLE, SEEDS, replace=False, p=chance / chance.sum())
    inside = np.zeros(PEOPLE, dtype=bool)
    inside[first] = True
    rows, queue = [(one, -1) for one in first], list(first)
    while len(rows) < n:
        if not queue:
            left = np.flatnonzero(~inside & (degree > 0))
            one = rng.choice(left, p=degree[left] / degree[left].sum())
            inside[one] = True
            rows.append((one, -1))
            queue.append(one)
            continue
        one = queue.pop(0)
        free = knows[one][~inside[knows[one]]]
        many = min(rng.choice(4, p=COUPONS), len(free), n - len(rows))
        for other in rng.choice(free, many, replace=False) if many else ():
            inside[other] = True
            rows.append((other, one))
            queue.append(other)
    frame = pd.DataFrame(rows, columns=["id", "by"])
    frame["by"] = frame["by"].where(frame["by"] >= 0)
    return frame.assign(knows=degree[frame["id"]], trait=trait[frame["id"]].astype(float))


def main(draws=300):
    print("| Population | Method | Bias, points | SE / SD | Coverage, % |")
    print("|---|---|---:|---:|---:|")
    for number, (name, told) in enumerate(SCENARIOS.items()):
        rng = np.random.default_rng(100 + number)
        given = dict(told)
        n = given.pop("n")
        seeds = given.pop("seeds", "degree")
        found = {"volz_heckathorn": [], "gile": []}
        for draw in range(draws):
            if draw % 20 == 0:  # 15 networks for 300 draws
                trait, knows = network(given["alike"], given["more"], rng)
            frame = recruited(trait, knows, n, rng, seeds)
            truth = trait.mean()
            for method, kept in found.items():
                sample = respondent_driven(
                    frame, person="id", recruiter="by", contacts="knows", method=method,
                    population=PEOPLE, replicates=200, seed=draw,
                )  # fmt: skip
                row = mp.mean(sample, "trait").frame.iloc[0]
                kept.append((row.estimate, row.se, row.ci_low <= truth <= row.ci_high))
        for method, kept in found.items():
            estimate, se, inside = np.array(kept, dtype=float).T
            words = {"volz_heckathorn": "RDS-II", "gile": "Gile"}[method]
            print(
                f"| {name} | {words} | {100 * (estimate.mean() - 0.2):+.1f} | "
                f"{se.mean() / estimate.std():.2f} | {100 * inside.mean():.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:]))
