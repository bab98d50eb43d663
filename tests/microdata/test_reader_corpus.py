"""Genuine files of many makers: how many are read, and that none is read wrongly or short."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from mpsurvey.declaration import Design
from mpsurvey.errors import FileUnreadable
from mpsurvey.microdata import FileWarning, read, write

DATA = Path(__file__).parents[2].parent / "shared" / "data"
CORPUS = DATA / "reader_corpus"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/data is absent")

# In a process of its own, because a reader in C may crash on a malformed file.
READ_EACH = """
import sys, warnings
warnings.simplefilter("ignore")
from mpsurvey.errors import FileUnreadable
from mpsurvey.microdata import read
for line in sys.stdin:
    name = line.strip()
    print("START", name, flush=True)
    try:
        data = read(name)
        print("READ", len(data), len(data.columns), flush=True)
    except FileUnreadable as refusal:
        print("REFUSED", str(refusal).replace(chr(10), " "), flush=True)
"""


def answers(files: list[Path]) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", READ_EACH],
        input="\n".join(map(str, files)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0, f"{lines[-1]}: {done.stderr[-800:]}"
    starts = [line.removeprefix("START ") for line in lines if line.startswith("START ")]
    return dict(zip(starts, [line for line in lines if not line.startswith("START ")], strict=True))


def catalog() -> pd.DataFrame:
    return pd.read_csv(CORPUS / "CATALOG.tsv", sep="\t", dtype=str)


@needs_corpus
def test_nearly_every_file_is_read_and_the_others_are_refused_in_words():
    files = catalog()
    found = answers([CORPUS / name for name in files["file"]])
    read_ones = {name for name, said in found.items() if said.startswith("READ")}
    assert len(found) == 304
    assert len(read_ones) >= 295
    for name, said in found.items():
        if name not in read_ones:
            assert any(
                word in said
                for word in ("catalogue of formats", "are not read", "encrypted", "cut short")
            ), said
    shapes = files.set_index(files["file"].map(lambda one: str(CORPUS / one)))
    for name in read_ones:
        rows, columns = shapes.loc[name, ["rows", "cols"]]
        # this one holds three data sets, and pyreadstat takes headers for rows
        if isinstance(rows, str) and not name.endswith("testEmpty.xpt"):
            assert found[name] == f"READ {rows} {columns}", name


@needs_corpus
def test_every_file_cut_short_is_refused(tmp_path):
    cuts = []
    for k, name in enumerate(catalog()["file"]):
        path = CORPUS / name
        if path.suffix.lower() in (".zip", ".sas7bcat") or path.stat().st_size > 200_000:
            continue
        content = path.read_bytes()
        for share in (0.5, 0.9):
            cut = tmp_path / f"{k}_{share}_{path.name}"
            cut.write_bytes(content[: int(len(content) * share)])
            cuts.append(cut)
    said = answers(cuts)
    assert len(said) > 580
    assert [name for name, one in said.items() if not one.startswith("REFUSED")] == []


READERS = {
    ".sav": pyreadstat.read_sav,
    ".dta": pyreadstat.read_dta,
    ".sas7bdat": pyreadstat.read_sas7bdat,
    ".por": pyreadstat.read_por,
    ".xpt": pyreadstat.read_xport,
}


@needs_corpus
def test_values_are_those_that_pyreadstat_gives():
    compared = 0
    for path in sorted(CORPUS.rglob("*")):
        if path.suffix not in READERS or path.name == "tests__testEmpty.xpt":
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                theirs, _ = READERS[path.suffix](path, disable_datetime_conversion=True)
                ours = read(path).frame
            except (pyreadstat.ReadstatError, UnicodeDecodeError, FileUnreadable):
                continue
        assert list(theirs) == list(ours)
        for name in theirs:
            if ours[name].dtype.kind in "iuf":
                wanted = pd.to_numeric(theirs[name], errors="coerce").to_numpy(float)
                np.testing.assert_array_equal(ours[name].to_numpy(float), wanted, str(path))
            elif ours[name].dtype.kind not in "Mm":
                wanted = theirs[name].astype(object).where(theirs[name].notna(), "")
                got = ours[name].astype(object).where(ours[name].notna(), "")
                assert got.tolist() == wanted.tolist(), f"{path} {name}"
            compared += 1
    assert compared > 4000


CAUCASUS = DATA / "caucasus_barometer_2017_ge" / "CB_2017_Georgia_10.11.17.dta"
NDI = DATA / "crrc_other_dta" / "NDI_2019_April_22.04.19_Public.dta"


@pytest.mark.skipif(not CAUCASUS.exists(), reason="../shared/data is absent")
def test_the_caucasus_barometer_declares_its_three_stages(tmp_path):
    data = read(CAUCASUS)
    assert data.design == Design(
        "indwt",
        strata="substratum",
        psu=("psu", "id", "_n"),
        fpc=("npsuss", "nhhpsu", "nadhh"),
        lonely_psu="certainty",
    )
    declared = data.declare_missing([-9, -7, -3, -2, -1])
    assert declared.missing_reasons("c5_02")["count"].tolist() == [1, 0, 1, 3, 2]
    assert any("hhwt" in note for note in data.notes)
    for ending in ("sav", "dta", "parquet"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FileWarning)
            write(declared, tmp_path / f"cb.{ending}")
            back = read(tmp_path / f"cb.{ending}")
        assert back.design == data.design
        for name in declared:
            pd.testing.assert_series_equal(back[name], declared[name], check_dtype=False)
            assert back.variables[name].answers == declared.variables[name].answers
            assert back.variables[name].missing == declared.variables[name].missing
            assert back.variables[name].kind == declared.variables[name].kind


@pytest.mark.skipif(not NDI.exists(), reason="../shared/data is absent")
def test_a_stale_svyset_is_left_aside():
    with pytest.warns(FileWarning, match="Did you mean 'PSU', 'ID', 'SUBSTRATUM'"):
        data = read(NDI)
    assert data.design is None
    assert data.variables["LIVABR91"].kind == "categorical"
