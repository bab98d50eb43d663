"""The Designer's rules hold, and the conditions, compiled and run as C#, agree with us."""

from __future__ import annotations

import json
import random
import re
import zipfile

import pytest
from questionnaire.mono import needs_mono, run_csharp

import mpsurvey as mp
from mpsurvey.questionnaire import write_survey_solutions
from mpsurvey.questionnaire.interviews import derived, host_answers, interview
from mpsurvey.questionnaire.survey_solutions_rules import survey_solutions_faults
from mpsurvey.rule import CSharp

CATALOGUE = mp.load_catalogue()
HOME = 404


def document_of(path):
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("document.json")), {
            name: json.loads(archive.read(name)) for name in archive.namelist()
        }


def written(tmp_path, *modules, languages=("en", "fr", "ar")):
    form = mp.new_form("T", languages=languages, home=HOME)
    for module in modules:
        form = form.insert(module, hosts="add")
    path = tmp_path / "s.zip"
    write_survey_solutions(form, path)
    return form, *document_of(path)


def nodes(node):
    for child in node.get("Children", ()):
        yield child
        yield from nodes(child)


@pytest.mark.parametrize("module", CATALOGUE.modules(), ids=lambda one: one.id)
def test_every_module_keeps_the_designer_s_rules(tmp_path, module):
    _, document, files = written(tmp_path, module)
    assert survey_solutions_faults(document) == []
    by_name = {node.get("VariableName"): node for node in nodes(document)}
    for question in module.questions:
        assert question.name in by_name
    translated = [
        files[f"Translations/{one['FileName']}"] for one in document["Translations"]["Items"]
    ]
    for items in translated:
        titles = {item["EntityVariableName"] for item in items if item["Type"] == "Title"}
        assert set(module.names) <= titles
    for listed in document.get("Categories", ()):
        assert len(files[f"Categories/{listed['FileName']}"]) > 200


def test_household_and_persons_make_a_roster_of_members(tmp_path):
    modules = [CATALOGUE.module(name) for name in ("mig_absent", "mig_core", "mig_trip")]
    _, document, _ = written(tmp_path, *modules)
    by_name = {node.get("VariableName"): node for node in nodes(document)}
    assert by_name["members"]["RosterSizeQuestion"] == "n_members"
    inside = {node.get("VariableName") for node in nodes(by_name["members"])}
    assert {"age", "mb_cob", "tr_purp"} & inside >= {"age", "mb_cob"}
    assert "ab_any" not in inside
    assert "%rostertitle%" in by_name["mb_ever_abr"]["QuestionText"]


def test_the_checker_bites():
    base = {"Children": [{"Type": "TextQuestion", "Id": "1", "VariableName": "a"}]}
    assert survey_solutions_faults(base) == []
    for change, says in [
        ({"VariableName": "a__b"}, "no variable name"),
        ({"VariableName": "a_"}, "no variable name"),
        ({"VariableName": "class"}, "keeps for itself"),
        ({"VariableLabel": "l" * 81}, "more than 80"),
        ({"Answers": [{"Code": 1}, {"Code": 1}]}, "code twice"),
        ({"ValidationConditions": [{}] * 11}, "more than 10"),
        ({"RosterSizeQuestion": "none"}, "names no question"),
    ]:
        changed = {"Children": [base["Children"][0] | change]}
        assert any(says in one for one in survey_solutions_faults(changed)), change
    twice = {"Children": [*base["Children"], base["Children"][0] | {"VariableName": "A"}]}
    assert len(survey_solutions_faults(twice)) == 2


# -- C#


def literal(value, kind):
    if value is None:
        return "null"
    if kind == "int[]":
        return "new int[]{" + ",".join(map(str, value)) + "}"
    if kind == "string":
        return json.dumps(value)
    if kind == "double?":
        return f"{float(value)!r}"
    return str(value)


