"""Change between two rounds of a survey, with what they share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from mpsurvey.design import Sample, describe
from mpsurvey.design.codes import encode
from mpsurvey.errors import ColumnMissing, MpsurveyError
from mpsurvey.estimation import Estimates
from mpsurvey.estimation.estimates import assemble
from mpsurvey.estimation.intervals import t_interval
from mpsurvey.estimation.known_covariance import KnownCovariance
from mpsurvey.estimation.replication import Deviations
from mpsurvey.estimation.taylor import Scores

__all__ = ["change", "contribution_to_growth"]

Floats = NDArray[np.float64]


def change(
    earlier: Sample,
    later: Sample,
    statistic: Callable[..., Estimates],
    *variables: str,
    shared_psu: bool | str = True,
    relative: bool = False,
    **options: Any,
) -> Estimates:
    r"""Estimate the change of any statistic between two rounds of a survey.

    Parameters
    ----------
    earlier, later
        The two rounds, each with its own design.
    statistic
        A verb of this library: ``mp.mean``, ``mp.proportion``, ``mp.ratio``, ``mp.gini``,
        ``mp.contribution`` ...
    *variables
        What it asks first: ``"hours"``; ``"unemployed", "labour_force"`` for a ratio.
    shared_psu
        Whether the rounds share PSUs, told by the same code in both designs' first `psu` column; or
        the name of a column that holds such a code. False: two independent samples.
    relative
        Change over the earlier value (0.05 is 5 %) in place of the difference.
    **options
        Further arguments of the statistic: by, where, level.

    Returns
    -------
    Estimates
        A row for each row that both rounds have: `estimate` is later less earlier. The interval
        tells the significance: a change whose interval holds 0 is not significant; see also
        `Estimates.test`.

    Raises
    ------
    MpsurveyError
        The rounds use different methods (replicates and linearisation), share no PSU though told
        to, or have no row in common.

    Notes
    -----
    .. math:: V(\hat\Delta) = V_1 + V_2 - 2\,\rho\,\sqrt{V_1 V_2}

    with each round's own variance, and the correlation :math:`\rho` that of the residuals of the
    PSUs' score totals in a regression on the strata of both rounds and their overlap, over all PSUs
    of either round: right for panels, for rotation, and where PSUs changed stratum. Berger and
    Priam (2016), JRSS A 179, 209-227. With replicates, replicate r of one round is paired with
    replicate r of the other: right if they were made together (coordinated), and right on average
    if the rounds are independent.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> first = pd.DataFrame({"ea": [1, 1, 2, 2, 3, 3], "works": [1, 0, 1, 1, 0, 1]})
    >>> second = first.assign(works=[1, 1, 1, 1, 0, 1])
    >>> rounds = [mp.Sample(frame, mp.Design(psu="ea")) for frame in (first, second)]
    >>> moved = mp.change(*rounds, mp.mean, "works").frame
    >>> round(float(moved.estimate[0]), 4)
    0.1667
    """
    before, after = (statistic(each, *variables, **options) for each in (earlier, later))
    rows, first, second = _common_rows(before, after)
    covariance = _joint_covariance(earlier, later, before, after, shared_psu)
    count = len(before)
    picked = np.concatenate([first, count + second])
    joint = KnownCovariance(covariance[np.ix_(picked, picked)])
    x = before.frame["estimate"].to_numpy(dtype=np.float64)[first]
    y = after.frame["estimate"].to_numpy(dtype=np.float64)[second]
    one = np.eye(len(x))
    with np.errstate(divide="ignore", invalid="ignore"):
        if relative:
            value = y / x - 1
            slope = np.hstack([np.diag(-y / x**2), np.diag(1 / x)])
        else:
            value, slope = y - x, np.hstack([-one, one])
    made = joint.combined(np.nan_to_num(slope, posinf=0.0, neginf=0.0))
    named = "relative change" if relative else "change"
    return _changed(named, before, after, rows, (first, second), value, made, (earlier, later))


def contribution_to_growth(
    earlier: Sample,
    later: Sample,
    group: str,
    variable: str | None = None,
    *,
    shared_psu: bool | str = True,
    by: str | tuple[str, ...] | None = None,
    where: str | None = None,
    level: float = 0.95,
) -> Estimates:
    r"""Estimate a group's part in the growth of a national total, in points of the earlier total.

    Parameters
    ----------
    earlier, later, shared_psu
        As in `change`.
    group
        Who belongs: a column of 0 and 1, or a rule.
    variable
        The amount whose total grows; without it, people.
    by, where, level
        As in `mpsurvey.total`.

    Returns
    -------
    Estimates
        `category` is ``growth``, ``group`` and ``others``; the last two add up to the first.

    Notes
    -----
    .. math:: c_g = (Y_{2g} - Y_{1g}) / Y_1

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> first = pd.DataFrame({"ea": [1, 2, 3, 3], "migrant": [0, 0, 0, 1]})
    >>> second = pd.DataFrame({"ea": [1, 2, 3, 3, 3], "migrant": [0, 0, 0, 1, 1]})
    >>> rounds = [mp.Sample(frame, mp.Design(psu="ea")) for frame in (first, second)]
    >>> grown = mp.contribution_to_growth(*rounds, "migrant").frame
    >>> grown[["category", "estimate"]].to_numpy().tolist()
    [['growth', 0.25], ['group', 0.25], ['others', 0.0]]
    """
    from mpsurvey.impact.contributions import contribution

    amount = "1" if variable is None else variable
    before, after = (
        contribution(each, group, amount, by=by, where=where, level=level, detail=True)
        for each in (earlier, later)
    )
    rows, first, second = _common_rows(before, after)
    covariance = _joint_covariance(earlier, later, before, after, shared_psu)
    picked = np.concatenate([first, len(before) + second])
    joint = KnownCovariance(covariance[np.ix_(picked, picked)])
    x = before.frame["estimate"].to_numpy(dtype=np.float64)[first].reshape(-1, 3)
    y = after.frame["estimate"].to_numpy(dtype=np.float64)[second].reshape(-1, 3)
    order = [1, 0, 2]  # all, group, others of the detail contribution, all, without
    whole = x[:, 1:2]
    with np.errstate(divide="ignore", invalid="ignore"):
        value = ((y - x) / whole)[:, order].ravel()
    groups = len(x)
    slope = np.zeros((3 * groups, 6 * groups))
    for g in range(groups):
        for place, part in enumerate(order):
            row = 3 * g + place
            slope[row, 3 * g + part] -= 1 / whole[g, 0]
            slope[row, 3 * groups + 3 * g + part] += 1 / whole[g, 0]
            slope[row, 3 * g + 1] -= value[row] / whole[g, 0]
    made = joint.combined(np.nan_to_num(slope, posinf=0.0, neginf=0.0))
    named = rows.assign(category=["growth", "group", "others"] * groups)
    return _changed(
        "contribution to growth",
        before,
        after,
        named,
        (first, second),
        value,
        made,
        (earlier, later),
    )


def _common_rows(
    before: Estimates, after: Estimates
) -> tuple[pd.DataFrame, NDArray[np.intp], NDArray[np.intp]]:
    """Rows that both rounds have, and their places in each."""
    if not (isinstance(before, Estimates) and isinstance(after, Estimates)):
        raise MpsurveyError(
            f"The change of a {type(before).__name__} is not one of figures. Ask for statistics "
            "such as mp.mean; for a model, put the rounds in one sample and cross them in the "
            "formula."
        )
    keys = ["variable", "category", *before.by]
    if before.by != after.by:
        raise MpsurveyError("The rounds are broken down by different variables.")
    numbered = [
        result.frame[keys].astype(object).where(result.frame[keys].notna(), "").astype(str)
        for result in (before, after)
    ]
    places = [
        {tuple(row): place for place, row in enumerate(table.to_numpy().tolist())}
        for table in numbered
    ]
    shared = [key for key in places[0] if key in places[1]]
    if not shared:
        raise MpsurveyError("The rounds have no row in common: their groups have other values.")
    first = np.array([places[0][key] for key in shared])
    second = np.array([places[1][key] for key in shared])
    return before.frame[keys].iloc[first].reset_index(drop=True), first, second


def _joint_covariance(
    earlier: Sample,
    later: Sample,
    before: Estimates,
    after: Estimates,
    shared_psu: bool | str,  # noqa: FBT001
) -> Floats:
    """Covariance of both rounds' rows, shape (P1 + P2, P1 + P2)."""
    one, two = before.uncertainty, after.uncertainty
    v1, v2 = one.covariance(), two.covariance()
    cross = np.zeros((len(v1), len(v2)))
    if shared_psu is not False:
        if isinstance(one, Scores) and isinstance(two, Scores):
            cross = _shared_covariance(earlier, later, one, two, v1, v2, shared_psu)
        elif isinstance(one, Deviations) and isinstance(two, Deviations):
            first, second = one.scaled_deviations(), two.scaled_deviations()
            if len(first) != len(second):
                raise MpsurveyError(
                    f"The rounds have {len(first)} and {len(second)} replicates and cannot be "
                    "paired. Say shared_psu=False if the rounds are independent."
                )
            cross = first.T @ second
        else:
            raise MpsurveyError(
                "One round uses replicates and the other linearisation. Use one method for both."
            )
    return np.block([[v1, cross], [cross.T, v2]])


