"""A result as a file of the kind that its name says."""

from __future__ import annotations

import json
from pathlib import Path

from mpsurvey.errors import MpsurveyError
from mpsurvey.publication.document import Report
from mpsurvey.publication.documents import write_docx
from mpsurvey.publication.pages import write_html
from mpsurvey.publication.table import Table, write_whole
from mpsurvey.publication.workbooks import write_xlsx

__all__ = ["FORMATS", "as_json", "as_text", "write_table"]

FORMATS = (".xlsx", ".html", ".docx", ".csv", ".json", ".parquet")


def write_table(content: Table | Report, path: str | Path) -> Path:
    """Write a result or a report to .xlsx, .html, .docx, .csv, .json or .parquet.

    Parameters
    ----------
    content
        `Estimates`, `IndicatorTable` or another result, or a `Report`.
    path
        Where to, whole or not at all; the ending says the format. Workbooks, pages and documents
        are to read, the others hold codes and all digits: of a report, those of its table.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    MpsurveyError
        The ending is another, the folder is absent, or the file is open in another program.
    ExtraMissing
        A document is asked for and python-docx is not installed.
    """
    ending = Path(path).suffix.lower()
    if ending == ".xlsx":
        return write_xlsx(content, path)
    if ending == ".html":
        return write_html(content, path)
    if ending == ".docx":
        return write_docx(content, path)
    table: Table = content.table if isinstance(content, Report) else content
    if ending == ".csv":
        # With the byte order mark Excel reads the letters of every language rightly.
        return write_whole(
            path, lambda spare: table.frame.to_csv(spare, index=False, encoding="utf-8-sig")
        )
    if ending == ".json":
        return write_whole(path, lambda spare: spare.write_text(as_json(table), encoding="utf-8"))
    if ending == ".parquet":
        return write_whole(path, lambda spare: _parquet(table, spare))
    raise MpsurveyError(
        f"{Path(path).name}: tables are written to {', '.join(FORMATS)}, not to '{ending}'."
    )


def as_text(table: Table, form: str) -> str:
    """Return a result as text for a terminal: ``"table"``, ``"csv"`` or ``"json"``."""
    if form == "table":
        return repr(table)
    if form == "csv":
        return table.frame.to_csv(index=False).rstrip()
    if form == "json":
        return as_json(table).rstrip()
    raise MpsurveyError(f"--format {form} is not one of table, csv, json.")


def as_json(table: Table) -> str:
    """Return title, rows and notes as JSON; missing figures are null."""
    rows = json.loads(table.frame.to_json(orient="records", double_precision=15))
    content = {"title": table.title(), "rows": rows, "notes": list(table.footnotes())}
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _parquet(table: Table, path: Path) -> None:
    frame = table.frame
    mixed = frame["category"].map(type).nunique() > 1
    (frame.astype({"category": "string"}) if mixed else frame).to_parquet(path, index=False)
