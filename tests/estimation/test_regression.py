"""Regression against R svyglm, regTermTest and joint margins, and what must be true of it."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from references import TESTS, close, data, golden, kinds

import mpsurvey as mp
from mpsurvey.design import Calibration

STRAT = ("apistrat", mp.Design(weight="pw", strata="stype", fpc="fpc"))
CLUS1 = ("apiclus1", mp.Design(weight="pw", psu="dnum", fpc="fpc"))
CLUS2 = ("apiclus2", mp.Design(weight="pw", psu=("dnum", "snum"), fpc=("fpc1", "fpc2")))
HEALTH = ("nhanes", mp.Design(weight="WTMEC2YR", strata="SDMVSTRA", psu="SDMVPSU"))
CASES = {
    "gaussian strat": (STRAT, "api00 ~ ell + meals + mobility", {}),
    "gaussian clus2": (CLUS2, "api00 ~ ell + meals + mobility", {}),
    "gaussian strat group": (STRAT, "api00 ~ ell + meals + stype", {}),
    "gaussian clus1 group": (CLUS1, "api00 ~ ell + meals + `sch.wide`", {}),
    "gaussian clus2 missing": (CLUS2, "enroll ~ api00 + stype", {}),
    "gaussian strat interaction": (STRAT, "api00 ~ ell * `sch.wide` + stype", {}),
    "binomial strat": (STRAT, "sch.wide ~ ell + meals + mobility", {"family": "binomial"}),
    "binomial clus2": (CLUS2, "sch.wide ~ ell + meals", {"family": "binomial"}),
    "binomial clus1 group": (CLUS1, "awards ~ ell + meals + stype", {"family": "binomial"}),
    "poisson strat": (STRAT, "`api.stu` ~ ell + meals + stype", {"family": "poisson"}),
    "poisson clus1 offset": (
        CLUS1,
        "`api.stu` ~ meals + offset(log(enroll))",
        {"family": "poisson"},
    ),
    "binomial nhanes": (
        HEALTH,
        "HI_CHOL ~ C(race) + C(agecat) + C(RIAGENDR)",
        {"family": "binomial"},
    ),
    "gaussian domain": (CLUS2, "api00 ~ ell + meals", {"where": "stype == 'E'"}),
    "binomial domain": (
        HEALTH,
        "HI_CHOL ~ agecat + C(RIAGENDR)",
        {"family": "binomial", "where": "race == 1"},
    ),
}
GROUP = {"sex": "RIAGENDR"}


def model_of(case):
    (file, design), formula, options = CASES[case]
    return mp.regression(mp.Sample(data(file), design), formula, **options)


def r_name(name):
    """R's name of a column: C(race)[T.2] is race2, sch.wide[T.Yes] is sch.wideYes."""
    plain = re.sub(r"C\((\w+)\)", r"\1", name.replace("`", ""))
    return re.sub(r"\[T\.(.*?)\](?=:|$)", r"\1", plain).replace("RIAGENDR", "sex")


def r_order(text):
    return ":".join(sorted(text.split(":")))


@pytest.mark.parametrize("case", CASES)
def test_coefficients_equal_svyglm(case):
    model = model_of(case)
    rows = golden("regression")
    rows = rows[(rows.case == case) & (rows.statistic == "coefficient")].reset_index()
    frame = model.estimates.frame
    names = [r_name(name) for name in frame.variable]
    assert sorted(map(r_order, names)) == sorted(map(r_order, rows.variable))
    order = [list(map(r_order, names)).index(r_order(name)) for name in rows.variable]
    got = frame.iloc[order]
    # Both solve the same equations to rounding; conditioning costs a few digits of sixteen.
    size = rows.se.to_numpy()
    for name in ("estimate", "se", "ci_low", "ci_high"):
        gap = np.abs(got[name].to_numpy() - rows[name].to_numpy()) / size
        assert gap.max() < 1e-7, (case, name, gap)
    assert (got.df.to_numpy() == rows.df.to_numpy()).all()
    assert (got.n.to_numpy() == rows.n.to_numpy()).all()
    file = f"regression_covariance_{re.sub('[^a-z0-9]+', '_', case)}.csv"
    want = pd.read_csv(TESTS / "r" / file).iloc[:, 1:].to_numpy()
    scale = np.sqrt(np.outer(np.diag(want), np.diag(want)))
    found = model.covariance[np.ix_(order, order)]
    close(found / scale, want / scale, case, rtol=0, atol=1e-7)
    p = model.estimates.test()["p"].to_numpy()[order]
    # Far tails lose the digits of t times t: 1e-150 is known to a few.
    close(p, rows.p, case, rtol=1e-5)


