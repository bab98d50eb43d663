"""Estimates: figures with their uncertainty, and all that they rest on."""

from __future__ import annotations

import datetime
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mpsurvey.declaration import Design
from mpsurvey.errors import MpsurveyError

if TYPE_CHECKING:
    import polars

__all__ = ["COLUMNS", "Estimates", "Uncertainty"]

Floats = NDArray[np.float64]

COLUMNS = (
    "estimate", "se", "ci_low", "ci_high", "cv", "deff", "df", "n", "population",
)  # fmt: skip
"""The columns of every result after `statistic`, `variable`, `category` and those of `by`."""

_SHOWN = 60


class Uncertainty(Protocol):
    """What carries the covariance of a result: unit scores, or deviations of replicates."""

    def variance(self) -> Floats:
        """Variance of each figure, shape (P,)."""

    def covariance(self) -> Floats:
        """Covariance of all figures, shape (P, P)."""

    def freedom(self) -> Floats:
        """Degrees of freedom that it shows of itself, shape (P,); NaN where it shows none."""

    def mapped(self, function: Any, slope: Floats) -> Uncertainty:
        """The same for a function of the figures; `slope` is its derivative, shape (r, P)."""

    def combined(self, matrix: Floats) -> Uncertainty:
        """The same for linear combinations; `matrix` has shape (r, P)."""

    def scaled(self, factors: Floats) -> Uncertainty:
        """The same for figures that are each multiplied by a number; `factors` has shape (P,)."""

    def joined(self, other: Any) -> Uncertainty:
        """The same for the figures of two results of one sample, side by side."""


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Estimates:
    """Figures with their standard errors and intervals, in a frame of fixed columns.

    Attributes
    ----------
    frame : pandas.DataFrame
        A row per figure: `statistic`, `variable`, `category` (of a categorical variable), a column
        per `by` variable, then `estimate`, `se` (standard error), `ci_low`, `ci_high`, `cv` (se
        over estimate), `deff` (design effect), `df` (degrees of freedom), `n` (rows behind the
        figure, unweighted) and `population` (their sum of weights). Shares are 0 to 1. A group
        that nobody is in has n = 0 and no estimate.
    statistic : str
        What was estimated.
    method : str
        How the variance was found.
    level : float
        Confidence level of the intervals.
    design : Design
        The design it rests on, as declared.
    basis : str
        The design in words: PSUs, strata, weight.
    labels : mapping
        Value labels of `by` variables and categories, where the data have them.
    titles : mapping
        Labels of variables, where the data have them.
    notes : tuple of str
        What a reader must know: rows left out, missing answers, too few degrees of freedom.
    freedom : str
        How degrees of freedom were counted: the `df` that was asked for, or ``"domain"`` where the
        effective ones cannot be seen.
    uncertainty : Uncertainty
        What the covariance comes from; used by `mpsurvey.contrast`.
    """

    frame: pd.DataFrame
    statistic: str
    method: str
    level: float
    design: Design
    basis: str
    uncertainty: Uncertainty = field(repr=False)
    labels: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    freedom: str = "domain"

    @property
    def covariance(self) -> Floats:
        """Covariance of all rows, in the order of the frame, shape (rows, rows).

        Rows of groups that nobody is in are NaN.
        """
        covariance = self.uncertainty.covariance()
        unknown = ~np.isfinite(self.frame["estimate"].to_numpy(dtype=np.float64))
        covariance[unknown, :] = np.nan
        covariance[:, unknown] = np.nan
        return covariance

    @property
    def by(self) -> tuple[str, ...]:
        """The variables that the figures are broken down by."""
        return tuple(self.frame.columns[3 : -len(COLUMNS)])

    def to_pandas(self, *, labels: bool = False) -> pd.DataFrame:
        """Return a copy of the frame; with `labels`, value labels in place of codes."""
        return self._labelled() if labels else self.frame.copy()

    def to_polars(self) -> polars.DataFrame:
        """Return the frame as a Polars frame."""
        import polars as pl

        return pl.from_pandas(self.frame)

    def __len__(self) -> int:
        return len(self.frame)

    def test(self, value: float = 0.0) -> pd.DataFrame:
        """Test whether each figure differs from a value: a gap, a change, a contribution from 0.

        Returns
        -------
        pandas.DataFrame
            The rows' names, `estimate`, `t` (estimate less `value`, over its standard error), `df`
            and `p`, the two-sided probability.
        """
        from scipy import stats

        named = self.frame[[*self.frame.columns[: -len(COLUMNS)], "estimate"]].copy()
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (self.frame["estimate"] - value) / self.frame["se"]
        return named.assign(t=t, df=self.frame["df"], p=2 * stats.t.sf(np.abs(t), self.frame["df"]))

    def title(self) -> str:
        """Say in one line what the figures are: statistic, variables, breakdown.

        The variables' labels stand in it where the data have them.
        """
        variables = [self._named(name) for name in dict.fromkeys(self.frame["variable"])]
        shown = ", ".join(variables[:3]) + (" and others" if len(variables) > 3 else "")
        by = ", ".join(self._named(name) for name in self.by)
        return f"{self.statistic.capitalize()}: {shown}" + (f", by {by}" if by else "")

    def footnotes(self) -> tuple[str, ...]:
        """Say what the figures rest on: design, method, level, date, and the notes."""
        today = datetime.datetime.now().astimezone().date().isoformat()
        return (
            f"Design: {self.basis}.",
            f"{self.method}; intervals at {self.level:.6g} confidence. Made on {today}.",
            *self.notes,
        )

    def _named(self, name: Any) -> str:
        title = self.titles.get(name)
        return f"{title} ({name})" if title else str(name)

    def _labelled(self) -> pd.DataFrame:
        shown = self.frame.copy()
        for name in self.by:
            if name in self.labels:
                shown[name] = [_label(self.labels[name], code) for code in shown[name]]
        if shown["category"].notna().any():
            shown["category"] = [
                _label(self.labels.get(variable, {}), code)
                for variable, code in zip(shown["variable"], shown["category"], strict=True)
            ]
        return shown

    def display(self) -> pd.DataFrame:
        """Return the figures as a reader wants them: labels, rounded, no empty columns."""
        shown = self._labelled()
        first = ["variable", *self.by, "category"]
        shown = shown[[*first, *COLUMNS]]
        for name in ("variable", "category", "deff"):
            if shown[name].isna().all() or (name == "variable" and shown[name].nunique() == 1):
                shown = shown.drop(columns=name)
        return shown

    def _rounded(self) -> pd.DataFrame:
        shown = self.display().head(_SHOWN)
        scale = self.frame["se"].where(self.frame["se"] > 0).median()
        digits = 4 if not np.isfinite(scale) else int(np.clip(2 - np.floor(np.log10(scale)), 0, 8))
        out = pd.DataFrame(index=shown.index)
        for name in shown.columns:
            column = shown[name]
            if name in ("estimate", "se", "ci_low", "ci_high"):
                out[name] = [_number(x, digits) for x in column]
            elif name in ("cv", "deff"):
                out[name] = [_number(x, 3) for x in column]
            elif name == "df":
                out[name] = [_number(x, 0 if float(x).is_integer() else 1) if np.isfinite(x)
                             else ("∞" if x == np.inf else "") for x in column]  # fmt: skip
            elif name in ("n", "population"):
                out[name] = [_number(x, 0) for x in column]
            else:
                out[name] = ["" if pd.isna(x) else str(x) for x in column]
        return out

    def __repr__(self) -> str:
        shown = self._rounded()
        body = shown.to_string(index=False)
        more = [f"... {len(self) - _SHOWN:,} rows more"] if len(self) > _SHOWN else []
        return "\n".join([self.title(), body, *more, *self.footnotes()])

    def _repr_html_(self) -> str:
        shown = self._rounded()
        words = {name for name in shown.columns if name not in COLUMNS}
        head = "".join(f"<th>{html.escape(str(name))}</th>" for name in shown.columns)
        rows = "".join(
            "<tr>"
            + "".join(
                f"<td style='text-align:{'left' if name in words else 'right'}'>"
                f"{html.escape(str(value))}</td>"
                for name, value in zip(shown.columns, row, strict=True)
            )
            + "</tr>"
            for row in shown.itertuples(index=False)
        )
        foot = "<br>".join(html.escape(note) for note in self.footnotes())
        return (
            f"<table><caption>{html.escape(self.title())}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{rows}</tbody></table><p><small>{foot}</small></p>"
        )

    def _refuse(self, _other: object = None) -> NoReturn:
        raise TypeError(
            "Estimates cannot be added, subtracted, multiplied or divided: the standard error of "
            "the result needs their covariance. Use mp.contrast."
        )

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _refuse
    __truediv__ = __rtruediv__ = __pow__ = __neg__ = _refuse


