"""CSPro's own rules, which an application is checked against: CSPro itself runs on Windows only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from mpsurvey.questionnaire.reserved import OF_CSPRO

__all__ = ["application_faults", "cspro_faults"]

_NAME = re.compile(r"[A-Z](?:[A-Z0-9_]*[A-Z0-9])?")

_QUOTED = re.compile(r'"[^"]*"')
_ISSUED = re.compile(r"\b(?:errmsg|warning)\((\d+)\)")
_WORD = re.compile(r"\b[A-Z][A-Z0-9_]*\b")


def cspro_faults(dictionary: Mapping[str, Any]) -> list[str]:
    """Check a dictionary against CSPro's rules on names, labels, lengths and levels."""
    problems: list[str] = []
    seen: set[str] = set()
    if len(dictionary["levels"]) > 3:
        problems.append("A dictionary has at most 3 levels.")
    types: set[str] = set()
    for kind, node in _named(dictionary):
        name = node["name"]
        if not _NAME.fullmatch(name) or len(name) > 32:
            problems.append(f"'{name}' is no name of CSPro.")
        if name in OF_CSPRO:
            problems.append(f"'{name}' is a word that CSPro keeps for itself.")
        if name in seen:
            problems.append(f"'{name}' stands twice.")
        seen.add(name)
        if any(len(label["text"]) > 255 for label in node.get("labels", ())):
            problems.append(f"A label of '{name}' has more than 255 characters.")
        if kind == "record":
            if node["recordType"] in types:
                problems.append(f"The record type of '{name}' stands twice.")
            types.add(node["recordType"])
            if not 1 <= node["occurrences"]["maximum"] <= 9999:
                problems.append(f"'{name}' occurs at most 9999 times.")
        if kind == "item":
            longest = 15 if node["contentType"] == "numeric" else 999
            if not 1 <= node["length"] <= longest:
                problems.append(f"'{name}' has {node['length']} places; at most {longest} fit.")
            pairs = [
                pair["value"]
                for values in node.get("valueSets", ())
                for value in values["values"]
                for pair in value["pairs"]
            ]
            problems += [
                f"{code} does not fit into '{name}'."
                for code in pairs
                if len(str(code)) > node["length"]
            ]
    return problems


