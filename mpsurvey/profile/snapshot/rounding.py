"""Intervals rounded outwards: the words say no more than the figures."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Rounded", "one_in", "outward", "supported"]

_SLACK = 1e-9
"""Ends that are a whole number but for the computer's arithmetic stay where they are."""


@dataclass(frozen=True, slots=True)
class Rounded:
    """An interval whose ends are multiples of 10 ** -digits; negative digits are tens, hundreds."""

    low: float
    high: float
    digits: int

    @property
    def decimals(self) -> int:
        """Decimals that show the ends."""
        return max(self.digits, 0)


def outward(
    low: float, high: float, *, coarsest: int | None = None, room: float = 1.3, finest: int = 12
) -> Rounded:
    """Round the ends of an interval away from each other, as coarsely as is fair.

    The result holds the interval, and is at most `room` times as wide.

    Parameters
    ----------
    low, high
        The interval; ``low < high``, both finite.
    coarsest
        Digits to begin with; by default the size of the interval's width.
    room
        How much wider the rounded interval may be.
    finest
        Digits at which the search ends.

    Examples
    --------
    >>> outward(11.3, 13.6, coarsest=0, room=1.6)
    Rounded(low=11.0, high=14.0, digits=0)
    >>> outward(197098600, 260904300)
    Rounded(low=190000000.0, high=270000000.0, digits=-7)
    """
    width = high - low
    if not (math.isfinite(width) and width > 0):
        raise ValueError("An interval needs two different finite ends.")
    start = -math.ceil(math.log10(width)) if coarsest is None else coarsest
    # Below this many digits, floats of this size have no digits of their own.
    last = max(start, min(finest, 14 - math.ceil(math.log10(max(abs(low), abs(high))))))
    for digits in range(start, last + 1):
        ends = _ends(low, high, digits)
        if ends.high - ends.low <= room * width:
            return ends
    return _ends(low, high, last)


def _ends(low: float, high: float, digits: int) -> Rounded:
    size = 10.0**digits if digits >= 0 else 1 / 10.0**-digits
    below = math.floor(low * size + _SLACK * max(1.0, abs(low * size)))
    above = math.ceil(high * size - _SLACK * max(1.0, abs(high * size)))
    if digits >= 0:
        return Rounded(below / size, above / size, digits)
    return Rounded(below * 10.0**-digits, above * 10.0**-digits, digits)


def one_in(low: float, high: float) -> int | None:
    """Return k where a whole interval of a share is near 1 in k, for k of 2 to 20.

    Near is: rounds to it, and is at most 15 percent off.

    >>> one_in(0.119, 0.131)
    8
    >>> one_in(0.11, 0.14) is None
    True
    """
    if not 0 < low <= high:
        return None
    k = round(2 / (low + high))
    rounds = 2 <= k <= 20 and low >= 1 / (k + 0.5) and high <= 1 / (k - 0.5)
    return k if rounds and low * k >= 0.85 and high * k <= 1.15 else None


def supported(estimate: float, low: float, high: float) -> tuple[float, int]:
    """Round a figure to the last digit that its interval supports.

    The unit of the last digit is at most half the interval's width, and more than a twentieth of
    it; more digits where the rounded figure would lie outside the interval.

    >>> supported(12.43, 11.3, 13.6)
    (12.0, 0)
    >>> supported(229001400, 197098600, 260904300)
    (230000000.0, -7)
    """
    width = high - low
    if not (math.isfinite(width) and width > 0):
        raise ValueError("An interval needs two different finite ends.")
    digits = -math.floor(math.log10(width / 2))
    value = float(round(estimate, digits))
    for _ in range(6):
        if low <= value <= high:
            break
        digits += 1
        value = float(round(estimate, digits))
    return value, digits
