"""What must be true of variances, covariances, contrasts and replicates, whatever the data."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from properties.small_samples import ALL, few, frames, same, sample_of, scale_of

import mpsurvey as mp
from mpsurvey.estimation import taylor

RESULTS = {
    "total": lambda s: mp.total(s, "y", by=("g", "b")),
    "mean": lambda s: mp.mean(s, "y", by=("g", "b")),
    "proportion": lambda s: mp.proportion(s, "g", by="b"),
    "ratio": lambda s: mp.ratio(s, "y", "x", by="g"),
    "quantile": lambda s: mp.quantile(s, "y", (0.3, 0.5, 0.7), by="b"),
    "variance": lambda s: mp.variance(s, "y", by="b"),
    "share": lambda s: mp.share(s, "b", by="g"),
    "contribution": lambda s: mp.contribution(s, "b", "y", "x", by="g", detail=True),
    "gini": lambda s: mp.gini(s, "x", by="g"),
    "poverty": lambda s: mp.poverty(s, "x", line=5.0, by=("g", "b")),
    "regression": lambda s: mp.regression(s, "x ~ y").estimates,
}


def known(result):
    covariance = result.covariance
    return np.isfinite(np.diag(covariance)), covariance


@few
@given(frames(), st.sampled_from(sorted(RESULTS)), st.sampled_from(["taylor", "jackknife", "fpc"]))
def test_a_covariance_is_one(frame, verb, method):
    sample = sample_of(frame, **({"fpc": "N"} if method == "fpc" else {}))
    if method == "jackknife":
        sample = mp.add_replicates(sample, mp.Jackknife())
    result = RESULTS[verb](sample)
    some, covariance = known(result)
    part = covariance[np.ix_(some, some)]
    size = max(1.0, float(np.abs(part).max(initial=0.0)))
    np.testing.assert_allclose(part, part.T, rtol=1e-9, atol=1e-12 * size)
    se = result.frame.se.to_numpy()[some]
    found = np.sqrt(np.maximum(np.diag(part), 0))
    np.testing.assert_allclose(found[np.isfinite(se)], se[np.isfinite(se)], rtol=1e-7, atol=1e-7)
    if len(part):
        assert np.linalg.eigvalsh(part).min() > -1e-9 * size


@few
@given(frames())
def test_shares_of_all_categories_move_against_each_other(frame):
    found = mp.proportion(sample_of(frame), "g", by="b")
    for _, rows in found.frame.groupby("b"):
        place = rows.index
        assert np.isclose(rows.estimate.sum(), 1)
        part = found.covariance[np.ix_(place, place)]
        np.testing.assert_allclose(part.sum(axis=0), 0.0, atol=1e-12)


@few
@given(frames(), st.lists(st.integers(-3, 3), min_size=6, max_size=6), st.booleans())
def test_contrasts_are_linear(frame, numbers, replicated):
    sample = sample_of(frame)
    if replicated:
        sample = mp.add_replicates(sample, mp.Jackknife())
    result = mp.total(sample, "y", by="b")
    k = len(result)
    first, second = np.array(numbers[:k], float), np.array(numbers[3 : 3 + k], float)
    both = mp.contrast(result, np.stack([first, second, first + second]))
    value = both.frame.estimate.to_numpy()
    assert np.isclose(value[0] + value[1], value[2], atol=1e-9)
    v = both.covariance
    assert np.isclose(v[0, 0] + v[1, 1] + 2 * v[0, 1], v[2, 2], rtol=1e-8, atol=1e-8)
    matrix = np.stack([first, second, first + second])
    want = matrix @ result.covariance @ matrix.T
    np.testing.assert_allclose(v, want, rtol=1e-8, atol=1e-8 * (1 + np.abs(want).max()))
    again = mp.contrast(both, [[1, 1, -1]]).frame
    assert np.allclose([again.estimate[0], again.se[0]], 0, atol=1e-6)


@few
@given(frames(), st.booleans())
def test_a_function_that_is_a_matrix(frame, replicated):
    sample = sample_of(frame)
    if replicated:
        sample = mp.add_replicates(sample, mp.Jackknife())
    result = mp.total(sample, "y", by="b")
    matrix = np.arange(1.0, 1 + 2 * len(result)).reshape(2, -1)
    same(mp.contrast(result, lambda t: matrix @ t), mp.contrast(result, matrix), columns=ALL)


@few
@given(frames(), st.booleans(), st.booleans())
def test_two_results_of_one_sample_know_their_covariance(frame, replicated, fpc):
    frame = frame.assign(gap=frame.y - frame.x, both=frame.y + frame.x)
    sample = sample_of(frame, **({"fpc": "N"} if fpc else {}))
    if replicated:
        sample = mp.add_replicates(sample, mp.Jackknife())
    results = [mp.mean(sample, "y"), mp.mean(sample, "x")]
    same(mp.contrast(results, [[1, -1]]), mp.mean(sample, "gap"), columns=["estimate", "se", "df"])
    same(mp.contrast(results, [[1, 1]]), mp.mean(sample, "both"), columns=["estimate", "se", "df"])
    first, second = (r.frame.se[0] ** 2 for r in results)
    gap = mp.mean(sample, "gap").frame.se[0] ** 2
    joint = mp.contrast(results, np.eye(2)).covariance
    assert np.isclose(joint[0, 1], (first + second - gap) / 2, rtol=1e-7, atol=1e-9)


@few
@given(frames())
def test_a_gap_between_groups_is_one_ratio_less_another(frame):
    if frame.b.nunique() < 2:
        return
    sample = sample_of(frame)
    gap = mp.contrast(mp.mean(sample, "y", by="b"), {"b": {1: 1, 0: -1}})
    two = [mp.mean(sample, "y", where=f"b == {b}") for b in (1, 0)]
    same(mp.contrast(two, [[1, -1]]), gap)
    ratio = mp.contrast(mp.mean(sample, "x", by="b"), {"b": {1: 1, 0: -1}}, scale="ratio")
    two = [mp.mean(sample, "x", where=f"b == {b}") for b in (1, 0)]
    same(mp.contrast(two, lambda t: t[0] / t[1]), ratio)


@few
@given(frames(), st.booleans())
def test_the_jackknife_of_a_total_is_taylors(frame, fpc):
    sample = sample_of(frame, **({"fpc": "N"} if fpc else {}))
    again = mp.add_replicates(sample, mp.Jackknife())
    want, found = (mp.total(each, "y", by=("g", "b")) for each in (sample, again))
    same(found, want, columns=ALL)
    np.testing.assert_allclose(
        found.covariance, want.covariance, rtol=1e-8, atol=1e-8 * scale_of(want) ** 2
    )


@few
@given(frames(psus=2), st.sampled_from([0.0, 0.5]))
def test_balanced_half_samples_of_a_total_are_taylors(frame, fay):
    sample = sample_of(frame)
    again = mp.add_replicates(sample, mp.Brr(fay=fay))
    same(mp.total(again, "y", by="b"), mp.total(sample, "y", by="b"), columns=ALL)


@few
@given(frames(), st.sampled_from(sorted(RESULTS)))
def test_written_replicates_are_the_factors(frame, verb):
    """Replicate weights as columns of a file, and as factors of units, give the same figures."""
    sample = mp.add_replicates(sample_of(frame), mp.Jackknife())
    made = sample.replicates
    weights = sample.weight[:, None] * made.factors[sample.row_unit]
    names = [f"jk{r}" for r in range(1, made.count + 1)]
    written = pd.concat([frame, pd.DataFrame(weights, columns=names)], axis=1)
    declared = mp.Jackknife(names, multipliers=made.multipliers.tolist())
    if made.count < 2:
        return
    other = mp.Sample(written, mp.Design(weight="w", strata="h", psu="ea", replicates=declared))
    first, second = RESULTS[verb](sample), RESULTS[verb](other)
    if verb == "quantile":  # its interval needs the df, which a file's replicates do not tell
        first, second = (mp.mean(each, "y", by="b") for each in (sample, other))
    same(second, first)
    np.testing.assert_allclose(
        second.covariance, first.covariance, rtol=1e-8, atol=1e-8 * scale_of(first) ** 2
    )


@few
@given(frames())
def test_confidence_widens_with_its_level(frame):
    sample = sample_of(frame)
    for ci in ("logit", "beta", "wilson", "normal"):
        narrow, wide = (
            mp.proportion(sample, "g", by="b", ci=ci, level=level).frame for level in (0.8, 0.95)
        )
        some = np.isfinite(narrow.ci_low) & np.isfinite(wide.ci_low)
        assert (wide.ci_low[some] <= narrow.ci_low[some] + 1e-12).all()
        assert (wide.ci_high[some] >= narrow.ci_high[some] - 1e-12).all()
        if ci != "normal":
            assert wide.ci_low[some].between(-1e-12, 1).all()
            assert wide.ci_high[some].between(0, 1 + 1e-12).all()
            assert (wide.ci_low[some] <= wide.estimate[some] + 1e-12).all()
            assert (wide.ci_high[some] >= wide.estimate[some] - 1e-12).all()


@few
@given(frames(), st.sampled_from([np.exp, np.arctan, lambda x: x**3]))
def test_quantiles_follow_a_monotone_change_of_scale(frame, change):
    frame = frame.assign(y=frame.y / 4)
    columns = ["estimate", "ci_low", "ci_high"]
    found, want = (
        mp.quantile(sample_of(frame.assign(y=y)), "y", (0.2, 0.5, 0.8), by="b").frame[columns]
        for y in (change(frame.y), frame.y)
    )
    np.testing.assert_allclose(found, change(want), rtol=1e-12)


@few
@given(frames(), st.booleans())
def test_regressions_on_groups_are_means(frame, replicated):
    """survey's tests/domain.R: a domain mean by a third route, a regression coefficient."""
    assume(frame.b.nunique() == 2)
    sample = sample_of(frame)
    if replicated:
        sample = mp.add_replicates(sample, mp.Jackknife())
        # A replicate that leaves a group empty has a mean but no coefficient, or the reverse.
        assume((frame.groupby(["b", "h"]).ea.nunique() > 1).all())
    alone = mp.regression(sample, "y ~ 1").estimates
    same(alone, mp.mean(sample, "y"), rtol=1e-7)
    found = mp.regression(sample, "y ~ C(b)").estimates
    means = mp.mean(sample, "y", by="b")
    gap = mp.contrast(means, {"b": {1: 1, 0: -1}})
    same(found.frame[:1], means.frame[means.frame.b == 0], rtol=1e-6)
    same(found.frame[1:], gap, rtol=1e-6)


