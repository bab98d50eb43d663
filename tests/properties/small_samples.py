"""Small stratified samples of clusters, drawn by hypothesis."""

import os

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

import mpsurvey as mp

EXAMPLES = os.environ.get("MPSURVEY_EXAMPLES")
few = settings(
    max_examples=int(EXAMPLES or 15),
    derandomize=EXAMPLES is None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
"""A few examples, always the same; for a long search, MPSURVEY_EXAMPLES=2000 pytest."""

FIGURES = ["estimate", "se"]
ALL = ["estimate", "se", "ci_low", "ci_high", "df", "n", "population"]


@st.composite
def frames(draw, *, strata=3, psus=4, rows=4):
    """People of at most `strata` strata, with 2 to `psus` PSUs each and 1 to `rows` people each.

    `y` may be anything, `x` is positive, `g` is a group of three, `b` is 0 or 1, `N` says how many
    PSUs the stratum has. Weights are halves, so that sums are exact and ties are ties.
    """
    size = [
        draw(st.lists(st.integers(1, rows), min_size=2, max_size=psus))
        for _ in range(draw(st.integers(1, strata)))
    ]
    places = [(h, ea) for h, psu in enumerate(size) for ea, n in enumerate(psu) for _ in range(n)]
    n = len(places)

    def column(low, high):
        return draw(st.lists(st.integers(low, high), min_size=n, max_size=n))

    frame = pd.DataFrame(places, columns=["h", "ea"])
    frame["w"] = np.array(column(1, 12)) / 2
    frame["y"] = np.array(column(-40, 40)) / 4
    frame["x"] = np.array(column(1, 40)) / 4
    frame["g"] = column(0, 2)
    frame["b"] = column(0, 1)
    drawn = np.array([len(psu) for psu in size])
    more = np.array([draw(st.integers(0, 5)) for _ in size])
    frame["N"] = (drawn + more)[frame.h]
    return frame


def sample_of(frame, **changes):
    return mp.Sample(frame, mp.Design(weight="w", strata="h", psu="ea", **changes))


def same(found, want, *, columns=FIGURES, rtol=1e-9, factor=1.0):
    """Assert that two results agree; a standard error of 0 may be 1e-9 of the largest figure."""
    first, second = (getattr(one, "frame", one)[list(columns)] for one in (found, want))
    size = max(1.0, float(np.nanmax(np.abs(second["estimate"].to_numpy()), initial=0.0)))
    np.testing.assert_allclose(
        first.to_numpy(float), factor * second.to_numpy(float), rtol=rtol, atol=1e-7 * size
    )


def scale_of(result):
    return max(1.0, float(np.nanmax(np.abs(result.frame["estimate"].to_numpy()), initial=0.0)))
