"""The diary of weights: what each step did, in figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mpsurvey.design import samplics_engine

__all__ = ["DiaryEntry", "describe_weights"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DiaryEntry:
    """One step of a recipe, once it was done.

    Attributes
    ----------
    number, do, words
        Which step, what it does, and the same in words.
    when
        Date and time, ISO 8601.
    column
        Column of the weights after the step.
    n
        Rows with a weight after it.
    sum, smallest, lower_quartile, median, upper_quartile, largest
        Of the weights after it.
    kish
        Kish's design effect of unequal weights.
    factors
        Smallest, lower quartile, median, upper quartile and largest factor of the step.
    facts
        What else there is to tell: iterations, classes, weights cut.
    merged
        Cells that were counted with others.
    margins
        One row per cell or variable: ``margin``, ``cell``, ``n``, ``before``, ``total``, ``after``.
    digest
        Twelve characters that change when any of the caller's totals changes.
    flags
        What a reviewer should look at.
    """

    number: int
    do: str
    words: str
    when: str
    column: str
    n: int
    sum: float
    smallest: float
    lower_quartile: float
    median: float
    upper_quartile: float
    largest: float
    kish: float
    factors: tuple[float, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    merged: tuple[str, ...] = ()
    margins: pd.DataFrame | None = None
    digest: str = ""
    flags: tuple[str, ...] = ()


def describe_weights(weight: Floats) -> dict[str, Any]:
    """Count, sum, quartiles and Kish's effect of the weights above 0."""
    kept = weight[weight > 0]
    if not len(kept):
        return dict.fromkeys(
            ("n", "sum", "smallest", "lower_quartile", "median", "upper_quartile", "largest",
             "kish"), 0
        )  # fmt: skip
    low, one, two, three, high = np.quantile(kept, [0, 0.25, 0.5, 0.75, 1])
    return {
        "n": len(kept),
        "sum": float(kept.sum()),
        "smallest": float(low),
        "lower_quartile": float(one),
        "median": float(two),
        "upper_quartile": float(three),
        "largest": float(high),
        "kish": samplics_engine.kish_effect(kept),
    }
