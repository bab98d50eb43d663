"""Tables as files: what a person opens shows the figures, harmlessly and whole."""

import json

import openpyxl
import pandas as pd
import pytest

import mpsurvey as mp
from mpsurvey.publication import FORMATS, as_text, write_table

HOSTILE = ["<script>alert(1)</script>", '=cmd("calc")', 'O\'Brien & "sons"', "لاجئون"]


@pytest.fixture
def shares():
    people = pd.DataFrame(
        {
            "ea": [1, 1, 2, 2, 3, 3, 4, 4],
            "group": pd.Series(HOSTILE * 2),
            "works": ["yes", "no", "yes", "yes", "no", "no", "yes", "no"],
        }
    )
    return mp.proportion(mp.Sample(people, mp.Design(psu="ea")), "works", by="group")


@pytest.mark.parametrize("ending", FORMATS)
def test_every_format_holds_every_figure(shares, tmp_path, ending):
    path = write_table(shares, tmp_path / f"table{ending}")
    readers = {
        ".csv": pd.read_csv,
        ".parquet": pd.read_parquet,
        ".xlsx": lambda p: pd.read_excel(p, sheet_name="Data"),
        ".json": lambda p: pd.DataFrame(json.loads(p.read_text(encoding="utf-8"))["rows"]),
        ".html": lambda p: None,
        ".docx": lambda p: None,
    }
    again = readers[ending](path)
    if again is not None:
        assert again["estimate"].tolist() == pytest.approx(shares.frame["estimate"].tolist())
        assert again["group"].tolist() == shares.frame["group"].tolist()


def test_labels_are_harmless(shares, tmp_path):
    page = write_table(shares, tmp_path / "t.html").read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "لاجئون" in page
    sheet = openpyxl.load_workbook(write_table(shares, tmp_path / "t.xlsx"))["Table"]
    kinds = {cell.data_type for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    assert HOSTILE[1] in {cell.value for row in sheet.iter_rows() for cell in row}


def test_a_reader_knows_what_the_figures_rest_on(shares, tmp_path):
    sheet = openpyxl.load_workbook(write_table(shares, tmp_path / "t.xlsx"))["Table"]
    text = "\n".join(str(cell.value) for row in sheet.iter_rows() for cell in row)
    for said in ("4 PSUs", "Taylor linearisation", "0.95", "Made on", "Respondents"):
        assert said in text


def test_a_failure_leaves_the_last_good_file(shares, tmp_path, monkeypatch):
    path = write_table(shares, tmp_path / "t.xlsx")
    before = path.read_bytes()
    monkeypatch.setattr(type(shares), "footnotes", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_table(shares, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["t.xlsx"]


def test_bad_targets_are_refused(shares, tmp_path):
    with pytest.raises(mp.MpsurveyError, match=r"not to '\.doc'"):
        write_table(shares, tmp_path / "t.doc")
    with pytest.raises(mp.MpsurveyError, match="does not exist"):
        write_table(shares, tmp_path / "nowhere" / "t.csv")
    with pytest.raises(mp.MpsurveyError, match="table, csv, json"):
        as_text(shares, "xml")
