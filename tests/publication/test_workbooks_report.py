"""A report as a workbook: legible for people, exact for machines, harmless for both."""

import dataclasses
import math
import re
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pytest
from lxml import etree
from report_content import (
    HOSTILE,
    cleaned,
    hostile_report,
    long_grid,
    picture,
    plain_report,
    rounds_report,
)

import mpsurvey as mp
from mpsurvey.publication import write_table
from mpsurvey.publication.document import ChartBlock, Finding, GridBlock, Section
from mpsurvey.publication.wording import word
from mpsurvey.publication.xlsx.book import Book, open_book, stated_date
from mpsurvey.publication.xlsx.page import lines_of


@pytest.fixture(scope="module")
def report():
    return plain_report("en")


@pytest.fixture(scope="module")
def book(report, tmp_path_factory):
    path = mp.write_xlsx(report, tmp_path_factory.mktemp("book") / "report.xlsx")
    return path, openpyxl.load_workbook(path, rich_text=False)


def texts(sheet):
    return [str(c.value) for row in sheet.iter_rows() for c in row if c.value is not None]


def part(path, name):
    with zipfile.ZipFile(path) as file:
        return file.read(name).decode("utf-8")


def every_part(path):
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def test_contents_lead_to_every_sheet_and_table_and_back(book):
    _, file = book
    names = file.sheetnames
    assert names[0] == "Contents"
    assert names[-3:] == ["Notes and methods", "All figures", "Chart data"]
    targets = {c.hyperlink.location for r in file["Contents"].iter_rows() for c in r if c.hyperlink}
    sheets = {re.match(r"'?(.*?)'?!", target)[1].replace("''", "'") for target in targets}
    assert sheets == set(names) - {"Contents"}
    for name in ("Employment", "Main findings", "Notes and methods", "All figures"):
        back = [c.hyperlink.location for r in file[name].iter_rows() for c in r if c.hyperlink]
        assert "'Contents'!A1" in back or "Contents!A1" in back
    for target in targets:
        sheet, cell = target.rsplit("!", 1)
        place = file[sheet.strip("'").replace("''", "'")][cell]
        assert place.value, f"{target} leads to an empty cell"


def test_numbers_are_numbers_and_withheld_figures_are_signs(book, report):
    _, file = book
    sheet = file["Employment"]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    grid = next(b.grid for b in report.sections[1].blocks if isinstance(b, GridBlock))
    numbers = [c.value for c in cells if isinstance(c.value, int | float)]
    for row in grid.rows:
        for one in row.cells:
            assert one.value is None or any(math.isclose(one.value, x) for x in numbers)
    stored = [c.value for c in cells if isinstance(c.value, str)]
    assert not [x for x in stored if re.fullmatch(r"[-−]?[\d.,]+", x)]
    assert "c" in stored
    marked = [c for c in cells if isinstance(c.value, float) and '" u"' in c.number_format]
    assert marked, "the sign of reliability is part of the format, so that the cell holds a number"


def test_labels_stand_in_cells_of_their_own(book):
    _, file = book
    sheet = file["Employment"]
    for merged in sheet.merged_cells.ranges:
        inside = [c for r in sheet[merged.coord] for c in r if isinstance(c.value, int | float)]
        assert not inside
        assert merged.min_row == merged.max_row


def test_machines_find_every_figure_with_all_digits(book, report):
    path, _ = book
    again = pd.read_excel(path, sheet_name="All figures", header=1)
    frame = report.table.frame
    assert list(again.columns) == list(frame.columns)
    for name in ("estimate", "se", "ci_low", "n"):
        known = again[name].to_numpy(dtype=float)
        np.testing.assert_allclose(known, frame[name].to_numpy(dtype=float), rtol=1e-15)
    assert again["estimate"].isna().sum() == (frame["status"] == "withhold").sum() > 0
    table = part(path, "xl/tables/table1.xml")
    assert "<autoFilter" in table
    assert 'name="estimate"' in table


