"""A host survey's XLSForm, read as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mpsurvey.errors import FileUnreadable, MpsurveyError, did_you_mean
from mpsurvey.questionnaire.workbook import Workbook

__all__ = ["LANGUAGE_NAMES", "Host", "HostRow", "language_of", "read_host"]

# Other ways in which forms name the same column.
_HEADERS = {
    "caption": "label",
    "command": "type",
    "tag": "name",
    "value": "name",
    "list name": "list_name",
    "relevance": "relevant",
    "bind::relevant": "relevant",
    "bind::constraint": "constraint",
    "bind::calculate": "calculation",
    "bind::required": "required",
    "bind::jr:constraintmsg": "constraint_message",
    "constraint message": "constraint_message",
    "constraining message": "constraint_message",
    "constraining_message": "constraint_message",
    "calculate": "calculation",
    "count": "repeat_count",
    "repeat count": "repeat_count",
    "jr:count": "repeat_count",
    "control::jr:count": "repeat_count",
    "control::appearance": "appearance",
    "body::appearance": "appearance",
    "default language": "default_language",
}
_TRANSLATED = ("label", "hint", "constraint_message", "required_message", "guidance_hint")
_LANGUAGES = {
    "en": ("english", "anglais", "inglés", "ingles"),
    "fr": ("french", "français", "francais", "francés"),
    "es": ("spanish", "español", "espanol", "espagnol", "castellano"),
    "ru": ("russian", "русский", "russe", "ruso"),
    "ar": ("arabic", "العربية", "عربي", "arabe", "árabe"),
    "pt": ("portuguese", "português", "portugues", "portugais"),
    "sw": ("swahili", "kiswahili"),
    "de": ("german", "deutsch"),
    "am": ("amharic", "አማርኛ"),
}
LANGUAGE_NAMES = {
    "en": "English (en)",
    "fr": "Français (fr)",
    "es": "Español (es)",
    "ru": "Русский (ru)",
    "ar": "العربية (ar)",
}
_TYPES = {
    "select1": "select_one",
    "select_one": "select_one",
    "select_one_from": "select_one",
    "select_one_from_file": "select_one",
    "select_one_external": "select_one",
    "select_multiple": "select_multiple",
    "select_multiple_from": "select_multiple",
    "select_multiple_from_file": "select_multiple",
    "select_all_that_apply": "select_multiple",
    "select_all_that_apply_from": "select_multiple",
    "int": "integer",
    "integer": "integer",
    "decimal": "decimal",
    "range": "decimal",
    "string": "text",
    "text": "text",
    "calculate": "calculate",
    "calculation": "calculate",
    "hidden": "calculate",
    "date": "date",
    "today": "date",
    "note": "note",
}


@dataclass(frozen=True, slots=True)
class HostRow:
    """A row of the survey sheet.

    Attributes
    ----------
    number
        Row of the sheet, counted from 1.
    type
        'select_one', 'integer', ...; 'begin group', 'end repeat', ...; or the form's own word.
    list_name
        The choice list of a select question.
    labels
        Wording by language; the empty language where the column has none.
    inside
        Names of the groups and repeats around it, outermost first.
    repeats
        Names of the repeats among them.
    """

    number: int
    type: str
    name: str
    list_name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    cells: Mapping[str, str] = field(default_factory=dict)
    inside: tuple[str, ...] = ()
    repeats: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The wording in the first language that has one."""
        return next((text for text in self.labels.values() if text), "")


@dataclass(frozen=True, slots=True)
class Host:
    """A form that modules are put into.

    Attributes
    ----------
    workbook
        The workbook itself; it is copied before anything is written.
    rows
        The rows of the survey sheet.
    ends
        For the row that opens a group or repeat the row of its end.
    lists
        Choices by list: code to wording by language.
    columns, choice_columns
        Column number by header: ('label', 'en'), ('relevant', '').
    languages
        Language codes in the order of the columns; the header's wording of each.
    problems
        Faults of the form itself.
    files
        Choice lists in CSV files beside the workbook, by file name.
    """

    name: str
    workbook: Workbook = field(repr=False)
    rows: tuple[HostRow, ...] = field(repr=False)
    ends: Mapping[int, int] = field(repr=False)
    lists: Mapping[str, Mapping[str, Mapping[str, str]]] = field(repr=False)
    columns: Mapping[tuple[str, str], int] = field(repr=False)
    choice_columns: Mapping[tuple[str, str], int] = field(repr=False)
    languages: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    survey_sheet: str = "survey"
    choices_sheet: str | None = "choices"
    settings_sheet: str | None = "settings"
    last_row: int = 1
    problems: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def row(self, name: str) -> HostRow | None:
        """Return the row of a name that opens it or asks it."""
        return next((row for row in self.rows if row.name == name and not _closes(row)), None)

    @property
    def names(self) -> tuple[str, ...]:
        """Names in use, of questions and groups."""
        return tuple(row.name for row in self.rows if row.name and not _closes(row))

    def codes(self, row: HostRow) -> tuple[str, ...] | None:
        """Return the codes that a select question offers, when the workbook holds them."""
        found = self.lists.get(row.list_name)
        return tuple(found) if found is not None else None


