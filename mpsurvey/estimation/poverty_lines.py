"""Poverty lines: an amount, or a share of a mean, a median or another quantile of the people."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mpsurvey.design import Sample
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation import replication, taylor
from mpsurvey.estimation.answering import DegreesOfFreedom
from mpsurvey.estimation.asking import By, Missing, Question, ask
from mpsurvey.estimation.densities import density, lower_quantile
from mpsurvey.estimation.estimates import Estimates
from mpsurvey.estimation.imputation import Imputed, each_imputation
from mpsurvey.estimation.influence import (
    Evaluated,
    Functional,
    answer_functional,
    evaluate_functional,
    everybody,
)

__all__ = [
    "EstimatedLine",
    "Line",
    "LineOf",
    "PovertyLine",
    "evaluate_line",
    "poverty_line",
    "read_line",
]

Floats = NDArray[np.float64]
Line = float | str
LineOf = Literal["population", "group"]

_SHARE = re.compile(
    r"(?P<share>\d+(?:\.\d+)?)\s*%\s*of\s+(?:the\s+)?"
    r"(?:(?P<word>median|mean)"
    r"|(?P<q>0?\.\d+)\s+quantile|quantile\s+(?P<p>0?\.\d+)"
    r"|(?P<percentile>\d+(?:\.\d+)?)(?:st|nd|rd|th)\s+percentile)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d[\d,_ ]*(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class PovertyLine:
    """A poverty line as it was asked for.

    Attributes
    ----------
    text
        In the caller's words.
    amount
        A fixed line, in the unit of the variable; else None.
    expression
        A column or formula that holds each row's own fixed line; else None.
    share
        Of a relative line: the share of the mean or quantile, for instance 0.6.
    probability
        Of a relative line: the quantile, 0.5 for the median; None for the mean.
    """

    text: str
    amount: float | None = None
    expression: str | None = None
    share: float = 1.0
    probability: float | None = None

    @property
    def relative(self) -> bool:
        """Whether the line is itself an estimate."""
        return self.amount is None and self.expression is None

    def note(self) -> str:
        """Say a fixed line."""
        if self.amount is None:
            return f"Line: {self.text}, each row's own."
        return f"Line: {self.text}, fixed."

    def functional(self) -> Functional:
        r"""The line as a statistic of the people it is of.

        .. math::

            u_k(c\,\hat Q_p) = -\frac{c}{\hat N \hat f(\hat Q_p)} (1[y_k \le \hat Q_p] - p), \quad
            u_k(c\,\bar y) = \frac{c\,(y_k - \bar y)}{\hat N}
        """
        share, p = self.share, self.probability

        def figures(y: Floats, w: Floats) -> Floats:
            middle = (w * y).sum() / w.sum() if p is None else lower_quantile(y, w, p)
            return np.array([share * middle])

        def influence(y: Floats, w: Floats) -> Floats:
            whole = w.sum()
            if p is None:
                return np.asarray(share * (y - (w * y).sum() / whole) / whole)[None, :]
            at = lower_quantile(y, w, p)
            height = density(y, w, at)
            if height == 0:
                return np.zeros((1, len(y)))
            return np.asarray(-share / (whole * height) * ((y <= at) - p))[None, :]

        return Functional(figures, influence)


def read_line(line: Line, sample: Sample) -> PovertyLine:
    """Read a poverty line: a number, ``"60% of median"``, or a column with each row's own line.

    Raises
    ------
    MpsurveyError
        The line is none of these, or not above zero.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> sample = mp.Sample(pd.DataFrame({"income": [1.0, 2]}), mp.Design())
    >>> read_line("60% of median", sample).share, read_line(10000, sample).amount
    (0.6, 10000.0)
    """
    if not isinstance(line, str):
        amount = float(line)
        if not (amount > 0 and math.isfinite(amount)):
            raise MpsurveyError(f"line={line!r} is not an amount above zero.")
        return PovertyLine(f"{amount:,.15g}", amount=amount)
    text = line.strip()
    if text in sample.frame.columns:
        return PovertyLine(text, expression=text)
    if found := _SHARE.fullmatch(text):
        share = float(found["share"]) / 100
        p: float | None = None
        if found["percentile"]:
            p = float(found["percentile"]) / 100
        elif found["q"] or found["p"]:
            p = float(found["q"] or found["p"])
        elif found["word"].lower() == "median":
            p = 0.5
        if share <= 0 or (p is not None and not 0 < p < 1):
            raise MpsurveyError(
                f"line='{line}': the share must be above 0 %, and the quantile between 0 and 1."
            )
        return PovertyLine(text, share=share, probability=p)
    if _NUMBER.fullmatch(text):
        return read_line(float(re.sub(r"[,_ ]", "", text)), sample)
    if "%" in text:
        raise MpsurveyError(
            f"line='{line}' is not understood. Write for instance '60% of median', '50% of mean' "
            "or '40% of the 75th percentile'."
        )
    return PovertyLine(text, expression=text)


@dataclass(frozen=True, slots=True, eq=False)
class EstimatedLine:
    """A line of everybody, or of each group, with its uncertainty.

    Attributes
    ----------
    asked
        The line as it was asked for.
    line_of
        Whose it is.
    estimate
        Shape (L,): one line, or one for each of D groups.
    size
        D.
    scores
        Of an estimated line without replicates, P = L.
    replicated
        With replicates: the line in each, shape (R, L).
    """

    asked: PovertyLine
    line_of: LineOf
    estimate: Floats
    size: int
    scores: taylor.Scores | taylor.Residuals | None = None
    replicated: Floats | None = None

    def by_domain(self, lines: Floats) -> Floats:
        """Line of each group, shape (D,)."""
        return np.broadcast_to(lines, self.size)

    def carried(
        self, own: taylor.Scores | taylor.Residuals, slope: Floats
    ) -> taylor.Scores | taylor.Residuals:
        """Scores of D figures: their own, plus the line's times their slope by it, shape (D,)."""
        if self.scores is None:
            return own
        known = np.where(np.isfinite(slope), slope, 0.0)
        through = known[:, None] if len(self.estimate) == 1 else np.diag(known)
        joined: taylor.Scores | taylor.Residuals = own.joined(self.scores)
        return joined.combined(np.hstack([np.eye(self.size), through]))

    def notes(self) -> tuple[str, ...]:
        """Say what the line is, and what an estimated one came to."""
        if not self.asked.relative:
            return (self.asked.note(),)
        if self.line_of == "group":
            return (f"Line: {self.asked.text} of each group itself, estimated.",)
        amount = f"{self.estimate[0]:,.6g}"
        return (f"Line: {self.asked.text} of the whole population, estimated at {amount}.",)


