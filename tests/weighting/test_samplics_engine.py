"""The seam to samplics: what it gives is right, and its silent faults cannot come through."""

import re

import numpy as np
import pytest
from references import TESTS, data, golden
from scipy import sparse

from mpsurvey.design import samplics_engine as engine
from mpsurvey.design.distances import calibrate, closest_bounds
from mpsurvey.errors import DesignError

WEIGHTS = golden("calibration_weights")


def test_only_the_seams_import_samplics():
    root = TESTS.parent / "mpsurvey"
    pattern = re.compile(r"^\s*(import samplics\b|from samplics\b)", re.MULTILINE)
    users = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if pattern.search(path.read_text(encoding="utf-8"))
    }
    assert users <= {"design/samplics_engine.py", "planning/samplics_engine.py"}


def schools(case):
    frame = data("apistrat" if case == "strat" else "apiclus1")
    kind = np.column_stack([(frame.stype == k) for k in "EHM"]).astype(float)
    wide = np.column_stack([(frame["sch.wide"] == k) for k in ("No", "Yes")]).astype(float)
    api = np.column_stack([np.ones(len(frame)), frame.api99]).astype(float)
    return frame, kind, wide, api


KIND, WIDE, API = [4421.0, 755, 1018], [1072.0, 5122], [6194.0, 3914069]
CASES = {
    "poststratified": (("kind",), {}),
    "raked": (("kind", "wide"), {"distance": "raking"}),
    "calibrated_linear": (("api",), {}),
    "calibrated_linear_margins": (("kind", "wide"), {}),
    "calibrated_linear_bounded": (("api", "kind"), {"bounds": (0.6, 1.8)}),
    "calibrated_raking": (("kind", "wide"), {"distance": "raking"}),
    "calibrated_raking_api99": (("api",), {"distance": "raking"}),
    "calibrated_logit": (("api", "kind"), {"distance": "logit", "bounds": (0.6, 1.9)}),
}


@pytest.mark.parametrize("case", ["clus1", "strat"])
@pytest.mark.parametrize("step", CASES)
def test_weights_equal_r(case, step):
    frame, kind, wide, api = schools(case)
    blocks, options = CASES[step]
    x = np.column_stack([{"kind": kind, "wide": wide, "api": api}[name] for name in blocks])
    totals = np.concatenate([{"kind": KIND, "wide": WIDE, "api": API}[name] for name in blocks])
    weight = frame.pw.to_numpy()
    want = WEIGHTS[WEIGHTS.case == f"{case}/{step}"].weight.to_numpy()
    found = calibrate(weight, sparse.csr_array(x), totals, **options)
    np.testing.assert_allclose(weight * found.factors, want, rtol=1e-9)
    assert found.met < 1e-12


def test_the_ratio_estimator_is_calibration_on_one_scaled_variable():
    frame, *_ = schools("clus1")
    x = frame.api99.to_numpy(dtype=float)
    found = calibrate(
        frame.pw.to_numpy(), sparse.csr_array(x[:, None]), np.array([3914069.0]), scale=x
    )
    want = WEIGHTS[WEIGHTS.case == "clus1/calibrated_ratio"].weight.to_numpy()
    np.testing.assert_allclose(frame.pw * found.factors, want, rtol=1e-9)


def test_whole_number_weights_are_not_truncated():
    # samplics writes into an array of the same kind: 4421 became 4400.
    factors = engine.poststratify(np.array([44, 44, 44]), np.array([4421.0, 755, 1018]))
    np.testing.assert_allclose(44 * factors, [4421, 755, 1018], rtol=1e-14)
    assert 10 * engine.normalise(np.array([3, 7]), 1001) == pytest.approx(1001, rel=1e-14)


def test_controls_go_in_the_order_of_the_columns():
    # samplics ignores the names of controls: swapped keys gave weights down to -268,708.
    moments = np.array([[4.0, 1, 0.5], [1, 3, 0.2], [0.5, 0.2, 2]])
    gap = np.array([1.0, -200, 30_000])
    np.testing.assert_allclose(engine.linear_step(moments, gap), np.linalg.solve(moments, gap))


def test_raking_that_does_not_converge_is_told():
    sums = np.array([10.0, 20, 30, 40])
    codes = [np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])]
    factors, met = engine.rake(sums, codes, [np.array([40.0, 60]), np.array([35.0, 65])])
    assert met
    raked = sums * factors
    np.testing.assert_allclose(np.bincount(codes[1], raked), [35, 65], rtol=1e-12)
    _, met = engine.rake(sums, codes, [np.array([40.0, 60]), np.array([35.0, 70])], most=50)
    assert not met  # the margins contradict each other, and samplics says nothing
    _, met = engine.rake(sums, codes, [np.array([400.0, 60]), np.array([350.0, 110])], most=1)
    assert not met


