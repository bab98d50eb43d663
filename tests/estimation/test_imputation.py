"""Multiple imputations: Rubin's rules against R mitools, and what must be true of them."""

import numpy as np
import pandas as pd
import pytest
from references import close, data, golden, kinds, pick, read_domain

import mpsurvey as mp

TWO_STAGE = mp.Design(weight="pw", psu=("dnum", "snum"), fpc=("fpc1", "fpc2"))
VERBS = {
    "mean": lambda s, v, **o: mp.mean(s, mp.Imputed(f"{v}_*"), **o),
    "total": lambda s, v, **o: mp.total(s, mp.Imputed(f"{v}_*"), **o),
    "quantile": lambda s, v, **o: mp.quantile(s, mp.Imputed(f"{v}_*"), 0.5, **o),
    "ratio": lambda s, _, **o: mp.ratio(s, mp.Imputed("enroll_*"), "api00", **o),
}


def schools():
    return mp.Sample(data("imputed"), TWO_STAGE)


def barnard_rubin(within, between, count, complete):
    """The degrees of freedom of Barnard and Rubin (1999), written out once more."""
    share = (1 + 1 / count) * between / (within + (1 + 1 / count) * between)
    old = (count - 1) / share**2 if share > 0 else np.inf
    seen = (complete + 1) / (complete + 3) * complete * (1 - share)
    return complete if share == 0 else old * seen / (old + seen)


def test_combined_figures_equal_mitools():
    sample, rows = schools(), golden("imputation")
    rows = rows[(rows.case == "barnard_rubin") & (rows.statistic != "coefficient")]
    found = {}
    for row in rows.itertuples():
        domain = read_domain(row.domain, data("imputed"))
        key = (row.statistic, row.variable, tuple(domain))
        if key not in found:
            found[key] = VERBS[row.statistic](sample, row.variable, by=key[2])
        got = pick(found[key], None, domain)
        # Five sums of 126 terms each: rounding is far below 1e-10.
        close(got.estimate, row.estimate, row, rtol=1e-10)
        close(got.se, row.se, row, rtol=1e-9)
        complete = pick(mp.mean(sample, "api00", by=key[2]), None, domain).df
        between = row.between if row.between > 1e-16 * row.within else 0.0
        close(got.df, barnard_rubin(row.within, between, 5, complete), row, rtol=1e-9)
        # mitools leaves 1 + 1/M out of one share of variance: its df are a little larger.
        assert not between or 0.9 * row.df < got.df <= row.df
        assert got.n == row.n
    assert len(rows) == 42


def test_names_and_notes():
    found = mp.ratio(schools(), mp.Imputed("enroll_*"), mp.Imputed("meals_*", name="meals"))
    assert found.frame.variable.tolist() == ["enroll_* / meals"]
    assert found.method == "Taylor linearisation; 5 imputations combined by Rubin's rules"
    listed = mp.Imputed([f"enroll_{m}" for m in (1, 2, 3)])
    assert mp.mean(schools(), listed).frame.variable.tolist() == ["enroll_*"]


def test_imputations_that_agree_change_nothing():
    sample = schools()
    same = mp.Imputed(["api00"] * 3, name="api00")
    for verb, options in (
        (mp.mean, {"by": "stype"}),
        (mp.total, {}),
        (mp.quantile, {"q": (0.2, 0.5)}),
        (mp.variance, {"by": "sch.wide"}),
    ):
        plain, imputed = verb(sample, "api00", **options), verb(sample, same, **options)
        own = ["ci_low", "ci_high"] if verb is mp.quantile else []  # Woodruff's, not combined
        pd.testing.assert_frame_equal(
            imputed.frame.drop(columns=own), plain.frame.drop(columns=own)
        )
        close(imputed.covariance, plain.covariance, verb, rtol=1e-12)
    shares = mp.proportion(sample, mp.Imputed(["stype"] * 2, name="stype"), ci="beta")
    pd.testing.assert_frame_equal(shares.frame, mp.proportion(sample, "stype", ci="beta").frame)
    pair = mp.correlation(sample, same, "enroll_1")
    pd.testing.assert_frame_equal(pair.frame, mp.correlation(sample, "api00", "enroll_1").frame)


def test_covariance_and_contrasts_follow_the_rule_by_hand():
    sample = schools()
    found = mp.mean(sample, mp.Imputed("meals_*"), by="stype")
    each = [mp.mean(sample, f"meals_{m}", by="stype") for m in range(1, 6)]
    figures = np.array([one.frame.estimate for one in each])
    within = np.mean([one.covariance for one in each], axis=0)
    between = np.cov(figures.T)
    want = within + 1.2 * between
    close(found.covariance, want, "covariance", rtol=1e-10)
    gap = mp.contrast(found, {"stype": {"E": 1, "H": -1}})
    c = np.array([1.0, -1, 0])
    close(gap.frame.se[0] ** 2, c @ want @ c, "gap", rtol=1e-10)
    complete = min(each[0].frame.df[:2])
    df = barnard_rubin(c @ within @ c, c @ between @ c, 5, complete)
    close(gap.frame.df[0], df, "df of the contrast itself", rtol=1e-9)
    ratio = mp.contrast(found, lambda m: m[0] / m[1])
    slope = np.array(
        [1 / found.frame.estimate[1], -found.frame.estimate[0] / found.frame.estimate[1] ** 2, 0]
    )
    close(ratio.frame.se[0] ** 2, slope @ want @ slope, "delta", rtol=0.01)


