"""Yes and no in the languages of the modules."""

from __future__ import annotations

__all__ = ["no_word", "yes_word"]

YES = {"en": "Yes", "fr": "Oui", "es": "Sí", "ru": "Да", "ar": "نعم"}
NO = {"en": "No", "fr": "Non", "es": "No", "ru": "Нет", "ar": "لا"}


def yes_word(language: str) -> str:
    """Return "yes" in a language, in English where it is not known."""
    return YES.get(language, YES["en"])


def no_word(language: str) -> str:
    """Return "no" in a language, in English where it is not known."""
    return NO.get(language, NO["en"])
