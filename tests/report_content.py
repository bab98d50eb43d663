"""Reports that the tests of workbooks and documents write."""

import dataclasses
import struct
import zlib
from functools import cache

import numpy as np
import pandas as pd

import mpsurvey as mp
from mpsurvey.publication.document import (
    ChartBlock,
    Checklist,
    Finding,
    Grid,
    GridBlock,
    GridRow,
    Prose,
    Report,
    Section,
    Step,
)
from mpsurvey.publication.layout import lay_out, overview
from mpsurvey.publication.wording import word

HOSTILE = (
    "<script>alert(1)</script>",
    '=cmd|"/c calc"!A1',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "https://example.org/x",
    'O\'Brien & "sons"',
    "nul\x00 and tab\x0band bell\x07",
    "turned \u202egnp.exe",
    "لاجئون ونازحون",
    "long " * 40,
)
MARKDOWN = """Text with **strong** and *soft* words, `code` and a [link](https://example.org/a?b=1&c=2).

## A small heading

- first
- second
    - inner

1. one
2. two

A break.

1. again one

> quoted

| Group | Share |
|---|---|
| Men | 12 |
| Women | 14 |

[not a link](javascript:alert(1)) <b>not bold</b>
"""


@dataclasses.dataclass(frozen=True)
class _Picture:
    id: str
    title: str = "A picture"
    alt: str = "What the picture says"
    notes: tuple[str, ...] = ("Source: the survey.",)
    dots: int = 0

    @property
    def data(self):
        return pd.DataFrame()

    def svg(self):
        return "<svg xmlns='http://www.w3.org/2000/svg'/>"

    def png(self, *, scale=2.0):
        wide, high = round(300 * scale), round(160 * scale)

        def chunk(kind, data):
            crc = struct.pack(">I", zlib.crc32(kind + data))
            return struct.pack(">I", len(data)) + kind + data + crc

        rows = (b"\x00" + b"\x60\x90\xc0" * wide) * high
        head = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
        finer = round(self.dots / 0.0254)
        stated = chunk(b"pHYs", struct.pack(">IIB", finer, finer, 1)) if self.dots else b""
        body = (
            chunk(b"IHDR", head)
            + stated
            + chunk(b"IDAT", zlib.compress(rows))
            + chunk(b"IEND", b"")
        )
        return b"\x89PNG\r\n\x1a\n" + body


def cleaned(label):
    """Say what a reader is to find of a hostile label."""
    shown = label.replace("\x00", "\ufffd").replace("\x07", "\ufffd").replace("\x0b", " ")
    return shown.replace("\u202e", "").strip()


def picture(name, dots=0):
    return _Picture(name, dots=dots)


@cache
def table(language="en"):
    """Return the same figures in any language; they are made once."""
    if language != "en":
        return dataclasses.replace(table(), language=language)
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "w": rng.uniform(50, 150, 800),
            "psu": np.repeat(np.arange(40), 20),
            "sex": rng.integers(1, 3, 800),
            "region": rng.integers(1, 6, 800),
            "mig_status": rng.choice([0, 1, 2], 800, p=[0.8, 0.1, 0.1]),
            "lfs": rng.choice([1, 2, 3], 800, p=[0.6, 0.1, 0.3]),
            "age": rng.integers(15, 70, 800),
        }
    )
    sample = mp.Sample(frame, mp.Design(weight="w", psu="psu"))
    wanted = mp.load_catalogue().indicators("EMP01", "EMP03")
    made = mp.tabulate(sample, wanted, by=("sex", "region"))
    figures = ["estimate", "se", "ci_low", "ci_high", "cv", "deff", "df", "n", "population"]
    judged = made.frame.assign(status="publish", mark="", reason="")
    hidden = judged["region"] == 3
    judged.loc[hidden, figures] = np.nan
    judged.loc[hidden, ["status", "mark", "reason"]] = ["withhold", "c", "confidential"]
    doubted = judged["region"] == 4
    judged.loc[doubted, ["status", "mark", "reason"]] = ["flag", "u", "wide interval"]
    labels = {"sex": {1: "Men", 2: "Women"}, "region": {n: f"Region {n}" for n in range(1, 6)}}
    titles = {"sex": "Sex", "region": "Region"}
    return dataclasses.replace(made, frame=judged, labels=labels, titles=titles)


