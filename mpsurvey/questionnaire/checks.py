"""Checks as every target takes them: when one is looked at, and which answers stand outside."""

from __future__ import annotations

from mpsurvey.catalogue import Module, Question
from mpsurvey.rule import Rule
from mpsurvey.rule.nodes import And, Answered, Condition, Not, Or

__all__ = ["codes_alone", "codes_outside", "when_answered"]


def when_answered(rule: Rule, own: str) -> Condition:
    """Return a check that passes while something that it compares is unanswered."""
    others = sorted(rule.names - {own})
    node: Condition = rule.node  # type: ignore[assignment]
    if not others:
        return node
    answered: tuple[Condition, ...] = tuple(Answered(name) for name in others)
    all_answered = answered[0] if len(answered) == 1 else And(answered)
    return Or((Not(all_answered), node))


def codes_outside(module: Module, question: Question) -> tuple[int, ...]:
    """Return the answers that no check is asked of: *does not know*, *refused*, special numbers."""
    special = module.codelists.get(question.special or "")
    listed = module.codelist(question)
    if listed is not None and question.type == "select_one":
        return tuple(sorted(listed.missing))
    return tuple(special.codes) if special is not None else ()


def codes_alone(module: Module, question: Question) -> tuple[int, ...]:
    """Return the answers of a question of many answers that stand beside no other."""
    listed = module.codelist(question)
    if listed is None or question.type != "select_multiple":
        return ()
    return tuple(item.code for item in listed if item.exclusive)