def test_a_table_not_judged_is_all_to_be_published(report, tmp_path):
    frame = report.table.frame.drop(columns=["status", "mark", "reason"])
    bare = dataclasses.replace(report, table=dataclasses.replace(report.table, frame=frame))
    again = pd.read_excel(mp.write_xlsx(bare, tmp_path / "b.xlsx"), "All figures", header=1)
    assert list(again.columns[-3:]) == ["status", "mark", "reason"]
    assert set(again["status"]) == {"publish"}


def test_charts_draw_intervals_from_cells_and_are_told_in_words(book):
    path, file = book
    parts = every_part(path)
    charts = [text.decode() for name, text in parts.items() if name.startswith("xl/charts/chart")]
    assert charts
    for chart in charts:
        assert "<c:errBars>" in chart
        assert "<c:numLit>" not in chart
        assert "'Chart data'" in chart
    drawings = [t.decode() for n, t in parts.items() if re.match(r"xl/drawings/drawing\d", n)]
    described = re.findall(r'<xdr:cNvPr [^>]*descr="([^"]+)"', "".join(drawings))
    assert len(described) == "".join(drawings).count("<xdr:cNvPr ")
    assert any("Wage employment" in text and "[" in text for text in described)
    # What is drawn is the estimate and what its interval adds on either side.
    sheet = file["Chart data"]
    rows = [r for r in sheet.iter_rows(values_only=True) if isinstance(r[1], float)]
    assert rows
    assert all(row[2] > 0 and row[3] > 0 for row in rows)
    assert any("(c)" in str(r[0]) and r[1] is None for r in sheet.iter_rows(values_only=True))


def test_the_scale_of_a_chart_holds_every_interval(book, report):
    path, _ = book
    text = part(path, "xl/charts/chart1.xml")
    most = float(re.search(r'<c:max val="([^"]+)"', text)[1])
    least = float(re.search(r'<c:min val="([^"]+)"', text)[1])
    grid = next(b.grid for b in report.sections[1].blocks if isinstance(b, GridBlock))
    ends = [c.value for row in grid.rows for c in row.cells[:3] if c.value is not None]
    assert least <= min(ends)
    assert max(ends) <= most


def test_rounds_are_joined_by_lines(tmp_path):
    path = mp.write_xlsx(rounds_report(), tmp_path / "r.xlsx")
    text = part(path, "xl/charts/chart1.xml")
    assert "<c:lineChart>" in text
    assert "<c:errBars>" in text


def test_pictures_that_excel_cannot_draw_are_placed_with_their_words(report, tmp_path):
    own = Section(id="x", title="Map", blocks=(ChartBlock(picture=picture("coverage-map")),))
    path = mp.write_xlsx(dataclasses.replace(report, sections=(own,)), tmp_path / "p.xlsx")
    assert "xl/media/image1.png" in every_part(path)
    assert "What the picture says" in part(path, "xl/drawings/drawing1.xml")


@pytest.mark.parametrize("dots", [0, 72, 144])
def test_a_picture_is_as_large_whatever_resolution_it_states(report, tmp_path, dots):
    fine = picture("coverage-map", dots=dots)
    own = Section(id="x", title="Map", blocks=(ChartBlock(picture=fine),))
    path = mp.write_xlsx(dataclasses.replace(report, sections=(own,)), tmp_path / "p.xlsx")
    drawing = part(path, "xl/drawings/drawing1.xml")
    corners = re.findall(r"<xdr:row>(\d+)</xdr:row><xdr:rowOff>(\d+)</xdr:rowOff>", drawing)
    top, bottom = (tuple(map(int, corner)) for corner in corners[:2])
    size = re.search(r'<a:ext cx="(\d+)" cy="(\d+)"', drawing)
    wide, high = (int(x) / 9525 for x in size.groups())
    assert (wide, high) == pytest.approx((300, 160), abs=2)
    assert bottom > top


def test_a_picture_of_what_excel_draws_is_not_placed_again(book):
    path, _ = book
    assert not [name for name in every_part(path) if name.startswith("xl/media")]


def test_pages_print_well(book):
    _, file = book
    for sheet in file.worksheets:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
        assert "&P" in sheet.oddFooter.right.text
    assert file["Employment"].freeze_panes
    assert file["All figures"].print_title_rows == "$2:$2"


