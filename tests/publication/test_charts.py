"""Charts say what the table says: in every kind and language, and never more than it publishes."""

import dataclasses
import itertools
import re
import sys
import zlib

import numpy as np
import pandas as pd
import pytest
from lxml import etree

import mpsurvey as mp
from mpsurvey.errors import ExtraMissing, MpsurveyError
from mpsurvey.publication.charts import KINDS, rendering
from mpsurvey.publication.charts.palette import PAPER, RAMP, SERIES, SHAPES, contrast, ink_on
from mpsurvey.publication.wording import LANGUAGES, word

HOSTILE = (
    "<script>alert(1)</script>",
    '=cmd|"/c calc"!A1',
    'O\'Brien & "sons" ]]> </svg>',
    "safe\u202egnp.exe",
    "لاجئون ونازحون",
    "w" * 200,
)
SECRET = 0.123456789


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(11)
    size = 1600
    frame = pd.DataFrame(
        {
            "w": rng.uniform(50, 150, size),
            "psu": np.repeat(np.arange(80), 20),
            "sex": rng.integers(1, 3, size),
            "region": rng.integers(1, 7, size),
            "age": rng.integers(0, 90, size),
            "foreign_born": (rng.random(size) < 0.2).astype(int),
            "mig_status": rng.choice([0, 1, 2], size, p=[0.8, 0.1, 0.1]),
            "lfs": rng.choice([1, 2, 3], size, p=[0.6, 0.1, 0.3]),
        }
    )
    frame["age_group"] = frame["age"] // 10
    return mp.Sample(frame, mp.Design(weight="w", psu="psu"))


@pytest.fixture(scope="module")
def table(people):
    wanted = mp.load_catalogue().indicators("TRD01", "TRD02", "EMP18", "EMP19", "EMP28")
    by = ("sex", "region", ("region", "sex"), ("age_group", "sex"))
    made = mp.tabulate(people, wanted, by=by)
    assert not made.lacking
    return dataclasses.replace(
        made,
        labels={
            "sex": {1: "Men", 2: "Women"},
            "region": {at: f"Region {at}" for at in range(1, 7)},
            "age_group": {at: f"{10 * at}-{10 * at + 9}" for at in range(9)},
        },
        titles={"sex": "Sex", "region": "Region of residence", "age_group": "Age group"},
    )


@pytest.fixture(scope="module")
def parts(people):
    return mp.contribution(
        people, "mig_status in (1, 2)", "lfs == 2", "lfs in (1, 2)", where="age >= 15", detail=True
    )


@pytest.fixture(scope="module")
def withheld(table):
    """The table with one region withheld for quality, one confidential, one to take with care."""
    frame = table.frame.copy()
    frame["status"], frame["mark"], frame["reason"] = "publish", "", ""
    for region, status, mark, reason in (
        (2, "withhold", "..", "fewer than 30 respondents"),
        (3, "withhold", "c", "confidential"),
        (4, "flag", "u", "wide interval"),
    ):
        rows = (frame["breakdown"] == "region") & (frame["region"] == region)
        assert rows.any()
        frame.loc[rows, ["status", "mark", "reason"]] = [status, mark, reason]
    hidden = frame["status"] == "withhold"
    frame.loc[hidden, ["estimate", "se", "ci_low", "ci_high", "cv", "deff", "df"]] = np.nan
    frame.loc[frame["mark"] == "c", ["n", "population"]] = np.nan
    return dataclasses.replace(table, frame=frame)


@pytest.fixture(scope="module")
def rounds(table):
    """Two rounds, the second a tenth higher, for all and by sex."""
    kept = table.only("EMP18")
    frames = []
    for name, times in (("2022", 1.0), ("2026", 1.1)):
        one = kept.frame[kept.frame["breakdown"].isin(["", "sex"])].copy()
        one[["estimate", "ci_low", "ci_high"]] *= times
        one.insert(list(one.columns).index("category") + 1, "round", name)
        one["breakdown"] = [f"round x {x}" if x else "round" for x in one["breakdown"]]
        frames.append(one)
    return dataclasses.replace(kept, frame=pd.concat(frames, ignore_index=True))


@pytest.fixture(scope="module")
def changes():
    rows = [
        {"sex": None, "breakdown": "", "change": 0.05, "verdict": "up"},
        {"sex": 1, "breakdown": "sex", "change": 0.01, "verdict": "no clear change"},
        {"sex": 2, "breakdown": "sex", "change": 0.09, "verdict": "up"},
    ]
    frame = pd.DataFrame(rows).assign(
        indicator="EMP18", category=None, earlier_round="2022", later_round="2026",
        se=0.01, p=0.01,
    )  # fmt: skip
    frame["ci_low"], frame["ci_high"] = frame["change"] - 0.02, frame["change"] + 0.02
    frame["significant"] = frame["verdict"] == "up"
    return frame


