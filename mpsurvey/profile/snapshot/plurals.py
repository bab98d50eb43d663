"""Which form of a word goes with a number: the plural rules of the Unicode CLDR, release 45."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["LANGUAGES", "form_of", "plural"]

LANGUAGES = ("en", "fr", "es", "ru", "ar")


def plural(language: str, number: float, decimals: int = 0) -> str:
    """Return ``"zero"``, ``"one"``, ``"two"``, ``"few"``, ``"many"`` or ``"other"``.

    Parameters
    ----------
    language
        ``"en"``, ``"fr"``, ``"es"``, ``"ru"`` or ``"ar"``.
    number
        Not negative.
    decimals
        Decimals that are shown: ``1`` and ``1.0`` take different forms in English.

    Examples
    --------
    >>> plural("ru", 3), plural("ru", 11), plural("ru", 21), plural("ru", 1.5, 1)
    ('few', 'many', 'one', 'other')
    >>> plural("ar", 3), plural("ar", 11), plural("ar", 100)
    ('few', 'many', 'other')
    """
    whole = int(round(abs(number), decimals))
    fraction = decimals > 0
    exact = not fraction or float(f"{abs(number):.{decimals}f}").is_integer()
    if language == "fr":
        if whole in (0, 1):
            return "one"
        return "many" if _million(whole) and not fraction else "other"
    if language == "es":
        if exact and whole == 1:
            return "one"
        return "many" if _million(whole) and not fraction else "other"
    if language == "ru":
        return "other" if fraction else _russian(whole)
    if language == "ar":
        return _arabic(whole) if exact else "other"
    return "one" if whole == 1 and not fraction else "other"


def form_of(forms: Mapping[str, str], language: str, number: float, decimals: int = 0) -> str:
    """Return the form of a word that goes with a number; ``other`` where it has no such form."""
    return forms.get(plural(language, number, decimals), forms["other"])


def _million(whole: int) -> bool:
    return whole != 0 and whole % 1_000_000 == 0


def _russian(whole: int) -> str:
    last, two = whole % 10, whole % 100
    if last == 1 and two != 11:
        return "one"
    return "few" if last in (2, 3, 4) and two not in (12, 13, 14) else "many"


def _arabic(whole: int) -> str:
    if whole in (0, 1, 2):
        return ("zero", "one", "two")[whole]
    two = whole % 100
    if 3 <= two <= 10:
        return "few"
    return "many" if 11 <= two <= 99 else "other"
