"""Cutting the largest weights, with what was cut given to the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from mpsurvey.design.adjusting import Done, Fit
from mpsurvey.design.codes import Codes
from mpsurvey.errors import DesignError

__all__ = ["Trim", "cut", "limit"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Trim:
    """Cut the largest weights and give what is cut to the others of the group.

    Attributes
    ----------
    rule
        ``"median"`` or ``"mean"`` (a multiple of it), ``"iqr"`` (median plus a multiple),
        ``"potter"`` (least mean squared error of the weights) or ``"value"``.
    multiple
        The multiple, or the value.
    group, size
        Groups within which limits are found and sums kept, shape (n,).
    below, below_rule
        Likewise from below, or None.
    refit
        The calibration whose totals are kept while cutting, if that is asked for.
    ratio
        In replicates: by how much each row was cut in the whole sample, shape (n,). A unit that a
        replicate counts twice has no extreme weight because of that, so rows are cut as they were.
    """

    rule: Literal["median", "mean", "iqr", "potter", "value"]
    multiple: float
    group: Codes
    size: int
    below: float | None = None
    below_rule: Literal["median", "mean", "value"] = "value"
    refit: Fit | None = None
    ratio: Floats | None = None

    def run(self, weight: Floats, *, again: bool = False) -> Done:
        """Cut, and share what was cut out."""
        if self.ratio is not None:
            return self._as_before(weight)
        out = weight.copy()
        upper, lower = np.full(len(weight), np.inf), np.zeros(len(weight))
        for g in range(self.size):
            rows = np.flatnonzero((self.group == g) & (weight > 0))
            if not len(rows):
                continue
            high = limit(weight[rows], self.rule, self.multiple)
            low = 0.0
            if self.below is not None:
                low = limit(weight[rows], self.below_rule, self.below)
            upper[rows], lower[rows] = high, low
            out[rows] = cut(weight[rows], low, high)
        some = weight > 0
        safe = np.where(some, weight, 1.0)
        cut_rows = int(np.count_nonzero(some & ((weight > upper) | (weight < lower))))
        if self.refit is not None and cut_rows:
            out = self._refit(out, lower, upper, again=again)
        return Done(
            out,
            {
                "cut": cut_rows,
                "largest limit": float(upper[some].max(initial=0.0)),
                "share of weight cut": float(
                    np.maximum(weight - upper, 0)[some].sum() / weight.sum()
                ),
            },
            again=replace(self, ratio=np.where(some, np.clip(weight, lower, upper) / safe, 1.0)),
        )

    def _as_before(self, weight: Floats) -> Done:
        """Cut the rows that were cut in the whole sample, by as much, and keep the group's sum."""
        assert self.ratio is not None  # noqa: S101
        trimmed = self.ratio != 1
        out = weight * self.ratio
        whole = np.bincount(self.group, weight, self.size)
        fixed = np.bincount(self.group, np.where(trimmed, out, 0.0), self.size)
        loose = np.bincount(self.group, np.where(trimmed, 0.0, out), self.size)
        factors = np.divide(whole - fixed, loose, out=np.ones(self.size), where=loose > 0)
        out = np.where(trimmed, out, out * factors[self.group])
        if self.refit is not None and trimmed.any():
            out = self.refit.run(out, again=True).weight
        return Done(out)

    def _refit(self, weight: Floats, lower: Floats, upper: Floats, *, again: bool) -> Floats:
        """Calibrate again with each row's own bounds, so that totals are met and limits kept."""
        assert self.refit is not None  # noqa: S101
        safe = np.where(weight > 0, weight, 1.0)
        slack = 1e-9
        bounds = (
            np.minimum(lower / safe, 1 - slack),
            np.maximum(np.where(np.isfinite(upper), upper, 1e6 * safe) / safe, 1 + slack),
        )
        fit = replace(self.refit, method="calibrate", distance="linear", bounds=bounds)
        try:
            return fit.run(weight, again=again).weight
        except DesignError:
            raise DesignError(
                "No weights within the limits meet the totals: somewhere nearly all weights are at "
                "the limit. Find limits within groups (above: '3 x median by region'), choose "
                "a higher one, or keep: sum."
            ) from None

    def codes(self) -> list[Codes] | None:
        """Each row's own weight counts."""
        return None

    def reduced(self, rows: Codes) -> Self:
        """Return the step for some rows."""
        ratio = None if self.ratio is None else self.ratio[rows]
        return replace(self, group=self.group[rows], ratio=ratio)


