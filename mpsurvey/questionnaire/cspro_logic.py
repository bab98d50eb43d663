"""The logic of a CSPro application: skips, checks, derived variables, and its messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mpsurvey.catalogue import Concept, Question
from mpsurvey.questionnaire.outline import Outline
from mpsurvey.questionnaire.placed import Placed, known_variable, possible_concepts, variable_of
from mpsurvey.questionnaire.wording import in_language, said
from mpsurvey.questionnaire.xlsform import when_answered
from mpsurvey.rule import CSPro, Formula, Known, Rule
from mpsurvey.rule.nodes import Value

__all__ = ["Asked", "Logic"]

Asked = tuple[Question, Placed, str, bool]

FIRST_MESSAGE = 1001
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
ROW = "mp_row"


class Logic:
    """Writes the logic of a form whose dictionary has been built.

    Parameters
    ----------
    asked
        Each question with its module, its name, and whether it is a host variable's.
    """

    def __init__(self, outline: Outline, asked: list[Asked]) -> None:
        self.outline = outline
        self.form = outline.form
        self.languages = outline.form.languages
        self.asked = asked
        self.messages: list[Mapping[str, str]] = []
        self.steps = Steps({}, self.form.home)
        self.concepts = {
            placed.own(concept.name).upper(): (concept, placed)
            for placed in outline.placed
            for concept in possible_concepts(placed)
            if concept.over is None and not concept.roster
        }

    def message(self, texts: Mapping[str, str]) -> int:
        """Return the number of a message, which it is given when it is new."""
        if texts not in self.messages:
            self.messages.append(dict(texts))
        return FIRST_MESSAGE + self.messages.index(texts)

    def text(self, text: str, placed: Placed, language: str) -> str:
        """Fill a wording."""
        filled = self.outline.text(placed, text, language, lambda _name: None)
        return " ".join(filled.split())

    def write(self) -> str:
        """Return the text of the ``.apc`` file."""
        procedures: list[str] = []
        self.steps = Steps({}, self.form.home)
        for one in self.outline.outside:
            moment = getattr(one.variable, "calculation", None)
            form = {"year of interview": "YYYY", "month of interview": "MM"}.get(moment or "")
            if form is not None:
                procedures += [f"PROC {one.name.upper()}", "preproc"]
                procedures += [f'  {one.name.upper()} = sysdate("{form}");', "  noinput;", ""]
        for question, placed, name, outside in self.asked:
            procedures += self._procedure(question, placed, name, outside=outside)
        steps = self.steps
        levels = self._level("CASE_LEVEL", self.outline.household, steps)
        whom = "PERSON_LEVEL" if self.outline.members else "CASE_LEVEL"
        if self.outline.members:
            levels += self._level(whom, self.outline.persons, steps)
        else:
            levels = self._level(whom, self.outline.placed, steps)
        head = [
            f"// Skips, checks, derived variables: {', '.join(m.id for m in self.form.modules)}.",
            "",
            "PROC GLOBAL",
            "",
            f"numeric {', '.join((ROW, *steps.taken))};",
            "",
            *_SELECTED.rstrip("\n").split("\n"),
            "",
        ]
        return "\n".join([*head, *levels, *procedures]) + "\n"

    def message_file(self) -> str:
        """Return the text of the ``.mgf`` file: every message in every language."""
        lines = [f"// Messages of {', '.join(m.id for m in self.form.modules)}."]
        for one in self.languages:
            lines += ["", f"Language={one.upper()}"]
            for number, texts in enumerate(self.messages, FIRST_MESSAGE):
                words = in_language(texts, one).replace("%", "%%").replace('"', "'")
                lines.append(f"{number} {words}")
        return "\n".join(lines) + "\n"

    # -- one item

    def _procedure(
        self, question: Question, placed: Placed, name: str, *, outside: bool
    ) -> list[str]:
        scope = scope_of_items(placed)
        scope.setdefault(question.name, Known(name.upper()))
        writer = CSPro(scope, self.form.home)
        universe = placed.module.universe if not outside else None
        tests = [
            writer.condition(rule.node)  # type: ignore[arg-type]
            for rule in (universe, question.ask_if)
            if rule is not None
        ]
        lines = [f"PROC {name.upper()}"]
        ends = self._end_of_rows(question, placed, writer) if not outside else []
        asked = [rule for rule in (universe, question.ask_if) if rule is not None]
        before = self._before(asked, scope, set())
        if ends or tests or before:
            lines += ["preproc", *ends, *before]
        if tests:
            lines.append(f"  ask if {' and '.join(tests)};")
        checks = self._checks(question, placed, writer)
        if checks:
            before = self._before([check.rule for check in question.checks], scope, set())
            lines += ["postproc", *before, *checks]
        return [*lines, ""] if len(lines) > 1 else []

    def _before(
        self, rules: Sequence[Rule | Formula], scope: Mapping[str, Known], seen: set[str]
    ) -> list[str]:
        """Work out the derived variables that rules use: the level's own turn comes last."""
        lines: list[str] = []
        for name in sorted(frozenset().union(*(rule.names for rule in rules))):
            reference = scope[name].reference if name in scope else ""
            if reference in self.concepts and reference not in seen:
                seen.add(reference)
                concept, owner = self.concepts[reference]
                inner = scope_of_items(owner)
                lines += self._before(concept.rules, inner, seen)
                self.steps.scope = inner
                lines += self._worked_out(concept, reference, self.steps)
        return lines

    def _end_of_rows(self, question: Question, placed: Placed, writer: CSPro) -> list[str]:
        """Leave the roster before a row more than were counted."""
        roster = placed.module.roster
        rows = [each for each in placed.module.questions if each.roster and each.asks]
        if roster is None or not rows or question is not rows[0]:
            return []
        known = writer.scope[roster.count]
        counted = writer.answered(known)
        return [f"  if not ({counted} and curocc() <= {known.reference}) then endgroup; endif;"]

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
            number = self.message(
                {
                    one: self.text(in_language(check.message, one), placed, one)
                    for one in self.languages
                }
            )
            lines.append(f"  if {' and '.join(parts)} and not ({test}) then")
            if check.soft:
                lines.append(f"    warning({number});")
            else:
                lines += [f"    errmsg({number});", "    reenter;"]
            lines.append("  endif;")
        listed = placed.module.codelists.get(question.codes or "")
        if question.type == "select_multiple" and listed is not None:
            alone = [item.code for item in listed if item.exclusive]
            if alone:
                test = " or ".join(writer.selected(known, code) for code in alone)
                lines.append(
                    f"  if ({test}) and length(strip({known.reference})) > {known.width} then"
                )
                number = self.message({one: said("alone", one) for one in self.languages})
                lines += [f"    errmsg({number});", "    reenter;"]
                lines.append("  endif;")
        return lines

    # -- derived variables

    def _level(self, name: str, modules: tuple[Placed, ...], steps: Steps) -> list[str]:
        lines: list[str] = []
        for placed in modules:
            lines += self._concepts(placed, steps)
        return [f"PROC {name}", "postproc", *lines, ""] if lines else []

    def _concepts(self, placed: Placed, steps: Steps) -> list[str]:
        lines: list[str] = []
        for concept in possible_concepts(placed):
            if concept.over is not None:
                lines += self._gathered(concept, placed, steps)
            elif concept.roster:
                name = f"{placed.own(concept.name).upper()}({ROW})"
                steps.scope = scope_of_items(placed, row=True)
                inner = self._worked_out(concept, name, steps)
                lines += self._each_row(placed, inner, steps)
            else:
                steps.scope = scope_of_items(placed)
                name = placed.own(concept.name).upper()
                lines += self._within(placed, concept, name, self._worked_out, steps)
        return lines

    def _within(
        self, placed: Placed, concept: Concept, name: str, write: Any, steps: Steps
    ) -> list[str]:
        universe = placed.module.universe
        inner = write(concept, name, steps)
        if universe is None:
            return list(inner)
        test, before = steps.test(universe)
        return [f"  {name} = notappl;", *before, f"  if {test} then", *inner, "  endif;"]

    def _each_row(self, placed: Placed, inner: list[str], steps: Steps) -> list[str]:
        roster = placed.module.roster
        if roster is None:
            return []
        steps.scope = scope_of_items(placed)
        known = steps.known(roster.count)
        return [
            f"  if {steps.answered(known)} then",
            f"  do varying {ROW} = 1 while {ROW} <= {known.reference}",
            *inner,
            "  enddo;",
            "  endif;",
        ]

    def _worked_out(self, concept: Concept, name: str, steps: Steps) -> list[str]:
        lines = [f"  {name} = notappl;"]
        inner: list[str] = []
        if concept.categories:
            tests = [(each.code, *steps.test(each.rule)) for each in concept.categories]
            for _, _, before in tests:
                inner += before
            for at, (code, test, _) in enumerate(tests):
                inner.append(f"  {'elseif' if at else 'if'} {test} then {name} = {code};")
            inner.append("  endif;")
        elif isinstance(concept.value, Rule):
            test, before = steps.test(concept.value)
            inner += [*before, f"  {name} = 0;", f"  if {test} then {name} = 1; endif;"]
        elif isinstance(concept.value, Formula):
            there, value, before = steps.worth(concept.value)
            inner += before
            given = f"{name} = {value};"
            inner.append(f"  if {there} then {given} endif;" if there else f"  {given}")
        if concept.universe is None:
            return [*lines, *inner]
        test, before = steps.test(concept.universe)
        return [*lines, *before, f"  if {test} then", *inner, "  endif;"]

    def _gathered(self, concept: Concept, placed: Placed, steps: Steps) -> list[str]:
        name = placed.own(concept.name).upper()
        many, total = steps.new(), steps.new()
        steps.scope = scope_of_items(placed, row=True)
        tests: list[str] = []
        row: list[str] = []
        if concept.where is not None:
            test, before = steps.test(concept.where)
            tests.append(test)
            row += before
        value = "1"
        if isinstance(concept.value, Rule):
            value, (test, before) = steps.new(), steps.test(concept.value)
            row += [*before, f"  {value} = 0;", f"  if {test} then {value} = 1; endif;"]
        elif isinstance(concept.value, Formula):
            there, value, before = steps.worth(concept.value)
            row += before
            tests += [there] if there else []
        match concept.aggregate:
            case "min" | "max":
                sign = "<" if concept.aggregate == "min" else ">"
                add = f"if {many} = 1 or {value} {sign} {total} then {total} = {value}; endif;"
            case "any":
                add = f"if {value} > 0 then {total} = 1; endif;"
            case _:
                add = f"{total} = {total} + {value};"
        counted = [f"  {many} = {many} + 1;", f"  {add}"]
        if tests:
            counted = [f"  if {' and '.join(tests)} then", *counted, "  endif;"]
        rows = self._each_row(placed, [*row, *counted], steps)
        given = f"{total} / {many}" if concept.aggregate == "mean" else total
        empty = "notappl" if concept.empty is None else f"{concept.empty:g}"
        last = [f"  if {many} > 0 then {name} = {given}; else {name} = {empty}; endif;"]
        if concept.aggregate == "count":
            last = [f"  {name} = {many};"]
        steps.scope = scope_of_items(placed)
        for rule in (concept.universe, placed.module.universe):
            if rule is not None:
                test, before = steps.test(rule)
                last = [*before, f"  if {test} then", *last, "  endif;"]
        start = [f"  {name} = notappl;", f"  {many} = 0;", f"  {total} = 0;"]
        return [*start, *rows, *last]