def terms_to_test():
    rows = golden("regression")
    return [
        (row.case, row.statistic, row.variable)
        for row in rows[rows.statistic.isin(["wald", "lrt"])].itertuples()
    ]


def our_terms(case, text):
    (_, _), formula, _ = CASES[case]
    terms = []
    for term in text.split(" + "):
        name = GROUP.get(term, term)
        terms.append(f"C({name})" if f"C({name})" in formula else name)
    return terms


@pytest.mark.parametrize(("case", "kind", "terms"), terms_to_test())
def test_terms_equal_regtermtest(case, kind, terms):
    rows = golden("regression")
    here = (rows.case == case) & (rows.statistic == kind) & (rows.variable == terms)
    row = rows[here].iloc[0]
    method = "wald" if kind == "wald" else "likelihood ratio"
    found = model_of(case).test(our_terms(case, terms), method=method)
    assert (found.df, found.ddf) == (row.df, row.df2)
    close(found.statistic, row.estimate, row, rtol=1e-6)
    if kind == "wald":
        close(found.p, row.p, row, rtol=1e-5)
    elif found.df == 1:
        # One coefficient: the mixture is an F exactly, where R approximates by a saddlepoint.
        close(found.p, row.p2, row, rtol=1e-5)
        assert row.p == pytest.approx(row.p2, rel=0.25, abs=0.01)
    else:
        close(found.p, row.p, row, rtol=1e-4)  # R seeks the saddlepoint to 1e-8


def margins():
    rows = golden("regression")
    rows = rows[rows.statistic == "margin_joint"]
    return sorted(set(zip(rows.case, rows.variable, strict=True)))


@pytest.mark.parametrize(("case", "group"), margins())
def test_margins_equal_joint_linearisation(case, group):
    rows = golden("regression")
    rows = rows[(rows.case == case) & (rows.variable == group)].set_index("category")
    group = GROUP.get(group, group)
    found = model_of(case).margins(group)
    want = rows[rows.statistic == "margin_joint"]
    for got in found.frame.itertuples():
        value = getattr(got, group, None) if hasattr(got, group) else got[4]
        close(
            [got.estimate, got.se], want.loc[str(value), ["estimate", "se"]].tolist(), value, 1e-7
        )
        assert got.df == want.loc[str(value)].df
    levels = found.frame[group].tolist()
    for value in levels[1:]:
        gap = mp.contrast(found, {group: {value: 1, levels[0]: -1}}).frame.iloc[0]
        slopes = rows[rows.statistic == "slope_joint"]
        wanted = slopes.loc[f"{value}-{levels[0]}"]
        close([gap.estimate, gap.se], [wanted.estimate, wanted.se], value, rtol=1e-6)


def test_a_model_of_groups_alone_gives_the_means_of_groups():
    sample = mp.Sample(data("apiclus2"), CLUS2[1])
    means = mp.mean(sample, "api00", by="stype")
    model = mp.regression(sample, "api00 ~ stype - 1")
    close(model.estimates.frame.estimate, means.frame.estimate, "means")
    close(model.covariance, means.covariance, "covariance")
    shares = mp.mean(sample, "`sch.wide` == 'Yes'", by="stype")
    logit = mp.regression(sample, "sch.wide ~ stype", family="binomial")
    among = [logit.margins("stype", among=f"stype == '{kind}'").frame for kind in "EHM"]
    own = [one[one.stype == kind].iloc[0] for one, kind in zip(among, "EHM", strict=True)]
    close([one.estimate for one in own], shares.frame.estimate, "shares")
    close([one.se for one in own], shares.frame.se, "se", rtol=1e-7)
    assert [one.n for one in own] == shares.frame.n.tolist()


