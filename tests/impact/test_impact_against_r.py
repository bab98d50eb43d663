"""Shares, contributions, decompositions and change against R survey and ReGenesees."""

import pandas as pd
import pytest
from references import close, data, golden, pick, read_domain

import mpsurvey as mp


def samples():
    two = mp.Design(weight="pw", psu=("dnum", "snum"), fpc=("fpc1", "fpc2"))
    health = mp.Design(weight="WTMEC2YR", strata="SDMVSTRA", psu="SDMVPSU")
    return {
        "clus2": mp.Sample(data("apiclus2"), two),
        "strat": mp.Sample(data("apistrat"), mp.Design(weight="pw", strata="stype", fpc="fpc")),
        "nhanes": mp.Sample(data("nhanes"), health),
    }


GROUPS = {"clus2": "`sch.wide` == 'Yes'", "strat": "`sch.wide` == 'Yes'", "nhanes": "RIAGENDR == 2"}


def ask(sample, group, statistic, y, by):
    y = "awards == 'Yes'" if y == "awards=Yes" else y
    known = f"answered({y})" if y.isidentifier() else None
    if statistic == "share_of_amount":
        return mp.share(sample, group, of=y, by=by)
    if statistic == "share_of_population":
        return mp.share(sample, group, by=by, where=known)
    if statistic == "contribution_total":
        return mp.contribution(sample, group, y, by=by)
    if statistic == "contribution_rate":
        return mp.contribution(sample, group, y, "1", by=by)
    found = mp.contribution(sample, group, y, "1", by=by, detail=True)
    return mp.contrast(found, {"category": {"without the group": 1.0}})


def test_shares_and_contributions():
    rows = golden("impact")
    known = ["share_of_amount", "share_of_population", "contribution_total", "contribution_rate"]
    rows = rows[rows.statistic.isin([*known, "rate_without"])]
    checked = 0
    for row in rows.itertuples():
        sample = samples()[row.case]
        domain = read_domain(row.domain, sample.frame.to_native())
        found = ask(sample, GROUPS[row.case], row.statistic, row.variable, tuple(domain))
        got = pick(found, None, domain)
        close([got.estimate, got.se, got.df], [row.estimate, row.se, row.df], row, rtol=1e-8)
        checked += 1
    assert checked > 50


PARTS = {
    "kitagawa_structure": -1,
    "kitagawa_rate": 1,
    "kitagawa_total": 0,
}


@pytest.mark.parametrize(
    ("case", "sample", "y", "group", "between", "cells"),
    [
        ("nhanes sex by age", "nhanes", "HI_CHOL", "RIAGENDR", (2, 1), "agecat"),
        ("clus2 schwide by type", "clus2", "api00", "sch.wide", ("Yes", "No"), "stype"),
    ],
)
def test_kitagawa(case, sample, y, group, between, cells):
    found = mp.decompose(samples()[sample], y, group=group, between=between, cells=cells).frame
    rows = golden("impact")
    rows = rows[rows.case == case]
    assert len(rows) == 3
    for row in rows.itertuples():
        got = found.iloc[PARTS[row.statistic]]
        close([got.estimate, got.se], [row.estimate, row.se], row, rtol=1e-8, atol=1e-15)


@pytest.mark.parametrize(
    ("case", "sample", "formula"),
    [
        ("strat schwide", "strat", "api00 ~ meals + ell + mobility"),
        ("clus2 schwide", "clus2", "api00 ~ meals + ell"),
    ],
)
def test_oaxaca_and_blinder(case, sample, formula):
    options = {"group": "sch.wide", "between": ("Yes", "No")}
    two = mp.decompose(samples()[sample], formula, **options).frame
    three = mp.decompose(samples()[sample], formula, **options, threefold=True).frame
    both = pd.concat([two, three]).drop_duplicates("category").set_index("category")
    rows = golden("impact")
    rows = rows[rows.case == case]
    names = {"oaxaca_gap": "difference"}
    for row in rows.itertuples():
        name = names.get(row.statistic, row.statistic.removeprefix("oaxaca_")).replace(":", ": ")
        got = both.loc[name]
        close([got.estimate, got.se], [row.estimate, row.se], row, rtol=1e-7)
    assert len(rows) >= 9
    parts = two.set_index("category").estimate
    close(parts["difference"], parts["explained"] + parts["unexplained"], "they add up")


ROUNDS = {
    "panel": ("h", "h in ('a', 'b')"),
    "rotating": ("h", None),
    "redrawn_strata": ("h_redrawn", None),
}


@pytest.mark.parametrize("case", ROUNDS)
@pytest.mark.parametrize("shared", [True, False])
def test_change_between_rounds(case, shared):
    strata, where = ROUNDS[case]
    rounds = data("rounds")
    if where:
        rounds = rounds[rounds.h.isin(["a", "b"])]
    design = mp.Design(weight="w", strata=strata, psu="psu_id")
    earlier, later = (
        mp.Sample(rounds[rounds["round"] == r].reset_index(drop=True), design) for r in (1, 2)
    )
    rows = golden("change_overlap")
    rows = rows[rows.case == (case if shared else f"{case}/independent")]
    verbs = {
        "change_of_total": (mp.total, {}),
        "change_of_mean": (mp.mean, {}),
        "growth_of_total": (mp.total, {"relative": True}),
        "change_of_ratio": (mp.ratio, {}),
    }
    for row in rows.itertuples():
        verb, options = verbs[row.statistic]
        found = mp.change(
            earlier, later, verb, *row.variable.split("/"), shared_psu=shared, **options
        )
        got = found.frame.iloc[0]
        close(got.estimate, row.estimate, row)
        close(got.se, row.se, row, rtol=1e-6)
    assert len(rows) == 6
