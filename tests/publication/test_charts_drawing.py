"""Charts are drawn as they should be: valid, one page wide, each kind with its own marks."""

import dataclasses
import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from lxml import etree

import mpsurvey as mp
from mpsurvey.catalogue import Indicator
from mpsurvey.errors import MpsurveyError
from mpsurvey.publication.charts import KINDS
from mpsurvey.publication.document import ChartBlock
from mpsurvey.tabulation import CoverageReport

pytest.importorskip("vl_convert")

NASTY = {
    1: "<script>alert('x')</script> & \"quoted\"",
    2: "=cmd()|'/C calc'!A0",
    3: "A very long label " + "that goes on and on " * 9 + "to the end",
    4: "الشمال \u202eevil",
}


def indicator(one, statistic="share", unit="percent", per=100, **more):
    title = {"en": f"Title of {one}", "fr": f"Titre de {one}", "ar": f"عنوان {one}"}
    words = {"percent": {"en": "percent", "fr": "pour cent", "ar": "بالمئة"}}
    given = more.pop("given", {"group": "mig_status in (1, 2)"})
    return Indicator(
        id=one,
        version="1.0.0",
        theme="employment",
        title=title,
        definition={"en": "d"},
        statistic=statistic,
        given=given,
        unit=words.get(unit, {"en": unit}),
        caveat={"en": "Not a cause."},
        per=per,
        **more,
    )


@pytest.fixture(scope="module")
def sample():
    draws = np.random.default_rng(4)
    rows = 1200
    people = pd.DataFrame(
        {
            "ea": np.repeat(np.arange(60), 20),
            "w": draws.uniform(50, 150, rows),
            "sex": draws.integers(1, 3, rows),
            "region": draws.integers(1, 5, rows),
            "dest": draws.integers(1, 7, rows),
            "age_group": draws.integers(1, 6, rows),
            "mig_status": draws.choice([1, 2, 4], rows, p=[0.15, 0.1, 0.75]),
            "lfs": draws.choice([1, 2, 3], rows, p=[0.6, 0.1, 0.3]),
        }
    )
    return mp.Sample(people, mp.Design(weight="w", psu="ea"))


@pytest.fixture(scope="module")
def table(sample):
    asked = [
        indicator("EMP18", where="lfs == 2", family="shares"),
        indicator("EMP19", where="lfs == 1", family="shares"),
        indicator("TRD02", family="shares"),
        indicator("TRD01", "total", "persons", 1, given={"variable": None}),
        indicator(
            "EMP28",
            "contribution",
            "percentage points",
            given={
                "group": "mig_status in (1, 2)",
                "numerator": "lfs == 2",
                "denominator": "lfs in (1, 2)",
            },
        ),
    ]
    by = ("sex", "region", ("region", "sex"), ("age_group", "sex"), ("region", "dest"))
    made = mp.tabulate(sample, asked, by=by)
    labels = {"sex": {1: "Men", 2: "Women"}, "region": NASTY}
    titles = {"sex": "Sex", "region": "Region"}
    return dataclasses.replace(made, labels=labels, titles=titles)


@pytest.fixture(scope="module")
def judged(table):
    """The table with one figure withheld and one flagged, as assess and protect leave them."""
    frame = table.frame.copy()
    frame["n"] = frame["n"].astype(float)
    of_region = frame["breakdown"] == "region"
    hidden, flagged = of_region & (frame["region"] == 2), of_region & (frame["region"] == 4)
    frame["status"] = np.where(hidden, "withhold", np.where(flagged, "flag", "publish"))
    frame["mark"] = np.where(hidden, "..", np.where(flagged, "u", ""))
    frame["reason"] = np.where(hidden, "fewer than 30 respondents", "")
    figures = ["estimate", "se", "ci_low", "ci_high", "cv", "deff", "df"]
    frame.loc[hidden, figures] = np.nan
    return dataclasses.replace(table, frame=frame)


