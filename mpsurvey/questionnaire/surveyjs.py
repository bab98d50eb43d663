"""A form as SurveyJS JSON, for self-completion on the web."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mpsurvey.catalogue import Question
from mpsurvey.questionnaire.checks import codes_alone, codes_outside, when_answered
from mpsurvey.questionnaire.form import Questionnaire
from mpsurvey.questionnaire.outline import Outline, outline_of
from mpsurvey.questionnaire.placed import (
    Link,
    Placed,
    numbers_at_end,
    possible_concepts,
    scope_of,
)
from mpsurvey.questionnaire.surveyjs_concepts import SurveyJSConcepts
from mpsurvey.questionnaire.wording import said
from mpsurvey.questionnaire.workbook import write_whole
from mpsurvey.rule import Known, SurveyJS

__all__ = ["surveyjs_document", "write_surveyjs"]

MEMBERS = "members"
LONG = 15


def write_surveyjs(form: Questionnaire, path: Path | str) -> None:
    """Write the modules as a SurveyJS model (``.json``).

    A page per module, rosters as dynamic panels, skips as `visibleIf`, checks as validators, all
    languages in one file. Answers are cleared when they are hidden, as in every other target.
    Derived variables are calculated values, or hidden expressions in the rows of a panel. Soft
    checks are warnings (``notificationType``, which survey-core knows since 2.3): they are shown
    and stop nobody.
    """
    text = json.dumps(surveyjs_document(form), ensure_ascii=False, indent=1)
    write_whole(path, text.encode("utf-8"))


def surveyjs_document(form: Questionnaire) -> dict[str, Any]:
    """Return the model as plain data."""
    return _Model(outline_of(form)).build()


class _Model:
    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.form = outline.form
        self.languages = self.form.languages

    def build(self) -> dict[str, Any]:
        pages: list[dict[str, Any]] = []
        outside = [
            element
            for one in self.outline.outside_of("household")
            for element in self._outside(one.name, "")
        ]
        if outside:
            title = {language: said("host", language) for language in self.languages}
            pages.append({"name": "p_host", "title": self._said(title), "elements": outside})
        pages += [self._page(placed) for placed in self.outline.household]
        if self.outline.members:
            pages.append(self._members())
        else:
            pages += [self._page(placed) for placed in self.outline.persons]
        document: dict[str, Any] = {
            "title": self.form.host.settings.get("form_title") or self.form.host.name,
            "locale": self._locale(self.languages[0]),
            "clearInvisibleValues": "onHidden",
            "checkErrorsMode": "onValueChanged",
            "pages": pages,
        }
        once = self.outline.household if self.outline.members else self.outline.placed
        worked_out = [one for placed in once for one in self._derived(placed, "")]
        if worked_out:
            document["calculatedValues"] = [
                {"name": name, "expression": expression, "includeIntoResult": True}
                for name, expression in worked_out
            ]
        return document

    def _locale(self, language: str) -> str:
        return "" if language == "en" else language

    def _said(self, texts: Mapping[str, str]) -> dict[str, str]:
        out = {}
        for at, language in enumerate(self.languages):
            if language in texts:
                out[language] = texts[language]
                if at == 0 or language == "en":
                    out["default"] = texts[language]
        return out

    # -- pages

    def _page(self, placed: Placed) -> dict[str, Any]:
        return {"name": f"p_{placed.group}", **self._section(placed, "")}

    def _section(self, placed: Placed, where: str) -> dict[str, Any]:
        """A module's title and questions, and of whom they are asked."""
        section: dict[str, Any] = {
            "title": self._said(placed.module.title),
            "elements": list(self._elements(placed, where)),
        }
        universe = placed.module.universe
        if universe is not None:
            writer = SurveyJS(self._scope(placed, where), self.form.home)
            section["visibleIf"] = writer.condition(universe.node)  # type: ignore[arg-type]
        return section

    def _members(self) -> dict[str, Any]:
        inside: list[dict[str, Any]] = [
            {"type": "text", "name": "member_name", "title": said("name", self.languages[0])}
        ]
        for one in self.outline.outside_of("person"):
            inside += self._outside(one.name, "panel.")
        for placed in self.outline.persons:
            panel = {"type": "panel", "name": f"g_{placed.group}"}
            inside.append({**panel, **self._section(placed, "panel.")})
            inside += [_hidden(*one) for one in self._derived(placed, "panel.")]
        roster = {
            "type": "paneldynamic",
            "name": MEMBERS,
            "templateTitle": "{panel.member_name}",
            "panelCount": 1,
            "templateElements": inside,
        }
        return {"name": "p_members", "elements": [roster]}

    def _elements(self, placed: Placed, where: str) -> Iterator[dict[str, Any]]:
        module = placed.module
        before, rows, after = numbers_at_end(list(module.questions))
        scope = self._scope(placed, where)
        yield from self._questions(before, placed, scope)
        roster = module.roster
        if rows and roster is not None:
            inner = self._scope(placed, where, row=True)
            elements = list(self._questions(rows, placed, inner))
            elements += [_hidden(*one) for one in self._derived_by_row(placed, inner)]
            count = placed.own(roster.count)
            yield {
                "type": "paneldynamic",
                "name": placed.own(roster.name),
                "title": self._said(roster.title),
                "bindings": {"panelCount": count},
                "visibleIf": SurveyJS(scope, self.form.home).answered(scope[roster.count]),
                "maxPanelCount": roster.most or 100,
                "templateElements": elements,
            }
        yield from self._questions(after, placed, scope)

    def _scope(self, placed: Placed, where: str, *, row: bool = False) -> dict[str, Known]:
        """How a rule knows each variable: of the whole, of the member, or of the roster's row."""
        if row and where:
            where = "parentPanel."

        persons = {one.name for one in self.outline.outside_of("person")}
        once = self.outline.household_names

        def host(name: str, link: Link) -> str:
            reference = link.named(name)
            asked_here = (link.how == "module" or name in persons) and reference not in once
            return f"{{{where if asked_here else ''}{reference}}}"

        return scope_of(
            placed,
            lambda name, roster: f"{{{'panel.' if row and roster else where}{name}}}",
            host,
        )

    # -- questions

    def _outside(self, name: str, where: str) -> list[dict[str, Any]]:
        one = next(each for each in self.outline.outside if each.name == name)
        owner = next(placed for placed in self.outline.placed if name in placed.hosts)
        question = one.question()
        if question is not None:
            scope = self._scope(owner, where)
            return list(self._questions([question], owner, scope, outside=True))
        calculation = getattr(one.variable, "calculation", None)
        moments = {"year of interview": "year(today())", "month of interview": "month(today())"}
        if calculation in moments:
            return [
                {
                    "type": "expression",
                    "name": name,
                    "visible": False,
                    "clearIfInvisible": "none",
                    "expression": moments[calculation],
                }
            ]
        return [
            {"type": "text", "inputType": "number", "name": name, "visible": False}
            | {"clearIfInvisible": "none"}
        ]

    def _questions(
        self,
        questions: Sequence[Question],
        placed: Placed,
        scope: Mapping[str, Known],
        *,
        outside: bool = False,
    ) -> Iterator[dict[str, Any]]:
        writer = SurveyJS(scope, self.form.home)
        for question in questions:
            name = question.name if outside else placed.own(question.name)
            texts = {
                language: self._text(text, language, placed, scope)
                for language, text in question.text.items()
            }
            element: dict[str, Any] = {"name": name}
            if question.type == "note":
                element |= {"type": "html", "html": self._said(texts)}
            else:
                element |= {"title": self._said(texts), "isRequired": placed.required}
            if question.instruction is not None and question.type != "note":
                notes = {
                    language: self._text(text, language, placed, scope)
                    for language, text in question.instruction.items()
                }
                element["description"] = self._said(notes)
            if question.ask_if is not None:
                element["visibleIf"] = writer.condition(question.ask_if.node)  # type: ignore[arg-type]
            self._sort(element, question, placed)
            self._checks(element, question, placed, scope)
            yield element

    def _text(self, text: str, language: str, placed: Placed, scope: Mapping[str, Known]) -> str:
        def place(name: str) -> str | None:
            roster = placed.module.roster
            if name == "name" and self.outline.members and placed in self.outline.persons:
                return "{panel.member_name}"
            if name == "name" and roster is not None and roster.row is not None:
                reference = scope[roster.row].reference
                return reference if "panel." in reference else None
            if name in scope and name not in ("name", "country", "currency"):
                return scope[name].reference
            return None

        return self.outline.text(None, text, language, place)

    def _sort(self, element: dict[str, Any], question: Question, placed: Placed) -> None:
        listed = placed.module.codelists.get(question.codes or "")
        match question.type:
            case "select_one" | "select_multiple" if listed is not None:
                many = question.type == "select_multiple"
                element["type"] = (
                    "checkbox" if many else "dropdown" if len(listed) > LONG else "radiogroup"
                )
                element["choices"] = [
                    {"value": item.code, "text": self._said(item.label)} for item in listed
                ]
            case "integer" | "decimal":
                element |= {"type": "text", "inputType": "number"}
                if question.type == "decimal":
                    element["step"] = 0.01
            case "date":
                element |= {"type": "text", "inputType": "date"}
            case "text":
                element["type"] = "text"
            case _:
                return

    def _checks(
        self,
        element: dict[str, Any],
        question: Question,
        placed: Placed,
        scope: Mapping[str, Known],
    ) -> None:
        own = scope[question.name].reference
        writer = SurveyJS(scope, self.form.home)
        outside = [f"{own} = {code}" for code in codes_outside(placed.module, question)]
        validators = []
        for check in question.checks:
            test = writer.condition(when_answered(check.rule, question.name))
            texts = {
                language: self._text(text, language, placed, scope)
                for language, text in check.message.items()
            }
            validator: dict[str, Any] = {
                "type": "expression",
                "expression": " or ".join([*outside, test, f"{own} empty"]),
                "text": self._said(texts),
            }
            if check.soft:
                validator["notificationType"] = "warning"
            validators.append(validator)
        alone = codes_alone(placed.module, question)
        if alone:
            test = " or ".join(f"{own} contains {code}" for code in alone)
            texts = {language: said("alone", language) for language in self.languages}
            validators.append(
                {
                    "type": "expression",
                    "expression": f"!({test}) or {own[:-1]}.length}} = 1",
                    "text": self._said(texts),
                }
            )
        if validators:
            element["validators"] = validators

    # -- derived variables

    def _derived(self, placed: Placed, where: str) -> Iterator[tuple[str, str]]:
        """Go through the derived variables of one interview: name and expression."""
        scope = self._scope(placed, where)
        worked = SurveyJSConcepts(scope, self.form.home, placed)
        roster = placed.module.roster
        for concept in possible_concepts(placed):
            if concept.over is not None and roster is not None:
                rows = f"{{{where}{placed.own(roster.name)}}}"
                yield placed.own(concept.name), worked.gathered(concept, rows)
            elif not concept.roster:
                yield placed.own(concept.name), worked.worked_out(concept)

    def _derived_by_row(
        self, placed: Placed, scope: Mapping[str, Known]
    ) -> Iterator[tuple[str, str]]:
        worked = SurveyJSConcepts(scope, self.form.home, placed)
        for concept in possible_concepts(placed):
            if concept.roster:
                yield placed.own(concept.name), worked.worked_out(concept)
            elif concept.over is not None:
                yield from worked.row_parts(concept)


def _hidden(name: str, expression: str) -> dict[str, Any]:
    return {
        "type": "expression",
        "name": name,
        "visible": False,
        "clearIfInvisible": "none",
        "expression": expression,
    }
