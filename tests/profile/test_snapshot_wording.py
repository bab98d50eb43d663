"""The sentences in five languages: the same rules, the right forms, every audience."""

from __future__ import annotations

import re
import string
from importlib import resources

import pytest
import yaml

import mpsurvey as mp
from mpsurvey.catalogue import Indicator
from mpsurvey.profile.snapshot import Claim, Evidence, findings
from mpsurvey.profile.snapshot.plurals import LANGUAGES, plural
from mpsurvey.profile.snapshot.saying import sentence

FOLDER = resources.files("mpsurvey.profile.snapshot").joinpath("sentences")
WORDS = {
    one: yaml.safe_load(FOLDER.joinpath(f"{one}.yaml").read_text("utf-8")) for one in LANGUAGES
}
RULES = yaml.safe_load(FOLDER.joinpath("rules.yaml").read_text("utf-8"))


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_has_its_sentence_and_no_sentence_is_without_a_rule(language):
    words = WORDS[language]
    assert list(words["sentences"]) == [rule["say"] for rule in RULES["sentences"]]
    assert list(words["ranges"]) == [rule["say"] for rule in RULES["ranges"]]
    for part in ("parts", "cautions", "headlines", "basis", "adjustments", "magnitudes", "groups"):
        assert set(words[part]) == set(WORDS["en"][part]), part
    assert set(words["units"]) == set(WORDS["en"]["units"])
    for key, text in words["sentences"].items():
        numbers = {"low", "high", "base", "one_in", "range", "first", "second"}
        assert names_in(text) & numbers == names_in(WORDS["en"]["sentences"][key]) & numbers, key
        assert text.endswith(".")


@pytest.mark.parametrize("language", LANGUAGES)
def test_plural_forms_are_those_of_the_cldr(language):
    locale = pytest.importorskip("babel").Locale(language)
    for number in [*range(230), 1000, 1001, 1_000_000, 2_000_000]:
        assert plural(language, number) == locale.plural_form(number), number


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_group_of_the_catalogue_has_its_words(language):
    rules = {
        one.given["group"]
        for one in mp.load_catalogue().indicators()
        if one.statistic in ("gap", "contribution", "age_structure")
    }
    assert rules <= set(WORDS[language]["groups"])


def unemployment_gap() -> Indicator:
    return next(one for one in mp.load_catalogue().indicators() if one.id == "EMP03")


def claim_of(low: float, high: float, **more: object) -> Claim:
    evidence = Evidence(estimate=(low + high) / 2, se=(high - low) / 4, low=low, high=high)
    kept = {
        "kind": "gap", "comparison": "group", "form": "points", "direction": "up",
        "shape": "range", "low": low, "high": high, "evidence": evidence, **more,
    }  # fmt: skip
    return Claim(indicator="EMP03", theme="employment", **kept)


@pytest.mark.parametrize(
    ("language", "low", "high", "decimals", "wanted"),
    [
        ("en", 1, 5, 0, "by 1 to 5 percentage points."),
        ("fr", 0.5, 1.5, 1, "de 0,5 à 1,5 point de pourcentage."),
        ("es", 1, 5, 0, "(entre 1 y 5 puntos porcentuales de diferencia)."),
        ("ru", 1, 3, 0, "на 1–3 процентных пункта."),
        ("ru", 1, 5, 0, "на 1–5 процентных пунктов."),
        ("ru", 11, 21, 0, "на 11–21 процентный пункт."),
        ("ru", 0.5, 1.5, 1, "на 0,5–1,5 процентного пункта."),
        ("ar", 1, 5, 0, "بما بين 1 و5 نقاط مئوية."),
        ("ar", 3, 17, 0, "بما بين 3 و17 نقطة مئوية."),
    ],
)
def test_the_noun_agrees_with_the_number(language, low, high, decimals, wanted):
    unemployment = unemployment_gap()
    claim = claim_of(low, high, decimals=decimals)
    assert sentence(claim, unemployment, language, same_language=True).endswith(wanted)


def test_all_sentences_can_be_said_in_all_languages_with_their_typography():
    unemployment = unemployment_gap()
    said = set()
    for rule in RULES["sentences"]:
        when = {key: x[0] if isinstance(x, list) else x for key, x in rule["when"].items()}
        named = when.pop("named", True)
        direction = when.get("direction", "")
        shapes = ["inside", "beyond"] if direction == "unclear" else ["range", "up_to"]
        for shape in [when["shape"]] if "shape" in when else shapes:
            claim = claim_of(
                1, 5,
                **{
                    "comparison": "", "direction": "", **when, "shape": shape,
                    "groups": ("North", "South") if named else (), "caution": "cv",
                },
            )  # fmt: skip
            for language in LANGUAGES:
                text = sentence(claim, unemployment, language, same_language=True)
                said.add((language, text))
                assert not re.search(r"[{}]|  | ,|\.\.| ;$", text), text
                if language == "fr":
                    assert not re.search(r" [:;%»]|« ", text), text
    assert len(said) == 5 * (7 + 7 * 3 * 2)


def test_audiences_see_more_and_more(tmp_path):
    from mpsurvey.profile.demo import run_demo

    run_demo(tmp_path)
    file = mp.read(tmp_path / "auralia_persons.sav")
    sample = mp.Sample(mp.harmonise(file, "demo"), file.design)
    chosen = [one for one in mp.load_catalogue().indicators(theme="employment") if one.id < "EMP30"]
    table = mp.tabulate(sample, [one for one in chosen if not one.uses_home], by=("urban",))
    for language in LANGUAGES:
        plain, technical, expert = (
            findings(table, language=language, audience=one)
            for one in ("decision", "technical", "expert")
        )
        assert 2 <= len(plain) == len(technical) == len(expert) <= 4
        for short, longer, longest in zip(plain, technical, expert, strict=True):
            assert longer.text.startswith(short.text)
            assert len(short.text) < len(longer.text) < len(longest.text)
            assert short.basis == longest.basis
            assert short.audience == "decision"
            assert "95" in short.basis
