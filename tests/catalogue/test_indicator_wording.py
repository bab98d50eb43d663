"""Indicators say in every language what they are, what they count and when not to trust them."""

from __future__ import annotations

import re

import pytest

import mpsurvey as mp
from mpsurvey.catalogue import read_folders, shipped

LANGUAGES = ("en", "fr", "es", "ru", "ar")
TEXTS = ("title", "unit", "definition", "caveat")
CODE = re.compile(r"\b[A-Z]{3}[0-9]{2}[A-Z]?\b")
LATIN_KEPT = {"ISCO", "P", "Q", "c"}
"""Latin letters that Russian and Arabic keep: ISCO-08, sections of ISIC, SDG 10.c.1."""


@pytest.fixture(scope="module")
def indicators():
    return tuple(read_folders([shipped() / "modules"]).catalogue.indicators())


def wordings(indicators, *languages):
    """Every wording of the catalogue in some languages, with where it stands and its English."""
    for one in indicators:
        for key in TEXTS:
            texts = getattr(one, key)
            for language in languages:
                yield f"{one.id} {key} {language}", texts[language], texts["en"]


def numbers(text):
    """Figures in digits, whatever stands between thousands and before decimals."""
    grouped = re.sub(r"(?<=\d)[,\u00a0\u202f ](?=\d{3}\b)", "", text)
    return sorted(re.findall(r"\d+(?:\.\d+)*", re.sub(r"(?<=\d),(?=\d)", ".", grouped)))


def test_every_indicator_speaks_five_languages(indicators):
    assert len(indicators) == 193
    lacking = [
        f"{one.id} {key} {language}"
        for one in indicators
        for key in TEXTS
        for language in LANGUAGES
        if not getattr(one, key).get(language, "").strip()
    ]
    assert lacking == []


def test_figures_and_codes_are_the_english_ones(indicators):
    other = [
        place
        for place, said, english in wordings(indicators, *LANGUAGES[1:])
        if numbers(said) != numbers(english) or CODE.findall(said) != CODE.findall(english)
    ]
    assert other == []


@pytest.mark.parametrize(("language", "script"), [("ru", "\u0400-\u04ff"), ("ar", "\u0600-\u06ff")])
def test_russian_and_arabic_are_in_their_script(indicators, language, script):
    foreign = {}
    for place, said, _ in wordings(indicators, language):
        latin = set(re.findall("[A-Za-z]+", CODE.sub("", said))) - LATIN_KEPT
        if latin or not re.search(f"[{script}]", said):
            foreign[place] = latin
    assert foreign == {}


def test_french_and_spanish_hold_no_letters_of_another_script(indicators):
    foreign = [
        place
        for place, said, _ in wordings(indicators, "en", "fr", "es")
        if re.search("[\u0400-\u04ff\u0600-\u06ff]", said)
    ]
    assert foreign == []


def test_arabic_has_arabic_punctuation(indicators):
    latin = [
        place
        for place, said, _ in wordings(indicators, "ar")
        if re.search(r",(?!\d{3})|[;?]", said)
    ]
    assert latin == []


def test_one_english_wording_has_one_translation(indicators):
    """What two indicators say alike in English, they say alike everywhere, and only that."""
    for key in ("unit", "definition", "caveat"):
        for language in LANGUAGES[1:]:
            pairs = {(getattr(x, key)["en"], getattr(x, key)[language]) for x in indicators}
            assert len(pairs) == len({english for english, _ in pairs}), (key, language)
            assert len(pairs) == len({said for _, said in pairs}), (key, language)


def test_a_text_without_language_is_english(tmp_path):
    """An author of one English profile need not write languages for definition and caveat."""
    (tmp_path / "NAT01.yaml").write_text(
        "kind: indicator\nid: NAT01\nversion: 1.0.0\ntheme: trends\n"
        'title: {en: "Born abroad"}\ndefinition: "Residents born abroad"\nstatistic: total\n'
        'variable: "foreign_born == 1"\nunit: {en: "persons"}\nweight: person\n'
        'sources: [{key: "UN21"}]\ncaveat: "People in institutions are missing."\n',
        encoding="utf-8",
    )
    (own,) = [one for one in mp.load_catalogue(tmp_path).indicators() if one.id == "NAT01"]
    assert own.definition == {"en": "Residents born abroad"}
    assert own.caveat == {"en": "People in institutions are missing."}
