"""One column of a lazy frame to one variable of the modules, as expressions of its engine.

They give what `mpsurvey.harmonisation.recoding` gives in memory: the modules' codes, which rows
held a value of the wrong type, and what was set aside because it means no answer or has no place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import reduce
from operator import and_, or_
from typing import Any, TypeVar

import narwhals as nw

from mpsurvey.errors import MpsurveyError
from mpsurvey.harmonisation.crosswalk import Band
from mpsurvey.harmonisation.lazy_rows import NUMBER, TEXT, number, one_where
from mpsurvey.harmonisation.lookup import Lookup
from mpsurvey.rule import Formula, Rule
from mpsurvey.rule.nodes import Answered, Name, Selected

__all__ = [
    "Drawn",
    "first_of",
    "found",
    "from_numbers",
    "from_texts",
    "plain",
    "renamed",
    "texts_as_they_are",
]

Parsed = TypeVar("Parsed", bound=Rule | Formula)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One variable as expressions on the columns of its file.

    Attributes
    ----------
    value
        The modules' code, null where there is none.
    kind
        Its type.
    lost
        1 where the row held a value of the wrong type, else 0; None where none can be.
    given
        What the row held; where that is no answer and is not of the wrong type, it was set aside.
        None where nothing can be set aside.
    skipped
        Of what was set aside, the values that mean that the question was skipped.
    """

    value: nw.Expr
    kind: Any = NUMBER
    lost: nw.Expr | None = None
    given: nw.Expr | None = None
    skipped: tuple[Any, ...] = ()


def plain(column: nw.Expr, kind: Any, shown: str) -> tuple[nw.Expr, Any]:
    """Return a column of a file without NaN, truth as 1 and 0, categories as text; and its type."""
    if kind.is_float() or kind.is_decimal():
        value = column.cast(nw.Float64)
        return nw.when(~value.is_nan()).then(value), nw.Float64()
    if kind == nw.Boolean:
        no = nw.when(~column).then(number(0))
        return nw.when(column).then(number(1)).otherwise(no), nw.Float64()
    if kind in (nw.Categorical, nw.Enum):
        return column.cast(nw.String), TEXT
    if kind.is_integer() or kind == nw.String or kind.is_temporal():
        return column, kind
    raise MpsurveyError(
        f"{shown} is of the type {kind}, which cannot be harmonised: make numbers or texts of it "
        "in its engine first."
    )


def found(value: nw.Expr, codes: Iterable[Any]) -> nw.Expr | None:
    """Whether a number is one of some codes or lies in one of their bands; None if none can be."""
    numbers = [float(c) for c in codes if isinstance(c, int | float)]
    parts = [value.is_in(numbers)] if numbers else []
    parts += [(value >= c.low) & (value <= c.high) for c in codes if isinstance(c, Band)]
    return reduce(or_, parts) if parts else None


def from_numbers(value: nw.Expr, lookup: Lookup, skips: Sequence[Any]) -> Drawn:
    """Recode a column of numbers; `lookup` says what becomes of which, and need hold no values."""
    target, mapped = lookup.target, lookup.mapped
    answers: list[nw.Expr] = []
    rest: list[nw.Expr] = []
    skipped = {float(code) for code in skips}
    keys = [float(k) for k in lookup.recode if isinstance(k, int | float)]
    if keys:
        rest.append(~value.is_in(keys))
    by_code: dict[Any, list[float]] = {}
    for key in keys:
        by_code.setdefault(lookup.recode[key], []).append(key)
    for code, these in by_code.items():
        if code is not None and code in target.missing:
            skipped = skipped | set(these) if code in skips else skipped - set(these)
        elif code is not None:
            skipped -= set(these)
            answers.append(nw.when(value.is_in(these)).then(_literal(code, lookup)))
    before: list[nw.Expr] = []
    for band, code in lookup.bands:
        held = (value >= band.low) & (value <= band.high)
        inside = [key for key in keys if band.holds(key)]
        if inside:
            held = held & ~value.is_in(inside)
        if code is not None and code not in target.missing:
            first = reduce(and_, [~each for each in before], held)
            answers.append(nw.when(first).then(_literal(code, lookup)))
        before.append((value >= band.low) & (value <= band.high))
        if code is not None and code not in skips:
            skipped = {one for one in skipped if not band.holds(one) or one in keys}
    rest += [~each for each in before]
    gone = found(value, lookup.missing)
    if gone is not None:
        rest.append(~gone)
    lost: nw.Expr | None = None
    if mapped.countries and lookup.countries is not None:
        there = sorted(float(n) for n in lookup.countries.numbers - target.missing)
        rest.append(value.is_in(there))
        answers.append(_where(rest, value))
    elif not lookup.recode or mapped.keep_others:
        listed = target.codes if target.numeric or not lookup.recode else None
        if target.missing and (target.numeric or not lookup.recode):
            rest.append(~value.is_in([float(code) for code in sorted(target.missing)]))
        whole = value == value.floor()
        wrong = [*rest, ~value.is_null(), ~whole]
        if listed is not None and not listed.open:
            if lookup.recode and target.type == "integer":
                lost = _holds(wrong)
            rest.append(value.is_in([float(code) for code in listed.codes]))
        elif target.type == "integer":
            lost = _holds(wrong)
            rest.append(whole)
        answers.append(_where(rest, value))
    kind = NUMBER if target.numeric or not answers or not lookup.recode else _kind(lookup)
    return Drawn(first_of(answers), kind, lost, value, tuple(sorted(skipped)))


