r"""Adaptive cluster sampling: where something rare is found, its surroundings are visited too.

An initial sample of units is drawn. Around each that has what is sought, neighbours are added, and
theirs, until an edge without it is reached. The units so linked are a *network*. A sampled unit
stands with the mean of its network,

.. math:: w_i = \frac{1}{m_i} \sum_{j \in A_i} y_j,

which makes every estimator of the initial design unbiased, in the Hansen-Hurwitz form
(`network_means`). In the Horvitz-Thompson form (`network_sample`) each network that was met counts
once, by the chance that the initial sample meets it. Thompson (1990), JASA 85, 1050-1059.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammaln

from mpsurvey.declaration import Design, Jackknife
from mpsurvey.design.auxiliaries import numbers_of
from mpsurvey.design.calibration import mask
from mpsurvey.design.sample import Sample
from mpsurvey.errors import ColumnMissing, DesignError
from mpsurvey.microdata import Microdata

__all__ = ["network_means", "network_sample"]

Floats = NDArray[np.float64]


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
    frame, table, first, code = _networks(data, network, initial)
    size = np.bincount(code)
    _refuse_unmet(np.setdiff1d(code, code[first]))
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


def network_sample(
    data: Any,
    *,
    network: str,
    initial: str,
    population: float | Mapping[Any, float],
    strata: str | None = None,
) -> Sample:
    r"""Weigh every network that was met by its chance to be met: the Horvitz-Thompson form.

    Use it where whole networks were visited and their units are to be analysed as they are: each
    unit of a network that was met stands in the sample, drawn itself or added. It is usually more
    precise than `network_means` for what is rare and clustered. Units at the edge that were not
    drawn belong to networks that were not met and are left out.

    The chance that simple random samples of :math:`n_h` of :math:`N_h` units meet network k, which
    has :math:`x_{hk}` units in stratum h, and that they meet both k and l, is

    .. math:: \alpha_k = 1 - \prod_h \binom{N_h - x_{hk}}{n_h} \Big/ \binom{N_h}{n_h}, \quad
              \alpha_{kl} = \alpha_k + \alpha_l - 1
              + \prod_h \binom{N_h - x_{hk} - x_{hl}}{n_h} \Big/ \binom{N_h}{n_h}

    and the variance of a total is estimated without bias by

    .. math:: v = \sum_k \sum_l y_k y_l
              \frac{\alpha_{kl} - \alpha_k \alpha_l}{\alpha_{kl} \alpha_k \alpha_l}

    with :math:`y_k` the total of a network (Thompson 1990, section 3.2; Thompson and Seber 1996,
    4.5). The quadratic form is split into its eigenvectors, which become replicate weights, so that
    totals, means, ratios and contributions all take their variance from it (Fay 1984, Proceedings
    of the Section on Survey Research Methods, ASA, 495-500).

    Parameters
    ----------
    data
        A frame with all units that were visited.
    network
        Column that names the network of each unit; missing for a unit on its own.
    initial
        Rule for the units of the initial sample, such as ``"drawn == 1"``; drawn with equal chances
        and without replacement, in each stratum.
    population
        How many units there are; with `strata` in each of them.
    strata
        Column of the strata of the initial sample. Networks may cross them.

    Returns
    -------
    Sample
        The units of the networks that were met, with ``network_weight`` and replicates
        ``network_rep_1`` and on. Eigenvalues below zero, which this estimator has in some samples,
        are set to zero: the variance is then a little too large, never too small.

    Raises
    ------
    ColumnMissing
        `network` or `strata` is not a column.
    DesignError
        Nobody was drawn; a population is absent or smaller than what was visited there; a network
        holds nobody who was drawn and more than one unit.

    Examples
    --------
    >>> visited = pd.DataFrame({"cell": [1, 2, 3, 9], "camp": ["a", "a", "a", None],
    ...                         "drawn": [1, 0, 0, 1], "people": [30.0, 60, 0, 0]})
    >>> met = network_sample(visited, network="camp", initial="drawn == 1", population=10)
    >>> met.weight.round(3).tolist()
    [1.875, 1.875, 1.875, 5.0]
    """
    _, table, first, code = _networks(data, network, initial, strata)
    place = np.zeros(len(table), dtype=np.intp)
    names: list[Any] = [None]
    if strata is not None:
        place, labels = pd.factorize(table[strata])
        names = list(labels)
    there = _populations(population, names, np.bincount(place, minlength=len(names)))
    drawn = np.bincount(place[first], minlength=len(names))
    unmet = np.setdiff1d(code, code[first])
    _refuse_unmet(unmet[np.bincount(code)[unmet] > 1])
    stays = ~np.isin(code, unmet)
    table, place = table[stays].reset_index(drop=True), place[stays]
    met, back = np.unique(code[stays], return_inverse=True)
    inside = np.zeros((len(met), len(names)))
    np.add.at(inside, (back, place), 1.0)
    missed = np.exp(_log_missed(inside, there, drawn).sum(axis=1))
    chance = 1 - missed
    both = np.exp(_log_missed(inside[:, None] + inside[None], there, drawn).sum(axis=2))
    joint = chance[:, None] + chance[None] - 1 + both
    np.fill_diagonal(joint, chance)
    product = np.outer(chance, chance)
    # Scores of networks as multiples of their weighted totals, so that factors stay comparable.
    form = (joint - product) / joint
    values, vectors = np.linalg.eigh((form + form.T) / 2)
    kept = values > 1e-12 * max(float(values.max()), 1e-300)
    steps = vectors[:, kept] * np.sqrt(values[kept])
    # Small steps keep every replicate weight positive; the multiplier undoes them.
    shrink = min(1.0, 0.5 / max(float(np.abs(steps).max(initial=0.0)), 1e-300))
    # A design has two replicates at least: columns of zeros say that nothing more varies.
    steps = np.pad(steps, ((0, 0), (0, max(0, 2 - steps.shape[1]))))
    weight = (1 / chance)[back]
    names_of = [f"network_rep_{r}" for r in range(1, steps.shape[1] + 1)]
    replicates = pd.DataFrame(weight[:, None] * (1 + shrink * steps[back]), columns=names_of)
    out = pd.concat([table.assign(network_weight=weight), replicates], axis=1)
    made = Jackknife(names_of, multipliers=1 / shrink**2)
    return Sample(out, Design(weight="network_weight", replicates=made))


def _networks(
    data: Any, network: str, initial: str, strata: str | None = None
) -> tuple[nw.DataFrame[Any], pd.DataFrame, NDArray[np.bool_], NDArray[np.intp]]:
    """Rows, who was drawn at first, and the number of each row's network."""
    frame = nw.from_native(data.frame if isinstance(data, Microdata) else data, eager_only=True)
    named = [("network", network)] + ([("strata", strata)] if strata is not None else [])
    absent = [(role, name) for role, name in named if name not in frame.columns]
    if absent:
        raise ColumnMissing(absent, frame.columns)
    first = mask(frame, initial)
    if not first.any():
        raise DesignError(f"No row obeys '{initial}': nobody was drawn at first.")
    table: pd.DataFrame = frame.to_pandas().reset_index(drop=True)
    if strata is not None and table[strata].isna().any():
        raise DesignError(f"'{strata}' is missing in {int(table[strata].isna().sum())} rows.")
    known = table[network].notna().to_numpy()
    code = np.where(known, pd.factorize(table[network])[0], -1)
    alone = np.flatnonzero(~known)
    code[alone] = code.max() + 1 + np.arange(len(alone))
    return frame, table, first, code


