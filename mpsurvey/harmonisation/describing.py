"""Columns and their descriptions under the modules' names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from mpsurvey.harmonisation.recoding import Answers
from mpsurvey.harmonisation.target import Target, is_yes_no
from mpsurvey.harmonisation.words import no_word, yes_word
from mpsurvey.microdata import Reasons, Variable
from mpsurvey.microdata.variable import Kind

__all__ = ["by_use", "described", "variable_of"]

MOST_ANSWERS = 100
"""Answers of a list that are all described, given or not."""


def described(
    answers: Mapping[str, Answers],
    concepts: Mapping[str, npt.NDArray[np.float64]],
    targets: Mapping[str, Target],
    language: str,
) -> tuple[dict[str, Any], dict[str, Variable], dict[str, Reasons]]:
    """Return columns, what they mean, and why answers are missing."""
    frame: dict[str, Any] = {}
    variables: dict[str, Variable] = {}
    reasons: dict[str, Reasons] = {}
    for name, got in answers.items():
        frame[name] = _column(got.values)
        variables[name] = _of_values(targets[name], got.values, got.words, language)
        reasons[name] = got.reasons
    for name, values in concepts.items():
        frame[name] = _column(values)
        variables[name] = _of_values(targets[name], values, {}, language)
    return frame, variables, reasons


def _column(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Whole numbers without a gap as integers, as `mpsurvey.read` gives them."""
    if values.dtype.kind != "f" or not len(values):
        return values
    if np.isnan(values).any() or not (values == np.floor(values)).all():
        return values
    return values.astype(np.int64) if np.abs(values).max() < 2**53 else values


def _of_values(
    target: Target, values: npt.NDArray[Any], missing: Mapping[Any, str], language: str
) -> Variable:
    text = values.dtype.kind == "O"
    there: Collection[Any] = ()
    if not text and by_use(target, language):
        there = set(np.unique(values[~np.isnan(values)]).astype(int).tolist())
    return variable_of(target, missing, language, text=text, there=there)


def by_use(target: Target, language: str) -> bool:
    """Whether only those answers are described that somebody gave: of a list of countries."""
    return target.codes is not None and len(_answers(target, language)) > MOST_ANSWERS


def _answers(target: Target, language: str) -> dict[Any, str]:
    answers: dict[Any, str] = dict(target.labels(language))
    if target.concept is not None and is_yes_no(target.concept):
        answers = {1: yes_word(language), 0: no_word(language)}
    if target.special is not None:
        special = target.special.labels(language)
        answers |= {c: w for c, w in special.items() if c not in target.special.missing}
    return answers


def variable_of(
    target: Target,
    missing: Mapping[Any, str],
    language: str,
    *,
    text: bool = False,
    there: Collection[Any] = (),
) -> Variable:
    """Describe a variable of the modules.

    Parameters
    ----------
    missing
        Reasons for missing answers that occur, with the file's words.
    text
        Whether values are texts or dates.
    there
        Answers that occur; asked for where `by_use` says so.
    """
    answers = _answers(target, language)
    if by_use(target, language):
        answers = {code: word for code, word in answers.items() if code in there}
    listed = target.listed
    if listed is not None:
        words = listed.labels(language)
        missing = {
            code: words[code] if code in listed.missing and not said else said
            for code, said in missing.items()
        }
    question = target.text.get(language) or next(iter(target.text.values()), None)
    return Variable(
        target.name,
        target.worded(language),
        _kind(target, text=text),
        answers,
        missing,
        target.unit,
        question,
    )


def _kind(target: Target, *, text: bool) -> Kind:
    if target.concept is not None and is_yes_no(target.concept):
        return "integer"  # 1 and 0 have a mean, which is the share
    if target.type in ("select_one", "concept"):
        return "categorical"
    if text:
        return "date" if target.type == "date" else "text"
    if target.type in ("integer", "text"):
        return "integer"
    return "decimal"
