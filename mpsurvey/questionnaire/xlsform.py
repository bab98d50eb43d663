"""A questionnaire as an XLSForm workbook."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from mpsurvey.errors import MpsurveyError
from mpsurvey.questionnaire.choice_lists import ChoiceLists, External, Row
from mpsurvey.questionnaire.form import Questionnaire
from mpsurvey.questionnaire.host import LANGUAGE_NAMES
from mpsurvey.questionnaire.validating import field_system_faults
from mpsurvey.questionnaire.workbook import write_whole
from mpsurvey.questionnaire.xlsform_rows import XlsRows

__all__ = ["write_xlsform", "xlsform_bytes"]


def write_xlsform(
    form: Questionnaire,
    path: Path | str,
    *,
    validate: bool | None = None,
    external: External = "auto",
) -> tuple[str, ...]:
    """Write the form as an .xlsx workbook that ODK, Kobo, SurveyCTO and Ona take.

    The host's part is the same cell for cell: rows are put between its rows, missing columns at the
    end of its header, and choice lists at the end of its choices.

    Parameters
    ----------
    path
        An ``.xlsx`` workbook; CSV files of choices are written beside it. Or a ``.zip`` with both.
    validate
        Whether the form must pass pyxform and, where Java is there, ODK Validate. By default it
        must when pyxform is installed.
    external
        Where lists of more than 100 choices stand, such as countries. 'always': in a CSV file with
        a column for each language, of which ODK shows 'label', the first language, whatever the
        form is read in. 'auto': so when the form has one language; otherwise, and with 'never', on
        the sheet 'choices'.

    Returns
    -------
    tuple of str
        Remarks of the field system's validators that do not stop the form, and the files to be
        uploaded with it.

    Raises
    ------
    MpsurveyError
        When a validator refuses the form; the host's own faults are named as such.
    """
    target = Path(path)
    content, files = _workbook(form, external)
    remarks = field_system_faults(form, content, asked=validate)
    if target.suffix.lower() == ".zip":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, part in {f"{target.stem}.xlsx": content, **files}.items():
                info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, part)
        write_whole(target, out.getvalue())
    else:
        for name, part in files.items():
            write_whole(target.with_name(name), part)
        write_whole(target, content)
    return (*remarks, *(f"Upload {name} with the form: it holds choices." for name in files))


def xlsform_bytes(form: Questionnaire, *, external: External = "never") -> bytes:
    """Return the workbook's bytes; its choices are on its own sheet unless told otherwise."""
    return _workbook(form, external)[0]


def _workbook(form: Questionnaire, external: External) -> tuple[bytes, dict[str, bytes]]:
    host = form.host
    book = host.workbook.copy()
    survey = book.sheet(host.survey_sheet)
    lists = ChoiceLists(form, external)
    by_place: dict[int, list[Row]] = {}
    for placed in form.placed:
        rows = list(XlsRows(form, placed, lists).rows())
        by_place.setdefault(placed.above, []).extend(rows)
    columns = _Columns(form, host.columns)
    for above in sorted(by_place, reverse=True):
        texts = [columns.texts(row) for row in by_place[above]]
        survey.insert_rows(above, texts, like=above - 1 if above > 2 else None)
    header_end = max(host.columns.values())
    for column, header in columns.added.items():
        survey.set_text(1, column, header, like=header_end)
    if lists.rows:
        if host.choices_sheet is None:
            raise MpsurveyError(
                f"{host.name} has no sheet 'choices'. Add one with the columns list_name, name and "
                "label."
            )
        choices = book.sheet(host.choices_sheet)
        choice_columns = _Columns(form, host.choice_columns)
        texts = [choice_columns.texts(row) for row in lists.rows]
        choices.insert_rows(choices.last_row + 1, texts)
        choices_end = max(host.choice_columns.values())
        for column, header in choice_columns.added.items():
            choices.set_text(1, column, header, like=choices_end)
    _settings(form, book)
    return book.to_bytes(), {**host.files, **lists.files}


def _settings(form: Questionnaire, book: object) -> None:
    if not form.settings:
        return
    host = form.host
    if host.settings_sheet is None:
        raise MpsurveyError(f"{host.name} has no sheet 'settings' to write in.")
    sheet = book.sheet(host.settings_sheet)  # type: ignore[attr-defined]
    header = sheet.rows().get(1, {})
    columns = {text.strip().lower(): column for column, text in header.items()}
    for name, value in form.settings.items():
        column = columns.get(name.lower())
        if column is None:
            column = max(columns.values(), default=0) + 1
            columns[name.lower()] = column
            sheet.set_text(1, column, name)
        sheet.set_text(2, column, value)


class _Columns:
    """Where each text of a row goes; columns that the host lacks are added at the end."""

    def __init__(self, form: Questionnaire, columns: Mapping[tuple[str, str], int]) -> None:
        self.form = form
        self.columns = dict(columns)
        self.next = max(columns.values(), default=0) + 1
        self.added: dict[int, str] = {}
        languages = form.host.languages
        default = form.host.settings.get("default_language", "")
        self.default = next((c for c, name in languages.items() if name == default), "")

    def texts(self, row: Row) -> dict[int, str]:
        return {self._column(*key): text for key, text in row.items() if text}

    def _column(self, key: str, language: str) -> int:
        found = self.columns.get((key, language))
        if found is not None:
            return found
        translated = [lang for have, lang in self.columns if have == key and lang]
        bare = self.columns.get((key, ""))
        host_has_languages = bool(self.form.host.languages)
        first = language == self.form.languages[0] if self.form.languages else True
        fitting = (not host_has_languages and first) or (language == self.default != "")
        if language and bare is not None and not translated and fitting:
            return bare
        header = key
        if language:
            named = self.form.host.languages.get(language) or LANGUAGE_NAMES.get(
                language, f"{language} ({language})"
            )
            header = f"{key}::{named}"
            if not host_has_languages and first and bare is None and key != "label":
                header = key
        self.columns[key, language] = self.next
        self.added[self.next] = header
        self.next += 1
        return self.columns[key, language]
