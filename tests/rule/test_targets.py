"""Any rule means the same in every target's language as in our own evaluation.

Random rules meet random answers, unanswered and refused ones among them. C# is compiled and run,
survey-core and rxeval run theirs; CSPro runs on Windows only, so our reading of its manual does.
"""

from __future__ import annotations

import functools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from questionnaire.cspro_machine import Case, Reader
from questionnaire.mono import needs_mono, run_csharp
from questionnaire.survey_core import needs_node, run_expressions

from mpsurvey.rule import CSharp, CSPro, Known, SurveyJS, XPath, parse_rule
from mpsurvey.rule.cspro import SELECTED

HOME = 2
MISSING = {"a": {-9}, "c": {8}, "m": {9}}
KINDS = {"a": "number", "b": "number", "c": "one", "m": "many", "t": "text"}


def scope(reference):
    return {
        name: Known(reference(name), kind, frozenset(MISSING.get(name, ())), 2)
        for name, kind in KINDS.items()
    }


# -- random rules and answers

NUMBERS = st.sampled_from(["a", "b", "c"])
LEAVES = st.one_of(NUMBERS, NUMBERS, st.sampled_from(["0", "1", "2", "4", "0.5", "-b", "HOME"]))


def _nested(inner):
    parts = st.lists(inner, min_size=1, max_size=3).map(", ".join)
    functions = st.sampled_from(["sum", "mean", "min", "max", "count"])
    return st.one_of(
        st.tuples(functions, parts).map(lambda t: f"{t[0]}({t[1]})"),
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({' '.join(t)})"),
    )


VALUES = st.recursive(LEAVES, _nested, max_leaves=4)
SIGNS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
ATOMS = st.one_of(
    st.tuples(VALUES, SIGNS, VALUES).map(" ".join),
    st.tuples(VALUES, st.sampled_from(["in (1, 2)", "not in (0, HOME)"])).map(" ".join),
    st.sampled_from(["selected(m, 1)", "selected(m, 12)", "t == 'yes'", "t != 'yes'"]),
    st.sampled_from(sorted(KINDS)).map(lambda name: f"answered({name})"),
)
RULES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({' '.join(t)})"),
    ),
    max_leaves=3,
)
ANSWERS = st.fixed_dictionaries(
    {
        "a": st.sampled_from([None, None, -9, 0, 1, 2, 3]),
        "b": st.sampled_from([None, None, -1, 0, 1, 2, 4]),
        "c": st.sampled_from([None, 1, 2, 8]),
        "m": st.sampled_from([None, (1,), (2,), (1, 12), (2, 12), (9,)]),
        "t": st.sampled_from([None, "yes", "no"]),
    }
)


@functools.cache
def drawn():
    """Rules, and interviews to put each of them to."""
    rules, interviews = {}, []

    @settings(
        max_examples=400,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(RULES, ANSWERS)
    def take(text, answers):
        rules.setdefault(text, parse_rule(text))
        if answers not in interviews:
            interviews.append(answers)

    take()
    return list(rules.values()), interviews[:60]


def disagreements(theirs):
    """What another engine says of each interview, by rule, where it is not what we say."""
    rules, interviews = drawn()
    assert len(rules) > 250
    assert len(theirs) == len(interviews)
    out = [
        (rule.text, answers, ours)
        for answers, said in zip(interviews, theirs, strict=True)
        for rule, their in zip(rules, said, strict=True)
        if (ours := rule.holds(answers, home=HOME, missing=MISSING)) != their
    ]
    return sorted(out, key=lambda one: len(one[0]))[:5]


# -- CSPro


@pytest.mark.parametrize("unsure", [False, True])
def test_cspro(unsure):
    rules, interviews = drawn()
    logic = CSPro(scope(str.upper), HOME)
    written = []
    for rule in rules:
        test, before = logic.test(rule.node)
        text = "\n".join([*before, f"MET = 0; if {test} then MET = 1; endif;"])
        written.append(Reader.of(text).until(""))
    application = Reader.of(SELECTED).functions()
    theirs = []
    for answers in interviews:
        values = {name.upper(): value for name, value in answers.items()}
        if answers["m"] is not None:
            values["M"] = "".join(f"{code:02d}" for code in answers["m"]).ljust(12)
        case = Case(application, values, unsure=unsure)
        said = []
        for statements in written:
            case.carry_out(statements)
            said.append(bool(case.values["MET"]))
        theirs.append(said)
    assert disagreements(theirs) == []


# -- XPath


def test_xpath():
    rxeval = pytest.importorskip("rxeval", reason="rxeval, which runs XPath, is not installed")
    rules, interviews = drawn()
    writer = XPath(scope("/data/{}".format), HOME)
    written = [writer.condition(rule.node) for rule in rules]
    theirs = []
    for answers in interviews:
        filled = {**answers, "m": " ".join(map(str, answers["m"] or ()))}
        inside = "".join(
            f"<{name}>{'' if value is None else value}</{name}>" for name, value in filled.items()
        )
        submission = f"<data>{inside}</data>"
        theirs.append([rxeval.eval_expression(one, submission) == "true" for one in written])
    assert disagreements(theirs) == []


# -- C#


def literal(value):
    match value:
        case None:
            return "null"
        case tuple():
            return f"new int[]{{{', '.join(map(str, value))}}}"
        case str():
            return f'"{value}"'
        case _:
            return str(value)


@needs_mono
def test_csharp(tmp_path):
    rules, interviews = drawn()
    writer = CSharp(scope(str), HOME)
    fields = "public double? a; public int? b; public int? c; public int[] m; public string t;"
    tests = "\n".join(f's += ({writer.condition(rule.node)}) ? "1" : "0";' for rule in rules)
    made = "\n".join(
        "Console.WriteLine(new Go { "
        + ", ".join(f"{name} = {literal(value)}" for name, value in answers.items())
        + " }.Run());"
        for answers in interviews
    )
    lines = run_csharp(
        tmp_path,
        f'class Go : Base {{ {fields} string Run() {{ string s = ""; {tests} return s; }}'
        f" static void Main() {{ {made} }} }}",
    )
    assert disagreements([[char == "1" for char in line] for line in lines]) == []


# -- SurveyJS


@needs_node
def test_surveyjs():
    rules, interviews = drawn()
    writer = SurveyJS(scope("{{{}}}".format), HOME)
    written = [f"iif({writer.condition(rule.node)}, 1, 0)" for rule in rules]
    filled = [{k: v for k, v in one.items() if v is not None} for one in interviews]
    theirs = [[value == 1 for value in said] for said in run_expressions(written, filled)]
    assert disagreements(theirs) == []
