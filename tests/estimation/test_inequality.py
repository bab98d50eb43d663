"""Inequality: against R convey and laeken, and against what must be true."""

import importlib.util

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from references import TESTS, close, data, golden

import mpsurvey as mp
from mpsurvey.estimation.densities import lower_quantile


def _load(name):
    spec = importlib.util.spec_from_file_location(name, TESTS / "estimation" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


poverty_tests = _load("test_poverty")
DESIGN, INCOME, RTOL = poverty_tests.DESIGN, poverty_tests.INCOME, poverty_tests.RTOL
sample, villages = poverty_tests.sample, poverty_tests.villages
POSITIVE = "eqIncome > 0"  # convey refuses incomes of 0; its goldens are of the others

CALLS = {
    "gini": lambda s, _, by: mp.gini(s, INCOME, by=by, ranks="upper"),
    "qsr": lambda s, c, by: mp.quintile_share_ratio(
        s, INCOME, top=float(c), bottom=float(c), by=by
    ),
    "gei": lambda s, c, by: mp.generalised_entropy(s, INCOME, float(c), by=by, where=POSITIVE),
    "atkinson": lambda s, c, by: mp.atkinson(s, INCOME, float(c), by=by, where=POSITIVE),
    "lorenz": lambda s, c, by: mp.lorenz(s, INCOME, float(c), by=by),
}
"""The call that equals each of convey's statistics."""

ALL = {
    "gini": lambda s, **options: mp.gini(s, "income", **options),
    "share ratio": lambda s, **options: mp.quintile_share_ratio(s, "income", **options),
    "palma": lambda s, **options: mp.quintile_share_ratio(
        s, "income", top=0.1, bottom=0.4, **options
    ),
    "lorenz": lambda s, **options: mp.lorenz(s, "income", (0.2, 0.5, 0.9), **options),
    "entropy": lambda s, **options: mp.generalised_entropy(s, "income", (0, 1, 2), **options),
    "atkinson": lambda s, **options: mp.atkinson(s, "income", (0.5, 1, 2), **options),
    "rate": lambda s, **options: mp.poverty(s, "income", line="60% of median", **options),
    "gap": lambda s, **options: mp.poverty(s, "income", line="50% of mean", order=1, **options),
    "median gap": lambda s, **options: mp.relative_median_gap(s, "income", **options),
    "watts": lambda s, **options: mp.watts(s, "income", line="60% of median", **options),
}
"""Every figure without a unit."""


def compare(case, statistic):
    return poverty_tests.compare(case, statistic, CALLS)


@pytest.mark.parametrize(
    ("statistic", "count"),
    {"gini": 12, "qsr": 24, "gei": 60, "atkinson": 36, "lorenz": 108}.items(),
)
def test_linearisation_equals_convey(statistic, count):
    assert compare("eusilc", statistic) == count


@pytest.mark.parametrize("statistic", CALLS)
def test_replication_equals_convey(statistic):
    assert compare("bootstrap/estimate", statistic) >= 3


@pytest.mark.parametrize("case", ["people", "finite", "bootstrap/mean"])
def test_other_designs_equal_convey(case):
    assert compare(case, "gini") == 1
    assert compare(case, "qsr") == 1


def test_covariance_of_two_groups_equals_convey():
    want = pd.read_csv(TESTS / "r" / "poverty_covariance_gini_sex.csv").iloc[:, 1:].to_numpy()
    found = mp.gini(sample(), INCOME, by="rb090", ranks="upper")
    close(found.covariance, want, "covariance", RTOL)


def test_estimates_equal_laeken():
    rows = golden("poverty")
    rows = rows[rows.case == "laeken"].set_index("statistic").estimate
    close(mp.gini(sample(), INCOME).frame.estimate[0], rows["gini"], "gini", RTOL)
    found = mp.quintile_share_ratio(sample(), INCOME)
    close(found.frame.estimate[0], rows["qsr"], "qsr", RTOL)


def test_how_far_the_two_ginis_are_apart():
    """convey's is too high by the sum of w (w - 1) y over N Y; standard errors hardly differ."""
    people = data("eusilc")
    y, w = people.eqIncome, people.rb050
    ours, upper = (mp.gini(sample(), INCOME, ranks=r).frame for r in ("middle", "upper"))
    apart = (w * (w - 1) * y).sum() / (w.sum() * (w * y).sum())
    close(upper.estimate[0] - ours.estimate[0], apart, "gap", 1e-9)
    assert 0.9 < apart * len(people) < 1.2
    assert abs(upper.se[0] / ours.se[0] - 1) < 1e-3


# What must be true


def test_gini_is_the_mean_gap_and_that_of_the_people_written_out():
    random = np.random.default_rng(2)
    people = pd.DataFrame({"w": random.integers(1, 6, 40), "y": random.integers(1, 20, 40) * 1.0})
    y, w = people.y.to_numpy(), people.w.to_numpy()
    found = mp.gini(mp.Sample(people, mp.Design(weight="w")), "y").frame.estimate[0]
    gaps = np.abs(y[:, None] - y) * np.outer(w, w)
    close(found, gaps.sum() / (2 * w.sum() * (w @ y)), "mean gap", 1e-13)
    written = people.loc[people.index.repeat(people.w)]
    one_by_one = mp.gini(mp.Sample(written, mp.Design()), "y", ranks="upper")
    close(one_by_one.frame.estimate[0], found, "written out", 1e-13)
    close(mp.gini(mp.Sample(written, mp.Design()), "y").frame.estimate[0], found, "row by row")


@pytest.mark.parametrize("name", ALL)
def test_the_scale_of_incomes_changes_nothing(name):
    people = villages(40)
    first = ALL[name](mp.Sample(people, DESIGN), by="sex").frame
    other = ALL[name](mp.Sample(people.assign(income=people.income / 371), DESIGN), by="sex").frame
    close(other[["estimate", "se"]], first[["estimate", "se"]], name, 1e-9)


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**31))
def test_neither_order_nor_split_rows_change_anything(name, seed):
    people = villages(20)
    random = np.random.default_rng(seed)
    people["income"] = people.income.round(-2) + 1  # with ties
    split = random.choice(len(people), 30, replace=False)
    people.loc[split, "w"] /= 2
    twice = pd.concat([people, people.loc[split]])
    people.loc[split, "w"] *= 2
    shuffled = twice.sample(frac=1, random_state=seed % 1000)
    first, other = (ALL[name](mp.Sample(f, DESIGN), by="sex") for f in (people, shuffled))
    close(other.frame.estimate, first.frame.estimate, name, 1e-9)
    # As convey does, the Lorenz curve's scores interpolate the quantile between two rows.
    close(other.frame.se, first.frame.se, name, 0.02 if name == "lorenz" else 1e-8)