@pytest.mark.parametrize(
    ("formula", "family"),
    [
        ("api00 ~ ell + meals + stype", "gaussian"),
        ("sch.wide ~ ell + meals", "binomial"),
        ("enroll ~ ell + stype", "poisson"),
    ],
)
def test_units_order_and_scale_of_weights_do_not_matter(formula, family):
    frame = data("apiclus1")
    base = mp.regression(mp.Sample(frame, CLUS1[1]), formula, family=family)
    mixed = frame.sample(frac=1, random_state=3).assign(
        pw=lambda f: f.pw / 250, ell=lambda f: f.ell * 1000
    )
    again = mp.regression(mp.Sample(mixed, CLUS1[1]), formula, family=family)
    unit = np.where(base.estimates.frame.variable == "ell", 1000, 1)
    for name in ("estimate", "se", "ci_low", "ci_high"):
        close(again.estimates.frame[name] * unit, base.estimates.frame[name], name, rtol=1e-7)
    one, other = (model.test("ell", method="likelihood ratio") for model in (base, again))
    close([other.statistic, other.p], [one.statistic, one.p], "test", rtol=1e-6)
    if family == "gaussian":
        far = frame.assign(api00=lambda f: 1e6 + 10 * f.api00)
        moved = mp.regression(mp.Sample(far, CLUS1[1]), formula)
        close(moved.estimates.frame.se, 10 * base.estimates.frame.se, "unit", rtol=1e-6)


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson"])
def test_made_replicates_agree_with_linearisation(family):
    frame = data("nhanes")
    design = mp.Design(weight="WTMEC2YR", strata="SDMVSTRA", psu="SDMVPSU")
    sample = mp.Sample(frame, design)
    made = mp.add_replicates(sample, mp.Jackknife())
    formula = "HI_CHOL ~ C(race) + agecat"
    where = "agecat != '(0,19]'"
    taylor = mp.regression(sample, formula, family=family, where=where)
    again = mp.regression(made, formula, family=family, where=where)
    close(again.estimates.frame.estimate, taylor.estimates.frame.estimate, "same", rtol=1e-8)
    close(again.estimates.frame.se, taylor.estimates.frame.se, "second order", rtol=0.05)
    assert (again.estimates.frame.df == taylor.estimates.frame.df).all()
    one, other = taylor.margins("race"), again.margins("race")
    close(other.frame.se, one.frame.se, "margins", rtol=0.05)


def test_made_replicates_equal_refits_of_the_rows():
    """Least squares from the units' products equals a fit of the rows with each set of weights."""
    frame = data("apiclus1")
    sample = mp.Sample(frame, mp.Design(weight="pw", psu="dnum"))
    made = mp.add_replicates(sample, mp.Bootstrap(replicates=20, seed=2))
    factors = made.replicates.factors
    columns = {f"b{r + 1}": frame.pw * factors[made.row_unit, r] for r in range(20)}
    held = mp.Sample(frame.assign(**columns), mp.Design(weight="pw", replicates=mp.Bootstrap("b*")))
    for formula, family in (("api00 ~ ell + stype", "gaussian"), ("awards ~ ell", "binomial")):
        one = mp.regression(made, formula, family=family)
        other = mp.regression(held, formula, family=family)
        close(other.covariance, one.covariance, family, rtol=1e-6, atol=1e-12)


def test_file_replicates_by_hand():
    file, weight, replicates = kinds("estimate")["fay"]
    frame = data(file)
    random = np.random.default_rng(1)
    frame["x"], frame["y2"] = random.normal(size=(2, len(frame)))
    sample = mp.Sample(frame, mp.Design(weight=weight, replicates=replicates))
    found = mp.regression(sample, "y2 ~ x")
    x = np.column_stack([np.ones(len(frame)), frame.x])

    def line(w):
        return np.linalg.solve((x * w[:, None]).T @ x, x.T @ (w * frame.y2.to_numpy()))

    whole = line(frame[weight].to_numpy())
    each = [line(frame[name].to_numpy()) for name in sample.replicates.columns]
    gap = np.array(each) - whole
    want = gap.T @ gap * sample.replicates.multipliers[0]
    close(found.covariance, want, "fay", rtol=1e-8)
    mean = mp.mean(sample, "y2").frame.df[0]
    assert found.estimates.frame.df.tolist() == [mean - 1] * 2


