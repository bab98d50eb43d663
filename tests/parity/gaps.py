"""How far a figure of ours is from R's, and the lines of the parity page."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import references
from references import TESTS, Asker, pick, read_domain

COLUMNS = {
    "estimate": "estimate",
    "se": "se",
    "ci_low": "interval",
    "ci_high": "interval",
    "df": "df",
}
NOISE = 1e-9
"""What is smaller than this, relative to its own estimate, stands for zero."""
Pair = tuple[Any, Any]
"""A row of a golden file, and ours."""


@cache
def golden(name: str) -> pd.DataFrame:
    """Read a golden file once."""
    return references.golden(name)


@dataclass(frozen=True)
class Line:
    """One line of the page: a statistic, the R call it equals, and what was compared."""

    topic: str
    ours: str
    theirs: str
    pairs: Callable[[], Iterator[Pair]]
    leaves_out: tuple[str, ...] = ()


@dataclass
class Compared:
    """Largest relative gap of each field, and how many numbers were compared."""

    gaps: dict[str, float]
    figures: int = 0

    @classmethod
    def of(cls, line: Line) -> Compared:
        """Compare all pairs of a line."""
        found = cls({})
        for want, got in line.pairs():
            found.add(want, got, line.leaves_out)
        return found

    def add(self, want: Any, got: Any, leaves_out: tuple[str, ...] = ()) -> None:
        """Compare a row with ours; numbers that R leaves empty are not compared."""
        size, se = abs(_number(want, "estimate")), _number(want, "se")
        noise = NOISE * max(size, se if np.isfinite(se) else 0.0)
        for name, field in COLUMNS.items():
            wanted, found = _number(want, name), _number(got, name)
            if field in leaves_out or not np.isfinite(wanted):
                continue
            self.figures += 1
            both_nothing = abs(wanted) <= noise and abs(found) <= noise
            # A limit near 0 is measured against the standard error.
            least = se if field == "interval" and np.isfinite(se) else 0.0
            gap = 0.0 if both_nothing else abs(found - wanted) / max(abs(wanted), least)
            self.gaps[field] = max(self.gaps.get(field, 0.0), gap if np.isfinite(gap) else np.inf)


def _number(row: Any, field: str) -> float:
    value = getattr(row, field, None)
    return float("nan") if value is None or value == "" or pd.isna(value) else float(value)


@dataclass(frozen=True)
class Figure:
    """A bare figure, for what is not a row: a design effect, an entry of a matrix."""

    estimate: float
    se: float = float("nan")
    ci_low: float = float("nan")
    ci_high: float = float("nan")
    df: float = float("nan")


@cache
def designs_of(place: str) -> Any:
    """Load a test module, for the designs and the data that it makes."""
    spec = importlib.util.spec_from_file_location(place.replace("/", "_"), TESTS / f"{place}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def asked(rows: pd.DataFrame, sample: Any, **options: Any) -> Iterator[Pair]:
    """Ask a sample for what each golden row holds: totals, means, proportions, ratios."""
    ask = Asker(sample, **options)
    frame = sample.frame.to_native()
    for row in rows.itertuples():
        domain = read_domain(row.domain, frame)
        by = tuple(domain)
        categorical = isinstance(row.category, str) and row.category != ""
        if row.statistic == "total" and categorical:
            found = ask("total", f"`{row.variable}` == '{row.category}'", by)
            yield row, pick(found, None, domain)
        else:
            found = ask("proportion" if categorical else row.statistic, row.variable, by)
            yield row, pick(found, row.category if categorical else None, domain)


def only(pairs: Iterator[Pair], statistic: str) -> Iterator[Pair]:
    """Keep the pairs of one statistic; a mean with categories is a proportion."""
    for want, got in pairs:
        categorical = isinstance(want.category, str) and want.category != ""
        kind = "proportion" if want.statistic == "mean" and categorical else want.statistic
        if kind == statistic:
            yield want, got
