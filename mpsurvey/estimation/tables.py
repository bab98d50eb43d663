"""Tests of independence of two categorical variables under a complex design."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg, stats

from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation import linearise
from mpsurvey.estimation.answering import answer
from mpsurvey.estimation.asking import By, Missing, ask, categories_of
from mpsurvey.estimation.domains import names_of
from mpsurvey.estimation.estimates import COLUMNS, Estimates
from mpsurvey.estimation.folding import gathered
from mpsurvey.estimation.scanning import Categories
from mpsurvey.estimation.significance import wald_f

__all__ = ["Independence", "independence"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Independence:
    """A test of independence, and the table it was made of.

    Attributes
    ----------
    row, column : str
        The variables.
    frame : pandas.DataFrame
        For each group of `by`, a row per `method`: ``"second order"`` and ``"first order"`` (Rao
        and Scott), ``"wald"`` and ``"adjusted wald"``; then `statistic` (an F, but for first order
        a chi-squared), `df`, `ddf` (infinite for a chi-squared), `p`, `pearson` (Pearson's X2 of
        the table scaled to n, before any correction) and `n`.
    table : Estimates
        Proportions of the whole in each cell, with their standard errors.
    """

    row: str
    column: str
    frame: pd.DataFrame
    table: Estimates = field(repr=False)

    def _second_order(self, name: str) -> float:
        rows = self.frame[self.frame["method"] == "second order"]
        if len(rows) != 1:
            raise MpsurveyError(
                f"There are {len(rows)} groups, each with its own test: see `.frame`."
            )
        return float(rows[name].iloc[0])

    @property
    def statistic(self) -> float:
        """Rao and Scott's second-order F."""
        return self._second_order("statistic")

    @property
    def df(self) -> float:
        """Its numerator degrees of freedom; not a whole number."""
        return self._second_order("df")

    @property
    def ddf(self) -> float:
        """Its denominator degrees of freedom."""
        return self._second_order("ddf")

    @property
    def p(self) -> float:
        """Probability of an F at least as large if the variables are independent."""
        return self._second_order("p")

    def __repr__(self) -> str:
        shown = self.frame.round({"statistic": 4, "df": 3, "ddf": 2, "p": 6, "pearson": 3})
        title = f"Independence of {self.row} and {self.column}"
        return "\n".join([title, shown.to_string(index=False), *self.table.footnotes()])

    def _repr_html_(self) -> str:
        return f"<pre>{self!r}</pre>"


