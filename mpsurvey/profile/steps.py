"""The steps of the work on a profile: who answers for each, by when, what shows that it is done."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from mpsurvey.catalogue.fields import BAD, NAME, Items, Key, Raw, Record, Texts, Word, WordMap
from mpsurvey.catalogue.marked import Marked, Problems, compose
from mpsurvey.errors import did_you_mean
from mpsurvey.profile.study import wording
from mpsurvey.publication.document import Step

__all__ = ["STEPS", "WorkStep", "official_steps", "read_steps", "shown_steps"]

_STEP = Record(
    "A step",
    {
        "step": Key(Word(NAME, 30, "a name in lower case letters"), "which step", need=True),
        "title": Key(Texts(200), "for a step of your own: its title in each language"),
        "phase": Key(Word(NAME, 30), "for a step of your own: framework, implementation, launch"),
        "done": Key(Raw(), "true or false; or the date on which it was done"),
        "responsible": Key(Texts(300, whole=False, plain=True), "which body answers for it"),
        "date": Key(Raw(), "by when, or when it was done"),
        "evidence": Key(Texts(600, whole=False, plain=True), "minutes, decree, report, address"),
    },
)

STEPS = Record(
    "The steps",
    {
        "kind": Key(Word(), "steps", need=True),
        "phases": Key(WordMap(Texts(80)), "phases of your own, by name"),
        "steps": Key(Items(_STEP, least=1), "the steps in order", need=True),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkStep:
    """A step and how far it is."""

    id: str
    phase: str
    title: Mapping[str, str]
    phase_title: Mapping[str, str]
    done: bool = False
    body: Mapping[str, str] = field(default_factory=dict)
    date: str = ""
    evidence: Mapping[str, str] = field(default_factory=dict)


def official_steps() -> tuple[WorkStep, ...]:
    """Return the fifteen steps, none of them done.

    >>> len(official_steps())
    15
    """
    text = resources.files("mpsurvey.profile").joinpath("steps.yaml").read_text("utf-8")
    content = yaml.safe_load(text)
    return tuple(
        WorkStep(
            id=one["id"],
            phase=one["phase"],
            title=one["title"],
            phase_title=content["phases"][one["phase"]],
        )
        for one in content["steps"]
    )


def read_steps(path: Path | None, problems: Problems | None = None) -> tuple[WorkStep, ...]:
    """Read a file of steps; without a file the fifteen, none done.

    A step that the file does not name keeps its place and is not done. Steps of the office's own
    come after those that they stand behind in the file.
    """
    known = {one.id: one for one in official_steps()}
    if path is None or not path.is_file():
        return tuple(known.values())
    found = problems if problems is not None else Problems(path.name)
    node = compose(path, found)
    fields: Any = None if node is None else STEPS.read(node, found)
    if node is None or fields is None or fields is BAD or not fields.fine:
        return tuple(known.values())
    own_phases = fields.get("phases", {})
    phases = {one.phase: one.phase_title for one in known.values()} | own_phases
    order = list(known)
    after: str | None = None
    for part, each in zip(_nodes(node), fields["steps"], strict=False):
        if not each.fine:
            continue
        name = each["step"]
        if name not in known and ("title" not in each or "phase" not in each):
            near = did_you_mean(name, known)
            found.add(each.line, f"There is no step '{name}'.{near} A step of your own has a "
                                 "'title' and a 'phase'.")  # fmt: skip
            continue
        phase = each.get("phase") or known[name].phase
        if phase not in phases:
            near = did_you_mean(phase, phases)
            found.add(each.line_of("phase"), f"There is no phase '{phase}'.{near}")
            continue
        if name not in order:
            order.insert(order.index(after) + 1 if after in order else len(order), name)
        known[name] = WorkStep(
            id=name,
            phase=phase,
            title=each.get("title") or known[name].title,
            phase_title=phases[phase],
            done=_done(each.get("done")),
            body=each.get("responsible", {}),
            date=_day(each, part),
            evidence=each.get("evidence", {}),
        )
        after = name
    return tuple(known[name] for name in order)


def _nodes(node: Marked) -> tuple[Marked, ...]:
    listed = node.get("steps")
    return tuple(listed.content) if listed is not None and listed.kind == "list" else ()


def _done(given: Any) -> bool:
    return given is True or isinstance(given, datetime.date)


def _day(each: Any, part: Marked) -> str:
    """The date as it is written, of the step or of its being done."""
    for key in ("date", "done"):
        value = part.get(key)
        if value is not None and value.kind in ("date", "text", "whole number"):
            return str(value.content)
    return ""


def shown_steps(steps: tuple[WorkStep, ...], language: str) -> tuple[Step, ...]:
    """Return the steps as a document shows them."""
    return tuple(
        Step(
            number=number,
            phase=wording(one.phase_title, language),
            title=wording(one.title, language),
            done=one.done,
            body=wording(one.body, language),
            date=one.date,
            evidence=wording(one.evidence, language),
        )
        for number, one in enumerate(steps, start=1)
    )
