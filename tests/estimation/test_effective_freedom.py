"""Degrees of freedom from the scores: against R, by identities, and in every sort of variance."""

import numpy as np
import pandas as pd
import pytest
from references import close, data, golden, pick, read_domain
from scipy import sparse

import mpsurvey as mp
from mpsurvey.estimation import taylor
from mpsurvey.estimation.freedom import effective, spread_of_squares

API = {
    "srs_fpc": ("apisrs", mp.Design(weight="pw", fpc="fpc")),
    "strat_fpc": ("apistrat", mp.Design(weight="pw", strata="stype", fpc="fpc")),
    "clus1_replacement": ("apiclus1", mp.Design(weight="pw", psu="dnum")),
    "clus2_two_stage": (
        "apiclus2",
        mp.Design(weight="pw", psu=("dnum", "snum"), fpc=("fpc1", "fpc2")),
    ),
    "nhanes": ("nhanes", mp.Design(weight="WTMEC2YR", strata="SDMVSTRA", psu="SDMVPSU")),
    "three_stage": (
        "three_stage",
        mp.Design(
            weight="w", strata="h", psu=("village", "house", "person"), fpc=("N1", "N2", "N3")
        ),
    ),
}


@pytest.mark.parametrize("case", API)
@pytest.mark.parametrize("full", [True, False])
def test_against_the_influences_of_r(case, full, monkeypatch):
    if not full:
        monkeypatch.setattr(taylor, "_DENSE", 0)  # scores as a sparse matrix
    file, design = API[case]
    frame = data(file)
    sample = mp.Sample(frame, design)
    rows = golden("effective_freedom")
    rows = rows[rows.case == case]
    for row in rows.itertuples():
        domain = read_domain(row.domain, frame)
        found = getattr(mp, row.statistic)(sample, row.variable, by=tuple(domain), df="effective")
        got = pick(found, None, domain)
        close(got.df, row.df, row, rtol=1e-7)
        close([got.ci_low, got.ci_high], [row.ci_low, row.ci_high], row, rtol=1e-7)
    assert len(rows) >= 6


def made(places=(2,) * 6, seed=1, group=0.1):
    random = np.random.default_rng(seed)
    strata = np.repeat(np.arange(len(places)), places)
    psu = np.arange(len(strata))
    frame = pd.DataFrame({"h": np.repeat(strata, 20), "psu": np.repeat(psu, 20)})
    frame["y"] = random.normal(size=len(frame)) + random.normal(size=len(psu))[frame.psu]
    frame["rare"] = (random.random(len(frame)) < group).astype(int)
    frame["w"] = random.uniform(1, 3, len(frame))
    frame["rich"] = np.exp(3 * random.normal(size=len(frame)))
    return frame


DESIGN = mp.Design(weight="w", strata="h", psu="psu")


@pytest.mark.parametrize("size", [2, 3])
def test_two_or_three_units_have_one_and_two(size):
    frame = made(places=(size,))
    found = mp.mean(mp.Sample(frame, DESIGN), "y", df="effective").frame
    assert found.df[0] == pytest.approx(size - 1)


@pytest.mark.parametrize("size", [2, 3, 4, 10])
def test_the_spread_is_unbiased_for_normal_scores(size):
    random = np.random.default_rng(3)
    z = random.normal(size=(200_000, size))
    e = (z - z.mean(axis=1, keepdims=True)) * np.sqrt(size / (size - 1))
    squares, fourths = (e**2).sum(axis=1), (e**4).sum(axis=1)
    spread = spread_of_squares(squares, fourths, np.array(size))
    error = spread.std() / np.sqrt(len(z))
    assert abs(spread.mean() - squares.var()) < 4 * (error + squares.var() * 0.01)


def test_few_units_that_carry_a_figure_leave_few():
    scores = np.zeros((100, 3))
    scores[:2, 0], scores[:20, 1] = 1, 1
    scores[:, 2] = np.random.default_rng(1).normal(size=100)
    e = (scores - scores.mean(axis=0)) * np.sqrt(100 / 99)
    squares, fourths = (e**2).sum(axis=0), (e**4).sum(axis=0)
    spread = spread_of_squares(squares, fourths, np.full(3, 100))
    few, some, many = effective(squares, spread)
    assert 1 <= few < 3 < 20 < some < 99
    assert 50 < many < 150


def test_never_more_than_the_domain_has():
    sample = mp.Sample(made(places=(4, 6, 8), group=0.03), DESIGN)
    for variable in ("y", "rich"):
        own = mp.mean(sample, variable, by=("h", "rare"), df="effective").frame
        plain = mp.mean(sample, variable, by=("h", "rare")).frame
        assert (own.df <= plain.df).all()
        assert (own.df[plain.df >= 1] >= 1).all()


def test_no_variance_takes_the_domain():
    frame = made()
    found = mp.mean(mp.Sample(frame.assign(one=1.0), DESIGN), "one", df="effective").frame
    plain = mp.mean(mp.Sample(frame.assign(one=1.0), DESIGN), "one").frame
    assert found.se[0] == 0
    assert found.df[0] == plain.df[0]
    pd.testing.assert_frame_equal(found, plain)


