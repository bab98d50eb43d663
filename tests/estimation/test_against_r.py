"""Every figure against R survey: estimate, standard error, interval, df, design effects.

Both sides add the same numbers in another order. Sums of at most 9,000 terms lose at most four of
sixteen digits, and a variance is a sum of squares of differences of such sums, so 1e-9 leaves room
and still tells any other formula apart.
"""

import numpy as np
import pandas as pd
import pytest
from references import (
    TESTS,
    close,
    compare,
    compare_design_effects,
    data,
    golden,
    pick,
    read_domain,
)

import mpsurvey as mp

API = {
    "srs_fpc": ("apisrs", mp.Design(weight="pw", fpc="fpc")),
    "srs_replacement": ("apisrs", mp.Design(weight="pw")),
    "srs_weight_from_fpc": ("apisrs", mp.Design(fpc="fpc")),
    "strat_fpc": ("apistrat", mp.Design(weight="pw", strata="stype", fpc="fpc")),
    "strat_replacement": ("apistrat", mp.Design(weight="pw", strata="stype")),
    "strat_fraction": ("apistrat", mp.Design(weight="pw", strata="stype", fpc="fraction")),
    "strat_weight_from_fraction": ("apistrat", mp.Design(strata="stype", fpc="fraction")),
    "clus1_fpc": ("apiclus1", mp.Design(weight="pw", psu="dnum", fpc="fpc")),
    "clus1_replacement": ("apiclus1", mp.Design(weight="pw", psu="dnum")),
    "clus1_weight_from_fpc": ("apiclus1", mp.Design(psu="dnum", fpc="fpc")),
    "clus2_two_stage": (
        "apiclus2",
        mp.Design(weight="pw", psu=("dnum", "snum"), fpc=("fpc1", "fpc2")),
    ),
    "clus2_weight_from_fpc": ("apiclus2", mp.Design(psu=("dnum", "snum"), fpc=("fpc1", "fpc2"))),
    "clus2_first_stage_fpc": ("apiclus2", mp.Design(weight="pw", psu="dnum", fpc="fpc1")),
    "clus2_replacement": ("apiclus2", mp.Design(weight="pw", psu=("dnum", "snum"))),
}


@pytest.mark.parametrize("case", API)
def test_california_schools(case):
    file, design = API[case]
    rows = golden("taylor_api")
    sample = mp.Sample(data(file), design)
    assert compare(rows[rows.case == case], sample) > 100
    compare(rows[rows.case == f"{case}/level=0.90"], sample, level=0.90)


@pytest.mark.parametrize("case", API)
def test_design_effects(case):
    file, design = API[case]
    rows = golden("taylor_api")
    compare_design_effects(rows[rows.case == case], mp.Sample(data(file), design))


def nhanes():
    frame = data("nhanes")
    frame["race_group"] = frame["race"].astype(str)
    frame["male"] = (frame["RIAGENDR"] == 1).astype(float)
    return mp.Sample(frame, mp.Design(weight="WTMEC2YR", strata="SDMVSTRA", psu="SDMVPSU"))


def test_nhanes():
    assert compare(golden("taylor_nhanes"), nhanes()) > 50
    compare_design_effects(golden("taylor_nhanes"), nhanes())


def mu284_designs():
    mu = data("mu284")
    first = mu.assign(wt=mu.n1 / 5 * mu.n2 / 3)
    three = data("three_stage").assign(four=4)
    stages = ("village", "house", "person")
    return {
        "mu284/two_stage": (mu, mp.Design(psu=("id1", "id2"), fpc=("n1", "n2"))),
        "mu284/first_stage_fpc": (first, mp.Design(weight="wt", psu="id1", fpc="n1")),
        "three_stage/three_stage": (
            three,
            mp.Design(weight="w", strata="h", psu=stages, fpc=("N1", "N2", "N3")),
        ),
        "three_stage/two_of_three": (
            three,
            mp.Design(weight="w", strata="h", psu=stages[:2], fpc=("N1", "N2")),
        ),
        "three_stage/replacement": (three, mp.Design(weight="w", strata="h", psu="village")),
        "three_stage/weight_from_fpc": (
            three,
            mp.Design(strata="h", psu=stages, fpc=("N1", "N2", "N3")),
        ),
        "three_stage/census_first": (
            three,
            mp.Design(strata="h", psu=stages, fpc=("four", "N2", "N3")),
        ),
    }