def test_a_very_long_table_has_a_sheet_whose_headings_repeat(report, tmp_path):
    own = Section(id="employment", title="Employment", blocks=(GridBlock(grid=long_grid(120)),))
    path = mp.write_xlsx(dataclasses.replace(report, sections=(own,)), tmp_path / "l.xlsx")
    file = openpyxl.load_workbook(path)
    sheet = file[next(name for name in file.sheetnames if name.startswith("Employment –"))]
    first, last = (int(x) for x in re.findall(r"\d+", sheet.print_title_rows))
    heads = [c.value for c in sheet[last]]
    assert "Estimate" in heads
    assert sheet.freeze_panes == f"B{last + 1}"
    assert last - first == 1


@pytest.mark.parametrize("language", ["en", "fr", "es", "ru", "ar"])
def test_every_language_has_its_words_and_direction(language, tmp_path):
    path = mp.write_xlsx(plain_report(language), tmp_path / "r.xlsx")
    file = openpyxl.load_workbook(path)
    assert file.sheetnames[0] == word("contents", language)
    assert word("back_to_contents", language) in texts(file.worksheets[1])
    right = [bool(sheet.sheet_view.rightToLeft) for sheet in file.worksheets]
    assert all(right) if language == "ar" else not any(right)
    if language == "ar":
        assert 'orientation val="maxMin"' in part(path, "xl/charts/chart1.xml")


def test_hostile_labels_are_harmless_and_legible(tmp_path):
    path = mp.write_xlsx(hostile_report(), tmp_path / "h.xlsx")
    parts = every_part(path)
    for name, content in parts.items():
        if name.endswith((".xml", ".rels")):
            etree.fromstring(content)
        if name.startswith("xl/worksheets/sheet"):
            assert b"<f>" not in content
    outside = [t for n, t in parts.items() if n.endswith(".rels") and b'TargetMode="External"' in t]
    assert not outside
    file = openpyxl.load_workbook(path)
    said = {text for sheet in file.worksheets for text in texts(sheet)}
    for label in HOSTILE:
        assert any(cleaned(label)[:60] in text for text in said), label
    # A chart's title is read from a cell, never from a formula that a label could be.
    charts = b"".join(t for n, t in parts.items() if n.startswith("xl/charts/chart"))
    formulas = re.findall(rb"<c:f>(.*?)</c:f>", charts)
    assert formulas
    assert all(b"Chart data" in formula for formula in formulas)
    assert b"_x0000_" not in b"".join(parts.values())


def test_the_same_report_gives_the_same_bytes(report, tmp_path, book):
    path, _ = book
    again = mp.write_xlsx(report, tmp_path / "again.xlsx")
    assert again.read_bytes() == path.read_bytes()
    core = part(path, "docProps/core.xml")
    assert "2026-03-05T00:00:00Z" in core
    assert "A &amp; B" in core


def test_notes_say_what_the_figures_rest_on(book):
    _, file = book
    said = "\n".join(texts(file["Notes and methods"]))
    for expected in ("12 steps of weighting", "mpsurvey ", "confidential", "EMP01", "Caution"):
        assert expected in said


def test_findings_and_steps_are_tables(book):
    _, file = book
    rows = list(file["Main findings"].iter_rows(values_only=True))
    assert any(row[0] == "3.5 %" and row[1].startswith("Between 3") for row in rows)
    steps = texts(file["Steps of the work"])
    assert "✓ Done" in steps
    assert any("Minutes" in text for text in steps)


def test_sheet_names_are_valid_and_unlike(tmp_path):
    book = open_book(tmp_path / "n.xlsx", title="t")
    wanted = ["a/b:c*?[x]\\", "A b c   x", "'quoted'", "History", "", "x" * 40, "x" * 41, "😀" * 20]
    names = [book.sheet_name(name) for name in wanted]
    assert len({name.lower() for name in names}) == len(names)
    for name in names:
        assert 0 < len(name.encode("utf-16-le")) // 2 <= 31
        assert not re.search(r"[\[\]:*?/\\]", name)
        assert not name.startswith("'")
        assert not name.endswith("'")
    assert "history" not in {name.lower() for name in names}
    assert isinstance(book, Book)
    book.sheet("only")
    book.file.close()