def _named(dictionary: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "dictionary", dictionary
    for level in dictionary["levels"]:
        yield "level", level
        for item in level["ids"]["items"]:
            yield "item", item
        for record in level["records"]:
            yield "record", record
            for item in record["items"]:
                yield "item", item
                for values in item.get("valueSets", ()):
                    yield "value set", values


def application_faults(files: Mapping[str, str], name: str) -> list[str]:
    """Check that the files of an application fit each other.

    Parameters
    ----------
    files
        Texts by file name: ``.ent``, ``.dcf``, ``.fmf``, ``.ent.apc``, ``.ent.mgf``, ``.ent.qsf``.
    name
        What their names begin with.
    """
    dictionary = json.loads(files[f"{name}.dcf"])
    return [
        *cspro_faults(dictionary),
        *_parts_faults(json.loads(files[f"{name}.ent"]), files),
        *_form_faults(files[f"{name}.fmf"], dictionary),
        *_logic_faults(files[f"{name}.ent.apc"], dictionary),
        *_message_faults(files[f"{name}.ent.mgf"], files[f"{name}.ent.apc"], dictionary),
    ]


def _parts_faults(application: Mapping[str, Any], files: Mapping[str, str]) -> list[str]:
    named = [one["path"] for key in ("dictionaries", "code") for one in application[key]]
    named += [one for key in ("forms", "questionText", "messages") for one in application[key]]
    return [
        f"The application names '{one}', which is not written." for one in named if one not in files
    ]


def _sections(form_file: str) -> Iterator[tuple[str, dict[str, str], list[str]]]:
    """Go through the sections of a form file: heading, attributes, items."""
    heading, attributes, items = "", dict[str, str](), list[str]()
    for line in form_file.splitlines():
        text = line.strip()
        if text.startswith("[") and text.endswith("]"):
            if heading:
                yield heading, attributes, items
            heading, attributes, items = text[1:-1], {}, []
        elif "=" in text:
            key, _, value = text.partition("=")
            if heading == "Form" and key == "Item":
                items.append(value)
            else:
                attributes[key] = value
    if heading:
        yield heading, attributes, items


def _form_faults(form_file: str, dictionary: Mapping[str, Any]) -> list[str]:
    problems: list[str] = []
    record_of = {
        item["name"]: (number, record)
        for number, level in enumerate(dictionary["levels"], 1)
        for record in ({"name": "", **level["ids"]}, *level["records"])
        for item in record["items"]
    }
    forms: list[tuple[dict[str, str], list[str]]] = []
    open_, group, level, levels = "", dict[str, str](), 0, list[str]()
    names: set[str] = set()
    placed: set[str] = set()
    for heading, attributes, items in _sections(form_file):
        named = attributes.get("Name", "")
        if heading in ("Form", "Group", "Level"):
            if not _NAME.fullmatch(named) or named in names:
                problems.append(f"'{named}' of the form file is no name of its own.")
            names.add(named)
        if heading in ("Form", "Group"):
            if open_:
                problems.append(f"'{named}' begins before a {open_} ends.")
            open_ = heading
        if heading == "Form":
            forms.append((attributes, items))
        elif heading == "Level":
            level += 1
            levels.append(named)
        elif heading == "Group":
            group = attributes
        elif heading == "Field":
            number = int(attributes.get("Form", "0"))
            if named not in record_of:
                problems.append(f"The field '{named}' has no item in the dictionary.")
                continue
            at, record = record_of[named]
            if named in placed:
                problems.append(f"The field '{named}' is placed twice.")
            placed.add(named)
            if not 1 <= number <= len(forms) or named not in forms[number - 1][1]:
                problems.append(f"The field '{named}' is not an item of form {number}.")
            elif int(forms[number - 1][0]["Level"]) != at or at != level:
                problems.append(f"The field '{named}' stands on another level than its item.")
            most = record.get("occurrences", {}).get("maximum", 1)
            if int(group.get("Max", "1")) != most or (
                most > 1 and group.get("TypeName") != record["name"]
            ):
                problems.append(f"The group of '{named}' does not repeat as its record does.")
        elif heading in ("EndForm", "EndGroup"):
            if heading != f"End{open_}":
                problems.append(f"'{heading}' closes nothing.")
            open_ = ""
    if levels != [one["name"] for one in dictionary["levels"]]:
        problems.append("The form file's levels are not the dictionary's.")
    listed = [name for _, items in forms for name in items]
    problems += [f"'{name}' stands on a form and has no field." for name in set(listed) - placed]
    return problems


def _logic_faults(logic: str, dictionary: Mapping[str, Any]) -> list[str]:
    problems: list[str] = []
    bare = re.sub(r"//.*", "", _QUOTED.sub('""', logic))
    if bare.count("(") != bare.count(")"):
        problems.append("The brackets of the logic do not match.")
    known = {node["name"] for _, node in _named(dictionary)}
    procedures = re.findall(r"^PROC (\w+)$", bare, re.MULTILINE)
    problems += [
        f"'PROC {name}' stands twice or names nothing."
        for name in dict.fromkeys(procedures)
        if procedures.count(name) > 1 or (name != "GLOBAL" and name not in known)
    ]
    problems += [
        f"The logic uses '{word}', which the dictionary does not have."
        for word in dict.fromkeys(_WORD.findall(bare))
        if word not in known | {"PROC", "GLOBAL"}
    ]
    for part in re.split(r"^PROC ", bare, flags=re.MULTILINE):
        for opens, closes in (("if", "endif"), ("do", "enddo")):
            begun = len(re.findall(rf"(?<!ask )\b{opens}\b", part))
            if begun != len(re.findall(rf"\b{closes}\b", part)):
                problems.append(f"'{opens}' and '{closes}' of PROC {part.split()[0]} do not match.")
    return problems


def _message_faults(messages: str, logic: str, dictionary: Mapping[str, Any]) -> list[str]:
    texts: dict[str, dict[int, str]] = {}
    language = ""
    for line in messages.splitlines():
        text = line.strip()
        if text.startswith("Language="):
            language = text.partition("=")[2]
        elif text and not text.startswith("//"):
            number, _, words = text.partition(" ")
            texts.setdefault(language, {})[int(number)] = words
    issued = {int(number) for number in _ISSUED.findall(logic)}
    return [
        f"Message {number} has no text in {one['name']}."
        for one in dictionary["languages"]
        for number in sorted(issued)
        if not texts.get(one["name"], {}).get(number)
    ]
