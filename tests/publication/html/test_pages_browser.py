"""Chromium opens the pages: nothing is fetched, axe finds no fault, keys and switches work."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

import mpsurvey as mp
from mpsurvey.publication import write_html

CHROMIUM = os.environ.get("CHROMIUM") or next(
    (
        found
        for name in ("chromium", "chromium-browser", "google-chrome", "chrome")
        if (found := shutil.which(name))
    ),
    None,
)


def finds_packages():
    if CHROMIUM is None or shutil.which("node") is None:
        return False
    run = subprocess.run(
        ["node", "-e", "require('puppeteer-core'); require('axe-core')"],
        capture_output=True,
        check=False,
    )
    return run.returncode == 0


pytestmark = pytest.mark.skipif(
    not finds_packages(),
    reason="needs Chromium, and Node with: npm install puppeteer-core axe-core, NODE_PATH set",
)


@pytest.fixture(scope="module")
def met(make_report, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    files = [write_html(make_report(x), folder / f"{x}.html") for x in ("en", "ar")]
    people = pd.DataFrame(
        {"ea": [1, 1, 2, 2, 3, 3], "sex": ["m", "f"] * 3, "w": [1, 0, 1, 1, 0, 0]}
    )
    single = mp.mean(mp.Sample(people, mp.Design(psu="ea")), "w", by="sex")
    files.append(write_html(single, folder / "single.html"))
    script = Path(__file__).with_name("page_in_browser.cjs")
    run = subprocess.run(
        ["node", str(script), CHROMIUM, *map(str, files)],
        capture_output=True,
        check=False,
        text=True,
        timeout=240,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.mark.parametrize("name", ["en", "ar", "single"])
def test_axe_finds_nothing_and_nothing_is_fetched(met, name):
    assert len(met[name]["audit"]) == 4
    for one in met[name]["audit"]:
        assert one["violations"] == []
        assert [url.rsplit("/", 1)[1] for url in one["requests"]] == [f"{name}.html"]
        assert one["errors"] == []
        assert one["overflow"] <= 0


@pytest.mark.parametrize("name", ["en", "ar"])
def test_levels_show_more(met, name):
    used = met[name]["use"]
    assert used["start"] == {"tables": 0, "charts": 2, "level": "decision"}
    assert used["expert"] == {"tables": 2, "charts": 2, "level": "expert"}
    # A link to a table raises the level that hid it.
    assert used["raised"] == {"tables": 2, "charts": 2, "level": "technical"}


@pytest.mark.parametrize("name", ["en", "ar"])
def test_search_finds_an_indicator(met, name):
    used = met[name]["use"]
    assert "0" in used["nothing"]
    assert "2" in used["found"]
    assert used["went"]
    assert used["current"] == 1


@pytest.mark.parametrize("name", ["en", "ar"])
def test_intervals_speak_to_keyboard_and_pointer(met, name):
    used = met[name]["use"]
    assert used["first"] == "Men: 12 (10 to 14)"
    assert used["second"] == used["name"] == "Women: 15 (12 to 18)"
    assert used["dismissed"] is None
    assert used["near"] == "Men: 12 (10 to 14)"
    assert used["left"] is None
    assert used["row"] == (
        "All: Estimate 12.25; Lower limit 10; Upper limit 14.5; Respondents 4000"
    )


@pytest.mark.parametrize("name", ["en", "ar"])
def test_light_and_dark_can_be_chosen(met, name):
    assert met[name]["use"]["turned"]
    assert met[name]["use"]["pressed"] == "true"


@pytest.mark.parametrize("name", ["en", "ar"])
def test_without_scripts_everything_is_shown(met, name):
    quiet = met[name]["use"]["quiet"]
    assert quiet["all"]
    assert quiet["parts"] > 10
    assert not quiet["controls"]
