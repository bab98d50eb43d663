"""A result or a report as a document for Word."""

from __future__ import annotations

from pathlib import Path

from mpsurvey.publication.document import Report
from mpsurvey.publication.docx import report_bytes, table_bytes
from mpsurvey.publication.layout import plain
from mpsurvey.publication.standard_report import report_of
from mpsurvey.publication.table import Table, write_whole
from mpsurvey.tabulation import IndicatorTable

__all__ = ["write_docx"]


def write_docx(
    content: Table | Report, path: str | Path, *, template: str | Path | None = None
) -> Path:
    """Write a result or a report as a document for Word and LibreOffice.

    A report has a cover, contents that lead to every section, table and figure, the sections, and
    notes on what the figures rest on. Everything stands in named styles, so that its looks can be
    changed at once: the headings, *Caption*, *List Bullet* and *List Number* of Word, and
    *Finding*, *Finding basis*, *Table text*, *Table number*, *Table heading*, *Table group*,
    *Table note* and the table style *Report table*. The same report gives the same bytes.
    A table of indicators is made a report first (`report_of`).

    Parameters
    ----------
    content
        `Estimates`, `IndicatorTable` or another result, or a `Report`.
    path
        Where to; written whole or not at all.
    template
        An author's own .docx: its page, header, footer and styles are used, its text is not. Styles
        that it lacks are added.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    MpsurveyError
        The folder or the template is absent, or a file is open in another program.
    ExtraMissing
        python-docx is not installed.
    """
    own = Path(template).expanduser() if template is not None else None
    if isinstance(content, IndicatorTable):
        content = report_of(content, title=content.title())
    if isinstance(content, Report):
        made = report_bytes(content, own)
    else:
        made = table_bytes(plain(content), own)
    return write_whole(path, lambda spare: spare.write_bytes(made))
