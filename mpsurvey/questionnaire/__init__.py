"""A host survey's form and modules become one form, and the form any field system's file."""

from __future__ import annotations

from mpsurvey.questionnaire.burden import (
    Burden,
    FormReport,
    Moved,
    differences,
    form_report,
)
from mpsurvey.questionnaire.codebook import codebook_page, write_codebook
from mpsurvey.questionnaire.columns import Column, form_columns, in_columns
from mpsurvey.questionnaire.cspro import write_cspro
from mpsurvey.questionnaire.ddi import ddi_document, write_ddi
from mpsurvey.questionnaire.form import Questionnaire
from mpsurvey.questionnaire.interviews import Interview, derived, host_answers, interview
from mpsurvey.questionnaire.opening import new_form, read_xlsform
from mpsurvey.questionnaire.outline import host_remarks
from mpsurvey.questionnaire.paper import write_paper
from mpsurvey.questionnaire.placed import Link, Placed
from mpsurvey.questionnaire.plan import read_plan, read_plan_with_catalogue
from mpsurvey.questionnaire.survey_solutions import write_survey_solutions
from mpsurvey.questionnaire.surveyjs import surveyjs_document, write_surveyjs
from mpsurvey.questionnaire.writing import write_form
from mpsurvey.questionnaire.xlsform import write_xlsform, xlsform_bytes

__all__ = [
    "Burden",
    "Column",
    "FormReport",
    "Interview",
    "Link",
    "Moved",
    "Placed",
    "Questionnaire",
    "codebook_page",
    "ddi_document",
    "derived",
    "differences",
    "form_columns",
    "form_report",
    "host_answers",
    "host_remarks",
    "in_columns",
    "interview",
    "new_form",
    "read_plan",
    "read_plan_with_catalogue",
    "read_xlsform",
    "surveyjs_document",
    "write_codebook",
    "write_cspro",
    "write_ddi",
    "write_form",
    "write_paper",
    "write_survey_solutions",
    "write_surveyjs",
    "write_xlsform",
    "xlsform_bytes",
]
