"""The steps that a weighting recipe can have, and what each may say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mpsurvey.catalogue.fields import (
    BAD,
    Choice,
    Items,
    Key,
    Real,
    Record,
    RuleText,
    Texts,
    Whole,
    Word,
)
from mpsurvey.catalogue.marked import Marked, Problems
from mpsurvey.errors import did_you_mean

__all__ = ["COLUMN", "STEPS", "StepRecord"]


@dataclass(frozen=True, slots=True)
class CellText:
    """A value of a column, or a list of values where columns are crossed."""

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return the value, or a tuple of values."""
        if node.kind == "list":
            return tuple(part.plain() for part in node.content)
        if node.kind in ("text", "whole number", "number", "yes/no"):
            return node.content
        problems.add(node.line, "A cell is a value, or a list of values where columns are crossed.")
        return BAD

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        value = {"type": ["string", "number", "boolean"]}
        return {"anyOf": [value, {"type": "array", "items": value}]}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two numbers: a lower and an upper bound."""

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return both as a tuple."""
        values = Items(Real(0)).read(node, problems)
        if values is BAD:
            return BAD
        if len(values) != 2 or not values[0] < 1 < values[1]:
            problems.add(
                node.line, "Bounds are two numbers, one below 1 and one above, such as [0.3, 3.0]."
            )
            return BAD
        return tuple(float(one) for one in values)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}


COLUMN = Word(longest=80)
MARGIN = Items(COLUMN, least=1, lone=True)
MERGE = Items(
    Record(
        "A merge",
        {
            "cells": Key(Items(CellText(), least=1), "the cells that are given up", need=True),
            "into": Key(CellText(), "the cell that they join", need=True),
            "of": Key(MARGIN, "the margin, where the step has several"),
        },
    )
)
_DO = Key(Word(), "what the step does", need=True)
_NOTE = Key(Texts(1000, whole=False, plain=True), "why, for the reader of the recipe")
_CLASSES = Key(Items(COLUMN, lone=True), "columns that make the adjustment classes")
_MARGINS = Items(MARGIN)
_DISTANCE = Choice(("linear", "raking", "logit"))

