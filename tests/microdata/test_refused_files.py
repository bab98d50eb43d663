"""Files that are not read: each is refused in plain words, and none is read short."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pyreadstat
import pytest

import mpsurvey as mp
from mpsurvey.errors import ColumnMissing, FileUnreadable, MpsurveyError
from mpsurvey.microdata import FileWarning, Microdata, read, write

ROWS = 400


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    chance = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "a": chance.integers(0, 5, ROWS),
            "b": chance.normal(size=ROWS),
            "c": chance.choice(["north", "south", "a place with a long name"], ROWS),
        }
    )


def written(frame: pd.DataFrame, path) -> bytes:
    if path.suffix == ".por":
        pyreadstat.write_por(frame.rename(columns=str.upper), path)
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FileWarning)
            write(Microdata(frame), path)
    return path.read_bytes()


ENDINGS = ("sav", "zsav", "por", "dta", "xpt", "parquet", "csv")


@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_cut_short_is_refused(frame, ending, share, tmp_path):
    path = tmp_path / f"s.{ending}"
    whole = written(frame, path)
    assert len(read(path)) == ROWS
    cut = int(len(whole) * share)
    while whole[:cut].endswith(b"\n") or whole[:cut].count(b"\n", cut - 8):
        cut -= 1  # a csv cut between two fields can be told, one cut between two lines cannot
    path.write_bytes(whole[:cut] if ending != "csv" else whole[: whole.rindex(b",", 0, cut)])
    with pytest.raises(FileUnreadable) as refusal:
        read(path)
    assert "short" in str(refusal.value) or "not a" in str(refusal.value)


def test_an_uncompressed_spss_file_without_a_row_count_is_refused_when_cut(frame, tmp_path):
    path = tmp_path / "s.sav"
    for compressed in (False, True):
        pyreadstat.write_sav(frame[["a", "b"]], path, row_compress=compressed)
        content = bytearray(path.read_bytes())
        content[80:84] = b"\xff\xff\xff\xff"
        # the other place of the number of rows
        at = content.find((7).to_bytes(4, "little") + (16).to_bytes(4, "little"))
        if at > 0:
            content[at : at + 8] = (7).to_bytes(4, "little") + (99).to_bytes(4, "little")
        path.write_bytes(bytes(content))
        assert len(read(path)) == ROWS
        path.write_bytes(bytes(content[:-100]))
        with pytest.raises(FileUnreadable, match="cut short"):
            read(path)


def test_no_file_a_folder_an_empty_file(tmp_path):
    (tmp_path / "lfs.sav").write_bytes(b"")
    with pytest.raises(FileUnreadable, match="is empty"):
        read(tmp_path / "lfs.sav")
    with pytest.raises(FileUnreadable, match=r"no such file\. Did you mean 'lfs\.sav'"):
        read(tmp_path / "lfs.dta")
    with pytest.raises(FileUnreadable, match="is a folder"):
        read(tmp_path)


def test_another_kind_than_the_name_says(frame, tmp_path):
    written(frame, tmp_path / "s.dta")
    (tmp_path / "s.dta").rename(tmp_path / "s.sav")
    with pytest.raises(FileUnreadable, match="not an SPSS file; it looks like a Stata file"):
        read(tmp_path / "s.sav")
    (tmp_path / "s.sav").rename(tmp_path / "s.xlsx")
    with pytest.raises(FileUnreadable, match=r"'\.xlsx' are not read.* rename it to \.dta"):
        read(tmp_path / "s.xlsx")
    (tmp_path / "t.csv").write_bytes(b"a,b\n\0\0\0\n")
    with pytest.raises(FileUnreadable, match="not a text file"):
        read(tmp_path / "t.csv")


def test_an_encrypted_file_and_a_catalogue_are_named(tmp_path):
    (tmp_path / "s.sav").write_bytes(b"\x1c\0\0\0\0\0\0\0ENCRYPTEDSAV\x15" + bytes(200))
    with pytest.raises(FileUnreadable, match="encrypted with a password"):
        read(tmp_path / "s.sav")
    (tmp_path / "f.sas7bcat").write_bytes(b"anything")
    with pytest.raises(FileUnreadable, match="SAS catalogue of formats"):
        read(tmp_path / "f.sas7bcat")


@pytest.mark.parametrize("ending", ENDINGS)
def test_noise_never_does_worse_than_being_refused(ending, frame, tmp_path):
    path = tmp_path / f"s.{ending}"
    head = written(frame, path)[:60]
    path.write_bytes(head + np.random.default_rng(3).bytes(3000))
    with pytest.raises(FileUnreadable):
        read(path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_column_that_the_file_lacks_is_named_with_its_neighbour(frame, ending, tmp_path):
    path = tmp_path / f"s.{ending}"
    written(frame.rename(columns={"a": "income"}), path)
    names = ("INCOME", "incone") if ending != "por" else ("income", "INCONE")
    for wrong in names:
        with pytest.raises(ColumnMissing, match=r"Did you mean '(income|INCOME)'"):
            read(path, columns=[wrong])


def test_a_row_of_a_csv_file_is_not_quoted_in_the_message(tmp_path):
    (tmp_path / "s.csv").write_text("name,age\nMaria Secret,31\nsolo\n")
    with pytest.raises(FileUnreadable, match="fields as the first line") as refusal:
        read(tmp_path / "s.csv")
    assert "solo" not in str(refusal.value)
    assert "Secret" not in str(refusal.value)
    (tmp_path / "s.csv").write_text('name,age\n"Maria,31\n')
    with pytest.raises(FileUnreadable, match="short"):
        read(tmp_path / "s.csv")
    (tmp_path / "s.csv").write_text("name,name\n1,2\n")
    with pytest.raises(FileUnreadable, match="more than one column is named name"):
        read(tmp_path / "s.csv")


def test_encodings_that_do_not_exist_or_do_not_fit(tmp_path):
    (tmp_path / "s.csv").write_bytes("name\nÉcole\n".encode("cp1252"))
    with pytest.raises(MpsurveyError, match="'klingon' is not the name of an encoding"):
        read(tmp_path / "s.csv", encoding="klingon")
    with pytest.raises(FileUnreadable, match="its text is not UTF-8"):
        read(tmp_path / "s.csv", encoding="utf-8")


def test_nothing_is_left_behind_when_writing_fails(frame, tmp_path):
    with pytest.raises(MpsurveyError, match="no folder"):
        write(Microdata(frame), tmp_path / "nowhere" / "s.sav")
    with pytest.raises(MpsurveyError, match=r"'\.xlsx' are not written"):
        write(Microdata(frame), tmp_path / "s.xlsx")
    (tmp_path / "s.sav").write_bytes(b"the old one")
    broken = Microdata(frame.assign(d=[{"a": 1}] * ROWS))
    try:
        write(broken, tmp_path / "s.parquet")
    except Exception:
        assert not (tmp_path / "s.parquet").exists()
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def test_the_public_names_are_there():
    assert mp.read is read
    assert mp.write is write
