"""Skips, calculations and checks mean the same in XPath as in our own evaluation.

Random answers, refused and unanswered ones among them, go into each module's form, which rxeval
runs; taking one guard out on purpose makes the same test fail.
"""

from __future__ import annotations

import io
import random
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import mpsurvey as mp
from mpsurvey.catalogue.question import Check
from mpsurvey.questionnaire import new_form, xlsform_bytes
from mpsurvey.questionnaire.interviews import derived, host_answers, interview
from mpsurvey.rule import XPath, parse_rule

rxeval = pytest.importorskip("rxeval", reason="rxeval, which runs XPath, is not installed")
pyxform = pytest.importorskip("pyxform.xls2xform", reason="pyxform is not installed")

CATALOGUE = mp.load_catalogue()
MODULES = [module.id for module in CATALOGUE.modules()]
HOME = 404
TODAY = "2026-08-14"


def form_of(module):
    return new_form("T", languages=("en",), home=HOME).insert(module, hosts="add")


def xform_of(form):
    converted = pyxform.convert(io.BytesIO(xlsform_bytes(form)), validate=False, file_type=".xlsx")
    return converted.xform


def written(value):
    if value is None:
        return ""
    if isinstance(value, tuple):
        return " ".join(str(code) for code in value)
    return str(value)


def read(text):
    if text == "" or text is None:
        return None
    try:
        return round(float(text), 6)
    except ValueError:
        return text


class Filled:
    """One interview put into the form, and what the form then says."""

    def __init__(self, xform, placed, module, hosts, held):
        self.placed = placed
        self.session = rxeval.Session(xform, today=TODAY, now=f"{TODAY}T09:00:00Z")
        self.group = f"/data/{placed.group}"
        for name, link in placed.hosts.items():
            if name not in ("int_year", "int_month", "person_id"):
                self.session.set(f"/data/{link.variable}", written(hosts[name]))
        for name, value in held.answers.items():
            if value is not None:
                self.session.set(f"{self.group}/{name}", written(value))
        self.rows(module, held)
        self.out = self.session.recompute()

    def rows(self, module, held):
        if module.roster is None:
            return
        path = f"{self.group}/{module.roster.name}"
        self.session.recompute()
        if not held.rows:
            self.session.remove_row(path, 1)
        for _ in held.rows[1:]:
            self.session.add_row(path)
        for number, row in enumerate(held.rows, 1):
            for name, value in row.items():
                if value is not None:
                    self.session.set(f"{path}[{number}]/{name}", written(value))

    def relevant(self, path):
        found = self.out["relevant"]
        return found.get(path, found.get(path.replace("[1]", ""), False))

    def value(self, path):
        return read(self.session.get(path))


def disagreements(module, interviews, *, seed=1, valid=False):
    """Where the form and we differ, over random interviews."""
    form = form_of(module)
    xform, placed = xform_of(form), form.placed[0]
    rng = random.Random(seed)  # noqa: S311
    out = []
    for _ in range(interviews):
        hosts = host_answers(module, rng, home=HOME)
        hosts |= {"int_year": 2026, "int_month": 8} if "int_year" in hosts else {}
        held = interview(module, hosts, rng, home=HOME, unanswered=0.12, valid=valid, most_rows=2)
        filled = Filled(xform, placed, module, hosts, held)
        out += compare(module, filled, hosts, held)
    return out


