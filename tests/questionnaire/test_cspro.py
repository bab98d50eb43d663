"""CSPro's rules hold, and the texts and the logic name what the dictionary has."""

from __future__ import annotations

import json
import re

import pytest
import yaml

import mpsurvey as mp
from mpsurvey.questionnaire import write_cspro
from mpsurvey.questionnaire.cspro import cspro_faults

CATALOGUE = mp.load_catalogue()


def written(tmp_path, *names, languages=("en", "fr", "ar")):
    form = mp.new_form("T", languages=languages, home=404)
    for name in names:
        form = form.insert(CATALOGUE.module(name), hosts="add")
    paths = write_cspro(form, tmp_path)
    texts = [path.read_text(encoding="utf-8-sig") for path in paths]
    return json.loads(texts[0]), yaml.safe_load(texts[1]), texts[2]


def items(dictionary):
    return {
        item["name"]: item
        for level in dictionary["levels"]
        for record in level["records"]
        for item in record["items"]
    }


@pytest.mark.parametrize("module", CATALOGUE.modules(), ids=lambda one: one.id)
def test_every_module_keeps_cspro_s_rules(tmp_path, module):
    dictionary, texts, logic = written(tmp_path, module.id)
    assert cspro_faults(dictionary) == []
    have = items(dictionary)
    for question in module.questions:
        if not question.asks:
            continue
        item = have[question.name.upper()]
        assert {one["language"] for one in item["labels"]} == {"EN", "FR", "AR"}
        listed = module.codelist(question)
        if listed is not None:
            [values] = item["valueSets"]
            codes = [int(value["pairs"][0]["value"]) for value in values["values"]]
            assert codes == list(listed.codes)
    asked = {one["name"].partition(".")[2] for one in texts["questions"]}
    assert asked <= set(have)
    assert {q.name.upper() for q in module.questions if q.asks} <= asked
    for question in texts["questions"]:
        assert set(question["conditions"][0]["questionText"]) == {"EN", "FR", "AR"}
    procedures = re.findall(r"^PROC (\w+)$", logic, re.MULTILINE)
    assert set(procedures) - {"GLOBAL"} <= set(have)
    assert len(procedures) == len(set(procedures))
    words = set(re.findall(r"\b[A-Z][A-Z0-9_]+\b", re.sub(r'"[^"]*"|\{[^}]*\}', "", logic)))
    assert words - {"PROC", "GLOBAL"} <= set(have)


def test_brackets_and_blocks_of_the_logic_match(tmp_path):
    _, _, logic = written(tmp_path, "mig_core", "mig_absent", "mig_trip", "mig_recruit")
    bare = re.sub(r'"[^"]*"', '""', logic)
    assert bare.count("(") == bare.count(")")
    assert len(re.findall(r"\bif\b(?<!ask if)", bare)) == len(re.findall(r"\bendif\b", bare)) + len(
        re.findall(r"ask if", bare)
    ) - len(re.findall(r"ask if", bare))


def test_persons_are_the_second_level_beside_a_household(tmp_path):
    dictionary, _, _ = written(tmp_path, "mig_absent", "mig_core")
    first, second = dictionary["levels"]
    assert {record["name"] for record in first["records"]} >= {"MIG_ABSENT_REC", "AB_ROSTER_REC"}
    assert "MIG_CORE_REC" in {record["name"] for record in second["records"]}
    rows = next(one for one in first["records"] if one["name"] == "AB_ROSTER_REC")
    assert rows["occurrences"]["maximum"] >= 10


def test_many_answers_fill_places_of_one_width(tmp_path):
    dictionary, _, logic = written(tmp_path, "mig_recruit")
    item = items(dictionary)["RC_ITEMS"]
    assert item["contentType"] == "alpha"
    assert item["length"] == 2 * len(item["valueSets"][0]["values"])
    assert 'mp_selected(RC_ITEMS, 2, "01")' in logic


def test_the_checker_bites(tmp_path):
    dictionary, _, _ = written(tmp_path, "mig_core")
    for change, says in [
        ({"name": "a_lower"}, "no name of CSPro"),
        ({"name": "ENDS_"}, "no name of CSPro"),
        ({"name": "COUNT"}, "keeps for itself"),
        ({"length": 16}, "at most 15"),
        ({"labels": [{"text": "l" * 256}]}, "more than 255"),
        (
            {"valueSets": [{"name": "V", "values": [{"pairs": [{"value": 1234567}]}]}]},
            "does not fit",
        ),
    ]:
        changed = json.loads(json.dumps(dictionary))
        changed["levels"][0]["records"][-1]["items"][0] |= change
        assert any(says in one for one in cspro_faults(changed)), change
    twice = json.loads(json.dumps(dictionary))
    record = twice["levels"][0]["records"][-1]
    record["items"].append(record["items"][0])
    assert any("stands twice" in one for one in cspro_faults(twice))
