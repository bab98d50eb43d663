"""Plans, reports, paper, codebooks, the command, and a country office's own module."""

from __future__ import annotations

import json
import runpy
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

import mpsurvey as mp
from mpsurvey.cli import app
from mpsurvey.errors import CatalogueError, MpsurveyError
from mpsurvey.questionnaire import (
    codebook_page,
    differences,
    form_report,
    read_plan,
    write_codebook,
    write_form,
)
from mpsurvey.questionnaire.paper import skips_to

CATALOGUE = mp.load_catalogue()
lfs_host = runpy.run_path(str(Path(__file__).with_name("lfs_host.py")))["lfs_host"]

OFFICE = """\
kind: module
id: shamba
version: 1.0.0
title: {sw: "Shamba na uhamiaji"}
purpose: {sw: "Kujua kama fedha kutoka nje zinatumika shambani."}
unit: household
universe_text: {sw: "Kaya zote"}
hosts: []
sources: [{key: UN21, status: own}]
questions:
  - name: sh_any
    concept: "farm.remittance"
    type: select_one
    codes: NDIO
    level: core
    text: {sw: "Je, kaya hii ilitumia fedha kutoka nje ya nchi shambani?"}
    label: {sw: "Ilitumia fedha kutoka nje shambani"}
    minutes: 0.2
  - name: sh_amount
    concept: "farm.remittance.amount"
    type: decimal
    ask_if: "sh_any == 1"
    checks:
      - {rule: "sh_amount > 0", message: {sw: "Kiasi lazima kizidi sifuri."}}
    level: core
    text: {sw: "Kiasi gani, kwa {currency}?"}
    label: {sw: "Kiasi kilichotumika"}
    minutes: 0.3
concepts:
  - {name: sh_used, label: {sw: "Ilitumia"}, universe: "answered(sh_any)", value: "sh_any == 1"}
"""
LIST = """\
kind: codelist
id: NDIO
version: 1.0.0
title: {sw: "Ndiyo / hapana"}
items:
  - {code: 1, label: {sw: "Ndiyo"}}
  - {code: 2, label: {sw: "Hapana"}}
  - {code: 98, label: {sw: "Hajui"}, missing: true}
"""


@pytest.fixture
def office(tmp_path):
    folder = tmp_path / "office"
    folder.mkdir()
    (folder / "shamba.yaml").write_text(OFFICE, encoding="utf-8")
    (folder / "NDIO.yaml").write_text(LIST, encoding="utf-8")
    return folder


def test_an_office_s_own_module_goes_to_every_target(tmp_path, office):
    module = mp.load_catalogue(office).module("shamba")
    form = mp.new_form("Utafiti", languages=("sw",), home="KEN").insert(module)
    for name in ("f.xlsx", "f.docx", "f.xml", "f.json", "f.zip", "cspro"):
        write_form(form, tmp_path / name)
    assert "sh_amount" in (tmp_path / "f.xml").read_text(encoding="utf-8")
    assert "${sh_any}" not in (tmp_path / "f.json").read_text(encoding="utf-8")
    assert "ask if" in (tmp_path / "cspro" / "mpsurvey.ent.apc").read_text(encoding="utf-8-sig")
    with zipfile.ZipFile(tmp_path / "f.zip") as archive:
        text = archive.read("document.json").decode()
    assert (
        "IsAnswered(sh_any) && sh_any != 98 && sh_any == 1"
        in json.loads(text)["Children"][0]["Children"][1]["ConditionExpression"]
    )
    with pytest.raises(MpsurveyError, match=r"'.txt' is no form"):
        write_form(form, tmp_path / "f.txt")


def test_an_office_s_module_beside_a_shipped_one_says_which_language_lacks(office):
    form = mp.new_form("T", languages=("en",), home=404)
    with pytest.raises(MpsurveyError, match="no wording in en"):
        form.insert(mp.load_catalogue(office).module("shamba"))


PLAN = """\
host: lfs.xlsx
home: KEN
languages: [en, fr]
modules:
  - {module: mig_core, after: roster, hosts: {age: hh_age, int_year: visit_year, "*": add}}
  - {module: mig_absent, after: g_dwelling, level: core, hosts: add}
"""


@pytest.fixture
def plan(tmp_path):
    (tmp_path / "lfs.xlsx").write_bytes(lfs_host())
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN, encoding="utf-8")
    return path


def test_a_plan_makes_a_form(plan):
    form = read_plan(plan)
    assert [one.module.id for one in form.placed] == ["mig_core", "mig_absent"]
    assert form.placed[1].level == "core"
    assert form.home == 404


def test_a_plan_s_faults_come_at_once_with_their_lines(plan):
    plan.write_text(
        PLAN.replace("after: roster", "after: rooster").replace("level: core", "level: cor"),
        encoding="utf-8",
    )
    with pytest.raises(CatalogueError) as caught:
        read_plan(plan)
    said = str(caught.value)
    assert "plan.yaml:5: The form has no 'rooster'" in said
    assert "plan.yaml:6: mig_absent has no level 'cor'" in said
    plan.write_text(PLAN.replace("host:", "hots:"), encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"no key 'hots'\. Did you mean 'host'"):
        read_plan(plan)
    plan.write_text(PLAN.replace("host: lfs.xlsx\n", ""), encoding="utf-8")
    with pytest.raises(CatalogueError, match="either 'host'"):
        read_plan(plan)