def _closes(row: HostRow) -> bool:
    return row.type.startswith("end ")


def read_host(content: bytes, name: str) -> Host:
    """Read a form.

    Raises
    ------
    FileUnreadable
        When it is no workbook with a survey sheet.
    MpsurveyError
        With every row that makes it impossible to know the form's structure.
    """
    book = Workbook(content, name)
    sheets = {sheet.strip().lower(): sheet for sheet in book.sheets}
    if "survey" not in sheets:
        raise FileUnreadable(
            f"{name} has no sheet 'survey'.{did_you_mean('survey', book.sheets)} "
            "It holds " + ", ".join(book.sheets) + "."
        )
    cells = book.sheet(sheets["survey"]).rows()
    header_row = cells.get(1, {})
    languages: dict[str, str] = {}
    columns = _headers(header_row, languages)
    for wanted in ("type", "name"):
        if (wanted, "") not in columns:
            raise FileUnreadable(
                f"{name}: the first row of the sheet 'survey' has no column '{wanted}'."
            )
    choices = sheets.get("choices")
    settings = sheets.get("settings")
    problems: list[str] = []
    choice_columns: dict[tuple[str, str], int] = {}
    lists: dict[str, dict[str, dict[str, str]]] = {}
    set_values = _settings(book, settings)
    if choices is not None:
        choice_cells = book.sheet(choices).rows()
        choice_columns = _headers(choice_cells.get(1, {}), languages)
        duplicates_allowed = set_values.get("allow_choice_duplicates", "").lower() == "yes"
        lists = _lists(choice_cells, choice_columns, name, problems, quiet=duplicates_allowed)
    rows, ends = _rows(cells, columns, name, problems)
    return Host(
        name=name,
        workbook=book,
        rows=rows,
        ends=ends,
        lists=lists,
        columns=columns,
        choice_columns=choice_columns,
        languages=languages,
        settings=set_values,
        survey_sheet=sheets["survey"],
        choices_sheet=choices,
        settings_sheet=settings,
        last_row=max(cells, default=1),
        problems=tuple(problems),
    )


def _headers(row: Mapping[int, str], languages: dict[str, str]) -> dict[tuple[str, str], int]:
    out: dict[tuple[str, str], int] = {}
    for column, text in sorted(row.items()):
        written = " ".join(text.strip().split())
        lowered = written.lower()
        lowered = re.sub(r"\s*(::?)\s*", r"\1", lowered)
        plain = lowered.replace(":jr:", "::jr:") if lowered.startswith("bind:jr") else lowered
        key = _HEADERS.get(plain, _HEADERS.get(plain.replace(":", "::", 1), plain))
        language = ""
        parts = re.split(r"\s*::?\s*", written, maxsplit=1)
        base = _HEADERS.get(parts[0].lower(), parts[0].lower()).replace(" ", "_")
        if len(parts) == 2 and base in _TRANSLATED and not parts[1].lower().startswith("jr:"):
            key = base
            language = language_of(parts[1])
            languages.setdefault(language, parts[1])
        out.setdefault((key.replace(" ", "_"), language), column)
    return out


def language_of(suffix: str) -> str:
    """Return the language's code of a header such as 'English (en)' or 'Français'."""
    if match := re.search(r"\(\s*([A-Za-z]{2,3}(?:-[A-Za-z]+)*)\s*\)\s*$", suffix):
        return match[1]
    lowered = suffix.strip().lower()
    for code, names in _LANGUAGES.items():
        if lowered == code or lowered in names:
            return code
    return lowered


