"""The chapters of a profile in one language: findings, themes, changes, governance, steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from mpsurvey.profile.change_grid import change_grid, revision_grid
from mpsurvey.profile.governance import Entry, governance_text
from mpsurvey.profile.live_text import Figures, WrittenText, auxiliary_value, write_text
from mpsurvey.profile.snapshot import findings
from mpsurvey.profile.steps import WorkStep, shown_steps
from mpsurvey.profile.study import Study, wording
from mpsurvey.profile.words import said
from mpsurvey.publication.document import (
    Block,
    Cell,
    ChartBlock,
    Checklist,
    Column,
    Grid,
    GridBlock,
    GridRow,
    Prose,
    Report,
    Section,
)
from mpsurvey.publication.layout import lay_out, overview
from mpsurvey.publication.wording import theme_title, word
from mpsurvey.tabulation import IndicatorTable

__all__ = ["Content", "Made", "make_report"]

_DEPTH = {"decision": 0, "technical": 1, "expert": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """All that a profile shows, in one language.

    Attributes
    ----------
    table
        What the report's files hold: the round described, or all rounds with `round`.
    facts
        What the figures rest on, as (heading, text).
    """

    study: Study
    figures: Figures
    table: IndicatorTable
    steps: Sequence[WorkStep]
    governance: tuple[Entry, ...]
    facts: tuple[tuple[str, str], ...]
    revised: pd.DataFrame | None = None


@dataclass(slots=True)
class Made:
    """A report, and what was found in making its texts."""

    report: Report | None = None
    problems: list[str] = field(default_factory=list)
    withheld: list[str] = field(default_factory=list)


def make_report(content: Content) -> Made:
    """Put the chapters together; problems of the texts are gathered, not raised."""
    study, figures = content.study, content.figures
    language, made = figures.language, Made()
    sections: list[Section] = []

    def add(name: str, title: str, blocks: Sequence[Block]) -> None:
        kept = tuple(x for x in blocks if _DEPTH[x.audience] <= _DEPTH[study.audience])
        if kept:
            sections.append(Section(id=name, title=title, blocks=kept))

    intro = _text("introduction", content, made)
    add("introduction", said("introduction", language), intro.blocks)
    lead = _text("snapshot", content, made)
    # The sentence is for everyone; each finding carries its evidence apart, for technical readers.
    found = findings(figures.table, figures.changes, language=language, lead=study.headlines)
    add("snapshot", word("snapshot", language), [*lead.blocks, *found])
    for theme in dict.fromkeys(one.theme for one in figures.table.indicators.values()):
        add(theme, theme_title(theme, language), _theme(theme, content, made))
    add("changes", word("changes", language), _changes(content, made))
    words = governance_text(content.governance, language)
    governance = _text("governance", content, made)
    entries = [Prose(markdown=words)] if words else []
    add("governance", word("governance", language), [*governance.blocks, *entries])
    other = _text("auxiliary", content, made)
    add("auxiliary", said("auxiliary", language), [*other.blocks, *_auxiliary(content)])
    annex = _text("steps", content, made)
    checklist = Checklist(steps=shown_steps(tuple(content.steps), language))
    add("steps", word("steps", language), [*annex.blocks, checklist])
    add("notes", word("notes", language), _text("notes", content, made).blocks)
    made.report = Report(
        title=study.named(language),
        subtitle=wording(study.subtitle, language),
        publisher=wording(study.publisher, language),
        date=study.date.isoformat() if study.date else "",
        language=language,
        sections=tuple(sections),
        table=content.table,
        facts=content.facts,
    )
    return made


def _text(section: str, content: Content, made: Made) -> WrittenText:
    """The author's text of a section; nothing where there is none in the language."""
    source = content.study.texts.get((section, content.figures.language))
    text = None if source is None else source.text()
    if source is None or text is None or not text.strip():
        return WrittenText()
    written = write_text(text, content.figures, place=source.place, first_line=source.line)
    made.problems += written.problems
    made.withheld += written.withheld
    return written