@pytest.mark.parametrize("case", mu284_designs())
def test_two_and_three_stages(case):
    frame, design = mu284_designs()[case]
    rows = golden("taylor_mu284")
    rows = rows[rows.case == case].assign(h=None)
    assert compare(rows, mp.Sample(frame, design)) > 1


def fpc_designs():
    small = data("fpc")
    small["fraction"] = small.nh / small.Nh
    small["all_of_them"] = small.nh
    small["half_census"] = np.where(small.stratid == 1, small.nh, small.Nh)
    base = {"strata": "stratid", "psu": "psuid"}
    return {
        "fpc/count": (small, mp.Design(weight="weight", fpc="Nh", **base)),
        "fpc/fraction": (small, mp.Design(weight="weight", fpc="fraction", **base)),
        "fpc/replacement": (small, mp.Design(weight="weight", **base)),
        "fpc/weight_from_fpc": (small, mp.Design(fpc="Nh", **base)),
        "fpc/one_stratum_census": (small, mp.Design(weight="weight", fpc="half_census", **base)),
        "fpc/census": (small, mp.Design(weight="weight", fpc="all_of_them", **base)),
        "hospital": (
            data("hospital"),
            mp.Design(weight="weighta", strata="oblevel", fpc="tothosp"),
        ),
        "scd": (data("scd"), mp.Design(strata="ESA", psu="ambulance")),
    }


@pytest.mark.parametrize("case", fpc_designs())
def test_finite_populations(case):
    frame, design = fpc_designs()[case]
    rows = golden("taylor_fpc")
    assert compare(rows[rows.case == case], mp.Sample(frame, design)) > 1


def test_item_nonresponse_that_empties_a_psu():
    rows = golden("emptied_psu")
    frame = data("emptied_psu")
    base = {"weight": "w", "strata": "h", "psu": "psu"}
    assert compare(rows[rows.case == "emptied"], mp.Sample(frame, mp.Design(**base))) > 5
    assert (
        compare(rows[rows.case == "emptied/fpc"], mp.Sample(frame, mp.Design(fpc="N", **base))) > 5
    )
    dropped = rows[rows.case == "dropped_first"]
    assert compare(dropped, mp.Sample(frame, mp.Design(**base)), missing="drop") == 2


def test_weights_of_zero():
    rows = golden("emptied_psu")
    sample = mp.Sample(data("zero_weights"), mp.Design(weight="w", strata="h", psu="psu"))
    assert compare(rows[rows.case == "zero_weights"], sample) > 5


def lonely_designs():
    people, two = data("lonely"), data("lonely_second_stage")
    base = {"weight": "w", "strata": "h", "psu": "psu"}
    return {
        "replacement": (people, base),
        "fpc": (people, {**base, "fpc": "N"}),
        "census": (people, {**base, "fpc": "N_census"}),
        "second_stage": (two, {"strata": "h", "psu": ("psu", "ssu"), "fpc": ("N1", "N2")}),
    }


@pytest.mark.parametrize("in_domains", [False, True])
@pytest.mark.parametrize("rule", ["certainty", "centre", "average"])
@pytest.mark.parametrize("design", lonely_designs())
def test_lonely_units(design, rule, in_domains):
    frame, roles = lonely_designs()[design]
    sample = mp.Sample(frame, mp.Design(**roles, lonely_psu=rule, lonely_domains=in_domains))
    rows = golden("lonely")
    rows = rows[rows.case == f"{design}/{rule}/{'domains_too' if in_domains else 'sample_only'}"]
    rows = rows[np.isfinite(rows.se.astype(float)) & (rows.statistic != "error")]
    # R finds no average within a PSU of one second-stage unit, and gives NaN there.
    few = design == "second_stage" and rule == "average"
    assert compare(rows, sample) > (-1 if few else 3)


def test_lonely_units_fail_where_r_fails():
    frame, roles = lonely_designs()["replacement"]
    with pytest.raises(mp.MpsurveyError, match="only one unit was drawn in") as error:
        mp.Sample(frame, mp.Design(**roles))
    assert "lonely_psu='certainty'" in str(error.value)
    census, roles = lonely_designs()["census"]
    rows = golden("lonely")
    rows = rows[(rows.case == "census/fail/sample_only") & (rows.statistic != "error")]
    assert compare(rows, mp.Sample(census, mp.Design(**roles))) > 3


