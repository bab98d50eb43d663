"""A plan file from the size to the units drawn, its reports, its faults and its commands."""

from types import SimpleNamespace

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

import mpsurvey as mp
from mpsurvey.cli import app
from mpsurvey.errors import CatalogueError, DesignError, FileUnreadable
from mpsurvey.planning import carry_out, perform, read_plan, write_report

PLAN = """
title: Survey of <migrants> 2027
currency: aurals
seed: 5
sizes:
  - name: Unemployment of immigrants
    statistic: proportion
    value: 0.12
    moe: 0.05
    icc: 0.05
    response: 0.85
    group: {share: 0.03, household_size: 3.4, eligible_per_household: 1.5,
            households_per_psu: 20}
    costs: {interview: 20, screening: 4, psu: 150}
  - {statistic: change, value: 0.55, other: 0.6, overlap: 0.5, correlation: 0.7, power: 0.8}
allocation:
  strata: strata.csv
  method: bethel
  cost: 20
  cost_psu: 150
  icc: 0.05
  take: 10
  groups: immigrants
  figures:
    unemployment: unemployed
    unemployment of immigrants: {mean: immigrants_unemployed, group: immigrants, icc: 0.05}
  targets:
    - {figure: unemployment, cv: 0.12}
    - {figure: unemployment of immigrants, cv: 0.45}
draw:
  frame: areas.csv
  keep: [region]
  stages:
    - {unit: ea, strata: region, n: allocation, method: pps_systematic, size: households,
       order: [row]}
"""


@pytest.fixture
def folder(tmp_path):
    areas = pd.DataFrame({"ea": range(300), "row": range(300)})
    areas["region"] = [("=capital", "border", "inland")[one % 3] for one in areas["ea"]]
    areas["households"] = 60 + areas["ea"] % 50
    areas.to_csv(tmp_path / "areas.csv", index=False)
    strata = areas.groupby("region")["households"].sum().reset_index(name="population")
    strata = strata.rename(columns={"region": "stratum"})
    strata["immigrants"] = [0.08, 0.02, 0.05]
    strata["unemployed"] = [0.09, 0.08, 0.1]
    strata["immigrants_unemployed"] = [0.15, 0.1, 0.12]
    strata.to_csv(tmp_path / "strata.csv", index=False)
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    return tmp_path


def test_a_plan_is_carried_out_from_size_to_sample(folder):
    planned = carry_out(read_plan(folder / "plan.yaml"))
    assert list(planned.sizes) == ["Unemployment of immigrants", "change"]
    assert planned.allocation.expected["met"].all()
    counts = planned.drawn.frame.groupby("region").size().to_dict()
    assert counts == planned.allocation.units
    assert mp.Sample(planned.drawn).weight.sum() > 0
    again = carry_out(read_plan(folder / "plan.yaml"), ["draw"])
    pd.testing.assert_frame_equal(again.drawn.frame, planned.drawn.frame)


def test_the_report_in_html_and_xlsx(folder):
    planned = carry_out(read_plan(folder / "plan.yaml"))
    page = write_report(planned, folder / "out" / "report.html").read_text(encoding="utf-8")
    assert "Survey of &lt;migrants&gt; 2027" in page
    assert page.count("<svg") == 2 + 1 + 2
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    write_report(planned, folder / "report.xlsx")
    book = openpyxl.load_workbook(folder / "report.xlsx")
    assert {"Sizes", "Allocation", "Expected precision", "Units"} <= set(book.sheetnames)
    units = list(book["Units"].values)
    assert len(units) == len(planned.drawn.frame) + 1
    # A label that looks like a formula stays text.
    kinds = {row[1].data_type for row in book["Units"].iter_rows(min_row=2)}
    assert kinds == {"s"}
    with pytest.raises(DesignError, match=r"\.html or \.xlsx"):
        write_report(planned, folder / "report.pdf")
    assert not list(folder.glob(".plan-*"))


def test_the_commands(folder):
    run = CliRunner().invoke(app, ["size", str(folder / "plan.yaml")])
    assert run.exit_code == 0
    assert "households to screen" in run.output
    run = CliRunner().invoke(
        app, ["allocate", str(folder / "plan.yaml"), "--report", str(folder / "a.html")]
    )
    assert run.exit_code == 0
    assert "Allocation by bethel" in run.output
    run = CliRunner().invoke(
        app, ["draw", str(folder / "plan.yaml"), "--to", str(folder / "s.csv"), "--seed", "9"]
    )
    assert run.exit_code == 0
    units = pd.read_csv(folder / "s.csv")
    assert list(units.columns[:2]) == ["ea", "region"]
    assert "households" not in units
    assert "seed 9" in run.output


def test_faults_of_a_plan_come_at_once_with_their_place(folder):
    path = folder / "plan.yaml"
    path.write_text(
        PLAN.replace("overlap", "ovrlap").replace("method: bethel", "methd: bethel")
        .replace("seed: 5", "sed: 5"),
        encoding="utf-8",
    )  # fmt: skip
    with pytest.raises(DesignError) as caught:
        read_plan(path)
    assert len(caught.value.problems) == 3
    assert "sizes 2 has no 'ovrlap'. Did you mean 'overlap'?" in str(caught.value)
    path.write_text(PLAN.replace("moe: 0.05", "moe: -1"), encoding="utf-8")
    with pytest.raises(DesignError, match=r"sizes 1 \(Unemployment of immigrants\): moe is -1"):
        perform(path, "size")
    path.write_text(PLAN.replace("moe: 0.05", "moe: small"), encoding="utf-8")
    with pytest.raises(DesignError, match="value is of the wrong kind"):
        perform(path, "size")
    path.write_text("title: x\nsizes: [", encoding="utf-8")
    with pytest.raises(FileUnreadable, match=r"plan\.yaml:2: this is not YAML"):
        read_plan(path)
    path.write_text("title: x\n", encoding="utf-8")
    with pytest.raises(DesignError, match="the plan has no 'draw'"):
        perform(path, "draw")
    path.write_text(PLAN.replace("areas.csv", "ares.csv"), encoding="utf-8")
    with pytest.raises(FileUnreadable, match=r"ares\.csv cannot be read"):
        perform(path, "draw")


def test_indicators_of_the_catalogue_are_planned_by_id(folder):
    indicator = SimpleNamespace(id="EMPX", statistic="proportion", given={})

    def catalogue():
        def indicators(name):
            if name != "EMPX":
                raise CatalogueError(f"There is no indicator '{name}'. Did you mean 'EMPX'?")
            return (indicator,)

        return SimpleNamespace(indicators=indicators)

    path = folder / "plan.yaml"
    path.write_text(PLAN.replace("statistic: proportion", "indicator: EMPX"), encoding="utf-8")
    assert "SampleSize of a proportion" in perform(path, "size", catalogue=catalogue)
    path.write_text(PLAN.replace("statistic: proportion", "indicator: EMX"), encoding="utf-8")
    with pytest.raises(DesignError, match=r"sizes 1 .*Did you mean 'EMPX'"):
        perform(path, "size", catalogue=catalogue)
