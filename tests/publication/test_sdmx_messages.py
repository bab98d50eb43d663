"""SDMX: what is written is valid, and two other readers find the same figures, digit by digit."""

from __future__ import annotations

import datetime
import json
import math
import subprocess
import sys
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from lxml import etree

import mpsurvey as mp
from mpsurvey.errors import ExtraMissing
from mpsurvey.publication.sdmx import write_sdmx
from mpsurvey.publication.standard_report import report_of

pysdmx_io = pytest.importorskip("pysdmx.io")

ABOUT = {
    "agency": "AUR.NSO",
    "area": "XA",
    "area_name": {"en": "Auralia", "ar": "أوراليا"},
    "period": 2026,
    "prepared": datetime.datetime(2026, 11, 24, tzinfo=datetime.UTC),
}
FIGURES = {
    "OBS_VALUE": "estimate", "STD_ERR": "se", "CI_LOWER": "ci_low", "CI_UPPER": "ci_high",
    "CV": "cv", "DF": "df", "N": "n", "POPULATION": "population",
}  # fmt: skip
SCALED = ("OBS_VALUE", "STD_ERR", "CI_LOWER", "CI_UPPER")


@pytest.fixture(scope="module")
def table():
    """Indicators by group, with labels that try to act, and figures withheld of each sort."""
    chance = np.random.default_rng(1)
    count = 400
    people = pd.DataFrame(
        {
            "ea": np.repeat(np.arange(40), 10),
            "age": chance.integers(15, 70, count),
            "sex": chance.integers(1, 3, count),
            "region": chance.choice(["North", "a/b", "شمال"], count),
            "mig_status": chance.choice([0, 1], count, p=[0.7, 0.3]),
            "lfs": chance.choice([1, 2, 3], count),
        }
    )
    sample = mp.Sample(people, mp.Design(psu="ea"))
    chosen = [x for x in mp.load_catalogue().indicators() if x.id in ("EMP03", "EMP18", "EMP19")]
    made = mp.tabulate(sample, chosen, by=("sex", "region", ("sex", "region")))
    frame = made.frame.assign(status="publish", mark="", reason="")
    figures = ["estimate", "se", "ci_low", "ci_high", "cv", "deff", "df"]
    for row, mark in ((3, "c"), (5, "..")):
        frame.loc[row, ["status", "mark", "reason"]] = ["withhold", mark, "few"]
        frame.loc[row, figures] = math.nan
    frame["n"] = frame["n"].astype("Int64")
    frame.loc[3, ["n", "population"]] = [pd.NA, math.nan]
    frame.loc[7, ["status", "mark", "reason"]] = ["flag", "u", "imprecise"]
    labels = {**made.labels, "sex": {1: "<script>alert(1)</script>", 2: '=cmd() & "women"'}}
    return replace(made, frame=frame, labels=labels)


@pytest.fixture(scope="module")
def folder(table, tmp_path_factory):
    target = tmp_path_factory.mktemp("sdmx")
    paths = write_sdmx(table, target / "new", **ABOUT)
    assert [path.name for path in paths] == ["data.csv", "structure.xml", "structure.json"]
    return target / "new"


def wanted(table, component):
    per = table.frame["indicator"].map({key: one.per for key, one in table.indicators.items()})
    column = table.frame[FIGURES[component]].astype(float)
    column = column.where(column.abs() != math.inf)
    return (column * per if component in SCALED else column).to_numpy()


def test_the_structure_is_valid_and_pysdmx_reads_the_same_figures(table, folder):
    for name in ("structure.xml", "structure.json"):
        structures = pysdmx_io.read_sdmx(folder / name, validate=True).structures
        kinds = {type(one).__name__ for one in structures}
        assert {"Codelist", "ConceptScheme", "DataStructureDefinition", "Dataflow"} <= kinds
    data = pysdmx_io.get_datasets(folder / "data.csv", folder / "structure.xml")[0].data
    assert len(data) == len(table.frame)
    for component in FIGURES:
        found = pd.to_numeric(data[component], errors="coerce").to_numpy(
            dtype=float, na_value=math.nan
        )
        assert np.array_equal(found, wanted(table, component), equal_nan=True), component


