"""Multiple imputations and plausible values: a variable that has several values per person."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mpsurvey.design import Sample
from mpsurvey.design.replicates import columns_of
from mpsurvey.errors import ColumnMissing, MpsurveyError
from mpsurvey.estimation.between_imputations import CombiningRule, Imputations, freedom
from mpsurvey.estimation.estimates import COLUMNS, Estimates, Uncertainty, assemble
from mpsurvey.estimation.intervals import t_interval

__all__ = ["Imputed", "combine", "each_imputation", "one_rule"]

Floats = NDArray[np.float64]
Interval = Callable[[Floats, Floats, Floats, Floats, float], tuple[Floats, Floats]]


@dataclass(frozen=True, slots=True)
class Imputed:
    r"""A variable with several imputations or plausible values, for use wherever a variable stands.

    Every verb then works out its statistic once for each imputation, on the same sample, and
    combines the results. Averaging the imputations of each person first would be wrong: the mean
    would survive, but spread, shares, quantiles and every standard error would be too small.

    Parameters
    ----------
    columns
        The columns, one per imputation: a list, or a pattern such as ``"PV*MATH"``. A list may also
        hold rules or formulas.
    rule
        How variances are combined.

        - ``"rubin"``: the mean of the sampling variances, plus 1 + 1/M times the variance between
          the M imputations.
        - ``"iea"``: the sampling variance of the first imputation alone, plus the same: the
          shortcut of IEA's older reports, so that their figures can be met.
    formula
        What to make of each column, with ``{}`` in its place: ``"{} < 420"`` is whether a plausible
        value is below 420.
    name
        What results call the variable; by default the pattern.

    Notes
    -----
    With :math:`\hat Q_m` and :math:`U_m` the estimate and its variance in imputation m,

    .. math::

        \bar Q = \tfrac1M \sum \hat Q_m, \quad
        T = \bar U + (1 + \tfrac1M) B, \quad
        B = \tfrac1{M - 1} \sum (\hat Q_m - \bar Q)(\hat Q_m - \bar Q)^\top

    and t intervals with the degrees of freedom of Barnard and Rubin, from the design's
    :math:`\nu` and :math:`\lambda = (1 + 1/M) B / T`:

    .. math::

        1 / \tilde\nu = \frac{\lambda^2}{M - 1}
            + \left(\frac{\nu + 1}{\nu + 3} \nu (1 - \lambda)\right)^{-1}

    Where the imputations agree, the result is that of one of them. Rubin (1987), Multiple
    Imputation for Nonresponse in Surveys, 76-77; Barnard and Rubin (1999), Biometrika 86, 948-955;
    OECD (2009), PISA Data Analysis Manual, chapters 6 to 8. R's ``mitools`` leaves the factor
    1 + 1/M out of the last :math:`\lambda`, so its degrees of freedom are a little larger.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> pupils = pd.DataFrame({"pv1": [480.0, 510, 530], "pv2": [490.0, 505, 540]})
    >>> found = mp.mean(mp.Sample(pupils, mp.Design()), mp.Imputed("pv*"))
    >>> found.frame[["variable", "estimate", "n"]].values.tolist()
    [['pv*', 509.1666666666667, 3]]
    """

    columns: str | Sequence[str]
    rule: CombiningRule = "rubin"
    formula: str = field(default="{}", kw_only=True)
    name: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.columns, str):
            object.__setattr__(self, "columns", tuple(self.columns))
        problems = []
        if self.rule not in get_args(CombiningRule):
            problems.append(f"rule='{self.rule}' is not one of 'rubin', 'iea'.")
        if "{}" not in self.formula:
            problems.append(f"formula='{self.formula}' has no {{}} where the column goes.")
        if problems:
            raise MpsurveyError(problems)

    def expressions(self, sample: Sample) -> tuple[str, ...]:
        """Columns, rules or formulas to ask of a sample, one per imputation."""
        pattern = self.columns
        if isinstance(pattern, str):
            try:
                names: Sequence[str] = columns_of(pattern, list(sample.frame.columns))
            except ColumnMissing:
                raise ColumnMissing([("Imputed", pattern)], sample.frame.columns) from None
        else:
            names = pattern
        if len(names) < 2:
            raise MpsurveyError(
                f"Imputed names {len(names)} column; name one for each imputation, two or more."
            )
        if self.formula == "{}":
            return tuple(names)
        known = set(sample.frame.columns)
        quoted = [f"`{one}`" if one in known and not one.isidentifier() else one for one in names]
        return tuple(self.formula.replace("{}", one) for one in quoted)

    def title(self) -> str:
        """What results call the variable."""
        if self.name is not None:
            return self.name
        if isinstance(self.columns, str):
            said = self.columns
        else:
            first, last = min(self.columns), max(self.columns)
            head = _shared(first, last)
            tail = _shared(first[len(head) :][::-1], last[len(head) :][::-1])[::-1]
            said = f"{head}*{tail}" if head or tail else ", ".join(self.columns)
        return self.formula.replace("{}", said)


def _shared(first: str, second: str) -> str:
    """The beginning that two words share."""
    same = 0
    while same < min(len(first), len(second)) and first[same] == second[same]:
        same += 1
    return first[:same]


def each_imputation(
    verb: Callable[..., Estimates], arguments: Mapping[str, Any], interval: Interval | None = None
) -> Estimates:
    """Call a verb once for each imputation of the variables it was given, and combine.

    A verb whose variable may be `Imputed` begins with::

        if isinstance(variable, Imputed):
            return each_imputation(mean, locals())

    Parameters
    ----------
    verb
        The verb itself.
    arguments
        What it was called with, by name; `sample` among them.
    interval
        How the verb finds limits, where not by t.

    Raises
    ------
    MpsurveyError
        Two imputed variables have different numbers of imputations or rules.
    """
    taken = {name: arguments[name] for name in inspect.signature(verb).parameters}
    imputed = {name: one for name, one in taken.items() if isinstance(one, Imputed)}
    asked = {name: one.expressions(taken["sample"]) for name, one in imputed.items()}
    rule = one_rule(imputed, asked)
    count = len(next(iter(asked.values())))
    results = [
        verb(**{**taken, **{name: names[m] for name, names in asked.items()}}) for m in range(count)
    ]
    titles = {names[0]: imputed[name].title() for name, names in asked.items()}
    return combine(results, rule, titles=titles, interval=interval)


def one_rule(imputed: Mapping[str, Imputed], asked: Mapping[str, Sequence[str]]) -> CombiningRule:
    """The rule of several imputed variables, whose imputations must pair."""
    counts = {name: len(names) for name, names in asked.items()}
    if len(set(counts.values())) > 1:
        said = ", ".join(f"{name} has {count}" for name, count in counts.items())
        raise MpsurveyError(f"Imputations must pair, but {said}.")
    rules = {one.rule for one in imputed.values()}
    if len(rules) > 1:
        raise MpsurveyError("Imputed variables with rules 'rubin' and 'iea' are mixed; choose one.")
    return rules.pop()


def combine(
    results: Sequence[Estimates],
    rule: CombiningRule = "rubin",
    *,
    titles: Mapping[str, str] | None = None,
    interval: Interval | None = None,
) -> Estimates:
    """Combine one result per imputation into one.

    Parameters
    ----------
    results
        The same figures from each imputation, two or more results of one sample.
    rule
        See `Imputed`.
    titles
        What to call the variables of the first result.
    interval
        How limits are found from estimate, se, df, n and level; t intervals by default.

    Returns
    -------
    Estimates
        `n` is the smallest, `population` and `deff` the mean over the imputations; a category that
        an imputation gives to nobody has a share of 0 there.
    """
    first = results[0]
    frames, parts = _same_rows(results)
    figures = np.stack([frame["estimate"].to_numpy(dtype=np.float64) for frame in frames])
    complete = np.mean([frame["df"] for frame in frames], axis=0)
    uncertainty = Imputations(tuple(parts), figures, complete, rule)
    # A figure can have a standard error that its scores do not give: a quantile without a limit.
    squares = np.stack([frame["se"].to_numpy(dtype=np.float64) for frame in frames]) ** 2
    sampling = squares[0] if rule == "iea" else squares.mean(axis=0)
    between = uncertainty.imputation_variance()
    estimate, se = figures.mean(axis=0), np.sqrt(sampling + between)
    df = freedom(complete, sampling, between, len(results))
    n = np.min([frame["n"] for frame in frames], axis=0)
    find = interval or (lambda p, s, f, _n, level: t_interval(p, s, f, level))
    rows = frames[0]
    frame = assemble(
        statistic=rows["statistic"].iloc[0] if len(rows) else first.statistic,
        variables=[_renamed(text, titles or {}) for text in rows["variable"]],
        categories=rows["category"].tolist(),
        by={name: rows[name] for name in first.by},
        estimate=estimate,
        se=se,
        interval=find(estimate, se, df, n.astype(np.float64), first.level),
        deff=np.mean([frame["deff"] for frame in frames], axis=0),
        df=df,
        n=n,
        population=np.mean([frame["population"] for frame in frames], axis=0),
    )
    said = "Rubin's rules" if rule == "rubin" else "IEA's rule"
    labels = dict(first.labels)
    for old, new in (titles or {}).items():
        if old in labels:
            labels[new] = labels[old]
    return replace(
        first,
        frame=frame,
        method=f"{first.method}; {len(results)} imputations combined by {said}",
        uncertainty=uncertainty,
        labels=labels,
        notes=tuple(dict.fromkeys(note for result in results for note in result.notes)),
    )


def _same_rows(results: Sequence[Estimates]) -> tuple[list[pd.DataFrame], list[Uncertainty]]:
    """Frames and uncertainties with the same rows in each, in the same order."""
    by = list(results[0].by)
    # A variable's name differs between imputations; its place among the variables does not.
    keys = [
        list(
            zip(
                pd.factorize(result.frame["variable"])[0].tolist(),
                result.frame["category"]
                .astype(object)
                .where(result.frame["category"].notna(), None),
                *(result.frame[name] for name in by),
                strict=True,
            )
        )
        for result in results
    ]
    frames = [result.frame for result in results]
    parts = [result.uncertainty for result in results]
    if all(key == keys[0] for key in keys[1:]):
        return frames, parts
    every = list(dict.fromkeys(key for rows in keys for key in rows))
    every.sort(key=lambda key: (key[2:], key[:2]))
    if any(key[1] is None for key in every):
        raise MpsurveyError(
            "The imputations do not give the same rows. Use the same groups in each imputation."
        )
    whole = pd.concat(frames, ignore_index=True)
    flat = [key for rows in keys for key in rows]
    model = whole.iloc[[flat.index(key) for key in every]].reset_index(drop=True)
    for place, (frame, rows) in enumerate(zip(frames, keys, strict=True)):
        at = {key: row for row, key in enumerate(rows)}
        matrix = np.zeros((len(every), len(rows)))
        for row, key in enumerate(every):
            if key in at:
                matrix[row, at[key]] = 1.0
        absent = np.array([key not in at for key in every])
        filled = model.copy()
        for name in COLUMNS:
            own = matrix @ np.nan_to_num(frame[name].to_numpy(dtype=np.float64))
            unknown = matrix @ np.isnan(frame[name].to_numpy(dtype=np.float64)) > 0
            nobody = 0.0 if name in ("estimate", "se") else model[name].to_numpy(dtype=np.float64)
            filled[name] = np.where(absent, nobody, np.where(unknown, np.nan, own))
        frames[place], parts[place] = filled, parts[place].combined(matrix)
    return frames, parts


def _renamed(text: Any, titles: Mapping[str, str]) -> Any:
    """The name of a variable, with an imputation's column replaced by that of all of them."""
    if not isinstance(text, str):
        return text
    for old, new in titles.items():
        if text == old:
            return new
        text = re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", new.replace("\\", r"\\"), text)
    return text
