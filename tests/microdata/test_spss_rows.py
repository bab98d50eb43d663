"""Rows of SPSS files that are decoded here are those that pyreadstat gives."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spss_packing import packed

from mpsurvey.errors import FileUnreadable, MpsurveyError
from mpsurvey.microdata import Microdata, read, reading, readstat, sav_rows
from mpsurvey.microdata.spss import read_dictionary

DATA = Path(__file__).parents[2].parent / "shared" / "data"


def by_pyreadstat(path, columns, encoding, file, content):
    return readstat.read_contents(path, "sav", columns, encoding, file)


def both(monkeypatch, path: Path, **asked) -> list[Microdata | str]:
    """Read a file here and with pyreadstat; a refusal is its message."""
    found = []
    for reader in (readstat.read_spss_contents, by_pyreadstat):
        monkeypatch.setattr(reading, "read_spss_contents", reader)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found.append(read(path, **asked))
            except MpsurveyError as refusal:
                found.append(str(refusal))
    return found


def assert_same(ours: Microdata | str, theirs: Microdata | str) -> None:
    if isinstance(ours, str) or isinstance(theirs, str):
        assert ours == theirs
        return
    pd.testing.assert_frame_equal(ours.frame, theirs.frame)
    assert ours.variables == theirs.variables
    assert set(ours.reasons) == set(theirs.reasons)
    for name, why in ours.reasons.items():
        assert why.codes == theirs.reasons[name].codes
        assert why.positions.dtype == theirs.reasons[name].positions.dtype
        np.testing.assert_array_equal(why.positions, theirs.reasons[name].positions)
    for field in ("design", "title", "notes", "weight", "multiple_response", "remarks"):
        assert getattr(ours, field) == getattr(theirs, field)


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")
def test_every_file_of_the_corpus_is_as_pyreadstat_reads_it(monkeypatch):
    compared = 0
    for path in sorted(DATA.rglob("*")):
        if path.suffix.lower() in (".sav", ".zsav"):
            whole = both(monkeypatch, path)
            assert_same(*whole)
            assert_same(*both(monkeypatch, path, encoding="cp1251"))
            if isinstance(whole[1], Microdata):
                some = list(whole[1].columns)[::-3]
                assert_same(*both(monkeypatch, path, columns=some))
            compared += 1
    assert compared >= 55


def written(tmp_path: Path, frame: pd.DataFrame, how: str, **said) -> Path:
    path = tmp_path / ("made.zsav" if how == "zlib" else "made.sav")
    compress = {"zlib": {"compress": True}, "by row": {"row_compress": True}}.get(how, {})
    pyreadstat.write_sav(frame, path, **compress, **said)
    if how == "as SPSS":
        path.write_bytes(packed(path.read_bytes()))
    return path


HOW = ("plain", "by row", "as SPSS", "zlib")
NUMBERS = st.one_of(
    st.integers(-99, 151).map(float),
    st.floats(allow_nan=True, allow_infinity=False, width=64),
    # bytes 253, 252 and 254 inside a number look like codes
    st.lists(st.sampled_from([252, 253, 254, 0, 65]), min_size=8, max_size=8).map(
        lambda some: struct.unpack("<d", bytes(some))[0]
    ),
)
TEXTS = st.text(st.sampled_from(" aZ9áЯ中"), max_size=20)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(NUMBERS, NUMBERS, st.sampled_from([1.0, 2, 8, 9, np.nan]), TEXTS)),
    st.sampled_from(HOW),
)
def test_any_rows_are_as_pyreadstat_reads_them(tmp_path_factory, monkeypatch, rows, how):
    frame = pd.DataFrame(rows, columns=["x", "y", "code", "text"]).astype(
        {"x": float, "y": float, "code": float, "text": object}
    )
    path = written(
        tmp_path_factory.mktemp("rows"),
        frame,
        how,
        missing_ranges={"code": [8.0, 9.0], "y": [{"lo": 97.0, "hi": 151.0}], "text": ["a"]},
        variable_value_labels={"code": {1.0: "Yes", 2.0: "No", 9.0: "Refused"}},
    )
    assert_same(*both(monkeypatch, path))
    assert_same(*both(monkeypatch, path, columns=["text", "y"]))


@pytest.mark.parametrize("how", HOW)
def test_blocks_join_and_long_texts_keep_their_letters(tmp_path, monkeypatch, how):
    monkeypatch.setattr(sav_rows, "PIECE", 300)
    random = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "few": random.integers(1, 5, 400).astype(float),
            "late": np.where(np.arange(400) < 390, 3.0, 1234.5),
            "amount": np.exp(random.normal(7, 2, 400)),
            "note": ["é" * k + " b" for k in range(400)],
            "day": 13.6e9 + 86_400.0 * np.arange(400),
        }
    )
    path = written(tmp_path, frame, how, variable_format={"day": "DATE11"})
    ours, theirs = both(monkeypatch, path)
    assert_same(ours, theirs)
    assert ours["note"].str.len().max() == 401


def test_pyreadstat_reads_no_rows_of_an_ordinary_file(tmp_path, monkeypatch):
    path = written(tmp_path, pd.DataFrame({"x": [1.0, 500.5], "t": ["a", "ü"]}), "as SPSS")
    attempt = readstat._attempt
    asked = []
    monkeypatch.setattr(
        readstat, "_attempt", lambda *a, **k: asked.append(k["metadataonly"]) or attempt(*a, **k)
    )
    assert read(path, columns=["t"])["t"].tolist() == ["a", "ü"]
    assert asked == [True]


@pytest.mark.parametrize("density", [0.02, 0.3, 0.9])
def test_words_of_codes_are_found_among_any_literals(density):
    random = np.random.default_rng(int(100 * density))
    for count in (0, 1, 9, 1000, 20_000):
        raw = random.integers(0, 250, (count, 8), dtype=np.uint8)
        raw[random.random(raw.shape) < density] = 253
        words = raw.reshape(-1).view(np.uint64)
        step = 1 + (raw == 253).sum(axis=1)
        true, at = [], 0
        while at < count and at + step[at] <= count:
            true.append(at)
            at += int(step[at])
        marked, end = sav_rows._code_words(words)
        assert end == at
        assert np.flatnonzero(marked[:end]).tolist() == true


def test_what_is_unusual_is_left_to_pyreadstat(tmp_path, monkeypatch):
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "t": ["one", "two", "three"]})
    whole = written(tmp_path, frame, "as SPSS").read_bytes()
    at = read_dictionary(whole).data_at
    odd = tmp_path / "odd.sav"
    bias = whole[:84] + struct.pack("<d", 90.0) + whole[92:]
    code_in_text = whole[: at + 1] + bytes([102]) + whole[at + 2 :]
    for content in (bias, code_in_text):
        odd.write_bytes(content)
        assert_same(*both(monkeypatch, odd))
    few = whole[:80] + struct.pack("<i", 4) + whole[84:]
    odd.write_bytes(few)
    with pytest.raises(FileUnreadable, match="cut short: fewer rows"):
        read(odd)
