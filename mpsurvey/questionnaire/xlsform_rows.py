"""The rows that a module puts into an XLSForm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import starmap

from mpsurvey.catalogue import HostVariable, Question
from mpsurvey.errors import MpsurveyError
from mpsurvey.questionnaire.checks import codes_alone, codes_outside, when_answered
from mpsurvey.questionnaire.choice_lists import ChoiceLists, Row
from mpsurvey.questionnaire.form import Questionnaire
from mpsurvey.questionnaire.placed import (
    Link,
    Placed,
    host_question,
    numbers_at_end,
    scope_of,
    variable_of,
)
from mpsurvey.questionnaire.wording import filled, said
from mpsurvey.questionnaire.xlsform_concepts import XPathConcepts
from mpsurvey.rule import Constraint, XPath, walk
from mpsurvey.rule.nodes import Comparison, Condition, Name, Not
from mpsurvey.rule.targets import bare

__all__ = ["XlsRows"]

LONG = 60


def _said_in(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language, "")


class XlsRows:
    """The rows of one module."""

    def __init__(self, form: Questionnaire, placed: Placed, lists: ChoiceLists) -> None:
        self.form = form
        self.placed = placed
        self.module = placed.module
        self.lists = lists
        self.scope = scope_of(
            placed,
            lambda name, _roster: f"${{{name}}}",
            lambda name, _link: f"${{{placed.linked(name)}}}",
        )
        self.writer = XPath(self.scope, form.home)
        self.concepts = XPathConcepts(self.writer, placed)

    def rows(self) -> Iterator[Row]:
        """Go through the rows in order."""
        placed = self.placed
        if placed.beside:
            yield self._row(
                "begin_repeat",
                placed.rows_name,
                label=self.module.title,
                repeat_count=f"count(${{{placed.beside}}})",
            )
            if placed.person:
                yield self._row(
                    "calculate",
                    f"{placed.group}_name",
                    calculation=self._pulled(placed.person, placed.beside),
                )
        yield from self._host_rows()
        universe = self.module.universe
        yield self._row(
            "begin_group",
            placed.group,
            label=self.module.title,
            relevant=self._test(universe.node) if universe is not None else "",  # type: ignore[arg-type]
        )
        before, rows, after = numbers_at_end(list(self.module.questions))
        yield from self._questions(before)
        roster = self.module.roster
        if rows and roster is not None:
            yield self._row(
                "begin_repeat",
                placed.own(roster.name),
                label=roster.title,
                repeat_count=self._count(roster.count),
            )
            yield from self._questions(rows)
            yield from starmap(self._calculate, self.concepts.of_row())
            yield self._row("end_repeat", placed.own(roster.name))
        yield from self._questions(after)
        yield from starmap(self._calculate, self.concepts.of_interview())
        yield self._row("end_group", placed.group)
        if placed.beside:
            yield self._row("end_repeat", placed.rows_name)

    # -- one row

    def _row(
        self,
        kind: str,
        name: str,
        *,
        label: Mapping[str, str] | None = None,
        hint: Mapping[str, str] | None = None,
        message: Mapping[str, str] | None = None,
        roster: bool = False,
        **cells: str,
    ) -> Row:
        row: Row = {("type", ""): kind, ("name", ""): name}
        for key, texts in (("label", label), ("hint", hint), ("constraint_message", message)):
            for language in self.form.languages:
                if texts is not None and language in texts:
                    row[key, language] = self._text(texts[language], language, roster=roster)
        for key, text in cells.items():
            row[key, ""] = text
        return row

    def _text(self, text: str, language: str, *, roster: bool) -> str:
        def place(name: str) -> str | None:
            if name == "name":
                return self._person(roster=roster)
            if name == "country":
                return self.form.country.get(language)
            if name == "currency":
                return None
            return f"${{{self.placed.own(name)}}}"

        return filled(text, language, place)

    def _person(self, *, roster: bool) -> str | None:
        own = self.module.roster
        if roster and own is not None and own.row:
            return f"${{{self.placed.own(own.row)}}}"
        if self.placed.beside and self.placed.person:
            return f"${{{self.placed.group}_name}}"
        return f"${{{self.placed.person}}}" if self.placed.person else None

    def _calculate(self, name: str, calculation: str) -> Row:
        return self._row("calculate", name, calculation=calculation)

    def _test(self, node: Condition) -> str:
        return bare(self.writer.condition(node))

    # -- host variables

    def _host_rows(self) -> Iterator[Row]:
        for name, link in self.placed.hosts.items():
            if link.how == "added":
                yield self._added(name, link)
            elif link.calculated:
                yield self._row(
                    "calculate", self.placed.linked(name), calculation=self._calculated(link)
                )

    def _calculated(self, link: Link) -> str:
        value = f"${{{link.variable}}}"
        if link.repeat:
            value = self._pulled(link.variable, link.repeat)
        if link.codes is None:
            return value
        out = "''"
        for old, new in reversed(list(link.codes.items())):
            out = f"if({value} = '{old}', {new}, {out})"
        return out

    def _pulled(self, variable: str, repeat: str) -> str:
        return f"indexed-repeat(${{{variable}}}, ${{{repeat}}}, position(..))"

    def _added(self, name: str, link: Link) -> Row:
        variable = variable_of(self.module, name)
        if isinstance(variable, HostVariable) and variable.calculation is not None:
            moments = {"year of interview": "'%Y'", "month of interview": "'%n'"}
            if variable.calculation in moments:
                moment = moments[variable.calculation]
                return self._row(
                    "calculate", link.variable, calculation=f"int(format-date(today(), {moment}))"
                )
            return self._row("calculate", link.variable, calculation="position(..)")
        if not isinstance(variable, HostVariable | Question):
            raise MpsurveyError(f"'{name}' of {self.module.id} cannot be added by itself.")
        question = host_question(variable, link.variable, name)
        return next(self._question(question, link.variable, known_as=name))

    # -- questions

    def _questions(self, questions: list[Question]) -> Iterator[Row]:
        for question in questions:
            yield from self._question(question, self.placed.own(question.name))

    def _question(
        self, question: Question, name: str, known_as: str | None = None
    ) -> Iterator[Row]:
        kind = question.type
        cells: dict[str, str] = {}
        listed = self.module.codelists.get(question.codes or "")
        written = kind if listed is None else self.lists.typed(kind, listed)
        if listed is not None and len(listed) > LONG:
            cells["appearance"] = "minimal autocomplete"
        if question.ask_if is not None:
            cells["relevant"] = self._test(question.ask_if.node)  # type: ignore[arg-type]
        if question.asks and self.placed.required:
            cells["required"] = "yes"
        constraint, message = self._constraint(question, known_as or question.name)
        if constraint:
            cells["constraint"] = constraint
        yield self._row(
            written,
            name,
            label=question.text,
            hint=self._hint(question),
            message=message,
            roster=question.roster,
            **cells,
        )
        yield from self._soft(question, name)

    def _hint(self, question: Question) -> dict[str, str]:
        special = self.module.codelists.get(question.special or "")
        out = {}
        for language in self.form.languages:
            parts = [question.instruction[language]] if question.instruction else []
            if special is not None:
                shown = (f"{i.code} = {_said_in(i.label, language)}" for i in special)
                parts.append("; ".join(shown))
            if parts:
                out[language] = " ".join(parts)
        return out

    def _constraint(self, question: Question, name: str) -> tuple[str, dict[str, str]]:
        """Write what the answer must satisfy, and what is said when it does not."""
        own = {name: replace(self.scope[name], reference=".")}
        writer = Constraint({**self.scope, **own}, self.form.home)
        tests: list[str] = []
        messages: dict[str, list[str]] = {language: [] for language in self.form.languages}
        for check in question.checks:
            if check.soft:
                continue
            tests.append(writer.condition(when_answered(check.rule, name)))
            for language in self.form.languages:
                messages[language].append(_said_in(check.message, language))
        roster = self.module.roster
        if (
            roster is not None
            and roster.most
            and question.name == roster.count
            and not _limited(question)
        ):
            tests.append(f". <= {roster.most}")
            for language in self.form.languages:
                messages[language].append(said("most", language, roster.most))
        joined = writer.all_of(tests)
        outside = codes_outside(self.module, question)
        if outside and joined:
            joined = " or ".join([f". = {code}" for code in outside] + [joined])
        alone = codes_alone(self.module, question)
        if alone:
            test = bare(writer.any_of([f"selected(., '{code}')" for code in alone]))
            single = f"not({test}) or count-selected(.) = 1"
            joined = f"{joined} and ({single})" if joined else single
            for language in self.form.languages:
                messages[language].append(said("alone", language))
        return bare(joined), {lang: " ".join(parts) for lang, parts in messages.items() if parts}

    def _soft(self, question: Question, name: str) -> Iterator[Row]:
        """Write a note that is shown when a soft check does not hold."""
        special = self.module.codelists.get(question.special or "")
        number = 0
        for check in question.checks:
            if not check.soft:
                continue
            number += 1
            tests = [self._test(Not(when_answered(check.rule, question.name)))]
            if special is not None:
                tests += [f"${{{name}}} != {code}" for code in special.codes]
            answered = self.writer.answered(self.writer.scope[question.name])
            yield self._row(
                "note",
                f"{name}_w{number}",
                label={
                    language: f"{said('check', language)} {text}"
                    for language, text in check.message.items()
                },
                roster=question.roster,
                relevant=" and ".join([answered, *tests]),
            )

    def _count(self, name: str) -> str:
        known = self.writer.scope[name]
        return f"if({self.writer.answered(known)}, {known.reference}, 0)"


def _limited(question: Question) -> bool:
    """Whether a check of the question's own says how many there can be."""
    return any(
        isinstance(node, Comparison)
        and node.operator in ("<=", "<", ">", ">=")
        and Name(question.name) in (node.left, node.right)
        and (node.operator in ("<=", "<")) == (node.left == Name(question.name))
        for check in question.checks
        for node in walk(check.rule.node)
    )