def independence(
    sample: Sample,
    row: str,
    column: str,
    *,
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
) -> Independence:
    r"""Test whether two categorical variables are independent among people.

    Pearson's test takes the answers of one village for independent and rejects far too often. Rao
    and Scott divide it by the design effects of the table; the second-order F is the one to quote.

    Parameters
    ----------
    sample, by, where, level, missing
        As in `mpsurvey.total`; a test for each group of `by`.
    row, column
        Categorical columns: labelled numbers, text, true/false.

    Returns
    -------
    Independence
        `statistic`, `df`, `ddf`, `p` of the second-order test; all tests in `frame`; the cells'
        proportions in `table`.

    Raises
    ------
    MpsurveyError
        A group has only one category of a variable.

    Notes
    -----
    With :math:`X^2` Pearson's statistic of the table of proportions times n, V the covariance of
    the cells, :math:`D = \mathrm{diag}(\hat p)` and C the contrasts of interaction,

    .. math::

        \Delta = (C^\top D^{-1} C / n)^{-1} C^\top D^{-1} V D^{-1} C, \qquad
        d = \frac{(\mathrm{tr} \Delta)^2}{\mathrm{tr} \Delta^2}

    - first order: :math:`X^2 / \bar\delta` on :math:`\chi^2_{(r-1)(c-1)}`, :math:`\bar\delta` the
      mean eigenvalue of :math:`\Delta`;
    - second order: :math:`X^2 / \mathrm{tr} \Delta` on :math:`F(d, d \nu)`, :math:`\nu` the
      degrees of freedom of the design;
    - Wald: the deviations :math:`\hat N_{ij} - \hat N_{i.} \hat N_{.j} / \hat N` and their
      covariance, on :math:`F(k, \nu)`; adjusted, :math:`(\nu - k + 1) / \nu` times it on
      :math:`F(k, \nu - k + 1)`.

    Rao and Scott (1984), Annals of Statistics 12, 46-60; Thomas and Rao (1987), JASA 82, 630-636.
    Equal to R's ``svychisq`` among people who answered both.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"ea": [1, 1, 2, 2, 3, 3, 4, 4], "sex": list("mfmfmfmf"),
    ...                        "works": list("ynynynnn")})
    >>> found = independence(mp.Sample(people, mp.Design(psu="ea")), "sex", "works")
    >>> round(found.statistic, 3), found.df, found.ddf
    (4.275, 1.0, 3.0)
    """
    names = names_of(by)
    if missing != "drop":
        sample = gathered(sample, (row, column), names, where=where)
    if len({row, column, *names}) < 2 + len(names):
        raise MpsurveyError("`row`, `column` and `by` must be different variables.")
    question = ask(
        sample,
        (),
        statistic="A test of independence",
        by=(*names, *((row, column) if missing == "drop" else ())),
        where=where,
        missing=missing,
    )
    kept = question.sample
    across, down = (categories_of(kept, name, every=False) for name in (row, column))
    wide = len(down.values)
    known = (across.code >= 0) & (down.code >= 0)
    cells = Categories(
        np.where(known, across.code * wide + down.code, -1), np.arange(len(across.values) * wide)
    )
    whole = ask(kept, (), statistic="A test of independence", by=names, where=where)
    inside = known if whole.domains.code is None else known & (whole.domains.code >= 0)
    lost = _lost(kept, whole.domains.code, known)
    if lost and missing == "fail":
        raise MpsurveyError(f"{row}, {column}: {lost} missing='fail' was asked for.")
    notes = (*question.notes, *((f"{row}, {column}: {lost}",) if lost else ()))
    asked = replace(whole, categories=cells, answered=inside, notes=notes)
    named = [f"{row} x {column}"] * len(cells.values)
    found = answer(asked, linearise.proportion, name="proportion", variables=named, level=level)
    totals = answer(asked, linearise.total, name="total", variables=named, level=level)
    groups = found.frame[list(names)].iloc[:: len(cells.values)].reset_index(drop=True)
    rows = []
    for place in range(whole.domains.size):
        tests = _tests(found, totals, place, (len(across.values), wide), (row, column))
        group = {name: groups[name].iloc[place] for name in names}
        rows += [{**group, **test} for test in tests]
    return Independence(
        row=row,
        column=column,
        frame=pd.DataFrame(rows),
        table=_table(found, names, (row, column), (across, down), kept),
    )


def _lost(sample: Sample, code: NDArray[np.intp] | None, known: NDArray[np.bool_]) -> str:
    """Say how many rows are without an answer, or nothing."""
    inside = np.ones(len(sample), dtype=bool) if code is None else code >= 0
    count = sample.count(inside & ~known)
    return f"no answer in {count:,} of {sample.count(inside):,} rows." if count else ""


def _tests(
    found: Estimates,
    totals: Estimates,
    place: int,
    shape: tuple[int, int],
    variables: tuple[str, str],
) -> list[dict[str, Any]]:
    """All tests of one group."""
    count = shape[0] * shape[1]
    rows = found.frame.iloc[place * count : (place + 1) * count]
    n, freedom = int(rows["n"].iloc[0]), float(rows["df"].iloc[0])
    p = np.nan_to_num(rows["estimate"].to_numpy(dtype=np.float64)).reshape(shape)
    used = np.ix_(p.sum(axis=1) > 0, p.sum(axis=0) > 0)
    few = [name for name, cut in zip(variables, p[used].shape, strict=True) if cut == 1]
    if few:
        raise MpsurveyError(
            f"'{few[0]}' has one category only where the test is asked for: there is nothing to "
            "test. Leave such groups out with `where`."
        )
    p = p[used]
    pick = np.arange(count).reshape(shape)[used].ravel()
    choose = np.zeros((len(pick), len(found)))
    choose[np.arange(len(pick)), place * count + pick] = 1.0
    if n == 0:
        made = _no_tests()
    else:
        covariance = found.uncertainty.combined(choose).covariance()
        counts = totals.frame["estimate"].to_numpy(dtype=np.float64)[place * count + pick]
        wald = _wald(counts.reshape(p.shape), totals.uncertainty.combined(choose).covariance())
        made = _statistics(p, covariance, wald, n, freedom)
    return [
        {"method": name, **test, "pearson": made["pearson"], "n": n}
        for name, test in made["tests"].items()
    ]


