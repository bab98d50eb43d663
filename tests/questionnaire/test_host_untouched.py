"""After four modules in two languages every cell, look, width and sheet of the host is the same."""

from __future__ import annotations

import io
import re
import runpy
from pathlib import Path

import openpyxl
import pytest

import mpsurvey as mp
from mpsurvey.questionnaire import xlsform_bytes

CATALOGUE = mp.load_catalogue()
FOLDER = Path(__file__).parent
SHARED = FOLDER.parents[1].parent / "shared" / "data" / "host_forms"
MODULES = ("mig_absent", "mig_remit_in", "mig_diasp", "mig_env")
lfs_host = runpy.run_path(str(FOLDER / "lfs_host.py"))["lfs_host"]


def looks(cell):
    """All that a cell shows: value, sort, fonts, fills, borders, number format, note, link."""
    return (
        cell.value,
        cell.data_type,
        cell.style_id,
        repr(cell.font),
        repr(cell.fill),
        repr(cell.border),
        repr(cell.alignment),
        cell.number_format,
        cell.comment.text if cell.comment else None,
        cell.hyperlink.target if cell.hyperlink else None,
    )


def new_rows(form, old, new, sheet):
    """Return where each old row stands now: rows that modules brought are passed over."""
    if sheet == form.host.choices_sheet:
        return {row: row for row in range(1, old.max_row + 1)}
    if sheet != form.host.survey_sheet:
        return {row: row for row in range(1, old.max_row + 1)}
    brought = {name for placed in form.placed for name in placed.names()}
    column = form.host.columns["name", ""]
    kept = [r for r in range(1, new.max_row + 1) if new.cell(r, column).value not in brought]
    return dict(zip(range(1, old.max_row + 1), kept, strict=False))


def compare(form, source):
    before = openpyxl.load_workbook(io.BytesIO(source), rich_text=True)
    after = openpyxl.load_workbook(io.BytesIO(xlsform_bytes(form)), rich_text=True)
    assert after.sheetnames == before.sheetnames
    seen = 0
    for name in before.sheetnames:
        old, new = before[name], after[name]
        rows = new_rows(form, old, new, name)
        assert new.sheet_state == old.sheet_state
        assert new.freeze_panes == old.freeze_panes
        assert repr(new.sheet_properties.tabColor) == repr(old.sheet_properties.tabColor)
        for letter, column in old.column_dimensions.items():
            there = new.column_dimensions[letter]
            same = (column.width, column.hidden, column.style, column.min, column.max)
            assert (there.width, there.hidden, there.style, there.min, there.max) == same
        for row, where in rows.items():
            assert new.row_dimensions[where].height == old.row_dimensions[row].height
            assert new.row_dimensions[where].hidden == old.row_dimensions[row].hidden
            for column in range(1, old.max_column + 1):
                one, other = old.cell(row, column), new.cell(where, column)
                if isinstance(one.value, str) and one.value.startswith("="):
                    bare = re.compile(r"\d+")
                    assert bare.sub("#", str(other.value)) == bare.sub("#", one.value)
                    continue
                added = row == 1 and one.value is None
                assert added or looks(other) == looks(one), (name, row, column)
                seen += one.value is not None
        merged = [(r.min_col, r.max_col, rows[r.min_row]) for r in old.merged_cells.ranges]
        assert [(r.min_col, r.max_col, r.min_row) for r in new.merged_cells.ranges] == merged
        assert len(new.data_validations.dataValidation) == len(old.data_validations.dataValidation)
        assert len(new.conditional_formatting) == len(old.conditional_formatting)
    return seen


def with_four(path, languages, home):
    form = mp.read_xlsform(path, home=home, languages=languages)
    for module in MODULES:
        form = form.insert(CATALOGUE.module(module), hosts="add", prefix="x_")
    assert len(form.placed) == 4
    return form


def test_our_own_host_is_the_same(tmp_path):
    path = tmp_path / "lfs.xlsx"
    path.write_bytes(lfs_host())
    form = mp.read_xlsform(path, home=404, languages=["en", "fr"])
    after = ("g_dwelling", "g_assets", "g_job", None)
    for module, place in zip(MODULES, after, strict=True):
        form = form.insert(CATALOGUE.module(module), after=place, hosts="add")
    assert compare(form, path.read_bytes()) > 600


@pytest.mark.filterwarnings("ignore:Cannot parse header or footer")
@pytest.mark.parametrize(
    ("name", "home"), [("membership_survey_de_en.xlsx", 276), ("unhcr_proxy_demo.xlsx", 231)]
)
def test_forms_that_others_wrote_are_the_same(name, home):
    path = SHARED / name
    if not path.exists():
        pytest.skip("the shared host forms are not here")
    form = with_four(path, ["en", "fr"], home)
    assert compare(form, path.read_bytes()) > 100


def test_the_comparison_bites(tmp_path):
    path = tmp_path / "lfs.xlsx"
    path.write_bytes(lfs_host())
    form = mp.read_xlsform(path, home=404).insert(CATALOGUE.module("mig_diasp"), hosts="add")
    book = openpyxl.load_workbook(path, rich_text=True)
    book["survey"]["C12"].font = openpyxl.styles.Font(italic=True)
    changed = io.BytesIO()
    book.save(changed)
    with pytest.raises(AssertionError):
        compare(form, changed.getvalue())