@pytest.fixture(scope="module")
def rounds(table):
    """Two rounds one below the other, and the changes between them."""
    frames = []
    for name, step in (("2022", 0.0), ("2026", 0.02)):
        frame = table.frame[table.frame["breakdown"].isin(["", "sex"])].copy()
        frame["estimate"] = frame["estimate"] + step
        frame.insert(6, "round", name)
        place = frame["breakdown"]
        frame["breakdown"] = np.where(place == "", "round", "round x " + place)
        frames.append(frame)
    whole = dataclasses.replace(table, frame=pd.concat(frames, ignore_index=True), results={})
    base = {"indicator": "EMP18", "category": None, "earlier_round": "2022", "later_round": "2026"}
    changes = pd.DataFrame(
        [
            {**base, "breakdown": "", "sex": None, "change": 0.02, "verdict": "up"},
            {**base, "breakdown": "sex", "sex": 1, "change": 0.02, "verdict": "no clear change"},
            {**base, "breakdown": "sex", "sex": 2, "change": np.nan, "verdict": "withheld"},
        ]
    ).assign(ci_low=0.001, ci_high=0.039)
    return whole, changes


def words_of(chart):
    """Every text that the chart draws."""
    found = list(chart.spec["title"]["text"])
    for layer in chart.spec["layer"]:
        if layer["mark"]["type"] == "text":
            found += [line for row in layer["data"]["values"] for line in row["text"]]
    return [re.sub("[\u2066-\u2069]", "", line) for line in found]


def told(chart):
    """What each mark says when it is pointed at."""
    rows = [row for layer in chart.spec["layer"] for row in layer["data"]["values"]]
    return [row["said"] for row in rows if "said" in row]


def every_kind(sample, table, rounds):
    whole, changes = rounds
    lacks = {"tier": "core", "asks": (), "modules": (), "minutes": 0.0, "needs": ()}
    coverage = pd.DataFrame(
        [
            {"indicator": one, "theme": theme, "title": f"Title {one}", "status": status,
             "lacks": ("x",) if status == "missing" else (), **lacks}
            for one, theme, status in (
                ("EMP01", "employment", "computable"), ("EMP02", "employment", "missing"),
                ("TRD01", "trends", "with an assumption"),
                ("ECO03", "economy", "needs a national figure"))
        ]
    )  # fmt: skip
    detail = mp.contribution(
        sample, "mig_status in (1, 2)", "lfs == 2", "lfs in (1, 2)", detail=True
    )
    parts = mp.decompose(sample, "lfs == 2", group="sex", cells=("region", "age_group"))
    return {
        "dots": lambda **to: mp.chart(table, "EMP18", by=["sex", "region"], **to),
        "pyramid": lambda **to: mp.chart(table, "TRD02", by=("age_group", "sex"), **to),
        "shares": lambda **to: mp.chart(table, kind="shares", **to),
        "waterfall": lambda **to: mp.chart(table, "EMP28", parts=detail, **to),
        "decomposition": lambda **to: mp.chart(parts, **to),
        "trend": lambda **to: mp.chart(whole, "EMP18", changes=changes, **to),
        "matrix": lambda **to: mp.chart(table, "TRD01", by=("dest", "region"), kind="matrix", **to),
        "coverage": lambda **to: mp.chart(CoverageReport(coverage), **to),
    }


@pytest.fixture(scope="module")
def kinds(sample, table, rounds):
    fixed = dataclasses.replace(
        table,
        frame=table.frame.assign(region=table.frame["region"], dest=table.frame["dest"]),
    )
    both = fixed.frame["breakdown"] == "region x dest"
    frame = fixed.frame.copy()
    frame.loc[both, "breakdown"] = "dest x region"
    return every_kind(sample, dataclasses.replace(fixed, frame=frame), rounds)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_valid_vega_lite_and_one_page_wide(kinds, kind):
    made = kinds[kind]()
    altair = pytest.importorskip("altair")
    altair.LayerChart.from_dict(dict(made.spec))
    json.dumps(made.spec, allow_nan=False)
    padding = made.spec["padding"]
    assert made.spec["width"] + padding["left"] + padding["right"] == pytest.approx(640, abs=0.5)
    root = etree.fromstring(made.svg().encode())
    assert root.get("role") == "img"
    assert made.alt in root.get("aria-label")
    assert len(made.svg()) < 120_000


