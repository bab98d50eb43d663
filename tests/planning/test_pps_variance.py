"""Variances of PPS samples: unbiased over all samples, and the identities that must hold."""

from itertools import combinations

import numpy as np
import pytest

from mpsurvey.errors import DesignError
from mpsurvey.planning import conditional_poisson, pps_variance
from mpsurvey.planning.balancing import cube
from mpsurvey.planning.inclusion import inclusion_probabilities

SIZE = np.array([3.0, 4, 5, 6, 7, 9])
Y = np.array([10.0, 9, 17, 16, 25, 24])


@pytest.fixture(scope="module")
def all_samples():
    """Every sample of the Sampford design with its probability."""
    pi = inclusion_probabilities(SIZE, 3)
    odds = pi / (1 - pi)
    sets = [np.array(one) for one in combinations(range(6), 3)]
    chance = np.array([odds[s].prod() * (1 - pi[s]).sum() for s in sets])
    return pi, conditional_poisson.joint_sampford(pi, np.arange(6)), sets, chance / chance.sum()


@pytest.mark.parametrize(
    "name", ["horvitz_thompson_variance", "yates_grundy_variance"]
)  # fmt: skip
def test_unbiased_over_all_samples(all_samples, name):
    pi, joint, sets, chance = all_samples
    totals = np.array([np.sum(Y[s] / pi[s]) for s in sets])
    true = chance @ (totals - Y.sum()) ** 2
    np.testing.assert_allclose(chance @ totals, Y.sum())
    found = [getattr(pps_variance, name)(Y[s], pi[s], joint[np.ix_(s, s)]) for s in sets]
    np.testing.assert_allclose(chance @ np.array(found), true)


@pytest.mark.parametrize("name", ["brewer_variance", "hartley_rao_variance", "deville_variance"])
def test_nearly_unbiased_without_joint_probabilities(all_samples, name):
    pi, _, sets, chance = all_samples
    totals = np.array([np.sum(Y[s] / pi[s]) for s in sets])
    true = chance @ (totals - Y.sum()) ** 2
    found = [getattr(pps_variance, name)(Y[s], pi[s]) for s in sets]
    assert chance @ np.array(found) == pytest.approx(true, rel=0.06)


def test_equal_probabilities_give_the_textbook_variance():
    pi, y = np.full(4, 4 / 10), Y[:4]
    joint = np.full((4, 4), 4 * 3 / 90)
    np.fill_diagonal(joint, 0.4)
    want = 100 * (1 - 0.4) * y.var(ddof=1) / 4
    for found in (
        pps_variance.yates_grundy_variance(y, pi, joint),
        pps_variance.horvitz_thompson_variance(y, pi, joint),
        pps_variance.brewer_variance(y, pi),
        pps_variance.deville_variance(y, pi),
        pps_variance.hartley_rao_variance(y, pi, 10 * 0.16),
        pps_variance.balanced_variance(y, pi, np.empty((4, 0))),
    ):
        np.testing.assert_allclose(found, want)


def test_proportional_to_size_has_no_variance_and_certain_units_add_none():
    pi = inclusion_probabilities(SIZE, 4)
    s = np.array([0, 2, 4, 5])
    joint = conditional_poisson.joint_sampford(pi, s)
    assert pps_variance.yates_grundy_variance(pi[s], pi[s], joint) == pytest.approx(0)
    for name in ("brewer_variance", "deville_variance", "hartley_rao_variance"):
        function = getattr(pps_variance, name)
        assert function(pi[s], pi[s]) == pytest.approx(0)
        more = function(np.append(Y[s], 1000.0), np.append(pi[s], 1.0))
        assert more == pytest.approx(function(Y[s], pi[s]))
        assert function(Y[:2], np.ones(2)) == 0


def test_several_variables_give_their_covariance():
    pi = inclusion_probabilities(SIZE, 3)
    s = np.array([1, 3, 4])
    both = np.column_stack([Y[s], SIZE[s] ** 2])
    joint = conditional_poisson.joint_conditional_poisson(pi, s)
    for matrix, one in (
        (pps_variance.brewer_variance(both, pi[s]), pps_variance.brewer_variance(Y[s], pi[s])),
        (
            pps_variance.yates_grundy_variance(both, pi[s], joint),
            pps_variance.yates_grundy_variance(Y[s], pi[s], joint),
        ),
    ):
        assert matrix.shape == (2, 2)
        np.testing.assert_allclose(matrix, matrix.T)
        np.testing.assert_allclose(matrix[0, 0], one)
    summed = pps_variance.brewer_variance(both.sum(axis=1), pi[s])
    np.testing.assert_allclose(pps_variance.brewer_variance(both, pi[s]).sum(), summed)


def test_balanced_variance_by_simulation():
    rng = np.random.default_rng(2)
    x = rng.lognormal(0, 0.4, (150, 2))
    y = x @ [3.0, 2.0] + rng.normal(0, 1.5, 150)
    pi = inclusion_probabilities(rng.random(150) + 0.5, 40)
    totals, variances, unbalanced = [], [], []
    for _ in range(300):
        s = cube(pi, x, rng)
        totals.append(np.sum(y[s] / pi[s]))
        variances.append(pps_variance.balanced_variance(y[s], pi[s], x[s]))
        unbalanced.append(pps_variance.brewer_variance(y[s], pi[s]))
    # The landing phase adds a little that the estimator does not see; 300 draws know 8 %.
    assert np.mean(variances) == pytest.approx(np.var(totals), rel=0.25)
    assert np.mean(unbalanced) > 2 * np.var(totals)


def test_pairs_that_cannot_be_drawn_are_refused():
    pi = np.array([0.5, 0.5])
    with pytest.raises(DesignError, match="1 pairs of the units drawn could never"):
        pps_variance.yates_grundy_variance(Y[:2], pi, np.array([[0.5, 0.0], [0.0, 0.5]]))
    with pytest.raises(DesignError, match="One unit was drawn by chance"):
        pps_variance.brewer_variance(Y[:2], np.array([1.0, 0.4]))


def test_poisson_variance_is_unbiased():
    rng = np.random.default_rng(4)
    pi = inclusion_probabilities(SIZE, 3)
    true = np.sum((1 - pi) / pi * Y**2)
    found = []
    for _ in range(4000):
        s = rng.random(6) < pi
        found.append(pps_variance.poisson_variance(Y[s], pi[s]))
    assert np.mean(found) == pytest.approx(true, rel=0.05)
