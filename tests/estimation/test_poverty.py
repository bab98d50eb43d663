"""Poverty below fixed and estimated lines: against R convey, and against what must be true."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from references import TESTS, close, data, golden, pick, read_domain

import mpsurvey as mp

# Both programs add the same 14,827 numbers in another order; 1e-11 leaves two digits of slack
# over the largest gap seen (1e-13), and no digit that a reader would ever print.
RTOL = 1e-11
INCOME = "eqIncome"
RELATIVE = "60% of median"


def eusilc():
    people = data("eusilc")
    people["households"] = (
        (people.rb050 / people.hsize).groupby(people.db040).transform("sum").round()
    )
    return people


def replicated():
    people, draws = eusilc(), data("replicates_eusilc_draws")
    columns = draws.filter(like="drawn")
    households = draws.groupby("db040").db030.transform("count")
    factors = columns.mul(households / (households - 1), axis=0).set_index(draws.db030)
    weights = factors.loc[people.db030].to_numpy() * people.rb050.to_numpy()[:, None]
    names = [f"b{r + 1}" for r in range(columns.shape[1])]
    return pd.concat([people, pd.DataFrame(weights, columns=names)], axis=1)


@cache
def sample(case="eusilc"):
    strata = {"weight": "rb050", "strata": "db040"}
    if case.startswith("bootstrap"):
        made = mp.Bootstrap("b*", centre=case.split("/")[1])
        return mp.Sample(replicated(), mp.Design(weight="rb050", replicates=made))
    if case == "people":
        return mp.Sample(eusilc(), mp.Design(psu="rb030", **strata))
    fpc = "households" if case == "finite" else None
    return mp.Sample(eusilc(), mp.Design(psu="db030", fpc=fpc, **strata))


def line_of(category):
    return float(category) if category == "10000" else category


CALLS = {
    "arpr": lambda s, c, by: mp.poverty(s, INCOME, line=c, by=by),
    "fgt0": lambda s, c, by: mp.poverty(s, INCOME, line=line_of(c), by=by),
    "fgt1": lambda s, c, by: mp.poverty(s, INCOME, line=line_of(c), order=1, by=by),
    "fgt2": lambda s, c, by: mp.poverty(s, INCOME, line=line_of(c), order=2, by=by),
    # convey refuses incomes of 0; its golden is of the others, below the line of all
    "watts": lambda s, c, by: mp.watts(s, INCOME, line=line_of(c), by=by, where="eqIncome > 0"),
    "arpt": lambda s, c, by: mp.poverty_line(s, INCOME, line=c, by=by),
    "rmpg": lambda s, c, by: mp.relative_median_gap(s, INCOME, line=c, by=by),
    "sen": lambda s, c, by: mp.sen(s, INCOME, line=line_of(c), by=by, ranks="upper"),
}
"""The call that equals each of convey's statistics."""


def compare(case, statistic, calls=CALLS):
    rows = golden("poverty")
    rows = rows[(rows.case == case) & (rows.statistic == statistic)]
    asked = sample(case)
    frame, found = asked.frame.to_native(), {}
    for row in rows.itertuples():
        domain = read_domain(row.domain, frame)
        category = row.category if isinstance(row.category, str) else ""
        key = (category, tuple(domain))
        if key not in found:
            found[key] = calls[statistic](asked, *key)
        got = pick(found[key], None, domain)
        ours = [got.estimate, got.se, got.ci_low, got.ci_high, got.population]
        close(ours, [row.estimate, row.se, row.ci_low, row.ci_high, row.population], row, RTOL)
        assert (got.df, got.n) == (row.df, row.n), row
    return len(rows)


@pytest.mark.parametrize(
    ("statistic", "count"),
    {"arpr": 24, "fgt0": 36, "fgt1": 36, "fgt2": 36, "watts": 36, "arpt": 12, "rmpg": 12,
     "sen": 12}.items(),
)  # fmt: skip
def test_linearisation_equals_convey(statistic, count):
    assert compare("eusilc", statistic) == count


@pytest.mark.parametrize("statistic", [name for name in CALLS if name != "sen"])
def test_replication_equals_convey(statistic):
    assert compare("bootstrap/estimate", statistic) >= 3