def field_kind(node):
    match node["Type"]:
        case "MultiOptionsQuestion":
            return "int[]"
        case "TextQuestion":
            return "string"
        case "DateTimeQuestion":
            return "DateTime?"
        case "NumericQuestion" if not node.get("IsInteger", True):
            return "double?"
        case "Variable":
            return {"LongInteger": "long?", "Double": "double?"}[node["VariableType"]]
        case _:
            return "int?"


class Program:
    """The module's document as a C# class, and random interviews as its objects."""

    def __init__(self, module, document):
        self.module = module
        top = [node for node in nodes(document) if node["Type"] == "Roster"]
        self.roster = top[0] if top else None
        in_roster = {id(node) for node in nodes(self.roster)} if self.roster else set()
        leaves = [node for node in nodes(document) if node["Type"] not in ("Group", "Roster")]
        fields = [node for node in leaves if node["Type"] != "StaticText"]
        self.outer = [node for node in fields if id(node) not in in_roster]
        self.inner = [node for node in fields if id(node) in in_roster]
        groups = [node for node in nodes(document) if node["Type"] == "Group"]
        own = next(node for node in groups if node["VariableName"] == f"s_{module.id}")
        self.universe = own.get("ConditionExpression", "true")
        self.name = f"M_{module.id}"

    def fields(self, which):
        return "".join(
            f"  public {field_kind(node)} {node['VariableName']};\n"
            for node in which
            if not node["VariableName"].endswith("_at")
        )

    def tests(self, which):
        return "".join(
            f'    s += ({node.get("ConditionExpression", "true")}) ? "1" : "0";\n'
            for node in self.questions(which)
        )

    def questions(self, which):
        names = set(self.module.names)
        return [n for n in which if n["Type"] != "Variable" and n["VariableName"] in names]

    def variables(self, which):
        known = {concept.name for concept in self.module.concepts}
        return [n for n in which if n["Type"] == "Variable" and n["VariableName"] in known]

    def works(self, which):
        return "".join(
            f'    {n["VariableName"]} = {n["Expression"]}; s += ";" + S({n["VariableName"]});\n'
            for n in self.variables(which)
        )

    def source(self):
        row = ""
        if self.roster:
            outer = "".join(
                f"{field_kind(n)} {n['VariableName']} {{ get {{ return up."
                f"{n['VariableName']}; }} }}\n"
                for n in self.outer
                if not n["VariableName"].endswith("_at")
            )
            row = (
                f"class {self.name}_row : Base {{\n  public {self.name} up;\n{outer}"
                f'{self.fields(self.inner)}  public string Run() {{ string s = "";\n'
                f"{self.tests(self.inner)}{self.works(self.inner)}    return s; }}\n}}\n"
            )
        rows = (
            f"  public List<{self.name}_row> {self.roster['VariableName']} = "
            f"new List<{self.name}_row>();\n"
            if self.roster
            else ""
        )
        run_rows = (
            f"    foreach (var r in {self.roster['VariableName']}) {{ r.up = this; "
            's += "/" + r.Run(); }\n    s += "/";\n'
            if self.roster
            else ""
        )
        return (
            row + f"class {self.name} : Base {{\n{self.fields(self.outer)}{rows}"
            f'  public string Run() {{ string s = ({self.universe}) ? "1" : "0";\n'
            f"{self.tests(self.outer)}{run_rows}{self.works(self.outer)}    return s; }}\n}}\n"
        )

    def call(self, hosts, held):
        values = dict(hosts) | held.answers
        out = [f"x = new {self.name}();"]
        for node in self.outer:
            name = node["VariableName"]
            if values.get(name) is not None:
                out.append(f"x.{name} = {literal(values[name], field_kind(node))};")
        for row in held.rows:
            out.append(f"r = new {self.name}_row();")
            for node in self.inner:
                name = node["VariableName"]
                if row.get(name) is not None:
                    out.append(f"r.{name} = {literal(row[name], field_kind(node))};")
            out.append(f"x.{self.roster['VariableName']}.Add(r);")
        body = " ".join(out)
        rows = f"{self.name}_row r;" if self.roster else ""
        return f"{{ {self.name} x; {rows} {body} Console.WriteLine(x.Run()); }}"

    def wanted(self, hosts, held):
        rule = self.module.universe
        missing = self.module.missing_codes() | hosts_missing(self.module)
        inside = rule is None or rule.holds(hosts, home=HOME, missing=missing)
        values, rows = derived(self.module, hosts, held, home=HOME)
        out = "1" if inside else "0"
        asked = lambda n, at: (n["VariableName"], at) in held.asked  # noqa: E731
        bits = "".join("1" if asked(n, None) else "0" for n in self.questions(self.outer))
        parts = [(out, bits if inside else None)]
        for number, row in enumerate(rows):
            text = "".join("1" if asked(n, number) else "0" for n in self.questions(self.inner))
            parts.append((text, [row[n["VariableName"]] for n in self.variables(self.inner)]))
        parts.append([values[n["VariableName"]] for n in self.variables(self.outer)])
        return parts


