"""The verbs match and harmonise, from file to file."""

import pandas as pd
import pytest
from typer.testing import CliRunner

import mpsurvey as mp
from mpsurvey.cli import app, main

LABELS = {
    "q1": mp.Variable("q1", "Sex", "categorical", {1: "Male", 2: "Female"}),
    "q2": mp.Variable("q2", "Age in years", "integer"),
    "q3": mp.Variable("q3", "Country of birth", "categorical", {1: "Georgia", 2: "Ukraine"}),
    "q4": mp.Variable("q4", "Citizen of this country", "categorical", {1: "Yes", 0: "No"}),
}


def made(tmp_path):
    frame = pd.DataFrame({"q1": [1, 2, 2], "q2": [31, 44, 7], "q3": [1, 2, 1], "q4": [1, 0, 1]})
    mp.write(mp.Microdata(frame, LABELS), tmp_path / "survey.sav")
    return tmp_path / "survey.sav"


def test_match_then_harmonise(tmp_path):
    file, walk, out = made(tmp_path), tmp_path / "walk.yaml", tmp_path / "people.dta"
    run = CliRunner().invoke(
        app, ["match", str(file), "--to", str(walk), "--module", "mig_core", "--home", "268"]
    )
    assert (run.exit_code, "4 variables proposed" in run.output) == (0, True), run.output
    assert "# why:" in walk.read_text(encoding="utf-8")
    report = tmp_path / "report.csv"
    run = CliRunner().invoke(
        app, ["harmonise", str(file), str(walk), "--to", str(out), "--report", str(report)]
    )
    assert run.exit_code == 0, run.output
    assert "concepts worked out" in run.output
    people = mp.read(out)
    assert people.frame["mig_status"].tolist() == [4, 1, 4]
    assert people.frame["sex"].tolist() == [1, 2, 2]
    assert report.read_text(encoding="utf-8").startswith("kind,variable,what,count")


def test_corrections_are_not_overwritten_and_faults_are_said(tmp_path, monkeypatch, capsys):
    file, walk = made(tmp_path), tmp_path / "walk.yaml"
    walk.write_text("kind: crosswalk\n", encoding="utf-8")
    for arguments, said in (
        (["match", str(file), "--to", str(walk)], "may hold corrections"),
        (["harmonise", str(file), str(walk), "--to", "x.sav"], "walk.yaml:1: A crosswalk has no"),
        (["harmonise", str(file), "nothing", "--to", "x.sav"], "no ready crosswalk of that id"),
        (
            ["harmonise", str(file), "acs_pums", "--to", "x.sav", "--file", "h.sav"],
            "is not name=file",
        ),
    ):
        monkeypatch.setattr("sys.argv", ["mpsurvey", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code == 1
        assert said in capsys.readouterr().err
    assert not list(tmp_path.glob("x.sav"))
