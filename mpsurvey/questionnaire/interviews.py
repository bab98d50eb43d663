"""Random interviews that obey a module's skips and checks: for trials, training and tests."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mpsurvey.catalogue import CodeList, Concept, HostVariable, Module, Question
from mpsurvey.questionnaire.placed import answers_of
from mpsurvey.rule import Formula, Rule, walk
from mpsurvey.rule.answers import Answers
from mpsurvey.rule.nodes import Comparison, Membership, Name, Number, Value

__all__ = ["Interview", "derived", "host_answers", "interview"]

Given = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Interview:
    """The answers of one interview.

    Attributes
    ----------
    answers
        By name: a code, a number, a text, a tuple of codes, or None where nothing was asked or
        answered.
    rows
        The roster's rows, each with its own answers.
    asked
        Names of the questions that the rules ask; of the roster with the number of the row.
    """

    answers: Given
    rows: tuple[Given, ...] = ()
    asked: frozenset[tuple[str, int | None]] = field(default=frozenset())


def interview(
    module: Module,
    hosts: Mapping[str, Any],
    seed: random.Random,
    *,
    home: int | None = None,
    unanswered: float = 0.0,
    valid: bool = True,
    most_rows: int = 3,
) -> Interview:
    """Make up one interview.

    Parameters
    ----------
    module
        The module.
    hosts
        Values of its host variables.
    seed
        The generator of random numbers; the same state gives the same interview.
    home
        The country's own code.
    unanswered
        Share of questions that are asked and left without an answer.
    valid
        Whether hard checks are obeyed; otherwise numbers are drawn around every limit.
    most_rows
        The most rows of a roster.
    """
    maker = _Maker(module, dict(hosts), seed, home, unanswered, valid=valid, most_rows=most_rows)
    return maker.make()


def host_answers(module: Module, seed: random.Random, *, home: int | None = None) -> Given:
    """Make up values of a module's host variables."""
    maker = _Maker(module, {}, seed, home, 0.0, valid=True, most_rows=0)
    out: Given = {}
    for name in module.hosts:
        variable = module.host_variables.get(name) or module.borrowed.get(name)
        if name == "int_year":
            out[name] = 2026
        elif name == "int_month":
            out[name] = seed.randint(1, 12)
        elif name == "age":
            out[name] = seed.choice([seed.randint(0, 95), seed.randint(14, 40)])
        elif isinstance(variable, Question | HostVariable):
            out[name] = maker.draw(variable, out)
        else:
            out[name] = seed.randint(0, 3)  # a concept of another module
    return out


