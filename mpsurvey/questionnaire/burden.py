"""What modules add to a form: questions, minutes, languages, and what is still lacking."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mpsurvey.catalogue import Catalogue, Module
from mpsurvey.questionnaire.form import Questionnaire
from mpsurvey.questionnaire.placed import Placed

__all__ = ["Burden", "FormReport", "Moved", "differences", "form_report"]


@dataclass(frozen=True, slots=True)
class Burden:
    """What one module adds.

    Attributes
    ----------
    questions
        Questions that take an answer; `in_roster` of them are asked for each row.
    minutes_if_all
        Interview minutes of somebody who is asked everything, with one row of the roster.
    minutes_expected
        Minutes expected of a member of the universe, given the share screened in.
    """

    module: str
    unit: str
    questions: int
    in_roster: int
    minutes_if_all: float
    minutes_expected: float
    sensitive: int


@dataclass(frozen=True, slots=True)
class FormReport:
    """A form before and after its modules.

    Attributes
    ----------
    host_questions
        Questions of the host that take an answer.
    burdens
        What each module adds.
    without_wording
        For each language of the form the host's questions that have no wording in it.
    for_analysis
        Host variables that modules need in the analysis and that the form does not link.
    supplies
        Every variable that data from the form will hold.
    indicators
        Ids of the catalogue's indicators that the form's data will suffice for.
    host_problems
        Faults of the host form itself.
    """

    title: str
    host_questions: int
    burdens: tuple[Burden, ...]
    without_wording: tuple[tuple[str, int], ...]
    for_analysis: tuple[tuple[str, tuple[str, ...]], ...]
    supplies: frozenset[str]
    indicators: tuple[str, ...]
    host_problems: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"{self.title}: {self.host_questions} questions before"]
        for one in self.burdens:
            rows = f", {one.in_roster} of them per row" if one.in_roster else ""
            lines.append(
                f"  + {one.module:<14} {one.questions:>3} questions{rows}; "
                f"{one.minutes_if_all:.1f} min when all is asked, "
                f"{one.minutes_expected:.1f} min expected per {one.unit} of the universe"
            )
        added = sum(one.questions for one in self.burdens)
        lines.append(
            f"{self.host_questions + added} questions after; "
            f"{sum(one.minutes_expected for one in self.burdens):.1f} min expected are added"
        )
        for language, count in self.without_wording:
            lines.append(f"Language {language}: {count} host questions have no wording")
        for module, names in self.for_analysis:
            lines.append(f"{module}: its analysis also needs {', '.join(names)}")
        if self.indicators:
            shown = ", ".join(self.indicators[:8])
            more = f" and {len(self.indicators) - 8} more" if len(self.indicators) > 8 else ""
            lines.append(f"{len(self.indicators)} indicators become computable: {shown}{more}")
        lines += self.host_problems
        return "\n".join(lines)


def form_report(form: Questionnaire, catalogue: Catalogue | None = None) -> FormReport:
    """Say what the modules of a form add to it.

    Parameters
    ----------
    catalogue
        Where the indicators are that may become computable; none are looked for without.

    Examples
    --------
    >>> from mpsurvey.catalogue import load_catalogue
    >>> from mpsurvey.questionnaire import new_form
    >>> core = load_catalogue().module("mig_core")
    >>> report = form_report(new_form("T", home=404).insert(core, hosts="add"))
    >>> report.host_questions, report.burdens[0].module
    (0, 'mig_core')
    """
    silent = ("note", "start", "end", "calculate", "today", "deviceid", "simserial", "audit")
    asked = [
        row
        for row in form.host.rows
        if not row.type.startswith(("begin ", "end ")) and row.type not in silent
    ]
    spoken = [one for one in form.languages if one in form.host.languages or form.host.languages]
    without = tuple(
        (language, sum(not row.labels.get(language) for row in asked)) for language in spoken
    )
    analysis = []
    for placed in form.placed:
        lacking = tuple(name for name in placed.module.hosts if name not in placed.hosts)
        if lacking:
            analysis.append((placed.module.id, lacking))
    supplied = frozenset(_supplied(form.placed))
    computable: tuple[str, ...] = ()
    if catalogue is not None:
        given = {name for name, host in catalogue.hosts.items() if host.of == "design"}
        computable = tuple(
            one.id for one in catalogue.indicators() if one.names and one.names <= supplied | given
        )
    return FormReport(
        title=form.host.name,
        host_questions=len(asked),
        burdens=tuple(_burden(placed.module) for placed in form.placed),
        without_wording=tuple(one for one in without if one[1]),
        for_analysis=tuple(analysis),
        supplies=supplied,
        indicators=computable,
        host_problems=form.host.problems,
    )


def _burden(module: Module) -> Burden:
    asked = [question for question in module.questions if question.asks]
    return Burden(
        module=module.id,
        unit=module.unit,
        questions=sum(not question.specifies for question in asked),
        in_roster=sum(question.roster and not question.specifies for question in asked),
        minutes_if_all=sum(q.minutes for q in asked if not q.specifies),
        minutes_expected=sum(q.minutes * q.screened_in for q in asked),
        sensitive=sum(question.sensitivity == "high" for question in asked),
    )


def _supplied(placed: Iterable[Placed]) -> Iterable[str]:
    for one in placed:
        yield from one.module.names
        yield from (concept.name for concept in one.module.concepts)
        yield from one.hosts


@dataclass(frozen=True, slots=True)
class Moved:
    """What differs between two forms.

    Attributes
    ----------
    added, dropped
        Names that only the later, only the earlier form has.
    changed
        Names in both with what differs: 'wording', 'answers', 'skip', 'checks', 'type'.
    """

    added: tuple[str, ...]
    dropped: tuple[str, ...]
    changed: tuple[tuple[str, tuple[str, ...]], ...]

    def __str__(self) -> str:
        lines = [f"+ {name}" for name in self.added]
        lines += [f"- {name}" for name in self.dropped]
        lines += [f"~ {name}: {', '.join(what)}" for name, what in self.changed]
        return "\n".join(lines) or "The forms ask the same."


def differences(earlier: Questionnaire, later: Questionnaire) -> Moved:
    """Compare two forms question by question."""
    old, new = _asked(earlier), _asked(later)
    changed = []
    for name, parts in new.items():
        if name in old:
            what = tuple(key for key, value in parts.items() if old[name].get(key) != value)
            if what:
                changed.append((name, what))
    return Moved(
        tuple(name for name in new if name not in old),
        tuple(name for name in old if name not in new),
        tuple(changed),
    )


def _asked(form: Questionnaire) -> dict[str, dict[str, object]]:
    out: dict[str, dict[str, object]] = {}
    for row in form.host.rows:
        if row.name and not row.type.startswith("end "):
            out[row.name] = {
                "type": (row.type, row.list_name),
                "wording": dict(row.labels),
                "answers": form.host.lists.get(row.list_name),
                "skip": row.cells.get("relevant", ""),
                "checks": row.cells.get("constraint", ""),
            }
    for placed in form.placed:
        module = placed.module
        for question in module.questions:
            listed = module.codelist(question)
            out[placed.own(question.name)] = {
                "type": question.type,
                "wording": (
                    dict(question.text),
                    question.instruction and dict(question.instruction),
                ),
                "answers": listed and [(item.code, dict(item.label)) for item in listed],
                "skip": (
                    str(question.ask_if or ""),
                    str(module.universe or ""),
                ),
                "checks": [(str(check.rule), check.soft) for check in question.checks],
            }
    return out
