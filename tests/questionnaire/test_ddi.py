"""DDI-Codebook: valid against the standard's own schema, and everything is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

import mpsurvey as mp
from mpsurvey.questionnaire import write_ddi
from mpsurvey.questionnaire.ddi import ddi_document

etree = pytest.importorskip("lxml.etree", reason="lxml is not installed")
CATALOGUE = mp.load_catalogue()
XSD = Path(__file__).parents[2].parent / "shared" / "schemas" / "ddi-codebook-2.5" / "codebook.xsd"
NS = {"d": "ddi:codebook:2_5"}
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def form_of(*names, languages=("en", "fr", "ar")):
    form = mp.new_form("T", languages=languages, home=404)
    for name in names:
        form = form.insert(CATALOGUE.module(name), hosts="add")
    return form


@pytest.fixture(scope="module")
def schema():
    if not XSD.exists():
        pytest.skip("the DDI schema is not here")
    return etree.XMLSchema(etree.parse(XSD))


def test_every_module_is_valid(schema):
    for module in CATALOGUE.modules():
        document = etree.fromstring(ddi_document(form_of(module.id)))
        assert schema.validate(document), (module.id, schema.error_log.last_error)


def test_a_wrong_tag_would_be_seen(schema):
    document = etree.fromstring(ddi_document(form_of("mig_core")))
    etree.SubElement(document, "{ddi:codebook:2_5}wrong")
    assert not schema.validate(document)


def test_names_questions_categories_and_missing_are_in_it(tmp_path):
    module = CATALOGUE.module("mig_absent")
    write_ddi(form_of("mig_absent", "mig_core"), tmp_path / "d.xml")
    root = etree.parse(tmp_path / "d.xml").getroot()
    by_name = {var.get("name"): var for var in root.findall(".//d:var", NS)}
    for question in module.questions:
        if not question.asks:
            continue
        var = by_name[question.name]
        texts = {one.get(LANG): one.text for one in var.findall("d:qstn/d:qstnLit", NS)}
        assert set(texts) == {"en", "fr", "ar"}
        listed = module.codelist(question)
        if listed is not None:
            codes = {
                int(one.findtext("d:catValu", namespaces=NS)): one.get("missing")
                for one in var.findall("d:catgry", NS)
            }
            assert set(codes) == set(listed.codes)
            assert {code for code, mark in codes.items() if mark == "Y"} == listed.missing
    for concept in module.concepts:
        assert by_name[concept.name].find("d:derivation/d:drvdesc", NS).text
    files = {one.get("ID") for one in root.findall("d:fileDscr", NS)}
    assert files == {"F_household", "F_person", f"F_{module.roster.name}"}
    assert by_name["ab_name"].get("files") == f"F_{module.roster.name}"
    assert by_name["mb_cob"].get("files") == "F_person"