STEPS: Mapping[str, Record] = {
    "base": Record(
        "The step base",
        {
            "do": _DO,
            "probabilities": Key(
                Items(COLUMN, lone=True), "columns of selection probabilities, one per stage"
            ),
            "note": _NOTE,
        },
    ),
    "unknown_eligibility": Record(
        "The step unknown_eligibility",
        {
            "do": _DO,
            "known": Key(RuleText("rule"), "who is known to be eligible or not", need=True),
            "classes": _CLASSES,
            "merge": Key(MERGE, "classes to put together"),
            "largest_factor": Key(Real(1), "the factor at which a class is refused"),
            "note": _NOTE,
        },
    ),
    "nonresponse": Record(
        "The step nonresponse",
        {
            "do": _DO,
            "responded": Key(RuleText("rule"), "who responded", need=True),
            "eligible": Key(RuleText("rule"), "who should have; all with a weight by default"),
            "method": Key(
                Choice(("classes", "propensity", "propensity_classes")),
                "classes (the default), or a logistic model of the chance to respond",
            ),
            "classes": _CLASSES,
            "margins": Key(_MARGINS, "categorical variables of the model"),
            "variables": Key(Items(COLUMN, lone=True), "numeric variables of the model"),
            "groups": Key(Whole(2, 50), "classes of equal size to sort the chances into"),
            "merge": Key(MERGE, "classes to put together"),
            "largest_factor": Key(Real(1), "the factor at which a class is refused"),
            "note": _NOTE,
        },
    ),
    "poststratify": Record(
        "The step poststratify",
        {
            "do": _DO,
            "margin": Key(MARGIN, "a column, or columns to cross", need=True),
            "merge": Key(MERGE, "cells to put together"),
            "note": _NOTE,
        },
    ),
    "rake": Record(
        "The step rake",
        {
            "do": _DO,
            "margins": Key(_MARGINS, "columns, or lists of columns to cross", need=True),
            "bounds": Key(Pair(), "least and largest factor"),
            "within": Key(COLUMN, "households whose members get one weight"),
            "merge": Key(MERGE, "cells to put together"),
            "note": _NOTE,
        },
    ),
    "calibrate": Record(
        "The step calibrate",
        {
            "do": _DO,
            "margins": Key(_MARGINS, "columns, or lists of columns to cross"),
            "variables": Key(
                Items(Word(longest=200), lone=True), "numeric variables or formulas; '1' counts"
            ),
            "distance": Key(_DISTANCE, "linear (the default), raking or logit"),
            "bounds": Key(Pair(), "least and largest factor"),
            "within": Key(COLUMN, "households whose members get one weight"),
            "scale": Key(COLUMN, "variance of each unit's residual, up to a constant"),
            "merge": Key(MERGE, "cells to put together"),
            "note": _NOTE,
        },
    ),
    "trim": Record(
        "The step trim",
        {
            "do": _DO,
            "above": Key(
                Word(
                    r"\d+(\.\d+)? x (median|mean)( by .+)?|median \+ \d+(\.\d+)? x iqr( by .+)?"
                    r"|potter( by .+)?|\d+(\.\d+)?",
                    means="such as '3.5 x median by stratum', 'median + 6 x iqr', 'potter' or 900",
                ),
                "the weight above which weights are cut",
                need=True,
            ),
            "below": Key(Word(r"\d+(\.\d+)? x (median|mean)|\d+(\.\d+)?"), "likewise from below"),
            "keep": Key(
                Choice(("sum", "totals")),
                "what stays: the sum of weights (the default), or the last calibration's totals",
            ),
            "note": _NOTE,
        },
    ),
    "rescale": Record(
        "The step rescale",
        {
            "do": _DO,
            "to": Key(
                Word(r"rows|total|\d+(\.\d+)?", means="'rows', 'total' or a number"),
                "the sum of weights: the number of rows, a total of the caller's, or a number",
                need=True,
            ),
            "by": Key(Items(COLUMN, lone=True), "within each of these groups"),
            "note": _NOTE,
        },
    ),
    "subsample": Record(
        "The step subsample",
        {
            "do": _DO,
            "drawn": Key(RuleText("rule"), "who was drawn in the second phase", need=True),
            "among": Key(RuleText("rule"), "whom they were drawn from; all with a weight if left"),
            "classes": Key(Items(COLUMN, lone=True), "strata of the second phase"),
            "merge": Key(MERGE, "strata to put together"),
            "note": _NOTE,
        },
    ),
    "combine": Record(
        "The step combine",
        {
            "do": _DO,
            "frame": Key(COLUMN, "column: from which of two frames the row was drawn", need=True),
            "both": Key(RuleText("rule"), "who is in both frames", need=True),
            "first_share": Key(Real(0, 1), "part of those in both that the first frame stands for"),
            "chances": Key(
                Items(COLUMN, least=2),
                "columns: the chance to be drawn from the first and from the second frame",
            ),
            "note": _NOTE,
        },
    ),
    "share": Record(
        "The step share",
        {
            "do": _DO,
            "links": Key(COLUMN, "by how many routes the unit could be reached", need=True),
            "note": _NOTE,
        },
    ),
}


@dataclass(frozen=True, slots=True)
class StepRecord:
    """A step, read by the record that its `do` names."""

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return the step's fields."""
        do = node.get("do") if node.kind == "keys with values" else None
        if do is None:
            problems.add(node.line, f"A step says what to do: one of {', '.join(STEPS)}.")
            return BAD
        if do.written not in STEPS:
            near = did_you_mean(do.written, STEPS)
            problems.add(
                do.line, f"There is no step '{do.written}'.{near} Steps are {', '.join(STEPS)}."
            )
            return BAD
        fields = STEPS[do.written].read(node, problems)
        return fields if fields is BAD or fields.fine else BAD

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        every = []
        for name, record in STEPS.items():
            one = record.schema()
            one["properties"]["do"] = {"const": name}
            every.append(one)
        return {"anyOf": every}