def _shared_covariance(
    earlier: Sample,
    later: Sample,
    one: Scores,
    two: Scores,
    v1: Floats,
    v2: Floats,
    shared_psu: bool | str,  # noqa: FBT001
) -> Floats:
    """Correlation of residuals times the rounds' own standard errors, shape (P1, P2)."""
    names = [_psu_names(each, shared_psu) for each in (earlier, later)]
    union, place = np.unique(np.concatenate(names), return_inverse=True)
    split = len(names[0])
    first, second = place[:split], place[split:]
    if len(union) == len(place):
        raise MpsurveyError(
            "The rounds share no PSU: no code stands in both. Name the column that holds the same "
            "code in both rounds (shared_psu='ea_code'), or say shared_psu=False."
        )
    z = np.zeros((len(union), len(v1) + len(v2)))
    z[first, : len(v1)] = _psu_scores(one)
    z[second, len(v1) :] = _psu_scores(two)
    residual = z - _fitted(z, earlier, later, first, second, len(union))
    r1, r2 = residual[:, : len(v1)], residual[:, len(v1) :]
    spread = np.sqrt(np.outer((r1**2).sum(axis=0), (r2**2).sum(axis=0)))
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = np.where(spread > 0, (r1.T @ r2) / spread, 0.0)
    return np.asarray(correlation * np.sqrt(np.outer(np.diag(v1), np.diag(v2))))