def _label(labels: Mapping[Any, str], code: Any) -> Any:
    if code is None or (isinstance(code, float) and np.isnan(code)):
        return code
    return labels.get(code, code)


def _number(value: Any, digits: int) -> str:
    if pd.isna(value):
        return ""
    return f"{value:,.{digits}f}"


def assemble(
    *,
    statistic: str,
    variables: Sequence[Any],
    categories: Sequence[Any] | None,
    by: Mapping[str, Any],
    estimate: Floats,
    se: Floats,
    interval: tuple[Floats, Floats],
    deff: Floats | None,
    df: Floats,
    n: NDArray[Any],
    population: Floats,
) -> pd.DataFrame:
    """Put figures into the fixed columns of a result; each argument has one entry per row.

    Raises
    ------
    MpsurveyError
        A `by` variable has the name of one of the fixed columns.
    """
    taken = {"statistic", "variable", "category", *COLUMNS}
    clash = sorted(taken & set(by))
    if clash:
        raise MpsurveyError(
            f"by='{clash[0]}' has the name of a column of every result. Rename it in the data."
        )
    unknown = ~np.isfinite(estimate)
    error = np.where(unknown, np.nan, se)
    with np.errstate(divide="ignore", invalid="ignore"):
        cv = np.where(estimate == 0, np.nan, error / np.abs(estimate))
    low, high = (np.where(unknown, np.nan, limit) for limit in interval)
    rows = len(estimate)
    return pd.DataFrame(
        {
            "statistic": statistic,
            "variable": list(variables),
            "category": [None] * rows if categories is None else pd.Series(categories),
            **by,
            "estimate": np.where(unknown, np.nan, estimate),
            "se": error,
            "ci_low": low,
            "ci_high": high,
            "cv": cv,
            "deff": np.full(rows, np.nan) if deff is None else deff,
            "df": np.asarray(df, dtype=np.float64),
            "n": np.asarray(n, dtype=np.int64),
            "population": population,
        }
    )
