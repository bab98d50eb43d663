"""Which findings matter: those that policy asks for first, and that the figures show best."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mpsurvey.catalogue import Indicator
from mpsurvey.catalogue.indicator import THEMES
from mpsurvey.profile.snapshot.claim import Claim

__all__ = ["chosen", "merit"]

_KINDS = ("level", "change", "gap", "contribution")


def merit(claim: Claim, indicator: Indicator) -> float:
    """Rate a claim between 0 and 1: policy weight times clarity.

    Core indicators weigh 1, others 0.6; an SDG indicator a tenth more. A difference is as clear as
    its distance from zero in standard errors, up to 8; a level as its coefficient of variation is
    small. What is unclear counts little, what needs caution a third.
    """
    weight = (1.0 if indicator.tier == "core" else 0.6) * (1.1 if indicator.sdg else 1.0)
    evidence = claim.evidence
    if claim.kind == "level":
        clarity = max(0.1, 1 - 2 * min(evidence.cv, 0.45))
    elif claim.direction == "unclear":
        clarity = 0.05
    else:
        clarity = min(abs(evidence.t), 8.0) / 8
    return weight * clarity * (1 / 3 if claim.caution else 1.0) / 1.1


def chosen(
    claims: Iterable[Claim],
    indicators: Mapping[str, Indicator],
    *,
    per_theme: int = 4,
    limit: int | None = None,
    lead: Sequence[str] = (),
) -> tuple[Claim, ...]:
    """Choose the findings of a page: the best of each theme, of different kinds.

    Within a theme levels, changes, gaps and contributions take turns, best first; an indicator
    speaks once of each kind, and a family of indicators once in the first turn. What is unclear
    comes after what is clear, and only for core indicators as a whole. Two indicators with the same
    figure speak once. Indicators of `lead` come first in their theme, in their order and whatever
    they say. With `limit` themes take turns too. The result is in the order of the themes.
    """
    themes: dict[str, list[Claim]] = {}
    for claim in claims:
        if claim.indicator in lead or _speaks(claim, indicators[claim.indicator]):
            themes.setdefault(claim.theme, []).append(claim)
    order = sorted(themes, key=lambda one: THEMES.index(one) if one in THEMES else len(THEMES))
    lists = {theme: _of_theme(themes[theme], indicators, lead)[:per_theme] for theme in order}
    if limit is not None:
        turns = max((len(one) for one in lists.values()), default=0)
        taken = [(t, turn) for turn in range(turns) for t in order if turn < len(lists[t])]
        counts = {t: sum(1 for other, _ in taken[: max(limit, 0)] if other == t) for t in order}
        lists = {theme: lists[theme][: counts[theme]] for theme in order}
    return tuple(claim for theme in order for claim in lists[theme])


def _speaks(claim: Claim, indicator: Indicator) -> bool:
    if claim.direction != "unclear":
        return True
    return indicator.tier == "core" and not claim.breakdown and not claim.caution


def _of_theme(
    claims: Sequence[Claim], indicators: Mapping[str, Indicator], lead: Sequence[str]
) -> list[Claim]:
    ranked = sorted(claims, key=lambda one: -merit(one, indicators[one.indicator]))
    ranked.sort(key=lambda one: lead.index(one.indicator) if one.indicator in lead else len(lead))
    once: dict[tuple[str, str], Claim] = {}
    figures: set[tuple[object, ...]] = set()
    for claim in ranked:
        evidence = claim.evidence
        figure = (claim.kind, claim.groups, claim.breakdown, evidence.estimate, evidence.se)
        if figure not in figures and (claim.indicator, claim.kind) not in once:
            once[claim.indicator, claim.kind] = claim
            figures.add(figure)
    first = [one for one in once.values() if one.indicator in lead]
    rest = [one for one in once.values() if one.indicator not in lead]
    clear = [one for one in rest if one.direction != "unclear"]
    unclear = [one for one in rest if one.direction == "unclear"]
    return [*first, *_in_turns(clear, indicators), *_in_turns(unclear, indicators)]


def _in_turns(claims: Sequence[Claim], indicators: Mapping[str, Indicator]) -> list[Claim]:
    queues = {kind: [one for one in claims if one.kind == kind] for kind in _KINDS}
    found: list[Claim] = []
    told: set[tuple[str, str]] = set()
    while any(queues.values()):
        for kind in _KINDS:
            queue = queues[kind]
            if not queue:
                continue
            fresh = (one for one in queue if (_family(one, indicators), kind) not in told)
            taken = next(fresh, queue[0])
            queue.remove(taken)
            told.add((_family(taken, indicators), kind))
            found.append(taken)
    return found


def _family(claim: Claim, indicators: Mapping[str, Indicator]) -> str:
    return indicators[claim.indicator].family or claim.indicator
