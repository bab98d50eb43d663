"""How far imputations lie apart: the covariance of figures combined over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation.estimates import Estimates, Uncertainty

__all__ = ["CombiningRule", "Imputations", "alike", "freedom"]

Floats = NDArray[np.float64]
CombiningRule = Literal["rubin", "iea"]


@dataclass(frozen=True, slots=True, eq=False)
class Imputations:
    """What carries the covariance of combined figures: that of each imputation, and the figures.

    Attributes
    ----------
    parts
        The uncertainty within each imputation, M of them.
    figures
        The figures of each imputation, shape (M, P).
    complete_df
        Degrees of freedom that the figures would have without imputation, shape (P,).
    rule
        How variances are combined.
    """

    parts: tuple[Uncertainty, ...]
    figures: Floats
    complete_df: Floats
    rule: CombiningRule

    def _within(self) -> tuple[Uncertainty, ...]:
        return self.parts[:1] if self.rule == "iea" else self.parts

    def _spread(self) -> Floats:
        """Deviations of the imputations, scaled so that their squares add to (1 + 1/M) B."""
        count = len(self.figures)
        gap = np.nan_to_num(self.figures - self.figures.mean(axis=0))
        return np.asarray(gap * np.sqrt((1 + 1 / count) / (count - 1)))

    def sampling_variance(self) -> Floats:
        """Variance within imputations, shape (P,)."""
        return np.asarray(np.mean([part.variance() for part in self._within()], axis=0))

    def imputation_variance(self) -> Floats:
        """Variance between imputations with its factor 1 + 1/M, shape (P,)."""
        return np.asarray((self._spread() ** 2).sum(axis=0))

    def variance(self) -> Floats:
        """Variance of each figure, shape (P,)."""
        return self.sampling_variance() + self.imputation_variance()

    def covariance(self) -> Floats:
        """Covariance of all figures, shape (P, P)."""
        within = np.mean([part.covariance() for part in self._within()], axis=0)
        spread = self._spread()
        return np.asarray(within + spread.T @ spread)

    def freedom(self) -> Floats:
        """Degrees of freedom of each figure, shape (P,): see `Imputed`."""
        return freedom(
            self.complete_df,
            self.sampling_variance(),
            self.imputation_variance(),
            len(self.figures),
        )

    def mapped(self, function: Any, slope: Floats) -> Imputations:
        """The same for a function of the figures, worked out in each imputation."""
        with np.errstate(divide="ignore", invalid="ignore"):
            figures = np.stack([np.atleast_1d(function(row)) for row in self.figures])
        parts = tuple(part.mapped(function, slope) for part in self.parts)
        return Imputations(parts, figures, self._smallest_df(slope), self.rule)

    def combined(self, matrix: Floats) -> Imputations:
        """The same for linear combinations; `matrix` has shape (r, P)."""
        parts = tuple(part.combined(matrix) for part in self.parts)
        figures = np.nan_to_num(self.figures) @ matrix.T
        return Imputations(parts, figures, self._smallest_df(matrix), self.rule)

    def _smallest_df(self, matrix: Floats) -> Floats:
        part = matrix != 0
        return np.array([self.complete_df[row].min() if row.any() else np.nan for row in part])

    def scaled(self, factors: Floats) -> Imputations:
        """The same for figures that are each multiplied by a number; shape (P,)."""
        parts = tuple(part.scaled(factors) for part in self.parts)
        return Imputations(parts, self.figures * factors, self.complete_df, self.rule)

    def joined(self, other: Imputations) -> Imputations:
        """The same for two results side by side, imputation m of one beside m of the other."""
        if len(other.parts) != len(self.parts) or other.rule != self.rule:
            raise MpsurveyError(
                f"Results of {len(self.parts)} imputations by '{self.rule}' and of "
                f"{len(other.parts)} by '{other.rule}' cannot be compared: their imputations do "
                "not pair."
            )
        parts = tuple(one.joined(two) for one, two in zip(self.parts, other.parts, strict=True))
        figures = np.hstack([self.figures, other.figures])
        df = np.concatenate([self.complete_df, other.complete_df])
        return Imputations(parts, figures, df, self.rule)


def alike(results: Sequence[Estimates]) -> list[Uncertainty]:
    """Uncertainties that can be joined: beside an imputed result, others count in every imputation.

    Parameters
    ----------
    results
        Results of one sample, imputed or not.
    """
    found = [result.uncertainty for result in results]
    imputed = next((one for one in found if isinstance(one, Imputations)), None)
    if imputed is None:
        return found
    count = len(imputed.parts)
    for place, result in enumerate(results):
        part = found[place]
        if not isinstance(part, Imputations):
            figures = result.frame["estimate"].to_numpy(dtype=np.float64)
            df = result.frame["df"].to_numpy(dtype=np.float64)
            same = np.broadcast_to(figures, (count, len(figures)))
            found[place] = Imputations((part,) * count, same, df, imputed.rule)
    return found


def freedom(complete: Floats, sampling: Floats, between: Floats, count: int) -> Floats:
    """Barnard and Rubin's degrees of freedom; those of the design where imputations agree."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = between / (sampling + between)
        old = (count - 1) / share**2
        seen = np.where(
            np.isinf(complete), np.inf, (complete + 1) / (complete + 3) * complete * (1 - share)
        )
        found = 1 / (1 / old + 1 / seen)
    # Imputations that agree do so up to the rounding of their sums.
    return np.asarray(np.where(between > 1e-16 * sampling, found, complete))
