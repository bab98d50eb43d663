"""Long choice lists stand in a CSV file beside the workbook, and the field system takes them."""

from __future__ import annotations

import csv
import io
import runpy
import zipfile
from pathlib import Path

import openpyxl
import pytest

import mpsurvey as mp
from mpsurvey.questionnaire import xlsform_bytes
from mpsurvey.questionnaire.validating import refusal

CATALOGUE = mp.load_catalogue()
lfs_host = runpy.run_path(str(Path(__file__).with_name("lfs_host.py")))["lfs_host"]


def types(path):
    rows = list(openpyxl.load_workbook(path)["survey"].iter_rows(values_only=True))
    return {row[1]: row[0] for row in rows}


def form_of(*languages):
    form = mp.new_form("T", languages=languages, home=404)
    return form.insert(CATALOGUE.module("mig_core"), hosts="add")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("external")
    remarks = mp.write_xlsform(form_of("en"), folder / "form.xlsx")  # judged by ODK Validate
    return folder, remarks


def test_the_countries_are_a_file_that_the_field_system_takes(written):
    folder, remarks = written
    assert types(folder / "form.xlsx")["mb_cob"] == "select_one_from_file mp_cnt.csv"
    with (folder / "mp_cnt.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["name", "label", "label::English (en)"]
    assert [int(row["name"]) for row in rows] == list(CATALOGUE.codelist("CNT").codes)
    assert "Upload mp_cnt.csv with the form: it holds choices." in remarks
    names = {row[0] for row in openpyxl.load_workbook(folder / "form.xlsx")["choices"].values}
    assert "mp_cnt" not in names


def test_reading_back_keeps_the_list_and_the_file(written, tmp_path):
    folder, _ = written
    form = mp.read_xlsform(folder / "form.xlsx", home=404)
    row = form.host.row("mb_cob")
    assert len(form.host.codes(row)) == len(CATALOGUE.codelist("CNT"))
    kenya = form.host.lists["mp_cnt.csv"]["404"]
    assert kenya == {"": "Kenya", "en": "Kenya"}
    more = form.insert(CATALOGUE.module("mig_diasp"), hosts="add")
    mp.write_xlsform(more, tmp_path / "again.xlsx", validate=False)
    assert (tmp_path / "mp_cnt.csv").read_bytes() == (folder / "mp_cnt.csv").read_bytes()
    assert types(tmp_path / "again.xlsx")["mb_cob"] == "select_one_from_file mp_cnt.csv"


def test_two_languages_stay_in_the_workbook_unless_a_file_is_asked_for(tmp_path):
    form = form_of("en", "fr")
    mp.write_xlsform(form, tmp_path / "auto.xlsx", validate=False)
    assert [path.name for path in tmp_path.iterdir()] == ["auto.xlsx"]
    mp.write_xlsform(form, tmp_path / "form.zip", external="always", validate=False)
    with zipfile.ZipFile(tmp_path / "form.zip") as archive:
        assert archive.namelist() == ["form.xlsx", "mp_cnt.csv"]
        text = archive.read("mp_cnt.csv").decode()
        book = archive.read("form.xlsx")
    assert text.splitlines()[0] == "name,label,label::English (en),label::Français (fr)"
    assert refusal(book)[0] is None
    assert types(io.BytesIO(book))["mb_cob"] == "select_one_from_file mp_cnt.csv"
    inside = xlsform_bytes(form_of("en"))
    assert types(io.BytesIO(inside))["mb_cob"] == "select_one mp_cnt"


def test_a_host_s_own_file_goes_with_the_form(tmp_path):
    source = tmp_path / "host.xlsx"
    source.write_bytes(lfs_host())
    book = openpyxl.load_workbook(source)
    book["survey"].append(["select_one_from_file towns.csv", "town", "Town", "Ville"])
    book.save(source)
    (tmp_path / "towns.csv").write_text("name,label\n1,Kitale\n2,Narok\n", encoding="utf-8")
    form = mp.read_xlsform(source, home=404)
    assert form.host.codes(form.host.row("town")) == ("1", "2")
    out = tmp_path / "out"
    out.mkdir()
    form = form.insert(CATALOGUE.module("mig_diasp"), hosts="add")
    mp.write_xlsform(form, out / "form.xlsx", validate=False)
    assert (out / "towns.csv").exists()
