"""What a result must offer to be published, and how its figures are shown."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from mpsurvey.errors import MpsurveyError

__all__ = ["HEADINGS", "Table", "digits_of", "write_whole"]

HEADINGS = {
    "variable": "Variable",
    "category": "Category",
    "estimate": "Estimate",
    "se": "Standard error",
    "ci_low": "Lower limit",
    "ci_high": "Upper limit",
    "cv": "Coefficient of variation",
    "deff": "Design effect",
    "df": "Degrees of freedom",
    "n": "Respondents",
    "population": "People they stand for",
}
"""Headings of the fixed columns, as a reader meets them."""

FIGURES = ("estimate", "se", "ci_low", "ci_high")


class Table(Protocol):
    """A result that can be published; `Estimates` and `IndicatorTable` are such."""

    @property
    def frame(self) -> pd.DataFrame:
        """The figures, a row each, with codes and all digits."""

    @property
    def titles(self) -> Mapping[str, str]:
        """Labels of variables."""

    def title(self) -> str:
        """Say in one line what the figures are."""

    def display(self) -> pd.DataFrame:
        """Return the figures as a reader wants them: labels in place of codes."""

    def footnotes(self) -> tuple[str, ...]:
        """Say what the figures rest on."""


def is_share(table: Table) -> bool:
    """Whether the figures are shares of 0 to 1, to be shown as percent."""
    return bool(table.frame["statistic"].isin(["proportion", "share"]).all())


def digits_of(table: Table) -> int:
    """Decimals that show two digits of the typical standard error."""
    se = table.frame["se"].to_numpy(dtype=np.float64) * (100 if is_share(table) else 1)
    known = se[np.isfinite(se) & (se > 0)]
    if not len(known):
        return 1
    return int(np.clip(1 - np.floor(np.log10(np.median(known))), 0, 6))


def heading(table: Table, name: str) -> str:
    """Heading of a column: the fixed ones in words, variables by their label."""
    if name in HEADINGS:
        words = HEADINGS[name]
        return f"{words} (%)" if name in FIGURES and is_share(table) else words
    label = table.titles.get(name)
    return f"{label} ({name})" if label else name


def write_whole(path: str | Path, fill: Callable[[Path], Any]) -> Path:
    """Write a file whole or not at all: fill a temporary one beside it, then put it in place.

    Raises
    ------
    MpsurveyError
        The folder does not exist, or the file cannot be written (open in another program).
    """
    target = Path(path).expanduser()
    if not target.parent.is_dir():
        raise MpsurveyError(f"{target}: the folder {target.parent} does not exist. Make it first.")
    handle, name = tempfile.mkstemp(dir=target.parent, suffix=target.suffix)
    os.close(handle)
    spare = Path(name)
    try:
        fill(spare)
        spare.chmod(0o644)
        spare.replace(target)
    except PermissionError as error:
        raise MpsurveyError(
            f"{target} cannot be written. Close it where it is open, or choose another name."
        ) from error
    finally:
        spare.unlink(missing_ok=True)
    return target
