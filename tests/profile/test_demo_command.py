"""`mpsurvey demo` from end to end, and what a reader finds in its files."""

import datetime
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import openpyxl
import pytest
from typer.testing import CliRunner

from mpsurvey import read
from mpsurvey.cli import app
from mpsurvey.errors import MpsurveyError
from mpsurvey.profile import run_demo
from mpsurvey.profile.demo.picture import draw_picture

FILES = ("auralia_persons.sav", "auralia_households.sav", "demo.xlsx", "demo.html", "demo.svg")
ROAD = (
    "auralia_2022_households.sav", "auralia_2022_persons.sav", "governance.yaml", "plan.csv",
    "profile", "profile.yaml", "questionnaire.xlsx", "steps.yaml", "text", "totals_2022.csv",
    "totals_2026.csv", "weights.yaml",
)  # fmt: skip
DAY = datetime.date(2026, 11, 23)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return run_demo(tmp_path_factory.mktemp("demo"), seed=3, made_on=DAY, whole_road=False)


def file_of(made, name):
    return next(path for path in made.files if path.name == name)


def test_the_command_makes_every_file(tmp_path, monkeypatch):
    monkeypatch.setenv("MPSURVEY_STORE", str(tmp_path / "store"))
    result = CliRunner().invoke(app, ["demo", "--to", str(tmp_path / "new" / "folder")])
    assert result.exit_code == 0, result.output
    folder = tmp_path / "new" / "folder"
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES + ROAD)
    assert "intervals contain the truth" in " ".join(result.output.split())
    assert "Unemployment rate: immigrants" in result.output
    written = {path.name for path in (folder / "profile").iterdir()}
    assert {"auralia_en.html", "auralia_fr.html", "auralia_en.xlsx", "manifest.json"} <= written
    # the study it leaves can be built again, and by then nothing is computed anew
    again = CliRunner().invoke(
        app, ["profile", "build", str(folder), "--to", str(folder / "profile")]
    )
    assert again.exit_code == 0, again.output
    assert "0 parts made" in again.output


def test_the_same_seed_and_day_write_the_same_bytes(made, tmp_path):
    again = run_demo(tmp_path, seed=3, made_on=DAY, whole_road=False)
    for first, second in zip(made.files, again.files, strict=True):
        assert first.name == second.name
        assert first.read_bytes() == second.read_bytes()


def test_another_seed_gives_another_survey(made, tmp_path):
    other = run_demo(tmp_path, seed=4, made_on=DAY, whole_road=False)
    assert other.figures[0].estimate != made.figures[0].estimate


def test_a_folder_that_is_a_file_is_refused_in_words(tmp_path):
    file = tmp_path / "demo"
    file.write_text("not a folder")
    with pytest.raises(MpsurveyError, match="cannot be made"):
        run_demo(file)


def test_a_negative_seed_is_refused_in_words(tmp_path):
    with pytest.raises(MpsurveyError, match="0 or more"):
        run_demo(tmp_path, seed=-1)


class Outline(HTMLParser):
    """Which tags a page has, with their attributes, and its words."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)


def test_the_page_is_whole_and_needs_nothing_else(made):
    text = file_of(made, "demo.html").read_text(encoding="utf-8")
    page = Outline()
    page.feed(text)
    tags = [tag for tag, _ in page.tags]
    assert tags.count("table") == 1
    assert "caption" in tags
    assert "script" not in tags
    assert not re.search(r'(src|href)="', text)
    assert ("html", {"lang": "en"}) in page.tags
    scopes = [given.get("scope") for tag, given in page.tags if tag == "th"]
    assert scopes.count("row") == len(made.figures)
    assert scopes.count("rowgroup") == 4
    assert set(scopes) == {"row", "col", "rowgroup"}
    words = " ".join(page.words)
    assert "Fictional data" in words
    assert "2026-11-23" in words
    assert "enumeration areas in 15 strata" in words
    for figure in made.figures:
        assert figure.label in words


def test_the_picture_is_told_to_those_who_do_not_see_it(made):
    picture = ElementTree.fromstring(file_of(made, "demo.svg").read_text(encoding="utf-8"))  # noqa: S314 - our own file
    assert picture.get("role") == "img"
    described = {picture.find(f"{{*}}{name}").get("id") for name in ("title", "desc")}
    assert described == set(picture.get("aria-labelledby").split())
    assert "Immigrants: " in picture.find("{*}desc").text


def test_the_picture_stays_inside_its_frame(made):
    picture = ElementTree.fromstring(draw_picture(made.figures, "A title"))  # noqa: S314 - our own file
    _, _, width, height = map(float, picture.get("viewBox").split())
    for circle in picture.iter("{*}circle"):
        assert 0 < float(circle.get("cx")) < width
        assert 0 < float(circle.get("cy")) < height
    for line in picture.iter("{*}line"):
        assert 0 < float(line.get("x1")) <= float(line.get("x2")) < width


def test_the_workbook_holds_numbers(made):
    book = openpyxl.load_workbook(file_of(made, "demo.xlsx"))
    assert book.sheetnames == ["Figures", "Notes"]
    rows = [row for row in book["Figures"].iter_rows(values_only=True) if row[6] is not None]
    heads, rows = rows[0], rows[1:]
    assert heads[:8] == (
        "Figure", "Unit", "Estimate", "Standard error", "95 % low", "95 % high", "n", "Truth",
    )  # fmt: skip
    assert len(rows) == len(made.figures)
    for row, figure in zip(rows, made.figures, strict=True):
        assert row[0] == figure.label
        assert row[2:8] == pytest.approx(
            (figure.estimate, figure.se, figure.low, figure.high, figure.n, figure.truth)
        )
        assert row[8] == ("yes" if figure.covers else "no")


def test_a_user_gets_the_same_figure_in_two_lines(made):
    import mpsurvey as mp

    people = mp.Sample(read(file_of(made, "auralia_persons.sav")))
    found = mp.proportion(people, "mb_cob != 901", where="lfs == 1 and answered(mb_cob)")
    shown = next(figure for figure in made.figures if figure.key == "employed")
    assert found.frame["estimate"][0] == shown.estimate
    assert found.frame["se"][0] == shown.se
