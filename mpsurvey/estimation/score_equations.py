"""Generalised linear models on arrays: the solution of weighted score equations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, special

from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation.intervals import proportion_interval, t_interval

__all__ = ["FAMILIES", "Family", "FamilyName", "NotFound", "Solution", "orthonormal", "solve"]

Floats = NDArray[np.float64]
FamilyName = Literal["gaussian", "binomial", "poisson"]

_STEPS = 60
_HALVINGS = 30


class NotFound(Exception):
    """The score equations have no finite solution, or none was reached."""


class Family(Protocol):
    """A distribution with its canonical link, so that the variance is also the link's slope."""

    @property
    def ratio(self) -> str | None:
        """What exp(coefficient) is called, where it is called anything."""

    @property
    def title(self) -> str:
        """What such a regression is called."""

    def check(self, y: Floats, /) -> str | None:
        """Say what is wrong with a response, if anything is."""

    def first_guess(self, y: Floats, /) -> Floats:
        """Linear predictor to start from."""

    def mean(self, eta: Floats, /) -> Floats:
        """Mean of the response at a linear predictor."""

    def slope(self, mu: Floats, /) -> Floats:
        """Derivative of the mean by the linear predictor; also the variance function."""

    def deviance(self, y: Floats, mu: Floats, /) -> Floats:
        """Deviance of each row."""

    def limits(
        self, mean: Floats, se: Floats, df: Floats, n: Floats, level: float, /
    ) -> tuple[Floats, Floats]:
        """Interval of a mean response, within the range that it can have."""


class Gaussian:
    """Linear regression."""

    ratio: str | None = None
    title = "Linear regression"

    def check(self, _y: Floats) -> str | None:
        """Any number will do."""
        return None

    def first_guess(self, y: Floats) -> Floats:
        """Return the response itself."""
        return y

    def mean(self, eta: Floats) -> Floats:
        """Identity link."""
        return eta

    def slope(self, mu: Floats) -> Floats:
        """Constant variance."""
        return np.ones_like(mu)

    def deviance(self, y: Floats, mu: Floats) -> Floats:
        """Squared residual."""
        return np.asarray((y - mu) ** 2)

    def limits(
        self, mean: Floats, se: Floats, df: Floats, _n: Floats, level: float
    ) -> tuple[Floats, Floats]:
        """Interval by t."""
        return t_interval(mean, se, df, level)


class Binomial:
    """Logistic regression of a yes-or-no response, or of a share."""

    ratio: str | None = "odds ratio"
    title = "Logistic regression"

    def check(self, y: Floats) -> str | None:
        """Between 0 and 1."""
        if ((y < 0) | (y > 1)).any():
            return "a binomial response lies between 0 and 1; write a rule such as 'lfs == 2'"
        return None

    def first_guess(self, y: Floats) -> Floats:
        """Logit of a response drawn towards one half."""
        return np.asarray(special.logit((y + 0.5) / 2))

    def mean(self, eta: Floats) -> Floats:
        """Inverse logit."""
        return np.asarray(special.expit(eta))

    def slope(self, mu: Floats) -> Floats:
        """Variance mu (1 - mu)."""
        return np.asarray(mu * (1 - mu))

    def deviance(self, y: Floats, mu: Floats) -> Floats:
        """2 (y log(y/mu) + (1-y) log((1-y)/(1-mu)))."""
        near, far = special.xlogy(y, mu), special.xlog1py(1 - y, -mu)
        return np.asarray(2 * (special.xlogy(y, y) + special.xlog1py(1 - y, -y) - near - far))

    def limits(
        self, mean: Floats, se: Floats, df: Floats, n: Floats, level: float
    ) -> tuple[Floats, Floats]:
        """Interval by t on the logit scale."""
        return proportion_interval("logit", mean, se, df, n, level)


class Poisson:
    """Log-linear regression of a count or of another amount that is never negative."""

    ratio: str | None = "rate ratio"
    title = "Poisson regression"

    def check(self, y: Floats) -> str | None:
        """Not negative."""
        return "a poisson response is never negative" if (y < 0).any() else None

    def first_guess(self, y: Floats) -> Floats:
        """Log of a response moved away from 0."""
        return np.asarray(np.log(y + 0.1 * (1 + y.mean())))

    def mean(self, eta: Floats) -> Floats:
        """Exponential."""
        return np.asarray(np.exp(eta))

    def slope(self, mu: Floats) -> Floats:
        """Variance mu."""
        return mu

    def deviance(self, y: Floats, mu: Floats) -> Floats:
        """2 (y log(y/mu) - (y - mu))."""
        return np.asarray(2 * (special.xlogy(y, y) - special.xlogy(y, mu) - (y - mu)))

    def limits(
        self, mean: Floats, se: Floats, df: Floats, _n: Floats, level: float
    ) -> tuple[Floats, Floats]:
        """Interval by t on the log scale."""
        low, high = t_interval(np.log(mean), se / mean, df, level)
        return np.exp(low), np.exp(high)


FAMILIES: dict[FamilyName, Family] = {
    "gaussian": Gaussian(),
    "binomial": Binomial(),
    "poisson": Poisson(),
}


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """The solution of the score equations.

    Attributes
    ----------
    coefficients
        Shape (p,).
    information
        X' W X with the working weights, shape (p, p).
    mean
        Fitted means, shape (m,).
    deviance
        Weighted sum of the rows' deviances.
    """

    coefficients: Floats
    information: Floats
    mean: Floats
    deviance: float


