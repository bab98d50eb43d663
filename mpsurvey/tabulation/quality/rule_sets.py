"""Rules on quality: named sets, an office's own file, or a dict of the same shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import yaml

from mpsurvey.catalogue.fields import (
    Choice,
    Fields,
    Items,
    Key,
    Real,
    Record,
    RuleText,
    Texts,
    Version,
    Word,
    WordMap,
)
from mpsurvey.catalogue.marked import Problems, compose, mark
from mpsurvey.errors import CatalogueError, did_you_mean
from mpsurvey.rule import Rule

__all__ = ["FAMILIES", "QUANTITIES", "QualityRules", "Test", "reason", "rule_sets", "rules_of"]

FAMILIES = (
    "proportion", "ratio", "mean", "count", "amount", "quantile", "index", "difference",
)  # fmt: skip
"""Sorts of figures that a test can be for; ``all`` is each, ``level`` each but differences."""

QUANTITIES: Mapping[str, str] = {
    "estimate": "the figure, shares as 0 to 1",
    "se": "its standard error",
    "cv": "standard error over the figure",
    "log_cv": "standard error of -log p over -log p, of p or 1 - p, whichever is smaller",
    "se_curve": "p^(2/3) / 9, of p or 1 - p, whichever is smaller",
    "width": "width of the Korn-Graubard interval of a proportion",
    "relative_width": "that width over the proportion",
    "relative_width_rest": "that width over 1 less the proportion",
    "relative_width_log": "width over figure of the interval on the logarithmic scale",
    "n": "respondents that the figure rests on",
    "cases": "respondents with the trait",
    "effective_n": "respondents over the design effect",
    "effective_cases": "cases over the design effect",
    "deff": "design effect",
    "df": "degrees of freedom: units less strata that have respondents, where rows are given",
    "population": "sum of weights of the base",
    "standing": "the total itself, or the people in the denominator",
    "least_n": "the indicator's own",
    "most_cv": "the indicator's own",
}
"""What a test can compare, besides the names under `limits`."""

_TEST = Record(
    "A test",
    {
        "of": Key(Items(Choice((*FAMILIES, "all", "level")), least=1), "sorts of figures"),
        "when": Key(RuleText(), "the rule that a poor figure meets", need=True),
        "then": Key(Choice(("flag", "withhold")), "what is done with it", need=True),
        "because": Key(Word(), "a reason of the shipped list"),
        "limit": Key(Word(), "the limit that the reason names"),
        "reason": Key(Texts(200), "the reason in the office's words"),
    },
)
RECORD = Record(
    "A set of rules on quality",
    {
        "kind": Key(Choice(("quality",)), "quality", need=True),
        "id": Key(Word(), "its name", need=True),
        "version": Key(Version(), "three numbers"),
        "title": Key(Texts(200, plain=True), "what it is"),
        "like": Key(Word(), "a shipped set that it starts from"),
        "sources": Key(
            Items(
                Record(
                    "A source",
                    {
                        "title": Key(Word(longest=500), "the work", need=True),
                        "url": Key(Word(), "where it is"),
                        "checked": Key(Choice(("read", "part", "exists", "known")), "how far"),
                    },
                )
            ),
            "what it rests on",
        ),
        "notes": Key(Texts(2000, whole=False, plain=True), "what was decided"),
        "limits": Key(WordMap(Real()), "numbers by name, for the tests"),
        "needs": Key(Items(Word()), "limits that the office must give"),
        "tests": Key(Items(_TEST), "the tests"),
    },
)


@dataclass(frozen=True, slots=True)
class Test:
    """A rule that poor figures of some sorts meet, and what is done with them."""

    of: frozenset[str]
    when: Rule
    then: Literal["flag", "withhold"]
    because: str
    limit: str | None
    reason: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class QualityRules:
    """A set of tests that say which figures are published, flagged or withheld.

    Attributes
    ----------
    id, title, notes
        Its name, and what it is, in each language.
    sources
        Pairs of a work and how far it was checked ('read', 'part', 'exists', 'known').
    limits
        Numbers that the tests use, by name.
    tests
        All are tried on each figure of their sorts; the worst outcome holds.
    """

    id: str
    title: Mapping[str, str]
    tests: tuple[Test, ...]
    limits: Mapping[str, float] = field(default_factory=dict)
    sources: tuple[tuple[str, str], ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)


def rule_sets() -> tuple[str, ...]:
    """Return the names of the shipped sets.

    >>> rule_sets()[:3]
    ('dhs', 'eclac_2020', 'eclac_2023')
    """
    return tuple(sorted(_shipped()))


def rules_of(rules: str | Path | Mapping[str, Any] | QualityRules) -> QualityRules:
    """Return a set of rules by name, from a YAML file, or from a dict of the same shape.

    Raises
    ------
    CatalogueError
        The set does not exist, or what is written is wrong; all problems at once.
    """
    if isinstance(rules, QualityRules):
        return rules
    if isinstance(rules, Mapping):
        problems = Problems("rules")
        node = mark({"kind": "quality", "id": "own", **rules}, problems)
        return _read(node, problems)
    if isinstance(rules, str) and rules in _shipped():
        problems = Problems(f"{rules}.yaml")
        return _read(compose(_shipped()[rules], problems), problems)
    path = Path(rules)
    if path.suffix not in (".yaml", ".yml"):
        near = did_you_mean(str(rules), _shipped())
        raise CatalogueError(
            f"There is no set of rules '{rules}'.{near} The sets are {', '.join(rule_sets())}; "
            "your own is a .yaml file or a dict."
        )
    problems = Problems(path.name)
    return _read(compose(path, problems), problems)


@cache
def _shipped() -> Mapping[str, Path]:
    folder = Path(str(resources.files("mpsurvey.tabulation.quality") / "sets"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def _read(node: Any, problems: Problems) -> QualityRules:
    fields = None if node is None else RECORD.read(node, problems)
    if not isinstance(fields, Fields):
        raise CatalogueError(problems.lines())
    base: QualityRules | None = None
    if "like" in fields:
        if fields["like"] not in _shipped():
            near = did_you_mean(fields["like"], _shipped())
            problems.add(fields.line_of("like"), f"No shipped set is '{fields['like']}'.{near}")
        else:
            base = _base(fields["like"], fields.get("limits", {}))
    limits = {**(base.limits if base else {}), **fields.get("limits", {})}
    for name in limits:
        if name in QUANTITIES:
            problems.add(fields.line_of("limits"), f"'{name}' is a quantity: name it otherwise.")
    if "like" not in fields:
        _check_needs(fields.get("needs", ()), limits, fields, problems)
    tests = [*(base.tests if base else ())]
    tests += [_test(one, limits, problems) for one in fields.get("tests", ())]
    if not tests and not problems.found:
        problems.add(fields.line, "There are no tests: give 'tests', or 'like' a shipped set.")
    if problems.found:
        raise CatalogueError(problems.lines())
    title = fields.get("title") or (base.title if base else {"en": fields["id"]})
    return QualityRules(
        id=fields["id"],
        title=title,
        tests=tuple(tests),
        limits=limits,
        sources=tuple(
            (one["title"], one.get("checked", "known")) for one in fields.get("sources", ())
        )
        or (base.sources if base else ()),
        notes=fields.get("notes", base.notes if base else {}),
    )


def _base(name: str, limits: Mapping[str, float]) -> QualityRules:
    """Return a shipped set with an office's limits."""
    problems = Problems(f"{name}.yaml")
    node = compose(_shipped()[name], problems)
    assert node is not None  # noqa: S101 - shipped
    plain = node.plain()
    plain["limits"] = {**plain.get("limits", {}), **limits}
    return _read(mark(plain, problems), problems)


