"""Documents for Word: a report in styles that an author can change."""

from mpsurvey.publication.docx.report_document import report_bytes, table_bytes

__all__ = ["report_bytes", "table_bytes"]
