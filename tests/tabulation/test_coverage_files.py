"""The coverage report as files, and on surveys that people have."""

import re
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest

import mpsurvey as mp
from mpsurvey.profile import coverage_of_file
from mpsurvey.tabulation.coverage_files import WORDS, coverage_map

CATALOGUE = mp.load_catalogue()
DATA = Path(__file__).parents[2].parent / "shared" / "data"
BAROMETER = DATA / "caucasus_barometer_2017_ge" / "CB_2017_Georgia_10.11.17.dta"
NDI = DATA / "crrc_other_dta" / "NDI_2019_April_22.04.19_Public.dta"
ACS = DATA / "acs_pums_2024_1yr" / "p_56.parquet"
PISA = DATA / "pisa2003_nld" / "pisa2003_nld_reexport.sav"


@pytest.fixture(scope="module")
def report():
    return mp.coverage(["age", "sex", "region", "mb_cob", "mb_cit_home", "lfs"], CATALOGUE)


def test_the_map_shows_every_indicator_once(report):
    picture = ElementTree.fromstring(coverage_map(report.frame))  # noqa: S314 - our own
    space = "{http://www.w3.org/2000/svg}"
    shown = [one.text for one in picture.iter(f"{space}text") if one.get("class") == "c"]
    assert sorted(shown) == sorted(report.frame.indicator)
    said = [one.text for one in picture.iter(f"{space}title")]
    assert any("EMP05" in text and "isco1" in text for text in said)


@pytest.mark.parametrize("language", ["en", "fr", "es", "ru", "ar"])
def test_the_page_stands_alone_in_each_language(tmp_path, language):
    report = mp.coverage(["age", "lfs", "mb_cob", "mb_cit_home"], CATALOGUE, language=language)
    text = report.write(tmp_path / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"<script|src=|href=|@import", text)
    place = ("en", "fr", "es", "ru", "ar").index(language)
    assert WORDS["missing"][place] in text
    assert ('dir="rtl"' in text) == (language == "ar")


def test_the_workbook_holds_map_themes_and_questions(report, tmp_path):
    book = openpyxl.load_workbook(report.write(tmp_path / "report.xlsx"))
    assert book.sheetnames == ["Indicators", "Map", "Themes", "Questions"]
    cells = {cell.value for row in book["Map"] for cell in row}
    assert set(report.frame.indicator) <= cells
    assert report.write(tmp_path / "report.csv").read_text(encoding="utf-8-sig").count("EMP05") == 1
    with pytest.raises(mp.MpsurveyError, match="is written to"):
        report.write(tmp_path / "report.pdf")
    with pytest.raises(mp.MpsurveyError, match="no folder"):
        report.write(tmp_path / "none" / "report.svg")
    assert not list(tmp_path.glob(".coverage-*"))


def test_missing_questions_cost_minutes(report):
    frame = report.frame.set_index("indicator")
    assert frame.minutes["EMP05"] == pytest.approx(0.5)  # isco1 0.3, educ 0.2
    assert set(frame.asks["EMP05"]) == {"isco1", "educ"}
    lacking = frame[frame.status == "missing"]
    assert (lacking.minutes > 0).mean() > 0.95


def real(path):
    if not path.is_file():
        pytest.skip(f"{path.name} is not here")
    return mp.read(path)


MADE = {
    "barometer": {"ECO04", "TRD01", "TRD02", "TRD14", "TRD17"},
    "ndi": set(),
    "acs": 34,
    "pisa": {"DEM13", "EDU05", "TRD01", "TRD02", "TRD13", "TRD14"},
}


def known(name):
    if name == "barometer":
        data = mp.harmonise(real(BAROMETER), "caucasus_barometer_ge")
        return data, data.design
    if name == "ndi":
        data = mp.harmonise(real(NDI), "ndi_georgia_2019")
        return data, mp.Design(weight="weight", strata="stratum", psu="psu", lonely_psu="average")
    if name == "acs":
        data = mp.harmonise(real(ACS), "acs_pums")
        return data, mp.Design(weight="weight", psu="hh_id")
    data = mp.harmonise(real(PISA), "pisa_2003", home=528)
    brr = mp.Brr(columns="W_FSTR*", fay=0.5)
    return data, mp.Design(weight="weight", replicates=brr)


@pytest.mark.parametrize("name", MADE)
@pytest.mark.filterwarnings("ignore::mpsurvey.microdata.dataset.FileWarning")
def test_coverage_and_tables_of_real_files_agree(name):
    data, design = known(name)
    sample = mp.Sample(data, design)
    table = mp.tabulate(sample, CATALOGUE.indicators())
    for given in (sample, data):
        frame = mp.coverage(given, CATALOGUE).frame
        can = set(frame.indicator[frame.status.isin(["computable", "with an assumption"])])
        assert can == set(table.indicators)
    want = MADE[name]
    made = set(table.indicators)
    assert made == want if isinstance(want, set) else len(made) >= want


def test_a_file_and_its_crosswalk():
    real(BAROMETER)
    report = coverage_of_file(BAROMETER, crosswalk="caucasus_barometer_ge")
    frame = report.frame.set_index("indicator")
    assert frame.status["TRD02"] == "computable"
    assert frame.n["TRD02"] == 2367
    assert "mb_cit_home" in frame.asks["EMP18"]
