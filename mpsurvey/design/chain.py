r"""What the steps that adjusted the weights do to the variance.

A statistic of adjusted weights is linearised from the last step backwards. If a step turned
weights d into w, with auxiliaries x whose totals are known, then

.. math:: \sum_k w_k u_k \approx \sum_k w_k (u_k - x_k^\top B) + \text{constant}, \quad
          B = \Big(\sum_k \tfrac{d_k}{\sigma_k^2} x_k x_k^\top\Big)^{-1}
              \sum_k \tfrac{d_k}{\sigma_k^2} x_k u_k

and the step before sees the variable :math:`w_k (u_k - x_k^\top B) / d_k`. Where the totals are
estimated by the whole sample (adjustments for nonresponse), the constant is :math:`\sum_k d_k
x_k^\top B` and stays in the score, so that those who did not respond have one too.

Deville and Särndal (1992), JASA 87, 376-382; Deville (1999), Survey Methodology 25, 193-203;
for nonresponse Kim and Kim (2007), Canadian Journal of Statistics 35, 501-514.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mpsurvey.design.auxiliaries import (
    Auxiliaries,
    Cells,
    Margin,
    as_margin,
    cells_of,
    numbers_of,
)
from mpsurvey.design.calibration import (
    Calibration,
    Propensity,
    Response,
    WeightStep,
    column_of,
    listed_steps,
    mask,
)
from mpsurvey.design.codes import Codes, encode
from mpsurvey.errors import ColumnMissing, DesignError

__all__ = ["Chain", "Projection", "read_auxiliaries", "read_chain"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    r"""One step as a linear map of row scores: :math:`z \mapsto z - a X M^{-1} X^\top c z`.

    Attributes
    ----------
    auxiliaries
        X, shape (n, J).
    spread
        a, shape (n,): how a row's score answers to the coefficients.
    reading
        c, shape (n,): how the coefficients are read from the scores.
    inverse
        The inverse of M, shape (J, J), or (J,) where M is diagonal.
    """

    auxiliaries: Auxiliaries
    spread: Floats
    reading: Floats
    inverse: Floats

    def solve(self, moments: Floats) -> Floats:
        """Coefficients from moments, both of shape (J, P)."""
        if self.inverse.ndim == 1:
            return self.inverse[:, None] * moments
        return self.inverse @ moments


class Chain:
    """The steps that made a sample's weights, ready to turn scores into residuals.

    Parameters
    ----------
    projections
        The steps in the order in which they were done.
    row_unit
        Sampling unit of each row, shape (n,).
    units
        Number of sampling units.
    """

    def __init__(self, projections: Sequence[Projection], row_unit: Codes, units: int) -> None:
        self.projections = tuple(projections)
        self._row_unit, self._units = row_unit, units

    @property
    def width(self) -> int:
        """Number of auxiliaries of all steps together."""
        return sum(one.auxiliaries.matrix.shape[1] for one in self.projections)

    @cached_property
    def loadings(self) -> sparse.csr_array:
        """What each coefficient takes from each sampling unit's score, shape (U, J)."""
        rows = len(self._row_unit)
        blocks = []
        for one in self.projections:
            gather = sparse.csr_array(
                (one.spread, (self._row_unit, np.arange(rows))), shape=(self._units, rows)
            )
            blocks.append(gather @ one.auxiliaries.matrix)
        return sparse.csr_array(sparse.hstack(blocks, format="csr"))

    @cached_property
    def _crossed(self) -> dict[tuple[int, int], Any]:
        """Reading by one step of what a later step takes from the rows' scores."""
        found = {}
        for s, one in enumerate(self.projections):
            for t in range(s + 1, len(self.projections)):
                later = self.projections[t]
                weights = sparse.diags_array(one.reading * later.spread)
                found[s, t] = one.auxiliaries.matrix.T @ (weights @ later.auxiliaries.matrix)
        return found

    def moments(
        self,
        weighted: Sequence[Floats],
        rows: Codes | None,
        domain: Codes | None,
        size: int,
    ) -> Floats:
        """Read weighted columns within each domain by the auxiliaries.

        Parameters
        ----------
        weighted
            K columns times the final weights, each of shape (m,).
        rows, domain
            The rows they are of, and the domain of each, shape (m,); None for all, and for one
            domain.
        size
            Number of domains, D.

        Returns
        -------
        numpy.ndarray
            Shape (J, D, K).
        """
        m = len(weighted[0]) if weighted else 0
        where = np.zeros(m, dtype=np.intp) if domain is None else domain
        blocks = []
        for one in self.projections:
            matrix = one.auxiliaries.matrix if rows is None else one.auxiliaries.matrix[rows]
            reading = one.reading if rows is None else one.reading[rows]
            turned = sparse.csr_array(matrix.T)
            sums = np.empty((matrix.shape[1], size, len(weighted)))
            for place, column in enumerate(weighted):
                if size == 1:
                    sums[:, 0, place] = turned @ (reading * column)
                    continue
                spread = sparse.csr_array(
                    (reading * column, where, np.arange(m + 1)), shape=(m, size)
                )
                sums[:, :, place] = (turned @ spread).toarray()
            blocks.append(sums)
        return np.concatenate(blocks)

    def coefficients(self, moments: Floats) -> Floats:
        """Coefficients of all steps, last step first solved; both of shape (J, P)."""
        widths = [one.auxiliaries.matrix.shape[1] for one in self.projections]
        ends = np.cumsum(widths)
        parts = [moments[end - width : end] for end, width in zip(ends, widths, strict=True)]
        solved: dict[int, Floats] = {}
        for s in range(len(parts) - 1, -1, -1):
            left = parts[s]
            for t, coefficients in solved.items():
                left = left - self._crossed[s, t] @ coefficients
            solved[s] = self.projections[s].solve(left)
        return np.concatenate([solved[s] for s in range(len(parts))])


