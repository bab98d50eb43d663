"""The host's own rows go to the other field systems, and what cannot is named by row."""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pytest

import mpsurvey as mp
from mpsurvey.questionnaire import host_remarks, surveyjs_document, write_form
from mpsurvey.questionnaire.outline import outline_of
from mpsurvey.questionnaire.survey_solutions_rules import survey_solutions_faults
from mpsurvey.questionnaire.xpath_reading import HostName, Untranslatable, cases, condition, value

CATALOGUE = mp.load_catalogue()
FOLDER = Path(__file__).parent
SHARED = FOLDER.parents[1].parent / "shared"
XSD = SHARED / "schemas" / "ddi-codebook-2.5" / "codebook.xsd"
lfs_host = runpy.run_path(str(FOLDER / "lfs_host.py"))["lfs_host"]
NAMES = {
    "a": HostName("a", "integer"),
    "t": HostName("t", "text"),
    "s": HostName("s", "select_one", {"M": 1, "F": 2}),
    "m": HostName("m", "select_multiple", {"x": 1, "y": 2}),
}


@pytest.mark.parametrize(
    ("expression", "rule"),
    [
        ("${a} >= 15 and ${a} < 30", "(a >= 15 and a < 30)"),
        ("${s} = 'F' or ${s}='M'", "(s == 2 or s == 1)"),
        ("${s} != 'F'", "not (s == 2)"),
        ("selected(${m}, 'y') and not(selected(${s}, 'M'))", "(selected(m, 2) and not (s == 1))"),
        ("${a} = ''", "not (answered(a))"),
        ("${t} != '' and string-length(${t}) > 0", "(answered(t) and answered(t))"),
        (". > 0 and . <= (${a} + 1) * 2", "(own > 0 and own <= ((a + 1) * 2))"),
        ("18 < ${a}", "a > 18"),
        ("${t} = 'it'", "t == 'it'"),
    ],
)
def test_conditions_are_said_in_our_language(expression, rule):
    own = HostName("own", "integer")
    assert condition(expression, NAMES.__getitem__, own) == rule


@pytest.mark.parametrize(
    "expression",
    [
        "regex(${t}, '[0-9]+')",
        "${a} > today()",
        "count(${a}) > 2",
        "${s} = 'Z'",
        "${m} = 'x'",
        "${a} >",
        "(${a} > 1",
        "${a} = 'old'",
        "../a > 1",
        "${a} mod 2 = 0",
    ],
)
def test_what_is_not_understood_is_refused(expression):
    with pytest.raises(Untranslatable):
        condition(expression, NAMES.__getitem__)


def test_calculations():
    assert value("(${a} + 1) div 2", NAMES.__getitem__) == "((a + 1) / 2)"
    found = cases("if(${s} = 'F', 1, if(${a} > 3, '2', 3))", NAMES.__getitem__)
    assert found == [("s == 2", 1), ("a > 3", 2), ("1 == 1", 3)]
    with pytest.raises(Untranslatable):
        cases("if(${a} > 3, 'old', 'young')", NAMES.__getitem__)


@pytest.fixture(scope="module")
def form(tmp_path_factory):
    path = tmp_path_factory.mktemp("host") / "lfs.xlsx"
    path.write_bytes(lfs_host())
    book = openpyxl.load_workbook(path)
    last = book["survey"].max_row
    odd = ["text", "phone", "Phone", "Téléphone", None, None, "regex(${hh_key}, '[0-9]+')"]
    for at, text in enumerate(odd, 1):
        book["survey"].cell(last + 1, at).value = text
    book.save(path)
    form = mp.read_xlsform(path, home="KEN")
    codes = {"educ": {"none": 0, "prim": 1, "sec": 3, "univ": 6}}
    links = {"age": "hh_age", "int_year": "visit_year", "lfs": "w_lfs", "*": "add"}
    links |= {"educ": {"variable": "hh_edu", "codes": codes["educ"]}}
    links |= {"icse": {"variable": "w_status", "codes": {"1": 4, "2": 1, "3": 2, "4": 5}}}
    first = {"age": "hh_age", "int_year": "visit_year", "*": "add"}
    form = form.insert(CATALOGUE.module("mig_core"), after="roster", hosts=first)
    form = form.insert(CATALOGUE.module("mig_work"), after="mig_core", hosts=links)
    return form.insert(CATALOGUE.module("mig_absent"), after="g_dwelling", hosts="add")