def calibrated():
    rows = golden("calibration_weights")
    weight = rows[rows.case == "clus1/raked"].weight.to_numpy()
    calibration = Calibration(margins=("stype", "sch.wide"), before="pw")
    return mp.Sample(
        data("apiclus1").assign(w=weight), mp.Design("w", psu="dnum", calibration=calibration)
    )


def test_calibrated_weights_reach_coefficients_and_margins():
    """The residuals that calibration leaves are taken of coefficients as they are of means."""
    sample = calibrated()
    means = mp.mean(sample, "api00", by="awards")
    model = mp.regression(sample, "api00 ~ awards - 1")
    close(model.covariance, means.covariance, "covariance")
    margins = mp.regression(sample, "api00 ~ awards + stype + `sch.wide`").margins("awards")
    slope = mp.regression(sample, "api00 ~ awards + stype + `sch.wide`").estimates.frame.iloc[1]
    gap = mp.contrast(margins, {"awards": {"Yes": 1, "No": -1}}).frame.iloc[0]
    close([gap.estimate, gap.se], [slope.estimate, slope.se], "gap", rtol=1e-8)
    plain = mp.Sample(data("apiclus1"), mp.Design("pw", psu="dnum"))
    whole, without = mp.regression(sample, "api00 ~ 1"), mp.regression(plain, "api00 ~ 1")
    close(whole.estimates.frame.se, mp.mean(sample, "api00").frame.se, "mean")
    assert (whole.estimates.frame.se != without.estimates.frame.se).all()


def test_imputed_response_equals_mitools():
    rows = golden("imputation")
    rows = rows[(rows.case == "barnard_rubin") & (rows.statistic == "coefficient")]
    sample = mp.Sample(data("imputed"), CLUS2[1])
    model = mp.regression(sample, "api00 ~ meals + stype", imputed={"meals": mp.Imputed("meals_*")})
    frame = model.estimates.frame
    names = [r_name(name) for name in frame.variable]
    for row in rows.itertuples():
        got = frame.iloc[names.index(row.category)]
        close([got.estimate, got.se], [row.estimate, row.se], row, rtol=1e-8)
        assert 0.9 * row.df < got.df <= row.df
    assert "5 imputations" in model.estimates.method
    assert model.test("meals").ddf == frame.df[frame.variable == "meals"].iloc[0]
    with pytest.raises(mp.MpsurveyError, match="use method='wald'"):
        model.test("meals", method="likelihood ratio")
    margins = model.margins("stype")
    one = mp.regression(sample, "api00 ~ meals_1 + stype").margins("stype")
    close(margins.frame.estimate, one.frame.estimate, "near", rtol=0.01)
    gap = mp.contrast(margins, {"stype": {"H": 1, "E": -1}})
    coefficient = frame[frame.variable == "stype[T.H]"].iloc[0]
    close(
        [gap.frame.estimate[0], gap.frame.se[0]],
        [coefficient.estimate, coefficient.se],
        "gap",
        rtol=1e-8,
    )


def test_odds_and_rate_ratios():
    model = model_of("binomial clus2")
    frame, ratios = model.estimates.frame.iloc[1:], model.ratios()
    close(ratios.frame.estimate, np.exp(frame.estimate), "odds")
    close(ratios.frame.ci_low, np.exp(frame.ci_low), "low")
    close(ratios.frame.se, np.exp(frame.estimate) * frame.se, "delta")
    assert ratios.frame.statistic.tolist() == ["odds ratio"] * 2
    close(np.sqrt(np.diag(ratios.covariance)), ratios.frame.se, "covariance")
    assert model_of("poisson strat").ratios().statistic == "rate ratio"
    with pytest.raises(mp.MpsurveyError, match="differences, not ratios"):
        model_of("gaussian strat").ratios()