@few
@given(frames(), st.sampled_from([0.1, 25.0]))
def test_inequality_has_no_unit(frame, unit):
    sample, other = sample_of(frame), sample_of(frame.assign(x=unit * frame.x))
    for ask in (
        lambda s: mp.gini(s, "x", by="b"),
        lambda s: mp.generalised_entropy(s, "x", (0, 1, 2)),
        lambda s: mp.atkinson(s, "x", (0.5, 1)),
        lambda s: mp.lorenz(s, "x", (0.2, 0.5)),
    ):
        same(ask(other), ask(sample), rtol=1e-7)


@few
@given(frames())
def test_poverty_below_a_fixed_line_is_a_mean(frame):
    sample = sample_of(frame.assign(poor=frame.x <= 5, gap=(1 - frame.x / 5).clip(lower=0)))
    same(mp.poverty(sample, "x", line=5.0, by="g"), mp.mean(sample, "poor", by="g"))
    same(mp.poverty(sample, "x", line=5.0, order=1, by="g"), mp.mean(sample, "gap", by="g"))


@few
@given(frames())
def test_a_total_that_the_weights_were_calibrated_on_has_no_error(frame):
    target = frame.groupby("g").w.sum() * [1.1, 0.9, 1.3][: frame.g.nunique()]
    factor = frame.g.map(target / frame.groupby("g").w.sum())
    frame = frame.assign(base=frame.w, w=frame.w * factor)
    sample = sample_of(frame, calibration=mp.design.Calibration("g", before="base"))
    found = mp.total(sample, by="g")
    np.testing.assert_allclose(found.frame.estimate, target, rtol=1e-9)
    assert (found.frame.se.abs() < 1e-6).all()
    assert mp.total(sample).frame.se[0] < 1e-6


