"""Options that several verbs take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["Columns", "Encoding", "Language", "Library", "PlanFile", "Report"]

Library = Annotated[
    list[Path] | None, typer.Option("--library", help="A folder of your own; may be repeated.")
]
Language = Annotated[str, typer.Option("--language", help="Language of the wording.")]

Encoding = Annotated[
    str | None, typer.Option("--encoding", help="Encoding of the file's text, if it declares none.")
]

Columns = list[str] | None

PlanFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="plan.yaml")]
Report = Annotated[
    Path | None, typer.Option("--report", help="A .html or .xlsx file for the report.")
]
