"""A small report with everything that a report can hold, and labels that would like to act."""

import pandas as pd
import pytest

import mpsurvey as mp
from mpsurvey.publication.document import (
    Cell,
    ChartBlock,
    Checklist,
    Column,
    Finding,
    Grid,
    GridBlock,
    GridRow,
    Prose,
    Report,
    Section,
    Step,
)
from mpsurvey.tabulation import IndicatorTable

HOSTILE = (
    "<script>alert(1)</script>",
    '=cmd|"/c calc"!A1',
    'O\'Brien & "sons"',
    "</style><img src=x onerror=alert(1)>",
    "]]><svg onload=alert(1)>",
    "لاجئون ونازحون",
    "safe\u202egnp.exe",
    "open\u2067 isolate",
    "x" * 200,
    "null\x00byte",
)


class Drawing:
    """A chart made by hand, as the charts of this library come: marks that carry their words."""

    id = "EMP03-by-sex"
    title = "Wage employment <b>by sex</b>"
    alt = "Men 12 %, women 15 %."
    notes = ("Source: labour force survey & register.",)
    data = pd.DataFrame({"sex": ["Men", "=1+1"], "estimate": [12.25, 15.0], "n": [100, None]})
    drawn = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
    width="300" height="80" viewBox="0 0 300 80"><script>alert(1)</script>
    <style>*{fill:url(https://example.org/x)}</style><rect width="300" height="80" fill="white"/>
    <defs><clipPath id="c"><rect width="300" height="80"/></clipPath></defs>
    <g clip-path="url(#c)" class="mark-rule role-mark">
    <path d="M10.123456,10H90" stroke="#0b5c8a" onclick="alert(1)"><title>Men: 12 (10 to 14)</title>
    </path><path d="M30,40H120" stroke="#0b5c8a"><title>Women: 15 (12 to 18)</title></path></g>
    <image href="https://example.org/x.png"/>
    <a xlink:href="javascript:alert(1)"><text>out</text></a>
    <rect fill="url(https://example.org/y)" width="3" height="3"/>
    <foreignObject><b>out</b></foreignObject>
    <text x="5" y="70" fill="#222">Men &lt;i&gt;</text></svg>
    """

    def svg(self):
        return self.drawn

    def png(self, *, scale=2.0):
        return b""


def grid(labels, *, name="EMP03", title="EMP03 Wage employment"):
    figures = [
        ("estimate", "Estimate", 1, ""),
        ("ci_low", "Lower limit", 1, "95 % confidence interval"),
        ("ci_high", "Upper limit", 1, "95 % confidence interval"),
        ("n", "Respondents", 0, ""),
    ]
    rows = [
        GridRow(
            labels=("All",),
            cells=tuple(Cell(text=f"{x:g}", value=x) for x in (12.25, 10.0, 14.5, 4000.0)),
        ),
        GridRow(labels=("Sex",), heading=True),
    ]
    for place, label in enumerate(labels):
        low = Cell(text=f"{place}", value=float(place))
        cells = (Cell(text=f"{place + 1}", value=place + 1.0, mark="u"), low, low, low)
        rows.append(GridRow(labels=(label,), cells=cells))
    hidden = Cell(text="c", mark="c")
    rows.append(GridRow(labels=("Few",), cells=(hidden, hidden, hidden, hidden)))
    return Grid(
        id=name,
        title=title,
        subtitle="percent of persons",
        stub=("Group",),
        columns=tuple(Column(key=k, heading=h, decimals=d, group=g) for k, h, d, g in figures),
        rows=tuple(rows),
        marks=(("u", "use with caution"), ("c", "confidential")),
        notes=("Caution: not of migrants who left.",),
    )


def report_in(language, labels=HOSTILE):
    catalogue = mp.load_catalogue()
    known = {one.id: one for one in catalogue.indicators(theme="employment")}
    ids = list(known)[:4]
    frame = pd.DataFrame(
        {
            "indicator": ids,
            "theme": "employment",
            "breakdown": "",
            "statistic": "proportion",
            "variable": "x",
            "category": None,
            "estimate": 0.12,
        }
    )
    table = IndicatorTable(
        frame=frame, indicators={one: known[one] for one in ids}, language=language
    )
    first = ids[0]
    drawing = Drawing()
    drawing.id = f"{first}-by-sex"
    text = (
        "# A heading\n\nText with **weight**, [the web](https://example.org), "
        "[here](#notes), [a trap](javascript:alert(1)).\n\n#### Deep\n\n"
        "<script>alert(1)</script>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    steps = (
        Step(number=1, phase="Framework", title="Decide", done=True, body="Office", date="2026"),
        Step(number=2, phase="Launch", title=labels[0] if labels else "Print", done=False),
    )
    overview = grid(labels[:1] or ("Men",), name="overview", title="Overview")
    return Report(
        title="Migration & work",
        subtitle="A profile",
        date="March 2026",
        publisher=labels[0] if labels else "Statistics Auralia",
        language=language,
        table=table,
        facts=(("Design", "240 areas in 12 strata."), ("Software", "mpsurvey")),
        sections=(
            Section(
                id="snapshot",
                title="Main findings",
                blocks=(
                    Finding(
                        text="Between 10 and 15 in 100.",
                        kind="level",
                        indicator=first,
                        headline="−12.2 %",
                        basis="4,000 respondents",
                    ),
                    Finding(text="Nothing can be said.", kind="none", indicator="ABSENT"),
                ),
            ),
            Section(
                id="employment",
                title="Employment",
                blocks=(
                    Prose(markdown=text),
                    GridBlock(grid=overview),
                    ChartBlock(picture=drawing),
                    GridBlock(grid=grid(labels or ("Men", "Women"), name=first, title=first)),
                    Prose(markdown="For experts.", audience="expert"),
                    ChartBlock(picture=drawing),
                ),
            ),
            Section(id="steps", title="Steps", blocks=(Checklist(steps=steps),)),
        ),
    )


@pytest.fixture(scope="session")
def make_report():
    return report_in


@pytest.fixture(scope="session")
def hostile():
    return HOSTILE


@pytest.fixture(scope="session")
def make_grid():
    return grid