@pytest.mark.parametrize("name", ["gini", "lorenz", "entropy", "atkinson"])
def test_weights_of_another_scale_change_nothing(name):
    people = villages(40)
    first, other = (
        ALL[name](mp.Sample(people.assign(w=people.w * k), DESIGN)).frame for k in (1, 1e-3)
    )
    close(other[["estimate", "se"]], first[["estimate", "se"]], name, 1e-9)


@pytest.mark.parametrize("name", ALL)
def test_a_group_by_three_roads(name):
    people = villages(40)
    asked = mp.Sample(people, DESIGN)
    by = ALL[name](asked, by="sex").frame
    women = by[by.sex == "f"][["estimate", "se", "df", "n"]].astype(float)
    where = ALL[name](asked, where="sex == 'f'").frame
    close(where[["estimate", "se", "df", "n"]].astype(float), women, "where", 1e-12)
    if name in ("rate", "gap", "median gap", "watts"):
        return  # their line is that of everybody
    # Nobody's village is lost, so cutting the data leaves the design as it was.
    cut = people[people.sex == "f"]
    assert cut.village.nunique() == people.village.nunique()
    close(ALL[name](mp.Sample(cut, DESIGN)).frame.se, women.se, "cut", 1e-12)


@pytest.mark.parametrize("name", ["gini", "lorenz", "entropy", "atkinson", "share ratio", "palma"])
def test_linearisation_bootstrap_and_jackknife_agree(name):
    """400 bootstraps have a relative error of 4 % in the standard error; a jackknife has none."""
    asked = mp.Sample(villages(150), DESIGN)
    taylor = ALL[name](asked, by="sex").frame
    boot = ALL[name](mp.add_replicates(asked, mp.Bootstrap(replicates=400, seed=1)), by="sex").frame
    close(boot.estimate, taylor.estimate, "estimates", 1e-13)
    assert (np.abs(np.log(boot.se / taylor.se)) < 0.15).all(), (boot.se, taylor.se)
    if "ratio" in name or name == "palma":
        return
    jack = ALL[name](mp.add_replicates(asked, mp.Jackknife()), by="sex").frame
    assert (np.abs(np.log(jack.se / taylor.se)) < 0.04).all(), (jack.se, taylor.se)