@pytest.mark.parametrize("case", ["people", "finite", "bootstrap/mean"])
def test_other_designs_equal_convey(case):
    assert compare(case, "arpr") == 1
    assert compare(case, "fgt1") == (0 if "/" in case else 1)


def test_covariance_of_two_groups_equals_convey():
    want = pd.read_csv(TESTS / "r" / "poverty_covariance_arpr_sex.csv").iloc[:, 1:].to_numpy()
    found = mp.poverty(sample(), INCOME, line=RELATIVE, by="rb090")
    close(found.covariance, want, "covariance", RTOL)
    gap = mp.contrast(found, {"rb090": {"female": 1, "male": -1}})
    close(gap.frame.se[0] ** 2, want[0, 0] + want[1, 1] - 2 * want[0, 1], "gap", RTOL)


def test_estimates_equal_laeken():
    rows = golden("poverty")
    rows = rows[rows.case == "laeken"].set_index("statistic").estimate
    for statistic in ("arpt", "arpr", "rmpg"):
        found = CALLS[statistic](sample(), RELATIVE, ())
        close(found.frame.estimate[0], rows[statistic], statistic, RTOL)


# What must be true


def villages(psus=60, seed=4):
    """People of villages, richer or poorer, in three strata, with an income without remittances."""
    random = np.random.default_rng(seed)
    village = np.repeat(np.arange(psus), random.integers(15, 30, psus))
    n = len(village)
    level = random.normal(9, 0.25, psus)[village]
    earned = np.round(random.lognormal(level, 0.5), 2)
    sent = np.where(random.random(n) < 0.3, np.round(random.lognormal(7.5, 0.6, n), 2), 0.0)
    people = pd.DataFrame(
        {
            "stratum": village % 3,
            "village": village,
            "w": random.uniform(80, 240, n),
            "income": earned + sent,
            "earned": earned,
            "migrant": (random.random(n) < 0.15).astype(int),
            "sex": random.choice(["f", "m"], n),
        }
    )
    people["line"] = np.where(people.stratum == 0, 5000.0, 6000.0)
    return people


DESIGN = mp.Design(weight="w", strata="stratum", psu="village")


def test_a_rate_below_a_fixed_line_is_a_proportion():
    people = villages()
    asked = mp.Sample(people, DESIGN)
    rate = mp.poverty(asked, "income", line=6000, by="sex", ci="logit").frame
    same = mp.proportion(asked, "income <= 6000", by="sex").frame
    names = ["estimate", "se", "ci_low", "ci_high", "df", "n", "population"]
    close(rate[names].to_numpy(), same[names].to_numpy(), "proportion", 1e-13)
    both = mp.ratio(asked, "income <= 6000 and sex == 'f'", "sex == 'f'").frame
    one = mp.poverty(asked, "income", line=6000, where="sex == 'f'").frame
    close(both.loc[0, ["estimate", "se"]].astype(float), rate.loc[0, ["estimate", "se"]], "ratio")
    close(one.loc[0, ["estimate", "se"]].astype(float), rate.loc[0, ["estimate", "se"]], "where")


def test_each_person_may_have_a_line_of_their_own():
    asked = mp.Sample(villages(), DESIGN)
    found = mp.poverty(asked, "income", line="line", order=1)
    gaps = villages().eval("(line - income).clip(0) / line")
    people = villages().assign(gap=gaps)
    want = mp.mean(mp.Sample(people, DESIGN), "gap").frame
    close(found.frame[["estimate", "se"]], want[["estimate", "se"]], "own line", 1e-13)
    assert found.frame.category.isna().all()
    assert found.notes[-1] == "Line: line, each row's own."


def test_a_line_that_is_not_estimated_makes_less_or_other_variance():
    asked = mp.Sample(villages(), DESIGN)
    amount = mp.poverty_line(asked, "income", line="50% of mean").frame.estimate[0]
    fixed = mp.poverty(asked, "income", line=amount, order=1).frame
    estimated = mp.poverty(asked, "income", line="50% of mean", order=1).frame
    close(fixed.estimate, estimated.estimate, "the same people are poor", 1e-13)
    assert estimated.se[0] < 0.9 * fixed.se[0]  # a poor village also lowers the line


