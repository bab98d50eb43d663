"""Round numbers along an axis, and how a language writes them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mpsurvey.publication.charts.figures import Subject
from mpsurvey.publication.charts.lettering import plain
from mpsurvey.publication.wording import number

__all__ = ["tick_labels", "ticks_of"]


def ticks_of(low: float, high: float, *, most: int = 6) -> list[float]:
    """Round numbers that span an interval, both ends covered.

    >>> ticks_of(0.0, 8.2)
    [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    """
    wide = max(high - low, 1e-9)
    step = 10.0 ** math.floor(math.log10(wide / most))
    for factor in (1, 2, 2.5, 5, 10, 20):
        first, last = math.floor(low / (step * factor)), math.ceil(high / (step * factor) - 1e-9)
        if last - first <= most:
            break
    return [round(step * factor * at, 10) + 0.0 for at in range(first, max(last, first + 1) + 1)]


def tick_labels(ticks: Sequence[float], subject: Subject) -> list[str]:
    """Write the numbers of an axis, percent with its sign."""
    step = min(np.diff(ticks)) if len(ticks) > 1 else 1.0
    digits = next((d for d in range(7) if abs(round(step, d) - step) < 1e-9 * max(step, 1.0)), 6)
    end = "\u00a0%" if subject.percent else ""
    return [plain(f"{number(x, digits, subject.language)}{end}", subject.language) for x in ticks]
