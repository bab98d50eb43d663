"""What `read` makes of each format."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime, time

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from mpsurvey.microdata import FileWarning, read
from mpsurvey.microdata.columns import RawColumn, make_column
from mpsurvey.microdata.dates import temporal_kind, to_numbers, to_temporal


@pytest.fixture
def spss(tmp_path):
    path = tmp_path / "lfs.sav"
    frame = pd.DataFrame(
        {
            "id": [1.0, 2, 3, 4],
            "sex": [1.0, 2, 9, np.nan],
            "income": [100.5, -1, -2, 50],
            "scale": [0.0, 3, 10, 7],
            "town": ["Тбилиси", "", "XX", "Batumi"],
        }
    )
    pyreadstat.write_sav(
        frame,
        path,
        file_label="Labour force survey",
        column_labels={"sex": "Sex", "town": "Town"},
        variable_value_labels={
            "sex": {1: "Man", 2: "Woman", 3: "Other", 9: "Refused"},
            "income": {-1: "Does not know", -2: "Refused"},
            "scale": {0: "Not at all", 10: "Fully"},
        },
        missing_ranges={"sex": [9], "income": [{"lo": -9, "hi": -1}], "town": ["XX"]},
        variable_measure={"sex": "nominal", "income": "scale", "scale": "scale"},
        variable_format={"income": "F10.1"},
        note="Fieldwork 2026",
    )
    return path


def test_an_spss_file_with_its_meanings(spss):
    data = read(spss)
    assert (data.title, data.notes) == ("Labour force survey", ("Fieldwork 2026",))
    assert data.design is None
    assert data.remarks == ()
    sex = data.variables["sex"]
    assert (sex.label, sex.kind, sex.measure) == ("Sex", "categorical", "nominal")
    assert sex.answers == {1: "Man", 2: "Woman", 3: "Other"}
    assert sex.missing == {9: "Refused"}
    income = data.variables["income"]
    assert (income.kind, income.format, income.missing_ranges) == (
        "decimal",
        "F10.1",
        ((-9.0, -1.0),),
    )
    assert data.missing_reasons("income").to_numpy().tolist() == [
        [-2, "Refused", 1],
        [-1, "Does not know", 1],
    ]
    assert data.variables["scale"].kind == "integer"
    assert data.missing_reasons("town").to_numpy().tolist() == [
        ["XX", "", 1],
        [None, "blank, no reason recorded", 1],
    ]


def test_dtypes_are_chosen_on_purpose(spss):
    frame = read(spss).frame
    assert frame["id"].dtype == np.int64
    assert frame["sex"].dtype == np.float64
    assert frame["income"].tolist()[0] == 100.5
    assert frame["town"].isna().tolist() == [False, True, True, False]


def test_only_the_columns_asked_for_in_the_order_asked_for(spss):
    data = read(spss, columns=["town", "id"])
    assert data.columns == ("town", "id")
    assert list(data.frame) == ["town", "id"]
    assert read(spss, columns="id").columns == ("id",)


def test_the_same_columns_of_every_format(tmp_path):
    from mpsurvey.microdata import Microdata, write

    data = Microdata(pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [1.5, 2.5]}))
    for ending in ("sav", "zsav", "dta", "xpt", "csv", "parquet"):
        write(data, tmp_path / f"s.{ending}")
        some = read(tmp_path / f"s.{ending}", columns=["c", "a"])
        assert some.frame.to_dict("list") == {"c": [1.5, 2.5], "a": [1, 2]}


def test_dates_of_three_programs_are_the_same_dates(tmp_path):
    frame = pd.DataFrame(
        {
            "day": [date(2020, 2, 29), None, date(1931, 1, 2)],
            "moment": [datetime(2020, 2, 29, 10, 11, 12), None, datetime(1931, 1, 2, 0, 0, 1)],
            "clock": [time(10, 11, 12), None, time(0, 0, 1)],
        }
    )
    for ending, writer in (
        ("sav", pyreadstat.write_sav),
        ("dta", pyreadstat.write_dta),
        ("xpt", pyreadstat.write_xport),
    ):
        writer(frame, tmp_path / f"s.{ending}")
        data = read(tmp_path / f"s.{ending}")
        assert [one.kind for one in data.variables.values()] == ["date", "datetime", "time"]
        assert data["day"].dropna().dt.date.tolist() == [date(2020, 2, 29), date(1931, 1, 2)]
        assert data["moment"].dropna().tolist() == [
            pd.Timestamp("2020-02-29 10:11:12"),
            pd.Timestamp("1931-01-02 00:00:01"),
        ]
        assert data["clock"].dropna().tolist() == [
            pd.Timedelta("10:11:12"),
            pd.Timedelta("00:00:01"),
        ]


def test_dates_out_of_range_become_missing_counted_and_named(tmp_path):
    frame = pd.DataFrame({"born": [1.3e10, 9e18, -5e14, np.nan]})
    pyreadstat.write_sav(frame, tmp_path / "s.sav", variable_format={"born": "DATE11"})
    with pytest.warns(FileWarning, match="became missing: 2 in 'born'"):
        data = read(tmp_path / "s.sav")
    assert data["born"].isna().tolist() == [False, True, True, True]


@pytest.mark.parametrize(
    ("shown", "family", "kind"),
    [
        ("%td", "stata", "date"), ("%-tdDD/NN/CCYY", "stata", "date"), ("%d", "stata", "date"),
        ("%tc", "stata", "datetime"), ("%tcHH:MM", "stata", "time"),
        ("%tcDDmonCCYY_HH:MM", "stata", "datetime"), ("%tC", "stata", "datetime"),
        ("%tm", "stata", None), ("%9.0g", "stata", None), ("%tq", "stata", None),
        ("DATE11", "spss", "date"), ("ADATE10", "spss", "date"), ("YMDHMS19", "spss", "datetime"),
        ("DTIME12", "spss", "time"), ("WKDAY3", "spss", None), ("F8.2", "spss", None),
        ("DATE9.", "sas", "date"), ("DTDATE", "sas", "datetime"), ("E8601DT", "sas", "datetime"),
        ("TIME8", "sas", "time"), ("BEST12", "sas", None), (None, "sas", None),
    ],
)  # fmt: skip
def test_display_formats_tell_dates(shown, family, kind):
    assert temporal_kind(shown, family) == kind


@pytest.mark.parametrize("family", ["spss", "stata", "sas"])
@pytest.mark.parametrize("kind", ["date", "time", "datetime"])
def test_numbers_of_dates_there_and_back(family, kind):
    per_day = 1 if kind == "date" and family != "spss" else 86_400
    numbers = np.array([0.0, 1, 12_345, 150_000]) * per_day
    if family == "stata" and kind != "date":
        numbers *= 1000
    values, lost = to_temporal(numbers, kind, family)
    assert lost == 0
    assert to_numbers(values, kind, family).tolist() == numbers.tolist()


def test_text_in_an_encoding_that_the_file_does_not_declare(tmp_path):
    pyreadstat.write_dta(pd.DataFrame({"town": ["Zugdidi", "x"]}), tmp_path / "s.dta", version=12)
    content = (tmp_path / "s.dta").read_bytes()
    for encoding, said in (("cp1251", "cp1251"), ("utf-8", None), ("cp1252", None)):
        word = {"cp1251": "Тбилиси", "utf-8": "Ñan", "cp1252": "École"}[encoding]
        raw = word.encode(encoding).ljust(7, b"\0")
        (tmp_path / "s.dta").write_bytes(content.replace(b"Zugdidi", raw))
        data = read(tmp_path / "s.dta", encoding=said)
        assert data["town"].tolist()[0] == word
        if said is None:
            assert "without a declared encoding" in data.remarks[0]


def test_text_that_is_not_in_the_declared_encoding_is_read_and_said(tmp_path):
    for ending, writer in (("sav", pyreadstat.write_sav), ("dta", pyreadstat.write_dta)):
        writer(pd.DataFrame({"town": ["Zugdidi"], "fine": ["Batumi"]}), tmp_path / f"s.{ending}")
        content = (tmp_path / f"s.{ending}").read_bytes()
        content = content.replace(b"Zugdidi", b"\xc9cole \x80")
        (tmp_path / f"s.{ending}").write_bytes(content)
        with pytest.warns(FileWarning, match=r"(?i)'town' is not .*read as (cp|windows-)1252"):
            data = read(tmp_path / f"s.{ending}")
        assert data.frame.to_numpy().tolist() == [["École €", "Batumi"]]


def test_labelled_text_codes_in_another_encoding_than_declared(tmp_path):
    # in a process of its own: pyreadstat 1.3.7 crashes on such a file
    path = tmp_path / "s.sav"
    frame = pd.DataFrame({"region": ["Nord", "Sud"]})
    pyreadstat.write_sav(frame, path, variable_value_labels={"region": {"Nord": "N", "Sud": "S"}})
    path.write_bytes(path.read_bytes().replace(b"Nord", b"\xcele "))
    code = (
        "import sys, warnings; warnings.simplefilter('ignore')\n"
        "from mpsurvey.microdata import read\n"
        "data = read(sys.argv[1])\n"
        "print(data.label('region', '\xcele'), data['region'].tolist(), data.remarks[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("N ['Île', 'Sud']")
    assert "read as WINDOWS-1252" in done.stdout


def test_csv_of_several_makes(tmp_path):
    path = tmp_path / "s.csv"
    path.write_bytes('région;âge;poids\nÎle;31;1,5\n"a;b";;2,25\n'.encode("cp1252"))
    with pytest.warns(FileWarning, match="not UTF-8; its text was read as cp1252"):
        data = read(path)
    assert data.columns == ("région", "âge", "poids")
    assert data["poids"].tolist() == [1.5, 2.25]
    assert data["région"].tolist() == ["Île", "a;b"]
    path.write_text("iso\tn\tday\nNA\t1\t2020-01-31\nDE\tNA\t2021-01-01\n\t3\t\n")
    data = read(path)
    assert data["iso"].tolist()[:2] == ["NA", "DE"]
    assert data["iso"].isna().tolist() == [False, False, True]
    assert data["n"].isna().tolist() == [False, True, False]
    assert data.variables["day"].kind == "date"
    assert any("Namibia" in remark for remark in data.remarks)
    path.write_text("a,b\n1,2")
    assert "no line end" in read(path).remarks[0]
    path.write_bytes("a,b\n1,щ\n".encode("utf-16"))
    with pytest.warns(FileWarning, match="utf-16"):
        assert read(path)["b"].tolist() == ["щ"]


def test_a_foreign_parquet_file(tmp_path):
    frame = pd.DataFrame(
        {
            "n": pd.array([1, None, 3], dtype="Int32"),
            "x": np.array([1.5, np.nan, 2], dtype="float32"),
            "t": pd.Categorical(["a", None, "b"]),
            "ok": [True, False, True],
            "day": pd.to_datetime(["2020-01-01", None, "2021-01-01"]),
            "stamp": pd.to_datetime(["2020-01-01 10:00", None, "2021-01-01 00:00"]).tz_localize(
                "UTC"
            ),
        }
    )
    frame.to_parquet(tmp_path / "s.parquet")
    data = read(tmp_path / "s.parquet")
    kinds = [one.kind for one in data.variables.values()]
    assert kinds == ["integer", "decimal", "text", "integer", "date", "datetime"]
    assert data.frame["n"].dtype == np.float64
    assert data.frame["x"].dtype == np.float64
    assert data.frame["t"].tolist()[::2] == ["a", "b"]


def test_half_of_the_values_labelled_make_a_category():
    def kind(values, labels):
        raw = RawColumn("v", np.array(values, dtype=float), "spss", labels=labels)
        return make_column(raw).variable.kind

    assert kind([1, 2, 1, np.nan], {1: "a", 2: "b"}) == "categorical"
    assert kind([1, 2, 3, 4], {1: "a", 2: "b"}) == "categorical"
    assert kind([1, 2, 3, 4, 5], {1: "lowest", 5: "highest"}) == "integer"
    assert kind([20, 31, 44.5], {-1: "DK"}) == "decimal"
    assert kind([np.nan, np.nan], {1: "a"}) == "categorical"


def test_special_missing_values_of_sas_stay_apart():
    raw = RawColumn(
        "v", np.array([1.0, "A", np.nan, "_", 2.0], dtype=object), "sas", labels={"A": "Absent"}
    )
    column = make_column(raw)
    assert column.reasons.codes == (".A", "._")
    assert column.variable.missing == {".A": "Absent", "._": ""}
    assert np.isnan(column.values).tolist() == [False, True, True, True, False]
