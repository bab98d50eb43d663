"""Selection by permanent random numbers: samples that overlap as much, or as little, as wanted."""

from __future__ import annotations

import numpy as np

from mpsurvey.planning.inclusion import Array, Mask

__all__ = ["pareto", "poisson", "smallest"]


def smallest(prn: Array, n: int, start: float) -> Mask:
    """Draw the n units whose permanent random numbers come first after `start`, round the circle.

    Simple random sampling. The same start gives the greatest overlap between two surveys; a start
    behind the first sample's last number gives the least. Ohlsson (1995), in Business Survey
    Methods, chapter 9.
    """
    turned = (prn - start) % 1.0
    chosen = np.zeros(prn.size, dtype=bool)
    chosen[np.argsort(turned, kind="stable")[:n]] = True
    return chosen


def poisson(pi: Array, prn: Array, start: float) -> Mask:
    """Draw each unit whose number, counted from `start`, is under its probability.

    The probabilities are exact and every pair is independent; the size varies. Brewer, Early and
    Joyce (1972), Australian Journal of Statistics 14, 231-239.
    """
    return np.asarray((prn - start) % 1.0 < pi)


def pareto(pi: Array, prn: Array, start: float) -> Mask:
    r"""Draw the n units of smallest :math:`\frac{u/(1-u)}{\pi/(1-\pi)}`: fixed size, coordinated.

    The probabilities are those wanted up to an error that vanishes as the sample grows; with two or
    three units left to chance it is several percent.
    Rosén (1997), Journal of Statistical Planning and Inference 62, 159-191.
    """
    u = (prn - start) % 1.0
    with np.errstate(divide="ignore"):
        rank = np.log(u) - np.log1p(-u) - np.log(pi) + np.log1p(-pi)
    chosen = np.zeros(pi.size, dtype=bool)
    chosen[np.argsort(rank, kind="stable")[: int(np.rint(pi.sum()))]] = True
    return chosen
