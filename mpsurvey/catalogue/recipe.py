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
    Texts,
    Version,
    Whole,
    Word,
)
from mpsurvey.catalogue.marked import Problems, compose, mark
from mpsurvey.catalogue.recipe_steps import COLUMN, StepRecord
from mpsurvey.catalogue.sources import CITATION, Citation, citations
from mpsurvey.errors import CatalogueError

__all__ = ["RECIPE", "Recipe", "RecipeStep", "build_recipe", "read_recipe"]


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