class _Maker:
    def __init__(
        self,
        module: Module,
        hosts: Given,
        seed: random.Random,
        home: int | None,
        unanswered: float,
        *,
        valid: bool,
        most_rows: int,
    ) -> None:
        self.module = module
        self.hosts = hosts
        self.seed = seed
        self.home = home
        self.unanswered = unanswered
        self.valid = valid
        self.most_rows = most_rows
        self.missing = _missing(module)

    def make(self) -> Interview:
        answers: Given = dict.fromkeys(self.module.names)
        asked: set[tuple[str, int | None]] = set()
        universe = self.module.universe
        inside = universe is None or self.holds(universe, self.hosts)
        rows: list[Given] = []
        begun = False
        for question in self.module.questions:
            if not inside or not question.asks:
                continue
            if question.roster:
                if not begun:
                    begun = True
                    rows = self.rows(answers, asked)
                continue
            known = self.hosts | answers
            if question.ask_if is None or self.holds(question.ask_if, known):
                asked.add((question.name, None))
                answers[question.name] = self.answer(question, known)
        for question in self.module.questions:
            if question.roster:
                answers.pop(question.name, None)
        return Interview(answers, tuple(rows), frozenset(asked))

    def rows(self, answers: Given, asked: set[tuple[str, int | None]]) -> list[Given]:
        roster = self.module.roster
        count = answers.get(roster.count) if roster is not None else None
        if not isinstance(count, int) or count in self.missing.get(roster.count, ()):  # type: ignore[union-attr]
            return []
        out = []
        for number in range(max(0, min(count, 60))):
            row: Given = {}
            for question in self.module.questions:
                if not question.roster:
                    continue
                row[question.name] = None
                known = self.hosts | answers | row
                if question.asks and (
                    question.ask_if is None or self.holds(question.ask_if, known)
                ):
                    asked.add((question.name, number))
                    row[question.name] = self.answer(question, known)
            out.append(row)
        return out

    def holds(self, rule: Rule, known: Mapping[str, Any]) -> bool:
        return rule.holds(known, home=self.home, missing=self.missing)

    def answer(self, question: Question, known: Mapping[str, Any]) -> Any:
        if self.seed.random() < self.unanswered:
            return None
        return self.draw(question, known)

    def draw(self, question: Question | HostVariable, known: Mapping[str, Any]) -> Any:
        answers = answers_of(self.module, question)
        match question.type:
            case "select_one" if answers is not None:
                drawn = (self.code(answers) for _ in range(40))
                first = next(drawn)
                fitting = (code for code in (first, *drawn) if self.passes(question, code, known))
                return next(fitting, first) if self.valid else first
            case "select_multiple" if answers is not None:
                return self.codes(answers)
            case "integer" | "decimal":
                return self.number(question, answers, known)
            case "date":
                return f"20{self.seed.randint(10, 25)}-0{self.seed.randint(1, 9)}-15"
            case _:
                return f"text {self.seed.randint(1, 99)}"

    def code(self, answers: CodeList) -> int:
        if answers.id == "CNT" and self.home is not None and self.seed.random() < 0.4:
            return self.home
        items = answers.items
        if len(items) > 40 and self.seed.random() < 0.1:
            items = tuple(item for item in items if item.missing) or items
        return self.seed.choice(items).code

    def codes(self, answers: CodeList) -> tuple[int, ...]:
        # A form refuses an exclusive answer beside others, also where other checks are broken.
        alone = [item.code for item in answers if item.exclusive]
        free = [item.code for item in answers if not item.exclusive]
        if alone and (not free or self.seed.random() < 0.2):
            return (self.seed.choice(alone),)
        chosen = self.seed.sample(free, self.seed.randint(1, min(4, len(free))))
        return tuple(sorted(chosen))

    def number(
        self,
        question: Question | HostVariable,
        special: CodeList | None,
        known: Mapping[str, Any],
    ) -> int | float:
        if special is not None and self.seed.random() < 0.15:
            return self.seed.choice(special.items).code
        limits = sorted(self.limits(question.name, known)) or [0.0, 12.0]
        pool = [limit + step for limit in limits for step in (-1, 0, 1)]
        if self.valid:
            span = (limits[0], limits[-1])
            width = span[1] - span[0]
            pool += [span[0] + self.seed.random() * (width or 20) for _ in range(6)]
            if isinstance(question, Question) and self._counts(question):
                pool = [float(number) for number in range(self.most_rows + 1)]
            missing = self.missing.get(question.name, ())
            fitting = [one for one in pool if self.passes(question, one, known)]
            pool = [one for one in fitting if round(one) not in missing] or pool
        value = self.seed.choice(pool)
        if not self.valid and isinstance(question, Question) and self._counts(question):
            value = min(value, self.most_rows)
        if question.type == "integer":
            whole = round(value)
            return whole if not self.valid or self.passes(question, whole, known) else int(value)
        return round(value, 2)

    def _counts(self, question: Question) -> bool:
        roster = self.module.roster
        return roster is not None and roster.count == question.name

    def passes(
        self, question: Question | HostVariable, value: float, known: Mapping[str, Any]
    ) -> bool:
        if question.type == "integer" and value != round(value):
            value = round(value)
        with_it = {**known, question.name: value}
        lists = Answers(with_it, self.home, self.missing)
        for check in question.checks:
            if check.soft:
                continue
            if all(lists.answer(name) is not None for name in check.rule.names) and not self.holds(
                check.rule, with_it
            ):
                return False
        return True

    def limits(self, name: str, known: Mapping[str, Any]) -> Iterator[float]:
        """Go through the numbers with which rules compare a variable."""
        answers = Answers(known, self.home, self.missing)
        for rule in _rules(self.module):
            for node in walk(rule.node):
                if isinstance(node, Comparison):
                    yield from _other_side(node, name, answers)
                elif isinstance(node, Membership) and node.value == Name(name):
                    yield from (
                        float(choice.value) for choice in node.choices if isinstance(choice, Number)
                    )


