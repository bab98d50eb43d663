"""Joint probabilities and PPS variances against R `sampling` and `survey`."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mpsurvey.planning import conditional_poisson, draw_by_draw, equal, pps_variance
from mpsurvey.planning.inclusion import inclusion_probabilities

R = Path(__file__).parents[1] / "r"
POPULATION = pd.read_csv(R / "planning_population.csv")
JOINT = pd.read_csv(R / "planning_joint.csv")
VARIANCE = pd.read_csv(R / "planning_pps_variance.csv").set_index("method")["value"]
SIZE = POPULATION["size"].to_numpy(float)

# R iterates maximum entropy to a gap of 1e-6 in the probabilities; the others are closed forms that
# both sides add up in another order.
TOLERANCE = {"max_entropy": 2e-6, "sampford": 1e-11, "tille": 1e-12, "systematic": 1e-12}
OURS = {
    "max_entropy": conditional_poisson.joint_conditional_poisson,
    "sampford": conditional_poisson.joint_sampford,
    "tille": draw_by_draw.joint_tille,
    "systematic": equal.joint_systematic,
}


@pytest.mark.parametrize("n", [2, 3, 4])
@pytest.mark.parametrize("method", list(OURS))
def test_joint_probabilities_are_those_of_r(method, n):
    pi = inclusion_probabilities(SIZE, n)
    want = JOINT.query("method == @method and n == @n")["value"].to_numpy().reshape(12, 12)
    got = OURS[method](pi, np.arange(12))
    np.testing.assert_allclose(got, want, atol=TOLERANCE[method])


@pytest.mark.parametrize("n", [6, 8, 10])
def test_inclusion_probabilities_with_certain_units_are_those_of_r(n):
    want = JOINT.query("method == 'inclusion' and n == @n")["value"].to_numpy()
    got = inclusion_probabilities(SIZE, n)
    np.testing.assert_allclose(got, want, rtol=1e-13)
    assert (got == 1).any()


def test_variances_of_one_sample_are_those_of_r():
    pi_all = inclusion_probabilities(SIZE, 4)
    s = np.array([2, 6, 9, 11])
    pi, y = pi_all[s], POPULATION["y"].to_numpy(float)[s]
    joint = conditional_poisson.joint_sampford(pi_all, s)
    got = {
        "horvitz_thompson": pps_variance.horvitz_thompson_variance(y, pi, joint),
        "yates_grundy": pps_variance.yates_grundy_variance(y, pi, joint),
        "survey_ht": pps_variance.horvitz_thompson_variance(y, pi, joint),
        "survey_yg": pps_variance.yates_grundy_variance(y, pi, joint),
        "deville": pps_variance.deville_variance(y, pi),
        "brewer": pps_variance.brewer_variance(y, pi),
        "hartley_rao": pps_variance.hartley_rao_variance(y, pi, float(np.sum(pi_all**2))),
        "hartley_rao_estimated": pps_variance.hartley_rao_variance(y, pi),
    }
    # 1e-9: the Horvitz-Thompson form cancels five digits in both languages.
    for name, value in got.items():
        np.testing.assert_allclose(value, VARIANCE[name], rtol=1e-9, err_msg=name)
