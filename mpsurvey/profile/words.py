"""Words that only profiles use, in the languages of what is published."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

import yaml

__all__ = ["said"]


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    text = resources.files("mpsurvey.profile").joinpath("words.yaml").read_text("utf-8")
    words: Mapping[str, Mapping[str, str]] = yaml.safe_load(text)
    return words


def said(key: str, language: str, **values: object) -> str:
    """Return a wording, in English where a language is not there.

    >>> said("to", "fr", low=3, high=5)
    '3 à 5'
    """
    known = _words()[key]
    return known.get(language, known["en"]).format(**values)
