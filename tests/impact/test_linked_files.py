"""Figures over linked files: the same by other routes, and right by replicates too."""

import numpy as np
import pandas as pd
import pytest
from references import close

import mpsurvey as mp
from mpsurvey.impact import FLOWS


@pytest.fixture(scope="module")
def frames():
    random = np.random.default_rng(11)
    homes = pd.DataFrame({"hh_id": np.arange(900)})
    homes["ea"] = homes.hh_id // 15
    homes["h"] = homes.ea // 20
    homes["w"] = random.uniform(1, 3, 60)[homes.ea]
    homes["region"] = homes.ea % 4 + 1
    homes["size"] = random.integers(1, 7, 900)
    homes["absent"] = random.poisson(0.3 + 0.4 * (homes.ea % 3 == 0))
    homes["cons"] = random.lognormal(5, 0.6, 900)
    homes["got"] = random.gamma(1, 40, 900) * (random.random(900) < 0.3)
    people = homes.loc[homes.index.repeat(homes["size"])].reset_index(drop=True)
    people["age"] = random.integers(0, 85, len(people))
    people["sex"] = random.integers(1, 3, len(people))
    moved = random.random(len(people)) < 0.15
    people["from"] = np.where(moved, random.integers(1, 5, len(people)), people.region)
    people.loc[random.random(len(people)) < 0.02, "from"] = np.nan
    away = homes.loc[homes.index.repeat(homes.absent)].reset_index(drop=True)
    away["ab_age"] = random.integers(15, 60, len(away))
    away["ab_sex"] = random.integers(1, 3, len(away))
    return people, homes, away


DESIGN = mp.Design(weight="w", strata="h", psu="ea")


def samples(frames, design=DESIGN):
    people, homes, away = (mp.Sample(frame, design) for frame in frames)
    return {"person": people, "household": homes, "absent": away}


@pytest.mark.parametrize("by", [(), ("region",), ("region", "h")])
def test_a_ratio_of_two_files_is_that_of_counts_on_households(frames, by):
    files = samples(frames)
    parts = {"here": mp.Part("1"), "away": mp.Part("1", rows="absent")}
    found = mp.compose(files, parts, "away / (here + away)", by=by).frame
    want = mp.ratio(files["household"], "absent", "size + absent", by=by).frame
    some = want.estimate.notna()
    for column in ("estimate", "se", "ci_low"):
        close(found[column][some], want[column][some], column)


def test_a_household_stage_is_shared_by_linked_files(frames):
    people, homes, away = (f.assign(n_ea=40, n_hh=60) for f in frames)
    design = mp.Design(
        weight="w",
        strata=("h", None),
        psu=("ea", "hh_id"),
        fpc=("n_ea", "n_hh"),
        lonely_psu="certainty",
    )
    files = samples((people, homes, away), design)
    parts = {"here": mp.Part("1"), "away": mp.Part("1", rows="absent")}
    found = mp.compose(files, parts, "away / (here + away)", by="region").frame
    want = mp.ratio(files["household"], "absent", "size + absent", by="region").frame
    close(found.se, want.se, "two stages with their finite populations")


def test_variables_may_have_other_names_in_other_files(frames):
    files = samples(frames)
    parts = {
        "here": mp.Part("1", where="age >= 15 and age < 60"),
        "away": mp.Part("1", rows="absent", by={"sex": "ab_sex"}),
    }
    found = mp.compose(files, parts, "away / (here + away)", by="sex").frame
    people, _, away = frames
    for sex, estimate in zip(found.sex, found.estimate, strict=True):
        here = people.w[(people.sex == sex) & people.age.between(15, 59)].sum()
        gone = away.w[away.ab_sex == sex].sum()
        assert estimate == pytest.approx(gone / (here + gone))
    with pytest.raises(mp.MpsurveyError, match="sex"):
        mp.compose(files, {**parts, "away": mp.Part(rows="absent")}, "away", by="sex")


def test_one_file_is_like_the_verbs(frames):
    people = samples(frames)["person"]
    parts = {"old": "age >= 65", "work": "age >= 15 and age < 65"}
    found = mp.compose(people, parts, "old / work", by="sex").frame
    want = mp.ratio(people, *parts.values(), by="sex").frame
    for column in ("estimate", "se", "df"):
        close(found[column], want[column], column)


