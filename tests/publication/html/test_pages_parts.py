"""Markdown, drawings, colours and CSV of pages."""

import base64
import csv
import io
import re

import lxml.html
import pandas as pd
import pytest

import mpsurvey as mp
from mpsurvey.publication.document import Cell
from mpsurvey.publication.pages.colours import dark_twins
from mpsurvey.publication.pages.downloads import csv_of_frame, csv_of_grid, download
from mpsurvey.publication.pages.drawings import Scale, inline_svg, interval
from mpsurvey.publication.pages.elements import clean, element
from mpsurvey.publication.pages.markdown import rendered
from mpsurvey.publication.pages.outline import Anchors
from mpsurvey.publication.pages.report_page import _asset

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="300px" height="200">{}</svg>'


def markdown(text, top=3):
    return rendered(text, top=top, label="Table")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java&#115;cript:alert(1)",
        "&#x6A;avascript:alert(1)",
        "data:text/html;base64,PHNjcmlwdD4=",
        "vbscript:x",
        "file:///etc/passwd",
        "//example.org",
        "\\tjavascript:alert(1)",
    ],
)
def test_links_that_could_act_stay_text(url):
    for written in (f"[a]({url})", f"<{url}>", f"[a][b]\n\n[b]: {url}"):
        assert "<a" not in markdown(written)


def test_links_to_pages_and_places_work():
    made = markdown("[a](https://example.org/?a=1&b=2) [b](#notes) <mailto:x@example.org>")
    assert 'href="https://example.org/?a=1&amp;b=2" rel="noopener noreferrer"' in made
    assert '<a href="#notes">' in made
    assert 'href="mailto:x@example.org"' in made


def test_tags_and_images_of_an_author_are_shown_not_obeyed():
    made = markdown(
        '<img src=x onerror=alert(1)>\n\nA <b onclick="x">b</b> ![i](https://e.org/x.png)'
    )
    assert "<img" not in made
    assert "<b" not in made.replace("<br", "")
    assert "&lt;img src=x" in made


def test_headings_of_a_text_stand_below_those_of_the_page():
    made = markdown("## A\n\n##### B\n\n### C\n\n## D\n\n# E")
    assert re.findall(r"<(h\d)>", made) == ["h3", "h4", "h5", "h4", "h3"]


def test_tables_of_a_text_can_be_scrolled():
    made = lxml.html.fromstring(markdown("| a | b |\n|---|---|\n| 1 | 2 |\n\nEnd"))
    box = made.xpath("//div[@class='scroll']")[0]
    assert box.get("tabindex") == "0"
    assert box.find("table") is not None


def test_a_drawing_keeps_shapes_and_letters_only(make_report):
    picture = next(b.picture for b in make_report("en").blocks() if hasattr(b, "picture"))
    made = inline_svg(picture.svg(), anchor="c1", title="<T>", words="alt")
    for bad in ("script", "style", "onclick", "href", "example.org", "foreignObject", "out<"):
        assert bad not in made
    tree = lxml.html.fromstring(made)
    assert tree.get("role") == "img"
    assert tree.xpath("//title/text()") == ["<T>"]
    assert tree.xpath("//desc/text()") == ["alt"]
    assert tree.xpath("//*[@data-says]/@data-says") == [
        "Men: 12 (10 to 14)",
        "Women: 15 (12 to 18)",
    ]
    assert 'clip-path="url(#c1-c)"' in made
    assert 'id="c1-c"' in made
    assert "M10.12,10H90" in made
    assert "Men &lt;i&gt;" in made


