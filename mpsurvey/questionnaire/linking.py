"""What supplies a module's host variables, and every reason why something does not."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from mpsurvey.catalogue import Concept, HostVariable, Module, Question
from mpsurvey.questionnaire.host import Host, HostRow
from mpsurvey.questionnaire.placed import (
    Link,
    Placed,
    answers_of,
    concept_hosts,
    rule_hosts,
    variable_of,
)
from mpsurvey.questionnaire.wording import in_language

__all__ = ["Linking", "candidates"]

_FITS = {
    "integer": ("integer", "decimal", "calculate"),
    "decimal": ("integer", "decimal", "calculate"),
    "select_one": ("select_one", "calculate", "integer"),
    "select_multiple": ("select_multiple", "calculate"),
    "text": ("text", "calculate", "integer", "select_one"),
    "date": ("date", "calculate"),
}


class Linking:
    """Finds the links of one module in one form; problems are gathered, not raised.

    Parameters
    ----------
    module
        The module, cut to its level.
    host
        The host form.
    placed
        Modules that stand in the form already.
    given
        What the caller says: a host variable to the name of a host question, to a mapping
        ``{"variable": ..., "codes": {...}}``, or to "add"; ``"*": "add"`` for all others.
    """

    def __init__(
        self,
        module: Module,
        host: Host,
        placed: Sequence[Placed],
        given: Mapping[str, Any] | str | None,
    ) -> None:
        self.module = module
        self.host = host
        self.placed = placed
        self.add_others = given == "add"
        self.given: dict[str, Any] = {}
        if isinstance(given, Mapping):
            self.given = dict(given)
            self.add_others = self.given.pop("*", None) == "add"
        self.problems: list[str] = []

    def links(self, above: int, repeats: tuple[str, ...]) -> dict[str, Link]:
        """Return what supplies each host variable that rules use."""
        needed = rule_hosts(self.module)
        optional = concept_hosts(self.module)
        self._unknown_names()
        out: dict[str, Link] = {}
        lacking: list[str] = []
        for name in self.module.hosts:
            link = self._one(name)
            if link is not None:
                out[name] = link
            elif name in needed:
                lacking.append(name)
            elif name in optional and self.add_others:
                out[name] = Link("added", name)
        out |= self._added(lacking)
        self._reach(out, above, repeats)
        return out

    def _unknown_names(self) -> None:
        for name in self.given:
            if name not in self.module.hosts:
                near = difflib.get_close_matches(name, self.module.hosts, n=1)
                hint = f" Did you mean '{near[0]}'?" if near else ""
                self.problems.append(
                    f"{self.module.id} takes no host variable '{name}'; it takes "
                    f"{', '.join(self.module.hosts) or 'none'}.{hint}"
                )

    def _one(self, name: str) -> Link | None:
        said = self.given.get(name)
        if said == "add":
            return Link("added", name)
        if said is None:
            return self._by_itself(name)
        codes: Mapping[Any, Any] | None = None
        target = said
        if isinstance(said, Mapping):
            target, codes = said.get("variable"), said.get("codes")
        row = self.host.row(str(target))
        if row is None or row.type.startswith(("begin ", "end ")):
            other = self._of_modules(str(target))
            if other is not None:
                return other
            near = difflib.get_close_matches(str(target), self.host.names, n=2)
            hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
            self.problems.append(
                f"{self.module.id}: '{name}' is to come from '{target}', which the host form "
                f"does not ask.{hint}"
            )
            return Link("host", str(target))
        recode = {str(old): int(new) for old, new in codes.items()} if codes else None
        self._fits(name, row, recode)
        return Link("host", row.name, recode)

    def _by_itself(self, name: str) -> Link | None:
        """Find a variable of the very same name: another module's, or the host's of that type."""
        other = self._of_modules(name)
        if other is not None:
            return other
        row = self.host.row(name)
        variable = variable_of(self.module, name)
        if row is None or isinstance(variable, Concept) or variable is None:
            return None
        if row.type not in _FITS.get(variable.type, ()):
            return None
        before = len(self.problems)
        self._fits(name, row, None)
        if len(self.problems) > before:
            del self.problems[before:]
            return None
        return Link("host", row.name)

    def _of_modules(self, name: str) -> Link | None:
        for placed in self.placed:
            owned = (*placed.module.names, *(c.name for c in placed.module.concepts))
            if name in owned:
                return Link("module", placed.own(name), repeat=placed.beside)
        return None

    def _fits(self, name: str, row: HostRow, recode: Mapping[str, int] | None) -> None:
        variable = variable_of(self.module, name)
        if variable is None or isinstance(variable, Concept):
            return
        what = f"{self.module.id}: '{name}' is to come from the host's '{row.name}'"
        answers = answers_of(self.module, variable) if variable.codes else None
        if recode is not None:
            self._recode_fits(what, row, recode, answers.codes if answers else None)
            return
        if row.type not in _FITS.get(variable.type, ()):
            self.problems.append(
                f"{what}, which is {row.type}; {variable.type} is needed. Map its values with "
                f'{{"variable": "{row.name}", "codes": {{...}}}}.'
            )
            return
        offered = self.host.codes(row)
        if answers is None or offered is None or row.type != "select_one":
            return
        known = {str(code) for code in answers.codes}
        strange = [code for code in offered if code not in known]
        if strange and not answers.open:
            shown = ", ".join(
                f"{code} ({in_language(self.host.lists[row.list_name][code], 'en')})"
                for code in strange[:6]
            )
            wanted = ", ".join(
                f"{code.code} {in_language(code.label, 'en')}" for code in answers.items[:8]
            )
            self.problems.append(
                f"{what}, whose codes {shown} are not those of {answers.id} ({wanted}). Map them "
                f'with {{"variable": "{row.name}", "codes": {{...}}}}.'
            )
        elif strange:
            self.problems.append(
                f"{what}, whose codes {', '.join(strange[:6])} are not those of {answers.id}. Map "
                f'them with {{"variable": "{row.name}", "codes": {{...}}}}.'
            )

    def _recode_fits(
        self, what: str, row: HostRow, recode: Mapping[str, int], codes: Sequence[int] | None
    ) -> None:
        offered = self.host.codes(row)
        if offered is not None:
            unknown = [old for old in recode if old not in offered]
            if unknown:
                self.problems.append(
                    f"{what}, whose list '{row.list_name}' has no {', '.join(unknown)}; it has "
                    f"{', '.join(offered[:12])}."
                )
        if codes is not None:
            wrong = [str(new) for new in recode.values() if new not in codes]
            if wrong:
                self.problems.append(
                    f"{what} with the codes {', '.join(wrong)}, which the module's list lacks."
                )

    def _added(self, lacking: Sequence[str]) -> dict[str, Link]:
        out: dict[str, Link] = {}
        for name in lacking:
            variable = variable_of(self.module, name)
            addable = isinstance(variable, HostVariable) and (
                variable.text is not None or variable.calculation not in (None, "given")
            )
            if self.add_others and (addable or isinstance(variable, Question)):
                out[name] = Link("added", name)
                continue
            label = ""
            if isinstance(variable, HostVariable | Question):
                label = f" ({in_language(variable.label, 'en')})"
            near = candidates(self.host, name, variable)
            hint = f" Near to it: {', '.join(near)}." if near else ""
            if isinstance(variable, Question):
                owner = variable.place.rpartition("/")[2].partition(".")[0]
                remedy = f"Insert {owner} before, or map it"
            elif addable:
                remedy = 'Map it, or have a minimal question added with "*": "add"'
            else:
                remedy = "Map it"
            self.problems.append(
                f"{self.module.id} needs '{name}'{label}, and nothing supplies it.{hint} "
                f'{remedy}: hosts={{"{name}": ...}}.'
            )
        return out

    def _reach(self, links: dict[str, Link], above: int, repeats: tuple[str, ...]) -> None:
        """Refuse variables asked later, or in a repeat that the module does not stand in."""
        for name, link in links.items():
            if link.how != "host":
                continue
            row = self.host.row(link.variable)
            if row is None:
                continue
            if row.number >= above:
                self.problems.append(
                    f"{self.module.id}: '{link.variable}' (survey row {row.number}), which "
                    f"supplies '{name}', is asked after the place where the module stands."
                )


def candidates(
    host: Host, name: str, variable: Question | HostVariable | Concept | None
) -> list[str]:
    """Return the host's questions that come nearest to a variable, by name and by label."""
    words: list[str] = [name]
    label = ""
    if isinstance(variable, HostVariable):
        words += variable.also
    if variable is not None:
        label = in_language(variable.label, "en").casefold()
    kinds = _FITS.get(getattr(variable, "type", ""), ())
    scored = []
    for row in host.rows:
        if not row.name or row.type not in kinds:
            continue
        lowered = row.name.casefold()
        parts = set(lowered.replace("-", "_").split("_"))
        by_name = max(difflib.SequenceMatcher(None, lowered, word).ratio() for word in words)
        if any(word in parts for word in words):
            by_name = max(by_name, 0.9)
        by_label = 0.0
        for text in row.labels.values():
            folded = text.casefold()
            near = difflib.SequenceMatcher(None, label, folded).ratio()
            if any(len(word) > 2 and f" {word}" in f" {folded}" for word in words):
                near = max(near, 0.85)
            by_label = max(by_label, near)
        score = max(by_name, by_label)
        if score >= 0.7:
            scored.append((-score, row.number, row))
    shown = []
    for _, _, row in sorted(scored, key=lambda one: one[:2])[:3]:
        text = row.label.strip().replace("\n", " ")
        shown.append(f"'{row.name}'" + (f" ({text[:40]})" if text else ""))
    return shown
