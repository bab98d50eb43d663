"""One way to write a form: the file's name says the target."""

from __future__ import annotations

from pathlib import Path

from mpsurvey.errors import MpsurveyError
from mpsurvey.questionnaire.form import Questionnaire
from mpsurvey.questionnaire.paper import write_paper
from mpsurvey.questionnaire.xlsform import write_xlsform

__all__ = ["write_form"]


def write_form(
    form: Questionnaire, path: Path | str, *, validate: bool | None = None
) -> tuple[str, ...]:
    """Write a form as what its file's ending says.

    ``.xlsx`` XLSForm, ``.docx`` and ``.pdf`` paper, ``.xml`` DDI, ``.json`` SurveyJS, ``.zip``
    Survey Solutions; a folder without ending CSPro.

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
        case ending:
            raise MpsurveyError(
                f"'{ending}' is no form: write .xlsx (XLSForm), .docx or .pdf (paper)."
            )
    return ()