def compare(module, filled, hosts, held):
    out = []
    values, row_values = derived(module, hosts, held, home=HOME)
    names = [q.name for q in module.questions if q.asks and not q.roster]
    for name in names:
        ours = (name, None) in held.asked
        if filled.relevant(f"{filled.group}/{name}") != ours:
            out.append((name, "asked" if ours else "not asked", hosts, held.answers))
    inside = (
        module.universe is None
        or filled.relevant(f"{filled.group}/{names[0]}")
        or any(name for name, _ in held.asked)
    )
    roster = module.roster.name if module.roster else None
    for number, _ in enumerate(held.rows):
        path = f"{filled.group}/{roster}[{number + 1}]"
        for question in module.questions:
            if question.roster and question.asks:
                ours = (question.name, number) in held.asked
                if filled.relevant(f"{path}/{question.name}") != ours:
                    out.append((question.name, number, ours, held.rows[number]))
        for name, value in row_values[number].items():
            theirs = filled.value(f"{path}/{name}")
            if differs(value, theirs):
                out.append((name, number, value, theirs))
    for name, value in values.items():
        theirs = filled.value(f"{filled.group}/{name}") if inside else None
        if inside and differs(value, theirs):
            out.append((name, value, theirs, hosts, held.answers))
    return out


def differs(ours, theirs):
    if ours is None or theirs is None:
        return ours is not theirs
    return abs(float(ours) - float(theirs)) > 1e-6 * max(1.0, abs(float(ours)))


@pytest.mark.parametrize("name", MODULES)
def test_the_form_asks_and_works_out_what_the_module_says(name):
    assert disagreements(CATALOGUE.module(name), 12) == []


@pytest.mark.parametrize("name", ["mig_core", "mig_remit_in", "mig_recruit"])
def test_valid_interviews_break_no_constraint(name):
    module = CATALOGUE.module(name)
    form = form_of(module)
    xform, placed = xform_of(form), form.placed[0]
    rng = random.Random(5)  # noqa: S311
    for _ in range(15):
        hosts = host_answers(module, rng, home=HOME)
        hosts |= {"int_year": 2026, "int_month": 8}
        held = interview(module, hosts, rng, home=HOME, most_rows=2)
        filled = Filled(xform, placed, module, hosts, held)
        own = [one for one in filled.out["invalid"] if placed.group in str(one)]
        assert own == []


def test_a_check_stays_beside_answers_that_stand_alone():
    module = CATALOGUE.module("mig_recruit")
    check = Check(
        rule=parse_rule("not selected(rc_items, 1) or selected(rc_items, 2)"),
        message={"en": "The visa comes with the agent."},
    )
    questions = tuple(
        replace(one, checks=(check,)) if one.name == "rc_items" else one for one in module.questions
    )
    xform = xform_of(form_of(replace(module, questions=questions)))
    [constraint] = re.findall(r'nodeset="\S+/rc_items"[^>]* constraint="([^"]*)"', xform)
    assert "not(selected(., '1')) or selected(., '2')" in constraint
    assert "count-selected(.) = 1" in constraint


def test_without_one_guard_the_same_test_fails(monkeypatch):
    whole = XPath.guards

    def without_refusals(self, node):
        return [re.sub(r" and \$\{\w+\} != -?\d+", "", test) for test in whole(self, node)]

    monkeypatch.setattr(XPath, "guards", without_refusals)
    assert any(disagreements(CATALOGUE.module(name), 40) for name in ("mig_core", "mig_legal"))
    monkeypatch.setattr(XPath, "guards", lambda self, node: [])
    assert any(disagreements(CATALOGUE.module(name), 40) for name in ("mig_core", "mig_legal"))


def test_the_forms_travel_between_collect_and_the_web():
    for name in ("mig_remit_in", "mig_trip", "mig_work"):
        assert rxeval.check_form(xform_of(form_of(CATALOGUE.module(name)))) == []


def test_xlsform_lint_finds_nothing(tmp_path):
    lint = shutil.which("xlsform-lint") or Path(sys.executable).with_name("xlsform-lint")
    if not Path(lint).exists():
        pytest.skip("xlsform-lint is not installed")
    form = new_form("T", languages=("en", "fr", "ar"), home=HOME)
    for name in ("mig_absent", "mig_remit_in", "mig_core"):
        form = form.insert(CATALOGUE.module(name), hosts="add")
    path = tmp_path / "f.xlsx"
    path.write_bytes(xlsform_bytes(form))
    done = subprocess.run([lint, path], capture_output=True, text=True, check=False)
    assert "0 errors, 0 warnings" in done.stdout
