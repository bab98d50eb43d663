"""A questionnaire: a host form, and the modules put into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mpsurvey.catalogue import Module
from mpsurvey.errors import MpsurveyError, did_you_mean
from mpsurvey.questionnaire.host import Host
from mpsurvey.questionnaire.linking import Linking
from mpsurvey.questionnaire.placed import Link, Placed
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
        above, repeats, order, beside = self._place(after, inside, module, problems)
        spoken = self._languages(cut, languages, problems)
        home, country = self._home(cut, problems)
        linking = Linking(cut, self.host, self.placed[:order], hosts)
        links = linking.links(above, repeats)
        problems += linking.problems
        links, beside = self._reached(cut, links, repeats, beside, problems)
        placed = Placed(
            module=cut,
            above=above,
            level=level,
            prefix=prefix,
            hosts=links,
            beside=beside,
            repeats=repeats,
            person=self._person(name, (*repeats, beside or ""), cut, problems),
            required=required,
        )
        placed = self._rename_added(placed)
        self._collisions(placed, problems)
        if problems:
            raise MpsurveyError(problems)
        return replace(
            self,
            placed=(*self.placed[:order], placed, *self.placed[order:]),
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
        raise MpsurveyError(f"The form has no module or question '{name}'.{_near(name, known)}")

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

    def _place(
        self, after: str | None, inside: str | None, module: Module, problems: list[str]
    ) -> tuple[int, tuple[str, ...], int, str | None]:
        """Return the row, the repeats around it, the order among modules, the repeat beside."""
        end = self.host.last_row + 1
        if after is not None and inside is not None:
            problems.append("Say either after= or inside=, not both.")
            return end, (), len(self.placed), None
        if after is None and inside is None:
            return end, (), len(self.placed), None
        wanted = after if after is not None else inside
        for at, one in enumerate(self.placed):
            if wanted in (one.module.id, one.group) and after is not None:
                beside = one.beside if module.unit != "household" else None
                return one.above, one.repeats, at + 1, beside
        row = self.host.row(str(wanted))
        if row is None:
            known = [*self.host.names, *(one.module.id for one in self.placed)]
            problems.append(
                f"The form has no '{wanted}' to put {module.id} by.{_near(str(wanted), known)}"
            )
            return end, (), len(self.placed), None
        opens = row.type.startswith("begin ")
        if inside is not None and not opens:
            problems.append(f"'{inside}' is {row.type}; inside= names a group or a repeat.")
            return end, (), len(self.placed), None
        beside = None
        if inside is not None:
            above = self.host.ends[row.number]
            repeats = (*row.repeats, row.name) if row.type == "begin repeat" else row.repeats
        else:
            above = self.host.ends[row.number] + 1 if opens else row.number + 1
            repeats = row.repeats
            if row.type == "begin repeat" and module.unit != "household":
                beside = row.name
        if repeats and module.unit == "household":
            problems.append(
                f"{module.id} asks about the household; '{wanted}' lies inside the repeat "
                f"'{repeats[-1]}'. Put it after the repeat: after=\"{repeats[0]}\"."
            )
        order = sum(one.above <= above for one in self.placed)
        return above, repeats, order, beside

    def _reached(
        self,
        module: Module,
        links: dict[str, Link],
        repeats: tuple[str, ...],
        beside: str | None,
        problems: list[str],
    ) -> tuple[dict[str, Link], str | None]:
        """Let a module beside a repeat reach into its rows, and refuse what it cannot reach."""
        deeper: dict[str, str] = {}
        for name, link in links.items():
            row = self.host.row(link.variable) if link.how == "host" else None
            if row is not None and row.repeats[: len(repeats)] == repeats:
                rest = row.repeats[len(repeats) :]
                if len(rest) == 1:
                    deeper[name] = rest[0]
                elif rest:
                    problems.append(
                        f"{module.id}: '{link.variable}' lies in repeats within repeats "
                        f"({' / '.join(rest)}); put the module inside them."
                    )
            elif row is not None and row.repeats != repeats[: len(row.repeats)]:
                problems.append(
                    f"{module.id}: '{link.variable}' lies in the repeat '{row.repeats[-1]}', the "
                    "module in another."
                )
        around = set(deeper.values()) | ({beside} if beside else set())
        if module.unit == "household" and deeper:
            shown = ", ".join(f"'{links[name].variable}'" for name in deeper)
            problems.append(
                f"{module.id} asks about the household, but {shown} lies in the repeat "
                f"'{next(iter(deeper.values()))}': map a household variable."
            )
        elif len(around) > 1:
            problems.append(
                f"{module.id}: its host variables lie in different repeats "
                f"({', '.join(sorted(around))})."
            )
        beside = next(iter(around), None) if module.unit != "household" else None
        out = {}
        for name, link in links.items():
            if name in deeper:
                out[name] = replace(link, repeat=deeper[name])
            elif link.how == "module":
                out[name] = self._from_module(module, name, link, beside, repeats, problems)
            else:
                out[name] = link
        return out, beside

    def _from_module(
        self,
        module: Module,
        name: str,
        link: Link,
        beside: str | None,
        repeats: tuple[str, ...],
        problems: list[str],
    ) -> Link:
        owner = next(one for one in self.placed if link.variable in set(one.names()))
        question = next(
            (q for q in owner.module.questions if owner.own(q.name) == link.variable), None
        )
        if question is not None and question.roster:
            problems.append(
                f"{module.id}: '{name}' is asked for each row of {owner.module.id}'s roster."
            )
        if owner.beside:
            if owner.beside != beside:
                problems.append(
                    f"{module.id} needs '{name}' of {owner.module.id}, which is asked of each row "
                    f"of '{owner.beside}': put it after {owner.module.id}."
                )
            return replace(link, repeat=owner.rows_name)
        if owner.repeats != repeats[: len(owner.repeats)]:
            problems.append(
                f"{module.id} needs '{name}' of {owner.module.id}, which stands in the repeat "
                f"'{owner.repeats[-1]}': put it inside the same."
            )
        return replace(link, repeat=None)

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
                    f"{_near(name, self.host.names)}"
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


def _near(name: str, known: Iterable[str]) -> str:
    return did_you_mean(name, list(known))
