"""A report as a document: real structure, restylable, right in both directions, harmless."""

import dataclasses
import io
import re
import sys
import zipfile

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.shared import Cm, Pt
from lxml import etree
from report_content import (
    HOSTILE,
    cleaned,
    hostile_report,
    long_grid,
    picture,
    plain_report,
    wide_grid,
)

import mpsurvey as mp
from mpsurvey.errors import ExtraMissing, MpsurveyError
from mpsurvey.publication.document import ChartBlock, GridBlock, Section
from mpsurvey.publication.wording import word

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@pytest.fixture(scope="module")
def report():
    return plain_report("en")


@pytest.fixture(scope="module")
def made(report, tmp_path_factory):
    path = mp.write_docx(report, tmp_path_factory.mktemp("doc") / "report.docx")
    return path, docx.Document(str(path))


def said_of(path):
    with zipfile.ZipFile(path) as file:
        root = etree.fromstring(file.read("word/document.xml"))
    return "\n".join(
        "".join(node.text or "" for node in paragraph.iter(f"{W}t"))
        for paragraph in root.iter(f"{W}p")
    )


def styled(document, name):
    return [p for p in document.paragraphs if p.style.name == name]


def test_sections_are_headings_that_the_contents_lead_to(made, report):
    _, document = made
    titles = [p.text for p in styled(document, "Heading 1")]
    assert titles == [*(section.title for section in report.sections), "Notes and methods"]
    assert [p.text for p in styled(document, "Heading 2")] == ["A small heading"]
    body = document.element.body
    names = {node.get(f"{W}name") for node in body.iter(f"{W}bookmarkStart")}
    anchors = [link.get(f"{W}anchor") for link in body.iter(f"{W}hyperlink")]
    inner = [one for one in anchors if one]
    assert set(inner) <= names
    assert len(inner) == len(titles) + 1 + 3 + 1
    ids = [node.get(f"{W}id") for node in body.iter(f"{W}bookmarkStart")]
    assert len(ids) == len(set(ids))
    codes = [node.text for node in body.iter(f"{W}instrText")]
    assert any("TOC \\o" in code for code in codes)
    assert sum("SEQ Table" in code for code in codes) == 3
    assert sum("SEQ Figure" in code for code in codes) == 1


def test_fields_open_and_close(made):
    _, document = made
    kinds = [n.get(f"{W}fldCharType") for n in document.element.body.iter(f"{W}fldChar")]
    assert kinds.count("begin") == kinds.count("separate") == kinds.count("end") > 4


def test_markdown_becomes_structure(made):
    path, document = made
    bullets = styled(document, "List Bullet")
    assert [p.text for p in bullets] == ["first", "second", "inner"]
    levels = [p._p.pPr.numPr.ilvl.val for p in bullets]
    assert levels == [0, 0, 1]
    numbers = [p._p.pPr.numPr.numId.val for p in styled(document, "List Number")]
    assert numbers[0] == numbers[1] != numbers[2], "the second list counts from one again"
    paragraph = next(p for p in document.paragraphs if "strong" in p.text)
    assert [r.text for r in paragraph.runs if r.bold] == ["strong"]
    assert [r.text for r in paragraph.runs if r.italic] == ["soft"]
    assert styled(document, "Quote")[0].text == "quoted"
    with zipfile.ZipFile(path) as file:
        relations = file.read("word/_rels/document.xml.rels").decode()
    assert "https://example.org/a?b=1&amp;c=2" in relations
    assert "javascript" not in relations
    assert "<b>not bold</b>" in said_of(path)


def test_tables_repeat_their_headings_and_align_numbers(made):
    _, document = made
    figures = [t for t in document.tables if t.style.name == "Report table"]
    assert len(figures) == len(document.tables) == 5
    for table in figures:
        rows = list(table._tbl.tr_lst)
        assert rows[0].trPr is not None
        assert rows[0].trPr.find(f"{W}tblHeader") is not None
        spans = [
            sum(
                int(s.get(f"{W}val")) if s is not None else 1
                for s in (c.find(f"{W}tcPr/{W}gridSpan") for c in row.iter(f"{W}tc"))
            )
            for row in rows
        ]
        assert set(spans) == {len(table._tbl.tblGrid.gridCol_lst)}
        for cell in table._tbl.iter(f"{W}tc"):
            assert cell[-1].tag == f"{W}p"
    grid = figures[1]
    cell = grid.rows[2].cells[1]
    assert re.fullmatch(r"[\d.]+", cell.text)
    assert cell.paragraphs[0].style.name == "Table number"
    withheld = [c.text for row in grid.rows for c in row.cells if c.text == "c"]
    assert withheld


