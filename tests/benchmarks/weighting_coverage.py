"""How often intervals contain the truth when weights come from a recipe.

Run it by hand::

    python tests/benchmarks/weighting_coverage.py --draws 1000

Households of the fictional country are drawn in two stages and some do not answer; a recipe makes
base weights, adjusts for nonresponse and calibrates people on region and on sex by age, one weight
per household. For each figure it prints the bias in standard deviations, the mean standard error
over the standard deviation, and the share of 95 % intervals that contain the truth: with the steps
in the variance, with the weights taken as given, and by 100 bootstrap replicates with every step
done again (in the first `--bootstrap` draws).
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd

import mpsurvey as mp
from mpsurvey.profile.demo import survey as demo
from mpsurvey.profile.demo.country import make_country

RECIPE = {
    "id": "demo_people",
    "steps": [
        {"do": "base"},
        {"do": "nonresponse", "responded": "answered == 1", "classes": ["stratum"]},
        {
            "do": "calibrate",
            "margins": ["region", ["sex", "age_group"]],
            "distance": "raking",
            "within": "hh_id",
        },
        {"do": "trim", "above": "2.2 x median by stratum", "keep": "totals"},
    ],
}
FIGURES = {
    "people employed": ("total", "lfs == 1", None),
    "people unemployed": ("total", "lfs == 2", None),
    "people born abroad": ("total", "mb_cob != 901", None),
    "employed born abroad": ("total", "mb_cob != 901 and lfs == 1", None),
    "mean earnings": ("mean", "earn", "lfs == 1"),
    "mean hours of women": ("mean", "hours", "sex == 2"),
    "unemployment rate": ("ratio", ("lfs == 2", "lfs in (1, 2)"), None),
    "consumption per person": ("mean", "hh_cons", None),
    "in households with remittances": ("proportion", "ri_any == 1", None),
    "people aged 15 to 24": ("total", "age >= 15 and age < 25", None),
}


def population(country):
    people = country.persons.copy()
    home = country.households.reset_index(drop=True)
    at = people["household"].to_numpy()
    for name in ("hh_id", "psu", "stratum", "region", "urban", "hh_cons", "ri_any"):
        people[name] = home[name].to_numpy()[at]
    people["age_group"] = np.minimum(people["age"] // 15, 5)
    return people


def draw(country, people, starts, seed):
    rng = np.random.default_rng([seed, 77])
    areas, area_weight = demo._draw_areas(rng, country.areas)
    rows, base = demo._draw_households(rng, country, areas, area_weight)
    households = country.households.iloc[rows]
    answered = rng.random(len(rows)) < demo._chance_to_answer(households)
    size = starts[rows + 1] - starts[rows]
    members = np.concatenate([np.arange(starts[r], starts[r + 1]) for r in rows])
    frame = people.iloc[members].reset_index(drop=True)
    frame["answered"] = np.repeat(answered, size).astype(int)
    frame["chance"] = np.repeat(1 / base, size)
    frame["fpc_ea"] = frame["stratum"].map(country.areas.groupby("stratum").size())
    frame["fpc_hh"] = np.repeat(country.areas["households"].to_numpy()[households["area"]], size)
    return frame


def figure(sample, kind, what, where):
    if kind == "ratio":
        return mp.ratio(sample, *what, where=where)
    return getattr(mp, kind)(sample, what, where=where)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--bootstrap", type=int, default=0)
    parser.add_argument("--seed", type=int, default=2, help="seed of the country")
    given = parser.parse_args()
    started = time.perf_counter()
    country = make_country(given.seed)
    people = population(country)
    order = np.argsort(people["household"].to_numpy(), kind="stable")
    people = people.iloc[order].reset_index(drop=True)
    starts = np.searchsorted(people["household"], np.arange(len(country.households) + 1))
    census = mp.Sample(people, mp.Design())
    truth = {name: figure(census, *f).frame.estimate.iloc[0] for name, f in FIGURES.items()}
    totals = {
        "region": people.groupby("region").size().to_dict(),
        ("sex", "age_group"): people.groupby(["sex", "age_group"]).size().to_dict(),
    }
    design = mp.Design(strata=("stratum", None), psu=("psu", "hh_id"), fpc=("fpc_ea", "fpc_hh"))
    results = {"steps": [], "given": [], "bootstrap": []}
    margins_met = 0.0
    for number in range(given.draws):
        frame = draw(country, people, starts, 50_000 + number)
        weighted = mp.weight(mp.Sample(frame, design), RECIPE, totals)
        found = mp.total(weighted, by="region").frame.estimate.to_numpy()
        want = np.array(list(totals["region"].values()))
        margins_met = max(margins_met, np.abs(found / want - 1).max())
        samples = {"steps": weighted, "given": weighted.with_design(calibration=None)}
        if number < given.bootstrap:
            samples["bootstrap"] = mp.add_replicates(
                weighted, mp.Bootstrap(replicates=100, seed=number)
            )
        for kind, sample in samples.items():
            for name, asked in FIGURES.items():
                row = figure(sample, *asked).frame.iloc[0]
                covers = row.ci_low <= truth[name] <= row.ci_high
                results[kind].append((name, row.estimate, row.se, covers))
    seconds = time.perf_counter() - started
    print(f"{given.draws} draws, {seconds:.0f} s; totals met to {margins_met:.1g}")
    for kind, rows in results.items():
        if not rows:
            continue
        table = pd.DataFrame(rows, columns=["name", "estimate", "se", "covers"])
        print(f"\nvariance: {kind}\n{'figure':34} {'bias/sd':>8} {'se/sd':>6} {'cover':>6}")
        for name in FIGURES:
            one = table[table.name == name]
            spread = one.estimate.std(ddof=1)
            bias = (one.estimate.mean() - truth[name]) / spread
            ratio = np.sqrt((one.se**2).mean()) / spread
            print(f"{name:34} {bias:8.3f} {ratio:6.3f} {one.covers.mean():6.3f}")
        print(f"{'all':34} {'':8} {'':6} {table.covers.mean():6.3f}")


if __name__ == "__main__":
    main()