def test_a_chart_is_a_picture_of_a_report(table):
    made = mp.chart(table, "EMP18", by="sex")
    block = ChartBlock(picture=made)
    assert block.picture.data["estimate"].notna().all()
    assert made.png(scale=1)[:8] == b"\x89PNG\r\n\x1a\n"
    assert made.pdf()[:4] == b"%PDF"
    assert set(made._repr_mimebundle_()) == {"image/svg+xml", "text/plain"}


def test_groups_stand_in_their_declared_order(table):
    turned = dataclasses.replace(table, labels={"sex": {2: "Women", 1: "Men"}})
    assert mp.chart(turned, "EMP18", by="sex").data["group"].tolist() == ["All", "Women", "Men"]


def test_what_is_flagged_has_its_own_mark_and_sign(judged):
    made = mp.chart(judged, "EMP18", by="region")
    flagged = [
        layer for layer in made.spec["layer"]
        if any(row.get("status") == "flag" for row in layer["data"]["values"])
    ]  # fmt: skip
    assert {layer["mark"]["type"] for layer in flagged} == {"rule", "point"}
    assert all(
        layer["mark"].get("strokeDash") or layer["mark"].get("fill") == "#ffffff"
        for layer in flagged
    )
    assert any(re.search(r"\d u \(", line) for line in words_of(made))
    assert any("use with caution" in note for note in made.notes)


def test_arabic_keeps_the_digits_of_an_interval_in_order(table):
    texts = [
        line
        for layer in mp.chart(table, "EMP18", by="sex", language="ar").spec["layer"]
        if layer["mark"]["type"] == "text"
        for row in layer["data"]["values"]
        for line in row["text"]
    ]
    assert any(text.startswith("\u2066") and "–" in text for text in texts)
    assert any(text.startswith("\u2067") for text in texts)


