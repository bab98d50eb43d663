"""`mpsurvey estimate` as a user types it."""

import io
import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import mpsurvey as mp
from mpsurvey.cli import app, main

GEORGIA = (
    Path(__file__).parents[2].parent
    / "shared/data/caucasus_barometer_2017_ge/CB_2017_Georgia_10.11.17.dta"
)


@pytest.fixture
def survey(tmp_path):
    path = tmp_path / "survey.csv"
    pd.DataFrame(
        {
            "w": [1.0, 2, 1, 2, 3, 1, 2, 2],
            "h": [1, 1, 1, 1, 2, 2, 2, 2],
            "ea": [1, 1, 2, 2, 1, 1, 2, 2],
            "sex": [1, 2, 1, 2, 1, 2, 1, 2],
            "age": [20, 30, 40, 50, 60, 70, -9, 33],
            "works": [1, 0, 1, 1, 0, 0, 1, 1],
        }
    ).to_csv(path, index=False)
    return path


def run(*words):
    return CliRunner().invoke(app, ["estimate", *map(str, words)])


DESIGN = ("--weight", "w", "--strata", "h", "--psu", "ea")


def test_the_verb_and_the_library_agree(survey):
    shown = run(survey, *DESIGN, "--statistic", "mean", "--variable", "age", "--by", "sex",
                "--missing-codes", "-9", "--format", "csv")  # fmt: skip
    assert shown.exit_code == 0, shown.output
    data = mp.read(survey).declare_missing({"age": [-9]})
    want = mp.mean(mp.Sample(data, mp.Design(weight="w", strata="h", psu="ea")), "age", by="sex")
    got = pd.read_csv(io.StringIO(shown.output))
    assert got["se"].tolist() == pytest.approx(want.frame["se"].tolist())
    assert got["n"].tolist() == [3, 4]


@pytest.mark.parametrize(
    ("statistic", "more"),
    [
        ("total", ()),
        ("total", ("--variable", "age >= 40")),
        ("proportion", ("--variable", "works", "--ci", "beta")),
        ("ratio", ("--variable", "works", "--denominator", "age > 0")),
        ("quantile", ("--variable", "age", "--q", "0.25", "--q", "0.5")),
    ],
)
def test_every_statistic_has_rows(survey, statistic, more):
    shown = run(survey, *DESIGN, "--statistic", statistic, *more, "--format", "json")
    assert shown.exit_code == 0, shown.output
    content = json.loads(shown.output)
    assert content["rows"]
    assert any("4 PSUs in 2 strata" in note for note in content["notes"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--statistic", "median", "--variable", "age"), "not one of total, mean"),
        (("--statistic", "mean"), "Say which variable"),
        (("--statistic", "ratio", "--variable", "age"), "needs a denominator"),
        (("--statistic", "mean", "--variable", "agee"), "Did you mean 'age'?"),
        (("--statistic", "mean", "--variable", "age", "--where", "age =>"), "rule language"),
        (("--statistic", "mean", "--variable", "age", "--to", "x.doc"), "not to '.doc'"),
        (("--statistic", "total", "--replicates", "sdr"), "names no columns"),
    ],
)
def test_faults_in_the_input_end_with_1_and_a_message(survey, capsys, monkeypatch, words, said):
    monkeypatch.setattr("sys.argv", ["mpsurvey", "estimate", str(survey), *DESIGN, *words])
    with pytest.raises(SystemExit) as end:
        main()
    shown = capsys.readouterr()
    assert end.value.code == 1
    assert said in shown.err
    assert "Traceback" not in shown.err


def test_wrong_usage_ends_with_2(survey):
    assert run(survey, "--statistics", "mean").exit_code == 2


@pytest.mark.skipif(not GEORGIA.exists(), reason="../shared/data is not here")
@pytest.mark.parametrize("ending", ["xlsx", "html"])
@pytest.mark.parametrize(
    ("variable", "weight"), [("c5_02", None), ("d16", None), ("c5_02", "hhwt")]
)
def test_georgia_by_its_own_design_in_one_command(tmp_path, variable, weight, ending):
    target = tmp_path / f"georgia.{ending}"
    other = ("--weight", weight) if weight else ()
    shown = run(
        GEORGIA,
        "--statistic",
        "proportion",
        "--variable",
        variable,
        "--by",
        "stratum",
        "--by",
        "sex",
        "--missing-codes=-9,-7,-3,-2,-1",
        *other,
        "--to",
        target,
    )
    assert shown.exit_code == 0, shown.output
    assert target.stat().st_size > 2000


@pytest.mark.skipif(not GEORGIA.exists(), reason="../shared/data is not here")
def test_georgia_receives_remittances():
    data = mp.read(GEORGIA).declare_missing({"c5_02": [-9, -7, -3, -2, -1]})
    adults = mp.proportion(mp.Sample(data), "c5_02").frame
    homes = mp.proportion(mp.Sample(data).with_design(weight="hhwt"), "c5_02").frame
    assert adults[adults.category == 1].estimate.item() == pytest.approx(0.144, abs=5e-4)
    assert homes[homes.category == 1].estimate.item() == pytest.approx(0.165, abs=5e-4)
