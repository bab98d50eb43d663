"""Every figure against R survey: estimate, standard error, interval, df, design effects.

Both sides add the same numbers in another order. Sums of at most 9,000 terms lose at most four of
sixteen digits, and a variance is a sum of squares of differences of such sums, so 1e-9 leaves room
and still tells any other formula apart.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mpsurvey as mp

TESTS = Path(__file__).parents[1]
RTOL = 1e-9


def data(name):
    frame = pd.read_csv(TESTS / "data" / f"{name}.csv")
    return frame


def golden(name):
    return pd.read_csv(TESTS / "r" / f"{name}.csv", keep_default_na=False, na_values=[""])


def read_domain(text, frame):
    if not isinstance(text, str) or not text:
        return {}
    pairs = dict(part.split("=", 1) for part in text.split(";"))
    return {k: frame[k].dtype.type(v) if frame[k].dtype.kind in "if" else v for k, v in pairs.items()}


def pick(result, category, domain):
    frame = result.frame
    here = np.ones(len(frame), dtype=bool)
    for name, value in domain.items():
        here &= (frame[name] == value).to_numpy()
    if isinstance(category, str) or (category is not None and not pd.isna(category)):
        here &= frame["category"].astype(str).to_numpy() == str(category)
    found = frame[here]
    assert len(found) == 1, (category, domain)
    return found.iloc[0]


def close(got, want, what, rtol=RTOL, atol=0.0):
    np.testing.assert_allclose(got, want, rtol=rtol, atol=atol, err_msg=str(what))


class Asker:
    """Asks each statistic once for each breakdown."""

    def __init__(self, sample, **options):
        self.sample, self.options, self.found = sample, options, {}

    def __call__(self, statistic, variable, by, **options):
        key = (statistic, variable, by, tuple(options.items()))
        if key not in self.found:
            options = {**self.options, **options, "by": by}
            frame = self.sample.frame
            text = variable in frame.columns and frame[variable].dtype == str
            if statistic == "ratio":
                found = mp.ratio(self.sample, *variable.split("/"), **options)
            elif statistic == "mean" and text or statistic == "proportion":
                found = mp.proportion(self.sample, variable, ci="normal", **options)
            else:
                found = getattr(mp, statistic)(self.sample, variable, **options)
            self.found[key] = found
        return self.found[key]


def compare(rows, sample, scale=1.0, **options):
    ask = Asker(sample, **options)
    checked = 0
    frame = sample.frame.to_native()
    for row in rows.itertuples():
        domain = read_domain(row.domain, frame)
        by = tuple(domain)
        statistic = row.statistic
        categorical = isinstance(row.category, str) and row.category != ""
        if statistic == "total" and categorical:
            found = ask("total", f"`{row.variable}` == '{row.category}'", by)
            got = pick(found, None, domain)
        else:
            found = ask("proportion" if categorical else statistic, row.variable, by)
            got = pick(found, row.category if categorical else None, domain)
        place = (row.case, statistic, row.variable, row.category, row.domain)
        size = abs(row.estimate)
        close(got.estimate, row.estimate, place)
        close(got.se, row.se, place, atol=1e-9 * size)
        if not pd.isna(row.df):
            assert got.df == row.df, place
        if not pd.isna(row.ci_low) and np.isfinite(row.ci_low):
            close([got.ci_low, got.ci_high], [row.ci_low, row.ci_high], place, atol=1e-9 * size)
        if not pd.isna(row.n):
            assert got.n == row.n, place
            close(got.population, row.population, place)
        checked += 1
    return checked


def compare_design_effects(rows, sample):
    for option, column in (("without_replacement", "deff"), ("with_replacement", "deff_replace")):
        ask = Asker(sample, deff=option)
        frame = sample.frame.to_native()
        for row in rows.itertuples():
            want = getattr(row, column)
            categorical = isinstance(row.category, str) and row.category != ""
            if pd.isna(want) or not np.isfinite(want) or (row.statistic == "total" and categorical):
                continue
            domain = read_domain(row.domain, frame)
            found = ask("proportion" if categorical else row.statistic, row.variable, tuple(domain))
            got = pick(found, row.category if categorical else None, domain)
            close(got.deff, want, (row.case, row.statistic, row.variable, row.domain), rtol=1e-8, atol=1e-9)


def api(name):
    frame = data(name)
    return frame


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
        "hospital": (data("hospital"), mp.Design(weight="weighta", strata="oblevel", fpc="tothosp")),
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
    assert compare(rows[rows.case == "emptied/fpc"], mp.Sample(frame, mp.Design(fpc="N", **base))) > 5
    dropped = rows[rows.case == "dropped_first"]
    assert compare(dropped, mp.Sample(frame, mp.Design(**base)), missing="drop") == 2


def test_weights_of_zero():
    rows = golden("emptied_psu")
    sample = mp.Sample(data("zero_weights"), mp.Design(weight="w", strata="h", psu="psu"))
    assert compare(rows[rows.case == "zero_weights"], sample) > 5
