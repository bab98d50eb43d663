"""A table becomes a file that a person can open, or another program."""

from mpsurvey.publication.dataset import write_dataset
from mpsurvey.publication.documents import write_docx
from mpsurvey.publication.files import FORMATS, as_text, write_table
from mpsurvey.publication.pages import write_html
from mpsurvey.publication.sdmx import write_sdmx
from mpsurvey.publication.table import Table
from mpsurvey.publication.table_ddi import write_table_ddi
from mpsurvey.publication.workbooks import write_xlsx

__all__ = [
    "FORMATS",
    "Table",
    "as_text",
    "write_dataset",
    "write_docx",
    "write_html",
    "write_sdmx",
    "write_table",
    "write_table_ddi",
    "write_xlsx",
]
