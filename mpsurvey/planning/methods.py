"""The ways to draw within one stratum: each with its probabilities and its joint probabilities."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from mpsurvey.errors import DesignError
from mpsurvey.planning import (
    balancing,
    conditional_poisson,
    draw_by_draw,
    equal,
    permanent,
    samplics_engine,
    splitting,
)
from mpsurvey.planning.inclusion import CERTAIN, Array, Mask, inclusion_probabilities

__all__ = ["BY_NUMBER", "METHODS", "SIZED", "Method", "Request", "Selection", "select"]

Method = Literal[
    "srs",
    "systematic",
    "pps_systematic",
    "brewer",
    "sampford",
    "tille",
    "pivotal",
    "max_entropy",
    "cube",
    "poisson",
    "pareto",
]
METHODS: tuple[str, ...] = get_args(Method)
SIZED = ("pps_systematic", "brewer", "sampford", "tille", "pareto")
BY_NUMBER = ("srs", "poisson", "pareto")

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One draw from one stratum.

    Attributes
    ----------
    method : str
        One of `METHODS`.
    n, reserve : int
        Units to draw, and units to hold ready besides.
    size : ndarray
        Measure of size, shape (N,); ones for equal probabilities.
    forced : ndarray of bool
        Units taken for certain whatever their size.
    list_order : ndarray of int or None
        The order of the list; None draws in random order where the method takes a list.
    balance : ndarray
        Balancing variables, shape (N, q).
    prn : ndarray or None
        Permanent random numbers in [0, 1).
    start : float
        Where on the circle the permanent random numbers are counted from.
    """

    method: str
    n: int
    reserve: int
    size: Array
    forced: Mask
    list_order: Indices | None
    balance: Array
    prn: Array | None
    start: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What was drawn from one stratum, and with what probabilities.

    Attributes
    ----------
    chosen, reserve : ndarray of int
        Positions in the stratum's list, ascending.
    pi : ndarray
        Probability of being in the main sample, shape (N,).
    pi_with_reserve : ndarray
        Probability of being in the sample or the reserve, shape (N,).
    open_list : ndarray of int
        Positions of the units that were left to chance, in the order they were drawn from.
    method : str
        How.
    ordered : bool
        Whether the order of the open list was the caller's.
    names : ndarray
        The chosen units as the caller names them.
    """

    chosen: Indices
    reserve: Indices
    pi: Array
    pi_with_reserve: Array
    open_list: Indices
    method: str
    ordered: bool
    names: npt.NDArray[Any] = field(default_factory=lambda: np.empty(0))

    def named(self, names: npt.NDArray[Any]) -> Selection:
        """Return the same selection with the caller's names of the chosen units."""
        return replace(self, names=names)

    @property
    def joint_status(self) -> str:
        """How the joint probabilities are known: 'exact', or what they are approximated by."""
        open_pi = self.pi_with_reserve[self.open_list]
        if self.method == "brewer":
            n = int(np.rint(open_pi.sum()))
            if n > 2 and not draw_by_draw.brewer_is_enumerable(open_pi.size, n):
                return _BY_ENTROPY
        if np.ptp(open_pi) < 1e-15 if open_pi.size else True:
            symmetric = ("srs", "pareto", "brewer", "sampford", "tille", "max_entropy")
            if self.method in symmetric or (
                self.method in ("systematic", "pps_systematic", "pivotal") and not self.ordered
            ):
                return "exact"
        if self.method in ("pareto",) or (self.method == "pivotal" and not self.ordered):
            return _BY_ENTROPY
        if self.method in ("systematic", "pps_systematic") and not self.ordered:
            return "approximated by Hartley and Rao's series for random order"
        if self.method == "cube":
            return "none: they depend on the balancing variables"
        return "exact"

    def joint(self) -> Array:
        """Joint probabilities of the chosen units, shape (n, n), own probabilities on the diagonal.

        Raises
        ------
        DesignError
            If the method has no joint probabilities to compute.
        """
        status = self.joint_status
        if status.startswith("none"):
            raise DesignError(
                "The cube method has no joint probabilities in closed form. Use the variance for "
                "balanced samples (balanced_variance), which needs the probabilities only."
            )
        own, with_reserve = self.pi[self.chosen], self.pi_with_reserve[self.chosen]
        joint = with_reserve[:, None] * with_reserve[None, :]
        place = np.full(self.pi.size, -1)
        place[self.open_list] = np.arange(self.open_list.size)
        at = place[self.chosen]
        by_chance = np.flatnonzero(at >= 0)
        if by_chance.size > 1 and self.method != "poisson":
            pi = self.pi_with_reserve[self.open_list]
            block = _joint_open(self.method, status, pi, at[by_chance], ordered=self.ordered)
            joint[np.ix_(by_chance, by_chance)] = block
        if self.reserve.size:
            # The main sample is a simple random part of what was drawn from this pool.
            pool = own < CERTAIN
            kept = int(np.rint(self.pi[self.pi < CERTAIN].sum()))
            drawn = kept + self.reserve.size
            joint *= np.where(pool[:, None], kept / drawn, 1) * np.where(pool, kept / drawn, 1)
            joint[np.ix_(pool, pool)] *= (kept - 1) * drawn / (kept * (drawn - 1))
        np.fill_diagonal(joint, own)
        return joint


_BY_ENTROPY = "approximated by those of the maximum entropy design of the same probabilities"