@cache
def plain_report(language="en"):
    made = table(language)
    grid = dataclasses.replace(lay_out(made, "EMP01"), title="EMP01 Wage employment")
    sections = (
        Section(
            id="snapshot",
            title=word("snapshot", language),
            blocks=(
                Prose(markdown=MARKDOWN),
                Finding(
                    text="Between 3 and 4 in 100 employed persons are immigrants.",
                    kind="level",
                    indicator="EMP01",
                    headline="3.5 %",
                    basis="95 % confidence interval 2.8 to 4.4.",
                ),
                Finding(
                    text="The survey cannot tell whether unemployment differs.",
                    kind="gap",
                    indicator="EMP03",
                    headline="between 11 and 14 in 100",
                ),
            ),
        ),
        Section(
            id="employment",
            title=word("theme_employment", language),
            blocks=(
                GridBlock(grid=grid),
                ChartBlock(picture=picture("EMP01-by-sex")),
                GridBlock(grid=overview(made, ("EMP01", "EMP03"), "region")),
                GridBlock(grid=lay_out(made, "EMP03")),
            ),
        ),
        Section(
            id="steps",
            title=word("steps", language),
            blocks=(
                Checklist(
                    steps=(
                        Step(
                            number=1,
                            phase="Framework",
                            title="Agree who steers",
                            done=True,
                            body="Statistical office",
                            date="2026-01-15",
                            evidence="Minutes of the first meeting",
                        ),
                        Step(number=2, phase="Framework", title="List the sources", done=False),
                        Step(number=3, phase="Follow-up", title="Review", done=False),
                    )
                ),
            ),
        ),
    )
    return Report(
        title="Migration Profile of Auralia",
        subtitle="Employment",
        publisher="A & B Statistics",
        date="2026-03-05",
        language=language,
        table=made,
        sections=sections,
        facts=(("Design", "40 PSUs."), ("Weights", "12 steps of weighting, see the diary.")),
    )


def long_grid(rows):
    short = lay_out(table(), "EMP01")
    row = short.rows[0]
    many = tuple(GridRow(labels=(f"District {n}",), cells=row.cells) for n in range(rows))
    return dataclasses.replace(short, rows=many)


def wide_grid(columns):
    made = overview(table(), ("EMP01", "EMP03"), "region")
    wide = tuple(
        dataclasses.replace(made.columns[1], key=f"k{n}", heading=f"Province {n}")
        for n in range(columns)
    )
    rows = tuple(dataclasses.replace(row, cells=(row.cells[1],) * columns) for row in made.rows)
    return dataclasses.replace(made, columns=wide, rows=rows)


def rounds_report():
    made = table()
    frame = made.frame.rename(columns={"sex": "round"}).replace({"breakdown": {"sex": "round"}})
    frame["round"] = frame["round"].map({1: "2022", 2: "2026"}, na_action="ignore")
    labels = {"region": made.labels["region"]}
    own = dataclasses.replace(made, frame=frame, labels=labels, titles={"round": "Round"})
    grid = lay_out(own, "EMP01", by=("round",))
    section = Section(id="employment", title="Employment", blocks=(GridBlock(grid=grid),))
    return dataclasses.replace(plain_report(), table=own, sections=(section,))


def hostile_report():
    """Return a report in which everything that an author or a file names is hostile."""
    base = plain_report()
    made = base.table
    labels = {
        "sex": {1: HOSTILE[0], 2: HOSTILE[1]},
        "region": {n: HOSTILE[n + 1] for n in range(1, 6)},
    }
    titles = {"sex": HOSTILE[7], "region": HOSTILE[8]}
    own = dataclasses.replace(made, labels=labels, titles=titles)
    grid: Grid = lay_out(own, "EMP01")
    sections = tuple(
        Section(
            id=f"s{at}",
            title=label,
            blocks=(
                Prose(markdown=label),
                Finding(text=label, kind="level", indicator="EMP01", headline=label, basis=label),
                GridBlock(
                    grid=dataclasses.replace(
                        grid, title=label, subtitle=label, notes=(label,), marks=(("u", label),)
                    )
                ),
                ChartBlock(picture=_Picture(f"p{at}", title=label, alt=label, notes=(label,))),
                Checklist(
                    steps=(
                        Step(
                            number=1,
                            phase=label,
                            title=label,
                            done=True,
                            body=label,
                            date=label,
                            evidence=label,
                        ),
                    )
                ),
            ),
        )
        for at, label in enumerate(HOSTILE)
    )
    return dataclasses.replace(
        base,
        title=HOSTILE[1],
        subtitle=HOSTILE[0],
        publisher=HOSTILE[7],
        date=HOSTILE[2],
        table=own,
        sections=sections,
        facts=tuple((label, label) for label in HOSTILE),
    )