@pytest.fixture(scope="module")
def made(people, table, rounds, changes, parts):
    """A chart of every kind, drawn in a language."""
    coverage = mp.coverage(people, mp.load_catalogue())
    split = mp.decompose(people, "lfs == 2", "lfs in (1, 2)", group="sex", cells="region")

    def draw(kind, language="en"):
        if kind == "coverage":
            return mp.chart(coverage, language=language)
        if kind == "decomposition":
            return mp.chart(split, language=language)
        if kind == "trend":
            return mp.chart(rounds, "EMP18", "trend", "sex", language, changes=changes)
        if kind == "shares":
            return mp.chart(table, ("TRD02", "EMP18", "EMP19"), "shares", language=language)
        if kind == "waterfall":
            return mp.chart(table, "EMP28", "waterfall", language=language, parts=parts)
        by = {"pyramid": ("age_group", "sex"), "matrix": ("region", "sex"), "dots": "region"}[kind]
        return mp.chart(table, "TRD02", kind, by, language)

    return draw


def text_of(svg):
    """What a reader sees in a picture."""
    return " ".join("".join(one.itertext()) for one in etree.fromstring(svg.encode()).iter())


def pixels_of(png):
    """Colours of a PNG whose lines are unfiltered or filtered by the pixel before."""
    at, found = 8, {}
    while at < len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        found[png[at + 4 : at + 8]] = (
            found.get(png[at + 4 : at + 8], b"") + png[at + 8 : at + 8 + size]
        )
        at += 12 + size
    wide, high = (int.from_bytes(found[b"IHDR"][x : x + 4], "big") for x in (0, 4))
    lines = np.frombuffer(zlib.decompress(found[b"IDAT"]), np.uint8).reshape(high, -1)
    if b"PLTE" in found:
        return np.frombuffer(found[b"PLTE"], np.uint8).reshape(-1, 3)[lines[:, 1:]]
    assert set(lines[:, 0]) <= {0, 1}
    pixels = lines[:, 1:].reshape(high, wide, 4)
    summed = np.cumsum(pixels, axis=1, dtype=np.uint8)
    return np.where((lines[:, 0] == 1)[:, None, None], summed, pixels)[..., :3]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_picture_with_words(made, kind):
    chart = made(kind)
    assert chart.kind == kind
    root = etree.fromstring(chart.svg().encode())
    assert root.tag.endswith("svg")
    assert root.get("role") == "img"
    assert chart.alt in root.get("aria-label")
    assert chart.title.split(",")[0][:20] in text_of(chart.svg())
    assert len(chart.data) > 1
    assert re.fullmatch(r"[A-Za-z0-9_-]+", chart.id)
    assert not re.search(r"\b(nan|None|NaN|undefined)\b", text_of(chart.svg()))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_figures_give_the_same_bytes(made, kind):
    first = made(kind).svg()
    rendering._drawn.cache_clear()
    assert made(kind).svg() == first


@pytest.mark.parametrize("language", ["fr", "es", "ru", "ar"])
@pytest.mark.parametrize("kind", KINDS)
def test_fixed_words_are_in_the_language_of_the_chart(made, kind, language):
    chart = made(kind, language)
    assert chart.language == language
    expected = {"coverage": "chart_coverage", "dots": "estimate", "trend": "interval"}
    if kind in expected:
        said = word(expected[kind], language, level="95")
        assert said in chart.svg()
    assert chart.alt != made(kind).alt


def test_arabic_is_mirrored(made):
    left, right = (made("dots", language).spec for language in ("en", "ar"))
    assert "'reverse': False" in str(left)
    assert "'reverse': True" in str(right)
    assert (left["title"]["anchor"], right["title"]["anchor"]) == ("start", "end")


@pytest.mark.parametrize("language", LANGUAGES)
def test_withheld_figures_are_shown_as_withheld_and_never_as_zero(withheld, language):
    chart = mp.chart(withheld, "EMP18", by="region", language=language)
    hidden = chart.data[chart.data["status"] == "withhold"]
    assert len(hidden) == 2
    assert hidden[["estimate", "ci_low", "ci_high"]].isna().all(axis=None)
    assert word("withheld", language) in chart.svg()
    assert word("withheld", language) in chart.alt
    drawn = [
        row
        for layer in chart.spec["layer"]
        for row in layer["data"]["values"]
        if "status" in row or "estimate" in row
    ]
    assert len(drawn) >= 5
    assert not any(row.get("status") == "withhold" for row in drawn)
    assert not any("Region 2" in str(row) or "Region 3" in str(row) for row in drawn)


