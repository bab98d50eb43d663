"""Rare and mobile populations: weights that are unbiased over every sample that could be drawn."""

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest

import mpsurvey as mp
from mpsurvey.design import network_means, network_sample, read_tree, respondent_driven
from mpsurvey.design.respondent_driven import successive_chances
from mpsurvey.errors import ColumnMissing, DesignError


def over_all(samples):
    """Mean and variance of the estimates over all samples, and the mean of their variances."""
    found = [mp.total(sample, "y").frame.iloc[0] for sample in samples]
    estimates = np.array([row.estimate for row in found])
    return estimates.mean(), estimates.var(), np.mean([row.se**2 for row in found])


SHARE = {"steps": [{"do": "share", "links": "links"}]}


def test_emigrants_reported_by_several_households_count_once():
    # Six households; emigrants 0 to 4, each reported by the households of those left behind.
    reported = {0: [0, 1], 1: [1], 2: [2, 3], 3: [3, 4, 5], 4: [5]}
    money = np.array([100.0, 250, 80, 300, 40])
    links = pd.DataFrame(
        [(home, who, len(homes), money[who]) for who, homes in reported.items() for home in homes],
        columns=["home", "emigrant", "links", "y"],
    )

    def sample(drawn):
        # a household that reports nobody stays, with a row of nothing
        rows = links[links.home.isin(drawn)]
        none = [home for home in drawn if home not in set(rows.home)]
        silent = pd.DataFrame({"home": none, "links": 1, "y": 0.0})
        frame = pd.concat([rows, silent], ignore_index=True).assign(d=3.0, homes=6)
        drawn = mp.Sample(frame, mp.Design(weight="d", psu="home", fpc="homes"))
        return mp.weight(drawn, SHARE)

    mean, variance, estimated = over_all(map(sample, combinations(range(6), 2)))
    assert mean == pytest.approx(money.sum())
    assert estimated == pytest.approx(variance)


def test_people_met_at_centres_are_weighted_by_how_often_they_come():
    # Visits of one week to a mosque, a call shop and a clinic; two visits are drawn of seven.
    visits = pd.DataFrame({"person": [0, 0, 0, 1, 2, 2, 3], "y": [9.0, 9, 9, 4, 7, 7, 1]})
    visits["links"] = visits.groupby("person").person.transform("size")

    def sample(drawn):
        frame = visits.iloc[list(drawn)].assign(d=7 / 2, all=7)
        return mp.weight(mp.Sample(frame, mp.Design(weight="d", fpc="all")), SHARE)

    mean, variance, estimated = over_all(map(sample, combinations(range(7), 2)))
    assert mean == pytest.approx(9 + 4 + 7 + 1)
    assert estimated == pytest.approx(variance)


@pytest.mark.parametrize("how", [{"first_share": 0.4}, {"chances": ["pa", "pb"]}])
def test_two_frames_count_those_in_both_once(how):
    y = np.array([5.0, 8, 2, 9, 4, 7])
    area, register = [0, 1, 2, 3], [2, 3, 4, 5]  # 2 and 3 are in both
    recipe = {
        "steps": [{"do": "combine", "frame": "frame", "both": "in_a == 1 and in_b == 1", **how}]
    }

    def sample(drawn):
        rows = [(f, k) for f, part in zip("ab", drawn, strict=True) for k in part]
        frame = pd.DataFrame(rows, columns=["frame", "k"])
        frame = frame.assign(
            y=y[frame.k],
            in_a=frame.k.isin(area).astype(int),
            in_b=frame.k.isin(register).astype(int),
            d=2.0,
            size=4,
            pa=0.5,
            pb=0.5,
        )
        drawn = mp.Sample(frame, mp.Design(weight="d", strata="frame", fpc="size"))
        return mp.weight(drawn, recipe)

    every = product(combinations(area, 2), combinations(register, 2))
    mean, variance, estimated = over_all(map(sample, every))
    assert mean == pytest.approx(y.sum())
    assert estimated == pytest.approx(variance)


def test_a_screened_subsample_stands_for_its_listing():
    # All of eight listed; migrants (three) are all kept, of the other five two are drawn.
    y = np.array([3.0, 5, 9, 1, 2, 2, 4, 6])
    migrant = np.array([1, 1, 1, 0, 0, 0, 0, 0])
    recipe = {"steps": [{"do": "subsample", "drawn": "kept == 1", "classes": ["migrant"]}]}
    found = []
    for others in combinations(range(3, 8), 2):
        kept = np.isin(np.arange(8), [0, 1, 2, *others]).astype(int)
        frame = pd.DataFrame({"y": y, "migrant": migrant, "kept": kept, "d": 10.0, "psu": range(8)})
        weighted = mp.weight(mp.Sample(frame, mp.Design(weight="d", psu="psu")), recipe)
        assert weighted.weight[migrant == 0].sum() == pytest.approx(50)
        found.append(mp.total(weighted, "y").frame.estimate[0])
    assert np.mean(found) == pytest.approx(10 * y.sum())


