"""Live figures: a text says what the table says, and mistakes are told with their line."""

import pandas as pd
import pytest

import mpsurvey as mp
from mpsurvey.profile.live_text import Figures, write_text
from mpsurvey.profile.study import Auxiliary
from mpsurvey.publication.document import GridBlock, Prose
from mpsurvey.publication.layout import lay_out


@pytest.fixture(scope="module")
def table():
    people = pd.DataFrame(
        {
            "w": 10.0,
            "ea": [i // 20 for i in range(400)],
            "sex": [1 + i % 2 for i in range(400)],
            "foreign_born": [1 if i % 7 == 0 else 0 for i in range(400)],
        }
    )
    sample = mp.Sample(people, mp.Design(weight="w", psu="ea"))
    made = mp.tabulate(sample, mp.load_catalogue().indicators("TRD02"), by=("sex",))
    return mp.assess(made, {"like": "dhs"})


@pytest.fixture
def figures(table):
    gdp = Auxiliary(
        id="gdp", title={"en": "GDP"}, value=12.5, unit={"en": "bn"}, year="2025",
        source={"en": "National accounts"},
    )  # fmt: skip
    return Figures(tables={"2026": table}, language="en", auxiliary={"gdp": gdp})


def said(text, figures):
    made = write_text(text, figures, place="intro.md")
    assert made.problems == []
    return "".join(block.markdown for block in made.blocks if isinstance(block, Prose))


def test_the_text_says_what_the_table_says(figures, table):
    cells = lay_out(table, "TRD02").rows[0].cells
    assert said("{{ TRD02 }}", figures) == f"{cells[0].text}\N{NO-BREAK SPACE}%"
    interval = f"{cells[1].text} to {cells[2].text}\N{NO-BREAK SPACE}%"
    assert said("{{ TRD02.interval }}", figures) == interval
    assert said("{{ TRD02.n where sex=2 }}", figures) == "200"
    assert said("{{ gdp.value }} {{ gdp.unit }}, {{ gdp.year }}", figures) == "12.5 bn, 2025"
    assert said("{{ TRD02.words }}", figures).startswith("between ")


def test_words_never_claim_more_than_the_interval(figures, table):
    low, high = (100 * table.frame.loc[0, name] for name in ("ci_low", "ci_high"))
    words = said("{{ TRD02.words }}", figures).split()
    assert float(words[1]) <= low
    assert float(words[3]) >= high


def test_a_table_stands_between_paragraphs(figures):
    made = write_text("Before.\n\n{{ table TRD02 by sex }}\n\nAfter.", figures, place="a.md")
    assert [type(block) for block in made.blocks] == [Prose, GridBlock, Prose]
    assert made.shown == {("table", "TRD02")}


def test_every_mistake_is_told_at_once_with_its_line(figures):
    text = (
        "{{ TRD2.estimate }}\n{{ TRD02.estmate }}\n{{ TRD02 where sx=2 }}\n"
        "{{ TRD02 where sex=7 }}\n"
        "see {{ table TRD02 }} here\n{{ EMP03 }}\n{{ gdpp.value }}\n{{ TRD02.change }}\n{{ open"
    )
    made = write_text(text, figures, place="intro.md", first_line=3)
    assert [int(one.split(":")[1]) for one in made.problems] == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    everything = "\n".join(made.problems)
    for words in ("Did you mean 'estimate'", "Did you mean 'sex'", "1, 2", "a line of its own",
                  "no indicator 'EMP03'", "Did you mean 'gdp'", "one round",
                  "not closed"):  # fmt: skip
        assert words in everything


def test_a_withheld_figure_is_marked_and_told(table, figures):
    frame = table.frame.copy()
    hidden = frame["sex"] == 2
    frame.loc[hidden, ["estimate", "se", "ci_low", "ci_high", "cv"]] = float("nan")
    frame.loc[hidden, ["status", "mark", "reason"]] = ("withhold", "..", "few respondents")
    from dataclasses import replace

    other = replace(figures, tables={"2026": replace(table, frame=frame)})
    made = write_text("Women: {{ TRD02 where sex=2 }}.", other, place="intro.md")
    assert made.blocks[0].markdown == "Women: withheld."
    assert made.withheld == ["intro.md:1: TRD02 where sex=2 is withheld: few respondents"]


def test_braces_can_be_written(figures):
    assert said(r"A \{{ pair", figures) == "A {{ pair"
