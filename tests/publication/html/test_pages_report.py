"""A report as a page: its structure, what it refuses to do, and what it says to whom."""

import base64
import hashlib
import re
from dataclasses import replace
from itertools import pairwise

import lxml.html
import pandas as pd
import pytest

import mpsurvey as mp
from mpsurvey.publication import write_html
from mpsurvey.publication.document import GridBlock, Section
from mpsurvey.publication.pages import page
from mpsurvey.publication.wording import LANGUAGES

FETCHES = {"src", "srcset", "poster", "data", "action", "formaction", "background", "ping"}


@pytest.fixture(scope="module")
def text(make_report):
    return page(make_report("en"))


@pytest.fixture(scope="module")
def tree(text):
    return lxml.html.fromstring(text)


def words(node):
    return " ".join(node.text_content().split())


def test_the_same_report_gives_the_same_bytes(make_report, tmp_path):
    first = write_html(make_report("en"), tmp_path / "a.html").read_bytes()
    assert write_html(make_report("en"), tmp_path / "b.html").read_bytes() == first
    assert b"\r" not in first


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_its_language_and_direction(make_report, language):
    root = lxml.html.fromstring(page(make_report(language)))
    assert root.get("lang") == language
    assert root.get("dir") == ("rtl" if language == "ar" else "ltr")
    assert not [node for node in root.iter() if "{" in (node.get("aria-label") or "")]


def test_nothing_is_fetched(tree):
    for node in tree.iter():
        if not isinstance(node.tag, str):
            continue
        assert not FETCHES & set(node.attrib), node.tag
        assert not [name for name in node.attrib if name.startswith("on") or name == "style"]
        if node.tag != "a" and node.get("href"):
            assert node.get("href") == "data:,"
    styles = "".join(tree.xpath("//style/text()"))
    assert "url(" not in styles
    assert "@import" not in styles
    assert not tree.xpath("//iframe|//img|//object|//embed|//video|//*[local-name()='image']")


def test_links_lead_to_the_web_to_the_page_or_to_figures(tree):
    ids = {node.get("id") for node in tree.xpath("//*[@id]")}
    for link in tree.xpath("//a[@href]"):
        to = link.get("href")
        assert to.startswith(("https://example.org", "data:text/csv;", "#")), to
        if to.startswith("#"):
            assert to[1:] in ids, to
        assert words(link)