def _refuse_unmet(networks: NDArray[np.intp]) -> None:
    if len(networks):
        raise DesignError(
            f"{len(networks)} network(s) hold no unit of the initial sample, so nothing led to "
            "them. Leave them out, or correct the networks."
        )


def _populations(given: float | Mapping[Any, float], names: list[Any], seen: Any) -> Floats:
    """How many units each stratum has, checked against what was seen there."""
    if isinstance(given, Mapping):
        absent = [name for name in names if name not in given]
        if absent:
            raise DesignError(f"The population of stratum {absent} is not given.")
        there = np.array([float(given[name]) for name in names])
    elif len(names) > 1:
        raise DesignError("With strata, population is a mapping of each to its number of units.")
    else:
        there = np.array([float(given)])
    few = [name for name, n, s in zip(names, there, seen, strict=True) if n < s]
    if few:
        where = f" in stratum {few}" if few != [None] else ""
        raise DesignError(f"More units were visited than the population has{where}.")
    return there


def _log_missed(inside: Floats, there: Floats, drawn: Any) -> Floats:
    """Logarithm of the chance that a stratum's sample misses `inside` units, shape (..., H)."""
    left = there - inside
    impossible = left < drawn
    safe = np.where(impossible, drawn, left)

    def log_choose(n: Floats) -> Floats:
        return np.asarray(gammaln(n + 1) - gammaln(n - drawn + 1))

    return np.where(impossible, -np.inf, log_choose(safe) - log_choose(there))
