"""A form as a CSPro 8 dictionary, its question texts and its logic."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from mpsurvey.catalogue import CodeList, Concept, Question
from mpsurvey.errors import MpsurveyError
from mpsurvey.questionnaire.cspro_forms import application_text, form_file, run_file
from mpsurvey.questionnaire.cspro_logic import Asked, Logic
from mpsurvey.questionnaire.cspro_rules import application_faults
from mpsurvey.questionnaire.form import Questionnaire
from mpsurvey.questionnaire.host import LANGUAGE_NAMES
from mpsurvey.questionnaire.outline import Outline, outline_of
from mpsurvey.questionnaire.placed import Placed, numbers_at_end, possible_concepts, width_of
from mpsurvey.questionnaire.wording import in_language, said
from mpsurvey.questionnaire.workbook import write_whole
from mpsurvey.rule import Rule, walk
from mpsurvey.rule.nodes import Number

__all__ = ["write_cspro"]

_STYLES = """\
styles:
  - name: Normal
    className: normal
    css: |
      font-family: Arial;font-size: 16px;
  - name: Instruction
    className: instruction
    css: |
      font-family: Arial;font-size: 14px;color: #0000FF;
"""


def write_cspro(form: Questionnaire, path: Path | str, *, name: str = "mpsurvey") -> list[Path]:
    """Write the modules for CSPro 8 into a folder.

    A whole data entry application, as the CSPro Designer opens it: ``<name>.ent`` the application,
    ``.dcf`` the dictionary, ``.fmf`` a form per record with its fields placed, ``.ent.apc`` the
    logic (skips as ``ask if``, checks, derived variables), ``.ent.mgf`` the messages and
    ``.ent.qsf`` the question texts in every language, and ``.pff`` to start data entry. Where
    household and person modules stand together, persons are the second level.

    CSPro runs on Windows only. What is written is checked by our own rules, which follow CSPro's
    published sources (`cspro_rules`), and was not run by CSPro itself.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    MpsurveyError
        When something does not fit CSPro's rules; every problem is named.
    """
    made = _Dictionary(outline_of(form), name)
    dictionary = made.build()
    logic = Logic(made.outline, made.asked)
    title = form.host.settings.get("form_title") or form.host.name
    files = {
        f"{name}.ent": application_text(name, title),
        f"{name}.dcf": json.dumps(dictionary, ensure_ascii=False, indent=2),
        f"{name}.fmf": form_file(dictionary, name, made.derived),
        f"{name}.ent.apc": logic.write(),
        f"{name}.ent.mgf": logic.message_file(),
        f"{name}.ent.qsf": made.question_texts(),
        f"{name}.pff": run_file(name, title),
    }
    problems = application_faults(files, name)
    if problems:
        raise MpsurveyError(problems)
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        # CSPro's Designer takes a file without the mark for one in the Windows code page.
        write_whole(folder / file, text.encode("utf-8-sig"))
    return [folder / file for file in files]


class _Dictionary:
    def __init__(self, outline: Outline, name: str) -> None:
        self.outline = outline
        self.form = outline.form
        self.languages = self.form.languages
        self.name = f"{name.upper()}_DICT"
        self.records = 0
        self.asked: list[Asked] = []
        self.derived: list[str] = []

    # -- the dictionary

    def build(self) -> dict[str, Any]:
        self.records, self.asked, self.derived = 0, [], []
        title = self.form.host.settings.get("form_title") or self.form.host.name
        titles = dict.fromkeys(self.languages, title)
        first = [*self._host("household")]
        for placed in self.outline.household:
            first += self._records(placed)
        persons: list[dict[str, Any]] = []
        if self.outline.members:
            persons += self._host("person")
        for placed in self.outline.persons:
            persons += self._records(placed)
        levels = [self._level("CASE", titles, "CASE_NO", 6, first)]
        if self.outline.members:
            levels.append(self._level("PERSON", titles, "PERSON_NO", 2, persons))
        else:
            levels[0]["records"] += persons
        return {
            "software": "CSPro",
            "version": 8.0,
            "fileType": "dictionary",
            "name": self.name,
            "labels": self._labels(titles),
            "readOptimization": True,
            "recordType": {"start": 1, "length": 2},
            "defaults": {"decimalMark": True, "zeroFill": False},
            "relativePositions": True,
            "languages": [
                {"name": one.upper(), "label": LANGUAGE_NAMES.get(one, one)}
                for one in self.languages
            ],
            "levels": levels,
        }

    def _level(
        self, name: str, titles: Mapping[str, str], key: str, places: int, records: list[Any]
    ) -> dict[str, Any]:
        item = {
            "name": key,
            "labels": self._labels(dict.fromkeys(self.languages, key.replace("_", " ").title())),
            "contentType": "numeric",
            "start": 3 if name == "CASE" else 9,
            "length": places,
            "zeroFill": True,
        }
        return {
            "name": f"{name}_LEVEL",
            "labels": self._labels(titles),
            "ids": {"items": [item]},
            "records": records,
        }

    def _labels(self, texts: Mapping[str, str]) -> list[dict[str, str]]:
        return [
            {"text": in_language(texts, one)[:255], "language": one.upper()}
            for one in self.languages
        ]

    def _record(
        self, name: str, texts: Mapping[str, str], most: int, items: list[dict[str, Any]]
    ) -> dict[str, Any]:
        self.records += 1
        return {
            "name": f"{name.upper()}_REC",
            "labels": self._labels(texts),
            "recordType": f"{self.records:02d}",
            "occurrences": {"required": False, "maximum": most},
            "items": items,
        }

    def _host(self, whom: str) -> list[dict[str, Any]]:
        items = []
        for one in self.outline.outside_of(whom):
            owner = next(placed for placed in self.outline.placed if one.name in placed.hosts)
            question = one.question()
            if question is not None:
                items.append(self._item(question, one.name, one.answers))
                self.asked.append((question, owner, one.name, True))
            elif not isinstance(one.variable, Concept):
                items.append(self._number(one.name, one.variable.label, 6))
        texts = {one: said("host", one) for one in self.languages}
        return [self._record(f"HOST_{whom}", texts, 1, items)] if items else []

    def _records(self, placed: Placed) -> list[dict[str, Any]]:
        module = placed.module
        before, rows, after = numbers_at_end(list(module.questions))
        out = []
        concepts = possible_concepts(placed)
        main = [self._asked(q, placed) for q in (*before, *after) if q.asks]
        main += [self._derived(c, placed) for c in concepts if not c.roster]
        if main:
            out.append(self._record(placed.group, module.title, 1, main))
        roster = module.roster
        if rows and roster is not None:
            inside = [self._asked(q, placed) for q in rows if q.asks]
            inside += [self._derived(c, placed) for c in concepts if c.roster]
            name = placed.own(roster.name)
            out.append(self._record(name, roster.title, roster.most or 30, inside))
        return out

    def _derived(self, concept: Concept, placed: Placed) -> dict[str, Any]:
        """Describe an item that stands on no form: the logic works it out."""
        name = placed.own(concept.name).upper()
        self.derived.append(name)
        yes_no = isinstance(concept.value, Rule) and concept.over is None
        item = self._number(name, concept.label, 5 if concept.categories or yes_no else 15)
        if concept.categories:
            values = [
                {"labels": self._labels(one.label), "pairs": [{"value": one.code}]}
                for one in concept.categories
            ]
            labels = self._labels(concept.label)
            item["valueSets"] = [{"name": f"{name}_VS1", "labels": labels, "values": values}]
        elif not yes_no:
            item["decimals"] = 4
        return item

    def _asked(self, question: Question, placed: Placed) -> dict[str, Any]:
        name = placed.own(question.name)
        self.asked.append((question, placed, name, False))
        return self._item(question, name, placed.module.codelist(question))

    def _number(self, name: str, label: Mapping[str, str], places: int) -> dict[str, Any]:
        return {
            "name": name.upper(),
            "labels": self._labels(label),
            "contentType": "numeric",
            "length": places,
        }

    def _item(self, question: Question, name: str, listed: CodeList | None) -> dict[str, Any]:
        item = self._number(name, question.label, self._places(question, listed))
        if question.type == "select_multiple" and listed is not None:
            item |= {"contentType": "alpha", "length": width_of(listed) * len(listed)}
        elif question.type == "text":
            item |= {"contentType": "alpha", "length": 60}
        elif question.type == "decimal":
            item["decimals"] = 2
        if listed is not None:
            item["valueSets"] = [self._value_set(item["name"], question, listed)]
        return item

    def _places(self, question: Question, listed: CodeList | None) -> int:
        codes = listed.codes if listed is not None else ()
        widest = max((len(str(code)) for code in codes), default=1)
        match question.type:
            case "select_one":
                return widest
            case "decimal":
                return 14
            case "date":
                return 8
            case _:
                limits = [
                    abs(node.value)
                    for check in question.checks
                    for node in walk(check.rule.node)
                    if isinstance(node, Number)
                ]
                return max(widest, len(str(int(max(limits, default=99999)))), 4)

    def _value_set(self, name: str, question: Question, listed: CodeList) -> dict[str, Any]:
        alpha = question.type == "select_multiple"
        width = width_of(listed)
        values = [
            {
                "labels": self._labels(item.label),
                "pairs": [{"value": str(item.code).rjust(width, "0") if alpha else item.code}],
            }
            for item in listed
        ]
        return {"name": f"{name}_VS1", "labels": self._labels(question.label), "values": values}

    # -- question texts

    def question_texts(self) -> str:
        lines = ["---", "fileType: Question Text", "version: CSPro 8.0", "languages:"]
        for one in self.languages:
            label = LANGUAGE_NAMES.get(one, one)
            lines += [f"  - name: {one.upper()}", f"    label: {label}"]
        lines += [*_STYLES.rstrip("\n").split("\n"), "questions:"]
        for question, placed, name, _ in self.asked:
            lines += [
                f"  - name: {self.name}.{name.upper()}",
                "    conditions:",
                "      - questionText:",
            ]
            for one in self.languages:
                text = self._text(in_language(question.text, one), placed, one)
                body = f"<p>{escape(text, quote=False)}</p>"
                if question.instruction is not None:
                    note = self._text(in_language(question.instruction, one), placed, one)
                    body += f'<p class="instruction">{escape(note, quote=False)}</p>'
                lines += [f"          {one.upper()}: |", f"            {body}"]
        return "\n".join([*lines, "..."]) + "\n"

    def _text(self, text: str, placed: Placed, language: str) -> str:
        filled = self.outline.text(placed, text, language, lambda _name: None)
        return " ".join(filled.split())