@pytest.mark.parametrize("order", [-1, 0, 0.5, 1, 2])
def test_entropy_splits_into_within_and_between(order):
    """Also its standard error: the parts' joint covariance is that of the whole."""
    asked = mp.Sample(villages(), DESIGN)
    whole = mp.generalised_entropy(asked, "income", order)
    parts = [
        mp.generalised_entropy(asked, "income", order, by="stratum"),
        mp.total(asked, by="stratum"),
        mp.total(asked, "income", by="stratum"),
    ]

    def put_together(x):
        within, people, amount = x[:3], x[3:6], x[6:]
        p, s = people / people.sum(), amount / amount.sum()
        ratio = s / p  # mean of the group over the mean of all
        if order == 0:
            between = -(p * np.log(ratio)).sum()
        elif order == 1:
            between = (s * np.log(ratio)).sum()
        else:
            between = ((p * ratio**order).sum() - 1) / (order * (order - 1))
        return (p * ratio**order * within).sum() + between

    found = mp.contrast(parts, put_together).frame
    close(found[["estimate", "se"]], whole.frame[["estimate", "se"]], order, 1e-9)
    jackknife = mp.add_replicates(asked, mp.Jackknife())
    again = mp.generalised_entropy(jackknife, "income", order).frame
    assert abs(np.log(again.se[0] / whole.frame.se[0])) < 0.06


def test_atkinson_is_a_function_of_entropy():
    asked = mp.Sample(villages(), DESIGN)
    for epsilon in (0.5, 2.0):
        entropy = mp.generalised_entropy(asked, "income", 1 - epsilon)
        told = mp.contrast(
            entropy, lambda x, e=epsilon: 1 - (1 + e * (e - 1) * x) ** (1 / (1 - e))
        ).frame
        found = mp.atkinson(asked, "income", epsilon).frame
        close(told[["estimate", "se"]], found[["estimate", "se"]], epsilon, 1e-9)
    log = mp.contrast(mp.generalised_entropy(asked, "income", 0), lambda x: 1 - np.exp(-x)).frame
    found = mp.atkinson(asked, "income", 1).frame
    close(log[["estimate", "se"]], found[["estimate", "se"]], 1, 1e-9)


def test_orders_near_the_special_ones():
    asked = mp.Sample(villages(), DESIGN)
    for order in (0, 1):
        near = mp.generalised_entropy(asked, "income", (order - 1e-5, order, order + 1e-5)).frame
        close(near.estimate[[0, 2]], near.estimate[1], order, 1e-4)
        close(near.se[[0, 2]], near.se[1], order, 1e-4)
    close(
        mp.generalised_entropy(asked, "income", 2).frame.estimate[0],
        0.5
        * mp.contrast(
            [mp.mean(asked, "income * income"), mp.mean(asked, "income")],
            lambda x: x[0] / x[1] ** 2 - 1,
        ).frame.estimate[0],
        "half the squared coefficient of variation",
        1e-10,
    )


def test_the_lorenz_curve_its_area_and_its_ends():
    asked = mp.Sample(villages(), DESIGN)
    p = np.linspace(0, 1, 2001)
    curve = mp.lorenz(asked, "income", p).frame
    ordinates = curve.estimate.to_numpy()
    assert (np.diff(ordinates) > 0).all()
    assert (np.diff(ordinates, 2) > -1e-12).all()
    assert (ordinates[0], ordinates[-1]) == (0, 1)
    assert (curve.se.iloc[0], curve.se.iloc[-1]) == (0, 0)
    area = np.trapezoid(ordinates, p)
    close(1 - 2 * area, mp.gini(asked, "income").frame.estimate[0], "area", 1e-4)
    fifths = mp.lorenz(asked, "income", (0.2, 0.8))
    told = mp.contrast(fifths, lambda x: (1 - x[1]) / x[0]).frame
    ratio = mp.quintile_share_ratio(asked, "income").frame
    # The person that straddles a fifth counts in part in one and in full in the other.
    close(told.estimate, ratio.estimate, "S80/S20", 0.01)
    close(told.se, ratio.se, "S80/S20", 0.05)