def test_two_phases_have_the_variance_of_both():
    rng = np.random.default_rng(4)
    areas, size = 60, 12
    recipe = {"steps": [{"do": "subsample", "drawn": "kept == 1", "classes": ["migrant"]}]}
    base = rng.normal(20, 3, 400)
    estimates, variances = [], []
    for _ in range(90):
        chosen = rng.choice(400, areas, replace=True)
        area = np.repeat(np.arange(areas), size)
        migrant = (rng.random(areas * size) < 0.2).astype(int)
        y = np.repeat(base[chosen], size) + 10 * migrant + rng.normal(0, 8, areas * size)
        kept = (migrant == 1) | (rng.random(areas * size) < 0.3)
        frame = pd.DataFrame({"y": y, "migrant": migrant, "kept": kept.astype(int), "psu": area})
        sample = mp.Sample(frame.assign(d=1.0), mp.Design(weight="d", psu="psu"))
        row = mp.mean(mp.weight(sample, recipe), "y").frame.iloc[0]
        estimates.append(row.estimate)
        variances.append(row.se**2)
    assert np.mean(variances) / np.var(estimates) == pytest.approx(1, abs=0.4)


def test_networks_of_an_adaptive_sample_are_unbiased():
    # Eight cells; camps in 1-2-3 and in 6. Two cells are drawn, and camps are walked to their edge.
    people = np.array([0.0, 4, 9, 2, 0, 0, 7, 0])
    camp = ["-", "x", "x", "x", "-", "-", "y", "-"]
    networks = {"x": [1, 2, 3], "y": [6]}

    def sample(drawn):
        rows = sorted({k for d in drawn for k in networks.get(camp[d], [d])})
        visited = pd.DataFrame({
            "cell": rows, "y": people[rows], "camp": [camp[k] if camp[k] != "-" else None
                                                      for k in rows],
            "drawn": [int(k in drawn) for k in rows], "d": 4.0, "cells": 8,
        })  # fmt: skip
        initial = network_means(visited, ["y"], network="camp", initial="drawn == 1")
        return mp.Sample(initial, mp.Design(weight="d", fpc="cells"))

    mean, variance, estimated = over_all(map(sample, combinations(range(8), 2)))
    assert mean == pytest.approx(people.sum())
    assert estimated == pytest.approx(variance)


THOMPSON = np.array([1.0, 0, 2, 10, 1000])
"""The population of Thompson (1990), section 5: units side by side, those of 5 and more sought."""


def thompson(drawn):
    rows = sorted(
        {k for d in drawn for k in ([3, 4] if d >= 3 else [d])}
        | ({2} & {2 for d in drawn if d >= 3})
    )  # the edge of the network is visited too
    return pd.DataFrame({
        "y": THOMPSON[rows], "net": ["big" if k >= 3 else None for k in rows],
        "drawn": [int(k in drawn) for k in rows], "d": 2.5, "N": 5,
    })  # fmt: skip


def test_thompsons_example_in_the_horvitz_thompson_form():
    """All ten samples of two; Thompson (1990) prints the two variances, of means."""
    samples = (
        network_sample(thompson(d), network="net", initial="drawn == 1", population=5)
        for d in combinations(range(5), 2)
    )
    mean, variance, estimated = over_all(samples)
    assert mean == pytest.approx(1013)
    assert variance / 25 == pytest.approx(17418.4, abs=0.1)
    assert estimated == pytest.approx(variance)


def test_thompsons_example_in_the_hansen_hurwitz_form():
    def sample(d):
        visited = thompson(d)
        kept = visited[visited["net"].notna() | (visited["drawn"] == 1)]
        initial = network_means(kept, ["y"], network="net", initial="drawn == 1")
        return mp.Sample(initial, mp.Design(weight="d", fpc="N"))

    mean, variance, estimated = over_all(map(sample, combinations(range(5), 2)))
    assert mean == pytest.approx(1013)
    assert variance / 25 == pytest.approx(22862, rel=0.01)
    assert estimated == pytest.approx(variance)


def test_networks_that_cross_strata_are_unbiased():
    """Two strata of four, a camp on both sides of the border; all 36 samples of two and two."""
    people = np.array([0.0, 3, 8, 6, 9, 5, 0, 1])
    camp = [None, None, "x", "x", "x", None, None, None]
    strata = np.repeat(["n", "s"], 4)

    def sample(drawn):
        rows = sorted({k for d in drawn for k in ([2, 3, 4] if camp[d] else [d])})
        visited = pd.DataFrame({
            "y": people[rows], "camp": [camp[k] for k in rows], "part": strata[rows],
            "drawn": [int(k in drawn) for k in rows],
        })  # fmt: skip
        return network_sample(
            visited, network="camp", initial="drawn == 1", strata="part",
            population={"n": 4, "s": 4},
        )  # fmt: skip

    pairs = [(*a, *(4 + k for k in b)) for a in combinations(range(4), 2)
             for b in combinations(range(4), 2)]  # fmt: skip
    mean, variance, estimated = over_all(map(sample, pairs))
    assert mean == pytest.approx(people.sum())
    # cutting negative eigenvalues can only add to the variance
    assert variance * (1 - 1e-9) <= estimated <= variance * 1.2


