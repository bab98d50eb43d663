"""The catalogue in a terminal: lists, one module, search results, and what a check found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from mpsurvey.catalogue.library import Catalogue
from mpsurvey.catalogue.module import Module
from mpsurvey.catalogue.places import library_folders
from mpsurvey.catalogue.question import Question
from mpsurvey.catalogue.reading import Reading, read_folders

__all__ = ["check_text", "found_text", "modules_text", "one_module_text", "read_for_check"]


def _in(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language) or next(iter(texts.values()), "")


def modules_text(catalogue: Catalogue, language: str = "en") -> str:
    """Return a line per module, by theme."""
    lines: list[str] = []
    theme = None
    for module in sorted(catalogue.modules(), key=lambda m: (m.theme, m.id)):
        if module.theme != theme:
            theme = module.theme
            lines.append(theme or "(no theme)")
        asked = [q for q in module.questions if q.asks and not q.specifies]
        core = sum(q.level == "core" for q in asked)
        lines.append(
            f"  {module.id:<14} {_in(module.title, language):<52} {module.unit:<10} "
            f"{len(asked):>3} questions, {core} core · {' '.join(module.languages)}"
        )
    return "\n".join(lines)


def one_module_text(module: Module, language: str = "en") -> str:
    """Return what a module asks, of whom, and what is worked out from it."""
    lines = [
        f"{module.id} {module.version}: {_in(module.title, language)}",
        _in(module.purpose, language),
        "",
        f"Asked of   {_in(module.universe_text, language)}"
        + (f" ({module.universe})" if module.universe else ""),
        f"Unit       {module.unit}",
        f"Needs      {', '.join(module.hosts) or 'nothing of the host'}",
        f"Languages  {', '.join(module.languages)}",
        "",
    ]
    for question in module.questions:
        if question.specifies:
            continue
        row = "↻ " if question.roster else ""
        answers = question.codes or question.type
        short = "" if question.level == "core" else " · extended"
        lines.append(f"{question.name:<14} {row}{_in(question.text, language)}  [{answers}]{short}")
        if question.ask_if is not None:
            lines.append(f"{'':<14}   asked if {question.ask_if}")
    if module.concepts:
        lines += ["", "Worked out"]
        lines += [f"  {c.name:<12} {_in(c.label, language)}" for c in module.concepts]
    return "\n".join(lines)


def found_text(found: Iterable[tuple[Module, Question | None]], language: str = "en") -> str:
    """Return a line per module or question that a search found."""
    lines = [
        f"{module.id:<14} {_in(module.title, language)}"
        if question is None
        else f"{module.id:<14} {question.name:<14} {_in(question.text, language)}"
        for module, question in found
    ]
    return "\n".join(lines)


def read_for_check(folder: Path) -> Reading:
    """Read a folder together with everything that it may build on."""
    known = list(library_folders())
    inside = folder.resolve()
    own = any(inside == place.resolve() or inside in place.resolve().parents for place in known)
    return read_folders(known if own else [*known, folder])


def check_text(reading: Reading) -> str:
    """Return every problem and doubt, and how much of each kind was read."""
    doubts = [f"{line} (doubt)" for line in reading.catalogue.doubts]
    lines = [*reading.problems, *doubts]
    counted = ", ".join(f"{number} {kind}" for kind, number in counts(reading.catalogue).items())
    ending = f"{len(reading.problems)} problems, {len(doubts)} doubts in {counted}"
    return "\n".join([*lines, ending])


def counts(catalogue: Catalogue) -> dict[str, int]:
    """Return how many definitions of each kind a catalogue holds, the modules' first."""
    out = {
        "modules": len(catalogue.by_id),
        "questions": len(catalogue.questions),
        "indicators": len(catalogue.indicators_by_id),
        "code lists": len(catalogue.codelists),
        "host variables": len(catalogue.hosts),
        "sources": len(catalogue.sources),
    }
    for kind, _ in catalogue.definitions:
        if kind != "indicator":
            words = f"{kind}s"
            out[words] = out.get(words, 0) + 1
    return {kind: number for kind, number in out.items() if number}
