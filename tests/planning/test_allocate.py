"""Allocations against Cochran, R PracTools, R bethel, and what must be true of an optimum."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mpsurvey.errors import ColumnMissing, DesignError
from mpsurvey.planning import Figure, Target, allocate, bethel

R = pd.read_csv(Path(__file__).parents[1] / "r" / "planning_practools.csv").set_index("name")[
    "value"
]
BETHEL = pd.read_csv(Path(__file__).parents[1] / "r" / "planning_bethel.csv")

HOSPITALS = pd.DataFrame(
    {
        "stratum": list("abcdef"),
        "population": [215, 65, 252, 50, 149, 144],
        "sd": [26787207, 10645109, 6909676, 11085034, 9817762, 44553355],
        "cost": [1400, 200, 300, 600, 450, 1000],
        "mean": 11664181.0,
    }
)
REGIONS = pd.DataFrame(
    {
        "stratum": ["capital", "border", "coast", "inland", "mountain"],
        "zone": ["east", "east", "west", "west", "west"],
        "population": [120_000, 40_000, 90_000, 200_000, 50_000],
        "immigrants": [0.06, 0.10, 0.03, 0.005, 0.002],
        "unemployed": [0.09, 0.12, 0.08, 0.07, 0.11],
        "immigrants_unemployed": [0.12, 0.18, 0.10, 0.09, 0.10],
        "wage": [420.0, 310.0, 350.0, 300.0, 260.0],
        "wage_sd": [300.0, 190.0, 240.0, 180.0, 150.0],
    }
)


def test_cochran_cities():
    # Cochran (1977), chapter 5, 64 cities: V_prop = 1,882,293 and V_opt = 1,090,827 for n = 24.
    cities = pd.DataFrame(
        {"stratum": ["large", "small"], "population": [16, 48], "variance": [53843, 5581]}
    ).assign(sd=lambda f: np.sqrt(f["variance"]))

    def variance(n):
        N = cities["population"]
        return float(np.sum(N * (N - n) * cities["variance"] / n))

    even = allocate(cities, n=24).frame["n"]
    best = allocate(cities, n=24, method="neyman", sd="sd").frame["n"]
    assert even.tolist() == [6, 18]
    assert best.tolist() == [12, 12]
    assert round(variance(even)) == 1_882_293
    assert round(variance(best)) == 1_090_827


def test_allocations_are_those_of_r():
    neyman = [R[f"neyman_{one}"] for one in range(1, 7)]
    found = allocate(HOSPITALS, n=100, method="neyman", sd="sd").frame["n"]
    assert np.abs(found - neyman).max() < 1
    assert found.sum() == 100
    budget = [R[f"budget_{one}"] for one in range(1, 7)]
    spent = allocate(HOSPITALS, budget=100_000, method="optimum", sd="sd", cost="cost")
    # Whole interviews, the rest of the budget spent where it helps: never worse than R's cut down.
    a = (HOSPITALS["population"] * HOSPITALS["sd"]) ** 2
    assert np.abs(spent.frame["n"] - budget).max() < 2.5
    assert np.sum(a / spent.frame["n"]) < np.sum(a / np.floor(budget))
    assert 99_800 < spent.cost <= 100_000
    aimed = allocate(
        HOSPITALS, targets={"beds": 0.05}, figures={"beds": ("mean", "sd")}, method="optimum",
        sd="sd", cost="cost",
    )  # fmt: skip
    assert (
        aimed.frame["n"].tolist() == np.ceil([R[f"target_{one}"] for one in range(1, 7)]).tolist()
    )
    np.testing.assert_allclose(aimed.expected["cv"], 0.05, rtol=0.01)


def test_whole_numbers_are_exactly_optimal():
    rng = np.random.default_rng(5)
    for _ in range(20):
        N, S = rng.integers(4, 12, 3), rng.random(3) * 10
        frame = pd.DataFrame({"stratum": list("abc"), "population": N, "sd": S})
        n = int(rng.integers(6, 12))
        found = allocate(frame, n=n, method="neyman", sd="sd", least=1).frame["n"].to_numpy()
        best = min(
            sum(N**2 * S**2 / np.array(m))
            for m in product(*(range(1, size + 1) for size in N))
            if sum(m) == n
        )
        np.testing.assert_allclose(np.sum(N**2 * S**2 / found), best)


@pytest.mark.parametrize(
    ("column", "targets", "cost"),
    [
        ("n_equal", [0.05, 0.05, 0.05], [1] * 8),
        ("n_unequal", [0.05, 0.01, 0.2], [1] * 8),
        ("n_cost", [0.03, 0.06, 0.05], [1, 2, 4, 8] * 2),
    ],
)
def test_bethel_is_that_of_r(column, targets, cost):
    frame = BETHEL.rename(columns={"strata": "stratum"}).assign(cost=cost)
    for one in "123":
        frame[f"s{one}"] = np.sqrt(frame[f"v{one}"])
    found = allocate(
        frame, method="bethel", cost="cost", least=1,
        figures={f"y{one}": (f"m{one}", f"s{one}") for one in "123"},
        targets={f"y{one}": cv for one, cv in zip("123", targets, strict=True)},
    )  # fmt: skip
    # R rounds every stratum up; taking units back while the targets hold never costs more.
    assert np.abs(found.frame["n"] - BETHEL[column]).max() <= 1
    assert found.cost <= float(BETHEL[column] @ np.array(cost))
    assert found.expected["met"].all()


def test_bethel_with_one_target_is_the_optimum_allocation():
    a, cost = np.array([[4.0, 9.0, 1.0]]), np.array([1.0, 4.0, 9.0])
    found = bethel.cheapest(a, cost, np.full(3, 1e-3), np.full(3, 1e6))
    root = np.sqrt(a[0] * cost)
    np.testing.assert_allclose(found, np.sqrt(a[0] / cost) * root.sum(), rtol=1e-6)


def test_bethel_satisfies_kuhn_and_tucker_with_many_domains():
    rng = np.random.default_rng(2)
    ratio = rng.gamma(0.5, 1, (40, 60)) * (rng.random((40, 60)) < 0.3)
    ratio = ratio[ratio.sum(axis=1) > 0]
    cost = rng.random(60) + 0.5
    least, most = np.full(60, 0.01), np.full(60, 1e5)
    n = bethel.cheapest(ratio, cost, least, most)
    used = ratio @ (1 / n)
    assert used.max() <= 1 + 1e-9
    # Some multipliers, of the targets that bind, make the gradient of the cost vanish.
    from scipy.optimize import nnls

    inside = (n > 0.0101) & (n < 0.99e5)
    binding = used > 1 - 1e-4
    gradient = (ratio[binding] / n**2).T[inside]
    assert nnls(gradient, cost[inside])[1] / np.linalg.norm(cost[inside]) < 1e-3


def test_bethel_by_domain_and_group():
    found = allocate(
        REGIONS, method="bethel", least=50, groups="immigrants",
        figures={
            "unemployment": "unemployed",
            "wage": ("wage", "wage_sd"),
            "immigrants' unemployment": Figure(mean="immigrants_unemployed", group="immigrants"),
        },
        targets=[
            Target(figure="unemployment", cv=0.05, by="zone"),
            {"figure": "wage", "cv": 0.02},
            {"figure": "immigrants' unemployment", "cv": 0.10},
        ],
    )  # fmt: skip
    assert found.expected["met"].all()
    assert len(found.expected) == 5
    fraction = found.frame.set_index("stratum")["fraction"]
    assert fraction["border"] > fraction["capital"] > fraction["inland"]
    price = found.groups.set_index("group")
    assert price.loc["everybody", "deff"] > 1.1
    assert (
        price.loc["immigrants", "effective"] > price.loc["immigrants", "effective_if_proportional"]
    )
    smaller = allocate(REGIONS, n=found.n, figures={"u": "unemployed"})
    assert smaller.deff == pytest.approx(1, abs=1e-4)


def test_group_variance_is_that_of_a_sample():
    """The linearised variance of a group's share, against 3,000 stratified samples."""
    rng = np.random.default_rng(8)
    N, P, m = np.array([3000, 2000]), np.array([0.05, 0.2]), np.array([0.3, 0.5])
    stratum = np.repeat([0, 1], N)
    member = rng.random(N.sum()) < P[stratum]
    y = rng.random(N.sum()) < m[stratum]
    frame = pd.DataFrame({"stratum": ["a", "b"], "population": N})
    frame["P"] = [member[stratum == h].mean() for h in (0, 1)]
    frame["m"] = [y[(stratum == h) & member].mean() for h in (0, 1)]
    plan = allocate(frame, n=800, figures={"y": Figure(mean="m", group="P")})
    found = []
    for _ in range(3000):
        top = bottom = 0.0
        for h, n in enumerate(plan.frame["n"]):
            s = rng.choice(np.flatnonzero(stratum == h), n, replace=False)
            top += N[h] / n * np.sum(y[s] & member[s])
            bottom += N[h] / n * np.sum(member[s])
        found.append(top / bottom)
    want = plan.expected["cv"][0]
    np.testing.assert_allclose(np.std(found) / np.mean(found), want, rtol=0.06)