def test_missing_rows_stay_drop_or_fail():
    sample = mp.Sample(data("apiclus2"), CLUS2[1])
    formula = "enroll ~ api00"
    stay = mp.regression(sample, formula)
    assert any("have no answer to some variable" in note for note in stay.estimates.notes)
    kept = data("apiclus2").dropna(subset=["enroll"])
    drop = mp.regression(sample, formula, missing="drop")
    cut = mp.regression(mp.Sample(kept, CLUS2[1]), formula)
    close(drop.covariance, cut.covariance, "dropped")
    assert (drop.estimates.frame.se != stay.estimates.frame.se).all()
    with pytest.raises(mp.MpsurveyError, match="answers must be complete"):
        mp.regression(sample, formula, missing="fail")


def test_left_sides():
    sample = mp.Sample(data("apistrat"), STRAT[1])
    word = mp.regression(sample, "sch.wide ~ ell", family="binomial")
    rule = mp.regression(sample, "`sch.wide` == 'Yes' ~ ell", family="binomial")
    close(word.covariance, rule.covariance, "same")
    assert "Modelled: sch.wide == 'Yes'." in word.estimates.notes
    logged = mp.regression(sample, "log(api00) ~ ell")
    frame = data("apistrat").assign(logged=lambda f: np.log(f.api00))
    own = mp.regression(mp.Sample(frame, STRAT[1]), "logged ~ ell")
    close(logged.covariance, own.covariance, "log")
    assert "Linear regression: log(api00) ~ ell" in repr(logged)


def test_continuous_margins_and_among():
    sample = mp.Sample(data("apistrat"), STRAT[1])
    model = mp.regression(sample, "api00 ~ ell + meals")
    found = model.margins("ell", at={"ell": [0, 10]})
    slope = mp.contrast(found, [[-0.1, 0.1]]).frame.iloc[0]
    ell = model.estimates.frame.iloc[1]
    close([slope.estimate, slope.se], [ell.estimate, ell.se], "slope", rtol=1e-7)
    with pytest.raises(mp.MpsurveyError, match="say which are wanted"):
        model.margins("ell")
    with pytest.raises(mp.MpsurveyError, match="Did you mean 'meals'"):
        model.margins("meal")
    with pytest.raises(mp.MpsurveyError, match="Nobody in the model"):
        model.margins("ell", at={"ell": [1]}, among="stype == 'X'")


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("api00 ell", "is no model formula"),
        ("api00 ~ ell + meels", "Did you mean 'meals'"),
        ("api00 ~ __import__('os').system('true')", "invalid syntax"),
        ("api00 ~ I(__import__('os').system('true'))", "cannot call '__import__'"),
        ("api00 ~ ell.__class__", "may not stand in a formula|No column"),
        ("api00 ~ log(ell, base=(lambda: 1)())", "may not stand|cannot call"),
        ("api00 ~ I(ell ** 9 ** 9)", "may not stand in a formula"),
        ("api00 ~ np.log(api99)", "cannot call 'np.log'"),
        ("api00 ~ ell + I(2 * ell)", "already say what 'I"),
        ("api00 ~ ell +", "misplaced"),
        ("api00 ~ ell | meals", "more than one part"),
        ("stype ~ ell", "has 3 categories"),
        ("log(ell) ~ meals", "infinite or no number"),
    ],
)
def test_formulas_that_are_refused(formula, said):
    with pytest.raises(mp.MpsurveyError, match=said):
        mp.regression(mp.Sample(data("apistrat"), STRAT[1]), formula)


