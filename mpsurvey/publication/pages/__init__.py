"""A result or a report as one self-contained web page that opens offline and prints well."""

from __future__ import annotations

from pathlib import Path

from mpsurvey.publication.document import Report
from mpsurvey.publication.layout import plain
from mpsurvey.publication.pages.elements import element, joined
from mpsurvey.publication.pages.grids import Page, grid_table
from mpsurvey.publication.pages.outline import Anchors
from mpsurvey.publication.pages.report_page import document, report_page
from mpsurvey.publication.standard_report import report_of
from mpsurvey.publication.table import Table, write_whole
from mpsurvey.tabulation import IndicatorTable

__all__ = ["write_html"]


def write_html(result: Report | Table, path: str | Path) -> Path:
    """Write a report or a result as a web page: one file, nothing fetched.

    A report becomes a publication with contents, search, three levels of detail and its figures to
    save; a table of several indicators is made a report first (`report_of`). Any other result
    becomes one table without a script: each figure with its interval drawn beside it on a common
    scale, and below it what the figures rest on. Labels and texts are escaped, so that nothing in
    them can act; without scripts everything is shown. The same input gives the same bytes.

    Parameters
    ----------
    result
        A `Report`, an `IndicatorTable`, `Estimates` or another result.
    path
        Where to; written whole or not at all.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    MpsurveyError
        The folder is absent, the file is open in another program, or a chart is no SVG.
    """
    text = page(result)
    return write_whole(path, lambda spare: spare.write_text(text, encoding="utf-8", newline="\n"))


def page(result: Report | Table) -> str:
    """Return the page as text."""
    if isinstance(result, Report):
        return report_page(result)
    if isinstance(result, IndicatorTable) and len(result.indicators) > 1:
        return report_page(report_of(result, title=result.title()))
    return _table_page(result)


def _table_page(table: Table) -> str:
    grid = plain(table)
    setting = Page(language="en", anchors=Anchors(), places={})
    body = element(
        "main",
        element("h1", grid.title),
        element("div", grid_table(grid, setting, about=grid.title, named=False), class_="table"),
        class_="single",
        id="content",
    )
    return document(joined(body), title=grid.title, language="en")
