"""Workbooks: of one result, and of a report with contents, themes, notes and figures."""

from mpsurvey.publication.xlsx.report_book import fill_report
from mpsurvey.publication.xlsx.table_book import fill_table

__all__ = ["fill_report", "fill_table"]