@pytest.mark.parametrize("line_of", ["population", "group"])
@pytest.mark.parametrize("line", [RELATIVE, "50% of mean", "40% of the 75th percentile"])
def test_linearisation_and_bootstrap_agree(line, line_of):
    """A village's people move the line and the rate together: two roads to one variance.

    400 bootstrap replicates have a relative error of 4 % in the standard error; the density that
    linearisation needs, of some hundred people, has one of its own.
    """
    asked = mp.Sample(villages(150), DESIGN)
    again = mp.add_replicates(asked, mp.Bootstrap(replicates=400, seed=1))
    for order in (0, 1, 2):
        options = {"line": line, "order": order, "by": "sex", "line_of": line_of}
        taylor, boot = (mp.poverty(s, "income", **options).frame for s in (asked, again))
        close(boot.estimate, taylor.estimate, "estimates", 1e-13)
        assert (np.abs(np.log(boot.se / taylor.se)) < 0.16).all(), (order, boot.se, taylor.se)


def test_other_indices_by_linearisation_and_bootstrap_agree():
    asked = mp.Sample(villages(150), DESIGN)
    again = mp.add_replicates(asked, mp.Bootstrap(replicates=400, seed=1))
    calls = [
        lambda s: mp.watts(s, "income", line=RELATIVE, by="sex"),
        lambda s: mp.sen(s, "income", line=5000, by="sex"),
        lambda s: mp.poverty_line(s, "income", by="sex"),
        lambda s: mp.relative_median_gap(s, "income", by="sex"),
        lambda s: mp.relative_median_gap(s, "income", line=5000),
    ]
    for call in calls:
        taylor, boot = call(asked).frame, call(again).frame
        close(boot.estimate, taylor.estimate, "estimates", 1e-13)
        assert (np.abs(np.log(boot.se / taylor.se)) < 0.2).all(), (taylor.statistic[0], boot.se)


def test_poverty_with_and_without_remittances():
    """Two incomes of the same people, each with its own line: their covariance is not zero."""
    asked = mp.Sample(villages(), DESIGN)
    jackknife = mp.add_replicates(asked, mp.Jackknife())
    for order in (1, 2):
        for line in (6000, "50% of mean"):
            options = {"line": line, "order": order}
            gaps = []
            for one in (asked, jackknife):
                rates = [mp.poverty(one, income, **options) for income in ("income", "earned")]
                gaps.append(mp.contrast(rates, [[1, -1]]).frame)
            taylor, again = gaps
            close(again.estimate, taylor.estimate, "estimate", 1e-13)
            # exact for a mean but for the estimated number of people; for a line nearly so
            close(again.se, taylor.se, (order, line), rtol=0.02)
            apart = np.hypot(*(rate.frame.se[0] for rate in rates))
            assert again.se[0] < 0.6 * apart
    people = villages()
    people["gain"] = (people.income <= 6000) * 1.0 - (people.earned <= 6000)
    direct = mp.mean(mp.Sample(people, DESIGN), "gain").frame
    rates = [mp.poverty(asked, income, line=6000) for income in ("income", "earned")]
    gap = mp.contrast(rates, [[1, -1]]).frame
    close(gap[["estimate", "se"]], direct[["estimate", "se"]], "one mean of differences", 1e-12)


def test_the_line_is_that_of_everybody_unless_said():
    people = villages()
    asked = mp.Sample(people, DESIGN)
    migrants = mp.poverty(asked, "income", line=RELATIVE, where="migrant == 1")
    by = mp.poverty(asked, "income", line=RELATIVE, by="migrant").frame
    names = ["estimate", "se", "df", "n"]
    close(migrants.frame.loc[0, names].astype(float), by.loc[1, names].astype(float), "where")
    line = mp.poverty_line(asked, "income").frame.estimate[0]
    assert f"{line:,.6g}" in migrants.notes[-1]
    one = people[people.migrant == 1]
    fixed = np.average(one.income <= line, weights=one.w)
    close(migrants.frame.estimate[0], fixed, "line of all")

    own = mp.poverty(asked, "income", line=RELATIVE, by="migrant", line_of="group").frame
    lines = mp.poverty_line(asked, "income", by="migrant").frame.estimate
    for migrant in (0, 1):
        group = people[people.migrant == migrant]
        want = np.average(group.income <= lines[migrant], weights=group.w)
        close(own.estimate[migrant], want, "own line")
    alone = mp.poverty(asked, "income", line=RELATIVE, line_of="group").frame
    whole = mp.poverty(asked, "income", line=RELATIVE).frame
    close(alone[names].astype(float), whole[names].astype(float), "one group is everybody", 1e-12)


