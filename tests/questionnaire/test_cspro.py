"""CSPro's rules hold, and the texts and the logic name what the dictionary has."""

from __future__ import annotations

import json
import re

import pytest
import yaml

import mpsurvey as mp
from mpsurvey.questionnaire import write_cspro
from mpsurvey.questionnaire.cspro_rules import application_faults, cspro_faults

CATALOGUE = mp.load_catalogue()


def written(tmp_path, *names, languages=("en", "fr", "ar")):
    form = mp.new_form("T", languages=languages, home=404)
    for name in names:
        form = form.insert(CATALOGUE.module(name), hosts="add")
    paths = write_cspro(form, tmp_path)
    texts = {path.name: path.read_text(encoding="utf-8-sig") for path in paths}
    assert application_faults(texts, "mpsurvey") == []
    questions = yaml.safe_load(texts["mpsurvey.ent.qsf"])
    return json.loads(texts["mpsurvey.dcf"]), questions, texts["mpsurvey.ent.apc"]


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
    assert set(procedures) - {"GLOBAL", "CASE_LEVEL"} <= set(have)
    for concept in module.concepts:
        if concept.name.upper() in have:
            assert re.search(rf"\b{concept.name.upper()}(?:\(mp_row\))? = ", logic)


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


def files_of(tmp_path, *names):
    written(tmp_path, *names)
    return {path.name: path.read_text(encoding="utf-8-sig") for path in tmp_path.iterdir()}


def test_every_item_that_is_asked_stands_on_a_form(tmp_path):
    files = files_of(tmp_path, "mig_absent", "mig_core")
    dictionary = json.loads(files["mpsurvey.dcf"])
    fields = re.findall(r"\[Field\]\s+Name=(\w+)", files["mpsurvey.fmf"])
    assert len(fields) == len(set(fields))
    off = {c.name.upper() for m in ("mig_absent", "mig_core") for c in CATALOGUE.module(m).concepts}
    assert set(items(dictionary)) - set(fields) <= off
    assert {"CASE_NO", "PERSON_NO"} <= set(fields)
    assert "MIG_STATUS" not in fields
    assert "Repeat=AB_ROSTER_REC" in files["mpsurvey.fmf"]
    assert files["mpsurvey.fmf"].count("[Level]") == 2
    assert json.loads(files["mpsurvey.ent"])["type"] == "entry"


def test_every_message_is_there_in_each_language(tmp_path):
    files = files_of(tmp_path, "mig_recruit")
    parts = re.split(r"^Language=", files["mpsurvey.ent.mgf"], flags=re.MULTILINE)[1:]
    numbers = [re.findall(r"^\d+", part, re.MULTILINE) for part in parts]
    assert [part[:2] for part in parts] == ["EN", "FR", "AR"]
    assert numbers[0]
    assert numbers[0] == numbers[1] == numbers[2]


def test_the_logic_works_the_derived_variables_out(tmp_path):
    _, _, logic = written(tmp_path, "mig_absent", "mig_core")
    case, person = logic.partition("PROC PERSON_LEVEL")[::2]
    assert "PROC CASE_LEVEL" in case
    assert "do varying mp_row = 1 while mp_row <= AB_COUNT" in case
    assert "elseif" in person
    assert "MIG_STATUS = notappl;" in person


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        (".fmf", "Name=MB_COB\n", "Name=MB_COBB\n", "has no item in the dictionary"),
        (".fmf", "Item=MB_COB\n", "", "is not an item of form"),
        (".fmf", "Max=20", "Max=2", "does not repeat as its record does"),
        (".fmf", "[EndGroup]", "", "begins before a Group ends"),
        (".fmf", "Level=2", "Level=1", "stands on another level"),
        (".ent", "mpsurvey.ent.mgf", "other.mgf", "which is not written"),
        (".ent.apc", "endif;", "", "do not match"),
        (".ent.apc", "MB_COB ", "MB_COBB ", "which the dictionary does not have"),
        (".ent.apc", "PROC MB_COB\n", "PROC MB_COBB\n", "stands twice or names nothing"),
        (".ent.mgf", "Language=FR", "Language=SW", "has no text in FR"),
    ],
)
def test_the_checker_of_the_application_bites(application, file, old, new, says):
    changed = dict(application)
    name = f"mpsurvey{file}"
    text = changed[name].replace("\r\n", "\n")
    assert old in text
    changed[name] = text.replace(old, new, 1)
    assert any(says in one for one in application_faults(changed, "mpsurvey"))


@pytest.fixture(scope="module")
def application(tmp_path_factory):
    return files_of(tmp_path_factory.mktemp("cspro"), "mig_absent", "mig_core")
