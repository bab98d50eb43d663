"""Poverty, inequality and means with and without a part of income."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation import Estimates
from mpsurvey.estimation.contrasts import combination

__all__ = ["counterfactual"]


def counterfactual(
    sample: Sample,
    statistic: Callable[..., Estimates],
    income: str,
    without: str,
    *,
    size: str | None = None,
    replaced: float = 0.0,
    returning: str | None = None,
    **options: Any,
) -> Estimates:
    r"""Estimate a figure as it is, as it would be without an income component, and the difference.

    Use it for what remittances do to poverty, inequality or mean income.

    Parameters
    ----------
    sample
        The sample.
    statistic
        A verb whose first question is an amount: ``mp.mean``, ``mp.quantile``, ``mp.gini``,
        ``mp.poverty`` and the like.
    income
        Column or formula of the whole income (or consumption) of the household.
    without
        Column or formula of the part to take away, such as ``"ri_total"``. Unanswered takes the row
        out of both figures; write ``sum(ri_cash, ri_kind)`` to count unanswered parts as zero.
    size
        Column or formula of household size or adult equivalents to divide by; none for amounts that
        are per head already.
    replaced
        Share of the part that the household would earn by other means: 0, the default, takes all of
        it away; 1 would take nothing.
    returning
        Column or formula of the members that would be at home again and share the income; adds to
        `size`.
    **options
        Further arguments of the statistic: by, where, level, line, order, q.

    Returns
    -------
    Estimates
        Three rows for each row of the statistic, told apart in `category`: ``with``, ``without``
        and ``difference`` (with less without). Both figures come from the same people, and their
        covariance is in the standard error. The assumption stands in the notes.

    Raises
    ------
    MpsurveyError
        `replaced` is not between 0 and 1, or `returning` is given without `size`.

    Notes
    -----
    .. math:: y_0 = \frac{\text{income} - (1 - r)\,\text{part}}{\text{size} + \text{returning}}

    This is arithmetic on what households report, not what would happen: without the remittances,
    members might work more, stay at home, or have more children at school. Adams (1989) and many
    others impute that; `replaced` and `returning` are the two simplest such assumptions.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> homes = pd.DataFrame({"inc": [100.0, 80, 60, 200], "remit": [0.0, 50, 0, 100]})
    >>> found = mp.counterfactual(mp.Sample(homes, mp.Design()), mp.mean, "inc", without="remit")
    >>> found.frame[["category", "estimate"]].to_numpy().tolist()
    [['with', 110.0], ['without', 72.5], ['difference', 37.5]]
    """
    if not 0 <= replaced <= 1:
        raise MpsurveyError(f"replaced={replaced} is not between 0 and 1.")
    if returning is not None and size is None:
        raise MpsurveyError("Members can return only where incomes are divided by `size`.")
    left = f"({income}) - {1 - replaced:.17g} * ({without})"
    # The part must be answered in both figures, so it is added and taken away in the first.
    whole = f"({income}) + 0 * ({without})"
    if size is not None:
        whole = f"({whole}) / ({size})"
        left = f"({left}) / (({size}) + ({returning or 0}))"
    as_is, as_if = statistic(sample, whole, **options), statistic(sample, left, **options)
    return replace(
        _three_rows(as_is, as_if, income),
        notes=(
            *_assumption(income, without, size, replaced, returning),
            *dict.fromkeys(
                note.replace(whole, income).replace(left, f"{income} less {without}")
                for note in (*as_is.notes, *as_if.notes)
            ),
        ),
    )


def _three_rows(as_is: Estimates, as_if: Estimates, income: str) -> Estimates:
    count = len(as_is)
    one, zero = np.eye(count), np.zeros((count, count))
    # Row by row: with, without, difference.
    matrix = np.stack([np.hstack([one, zero]), np.hstack([zero, one]), np.hstack([one, -one])], 1)
    rows = as_is.frame.loc[:, list(as_is.by)].iloc[np.repeat(np.arange(count), 3)]
    known = as_is.frame["category"].notna().to_numpy()
    names = ["with", "without", "difference"] * count
    of = np.repeat(as_is.frame["category"].astype(str).to_numpy(), 3)
    told = [f"{name}: {part}" if some else name
            for name, part, some in zip(names, of, np.repeat(known, 3), strict=True)]  # fmt: skip
    labels = pd.DataFrame({"variable": income, "category": told}, index=range(3 * count))
    both = pd.concat([labels, rows.reset_index(drop=True)], axis=1)
    made = combination([as_is, as_if], matrix.reshape(3 * count, 2 * count), both)
    named = made.frame.assign(statistic=as_is.frame["statistic"].iloc[0])
    return replace(made, frame=named, statistic=f"counterfactual {as_is.statistic}")


def _assumption(
    income: str, without: str, size: str | None, replaced: float, returning: str | None
) -> list[str]:
    kept = "nothing replaces it" if replaced == 0 else f"{replaced:.0%} of it is earned otherwise"
    said = [f"Assumption: {income} less {without}; {kept}."]
    if size is not None:
        shared = f"{size} plus {returning} who return" if returning else size
        said.append(f"Assumption: income without it is shared by {shared}.")
    return said
