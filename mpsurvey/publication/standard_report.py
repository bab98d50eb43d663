"""A report from a table alone: a chapter for each theme, a table and a chart for each indicator."""

from __future__ import annotations

from importlib.util import find_spec

from mpsurvey.errors import MpsurveyError
from mpsurvey.publication.document import Block, ChartBlock, GridBlock, Report, Section
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
    charts: bool = True,
) -> Report:
    """Make a report of a table: for each theme an overview, then each indicator by its groups.

    Each indicator has a chart and a table. Without the extra ``mpsurvey[charts]`` there are tables
    alone, and likewise in Arabic on a machine that has no font for it.

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
    charts
        False for tables alone.

    Returns
    -------
    Report
    """
    language = table.language
    single = [place for place in table.frame["breakdown"].unique() if place and " x " not in place]
    themes: dict[str, list[str]] = {}
    for one in dict.fromkeys(table.frame["indicator"]):
        themes.setdefault(table.indicators[one].theme, []).append(one)
    drawn = charts and _can_draw(language)
    sections = []
    for theme, ids in themes.items():
        blocks: list[Block] = [GridBlock(grid=overview(table, ids, single[0] if single else None))]
        for one in ids:
            blocks += [*(_chart(table, one) if drawn else ()), GridBlock(grid=lay_out(table, one))]
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


def _can_draw(language: str) -> bool:
    """Whether the renderer is installed and has letters of the language."""
    if find_spec("vl_convert") is None:
        return False
    from mpsurvey.publication.charts.rendering import has_letters

    return has_letters(language)


def _chart(table: IndicatorTable, indicator: str) -> tuple[ChartBlock, ...]:
    """Return the chart that suits an indicator; none where there is nothing to compare."""
    from mpsurvey.publication.charts import chart

    own = table.frame[table.frame["indicator"] == indicator]
    if not own["breakdown"].astype(bool).any():
        return ()
    try:
        return (ChartBlock(picture=chart(table, indicator)),)
    except MpsurveyError:
        # Too many lines or groups for a chart: the table that follows has them all.
        return ()