def evaluate_line(question: Question, asked: PovertyLine, line_of: LineOf) -> EstimatedLine:
    """Estimate the line that a question's measure is taken below, with its uncertainty."""
    if line_of not in get_args(LineOf):
        raise MpsurveyError(f"line_of='{line_of}' is not one of 'population', 'group'.")
    size, replicates = question.domains.size, question.sample.replicates
    if asked.amount is not None:
        fixed = np.array([asked.amount])
        again = None if replicates is None else np.full((replicates.count, 1), asked.amount)
        return EstimatedLine(asked, line_of, fixed, size, None, again)
    people = everybody(question) if line_of == "population" else question
    found: Evaluated = evaluate_functional(people, asked.functional())
    lines = found.estimate[:, 0]
    if (lines[np.isfinite(lines)] <= 0).any():
        raise MpsurveyError(
            f"The line '{asked.text}' comes to {np.nanmin(lines):g}, not to an amount above zero."
        )
    if isinstance(found.uncertainty, replication.Deviations):
        return EstimatedLine(asked, line_of, lines, size, None, found.uncertainty.replicated)
    assert isinstance(found.uncertainty, taylor.Scores | taylor.Residuals)  # noqa: S101
    return EstimatedLine(asked, line_of, lines, size, found.uncertainty)


def poverty_line(
    sample: Sample,
    variable: str | Imputed,
    *,
    line: str = "60% of median",
    by: By = None,
    where: str | None = None,
    level: float = 0.95,
    missing: Missing = "domain",
    df: DegreesOfFreedom = "domain",
) -> Estimates:
    r"""Estimate a relative poverty line, such as the at-risk-of-poverty threshold.

    Parameters
    ----------
    sample, by, where, level, missing, df
        As in `mpsurvey.total`.
    variable
        Income or consumption per person, or per adult equivalent.
    line
        ``"60% of median"``, ``"50% of mean"``, ``"40% of the 75th percentile"`` (also written
        ``"40% of quantile 0.75"``).

    Returns
    -------
    Estimates
        In the unit of the variable. With `by` or `where`, the line of each group by its own median
        or mean.

    Raises
    ------
    MpsurveyError
        The line is a fixed amount, which has no variance.

    Notes
    -----
    With c the share, Q the smallest value that at least the share p of people is at or below, and
    f the density of `mpsurvey.estimation.densities.density`, the influence of a person is

    .. math:: u_k = -\frac{c}{\hat N \hat f(\hat Q_p)} (1[y_k \le \hat Q_p] - p),
              \qquad \text{or} \quad u_k = c\,(y_k - \bar y) / \hat N

    for a share of the mean. Deville (1999), Survey Methodology 25, 193-203; Osier (2009), Survey
    Research Methods 3, 167-195; R's ``convey::svyarpt``. The interval of `mpsurvey.quantile`, by
    Woodruff's method, needs no density and is the better one for the median itself.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"income": [100.0, 200, 300, 400, 500]})
    >>> found = poverty_line(mp.Sample(people, mp.Design()), "income")
    >>> float(found.frame.estimate[0])
    180.0
    """
    if isinstance(variable, Imputed):
        return each_imputation(poverty_line, locals())
    asked = read_line(line, sample)
    if not asked.relative:
        raise MpsurveyError(
            f"line='{line}' is a fixed line and needs no estimate. A relative one is written "
            "'60% of median' or '50% of mean'."
        )
    question = ask(
        sample, (variable,), statistic="A poverty line", by=by, where=where, missing=missing
    )
    return answer_functional(
        question,
        asked.functional(),
        name="poverty line",
        variables=[variable],
        notes=(
            f"Line: {asked.text} of each group itself." if by or where else f"Line: {asked.text}.",
        ),
        level=level,
        df=df,
    )