def test_every_row_is_carried_or_named(form):
    outline = outline_of(form)
    held = {
        one.name
        for placed in outline.placed
        for one in (*placed.module.questions, *placed.module.concepts)
    }
    told = " ".join(outline.remarks)
    for row in form.host.rows:
        if row.name and not row.type.startswith(("begin ", "end ")):
            assert row.name in held or f"'{row.name}'" in told, row.name
    assert "survey row 6, 'visit_year': calculation 'int(format-date(" in told
    assert "'phone': relevant 'regex(" in told
    assert "it is asked of everybody" in told
    assert "M = 1, F = 2" in told
    units = {one.module.id: one.module.unit for one in outline.placed}
    assert set(units.values()) == {"household", "person"}
    order = [one.module.id for one in outline.household]
    assert 0 < order.index("mig_absent") < len(order) - 1


def test_a_module_reads_the_host_s_question(form):
    outline = outline_of(form)
    assert "age" not in {one.name for one in outline.outside}
    work = next(one for one in outline.placed if one.module.id == "mig_work")
    assert work.hosts["age"].variable == "hh_age"
    assert work.hosts["educ"].variable == "mig_work_educ"
    concepts = {c.name: c for one in outline.placed for c in one.module.concepts}
    codes = {str(one.rule): one.code for one in concepts["mig_work_educ"].categories}
    assert codes == {"hh_edu == 1": 0, "hh_edu == 2": 1, "hh_edu == 3": 3, "hh_edu == 4": 6}


def test_all_targets_take_the_host_s_rows(form, tmp_path):
    for name in ("f.json", "f.xml", "f.zip", "f.docx", "cspro"):
        assert write_form(form, tmp_path / name) == host_remarks(form)
    with zipfile.ZipFile(tmp_path / "f.zip") as archive:
        document = json.loads(archive.read("document.json"))
    assert survey_solutions_faults(document) == []
    assert "dwe_wall" in json.dumps(document)
    logic = (tmp_path / "cspro" / "mpsurvey.ent.apc").read_text(encoding="utf-8-sig")
    assert "PROC HH_SCHOOL\npreproc\n" in logic
    school = logic.partition("PROC HH_SCHOOL")[2].partition("PROC ")[0]
    assert "HH_AGE >= 5" in school
    if XSD.exists():
        etree = pytest.importorskip("lxml.etree", reason="lxml is not installed")
        schema = etree.XMLSchema(etree.parse(XSD))
        assert schema.validate(etree.parse(tmp_path / "f.xml")), schema.error_log


def test_survey_core_follows_the_host_s_conditions(form):
    if (
        shutil.which("node") is None
        or subprocess.run(
            ["node", "-e", "require('survey-core')"], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("survey-core is not found by Node")
    members = [
        {"hh_age": 10, "mb_cob": 404},
        {"hh_age": 40, "w_pay": 1, "hh_edu": 4},
        {"hh_age": 40, "w_pay": 2},
    ]
    model = {"model": surveyjs_document(form), "interviews": [{"members": members}]}
    done = subprocess.run(
        ["node", str(FOLDER / "run_surveyjs.js")],
        input=json.dumps({"models": [model]}),
        text=True,
        capture_output=True,
        check=True,
        env=os.environ,
    )
    [got] = json.loads(done.stdout)
    assert got["errors"] == []
    assert got["unknown"] == []
    [held] = got["asked"]
    seen = set(held["seen"])
    assert {"dwe_wall", "n_members_1", "0:hh_school", "1:w_status", "2:w_look"} <= seen
    assert not seen & {"0:w_pay", "1:hh_school", "1:w_look", "2:w_status"}
    assert held["values"]["1:w_lfs"] == 1
    assert held["values"]["1:mig_work_educ"] == 6


def test_a_host_alone_goes_to_the_targets(tmp_path):
    path = tmp_path / "lfs.xlsx"
    path.write_bytes(lfs_host())
    host = mp.read_xlsform(path)
    for name in ("f.json", "f.zip", "cspro"):
        assert write_form(host, tmp_path / name)
    assert "roster" in outline_of(host).household[1].module.roster.name


@pytest.mark.parametrize("name", ["membership_survey_de_en.xlsx", "unhcr_proxy_demo.xlsx"])
def test_forms_that_others_wrote(name, tmp_path):
    path = SHARED / "data" / "host_forms" / name
    if not path.exists():
        pytest.skip("the shared host forms are not here")
    form = mp.read_xlsform(path, home=404, languages=["en"])
    form = form.insert(CATALOGUE.module("mig_diasp"), hosts="add")
    for target in ("f.json", "f.xml", "f.zip", "f.docx", "cspro"):
        write_form(form, tmp_path / target)