def _other_side(node: Comparison, name: str, answers: Answers) -> Iterator[float]:
    pairs: tuple[tuple[Value, Value], ...] = ((node.left, node.right), (node.right, node.left))
    for side, other in pairs:
        if side == Name(name):
            value = answers.value(other)
            if isinstance(value, int | float):
                yield float(value)


def _rules(module: Module) -> Iterator[Rule | Formula]:
    if module.universe is not None:
        yield module.universe
    for question in module.questions:
        if question.ask_if is not None:
            yield question.ask_if
        for check in question.checks:
            yield check.rule
    for host in module.host_variables.values():
        for check in host.checks:
            yield check.rule
    for concept in module.concepts:
        yield from concept.rules


def _missing(module: Module) -> dict[str, frozenset[int]]:
    out = dict(module.missing_codes())
    others: dict[str, Question | HostVariable] = {**module.host_variables, **module.borrowed}
    for name, variable in others.items():
        listed = module.codelists.get(variable.codes or variable.special or "")
        if listed is not None and listed.missing:
            out[name] = listed.missing
    return out


def derived(
    module: Module, hosts: Mapping[str, Any], held: Interview, *, home: int | None = None
) -> tuple[Given, tuple[Given, ...]]:
    """Work out a module's concepts for one interview: of the unit, and of each row."""
    missing = _missing(module)
    values: Given = {}
    rows: list[Given] = [{} for _ in held.rows]
    for concept in module.concepts:
        if concept.over is not None:
            values[concept.name] = _gathered(concept, hosts, held, values, rows, home, missing)
        elif concept.roster:
            for answers, row in zip(held.rows, rows, strict=True):
                known = {**hosts, **held.answers, **values, **answers, **row}
                row[concept.name] = _one_value(concept, known, home, missing)
        else:
            known = {**hosts, **held.answers, **values}
            values[concept.name] = _one_value(concept, known, home, missing)
    return values, tuple(rows)


def _one_value(
    concept: Concept, known: Given, home: int | None, missing: Mapping[str, frozenset[int]]
) -> Any:
    if concept.universe is not None and not concept.universe.holds(
        known, home=home, missing=missing
    ):
        return None
    for category in concept.categories:
        if category.rule.holds(known, home=home, missing=missing):
            return category.code
    if isinstance(concept.value, Rule):
        return int(concept.value.holds(known, home=home, missing=missing))
    if concept.value is None:
        return None
    return concept.value.value(known, home=home, missing=missing)


def _gathered(
    concept: Concept,
    hosts: Mapping[str, Any],
    held: Interview,
    values: Given,
    rows: list[Given],
    home: int | None,
    missing: Mapping[str, frozenset[int]],
) -> Any:
    known = {**hosts, **held.answers, **values}
    if concept.universe is not None and not concept.universe.holds(
        known, home=home, missing=missing
    ):
        return None
    counted: list[Any] = []
    for answers, row in zip(held.rows, rows, strict=True):
        inside = known | answers | row
        if concept.where is not None and not concept.where.holds(
            inside, home=home, missing=missing
        ):
            continue
        if concept.value is None:
            counted.append(1)
        elif isinstance(concept.value, Rule):
            counted.append(int(concept.value.holds(inside, home=home, missing=missing)))
        else:
            value = concept.value.value(inside, home=home, missing=missing)
            if value is not None:
                counted.append(value)
    if concept.aggregate == "count":
        return len(counted)
    if not counted:
        return concept.empty
    match concept.aggregate:
        case "sum":
            return sum(counted)
        case "mean":
            return sum(counted) / len(counted)
        case "any":
            return int(any(counted))
        case "min":
            return min(counted)
        case _:
            return max(counted)