def test_entities_of_a_drawing_are_not_read(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("S3CRET")
    text = f'<!DOCTYPE svg [<!ENTITY x SYSTEM "{secret.as_uri()}">]>' + SVG.format(
        "<text>&x;</text>"
    )
    assert "S3CRET" not in inline_svg(text, anchor="a", title="t", words="w")


@pytest.mark.parametrize("text", ["", "plain", "<html/>", "<svg"])
def test_what_is_no_drawing_is_refused(text):
    with pytest.raises(mp.MpsurveyError, match="chart 'a' is no SVG"):
        inline_svg(text, anchor="a", title="t", words="w")


def test_greys_follow_the_page_and_colours_stay():
    shapes = '<path d="M0,0" fill="#333" stroke="white"/><path d="M0,0" fill="#D1620A"/>'
    made = inline_svg(SVG.format(shapes), anchor="a", title="t", words="w")
    assert 'class="fill-ink stroke-paper"' in made
    assert 'fill="#D1620A"' in made
    # Letters on coloured cells keep the ink that was chosen for them; those on stripes do not.
    for area, kept in (("#eaf2f8", False), ("#c3dbea", True), ("#0b5c8a", False)):
        cells = (
            f'<g class="mark-rect role-mark"><path fill="{area}" d="M0,0"/></g>'
            '<g class="mark-text role-mark"><text fill="#333">7</text></g>'
        )
        made = inline_svg(SVG.format(cells), anchor="a", title="t", words="w")
        assert ('<text fill="#333">' in made) is kept
        white = cells.replace("#333", "#fff")
        assert '<text fill="#fff">' in inline_svg(
            SVG.format(white), anchor="a", title="t", words="w"
        )


VEGA = """<rect width="300" height="200" fill="white"/><g transform="translate(40,70)">
<g class="mark-group role-title"><g transform="translate(-30,-60)"><g class="mark-text">
<text transform="translate(0,12)">Work by sex</text></g></g></g>
<g class="mark-text role-mark layer_0"><text transform="translate(0,-14)">Legend</text></g>
<g class="mark-text role-mark layer_1"><text transform="translate(90,20)">1,921</text></g>
<g class="mark-symbol role-mark"><path d="M0,0H9" fill="#0b5c8a"><title>All: 3</title></path></g>
<g class="mark-text role-mark layer_2"><text transform="translate(0,100)">Respondents:</text>
<text transform="translate(0,113)">\u20661,921\u2069. Source: survey.</text></g></g>"""


def test_title_and_notes_that_a_chart_draws_stand_on_the_page_once():
    notes = ("Respondents: 1,921.", "Source: survey.")
    made = inline_svg(SVG.format(VEGA), anchor="a", title="t", words="w", notes=notes)
    tree = lxml.html.fromstring(made)
    assert [node.text for node in tree.xpath("//text")] == ["Legend", "1,921"]
    left, top, width, height = map(float, tree.get("viewbox").split())
    # From above the legend, at 70 - 14, to above the notes, at 70 + 100.
    assert (left, top, width, top + height) == (0, 40, 300, 156)
    assert "Source: survey." in inline_svg(SVG.format(VEGA), anchor="a", title="t", words="w")


def test_dark_colours_get_lighter_twins_for_dark_pages():
    styles = dark_twins('<path fill="#0b5c8a"/><path stroke="#4a1a45"/><path fill="#ffd000"/>')
    assert "#ffd000" not in styles
    twins = re.findall(r"\{(?:fill|stroke):(#\w{6})\}", styles)
    assert len(twins) == 4
    assert all(contrast(twin, "#172028") >= 3.9 for twin in twins)
    assert dark_twins("<p>no charts</p>") == ""


def contrast(one, other):
    def light(colour):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_colours_of_the_page_are_legible():
    styles = _asset("report.css")
    found = {}
    for block in re.findall(r"\{([^{}]*--paper:[^{}]*)\}", styles):
        found[len(found)] = dict(re.findall(r"--(\w[\w-]*): (#\w+)", block))
    assert len(found) == 3
    assert found[1] == found[2]
    for colours in found.values():
        full = {
            k: v if len(v) == 7 else "#" + "".join(c * 2 for c in v[1:]) for k, v in colours.items()
        }
        for letters in ("ink", "quiet", "accent", "warm"):
            for ground in ("paper", "ground", "wash"):
                assert contrast(full[letters], full[ground]) >= 4.5, (letters, ground)
        assert contrast(full["on-band"], full["band"]) >= 7
        assert contrast(full["field"], full["paper"]) >= 3
        assert contrast(full["field"], full["ground"]) >= 3


def test_an_interval_is_drawn_to_scale():
    scale = Scale(low=0.0, high=10.0, whole=5.0)
    made = interval(*(Cell(text="", value=x) for x in (5.0, 0.0, 10.0)), scale)
    assert 'd="M6 8H154"' in made
    assert 'cx="80"' in made
    assert interval(Cell(text=".."), Cell(text=".."), Cell(text=".."), scale) == ""


def test_names_in_addresses_are_given_once():
    anchors = Anchors()
    assert [anchors.claim(x) for x in ("a b", "a-b", "a b", "لا")] == [
        "a-b",
        "a-b-2",
        "a-b-3",
        "part",
    ]


def test_a_table_is_saved_with_numbers_and_marks_apart(make_grid):
    lines = list(
        csv.reader(
            io.StringIO(csv_of_grid(make_grid(("Men", "=1+1")), breakdown="By", mark="Mark"))
        )
    )
    assert lines[0][:4] == ["By", "Group", "Estimate", "Mark: Estimate"]
    assert lines[1][:4] == ["", "All", "12.25", ""]
    assert lines[2][:4] == ["Sex", "Men", "1", "u"]
    assert lines[3][1] == "'=1+1"
    assert lines[4][:4] == ["Sex", "Few", "", "c"]
    assert len({len(line) for line in lines}) == 1


def test_a_negative_figure_stays_a_number_and_text_stays_text():
    frame = pd.DataFrame({"a": ["-x", "@y", 'z,"q"'], "b": [-1.5, None, 2.0]})
    assert csv_of_frame(frame) == 'a,b\r\n\'-x,-1.5\r\n\'@y,\r\n"z,""q""",2.0\r\n'


def test_figures_are_saved_without_scripts():
    link = lxml.html.fromstring(download("a,b\r\n1,ع\r\n", "EMP03", word="Save", about="Work"))
    assert link.get("download") == "EMP03.csv"
    held = base64.b64decode(link.get("href").split(",", 1)[1])
    assert held.decode("utf-8-sig") == "a,b\r\n1,ع\r\n"
    assert link.text_content() == "Save: Work"


def test_markup_is_escaped_unless_it_is_markup():
    assert element("p", "<b>", element("i", "&"), title='"<') == (
        '<p title="&quot;&lt;">&lt;b&gt;<i>&amp;</i></p>'
    )
    assert clean("a\u2067b\u2069") == "a\u2067b\u2069"
    assert clean("a\u2069b\u2067") == "ab"
