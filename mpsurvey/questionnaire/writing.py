"""One way to write a form: the file's name says the target."""

from __future__ import annotations

from pathlib import Path

from mpsurvey.errors import MpsurveyError
from mpsurvey.questionnaire.cspro import write_cspro
from mpsurvey.questionnaire.ddi import write_ddi
from mpsurvey.questionnaire.form import Questionnaire
from mpsurvey.questionnaire.outline import host_remarks
from mpsurvey.questionnaire.paper import write_paper
from mpsurvey.questionnaire.survey_solutions import write_survey_solutions
from mpsurvey.questionnaire.surveyjs import write_surveyjs
from mpsurvey.questionnaire.xlsform import write_xlsform

__all__ = ["write_form"]


def write_form(
    form: Questionnaire, path: Path | str, *, validate: bool | None = None
) -> tuple[str, ...]:
    """Write a form as what its file's ending says.

    ``.xlsx`` XLSForm, ``.docx`` and ``.pdf`` paper, ``.xml`` DDI, ``.json`` SurveyJS, ``.zip``
    Survey Solutions; a folder without ending CSPro.

    Returns
    -------
    tuple of str
        Remarks: of the field system's validators, or what of the host's rows another target does
        not hold, by row.

    Raises
    ------
    MpsurveyError
        For another ending.
    """
    target = Path(path)
    match target.suffix.lower():
        case ".xlsx":
            return write_xlsform(form, target, validate=validate)
        case ".docx" | ".pdf":
            write_paper(form, target)
        case ".xml":
            write_ddi(form, target)
        case ".json":
            write_surveyjs(form, target)
        case ".zip":
            write_survey_solutions(form, target)
        case "":
            write_cspro(form, target)
        case ending:
            raise MpsurveyError(
                f"'{ending}' is no form: write .xlsx (XLSForm), .docx or .pdf (paper), .xml (DDI), "
                ".zip (Survey Solutions), .json (SurveyJS), or a folder without ending (CSPro)."
            )
    return host_remarks(form)
