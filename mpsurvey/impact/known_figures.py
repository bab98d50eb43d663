"""Figures that do not come from the sample, and what their error adds to a result's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation.estimates import Uncertainty

__all__ = ["Given", "WithGiven"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Given:
    """A figure from elsewhere: its value and its standard error."""

    value: float
    error: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class WithGiven:
    r"""Uncertainty of figures of a sample that also rest on figures from elsewhere.

    .. math:: V = V_{\text{sample}} + \sum_a \ell_a \ell_a^\top

    Attributes
    ----------
    sample
        Uncertainty from the sample.
    loading
        By the name of each given figure: derivative of the P figures by it, times its standard
        error, shape (P,).
    """

    sample: Uncertainty
    loading: Mapping[str, Floats]

    @classmethod
    def of(cls, sample: Uncertainty, loading: Mapping[str, Floats]) -> WithGiven:
        """Add the errors of given figures to the uncertainty from a sample."""
        return cls(sample, dict(loading))

    def variance(self) -> Floats:
        """Variance of each figure, shape (P,)."""
        return np.asarray(self.sample.variance() + sum(one**2 for one in self.loading.values()))

    def covariance(self) -> Floats:
        """Covariance of all figures, shape (P, P)."""
        return np.asarray(
            self.sample.covariance() + sum(np.outer(one, one) for one in self.loading.values())
        )

    def freedom(self) -> Floats:
        """Degrees of freedom that the sample shows: given errors are taken as known."""
        return self.sample.freedom()

    def combined(self, matrix: Floats) -> WithGiven:
        """The same for linear combinations; `matrix` has shape (r, P)."""
        return WithGiven(
            self.sample.combined(matrix), {k: matrix @ one for k, one in self.loading.items()}
        )

    def mapped(self, function: Any, slope: Floats) -> WithGiven:
        """The same for a function of the figures; `slope` is its derivative, shape (r, P)."""
        return WithGiven(
            self.sample.mapped(function, slope), {k: slope @ one for k, one in self.loading.items()}
        )

    def scaled(self, factors: Floats) -> WithGiven:
        """The same for figures that are each multiplied by a number; shape (P,)."""
        return WithGiven(
            self.sample.scaled(factors), {k: factors * one for k, one in self.loading.items()}
        )

    def joined(self, other: Any) -> WithGiven:
        """The same for the figures of two results side by side; one name is one given figure."""
        if not isinstance(other, WithGiven):
            raise MpsurveyError(
                "A figure that rests on a given one with an error is compared with others of its "
                "kind only: break one result down with by= and compare its rows."
            )
        mine, theirs = len(self.sample.variance()), len(other.sample.variance())
        names = dict.fromkeys([*self.loading, *other.loading])
        loading = {
            name: np.concatenate(
                [
                    self.loading.get(name, np.zeros(mine)),
                    other.loading.get(name, np.zeros(theirs)),
                ]
            )
            for name in names
        }
        return WithGiven(self.sample.joined(other.sample), loading)