def test_findings_stand_with_their_figures(made):
    _, document = made
    first, second = styled(document, "Finding")
    assert first.text == "3.5 %\tBetween 3 and 4 in 100 employed persons are immigrants."
    assert first.runs[0].style.name == "Finding figure"
    assert second.text.startswith("\tbetween 11 and 14 in 100\n")
    assert "95 %" in styled(document, "Finding basis")[0].text


def test_charts_are_pictures_with_their_words(made):
    _, document = made
    shown = document.inline_shapes
    assert len(shown) == 1
    assert shown[0]._inline.docPr.get("descr") == "What the picture says"
    assert shown[0].width == round(300 / 96 * 914400), "twice as fine as it is wide"
    captions = [p.text for p in styled(document, "Caption")]
    assert captions[0] == "Table 1: EMP01 Wage employment"
    assert "Figure 1: A picture" in captions


def test_steps_and_notes_are_there(made):
    path, _ = made
    said = said_of(path)
    for expected in (
        "✓ Done",
        "Minutes of the first meeting",
        "12 steps of weighting",
        "mpsurvey ",
    ):
        assert expected in said


def test_wide_tables_lie_on_their_side(report, tmp_path):
    blocks = (GridBlock(grid=wide_grid(14)), GridBlock(grid=long_grid(5)))
    own = Section(id="x", title="Wide", blocks=blocks)
    path = mp.write_docx(dataclasses.replace(report, sections=(own,)), tmp_path / "w.docx")
    document = docx.Document(str(path))
    sides = [s.page_width > s.page_height for s in document.sections]
    assert sides == [False, True, False]
    for table in document.tables:
        wide = sum(int(c.get(f"{W}w")) for c in table._tbl.tblGrid.gridCol_lst)
        assert wide * 635 <= document.sections[1].page_width


@pytest.mark.parametrize("language", ["fr", "es", "ru", "ar"])
def test_every_language_has_its_words_and_direction(language, tmp_path):
    path = mp.write_docx(plain_report(language), tmp_path / "r.docx")
    document = docx.Document(str(path))
    assert word("contents", language) in said_of(path)
    assert document.core_properties.language == language
    lang = document.styles.element.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr/{W}lang")
    assert lang.get(f"{W}bidi" if language == "ar" else f"{W}val").startswith(language)
    turned = language == "ar"
    heading = styled(document, "Heading 1")[0]
    assert (heading._p.pPr.find(f"{W}bidi") is not None) == turned
    assert (heading._p.find(f"{W}r/{W}rPr/{W}rtl") is not None) == turned
    for table in document.tables:
        assert (table._tbl.tblPr.find(f"{W}bidiVisual") is not None) == turned
    if turned:
        assert document.element.body.sectPr.find(f"{W}bidi") is not None


def test_an_author_brings_styles_and_pages(report, tmp_path):
    own = docx.Document()
    own.add_paragraph("Text of the template that goes")
    own.sections[0].left_margin = Cm(4)
    own.sections[0].header.paragraphs[0].text = "Ministry"
    own.styles["Heading 1"].font.size = Pt(33)
    style = own.styles.add_style("Finding", WD_STYLE_TYPE.PARAGRAPH)
    style.font.size = Pt(15)
    template = tmp_path / "house.docx"
    own.save(str(template))
    path = mp.write_docx(report, tmp_path / "r.docx", template=template)
    document = docx.Document(str(path))
    assert "Text of the template" not in said_of(path)
    assert document.sections[0].left_margin == pytest.approx(Cm(4), abs=700)
    assert document.sections[0].header.paragraphs[0].text == "Ministry"
    assert styled(document, "Heading 1")[0].style.font.size == Pt(33)
    assert styled(document, "Finding")[0].style.font.size == Pt(15)
    assert styled(document, "Finding basis")
    assert "Report table" in {t.style.name for t in document.tables}