def test_only_its_own_script_and_styles_may_run(text, tree):
    policy = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    for tag in ("script", "style"):
        held = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert len(held) == 1
        digest = base64.b64encode(hashlib.sha256(held[0].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_ids_are_unique_and_references_resolve(tree):
    ids = [node.get("id") for node in tree.xpath("//*[@id]")]
    assert len(ids) == len(set(ids))
    for name in ("aria-labelledby", "aria-describedby", "for"):
        for node in tree.xpath(f"//*[@{name}]"):
            assert set(node.get(name).split()) <= set(ids)
    for clip in re.findall(r"url\(#([^)]+)\)", lxml.html.tostring(tree).decode()):
        assert clip in ids


def test_headings_stand_in_order(tree):
    levels = [int(node.tag[1]) for node in tree.iter("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= level + 1 for level, later in pairwise(levels))


def test_landmarks_let_a_reader_jump(tree):
    assert len(tree.xpath("//main")) == 1
    assert tree.xpath("//nav/@aria-label") == ["Contents"]
    assert len(tree.xpath("//body/header")) == len(tree.xpath("//body/footer")) == 1
    skip = tree.xpath("//body/a")[0]
    assert skip.get("href") == "#content"
    for chapter in tree.xpath("//main/section"):
        assert tree.xpath(f"//nav//a[@href='#{chapter.get('id')}']")


def test_cells_of_tables_have_headings(tree):
    tables = tree.xpath("//article//table")
    assert len(tables) == 2
    for table in tables:
        assert words(table.find("caption"))
        assert table.xpath("thead//th[@scope='col']")
        assert table.xpath("thead//th[@scope='colgroup'][@colspan='2']")
        assert table.xpath("tbody//th[@scope='rowgroup']")
        width = len(table.xpath("tbody/tr[not(@class)]")[0])
        for row in table.xpath("tbody/tr"):
            assert sum(int(cell.get("colspan", 1)) for cell in row) == width
            assert row[0].tag == "th"
        spans = [int(cell.get("colspan", 1)) for cell in table.xpath("thead/tr[1]/*")]
        assert sum(spans) == width


def test_withheld_figures_are_shown_as_withheld(tree):
    row = tree.xpath("//article//th[text()='Few']/..")[0]
    figures = row.xpath("td[contains(@class, 'number')]")
    assert {words(cell) for cell in figures} == {"c (confidential)"}
    assert not row.xpath(".//*[local-name()='circle']")
    marked = tree.xpath("//td[contains(@class, 'marked')]")[0]
    assert words(marked) == "1u (use with caution)"
    legend = tree.xpath("//dl[@class='marks']")[0]
    assert "confidential" in words(legend)


def test_findings_lead_to_their_figures(tree, make_report):
    first = next(iter(make_report("en").table.indicators))
    cards = tree.xpath("//ul[@class='cards']/li")
    assert [card.get("class") for card in cards] == ["card level", "card none"]
    assert cards[0].xpath(".//a/@href") == [f"#{first}"]
    assert not cards[1].xpath(".//a")
    assert cards[0].xpath(".//p[@class='basis']/@data-audience") == ["technical"]


def test_charts_and_tables_of_an_indicator_stand_together(tree, make_report):
    first = next(iter(make_report("en").table.indicators))
    articles = tree.xpath("//article")
    assert [one.get("id") for one in articles] == ["overview", first, f"{first}-2"]
    assert len(articles[1].xpath(".//figure|.//table")) == 2
    assert words(articles[1].find("h3")).startswith(first)
    assert articles[0].get("data-audience") == "technical"
    assert articles[1].get("data-audience") == "decision"
    assert tree.xpath("//div[@id='bar']/@data-start") == ["decision"]


def test_a_report_of_tables_alone_starts_at_the_level_that_shows_them(make_report, make_grid):
    report = make_report("en")
    only = Section(id="work", title="Work", blocks=(GridBlock(grid=make_grid(("Men",))),))
    tree = lxml.html.fromstring(page(replace(report, sections=(only,))))
    assert tree.xpath("//div[@id='bar']/@data-start") == ["technical"]


def test_steps_show_who_answers_for_them(tree):
    table = tree.xpath("//table[@class='checklist']")[0]
    assert words(table.find("caption")) == "1 of 2 steps done"
    assert [words(x) for x in table.xpath("tbody/tr/td[last()]")] == ["✓ Done", "○ Open"]


def test_facts_become_the_notes(tree, make_report):
    notes = tree.xpath("//section[@id='notes']")[0]
    assert [words(x) for x in notes.xpath(".//dt")] == ["Design", "Software"]
    report = make_report("en")
    own = Section(id="notes", title="How it was done", blocks=())
    again = lxml.html.fromstring(page(replace(report, sections=(*report.sections, own))))
    assert len(again.xpath("//section[.//dt[text()='Design']]")) == 1
    assert words(again.xpath("//section[@id='notes']/h2")[0]) == "How it was done"


def test_without_scripts_nothing_is_hidden_but_the_controls(tree):
    hidden = {node.get("class") or node.get("id") for node in tree.xpath("//*[@hidden]")}
    assert hidden == {"bar", "search", "says"}
    assert tree.get("data-level") is None


def test_hostile_labels_come_out_harmless_and_legible(text, tree, hostile):
    assert text.count("<script>") == text.count("</script>") == 1
    assert text.count("</style>") == 1
    assert "\u202e" not in text
    assert "\x00" not in text
    shown = [words(x) for x in tree.xpath("//tbody/tr[not(@class)]/th")]
    for label in hostile:
        legible = re.sub("[\u202e\u2067]", "", label).replace("\x00", "\ufffd")
        assert legible in shown
    assert not tree.xpath("//*[@onerror or @onload or @onclick]")


def test_a_table_alone_is_a_page_without_scripts(tmp_path):
    people = pd.DataFrame(
        {"ea": [1, 1, 2, 2, 3, 3, 4, 4], "sex": ["m", "f"] * 4, "w": [1, 0, 1, 1, 0, 0, 1, 0]}
    )
    made = mp.mean(mp.Sample(people, mp.Design(psu="ea")), "w", by="sex")
    held = write_html(made, tmp_path / "t.html").read_text(encoding="utf-8")
    tree = lxml.html.fromstring(held)
    assert not tree.xpath("//script")
    policy = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert "script-src 'none'" in policy
    assert len(tree.xpath("//tbody/tr")) == 2
    assert len(tree.xpath("//td[@class='drawn']/*[local-name()='svg']")) == 2
    assert "4 PSUs" in words(tree)
    assert len(tree.xpath("//a[@download]")) == 1


def test_a_report_that_cannot_be_made_leaves_the_last_page(make_report, tmp_path, monkeypatch):
    path = write_html(make_report("en"), tmp_path / "t.html")
    before = path.read_bytes()
    bad = make_report("en")
    chart = next(b for b in bad.blocks() if hasattr(b, "picture"))
    monkeypatch.setattr(type(chart.picture), "drawn", "no drawing")
    with pytest.raises(mp.MpsurveyError, match="is no SVG"):
        write_html(bad, path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["t.html"]
