"""What is published, whatever the format: sections of text, tables, charts and checklists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import pandas as pd

from mpsurvey.tabulation import IndicatorTable

__all__ = [
    "Block",
    "Cell",
    "ChartBlock",
    "Checklist",
    "Column",
    "Finding",
    "Grid",
    "GridBlock",
    "GridRow",
    "Picture",
    "Prose",
    "Report",
    "Section",
    "Step",
]

Audience = Literal["decision", "technical", "expert"]
"""For whom: decision makers, technical officials, researchers."""


class Picture(Protocol):
    """A chart as the writers need it; `mpsurvey.Chart` is one."""

    @property
    def id(self) -> str:
        """A name that is safe in files and addresses, such as ``EMP03-by-sex``."""

    @property
    def title(self) -> str:
        """What it shows."""

    @property
    def alt(self) -> str:
        """The same in words, for those who do not see it."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Source, respondents and cautions."""

    @property
    def data(self) -> pd.DataFrame:
        """The figures drawn, withheld ones left out."""

    def svg(self) -> str:
        """Return it as an SVG."""

    def png(self, *, scale: float = 2.0) -> bytes:
        """Return it as a PNG."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A figure in a table.

    Attributes
    ----------
    text
        As shown, in the report's language; ``"(..)"`` and the like where it is withheld.
    value
        The number in the units shown (percent, not share); None where it is withheld or missing.
    mark
        Sign of reliability or confidentiality beside it, explained in `Grid.marks`; may be empty.
    """

    text: str
    value: float | None = None
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of figures: its key (``estimate``, ``n``, a group), heading and decimals."""

    key: str
    heading: str
    decimals: int = 0
    group: str = ""
    """Heading above several columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRow:
    """A row: labels of its stub and a cell per column; a heading over rows has no cells."""

    labels: tuple[str, ...]
    cells: tuple[Cell, ...] = ()
    heading: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table laid out for reading and printing: the same in workbook, page and document.

    Attributes
    ----------
    id
        Safe in sheet names, anchors and files.
    title, subtitle
        What it shows; unit and population.
    stub
        Headings of the label columns.
    columns, rows
        As laid out; every row but a heading has a cell per column.
    marks
        Signs used and what they mean.
    notes
        Definition, source, caveat.
    """

    id: str
    title: str
    stub: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[GridRow, ...]
    subtitle: str = ""
    marks: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """An author's text, in Markdown: paragraphs, emphasis, lists, links, small headings."""

    markdown: str
    audience: Audience = "decision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A sentence that the figures support, and the figures it rests on.

    Attributes
    ----------
    text
        The sentence, plain text.
    headline
        A figure to show large beside it, such as ``"12 %"``; empty where there is none.
    indicator, breakdown
        Where its figures stand in the table.
    basis
        For technical readers: estimate, interval, test, respondents.
    kind
        ``"level"``, ``"gap"``, ``"change"``, ``"contribution"``, ``"none"`` (nothing can be said).
    """

    text: str
    kind: str
    indicator: str
    breakdown: str = ""
    headline: str = ""
    basis: str = ""
    audience: Audience = "decision"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartBlock:
    """A chart in its place."""

    picture: Picture
    audience: Audience = "decision"


@dataclass(frozen=True, slots=True, kw_only=True)
class GridBlock:
    """A table in its place."""

    grid: Grid
    audience: Audience = "technical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of the work on a profile: who answers for it, by when, what shows that it is done."""

    number: int
    phase: str
    title: str
    done: bool
    body: str = ""
    date: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """The steps of the work on a profile."""

    steps: tuple[Step, ...]
    audience: Audience = "technical"


Block = Prose | Finding | ChartBlock | GridBlock | Checklist


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A chapter: a theme, the snapshot, governance, an annex.

    Attributes
    ----------
    id
        ``"snapshot"``, ``"governance"``, ``"notes"``, ``"steps"`` or a theme of the catalogue.
    title
        In the report's language.
    blocks
        In the order shown.
    """

    id: str
    title: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A whole publication in one language; the writers turn it into a workbook, page or document.

    Attributes
    ----------
    title, subtitle
        For the cover.
    language
        ``"en"``, ``"fr"``, ``"es"``, ``"ru"`` or ``"ar"``; Arabic runs from right to left.
    date
        As shown; given by the caller, so that the same inputs give the same report.
    sections
        In the order shown.
    table
        Every figure, for the sheet and the files that machines read. Withheld figures are absent.
    facts
        What the figures rest on: (heading, text) pairs such as design, weights, software.
    """

    title: str
    table: IndicatorTable
    sections: tuple[Section, ...]
    language: str = "en"
    subtitle: str = ""
    date: str = ""
    publisher: str = ""
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def right_to_left(self) -> bool:
        """Whether the language runs from right to left."""
        return self.language in ("ar", "fa", "he", "ur")

    def blocks(self) -> Iterator[Block]:
        """Go through all blocks in the order shown."""
        for section in self.sections:
            yield from section.blocks