def test_a_secret_left_in_a_withheld_row_is_not_drawn(withheld):
    frame = withheld.frame.copy()
    hidden = frame["status"] == "withhold"
    frame.loc[hidden, ["estimate", "ci_low", "ci_high"]] = SECRET
    leaky = dataclasses.replace(withheld, frame=frame)
    for chart in (
        mp.chart(leaky, "EMP18", by="region"),
        mp.chart(leaky, "EMP18", "matrix", ("region", "sex")),
    ):
        everything = "\n".join(
            (chart.svg(), chart.html(), str(chart.spec), chart.data.to_csv(), chart.alt)
        )
        assert "12.3" not in everything
        assert "0.123" not in everything


def test_the_parts_of_a_withheld_contribution_are_withheld(table, parts):
    frame = table.frame.copy()
    frame["status"], frame["mark"], frame["reason"] = "publish", "", ""
    mine = (frame["indicator"] == "EMP28") & (frame["breakdown"] == "")
    frame.loc[mine, ["status", "mark"]] = ["withhold", "c"]
    hidden = dataclasses.replace(table, frame=frame)
    chart = mp.chart(hidden, "EMP28", "waterfall", parts=parts)
    assert (chart.data["status"] == "withhold").all()
    assert chart.data["estimate"].isna().all()


def test_figures_drawn_are_those_of_the_table(table):
    chart = mp.chart(table, "EMP18", by="sex")
    rows = table.frame[(table.frame["indicator"] == "EMP18") & (table.frame["breakdown"] == "sex")]
    assert chart.data["estimate"].tolist()[1:] == pytest.approx((100 * rows["estimate"]).tolist())
    assert chart.data["group"].tolist() == ["All", "Men", "Women"]
    spoken = f"Women: {100 * rows['estimate'].iloc[1]:.0f} ("
    assert spoken in chart.alt


def test_a_waterfall_goes_from_without_to_with(table, parts):
    data = mp.chart(table, "EMP28", "waterfall", parts=parts).data
    without, adds, whole = data["estimate"]
    assert without + adds == pytest.approx(whole)
    found = table.frame[table.frame["indicator"] == "EMP28"]
    own = found.loc[found["breakdown"] == "", "estimate"].iloc[0]
    assert adds == pytest.approx(100 * own)


def test_each_side_of_a_pyramid_adds_up(table):
    chart = mp.chart(table, "TRD02", "pyramid", ("age_group", "sex"))
    assert chart.data.groupby("group")["estimate"].sum().tolist() == pytest.approx([100, 100])
    counts = mp.chart(table, "TRD02", "pyramid", ("age_group", "sex"), measure="count").data
    migrants = table.frame[(table.frame["indicator"] == "TRD01") & (table.frame["breakdown"] == "")]
    sums = counts.groupby("group")["estimate"].sum()
    assert migrants["estimate"].iloc[0] == pytest.approx(sums.min())


def test_a_pyramid_with_withheld_ages_counts_people_rather_than_shares(table):
    frame = table.frame.copy()
    frame["status"], frame["mark"], frame["reason"] = "publish", "", ""
    cells = (frame["breakdown"] == "age_group x sex") & (frame["age_group"] == 8)
    frame.loc[cells, ["status", "mark"]] = ["withhold", "c"]
    frame.loc[cells, ["estimate", "ci_low", "ci_high", "n", "population"]] = np.nan
    hidden = dataclasses.replace(table, frame=frame)
    chart = mp.chart(hidden, "TRD02", by=("age_group", "sex"))
    assert chart.kind == "pyramid"
    assert chart.data["estimate"].max() > 100
    assert chart.data.loc[chart.data["status"] == "withhold", "estimate"].isna().all()
    assert word("withheld", "en") in chart.svg()
    with pytest.raises(MpsurveyError, match="withheld"):
        mp.chart(hidden, "TRD02", by=("age_group", "sex"), measure="share")


def test_a_trend_says_which_changes_are_beyond_chance(rounds, changes):
    said = mp.chart(rounds, "EMP18", "trend", "sex", changes=changes)
    assert said.alt.count(word("chart_no_change", "en")) == 1
    assert word("chart_untested", "en") not in said.notes
    silent = mp.chart(rounds, "EMP18", "trend", "sex")
    assert word("chart_untested", "en") in silent.notes
    assert word("chart_no_change", "en") not in silent.alt


def test_unchecked_figures_are_said_to_be_unchecked(table, withheld):
    assert word("chart_unchecked", "en") in mp.chart(table, "EMP18").notes
    assert word("chart_unchecked", "en") not in mp.chart(withheld, "EMP18").notes


