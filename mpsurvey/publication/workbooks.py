"""A result or a report as an Excel workbook."""

from __future__ import annotations

from pathlib import Path

from mpsurvey.publication.document import Report
from mpsurvey.publication.layout import plain
from mpsurvey.publication.standard_report import report_of
from mpsurvey.publication.table import Table, write_whole
from mpsurvey.publication.xlsx import fill_report, fill_table
from mpsurvey.tabulation import IndicatorTable

__all__ = ["write_xlsx"]


def write_xlsx(content: Table | Report, path: str | Path) -> Path:
    """Write a result or a report as an Excel workbook.

    Of a result, the first sheet is to read and print: title, labels, figures, what they rest on.
    The second holds the same figures with codes and all digits, a row each, for other programs.

    A report has a sheet of contents, one for each section with its tables and Excel's own charts,
    one of notes, one of all figures for machines, and one of what the charts draw. Numbers are
    numbers, withheld figures are words; text is never read as a formula or a link. The same report
    gives the same bytes. A table of indicators is made a report first (`report_of`).

    Parameters
    ----------
    content
        `Estimates`, `IndicatorTable` or another result, or a `Report`.
    path
        Where to; written whole or not at all.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    MpsurveyError
        The folder is absent, or the file is open in another program.
    """
    if isinstance(content, IndicatorTable):
        content = report_of(content, title=content.title())
    if isinstance(content, Report):
        report = content
        return write_whole(path, lambda spare: fill_report(report, spare))
    table = content
    return write_whole(path, lambda spare: fill_table(plain(table), table.frame, spare))
