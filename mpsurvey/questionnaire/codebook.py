"""A page per module in Markdown: what is asked, of whom, and what is worked out from it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mpsurvey.catalogue import CodeList, Concept, Module, Question
from mpsurvey.questionnaire.wording import filled, in_language, said
from mpsurvey.questionnaire.workbook import write_whole

__all__ = ["codebook_page", "write_codebook"]

LONG = 60


def write_codebook(
    modules: Iterable[Module], folder: Path | str, *, language: str = "en"
) -> list[Path]:
    """Write a page per module, ``<id>.md``, and an index of them, ``index.md``.

    Returns
    -------
    list of Path
        The pages, the index first.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    pages = list(modules)
    index = ["# Question modules", "", "| Module | | Unit | Questions | Core |"]
    index.append("|---|---|---|---|---|")
    written = [target / "index.md"]
    for module in pages:
        asked = [q for q in module.questions if q.asks and not q.specifies]
        core = sum(question.level == "core" for question in asked)
        index.append(
            f"| [`{module.id}`]({module.id}.md) | {in_language(module.title, language)} | "
            f"{module.unit} | {len(asked)} | {core} |"
        )
        path = target / f"{module.id}.md"
        write_whole(path, codebook_page(module, language).encode("utf-8"))
        written.append(path)
    write_whole(target / "index.md", ("\n".join(index) + "\n").encode("utf-8"))
    return written


def codebook_page(module: Module, language: str = "en") -> str:
    """Return one module's page in Markdown.

    >>> from mpsurvey.catalogue import load_catalogue
    >>> codebook_page(load_catalogue().module("mig_core")).splitlines()[0]
    '# Migration background'
    """
    lines = [
        f"# {in_language(module.title, language)}",
        "",
        f"`{module.id}` {module.version} · {', '.join(module.languages)}",
        "",
        in_language(module.purpose, language),
        "",
        f"- **{said('universe', language)}**: {in_language(module.universe_text, language)}"
        + (f" (`{module.universe}`)" if module.universe else ""),
        f"- **{said('host', language)}**: "
        + (", ".join(f"`{name}`" for name in module.hosts) or "–"),
    ]
    if module.roster is not None:
        lines.append(f"- **{module.roster.name}**: {in_language(module.roster.title, language)}")
    cited = ", ".join(
        f"{one.key}{f' {one.part}' if one.part else ''} ({one.status})" for one in module.sources
    )
    lines += [f"- **Sources**: {cited}", ""]
    for question in module.questions:
        if question.asks and not question.specifies:
            lines += _question(module, question, language)
    if module.concepts:
        lines += ["## Worked out", ""]
        for concept in module.concepts:
            lines += _concept(concept, language)
    for heading, texts in (("Notes", module.notes), ("Changes", module.changes)):
        if texts is not None:
            lines += [f"## {heading}", "", in_language(texts, language), ""]
    return "\n".join(lines).rstrip() + "\n"


def _question(module: Module, question: Question, language: str) -> list[str]:
    text = filled(in_language(question.text, language), language, lambda _name: None)
    marks = [question.type.replace("_", " "), question.level]
    if question.roster and module.roster is not None:
        marks.append(f"per row of {module.roster.name}")
    if question.unit:
        marks.append(question.unit)
    if question.sensitivity != "low":
        marks.append(f"sensitivity {question.sensitivity}")
    lines = [f"### `{question.name}` {in_language(question.label, language)}", ""]
    lines += [f"> {text}", ""]
    if question.instruction is not None:
        note = filled(in_language(question.instruction, language), language, lambda _name: None)
        lines += [f"*{said('not read aloud', language)}: {note}*", ""]
    lines.append(f"{' · '.join(marks)} · `{question.concept}`  ")
    if question.ask_if is not None:
        lines.append(f"{said('ask if', language)}: `{question.ask_if}`  ")
    for check in question.checks:
        kind = "warns" if check.soft else "refuses"
        lines.append(f"Check ({kind}): `{check.rule}`  ")
    listed = module.codelist(question)
    if listed is not None:
        lines += ["", *_codes(listed, language)]
    return [*lines, ""]


def _codes(listed: CodeList, language: str) -> list[str]:
    if len(listed) > LONG:
        return [f"`{listed.id}`: {in_language(listed.title, language)}, {len(listed)} codes"]
    lines = [f"| `{listed.id}` | |", "|---|---|"]
    for item in listed:
        mark = " *(missing)*" if item.missing else ""
        lines.append(f"| {item.code} | {in_language(item.label, language)}{mark} |")
    return lines


def _concept(concept: Concept, language: str) -> list[str]:
    unit = f" ({concept.unit})" if concept.unit else ""
    lines = [f"### `{concept.name}` {in_language(concept.label, language)}{unit}", ""]
    if concept.universe is not None:
        lines.append(f"{said('universe', language)}: `{concept.universe}`  ")
    if concept.over is not None:
        where = f" where `{concept.where}`" if concept.where is not None else ""
        value = f" of `{concept.value}`" if concept.value is not None else ""
        lines.append(f"{concept.aggregate}{value} over `{concept.over}`{where}")
    elif concept.value is not None:
        lines.append(f"`{concept.value}`")
    for category in concept.categories:
        label = in_language(category.label, language)
        lines.append(f"- {category.code} {label}: `{category.rule}`")
    return [*lines, ""]
