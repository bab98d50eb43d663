"""Figures are laid out once for every format."""

import dataclasses
import math
import string
from importlib import resources

import numpy as np
import pandas as pd
import pytest
import yaml

import mpsurvey as mp
from mpsurvey.errors import MpsurveyError
from mpsurvey.publication.document import ChartBlock, GridBlock
from mpsurvey.publication.layout import cross, lay_out, overview, plain, safe_id
from mpsurvey.publication.standard_report import report_of
from mpsurvey.publication.wording import LANGUAGES, number, word


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "w": rng.uniform(50, 150, 800),
            "psu": np.repeat(np.arange(40), 20),
            "sex": rng.integers(1, 3, 800),
            "urban": rng.integers(0, 2, 800),
            "mig_status": rng.choice([0, 1, 2], 800, p=[0.8, 0.1, 0.1]),
            "lfs": rng.choice([1, 2, 3], 800, p=[0.6, 0.1, 0.3]),
            "age": rng.integers(15, 70, 800),
        }
    )
    sample = mp.Sample(frame, mp.Design(weight="w", psu="psu"))
    wanted = mp.load_catalogue().indicators("EMP01", "EMP03")
    return mp.tabulate(sample, wanted, by=("sex", ("sex", "urban")))


def test_a_table_has_all_then_each_breakdown_under_its_heading(table):
    grid = lay_out(table, "EMP01")
    assert [row.labels[0] for row in grid.rows if row.heading] == ["sex", "sex × urban"]
    assert [row.labels[0] for row in grid.rows][:3] == ["All", "sex", "1"]
    assert grid.rows[-1].labels == ("2 · 1",)
    assert all(len(row.cells) == len(grid.columns) for row in grid.rows if not row.heading)


def test_figures_are_in_the_indicators_unit(table):
    cell = lay_out(table, "EMP01").rows[0].cells[0]
    share = table.estimates("EMP01").frame["estimate"][0]
    assert math.isclose(cell.value, 100 * share)
    assert float(cell.text) == pytest.approx(100 * share, abs=0.05)
    assert lay_out(table, "EMP01").subtitle == "percent"


@pytest.mark.parametrize("language", LANGUAGES)
def test_notes_are_in_the_table_s_language(table, language):
    definition, caution = lay_out(dataclasses.replace(table, language=language), "EMP03").notes
    own = table.indicators["EMP03"]
    assert own.definition[language] in definition
    assert own.caveat[language] in caution


def test_a_definition_in_english_only_is_shown_rather_than_nothing(table):
    own = dataclasses.replace(table.indicators["EMP03"], definition={"en": "Own words."})
    shown = dataclasses.replace(table, language="fr", indicators={"EMP03": own})
    assert lay_out(shown, "EMP03").notes[0] == "Définition : Own words."


def test_only_the_breakdowns_asked_for_are_shown(table):
    rows = lay_out(table, "EMP01", by=("sex",)).rows
    assert [row.labels[0] for row in rows] == ["All", "sex", "1", "2"]


def test_indicators_stand_side_by_side(table):
    grid = overview(table, ("EMP03", "EMP01", "EMP99"), "sex")
    assert [row.labels[0].split()[0] for row in grid.rows] == ["EMP03", "EMP01"]
    assert [column.key for column in grid.columns] == ["all", "1", "2"]


def test_two_variables_are_crossed_both_ways(table):
    grid, turned = cross(table, "EMP01", "sex", "urban"), cross(table, "EMP01", "urban", "sex")
    assert [[cell.value for cell in row.cells] for row in grid.rows] == [
        list(column)
        for column in zip(*([c.value for c in r.cells] for r in turned.rows), strict=True)
    ]


def test_a_withheld_figure_shows_its_mark_and_never_a_number(table):
    frame = table.frame.assign(status="publish", mark="", reason="")
    hidden = frame["breakdown"] == "sex"
    frame.loc[hidden, ["estimate", "se", "ci_low", "ci_high", "cv", "n", "population"]] = np.nan
    frame.loc[hidden, "mark"] = "c"
    frame.loc[frame["breakdown"] == "", "mark"] = "u"
    grid = lay_out(dataclasses.replace(table, frame=frame), "EMP01")
    assert {cell.text for cell in grid.rows[2].cells} == {"c"}
    assert all(cell.value is None for cell in grid.rows[2].cells)
    assert grid.rows[0].cells[0].mark == "u"
    assert grid.rows[0].cells[1].mark == ""
    assert [mark for mark, _ in grid.marks] == ["u", "c"]


def test_any_result_is_laid_out_as_it_stands(table):
    made = table.estimates("EMP01", "sex")
    grid = plain(made)
    assert grid.stub == ("sex",)
    assert [row.labels for row in grid.rows] == [("1",), ("2",)]
    assert grid.rows[0].cells[0].value == pytest.approx(100 * made.frame["estimate"][0])
    assert grid.notes == made.footnotes()


def test_a_report_of_a_table_has_a_chapter_for_each_theme(table):
    report = report_of(table, title="Migrants at work", date="2026")
    assert [section.title for section in report.sections] == ["Employment"]
    assert [grid.id for grid in grids(report)][1:] == ["EMP01", "EMP03"]


def grids(report):
    return [block.grid for block in report.blocks() if isinstance(block, GridBlock)]


def test_a_report_has_a_chart_before_each_table_where_charts_can_be_made(table, monkeypatch):
    pytest.importorskip("vl_convert")
    found = [
        block.picture.id if isinstance(block, ChartBlock) else block.grid.id
        for block in report_of(table, title="Migrants at work").blocks()
    ]
    assert found[1:] == ["EMP01-by-sex", "EMP01", "EMP03-by-sex", "EMP03"]
    alone = report_of(table, title="Migrants at work", charts=False)
    assert list(alone.blocks()) == [GridBlock(grid=grid) for grid in grids(alone)]
    monkeypatch.setattr("mpsurvey.publication.standard_report.find_spec", lambda _name: None)
    assert len(list(report_of(table, title="Migrants at work").blocks())) == 3


@pytest.mark.parametrize(
    ("language", "shown"),
    [("en", "1,234.5"), ("fr", "1\u202f234,5"), ("ru", "1\u00a0234,5"), ("ar", "1,234.5")],
)
def test_numbers_are_written_as_the_language_does(language, shown):
    assert number(1234.5, 1, language) == shown


def test_a_number_that_rounds_to_nothing_has_no_sign():
    assert number(-0.001, 1, "en") == "0.0"
    assert number(-1.25, 1, "en") == "−1.2"
    assert number(math.nan, 1, "en") == "–"


def test_every_wording_has_every_language_and_the_same_places():
    text = resources.files("mpsurvey.publication").joinpath("wording.yaml").read_text("utf-8")
    for key, said in yaml.safe_load(text).items():
        assert tuple(said) == LANGUAGES, key
        places = {
            tuple(sorted(part[1] for part in string.Formatter().parse(one) if part[1]))
            for one in said.values()
        }
        assert len(places) == 1, key


def test_an_unknown_wording_is_refused():
    with pytest.raises(MpsurveyError, match="estimate"):
        word("estimat", "en")


def test_ids_are_safe_in_files_and_anchors():
    assert safe_id("a x b/c?") == "a-x-b-c"
    assert safe_id("</x>") == "x"
