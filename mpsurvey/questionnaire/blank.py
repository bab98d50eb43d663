"""An empty XLSForm workbook, for forms that are made of modules alone."""

from __future__ import annotations

import io
from collections.abc import Sequence

from mpsurvey.questionnaire.host import LANGUAGE_NAMES

__all__ = ["blank_workbook"]

_WIDTHS = {"type": 22, "name": 18, "relevant": 36, "calculation": 36, "constraint": 30}


def blank_workbook(title: str, form_id: str, languages: Sequence[str]) -> bytes:
    """Return a workbook with the sheets survey, choices and settings, and their first rows."""
    from openpyxl import Workbook
    from openpyxl.styles import Font, PatternFill

    named = [LANGUAGE_NAMES.get(one, f"{one} ({one})") for one in languages]
    book = Workbook()
    survey = book.active
    survey.title = "survey"
    header = ["type", "name", *(f"label::{one}" for one in named)]
    header += [f"hint::{one}" for one in named]
    header += ["required", "relevant", "constraint"]
    header += [f"constraint_message::{one}" for one in named]
    header += ["calculation", "repeat_count", "appearance"]
    survey.append(header)
    survey.append(["start", "start"])
    survey.append(["end", "end"])
    choices = book.create_sheet("choices")
    choices.append(["list_name", "name", *(f"label::{one}" for one in named)])
    settings = book.create_sheet("settings")
    settings.append(["form_title", "form_id", "version", "default_language"])
    settings.append([title, form_id, "1", named[0]])
    for sheet in (survey, choices, settings):
        sheet.freeze_panes = "A2"
        for cell in sheet[1]:
            cell.font = Font(bold=True, color="FFFFFF")
            cell.fill = PatternFill("solid", fgColor="1F4E79")
            key = str(cell.value).partition("::")[0]
            width = _WIDTHS.get(key, 44 if key in ("label", "hint") else 20)
            sheet.column_dimensions[cell.column_letter].width = width
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