def test_missing_incomes_are_in_no_line():
    people = villages()
    people.loc[::7, "income"] = np.nan
    left = people.dropna()
    for options in ({"order": 0}, {"order": 1, "by": "sex"}):
        domain = mp.poverty(mp.Sample(people, DESIGN), "income", line=RELATIVE, **options)
        dropped = mp.poverty(mp.Sample(left, DESIGN), "income", line=RELATIVE, **options)
        drop = mp.poverty(
            mp.Sample(people, DESIGN), "income", line=RELATIVE, missing="drop", **options
        )
        close(domain.frame.estimate, dropped.frame.estimate, "estimate", 1e-13)
        close(domain.frame.se, dropped.frame.se, "no village is lost", 1e-12)
        close(drop.frame.se, dropped.frame.se, "drop", 1e-12)
        assert "no answer in" in domain.notes[0]


@pytest.mark.parametrize("design", ["calibrated", "lonely", "two stages"])
def test_scores_take_the_road_of_totals(design):
    """The total of the influence values, found by hand, has the variance of the measure."""
    people = villages(30)
    y, w = people.income.to_numpy(), people.w.to_numpy()
    z, whole = 0.5 * np.average(y, weights=w), w.sum()
    gap = np.clip(1 - y / z, 0, None)
    slope = w @ ((y <= z) * y / z**2) / whole
    people["u"] = ((gap - w @ gap / whole) + slope * 0.5 * (y - w @ y / whole)) / whole
    if design == "calibrated":
        step = mp.design.Calibration("sex", before="base")
        people["base"] = people.w / people.sex.map({"f": 1.1, "m": 0.95})
        made = mp.Design(weight="w", strata="stratum", psu="village", calibration=step)
    elif design == "lonely":
        people.loc[people.village == 3, "stratum"] = 9
        made = mp.Design(weight="w", strata="stratum", psu="village", lonely_psu="centre")
    else:
        people["home"] = people.groupby("village").cumcount() // 3
        people["villages"] = people.stratum.map({0: 40, 1: 30, 2: 50})
        people["homes"] = people.groupby("village").home.transform("nunique") * 5
        made = mp.Design(
            weight="w", strata="stratum", psu=("village", "home"), fpc=("villages", "homes")
        )
    asked = mp.Sample(people, made)
    found = mp.poverty(asked, "income", line="50% of mean", order=1).frame
    close(found.se, mp.total(asked, "u").frame.se, design, 1e-10)


def test_nobody_everybody_and_one_person():
    people = villages()
    people["alone"] = np.where(people.index == 5, "one", "others")
    asked = mp.Sample(people, DESIGN)
    assert mp.poverty(asked, "income", line=1).frame.estimate[0] == 0
    assert mp.poverty(asked, "income", line=1e9).frame.estimate[0] == 1
    found = mp.poverty(asked, "income", line=RELATIVE, by=("alone", "migrant"))
    assert found.frame.n.min() == 0  # the one person is migrant or not
    assert np.isnan(found.frame.estimate[found.frame.n == 0]).all()
    assert np.isfinite(found.frame.estimate[found.frame.n > 0]).all()
    assert np.isfinite(found.frame.se[found.frame.n > 1]).all()
    gap = mp.relative_median_gap(asked, "income", line=1)
    assert np.isnan(gap.frame.estimate[0])
    same = people.assign(income=3000.0)
    constant = mp.Sample(same, DESIGN)
    for line, want in ((RELATIVE, 0.0), ("150% of median", 1.0)):
        rate = mp.poverty(constant, "income", line=line, by="sex").frame
        assert (rate.estimate == want).all()
        assert (rate.se == 0).all()


