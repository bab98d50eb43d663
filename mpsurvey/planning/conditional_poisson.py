"""Maximum entropy (conditional Poisson) and Sampford sampling, with their joint probabilities.

Both are Poisson samples kept for their size, so both rest on the distribution of a sum of
independent indicators and on taking one indicator out of it again. Taking out is a division of
polynomials, stable when it starts from the side where the indicator's probability is small.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mpsurvey.errors import DesignError
from mpsurvey.planning.inclusion import Array, Mask

__all__ = [
    "conditional_poisson",
    "joint_conditional_poisson",
    "joint_sampford",
    "sampford",
    "working_probabilities",
]

# Table cells (units x sizes) above which finding the working probabilities would take minutes.
LARGEST_TABLE = 2_000_000_000


def _ceiling(p: Array, n: int) -> int:
    """Return a size that the sum exceeds with probability under 1e-17, at most N."""
    spread = float(np.sqrt(np.sum(p * (1 - p))))
    return min(p.size, n + int(np.ceil(10 * spread)) + 40)


def _sum_distribution(p: Array, top: int) -> tuple[Array, Array]:
    """Return P(S = m) and E[sum of (1 - p) over the units drawn; S = m], m = 0..top."""
    f = np.zeros(top + 1)
    b = np.zeros(top + 1)
    f[0] = 1.0
    for one in p.tolist():
        b[1:] = (1 - one) * b[1:] + one * b[:-1] + one * (1 - one) * f[:-1]
        f[1:] = (1 - one) * f[1:] + one * f[:-1]
        f[0] *= 1 - one
    return f, b


def _without(f: Array, p: Array) -> Array:
    """Divide the distributions f[..., m] by ((1 - p) + p x), one p for each leading index."""
    top = f.shape[-1] - 1
    out = np.zeros((*np.broadcast_shapes(f.shape[:-1], p.shape), top + 1))
    whole = np.broadcast_to(f, out.shape)
    p = np.broadcast_to(p, out.shape[:-1])
    low = p <= 0.5
    up, q = p[low], 1 - p[low]
    part = whole[low]
    rising = np.zeros_like(part)
    rising[:, 0] = part[:, 0] / q
    for m in range(1, top + 1):
        rising[:, m] = (part[:, m] - up * rising[:, m - 1]) / q
    out[low] = rising
    up, q = p[~low], 1 - p[~low]
    part = whole[~low]
    falling = np.zeros_like(part)
    for m in range(top, 0, -1):
        falling[:, m - 1] = (part[:, m] - q * falling[:, m]) / up
    out[~low] = falling
    return out


def _without_at(f: Array, p: Array, m: int) -> Array:
    """Return what `_without` gives at m alone, for one distribution f and many p."""
    out = np.zeros(p.size)
    low = p <= 0.5
    up, q = p[low], 1 - p[low]
    value = np.full(up.size, f[0]) / q
    for at in range(1, m + 1):
        value = (f[at] - up * value) / q
    out[low] = value
    up, q = p[~low], 1 - p[~low]
    value = np.zeros(up.size)
    for at in range(f.size - 1, m, -1):
        value = (f[at] - q * value) / up
    out[~low] = value
    return out


def _rescaled(odds: Array, n: int) -> Array:
    """Multiply the odds by one number so that the probabilities sum to n."""
    log_odds = np.log(odds)
    shift = 0.0
    for _ in range(200):
        p = 1 / (1 + np.exp(-(log_odds + shift)))
        gap = n - p.sum()
        if abs(gap) < 1e-13 * max(n, 1):
            break
        shift += float(np.clip(gap / np.sum(p * (1 - p)), -2.0, 2.0))
    return np.asarray(1 / (1 + np.exp(-(log_odds + shift))))


def _size_given(p: Array, n: int) -> Array:
    """Inclusion probabilities of Poisson sampling with p, given that n units are drawn."""
    f, _ = _sum_distribution(p, _ceiling(p, n))
    return np.asarray(p * _without_at(f, p, n - 1) / f[n])


def working_probabilities(pi: Array) -> Array:
    r"""Poisson probabilities that give `pi` once the sample is kept only at size n.

    The odds are multiplied by :math:`\frac{\pi_k / (1-\pi_k)}{\hat\pi_k / (1-\hat\pi_k)}` until
    :math:`\hat\pi`, the probabilities given the size, equal `pi`. Chen, Dempster and Liu (1994),
    Biometrika 81, 457-469; Tillé (2006), algorithm 5.7.

    Parameters
    ----------
    pi
        Probabilities strictly between 0 and 1 that sum to a whole number.
    """
    n = int(np.rint(pi.sum()))
    if pi.size * max(n, 1) > LARGEST_TABLE:
        raise DesignError(
            f"Maximum entropy sampling of {n:,} from {pi.size:,} units would take too long. "
            "Use more strata, or method='pivotal'."
        )
    if n in (0, pi.size) or np.ptp(pi) < 1e-15:
        return pi.copy()
    if n == 1:
        return _rescaled(pi, n)
    if n == pi.size - 1:
        return _rescaled(1 / (1 - pi), n)
    target = pi / (1 - pi)
    odds, stride = target.copy(), 1.0
    best, found, since = np.inf, pi, 0
    while since < 40 and best > 1e-14:
        p = _rescaled(odds, n)
        reached = np.clip(_size_given(p, n), 1e-300, 1 - 1e-16)
        gap = float(np.max(np.abs(reached - pi)))
        since = 0 if gap < 0.9 * best else since + 1
        if gap < best:
            best, found = gap, p
        elif best > 1e-12:
            # A full stride can overshoot for ever when few units are open: two units, one to draw.
            stride = max(stride / 2, 0.25)
        odds = p / (1 - p) * (target / (reached / (1 - reached))) ** stride
    if best > 1e-8:
        raise DesignError(
            f"No working probabilities were found for drawing {n:,} of {pi.size:,} units with "
            "maximum entropy. Use method='pivotal' or method='sampford'."
        )
    return found


def conditional_poisson(pi: Array, rng: np.random.Generator, working: Array | None = None) -> Mask:
    """Draw the sample of greatest entropy among all designs with the probabilities `pi`.

    Use it when the variance is to be estimated with joint probabilities: they exist, are all
    positive, and satisfy the conditions of Yates and Grundy. Hájek (1981).
    """
    p = working_probabilities(pi) if working is None else working
    return _of_size(p, int(np.rint(pi.sum())), rng)


def _of_size(p: Array, n: int, rng: np.random.Generator) -> Mask:
    """Poisson samples, one after the other, until one has n units."""
    at_once = max(1, min(64, 4_000_000 // max(p.size, 1)))
    while True:
        drawn = rng.random((at_once, p.size)) < p
        fits = np.flatnonzero(drawn.sum(axis=1) == n)
        if fits.size:
            return np.asarray(drawn[fits[0]])


def joint_conditional_poisson(pi: Array, chosen: npt.NDArray[np.intp]) -> Array:
    r"""Exact joint probabilities of the units `chosen`.

    .. math:: \pi_{kl} = p_k p_l \, P(S_{-k,-l} = n - 2) / P(S = n)

    with S the Poisson sample size under the working probabilities p.
    """
    n = int(np.rint(pi.sum()))
    joint = np.zeros((chosen.size, chosen.size))
    if n >= 2:
        p = working_probabilities(pi)
        f, _ = _sum_distribution(p, _ceiling(p, n))
        own = p[chosen]
        without_one = _without(f, own)
        for row in range(chosen.size):
            joint[row] = own[row] * own * _without_at(without_one[row], own, n - 2) / f[n]
    joint = (joint + joint.T) / 2
    np.fill_diagonal(joint, pi[chosen])
    return joint


def sampford(pi: Array, rng: np.random.Generator) -> Mask:
    r"""Draw by Sampford's method: fixed size, exact probabilities.

    The sample s has probability proportional to
    :math:`\prod_{k \in s} \frac{\pi_k}{1-\pi_k} \, \sum_{k \in s} (1 - \pi_k)`. Here a Poisson
    sample with the probabilities `pi` is kept when it has n units and, then, with probability
    proportional to the sum, which accepts far more often than drawing with replacement until all
    units differ. Sampford (1967), Biometrika 54, 499-513.
    """
    n = int(np.rint(pi.sum()))
    if n == 0:
        return np.zeros(pi.size, dtype=bool)
    largest = np.sort(1 - pi)[::-1][:n].sum()
    for _ in range(200):
        drawn = _of_size(pi, n, rng)
        if rng.random() * largest < np.sum(1 - pi[drawn]):
            return drawn
    # Units of nearly 1 are hardly ever accepted. The same design, drawn without rejection: a first
    # unit by what it and all samples of the others weigh, then a Poisson sample of n - 1 others.
    f, _ = _sum_distribution(pi, _ceiling(pi, n))
    weight = pi * (1 - pi) * np.clip(_without_at(f, pi, n - 1), 0.0, None)
    first = int(rng.choice(pi.size, p=weight / weight.sum()))
    others = np.flatnonzero(np.arange(pi.size) != first)
    out = np.zeros(pi.size, dtype=bool)
    out[first] = True
    out[others[_of_size(pi[others], n - 1, rng)]] = True
    return out


def joint_sampford(pi: Array, chosen: npt.NDArray[np.intp]) -> Array:
    """Exact joint probabilities of the units `chosen` under `sampford`.

    Sums over all samples with two units inside, by the same divisions as for conditional Poisson,
    for the probability of a size and for the sum of 1 - pi over the units drawn.
    """
    n = int(np.rint(pi.sum()))
    joint = np.zeros((chosen.size, chosen.size))
    if n >= 2:
        f, b = _sum_distribution(pi, _ceiling(pi, n))
        own = pi[chosen]
        weight = own * (1 - own)
        f_one = _without(f, own)
        b_one = _without(b - weight[:, None] * _shifted(f_one), own)
        for row in range(chosen.size):
            f_two = _without(f_one[row], own)
            b_two = _without(b_one[row] - weight[:, None] * _shifted(f_two), own)
            both = (2 - own[row] - own) * f_two[:, n - 2] + b_two[:, n - 2]
            joint[row] = own[row] * own * both / b[n]
    joint = (joint + joint.T) / 2
    np.fill_diagonal(joint, pi[chosen])
    return joint


def _shifted(f: Array) -> Array:
    """Multiply by x: the distribution of one unit more."""
    out = np.zeros_like(f)
    out[..., 1:] = f[..., :-1]
    return out
