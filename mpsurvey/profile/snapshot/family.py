"""Many comparisons: which still count when all of them are counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mpsurvey.errors import MpsurveyError

__all__ = ["Adjustment", "adjusted"]

Adjustment = Literal["holm", "bh"]


def adjusted(p: Sequence[float], how: Adjustment = "holm") -> NDArray[np.float64]:
    """Adjust probabilities for the number of comparisons.

    Parameters
    ----------
    p
        One per comparison; NaN (not tested) is not counted and stays NaN.
    how
        ``"holm"``: the risk that any of those called clear is a false alarm is held. Holm (1979),
        Scandinavian Journal of Statistics 6, 65-70. ``"bh"``: the expected share of false alarms
        among those called clear is held. Benjamini and Hochberg (1995), JRSS B 57, 289-300.

    Examples
    --------
    >>> [round(float(x), 3) for x in adjusted([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    >>> [round(float(x), 3) for x in adjusted([0.01, 0.04, 0.03], "bh")]
    [0.03, 0.04, 0.04]
    """
    if how not in ("holm", "bh"):
        raise MpsurveyError(f"adjust='{how}' is not one of 'holm', 'bh'.")
    given = np.asarray(p, dtype=np.float64)
    found = np.full(given.shape, np.nan)
    tested = np.flatnonzero(np.isfinite(given))
    if not len(tested):
        return found
    order = tested[np.argsort(given[tested], kind="stable")]
    count, sorted_p = len(order), given[order]
    if how == "holm":
        steps = np.maximum.accumulate(sorted_p * (count - np.arange(count)))
    else:
        steps = np.minimum.accumulate((sorted_p * count / np.arange(1, count + 1))[::-1])[::-1]
    found[order] = np.minimum(steps, 1.0)
    return found
