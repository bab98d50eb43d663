"""A host survey's form and modules become one form, and the form any field system's file."""

from __future__ import annotations

from mpsurvey.questionnaire.form import Questionnaire, new_form, read_xlsform
from mpsurvey.questionnaire.placed import Link, Placed
from mpsurvey.questionnaire.xlsform import write_xlsform, xlsform_bytes

__all__ = [
    "Link",
    "Placed",
    "Questionnaire",
    "new_form",
    "read_xlsform",
    "write_xlsform",
    "xlsform_bytes",
]
