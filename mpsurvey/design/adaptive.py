r"""Adaptive cluster sampling: where something rare is found, its surroundings are visited too.

An initial sample of units is drawn. Around each that has what is sought, neighbours are added, and
theirs, until an edge without it is reached. The units so linked are a *network*. A sampled unit
stands with the mean of its network,

.. math:: w_i = \frac{1}{m_i} \sum_{j \in A_i} y_j,

which makes every estimator of the initial design unbiased, in the Hansen-Hurwitz form.
Thompson (1990), JASA 85, 1050-1059.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from mpsurvey.design.auxiliaries import numbers_of
from mpsurvey.design.calibration import mask
from mpsurvey.errors import ColumnMissing, DesignError
from mpsurvey.microdata import Microdata

__all__ = ["network_means"]


def network_means(
    data: Any, variables: Sequence[str], *, network: str, initial: str, draws: str | None = None
) -> pd.DataFrame:
    """Give each unit of the initial sample the means of its network.

    Use the result with `mpsurvey.Sample` and the design of the *initial* sample; totals and ratios
    of the variables are then unbiased, and their variance is that of the initial design.

    Parameters
    ----------
    data
        A frame with all units that were visited: the initial sample and what was added.
    variables
        Amounts to take the mean of.
    network
        Column that names the network of each unit; a unit on its own, or at the edge, is a network
        of its own. Missing values are networks of one.
    initial
        Rule for the units of the initial sample, such as ``"drawn == 1"``.
    draws
        Column with the number of initial units in the network, to check the data by.

    Returns
    -------
    pandas.DataFrame
        The rows of the initial sample, with means in place of the variables and `network_size`.

    Examples
    --------
    >>> visited = pd.DataFrame({"cell": [1, 2, 3, 9], "camp": ["a", "a", "a", None],
    ...                         "drawn": [1, 0, 0, 1], "people": [30.0, 60, 0, 0]})
    >>> found = network_means(visited, ["people"], network="camp", initial="drawn == 1")
    >>> found[["cell", "people", "network_size"]].values.tolist()
    [[1.0, 30.0, 3.0], [9.0, 0.0, 1.0]]
    """
    frame = nw.from_native(data.frame if isinstance(data, Microdata) else data, eager_only=True)
    absent = [("network", network)] if network not in frame.columns else []
    if absent:
        raise ColumnMissing(absent, frame.columns)
    first = mask(frame, initial)
    if not first.any():
        raise DesignError(f"No row obeys '{initial}': nobody was drawn at first.")
    table: pd.DataFrame = frame.to_pandas().reset_index(drop=True)
    known = table[network].notna().to_numpy()
    code = np.where(known, pd.factorize(table[network])[0], -1)
    alone = np.flatnonzero(~known)
    code[alone] = code.max() + 1 + np.arange(len(alone))
    size = np.bincount(code)
    unseen = np.setdiff1d(code, code[first])
    if len(unseen):
        raise DesignError(
            f"{len(unseen)} network(s) hold no unit of the initial sample, so nothing led to them. "
            "Leave them out, or correct the networks."
        )
    for name in variables:
        values = numbers_of(frame, name)
        if np.isnan(values).any():
            raise DesignError(f"'{name}' is missing in {int(np.isnan(values).sum())} rows.")
        table[name] = (np.bincount(code, values) / size)[code]
    table["network_size"] = size[code]
    if draws is not None:
        counted = np.bincount(code[first], minlength=len(size))[code]
        wrong = int(np.count_nonzero(counted != numbers_of(frame, draws)))
        if wrong:
            raise DesignError(f"'{draws}' is not the number of initial units in {wrong} rows.")
    return table[first].reset_index(drop=True)