def hosts_missing(module):
    out = {}
    for name, variable in {**module.host_variables, **module.borrowed}.items():
        listed = module.codelists.get(variable.codes or variable.special or "")
        if listed is not None:
            out[name] = listed.missing
    return out


def same(ours, theirs):
    if ours is None or theirs == "-":
        return ours is None and theirs == "-"
    return abs(float(ours) - float(theirs)) <= 1e-6 * max(1, abs(float(ours)))


def disagreements(tmp_path, modules, interviews, seed=3):
    rng = random.Random(seed)  # noqa: S311
    sources, calls, wanted = [], [], []
    for module in modules:
        _, document, _ = written(tmp_path, module, languages=("en",))
        program = Program(module, document)
        sources.append(program.source())
        body = []
        for _ in range(interviews):
            hosts = host_answers(module, rng, home=HOME)
            held = interview(
                module, hosts, rng, home=HOME, unanswered=0.12, valid=False, most_rows=2
            )
            body.append(program.call(hosts, held))
            wanted.append((module.id, program, program.wanted(hosts, held)))
        calls.append(f"static void Do_{module.id}() {{ {chr(10).join(body)} }}")
    mains = " ".join(f"Do_{module.id}();" for module in modules)
    main = f"class Go {{ {' '.join(calls)} static void Main() {{ {mains} }} }}"
    lines = run_csharp(tmp_path, "".join(sources) + main)
    assert len(lines) == len(wanted)
    return [
        (name, line, want)
        for line, (name, program, want) in zip(lines, wanted, strict=True)
        if not agrees(line, want, program)
    ]


def agrees(line, want, program):
    (inside, bits), *rows, values = want
    head, _, tail = line.partition(";") if not program.roster else line.partition("/")
    if head[0] != inside:
        return False
    if bits is not None and head[1:] != bits:
        return False
    if program.roster:
        parts = tail.split("/")
        got_rows, tail = parts[:-1], parts[-1].lstrip(";")
        if len(got_rows) != len(rows):
            return False
        for got, (row_bits, row_values) in zip(got_rows, rows, strict=True):
            first, *texts = got.split(";")
            if first != row_bits or not all(map(same, row_values, texts)):
                return False
    texts = tail.split(";") if tail else []
    # Outside the universe the section is off, and its variables are not worked out.
    return inside == "0" or (len(texts) == len(values) and all(map(same, values, texts)))


@needs_mono
def test_conditions_and_variables_run_as_csharp_agree(tmp_path):
    assert disagreements(tmp_path, CATALOGUE.modules(), 12) == []


@needs_mono
def test_without_the_guards_the_same_test_fails(tmp_path, monkeypatch):
    whole = CSharp.answered
    monkeypatch.setattr(
        CSharp, "answered", lambda self, known: re.sub(r" && \S+ != -?\d+", "", whole(self, known))
    )
    modules = [CATALOGUE.module(name) for name in ("mig_core", "mig_legal")]
    assert disagreements(tmp_path, modules, 40)