def test_power_allocation_lies_between_equal_cvs_and_neyman():
    cv = {}
    for exponent in (0.0, 0.5, 1.0):
        one = allocate(REGIONS, n=3000, method="power", sd="wage_sd", mean="wage",
                       exponent=exponent, figures={"wage": ("wage", "wage_sd")})  # fmt: skip
        n = one.frame["n"]
        cv[exponent] = REGIONS["wage_sd"] / REGIONS["wage"] / np.sqrt(n)
        if exponent == 1.0:
            neyman = allocate(REGIONS, n=3000, method="neyman", sd="wage_sd")
            assert np.abs(n - neyman.frame["n"]).max() <= 1
    assert cv[0.0].std() < cv[0.5].std() < cv[1.0].std()


def test_bounds_are_kept_and_the_rest_shared_by_the_same_rule():
    found = allocate(REGIONS, n=2000, least=300, most=600)
    assert found.frame["n"].between(300, 600).all()
    assert found.n == 2000
    full = allocate(HOSPITALS, n=700, method="neyman", sd="sd")
    assert (full.frame["n"] <= full.frame["population"]).all()
    assert full.frame["n"].sum() == 700
    assert (full.frame["n"] == full.frame["population"]).any()


def test_two_stages_take_what_costs_and_clustering_say():
    frame = REGIONS.assign(icc=0.05)
    found = allocate(frame, budget=100_000, method="optimum", sd="wage_sd", cost=100,
                     cost_psu=750, icc="icc")  # fmt: skip
    assert found.frame["take"].eq(round(R["clusOpt2_take"])).all()
    assert (found.frame["psus"] * found.frame["take"] == found.frame["n"]).all()
    assert found.units == dict(zip(found.frame["stratum"], found.frame["psus"], strict=True))
    single = pd.DataFrame({"stratum": ["x"], "population": [10**8], "sd": [1.0], "one": [1.0]})
    one = allocate(single, budget=100_000, method="optimum", sd="sd", cost=100, cost_psu=750,
                   icc=0.05, figures={"y": ("one", "sd")})  # fmt: skip
    assert abs(one.frame["psus"][0] - R["clusOpt2_psus_rounded"]) < 1
    np.testing.assert_allclose(one.expected["cv"][0], R["clusOpt2_cv_rounded"], rtol=0.01)


