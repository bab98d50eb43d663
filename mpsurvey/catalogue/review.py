"""What a module's rules, names, levels and wordings must satisfy together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from mpsurvey.catalogue.fields import Fields, Items, Record, Texts
from mpsurvey.catalogue.marked import Problems
from mpsurvey.catalogue.module import Module
from mpsurvey.catalogue.question import Question
from mpsurvey.catalogue.rule_review import RuleReview
from mpsurvey.catalogue.surroundings import Surroundings
from mpsurvey.errors import did_you_mean
from mpsurvey.rule import Formula, Rule

__all__ = ["review_languages", "review_module"]

PLACEHOLDERS = ("name", "country", "currency")

# Words that a field system, SPSS, Stata or C# keeps for itself.
RESERVED = frozenset(
    """
    all and by eq ge gt le lt ne not or to with if in using int long byte float double str strl
    self rowcode rowname rowindex roster questionnaire identity interviewkey optioncode this
    class new null true false bool char string object public private static void return for while
    do else switch case break continue default home name country currency
    """.split()  # noqa: SIM905 - a list of single words would be fifty lines
)


def review_module(module: Module, fields: Fields, around: Surroundings, problems: Problems) -> None:
    """Note everything that is wrong with a module that could be read."""
    _Review(module, fields, around, problems).run()


class _Review:
    def __init__(
        self, module: Module, fields: Fields, around: Surroundings, problems: Problems
    ) -> None:
        self.module = module
        self.fields = fields
        self.around = around
        self.problems = problems
        self.written = {q["name"]: q for q in fields["questions"] if q.fine}
        self.by_name = {q.name: q for q in module.questions}
        self.concepts = {c.name: c for c in module.concepts}
        self.order = {name: at for at, name in enumerate(module.names)}
        self.rules = RuleReview(self.by_name, around, problems)
        self.broken = {q["name"] for q in fields["questions"] if not q.fine and "name" in q}

    def run(self) -> None:
        self._names()
        self._lists()
        self._hosts()
        self._roster()
        hosts = set(self.module.hosts)
        if self.module.universe is not None:
            line = self.fields.line_of("universe")
            self._rule(self.module.universe, hosts, line, "The universe")
        for question in self.module.questions:
            if question.name in self.written:
                self._question(question, self.written[question.name])
        self._levels()
        self._concepts()
        self._texts()
        self._sources(self.fields)

    def _line(self, name: str) -> int:
        return self.written[name].line if name in self.written else self.fields.line

    # -- names, lists, hosts

    def _names(self) -> None:
        seen: dict[str, int] = {}
        for name, line in self._named():
            if name in seen:
                self.problems.add(line, f"'{name}' is already on line {seen[name]}.")
            seen.setdefault(name, line)
            if name in RESERVED:
                self.problems.add(
                    line, f"'{name}' is a word that field systems keep for themselves."
                )
            if name in self.around.hosts:
                self.problems.add(line, f"'{name}' is the name of a host variable.")
            if name in self.around.elsewhere:
                other = self.around.elsewhere[name]
                self.problems.add(line, f"'{name}' is already a variable of {other}.")
        for question in self.module.questions:
            if question.specifies and len(question.name) > 16:
                self.problems.add(
                    self._line(question.specifies),
                    f"'{question.specifies}' has {len(question.specifies)} characters; with a "
                    "list that has 'other (specify)' at most 14 fit.",
                )

    def _named(self) -> Iterable[tuple[str, int]]:
        for question in self.module.questions:
            yield question.name, self._line(question.specifies or question.name)
        for each in self.fields.get("concepts", ()):
            if each.fine:
                yield each["name"], each.line

    def _lists(self) -> None:
        for name, read in self.written.items():
            for key in ("codes", "special"):
                listed = read.get(key)
                if listed is None:
                    continue
                known = self.around.codelists
                if listed not in known:
                    near = did_you_mean(listed, known)
                    self.problems.add(
                        read.line_of(key), f"{name}: there is no code list '{listed}'.{near}"
                    )
                    continue
                lacking = [x for x in self.module.languages if x not in known[listed].languages]
                if lacking:
                    self.problems.add(
                        read.line_of(key),
                        f"{name}: code list {listed} lacks the language "
                        f"{', '.join(lacking)} of this module.",
                    )

    def _hosts(self) -> None:
        line = self.fields.line_of("hosts")
        known = {**self.around.hosts, **self.around.elsewhere}
        for name in self.module.hosts:
            if name in known:
                continue
            if name in self.by_name or name in self.concepts:
                self.problems.add(line, f"'{name}' is this module's own variable, not a host's.")
            else:
                self.problems.add(
                    line,
                    f"'{name}' is neither a host variable nor a variable of another module."
                    f"{did_you_mean(name, known)}",
                )
        for other in self.module.suits:
            if other not in self.around.modules:
                near = did_you_mean(other, self.around.modules)
                self.problems.add(
                    self.fields.line_of("suits"), f"There is no module '{other}'.{near}"
                )

    def _roster(self) -> None:
        rows = [q for q in self.module.questions if q.roster]
        roster = self.module.roster
        read = self.fields.get("roster")
        if roster is None:
            for question in rows:
                if question.name in self.written and read is None:
                    self.problems.add(
                        self.written[question.name].line_of("roster"),
                        f"{question.name} is asked for each row, but the module has no 'roster'.",
                    )
            return
        line = read.line if read is not None else self.fields.line
        count = self.by_name.get(roster.count)
        if count is None and roster.count not in self.broken:
            near = did_you_mean(roster.count, self.by_name)
            self.problems.add(line, f"The roster's count '{roster.count}' is not asked.{near}")
        elif count is not None and (count.type != "integer" or count.roster):
            self.problems.add(
                line, f"The roster's count '{roster.count}' must be an integer asked before it."
            )
        if roster.row is not None:
            row = self.by_name.get(roster.row)
            if row is None or not row.roster:
                near = did_you_mean(roster.row, [q.name for q in rows])
                self.problems.add(line, f"'{roster.row}' is no question of the roster.{near}")
        if not rows:
            self.problems.add(line, "No question has 'roster: true'.")
            return
        places = [self.order[q.name] for q in rows]
        if count is not None and min(places) < self.order[count.name]:
            self.problems.add(self._line(rows[0].name), "The roster begins before its count.")
        for question in self.module.questions[places[0] : places[-1] + 1]:
            if not question.roster:
                self.problems.add(
                    self._line(question.name),
                    f"{question.name} stands among the roster's questions without 'roster: true'.",
                )

    # -- rules

    def _question(self, question: Question, read: Fields) -> None:
        before = {
            q.name
            for q in self.module.questions[: self.order[question.name]]
            if question.roster or not q.roster
        }
        hosts = set(self.module.hosts)
        if question.ask_if is not None:
            self._rule(
                question.ask_if, before | hosts, read.line_of("ask_if"), f"'{question.name}'"
            )
        for each in read.get("checks", ()):
            if not each.fine:
                continue
            line = each.line_of("rule")
            what = f"The check of '{question.name}'"
            self._rule(each["rule"], before | hosts | {question.name}, line, what, check=True)
            if question.name not in each["rule"].names:
                self.problems.add(line, f"{what} does not look at '{question.name}' itself.")

    def _rule(
        self,
        rule: Rule | Formula,
        known: set[str],
        line: int,
        what: str,
        *,
        check: bool = False,
    ) -> None:
        for name in sorted(rule.names - known - self.broken):
            self.problems.add(line, self._unknown(name, known, what))
        self.rules.look(rule, line, doubts=not check)

    def _unknown(self, name: str, known: set[str], what: str) -> str:
        if name in self.by_name:
            if self.by_name[name].roster:
                return f"{what} uses '{name}', which is asked for each row of the roster."
            return f"{what} uses '{name}', which is asked later."
        if name in self.concepts:
            return f"{what} uses the concept '{name}', which is worked out after the interview."
        if name in self.around.hosts or name in self.around.elsewhere:
            return f"{what} uses '{name}': add it to 'hosts'."
        near = did_you_mean(name, {*known, *self.around.hosts, *self.by_name})
        return f"{what} uses '{name}', which is not known.{near}"

    # -- levels, concepts

    def _levels(self) -> None:
        lines = self.fields.lines
        forms: dict[str, tuple[set[str], Mapping[str, Rule], int]] = {
            "core": (
                {q.name for q in self.module.questions if q.level == "core"},
                {},
                self.fields.line_of("questions"),
            )
        }
        for name, level in self.module.levels.items():
            line = lines.get("levels", self.fields.line)
            if name in ("core", "extended"):
                self.problems.add(line, f"The level '{name}' exists by itself; remove it.")
                continue
            for question in (*level.questions, *level.ask_if):
                if question not in self.by_name and question not in self.broken:
                    near = did_you_mean(question, self.by_name)
                    self.problems.add(
                        line, f"Level {name}: there is no question '{question}'.{near}"
                    )
            forms[name] = (set(level.questions), level.ask_if, line)
        for name, (kept, rules, line) in forms.items():
            self._stands_alone(name, kept, rules, line)

    def _stands_alone(
        self, level: str, kept: set[str], rules: Mapping[str, Rule], line: int
    ) -> None:
        for question in self.module.questions:
            if question.name not in kept or question.specifies:
                continue
            rule = rules.get(question.name, question.ask_if)
            used = set(rule.names) if rule is not None else set()
            for check in question.checks:
                used |= check.rule.names
            for absent in sorted(used & (set(self.by_name) - kept)):
                at = self._line(question.name) if level == "core" else line
                self.problems.add(
                    at,
                    f"Level {level} has '{question.name}', whose rules use '{absent}', "
                    "which is not in it.",
                )
        roster = self.module.roster
        rows = [q.name for q in self.module.questions if q.roster and q.name in kept]
        if rows and roster is not None and roster.count not in kept:
            self.problems.add(line, f"Level {level} has questions of the roster without its count.")

    def _concepts(self) -> None:
        roster = self.module.roster
        rows = {q.name for q in self.module.questions if q.roster}
        known = {q.name for q in self.module.questions} | set(self.module.hosts)
        written = {c["name"]: c for c in self.fields.get("concepts", ()) if c.fine}
        per_row: set[str] = set(rows)
        for concept in self.module.concepts:
            line = written[concept.name].line
            what = f"The concept '{concept.name}'"
            for rule in concept.rules:
                for name in sorted(rule.names - known - self.broken):
                    self.problems.add(line, self._unknown_in_concept(name, known, what))
                self.rules.look(rule, line)
            by_row = concept.names & per_row
            if concept.over is not None:
                self._gathered(concept, roster, line, what)
            elif by_row and not concept.roster:
                self.problems.add(
                    line,
                    f"{what} uses {', '.join(sorted(by_row))} of the roster: add 'roster: true' "
                    "for a value per row, or gather the rows with 'over' and 'aggregate'.",
                )
            codes = [category.code for category in concept.categories]
            for code in sorted({code for code in codes if codes.count(code) > 1}):
                self.problems.add(line, f"{what} has code {code} twice.")
            known.add(concept.name)
            if concept.roster:
                per_row.add(concept.name)

    def _unknown_in_concept(self, name: str, known: set[str], what: str) -> str:
        if name in self.concepts:
            return f"{what} uses '{name}', which is worked out later."
        if name in self.around.hosts or name in self.around.elsewhere:
            return f"{what} uses '{name}': add it to 'hosts'."
        return f"{what} uses '{name}', which is not known.{did_you_mean(name, known)}"

    def _gathered(self, concept: Any, roster: Any, line: int, what: str) -> None:
        if roster is None or concept.over != roster.name:
            shown = "the module has none" if roster is None else f"it is '{roster.name}'"
            self.problems.add(line, f"{what} gathers the roster '{concept.over}'; {shown}.")
        if concept.aggregate is None:
            self.problems.add(line, f"{what} has 'over' without 'aggregate'.")
        elif concept.aggregate == "count":
            if concept.value is not None:
                self.problems.add(line, f"{what} counts rows: use 'where', not 'value'.")
        elif concept.value is None:
            self.problems.add(line, f"{what} needs the 'value' that is gathered.")
        elif isinstance(concept.value, Rule) != (concept.aggregate == "any"):
            wanted = "a rule" if concept.aggregate == "any" else "a formula"
            self.problems.add(line, f"{what}: the value of '{concept.aggregate}' is {wanted}.")

    # -- wordings and sources

    def _texts(self) -> None:
        for name, read in self.written.items():
            earlier = {
                q.name
                for q in self.module.questions[: self.order.get(name, 0)]
                if q.type in ("text", "integer", "decimal")
            }
            for key in ("text", "instruction"):
                if key in read:
                    self._placeholders(read[key], earlier, read.line_of(key))
            for check in read.get("checks", ()):
                if check.fine:
                    self._placeholders(check["message"], earlier | {name}, check.line)

    def _placeholders(self, wording: Mapping[str, str], earlier: set[str], line: int) -> None:
        used: dict[str, set[str]] = {}
        for language, text in wording.items():
            found = re.findall(r"\{([^{}]*)\}", text)
            if re.sub(r"\{[^{}]*\}", "", text).strip("") and re.search(
                r"[{}]", re.sub(r"\{[^{}]*\}", "", text)
            ):
                self.problems.add(line, f"A brace in the {language} wording is not closed.")
            used[language] = set(found)
            for name in found:
                if name not in PLACEHOLDERS and name not in earlier:
                    near = did_you_mean(name, {*PLACEHOLDERS, *earlier})
                    self.problems.add(
                        line,
                        f"'{{{name}}}' in the {language} wording is neither one of "
                        f"{', '.join(PLACEHOLDERS)} nor a number or text asked before.{near}",
                    )

    def _sources(self, fields: Fields) -> None:
        if not self.around.sources:
            return
        for each in _citations_in(fields):
            if each.fine and each["key"] not in self.around.sources:
                near = did_you_mean(each["key"], self.around.sources)
                self.problems.add(each.line_of("key"), f"There is no source '{each['key']}'.{near}")


def _citations_in(fields: Fields) -> Iterable[Fields]:
    for key, value in fields.items():
        if key in ("sources", "source"):
            yield from (each for each in value if isinstance(each, Fields))
        elif key in ("questions", "concepts"):
            for each in value:
                yield from _citations_in(each)


def review_languages(record: Record, fields: Fields, problems: Problems) -> None:
    """Note every wording that lacks a language of the file's title."""
    languages = tuple(fields.get("title", {}))
    for line, key, wording in _wordings(record, fields):
        lacking = [language for language in languages if language not in wording]
        if lacking:
            problems.add(line, f"'{key}' lacks the wording in {', '.join(lacking)}.")
        for language in wording:
            if language not in languages:
                problems.add(line, f"'{key}' has a wording in {language}, which the title lacks.")


def _wordings(kind: Any, read: Any) -> Iterable[tuple[int, str, Mapping[str, str]]]:
    if isinstance(kind, Record) and isinstance(read, Fields):
        for key, value in read.items():
            inner = kind.keys[key].kind
            if isinstance(inner, Texts):
                if inner.whole:
                    yield read.line_of(key), key, value
            else:
                yield from _wordings(inner, value)
    elif isinstance(kind, Items):
        for each in read:
            yield from _wordings(kind.of, each)