def read_chain(
    steps: Any, frame: nw.DataFrame[Any], weight: Floats, row_unit: Codes, units: int
) -> Chain | None:
    """Understand the steps that a design declares; None where it declares none.

    Parameters
    ----------
    steps
        A step or several in the order in which they were done.
    frame, weight, row_unit, units
        The rows, their final weights, their sampling units and how many units there are.

    Raises
    ------
    ColumnMissing, DesignError
        Every problem of every step at once.
    """
    listed = _without_traceless(listed_steps(steps))
    if not listed:
        return None
    absent = [
        (role, name)
        for step in listed
        for role, name in (("before", step.before), ("after", step.after))
        if name is not None and name not in frame.columns
    ]
    if absent:
        raise ColumnMissing(absent, frame.columns)
    problems: list[str] = []
    projections = []
    for number, step in enumerate(listed):
        following = listed[number + 1].before if number + 1 < len(listed) else None
        after_name = step.after or following
        after = weight if after_name is None else column_of(frame, after_name)
        before = column_of(frame, str(step.before))
        try:
            projections.append(_project(step, frame, before, after, problems))
        except DesignError as error:
            problems.extend(error.problems)
    if problems:
        raise DesignError(problems)
    return Chain(projections, row_unit, units)


def _without_traceless(steps: tuple[WeightStep, ...]) -> tuple[WeightStep, ...]:
    """Leave out a step on margins that the next step has too: it leaves no trace in the weights.

    Poststratification followed by a raking that has its margin among its own gives the weights of
    the raking alone, and so must the variance. R's chain counts both and finds less.
    """
    kept: list[WeightStep] = []
    for step in steps:
        last = kept[-1] if kept else None
        if (
            isinstance(step, Calibration)
            and isinstance(last, Calibration)
            and not last.variables
            and last.within == step.within
            and last.scale is step.scale is None
            and last.after in (None, step.before)
            and set(map(repr, last.margins)) <= set(map(repr, step.margins))
        ):
            step = replace(step, before=last.before)
            kept.pop()
        kept.append(step)
    return tuple(kept)


def _project(
    step: WeightStep,
    frame: nw.DataFrame[Any],
    before: Floats,
    after: Floats,
    problems: list[str],
) -> Projection:
    match step:
        case Calibration():
            return _calibrated(step, frame, before, after, problems)
        case Response():
            return _responded(step, frame, before, after)
        case Propensity():
            return _propensity(step, frame, before, after)


