"""Choice lists that modules bring: in the workbook, or in a CSV file beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Literal

from mpsurvey.catalogue import CodeList
from mpsurvey.questionnaire.form import Questionnaire
from mpsurvey.questionnaire.host import LANGUAGE_NAMES, language_of

__all__ = ["ChoiceLists", "External", "Row", "read_choices"]

External = Literal["auto", "always", "never"]
Row = dict[tuple[str, str], str]
MANY = 100


class ChoiceLists:
    """Choice lists that are put in, under names that do not clash with the host's.

    Parameters
    ----------
    external
        'always': lists of more than 100 choices stand in a CSV file; 'auto': when the form has one
        language, as ODK shows one column of a file in every language; 'never': in the workbook.
    """

    def __init__(self, form: Questionnaire, external: External = "never") -> None:
        self.form = form
        self.outside = external == "always" or (external == "auto" and len(form.languages) == 1)
        self.rows: list[Row] = []
        self.files: dict[str, bytes] = {}
        self.names: dict[str, str] = {}

    def typed(self, kind: str, listed: CodeList) -> str:
        """Return the type of a question with its list, such as ``select_one mp_yesno``."""
        name = self._name(listed)
        return f"{kind}_from_file {name}" if name in self.files else f"{kind} {name}"

    def _name(self, listed: CodeList) -> str:
        if listed.id in self.names:
            return self.names[listed.id]
        outside = self.outside and len(listed) > MANY
        ending = ".csv" if outside else ""
        name, number = f"mp_{listed.id.lower()}{ending}", 1
        codes = {str(code) for code in listed.codes}
        host = self.form.host.lists
        while name in host and set(host[name]) != codes:
            number += 1
            name = f"mp_{listed.id.lower()}_{number}{ending}"
        self.names[listed.id] = name
        if outside:
            self.files[name] = self._file(listed)
        elif name not in host:
            for item in listed:
                row: Row = {("list_name", ""): name, ("name", ""): str(item.code)}
                for language in self.form.languages:
                    row["label", language] = item.label.get(language, "")
                self.rows.append(row)
        return name

    def _file(self, listed: CodeList) -> bytes:
        """Write name, label (the first language's) and a column for each language."""
        languages = self.form.languages
        named = self.form.host.languages
        headers = [
            f"label::{named.get(one) or LANGUAGE_NAMES.get(one, f'{one} ({one})')}"
            for one in languages
        ]
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(["name", "label", *headers])
        for item in listed:
            labels = [item.label.get(one, "") for one in languages]
            writer.writerow([item.code, labels[0], *labels])
        return out.getvalue().encode("utf-8")


def read_choices(content: bytes) -> dict[str, Mapping[str, str]]:
    """Read the CSV file of a choice list: code to wording by language.

    The column 'label' has the empty language; 'label::Français (fr)' has ``fr``.

    >>> read_choices(b"name,label,label::English (en)" + bytes([10]) + b"404,Kenya,Kenya")
    {'404': {'': 'Kenya', 'en': 'Kenya'}}
    """
    out: dict[str, Mapping[str, str]] = {}
    for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig", errors="replace"))):
        if row.get("name"):
            out[row["name"]] = {
                language_of(header.partition("::")[2]) if "::" in header else "": text
                for header, text in row.items()
                if header and text and header.partition("::")[0].strip() == "label"
            }
    return out
