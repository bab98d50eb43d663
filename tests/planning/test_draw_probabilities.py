"""First- and second-order probabilities by simulation; the long run is in tests/benchmarks."""

import numpy as np
import pytest

from mpsurvey.planning.inclusion import inclusion_probabilities
from mpsurvey.planning.methods import METHODS, Request, select

SIZE = np.array([2.0, 3, 4, 5, 6, 7, 9, 12])
EQUAL = ("srs", "systematic")


def request_of(method, n, *, ordered=True, reserve=0):
    N = SIZE.size
    return Request(
        method=method, n=n, reserve=reserve,
        size=np.ones(N) if method in EQUAL else SIZE,
        forced=np.zeros(N, dtype=bool),
        list_order=np.arange(N) if ordered else None,
        balance=SIZE[:, None], prn=None, start=0.0,
    )  # fmt: skip


def counts(request, draws, seed):
    rng = np.random.default_rng(seed)
    first, second = np.zeros(SIZE.size), np.zeros((SIZE.size, SIZE.size))
    for _ in range(draws):
        one = np.zeros(SIZE.size)
        one[select(request, rng).chosen] = 1
        first += one
        second += np.outer(one, one)
    return first / draws, second / draws


def joint_of_all(request):
    """Every pair's joint probability, by asking for each pair as if it had been drawn."""
    drawn = select(request, np.random.default_rng(0))
    joint = np.zeros((SIZE.size, SIZE.size))
    for k in range(SIZE.size):
        for other in range(k):
            pair = type(drawn)(
                chosen=np.array([other, k]), reserve=drawn.reserve, pi=drawn.pi,
                pi_with_reserve=drawn.pi_with_reserve, open_list=drawn.open_list,
                method=drawn.method, ordered=drawn.ordered,
            ).joint()  # fmt: skip
            joint[k, other] = joint[other, k] = pair[0, 1]
    np.fill_diagonal(joint, drawn.pi)
    return drawn, joint


@pytest.mark.parametrize("n", [1, 3, 6])
@pytest.mark.parametrize("method", [m for m in METHODS if m != "pareto"])
def test_every_unit_has_the_probability_it_is_given(method, n):
    request = request_of(method, n)
    draws = 500 if method == "max_entropy" else 1500
    found, _ = counts(request, draws, seed=n)
    pi = inclusion_probabilities(request.size, n)
    z = (found - pi) / np.sqrt(np.maximum(pi * (1 - pi), 1e-12) / draws)
    assert np.abs(z).max() < 4


@pytest.mark.parametrize("n", [3, 5])
@pytest.mark.parametrize(
    "method",
    ["srs", "systematic", "pps_systematic", "brewer", "sampford", "tille", "max_entropy",
     "pivotal", "poisson"],
)  # fmt: skip
def test_every_pair_has_its_joint_probability(method, n):
    request = request_of(method, n)
    drawn, joint = joint_of_all(request)
    assert drawn.joint_status == "exact"
    if method != "poisson":
        np.testing.assert_allclose(joint.sum(axis=1) - drawn.pi, (n - 1) * drawn.pi, atol=1e-10)
    draws = 500 if method == "max_entropy" else 1500
    _, found = counts(request, draws, seed=n)
    possible = (joint > 1e-9) & (joint < 1 - 1e-9)
    z = (found - joint)[possible] / np.sqrt((joint * (1 - joint) / draws)[possible])
    assert np.abs(z).max() < 4
    assert (found[joint <= 1e-9] == 0).all()


def test_a_reserve_leaves_the_probabilities_exact():
    request = request_of("sampford", 4, reserve=2)
    drawn, joint = joint_of_all(request)
    np.testing.assert_allclose(drawn.pi.sum(), 4)
    np.testing.assert_allclose(joint.sum(axis=1) - drawn.pi, 3 * drawn.pi, atol=1e-10)
    draws = 2500
    found, pairs = counts(request, draws, seed=8)
    for seen, wanted in ((found, drawn.pi), (pairs, joint)):
        spread = np.sqrt(np.maximum(wanted * (1 - wanted), 1e-12) / draws)
        assert np.abs((seen - wanted) / spread).max() < 4


def test_approximate_joint_probabilities_are_called_so():
    for method in ("pps_systematic", "pivotal"):
        request = request_of(method, 4, ordered=False)
        drawn = select(request, np.random.default_rng(0))
        assert drawn.joint_status.startswith("approximated")
        drawn, joint = joint_of_all(request)
        _, found = counts(request, 4000, seed=2)
        off = ~np.eye(SIZE.size, dtype=bool)
        assert np.abs(found - joint)[off].mean() < 0.25 * joint[off].mean()