def _settings(book: Workbook, sheet: str | None) -> dict[str, str]:
    if sheet is None:
        return {}
    cells = book.sheet(sheet).rows()
    header, values = cells.get(1, {}), cells.get(2, {})
    return {
        _HEADERS.get(text.strip().lower(), text.strip().lower()): values.get(column, "")
        for column, text in header.items()
    }


def _lists(
    cells: Mapping[int, Mapping[int, str]],
    columns: Mapping[tuple[str, str], int],
    form: str,
    problems: list[str],
    *,
    quiet: bool,
) -> dict[str, dict[str, dict[str, str]]]:
    list_column, name_column = columns.get(("list_name", "")), columns.get(("name", ""))
    out: dict[str, dict[str, dict[str, str]]] = {}
    if list_column is None or name_column is None:
        problems.append(f"{form}: the sheet 'choices' has no columns 'list_name' and 'name'.")
        return out
    twice: dict[str, list[str]] = {}
    for number, row in cells.items():
        list_name, code = row.get(list_column, "").strip(), row.get(name_column, "").strip()
        if number == 1 or not list_name:
            continue
        held = out.setdefault(list_name, {})
        if code in held:
            twice.setdefault(list_name, []).append(f"'{code}' (row {number})")
            continue
        held[code] = {
            language: row[column]
            for (key, language), column in columns.items()
            if key == "label" and column in row
        }
    if not quiet:
        problems += [
            f"{form}: the host's choice list '{list_name}' has {', '.join(codes)} more than once. "
            "Mend the list, or write allow_choice_duplicates = yes on the sheet 'settings' if it "
            "is meant (form.with_settings(allow_choice_duplicates='yes'))."
            for list_name, codes in twice.items()
        ]
    return out


def _rows(
    cells: Mapping[int, Mapping[int, str]],
    columns: Mapping[tuple[str, str], int],
    form: str,
    problems: list[str],
) -> tuple[tuple[HostRow, ...], dict[int, int]]:
    rows: list[HostRow] = []
    ends: dict[int, int] = {}
    open_: list[tuple[str, str, int]] = []
    faults: list[str] = []
    seen: dict[str, int] = {}
    for number in sorted(cells):
        row = cells[number]
        written = {key: row[column] for (key, lang), column in columns.items() if column in row}
        if number == 1 or not written.get("type", "").strip():
            continue
        if written.get("disabled", "").strip().lower() in ("yes", "true", "true()"):
            continue
        kind, list_name = _type(written["type"])
        name = written.get("name", "").strip()
        labels = {
            language: row[column]
            for (key, language), column in columns.items()
            if key == "label" and column in row
        }
        inside = tuple(one for _, one, _ in open_)
        repeats = tuple(one for what, one, _ in open_ if what == "repeat")
        made = HostRow(number, kind, name, list_name, labels, written, inside, repeats)
        rows.append(made)
        if kind.startswith("begin "):
            open_.append((kind.removeprefix("begin "), name, number))
        elif kind.startswith("end "):
            if not open_ or open_[-1][0] != kind.removeprefix("end "):
                faults.append(f"{form}, survey row {number}: '{kind}' closes nothing that is open.")
                continue
            ends[open_.pop()[2]] = number
        if name and not kind.startswith("end "):
            where = f"{name} in {'/'.join(inside)}"
            if where in seen:
                problems.append(
                    f"{form}, survey row {number}: the name '{name}' is already on row "
                    f"{seen[where]}."
                )
            seen[where] = number
    faults += [
        f"{form}, survey row {number}: '{name}' is opened and never closed."
        for _, name, number in open_
    ]
    if faults:
        raise MpsurveyError(faults)
    return tuple(rows), ends


def _type(written: str) -> tuple[str, str]:
    words = written.strip().split()
    lowered = [word.lower() for word in words]
    first = "_".join(lowered)
    for verb in ("begin", "end"):
        if first.startswith((f"{verb}_group", f"{verb}_repeat", f"{verb}_l", f"{verb}_loop")):
            return f"{verb} {'group' if first.split('_')[1] == 'group' else 'repeat'}", ""
    for size in range(min(len(words), 5), 0, -1):
        kind = _TYPES.get("_".join(lowered[:size]).replace("select_one_or", "select_one"))
        if kind is not None:
            listed = words[size] if len(words) > size else ""
            return kind, listed if kind.startswith("select") else ""
    return lowered[0] if lowered else "", ""
