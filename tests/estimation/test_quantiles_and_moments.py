"""Quantiles, variances and correlations against R survey."""

import numpy as np
import pandas as pd
import pytest
from references import close, data, golden, kinds, pick, read_domain

import mpsurvey as mp

RULES = {
    "math": "inverted_cdf",
    "hf1": "inverted_cdf",
    "school": "averaged_inverted_cdf",
    "hf2": "averaged_inverted_cdf",
    "hf3": "closest_observation",
    "hf4": "interpolated_inverted_cdf",
    "hf5": "hazen",
    "hf6": "weibull",
    "hf7": "linear",
    "hf8": "median_unbiased",
    "hf9": "normal_unbiased",
}
INTERVALS = {"mean": "normal", "beta": "beta", "xlogit": "logit"}
PROBABILITIES = (0.05, 0.25, 0.5, 0.75, 0.9)


def samples():
    two = mp.Design(weight="pw", psu=("dnum", "snum"), fpc=("fpc1", "fpc2"))
    return {
        "srs": mp.Sample(data("apisrs"), mp.Design(weight="pw", fpc="fpc")),
        "strat": mp.Sample(data("apistrat"), mp.Design(weight="pw", strata="stype", fpc="fpc")),
        "clus1": mp.Sample(data("apiclus1"), mp.Design(weight="pw", psu="dnum", fpc="fpc")),
        "clus2": mp.Sample(data("apiclus2"), two),
        "eusilc": mp.Sample(data("eusilc"), mp.Design(weight="rb050", strata="db040", psu="db030")),
        "zero_weights": mp.Sample(
            data("zero_weights"), mp.Design(weight="w", strata="h", psu="psu")
        ),
    }


def meets_a_sum_of_weights(sample, row, domain):
    """Whether p falls on a sum of equal weights, where R decides by the rounding of that sum."""
    if sample.design.fpc != ("fpc",) or sample.design.psu or sample.design.strata or domain:
        return False
    return abs(float(row.category) * row.n - round(float(row.category) * row.n)) < 1e-9


def compare_quantiles(rows, sample, **options):
    found = {}
    frame = sample.frame.to_native()
    for row in rows.itertuples():
        domain = read_domain(row.domain, frame)
        key = (row.variable, tuple(domain))
        if key not in found:
            found[key] = mp.quantile(sample, row.variable, by=key[1], **options)
        result = found[key].frame
        here = (result["category"] == float(row.category)).to_numpy()
        for name, value in domain.items():
            here = here & (result[name] == value).to_numpy()
        got = result[here].iloc[0]
        if meets_a_sum_of_weights(sample, row, domain):
            continue
        close(got.estimate, row.estimate, row)
        assert (got.df, got.n) == (row.df, row.n)
        for name in ("ci_low", "ci_high", "se"):
            want = getattr(row, name)
            if "hf4" in row.case and row.ci_low < frame[row.variable].min():
                assert got.ci_low == frame[row.variable].min()
            elif pd.isna(want):
                assert np.isnan(got[name]), (name, row)
            else:
                close(got[name], want, (name, row))
    return len(rows)


@pytest.mark.parametrize("case", samples())
def test_quantiles_equal_r(case):
    rows = golden("quantiles")
    rows = rows[rows.case.str.startswith(f"{case}/")]
    sample = samples()[case]
    checked = 0
    for name, part in rows.groupby("case"):
        *level, rule, interval = name.split("/")[1:]
        if rule not in RULES or interval not in INTERVALS:
            continue
        checked += compare_quantiles(
            part,
            sample,
            q=PROBABILITIES,
            rule=RULES[rule],
            ci=INTERVALS[interval],
            level=0.90 if level else 0.95,
        )
    assert checked >= (2 if case == "zero_weights" else 15)


@pytest.mark.parametrize("kind", ["jk1", "jkn", "brr_many", "fay", "bootstrap", "successive"])
def test_quantiles_by_replication_equal_r(kind):
    file, weight, replicates = kinds("estimate")[kind]
    sample = mp.Sample(data(file), mp.Design(weight=weight, replicates=replicates))
    rows = golden("replicates")
    rows = rows[rows.case == f"{kind}/estimate/woodruff"]
    assert compare_quantiles(rows, sample, q=(0.1, 0.25, 0.5, 0.9)) >= 12


@pytest.mark.parametrize("case", ["strat", "clus1", "clus2", "jk1/estimate"])
def test_variances_and_correlations_equal_r(case):
    if case == "jk1/estimate":
        file, weight, replicates = kinds("estimate")["jk1"]
        sample = mp.Sample(data(file), mp.Design(weight=weight, replicates=replicates))
    else:
        sample = samples()[case]
    rows = golden("variance_correlation")
    # R's correlation of replicates is linearised from its variances; ours is the replicates' own.
    kept = ["variance"] if "/" in case else ["variance", "correlation"]
    rows = rows[(rows.case == case) & rows.statistic.isin(kept)]
    checked = 0
    for row in rows.itertuples():
        domain = read_domain(row.domain, sample.frame.to_native())
        if row.statistic == "variance":
            found = mp.variance(sample, row.variable, by=tuple(domain))
            if pick(found, None, domain).n != row.n:  # R kept the rows that answered enroll too
                found = mp.variance(
                    sample, row.variable, by=tuple(domain), where="answered(enroll)"
                )
        else:
            found = mp.correlation(sample, *row.variable.split(":"), by=tuple(domain))
        got = pick(found, None, domain)
        close([got.estimate, got.se], [row.estimate, row.se], row)
        assert (got.df, got.n) == (row.df, row.n)
        if row.statistic == "variance":
            close([got.ci_low, got.ci_high], [row.ci_low, row.ci_high], row, rtol=1e-8)
        checked += 1
    assert checked >= 2


def test_a_gap_between_medians():
    sample = samples()["eusilc"]
    medians = mp.quantile(sample, "eqIncome", by="rb090")
    v = medians.covariance
    close(np.sqrt(np.diag(v)), medians.frame.se, "variances are on the diagonal")
    gap = mp.contrast(medians, [[1, -1]])
    close(gap.frame.se[0] ** 2, v[0, 0] + v[1, 1] - 2 * v[0, 1], "gap")


def test_bad_questions_are_refused_at_once():
    with pytest.raises(mp.MpsurveyError) as error:
        mp.quantile(samples()["srs"], "api00", (0.5, 1.2), rule="median", ci="woodruff")
    assert len(error.value.problems) == 3


def test_a_function_of_quantiles_under_replication():
    """The ratio of quartiles is of quartiles in each replicate, not of the shares below them."""
    taylor = mp.Sample(data("apiclus1"), mp.Design(weight="pw", psu="dnum"))
    made = mp.add_replicates(taylor, mp.Jackknife())
    one, other = (
        mp.contrast(mp.quantile(sample, "api00", (0.25, 0.75)), lambda q: q[1] / q[0])
        for sample in (taylor, made)
    )
    close(other.frame.estimate, one.frame.estimate, "ratio")
    close(other.frame.se, one.frame.se, "second order", rtol=0.05)
