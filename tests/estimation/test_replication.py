"""Replication: files' weights against R survey, made weights against what must be true."""

import numpy as np
import pandas as pd
import pytest
from references import TESTS, close, compare, data, golden, kinds

import mpsurvey as mp
from mpsurvey.design.hadamard import hadamard_at_least


@pytest.mark.parametrize("centre", ["estimate", "mean"])
@pytest.mark.parametrize("kind", kinds("mean"))
def test_file_replicates_equal_r(kind, centre):
    file, weight, replicates = kinds(centre)[kind]
    sample = mp.Sample(data(file), mp.Design(weight=weight, replicates=replicates))
    rows = golden("replicates")
    rows = rows[(rows.case == f"{kind}/{centre}") & (rows.statistic != "quantile")]
    assert compare(rows, sample) >= 3


def test_replicates_without_anybody_add_nothing():
    file, weight, replicates = kinds("estimate")["jk1"]
    sample = mp.Sample(data(file), mp.Design(weight=weight, replicates=replicates))
    rows = golden("replicates")
    assert compare(rows[rows.case == "jk1_domains/estimate"], sample) == 3


@pytest.mark.parametrize("centre", ["estimate", "mean"])
def test_covariance_of_replicates(centre):
    file, weight, replicates = kinds(centre)["bootstrap"]
    sample = mp.Sample(data(file), mp.Design(weight=weight, replicates=replicates))
    want = pd.read_csv(TESTS / "r" / f"replicates_covariance_bootstrap_{centre}.csv")
    found = mp.mean(sample, "api00", by="sch.wide")
    close(found.covariance, want.iloc[:, 1:].to_numpy(), "covariance", rtol=1e-8)


@pytest.mark.parametrize("order", range(1, 502, 7))
def test_hadamard(order):
    signs = hadamard_at_least(order).astype(int)
    size = len(signs)
    assert size >= order
    assert size <= order + 16
    assert (signs.T @ signs == size * np.eye(size)).all()
    assert (signs[0] == 1).all()
    assert (signs[:, 0] == 1).all()


def survey(strata=7, psus=2, stages=1, fpc=True, seed=3):
    random = np.random.default_rng(seed)
    rows = []
    for h in range(strata):
        for i in range(psus if isinstance(psus, int) else psus[h % len(psus)]):
            for j in range(3 + (h + i) % 3):
                rows += [
                    (h, i, j, random.uniform(1, 3), random.normal(h, 1), random.integers(2))
                    for _ in range(2)
                ]
    frame = pd.DataFrame(rows, columns=["h", "psu", "hh", "w", "y", "g"])
    frame["N"] = frame.groupby("h").psu.transform("nunique") * (2 + frame.h % 3)
    frame["M"] = frame.groupby(["h", "psu"]).hh.transform("nunique") * 2
    design = mp.Design(
        weight="w",
        strata="h",
        psu=("psu", "hh")[:stages],
        fpc=("N", "M")[:stages] if fpc else None,
    )
    return mp.Sample(frame, design)


@pytest.mark.parametrize("fpc", [False, True])
@pytest.mark.parametrize("made", [mp.Jackknife(), mp.Brr(), mp.Brr(fay=0.4)])
def test_totals_have_taylors_variance_exactly(made, fpc):
    sample = survey(fpc=fpc)
    taylor, again = (mp.total(s, "y", by="g") for s in (sample, mp.add_replicates(sample, made)))
    close(again.frame.se, taylor.frame.se, made)
    close(again.covariance, taylor.covariance, made)
    assert (again.frame.df == taylor.frame.df).all()


def test_jackknife_of_unequal_strata():
    sample = survey(psus=(2, 3, 5))
    taylor = mp.total(sample, "y", by="g")
    again = mp.total(mp.add_replicates(sample, mp.Jackknife()), "y", by="g")
    close(again.covariance, taylor.covariance, "jkn")