def test_labels_do_no_harm(judged, tmp_path):
    made = mp.chart(judged, "EMP18", by="region", title="<img src=x onerror=alert(1)>")
    page = mp.write_chart(made, tmp_path / "chart.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<img" not in page
    assert "\u202e" not in page + made.alt
    assert re.findall(r"(?:src|href)=\"(?!data:)", page) == []
    assert re.findall("https?://(?!www.w3.org)", page) == []
    file = re.search(r"base64,([^\"]+)", page)[1]
    rows = __import__("base64").b64decode(file).decode("utf-8-sig").splitlines()
    assert any(row.startswith("'=cmd()") for row in rows)
    etree.fromstring(made.svg().encode())


def test_a_long_label_is_wrapped_and_told_in_full(judged):
    made = mp.chart(judged, "EMP18", by="region")
    drawn = [line for line in words_of(made) if line.startswith("A very long") or "…" in line]
    assert len(drawn) >= 2
    assert max(map(len, drawn)) < 40
    assert any(NASTY[3] in said for said in told(made))


def test_bars_start_at_zero(kinds):
    for kind in ("shares", "waterfall", "decomposition"):
        low, high = next(
            layer["encoding"]["x"]["scale"]["domain"]
            for layer in kinds[kind]().spec["layer"]
            if layer["mark"]["type"] == "bar"
        )
        assert low <= 0 <= high


def test_shares_take_those_of_one_group_with_the_population_as_reference(table):
    made = mp.chart(table, kind="shares")
    assert made.data["id"].tolist()[0] == "TRD02"
    assert set(made.data["id"]) == {"TRD02", "EMP18", "EMP19"}
    rest = made.data["estimate"].tolist()[1:]
    assert rest == sorted(rest, reverse=True)
    with pytest.raises(MpsurveyError, match="TRD01 is a total"):
        mp.chart(table, ("EMP18", "TRD01"))


def test_a_decomposition_says_what_is_taken_from_what(sample):
    made = mp.chart(mp.decompose(sample, "lfs == 2", group="sex", cells="region"))
    difference, rate, region = made.data["estimate"]
    assert rate + region == pytest.approx(difference)
    assert any("2 less 1" in note for note in made.notes)


def test_a_pyramid_gives_each_group_whole(table, judged):
    made = mp.chart(table, "TRD02", by=("age_group", "sex"))
    assert made.kind == "pyramid"
    assert made.data.groupby("group")["estimate"].sum().tolist() == pytest.approx([100, 100])
    counts = mp.chart(table, "TRD02", by=("age_group", "sex"), measure="count")
    people = table.frame[(table.frame["indicator"] == "TRD02") & (table.frame["breakdown"] == "")]
    assert counts.data["estimate"].sum() == pytest.approx(people["population"].iloc[0])
    frame = judged.frame.copy()
    mine = (frame["indicator"] == "TRD02") & (frame["breakdown"] == "age_group x sex")
    frame.loc[mine & (frame["age_group"] == 5), ["status", "estimate"]] = ["withhold", np.nan]
    closed = dataclasses.replace(judged, frame=frame)
    with pytest.raises(MpsurveyError, match="withheld"):
        mp.chart(closed, "TRD02", by=("age_group", "sex"), measure="share")
    made = mp.chart(closed, "TRD02", by=("age_group", "sex"))
    assert "withheld" in words_of(made)


def test_a_trend_marks_only_changes_that_were_tested(rounds):
    whole, changes = rounds
    made = mp.chart(whole, "EMP18", changes=changes)
    assert "increase" in made.alt
    arrows = [layer for layer in made.spec["layer"] if layer["mark"].get("shape") == "triangle-up"]
    assert len(arrows) >= 2  # in the legend and below the axis
    silent = mp.chart(whole, "EMP18")
    assert any("not tested" in note for note in silent.notes)
    assert "increase" not in silent.alt
    by_sex = mp.chart(whole, "EMP18", by="sex", changes=changes)
    assert "no clear change" in by_sex.alt
    assert "withheld" in by_sex.alt
    assert [layer for layer in by_sex.spec["layer"] if layer["mark"].get("strokeDash") == [4, 3]]


def test_a_matrix_shows_every_pair_and_both_totals(table):
    made = mp.chart(table, "TRD01", by=("region", "dest"), kind="matrix")
    frame = table.frame[table.frame["indicator"] == "TRD01"]
    assert len(made.data) == 24
    whole = f"{frame.loc[frame['breakdown'] == '', 'estimate'].iloc[0]:,.0f}"
    assert whole in words_of(made)
    cells = [row for layer in made.spec["layer"] if layer["mark"]["type"] == "rect"
             for row in layer["data"]["values"] if "estimate" in row]  # fmt: skip
    assert len(cells) == 24


def test_two_crossed_variables_become_rows_and_shapes(table):
    made = mp.chart(table, "EMP18", by=("region", "sex"))
    shapes = {layer["mark"].get("shape") for layer in made.spec["layer"]
              if layer["mark"]["type"] == "point" and "data" in layer
              and any("ci_low" in row for row in layer["data"]["values"])}  # fmt: skip
    assert shapes == {"circle", "square", "diamond"}  # men, women, all
    same = mp.chart(table, "EMP18", by="region x sex")
    assert same.spec == made.spec


def test_estimates_are_drawn_as_they_are(sample):
    found = mp.proportion(sample, "lfs", by="sex")
    made = mp.chart(found)
    assert made.kind == "dots"
    assert made.data["estimate"].between(0, 100).all()
    assert len(made.data) == 6


def test_a_new_session_gives_the_same_bytes():
    code = (
        "import pandas as pd, mpsurvey as mp, hashlib\n"
        "d = pd.DataFrame({'ea': [1, 1, 2, 2], 'g': ['x', 'y', 'x', 'y'], 'v': [1, 0, 1, 1]})\n"
        "c = mp.chart(mp.mean(mp.Sample(d, mp.Design(psu='ea')), 'v', by='g'))\n"
        "said = hashlib.sha256(c.svg().encode()).hexdigest()"
    )
    here = {}
    exec(code, here)  # noqa: S102 - our own
    run = subprocess.run(
        [sys.executable, "-c", f"{code}; print(said)"],
        env={"PYTHONHASHSEED": "7"}, capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert run.stdout.strip() == here["said"]


def test_a_sign_in_a_note_does_not_turn_an_arabic_line_around(table):
    """A line takes the direction of its first letter; an isolated sign is passed over."""
    frame = table.frame.assign(status="flag", mark="u", reason="few")
    shown = dataclasses.replace(table, frame=frame, language="ar")
    notes = mp.chart(shown, "TRD02", by="sex").notes
    assert sum(note.startswith("\u2066u\u2069: ") for note in notes) == 1
