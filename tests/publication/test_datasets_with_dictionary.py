"""Data files: the same figures come back, and every column and code is explained."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lxml import etree
from pyarrow import parquet

import mpsurvey as mp
from mpsurvey.publication.dataset import write_dataset
from mpsurvey.publication.standard_report import report_of
from mpsurvey.publication.table_ddi import write_table_ddi

XSD = Path(__file__).parents[2].parent / "shared" / "schemas" / "ddi-codebook-2.5" / "codebook.xsd"
DDI = "{ddi:codebook:2_5}"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


@pytest.fixture(scope="module")
def table():
    chance = np.random.default_rng(2)
    people = pd.DataFrame(
        {
            "ea": np.repeat(np.arange(30), 10),
            "age": chance.integers(15, 70, 300),
            "sex": chance.integers(1, 3, 300),
            "region": chance.choice(["North", "=1+1"], 300),
            "mig_status": chance.choice([0, 1], 300),
            "lfs": chance.choice([1, 2, 3], 300),
        }
    )
    chosen = [x for x in mp.load_catalogue().indicators() if x.id in ("EMP03", "EMP18")]
    made = mp.tabulate(mp.Sample(people, mp.Design(psu="ea")), chosen, by=("sex", "region"))
    frame = made.frame.assign(status="publish", mark="", reason="")
    frame.loc[2, ["status", "mark", "reason"]] = ["withhold", "c", "confidential"]
    frame.loc[2, ["estimate", "se", "ci_low", "ci_high", "cv", "deff", "df"]] = math.nan
    return replace(made, frame=frame, labels={"sex": {1: "<b>Men</b>", 2: "نساء"}})


def same(found: pd.DataFrame, table) -> None:
    assert list(found.columns) == list(table.frame.columns)
    for name in ("estimate", "se", "ci_low", "ci_high", "cv", "df", "population"):
        assert np.array_equal([float(x) for x in found[name]], table.frame[name], equal_nan=True), (
            name
        )
    assert [int(x) for x in found["n"]] == table.frame["n"].tolist()
    for name in ("indicator", "region", "unit", "status"):
        known = found[name].astype(object).where(found[name].notna(), None).tolist()
        assert known == table.frame[name].tolist(), name
    assert [None if pd.isna(x) else int(x) for x in found["sex"]] == table.frame["sex"].tolist()


def test_a_csv_comes_back_digit_by_digit(table, tmp_path):
    paths = write_dataset(table, tmp_path / "figures.csv")
    names = ["figures.csv", "figures.dictionary.csv", "figures.datapackage.json"]
    assert [path.name for path in paths] == names
    same(pd.read_csv(paths[0], dtype=str), table)
    assert paths[0].read_bytes().startswith(b"indicator,theme,")


def test_a_parquet_file_explains_itself(table, tmp_path):
    paths = write_dataset(table, tmp_path / "figures.parquet")
    same(pd.read_parquet(paths[0]), table)
    schema = parquet.read_schema(paths[0])
    assert schema.field("se").metadata[b"description"] == b"Standard error"
    inside = json.loads(schema.metadata[b"datapackage"])
    assert inside == json.loads(paths[2].read_text("utf-8"))
    assert inside["profile"] == "data-package"


def test_the_data_package_describes_every_column_as_it_is(table, tmp_path):
    data, _, packed = write_dataset(table, tmp_path / "Figures 1.csv")
    package = json.loads(packed.read_text("utf-8"))
    assert package["name"] == package["resources"][0]["name"] == "figures-1"
    fields = package["resources"][0]["schema"]["fields"]
    rows = list(csv.DictReader(data.read_text("utf-8").splitlines()))
    assert [one["name"] for one in fields] == list(rows[0])
    readers = {"number": float, "integer": int, "string": str}
    for one in fields:
        allowed = one.get("constraints", {}).get("enum")
        for row in rows:
            if row[one["name"]] != "":
                value = readers[one["type"]](row[one["name"]])
                assert allowed is None or value in allowed, one
    sex = next(one for one in fields if one["name"] == "sex")
    assert sex["categories"] == [
        {"value": 1, "label": "<b>Men</b>"}, {"value": 2, "label": "نساء"},
    ]  # fmt: skip
    cv = next(one for one in fields if one["name"] == "cv")
    assert set(cv["titles"]) == {"en", "fr", "es", "ru", "ar"}
    assert "Design: 30 PSUs" in package["description"]


def test_the_dictionary_lists_columns_and_codes(table, tmp_path):
    listed = write_dataset(table, tmp_path / "figures.csv")[1]
    rows = list(csv.DictReader(listed.read_text("utf-8").splitlines()))
    columns = [row["column"] for row in rows if not row["code"]]
    assert columns == list(table.frame.columns)
    codes = {(row["column"], row["code"]): row for row in rows if row["code"]}
    assert codes["indicator", "EMP18"]["meaning_fr"] == "Part des immigrés parmi les chômeurs"
    assert codes["theme", "employment"]["meaning_en"]
    assert codes["status", "withhold"]["meaning_es"] == "No publicada"
    assert all(row["meaning_en"] for row in rows if row["column"] not in ("sex", "region"))


def test_the_same_inputs_give_the_same_bytes_and_a_report_is_its_table(table, tmp_path):
    (tmp_path / "a").mkdir()
    for name in ("figures.csv", "figures.parquet"):
        first = [path.read_bytes() for path in write_dataset(table, tmp_path / name)]
        second = write_dataset(report_of(table, title="T"), tmp_path / "a" / name)
        assert first == [path.read_bytes() for path in second]


def test_another_ending_is_refused(table, tmp_path):
    with pytest.raises(mp.MpsurveyError, match=r"written to \.csv or \.parquet, not to '\.txt'"):
        write_dataset(table, tmp_path / "figures.txt")
    with pytest.raises(mp.MpsurveyError, match=r"written to \.xml"):
        write_table_ddi(table, tmp_path / "figures.txt")
    assert not list(tmp_path.iterdir())


def test_ddi_is_valid_and_holds_every_column_code_and_caveat(table, tmp_path):
    path = write_table_ddi(table, tmp_path / "figures.xml")
    root = etree.parse(path).getroot()
    assert root.find(f".//{DDI}fileName").text == "figures.csv"
    variables = {one.get("name"): one for one in root.iter(f"{DDI}var")}
    assert list(variables) == list(table.frame.columns)
    sexes = variables["sex"].findall(f"{DDI}catgry")
    assert [(one.find(f"{DDI}catValu").text, one.find(f"{DDI}labl").text) for one in sexes] == [
        ("1", "<b>Men</b>"),
        ("2", "نساء"),
    ]
    share = variables["indicator"].findall(f"{DDI}catgry")[1]
    titles = {one.get(LANGUAGE): one.text for one in share.findall(f"{DDI}labl")}
    assert titles == dict(table.indicators["EMP18"].title)
    said = {one.text for one in share.findall(f"{DDI}txt")}
    assert set(table.indicators["EMP18"].caveat.values()) <= said


def test_ddi_is_valid_against_the_standards_own_schema(table, tmp_path):
    if not XSD.exists():
        pytest.skip("the DDI schema is not here")
    schema = etree.XMLSchema(etree.parse(XSD))
    document = etree.parse(write_table_ddi(table, tmp_path / "figures.xml"))
    assert schema.validate(document), schema.error_log.last_error
    report = report_of(table, title="Profile")
    document = etree.parse(write_table_ddi(report, tmp_path / "r.xml", abstract="Why\x00 so"))
    assert schema.validate(document), schema.error_log.last_error