def test_contrast_of_an_imputed_and_a_plain_result():
    sample = schools()
    imputed, plain = mp.mean(sample, mp.Imputed("meals_*")), mp.mean(sample, "api00")
    both = mp.contrast([plain, imputed], [[1, -1]])
    each = [mp.contrast([plain, mp.mean(sample, f"meals_{m}")], [[1, -1]]) for m in range(1, 6)]
    figures = np.array([one.frame.estimate[0] for one in each])
    want = np.mean([one.frame.se[0] ** 2 for one in each]) + 1.2 * figures.var(ddof=1)
    close(both.frame.se[0], np.sqrt(want), "joined", rtol=1e-10)
    assert both.frame.estimate[0] == pytest.approx(figures.mean())


def test_the_shortcut_takes_the_first_sampling_variance():
    sample = schools()
    short = mp.mean(sample, mp.Imputed("meals_*", rule="iea"), by="stype")
    each = [mp.mean(sample, f"meals_{m}", by="stype").frame for m in range(1, 6)]
    between = np.var([one.estimate for one in each], axis=0, ddof=1)
    close(short.frame.se, np.sqrt(each[0].se ** 2 + 1.2 * between), "iea", rtol=1e-10)
    close(np.sqrt(np.diag(short.covariance)), short.frame.se, "covariance", rtol=1e-10)


def test_replicates_serve_each_imputation():
    file, weight, replicates = kinds("estimate")["fay"]
    frame = data(file)
    random = np.random.default_rng(5)
    frame = frame.assign(**{f"pv{m}": random.normal(500, 90, len(frame)) for m in (1, 2, 3)})
    sample = mp.Sample(frame, mp.Design(weight=weight, replicates=replicates))
    found = mp.mean(sample, mp.Imputed("pv*"))
    each = [mp.mean(sample, f"pv{m}").frame for m in (1, 2, 3)]
    estimates = [one.estimate[0] for one in each]
    want = np.mean([one.se[0] ** 2 for one in each]) + 4 / 3 * np.var(estimates, ddof=1)
    close(found.frame.se[0], np.sqrt(want), "se")
    doubled = mp.contrast(found, lambda m: 2 * m)
    close(doubled.frame.se[0], 2 * found.frame.se[0], "mapped")


def test_a_formula_for_each_imputation():
    sample = schools()
    low = mp.Imputed("enroll_*", formula="{} < 300")
    found = mp.mean(sample, low)
    assert found.frame.variable.tolist() == ["enroll_* < 300"]
    each = [mp.mean(sample, f"enroll_{m} < 300").frame.estimate[0] for m in range(1, 6)]
    assert found.frame.estimate[0] == pytest.approx(np.mean(each))


def test_a_category_that_one_imputation_gives_to_nobody():
    people = pd.DataFrame(
        {"g": [1, 1, 1, 2, 2, 2], "a": list("xxyxyx"), "b": list("xxxxxx"), "c": list("yxyxyx")}
    )
    sample = mp.Sample(people, mp.Design())
    found = mp.proportion(sample, mp.Imputed(["a", "b", "c"], name="status"), by="g", ci="normal")
    assert found.frame.category.tolist() == ["x", "y"] * 2
    shares = {1: [1 / 3, 0, 2 / 3], 2: [1 / 3, 0, 1 / 3]}
    for group, share in shares.items():
        got = pick(found, "y", {"g": group})
        assert got.estimate == pytest.approx(np.mean(share))
        within = np.mean([p * (1 - p) / 9 * 6 / 5 * 3 for p in share])
        assert got.se == pytest.approx(np.sqrt(within + 4 / 3 * np.var(share, ddof=1)))
        assert got.n == 3
    close(np.sqrt(np.diag(found.covariance)), found.frame.se, "covariance")


def test_mistakes_are_named():
    sample = schools()
    with pytest.raises(mp.MpsurveyError, match="numerator has 5, denominator has 2"):
        mp.ratio(sample, mp.Imputed("enroll_*"), mp.Imputed(["meals_1", "meals_2"]))
    with pytest.raises(mp.MpsurveyError, match="mixed; choose one"):
        mp.ratio(sample, mp.Imputed("enroll_*"), mp.Imputed("meals_*", rule="iea"))
    with pytest.raises(mp.MpsurveyError, match=r"No column 'pv\*' for Imputed"):
        mp.mean(sample, mp.Imputed("pv*"))
    with pytest.raises(mp.MpsurveyError, match="two or more"):
        mp.mean(sample, mp.Imputed(["meals_1"]))
    with pytest.raises(mp.MpsurveyError, match="'rubin', 'iea'"):
        mp.Imputed("pv*", rule="mean")
