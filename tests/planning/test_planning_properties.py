"""What must be true of every list: properties, on lists that hypothesis makes."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from mpsurvey.planning import conditional_poisson, draw_by_draw, equal, splitting
from mpsurvey.planning.bounded import in_proportion, largest_remainder
from mpsurvey.planning.inclusion import inclusion_probabilities

sizes = st.lists(st.floats(0.01, 1e4), min_size=2, max_size=30).map(np.array)


@given(sizes, st.data())
@settings(max_examples=60, deadline=None)
def test_inclusion_probabilities(size, data):
    n = data.draw(st.integers(1, size.size))
    pi = inclusion_probabilities(size, n)
    np.testing.assert_allclose(pi.sum(), n)
    assert ((pi > 0) & (pi <= 1)).all()
    np.testing.assert_allclose(inclusion_probabilities(size * 7.5, n), pi)
    order = np.argsort(size, kind="stable")
    assert (np.diff(pi[order]) >= -1e-12).all()
    open_units = pi < 1 - 1e-9
    if open_units.sum() > 1:
        ratio = pi[open_units] / size[open_units]
        np.testing.assert_allclose(ratio, ratio[0])


@given(sizes, st.data(), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_every_method_draws_n_units(size, data, seed):
    n = data.draw(st.integers(1, size.size))
    pi = inclusion_probabilities(size, n)
    pi = pi[pi < 1 - 1e-10]
    if pi.size < 2:
        return
    rng = np.random.default_rng(seed)
    for method in (
        equal.systematic, splitting.ordered_pivotal, splitting.random_pivotal, draw_by_draw.brewer,
        draw_by_draw.tille, conditional_poisson.sampford, conditional_poisson.conditional_poisson,
    ):  # fmt: skip
        assert method(pi, rng).sum() == round(pi.sum()), method.__name__


@given(sizes, st.data())
@settings(max_examples=60, deadline=None)
def test_joint_probabilities_of_fixed_size_designs_add_up(size, data):
    n = data.draw(st.integers(1, size.size))
    pi = inclusion_probabilities(size, n)
    pi = pi[(pi < 1 - 1e-6)]
    if pi.size < 2 or abs(pi.sum() - round(pi.sum())) > 1e-9:
        return
    everyone = np.arange(pi.size)
    for joint in (
        conditional_poisson.joint_conditional_poisson(pi, everyone),
        conditional_poisson.joint_sampford(pi, everyone),
        draw_by_draw.joint_tille(pi, everyone),
        equal.joint_systematic(pi, everyone),
        splitting.joint_ordered_pivotal(pi, everyone),
    ):
        np.testing.assert_allclose(
            joint.sum(axis=1) - pi, (round(pi.sum()) - 1) * pi, atol=1e-7, rtol=1e-7
        )
        assert (joint >= -1e-12).all()
        assert (joint <= np.minimum.outer(pi, pi) + 1e-9).all()


@given(sizes, st.data())
@settings(max_examples=50, deadline=None)
def test_shares_keep_bounds_and_the_total(shape, data):
    least = np.full(shape.size, 1.0)
    most = np.array(data.draw(st.lists(st.integers(1, 50), min_size=shape.size,
                                       max_size=shape.size)), dtype=float)  # fmt: skip
    n = data.draw(st.integers(shape.size, int(most.sum())))
    found = in_proportion(shape, least, most, lambda s: float(s.sum()), n)
    np.testing.assert_allclose(found.sum(), n, rtol=1e-6)
    whole = largest_remainder(found, n, least, most)
    assert whole.sum() == n
    assert ((whole >= least) & (whole <= most)).all()
    assert np.abs(whole - found).max() <= 1 + 1e-6


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=40))
def test_serpentine_is_a_permutation_whose_neighbours_are_near(pairs):
    frame = pd.DataFrame(pairs, columns=["a", "b"])
    order = equal.serpentine([frame["a"], frame["b"]])
    assert sorted(order) == list(range(len(frame)))
    a = frame["a"].to_numpy()[order]
    assert (np.diff(a) >= 0).all()
    for value in set(a):
        b = frame["b"].to_numpy()[order][a == value]
        assert (np.diff(b) >= 0).all() or (np.diff(b) <= 0).all()
