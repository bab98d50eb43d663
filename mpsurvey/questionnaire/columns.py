"""The columns that data from a form will have: the bridge from the form to the analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mpsurvey.catalogue import CodeList, HostVariable, Question
from mpsurvey.questionnaire.form import Questionnaire
from mpsurvey.questionnaire.outline import outline_of
from mpsurvey.questionnaire.wording import in_language

__all__ = ["Column", "form_columns", "in_columns"]

_YES_NO = {
    "en": ("No", "Yes"),
    "fr": ("Non", "Oui"),
    "es": ("No", "Sí"),
    "ru": ("Нет", "Да"),
    "ar": ("لا", "نعم"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the data that a form gives.

    Attributes
    ----------
    table
        'household', 'person', or the name of a roster.
    kind
        'categorical', 'integer', 'decimal', 'text' or 'date'.
    answers, missing
        Labels of the answers, and of the codes that mean *does not know* or *refused*.
    of, code
        The question of many answers that this yes/no column is part of, and its code.
    """

    name: str
    label: str
    kind: Literal["categorical", "integer", "decimal", "text", "date"]
    table: str
    answers: Mapping[int, str] = field(default_factory=dict)
    missing: Mapping[int, str] = field(default_factory=dict)
    unit: str | None = None
    question: str = ""
    of: str | None = None
    code: int | None = None


def form_columns(form: Questionnaire, language: str | None = None) -> tuple[Column, ...]:
    """Return the columns of a form's modules and of the host variables that their rules use.

    Parameters
    ----------
    language
        Language of the labels; the form's first otherwise.

    Examples
    --------
    >>> from mpsurvey.catalogue import load_catalogue
    >>> from mpsurvey.questionnaire import new_form
    >>> core = load_catalogue().module("mig_core")
    >>> columns = form_columns(new_form("T", home=404).insert(core, hosts="add"))
    >>> next(column for column in columns if column.name == "mb_cit_home").missing
    {98: 'Does not know', 99: 'Refused'}
    """
    spoken = language or form.languages[0]
    outline = outline_of(form, host_rows=False)
    out: list[Column] = []
    for one in outline.outside:
        table = "person" if one.of == "person" and outline.persons else "household"
        if not outline.household:
            table = "person"
        if isinstance(one.variable, Question | HostVariable):
            out += _columns(one.variable, one.name, one.answers, table, spoken)
    for placed in outline.placed:
        module = placed.module
        whom = "household" if module.unit == "household" else "person"
        for question in module.questions:
            if question.asks:
                table = (
                    placed.own(module.roster.name) if question.roster and module.roster else whom
                )
                listed = module.codelist(question)
                out += _columns(question, placed.own(question.name), listed, table, spoken)
    return tuple(out)


def _columns(
    variable: Question | HostVariable,
    name: str,
    listed: CodeList | None,
    table: str,
    language: str,
) -> list[Column]:
    label = in_language(variable.label, language)
    text = in_language(variable.text or {}, language)
    labels = listed.labels(language) if listed is not None else {}
    missing = {code: labels[code] for code in labels if listed and code in listed.missing}
    answers = {code: word for code, word in labels.items() if code not in missing}
    common: dict[str, Any] = {"table": table, "unit": variable.unit, "question": text}
    match variable.type:
        case "select_multiple":
            no, yes = _YES_NO.get(language, _YES_NO["en"])
            return [
                Column(
                    name=f"{name}_{str(code).replace('-', 'n')}",
                    label=f"{label}: {word}",
                    kind="categorical",
                    answers={0: no, 1: yes},
                    of=name,
                    code=code,
                    **common,
                )
                for code, word in labels.items()
            ]
        case "select_one":
            kind: Any = "categorical"
        case "integer" | "decimal" | "date":
            kind = variable.type
        case _:
            kind = "text"
    return [Column(name=name, label=label, kind=kind, answers=answers, missing=missing, **common)]


def in_columns(columns: tuple[Column, ...], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return one record: the answers of an interview by column, None where there is none.

    >>> many = [Column(name=f"u_{c}", label="", kind="categorical", table="person", of="u", code=c)
    ...         for c in (1, 2)]
    >>> in_columns(tuple(many), {"u": (2,)})
    {'u_1': 0, 'u_2': 1}
    """
    out: dict[str, Any] = {}
    for column in columns:
        if column.of is None:
            out[column.name] = answers.get(column.name)
        else:
            chosen = answers.get(column.of)
            out[column.name] = None if chosen is None else int(column.code in chosen)
    return out
