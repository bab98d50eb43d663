"""The Designer's own rules, which a questionnaire is checked against."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mpsurvey.questionnaire.reserved import OF_DESIGNER

__all__ = ["survey_solutions_faults"]

_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9]|_(?!_))*(?<!_)")


def survey_solutions_faults(document: Mapping[str, Any]) -> list[str]:
    """Check a document against the Designer's rules on names, ids, lengths and references."""
    problems: list[str] = []
    seen: dict[str, str] = {}
    ids: set[str] = set()
    names: set[str] = set()
    for node in _nodes(document):
        name = node.get("VariableName")
        if name is not None:
            names.add(name)
            limit = 32
            if len(name) > limit or not _NAME.fullmatch(name):
                problems.append(f"'{name}' is no variable name of Survey Solutions.")
            if name.lower() in OF_DESIGNER:
                problems.append(f"'{name}' is a word that Survey Solutions keeps for itself.")
            if name.lower() in seen:
                problems.append(f"'{name}' stands twice.")
            seen[name.lower()] = name
        if "Id" in node:
            if node["Id"] in ids:
                problems.append(f"The id of '{name}' stands twice.")
            ids.add(node["Id"])
        if len(node.get("VariableLabel", "")) > 80:
            problems.append(f"The label of '{name}' has more than 80 characters.")
        if len(node.get("QuestionText", "")) > 2000:
            problems.append(f"The text of '{name}' has more than 2000 characters.")
        if len(node.get("ValidationConditions", ())) > 10:
            problems.append(f"'{name}' has more than 10 checks.")
        codes = [answer["Code"] for answer in node.get("Answers", ())]
        if len(codes) != len(set(codes)):
            problems.append(f"'{name}' has an answer code twice.")
        if len(codes) > 200:
            problems.append(f"'{name}' has more than 200 answers.")
    problems += [
        f"The roster '{node.get('VariableName')}' names no question in '{key}'."
        for node in _nodes(document)
        for key in ("RosterSizeQuestion", "RosterTitleQuestion")
        if node.get(key) is not None and node[key] not in names
    ]
    return problems


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for child in node.get("Children", ()):
        yield child
        yield from _nodes(child)
