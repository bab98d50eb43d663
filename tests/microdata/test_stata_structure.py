"""Hand-made Stata files: the bytes of each release, and the design they declare."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from mpsurvey.declaration import Bootstrap, Brr, Design, Jackknife, SuccessiveDifference
from mpsurvey.errors import FileUnreadable
from mpsurvey.microdata import FileWarning, read
from mpsurvey.microdata.stata import StataFile, parse_stata
from mpsurvey.microdata.svyset import declared_design

OLD = (105, 108, 110, 111, 113, 114, 115)
NEW = (117, 118, 119)
SVYSET = {
    "_svy_version": "2",
    "_svy_stages": "2",
    "_svy_su1": "ea",
    "_svy_strata1": "h",
    "_svy_fpc1": "n_ea",
    "_svy_su2": "_n",
    "_svy_fpc2": "n_hh",
    "_svy_wtype": "pweight",
    "_svy_wvar": "w",
    "_svy_singleunit": "scaled",
}
DESIGN = Design("w", strata="h", psu=("ea", "_n"), fpc=("n_ea", "n_hh"), lonely_psu="average")
COLUMNS = ("w", "h", "ea", "n_ea", "n_hh")
ROWS = ((1.5, 1, 11, 40, 100), (2.5, 1, 12, 40, 90), (0.5, 2, 21, 30, 80))


def fixed(text: str, width: int) -> bytes:
    return text.encode().ljust(width, b"\0")


def plain_file(release: int, order: str, characteristics: dict[str, str]) -> bytes:
    """A file of releases 105 to 115: a double and four integers of two bytes."""
    name = 9 if release <= 108 else 33
    label = 32 if release <= 105 else 81
    count = len(COLUMNS)
    types = b"d" + b"i" * 4 if release < 111 else bytes([255, 252, 252, 252, 252])
    out = bytes([release, 1 if order == ">" else 2, 1, 0])
    out += struct.pack(order + "HI", count, len(ROWS))
    out += fixed("A survey", label) + fixed("01 Jan 2020 00:00", 18)
    out += types + b"".join(fixed(one, name) for one in COLUMNS)
    out += bytes(2 * (count + 1))
    out += fixed("%9.0g", 49 if release >= 114 else 12) * count
    out += bytes(name * count) + bytes(label * count)
    length = order + ("i" if release >= 110 else "h")
    for key, text in characteristics.items():
        body = fixed("_dta", name) + fixed(key, name) + text.encode() + b"\0"
        out += b"\1" + struct.pack(length, len(body)) + body
    out += b"\0" + struct.pack(length, 0)
    for row in ROWS:
        out += struct.pack(order + "d4h", *row)
    return out


def tagged_file(release: int, order: str, characteristics: dict[str, str]) -> bytes:
    """A file of releases 117 to 119."""
    name = 33 if release == 117 else 129
    label = 81 if release == 117 else 321
    count = len(COLUMNS)
    out = b"<stata_dta><header><release>%d</release>" % release
    out += b"<byteorder>" + (b"MSF" if order == ">" else b"LSF") + b"</byteorder>"
    out += b"<K>" + struct.pack(order + ("I" if release == 119 else "H"), count) + b"</K>"
    out += b"<N>" + struct.pack(order + ("I" if release == 117 else "Q"), len(ROWS)) + b"</N>"
    out += b"<label>" + struct.pack(order + ("B" if release == 117 else "H"), 8) + b"A survey"
    out += b"</label><timestamp>\0</timestamp></header>"
    places = [0, len(out)]
    out += b"<map>" + bytes(14 * 8) + b"</map>"
    rows = b"".join(struct.pack(order + "d4h", *row) for row in ROWS)
    said = b""
    for key, text in characteristics.items():
        body = fixed("_dta", name) + fixed(key, name) + text.encode() + b"\0"
        said += b"<ch>" + struct.pack(order + "I", len(body)) + body + b"</ch>"
    sections = {
        "variable_types": struct.pack(order + "5H", 65526, *[65529] * 4),
        "varnames": b"".join(fixed(one, name) for one in COLUMNS),
        "sortlist": bytes((4 if release == 119 else 2) * (count + 1)),
        "formats": fixed("%9.0g", 49 if release == 117 else 57) * count,
        "value_label_names": bytes(name * count),
        "variable_labels": bytes(label * count),
        "characteristics": said,
        "data": rows,
        "strls": b"",
        "value_labels": b"",
    }
    for tag, body in sections.items():
        places.append(len(out))
        out += b"<%s>%s</%s>" % (tag.encode(), body, tag.encode())
    places.append(len(out))
    out += b"</stata_dta>"
    places.append(len(out))
    at = out.index(b"<map>") + 5
    return out[:at] + struct.pack(order + "14Q", *places) + out[at + 14 * 8 :]


def made(release: int, order: str, characteristics: dict[str, str]) -> bytes:
    return (plain_file if release in OLD else tagged_file)(release, order, characteristics)


def shortened(characteristics: dict[str, str], release: int) -> dict[str, str]:
    """Names of at most eight letters, which is all that releases up to 108 have."""
    if release > 108:
        return characteristics
    return {key: text for key, text in characteristics.items() if len(key) <= 8}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("release", OLD + NEW)
def test_the_structure_of_every_release_is_read(release, order):
    file = parse_stata(made(release, order, shortened(SVYSET, release)), "x.dta")
    assert file.release == release
    assert file.rows == 3
    assert file.columns == COLUMNS
    assert file.of("_dta") == shortened(SVYSET, release)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("release", [one for one in OLD + NEW if one > 108])
def test_read_gives_rows_and_the_declared_design(release, order, tmp_path):
    (tmp_path / "s.dta").write_bytes(made(release, order, SVYSET))
    survey = read(tmp_path / "s.dta")
    assert survey.frame.to_numpy().tolist() == [list(row) for row in ROWS]
    assert survey.design == DESIGN
    assert survey.frame.dtypes.map(str).tolist() == ["float64"] + ["int64"] * 4


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("release", OLD + NEW)
def test_a_file_cut_anywhere_is_refused(release, share, tmp_path):
    whole = made(release, "<", shortened(SVYSET, release))
    (tmp_path / "s.dta").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(FileUnreadable, match="cut short"):
        read(tmp_path / "s.dta")


def test_a_release_that_nobody_knows_is_refused(tmp_path):
    content = tagged_file(118, "<", {}).replace(b"<release>118", b"<release>131")
    (tmp_path / "s.dta").write_bytes(content)
    with pytest.raises(FileUnreadable, match="release 131 of the Stata format is not known"):
        read(tmp_path / "s.dta")


def of(characteristics: dict[str, str], *more: tuple[str, str, str]) -> StataFile:
    columns = (*COLUMNS, "r1", "r2", "id")
    said = tuple(("_dta", key, text) for key, text in characteristics.items())
    return StataFile(118, 0, columns, (), "<", 0, 0, (*said, *more))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("missing", "fail"),
        ("certainty", "certainty"),
        ("scaled", "average"),
        ("centered", "centre"),
    ],
)
def test_single_units_are_taken_as_the_file_says(said, meant):
    declared = declared_design(of({**SVYSET, "_svy_singleunit": said}))
    assert declared.design.lonely_psu == meant


def test_a_file_without_svyset_declares_nothing():
    assert declared_design(of({"note1": "hello"})).design is None
    assert declared_design(of({})).warnings == ()


def test_weights_alone_are_a_design_of_single_rows():
    declared = declared_design(of({"_svy_su1": "_n", "_svy_wvar": "w", "_svy_stages": "1"}))
    assert declared.design == Design("w")


def test_a_last_stage_of_rows_without_fpc_adds_nothing():
    said = {"_svy_su1": "ea", "_svy_fpc1": "n_ea", "_svy_su2": "_n", "_svy_wvar": "w"}
    assert declared_design(of(said)).design == Design("w", psu="ea", fpc="n_ea")


def test_a_stale_declaration_is_left_aside_and_a_match_is_proposed_not_assumed():
    declared = declared_design(of({"_svy_su1": "EA", "_svy_wvar": "weight"}))
    assert declared.design is None
    assert "'weight', 'EA'" in declared.warnings[0]
    assert "Did you mean 'ea'?" in declared.warnings[0]


REPLICATES = {"_svy_wvar": "w", "_svy_su1": "ea", "_svy_strata1": "h"}


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"_svy_vce": "brr", "_svy_brrweight": "r1 r2", "_svy_fay": ".5"},
         Brr(("r1", "r2"), fay=0.5, centre="mean")),
        ({"_svy_vce": "brr", "_svy_brrweight": "r1 r2", "_svy_mse": "mse"}, Brr(("r1", "r2"))),
        ({"_svy_vce": "bootstrap", "_svy_bsrweight": "r1 r2"},
         Bootstrap(("r1", "r2"), replicates=2, centre="mean")),
        ({"_svy_vce": "sdr", "_svy_sdrweight": "r1 r2", "_svy_mse": "mse"},
         SuccessiveDifference(("r1", "r2"), replicates=2)),
        ({"_svy_vce": "jackknife", "_svy_jkrweight": "r1 r2"},
         Jackknife(("r1", "r2"), centre="mean")),
        ({"_svy_vce": "linearized", "_svy_brrweight": "r1 r2"}, None),
        ({"_svy_vce": "bootstrap", "_svy_bsrweight": "r1 r2", "_svy_bsn": "5"}, None),
        ({"_svy_vce": "sdr", "_svy_sdrweight": "r1 r2", "_svy_sdrfpc": ".1"}, None),
    ],
)  # fmt: skip
def test_replicate_weights_that_the_file_uses_are_declared(said, meant):
    declared = declared_design(of({**REPLICATES, **said}))
    assert declared.design.replicates == meant
    assert declared.design.psu == ("ea",)
    assert bool(declared.warnings) == ("_svy_bsn" in said or "_svy_sdrfpc" in said)


def test_jackknife_multipliers_stand_with_the_replicate_weights():
    said = {**REPLICATES, "_svy_vce": "jackknife", "_svy_jkrweight": "r1 r2"}
    multipliers = [("r1", "jk_multiplier", ".5"), ("r2", "jk_multiplier", ".75")]
    declared = declared_design(of(said, *multipliers))
    assert declared.design.replicates.multipliers == (0.5, 0.75)


def test_what_has_no_counterpart_is_said():
    said = {**REPLICATES, "_svy_poststrata": "h", "_svy_postweight": "n_ea", "_svy_dof": "12"}
    said |= {"_svy_weight2": "w", "_svy_calmethod": "rake"}
    warned = " ".join(declared_design(of(said)).warnings)
    for word in ("poststratification", "calibration", "weights by stage", "degrees of freedom"):
        assert word in warned


def test_reading_a_stale_design_warns(tmp_path):
    (tmp_path / "s.dta").write_bytes(made(118, "<", {**SVYSET, "_svy_su1": "EA"}))
    with pytest.warns(FileWarning, match="columns that it does not have: 'EA'"):
        survey = read(tmp_path / "s.dta")
    assert survey.design is None
    assert "Did you mean 'ea'" in survey.remarks[0]


def test_blanks_and_letters_in_one_column_of_whole_numbers(tmp_path):
    # pyreadstat 1.3.7 fills the blanks after the first letter with whatever was in memory
    content = bytearray(made(118, "<", {}))
    at = content.index(b"<data>") + 6
    for row, value in enumerate([32742, 32741, 7]):  # .a . 7 in column h
        struct.pack_into("<h", content, at + 16 * row + 8, value)
    (tmp_path / "s.dta").write_bytes(bytes(content))
    survey = read(tmp_path / "s.dta")
    assert np.array_equal(survey["h"], [np.nan, np.nan, 7], equal_nan=True)
    assert survey.missing_reasons("h")["code"].tolist() == [".a", None]