def test_the_command_writes_the_form_and_says_what_it_adds(plan, tmp_path):
    out = tmp_path / "out.xlsx"
    ran = CliRunner().invoke(app, ["form", str(plan), "--to", str(out), "--no-validate"])
    assert ran.exit_code == 0, ran.output
    assert out.exists()
    assert "+ mig_core" in ran.output
    assert "min expected" in ran.output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["modules", "list"], "mig_core"),
        (["modules", "show", "mig_core"], "asked if"),
        (["modules", "search", "remittances"], "mig_remit_in"),
        (["modules", "search", "zzzz"], "Nothing was found"),
        (["modules", "list", "--language", "fr"], "Migration"),
    ],
)
def test_the_command_lists_shows_and_searches(words, says):
    ran = CliRunner().invoke(app, words)
    assert ran.exit_code == 0
    assert says in ran.output


def test_the_command_checks_a_folder(office):
    ran = CliRunner().invoke(app, ["modules", "check", str(office)])
    assert ran.exit_code == 0, ran.output
    assert "0 problems" in ran.output
    known = mp.load_catalogue()
    assert f"{len(known.indicators())} indicators, " in ran.output
    assert f"{len(known.hosts)} host variables" in ran.output
    assert "0 problems" in ran.output
    known = mp.load_catalogue()
    assert f"{len(known.indicators())} indicators, " in ran.output
    assert f"{len(known.hosts)} host variables" in ran.output
    (office / "shamba.yaml").write_text(OFFICE.replace("sh_any == 1", "sh_anny == 1"))
    ran = CliRunner().invoke(app, ["modules", "check", str(office)])
    assert ran.exit_code == 1
    assert "Did you mean 'sh_any'" in ran.output


def test_the_report_counts_before_and_after(plan):
    form = read_plan(plan)
    report = form_report(form, CATALOGUE)
    known = {one.id for one in CATALOGUE.indicators()}
    assert set(report.indicators) <= known
    assert bool(report.indicators) == bool(known)
    assert report.host_questions == 104
    core, absent = report.burdens
    module = CATALOGUE.module("mig_core")
    assert core.questions == sum(q.asks and not q.specifies for q in module.questions)
    assert 0 < core.minutes_expected < core.minutes_if_all
    assert absent.in_roster > 5
    assert {"mb_cob", "mig_status", "ab_any", "age"} <= report.supplies
    assert "questions after" in str(report)


def test_differences_between_two_versions(plan):
    form = read_plan(plan)
    later = form.replace(CATALOGUE.module("mig_absent"), level="extended")
    found = differences(form, later)
    assert found.added
    assert not found.dropped
    back = differences(later, form)
    assert back.dropped == found.added
    assert str(differences(form, form)) == "The forms ask the same."
    dropped = differences(form, form.drop("mig_absent"))
    assert "ab_any" in dropped.dropped


def test_arrows_lead_past_the_questions_that_a_code_skips():
    questions = [q for q in CATALOGUE.module("mig_absent").questions if q.asks and not q.roster]
    first = next(at for at, q in enumerate(questions) if q.name == "ab_any")
    arrows = skips_to(questions, first)
    assert 1 not in arrows
    assert arrows[2] > first + 1


@pytest.mark.parametrize("languages", [("en", "ar"), ("fr",), ("ar",)])
def test_paper_holds_every_question_and_code(tmp_path, languages):
    docx = pytest.importorskip("docx", reason="python-docx is not installed")
    form = mp.new_form("T", languages=languages, home=404)
    for name in ("mig_absent", "mig_core"):
        form = form.insert(CATALOGUE.module(name), hosts="add")
    mp.write_paper(form, tmp_path / "p.docx")
    document = docx.Document(tmp_path / "p.docx")
    text = "\n".join(
        cell.text for table in document.tables for row in table.rows for cell in row.cells
    )
    for module in form.modules:
        for question in module.questions:
            if question.asks:
                assert question.name in text
            for language in languages:
                assert question.text[language].partition("{")[0].strip()[:30] in text
    xml = zipfile.ZipFile(tmp_path / "p.docx").read("word/document.xml").decode()
    assert ("<w:bidi/>" in xml) == ("ar" in languages)
    assert "→" in xml


def test_paper_refuses(tmp_path):
    form = mp.new_form("T", languages=("en", "fr", "ar"), home=404)
    form = form.insert(CATALOGUE.module("mig_diasp"), hosts="add")
    with pytest.raises(MpsurveyError, match=r"\.docx or \.pdf"):
        mp.write_paper(form, tmp_path / "p.odt")
    with pytest.raises(MpsurveyError, match="one or two languages"):
        mp.write_paper(form, tmp_path / "p.docx", languages=("en", "fr", "ar"))
    with pytest.raises(MpsurveyError, match="no wording in sw"):
        mp.write_paper(form, tmp_path / "p.docx", languages=("sw",))
    with pytest.raises(MpsurveyError, match="no module"):
        mp.write_paper(mp.new_form("T"), tmp_path / "p.docx")


def test_paper_as_pdf(tmp_path):
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice is not installed")
    form = mp.new_form("T", home=404).insert(CATALOGUE.module("mig_diasp"), hosts="add")
    mp.write_paper(form, tmp_path / "p.pdf")
    assert (tmp_path / "p.pdf").read_bytes().startswith(b"%PDF")
    if shutil.which("pdftotext"):
        done = subprocess.run(
            ["pdftotext", "-layout", tmp_path / "p.pdf", "-"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "Diaspora links" in done.stdout
        assert "ds_ties" in done.stdout


def test_a_page_per_module(tmp_path):
    pages = write_codebook(CATALOGUE.modules(), tmp_path)
    assert len(pages) == 19
    assert "[`mig_core`](mig_core.md)" in pages[0].read_text(encoding="utf-8")
    page = codebook_page(CATALOGUE.module("mig_remit_in"), "fr")
    assert "`rem_total`" in page
    assert "Poser si" in page