def test_hostile_labels_are_harmless_in_every_format(table):
    codes = dict(enumerate(HOSTILE, start=1))
    bad = dataclasses.replace(
        table, labels={**table.labels, "region": codes}, titles={"region": HOSTILE[0]}
    )
    for kind, by in (("dots", "region"), ("matrix", ("region", "sex"))):
        chart = mp.chart(bad, "EMP18", kind, by, source=HOSTILE[2], notes=(HOSTILE[1],))
        root = etree.fromstring(chart.svg().encode())
        assert not list(root.iter("{*}script"))
        assert not [x for one in root.iter() for x in one.attrib if x.startswith("on")]
        page = chart.html()
        assert "<script" not in page
        assert "\u202e" not in page
        assert "&lt;script&gt;" in page
        widest = max(float(x) for x in re.findall(r'width="([\d.]+)"', chart.svg()))
        assert widest <= 700


def test_a_page_stands_alone(table):
    page = mp.chart(table, "EMP18").html()
    assert "<script" not in page
    assert not re.findall(r'(?:src|href)="(?!data:)', page)
    assert 'lang="en"' in page


@pytest.mark.parametrize(
    ("ending", "start"),
    [(".svg", b"<svg"), (".png", b"\x89PNG"), (".pdf", b"%PDF"), (".html", b"<!DOCTYPE html>")],
)
def test_a_file_is_written_whole_or_not_at_all(table, tmp_path, monkeypatch, ending, start):
    path = tmp_path / f"chart{ending}"
    chart = mp.chart(table, "EMP18", by="sex")
    assert mp.write_chart(chart, path) == path
    before = path.read_bytes()
    assert before.startswith(start)

    def fail(*_args, **_more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises((MpsurveyError, OSError)):
        mp.write_chart(chart, path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_a_png_is_packed_without_touching_a_pixel(made):
    chart = made("dots")
    svg = chart.svg()
    loose = rendering._renderer().svg_to_png(svg, scale=1.0, ppi=72.0)
    tight = chart.png(scale=1.0)
    assert len(tight) < len(loose) / 3
    np.testing.assert_array_equal(pixels_of(loose), pixels_of(tight))


def test_an_unknown_ending_is_refused(table, tmp_path):
    with pytest.raises(MpsurveyError, match=r"\.html, \.svg, \.png, \.pdf"):
        mp.write_chart(mp.chart(table, "EMP18"), tmp_path / "chart.gif")


def test_what_cannot_be_drawn_is_said_with_what_can(table):
    with pytest.raises(MpsurveyError, match=r"has no 'EMP81'.*Did you mean"):
        mp.chart(table, "EMP81")
    with pytest.raises(MpsurveyError, match="Did you mean"):
        mp.chart(table, "EMP18", by="regin")
    with pytest.raises(MpsurveyError, match="waterfall"):
        mp.chart(table, "EMP18", "watterfall")
    with pytest.raises(MpsurveyError, match="Say which"):
        mp.chart(table)
    with pytest.raises(MpsurveyError, match="speak"):
        mp.chart(table, "EMP18", language="de")
    with pytest.raises(MpsurveyError, match="round"):
        mp.chart(table, "EMP18", "trend", "sex")


def test_without_the_extra_a_chart_says_what_to_install(table, monkeypatch):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(ExtraMissing, match=r'pip install "mpsurvey\[charts\]"'):
        mp.chart(table, "EMP18").svg()


def test_without_an_arabic_font_a_picture_in_arabic_is_refused(table, monkeypatch):
    monkeypatch.setattr(rendering, "_has_arabic", lambda: False)
    chart = mp.chart(table, "EMP18", language="ar")
    assert chart.svg()
    with pytest.raises(MpsurveyError, match="font"):
        chart.png()


# How the colour-blind see, Machado, Oliveira and Fernandes (2009), IEEE TVCG 15, severity 1;
# distances in CIELAB, where about 2.3 can just be noticed.
SIGHT = {
    "all": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
               [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
               [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
               [0.004733, 0.691367, 0.303900]],
}  # fmt: skip


def seen(colour, sight):
    parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.asarray(SIGHT[sight]) @ linear, 0, 1)
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
              [0.0193339, 0.1191920, 0.9503041]]  # fmt: skip
    xyz = np.asarray(to_xyz) @ linear / np.array([0.95047, 1, 1.08883])
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", SIGHT)
def test_colours_of_series_are_apart_for_every_kind_of_sight(sight):
    for one, other in itertools.combinations(SERIES, 2):
        assert np.linalg.norm(seen(one, sight) - seen(other, sight)) > 15
    assert all(contrast(one, PAPER) >= 3 for one in SERIES)
    assert len(set(SHAPES)) == len(SERIES)


@pytest.mark.parametrize("sight", SIGHT)
def test_the_ramp_grows_darker_and_its_letters_are_legible(sight):
    light = [seen(colour, sight)[0] for colour in RAMP]
    assert np.all(np.diff(light) < -6)
    assert all(contrast(ink_on(colour), colour) >= 4.5 for colour in RAMP)