def solve(
    family: Family,
    x: Floats,
    y: Floats,
    weight: Floats,
    offset: Floats | float = 0.0,
    start: Floats | None = None,
) -> Solution:
    r"""Solve the weighted score equations by Fisher scoring with halved steps.

    .. math:: \sum_k w_k x_k (y_k - \mu(x_k^\top \beta + o_k)) = 0

    Weights may be negative, as replicate weights can be. Binder (1983), Int. Stat. Rev. 51,
    279-292.

    Parameters
    ----------
    family
        Distribution and link.
    x
        Columns that are independent and of like size, shape (m, p).
    y, weight
        Shape (m,).
    offset
        Part of the linear predictor that is known, shape (m,).
    start
        Coefficients to start from.

    Raises
    ------
    NotFound
        No solution was reached: the response is separated by the columns, or a set of weights
        leaves a column empty.
    """
    if start is None:
        eta = family.first_guess(y)
        mu = family.mean(eta)
        working = weight * family.slope(mu)
        target = eta - offset + (y - mu) / family.slope(mu)
        beta = _step((x * working[:, None]).T @ x, x.T @ (working * target))
    else:
        beta = start
    mu, deviance = _state(family, x, y, weight, offset, beta)
    for _ in range(_STEPS):
        information = (x * (weight * family.slope(mu))[:, None]).T @ x
        move = _step(information, x.T @ (weight * (y - mu)))
        size = float(np.abs(move).max() / max(1.0, np.abs(beta).max()))
        beta, mu, deviance = _advance(family, (x, y, weight, offset), beta, move, deviance)
        if size < 1e-9 or family.ratio is None:
            # Convergence is quadratic: one step further leaves rounding only.
            information = (x * (weight * family.slope(mu))[:, None]).T @ x
            beta = beta + _step(information, x.T @ (weight * (y - mu)))
            mu, deviance = _state(family, x, y, weight, offset, beta)
            information = (x * (weight * family.slope(mu))[:, None]).T @ x
            return Solution(beta, information, mu, float(deviance))
    raise NotFound


def _state(
    family: Family, x: Floats, y: Floats, weight: Floats, offset: Floats | float, beta: Floats
) -> tuple[Floats, float]:
    with np.errstate(over="ignore", invalid="ignore"):
        mu = family.mean(x @ beta + offset)
        return mu, float(weight @ family.deviance(y, mu))


def _advance(
    family: Family,
    given: tuple[Floats, Floats, Floats, Floats | float],
    beta: Floats,
    move: Floats,
    deviance: float,
) -> tuple[Floats, Floats, float]:
    """Take a step, halved until the deviance does not grow."""
    for _ in range(_HALVINGS):
        mu, found = _state(family, *given, beta + move)
        # Rounding lets the deviance of the solution itself wander in its last digits.
        if np.isfinite(found) and found <= deviance + 1e-8 * (abs(deviance) + 1e-300):
            return beta + move, mu, found
        if not np.isfinite(deviance) and np.isfinite(found):
            return beta + move, mu, found
        move = move / 2
    raise NotFound


def _step(information: Floats, right: Floats) -> Floats:
    if not np.isfinite(information).all():
        raise NotFound
    # The columns are orthonormal under the full weights, so an information far from the unit
    # matrix says that some direction has no data left.
    scale = np.sqrt(np.abs(np.diag(information)))
    if not (scale > 0).all():
        raise NotFound
    standard = information / np.outer(scale, scale)
    if np.linalg.cond(standard) > 1e13:
        raise NotFound
    return np.asarray(np.linalg.solve(standard, right / scale) / scale)


def dependent_columns(triangle: Floats, names: tuple[str, ...]) -> list[str]:
    """Columns that the others make up, from the triangle of a QR decomposition.

    >>> one = np.array([[1.0, 0, 2], [1, 1, 3], [1, 2, 4]])
    >>> dependent_columns(np.linalg.qr(one)[1], ("a", "b", "c"))
    ['c']
    """
    size = np.sqrt((triangle**2).sum(axis=0))
    kept: list[int] = []
    lost: list[str] = []
    for place, name in enumerate(names):
        column = triangle[:, place]
        left = column
        if kept:
            basis = np.linalg.qr(triangle[:, kept] / size[kept])[0]
            left = column - basis @ (basis.T @ column)
            left = left - basis @ (basis.T @ left)
        if size[place] == 0 or np.linalg.norm(left) < 1e-7 * size[place]:
            lost.append(name)
        else:
            kept.append(place)
    return lost


def orthonormal(x: Floats, weight: Floats, names: tuple[str, ...]) -> tuple[Floats, Floats]:
    """Columns made orthonormal under the weights, and the matrix T that makes them: q = x T.

    Raises
    ------
    MpsurveyError
        Columns are linearly dependent; they are named.
    """
    root = np.sqrt(weight / weight.sum())
    triangle = np.atleast_2d(np.linalg.qr(x * root[:, None], mode="r"))
    lost = dependent_columns(triangle, names)
    if lost or len(x) < len(names):
        if not lost:
            raise MpsurveyError(f"{len(names)} coefficients cannot be found from {len(x)} rows.")
        said = ", ".join(repr(name) for name in lost)
        raise MpsurveyError(
            f"The other columns already say what {said} {'says' if len(lost) == 1 else 'say'}: the "
            "coefficients are not determined. Leave out one of the variables that repeat each "
            "other, or a category that nobody has."
        )
    inverse = linalg.solve_triangular(triangle, np.eye(len(triangle)))
    return x @ inverse, np.asarray(inverse)
