"""A form as the zip file that Survey Solutions' Designer imports."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mpsurvey.catalogue import CodeList, Concept, Question
from mpsurvey.errors import MpsurveyError
from mpsurvey.questionnaire.checks import codes_alone, codes_outside, when_answered
from mpsurvey.questionnaire.form import Questionnaire
from mpsurvey.questionnaire.host import LANGUAGE_NAMES
from mpsurvey.questionnaire.outline import Outline, Outside, outline_of
from mpsurvey.questionnaire.placed import (
    Placed,
    kind_of,
    numbers_at_end,
    possible_concepts,
)
from mpsurvey.questionnaire.survey_solutions_concepts import CSharpConcepts, scope_of_names
from mpsurvey.questionnaire.survey_solutions_rules import survey_solutions_faults
from mpsurvey.questionnaire.wording import in_language, said
from mpsurvey.questionnaire.workbook import write_whole
from mpsurvey.rule import CSharp, Known

__all__ = ["write_survey_solutions"]

LONG = 60
MEMBERS, COUNT, MEMBER = "members", "n_members", "member_name"
_SPACE = uuid.UUID("5b7a3f0e-6a55-4f5e-9f0a-6d70737572ff")


def write_survey_solutions(form: Questionnaire, path: Path | str) -> None:
    """Write the modules as a questionnaire for the Survey Solutions Designer (``.zip``).

    Conditions, checks and derived variables are in C#; the first language is the questionnaire's,
    each other a translation; long lists are reusable categories. Where household and person modules
    stand together, persons are rows of a roster of the household's members.

    Raises
    ------
    MpsurveyError
        When something does not fit the Designer's rules; every problem is named.
    """
    document, files = _Designer(outline_of(form)).build()
    problems = survey_solutions_faults(document)
    if problems:
        raise MpsurveyError(problems)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {"document.json": document, **files}.items():
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, json.dumps(content, ensure_ascii=False, indent=1))
    write_whole(path, out.getvalue())


class _Designer:
    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.form = outline.form
        self.language = self.form.languages[0]
        self.others = self.form.languages[1:]
        self.seed = "|".join(f"{m.id}@{m.version}" for m in self.form.modules)
        self.translations: dict[str, list[dict[str, Any]]] = {one: [] for one in self.others}
        self.categories: dict[str, CodeList] = {}

    def build(self) -> tuple[dict[str, Any], dict[str, Any]]:
        title = self.form.host.settings.get("form_title") or self.form.host.name
        children = self._sections()
        document: dict[str, Any] = {
            "Id": self._id("questionnaire"),
            "Title": title,
            "VariableName": "mpsurvey",
            "CoverPage": {
                "Type": "CoverPage",
                "Id": self._id("cover"),
                "Title": "Cover",
                "VariableName": "cover",
                "Children": [],
            },
            "Children": children,
        }
        files: dict[str, Any] = {}
        if self.categories:
            document["Categories"] = []
            for name, listed in self.categories.items():
                file = f"{self._plain_id(f'list {name}')}.json"
                document["Categories"].append(
                    {"Id": self._id(f"list {name}"), "Name": name.lower(), "FileName": file}
                )
                files[f"Categories/{file}"] = [
                    {"Value": item.code, "Text": in_language(item.label, self.language)}
                    for item in listed
                ]
                for item in listed:
                    self._translated(
                        "Categories", self._id(f"list {name}"), None, item.label, str(item.code)
                    )
        if self.others:
            items = []
            for language in self.others:
                file = f"{self._plain_id(f'language {language}')}.json"
                items.append(
                    {
                        "Id": self._id(f"language {language}"),
                        "Name": LANGUAGE_NAMES.get(language, language),
                        "FileName": file,
                    }
                )
                files[f"Translations/{file}"] = self.translations[language]
            original = LANGUAGE_NAMES.get(self.language, self.language)
            document["Translations"] = {"OriginalDisplayName": original, "Items": items}
        return document, files

    def _id(self, what: str) -> str:
        return str(uuid.uuid5(_SPACE, f"{self.seed} {what}"))

    def _plain_id(self, what: str) -> str:
        return self._id(what).replace("-", "")

    def _translated(
        self,
        kind: str,
        entity: str,
        name: str | None,
        texts: Mapping[str, str],
        index: str | None = None,
    ) -> None:
        for language in self.others:
            if texts.get(language):
                item: dict[str, Any] = {"Type": kind, "EntityId": entity}
                if name is not None:
                    item["EntityVariableName"] = name
                if index is not None:
                    item["OptionIndex"] = index
                self.translations[language].append(item | {"Value": texts[language]})

    # -- sections

    def _sections(self) -> list[dict[str, Any]]:
        out = []
        outside = list(self.outline.outside_of("household"))
        if outside or self.outline.members:
            children = [node for one in outside for node in self._outside(one)]
            if self.outline.members:
                children.append(self._plain_number(COUNT, said("for each", self.language)))
            out.append(self._group("host", {self.language: said("host", self.language)}, children))
        out += [self._module(one) for one in self.outline.household]
        persons = [self._module(one) for one in self.outline.persons]
        if not self.outline.members:
            return [*out, *persons]
        inside: list[dict[str, Any]] = [
            self._text_question(MEMBER, said("name", self.language).strip("()"))
        ]
        for one in self.outline.outside_of("person"):
            inside += self._outside(one)
        roster = {
            "Type": "Roster",
            "Id": self._id(MEMBERS),
            "Title": "%rostertitle%",
            "VariableName": MEMBERS,
            "RosterSizeSource": "Question",
            "RosterSizeQuestion": COUNT,
            "RosterTitleQuestion": MEMBER,
            "DisplayMode": "SubSection",
            "Children": [*inside, *persons],
        }
        title = {self.language: said("for each", self.language)}
        return [*out, self._group("persons", title, [roster])]

    def _group(
        self,
        name: str,
        titles: Mapping[str, str],
        children: list[dict[str, Any]],
        condition: str = "",
    ) -> dict[str, Any]:
        node: dict[str, Any] = {
            "Type": "Group",
            "Id": self._id(f"group {name}"),
            "Title": in_language(titles, self.language),
            "VariableName": f"s_{name}"[:32].rstrip("_"),
            "Children": children,
        }
        if condition:
            node["ConditionExpression"] = condition
        self._translated("Title", node["Id"], node["VariableName"], titles)
        return node

    def _module(self, placed: Placed) -> dict[str, Any]:
        module = placed.module
        writer = CSharp(scope_of_names(placed), self.form.home)
        before, rows, after = numbers_at_end(list(module.questions))
        in_members = self.outline.members and placed in self.outline.persons
        children = [self._question(q, placed, writer, in_roster=in_members) for q in before]
        roster = module.roster
        if rows and roster is not None:
            inside = [self._question(q, placed, writer, in_roster=True) for q in rows]
            inside += [
                self._variable(c, placed, writer) for c in possible_concepts(placed) if c.roster
            ]
            name = placed.own(roster.name)
            node: dict[str, Any] = {
                "Type": "Roster",
                "Id": self._id(f"roster {name}"),
                "Title": in_language(roster.title, self.language),
                "VariableName": name,
                "RosterSizeSource": "Question",
                "RosterSizeQuestion": placed.own(roster.count),
                "DisplayMode": "SubSection",
                "Children": inside,
            }
            if roster.row is not None and roster.row in module.names:
                node["RosterTitleQuestion"] = placed.own(roster.row)
            self._translated("Title", node["Id"], name, roster.title)
            children.append(node)
        children += [self._question(q, placed, writer, in_roster=in_members) for q in after]
        children += [
            self._variable(c, placed, writer) for c in possible_concepts(placed) if not c.roster
        ]
        universe = module.universe
        condition = writer.condition(universe.node) if universe is not None else ""  # type: ignore[arg-type]
        return self._group(placed.group, module.title, children, condition)

    # -- questions

    def _outside(self, one: Outside) -> list[dict[str, Any]]:
        question = one.question()
        if question is not None:
            owner = next(p for p in self.outline.placed if one.name in p.hosts)
            member = one.of == "person" and self.outline.members
            writer = CSharp(scope_of_names(owner), self.form.home)
            return [self._question(question, owner, writer, in_roster=member, outside=True)]
        calculation = getattr(one.variable, "calculation", None)
        if calculation in ("year of interview", "month of interview"):
            part = "Year" if calculation.startswith("year") else "Month"
            stamp = f"{one.name}_at"
            return [
                {
                    "Type": "DateTimeQuestion",
                    "Id": self._id(stamp),
                    "QuestionText": in_language(one.variable.label, self.language),
                    "VariableName": stamp,
                    "IsTimestamp": True,
                },
                self._node_variable(
                    one.name,
                    f"IsAnswered({stamp}) ? (long?){stamp}.Value.{part} : null",
                    "LongInteger",
                    in_language(one.variable.label, self.language),
                ),
            ]
        if calculation == "row number":
            label = in_language(one.variable.label, self.language)
            return [self._node_variable(one.name, "(long?)(@rowcode)", "LongInteger", label)]
        return [
            self._plain_number(one.name, in_language(one.variable.label, self.language))
            | {"QuestionScope": "Hidden", "IsInteger": False}
        ]

    def _plain_number(self, name: str, text: str) -> dict[str, Any]:
        return {
            "Type": "NumericQuestion",
            "Id": self._id(name),
            "QuestionText": text,
            "VariableName": name,
            "VariableLabel": text[:80],
            "IsInteger": True,
        }

    def _text_question(self, name: str, text: str) -> dict[str, Any]:
        return {
            "Type": "TextQuestion",
            "Id": self._id(name),
            "QuestionText": text,
            "VariableName": name,
            "VariableLabel": text[:80],
        }

    def _question(
        self,
        question: Question,
        placed: Placed,
        writer: CSharp,
        *,
        in_roster: bool,
        outside: bool = False,
    ) -> dict[str, Any]:
        name = question.name if outside else placed.own(question.name)
        texts = {
            language: self._text(question.text.get(language, ""), language, placed, in_roster)
            for language in self.form.languages
        }
        node: dict[str, Any] = {"Id": self._id(name)}
        if question.type == "note":
            node |= {"Type": "StaticText", "Text": texts[self.language], "VariableName": name}
        else:
            node |= {
                "Type": _TYPES[question.type],
                "QuestionText": texts[self.language],
                "VariableName": name,
                "VariableLabel": in_language(question.label, self.language)[:80],
            }
        self._translated("Title", node["Id"], name, texts)
        if question.ask_if is not None:
            node["ConditionExpression"] = writer.condition(question.ask_if.node)  # type: ignore[arg-type]
            node["HideIfDisabled"] = True
        if question.instruction is not None and question.type != "note":
            notes = {
                language: self._text(text, language, placed, in_roster)
                for language, text in question.instruction.items()
            }
            node["Instructions"] = in_language(notes, self.language)
            self._translated("Instruction", node["Id"], name, notes)
        self._answers(node, question, placed)
        self._checks(node, question, placed, writer, name, in_roster=in_roster)
        return node

    def _text(self, text: str, language: str, placed: Placed, in_roster: bool) -> str:  # noqa: FBT001
        def place(name: str) -> str | None:
            if name == "name":
                return "%rostertitle%" if in_roster else None
            if name in ("country", "currency"):
                return None
            return f"%{placed.own(name)}%"

        return self.outline.text(placed, text, language, place)

    def _answers(self, node: dict[str, Any], question: Question, placed: Placed) -> None:
        listed = placed.module.codelists.get(question.codes or "")
        special = placed.module.codelists.get(question.special or "")
        if question.type in ("integer", "decimal"):
            node["IsInteger"] = question.type == "integer"
            if special is not None:
                node["SpecialValues"] = [
                    {"Text": in_language(item.label, self.language), "Code": item.code}
                    for item in special
                ]
                for item in special:
                    name = node["VariableName"]
                    self._translated("SpecialValue", node["Id"], name, item.label, str(item.code))
        if listed is None or question.type not in ("select_one", "select_multiple"):
            return
        if question.type == "select_multiple":
            node["DisplayMode"] = "Checkboxes"
        if len(listed) > LONG:
            self.categories[listed.id] = listed
            node["CategoriesId"] = self._id(f"list {listed.id}")
            node["DisplayMode"] = "Combobox"
            return
        node["Answers"] = [
            {"Text": in_language(item.label, self.language), "Code": item.code} for item in listed
        ]
        for item in listed:
            name = node["VariableName"]
            self._translated("OptionTitle", node["Id"], name, item.label, str(item.code))

    def _checks(
        self,
        node: dict[str, Any],
        question: Question,
        placed: Placed,
        writer: CSharp,
        name: str,
        *,
        in_roster: bool,
    ) -> None:
        conditions: list[dict[str, Any]] = []
        scope = dict(writer.scope)
        scope.setdefault(question.name, Known(name, kind_of(question.type)))
        own = CSharp(scope, self.form.home)
        outside = [f"{name} == {code}" for code in codes_outside(placed.module, question)]
        for check in question.checks:
            test = own.condition(when_answered(check.rule, question.name))
            messages = {
                language: self._text(text, language, placed, in_roster)
                for language, text in check.message.items()
            }
            conditions.append(
                {
                    "Expression": " || ".join([*outside, test]),
                    "Message": in_language(messages, self.language),
                    "Severity": "Warning" if check.soft else "Error",
                }
            )
            self._translated("ValidationMessage", node["Id"], name, messages, str(len(conditions)))
        alone = codes_alone(placed.module, question)
        if alone:
            test = " || ".join(f"{name}.Contains({code})" for code in alone)
            texts = {language: said("alone", language) for language in self.form.languages}
            conditions.append(
                {
                    "Expression": f"!({test}) || {name}.Length == 1",
                    "Message": texts[self.language],
                    "Severity": "Error",
                }
            )
            self._translated("ValidationMessage", node["Id"], name, texts, str(len(conditions)))
        if conditions:
            node["ValidationConditions"] = conditions

    # -- derived variables

    def _node_variable(self, name: str, expression: str, kind: str, label: str) -> dict[str, Any]:
        return {
            "Type": "Variable",
            "VariableName": name,
            "VariableType": kind,
            "Label": label,
            "Expression": expression,
        }

    def _variable(self, concept: Concept, placed: Placed, writer: CSharp) -> dict[str, Any]:
        kind, expression = CSharpConcepts(writer, placed).worked_out(concept)
        label = in_language(concept.label, self.language)
        return self._node_variable(placed.own(concept.name), expression, kind, label)


_TYPES = {
    "select_one": "SingleQuestion",
    "select_multiple": "MultiOptionsQuestion",
    "integer": "NumericQuestion",
    "decimal": "NumericQuestion",
    "text": "TextQuestion",
    "date": "DateTimeQuestion",
}
