"""A whole profile from one file: built, rebuilt, broken half-way, traced, looked after."""

import json
import os
import re
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from typer.testing import CliRunner

from mpsurvey.cli import app
from mpsurvey.errors import CatalogueError, MpsurveyError
from mpsurvey.profile import (
    building,
    new_profile,
    profile_status,
    publish_file,
    read_study,
    run_profile,
    trace,
)

SMALLER = {
    "[trends, demography, economy, employment]": "[trends]",
    "# indicators: [EDU11]": "indicators: [ECO04, EMP18, EMP19]",
    "[sex, age_group, region, urban]": "[sex, region]",
    "# formats: [html, xlsx, docx, csv, parquet, sdmx]": (
        "formats: [html, xlsx, csv]\ncharts: false"
    ),
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    new_profile(folder)
    file = folder / "profile.yaml"
    text = file.read_text(encoding="utf-8")
    for old, new in SMALLER.items():
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def made(study, store):
    return run_profile(study, study / "out", store=store)


def data_of(folder):
    return {path.name: path.read_bytes() for path in sorted((folder / "data").iterdir())}


def test_everything_is_written(made, study):
    names = {path.relative_to(study / "out").as_posix() for path in made.files}
    for language in ("en", "fr"):
        assert {f"auralia_{language}.html", f"auralia_{language}.xlsx"} <= names
    assert {"data/auralia.csv", "data/auralia_changes.csv", "manifest.json"} <= names
    page = (study / "out" / "auralia_fr.html").read_text(encoding="utf-8")
    assert "Profil migratoire de l'Auralia" in page.replace("&#x27;", "'").replace("&#39;", "'")
    for section in ("snapshot", "trends", "changes", "governance", "steps"):
        assert f'"{section}"' in page


def test_the_true_changes_are_found(made):
    whole = made.changes[made.changes["breakdown"] == ""].set_index("indicator")
    assert whole.loc["ECO04", "verdict"] == "up"  # a third fewer received in the earlier round
    assert whole.loc["TRD02", "verdict"] == "no clear change"  # nothing moved
    assert (whole.loc["ECO04", "ci_low"] > 0) == whole.loc["ECO04", "significant"]


def test_weights_meet_the_known_totals(made, study):
    totals = pd.read_csv(study / "data" / "totals_2026.csv")
    people = totals.loc[totals["margin"] == "sex", "total"].sum()
    frame = made.tables["2026"].frame
    row = frame[(frame["indicator"] == "TRD02") & (frame["breakdown"] == "")]
    assert row["population"].iloc[0] == pytest.approx(people, rel=0.02)  # some did not answer
    assert row["population"].iloc[0] <= people


def test_a_text_edit_recomputes_no_figure(made, study, store, tmp_path):
    text = study / "text" / "employment.en.md"
    before = text.read_bytes()
    text.write_bytes(before + b"\nOne more sentence.\n")
    try:
        again = run_profile(study, tmp_path / "out", store=store)
    finally:
        text.write_bytes(before)
    assert [one for one in again.made if one.split()[0] in ("figures", "checked", "changes")] == []
    page = (tmp_path / "out" / "auralia_en.html").read_text(encoding="utf-8")
    assert "One more sentence." in page


def test_the_same_inputs_give_the_same_bytes(made, study, tmp_path):
    run_profile(study, tmp_path / "out", store=False)
    assert data_of(tmp_path / "out") == data_of(study / "out")
    first, second = (
        json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        for folder in (study / "out", tmp_path / "out")
    )
    assert first["inputs"] == second["inputs"]
    same = [name for name in first["outputs"] if first["outputs"][name] == second["outputs"][name]]
    assert {name for name in first["outputs"] if name.startswith("data/")} <= set(same)
    assert {"auralia_en.html", "auralia_fr.html"} <= set(same)


def test_a_failure_half_way_leaves_the_last_good_output(made, study, store, monkeypatch):
    before = {path: path.read_bytes() for path in made.files}

    def broken(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(building, "manifest_of", broken)
    with pytest.raises(KeyboardInterrupt):
        run_profile(study, study / "out", store=store)
    assert {path: path.read_bytes() for path in made.files} == before
    assert [path.name for path in study.iterdir() if path.name.startswith(".out")] == []


def test_a_killed_build_leaves_the_last_good_output(made, study, store):
    before = {path: path.read_bytes() for path in made.files}
    program = (
        "import os, sys\n"
        "from mpsurvey.profile import run_profile\n"
        "def tell(what):\n"
        "    if what == 'xlsx (fr)':\n"
        "        os._exit(9)\n"
        "run_profile(sys.argv[1], sys.argv[2], store=sys.argv[3], tell=tell)\n"
    )
    parts = [str(study), str(study / "out"), str(store)]
    killed = subprocess.run([sys.executable, "-c", program, *parts], check=False)
    assert killed.returncode == 9
    assert {path: path.read_bytes() for path in made.files} == before
    left = [path for path in study.iterdir() if path.name.startswith(".out-")]
    assert len(left) == 1
    # what was left is swept away by a build of another day
    os.utime(left[0], (0, 0))
    run_profile(study, study / "out", store=store)
    assert not left[0].exists()


def test_a_folder_of_others_is_not_replaced(study, store, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("two years of work")
    with pytest.raises(MpsurveyError, match="no profile made"):
        run_profile(study, tmp_path / "mine", store=store)
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_the_way_back_of_a_number(made, study):
    said = trace("EMP18", {"sex": "2"}, profile=study)
    for words in ("lfs == 2", "column 'mb_cob'", "crosswalk demo 1.0.0", "recipe profile_weights",
                  "calibrate (region, sex)", "sha256", "298 PSUs in 15 strata", "mp.share",
                  "module mig_core"):  # fmt: skip
        assert words in said
    with pytest.raises(MpsurveyError, match="Did you mean"):
        trace("EMP1", profile=study)


def test_status_tells_what_is_lacking_and_stale(made, study, tmp_path):
    assert "Output: up to date" in profile_status(study)
    copy = tmp_path / "copy"
    shutil.copytree(study, copy)
    (copy / "text" / "employment.fr.md").unlink()
    (copy / "governance.yaml").write_text(
        'kind: governance\npolicies: [{title: {en: "Only English"}}]\n', encoding="utf-8"
    )
    said = profile_status(copy)
    assert "4 of 15 done" in said
    assert re.search(r"Language fr: lacks .*Only English.*text of employment", said)
    assert "governance.yaml has changed" in said
    assert "employment.fr.md" in said
    assert "Language en: complete" in said


def test_mistakes_of_the_study_come_all_at_once(study, tmp_path):
    copy = tmp_path / "profile.yaml"
    text = (study / "profile.yaml").read_text(encoding="utf-8")
    for old, new in (("audience: expert", "audience: experts"), ("[sex, region]", "[sx, region]"),
                     ("EMP19]", "EMP99]"), ("employment: text", "emploiment: text"),
                     ("date: 2026-11-24", "date: soon")):  # fmt: skip
        text = text.replace(old, new)
    copy.write_text(text + "quallity: dhs\n", encoding="utf-8")
    with pytest.raises(CatalogueError) as caught:
        read_study(copy)
    said = "\n".join(caught.value.problems)
    for words in ("Did you mean 'expert'", "Did you mean 'sex'", "Did you mean 'quality'",
                  "no indicator 'EMP99'", "Did you mean 'employment'",
                  "'soon' is no date"):  # fmt: skip
        assert words in said
    assert all(one.startswith("profile.yaml:") for one in caught.value.problems)


def test_missing_files_and_wrong_texts_stop_before_anything_is_written(study, store, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(study, copy, ignore=shutil.ignore_patterns("out"))
    (copy / "text" / "employment.en.md").write_text("{{ EMP18.estimat }}\n", encoding="utf-8")
    with pytest.raises(MpsurveyError, match=r"employment\.en\.md:1: .*Did you mean 'estimate'"):
        run_profile(copy, copy / "out", store=store)
    assert not (copy / "out").exists()
    (copy / "data" / "totals_2022.csv").unlink()
    with pytest.raises(MpsurveyError, match=r"no file 'data/totals_2022\.csv'"):
        run_profile(copy, copy / "out", store=store)


def test_the_command(study, made, monkeypatch, store):
    monkeypatch.setenv("MPSURVEY_STORE", str(store))
    run = CliRunner()
    built = run.invoke(app, ["profile", "build", str(study), "--to", str(study / "out")])
    assert built.exit_code == 0, built.output
    assert "0 parts made" in built.output
    traced = run.invoke(app, ["profile", "trace", "EMP18", "--by", "sex=2", "--study", str(study)])
    assert "Cell        round 2026, sex=2" in traced.output
    assert "Steps: 4 of 15" in run.invoke(app, ["profile", "status", str(study)]).output


def test_publishing_one_file_by_one_command(study, tmp_path):
    said = CliRunner().invoke(
        app,
        ["publish", str(study / "data" / "auralia_persons.sav"), "--crosswalk", "demo",
         "--indicator", "EMP18", "--by", "sex", "--to", str(tmp_path / "a.xlsx"),
         "--to", str(tmp_path / "a.html"), "--title", "=cmd() <script>"],
    )  # fmt: skip
    assert said.exit_code == 0, said.output
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "=cmd() <script>" not in page
    assert "=cmd() &lt;script&gt;" in page
    with pytest.raises(MpsurveyError, match="the ending is one of"):
        publish_file(study / "data" / "auralia_persons.sav", [tmp_path / "a.pdf"])