@few
@given(frames())
def test_calibrated_figures_in_parts_are_the_whole(frame):
    """Where residuals are too many for a full array they are worked out in parts."""
    frame = frame.assign(base=frame.w, w=frame.w * (1 + 0.1 * frame.g))
    steps = mp.design.Calibration(["g", "b"], ["x"], before="base")
    sample = sample_of(frame, calibration=steps)

    def results():
        means = mp.mean(sample, "y", by=("b", "g"))
        some = np.flatnonzero(means.frame.n)[:2]
        ratio = mp.contrast([means, mp.mean(sample, "x")], lambda t: t[some[0]] / t[-1])
        return means, ratio

    want = results()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(taylor, "_FULL", 0)
        patch.setattr(taylor, "_DENSE", 0)
        found = results()
    for one, other in zip(found, want, strict=True):
        same(one, other, columns=ALL)
        np.testing.assert_allclose(one.covariance, other.covariance, rtol=1e-7, atol=1e-7)


def test_estimates_of_two_samples_are_not_mixed():
    frame = pd.DataFrame({"w": [1.0] * 4, "h": 0, "ea": [1, 2, 3, 4], "y": [1.0, 2, 3, 5]})
    first, second = sample_of(frame), sample_of(frame)
    with pytest.raises(mp.MpsurveyError, match="different samples"):
        mp.contrast([mp.mean(first, "y"), mp.mean(second, "y")], [[1, -1]])
