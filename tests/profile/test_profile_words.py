"""Fixed words are there in every language; published schemas are the reader's."""

import json
from importlib import resources
from pathlib import Path

import pytest
import yaml

from mpsurvey.profile import profile_schemas
from mpsurvey.profile.steps import official_steps
from mpsurvey.publication.wording import LANGUAGES


def test_every_word_has_every_language():
    text = resources.files("mpsurvey.profile").joinpath("words.yaml").read_text("utf-8")
    for key, texts in yaml.safe_load(text).items():
        assert set(texts) == set(LANGUAGES), key


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
