"""Chances to respond, by a logistic model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mpsurvey.design.adjusting import Done, Respond, factor_range
from mpsurvey.design.codes import Codes
from mpsurvey.errors import DesignError

__all__ = ["Propensities", "logistic"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Propensities:
    """Respondents' weights over their chance to respond, by a logistic model.

    Attributes
    ----------
    matrix
        Auxiliaries with a constant, shape (n, J).
    stands, answered
        As in `Respond`.
    groups
        Sort the chances into so many classes of equal weight, and let respondents stand for their
        class; None for weights over the chances themselves.
    """

    matrix: sparse.csr_array
    stands: Mask
    answered: Mask
    groups: int | None = None
    largest: float | None = None

    def run(self, weight: Floats, *, again: bool = False) -> Done:
        """Fit the chances, then divide by them or by their class's rate."""
        here = np.flatnonzero(self.stands & (weight > 0))
        answered = self.answered[here]
        chance = logistic(self.matrix[here], answered.astype(np.float64), weight[here])
        chances = np.full(len(weight), np.nan)
        chances[here] = chance
        if self.groups is None:
            out = np.zeros_like(weight)
            out[here] = np.where(answered, weight[here] / chance, 0.0)
            factors = 1 / chance[answered]
            if self.largest is not None and not again and factors.max() > self.largest:
                raise DesignError(
                    f"The nonresponse factor reaches {factors.max():.3g}, above {self.largest:g}. "
                    "Use method: propensity_classes, a smaller model, or a larger limit."
                )
            facts = {"respondents": int(answered.sum()), "stood for": int((~answered).sum())}
            return Done(out, {**facts, **factor_range(factors)}, {"chance": chances})
        order = np.argsort(chance, kind="stable")
        reached = np.cumsum(weight[here][order])
        group = np.zeros(len(weight), dtype=np.intp)
        group[here[order]] = np.minimum(
            (reached - weight[here][order] / 2) / reached[-1] * self.groups, self.groups - 1
        ).astype(np.intp)
        classes = Respond(
            group, self.groups, self.stands, self.answered, self.largest,
            tuple(f"chance group {g + 1}" for g in range(self.groups)),
        )  # fmt: skip
        done = classes.run(weight, again=again)
        return Done(done.weight, done.facts, {"chance": chances, "class": group + 1})

    def codes(self) -> list[Codes] | None:
        """A model looks at each row."""
        return None

    def reduced(self, rows: Codes) -> Self:
        """Return the step for some rows."""
        return replace(
            self,
            matrix=sparse.csr_array(self.matrix[rows]),
            stands=self.stands[rows],
            answered=self.answered[rows],
        )


def logistic(matrix: sparse.csr_array, answered: Floats, weight: Floats) -> Floats:
    """Chances of a weighted logistic regression, by Newton's method; shape (n,)."""
    moments = (matrix.T @ matrix).toarray()
    size = np.sqrt(np.maximum(np.diag(moments), 1e-300))
    scaled = sparse.csr_array(matrix @ sparse.diags_array(1 / size))
    relative = weight / weight.mean()
    beta = np.zeros(matrix.shape[1])
    chance = np.full(len(weight), 0.5)
    for _ in range(50):
        slope = relative * chance * (1 - chance)
        second = (scaled.T @ (sparse.diags_array(slope) @ scaled)).toarray()
        score = scaled.T @ (relative * (answered - chance))
        move = np.linalg.lstsq(second, score, rcond=1e-10)[0]
        beta = beta + move * min(1.0, 5.0 / max(float(np.abs(scaled @ move).max()), 1e-300))
        fitted = np.clip(scaled @ beta, -35, 35)
        chance = 1 / (1 + np.exp(-fitted))
        if float(np.abs(scaled @ move).max()) < 1e-10:
            break
    else:
        raise DesignError(
            "The propensity model does not settle: some cell has only respondents or only "
            "nonrespondents. Merge its categories, or use classes."
        )
    if float(np.abs(fitted).max()) > 15:
        raise DesignError(
            "The propensity model gives chances of 0 or 1: some cell has only respondents or only "
            "nonrespondents. Merge its categories, or use classes."
        )
    return np.asarray(chance)
