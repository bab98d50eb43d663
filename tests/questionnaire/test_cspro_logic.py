"""Skips, checks and derived variables mean the same in CSPro's logic as in our own evaluation.

`cspro_machine` carries the logic out, as CSPro runs on Windows only.
"""

from __future__ import annotations

import random
import re

import pytest
import yaml
from questionnaire.cspro_machine import Case, procedures

import mpsurvey as mp
from mpsurvey.questionnaire import write_cspro
from mpsurvey.questionnaire.interviews import derived, host_answers, interview
from mpsurvey.questionnaire.placed import possible_concepts, width_of
from mpsurvey.rule import CSPro

CATALOGUE = mp.load_catalogue()
HOME = 404


def question(name, **keys):
    return {
        "name": name,
        "concept": f"costs.{name}",
        "type": "integer",
        "level": "core",
        "special": "NUMDK",
        "text": {"en": f"How much is {name}?"},
        "label": {"en": name},
        "minutes": 0.1,
        **keys,
    }


def several(rule):
    return {"rule": rule, "message": {"en": "These do not fit each other."}}


# Rules on what several answers come to, some of which are not there.
COSTS = {
    "kind": "module",
    "id": "costs",
    "version": "1.0.0",
    "title": {"en": "Costs"},
    "purpose": {"en": "What several answers come to."},
    "unit": "household",
    "universe_text": {"en": "All households"},
    "hosts": [],
    "sources": [{"key": "UN21", "status": "own"}],
    "questions": [
        *(question(name, checks=[several(f"{name} < 6")]) for name in ("hc_a", "hc_b", "hc_c")),
        question("hc_sum", ask_if="sum(hc_a, hc_b) >= 3"),
        question("hc_mean", ask_if="mean(hc_a, hc_b, hc_c) < 2 or max(hc_a, hc_c) > 4"),
        question("hc_least", ask_if="not (min(hc_a / hc_b, hc_c) < 1)"),
        question(
            "hc_all",
            ask_if="count(hc_a, hc_b, hc_c) < count(hc_sum, hc_mean, hc_least, 1)",
            checks=[several("hc_all >= max(hc_a, hc_b)"), several("hc_all <= sum(hc_a, 20)")],
        ),
    ],
    "concepts": [
        {"name": "hc_low_any", "label": {"en": "Low"}, "value": "sum(hc_a, hc_b, 0) < 3"},
        {"name": "hc_total", "label": {"en": "Total"}, "value": "sum(hc_sum, mean(hc_a, hc_b))"},
    ],
}


def form_of(module):
    return mp.new_form("T", languages=("en",), home=HOME).insert(module, hosts="add")


def logic_of(form, folder):
    write_cspro(form, folder)
    return procedures((folder / "mpsurvey.ent.apc").read_text(encoding="utf-8-sig"))


def coded(module, name, value):
    """An answer as an item holds it: many codes fill places of one width."""
    if not isinstance(value, tuple):
        return float(value) if isinstance(value, int) else value
    variable = next((q for q in module.questions if q.name == name), None)
    variable = variable or module.host_variables.get(name) or module.borrowed[name]
    width = width_of(module.codelists[variable.codes])
    return "".join(str(code).rjust(width, "0") for code in value).ljust(400)


def case_of(logic, module, hosts, held, *, unsure):
    values = {name.upper(): coded(module, name, value) for name, value in hosts.items()}
    for name, value in held.answers.items():
        values[name.upper()] = coded(module, name, value)
    for number, row in enumerate(held.rows, 1):
        for name, value in row.items():
            values[name.upper(), number] = coded(module, name, value)
    rows = {c.name.upper() for c in module.concepts if c.roster}
    rows |= {q.name.upper() for q in module.questions if q.roster}
    functions, moments = logic
    return Case(functions, values, unsure=unsure, procedures=moments, rows=rows)


