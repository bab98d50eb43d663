"""The catalogue: every definition that was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mpsurvey.catalogue.codelist import CodeList
from mpsurvey.catalogue.indicator import Indicator
from mpsurvey.catalogue.known_design import DesignPreset
from mpsurvey.catalogue.module import Module
from mpsurvey.catalogue.question import HostVariable, Question
from mpsurvey.catalogue.recipe import Recipe
from mpsurvey.catalogue.sources import Source
from mpsurvey.errors import CatalogueError, did_you_mean

__all__ = ["Catalogue"]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Modules, code lists, host variables, sources and further definitions.

    Attributes
    ----------
    folders
        Where they were read, from the most general to the caller's own.
    doubts
        What a reviewer should look at, with file and line; nothing that stops work.
    """

    by_id: Mapping[str, Module] = field(repr=False)
    codelists: Mapping[str, CodeList] = field(repr=False)
    hosts: Mapping[str, HostVariable] = field(repr=False)
    sources: Mapping[str, Source] = field(repr=False)
    definitions: Mapping[tuple[str, str], Any] = field(repr=False)
    indicators_by_id: Mapping[str, Indicator] = field(repr=False)
    folders: tuple[Path, ...] = ()
    doubts: tuple[str, ...] = field(default=(), repr=False)

    def __repr__(self) -> str:
        return (
            f"<Catalogue: {len(self.by_id)} modules, {len(self.questions)} questions, "
            f"{len(self.codelists)} code lists, {len(self.definitions)} other definitions>"
        )

    def module(self, id: str) -> Module:  # noqa: A002 - the YAML's own word
        """Return one module.

        Raises
        ------
        CatalogueError
            When there is none of that id, with near misses.
        """
        if id not in self.by_id:
            raise CatalogueError(f"There is no module '{id}'.{did_you_mean(id, self.by_id)}")
        return self.by_id[id]

    def modules(self, *ids: str, theme: str | None = None) -> tuple[Module, ...]:
        """Return modules by id, in the order asked; or all, or all of a theme."""
        if ids:
            return tuple(self.module(one) for one in ids)
        return tuple(m for m in self.by_id.values() if theme in (None, m.theme))

    def codelist(self, id: str) -> CodeList:  # noqa: A002
        """Return one code list.

        Raises
        ------
        CatalogueError
            When there is none of that id, with near misses.
        """
        if id not in self.codelists:
            near = did_you_mean(id, self.codelists)
            raise CatalogueError(f"There is no code list '{id}'.{near}")
        return self.codelists[id]

    @property
    def questions(self) -> tuple[Question, ...]:
        """Every question of every module."""
        return tuple(question for module in self.by_id.values() for question in module.questions)

    def indicators(self, *ids: str, theme: str | None = None) -> tuple[Indicator, ...]:
        """Return indicators by id, in the order asked; or all, or all of a theme.

        Raises
        ------
        CatalogueError
            When an id is unknown, naming all of them with near misses.
        """
        known = self.indicators_by_id
        absent = [
            f"There is no indicator '{one}'.{did_you_mean(one, known)}"
            for one in ids
            if one not in known
        ]
        if absent:
            raise CatalogueError(absent)
        if ids:
            return tuple(known[one] for one in ids)
        return tuple(one for one in known.values() if theme in (None, one.theme))

    def entries(self, kind: str) -> tuple[Any, ...]:
        """Return the definitions of a later stage's kind: 'recipe', 'design'."""
        return tuple(one for (of, _), one in self.definitions.items() if of == kind)

    def recipe(self, id: str) -> Recipe:  # noqa: A002
        """Return one weighting recipe.

        Raises
        ------
        CatalogueError
            When there is none of that id, with near misses.
        """
        found: Recipe = self._defined("recipe", id, "weighting recipe")
        return found

    def design(self, id: str) -> DesignPreset:  # noqa: A002
        """Return one design preset.

        Raises
        ------
        CatalogueError
            When there is none of that id, with near misses.
        """
        found: DesignPreset = self._defined("design", id, "design preset")
        return found

    def _defined(self, kind: str, id: str, words: str) -> Any:  # noqa: A002
        known = [name for of, name in self.definitions if of == kind]
        if (kind, id) not in self.definitions:
            near = did_you_mean(id, known) or f" There are {', '.join(known) or 'none'}."
            raise CatalogueError(f"There is no {words} '{id}'.{near}")
        return self.definitions[kind, id]

    def search(self, text: str) -> tuple[tuple[Module, Question | None], ...]:
        """Find modules and questions by words of any language, names or concepts.

        Every word must be found; the best matches come first. A module found by its own title comes
        with None.
        """
        words = text.casefold().split()
        if not words:
            return ()
        scored: list[tuple[int, int, Module, Question | None]] = []
        for module in self.by_id.values():
            own = " ".join((module.id, *module.title.values(), *module.purpose.values()))
            places: list[tuple[str, Question | None]] = [(own, None)]
            places += [
                (" ".join((q.name, q.concept, *q.text.values(), *q.label.values())), q)
                for q in module.questions
                if not q.specifies
            ]
            for place, question in places:
                folded = place.casefold()
                if all(word in folded for word in words):
                    whole = sum(f" {word} " in f" {folded} " for word in words)
                    scored.append((-whole, len(scored), module, question))
        return tuple((module, question) for _, _, module, question in sorted(scored, key=_rank))


def _rank(scored: tuple[int, int, Module, Question | None]) -> tuple[int, int]:
    return scored[:2]
