"""How like two wordings are: names, labels and value labels."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mpsurvey.catalogue import CodeList
from mpsurvey.errors import ExtraMissing
from mpsurvey.harmonisation.countries import CountryNames
from mpsurvey.harmonisation.vocabulary import CODE_WORDS, STOP
from mpsurvey.harmonisation.wording import means_missing, plain, yes_or_no

__all__ = ["CodeMatch", "bare", "match_codes", "name_likeness", "phrase_likeness", "scripts"]

LIKE = 0.82
"""Two value labels say the same from this likeness on."""

WHOLE_PHRASE = 0.9
"""A phrase of several words that stands in a label as it is, is at least as like as this."""

YES_NO = "YESNO"


def _fuzz() -> Any:
    try:
        from rapidfuzz import fuzz
    except ImportError:
        raise ExtraMissing("Proposing a crosswalk", "match") from None
    return fuzz


def bare(text: str) -> str:
    """Return the words of a wording that say what is asked.

    >>> bare("What is the respondent's country of birth?")
    'country birth'
    """
    words = plain(re.sub(r"\\{[^}]*\\}", " ", text)).split()
    said = ["household" if word == "hh" else word for word in words]
    kept = [word for word in said if word not in STOP]
    return " ".join(kept or said)


def scripts(texts: Iterable[str]) -> frozenset[str]:
    """Return which of the letters 'latin', 'cyrillic' and 'arabic' some texts are written in."""
    joined = " ".join(texts)
    found = set()
    if re.search("[a-z]", joined, re.IGNORECASE):
        found.add("latin")
    if re.search("[\\u0400-\\u04ff]", joined):
        found.add("cyrillic")
    if re.search("[\\u0600-\\u06ff]", joined):
        found.add("arabic")
    return frozenset(found)


def phrase_likeness(phrases: Sequence[str], labels: Sequence[str]) -> npt.NDArray[np.float64]:
    """Compare each phrase with each label, both bare, shape (phrases, labels), from 0 to 1.

    Half of it is how like they are as they stand, in any order of words; half whether the words of
    the shorter are found in the longer.
    """
    fuzz = _fuzz()
    from rapidfuzz import process

    if not phrases or not labels:
        return np.zeros((len(phrases), len(labels)))
    whole = process.cdist(phrases, labels, scorer=fuzz.token_sort_ratio, dtype=np.float32)
    inside = process.cdist(phrases, labels, scorer=fuzz.token_set_ratio, dtype=np.float32)
    likeness: npt.NDArray[np.float64] = (whole.astype(np.float64) + inside) / 200.0
    blank = np.array([not label for label in labels])
    likeness[:, blank] = 0.0
    for row, phrase in enumerate(phrases):
        if " " in phrase:  # the very words, one after the other, say more than the same letters
            at = [f" {phrase} " in f" {label} " for label in labels]
            likeness[row, at] = np.maximum(likeness[row, at], WHOLE_PHRASE)
    return likeness


def name_likeness(name: str, own: str, also: Collection[str], known: Collection[str]) -> float:
    """Compare a column's name with the modules' own, other names, and those of known surveys."""
    given = name.strip().lower()
    if given == own:
        return 0.95
    if given in known:
        return 0.8
    if given in also:
        return 0.75
    squeezed = re.sub(r"[^a-z0-9]", "", given)
    if squeezed and squeezed in {re.sub(r"[^a-z0-9]", "", one) for one in (own, *also, *known)}:
        return 0.7
    if len(squeezed) >= 5:
        best = max(_fuzz().ratio(squeezed, one) for one in (own.replace("_", ""), *also))
        if best >= 88:
            return 0.35
    return 0.0


@dataclass(frozen=True, slots=True)
class CodeMatch:
    """The codes of a file matched with those of a list, by their labels.

    Attributes
    ----------
    recode
        The file's code to the list's.
    words
        What each code says on both sides.
    missing
        Codes that mean no answer and that the list has no code for, with what they mean.
    left
        Codes for which nothing was found, with their labels.
    score
        From 0 to 1: how well the labels fit the list.
    """

    recode: Mapping[Any, Any]
    words: Mapping[Any, str]
    missing: Mapping[Any, str]
    left: Mapping[Any, str]
    score: float


def match_codes(
    answers: Mapping[Any, str], listed: CodeList, languages: Sequence[str], countries: CountryNames
) -> CodeMatch:
    """Match labelled codes with a list: its wordings in some languages, yes and no, countries."""
    recode: dict[Any, Any] = {}
    words: dict[Any, str] = {}
    missing: dict[Any, str] = {}
    substantive: dict[Any, str] = {}
    shown = listed.labels("en")
    for code, label in answers.items():
        means = means_missing(label)
        if means is None and _negative(code) and not _has_negative(listed):
            means = "no answer"
        if means is None:
            substantive[code] = label
            continue
        theirs = _missing_code(listed, means)
        if theirs is None:
            missing[code] = means
        else:
            recode[code] = theirs
            words[code] = f"{label} -> {shown[theirs]}"
    found = _matched(substantive, listed, languages, countries)
    for code, theirs in found.items():
        recode[code] = theirs
        words[code] = f"{substantive[code]} -> {shown[theirs]}"
    left = {code: label for code, label in substantive.items() if code not in found}
    offered = len(listed.codes) - len(listed.missing)
    hit = len(set(found.values()))
    score = 0.0
    if substantive and found:
        covered = hit / max(1, min(offered, len(substantive)))
        score = len(found) / len(substantive) * (0.4 + 0.6 * min(1.0, covered))
    ordered = {code: recode[code] for code in answers if code in recode}
    return CodeMatch(ordered, words, missing, left, score)


def _negative(code: Any) -> bool:
    return isinstance(code, int | float) and code < 0


def _has_negative(listed: CodeList) -> bool:
    return any(code < 0 for code in listed.codes if code not in listed.missing)


def _missing_code(listed: CodeList, means: str) -> int | None:
    if means not in ("does not know", "refused"):
        return None
    for item in listed:
        if item.missing and means_missing(item.label.get("en", "")) == means:
            return item.code
    return None


def _matched(
    labels: Mapping[Any, str],
    listed: CodeList,
    languages: Sequence[str],
    countries: CountryNames,
) -> dict[Any, int]:
    if listed.id == "CNT":
        named = {code: countries.find(label) for code, label in labels.items()}
        return {code: number for code, number in named.items() if number is not None}
    if listed.id == YES_NO:
        said = {code: yes_or_no(label) for code, label in labels.items()}
        return {code: 1 if yes else 2 for code, yes in said.items() if yes is not None}
    return _by_likeness(labels, listed, languages)


def _by_likeness(
    labels: Mapping[Any, str], listed: CodeList, languages: Sequence[str]
) -> dict[Any, int]:
    fuzz = _fuzz()
    theirs = [
        (item.code, plain(item.label[language]))
        for item in listed
        if not item.missing
        for language in languages
        if language in item.label
    ]
    theirs += [
        (code, plain(word))
        for code, all_ in CODE_WORDS.get(listed.id, {}).items()
        for word in all_.split(" | ")
    ]
    out: dict[Any, int] = {}
    for code, label in labels.items():
        ours = plain(label)
        best, whose = 0.0, None
        for number, wording in theirs:
            like = fuzz.token_sort_ratio(ours, wording) / 100.0
            first = ours and wording.startswith(ours + " ")
            if ours == wording:
                like = 1.0
            elif first and len(ours) >= 4:
                like = max(like, 0.85)
            if like > best:
                best, whose = like, number
        if whose is not None and best >= LIKE:
            out[code] = whose
    return out