def test_incomes_of_zero_and_below():
    people = villages()
    people.loc[:3, "income"] = [0.0, 0.0, -50.0, 10.0]
    asked = mp.Sample(people, DESIGN)
    with pytest.raises(mp.MpsurveyError, match=r"zero or below in 3 rows.*nonpositive='leave_out'"):
        mp.watts(asked, "income", line=RELATIVE)
    left = mp.watts(asked, "income", line=RELATIVE, nonpositive="leave_out")
    where = mp.watts(asked, "income", line=RELATIVE, where="income > 0")
    close(left.frame[["estimate", "se"]], where.frame[["estimate", "se"]], "two ways", 1e-13)
    assert any("3 rows with a value zero or below were left out" in note for note in left.notes)
    gap = mp.poverty(asked, "income", line=5000, order=1)
    assert any("1 row has a value below zero" in note for note in gap.notes)


def test_lines_as_they_are_written():
    asked = mp.Sample(villages(), DESIGN)
    same = [
        mp.poverty(asked, "income", line=line).frame.estimate[0]
        for line in ("50% of the 40th percentile", "50 % of quantile 0.4", "50% of 0.4 quantile")
    ]
    assert len(set(same)) == 1
    amounts = [mp.poverty(asked, "income", line=x) for x in (10000, "10,000", "10000")]
    assert len({found.frame.estimate[0] for found in amounts}) == 1
    assert {found.notes[-1] for found in amounts} == {"Line: 10,000, fixed."}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"line": "60% of income"}, "is not understood"),
        ({"line": "0% of median"}, "above 0 %"),
        ({"line": -5}, "not an amount above zero"),
        ({"line": float("nan")}, "not an amount above zero"),
        ({"line": "lin"}, "No column 'lin'"),
        ({"line": "income - 20000"}, "not above zero in every row"),
        ({"line": 5000, "order": 0.5}, "order=0.5 is not 0 or a number from 1 on"),
        ({"line": 5000, "ci": "exact"}, "ci='exact' is not one of"),
        ({"line": 5000, "ci": "logit", "order": 1}, "is for rates"),
        ({"line": RELATIVE, "line_of": "country"}, "line_of='country' is not one of"),
        ({"line": 5000, "line_of": "country"}, "line_of='country' is not one of"),
        ({"line": 5000, "level": 95}, "level=95"),
    ],
)
def test_what_is_refused(options, message):
    with pytest.raises(mp.MpsurveyError, match=message):
        mp.poverty(mp.Sample(villages(), DESIGN), "income", **options)


def test_lines_that_a_measure_does_not_take():
    asked = mp.Sample(villages(), DESIGN)
    with pytest.raises(mp.MpsurveyError, match="Sen's index takes a fixed amount"):
        mp.sen(asked, "income", line=RELATIVE)
    with pytest.raises(mp.MpsurveyError, match="is a fixed line and needs no estimate"):
        mp.poverty_line(asked, "income", line="10000")
    with pytest.raises(mp.MpsurveyError, match="needs one line"):
        mp.relative_median_gap(asked, "income", line="line")
    below = mp.Sample(villages().assign(income=-1.0), DESIGN)
    with pytest.raises(mp.MpsurveyError, match=r"comes to -0\.5, not to an amount above zero"):
        mp.poverty(below, "income", line="50% of mean")


def test_imputed_incomes():
    people = villages()
    random = np.random.default_rng(0)
    for m in (1, 2, 3):
        people[f"pv{m}"] = people.income * random.lognormal(0, 0.1, len(people))
    asked = mp.Sample(people, DESIGN)
    found = mp.poverty(asked, mp.Imputed("pv*"), line=RELATIVE, by="sex")
    each = [mp.poverty(asked, f"pv{m}", line=RELATIVE, by="sex").frame for m in (1, 2, 3)]
    close(found.frame.estimate, np.mean([one.estimate for one in each], axis=0), "mean of three")
    assert (found.frame.se > np.mean([one.se for one in each], axis=0)).all()
