"""Fixed words are there in every language; published schemas are the reader's."""

import json
import re
from importlib import resources
from pathlib import Path

import pandas as pd
import pytest
import yaml

import mpsurvey as mp
from mpsurvey.catalogue.recipe_steps import STEPS
from mpsurvey.design import Calibration
from mpsurvey.design.compiled import _CLAUSES, clauses
from mpsurvey.profile import profile_schemas
from mpsurvey.profile.grounds import (
    design_in_words,
    lack_in_words,
    method_in_words,
    rows_in_words,
    step_in_words,
)
from mpsurvey.profile.steps import official_steps
from mpsurvey.profile.study import ROW_KINDS
from mpsurvey.profile.words import said
from mpsurvey.publication.wording import LANGUAGES


def test_every_word_has_every_language():
    text = resources.files("mpsurvey.profile").joinpath("words.yaml").read_text("utf-8")
    for key, texts in yaml.safe_load(text).items():
        assert set(texts) == set(LANGUAGES), key


def test_every_step_row_and_clause_has_a_wording():
    for language in LANGUAGES:
        for do in STEPS:
            assert (
                step_in_words(do, f"{do} (region)", language)
                == f"{said(f'step_{do}', language)} (region)"
            )
        for kind in ROW_KINDS:
            assert rows_in_words(kind, language) == rows_in_words(ROW_KINDS[kind], language)
        for key in _CLAUSES:
            held = {"count": 2, "way": "centre", "name": "w", "names": ("region",)}
            assert design_in_words([(key, held)], language)


@pytest.mark.parametrize("language", ["ru", "ar"])
def test_a_design_and_its_method_are_said_without_english(language):
    frame = pd.DataFrame({"w": 1.0, "b": 1.0, "h": [1, 1, 2, 2] * 2, "ea": range(8), "f": 0.1})
    steps = (Calibration(margins=["h"], before="b"),)
    design = mp.Design(weight="w", strata="h", psu="ea", fpc="f", calibration=steps)
    sample = mp.Sample(frame, design)
    text = design_in_words(clauses(sample.design, sample.units), language)
    assert set(re.findall("[A-Za-z]+", text)) == {"w", "h"}
    for replicates in (mp.Bootstrap(replicates=10, seed=1), mp.Jackknife()):
        again = mp.add_replicates(sample, replicates)
        made = mp.mean(again, "w")
        assert not re.search("[A-Za-z]", method_in_words(made.method, language))
    assert not re.search("[A-Za-z]", method_in_words(mp.mean(sample, "w").method, language))
    assert not re.search("[A-Za-z]", lack_in_words("a file of absent rows", language))


def test_there_are_fifteen_steps_in_three_phases_in_every_language():
    steps = official_steps()
    assert len(steps) == 15
    assert len({one.phase for one in steps}) == 3
    assert all(set(one.title) == set(LANGUAGES) for one in steps)


def test_the_published_schemas_are_the_reader_s():
    folder = Path(__file__).parents[2] / "docs" / "schemas"
    for kind, schema in profile_schemas().items():
        assert json.loads((folder / f"{kind}.json").read_text(encoding="utf-8")) == schema


def test_the_starting_point_satisfies_its_schemas():
    jsonschema = pytest.importorskip("jsonschema")
    start = resources.files("mpsurvey.profile").joinpath("start")
    for name in ("profile", "governance", "steps"):
        text = start.joinpath(f"{name}.yaml").read_text("utf-8")
        content = yaml.safe_load(text)
        known = profile_schemas()[name]
        absent = set(known["required"]) - set(content)
        assert absent == set()
        assert set(content) <= set(known["properties"])
    assert jsonschema.Draft202012Validator.check_schema(profile_schemas()["profile"]) is None