@pytest.mark.parametrize("strata", [3, 4, 7, 12, 31, 36, 100])
def test_half_samples_of_any_number_of_strata(strata):
    sample = survey(strata=strata, fpc=False)
    taylor = mp.total(sample, "y")
    for centre in ("estimate", "mean"):
        again = mp.total(mp.add_replicates(sample, mp.Brr(centre=centre)), "y")
        close(again.frame.se, taylor.frame.se, (strata, centre))


@pytest.mark.parametrize("stages", [1, 2])
def test_bootstraps_are_unbiased_for_totals(stages):
    sample = survey(strata=6, psus=(3, 4, 6), stages=stages)
    taylor = mp.total(sample, "y")
    many = mp.add_replicates(sample, mp.Bootstrap(replicates=4000, seed=5))
    boot = mp.total(many, "y")
    # The relative error of a bootstrap variance is about sqrt(2 / 4000) = 0.022.
    assert abs(boot.frame.se[0] / taylor.frame.se[0] - 1) < 0.05
    assert boot.frame.df[0] == taylor.frame.df[0]
    assert abs(many.replicates.factors.mean() - 1) < 0.02


def test_second_stage_matters_to_the_bootstrap():
    one, two = survey(strata=6, psus=4, stages=1), survey(strata=6, psus=4, stages=2)
    ratio = mp.total(two, "y").frame.se[0] / mp.total(one, "y").frame.se[0]
    made = mp.Bootstrap(replicates=4000, seed=5)
    again = [mp.total(mp.add_replicates(s, made), "y").frame.se[0] for s in (two, one)]
    assert ratio > 1.02
    assert abs(again[0] / again[1] - ratio) < 0.05 * ratio


def test_successive_differences_follow_the_order():
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"row": range(400), "y": random.normal(size=400)})
    sample = mp.Sample(frame, mp.Design())
    made = mp.add_replicates(sample, mp.SuccessiveDifference(replicates=80))
    y = frame.y.to_numpy()
    closed = np.sum((y - np.roll(y, -1)) ** 2) / 2
    assert abs(mp.total(made, "y").frame.se[0] ** 2 / closed - 1) < 0.15


def test_same_seed_same_replicates_and_a_seed_is_always_kept():
    sample = survey()
    first, second = (
        mp.mean(mp.add_replicates(sample, mp.Bootstrap(replicates=50, seed=9)), "y")
        for _ in range(2)
    )
    pd.testing.assert_frame_equal(first.frame, second.frame)
    unseeded = mp.add_replicates(sample, mp.Bootstrap(replicates=50))
    assert unseeded.design.replicates.seed is not None
    assert f"seed {unseeded.design.replicates.seed}" in mp.mean(unseeded, "y").method


def test_what_cannot_be_made_is_refused():
    with pytest.raises(mp.MpsurveyError, match="two PSUs in every stratum"):
        mp.add_replicates(survey(psus=3), mp.Brr())
    with pytest.raises(mp.MpsurveyError, match="are named"):
        mp.add_replicates(survey(), mp.Jackknife("jk*"))
    with pytest.raises(mp.MpsurveyError, match=r"No column 'JK\*' for replicates"):
        mp.Sample(data("replicates_jk1"), mp.Design(weight="pw", replicates=mp.Jackknife("JK*")))
    with pytest.raises(mp.MpsurveyError, match="3 jackknife multipliers"):
        mp.Sample(
            data("replicates_jk1"),
            mp.Design(weight="pw", replicates=mp.Jackknife("jk*", multipliers=[1, 2, 3])),
        )


def test_contrasts_use_the_replicates_covariance():
    sample = mp.add_replicates(survey(), mp.Jackknife())
    groups = mp.mean(sample, "y", by="g")
    gap = mp.contrast(groups, {"g": {1: 1, 0: -1}})
    v = groups.covariance
    close(gap.frame.se[0] ** 2, v[0, 0] + v[1, 1] - 2 * v[0, 1], "gap")
