"""The fixed words of what is published, and numbers as each language writes them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from importlib import resources

import yaml

from mpsurvey.errors import MpsurveyError, did_you_mean

__all__ = ["LANGUAGES", "comma", "number", "semicolon", "theme_title", "word"]

LANGUAGES = ("en", "fr", "es", "ru", "ar")

_NARROW = "\u202f"
_MARKS: Mapping[str, tuple[str, str]] = {
    "en": (",", "."),
    "fr": (_NARROW, ","),
    "es": (_NARROW, ","),
    "ru": ("\u00a0", ","),
    "ar": (",", "."),
}
"""Sign between thousands and decimal sign.

Arabic texts take the digits 0-9, as the statistical offices of most Arab countries do in tables.
"""


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    text = resources.files("mpsurvey.publication").joinpath("wording.yaml").read_text("utf-8")
    words: Mapping[str, Mapping[str, str]] = yaml.safe_load(text)
    return words


def word(key: str, language: str, **values: object) -> str:
    """Return a fixed word, in English where the language is not one of `LANGUAGES`.

    Parameters
    ----------
    key
        A key of ``wording.yaml``, such as ``"estimate"``.
    language
        Two letters.
    values
        What stands in braces in the wording.
    """
    known = _words()
    if key not in known:
        raise MpsurveyError(f"No wording '{key}'.{did_you_mean(key, known)}")
    return known[key].get(language, known[key]["en"]).format(**values)


def theme_title(theme: str, language: str) -> str:
    """Return the heading of a theme of the catalogue, or the word itself where it is another."""
    key = f"theme_{theme}"
    return word(key, language) if key in _words() else theme


def comma(language: str) -> str:
    """Return what stands between the parts of a list."""
    return "، " if language == "ar" else ", "


def semicolon(language: str) -> str:
    """Return what stands between clauses, with the space that French sets before it."""
    return {"ar": "؛ ", "fr": "\u00a0; "}.get(language, "; ")


def number(value: float, decimals: int, language: str) -> str:
    """Return a number as a language writes it; nothing known is a dash.

    >>> number(12345.678, 1, "en"), number(-0.04, 1, "fr")
    ('12,345.7', '0,0')
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    thousands, decimal = _MARKS.get(language, _MARKS["en"])
    text = f"{value:,.{decimals}f}"
    if float(text.replace(",", "")) == 0:
        text = text.removeprefix("-")
    swapped = text.replace(",", "\0").replace(".", decimal).replace("\0", thousands)
    return swapped.replace("-", "−")