def _psu_names(sample: Sample, shared_psu: bool | str) -> NDArray[Any]:  # noqa: FBT001
    """Code of each first-stage unit, as text, in the order of the units."""
    if not sample.design.psu and shared_psu is True:
        raise MpsurveyError("The design has no PSU; name the column that identifies units.")
    column = (sample.design.psu or ("",))[0] if shared_psu is True else str(shared_psu)
    if column not in sample.frame.columns:
        raise ColumnMissing([("shared_psu", str(column))], sample.frame.columns)
    starts = sample.units.stages[0].starts
    unit = np.searchsorted(starts, sample.row_unit, side="right") - 1
    row = np.empty(len(starts), dtype=np.intp)
    row[unit[::-1]] = np.arange(len(unit) - 1, -1, -1)
    code, levels = encode(sample.frame[str(column)])
    if (code[row] < 0).any():
        raise MpsurveyError(
            f"'{column}' has no value for {int((code[row] < 0).sum()):,} PSUs of a round: give a "
            "PSU that is in one round only a code of its own."
        )
    codes = levels.astype(str)[code[row]]
    if len(np.unique(codes)) < len(codes):
        # Codes that begin anew in each stratum need the stratum to tell them apart.
        strata = (sample.design.strata or (None,))[0]
        if strata is None:
            raise MpsurveyError(f"'{column}' does not tell the PSUs of a round apart.")
        names = sample.frame[strata].to_numpy()[row].astype(str)
        codes = np.char.add(np.char.add(names, "\x1f"), codes)
    return np.asarray(codes)