def test_ratios_take_their_variance_from_the_networks_too():
    visited = thompson((2, 3)).assign(x=1.0)
    sample = network_sample(visited, network="net", initial="drawn == 1", population=5)
    mean = mp.mean(sample, "y").frame.iloc[0]
    ratio = mp.ratio(sample, "y", "x").frame.iloc[0]
    assert mean["se"] == pytest.approx(ratio["se"])
    assert np.isfinite(mean["se"])
    assert (sample.frame["network_weight"].to_numpy() > 0).all()


def test_networks_that_nothing_led_to_are_refused():
    visited = thompson((3, 4)).assign(drawn=0).assign(drawn=lambda x: (x["net"].isna()).astype(int))
    with pytest.raises(DesignError, match="nothing led"):
        network_sample(visited, network="net", initial="drawn == 1", population=5)
    with pytest.raises(DesignError, match="More units"):
        network_sample(thompson((2, 3)), network="net", initial="drawn == 1", population=2)
    with pytest.raises(ColumnMissing):
        network_sample(visited, network="camp", initial="drawn == 1", population=5)


def recruits(rng, size=300, seeds=6):
    degree = rng.integers(2, 30, size)
    parent = [None] * seeds + [int(rng.integers(max(0, i - 40), i)) for i in range(seeds, size)]
    frame = pd.DataFrame({"id": np.arange(size) + 100, "knows": degree})
    frame["by"] = [np.nan if p is None else p + 100 for p in parent]
    frame["y"] = (rng.random(size) < 0.2 + 0.02 * degree).astype(float)
    return frame


def test_volz_heckathorn_weights_by_one_over_contacts():
    frame = recruits(np.random.default_rng(2))
    sample = respondent_driven(frame, person="id", recruiter="by", contacts="knows", replicates=60)
    found = mp.mean(sample, "y").frame.iloc[0]
    want = (frame.y / frame.knows).sum() / (1 / frame.knows).sum()
    assert found.estimate == pytest.approx(want)
    assert 0.01 < found.se < 0.2
    assert sample.weight.sum() == pytest.approx(300)
    again = respondent_driven(frame, person="id", recruiter="by", contacts="knows", replicates=60)
    assert mp.mean(again, "y").frame.se[0] == found.se


def test_gile_tends_to_volz_heckathorn_in_a_large_population():
    frame = recruits(np.random.default_rng(2))
    parts = {"person": "id", "recruiter": "by", "contacts": "knows", "replicates": 2}
    estimates = [
        mp.mean(respondent_driven(frame, **parts, method="gile", population=size), "y")
        .frame.estimate[0]
        for size in (400, 10_000_000)
    ]  # fmt: skip
    large = mp.mean(respondent_driven(frame, **parts), "y").frame.estimate[0]
    assert estimates[1] == pytest.approx(large, rel=1e-3)
    assert estimates[0] > large  # people of many contacts are used up, and weighed down less


def test_successive_sampling_is_unbiased_where_much_of_the_population_is_reached():
    rng = np.random.default_rng(8)
    degree = rng.integers(1, 20, 1500).astype(float)
    y = rng.random(1500) < 0.1 + 0.03 * degree
    gile, volz = [], []
    for _ in range(40):
        # successive sampling: the smallest of exponential times with rate d
        drawn = np.argsort(rng.exponential(1 / degree))[:700]
        chance = successive_chances(degree[drawn], 1500)
        gile.append((y[drawn] / chance).sum() / (1 / chance).sum())
        volz.append((y[drawn] / degree[drawn]).sum() / (1 / degree[drawn]).sum())
    error = np.std(gile) / np.sqrt(40)
    assert abs(np.mean(gile) - y.mean()) < 3.5 * error
    assert np.mean(volz) < y.mean() - 5 * error


def test_the_tree_is_checked_and_drawn():
    tree = read_tree([1, 2, 3, 4, 5], [None, 1, 1, 2, np.nan])
    assert tree.wave.tolist() == [0, 1, 1, 2, 0]
    assert tree.summary()[["people", "waves"]].values.tolist() == [[4, 2], [1, 0]]
    picture = tree.draw()
    assert picture.count("<circle") == 5
    assert picture.count("<line") == 3
    with pytest.raises(mp.MpsurveyError) as error:
        read_tree([1, 2, 2, 4, 5], [None, 9, 1, 5, 4])
    text = str(error.value)
    assert "stand more than once" in text
    assert "not in the data" in text
    assert "in a ring" in text
    frame = pd.DataFrame({"id": [1, 2], "by": [None, 1], "knows": [0, 3]})
    with pytest.raises(mp.MpsurveyError) as error:
        respondent_driven(frame, person="id", recruiter="by", contacts="knows", method="gile")
    assert "1 or more" in str(error.value)
    assert "needs population=" in str(error.value)