def proportion_samples():
    def rare(frame):
        frame["tiny"] = np.where(frame.enroll < 156, "tiny", "other")
        frame.loc[frame.enroll.isna(), "tiny"] = None
        frame["top"] = np.where(frame.api00 == frame.api00.max(), "top", "other")
        return frame

    health = data("nhanes")
    health["chol"] = health.HI_CHOL.map({0.0: "no", 1.0: "yes"})
    health["race_group"] = health.race.astype(str)
    two = mp.Design(weight="pw", psu=("dnum", "snum"), fpc=("fpc1", "fpc2"))
    return {
        "strat": (rare(data("apistrat")), mp.Design(weight="pw", strata="stype", fpc="fpc")),
        "clus1": (rare(data("apiclus1")), mp.Design(weight="pw", psu="dnum", fpc="fpc")),
        "clus2": (rare(data("apiclus2")), two),
        "nhanes": (health, mp.Design(weight="WTMEC2YR", strata="SDMVSTRA", psu="SDMVPSU")),
        "emptied": (data("emptied_psu"), mp.Design(weight="w", strata="h", psu="psu")),
    }


@pytest.mark.parametrize("level", [0.95, 0.90])
@pytest.mark.parametrize("ci", ["logit", "beta", "wilson", "normal"])
@pytest.mark.parametrize("case", ["strat", "clus1", "clus2", "nhanes", "emptied"])
def test_intervals_of_proportions(case, ci, level):
    frame, design = proportion_samples()[case]
    sample = mp.Sample(frame, design)
    rows = golden("proportions")
    # R's own "logit" is iterated; "xlogit" is the same interval in closed form.
    name = f"{case}/{'' if level == 0.95 else 'level=0.90/'}{'xlogit' if ci == 'logit' else ci}"
    rows = rows[rows.case == name]
    found = {}
    for row in rows.itertuples():
        domain = read_domain(row.domain, frame)
        key = (row.variable, tuple(domain))
        if key not in found:
            found[key] = mp.proportion(sample, row.variable, by=key[1], ci=ci, level=level)
        got = pick(found[key], row.category, domain)
        close([got.estimate, got.df], [row.estimate, row.df], row)
        close(got.se, row.se, row, atol=1e-12)
        # A design fixes this share: R divides 0 by 0 for beta and Wilson.
        if row.se > 1e-12 and not pd.isna(row.ci_low):
            close([got.ci_low, got.ci_high], [row.ci_low, row.ci_high], row, rtol=1e-8)
        assert got.n == row.n
    assert len(rows) or level == 0.90


def contrast_samples():
    two = mp.Design(weight="pw", psu=("dnum", "snum"), fpc=("fpc1", "fpc2"))
    clus2 = mp.Sample(data("apiclus2"), two)
    strat = mp.Sample(data("apistrat"), mp.Design(weight="pw", strata="stype", fpc="fpc"))
    return clus2, strat, nhanes()


def covariance(name):
    return pd.read_csv(TESTS / "r" / f"contrast_covariance_{name}.csv").iloc[:, 1:].to_numpy()


def check_contrast(found, name, variable):
    rows = golden("contrast")
    want = rows[(rows.case == name) & (rows.variable == variable)].iloc[0]
    got = found.frame.iloc[0]
    close([got.estimate, got.se], [want.estimate, want.se], variable, rtol=1e-8)
    if got.df == want.df:
        close([got.ci_low, got.ci_high], [want.ci_low, want.ci_high], variable, rtol=1e-7)
    else:
        assert got.df < want.df, "the smallest df of the rows, where R has that of the design"


