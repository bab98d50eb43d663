"""A questionnaire: a host form, and the modules put into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mpsurvey.catalogue import Module
from mpsurvey.errors import MpsurveyError, did_you_mean
from mpsurvey.questionnaire.host import Host
from mpsurvey.questionnaire.linking import Linking
from mpsurvey.questionnaire.placed import Placed
from mpsurvey.questionnaire.placing import Placing
from mpsurvey.rule import Rule

__all__ = ["Questionnaire"]

_NAMING = ("name", "nom", "nombre", "firstname", "fname", "prenom", "имя", "members")


@dataclass(frozen=True, slots=True, kw_only=True)
class Questionnaire:
    """A form that a field system can run: the host's own part, and modules.

    Every verb returns a new questionnaire; the host's workbook is never changed.

    Attributes
    ----------
    host
        The host form as it was read.
    placed
        The modules in it, in the order of the form.
    languages
        Languages that are written, the first one first.
    home
        The country's own code (UN M49), for rules that use ``HOME``.
    country
        Its name by language, for ``{country}`` in wordings.
    """

    host: Host = field(repr=False)
    placed: tuple[Placed, ...] = ()
    languages: tuple[str, ...] = ()
    home: int | None = None
    country: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        asked = sum(q.asks for one in self.placed for q in one.module.questions)
        modules = ", ".join(one.module.id for one in self.placed) or "no modules"
        return f"<Questionnaire {self.host.name}: {modules}; {asked} questions put in>"

    @property
    def modules(self) -> tuple[Module, ...]:
        """The modules in it, each cut to its level."""
        return tuple(one.module for one in self.placed)

    def insert(
        self,
        module: Module,
        *,
        after: str | None = None,
        inside: str | None = None,
        hosts: Mapping[str, Any] | str | None = None,
        level: str = "extended",
        languages: Sequence[str] | None = None,
        prefix: str = "",
        name: str | None = None,
        required: bool = True,
    ) -> Questionnaire:
        """Put a module into the form.

        Parameters
        ----------
        module
            A module of the catalogue.
        after
            A question, group or repeat of the host, or a module of this form, after which it
            stands. A person module after the household roster is asked of each of its rows, in a
            repeat of its own. At the end of the form when neither this nor `inside` is given.
        inside
            A group or repeat of the host at whose end it stands.
        hosts
            What supplies the module's host variables: ``{"age": "hh_age"}``; with other codes
            ``{"sex": {"variable": "B03", "codes": {"m": 1, "f": 2}}}``; ``"add"`` for a minimal
            question of its own, and ``"*": "add"`` (or ``hosts="add"``) for all that are lacking.
            Variables of the same name and type, and those of modules before it, are found without.
        level
            'core', 'extended' (all questions) or a short form of the module.
        languages
            Languages to write; otherwise those of the host's columns that the module has.
        prefix
            Put before the module's names where they collide with the form's.
        name
            The form's variable that names the person, for ``{name}`` in wordings.
        required
            Whether an answer is required; *does not know* and *refused* are answers.

        Raises
        ------
        MpsurveyError
            Holding every reason why it cannot be put in.
        """
        cut = module.at_level(level)
        problems: list[str] = []
        if any(one.module.id == module.id for one in self.placed):
            raise MpsurveyError(
                f"{module.id} is in the form already: drop it first, or use replace()."
            )
        placing = Placing(cut, self.host, self.placed, problems)
        place = placing.place(after, inside)
        spoken = self._languages(cut, languages, problems)
        home, country = self._home(cut, problems)
        linking = Linking(cut, self.host, self.placed[: place.order], hosts)
        found = linking.links(place.above, place.repeats)
        problems += linking.problems
        links, place = placing.reached(found, place)
        placed = Placed(
            module=cut,
            above=place.above,
            level=level,
            prefix=prefix,
            hosts=links,
            beside=place.beside,
            repeats=place.repeats,
            person=self._person(name, (*place.repeats, place.beside or ""), cut, problems),
            required=required,
        )
        placed = self._rename_added(placed)
        self._collisions(placed, problems)
        if problems:
            raise MpsurveyError(problems)
        return replace(
            self,
            placed=(*self.placed[: place.order], placed, *self.placed[place.order :]),
            languages=spoken,
            home=home,
            country=country,
        )

    def drop(self, name: str) -> Questionnaire:
        """Take out a module, or one question of a module.

        Raises
        ------
        MpsurveyError
            When there is none of that name, or others rest on it (all are named).
        """
        for at, one in enumerate(self.placed):
            if name in (one.module.id, one.group):
                gone = {one.own(n) for n in one.module.names}
                self._still_used(gone, [*self.placed[:at], *self.placed[at + 1 :]], name)
                return replace(self, placed=(*self.placed[:at], *self.placed[at + 1 :]))
        for at, one in enumerate(self.placed):
            for question in one.module.questions:
                if one.own(question.name) == name:
                    cut = _without(one.module, question.name)
                    self._still_used({name}, [*self.placed[:at], *self.placed[at + 1 :]], name)
                    changed = replace(one, module=cut)
                    return replace(
                        self, placed=(*self.placed[:at], changed, *self.placed[at + 1 :])
                    )
        known = [n for one in self.placed for n in (one.module.id, *map(one.own, one.module.names))]
        if name in self.host.names:
            raise MpsurveyError(f"'{name}' is the host's own: edit the host's workbook.")
        raise MpsurveyError(
            f"The form has no module or question '{name}'.{did_you_mean(name, known)}"
        )

    def replace(self, module: Module, *, level: str | None = None) -> Questionnaire:
        """Put another version of a module in the place of the one that is there.

        Raises
        ------
        MpsurveyError
            When it is not in the form, or the new version cannot stand there.
        """
        at = self._index(module.id)
        old = self.placed[at]
        given: dict[str, Any] = {}
        for name, link in old.hosts.items():
            if name not in module.hosts or link.how == "module":
                continue
            if link.how == "added":
                given[name] = "add"
            elif link.codes is not None:
                given[name] = {"variable": link.variable, "codes": link.codes}
            else:
                given[name] = link.variable
        without = replace(self, placed=(*self.placed[:at], *self.placed[at + 1 :]))
        after = (
            self.placed[at - 1].module.id if at and self.placed[at - 1].above == old.above else None
        )
        again = without._insert_at(old, module, level or old.level, given, after)
        new = again.placed[again._index(module.id)]
        rest = [one for one in again.placed if one is not new]
        again = replace(again, placed=(*rest[:at], new, *rest[at:]))
        self._still_used(
            {old.own(n) for n in old.module.names}
            - {old.own(n) for n in again.placed[again._index(module.id)].module.names},
            [one for one in again.placed if one.module.id != module.id],
            module.id,
        )
        return again

    def move(
        self, module: str, *, after: str | None = None, inside: str | None = None
    ) -> Questionnaire:
        """Put a module of the form in another place.

        Raises
        ------
        MpsurveyError
            When it is not in the form, or cannot stand there.
        """
        at = self._index(module)
        old = self.placed[at]
        given: dict[str, Any] = {
            name: link.variable
            if link.codes is None
            else {"variable": link.variable, "codes": link.codes}
            for name, link in old.hosts.items()
            if link.how == "host"
        }
        given |= {name: "add" for name, link in old.hosts.items() if link.how == "added"}
        without = replace(self, placed=(*self.placed[:at], *self.placed[at + 1 :]))
        moved = without.insert(
            old.module,
            after=after,
            inside=inside,
            hosts=given,
            prefix=old.prefix,
            required=old.required,
        )
        new_at = moved._index(module)
        kept = replace(moved.placed[new_at], level=old.level)
        moved = replace(moved, placed=(*moved.placed[:new_at], kept, *moved.placed[new_at + 1 :]))
        moved._in_order()
        return moved

    def with_settings(self, **values: str) -> Questionnaire:
        """Set columns of the sheet 'settings' in what is written, such as form_version."""
        return replace(self, settings={**self.settings, **values})

    # -- places

    def _insert_at(
        self, old: Placed, module: Module, level: str, given: dict[str, Any], after: str | None
    ) -> Questionnaire:
        host_name = next(
            (row for row in reversed(self.host.rows) if row.number == old.above - 1), None
        )
        anchor: dict[str, Any] = {"after": after} if after else {}
        if not anchor and host_name is not None and host_name.name:
            if host_name.type.startswith("begin "):
                anchor = {"inside": host_name.name}
            else:
                anchor = {"after": host_name.name}
        if not anchor and host_name is not None:  # an end row without a name
            opened = next(n for n, end in self.host.ends.items() if end == host_name.number)
            anchor = {"after": next(row.name for row in self.host.rows if row.number == opened)}
        return self.insert(
            module,
            hosts=given,
            level=level,
            prefix=old.prefix,
            required=old.required,
            name=None if old.person is None or old.beside else old.person,
            **anchor,
        )

    def _index(self, module: str) -> int:
        for at, one in enumerate(self.placed):
            if one.module.id == module:
                return at
        known = [one.module.id for one in self.placed]
        raise MpsurveyError(f"The form has no module '{module}'.{did_you_mean(module, known)}")

    # -- languages, country, person, names

    def _languages(
        self, module: Module, asked: Sequence[str] | None, problems: list[str]
    ) -> tuple[str, ...]:
        have = module.languages
        if asked is not None:
            lacking = [one for one in asked if one not in have]
            if lacking:
                problems.append(
                    f"{module.id} has no wording in {', '.join(lacking)}; it has {', '.join(have)}."
                )
            return tuple(dict.fromkeys((*self.languages, *asked)))
        if self.languages:
            lacking = [one for one in self.languages if one not in have]
            if lacking:
                problems.append(
                    f"The form is written in {', '.join(self.languages)}; {module.id} has no "
                    f"wording in {', '.join(lacking)}."
                )
            return self.languages
        shared = tuple(one for one in self.host.languages if one in have)
        return shared or have[:1]

    def _home(self, module: Module, problems: list[str]) -> tuple[int | None, Mapping[str, str]]:
        uses = _uses_home(module)
        if self.home is None:
            if uses:
                problems.append(
                    f"The rules of {module.id} use HOME, the country's own code: say it when the "
                    'form is read, such as home="KEN" or home=404.'
                )
            return None, self.country
        countries = module.codelists.get("CNT")
        if countries is None or self.country:
            return self.home, self.country
        found = next((item for item in countries if item.code == self.home), None)
        if found is None:
            problems.append(f"{self.home} is not a code of the country list CNT.")
            return self.home, self.country
        return self.home, found.label

    def _person(
        self, name: str | None, repeats: Iterable[str], module: Module, problems: list[str]
    ) -> str | None:
        around = {one for one in repeats if one}
        if name is not None:
            if self.host.row(name) is None:
                problems.append(
                    f"The form has no '{name}' that could name the person."
                    f"{did_you_mean(name, self.host.names)}"
                )
            return name
        if module.unit == "household" or not around:
            return None
        for row in self.host.rows:
            words = row.name.casefold().replace("-", "_").split("_")
            named = any(word in _NAMING for word in words) or row.name.casefold() in _NAMING
            if row.type in ("text", "calculate") and named and set(row.repeats) & around:
                return row.name
        return None

    def _rename_added(self, placed: Placed) -> Placed:
        taken = {one.casefold() for one in self.host.names}
        taken |= {name.casefold() for one in self.placed for name in one.names()}
        links = {
            name: replace(link, variable=f"{placed.group}_{name}")
            if link.how == "added" and link.variable.casefold() in taken
            else link
            for name, link in placed.hosts.items()
        }
        return replace(placed, hosts=links)

    def _collisions(self, placed: Placed, problems: list[str]) -> None:
        taken = {name.casefold(): "the host form" for name in self.host.names}
        for one in self.placed:
            taken |= {name.casefold(): one.module.id for name in one.names()}
        clashes: dict[str, list[str]] = {}
        for name in placed.names():
            owner = taken.get(name.casefold())
            if owner is not None:
                clashes.setdefault(owner, []).append(name)
        for owner, names in clashes.items():
            problems.append(
                f"{placed.module.id} and {owner} both have {', '.join(names)}. Give the module a "
                'prefix, such as prefix="mp_".'
            )

    def _in_order(self) -> None:
        """Refuse an order in which a module comes before one that it rests on."""
        problems = []
        for at, one in enumerate(self.placed):
            later = {other.own(n) for other in self.placed[at:] for n in other.module.names}
            for name, link in one.hosts.items():
                if link.how == "module" and link.variable in later:
                    problems.append(f"{one.module.id} needs '{name}', which is now asked later.")
        if problems:
            raise MpsurveyError(problems)

    def _still_used(self, gone: set[str], others: Iterable[Placed], what: str) -> None:
        users = [
            f"{one.module.id} needs '{link.variable}'"
            for one in others
            for link in one.hosts.values()
            if link.how == "module" and link.variable in gone
        ]
        if users:
            raise MpsurveyError([f"'{what}' cannot go: {user}." for user in users])


def _without(module: Module, name: str) -> Module:
    """Return the module without a question, or refuse when its own rules rest on it."""
    users = []
    for question in module.questions:
        if question.name == name or question.specifies == name:
            continue
        rules = [check.rule for check in question.checks]
        rules += [question.ask_if] if question.ask_if is not None else []
        users += [question.name for rule in rules if name in rule.names]
    roster = module.roster
    if roster is not None and name in (roster.count, roster.row):
        users.append(f"the roster {roster.name}")
    if users:
        raise MpsurveyError(
            f"'{name}' cannot go: {', '.join(dict.fromkeys(users))} of {module.id} rest on it."
        )
    questions = tuple(q for q in module.questions if name not in (q.name, q.specifies))
    return replace(module, questions=questions, concepts=module.concepts_from(questions))


def _uses_home(module: Module) -> bool:
    rules: list[Any] = [module.universe]
    for question in module.questions:
        rules += [question.ask_if, *(check.rule for check in question.checks)]
    for concept in module.concepts:
        rules += concept.rules
    return any(isinstance(rule, Rule) and rule.uses_home for rule in rules)