def _theme(theme: str, content: Content, made: Made) -> list[Block]:
    """The author's text, an overview, then a chart and a table of each indicator."""
    figures, table = content.figures, content.figures.table
    written = _text(theme, content, made)
    ids = [one.id for one in table.indicators.values() if one.theme == theme]
    own = table.frame[table.frame["indicator"].isin(ids)]
    single = [x for x in own["breakdown"].unique() if x and " x " not in x]
    blocks: list[Block] = [*written.blocks]
    if len(ids) > 1:
        blocks.append(
            GridBlock(grid=overview(table, ids, single[0] if single else None), audience="decision")
        )
    for one in ids:
        places = [x for x in own.loc[own["indicator"] == one, "breakdown"].unique() if x]
        if ("chart", one) not in written.shown and figures.draw is not None and places:
            first = [x for x in places if " x " not in x][:1] or places[:1]
            picture = figures.draw(one, tuple(first), None)
            if picture is not None:
                blocks.append(ChartBlock(picture=picture))
        if ("table", one) not in written.shown:
            blocks.append(GridBlock(grid=lay_out(table, one)))
    return blocks


def _changes(content: Content, made: Made) -> list[Block]:
    figures, study = content.figures, content.study
    written = _text("changes", content, made)
    blocks: list[Block] = [*written.blocks]
    changes = figures.changes
    if changes is None or not len(changes):
        return blocks
    language = figures.language
    titles = {one.id: wording(one.title, language) for one in study.rounds}
    level = f"{100 * (1 - study.level):g}"
    note = said("change_note", language, level=level)
    for one in study.headlines:
        if figures.draw is not None and ("chart", one) not in written.shown:
            picture = figures.draw(one, (), "trend") if one in figures.table.indicators else None
            if picture is not None:
                blocks.append(ChartBlock(picture=picture))
    for (earlier, later), part in changes.groupby(["earlier_round", "later_round"], sort=False):
        shared = next(one.shared_psu for one in study.rounds if one.id == later)
        basis = said("shared" if shared else "independent", language)
        title = said("change_title", language, earlier=earlier, later=later)
        whole = part[part["breakdown"] == ""]
        blocks.append(
            GridBlock(
                grid=change_grid(
                    whole, figures.table, title=title,
                    subtitle=f"{titles[str(earlier)]} – {titles[str(later)]}",
                    notes=(note, basis), level=study.level,
                ),
                audience="decision",
            )
        )  # fmt: skip
        for place in [x for x in part["breakdown"].unique() if x]:
            grid = change_grid(
                part[part["breakdown"] == place], figures.table, title=title, place=str(place),
                notes=(note, basis), level=study.level,
            )  # fmt: skip
            blocks.append(GridBlock(grid=grid))
    if content.revised is not None and len(content.revised):
        title = said("revised_title", language)
        blocks.append(GridBlock(grid=revision_grid(content.revised, figures.table, title=title)))
    return blocks


def _auxiliary(content: Content) -> list[Block]:
    language = content.figures.language
    known: Mapping[str, Any] = content.study.auxiliary
    if not known:
        return []
    keys = (("value", said("value", language)), ("unit", word("unit", language)),
            ("year", said("year", language)), ("source", word("source", language)))  # fmt: skip
    rows = tuple(
        GridRow(
            labels=(wording(one.title, language),),
            cells=(
                Cell(text=auxiliary_value(one, language), value=one.value),
                Cell(text=wording(one.unit, language)),
                Cell(text=one.year),
                Cell(text=wording(one.source, language)),
            ),
        )
        for one in known.values()
    )
    notes = tuple(wording(one.note, language) for one in known.values() if one.note)
    grid = Grid(
        id="auxiliary",
        title=said("auxiliary", language),
        stub=(said("figure", language),),
        columns=tuple(
            Column(key=key, heading=heading, decimals=_most_decimals(known))
            for key, heading in keys
        ),
        rows=rows,
        notes=notes,
    )
    return [GridBlock(grid=grid, audience="decision")]


def _most_decimals(known: Mapping[str, Any]) -> int:
    given = [
        one.decimals if one.decimals is not None else len(f"{one.value:.10g}".partition(".")[2])
        for one in known.values()
    ]
    return min(max(given, default=0), 6)