def test_a_class_without_nonrespondents_does_not_crash():
    # samplics divides by zero where all or none of a class responded.
    weight = np.array([1.0, 2, 3, 4])
    group = np.array([0, 0, 1, 1])
    found = engine.response_factors(weight, group, 2, np.array([True, False, True, True]))
    np.testing.assert_allclose(found, [3, 1])
    with pytest.raises(DesignError, match="nobody who responded"):
        engine.response_factors(weight, group, 2, np.array([True, True, False, False]))


@pytest.mark.parametrize("bad", [np.nan, 0.0, -1.0, np.inf])
def test_weights_that_are_no_weights_do_not_reach_samplics(bad):
    with pytest.raises(DesignError, match="above 0"):
        engine.poststratify(np.array([1.0, bad]), np.array([1.0, 1.0]))


def test_whole_number_totals_are_taken():
    # samplics ignores a NumPy integer as a control.
    assert engine.normalise(np.array([2.0]), np.int64(1000)) == 500


def test_kish_effect_counts_only_rows_with_a_weight():
    # samplics counts nonrespondents, whose weight is 0, too: 1.641 for 1.244.
    weight = np.array([1.0, 2, 3, 0, 0])
    assert engine.kish_effect(weight) == pytest.approx(3 * 14 / 36)


def test_bounds_are_kept_and_not_only_tested():
    # samplics' rake(ll_bound, up_bound) let .8825 and 1.983 through where .9 and 1.1 were asked.
    frame, kind, wide, _ = schools("clus1")
    x, totals = sparse.csr_array(np.column_stack([kind, wide])), np.array([*KIND, *WIDE])
    for distance in ("linear", "raking", "logit"):
        found = calibrate(
            frame.pw.to_numpy(), x, totals, distance=distance, bounds=(0.4, 1.6)
        ).factors
        assert found.min() >= 0.4
        assert found.max() <= 1.6
        np.testing.assert_allclose(x.T @ (frame.pw * found), totals, rtol=1e-9)


def test_bounds_that_cannot_be_kept_name_the_closest_that_can():
    frame, kind, wide, _ = schools("clus1")
    x, totals = sparse.csr_array(np.column_stack([kind, wide])), np.array([*KIND, *WIDE])
    weight = frame.pw.to_numpy()
    with pytest.raises(DesignError, match=r"closest bounds that do are \[0\.406, 1\.594\]"):
        calibrate(weight, x, totals, distance="logit", bounds=(0.95, 1.05))
    low, high = closest_bounds(weight, x, totals, (0.95, 1.05))
    # just wider: feasible; just narrower: not
    calibrate(weight, x, totals, bounds=(low - 1e-3, high + 1e-3))
    with pytest.raises(DesignError, match="No factors within"):
        calibrate(weight, x, totals, bounds=(low + 1e-3, high - 1e-3))


def test_totals_that_no_bounds_can_meet_are_said():
    x = sparse.csr_array(np.column_stack([np.ones(4), [1.0, 2, 3, 4]]))
    with pytest.raises(DesignError, match="No factors of 0 or more"):
        calibrate(np.ones(4), x, np.array([4.0, 30.0]), bounds=(0.5, 2.0))
    with pytest.raises(DesignError, match="No positive weights"):
        calibrate(np.ones(4), x, np.array([4.0, 30.0]), distance="raking")


def test_totals_that_contradict_each_other_are_said():
    _, kind, wide, _ = schools("clus1")
    x = sparse.csr_array(np.column_stack([kind, wide]))
    with pytest.raises(DesignError, match="contradict each other"):
        calibrate(np.ones(len(kind)), x, np.array([*KIND, 1072.0, 6000]))
    empty = sparse.csr_array(np.column_stack([kind, np.zeros(len(kind))]))
    with pytest.raises(DesignError, match="Nobody in the sample can stand for the total of far"):
        calibrate(np.ones(len(kind)), empty, np.array([*KIND, 5]), names=["E", "H", "M", "far"])


def test_a_hundred_thousand_rows_take_no_square_matrix():
    # samplics' own calibration of 20,000 rows needs 3 GB; here n does not matter.
    rng = np.random.default_rng(1)
    n = 100_000
    x = np.column_stack([np.ones(n), rng.normal(40, 12, n), rng.random(n) < 0.3])
    weight = rng.uniform(5, 50, n)
    totals = x.T @ weight * [1.02, 1.01, 1.05]
    found = calibrate(weight, sparse.csr_array(x), totals)
    closed = 1 + x @ np.linalg.solve(x.T @ (weight[:, None] * x), totals - x.T @ weight)
    np.testing.assert_allclose(found.factors, closed, rtol=1e-10)
