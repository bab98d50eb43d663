"""One result as a workbook: a sheet to print and a tidy one for machines."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mpsurvey.publication.document import Grid
from mpsurvey.publication.safe_text import one_line
from mpsurvey.publication.xlsx.book import open_book
from mpsurvey.publication.xlsx.end_sheets import write_value
from mpsurvey.publication.xlsx.grids import column_widths, write_grid
from mpsurvey.publication.xlsx.page import Page

__all__ = ["fill_table"]


def fill_table(grid: Grid, frame: pd.DataFrame, path: Path) -> None:
    """Write a laid-out result and its frame to a workbook."""
    book = open_book(path, title=grid.title)
    with book.file:
        widths, stub = column_widths([grid])
        page = Page(book, "Table", widths, title=grid.title)
        first = page.row
        write_grid(page, grid, stub, heading=False)
        page.sheet.freeze_panes(first + 1, 0)
        page.sheet.repeat_rows(first)
        sheet = book.sheet("Data")
        bold = book.look(bold=True)
        for column, name in enumerate(frame.columns):
            book.write(sheet, 0, column, one_line(str(name)), bold)
            for row, value in enumerate(frame[name], start=1):
                write_value(book, sheet, row, column, value)
        sheet.freeze_panes(1, 0)
