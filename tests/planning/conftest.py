"""A country to plan for: households in enumeration areas, with migrants living together."""

import numpy as np
import pandas as pd
import pytest

import mpsurvey as mp
from mpsurvey.planning import Figure, Target, allocate, variance_components

TAKE = 10


def make_households(seed=1, areas=2400):
    """About 200,000 households: 3 % immigrants', 4 % returnees', 12 % with remittances."""
    rng = np.random.default_rng(seed)
    region = rng.choice(["capital", "border", "coast", "inland"], areas, p=[0.2, 0.15, 0.25, 0.4])
    size = np.clip(rng.normal(85, 22, areas).round(), 30, 160).astype(int)
    lean = {"capital": (0.05, 0.02, 0.06), "border": (0.07, 0.06, 0.14),
            "coast": (0.02, 0.06, 0.20), "inland": (0.011, 0.03, 0.09)}  # fmt: skip
    ea = np.repeat(np.arange(areas), size)
    frame = pd.DataFrame({"ea": ea, "region": region[ea], "households": size[ea]})
    n = len(frame)
    effect = rng.normal(0, 0.6, (areas, 3))
    for column, name in enumerate(("immigrant", "returnee", "remittances")):
        base = np.array([lean[one][column] for one in region])
        chance = base * np.exp(effect[:, column] - 0.18)
        frame[name] = rng.random(n) < np.clip(chance, 0, 0.9)[ea]
    wealth = rng.normal(0, 0.45, areas)[ea]
    score = -0.9 + wealth - 0.5 * frame["remittances"] + 0.4 * frame["immigrant"]
    frame["poor"] = rng.random(n) < 1 / (1 + np.exp(-score))
    frame["spending"] = np.exp(6 + 0.4 * wealth + rng.normal(0, 0.5, n))
    return frame


def strata_of(frame):
    """What a census says of each stratum, a row each."""
    grouped = frame.groupby("region")
    out = grouped.agg(
        population=("ea", "size"), immigrant=("immigrant", "mean"), returnee=("returnee", "mean"),
        remittances=("remittances", "mean"), poor=("poor", "mean"), spending=("spending", "mean"),
        spending_sd=("spending", "std"),
    )  # fmt: skip
    for name in ("immigrant", "returnee", "remittances"):
        out[f"poor_{name}"] = frame[frame[name]].groupby("region")["poor"].mean()
    return out.reset_index(names="stratum")


def plan_for(frame):
    """The allocation that promises CVs, from what a census tells: means, and ICCs by stratum."""
    strata = strata_of(frame)
    census = mp.Sample(frame, mp.Design(psu="ea", strata="region"))
    for name in ("immigrant", "returnee", "remittances", "poor", "spending"):
        strata[f"icc_{name}"] = [
            variance_components(census, name, where=f"region == '{one}'").inputs(name)["icc"]
            for one in strata["stratum"]
        ]
    figures = {
        "remittances": Figure(mean="remittances", icc="icc_remittances"),
        "poor": Figure(mean="poor", icc="icc_poor"),
        "spending": Figure(mean="spending", sd="spending_sd", icc="icc_spending"),
        "immigrant": Figure(mean="immigrant", icc="icc_immigrant"),
        "returnee": Figure(mean="returnee", icc="icc_returnee"),
    }
    for name in ("immigrant", "remittances"):
        inside = variance_components(census, "poor", where=f"{name} == 1").inputs("poor")["icc"]
        figures[f"poor {name}"] = Figure(
            mean=f"poor_{name}", group=name, icc=inside, group_icc=f"icc_{name}"
        )
    return allocate(
        strata, method="bethel", cost=20, cost_psu=100, icc="icc_poor", take=TAKE,
        figures=figures, groups=("immigrant", "returnee", "remittances"),
        targets=[
            Target(figure="remittances", cv=0.08),
            Target(figure="immigrant", cv=0.20),
            Target(figure="poor immigrant", cv=0.20),
            Target(figure="poor remittances", cv=0.10),
        ],
    )  # fmt: skip


def stages_of(plan):
    """The plan's two stages."""
    return [
        {"unit": "ea", "strata": "region", "n": plan.units, "method": "pps_systematic",
         "size": "households", "order": "random"},
        {"n": TAKE, "method": "systematic"},
    ]  # fmt: skip


@pytest.fixture(scope="session")
def country():
    frame = make_households()
    return frame, plan_for(frame), stages_of
