"""The form file and the application file of CSPro 8."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

__all__ = ["application_text", "form_file", "run_file"]

LABEL_LEFT, LABEL_WIDTH, FIELD_LEFT, TOP, ROW_HEIGHT, FIELD_HEIGHT = 50, 600, 670, 30, 30, 20
PLACES = 9  # pixels for each place of a field
_REST_OF_FONT = " 0000" * 8
FONTS = {
    "DefaultTextFont": f"-013 0000 0000 0000 0700{_REST_OF_FONT} Arial",
    "FieldEntryFont": f"0018 0000 0000 0000 0600{_REST_OF_FONT} Courier New",
}


def application_text(name: str, title: str) -> str:
    """Return the ``.ent`` file: which files make the application, and how data entry behaves."""
    application = {
        "software": "CSPro",
        "version": 8.0,
        "fileType": "application",
        "type": "entry",
        "name": name.upper(),
        "label": title,
        "dictionaries": [{"type": "input", "path": f"{name}.dcf", "parent": f"{name}.fmf"}],
        "forms": [f"{name}.fmf"],
        "questionText": [f"{name}.ent.qsf"],
        "code": [{"type": "main", "path": f"{name}.ent.apc"}],
        "messages": [f"{name}.ent.mgf"],
        "logicSettings": {"version": 2.0, "caseSensitive": {"symbols": False}},
        "properties": {
            "askOperatorId": False,
            "autoAdvanceOnSelection": False,
            "caseTree": "mobileOnly",
            "notes": {"delete": "all", "edit": "all"},
            "partialSave": {"operatorEnabled": True},
            "showQuestionText": True,
        },
    }
    return json.dumps(application, ensure_ascii=False, indent=2) + "\n"


def run_file(name: str, title: str) -> str:
    """Return the ``.pff`` file with which data entry is started."""
    lines = [
        "[Run Information]",
        "Version=CSPro 8.0",
        "AppType=Entry",
        f"Description={_line(title)}",
        "",
        "[Files]",
        f"Application=.\\{name}.ent",
        f"InputData=.\\{name}.csdb|CSPRODB",
        "",
    ]
    return "\r\n".join(lines)


def form_file(dictionary: Mapping[str, Any], name: str, derived: Collection[str]) -> str:
    """Return the ``.fmf`` file: a form per record, each asked item placed on it.

    Parameters
    ----------
    derived
        Items that the logic works out; they stand on no form.
    """
    made = list(_forms(dictionary, derived))
    title = _label(dictionary)
    lines = ["[FormFile]", "Version=CSPro 8.0", f"Name={name.upper()}_FF", f"Label={title}"]
    lines += [f"{key}={value}" for key, value in FONTS.items()]
    lines += ["Type=SystemControlled", "", "[Dictionaries]", f"File=.\\{name}.dcf", ""]
    for level, record, items in made:
        lines += ["[Form]", f"Name={record['name']}_FORM", f"Label={_label(record)}"]
        lines.append(f"Level={level}")
        if _most(record) > 1:
            lines.append(f"Repeat={record['name']}")
        width = FIELD_LEFT + max(_width(item) for item in items) + 50
        lines += [f"Size={width},{TOP + ROW_HEIGHT * len(items) + 40}", ""]
        lines += [f"Item={item['name']}" for item in items]
        lines += ["", "[EndForm]", ""]
    for number, level in enumerate(dictionary["levels"], 1):
        lines += ["[Level]", f"Name={level['name']}", f"Label={_label(level)}", ""]
        for at, (whose, record, items) in enumerate(made, 1):
            if whose == number:
                lines += _group(at, record, items, dictionary["name"])
    return "\r\n".join(lines) + "\r\n"


def _forms(
    dictionary: Mapping[str, Any], derived: Collection[str]
) -> Iterator[tuple[int, Mapping[str, Any], list[Mapping[str, Any]]]]:
    for number, level in enumerate(dictionary["levels"], 1):
        ids = {"name": f"{level['name']}_ID", "labels": level["labels"], **level["ids"]}
        for record in (ids, *level["records"]):
            items = [item for item in record["items"] if item["name"] not in derived]
            if items:
                yield number, record, items


def _group(
    form: int, record: Mapping[str, Any], items: list[Mapping[str, Any]], dictionary: str
) -> list[str]:
    required = record.get("occurrences", {}).get("required", True)
    lines = ["[Group]", f"Required={'Yes' if required else 'No'}", f"Name={record['name']}_GROUP"]
    lines += [f"Label={_label(record)}", f"Form={form}"]
    if _most(record) > 1:
        lines += ["Type=Record", f"TypeName={record['name']}"]
    lines += [f"Max={_most(record)}", ""]
    for at, item in enumerate(items):
        top = TOP + at * ROW_HEIGHT
        box = f"{FIELD_LEFT},{top},{FIELD_LEFT + _width(item)},{top + FIELD_HEIGHT}"
        lines += ["[Field]", f"Name={item['name']}", f"Position={box}"]
        lines.append(f"Item={item['name']},{dictionary}")
        capture = _capture(item)
        if capture == "TextBox" and item["contentType"] == "alpha":
            lines.append("UseUnicodeTextBox=Yes")
        lines += [f"DataCaptureType={capture}", f"Form={form}", ""]
        place = f"{LABEL_LEFT},{top + 3},{LABEL_LEFT + LABEL_WIDTH},{top + 19}"
        lines += ["[Text]", f"Position={place}", f"Text={_label(item)}", ""]
    return [*lines, "[EndGroup]", ""]


def _capture(item: Mapping[str, Any]) -> str:
    values = [one for each in item.get("valueSets", ()) for one in each["values"]]
    if not values or item.get("special"):
        return "TextBox"
    if item["contentType"] == "alpha":
        return "CheckBox"
    return "RadioButton" if len(values) <= 20 else "DropDown"


def _most(record: Mapping[str, Any]) -> int:
    most: int = record.get("occurrences", {}).get("maximum", 1)
    return most


def _width(item: Mapping[str, Any]) -> int:
    return 14 + PLACES * min(int(item["length"]), 60)


def _label(node: Mapping[str, Any]) -> str:
    return _line(node["labels"][0]["text"])


def _line(text: str) -> str:
    return " ".join(text.split())
