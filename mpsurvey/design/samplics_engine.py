"""What weighting asks of samplics: the only file of this stage that imports it.

samplics 0.6.1 adjusts, normalises, poststratifies, rakes and calibrates rightly when it is fed
clean and compact input, and goes wrong in silence otherwise: whole-number weights are truncated,
names of controls are ignored, bounds are tested but not kept, raking stops without a word, classes
without respondents crash, and calibration builds an n x n matrix. So every call here passes floats
that are finite and positive, classes numbered without gaps, controls as Python floats in column
order, and totals of cells instead of rows; and every result is checked against the identity it
must obey before it leaves.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpsurvey.design.codes import Codes
from mpsurvey.errors import DesignError

__all__ = ["kish_effect", "linear_step", "normalise", "poststratify", "rake", "response_factors"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

MET = 1e-9
"""Largest relative distance at which a total counts as met."""


@cache
def _weighting() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it announces its end of life at import
        from samplics.weighting import SampleWeight

    return SampleWeight


def _call(work: Callable[[], Any]) -> Floats:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return np.asarray(work(), dtype=np.float64)


def _clean(weight: Any, what: str = "weight") -> Floats:
    """Floats of their own memory; a whole-number array would be truncated in silence."""
    values = np.array(weight, dtype=np.float64)
    if not np.isfinite(values).all() or (values <= 0).any():
        raise DesignError(f"A {what} to adjust must be a number above 0 in every cell.")
    return values


def _sums(weight: Floats, code: Codes, size: int) -> Floats:
    return np.asarray(np.bincount(code, weights=weight, minlength=size), dtype=np.float64)


def _check(found: Floats, wanted: Floats, what: str, tolerance: float = MET) -> None:
    size = max(float(np.abs(wanted).max(initial=0.0)), 1e-300)
    gap = float(np.abs(found - wanted).max(initial=0.0)) / size
    if not gap <= tolerance:  # also when it is not a number
        raise DesignError(
            f"{what}: the totals are missed by a relative {gap:.2g}. They may contradict each "
            "other, or some cell may have nobody to stand for it."
        )


def response_factors(weight: Floats, group: Codes, size: int, responded: Mask) -> Floats:
    r"""Factors by which respondents stand for their class, shape (size,).

    Parameters
    ----------
    weight
        Weights of the rows that are to be stood for, respondents or not, shape (n,).
    group
        Class of each row, 0 to size - 1; every class has a respondent with a weight.
    responded
        Who answered, shape (n,).

    Notes
    -----
    .. math:: f_c = \sum_{k \in c} w_k \Big/ \sum_{k \in c, \text{resp.}} w_k

    samplics sees one row per class and status: 4 K instead of n.
    """
    answered = _sums(weight * responded, group, size)
    silent = _sums(weight * ~responded, group, size)
    if (answered <= 0).any():
        raise DesignError(
            f"{int((answered <= 0).sum())} class(es) have nobody who responded: merge them."
        )
    some = np.flatnonzero(silent > 0)
    factors = np.ones(size)
    if len(some):
        # A class without nonrespondents keeps factor 1 and is left out: samplics would divide by 0.
        totals = _clean(np.concatenate([answered[some], silent[some]]))
        status = np.repeat(["rr", "nr"], len(some))
        classes = np.tile(np.arange(len(some)), 2)
        mapping = {"rr": "rr", "nr": "nr", "in": "in", "uk": "uk"}
        adjusted = _call(lambda: _weighting()().adjust(totals, classes, status, resp_dict=mapping))
        factors[some] = adjusted[: len(some)] / answered[some]
    _check(factors * answered, answered + silent, "Adjusting for nonresponse")
    return factors


def normalise(weight: Floats, total: float) -> float:
    """Return the factor that brings the sum of weights to a total."""
    whole = _clean(np.array([weight.sum()]))
    scaled = _call(lambda: _weighting()().normalize(whole, control=float(total)))
    _check(scaled, np.array([float(total)]), "Rescaling")
    return float(scaled[0] / whole[0])


def poststratify(sums: Floats, totals: Floats) -> Floats:
    """Return the factor of each cell, from its sum of weights and its known total; shape (C,)."""
    cells = _clean(sums, "cell's sum of weights")
    control = dict(enumerate(_clean(totals, "total").tolist()))
    scaled = _call(
        lambda: _weighting()().poststratify(cells, control=control, domain=np.arange(len(cells)))
    )
    _check(scaled, totals, "Poststratifying")
    return scaled / cells


def rake(
    weight: Floats, margins: Sequence[Codes], totals: Sequence[Floats], *, most: int = 200
) -> tuple[Floats, bool]:
    """Rake cells to margins by iterative proportional fitting.

    Parameters
    ----------
    weight
        Sum of weights of each cell of all margins crossed, shape (Q,).
    margins
        For each margin, the category of each cell, shape (Q,).
    totals
        For each margin, the known totals of its categories.
    most
        Passes at most.

    Returns
    -------
    factors, met
        `factors`, shape (Q,); `met` tells whether every margin is met. samplics itself never says
        that it has not got there.
    """
    cells = _clean(weight)
    named = {f"m{i}": np.asarray(code) for i, code in enumerate(margins)}
    control = {
        f"m{i}": dict(enumerate(_clean(total, "total").tolist())) for i, total in enumerate(totals)
    }
    raked = _call(
        lambda: _weighting()().rake(
            cells, margins=named, control=control, tol=1e-13, ctrl_tol=1e-13, max_iter=most
        )
    )
    whole = max(float(total.max()) for total in totals)
    gap = max(
        float(np.abs(_sums(raked, code, len(total)) - total).max())
        for code, total in zip(margins, totals, strict=True)
    )
    return raked / cells, bool(gap <= 1e-12 * whole)


def linear_step(moments: Floats, gap: Floats) -> Floats:
    r"""Solve :math:`M \lambda = g` with samplics' linear calibration.

    Parameters
    ----------
    moments
        M = sum of v x x', shape (p, p), of full rank.
    gap
        g: totals wanted less totals found, shape (p,).

    Notes
    -----
    The p rows of the Cholesky factor R of M go in as p units of weight 1, whose moments are M as
    well; their calibrated weights are :math:`1 + R \lambda`. So n does not matter: samplics' own
    matrix would be n x n. Calibrating pseudo-weights so, again and again, is Newton's method for
    any distance.
    """
    size = np.sqrt(np.diag(moments))
    factor = np.linalg.cholesky(moments / np.outer(size, size)).T  # R'R = M, columns scaled
    scaled = gap / size
    reach = max(float(np.abs(scaled).max()), 1e-300)
    control = {f"x{j}": float(v) for j, v in enumerate(factor.sum(axis=0) + scaled / reach)}
    ones = np.ones(len(gap))
    moved = _call(lambda: _weighting()().calibrate(ones, aux_vars=factor.copy(), control=control))
    solved = np.linalg.solve(factor, moved - 1.0) * reach
    return np.asarray(solved / size)


def kish_effect(weight: Floats) -> float:
    r"""Kish's design effect of unequal weights, :math:`n \sum w^2 / (\sum w)^2`."""
    kept = _clean(weight[weight > 0])
    found = _weighting()().calculate_deff_weight(kept)
    return float(found)