def _calibrated(
    step: Calibration,
    frame: nw.DataFrame[Any],
    before: Floats,
    after: Floats,
    problems: list[str],
) -> Projection:
    auxiliaries = read_auxiliaries(step.margins, step.variables, frame, before != 0, problems)
    base = before
    if step.within is not None:
        group, _ = encode(frame[step.within])
        auxiliaries = auxiliaries.averaged(group)
        base = (np.bincount(group, before) / np.bincount(group))[group]
    if step.scale is not None:
        base = base / numbers_of(frame, step.scale)
    ratio = np.divide(base, after, out=np.zeros_like(base), where=after != 0)
    return Projection(auxiliaries, after, ratio, _inverse(auxiliaries, base))


def _responded(
    step: Response, frame: nw.DataFrame[Any], before: Floats, after: Floats
) -> Projection:
    stands = np.ones(len(frame), dtype=bool) if step.among is None else mask(frame, step.among)
    answered = mask(frame, step.responded) & stands
    columns = as_margin(step.classes).columns if step.classes is not None else ()
    if step.classes is not None and columns:
        cells = cells_of(frame, as_margin(step.classes))
    else:
        cells = Cells(Margin(()), np.zeros(len(frame), dtype=np.intp), ("all",))
    auxiliaries = Auxiliaries.build([cells], [], len(frame))
    base = np.where(answered, before, 0.0)
    # A row that the step gave no weight from a class keeps none; the class's coefficient is the
    # mean of its respondents.
    ratio = np.divide(base, after, out=np.zeros_like(base), where=answered & (after != 0))
    spread = np.where(answered, after, 0.0) - np.where(stands, before, 0.0)
    return Projection(auxiliaries, spread, ratio, _inverse(auxiliaries, base))


def _propensity(
    step: Propensity, frame: nw.DataFrame[Any], before: Floats, after: Floats
) -> Projection:
    problems: list[str] = []
    stands = np.ones(len(frame), dtype=bool) if step.among is None else mask(frame, step.among)
    stands &= before > 0
    answered = mask(frame, step.responded) & stands
    variables = ["1", *(v for v in step.variables if v != "1")]
    auxiliaries = read_auxiliaries(step.margins, variables, frame, stands, problems)
    chance = np.where(stands, column_of(frame, step.propensity), 0.5)
    fitted = np.where(stands, before if step.weighted else 1.0, 0.0)
    # The estimating equation of the logistic model: sum of v (r - p) x is nought.
    return Projection(
        auxiliaries,
        fitted * (answered - chance),
        np.where(answered, 1 - chance, 0.0),
        _inverse(auxiliaries, fitted * chance * (1 - chance)),
    )


def read_auxiliaries(
    margins: Sequence[Any],
    variables: Sequence[str],
    frame: nw.DataFrame[Any],
    needed: NDArray[np.bool_],
    problems: list[str],
) -> Auxiliaries:
    """Read margins and variables; a value missing in a row that is needed is a problem."""
    cells = [cells_of(frame, as_margin(one)) for one in margins]
    columns = [(name, numbers_of(frame, name)) for name in variables]
    for one in cells:
        empty = int(np.count_nonzero((one.code < 0) & needed))
        if empty:
            problems.append(
                f"The margin '{one.margin.name}' has no value in {empty:,} rows with a weight. "
                "Impute it, or give these rows no weight."
            )
    for name, values in columns:
        empty = int(np.count_nonzero(~np.isfinite(values) & needed))
        if empty:
            problems.append(
                f"The auxiliary '{name}' has no value in {empty:,} rows with a weight. Impute it."
            )
    return Auxiliaries.build(cells, columns, len(frame))


def _inverse(auxiliaries: Auxiliaries, base: Floats) -> Floats:
    """Inverse of X' diag(base) X; margins that share their sum make it singular, so generalised."""
    matrix = auxiliaries.matrix
    if auxiliaries.partition:
        diagonal: Floats = np.asarray(matrix.T @ base)
        one: Floats = np.divide(1.0, diagonal, out=np.zeros_like(diagonal), where=diagonal > 0)
        return one
    moments = np.asarray((matrix.T @ (sparse.diags_array(base) @ matrix)).toarray())
    size = np.sqrt(np.where(np.diag(moments) > 0, np.diag(moments), 1.0))
    both = np.outer(size, size)
    inverse = np.linalg.pinv(moments / both, rcond=1e-11, hermitian=True)
    found: Floats = np.asarray(inverse) / both
    return found