def test_replicates_of_the_file_are_those_of_units():
    people = villages(30)
    made = mp.add_replicates(mp.Sample(people, DESIGN), mp.Jackknife())
    factors = made.replicates.factors[made.row_unit] * people.w.to_numpy()[:, None]
    names = [f"j{r}" for r in range(factors.shape[1])]
    written = pd.concat([people, pd.DataFrame(factors, columns=names)], axis=1)
    multipliers = made.replicates.multipliers.tolist()
    told = mp.Design(weight="w", replicates=mp.Jackknife("j*", multipliers=multipliers))
    file = mp.Sample(written, told)
    for name, call in ALL.items():
        first, other = call(made, by="sex"), call(file, by="sex")
        close(other.frame[["estimate", "se"]], first.frame[["estimate", "se"]], name, 1e-9)
        close(other.covariance, first.covariance, name, 1e-8, 1e-15)


def test_replicates_whose_weighting_is_done_again():
    people = villages(30)
    totals = {"sex": {"f": 60_000.0, "m": 55_000.0}}
    recipe = {
        "title": {"en": "Poststratified"},
        "start_from": "w",
        "steps": [{"do": "poststratify", "margin": "sex"}],
        "save_as": "final",
    }
    weighted = mp.weight(mp.Sample(people, DESIGN), recipe, totals=totals)
    again = mp.add_replicates(weighted, mp.Jackknife())
    for name in ("gini", "gap"):
        taylor, jack = ALL[name](weighted).frame, ALL[name](again).frame
        close(jack.estimate, taylor.estimate, name, 1e-12)
        assert abs(np.log(jack.se[0] / taylor.se[0])) < 0.06, name


def test_scores_after_calibration_are_residuals():
    """The Gini's influence values, added as a column, have the Gini's variance."""
    people = villages(30)
    y, w = people.income.to_numpy(), people.w.to_numpy()
    order = np.argsort(y)
    r, s = np.empty(len(y)), np.empty(len(y))
    r[order], s[order] = np.cumsum(w[order]), np.cumsum((w * y)[order])
    n, amount = w.sum(), w @ y
    g = mp.gini(mp.Sample(people, DESIGN), "income").frame.estimate[0]
    people["u"] = 2 * (r * y + amount - s) / (n * amount) - (g + 1) * (1 / n + y / amount)
    people["base"] = people.w / people.sex.map({"f": 1.1, "m": 0.95})
    step = mp.design.Calibration("sex", before="base")
    for made in (DESIGN, mp.Design(weight="w", psu="village", calibration=step)):
        asked = mp.Sample(people, made)
        close(mp.gini(asked, "income").frame.se, mp.total(asked, "u").frame.se, "total", 1e-9)


def test_equal_incomes_one_person_nobody():
    people = villages()
    people["alone"] = np.where(people.index == 5, "one", "others")
    equal = mp.Sample(people.assign(income=700.0), DESIGN)
    for name in ("gini", "entropy", "atkinson"):
        found = ALL[name](equal).frame
        close(found.estimate, 0, name, atol=1e-14)
        close(found.se, 0, name, atol=1e-14)
    close(ALL["lorenz"](equal).frame.estimate, (0.2, 0.5, 0.9), "lorenz", 1e-12)
    asked = mp.Sample(people, DESIGN)
    for name, call in ALL.items():
        found = call(asked, by=("alone", "migrant")).frame
        assert np.isnan(found.estimate[found.n == 0]).all(), name
        if name not in ("share ratio", "palma", "median gap"):
            assert np.isfinite(found.estimate[found.n > 0]).all(), name
    assert mp.gini(asked, "income", by="alone").frame.estimate[0] == pytest.approx(0, abs=1e-12)