def limit(weight: Floats, rule: str, multiple: float) -> float:
    """Where weights are cut."""
    if rule == "value":
        return multiple
    if rule == "median":
        return multiple * float(np.median(weight))
    if rule == "mean":
        return multiple * float(weight.mean())
    if rule == "iqr":
        quarter, half, three = np.quantile(weight, [0.25, 0.5, 0.75])
        return float(half + multiple * (three - quarter))
    return _least_error(weight)


def _least_error(weight: Floats) -> float:
    r"""Limit with the least mean squared error for a variable unrelated to the weights' tail.

    .. math:: MSE(t) = B(t)^2 + V(t), \quad
              B = \bar y \sum (w - w_t), \; V = S_y^2 \sum w_t^2

    with :math:`w_t` the trimmed weights after sharing out, for a variable with a coefficient of
    variation of 1 whose mean is 1 among those cut and 0 shift elsewhere. Potter (1990),
    Proceedings of the Section on Survey Research Methods, ASA, 225-230.
    """
    ordered = np.sort(weight)[::-1]
    # Sums of the k largest, and of all but those, and likewise of squares.
    heads = np.concatenate([[0.0], np.cumsum(ordered)])
    whole = heads[-1]
    tails = whole - heads
    squares = np.concatenate([np.cumsum((ordered**2)[::-1])[::-1], [0.0]])
    largest, mean = float(ordered[0]), float(whole / len(ordered))
    grid = np.geomspace(1.05 * mean, max(largest, 1.05 * mean), 60)
    tries = np.concatenate([np.quantile(ordered, np.linspace(0.80, 1.0, 81)), grid])
    tries = np.unique(tries[tries > mean * (1 + 1e-6)])
    best, chosen = np.inf, largest
    for top in tries:
        k, factor = _cut_count(ordered, tails, float(top))
        # Above the limit: cut to it. Below: lifted, unless lifting would pass the limit.
        before = int(np.searchsorted(-ordered, -top, side="left"))
        bias = (heads[before] - before * top) / whole
        error = bias**2 + (k * top**2 + factor**2 * squares[k]) / whole**2
        if error < best:
            best, chosen = error, float(top)
    return chosen


def _cut_count(ordered: Floats, tails: Floats, top: float) -> tuple[int, float]:
    """How many of the largest weights end at a limit, and the factor that lifts the others.

    `ordered` falls, and `tails[k]` is the sum of all but the k largest. The largest weights are
    fixed one after another until lifting the rest passes the limit no more.
    """
    count, whole = len(ordered), tails[0]
    k = int(np.searchsorted(-ordered, -top, side="left"))
    while 0 < k < count and tails[k] > 0:
        factor = float((whole - k * top) / tails[k])
        beyond = int(np.searchsorted(-ordered, -top * (1 + 1e-12) / factor, side="left"))
        if beyond <= k:
            return k, factor
        k = beyond
    return k, 1.0


def cut(weight: Floats, low: float, high: float) -> Floats:
    """Cut weights at limits and share the difference among the others, in proportion.

    The sum of weights stays. Where sharing lifts another weight above the limit, it is cut too.
    """
    if weight.max(initial=0.0) <= high and weight.min(initial=np.inf) >= low:
        return weight.copy()
    whole = weight.sum()
    if high * len(weight) <= whole * (1 + 1e-12) or low * len(weight) >= whole:
        raise DesignError(
            f"A limit of {high:,.6g} leaves no room for a sum of weights of {whole:,.6g} over "
            f"{len(weight):,} rows. Choose a higher limit."
        )
    out = np.clip(weight, low, high)
    fixed = (weight > high) | (weight < low)
    for _ in range(len(weight) + 1):
        loose = out[~fixed].sum()
        if not fixed.any() or loose <= 0:
            break
        factor = (whole - out[fixed].sum()) / loose
        trial = out[~fixed] * factor
        beyond = (trial > high * (1 + 1e-12)) | (trial < low * (1 - 1e-12))
        if not beyond.any():
            out[~fixed] = trial
            break
        place = np.flatnonzero(~fixed)[beyond]
        out[place] = np.clip(trial[beyond], low, high)
        fixed[place] = True
    return out