def _where(conditions: Sequence[nw.Expr], value: nw.Expr) -> nw.Expr:
    return nw.when(reduce(and_, conditions)).then(value) if conditions else value


def _holds(conditions: Sequence[nw.Expr]) -> nw.Expr:
    """1 where all conditions hold, else 0."""
    return one_where(reduce(and_, conditions))


def first_of(answers: Sequence[nw.Expr]) -> nw.Expr:
    """Return the first that is not null."""
    if not answers:
        return nw.lit(None, dtype=nw.Float64)
    return nw.coalesce(*answers) if len(answers) > 1 else answers[0]


def _outcome(code: Any, lookup: Lookup) -> float | str:
    if lookup.target.type == "select_multiple":
        return str(code)
    return code if isinstance(code, str) else float(code)


def _literal(code: Any, lookup: Lookup) -> nw.Expr:
    outcome = _outcome(code, lookup)
    return nw.lit(outcome) if isinstance(outcome, str) else number(outcome)


def _kind(lookup: Lookup) -> Any:
    """The one type of a text variable that a recode makes."""
    codes = [_outcome(c, lookup) for c in lookup.recode.values() if c is not None]
    texts = [isinstance(code, str) for code in codes]
    if all(texts) and not lookup.mapped.keep_others and not lookup.mapped.countries:
        return TEXT
    if not any(texts):
        return NUMBER
    raise MpsurveyError(
        f"{lookup.mapped.shown} would hold texts and numbers, which one column of a lazy frame "
        "cannot: recode to texts alone or to numbers alone, or collect the frame first."
    )


def texts_as_they_are(value: nw.Expr, missing: Sequence[Any]) -> Drawn:
    """Keep texts, but for those that mean no answer and empty ones."""
    filled = nw.when(value.str.strip_chars() != "").then(value)
    codes = [str(code) for code in missing if not isinstance(code, Band)]
    if not codes:
        return Drawn(filled, TEXT)
    return Drawn(nw.when(~value.is_in(codes)).then(filled), TEXT, given=filled)


def from_texts(value: nw.Expr, lookup: Lookup, skips: Sequence[Any]) -> Drawn:
    """Recode a column of texts, each of which `lookup` has looked at."""
    texts = lookup.distinct.tolist()
    by_code: dict[Any, list[str]] = {}
    for text, code in zip(texts, lookup.values.tolist(), strict=True):
        if code is not None and code == code:
            by_code.setdefault(code, []).append(text)
    answers = [
        nw.when(value.is_in(these)).then(_literal(code, lookup)) for code, these in by_code.items()
    ]
    wrong = [text for text, out in zip(texts, lookup.mistyped, strict=True) if out]
    kind = NUMBER if lookup.target.numeric else TEXT
    if kind is TEXT and any(not isinstance(_outcome(c, lookup), str) for c in by_code):
        kind = NUMBER if all(not isinstance(c, str) for c in by_code) else _kind(lookup)
    made = (
        first_of(answers)
        if answers
        else nw.lit(None, dtype=nw.Float64 if kind is NUMBER else nw.String)
    )
    marks = [lookup.reasons[at] if at >= 0 else None for at in lookup.marks]
    return Drawn(
        made,
        kind,
        _holds([value.is_in(wrong)]) if wrong else None,
        nw.when(value.str.strip_chars() != "").then(value),
        tuple(text for text, mark in zip(texts, marks, strict=True) if mark in skips),
    )


def renamed(parsed: Parsed, names: dict[str, str]) -> Parsed:
    """Return a rule or formula on columns of other names."""
    node = _renamed(parsed.node, names)
    return replace(parsed, node=node, names=frozenset(names.get(n, n) for n in parsed.names))


def _renamed(node: Any, names: dict[str, str]) -> Any:
    if isinstance(node, tuple):
        return tuple(_renamed(part, names) for part in node)
    if isinstance(node, Name | Selected | Answered):
        return replace(node, name=names.get(node.name, node.name))
    if not is_dataclass(node):
        return node
    changed = {each.name: _renamed(getattr(node, each.name), names) for each in fields(node)}
    return replace(node, **changed)  # type: ignore[type-var]
