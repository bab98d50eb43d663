"""Codes of no answer, told from the labels of a file and from numbers far above all others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mpsurvey.harmonisation.target import Target
from mpsurvey.harmonisation.wording import means_missing
from mpsurvey.microdata import Variable

__all__ = ["likely_missing", "missing_everywhere", "not_asked"]


def likely_missing(series: pd.Series, target: Target) -> tuple[int, ...]:
    """Numbers of nines without a label, far above every other value: 98, 999, 9998."""
    if target.type not in ("integer", "decimal") or target.of == "design":
        return ()
    if series.dtype.kind not in "iuf":
        return ()
    values = np.unique(series.dropna().to_numpy(dtype=np.float64))
    nines = [v for v in values[-4:] if re.fullmatch(r"9+[6-9]", f"{v:.0f}") and v >= 96]
    rest = values[~np.isin(values, nines)]
    if not nines or not len(rest):
        return ()
    # an age of 98 beside one of 95 is an age
    far = min(nines) > 1.5 * rest.max() if min(nines) < 1900 or min(nines) > 9989 else False
    far = far or (min(nines) >= 9990 and rest.max() < 2100)
    return tuple(int(v) for v in nines) if far else ()


def missing_everywhere(variables: Iterable[Variable]) -> tuple[Any, ...]:
    """Negative codes that labels call no answer in at least a third of the labelled columns."""
    labelled = [v for v in variables if v.answers]
    counted: dict[Any, int] = {}
    for variable in labelled:
        for code, label in variable.answers.items():
            if isinstance(code, int | float) and code < 0 and means_missing(label):
                counted[code] = counted.get(code, 0) + 1
    least = max(2, len(labelled) / 3)
    return tuple(sorted(code for code, times in counted.items() if times >= least))


def not_asked(variables: Sequence[Variable]) -> tuple[Any, ...]:
    """Return those of them that mean everywhere that a question was not asked."""
    everywhere = missing_everywhere(variables)
    means: dict[Any, set[str | None]] = {code: set() for code in everywhere}
    for variable in variables:
        for code in everywhere:
            if code in variable.answers:
                means[code].add(means_missing(variable.answers[code]))
    return tuple(code for code in everywhere if means[code] == {"not asked"})
