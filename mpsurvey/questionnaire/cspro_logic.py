"""The logic of a CSPro application: skips, checks, derived variables, and its messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mpsurvey.catalogue import Concept, Question
from mpsurvey.questionnaire.checks import codes_alone, codes_outside, when_answered
from mpsurvey.questionnaire.outline import Outline
from mpsurvey.questionnaire.placed import Placed, possible_concepts, scope_of
from mpsurvey.questionnaire.wording import in_language, said
from mpsurvey.rule import CSPro, Formula, Known, Rule
from mpsurvey.rule.cspro import SELECTED

__all__ = ["Asked", "Logic"]

Asked = tuple[Question, Placed, str, bool]

FIRST_MESSAGE = 1001
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
        self.logic = CSPro({}, outline.form.home)
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
        self.logic = CSPro({}, self.form.home)
        for one in self.outline.outside:
            moment = getattr(one.variable, "calculation", None)
            form = {"year of interview": "YYYY", "month of interview": "MM"}.get(moment or "")
            if form is not None:
                procedures += [f"PROC {one.name.upper()}", "preproc"]
                procedures += [f'  {one.name.upper()} = sysdate("{form}");', "  noinput;", ""]
        for question, placed, name, outside in self.asked:
            procedures += self._procedure(question, placed, name, outside=outside)
        if self.outline.members:
            levels = self._level("CASE_LEVEL", self.outline.household)
            levels += self._level("PERSON_LEVEL", self.outline.persons)
        else:
            levels = self._level("CASE_LEVEL", self.outline.placed)
        head = [
            f"// Skips, checks, derived variables: {', '.join(m.id for m in self.form.modules)}.",
            "",
            "PROC GLOBAL",
            "",
            f"numeric {', '.join((ROW, *self.logic.taken))};",
            "",
            *SELECTED.rstrip("\n").split("\n"),
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
        logic = self.logic.among(scope)
        universe = placed.module.universe if not outside else None
        asked = [rule for rule in (universe, question.ask_if) if rule is not None]
        before = self._before(asked, scope, set())
        tests: list[str] = []
        for rule in asked:
            test, steps = logic.test(rule.node)  # type: ignore[arg-type]
            tests.append(test)
            before += steps
        lines = [f"PROC {name.upper()}"]
        ends = self._end_of_rows(question, placed, logic) if not outside else []
        if ends or tests:
            lines += ["preproc", *ends, *before]
        if tests:
            lines.append(f"  ask if {' and '.join(tests)};")
        checks = self._checks(question, placed, logic)
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
                lines += self._worked_out(concept, reference, self.logic.among(inner))
        return lines

    def _end_of_rows(self, question: Question, placed: Placed, logic: CSPro) -> list[str]:
        """Leave the roster before a row more than were counted."""
        roster = placed.module.roster
        rows = [each for each in placed.module.questions if each.roster and each.asks]
        if roster is None or not rows or question is not rows[0]:
            return []
        known = logic.scope[roster.count]
        counted = logic.answered(known)
        return [f"  if not ({counted} and curocc() <= {known.reference}) then endgroup; endif;"]

    def _checks(self, question: Question, placed: Placed, logic: CSPro) -> list[str]:
        known = logic.scope[question.name]
        outside = codes_outside(placed.module, question)
        lines: list[str] = []
        for check in question.checks:
            test, before = logic.test(when_answered(check.rule, question.name))
            lines += before
            parts = [logic.answered(known)]
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
        alone = codes_alone(placed.module, question)
        if alone:
            test = " or ".join(logic.selected(known, code) for code in alone)
            number = self.message({one: said("alone", one) for one in self.languages})
            lines += [
                f"  if ({test}) and length(strip({known.reference})) > {known.width} then",
                f"    errmsg({number});",
                "    reenter;",
                "  endif;",
            ]
        return lines

    # -- derived variables

    def _level(self, name: str, modules: tuple[Placed, ...]) -> list[str]:
        lines = [line for placed in modules for line in self._concepts(placed)]
        return [f"PROC {name}", "postproc", *lines, ""] if lines else []

    def _concepts(self, placed: Placed) -> list[str]:
        whole = self.logic.among(scope_of_items(placed))
        row = self.logic.among(scope_of_items(placed, row=True))
        lines: list[str] = []
        for concept in possible_concepts(placed):
            name = placed.own(concept.name).upper()
            if concept.over is not None:
                lines += self._gathered(concept, placed, name, whole, row)
            elif concept.roster:
                inner = self._worked_out(concept, f"{name}({ROW})", row)
                lines += self._each_row(placed, inner, whole)
            else:
                inner = self._worked_out(concept, name, whole)
                universe = placed.module.universe
                if universe is not None:
                    inner = [f"  {name} = notappl;", *_where(universe, inner, whole)]
                lines += inner
        return lines

    def _each_row(self, placed: Placed, inner: list[str], logic: CSPro) -> list[str]:
        roster = placed.module.roster
        if roster is None:
            return []
        known = logic.known(roster.count)
        return [
            f"  if {logic.answered(known)} then",
            f"  do varying {ROW} = 1 while {ROW} <= {known.reference}",
            *inner,
            "  enddo;",
            "  endif;",
        ]

    def _worked_out(self, concept: Concept, name: str, logic: CSPro) -> list[str]:
        inner: list[str] = []
        if concept.categories:
            branches: list[str] = []
            for each in concept.categories:
                test, before = logic.test(each.rule.node)  # type: ignore[arg-type]
                inner += before
                branches.append(f"if {test} then {name} = {each.code};")
            inner += [f"  {'else' if at else ''}{branch}" for at, branch in enumerate(branches)]
            inner.append("  endif;")
        elif isinstance(concept.value, Rule):
            inner += _yes_or_no(name, concept.value, logic)
        elif isinstance(concept.value, Formula):
            there, value, before = logic.worth(concept.value.node)  # type: ignore[arg-type]
            inner += before
            given = f"{name} = {value};"
            inner.append(f"  if {there} then {given} endif;" if there else f"  {given}")
        if concept.universe is not None:
            inner = _where(concept.universe, inner, logic)
        return [f"  {name} = notappl;", *inner]

    def _gathered(
        self, concept: Concept, placed: Placed, name: str, whole: CSPro, row: CSPro
    ) -> list[str]:
        many, total = self.logic.new(), self.logic.new()
        tests: list[str] = []
        each: list[str] = []
        if concept.where is not None:
            test, before = row.test(concept.where.node)  # type: ignore[arg-type]
            tests.append(test)
            each += before
        value = "1"
        if isinstance(concept.value, Rule):
            value = self.logic.new()
            each += _yes_or_no(value, concept.value, row)
        elif isinstance(concept.value, Formula):
            there, value, before = row.worth(concept.value.node)  # type: ignore[arg-type]
            each += before
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
        rows = self._each_row(placed, [*each, *counted], whole)
        given = f"{total} / {many}" if concept.aggregate == "mean" else total
        empty = "notappl" if concept.empty is None else f"{concept.empty:g}"
        last = [f"  if {many} > 0 then {name} = {given}; else {name} = {empty}; endif;"]
        if concept.aggregate == "count":
            last = [f"  {name} = {many};"]
        for rule in (concept.universe, placed.module.universe):
            if rule is not None:
                last = _where(rule, last, whole)
        start = [f"  {name} = notappl;", f"  {many} = 0;", f"  {total} = 0;"]
        return [*start, *rows, *last]


def _where(rule: Rule, inner: list[str], logic: CSPro) -> list[str]:
    """Write statements that are carried out where a rule holds."""
    test, before = logic.test(rule.node)  # type: ignore[arg-type]
    return [*before, f"  if {test} then", *inner, "  endif;"]


def _yes_or_no(name: str, rule: Rule, logic: CSPro) -> list[str]:
    """Write whether a rule holds as 1 or 0."""
    test, before = logic.test(rule.node)  # type: ignore[arg-type]
    return [*before, f"  {name} = 0;", f"  if {test} then {name} = 1; endif;"]


def scope_of_items(placed: Placed, *, row: bool = False) -> dict[str, Known]:
    """Return how the logic knows each variable; with `row` those of the roster's current row."""
    return scope_of(
        placed,
        lambda name, roster: f"{name.upper()}({ROW})" if row and roster else name.upper(),
        lambda name, link: link.named(name).upper(),
    )