def test_sdmx1_reads_the_same_figures_and_codes(table, folder):
    sdmx = pytest.importorskip("sdmx")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        structure = sdmx.read_sdmx(folder / "structure.xml")
        flow = structure.dataflow["MIGRATION_PROFILE"]
        message = sdmx.read_sdmx(folder / "data.csv", structure=flow)
    observations = message.data[0].obs
    assert len(observations) == len(table.frame)
    dimensions = [one.id for one in flow.structure.dimensions.components]
    assert dimensions == ["REF_AREA", "INDICATOR", "SEX", "REGION", "CATEGORY", "TIME_PERIOD"]
    assert [one.id for one in flow.structure.measures.components] == ["OBS_VALUE"]
    values = [float(one.value) for one in observations]
    assert np.array_equal(values, wanted(table, "OBS_VALUE"), equal_nan=True)
    errors = [float(one.attached_attribute["STD_ERR"].value) for one in observations]
    assert np.array_equal(errors, wanted(table, "STD_ERR"), equal_nan=True)
    for one in observations:
        for component in flow.structure.dimensions.components:
            codes = component.local_representation and component.local_representation.enumerated
            if codes is not None:
                assert one.dimension[component.id].value in codes.items
    titles = structure.codelist["CL_INDICATOR"]["EMP03"].name.localizations
    assert titles == dict(table.indicators["EMP03"].title)


def test_an_indicator_is_described_in_every_language(table, folder):
    one = table.indicators["EMP03"]
    listed = json.loads((folder / "structure.json").read_text(encoding="utf-8"))["data"]
    (codes,) = [each["codes"] for each in listed["codelists"] if each["id"] == "CL_INDICATOR"]
    (code,) = [each for each in codes if each["id"] == "EMP03"]
    said = code["descriptions"]
    assert list(said) == list(one.definition)
    assert all(one.definition[x] in said[x] and one.caveat[x] in said[x] for x in said)
    assert code["description"] == said["en"]
    xml = (folder / "structure.xml").read_text(encoding="utf-8")
    assert all(text in xml for text in said.values())


def test_every_key_leads_back_to_its_row(table, folder):
    data = pd.read_csv(folder / "data.csv", dtype=str, keep_default_na=False)
    for found, row in zip(data.to_dict("records"), table.frame.to_dict("records"), strict=True):
        assert found["INDICATOR"] == row["indicator"]
        assert found["SEX"] == ("_T" if pd.isna(row["sex"]) else str(int(row["sex"])))
        regions = {"North": "North", "a/b": "a_b", "شمال": "V"}
        assert found["REGION"] == regions.get(row["region"], "_T")
        assert (found["CATEGORY"], found["TIME_PERIOD"], found["REF_AREA"]) == ("_Z", "2026", "XA")
        unit = {"percent": "PT", "percentage points": "PP"}[row["unit"]]
        assert (found["UNIT_MEASURE"], found["UNIT_MULT"]) == (unit, "0")
        assert found["CI_LEVEL"] == "95.0"


def test_a_withheld_figure_leaves_no_digit(table, folder):
    data = pd.read_csv(folder / "data.csv", dtype=str, keep_default_na=False)
    assert list(data.loc[[3, 5, 7], "OBS_STATUS"]) == ["Q", "Q", "U"]
    assert list(data.loc[[3, 5, 7], "CONF_STATUS"]) == ["C", "N", "F"]
    for component in ("OBS_VALUE", "STD_ERR", "CI_LOWER", "CI_UPPER", "CV"):
        assert list(data.loc[[3, 5], component]) == ["NaN", "NaN"]
    for component in ("N", "POPULATION", "DF", "DEFF"):
        assert data.loc[3, component] == ""
    plain = set(data["OBS_STATUS"].drop([3, 5, 7]))
    assert plain == {"A"}


