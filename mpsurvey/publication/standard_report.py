"""A report from a table alone: a chapter for each theme, a table and a chart for each indicator."""

from __future__ import annotations

from mpsurvey.publication.document import Block, GridBlock, Report, Section
from mpsurvey.publication.layout import lay_out, overview
from mpsurvey.publication.wording import theme_title, word
from mpsurvey.tabulation import IndicatorTable

__all__ = ["report_of"]


def report_of(
    table: IndicatorTable,
    *,
    title: str,
    subtitle: str = "",
    date: str = "",
    publisher: str = "",
    facts: tuple[tuple[str, str], ...] = (),
) -> Report:
    """Make a report of a table: for each theme an overview, then each indicator by its groups.

    Parameters
    ----------
    table
        Indicators by group, in the language of the report.
    title, subtitle, publisher
        For the cover.
    date
        As shown. The same inputs and date give the same report.
    facts
        What the figures rest on, as (heading, text); the table's own footnotes follow.

    Returns
    -------
    Report
    """
    language = table.language
    single = [place for place in table.frame["breakdown"].unique() if place and " x " not in place]
    themes: dict[str, list[str]] = {}
    for one in dict.fromkeys(table.frame["indicator"]):
        themes.setdefault(table.indicators[one].theme, []).append(one)
    sections = []
    for theme, ids in themes.items():
        blocks: list[Block] = [GridBlock(grid=overview(table, ids, single[0] if single else None))]
        blocks += [GridBlock(grid=lay_out(table, one)) for one in ids]
        sections.append(Section(id=theme, title=theme_title(theme, language), blocks=tuple(blocks)))
    notes = tuple((word("note", language), note) for note in table.footnotes())
    return Report(
        title=title,
        subtitle=subtitle,
        language=language,
        date=date,
        publisher=publisher,
        sections=tuple(sections),
        table=table,
        facts=(*facts, *notes),
    )