def test_a_title_stands_in_headers_without_acting(tmp_path):
    book = open_book(tmp_path / "n.xlsx", title="2026 R&D &P", publisher="&A" * 90)
    sheet = book.sheet("one")
    assert "R&&D &&P" in sheet.header
    assert len(sheet.footer) < 256
    book.file.close()


def test_lines_and_dates():
    assert lines_of("a" * 10, 100) == 1
    assert lines_of("a\nb", 100) == 2
    assert stated_date("").year == 2000
    assert stated_date("printemps 2027").year == 2027


def test_a_failure_leaves_the_last_good_workbook(report, tmp_path):
    path = mp.write_xlsx(report, tmp_path / "r.xlsx")
    before = path.read_bytes()
    broken = dataclasses.replace(report, sections=(Section(id="x", title="x", blocks=(1 / 1,)),))
    with pytest.raises(AttributeError):
        mp.write_xlsx(broken, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["r.xlsx"]


def test_links_of_arabic_contents_do_not_mix_directions(tmp_path):
    sheet = openpyxl.load_workbook(mp.write_xlsx(plain_report("ar"), tmp_path / "r.xlsx"))
    cells = [c for row in sheet[word("contents", "ar")].iter_rows() for c in row if c.hyperlink]
    assert "EMP03" in {str(cell.value) for cell in cells}
    both = [c.value for c in cells if re.search("[A-Za-z0-9]", c.value) and "ا" in c.value]
    assert not both


def test_evidence_that_the_sentence_gives_is_not_given_again(report, tmp_path):
    basis = "estimate 3.5 %; respondents 5,482"
    told = Finding(text=f"Few. [{basis}]", kind="level", indicator="EMP01", basis=basis)
    own = Section(id="snapshot", title="Findings", blocks=(told,))
    path = mp.write_xlsx(dataclasses.replace(report, sections=(own,)), tmp_path / "e.xlsx")
    said = texts(openpyxl.load_workbook(path)["Findings"])
    assert len([text for text in said if "5,482" in text]) == 1


def test_a_note_on_several_indicators_is_said_once(report, tmp_path):
    facts = (("Note", "EMP01: use with care."), ("Note", "EMP03: use with care."))
    path = mp.write_xlsx(dataclasses.replace(report, facts=facts), tmp_path / "n.xlsx")
    said = texts(openpyxl.load_workbook(path)["Notes and methods"])
    assert "EMP01, EMP03: use with care." in said


@pytest.mark.parametrize("ending", [".xlsx", ".docx", ".html", ".csv", ".json", ".parquet"])
def test_a_report_is_written_by_the_ending_of_its_name(report, tmp_path, ending):
    path = write_table(report, tmp_path / f"report{ending}")
    assert path.stat().st_size > 1000
    if ending == ".csv":
        frame = pd.read_csv(path)
        assert len(frame) == len(report.table.frame)
        assert frame["estimate"].isna().sum() == (frame["status"] == "withhold").sum()


def test_a_text_longer_than_a_row_is_cut_where_a_word_ends(report, tmp_path):
    long = "; ".join(f"IND{n} (lacks a question)" for n in range(400))
    own = dataclasses.replace(report, facts=(("Not made", long),))
    sheet = openpyxl.load_workbook(mp.write_xlsx(own, tmp_path / "l.xlsx"))["Notes and methods"]
    said = " ".join(str(c.value) for c in sheet["B"] if c.value and "IND" in str(c.value))
    assert said == long
    assert max(row.height or 0 for row in sheet.row_dimensions.values()) <= 409


def test_notes_that_a_picture_draws_are_said_in_its_words(report, tmp_path):
    class Drawing(type(picture("x"))):
        def svg(self):
            return "<svg><text>Source: the</text><text>survey.</text></svg>"

    own = Section(id="x", title="Map", blocks=(ChartBlock(picture=Drawing("coverage-map")),))
    path = mp.write_xlsx(dataclasses.replace(report, sections=(own,)), tmp_path / "p.xlsx")
    assert "Source: the survey." in part(path, "xl/drawings/drawing1.xml")
    assert "Source: the survey." not in texts(openpyxl.load_workbook(path)["Map"])
