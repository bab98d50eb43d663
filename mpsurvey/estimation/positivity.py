"""Values that a logarithm or a power has no answer for."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation.asking import Question

__all__ = ["NonPositive", "keep_positive", "say_negative"]

NonPositive = Literal["fail", "leave_out"]


def keep_positive(
    question: Question, variable: str, statistic: str, what: NonPositive, *, zero: bool = False
) -> Question:
    """Refuse values that a statistic is not defined for, or leave their rows out and say so.

    Parameters
    ----------
    question
        What was asked; its first column is looked at.
    variable, statistic
        How messages name them.
    what
        ``"fail"`` or ``"leave_out"``: the rows then stay in the design, outside all groups.
    zero
        Whether zero is allowed.

    Raises
    ------
    MpsurveyError
        There are such values and `what` is ``"fail"``.
    """
    if what not in ("fail", "leave_out"):
        raise MpsurveyError(f"nonpositive='{what}' is not one of 'fail', 'leave_out'.")
    values = question.columns[0]
    wrong = values < 0 if zero else values <= 0
    if question.answered is not None:
        wrong &= question.answered
    code = question.domains.code
    inside = wrong if code is None else wrong & (code >= 0)
    count = question.sample.count(inside)
    if not count:
        return question
    sign = "below zero" if zero else "zero or below"
    if what == "fail":
        rule = f"{variable} >= 0" if zero else f"{variable} > 0"
        raise MpsurveyError(
            f"{variable} is {sign} in {_rows(count)}, where {statistic} is not defined. Say "
            f"where='{rule}' or nonpositive='leave_out' to estimate it for the others, or correct "
            "the values."
        )
    kept = ~wrong if question.answered is None else question.answered & ~wrong
    said = f"{variable}: {_rows(count)} with a value {sign} {_were(count)} left out."
    return replace(question, answered=kept, notes=(*question.notes, said), names=())


def say_negative(question: Question, variable: str, consequence: str) -> tuple[str, ...]:
    """Return a note where values are below zero, with what follows from it; else nothing."""
    wrong = question.columns[0] < 0
    if question.answered is not None:
        wrong &= question.answered
    if question.domains.code is not None:
        wrong &= question.domains.code >= 0
    count = question.sample.count(wrong)
    if not count:
        return ()
    verb = "has" if count == 1 else "have"
    return (f"{variable}: {_rows(count)} {verb} a value below zero; {consequence}",)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