def test_replicates_agree_with_linearisation_of_linked_files(frames):
    parts = {"old": mp.Part("age >= 65"), "work": mp.Part("age >= 15 and age < 65"),
             "away": mp.Part("ab_age < 65", rows="absent")}  # fmt: skip
    figure = "old / work - old / (work + away)"
    linear = mp.compose(samples(frames), parts, figure)
    design = mp.Design(weight="w", strata="h", psu="ea", replicates=mp.Jackknife())
    again = mp.compose(samples(frames, design), parts, figure)
    assert again.frame.se[0] == pytest.approx(linear.frame.se[0], rel=0.03)
    assert again.frame.estimate[0] == pytest.approx(linear.frame.estimate[0])


def test_the_error_of_a_given_figure_is_in_the_result(frames):
    people = samples(frames)["person"]
    exact = mp.compose(people, {"n": "1"}, "n / pop", given={"pop": 5000}).frame
    vague = mp.compose(people, {"n": "1"}, "n / pop", given={"pop": (5000, 400.0)}, by="sex")
    whole = mp.compose(people, {"n": "1"}, "n / pop", given={"pop": (5000, 400.0)}).frame
    total = mp.total(people).frame
    close(exact.se[0], total.se[0] / 5000, "scaled")
    part = total.estimate[0] / 5000 * 400 / 5000
    close(whole.se[0], np.hypot(exact.se[0], part), "joint")
    both = mp.contrast(vague, {"sex": {1: 1, 2: 1}}).frame
    close(both.se[0], whole.se[0], "what groups share of a given figure is in their covariance")


def test_faults_of_a_composed_figure(frames):
    files = samples(frames)
    with pytest.raises(mp.MpsurveyError, match=r"uses 'awya'.*Did you mean 'away'"):
        mp.compose(files, {"away": mp.Part(rows="absent")}, "awya / 2")
    with pytest.raises(mp.MpsurveyError, match="of trip rows"):
        mp.compose(files, {"away": mp.Part(rows="trip")}, "away")
    with pytest.raises(mp.MpsurveyError, match="add, subtract"):
        mp.compose(files, {"a": "1", "b": "1"}, "max(a, b)")
    other = {**files, "absent": mp.Sample(frames[2], mp.Design(weight="w"))}
    with pytest.raises(mp.MpsurveyError, match="different designs"):
        mp.compose(other, {"here": "1", "away": mp.Part(rows="absent")}, "away / here")
    plain = {k: mp.Sample(f.drop(columns="hh_id"), mp.Design(weight="w"))
             for k, f in zip(files, frames, strict=True)}  # fmt: skip
    with pytest.raises(mp.MpsurveyError, match="belong together"):
        mp.compose(plain, {"here": "1", "away": mp.Part(rows="absent")}, "away / here")


def test_without_areas_households_are_the_units(frames):
    plain = {k: mp.Sample(f, mp.Design(weight="w"))
             for k, f in zip(("person", "household", "absent"), frames, strict=True)}  # fmt: skip
    parts = {"here": mp.Part("1"), "away": mp.Part("1", rows="absent")}
    found = mp.compose(plain, parts, "away / (here + away)")
    want = mp.ratio(plain["household"], "absent", "size + absent").frame
    close(found.frame.se, want.se, "households")
    assert any("Households are taken as the units" in note for note in found.notes)


def test_margins_of_the_matrix_by_hand(frames):
    people = frames[0]
    sample = samples(frames)["person"]
    cells = people.pivot_table(values="w", index="from", columns="region", aggfunc="sum")
    table = cells.to_numpy()
    into = table.sum(axis=0) - np.diag(table)
    out = table.sum(axis=1) - np.diag(table)
    want = {
        "in": into, "out": out, "net": into - out, "gross": into + out,
        "in rate": into / table.sum(axis=1), "out rate": out / table.sum(axis=1),
        "net rate": (into - out) / table.sum(axis=1), "effectiveness": (into - out) / (into + out),
    }  # fmt: skip
    for figure, values in want.items():
        found = mp.flows(sample, "from", "region", figure=figure)
        close(found.frame.estimate, values, figure)
        assert found.frame.category.tolist() == [1, 2, 3, 4]
    matrix = mp.flows(sample, "from", "region", figure="matrix").frame
    close(matrix.estimate, table.ravel(), "matrix")
    assert set(FLOWS) == {*want, "matrix"}
    # the net of all regions is nothing, and so is its error
    net = mp.flows(sample, "from", "region", figure="net")
    both = mp.contrast(net, np.ones((1, 4))).frame
    close([both.estimate[0], both.se[0]], [0, 0], "nothing is lost between regions", atol=1e-6)


