"""A form as a CSPro 8 dictionary, its question texts and its logic."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from mpsurvey.catalogue import CodeList, Concept, Question
from mpsurvey.errors import MpsurveyError
from mpsurvey.questionnaire.form import Questionnaire
from mpsurvey.questionnaire.host import LANGUAGE_NAMES
from mpsurvey.questionnaire.outline import Outline, outline_of
from mpsurvey.questionnaire.placed import Placed, answers_of, numbers_at_end, variable_of
from mpsurvey.questionnaire.wording import in_language, said
from mpsurvey.questionnaire.workbook import write_whole
from mpsurvey.questionnaire.xlsform import when_answered
from mpsurvey.rule import CSPro, Known, walk
from mpsurvey.rule.nodes import Number

__all__ = ["cspro_faults", "write_cspro"]

_NAME = re.compile(r"[A-Z](?:[A-Z0-9_]*[A-Z0-9])?")

RESERVED = frozenset(
    """
    ALL ALPHA AND ARRAY ASK AUDIO BARCODE BREAK BY CASE CONFIG CONTINUE COUNT DATE DEFAULT DELETE
    DISJOINT DO DOCUMENT ELSE ELSEIF END ENDCASE ENDDO ENDFOR ENDGROUP ENDIF ENDLEVEL ENDRECODE
    ENDSECT ENTER ERRMSG EXIT EXPORT FILE FOR FREQ FUNCTION GEOMETRY GPS HASHMAP HIGH IF IMAGE IN
    INADVANCE INCLUDING INTERVAL LEVEL LIST LOW MAP MAX MEAN MIN MISSING MOVE NEXT NOINPUT NOT
    NOTAPPL NUMERIC OR PFF POS POSTPROC PREPROC PROC RECODE REENTER REFUSED RELATION REPORT SET SKIP
    SOCCURS SORT SPECIAL STOP STRING SUM SYSTEMAPP TABLE THEN TO UNIT UNTIL UPDATE USE USERBAR
    VALUESET WEIGHT WHEN WHERE WHILE WORKDICT YEAR MONTH SEX_VS
    """.split()  # noqa: SIM905 - a list of single words would be a hundred lines
)
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
_SELECTED = """\
function mp_selected(alpha(400) answers, numeric width, alpha(4) code)
  numeric place = 1;
  mp_selected = 0;
  while place <= length(strip(answers)) do
    if strip(answers[place:width]) = strip(code) then mp_selected = 1; endif;
    place = place + width;
  enddo;
end;
"""


def write_cspro(form: Questionnaire, path: Path | str, *, name: str = "mpsurvey") -> list[Path]:
    """Write the modules for CSPro 8 into a folder.

    ``<name>.dcf`` the dictionary (JSON), ``<name>.ent.qsf`` the question texts in every language,
    ``<name>.ent.apc`` the logic: skips as ``ask if``, checks as messages. In the CSPro Designer a
    new data entry application takes the dictionary, makes its forms, and then these two files.
    Where household and person modules stand together, persons are the second level.

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
    problems = cspro_faults(dictionary)
    if problems:
        raise MpsurveyError(problems)
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        f"{name}.dcf": json.dumps(dictionary, ensure_ascii=False, indent=2),
        f"{name}.ent.qsf": made.question_texts(),
        f"{name}.ent.apc": made.logic(),
    }
    for file, text in files.items():
        # CSPro's Designer takes a file without the mark for one in the Windows code page.
        write_whole(folder / file, text.encode("utf-8-sig"))
    return [folder / file for file in files]


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
        if name in RESERVED:
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