def test_separation_is_named():
    frame = data("apistrat").assign(group=lambda f: np.where(f.api00 > 800, "top", "rest"))
    frame["high"] = (frame.api00 > 760).astype(int)
    sample = mp.Sample(frame, STRAT[1])
    with pytest.raises(mp.MpsurveyError, match=r"all \d+ rows with group\[T.top\] = 1 have"):
        mp.regression(sample, "high ~ group", family="binomial")
    with pytest.raises(mp.MpsurveyError, match="separate the response perfectly"):
        mp.regression(sample, "high ~ api00", family="binomial")
    frame["none"] = np.where(frame.group == "top", 0, frame.enroll)
    with pytest.raises(mp.MpsurveyError, match="have the response 0"):
        mp.regression(mp.Sample(frame, STRAT[1]), "none ~ group", family="poisson")
    with pytest.raises(mp.MpsurveyError, match="between 0 and 1"):
        mp.regression(sample, "enroll ~ ell", family="binomial")
    with pytest.raises(mp.MpsurveyError, match="never negative"):
        mp.regression(sample, "ell - 50 ~ meals", family="poisson")
    with pytest.raises(mp.MpsurveyError, match="is not one of gaussian, binomial, poisson"):
        mp.regression(sample, "enroll ~ ell", family="normal")


def test_frames_of_other_libraries_and_answers_of_yes_and_no():
    frame = data("apiclus2")
    yes = [None if row % 7 == 0 else word == "Yes" for row, word in enumerate(frame["sch.wide"])]
    whole = [None if pd.isna(x) else int(x) for x in frame.enroll]
    base = {name: frame[name].tolist() for name in ("pw", "dnum", "snum", "fpc1", "fpc2", "stype")}
    floats = frame.assign(yes=[np.nan if one is None else float(one) for one in yes])
    frames = [
        pl.DataFrame({**base, "yes": yes, "enroll": whole}),
        pd.DataFrame(base).assign(
            yes=pd.array(yes, dtype="boolean"), enroll=pd.array(whole, dtype="Int64")
        ),
    ]
    for formula, family in (("yes ~ stype", "binomial"), ("enroll ~ yes + stype", "gaussian")):
        want = mp.regression(mp.Sample(floats, CLUS2[1]), formula, family=family)
        for one in frames:
            got = mp.regression(mp.Sample(one, CLUS2[1]), formula, family=family)
            assert got.estimates.frame.variable.tolist() == want.estimates.frame.variable.tolist()
            close(got.covariance, want.covariance, formula)
    margins = mp.regression(mp.Sample(floats, CLUS2[1]), "yes ~ stype", family="binomial").margins(
        "stype"
    )
    assert ((margins.frame.ci_low > 0) & (margins.frame.ci_high < 1)).all()


def test_labelled_codes_do_not_stand_bare():
    frame = data("apistrat").assign(kind=lambda f: f.stype.map({"E": 1, "H": 2, "M": 3}))
    kind = mp.Variable("kind", "School", "categorical", {1: "E", 2: "H", 3: "M"})
    people = mp.Microdata(frame, {"kind": kind}, "made here", None)
    sample = mp.Sample(people, STRAT[1])
    with pytest.raises(mp.MpsurveyError, match=r"Write C\(kind\)"):
        mp.regression(sample, "api00 ~ kind")
    model = mp.regression(sample, "api00 ~ C(kind)")
    close(model.covariance, mp.regression(sample, "api00 ~ stype").covariance, "same")
    assert model.margins("kind").to_pandas(labels=True).kind.tolist() == ["E", "H", "M"]


def test_too_few_degrees_of_freedom():
    frame = data("apiclus1")
    names = [
        "ell",
        "meals",
        "mobility",
        "api99",
        "enroll",
        "hsg",
        "full",
        "emer",
        "target",
        "growth",
    ]
    known = [name for name in names if name in frame.columns]
    powers = [f"I({name} ** 2)" for name in known]
    model = mp.regression(mp.Sample(frame, CLUS1[1]), f"api00 ~ {' + '.join(known + powers)}")
    few = model.estimates
    assert few.frame.df.iloc[0] == 14 + 1 - len(few) < 1
    assert few.frame.ci_low.isna().all()
    assert few.frame.se.notna().all()
    assert any("14 degrees of freedom, too few for" in note for note in few.notes)
    assert np.isnan(model.test("ell").p)