def select(request: Request, rng: np.random.Generator) -> Selection:
    """Draw from one stratum.

    The units that are certain are set aside; the others are drawn by the method asked. A reserve is
    drawn together with the main sample, which is then a simple random part of what was drawn, so
    both the main sample and the two together have known probabilities.
    """
    N = request.size.size
    pi = np.ones(N)
    free = np.flatnonzero(~request.forced)
    wanted = request.n - int(request.forced.sum())
    if free.size:
        pi[free] = inclusion_probabilities(request.size[free], wanted)
    open_units = np.flatnonzero(pi < CERTAIN)
    main_n = request.n - (N - open_units.size)
    pi_with_reserve = pi.copy()
    held = min(request.reserve, max(open_units.size - main_n, 0)) if main_n else 0
    if held:
        pi_with_reserve[open_units] = inclusion_probabilities(
            request.size[open_units], main_n + held
        )
        pi[open_units] = pi_with_reserve[open_units] * main_n / (main_n + held)
    chance = np.flatnonzero(pi_with_reserve < CERTAIN)
    ordered = request.list_order is not None and request.method in _LISTED
    if ordered and request.list_order is not None:
        open_list = request.list_order[np.isin(request.list_order, chance)]
    elif request.method in _LISTED:
        open_list = rng.permutation(chance)
    else:
        open_list = chance
    drawn = _draw_open(request, pi_with_reserve, open_list, rng)
    sure = np.flatnonzero(pi_with_reserve >= CERTAIN)
    if held:
        # Units certain with the reserve but not without take part in the split.
        pool = np.concatenate([drawn, np.setdiff1d(sure, np.flatnonzero(pi >= CERTAIN))])
        keep = equal.simple_random(pool.size, main_n, rng)
        chosen = np.concatenate([pool[keep], np.flatnonzero(pi >= CERTAIN)])
        reserve = np.sort(pool[~keep])
    else:
        chosen = np.concatenate([drawn, sure])
        reserve = np.empty(0, dtype=np.intp)
    return Selection(
        chosen=np.sort(chosen),
        reserve=reserve,
        pi=pi,
        pi_with_reserve=pi_with_reserve,
        open_list=open_list,
        method=request.method,
        ordered=ordered,
    )


_LISTED = ("systematic", "pps_systematic", "pivotal")


def _draw_open(
    request: Request, pi: Array, open_list: Indices, rng: np.random.Generator
) -> Indices:
    """Draw from the units left to chance; return their positions in the stratum."""
    open_pi = pi[open_list]
    n = int(np.rint(open_pi.sum()))
    if n == 0 and request.method != "poisson":
        return np.empty(0, dtype=np.intp)
    prn = rng.random(open_pi.size) if request.prn is None else request.prn[open_list]
    match request.method:
        case "srs" if request.prn is not None:
            mask = permanent.smallest(prn, n, request.start)
        case "srs":
            mask = samplics_engine.simple_random(open_pi.size, n, rng)
        case "pps_systematic" if samplics_engine.fits_pps_systematic(open_pi.size, n):
            mask = samplics_engine.pps_systematic(open_pi, rng)
        case "systematic" | "pps_systematic":
            mask = equal.systematic(open_pi, rng)
        case "brewer":
            mask = draw_by_draw.brewer(open_pi, rng)
        case "sampford":
            mask = conditional_poisson.sampford(open_pi, rng)
        case "tille":
            mask = draw_by_draw.tille(open_pi, rng)
        case "max_entropy":
            mask = conditional_poisson.conditional_poisson(open_pi, rng)
        case "pivotal" if request.list_order is not None:
            mask = splitting.ordered_pivotal(open_pi, rng)
        case "pivotal":
            mask = splitting.random_pivotal(open_pi, rng)
        case "cube":
            mask = balancing.cube(open_pi, request.balance[open_list], rng)
        case "poisson":
            mask = permanent.poisson(open_pi, prn, request.start)
        case _:
            mask = permanent.pareto(open_pi, prn, request.start)
    return open_list[mask]


def _joint_open(method: str, status: str, pi: Array, at: Indices, *, ordered: bool) -> Array:
    if np.ptp(pi) < 1e-15 and not ordered:
        n = int(np.rint(pi.sum()))
        joint = np.full((at.size, at.size), n * (n - 1) / (pi.size * (pi.size - 1)))
        np.fill_diagonal(joint, pi[at])
        return joint
    if status == _BY_ENTROPY:
        return conditional_poisson.joint_conditional_poisson(pi, at)
    match method:
        case "systematic" | "pps_systematic" if not ordered:
            return _hartley_rao(pi, at)
        case "systematic" | "pps_systematic":
            return equal.joint_systematic(pi, at)
        case "brewer":
            return draw_by_draw.joint_brewer(pi, at)
        case "sampford":
            return conditional_poisson.joint_sampford(pi, at)
        case "tille":
            return draw_by_draw.joint_tille(pi, at)
        case "pivotal":
            return splitting.joint_ordered_pivotal(pi, at)
        case _:
            return conditional_poisson.joint_conditional_poisson(pi, at)


def _hartley_rao(pi: Array, at: Indices) -> Array:
    """Systematic PPS in random order, to the order N^-4. Hartley and Rao (1962), AMS 33, 350-374.

    The formula is equation (5.17) there, with pi = n p.
    """
    n = float(np.rint(pi.sum()))
    own = pi[at]
    a, b = own[:, None], own[None, :]
    square, cube = np.sum(pi**2), np.sum(pi**3)
    ab = a * b
    joint = (
        (n - 1) / n * ab
        + (n - 1) / n**2 * (a * ab + ab * b)
        - (n - 1) / n**3 * ab * square
        + 2 * (n - 1) / n**3 * (a**2 * ab + ab * b**2 + ab**2)
        - 3 * (n - 1) / n**4 * (a * ab + ab * b) * square
        + 3 * (n - 1) / n**5 * ab * square**2
        - 2 * (n - 1) / n**4 * ab * cube
    )
    np.fill_diagonal(joint, own)
    return np.asarray(joint)