def test_oversampling_shows_its_price():
    plain = allocate(REGIONS, n=5000, groups=("immigrants",))
    more = allocate(REGIONS, n=5000, method="oversample", oversample={"border": 4, "capital": 2},
                    groups=("immigrants",))  # fmt: skip
    assert plain.deff == pytest.approx(1, abs=1e-3)
    n, N = more.frame["n"].to_numpy(float), more.frame["population"].to_numpy()
    np.testing.assert_allclose(more.deff, n.sum() * np.sum(N**2 / n) / N.sum() ** 2)
    gained = more.groups.set_index("group").loc["immigrants"]
    assert gained["effective"] > 1.2 * gained["effective_if_proportional"]
    with pytest.raises(DesignError, match="Did you mean 'border'"):
        allocate(REGIONS, n=500, method="oversample", oversample={"boarder": 3})


def test_disproportionate_screening_is_the_best_for_the_group():
    frame = REGIONS.assign(households=REGIONS["population"], concerned=REGIONS["immigrants"])
    given = {"cost": 30, "cost_screening": 5, "screen": "concerned", "least": 0,
             "population": "households"}  # fmt: skip
    found = allocate(frame, budget=60_000, method="screening", **given)
    N, P = frame["population"], frame["immigrants"]

    def variance(n):
        return float(np.sum(N**2 * P / n))

    here = variance(found.frame["n"])
    for factor in (0.9, 1.1):
        for h in range(5):
            n = found.frame["n"].to_numpy(float).copy()
            n[h] *= factor
            unit = 5 + 30 * P
            n *= found.cost / float(unit @ n)
            assert variance(n) > here * 0.9999


def test_targets_that_cannot_be_met_and_other_faults():
    with pytest.raises(DesignError, match="cannot be met: the largest sizes allowed give"):
        allocate(REGIONS, method="bethel", most=100, figures={"u": "unemployed"},
                 targets={"u": 0.01})  # fmt: skip
    with pytest.raises(DesignError, match="how large"):
        allocate(REGIONS)
    with pytest.raises(DesignError, match="needs sd") as caught:
        allocate(pd.concat([REGIONS, REGIONS]), n=100, method="neyman")
    assert len(caught.value.problems) == 2
    with pytest.raises(ColumnMissing, match="Did you mean 'immigrants'"):
        allocate(REGIONS, n=100, groups="imigrants")
    with pytest.raises(DesignError, match="No figure 'unemployed' was described"):
        allocate(REGIONS, n=100, targets={"unemployed": 0.1})


def test_the_curve_goes_through_the_allocation():
    found = allocate(REGIONS, n=3000, cost=20, figures={"u": "unemployed"})
    curve = found.curve(np.array([0.5, 1.0, 2.0]))
    np.testing.assert_allclose(curve.query("factor == 1")["cv"], found.expected["cv"])
    assert curve["cost"].tolist() == [30_000, 60_000, 120_000]
    assert "deff of weights" in repr(found)
    assert "<table" in found._repr_html_()
