"""Tests of independence against R svychisq, and what must be true of them."""

import numpy as np
import pandas as pd
import pytest
from references import close, data, golden

import mpsurvey as mp

SAMPLES = {
    "strat": ("apistrat", mp.Design(weight="pw", strata="stype", fpc="fpc")),
    "clus1": ("apiclus1", mp.Design(weight="pw", psu="dnum", fpc="fpc")),
    "clus1_replacement": ("apiclus1", mp.Design(weight="pw", psu="dnum")),
    "clus2": ("apiclus2", mp.Design(weight="pw", psu=("dnum", "snum"), fpc=("fpc1", "fpc2"))),
    "nhanes": ("nhanes", mp.Design(weight="WTMEC2YR", strata="SDMVSTRA", psu="SDMVPSU")),
    "emptied": ("emptied_psu", mp.Design(weight="w", strata="h", psu="psu")),
}
METHODS = {"F": "second order", "Wald": "wald", "adjWald": "adjusted wald"}


def sample_of(case):
    file, design = SAMPLES[case]
    return mp.Sample(data(file).assign(chol=lambda f: f.get("HI_CHOL")), design)


def tables():
    rows = golden("independence")
    return sorted(set(zip(rows.case, rows.variable, strict=True)))


@pytest.mark.parametrize(("case", "variables"), tables())
def test_independence_equals_svychisq(case, variables):
    rows = golden("independence")
    rows = rows[(rows.case == case) & (rows.variable == variables)].set_index("statistic")
    row, column = variables.split(":")
    found = mp.independence(sample_of(case), row, column)
    tests = found.frame.set_index("method")
    for name, method in METHODS.items():
        want, got = rows.loc[name], tests.loc[method]
        if not np.isfinite(want.estimate):
            continue
        # A solve of a small well-conditioned matrix; tails of 1e-30 lose digits to their exponent.
        close([got.statistic, got.df, got.ddf], [want.estimate, want.df, want.df2], name, 1e-7)
        close(got.p, want.p, name, rtol=1e-5, atol=1e-14)
        assert got.n == want.n
    close(found.frame.pearson[0], rows.loc["Chisq"].estimate, "X2", rtol=1e-9)
    close(tests.loc["first order"].p, rows.loc["Chisq"].p, "first", rtol=1e-5, atol=1e-14)
    assert tests.loc["first order"].df == rows.loc["Chisq"].df
    cells = rows.loc["cell"]
    shares = {
        f"{one}:{two}": p
        for one, two, p in zip(
            found.table.frame[row].astype(str),
            found.table.frame[column].astype(str),
            found.table.frame.estimate,
            strict=True,
        )
    }
    for cell in cells.itertuples():
        first, second = cell.category.split(":")
        names = [f"{a}:{b}" for a in (first, f"{first}.0") for b in (second, f"{second}.0")]
        close(next(shares[name] for name in names if name in shares), cell.estimate, cell)


def test_equal_probabilities_without_clusters_give_pearson():
    """Each row its own unit and every weight one: the corrected chi-squared is nearly Pearson's."""
    random = np.random.default_rng(4)
    people = pd.DataFrame({"a": random.integers(0, 3, 5000), "b": random.integers(0, 2, 5000)})
    found = mp.independence(mp.Sample(people, mp.Design()), "a", "b")
    first = found.frame.set_index("method").loc["first order"]
    close(first.statistic, first.pearson, "close under independence", rtol=0.02)
    table = pd.crosstab(people.a, people.b).to_numpy()
    expected = np.outer(table.sum(1), table.sum(0)) / 5000
    close(first.pearson, ((table - expected) ** 2 / expected).sum(), "X2")


def test_the_order_of_variables_rows_and_the_unit_of_weights_do_not_matter():
    frame = data("nhanes")
    design = mp.Design(weight="WTMEC2YR", strata="SDMVSTRA", psu="SDMVPSU")
    base = mp.independence(mp.Sample(frame, design), "race", "agecat")
    turned = mp.independence(mp.Sample(frame, design), "agecat", "race")
    mixed = frame.sample(frac=1, random_state=1).assign(WTMEC2YR=lambda f: f.WTMEC2YR / 1000)
    again = mp.independence(mp.Sample(mixed, design), "race", "agecat")
    numbers = ["statistic", "df", "ddf", "pearson"]
    for other in (turned, again):
        close(other.frame[numbers].to_numpy(), base.frame[numbers].to_numpy(), "same", rtol=1e-8)
    assert len(base.table) == 16
    close(base.table.frame.estimate.sum(), 1.0, "cells")


def test_a_test_for_each_group():
    sample = sample_of("nhanes")
    found = mp.independence(sample, "HI_CHOL", "agecat", by="RIAGENDR", where="agecat != '(0,19]'")
    for sex in (1, 2):
        one = mp.independence(
            sample, "HI_CHOL", "agecat", where=f"RIAGENDR == {sex} and agecat != '(0,19]'"
        )
        part = found.frame[found.frame.RIAGENDR.eq(sex)]
        close(part.statistic, one.frame.statistic, "group")
        assert one.p == pytest.approx(part.p.iloc[0], rel=1e-12)
    with pytest.raises(mp.MpsurveyError, match="2 groups, each with its own test"):
        _ = found.p
    assert "no answer in" in found.table.notes[0]


def test_replicates_and_words():
    sample = mp.add_replicates(sample_of("clus1_replacement"), mp.Jackknife())
    found = mp.independence(sample, "sch.wide", "stype")
    taylor = mp.independence(sample_of("clus1_replacement"), "sch.wide", "stype")
    assert 0.3 < found.statistic / taylor.statistic < 3
    assert "Independence of sch.wide and stype" in repr(found)
    assert found.table.frame.columns[3:5].tolist() == ["sch.wide", "stype"]


def test_mistakes_are_named():
    sample = sample_of("strat")
    with pytest.raises(mp.MpsurveyError, match="different variables"):
        mp.independence(sample, "stype", "stype")
    with pytest.raises(mp.MpsurveyError, match="'stype' has one category only"):
        mp.independence(sample, "sch.wide", "stype", where="stype == 'E'")
    with pytest.raises(mp.MpsurveyError, match="missing='fail'"):
        mp.independence(sample_of("nhanes"), "HI_CHOL", "race", missing="fail")
    dropped = mp.independence(sample_of("nhanes"), "HI_CHOL", "race", missing="drop")
    assert any("dropped before units" in note for note in dropped.table.notes)