def test_a_template_without_lists_gains_them(report, tmp_path):
    bare = tmp_path / "bare.docx"
    own = docx.Document()
    part = own.part
    key = next(k for k, rel in part.rels.items() if rel.reltype.endswith("/numbering"))
    part.drop_rel(key)
    own.save(str(bare))
    path = mp.write_docx(report, tmp_path / "r.docx", template=bare)
    with zipfile.ZipFile(path) as file:
        assert "word/numbering.xml" in file.namelist()
    assert len(styled(docx.Document(str(path)), "List Bullet")) == 3


def test_bad_templates_are_refused(report, tmp_path):
    with pytest.raises(MpsurveyError, match="does not exist"):
        mp.write_docx(report, tmp_path / "r.docx", template=tmp_path / "no.docx")
    (tmp_path / "text.docx").write_text("no zip")
    with pytest.raises(MpsurveyError, match="save it as 'Word document"):
        mp.write_docx(report, tmp_path / "r.docx", template=tmp_path / "text.docx")
    assert not (tmp_path / "r.docx").exists()


def test_hostile_labels_are_harmless_and_legible(tmp_path):
    path = mp.write_docx(hostile_report(), tmp_path / "h.docx")
    with zipfile.ZipFile(path) as file:
        for name in file.namelist():
            if name.endswith((".xml", ".rels")):
                etree.fromstring(file.read(name))
        relations = file.read("word/_rels/document.xml.rels").decode()
    assert 'TargetMode="External"' not in relations
    said = said_of(path)
    for label in HOSTILE:
        assert cleaned(label)[:60] in said
    docx.Document(str(path))


def test_the_same_report_gives_the_same_bytes(report, made, tmp_path):
    path, document = made
    again = mp.write_docx(report, tmp_path / "again.docx")
    assert again.read_bytes() == path.read_bytes()
    with zipfile.ZipFile(path) as file:
        assert {one.date_time for one in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    core = document.core_properties
    assert (core.title, core.author, core.language) == (report.title, "A & B Statistics", "en")
    assert core.created.date().isoformat() == core.modified.date().isoformat() == "2026-03-05"


def test_properties_stand_in_the_order_of_the_format(made):
    _, document = made
    order = [
        "pStyle",
        "keepNext",
        "keepLines",
        "pageBreakBefore",
        "numPr",
        "pBdr",
        "shd",
        "tabs",
        "bidi",
        "spacing",
        "ind",
        "jc",
        "outlineLvl",
    ]
    roots = (document.element.body, document.styles.element)
    for properties in (node for root in roots for node in root.iter(f"{W}pPr")):
        tags = [etree.QName(child).localname for child in properties]
        places = [order.index(tag) for tag in tags if tag in order]
        assert places == sorted(places), tags


def test_one_result_is_a_document_too(tmp_path, report):
    one = report.table.estimates("EMP01", "sex")
    document = docx.Document(str(mp.write_docx(one, tmp_path / "t.docx")))
    assert len(document.tables) == 1
    assert styled(document, "Caption")


def test_a_table_of_indicators_becomes_a_report(tmp_path, report):
    document = docx.Document(str(mp.write_docx(report.table, tmp_path / "t.docx")))
    assert len(document.tables) == 3
    first = document.tables[1].rows[2].cells
    # Percent, as the unit above the table says, not a share.
    estimate = report.table.frame["estimate"].iloc[0] * 100
    assert float(first[1].text) == pytest.approx(estimate, abs=0.06)


def test_a_missing_extra_is_asked_for(report, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(ExtraMissing, match="mpsurvey\\[docx\\]"):
        mp.write_docx(report, tmp_path / "r.docx")


def test_a_picture_without_words_of_its_own_keeps_to_the_page(report, tmp_path):
    wide = dataclasses.replace(picture("big"), title="Wide")
    own = Section(id="x", title="x", blocks=(ChartBlock(picture=wide),))
    path = mp.write_docx(dataclasses.replace(report, sections=(own,)), tmp_path / "p.docx")
    document = docx.Document(io.BytesIO(path.read_bytes()))
    section = document.sections[0]
    room = section.page_width - section.left_margin - section.right_margin
    assert document.inline_shapes[0].width <= room