def entered(case, module, rows):
    """Enter the items in their order: which are asked, and which answers are refused."""
    asked, refused = set(), set()

    def enter(question, row=None):
        how, said = case.enter(question.name.upper(), row)
        if how == "asked":
            asked.add((question.name, None if row is None else row - 1))
        if any(word == "errmsg" for word, _ in said):
            refused.add(question.name)
        return how

    rosters = [q for q in module.questions if q.roster and q.asks]
    begun = False
    for question in module.questions:
        if question.asks and not question.roster:
            enter(question)
        if question.roster and not begun:
            begun = True
            for row in range(1, rows + 2):
                if any(enter(one, row) == "endgroup" for one in rosters):
                    break
    return asked, refused


def disagreements(module, interviews, folder, *, seed=4, valid=False):
    form = form_of(module)
    logic = logic_of(form, folder)
    rng = random.Random(seed)  # noqa: S311
    possible = {concept.name for concept in possible_concepts(form.placed[0])}
    out = []
    for number in range(interviews):
        hosts = host_answers(module, rng, home=HOME)
        held = interview(module, hosts, rng, home=HOME, unanswered=0.12, valid=valid, most_rows=2)
        case = case_of(logic, module, hosts, held, unsure=number % 2)
        asked, refused = entered(case, module, len(held.rows))
        if asked != held.asked:
            out.append((module.id, sorted(map(str, asked ^ held.asked)), hosts, held.answers))
        if valid and refused:
            out.append((module.id, "refused", refused, held.answers))
        case.finish("CASE_LEVEL")
        if module.universe is not None and not module.universe.holds(hosts, home=HOME):
            continue
        ours, rows = derived(module, hosts, held, home=HOME)
        found = {name: case.values.get(name.upper()) for name in ours}
        named = {name: (ours[name], found[name]) for name in ours if name in possible}
        for at, row in enumerate(rows, 1):
            named |= {(name, at): (row[name], case.values.get((name.upper(), at))) for name in row}
        out += [
            (module.id, name, want, got, hosts, held.answers)
            for name, (want, got) in named.items()
            if (want is None) != (got is None)
            or (want is not None and abs(want - got) > 1e-6 * max(1.0, abs(want)))
        ]
    return out


@pytest.mark.parametrize("name", [module.id for module in CATALOGUE.modules()])
def test_the_logic_asks_and_works_out_what_the_module_says(name, tmp_path):
    assert disagreements(CATALOGUE.module(name), 24, tmp_path) == []


@pytest.mark.parametrize("name", ["mig_core", "mig_remit_in", "mig_recruit"])
def test_valid_interviews_are_not_refused(name, tmp_path):
    assert disagreements(CATALOGUE.module(name), 30, tmp_path, seed=6, valid=True) == []


def test_rules_on_what_several_answers_come_to(tmp_path):
    (tmp_path / "costs.yaml").write_text(yaml.safe_dump(COSTS), encoding="utf-8")
    module = mp.load_catalogue(tmp_path).module("costs")
    assert disagreements(module, 400, tmp_path / "cspro") == []
    assert disagreements(module, 100, tmp_path / "cspro", valid=True) == []
    logic = (tmp_path / "cspro" / "mpsurvey.ent.apc").read_text(encoding="utf-8-sig")
    skip = logic.partition("PROC HC_SUM\n")[2].partition("PROC ")[0].strip().split("\n")
    assert skip[0] == "preproc"
    assert re.fullmatch(r"  if not special\(HC_B\).* \+ HC_B; endif;", skip[-2])
    assert re.fullmatch(r"  ask if .* mp_v\d+ >= 3\);", skip[-1])


def test_without_the_guards_the_same_test_fails(tmp_path, monkeypatch):
    whole = CSPro.answered
    for guard in (r" and \S+ <> -?\d+", r"not special\(\S+\)"):
        monkeypatch.setattr(
            CSPro,
            "answered",
            lambda self, known, guard=guard: re.sub(
                guard, " and 1 = 1", whole(self, known)
            ).removeprefix(" and "),
        )
        modules = [CATALOGUE.module(name) for name in ("mig_core", "mig_legal")]
        assert any(disagreements(module, 60, tmp_path) for module in modules)
