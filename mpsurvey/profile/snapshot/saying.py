"""Claims become sentences: rules choose the sentence, each language has its own wording."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

from mpsurvey.catalogue import Indicator
from mpsurvey.errors import MpsurveyError
from mpsurvey.profile.grounds import method_in_words
from mpsurvey.profile.snapshot.claim import Claim
from mpsurvey.profile.snapshot.plurals import LANGUAGES, form_of
from mpsurvey.profile.snapshot.rounding import supported
from mpsurvey.publication.charts.lettering import plain
from mpsurvey.publication.wording import number

__all__ = ["basis", "headline", "sentence", "with_basis"]

_LEFT_TO_RIGHT = "\u200e"
_NO_BREAK = "\u00a0"
_MAGNITUDES = ((1e9, 9, "billion"), (1e6, 6, "million"))


def sentence(claim: Claim, indicator: Indicator, language: str, *, same_language: bool) -> str:
    """Say a claim in plain words.

    Parameters
    ----------
    claim
        What is to be said.
    indicator
        Its definition, for title, unit and group.
    language
        One of en, fr, es, ru, ar.
    same_language
        Whether the table's own reason for a flag is in this language too.

    Raises
    ------
    MpsurveyError
        The language is another.
    """
    words = _words(language)
    said = words["sentences"][_rule("sentences", claim)].format(
        **_values(claim, indicator, language)
    )
    if claim.caution:
        reason = claim.reason if claim.reason and same_language else ""
        reason = (reason or words["cautions"][claim.caution]).rstrip(".")
        said = words["parts"]["caution"].format(sentence=said, reason=reason)
    return _typeset(said, language)


def headline(claim: Claim, language: str) -> str:
    """Return the figure to show large: to the digits that its interval supports, or nothing.

    What is unclear, or to be used with caution, has no headline.
    """
    if claim.caution or claim.direction == "unclear":
        return ""
    words, evidence = _words(language), claim.evidence
    value, digits = supported(evidence.estimate, evidence.low, evidence.high)
    forms = {"frequency": "percent", "percent": "percent", "points": "points", "amount": "amount"}
    text = _amount(abs(value), digits, language)
    if digits < 0 and claim.form != "amount":
        # Known to no better than ten percent: the range says more than a figure.
        ends = sorted((abs(evidence.low), abs(evidence.high)))
        low, high = (
            number(math.floor(ends[0]), 0, language),
            number(math.ceil(ends[1]), 0, language),
        )
        text = words["headlines"]["range"].format(low=low, high=high)
    sign = "−" if value < 0 else "+" if claim.direction else ""
    shown = words["headlines"][forms[claim.form]].format(sign=sign, value=text)
    if sign:
        # The figure keeps its own direction; the line takes that of its words.
        shown = re.sub(r"[−+][\d.,]+%?", lambda found: plain(found[0], language), shown)
    return _typeset(shown, language)


def basis(claim: Claim, language: str, *, expert: bool = True) -> str:
    """Return what a claim rests on: estimate, interval and respondents; for experts the test."""
    words, evidence = _words(language), claim.evidence
    said = words["basis"]
    digits = 1 - math.floor(math.log10(evidence.se))
    decimals = min(max(digits, 0), 8)

    def shown(value: float) -> str:
        return _signed(value, decimals, language)

    unit = {"frequency": said["percent"], "percent": said["percent"], "points": said["points"]}
    parts = [
        said["estimate"].format(estimate=shown(evidence.estimate), unit=unit.get(claim.form, "")),
        said["interval"].format(
            level=_plain(evidence.level * 100, language),
            low=shown(evidence.low),
            high=shown(evidence.high),
        ),
    ]
    if claim.kind == "level":
        parts.append(said["cv"].format(cv=number(evidence.cv * 100, 1, language)))
    if evidence.n is not None:
        parts.append(said["n"].format(n=number(evidence.n, 0, language)))
    if expert:
        parts.append(said["se"].format(se=shown(evidence.se)))
        if math.isfinite(evidence.df):
            parts.append(said["df"].format(df=_plain(evidence.df, language)))
        if evidence.tests:
            t = _signed(evidence.t, 2, language)
            parts.append(said["test"].format(t=t, p=_probability(evidence.p, language)))
            parts.append(
                said["adjusted"].format(
                    tests=number(evidence.tests, 0, language),
                    adjustment=words["adjustments"][evidence.adjustment],
                    p=_probability(evidence.adjusted, language),
                )
            )
        if evidence.method:
            parts.append(said["method"].format(method=method_in_words(evidence.method, language)))
    return _typeset(words["parts"]["separator"].join(parts), language)


def with_basis(text: str, rests_on: str, language: str) -> str:
    """Put what a sentence rests on behind it."""
    joined = _words(language)["parts"]["with_basis"]
    return str(joined.format(sentence=text, basis=rests_on))


@cache
def _words(language: str) -> Mapping[str, Any]:
    if language not in LANGUAGES:
        raise MpsurveyError(f"language='{language}' is not one of {', '.join(LANGUAGES)}.")
    words: Mapping[str, Any] = _read(language)
    return words


@cache
def _read(name: str) -> Any:
    folder = resources.files("mpsurvey.profile.snapshot").joinpath("sentences")
    return yaml.safe_load(folder.joinpath(f"{name}.yaml").read_text("utf-8"))


def _rule(sort: str, claim: Claim) -> str:
    """Name of the first rule whose conditions all hold."""
    for rule in _read("rules")[sort]:
        if all(_holds(claim, key, wanted) for key, wanted in rule["when"].items()):
            return str(rule["say"])
    raise MpsurveyError(f"No rule of {sort} says a {claim.kind} that is {claim.shape}.")


def _holds(claim: Claim, key: str, wanted: Any) -> bool:
    value = bool(claim.groups) if key == "named" else getattr(claim, key)
    return value in wanted if isinstance(wanted, list) else value == wanted


def _values(claim: Claim, indicator: Indicator, language: str) -> dict[str, str]:
    """All that may stand in braces."""
    words = _words(language)
    values = _said_with(claim, indicator, language)
    values |= dict(zip(("first", "second"), claim.groups, strict=False))
    known = words["groups"]
    rule = str(indicator.given.get("group", ""))
    values |= known.get(rule, known["other"])
    values["one_in"] = ""
    if claim.one_in is not None:
        values["one_in"] = words["parts"]["one_in"].format(k=claim.one_in)
    if claim.direction:
        values["range"] = words["ranges"][_rule("ranges", claim)].format(**values)
    return values


def _title(claim: Claim, indicator: Indicator, language: str, *, unit: bool) -> str:
    """Title, with the unit behind it where it does not stand with the numbers."""
    parts = _words(language)["parts"]
    title = _in(indicator.title, language)
    if unit:
        title = parts["with_unit"].format(title=title, unit=_in(indicator.unit, language))
    if claim.category:
        title = parts["category"].format(title=title, category=claim.category)
    return str(title)


def _said_with(claim: Claim, indicator: Indicator, language: str) -> dict[str, str]:
    """Title, ends of the range, and the noun that goes with each."""
    words = _words(language)
    counted = "percentage points" if claim.form == "points" else indicator.unit.get("en", "")
    noun = words["units"].get(counted) if claim.form in ("points", "amount") else None
    if claim.shape == "beyond":
        return {"title": _title(claim, indicator, language, unit=False)}
    # "from 3 lower to 9 higher": of a range around zero the sizes are said.
    sizes = (abs(claim.low), abs(claim.high)) if claim.direction else (claim.low, claim.high)
    decimals = claim.decimals
    if all(float(size).is_integer() for size in sizes):
        decimals = 0
    (low, high), word = _pair(sizes, decimals or _trailing(claim), language)
    # "3 million persons" takes a preposition in some languages: the unit then stands in the title.
    in_title = claim.form == "amount" and (noun is None or bool(word))
    values = {"title": _title(claim, indicator, language, unit=in_title)}
    values |= {"low": low, "high": f"{high}{_NO_BREAK}{word}" if word else high}
    values |= {"base": number(claim.base, 0, language)}
    values |= {"unit": "", "low_unit": "", "genitive_unit": ""}
    if word and claim.shape == "inside":
        values["low"] = f"{low}{_NO_BREAK}{word}"
    if noun is not None and not in_title:
        genitive = words.get("genitive_units", {}).get(counted, noun)
        values["low_unit"] = " " + form_of(noun, language, sizes[0], decimals)
        values["unit"] = " " + form_of(noun, language, sizes[1], decimals)
        values["genitive_unit"] = " " + form_of(genitive, language, sizes[1], decimals)
    return values


def _trailing(claim: Claim) -> int:
    """Minus the zeros at the end of both ends: their last digit that counts."""
    ends = [round(abs(x)) for x in (claim.low, claim.high) if x]
    zeros = [len(str(x)) - len(str(x).rstrip("0")) for x in ends]
    return -min(zeros, default=0)


def _pair(sizes: tuple[float, float], digits: int, language: str) -> tuple[tuple[str, str], str]:
    """Two numbers as written, and the word million or billion that goes with both."""
    least, largest = (sizes[0] or sizes[1]), sizes[1]
    for size, power, name in _MAGNITUDES:
        if min(least, largest) >= size / 10 and largest >= size and digits + power <= 2:
            decimals = max(digits + power, 0)
            forms = _words(language)["magnitudes"][name]
            low, high = (number(x / size, decimals, language) for x in sizes)
            return (low, high), form_of(forms, language, largest / size, decimals)
    low, high = (number(x, max(digits, 0), language) for x in sizes)
    return (low, high), ""


def _amount(value: float, digits: int, language: str) -> str:
    (_, text), word = _pair((value, value), digits, language)
    return f"{text}{_NO_BREAK}{word}" if word else text


def _signed(value: float, decimals: int, language: str) -> str:
    text = number(value, decimals, language)
    return _LEFT_TO_RIGHT + text if language == "ar" and text.startswith("−") else text


def _plain(value: float, language: str) -> str:
    return number(value, 0 if float(value).is_integer() else 1, language)


def _probability(p: float, language: str) -> str:
    if p < 0.001:
        return "< " + number(0.001, 3, language)
    return "= " + number(p, 3, language)


def _in(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language) or texts.get("en") or next(iter(texts.values()))


def _typeset(text: str, language: str) -> str:
    """Keep signs with their words at the end of a line, as each language wants it."""
    text = text.replace(" %", f"{_NO_BREAK}%")
    if language == "fr":
        text = re.sub(r" (?=[:;»])", _NO_BREAK, text)
        text = re.sub(r"(?<=«) ", _NO_BREAK, text)
    return text
