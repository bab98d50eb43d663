"""Finding definitions, reading them and reviewing them together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mpsurvey.catalogue.codelist import CODELIST, CodeList, build_codelist
from mpsurvey.catalogue.definition import Definition, build_definition
from mpsurvey.catalogue.fields import BAD, Fields, Record
from mpsurvey.catalogue.indicator import INDICATOR, Indicator, build_indicator
from mpsurvey.catalogue.known_design import DESIGN, DesignPreset, build_design
from mpsurvey.catalogue.library import Catalogue
from mpsurvey.catalogue.marked import Marked, Problems, compose
from mpsurvey.catalogue.module import MODULE, Module, build_module
from mpsurvey.catalogue.places import library_folders
from mpsurvey.catalogue.question import HOSTS, Hosts, HostVariable, Question, build_hosts
from mpsurvey.catalogue.recipe import RECIPE, Recipe, build_recipe
from mpsurvey.catalogue.review import review_languages, review_module
from mpsurvey.catalogue.sources import SOURCES, Source, Sources, build_sources
from mpsurvey.catalogue.surroundings import Surroundings
from mpsurvey.errors import CatalogueError, did_you_mean

__all__ = ["RECORDS", "Reading", "load_catalogue", "load_kind", "read_folders"]

# Kinds with a type of their own; their records are the JSON Schemas too.
RECORDS: Mapping[str, Record] = {
    "module": MODULE,
    "codelist": CODELIST,
    "hosts": HOSTS,
    "sources": SOURCES,
    "indicator": INDICATOR,
    "recipe": RECIPE,
    "design": DESIGN,
}
# Kinds whose stage gives them their meaning.
LATER: tuple[str, ...] = ("crosswalk",)


@dataclass(slots=True)
class _File:
    path: Path
    shown: str
    folder: Path
    problems: Problems
    node: Marked
    kind: str
    fields: Fields | None = None

    @property
    def theme(self) -> str:
        inside = self.path.relative_to(self.folder) if self.folder.is_dir() else self.path
        return inside.parts[0] if len(inside.parts) > 1 else ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading folders: a catalogue of what is fine, and everything that is not."""

    catalogue: Catalogue
    problems: tuple[str, ...]


def load_catalogue(*folders: Path | str) -> Catalogue:
    """Load the shipped catalogue, installed packs, ``MPSURVEY_PATH`` and folders of your own.

    Parameters
    ----------
    folders
        Folders of YAML files, the most particular last. A file overrides an earlier one of the
        same id only when it says so: ``replaces: mig_core@1.0.0``.

    Raises
    ------
    CatalogueError
        Holding every problem of every file, each with file and line.
    FileUnreadable
        When a folder does not exist.
    """
    reading = read_folders(library_folders(*folders))
    if reading.problems:
        raise CatalogueError(reading.problems)
    return reading.catalogue


def load_kind(kind: str, *folders: Path | str) -> Catalogue:
    """Load the files of one kind only, from all the folders that `load_catalogue` reads.

    A file's kind is known from the line that says it, so the others are not parsed.
    """
    wanted = re.compile(rf"^kind:\s*[\"']?{kind}\b", re.MULTILINE)
    reading = read_folders(
        path
        for folder in library_folders(*folders)
        for path in ([folder] if folder.is_file() else sorted(folder.rglob("*.y*ml")))
        if wanted.search(path.read_text(encoding="utf-8-sig", errors="replace")[:4000])
    )
    if reading.problems:
        raise CatalogueError(reading.problems)
    return reading.catalogue


def read_folders(folders: Iterable[Path]) -> Reading:
    """Read every YAML file of some folders and review them together."""
    return _Reader(tuple(folders)).read()