def test_contrasts_of_domain_means():
    clus2, strat, health = contrast_samples()
    means = mp.mean(clus2, "api00", by="stype")
    close(means.covariance, covariance("mean_stype_clus2"), "covariance")
    pairs = {"E-H": {"E": 1, "H": -1}, "M-E": {"M": 1, "E": -1}}
    pairs["E-(H+M)/2"] = {"E": 1, "H": -0.5, "M": -0.5}
    for name, weights in pairs.items():
        check_contrast(mp.contrast(means, {"stype": weights}), "mean_stype_clus2", name)
    ratio = mp.contrast(means, {"stype": {"E": 1, "H": -1}}, scale="ratio")
    check_contrast(ratio, "mean_stype_clus2", "E/H")
    check_contrast(
        mp.contrast(means, lambda m: np.log(m[0] / m[1])), "mean_stype_clus2", "log(E/H)"
    )
    products = mp.contrast(
        means,
        lambda m: m[0] * m[2] - m[1] ** 2,
        gradient=lambda m: [m[2], -2 * m[1], m[0]],
    )
    check_contrast(products, "mean_stype_clus2", "E*M-H^2")

    pupils = mp.mean(clus2, "enroll", by="stype")
    close(pupils.covariance, covariance("enroll_stype_clus2"), "covariance")
    check_contrast(mp.contrast(pupils, {"stype": {"H": 1, "E": -1}}), "enroll_stype_clus2", "H-E")

    totals = mp.total(strat, "enroll", by="stype")
    close(totals.covariance, covariance("total_stype_strat"), "covariance", atol=1e-3)
    check_contrast(mp.contrast(totals, [[1, 1, 1]]), "total_stype_strat", "E+H+M")
    part = mp.contrast(totals, lambda t: t[0] / t.sum())
    check_contrast(part, "total_stype_strat", "E/(E+H+M)")

    gap = mp.mean(health, "HI_CHOL", by="RIAGENDR")
    close(gap.covariance, covariance("chol_sex_nhanes"), "covariance")
    check_contrast(mp.contrast(gap, {"RIAGENDR": {2: 1, 1: -1}}), "chol_sex_nhanes", "2-1")
    crossed = mp.mean(health, "HI_CHOL", by=("race", "RIAGENDR"))
    double = mp.contrast(crossed, {"RIAGENDR": {2: 1, 1: -1}, "race": {1: 1, 2: -1}})
    assert len(double) == 1
    check_contrast(double, "chol_race_sex_nhanes", "(1.2-1.1)-(2.2-2.1)")


def test_contrasts_across_variables_of_one_sample():
    clus2, strat, _ = contrast_samples()
    now, before = mp.mean(strat, "api00", by="sch.wide"), mp.mean(strat, "api99", by="sch.wide")
    change = mp.contrast(
        [now, before],
        {"sch.wide": {"Yes": 1, "No": -1}, "variable": {"api00": 1, "api99": -1}},
    )
    check_contrast(change, "two_means_strat", "change_yes-change_no")
    growth = mp.contrast([now, before], lambda m: (m[1] / m[3]) / (m[0] / m[2]))
    check_contrast(growth, "two_means_strat", "growth_yes/growth_no")
    shares = mp.proportion(clus2, "stype", by="sch.wide")
    close(
        shares.covariance[np.ix_([0, 3, 1, 4, 2, 5], [0, 3, 1, 4, 2, 5])],
        covariance("stype_schwide_clus2"),
        "covariance",
        atol=1e-15,
    )
    elementary = mp.contrast(shares, {"sch.wide": {"Yes": 1, "No": -1}, "category": {"E": 1}})
    check_contrast(elementary, "stype_schwide_clus2", "E|Yes-E|No")
    growth = mp.ratio(clus2, "api00", "api99", by="stype")
    close(growth.covariance, covariance("ratio_stype_clus2"), "covariance")
    check_contrast(mp.contrast(growth, {"stype": {"E": 1, "H": -1}}), "ratio_stype_clus2", "E-H")
    four = [mp.mean(clus2, name) for name in ("api00", "api99", "meals", "ell")]
    check_contrast(mp.contrast(four, [[1, -1, 0, 0]]), "four_means_clus2", "api00-api99")
    check_contrast(mp.contrast(four, lambda m: m[0] / m[1]), "four_means_clus2", "api00/api99")


def test_contrasts_across_independent_samples():
    clus2, strat, _ = contrast_samples()
    one, two = mp.mean(clus2, "api00"), mp.mean(strat, "api00")
    found = mp.contrast([one, two], [[1, -1]], samples="independent").frame
    close(found.estimate[0], one.frame.estimate[0] - two.frame.estimate[0], "difference")
    close(found.se[0], np.hypot(one.frame.se[0], two.frame.se[0]), "variances add")
    ratio = mp.contrast([one, two], lambda m: m[0] / m[1], samples="independent").frame
    relative = np.hypot(*(each.frame.se[0] / each.frame.estimate[0] for each in (one, two)))
    close(ratio.se[0], ratio.estimate[0] * relative, "relative variances add")
    with pytest.raises(mp.MpsurveyError, match="different samples"):
        mp.contrast([one, two], [[1, -1]])
    with pytest.raises(mp.MpsurveyError, match="'one', 'independent'"):
        mp.contrast([one, two], [[1, -1]], samples="two")