def _psu_scores(scores: Scores) -> Floats:
    values = scores.values if isinstance(scores.values, np.ndarray) else scores.values.toarray()
    starts = scores.units.stages[0].starts
    return values if len(starts) == len(values) else np.add.reduceat(values, starts)


def _fitted(
    z: Floats,
    earlier: Sample,
    later: Sample,
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    count: int,
) -> Floats:
    """Fit scores by the strata of both rounds: cells of (stratum before, stratum after).

    With all interactions the fit of a PSU is the mean of its cell, where a PSU that a round lacks
    is in that round's cell of the absent.
    """
    before, after = np.full(count, -1), np.full(count, -1)
    before[first] = earlier.units.stages[0].stratum
    after[second] = later.units.stages[0].stratum
    cell = (before + 1) * (after.max() + 2) + after + 1
    _, place = np.unique(cell, return_inverse=True)
    columns = [
        sparse.csr_array((np.ones(count), (np.arange(count), codes)))
        for codes in (before + 1, after + 1, place)
    ]
    dummies = sparse.hstack(columns).toarray()
    coefficients = np.linalg.lstsq(dummies, z, rcond=None)[0]
    return np.asarray(dummies @ coefficients)


def _changed(
    named: str,
    before: Estimates,
    after: Estimates,
    rows: pd.DataFrame,
    places: tuple[NDArray[np.intp], NDArray[np.intp]],
    value: Floats,
    made: KnownCovariance,
    samples: tuple[Sample, Sample],
) -> Estimates:
    frames = [
        r.frame.iloc[p].reset_index(drop=True) for r, p in zip((before, after), places, strict=True)
    ]
    whole = [before.frame, after.frame]
    df = np.minimum(*(frame["df"].to_numpy(dtype=np.float64) for frame in frames))
    se = np.sqrt(made.variance())
    known = rows["category"].notna().any()
    words = [describe(each.design, each.units, len(each)) for each in samples]
    return Estimates(
        frame=assemble(
            statistic=named,
            variables=rows["variable"].tolist(),
            categories=rows["category"].tolist() if known else None,
            by={name: rows[name] for name in rows.columns if name not in ("variable", "category")},
            estimate=value,
            se=se,
            interval=t_interval(value, se, df, before.level),
            deff=None,
            df=df,
            n=frames[0]["n"].to_numpy() + frames[1]["n"].to_numpy(),
            population=frames[1]["population"].to_numpy(),
        ),
        statistic=f"{named} of {before.statistic}",
        method=before.method,
        level=before.level,
        design=after.design,
        basis=f"earlier round: {words[0]}; later round: {words[1]}",
        uncertainty=made,
        labels={**before.labels, **after.labels},
        titles={**before.titles, **after.titles},
        notes=tuple(dict.fromkeys((*before.notes, *after.notes, *_in_one_round(frames, whole)))),
        freedom=before.freedom if before.freedom == after.freedom else "domain",
    )


def _in_one_round(frames: Sequence[pd.DataFrame], whole: Sequence[pd.DataFrame]) -> list[str]:
    """Say how many rows of a round the other one lacks."""
    lost = [len(every) - len(kept) for kept, every in zip(frames, whole, strict=True)]
    if not any(lost):
        return []
    return [
        f"Left out: {lost[0]:,} row(s) that the earlier round alone has and {lost[1]:,} that the "
        "later one alone has; nobody in the other is in that group or gave that answer."
    ]