def _no_tests() -> dict[str, Any]:
    """What stands for the tests of a group that nobody is in."""
    nan = float("nan")
    nothing = {"statistic": nan, "df": nan, "ddf": nan, "p": nan}
    names = ("second order", "first order", "wald", "adjusted wald")
    return {"pearson": nan, "tests": dict.fromkeys(names, nothing)}


def _statistics(
    p: Floats, covariance: Floats, wald: float, n: int, freedom: float
) -> dict[str, Any]:
    """Pearson's statistic and its corrections, for a table of proportions, shape (r, c)."""
    r, c = p.shape
    k = (r - 1) * (c - 1)
    expected = np.outer(p.sum(axis=1), p.sum(axis=0))
    pearson = float(n * ((p - expected) ** 2 / expected).sum())
    delta = _design_effects(p, covariance, n)
    trace, square = float(np.trace(delta)), float(np.trace(delta @ delta))
    with np.errstate(divide="ignore", invalid="ignore"):
        d = np.divide(trace**2, square)
        f, first = np.divide(pearson, trace), np.divide(pearson * k, trace)
    left = freedom - k + 1
    adjusted = wald * left / freedom if left > 0 else float("nan")
    tests = {
        "second order": (f, d, d * freedom, stats.f.sf(f, d, d * freedom)),
        "first order": (first, k, np.inf, stats.chi2.sf(first, k)),
        "wald": (wald, k, freedom, stats.f.sf(wald, k, freedom)),
        "adjusted wald": (adjusted, k, left, stats.f.sf(adjusted, k, left)),
    }
    keys = ("statistic", "df", "ddf", "p")
    return {
        "pearson": pearson,
        "tests": {
            name: dict(zip(keys, map(float, found), strict=True)) for name, found in tests.items()
        },
    }


def _design_effects(p: Floats, covariance: Floats, n: int) -> Floats:
    """Rao and Scott's matrix of generalised design effects, shape (k, k); NaN where singular."""
    # Interaction contrasts: what is orthogonal to every row and every column of the table.
    rows, columns = (linalg.null_space(np.ones((1, size))) for size in p.shape)
    contrasts = np.kron(rows, columns)
    flat = p.ravel()
    inverse = np.divide(1.0, flat, out=np.zeros_like(flat), where=flat > 0)
    scaled = contrasts * inverse[:, None]
    simple = contrasts.T @ scaled / n
    real = scaled.T @ covariance @ scaled
    if np.linalg.cond(simple) > 1e12:
        return np.full_like(simple, np.nan)
    return np.asarray(np.linalg.solve(simple, real))


def _wald(counts: Floats, covariance: Floats) -> float:
    """Wald's F of the deviations from independence, all rows and columns but the last.

    Deviations are in people, as R's: in shares, the statistic would differ to the second order.
    """
    r, c = counts.shape
    size = counts.sum()
    across, down = counts.sum(axis=1) / size, counts.sum(axis=0) / size
    gaps, slopes = [], []
    for i in range(r - 1):
        for j in range(c - 1):
            gaps.append(counts[i, j] - across[i] * down[j] * size)
            slope = np.full((r, c), across[i] * down[j])
            slope[i, :] -= down[j]
            slope[:, j] -= across[i]
            slope[i, j] += 1.0
            slopes.append(slope.ravel())
    matrix = np.array(slopes)
    return wald_f(np.array(gaps), matrix @ covariance @ matrix.T)


def _table(
    found: Estimates,
    by: Sequence[str],
    variables: tuple[str, str],
    read: tuple[Categories, Categories],
    sample: Sample,
) -> Estimates:
    """Cells with the two variables as columns, in place of the number of the cell."""
    cell = found.frame["category"].to_numpy(dtype=np.intp)
    wide = len(read[1].values)
    values = (read[0].values[cell // wide], read[1].values[cell % wide])
    frame = found.frame.assign(category=None, **dict(zip(variables, values, strict=True)))
    order = ["statistic", "variable", "category", *by, *variables, *COLUMNS]
    labels = {name: given for name in variables if (given := sample.labels(name))}
    return replace(found, frame=frame[order], labels={**found.labels, **labels})
