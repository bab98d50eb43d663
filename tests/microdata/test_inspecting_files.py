"""`summarise`, and the verbs `inspect` and `convert`."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd

from mpsurvey.declaration import Design
from mpsurvey.microdata import Microdata, Variable, read, summarise, write


def survey() -> Microdata:
    chance = np.random.default_rng(1)
    rows = 60
    frame = pd.DataFrame(
        {
            "caseid": np.arange(rows) + 77_000,
            "grappe": np.repeat(np.arange(12), 5),
            "стр": np.repeat([1, 2, 3], 20),
            "npsu": np.repeat([40, 50, 60], 20),
            "factor_exp": chance.uniform(0.5, 2, rows),
            "height": chance.uniform(150, 190, rows),
            "sex": chance.integers(1, 3, rows),
        }
    )
    frame.loc[:5, "sex"] = 9
    for k in range(1, 13):
        frame[f"rw{k}"] = frame["factor_exp"] * chance.uniform(0.9, 1.1, rows)
    return Microdata(
        frame,
        {
            "стр": Variable("стр", "Страта выборки", "integer"),
            "sex": Variable("sex", "Sex", "categorical", {1: "Man", 2: "Woman"}, {9: "Refused"}),
        },
        "lfs.sav",
        Design("factor_exp", strata="стр", psu="grappe"),
        title="Labour force",
    )


def test_candidates_in_several_languages():
    found = summarise(survey()).candidates
    assert found["weight"] == ("factor_exp",)
    assert found["strata"] == ("стр",)
    assert found["psu"] == ("grappe",)
    assert found["fpc"] == ("npsu",)
    assert found["replicates"] == ("rw* (12)",)


def test_the_summary_says_what_is_missing_and_why_and_shows_no_one():
    summary = summarise(survey())
    row = summary.variables.set_index("name").loc["sex"]
    assert row["missing"] == 0.1
    assert row["reasons"] == "Refused 10.0 %"
    assert row["answers"] == "1 Man; 2 Woman"
    shown = str(summary)
    assert "60 rows, 19 variables" in shown
    assert "Labour force" in shown
    assert "strata=('стр',)" in shown
    assert "77000" not in shown


def test_an_empty_file_has_a_summary_too():
    assert summarise(Microdata(pd.DataFrame({"w": []}))).rows == 0


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = "from mpsurvey.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", command, *arguments], capture_output=True, text=True, check=False
    )


def test_the_command_inspects_and_converts(tmp_path):
    write(survey().select(["sex", "factor_exp", "стр", "grappe"]), tmp_path / "lfs.sav")
    shown = run("inspect", str(tmp_path / "lfs.sav"))
    assert shown.returncode == 0, shown.stderr
    assert "Refused" in shown.stdout
    assert "Design that the file declares: Design(" in shown.stdout
    done = run("convert", str(tmp_path / "lfs.sav"), str(tmp_path / "lfs.csv"))
    assert done.returncode == 0
    assert "60 rows" in done.stdout
    assert "note: lfs.csv does not keep: labels" in done.stderr
    assert len(read(tmp_path / "lfs.csv")) == 60
    failed = run("inspect", str(tmp_path / "lfs.dta"))
    assert failed.returncode == 1
    assert failed.stderr.startswith("mpsurvey: ")
    assert "Traceback" not in failed.stderr