def test_net_moves_are_those_of_a_composed_figure(frames):
    sample = samples(frames)["person"]
    moved = "answered(from) and from != region"
    moves = sample.frame.to_native().rename(columns={"from": "before"})
    sample = mp.Sample(moves, DESIGN)
    moved = "answered(before) and before != region"
    parts = {"into": mp.Part(moved), "out": mp.Part(moved, by={"region": "before"})}
    one = mp.compose(sample, parts, "(into - out) / (into + out)", by="region").frame
    two = mp.flows(sample, "before", "region", figure="effectiveness").frame
    close(one.estimate, two.estimate, "effectiveness")
    close(one.se, two.se, "se")


def test_those_who_stayed_have_no_origin(frames):
    people = frames[0].rename(columns={"from": "before"}).copy()
    people["same"] = (people.before == people.region).astype(int)
    blank = people.assign(before=people.before.where(people.same == 0))
    a = mp.flows(mp.Sample(people, DESIGN), "before", "region", figure="net rate").frame
    b = mp.flows(mp.Sample(blank, DESIGN), "before", "region", stayed="same == 1",
                 figure="net rate").frame  # fmt: skip
    close(a.estimate, b.estimate, "stayed")
    with pytest.raises(mp.MpsurveyError, match="Nobody has both"):
        mp.flows(mp.Sample(blank.assign(before=np.nan), DESIGN), "before", "region")
    with pytest.raises(mp.MpsurveyError, match="is not one of"):
        mp.flows(mp.Sample(blank, DESIGN), "before", "region", figure="nett")


def test_a_concentration_curve_of_its_own_amount_is_lorenz(frames):
    homes = samples(frames)["household"]
    found = mp.share_of_poorest(homes, "cons", "cons", by="region").frame
    want = mp.lorenz(homes, "cons", 0.4, by="region").frame
    close(found.estimate, want.estimate, "ordinate")
    # m(Q) is a mean near the quantile here, and the quantile itself there
    np.testing.assert_allclose(found.se, want.se, rtol=0.05)


def test_the_share_of_the_poorest_by_replicates(frames):
    linear = mp.share_of_poorest(samples(frames)["household"], "got", "cons").frame
    boot = mp.Design(weight="w", strata="h", psu="ea",
                     replicates=mp.Bootstrap(replicates=400, seed=1))  # fmt: skip
    again = mp.share_of_poorest(samples(frames, boot)["household"], "got", "cons").frame
    assert again.se[0] == pytest.approx(linear.se[0], rel=0.1)
    with pytest.raises(mp.MpsurveyError, match="between 0 and 1"):
        mp.share_of_poorest(samples(frames)["household"], "got", "cons", poorest=40)


def test_the_share_above_a_limit_by_hand(frames):
    sample = samples(frames)["household"]
    homes = frames[1]
    mean = homes.groupby("region").apply(
        lambda one: np.average(one.cons, weights=one.w), include_groups=False
    )
    limit = float(mean.sort_values().iloc[1:3].mean())
    high = homes.region.isin(mean.index[mean > limit])
    found = mp.share_above(sample, "cons", "region", limit).frame
    close(found.estimate[0], homes.w[high].sum() / homes.w.sum(), "share")
    frame = homes.assign(high=high.astype(int))
    fixed = mp.mean(mp.Sample(frame, DESIGN), "high").frame
    close(found.se[0], fixed.se[0], "cells taken as known")
    grouped = mp.share_above(sample, "cons", "region", limit, by="h").frame
    assert len(grouped) == 3
