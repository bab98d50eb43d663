"""Figures of several samples, whose covariance is known as a matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mpsurvey.errors import MpsurveyError

__all__ = ["KnownCovariance"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class KnownCovariance:
    """The covariance of P figures of several samples, as a matrix of shape (P, P)."""

    matrix: Floats

    def variance(self) -> Floats:
        """Variance of each figure, shape (P,); never below 0."""
        return np.asarray(np.maximum(np.diag(self.matrix), 0.0))

    def covariance(self) -> Floats:
        """Covariance of all figures, shape (P, P)."""
        return self.matrix.copy()

    def freedom(self) -> Floats:
        """Nothing: a matrix does not tell how well it is known."""
        return np.full(len(self.matrix), np.nan)

    def combined(self, matrix: Floats) -> KnownCovariance:
        """Covariance of linear combinations; `matrix` has shape (r, P)."""
        return KnownCovariance(matrix @ self.matrix @ matrix.T)

    def mapped(self, _function: object, slope: Floats) -> KnownCovariance:
        """Covariance of a function, by its derivative, shape (r, P)."""
        return self.combined(slope)

    def scaled(self, factors: Floats) -> KnownCovariance:
        """Covariance of figures that are each multiplied by a number."""
        return KnownCovariance(self.matrix * np.outer(factors, factors))

    def joined(self, other: object) -> KnownCovariance:
        """Refuse: what two changes share is not known from them."""
        raise MpsurveyError(
            "What these results share with others is not known: they rest on several samples. "
            "Break one result down with by= and compare its rows."
        )