class _Dictionary:
    def __init__(self, outline: Outline, name: str) -> None:
        self.outline = outline
        self.form = outline.form
        self.languages = self.form.languages
        self.name = f"{name.upper()}_DICT"
        self.records = 0
        self.asked: list[tuple[Question, Placed, str, bool]] = []

    # -- the dictionary

    def build(self) -> dict[str, Any]:
        self.records, self.asked = 0, []
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
        main = [self._asked(q, placed) for q in (*before, *after) if q.asks]
        if main:
            out.append(self._record(placed.group, module.title, 1, main))
        roster = module.roster
        if rows and roster is not None:
            inside = [self._asked(q, placed) for q in rows if q.asks]
            name = placed.own(roster.name)
            out.append(self._record(name, roster.title, roster.most or 30, inside))
        return out

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
            item |= {"contentType": "alpha", "length": _width(listed) * len(listed)}
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
        width = _width(listed)
        values = [
            {
                "labels": self._labels(item.label),
                "pairs": [{"value": str(item.code).rjust(width, "0") if alpha else item.code}],
            }
            for item in listed
        ]
        return {"name": f"{name}_VS1", "labels": self._labels(question.label), "values": values}

    # -- question texts and logic

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

    def logic(self) -> str:
        lines = [
            f"{{ Skips and checks of {', '.join(m.id for m in self.form.modules)}. }}",
            "",
            "PROC GLOBAL",
            "",
            *_SELECTED.rstrip("\n").split("\n"),
            "",
        ]
        for one in self.outline.outside:
            moment = getattr(one.variable, "calculation", None)
            form = {"year of interview": "YYYY", "month of interview": "MM"}.get(moment or "")
            if form is not None:
                lines += [f"PROC {one.name.upper()}", "preproc"]
                lines += [f'  {one.name.upper()} = sysdate("{form}");', "  noinput;", ""]
        for question, placed, name, outside in self.asked:
            lines += self._procedure(question, placed, name, outside=outside)
        return "\n".join(lines) + "\n"

    def _procedure(
        self, question: Question, placed: Placed, name: str, *, outside: bool
    ) -> list[str]:
        scope = self._scope(placed)
        scope.setdefault(question.name, Known(name.upper()))
        writer = CSPro(scope, self.form.home)
        universe = placed.module.universe if not outside else None
        tests = [
            writer.condition(rule.node)  # type: ignore[arg-type]
            for rule in (universe, question.ask_if)
            if rule is not None
        ]
        lines = [f"PROC {name.upper()}"]
        if tests:
            lines += ["preproc", f"  ask if {' and '.join(tests)};"]
        checks = self._checks(question, placed, writer)
        if checks:
            lines += ["postproc", *checks]
        return [*lines, ""] if len(lines) > 1 else []

    def _checks(self, question: Question, placed: Placed, writer: CSPro) -> list[str]:
        special = placed.module.codelists.get(question.special or "")
        known = writer.scope[question.name]
        outside = special.codes if special is not None else ()
        lines = []
        for check in question.checks:
            test = writer.condition(when_answered(check.rule, question.name))
            parts = [writer.answered(known)]
            parts += [
                f"{known.reference} <> {code}" for code in outside if code not in known.missing
            ]
            text = (
                self._text(in_language(check.message, self.languages[0]), placed, self.languages[0])
                .replace('"', "'")
                .replace("%", "%%")
            )
            lines.append(f"  if {' and '.join(parts)} and not ({test}) then")
            if check.soft:
                lines.append(f'    warning("{text}");')
            else:
                lines += [f'    errmsg("{text}");', "    reenter;"]
            lines.append("  endif;")
        listed = placed.module.codelists.get(question.codes or "")
        if question.type == "select_multiple" and listed is not None:
            alone = [item.code for item in listed if item.exclusive]
            if alone:
                test = " or ".join(writer.selected(known, code) for code in alone)
                lines.append(
                    f"  if ({test}) and length(strip({known.reference})) > {known.width} then"
                )
                lines += [f'    errmsg("{said("alone", self.languages[0])}");', "    reenter;"]
                lines.append("  endif;")
        return lines

    def _scope(self, placed: Placed) -> dict[str, Known]:
        module = placed.module
        out: dict[str, Known] = {}
        for question in module.questions:
            out[question.name] = self._known(question, module, placed.own(question.name))
        for name, link in placed.hosts.items():
            variable = variable_of(module, name)
            reference = link.variable if link.how == "module" else name
            if variable is None or isinstance(variable, Concept):
                out[name] = Known(reference.upper())
            else:
                out[name] = self._known(variable, module, reference)
        return out

    def _known(self, variable: Any, module: Any, name: str) -> Known:
        answers = answers_of(module, variable)
        missing = answers.missing if answers is not None else frozenset()
        kind: Any = {
            "select_one": "one",
            "select_multiple": "many",
            "integer": "number",
            "decimal": "number",
        }.get(variable.type, "text")
        width = _width(answers) if answers is not None else 2
        return Known(name.upper(), kind, missing, width)


def _width(listed: CodeList) -> int:
    return max(len(str(code)) for code in listed.codes)
