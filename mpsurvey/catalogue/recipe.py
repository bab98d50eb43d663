"""Weighting recipes: the steps from base weights to final weights, as an office signs them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mpsurvey.catalogue.fields import (
    BAD,
    Choice,
    Fields,
    Flag,
    Items,
    Key,
    Real,
    Record,
    RuleText,
    Texts,
    Version,
    Whole,
    Word,
)
from mpsurvey.catalogue.marked import Marked, Problems, compose, mark
from mpsurvey.catalogue.sources import CITATION, Citation, citations
from mpsurvey.errors import CatalogueError, did_you_mean

__all__ = ["RECIPE", "STEPS", "Recipe", "RecipeStep", "build_recipe", "read_recipe"]


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


REPLICATES = Record(
    "replicates",
    {
        "kind": Key(Choice(("bootstrap", "jackknife", "brr", "sdr")), "how made", need=True),
        "number": Key(Whole(2, 10_000), "how many, for bootstrap and sdr"),
        "seed": Key(Whole(0), "seed of the bootstrap"),
        "fay": Key(Real(0, 1), "Fay's factor, for brr"),
    },
)

RECIPE = Record(
    "A recipe",
    {
        "kind": Key(Word(), "recipe", need=True),
        "id": Key(Word(longest=60), "its id", need=True),
        "version": Key(Version(), "three numbers", need=True),
        "title": Key(Texts(200, whole=False), "what the weights are for"),
        "start_from": Key(COLUMN, "column of weights to start from; the design's by default"),
        "steps": Key(Items(StepRecord(), least=1), "the steps in order", need=True),
        "replicates": Key(REPLICATES, "replicates in each of which every step is done again"),
        "save_as": Key(COLUMN, "column of the final weights; 'weight' by default"),
        "rounded": Key(Flag(), "whether final weights are rounded to whole numbers"),
        "replaces": Key(Word(), "the id and version that this one overrides"),
        "notes": Key(Texts(4000, whole=False, plain=True), "for analysts"),
        "source": Key(Items(CITATION, lone=True), "where the method comes from"),
    },
)


@dataclass(frozen=True, slots=True)
class RecipeStep:
    """One step of a recipe.

    Attributes
    ----------
    do
        What it does: a key of `STEPS`.
    says
        Its other keys, as read.
    place
        Where it stands, for messages.
    """

    do: str
    says: Mapping[str, Any] = field(hash=False)
    place: str = ""

    def get(self, key: str, default: Any = None) -> Any:
        """Return what the step says under a key."""
        return self.says.get(key, default)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Steps from base weights to final weights; the known totals come from the caller.

    Attributes
    ----------
    start_from
        Column of weights to start from; the sample's own where None.
    steps
        In the order in which they are done.
    replicates
        What replicates to make, or None.
    save_as
        Column of the final weights.
    """

    id: str
    version: str
    steps: tuple[RecipeStep, ...]
    start_from: str | None = None
    replicates: Mapping[str, Any] | None = field(default=None, hash=False)
    save_as: str = "weight"
    rounded: bool = False
    title: Mapping[str, str] = field(default_factory=dict, hash=False)
    notes: Mapping[str, str] | None = field(default=None, hash=False)
    sources: tuple[Citation, ...] = ()
    replaces: str | None = None
    theme: str = ""
    place: str = ""
    kind: str = "recipe"

    def __iter__(self) -> Iterator[RecipeStep]:
        return iter(self.steps)

    def words(self) -> str:
        """Say the steps in a line.

        >>> step = {"do": "poststratify", "margin": "region"}
        >>> read_recipe({"id": "simple", "version": "1.0.0", "steps": [step]}).words()
        'poststratify (region)'
        """
        return "; ".join(_say(step) for step in self.steps)


def _say(step: RecipeStep) -> str:
    parts = [" x ".join(margin) for margin in step.get("margins", ())]
    if "margin" in step.says:
        parts.append(" x ".join(step.get("margin")))
    if step.do in ("unknown_eligibility", "nonresponse", "subsample"):
        parts.append(" x ".join(step.get("classes", ())) or step.get("method", ""))
    parts += [*step.get("variables", ())]
    parts += [str(step.get(key)) for key in ("above", "to", "links", "frame") if step.get(key)]
    said = ", ".join(part for part in parts if part)
    return f"{step.do} ({said})" if said else step.do


def build_recipe(fields: Fields, problems: Problems, place: str) -> Recipe:
    """Make the recipe, and note steps that ask for what they cannot use."""
    steps = []
    for read in fields["steps"]:
        step = RecipeStep(
            read["do"],
            {key: value for key, value in read.items() if key not in ("do", "note")},
            f"{problems.file}:{read.line}",
        )
        _review(step, read, problems)
        steps.append(step)
    made = fields.get("replicates")
    return Recipe(
        id=fields["id"],
        version=fields["version"],
        steps=tuple(steps),
        start_from=fields.get("start_from"),
        replicates=None if made is None else dict(made),
        save_as=fields.get("save_as", "weight"),
        rounded=fields.get("rounded", False),
        title=fields.get("title", {}),
        notes=fields.get("notes"),
        sources=citations(fields.get("source", ())),
        replaces=fields.get("replaces"),
        place=place,
    )


def _review(step: RecipeStep, read: Fields, problems: Problems) -> None:
    if step.do == "calibrate":
        if not step.get("margins") and not step.get("variables"):
            problems.add(read.line, "The step calibrate names no margins and no variables.")
        if step.get("distance") == "logit" and step.get("bounds") is None:
            problems.add(read.line, "The logit distance needs bounds, such as [0.3, 3.0].")
    if step.do == "nonresponse":
        by_model = step.get("method", "classes") != "classes"
        modelled = step.get("margins") or step.get("variables")
        if by_model and not modelled:
            problems.add(read.line, "A propensity model needs margins or variables.")
        if not by_model and modelled:
            problems.add(
                read.line,
                "Margins and variables belong to a propensity model: say method: propensity, or "
                "name classes.",
            )
        if step.get("groups") and step.get("method") != "propensity_classes":
            problems.add(read.line, "groups belongs to method: propensity_classes.")


def read_recipe(given: Mapping[str, Any] | Path | str) -> Recipe:
    """Read one recipe from a YAML file, or from a dict of the same shape.

    Raises
    ------
    CatalogueError
        Every problem at once; of a file with its lines, of a dict with the line it would have as
        YAML.
    """
    if isinstance(given, Mapping):
        content = {"kind": "recipe", "id": "recipe", "version": "1.0.0", **given}
        problems = Problems("recipe")
        node = mark(content, problems)
    else:
        problems = Problems(Path(given).name)
        node = compose(Path(given), problems)
    if node is not None:
        fields = RECIPE.read(node, problems)
        if fields is not BAD and fields.fine and not problems.found:
            built = build_recipe(fields, problems, f"{problems.file}:{node.line}")
            if not problems.found:
                return built
    raise CatalogueError(problems.lines())