class _Reader:
    def __init__(self, folders: tuple[Path, ...]) -> None:
        self.folders = folders
        self.problems: list[Problems] = []
        self.files: list[_File] = []

    def read(self) -> Reading:
        for path, folder in self._paths():
            self._open(path, folder)
        files = self._resolve()
        codelists: dict[str, CodeList] = {}
        hosts: dict[str, HostVariable] = {}
        sources: dict[str, Source] = {}
        definitions: dict[tuple[str, str], Any] = {}
        indicators: dict[str, Indicator] = {}
        for file in files:
            built = self._build(file)
            match built:
                case CodeList():
                    codelists[built.id] = built
                case Hosts():
                    hosts |= {one.name: one for one in built.variables}
                case Sources():
                    sources |= {one.key: one for one in built.sources}
                case Indicator():
                    indicators[built.id] = built
                case Definition() | Recipe() | DesignPreset():
                    definitions[built.kind, built.id] = built
        self._host_lists(files, codelists)
        modules = self._modules(files, codelists, hosts, sources)
        lines = [line for problems in self.problems for line in problems.lines()]
        doubts = [line for problems in self.problems for line in problems.doubt_lines()]
        catalogue = Catalogue(
            modules,
            codelists,
            hosts,
            sources,
            definitions,
            indicators,
            self.folders,
            tuple(doubts),
        )
        return Reading(catalogue, tuple(lines))

    def _paths(self) -> Iterator[tuple[Path, Path]]:
        for folder in self.folders:
            if folder.is_file():
                yield folder, folder
                continue
            for path in sorted(folder.rglob("*")):
                if path.suffix.lower() in (".yaml", ".yml") and path.is_file():
                    yield path, folder

    def _open(self, path: Path, folder: Path) -> None:
        shown = str(path.relative_to(folder.parent)) if path.is_relative_to(folder) else str(path)
        problems = Problems(path.name if folder.is_file() else shown)
        self.problems.append(problems)
        node = compose(path, problems)
        if node is None:
            return
        if node.kind != "keys with values":
            problems.add(node.line, "The file holds keys with values, beginning with 'kind:'.")
            return
        known = (*RECORDS, *LATER)
        kind = node.get("kind")
        if kind is None:
            problems.add(node.line, f"The file has no 'kind': one of {', '.join(known)}.")
            return
        if kind.written not in known:
            near = did_you_mean(kind.written, known)
            problems.add(kind.line, f"There is no kind '{kind.written}'.{near}")
            return
        file = _File(path, problems.file, folder, problems, node, kind.written)
        if kind.written in RECORDS:
            fields = RECORDS[kind.written].read(node, problems)
            file.fields = None if fields is BAD else fields
        self.files.append(file)

    def _resolve(self) -> list[_File]:
        """Keep one file per id; a later one must say that it replaces the earlier."""
        chosen: dict[tuple[str, str], _File] = {}
        for file in self.files:
            name = file.node.get("id")
            if name is None or name.kind != "text":
                continue
            key = (file.kind, name.content)
            line = file.node.key_lines.get("replaces", name.line)
            earlier = chosen.get(key)
            said = file.node.get("replaces")
            if earlier is None:
                if said is not None:
                    known = [other for kind, other in chosen if kind == file.kind]
                    what = said.written.partition("@")[0]
                    file.problems.add(
                        line, f"There is no '{said.written}' to replace.{did_you_mean(what, known)}"
                    )
                chosen[key] = file
                continue
            version = earlier.node.get("version")
            old = f"{name.content}@{version.written if version else '?'}"
            if said is None:
                file.problems.add(
                    line,
                    f"The id '{name.content}' is already that of {earlier.shown}. "
                    f"To override it, add: replaces: {old}",
                )
            elif said.written != old:
                file.problems.add(
                    line, f"This replaces {said.written}, but {earlier.shown} holds {old}."
                )
                chosen[key] = file
            else:
                chosen[key] = file
        return list(chosen.values())

    def _build(self, file: _File) -> Any:
        if file.kind in LATER:
            return build_definition(file.node, file.problems, file.theme)
        if file.fields is None or not file.fields.fine or file.kind == "module":
            return None
        review_languages(RECORDS[file.kind], file.fields, file.problems)
        place = f"{file.shown}:{file.node.line}"
        builders: dict[str, Any] = {
            "codelist": build_codelist,
            "hosts": build_hosts,
            "sources": build_sources,
            "indicator": build_indicator,
            "recipe": build_recipe,
            "design": build_design,
        }
        return builders[file.kind](file.fields, file.problems, place)

    def _host_lists(self, files: list[_File], codelists: Mapping[str, CodeList]) -> None:
        for file in files:
            if file.kind != "hosts" or file.fields is None:
                continue
            for each in file.fields.get("variables", ()):
                for key in ("codes", "special"):
                    listed = each.get(key)
                    if listed is not None and listed not in codelists:
                        file.problems.add(
                            each.line_of(key),
                            f"There is no code list '{listed}'.{did_you_mean(listed, codelists)}",
                        )

    def _modules(
        self,
        files: list[_File],
        codelists: Mapping[str, CodeList],
        hosts: Mapping[str, HostVariable],
        sources: Mapping[str, Source],
    ) -> dict[str, Module]:
        built: list[tuple[_File, Fields, Module]] = []
        for file in files:
            if file.kind != "module" or file.fields is None:
                continue
            review_languages(MODULE, file.fields, file.problems)
            if file.fields.fine:
                module = build_module(file.fields, file.problems, file.theme, codelists)
                built.append((file, file.fields, module))
        elsewhere: dict[str, dict[str, str]] = {}
        questions: dict[str, Question] = {}
        for _, _, module in built:
            for name in (*module.names, *(c.name for c in module.concepts)):
                elsewhere.setdefault(name, {})[module.id] = module.id
            questions |= {q.name: q for q in module.questions}
        ids = frozenset(module.id for _, _, module in built)
        done: dict[str, Module] = {}
        for file, fields, module in built:
            others = {
                name: next(one for one in owners if one != module.id)
                for name, owners in elsewhere.items()
                if set(owners) - {module.id}
            }
            around = Surroundings(codelists, hosts, others, questions, ids, frozenset(sources))
            review_module(module, fields, around, file.problems)
            done[module.id] = _with_own(module, codelists, hosts, questions)
        return done


def _with_own(
    module: Module,
    codelists: Mapping[str, CodeList],
    hosts: Mapping[str, HostVariable],
    questions: Mapping[str, Question],
) -> Module:
    """Give a module the lists and host variables that it uses, and no others."""
    used = {name for q in module.questions for name in (q.codes, q.special) if name}
    own_hosts = {name: hosts[name] for name in module.hosts if name in hosts}
    used |= {n for h in own_hosts.values() for n in (h.codes, h.special) if n}
    borrowed = {name: questions[name] for name in module.hosts if name in questions}
    used |= {n for q in borrowed.values() for n in (q.codes, q.special) if n}
    return replace(
        module,
        codelists={name: codelists[name] for name in sorted(used) if name in codelists},
        host_variables=own_hosts,
        borrowed=borrowed,
    )