class Steps(CSPro):
    """Writes values in steps: in CSPro anything added to an unanswered item is unanswered."""

    def __init__(self, scope: Mapping[str, Known], home: int | str | None = None) -> None:
        super().__init__(scope, home)
        self.taken: list[str] = []
        self.steps: list[str] = []

    def new(self) -> str:
        """Return a variable of the logic that nothing else uses."""
        self.taken.append(f"mp_v{len(self.taken) + 1}")
        return self.taken[-1]

    def test(self, rule: Rule) -> tuple[str, list[str]]:
        """Write a condition, and the steps that come before it."""
        self.steps = []
        return self.condition(rule.node), self.steps  # type: ignore[arg-type]

    def worth(self, formula: Formula) -> tuple[str, str, list[str]]:
        """Write when a value is there, the value, and the steps that come before."""
        self.steps = []
        node: Value = formula.node  # type: ignore[assignment]
        there = list(dict.fromkeys(self.has_value(node)))
        return self.all_of(there), self.value(node), self.steps

    def function(self, function: str, arguments: tuple[Value, ...]) -> str:
        """Write `sum`, `mean`, `min`, `max` or `count` of what is answered, in steps."""
        many, total = self.new(), self.new()
        self.steps += [f"  {many} = 0;", f"  {total} = 0;"]
        for each in arguments:
            test = self.all_of(self.has_value(each)) or self.true()
            value = self.value(each)
            match function:
                case "min" | "max":
                    sign = "<" if function == "min" else ">"
                    held = f"{many} = 1 or {value} {sign} {total}"
                    add = f"if {held} then {total} = {value}; endif;"
                case _:
                    add = f"{total} = {total} + {value};"
            self.steps.append(f"  if {test} then {many} = {many} + 1; {add} endif;")
        if function == "count":
            return many
        return f"({total} / {many})" if function == "mean" else total


def scope_of_items(placed: Placed, *, row: bool = False) -> dict[str, Known]:
    """Return how the logic knows each variable; with `row` those of the roster's current row."""
    module = placed.module
    out: dict[str, Known] = {}

    def named(name: str, *, roster: bool) -> str:
        return f"{name.upper()}({ROW})" if row and roster else name.upper()

    for question in module.questions:
        name = named(placed.own(question.name), roster=question.roster)
        out[question.name] = known_variable(module, question, name)
    for concept in module.concepts:
        out[concept.name] = Known(named(placed.own(concept.name), roster=concept.roster))
    for name, link in placed.hosts.items():
        variable = variable_of(module, name)
        reference = (link.variable if link.how == "module" else name).upper()
        if variable is None or isinstance(variable, Concept):
            out[name] = Known(reference)
        else:
            out[name] = known_variable(module, variable, reference)
    return out
