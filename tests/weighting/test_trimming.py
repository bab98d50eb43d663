"""Trimming by itself: limits, sums, and when there is no room."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mpsurvey as mp
from mpsurvey.design.trimming import cut, limit

WEIGHTS = st.lists(st.floats(0.5, 100), min_size=5, max_size=60).map(np.array)


@settings(max_examples=60, deadline=None)
@given(weight=WEIGHTS, times=st.floats(1.3, 6))
def test_the_sum_stays_and_no_weight_is_above_the_limit(weight, times):
    high = times * weight.mean()
    out = cut(weight, 0.0, high)
    assert out.sum() == pytest.approx(weight.sum(), rel=1e-9)
    assert out.max() <= high * (1 + 1e-9)
    # the order of weights stays
    assert (np.diff(out[np.argsort(weight, kind="stable")]) >= -1e-9 * high).all()


def test_rules():
    weight = np.array([1.0, 2, 3, 4, 50])
    assert limit(weight, "median", 3) == 9
    assert limit(weight, "mean", 2) == 24
    assert limit(weight, "iqr", 2) == 3 + 2 * 2
    assert limit(weight, "value", 7) == 7


def test_the_least_error_cuts_one_wild_weight_and_leaves_even_ones():
    rng = np.random.default_rng(1)
    even = rng.uniform(9, 11, 500)
    assert limit(even, "potter", 0) > 10.5
    wild = np.append(even, 2000)
    found = limit(wild, "potter", 0)
    assert 10 < found < 1900


def test_a_limit_that_leaves_no_room_is_refused():
    with pytest.raises(mp.MpsurveyError, match="Choose a higher limit"):
        cut(np.array([1.0, 2, 3]), 0.0, 1.5)
