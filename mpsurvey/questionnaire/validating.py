"""The field system's own judgement of a form: pyxform, and ODK Validate where Java is there."""

from __future__ import annotations

import importlib
import importlib.util
import io
import re
import shutil
import warnings
from typing import Any

from mpsurvey.errors import ExtraMissing, MpsurveyError
from mpsurvey.questionnaire.form import Questionnaire

__all__ = ["field_system_faults", "refusal"]


def field_system_faults(
    form: Questionnaire, content: bytes, *, asked: bool | None
) -> tuple[str, ...]:
    """Have a form judged; returns remarks, raises when it is refused.

    Raises
    ------
    ExtraMissing
        When judgement is asked for and pyxform is not installed.
    MpsurveyError
        When the form is refused; what the host form alone is refused for is named as the host's.
    """
    there = importlib.util.find_spec("pyxform") is not None
    if asked is False or (asked is None and not there):
        return ()
    if not there:
        raise ExtraMissing("Validating an XLSForm", "forms")
    fault, remarks = refusal(content)
    if fault is None:
        return tuple(remarks)
    host_fault, _ = refusal(form.host.workbook.copy().to_bytes())
    if host_fault is not None and _same(host_fault, fault):
        problems = [
            *form.host.problems,
            f"The host form {form.host.name} is itself refused: {host_fault}",
            "Mend the host form, or write without judgement: validate=False.",
        ]
        raise MpsurveyError(problems)
    raise MpsurveyError(f"The field system refuses the form: {fault}")


def refusal(content: bytes) -> tuple[str | None, list[str]]:
    """Return why pyxform or ODK Validate refuses a workbook, and their remarks."""
    convert: Any = importlib.import_module("pyxform.xls2xform").convert
    errors: Any = importlib.import_module("pyxform.errors")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = convert(
                io.BytesIO(content),
                validate=shutil.which("java") is not None,
                file_type=".xlsx",
            )
    except errors.PyXFormError as error:
        return _plain(str(error)), []
    except Exception as error:
        # ODK Validate's refusal and faults of reading have no common parent in pyxform.
        return _plain(str(error)), []
    return None, [str(one) for one in result.warnings]


def _plain(message: str) -> str:
    lines = [line.strip() for line in message.splitlines()]
    return " ".join(line for line in lines if line and not line.startswith(("at ", ">>")))


def _same(one: str, other: str) -> bool:
    """Whether two refusals are the same but for the numbers of rows."""
    return re.sub(r"\d+", "", one)[:200] == re.sub(r"\d+", "", other)[:200]