def test_labels_stay_labels_in_every_language(table, folder):
    root = etree.parse(folder / "structure.xml")
    names = {one.text for one in root.iter("{*}Name")}
    assert {"<script>alert(1)</script>", '=cmd() & "women"', "أوراليا", "شمال"} <= names
    assert not list(root.iter("script"))
    said = json.loads((folder / "structure.json").read_text("utf-8"))
    lists = {one["id"]: one for one in said["data"]["codelists"]}
    first = lists["CL_INDICATOR"]["codes"][0]
    assert set(first["names"]) == {"en", "fr", "es", "ru", "ar"}
    statuses = {one["id"] for one in lists["CL_OBS_STATUS"]["codes"]}
    assert statuses == {"A", "U", "Q", "O"}
    assert lists["CL_OBS_STATUS"]["codes"][1]["names"]["fr"] == "Faible fiabilité"
    assert lists["CL_SEX"]["codes"][0] == {
        "id": "_T",
        "name": "Total",
        "names": {"en": "Total", "fr": "Ensemble", "es": "Total", "ru": "Всего", "ar": "المجموع"},
    }


def test_the_same_inputs_give_the_same_bytes_and_a_report_is_its_table(table, folder, tmp_path):
    again = write_sdmx(table, tmp_path / "again", **ABOUT)
    report = write_sdmx(report_of(table, title="MIGRATION_PROFILE"), tmp_path / "report", **ABOUT)
    for one, other in zip(again, report, strict=True):
        assert one.read_bytes() == (folder / one.name).read_bytes()
        assert one.read_bytes() == other.read_bytes()


def test_rounds_are_periods(table, tmp_path):
    rounds = []
    for one in ("2022", "2026"):
        frame = table.frame.assign(round=one)
        frame["breakdown"] = ["round" if x == "" else f"round x {x}" for x in frame["breakdown"]]
        rounds.append(frame)
    frame = pd.concat(rounds, ignore_index=True)
    frame.insert(6, "round", frame.pop("round"))
    both = replace(table, frame=frame, results={})
    about = {key: value for key, value in ABOUT.items() if key != "period"}
    data = pd.read_csv(write_sdmx(both, tmp_path, **about)[0], dtype=str)
    assert "ROUND" not in data
    assert data["TIME_PERIOD"].value_counts().to_dict() == {
        "2022": len(table.frame), "2026": len(table.frame),
    }  # fmt: skip
    named = replace(both, frame=frame.assign(round="baseline"))
    with pytest.raises(mp.MpsurveyError, match="'baseline' is not a period of SDMX"):
        write_sdmx(named, tmp_path, **about)


def test_all_faults_are_told_at_once_and_nothing_is_written(table, tmp_path):
    with pytest.raises(mp.MpsurveyError) as told:
        write_sdmx(table, tmp_path / "x", agency="1 NSO", area="G E", dataflow="a.b")
    assert len(told.value.problems) == 4
    twice = replace(table, frame=pd.concat([table.frame, table.frame.head(1)], ignore_index=True))
    with pytest.raises(mp.MpsurveyError, match="1 key\\(s\\) stand for several figures: XA EMP"):
        write_sdmx(twice, tmp_path / "x", **ABOUT)
    assert not (tmp_path / "x").exists()


def test_a_missing_extra_is_asked_for(table, tmp_path, monkeypatch):
    for name in [one for one in sys.modules if one.split(".")[0] == "pysdmx"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pysdmx", None)
    with pytest.raises(ExtraMissing, match=r'Writing SDMX.*pip install "mpsurvey\[sdmx\]"'):
        write_sdmx(table, tmp_path / "x", **ABOUT)


def test_pysdmx_is_loaded_when_it_is_used_and_not_before():
    code = "import sys, mpsurvey.publication.sdmx; assert 'pysdmx' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