def _check_needs(
    needs: tuple[str, ...], limits: Mapping[str, float], fields: Fields, problems: Problems
) -> None:
    absent = [name for name in needs if name not in limits]
    if absent:
        shown = ", ".join(f"'{name}': ..." for name in absent)
        problems.add(
            fields.line,
            f"{fields['id']} needs the office's own limits: rules={{'like': '{fields['id']}', "
            f"'limits': {{{shown}}}}}.",
        )


def _test(fields: Any, limits: Mapping[str, float], problems: Problems) -> Test:
    known = {*QUANTITIES, *limits}
    rule = fields.get("when")
    for name in sorted(getattr(rule, "names", ())):
        if name not in known:
            problems.add(
                fields.line_of("when"),
                f"'{name}' is neither a quantity nor a limit.{did_you_mean(name, known)}",
            )
    because, limit = fields.get("because", "own"), fields.get("limit")
    if because not in _reasons():
        problems.add(
            fields.line_of("because"),
            f"'{because}' is not a reason.{did_you_mean(because, _reasons())}",
        )
    elif "{limit}" in _reasons()[because]["en"] and limit is None:
        problems.add(fields.line_of("because"), f"The reason '{because}' needs a 'limit'.")
    if limit is not None and limit not in known:
        problems.add(
            fields.line_of("limit"), f"'{limit}' is not a limit.{did_you_mean(limit, limits)}"
        )
    of = set(fields.get("of", ("all",)))
    if "all" in of:
        of |= set(FAMILIES)
    if "level" in of:
        of |= set(FAMILIES) - {"difference"}
    return Test(
        of=frozenset(of),
        when=rule,
        then=fields.get("then", "flag"),
        because=because,
        limit=limit,
        reason=fields.get("reason", {}),
    )


@cache
def _reasons() -> Mapping[str, Mapping[str, str]]:
    text = (
        resources.files("mpsurvey.tabulation.quality").joinpath("reasons.yaml").read_text("utf-8")
    )
    found: Mapping[str, Mapping[str, str]] = yaml.safe_load(text)
    return found


def reason(key: str, language: str, **values: object) -> str:
    """Return a reason in a language, English where it has none.

    >>> reason("few", "fr", limit=25)
    'moins de 25 répondants'
    """
    texts = _reasons()[key]
    return texts.get(language, texts["en"]).format(**values)
