"""A question to rows that stay in their engine: they are folded first, and the cells are asked.

What a statistic needs apart (groups, categories, values whose order matters) becomes a key of one
group-by; what it only adds up is added up there. Rules and formulas are worked out by the engine.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from numbers import Real
from typing import Any

import narwhals as nw
import numpy as np

from mpsurvey.design import Sample
from mpsurvey.design.together import Asked
from mpsurvey.errors import ColumnMissing, MpsurveyError, RuleError, TooManyCells
from mpsurvey.rule import Formula, parse_rule, parse_value

__all__ = ["cells_of", "complete_rows", "gathered", "names_within", "needs_rows"]


def cells_of(
    sample: Sample,
    variables: Sequence[str],
    sums: Sequence[str],
    groups: Sequence[str],
    where: str | None,
    *,
    everyone: bool = False,
) -> Sample:
    """Cells in memory for a question to rows elsewhere.

    Parameters
    ----------
    sample
        A sample whose rows stay in their engine.
    variables
        Columns, rules or formulas that are read as numbers; each becomes a column of its own name.
    sums
        Those of them that enter sums only.
    groups
        Columns that people are broken down by.
    where
        A rule that all obey.
    everyone
        Whether those who do not obey it come too, in cells of their own: a poverty line may be that
        of the whole population.
    """
    rule = None if where is None or everyone else condition(sample, where)
    keys: dict[str, nw.Expr] = {name: nw.col(name) for name in groups}
    rules: dict[str, nw.Expr] = {}
    if where is not None and everyone:
        rules[_obeys(where)] = condition(sample, where)
        keys[_obeys(where)] = _one_where(rules[_obeys(where)])
    amounts: dict[str, nw.Expr] = {}
    for text in dict.fromkeys(variables):
        if text in keys:
            continue
        if text not in _schema(sample):
            parsed = _parsed(sample, text)
            if not isinstance(parsed, Formula):
                rules[text] = parsed.expression(_schema(sample))
        if text in sums and _adds_up(sample, text):
            amounts[text] = number(sample, text)
        elif text in _schema(sample):
            keys[text] = nw.col(text)
        else:
            keys[text] = number(sample, text)
    words = ("cells", tuple(keys), tuple(amounts), where)
    whose = None if rule is None else where
    asked = Asked(keys, amounts, rule, whose, rules)
    try:
        folded = sample.folded(asked, groups, words)
    except TooManyCells:
        if amounts:  # sums need no order, but the values together may be few
            return cells_of(sample, variables, (), groups, where, everyone=everyone)
        return _obeying(sample.in_parts(keys, rule, groups), where)
    if any(np.isinf(folded.frame[name].to_numpy()).any() for name in amounts):
        # To say in how many rows.
        return cells_of(sample, variables, (), groups, where, everyone=everyone)
    return _obeying(folded, where)


def gathered(
    sample: Sample, *texts: str | Sequence[str] | None, where: str | None = None
) -> Sample:
    """The cells of all columns that some rules, formulas and names use; rows in memory as they are.

    For verbs that read rows in their own way. The values of every column stay apart, so the columns
    together must not have too many different ones. Of a rule in `where` only comes who obeys it.
    """
    if sample.elsewhere is None:
        return sample
    schema = _schema(sample)
    listed = [
        one for text in texts if text for one in ([text] if isinstance(text, str) else list(text))
    ]
    names: list[str] = []
    absent: list[tuple[str, str]] = []
    for text in listed:
        if text in schema:
            names.append(text)
            continue
        try:
            names += parse_value(text).columns(sample.elsewhere.lazy)
        except (RuleError, ColumnMissing):
            absent.append(("variable", text))
    if absent:
        raise ColumnMissing(absent, schema)
    keys = {name: nw.col(name) for name in dict.fromkeys(names)}
    groups = list(keys)
    rules: dict[str, nw.Expr] = {}
    if where is not None:
        rules[_obeys(where)] = condition(sample, where)
        keys[_obeys(where)] = _one_where(rules[_obeys(where)])
    asked = Asked(keys, rules=rules)
    try:
        folded = sample.folded(asked, groups, ("gathered", tuple(keys), where))
    except TooManyCells:
        folded = sample.in_parts(keys, None, groups)
    return _obeying(folded, where)


def _obeying(folded: Sample, where: str | None) -> Sample:
    """Let cells know which of them obey the rule, so that it can be asked again."""
    if where is not None:
        there = _obeys(where) in folded.frame.columns
        every = np.ones(len(folded), dtype=bool)
        obeys = folded.frame[_obeys(where)].to_numpy() == 1 if there else every
        folded.recall(("rule", where), lambda: obeys)
    return folded


def needs_rows(sample: Sample, what: str) -> None:
    """Refuse what cells cannot tell, where the rows stay in their engine.

    Raises
    ------
    MpsurveyError
        The rows are not in memory.
    """
    if isinstance(sample, Sample) and sample.elsewhere is not None:
        sample.elsewhere.refuse(what)


def names_within(sample: Sample, text: str) -> list[str]:
    """Columns whose names stand in a text, such as a model's formula."""
    return [
        name for name in sample.frame.columns if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
    ]


