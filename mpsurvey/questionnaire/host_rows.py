"""A host form's own rows as modules, so that targets other than XLSForm can take them.

What cannot be said there is kept as far as it goes and named with its row: a question whose
condition is not understood is asked of everybody, a calculation is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mpsurvey.catalogue import Code, CodeList, Concept, Module, Question
from mpsurvey.catalogue.concept import Category
from mpsurvey.catalogue.module import Roster
from mpsurvey.catalogue.question import Check
from mpsurvey.errors import MpsurveyError
from mpsurvey.questionnaire.form import Questionnaire
from mpsurvey.questionnaire.host import HostRow
from mpsurvey.questionnaire.placed import Link, Placed
from mpsurvey.questionnaire.reserved import OF_CSPRO, OF_DESIGNER
from mpsurvey.questionnaire.wording import said
from mpsurvey.questionnaire.xpath_reading import HostName, Untranslatable, cases, condition, value
from mpsurvey.rule import Rule, parse_formula, parse_rule

__all__ = ["with_host_rows"]

ASKED = ("select_one", "select_multiple", "integer", "decimal", "text", "date", "note")
OF_DEVICE = ("start", "end", "today", "deviceid", "username", "phonenumber", "email", "audit")
WORDS = (
    *("name", "country", "currency", "home", "host", "members", "persons", "member_name"),
    *("n_members", "member", "case_no", "person_no"),
)
_REFERENCE = re.compile(r"\$\{\s*([^}\s]+)\s*\}")


@dataclass(slots=True)
class _Part:
    """Rows that become one module."""

    unit: str
    start: int
    roster: HostRow | None = None
    rows: list[HostRow] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    concepts: list[Concept] = field(default_factory=list)
    used: set[str] = field(default_factory=set)


def with_host_rows(form: Questionnaire) -> tuple[tuple[Placed, ...], tuple[str, ...]]:
    """Return the form's modules with the host's rows as modules among them, and remarks by row."""
    if not any(row.name and not row.type.startswith(("begin ", "end ")) for row in form.host.rows):
        return form.placed, ()
    return _HostRows(form).placed()


class _HostRows:
    def __init__(self, form: Questionnaire) -> None:
        self.form = form
        self.host = form.host
        self.languages = form.languages
        self.remarks: list[str] = []
        self.cells = form.host.workbook.sheet(form.host.survey_sheet).rows()
        self.lists: dict[str, CodeList] = {}
        self.numbers: dict[str, dict[str, int]] = {}
        self.names: dict[str, str] = {}
        self.known: dict[str, tuple[HostName, _Part]] = {}
        self.kept: dict[str, Question | Concept] = {}

    def placed(self) -> tuple[tuple[Placed, ...], tuple[str, ...]]:
        parts = list(self._parts())
        self._name()
        for part in parts:
            for row in part.rows:
                kind = self._kind(row)
                if kind in ASKED and kind != "note":
                    codes = self.numbers.get(row.list_name, {})
                    name = HostName(self.names[row.name], kind, codes)
                    self.known.setdefault(row.name, (name, part))
        for part in parts:
            self._fill(part)
        links = [self._linked(one) for one in self.form.placed]
        made = [self._module(part, at) for at, part in enumerate(parts, 1)]
        both = [(one.above, 1, one) for one in links]
        both += [(one.above, 0, one) for one in made if one.module.questions]
        ordered = sorted(both, key=lambda each: each[:2])
        return tuple(one for _, _, one in ordered), tuple(dict.fromkeys(self.remarks))

    # -- which rows go together

    def _parts(self) -> Iterator[_Part]:
        persons = [one for one in self.form.placed if one.module.unit != "household"]
        around = [one.beside or next(iter(one.repeats), None) for one in persons]
        members = next((one for one in around if one), None)
        households = any(one.module.unit == "household" for one in self.form.placed)
        outer = "household" if members or households or not persons else "person"
        cuts = {one.above for one in self.form.placed}
        of_members: _Part | None = None
        now: _Part | None = None
        for row in self.host.rows:
            if row.type.startswith(("begin ", "end ")):
                if row.type == "begin repeat" or row.type == "end repeat":
                    now = None
                continue
            if not row.name:
                continue
            if len(row.repeats) > 1:
                self._remark(row, "it lies in a repeat within a repeat, which is not carried")
                continue
            if row.type in OF_DEVICE:
                self._remark(row, f"the device fills '{row.type}' itself; it is not carried")
                continue
            inside = next(iter(row.repeats), None)
            if inside is not None and inside == members:
                if of_members is None:
                    of_members = _Part("person", row.number)
                    yield of_members
                of_members.rows.append(row)
                continue
            cut = now is not None and any(now.rows[-1].number < at <= row.number for at in cuts)
            if now is None or cut:
                opening = self.host.row(inside) if inside is not None else None
                if now is None or opening is None:
                    now = _Part(outer, row.number, opening)
                    yield now
            now.rows.append(row)

    def _remark(self, row: HostRow, what: str) -> None:
        self.remarks.append(f"{self.host.name}, survey row {row.number}, '{row.name}': {what}.")

    def _name(self) -> None:
        taken = {name.casefold() for one in self.form.placed for name in one.names()}
        for row in self.host.rows:
            if not row.name or row.type.startswith("end ") or row.name in self.names:
                continue
            plain = re.sub(r"[^a-z0-9]+", "_", row.name.lower()).strip("_")[:28].rstrip("_")
            plain = plain if plain[:1].isalpha() else f"q_{plain}".rstrip("_")
            name, number = plain, 1
            reserved = plain in WORDS or plain.upper() in OF_CSPRO or plain in OF_DESIGNER
            while name in taken or (reserved and name == plain):
                name, number = f"{plain}_{number}", number + 1
            taken.add(name)
            self.names[row.name] = name
            if name != row.name:
                self._remark(row, f"it is called '{name}' there")

    def _kind(self, row: HostRow) -> str:
        if row.type in ("select_one", "select_multiple"):
            return row.type if self._listed(row) else "text"
        if row.type in ASKED:
            return row.type
        if row.type != "calculate":
            return "text"
        return "integer" if row.cells.get("calculation", "").strip() else "text"

    def _listed(self, row: HostRow) -> str | None:
        choices = self.host.lists.get(row.list_name)
        if not choices:
            return None
        name = f"H_{row.list_name}"
        if name not in self.lists:
            whole = all(re.fullmatch(r"0|[1-9]\d{0,4}", code) for code in choices)
            numbers = {code: int(code) if whole else at for at, code in enumerate(choices, 1)}
            if not whole:
                shown = ", ".join(f"{code} = {number}" for code, number in numbers.items())
                self.remarks.append(
                    f"{self.host.name}: the choices of '{row.list_name}' are numbered: {shown}."
                )
            self.numbers[row.list_name] = numbers
            items = tuple(
                Code(numbers[code], self._texts(labels, code)) for code, labels in choices.items()
            )
            title = dict.fromkeys(self.languages, row.list_name)
            self.lists[name] = CodeList(name, "1.0.0", title, items)
        return name

    # -- wordings

    def _texts(self, labels: Mapping[str, str], otherwise: str) -> dict[str, str]:
        first = next((text for text in labels.values() if text), otherwise)
        return {one: labels.get(one) or first for one in self.languages}

    def _column(self, row: HostRow, key: str) -> dict[str, str]:
        cells = self.cells.get(row.number, {})
        return {
            language: cells[column]
            for (what, language), column in self.host.columns.items()
            if what == key and cells.get(column)
        }

    def _wording(self, texts: Mapping[str, str], part: _Part) -> dict[str, str]:
        def place(match: re.Match[str]) -> str:
            found = self.known.get(match[1])
            if found is None or not self._reaches(part, found[1]):
                return f"({match[1]})"
            part.used.add(match[1])
            return f"{{{found[0].name}}}"

        return {
            one: _REFERENCE.sub(place, text.replace("{", "(").replace("}", ")"))
            if "${" not in text
            else _REFERENCE.sub(place, text)
            for one, text in texts.items()
        }

    # -- rows

    def _reaches(self, part: _Part, other: _Part) -> bool:
        if part is other:
            return True
        return other.roster is None and (other.unit == part.unit or other.unit == "household")

    def _fill(self, part: _Part) -> None:
        for row in part.rows:
            if row.type == "calculate":
                if not self._calculated(row, part):
                    part.questions.append(self._question(row, part, "integer"))
            else:
                if row.type not in ASKED:
                    self._remark(row, f"'{row.type}' is asked for as text")
                elif self._kind(row) != row.type:
                    self._remark(row, f"its choices '{row.list_name}' are not here: asked as text")
                part.questions.append(self._question(row, part, self._kind(row)))
        self.kept |= {question.name: question for question in part.questions}
        self.kept |= {concept.name: concept for concept in part.concepts}

    def _find(self, part: _Part) -> Any:
        def find(name: str) -> HostName:
            found = self.known.get(name)
            if found is None or not self._reaches(part, found[1]):
                raise Untranslatable(f"'{name}' of other rows")
            part.used.add(name)
            return found[0]

        return find

    def _question(self, row: HostRow, part: _Part, kind: Any) -> Question:
        label = self._texts(row.labels, row.name)
        own = self.known[row.name][0] if row.name in self.known else None
        checks: list[Check] = []
        limit = row.cells.get("constraint", "").strip()
        rule = self._rule(row, part, "constraint", limit, own) if limit else None
        if rule is not None and kind != "note":
            message = self._texts(self._column(row, "constraint_message"), limit)
            checks.append(Check(rule, self._wording(message, part)))
        hints = self._column(row, "hint")
        return Question(
            name=self.names[row.name],
            concept=f"host.{self.names[row.name]}",
            type=kind,
            text=self._wording(label, part),
            label={one: _plain(text)[:80] for one, text in label.items()},
            codes=self._listed(row) if kind in ("select_one", "select_multiple") else None,
            ask_if=self._asked_if(row, part),
            checks=tuple(checks),
            instruction=self._wording(self._texts(hints, ""), part) if hints else None,
            roster=part.roster is not None,
        )

    def _asked_if(self, row: HostRow, part: _Part) -> Rule | None:
        """Join the row's condition with those of the groups around it."""
        groups = [self.host.row(name) for name in row.inside]
        rules = []
        for one in (*groups, row):
            text = one.cells.get("relevant", "").strip() if one is not None else ""
            rule = self._rule(one, part, "relevant", text) if one is not None and text else None
            rules += [f"({rule})"] if rule is not None else []
        return parse_rule(" and ".join(rules)) if rules else None

    def _rule(
        self, row: HostRow, part: _Part, what: str, text: str, own: HostName | None = None
    ) -> Rule | None:
        try:
            return parse_rule(condition(text, self._find(part), own))
        except MpsurveyError as error:
            lost = {"relevant": "it is asked of everybody", "constraint": "it is not checked"}[what]
            self._remark(row, f"{what} '{text}' is not translated ({error}): {lost}")
            return None

    def _calculated(self, row: HostRow, part: _Part) -> bool:
        text = row.cells.get("calculation", "").strip()
        label = dict.fromkeys(self.languages, row.name)
        common: dict[str, Any] = {"name": self.names[row.name], "label": label}
        common["roster"] = part.roster is not None
        common["universe"] = self._asked_if(row, part)
        try:
            if text.startswith("if"):
                found = [
                    Category(code, dict.fromkeys(self.languages, str(code)), parse_rule(rule))
                    for rule, code in cases(text, self._find(part))
                ]
                part.concepts.append(Concept(categories=tuple(found), **common))
            else:
                formula = parse_formula(value(text, self._find(part)))
                part.concepts.append(Concept(value=formula, **common))
        except MpsurveyError as error:
            self._remark(
                row, f"calculation '{text}' is not translated ({error}): the form asks for it"
            )
            return False
        return True

    # -- modules

    def _linked(self, placed: Placed) -> Placed:
        """Let a module read the host's own question instead of a question added for it."""
        links = dict(placed.hosts)
        for name, link in placed.hosts.items():
            found = self.known.get(link.variable) if link.how == "host" else None
            if found is None or found[0].name not in self.kept:
                continue
            supplied = found[0].name
            if link.codes is not None:
                supplied = self._recoded(placed, name, link, *found)
            links[name] = Link("module", supplied)
        return replace(placed, hosts=links)

    def _recoded(self, placed: Placed, name: str, link: Link, known: HostName, part: _Part) -> str:
        own = f"{placed.group}_{name}"[:32].rstrip("_")
        old: dict[int, list[str]] = {}
        for code, number in (link.codes or {}).items():
            text = known.codes.get(code, code)
            old.setdefault(number, []).append(repr(text) if known.kind == "text" else str(text))
        found = tuple(
            Category(
                number,
                dict.fromkeys(self.languages, str(number)),
                parse_rule(" or ".join(f"{known.name} == {code}" for code in codes)),
            )
            for number, codes in old.items()
        )
        label = dict.fromkeys(self.languages, name)
        part.concepts.append(Concept(name=own, label=label, categories=found))
        return own

    def _module(self, part: _Part, number: int) -> Placed:
        heading = {one: said("host", one) for one in self.languages}
        questions, roster = list(part.questions), None
        if part.roster is not None:
            roster = self._roster(part, questions)
        elif part.unit == "person" and part.rows and part.rows[0].repeats:
            row = self.host.row(part.rows[0].repeats[0])
            heading = self._texts(row.labels, heading[self.languages[0]]) if row else heading
        own = {question.name for question in questions} | {one.name for one in part.concepts}
        others = {self.known[name][0].name for name in part.used} - own
        if roster is not None and roster.count not in own:
            others.add(roster.count)
        borrowed = {
            name: kept for name in others if isinstance(kept := self.kept.get(name), Question)
        }
        module = Module(
            id=f"host_{number}",
            version="1.0.0",
            title=heading,
            purpose=heading,
            unit="household" if part.unit == "household" else "person",
            universe_text=heading,
            hosts=tuple(sorted(others)),
            roster=roster,
            questions=tuple(questions),
            concepts=tuple(part.concepts),
            codelists=self.lists,
            borrowed=borrowed,
        )
        links = {name: Link("module", name) for name in sorted(others)}
        return Placed(module=module, above=part.start, hosts=links, required=False)

    def _roster(self, part: _Part, questions: list[Question]) -> Roster:
        """Describe the host's repeat; its rows are counted by a question of their own."""
        row = part.roster
        assert row is not None  # noqa: S101 - a part with a roster has its row
        counted = row.cells.get("repeat_count", "").strip() or "no number"
        self._remark(row, f"the number of its rows ({counted}) is asked in a question of its own")
        title = self._texts(row.labels, row.name)
        name = self.names[row.name]
        count = f"{name[:28]}_n"
        label = {one: f"{said('for each', one)}: {text}"[:80] for one, text in title.items()}
        questions.insert(
            0,
            Question(name=count, concept=f"host.{count}", type="integer", text=label, label=label),
        )
        return Roster(name, count, title, None, 30)


def _plain(text: str) -> str:
    return " ".join(_REFERENCE.sub(lambda match: f"({match[1]})", text).split())
