"""A table becomes a file that a person can open."""

from mpsurvey.publication.files import FORMATS, as_text, write_table
from mpsurvey.publication.pages import write_html
from mpsurvey.publication.table import Table
from mpsurvey.publication.workbooks import write_xlsx

__all__ = ["FORMATS", "Table", "as_text", "write_html", "write_table", "write_xlsx"]