def test_zero_and_negative_incomes():
    people = villages()
    people.loc[:2, "income"] = [0.0, 0.0, -5.0]
    asked = mp.Sample(people, DESIGN)
    with pytest.raises(mp.MpsurveyError, match="below zero in 1 row,"):
        mp.generalised_entropy(asked, "income", 2)
    with pytest.raises(mp.MpsurveyError, match=r"zero or below in 3 rows.*order 0 is not defined"):
        mp.generalised_entropy(asked, "income", (0, 2))
    with pytest.raises(mp.MpsurveyError, match="zero or below in 3 rows"):
        mp.atkinson(asked, "income", 1)
    left = mp.atkinson(asked, "income", 1, nonpositive="leave_out")
    where = mp.atkinson(asked, "income", 1, where="income > 0")
    close(left.frame[["estimate", "se"]], where.frame[["estimate", "se"]], "two ways", 1e-13)
    assert "3 rows with a value zero or below were left out" in left.notes[0]
    some = mp.generalised_entropy(asked, "income", (1, 2), where="income >= 0")
    assert np.isfinite(some.frame[["estimate", "se"]]).all(axis=None)
    assert "can then exceed 1" in mp.gini(asked, "income").notes[-1]
    with pytest.raises(mp.MpsurveyError, match="nonpositive='drop' is not one of"):
        mp.atkinson(asked, "income", nonpositive="drop")
    poorest = mp.Sample(people.assign(income=people.income.where(people.income > 9000, 0)), DESIGN)
    assert np.isnan(mp.quintile_share_ratio(poorest, "income").frame.estimate[0])


def test_a_quantile_under_weights_of_zero_and_below():
    y = np.array([1.0, 2, 3, 4])
    assert lower_quantile(y, np.array([1.0, 0, 1, 2]), 0.25) == 1
    assert lower_quantile(y, np.array([1.0, 0, 1, 2]), 0.26) == 3
    assert lower_quantile(y, np.array([2.0, -1, 1, 2]), 0.5) == 1  # sums 2, 1, 2, 4: first at 2
    assert (
        lower_quantile(y, np.array([0.1, 0.2, 0.3, 0.4]), 0.3) == 2
    )  # 0.1 + 0.2 > 0.3 by rounding
    assert np.isnan(lower_quantile(y, np.zeros(4), 0.5))
    assert np.isnan(lower_quantile(y[:0], y[:0], 0.5))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: mp.gini(s, "income", ranks="lower"), "ranks='lower' is not one of"),
        (lambda s: mp.lorenz(s, "income", (0.5, 1.5)), "p=1.5 is not between 0 and 1"),
        (lambda s: mp.quintile_share_ratio(s, "income", top=20), "top=20 is not a share"),
        (lambda s: mp.atkinson(s, "income", 0), "epsilon=0 is not above 0"),
        (lambda s: mp.generalised_entropy(s, "income", np.nan), "is not a number"),
        (lambda s: mp.gini(s, "sex"), r"Use proportion\(sample, 'sex'\)"),
        (lambda s: mp.gini(s, "incme"), "No column 'incme' for variable. Did you mean 'income'"),
        (lambda s: mp.gini(s, "income", df="none"), "df='none' is not one of"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(mp.MpsurveyError, match=message):
        call(mp.Sample(villages(), DESIGN))


def test_imputed_incomes():
    people = villages()
    random = np.random.default_rng(0)
    for m in (1, 2, 3):
        people[f"pv{m}"] = people.income * random.lognormal(0, 0.1, len(people))
    asked = mp.Sample(people, DESIGN)
    for verb in (mp.gini, mp.quintile_share_ratio, mp.lorenz, mp.generalised_entropy, mp.atkinson):
        found = verb(asked, mp.Imputed("pv*")).frame
        each = [verb(asked, f"pv{m}").frame.estimate for m in (1, 2, 3)]
        close(found.estimate, np.mean(each, axis=0), verb.__name__)


def test_a_sample_that_remembers_gives_the_same():
    asked = mp.Sample(villages(), DESIGN)
    remembering = asked.remembering()
    for _ in range(2):
        for call in ALL.values():
            for options in ({}, {"by": "sex"}, {"where": "migrant == 1"}):
                first, other = call(asked, **options), call(remembering, **options)
                pd.testing.assert_frame_equal(first.frame, other.frame)
    people = villages()
    people.loc[::5, "income"] = np.nan
    asked = mp.Sample(people, DESIGN)
    found = [mp.gini(asked.remembering(), name).frame for name in ("income", "earned")]
    for name, frame in zip(("income", "earned"), found, strict=True):
        pd.testing.assert_frame_equal(frame, mp.gini(asked, name).frame)