def test_only_df_and_limits_change():
    sample = mp.Sample(made(places=(6,) * 5), DESIGN)
    asked = {
        "mean": lambda df: mp.mean(sample, "rich", by="rare", df=df),
        "share": lambda df: mp.share(sample, "rare", df=df),
        "contribution": lambda df: mp.contribution(sample, "rare", "rich", "1", df=df),
        "gap": lambda df: mp.gap(sample, "rare", "rich", df=df),
        "quantile": lambda df: mp.quantile(sample, "rich", by="rare", df=df),
        "gini": lambda df: mp.gini(sample, "rich", df=df),
        "compose": lambda df: mp.compose(sample, {"a": "rich", "b": "y > 0"}, "a / b", df=df),
    }
    for name, ask in asked.items():
        plain, own = ask("domain").frame, ask("effective").frame
        close(own.estimate, plain.estimate, name)
        if name != "quantile":  # its standard error comes from the interval
            close(own.se, plain.se, name)
        assert (own.df <= plain.df).all(), name
        if name != "gap":  # the group's places are fewer here than carry the gap
            assert (own.df < plain.df - 0.1).any(), name
        assert ask("effective").freedom == "effective"


def test_a_contrast_has_its_own():
    sample = mp.Sample(made(places=(6,) * 5), DESIGN)
    means = mp.mean(sample, "rich", by="rare", df="effective")
    one = mp.contrast(means, {"rare": {1: 1, 0: -1}})
    gap = mp.gap(sample, "rare", "rich", df="effective")
    assert one.frame.df[0] <= gap.frame.df[0] <= mp.gap(sample, "rare", "rich").frame.df[0]
    ratio = mp.contrast(means, {"rare": {1: 1, 0: -1}}, scale="ratio")
    assert ratio.frame.df[0] <= min(means.frame.df)
    plain = mp.contrast(mp.mean(sample, "rich", by="rare"), {"rare": {1: 1, 0: -1}})
    assert plain.frame.df[0] == min(mp.mean(sample, "rich", by="rare").frame.df)


def test_scores_of_nobody_are_nothing():
    sample = mp.Sample(made(), DESIGN)
    units = mp.mean(sample, "y").uncertainty.units
    scores = taylor.Scores(sparse.csr_array((units.count, 3)), units)
    assert scores.variance().tolist() == [0, 0, 0]
    assert np.isnan(scores.freedom()).all()


def test_scale_and_order_of_rows_change_nothing():
    frame = made()
    found = mp.total(mp.Sample(frame, DESIGN), "rich", df="effective").frame.df[0]
    again = frame.sample(frac=1, random_state=2).assign(rich=frame.rich * 1e9)
    assert mp.total(mp.Sample(again, DESIGN), "rich", df="effective").frame.df[0] == pytest.approx(
        found
    )


def test_calibrated_scores_in_parts_are_those_at_once(monkeypatch):
    sample = mp.weight(
        mp.Sample(made(places=(5,) * 4).assign(half=lambda f: f.psu % 2), DESIGN),
        {"steps": [{"do": "rake", "margins": ["half"]}]},
        totals={"half": {0: 500.0, 1: 500.0}},
    )
    at_once = mp.mean(sample, "y", by=("h", "rare"), df="effective").frame
    monkeypatch.setattr(taylor, "_FULL", 0)
    monkeypatch.setattr(taylor, "_DENSE", 0)
    in_parts = mp.mean(sample, "y", by=("h", "rare"), df="effective").frame
    close(in_parts.df, at_once.df, "df")


@pytest.mark.parametrize("rule", ["centre", "average"])
def test_lonely_units(rule):
    frame = made(places=(1, 3, 4))
    sample = mp.Sample(frame, mp.Design(weight="w", strata="h", psu="psu", lonely_psu=rule))
    found = mp.total(sample, "y", by="rare", df="effective").frame
    plain = mp.total(sample, "y", by="rare").frame
    assert (found.df <= plain.df).all()
    assert (found.df >= 1).all()


def test_replicates_have_those_of_the_domain():
    sample = mp.Sample(made(), DESIGN)
    again = mp.add_replicates(sample, mp.Bootstrap(replicates=20, seed=1))
    own = mp.mean(again, "y", by="rare", df="effective").frame
    pd.testing.assert_frame_equal(own, mp.mean(again, "y", by="rare").frame)


def test_a_wrong_word_is_refused():
    with pytest.raises(mp.MpsurveyError, match="'domain', 'design', 'effective'"):
        mp.mean(mp.Sample(made(), DESIGN), "y", df="kurtosis")


def test_the_caution_is_of_the_effective_ones():
    frame = made(places=(10,) * 4)
    frame["spike"] = 0.0
    frame.loc[frame.psu.isin([3, 17]), "spike"] = 100.0
    sample = mp.Sample(frame, DESIGN)
    assert not any("fewer than 8" in note for note in mp.total(sample, "spike").notes)
    found = mp.total(sample, "spike", df="effective")
    assert any("fewer than 8 degrees of freedom" in note for note in found.notes)
