"""survey-core, run in Node, shows the questions that our own evaluation asks."""

from __future__ import annotations

import json
import random
import re

from questionnaire.survey_core import needs_node, run_models

import mpsurvey as mp
from mpsurvey.questionnaire import surveyjs_document, write_surveyjs
from mpsurvey.questionnaire.interviews import derived, host_answers, interview
from mpsurvey.questionnaire.placed import possible_concepts
from mpsurvey.rule import SurveyJS

CATALOGUE = mp.load_catalogue()
HOME = 404


def form_of(*names, languages=("en",)):
    form = mp.new_form("T", languages=languages, home=HOME)
    for name in names:
        form = form.insert(CATALOGUE.module(name), hosts="add")
    return form


def data_of(module, hosts, held):
    out = {name: value for name, value in {**hosts, **held.answers}.items() if value is not None}
    if held.rows:
        out[module.roster.name] = [
            {name: value for name, value in row.items() if value is not None} for row in held.rows
        ]
    return json.loads(json.dumps(out))


def disagreements(modules, interviews, *, valid=False, seed=2):
    rng = random.Random(seed)  # noqa: S311
    models, wanted = [], []
    for module in modules:
        made = []
        for _ in range(interviews):
            hosts = host_answers(module, rng, home=HOME)
            if "int_year" in hosts:
                hosts |= {"int_year": 2026, "int_month": 8}
            held = interview(
                module, hosts, rng, home=HOME, unanswered=0.1, valid=valid, most_rows=2
            )
            made.append((hosts, held))
        document = surveyjs_document(form_of(module.id))
        fix_the_day(document)
        models.append(
            {
                "model": document,
                "check": valid,
                "interviews": [data_of(module, *one) for one in made],
            }
        )
        wanted.append((module, made))
    out = []
    for (module, made), got in zip(wanted, run_models(models), strict=True):
        assert got["errors"] == []
        assert got["unknown"] == []
        own = {q.name for q in module.questions}
        for (hosts, held), theirs in zip(made, got["asked"], strict=True):
            ours = {name if row is None else f"{row}:{name}" for name, row in held.asked}
            seen = {one for one in theirs["seen"] if one.rpartition(":")[2] in own}
            if seen != ours:
                out.append((module.id, sorted(seen ^ ours), hosts, held.answers))
            elif valid and set(theirs["invalid"]) & own:
                out.append((module.id, "invalid", sorted(set(theirs["invalid"]) & own)))
    return out


def fix_the_day(document):
    """The year and month of the interview are given, not today's."""
    for page in document["pages"]:
        for element in page["elements"]:
            if element["name"] in ("int_year", "int_month"):
                element["expression"] = {"int_year": "2026", "int_month": "8"}[element["name"]]


@needs_node
def test_survey_core_shows_what_we_ask():
    assert disagreements(CATALOGUE.modules(), 5) == []


def same(ours, theirs):
    if ours is None or theirs in (None, ""):
        return ours is None and theirs in (None, "")
    return abs(float(ours) - float(theirs)) <= 1e-6 * max(1.0, abs(float(ours)))


@needs_node
def test_survey_core_works_out_the_derived_variables():
    rng = random.Random(5)  # noqa: S311
    models, wanted, compared = [], [], 0
    for module in CATALOGUE.modules():
        if not module.concepts:
            continue
        made = []
        while len(made) < 6:
            hosts = host_answers(module, rng, home=HOME)
            if "int_year" in hosts:
                hosts |= {"int_year": 2026, "int_month": 8}
            universe = module.universe
            if universe is None or universe.holds(hosts, home=HOME):
                held = interview(module, hosts, rng, home=HOME, unanswered=0.1, most_rows=3)
                made.append((hosts, held))
        form = form_of(module.id)
        document = surveyjs_document(form)
        fix_the_day(document)
        data = [data_of(module, *one) for one in made]
        models.append({"model": document, "interviews": data})
        wanted.append((form.placed[0], made))
    for (placed, made), got in zip(wanted, run_models(models), strict=True):
        assert got["errors"] == []
        assert got["unknown"] == []
        possible = {concept.name for concept in possible_concepts(placed)}
        for (hosts, held), theirs in zip(made, got["asked"], strict=True):
            ours, rows = derived(placed.module, hosts, held, home=HOME)
            named = {name: ours[name] for name in ours}
            named |= {f"{at}:{name}": row[name] for at, row in enumerate(rows) for name in row}
            for name, value in named.items():
                if name.rpartition(":")[2] in possible:
                    found = theirs["values"].get(name)
                    assert same(value, found), (placed.module.id, name, value, found, hosts, held)
                    compared += value is not None
    assert compared > 200


@needs_node
def test_a_soft_check_warns_and_a_hard_one_refuses():
    module = CATALOGUE.module("mig_remit_in")
    form = form_of(module.id)
    soft = {q.name for q in module.questions for check in q.checks if check.soft}
    document = surveyjs_document(form)
    by_name = {e["name"]: e for page in document["pages"] for e in page["elements"]}
    shown = {n for n, e in by_name.items() if "warning" in json.dumps(e.get("validators", ""))}
    assert soft & set(by_name) == shown
    plain = {
        "pages": [
            {
                "elements": [
                    {
                        "type": "text",
                        "name": "a",
                        "validators": [
                            {
                                "type": "expression",
                                "expression": "{a} < 5",
                                "text": "many",
                                "notificationType": "warning",
                            },
                            {"type": "expression", "expression": "{a} < 9", "text": "too many"},
                        ],
                    }
                ]
            }
        ]
    }
    interviews = [{"a": 3}, {"a": 7}, {"a": 10}]
    [got] = run_models([{"model": plain, "check": True, "interviews": interviews}])
    assert [(one["warned"], one["invalid"]) for one in got["asked"]] == [
        ([], []),
        (["a"], []),
        (["a"], ["a"]),
    ]


@needs_node
def test_survey_core_takes_valid_interviews():
    modules = [CATALOGUE.module(name) for name in ("mig_core", "mig_remit_in")]
    assert disagreements(modules, 4, valid=True) == []


@needs_node
def test_without_the_guards_the_same_test_fails(monkeypatch):
    whole = SurveyJS.answered
    monkeypatch.setattr(
        SurveyJS,
        "answered",
        lambda self, known: re.sub(r" and \S+ <> -?\d+", "", whole(self, known)),
    )
    modules = [CATALOGUE.module(name) for name in ("mig_core", "mig_legal")]
    assert disagreements(modules, 25)


@needs_node
def test_a_household_and_its_members_build():
    form = form_of("mig_absent", "mig_core", "mig_work", languages=("en", "ar"))
    [got] = run_models([{"model": surveyjs_document(form), "interviews": [{}]}])
    assert got["errors"] == []
    assert got["unknown"] == []


def test_every_wording_is_there_in_each_language(tmp_path):
    write_surveyjs(form_of("mig_core", languages=("en", "fr", "ar")), tmp_path / "f.json")
    document = json.loads((tmp_path / "f.json").read_text(encoding="utf-8"))
    page = next(one for one in document["pages"] if one["name"] == "p_mig_core")
    for element in page["elements"]:
        texts = element.get("title") or element["html"]
        assert {"default", "fr", "ar"} <= set(texts)
        for choice in element.get("choices", ()):
            assert {"fr", "ar"} <= set(choice["text"])
    assert document["clearInvisibleValues"] == "onHidden"
