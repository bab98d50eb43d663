"""Who moved from where to where: the migration matrix and its margins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mpsurvey.design import Sample
from mpsurvey.errors import ColumnMissing, MpsurveyError
from mpsurvey.estimation import Estimates
from mpsurvey.estimation.answering import DegreesOfFreedom, answer
from mpsurvey.estimation.asking import Question
from mpsurvey.estimation.domains import Domains, coded, held
from mpsurvey.estimation.folding import gathered
from mpsurvey.estimation.linearise import Numbers

__all__ = ["FLOWS", "flows"]

Flow = Literal[
    "matrix", "in", "out", "net", "gross", "in rate", "out rate", "net rate", "effectiveness"
]
FLOWS: tuple[str, ...] = (
    "matrix",
    "in",
    "out",
    "net",
    "gross",
    "in rate",
    "out rate",
    "net rate",
    "effectiveness",
)


def flows(
    sample: Sample,
    origin: str,
    destination: str,
    *,
    stayed: str | None = None,
    figure: Flow = "net",
    where: str | None = None,
    level: float = 0.95,
    df: DegreesOfFreedom = "domain",
) -> Estimates:
    r"""Estimate moves between regions: the matrix, or what comes in, goes out and is left.

    Parameters
    ----------
    sample
        Persons.
    origin, destination
        Columns of the region lived in before and now, in the same codes.
    stayed
        A rule for those who lived in the same region before, whose `origin` was not asked:
        ``"mv_res5 in (1, 2)"``. Others without an origin, such as arrivals from abroad, are no part
        of the matrix.
    figure
        ``"matrix"``: persons by origin and destination. By region: ``"in"``, ``"out"``, ``"net"``
        and ``"gross"`` (in and out together), persons; ``"in rate"``, ``"out rate"`` and
        ``"net rate"``, per person of the region before; ``"effectiveness"``, net over gross.
    where, level, df
        As in `mpsurvey.total`.

    Returns
    -------
    Estimates
        A row for each region, named in `category` (of the matrix, for each pair, as columns
        `origin` and `destination`). All regions' figures have one covariance, so that
        `mpsurvey.contrast` can compare them. `n` counts all people in the matrix.

    Raises
    ------
    MpsurveyError
        Nobody has an origin, or the figure is none of those.

    Notes
    -----
    With :math:`M_{ij}` the people who lived in i and live in j:
    :math:`I_j = \sum_{i \neq j} M_{ij}`, :math:`O_i = \sum_{j \neq i} M_{ij}`,
    net :math:`I - O`, effectiveness :math:`(I - O) / (I + O)`; rates per
    :math:`\sum_j M_{ij}`, those who lived in the region before and still live in the country.
    A region's people who left the country, and those who died, are not in it. Shryock, Siegel and
    associates (1976), The Methods and Materials of Demography, chapter 21.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"before": [1, 1, 2, 2, 2, 1], "now": [1, 2, 2, 1, 1, 1]})
    >>> found = mp.flows(mp.Sample(people, mp.Design()), "before", "now", figure="net")
    >>> found.frame[["category", "estimate"]].to_numpy().tolist()
    [[1.0, 1.0], [2.0, -1.0]]
    """
    if figure not in FLOWS:
        raise MpsurveyError(f"figure='{figure}' is not one of {', '.join(FLOWS)}.")
    absent = [
        (role, name)
        for role, name in (("origin", origin), ("destination", destination))
        if name not in sample.frame.columns
    ]
    if absent:
        raise ColumnMissing(absent, sample.frame.columns)
    sample = gathered(sample, origin, destination, stayed, where)
    regions, before, now = _regions(sample, origin, destination, stayed)
    inside = sample.weight > 0
    if where is not None:
        inside = inside & held(sample, where)
    without = sample.count(inside & (before < 0))
    inside = inside & (before >= 0) & (now >= 0)
    if not inside.any():
        raise MpsurveyError(f"Nobody has both '{origin}' and '{destination}'.")
    count = len(regions)
    code = np.where(inside, before * count + now, -1)
    domains = Domains(
        code, ("origin", "destination"), (regions, regions), {}, partial=not inside.all()
    )
    question = Question(sample, domains, (), None)
    by_region = figure != "matrix"
    found = answer(
        question,
        (lambda totals: _margins(totals, count, figure)) if by_region else _cells,
        name=f"moves: {figure}",
        variables=[figure] * count if by_region else [figure],
        level=level,
        df=df,
        inner=2 if by_region else 0,
        labels=regions.tolist() if by_region else None,
    )
    notes = [f"Moves from '{origin}' to '{destination}'."]
    if without:
        notes.append(f"{without:,} rows without an origin in the country are not in the matrix.")
    labels = sample.labels(destination)
    named = {name: labels for name in ("origin", "destination", figure) if labels}
    return replace(found, labels={**found.labels, **named}, notes=(*notes, *found.notes))


def _regions(
    sample: Sample, origin: str, destination: str, stayed: str | None
) -> tuple[NDArray[Any], NDArray[np.intp], NDArray[np.intp]]:
    """Regions of both columns together, and each row's before and now as places among them."""
    (one, first), (two, second) = coded(sample, origin), coded(sample, destination)
    regions = np.unique(np.concatenate([first, second]))
    before = np.append(np.searchsorted(regions, first), -1)[one]
    now = np.append(np.searchsorted(regions, second), -1)[two]
    if stayed is not None:
        before = np.where(held(sample, stayed), now, before)
    return regions, before, now


def _cells(totals: Numbers) -> Numbers:
    return totals[..., :1]


def _margins(totals: Numbers, count: int, figure: str) -> Numbers:
    # Folded totals: the sum of all weights, then the weights of each cell.
    table = totals[..., 1:].reshape(*totals.shape[:-1], count, count)
    stay = np.diagonal(table, axis1=-2, axis2=-1)
    lived, live = table.sum(axis=-1), table.sum(axis=-2)
    into, out = live - stay, lived - stay
    match figure:
        case "in":
            return np.asarray(into)
        case "out":
            return np.asarray(out)
        case "net":
            return np.asarray(into - out)
        case "gross":
            return np.asarray(into + out)
        case "in rate":
            return np.asarray(into / lived)
        case "out rate":
            return np.asarray(out / lived)
        case "net rate":
            return np.asarray((into - out) / lived)
        case _:
            return np.asarray((into - out) / (into + out))