def complete_rows(
    sample: Sample, variables: Sequence[str], groups: Sequence[str]
) -> tuple[Sample, int]:
    """Leave out rows without an answer, in their engine; also how many these were."""
    known: nw.Expr | None = None
    for text in (*variables, *groups):
        value = nw.col(text) if text in groups else number(sample, text)
        here = ~value.is_null()
        kind = _schema(sample).get(text)
        if text not in groups or (kind is not None and kind.is_float()):
            here = here & ~value.is_nan().fill_null(value=False)
        known = here if known is None else known & here
    if known is None:
        return sample, 0
    try:
        kept = sample.where(known)
    except MpsurveyError as error:
        if error.problems == ("The data have no rows.",):
            said = "No row has an answer to all the variables that are asked for."
            raise MpsurveyError(said) from None
        raise
    return kept, sample.count() - kept.count()


def _obeys(where: str) -> str:
    """Name of the column that says who obeys a rule."""
    return f"obeys: {where}"


def condition(sample: Sample, rule: str) -> nw.Expr:
    """A rule as an expression of the engine."""
    return parse_rule(rule).expression(_schema(sample))


def number(sample: Sample, text: str) -> nw.Expr:
    """A column, a rule or a formula as a number, null or NaN where unanswered."""
    schema = _schema(sample)
    if text in schema:
        column = nw.col(text)
        if schema[text] != nw.Boolean:
            return column.cast(nw.Float64) if schema[text].is_numeric() else column
        value = nw.when(column).then(nw.lit(1)).otherwise(nw.lit(0))
        return nw.when(~column.is_null()).then(value).cast(nw.Float64)
    parsed = _parsed(sample, text)
    made: nw.Expr = parsed.expression(schema)
    if isinstance(parsed, Formula):
        return made.cast(nw.Float64)
    return _one_where(made).cast(nw.Float64)


def _one_where(held: nw.Expr) -> nw.Expr:
    return nw.when(held).then(nw.lit(1)).otherwise(nw.lit(0))


def _parsed(sample: Sample, text: str) -> Any:
    """Read a rule or a formula, whose names are all columns."""
    try:
        parsed = parse_value(text)
        parsed.expression(_schema(sample))
    except (RuleError, ColumnMissing):
        if text.isidentifier():
            raise ColumnMissing([("variable", text)], _schema(sample)) from None
        raise
    return parsed


def _schema(sample: Sample) -> Any:
    assert sample.elsewhere is not None  # noqa: S101 - the callers have asked
    return sample.elsewhere.schema


def _adds_up(sample: Sample, text: str) -> bool:
    """Whether a variable may be added up unseen: codes with labels must be looked at."""
    schema = _schema(sample)
    if text not in schema:
        return True
    kind = schema[text]
    if not (kind.is_numeric() or kind == nw.Boolean):
        return False
    labels = sample.labels(text)
    if labels and getattr(sample.variables.get(text), "kind", "") == "categorical":
        return False
    return not any(isinstance(code, Real) and float(code) < 0 for code in labels)
