"""From base weights to final weights, by a recipe."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mpsurvey.catalogue.reading import load_kind
from mpsurvey.catalogue.recipe import Recipe, read_recipe
from mpsurvey.declaration import (
    Bootstrap,
    Brr,
    Design,
    Jackknife,
    Replicates,
    SuccessiveDifference,
)
from mpsurvey.design.auxiliaries import numbers_of
from mpsurvey.design.calibration import Propensity, Response, listed_steps
from mpsurvey.design.diary import DiaryEntry, describe_weights
from mpsurvey.design.known_totals import KnownTotals, read_totals, refuse_unknown
from mpsurvey.design.preparing import Prepared, prepare
from mpsurvey.design.rerunning import Rerunning
from mpsurvey.design.sample import Sample
from mpsurvey.errors import DesignError, MpsurveyError
from mpsurvey.microdata import Microdata, Variable

__all__ = ["find_recipe", "weight"]

Floats = NDArray[np.float64]


def weight(
    sample: Sample,
    recipe: Recipe | Mapping[str, Any] | str | Path,
    totals: Any = None,
    *,
    save_as: str | None = None,
) -> Sample:
    """Make weights by a recipe: nonresponse, calibration, trimming, in the order it says.

    Every problem of the recipe, the totals and the data is found before anything is done. The
    caller's frame stays as it was.

    Parameters
    ----------
    sample
        The sample, also those who did not respond. Its design says how it was drawn.
    recipe
        A `Recipe`; the id of one in the catalogue; the path of a YAML file; or a dict of the same
        shape.
    totals
        Known totals of margins and variables: a dict ``{"region": {1: 1200, 2: 800}}``, a table,
        the path of a CSV or xlsx file, or several in a list; see
        `mpsurvey.design.known_totals.read_totals`.
    save_as
        Column of the final weights, in place of the recipe's.

    Returns
    -------
    Sample
        New data with a column of final weights and one after each step; a design whose variance
        knows of every step; replicates in which every step is done again, if the recipe makes any;
        and the diary. Rows without a final weight stay, with weight 0: their PSUs were drawn.

    Raises
    ------
    DesignError
        Totals that are incomplete, contradict each other or cannot be met; cells without
        respondents, with a proposal to merge; bounds too narrow, with the closest that are not.
    CatalogueError
        The recipe is wrong.

    Notes
    -----
    Steps and formulas: ``docs/methods/weighting.md``. Adjustments are done by samplics.

    Examples
    --------
    >>> import pandas as pd, mpsurvey as mp
    >>> people = pd.DataFrame({"d": [10.0] * 4, "ea": [1, 2, 3, 4], "sex": ["f", "f", "m", "f"],
    ...                        "answered": [1, 1, 1, 0]})
    >>> sample = mp.Sample(people, mp.Design(weight="d", psu="ea"))
    >>> steps = [{"do": "nonresponse", "responded": "answered == 1", "classes": ["sex"]},
    ...          {"do": "poststratify", "margin": "sex"}]
    >>> weighted = mp.weight(sample, {"steps": steps}, totals={"sex": {"f": 30, "m": 20}})
    >>> weighted.weight.tolist()
    [15.0, 15.0, 20.0, 0.0]
    """
    if sample.elsewhere is not None:
        sample.elsewhere.refuse("Weighting")
    chosen = find_recipe(recipe)
    known = read_totals(totals)
    name = save_as or chosen.save_as
    problems = _taken(sample, chosen, name)
    start, chances = _start(sample, chosen)
    prepared, found, used = prepare(chosen, sample.frame, start, known, chances, sample.labels)
    problems += [*found, *refuse_unknown(known, used)]
    if problems:
        raise DesignError(problems)
    made = _run(sample, prepared, start, name, known)
    return _weighted(sample, chosen, name, start, made)


def find_recipe(given: Recipe | Mapping[str, Any] | str | Path) -> Recipe:
    """Return the recipe that is meant: itself, by id, by path, or from a dict."""
    match given:
        case Recipe():
            return given
        case Mapping():
            return read_recipe(given)
        case Path():
            return read_recipe(given)
        case str() if given.lower().endswith((".yaml", ".yml")):
            return read_recipe(Path(given))
        case str():
            return load_kind("recipe").recipe(given)
    raise MpsurveyError(
        f"A recipe is a Recipe, an id, a path or a dict, not {type(given).__name__}."
    )


def _taken(sample: Sample, recipe: Recipe, name: str) -> list[str]:
    names = [name, *(f"{name}_{i}" for i in range(len(recipe.steps)))]
    return [
        f"The data have a column '{one}' already. Choose another: save_as='final_weight'."
        for one in names
        if one in sample.frame.columns
    ]


def _start(sample: Sample, recipe: Recipe) -> tuple[Floats, Floats | None]:
    """Weights before the first step, and the inclusion probabilities that the FPC give."""
    chances = None
    if sample.design.fpc:
        try:
            drawn = Sample(
                sample.frame.to_native(),
                Design(strata=sample.design.strata, psu=sample.design.psu, fpc=sample.design.fpc,
                       lonely_psu="certainty"),
            )  # fmt: skip
            chances = 1 / drawn.weight
        except DesignError:
            chances = None
    if recipe.steps[0].do == "base":
        return np.ones(len(sample)), chances
    if recipe.start_from is not None:
        values = numbers_of(sample.frame, recipe.start_from)
        wrong = int(np.count_nonzero(~(np.nan_to_num(values, nan=-1.0) >= 0)))
        if wrong:
            raise DesignError(
                f"The weights to start from, '{recipe.start_from}', are missing or negative in "
                f"{wrong:,} rows."
            )
        return values, chances
    return sample.weight, chances


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    columns: dict[str, NDArray[Any]]
    records: list[Any]
    diary: list[DiaryEntry]
    steps: tuple[Any, ...]


def _run(
    sample: Sample, prepared: list[Prepared], start: Floats, name: str, known: KnownTotals
) -> _Made:
    """Do every step, keeping each one's weights."""
    columns: dict[str, NDArray[Any]] = {f"{name}_0": start}
    diary: list[DiaryEntry] = []
    records, again = [], []
    current, column = start, f"{name}_0"
    for number, one in enumerate(prepared, start=1):
        last = number == len(prepared)
        try:
            done = one.step.run(current)
        except MpsurveyError as error:
            raise DesignError(
                f"{one.source.place} ({one.source.do}): {problem}" for problem in error.problems
            ) from None
        again.append(done.again or one.step)
        negative = int(np.count_nonzero(done.weight < 0))
        if negative:
            raise DesignError(
                f"{one.source.place} ({one.source.do}): {negative:,} rows get a negative weight. "
                "Give bounds, such as bounds: [0.3, 3.0], or use distance: raking."
            )
        after = name if last else f"{name}_{number}"
        columns[after] = done.weight
        for ending, values in done.extra.items():
            columns[f"{name}_{number}_{ending}"] = values
        if one.record is not None:
            records.append(_recorded(one.record, column, after, f"{name}_{number}"))
        diary.append(_entry(number, one, done, current, after, known))
        current, column = done.weight, after
    return _Made(columns, records, diary, tuple(again))


def _recorded(record: Any, before: str, after: str, stem: str) -> Any:
    """Fill in the columns of a step for the variance."""
    changes: dict[str, Any] = {"before": before, "after": after}
    if isinstance(record, Propensity):
        changes["propensity"] = f"{stem}_chance"
    elif isinstance(record, Response) and record.classes == "class":
        changes["classes"] = (f"{stem}_class",)
    return replace(record, **changes)


def _entry(
    number: int, one: Prepared, done: Any, before: Floats, column: str, known: KnownTotals
) -> DiaryEntry:
    some = (before > 0) & (done.weight > 0)
    ratio = done.weight[some] / before[some]
    factors = tuple(np.quantile(ratio, [0, 0.25, 0.5, 0.75, 1]).tolist()) if len(ratio) else ()
    margins = _margin_table(one, before, done.weight)
    described = describe_weights(done.weight)
    flags = []
    if margins is not None:
        few = margins[(margins["n"] < 30) & margins["cell"].notna()]
        if len(few):
            flags.append(f"{len(few)} cell(s) hold fewer than 30 rows.")
    bounds = one.source.get("bounds")
    if (
        bounds is not None
        and factors
        and not bounds[0] - 1e-9 <= factors[0] <= factors[-1] <= (bounds[1] + 1e-9)
    ):
        flags.append(f"Factors leave the bounds {list(bounds)}.")
    if one.record is not None and factors and factors[-1] > 3:
        flags.append(f"A factor reaches {factors[-1]:.3g}.")
    if described["kish"] > 2:
        flags.append(f"Unequal weights alone raise variances {described['kish']:.2g} times.")
    said = Recipe("one", "1.0.0", (one.source,)).words()
    return DiaryEntry(
        number=number,
        do=one.source.do,
        words=said,
        when=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        column=column,
        factors=factors,
        facts=dict(done.facts),
        merged=one.notes,
        margins=margins,
        digest=known.digest() if margins is not None else "",
        flags=tuple(flags),
        **described,
    )


def _margin_table(one: Prepared, before: Floats, after: Floats) -> pd.DataFrame | None:
    rows = []
    for cells, totals in one.margins:
        size = len(cells.labels)
        code = np.where(cells.code < 0, size, cells.code)
        counts = np.bincount(code[after > 0], minlength=size + 1)
        sums = [np.bincount(code, weights=w, minlength=size + 1) for w in (before, after)]
        for place, label in enumerate(cells.labels):
            cell = " x ".join(map(str, label)) if isinstance(label, tuple) else label
            rows.append((cells.margin.name, cell, int(counts[place]), float(sums[0][place]),
                         float(totals[place]), float(sums[1][place])))  # fmt: skip
    for name, values, total in one.variables:
        rows.append((name, None, int(np.count_nonzero(after > 0)), float(values @ before),
                     total, float(values @ after)))  # fmt: skip
    if not rows:
        return None
    names = ["margin", "cell", "n", "before", "total", "after"]
    return pd.DataFrame(rows, columns=names).astype({"cell": object})


def _weighted(
    sample: Sample,
    recipe: Recipe,
    name: str,
    start: Floats,
    made: _Made,
) -> Sample:
    data: Any = _with_columns(sample, made.columns, name, recipe)
    steps = (*_earlier(sample, recipe), *made.records)
    design = replace(
        sample.design,
        weight=name,
        calibration=steps or None,
        replicates=_replicates(recipe) or sample.design.replicates,
    )
    rerun = Rerunning(start, made.steps, drawn=sample.design.weight)
    return Sample(data, design, diary=(*sample.diary, *made.diary), rerun=rerun)


def _earlier(sample: Sample, recipe: Recipe) -> tuple[Any, ...]:
    """Steps that made the weights from which the recipe starts, if it starts from the design's."""
    listed = listed_steps(sample.design.calibration)
    if not listed or recipe.start_from is not None or recipe.steps[0].do == "base":
        return ()
    *early, last = listed
    if last.after is None:
        last = replace(last, after=sample.design.weight)
    return (*early, last)


def _with_columns(
    sample: Sample, columns: Mapping[str, NDArray[Any]], name: str, recipe: Recipe
) -> Any:
    if isinstance(sample.data, Microdata):
        kept: pd.DataFrame = sample.data.frame
        frame = kept.assign(**columns)
        labels = {
            column: Variable(
                column,
                f"Weight by recipe {recipe.id} {recipe.version}"
                if column == name
                else f"Weight: {column}",
                "decimal" if values.dtype.kind == "f" else "integer",
            )
            for column, values in columns.items()
        }
        return replace(sample.data, frame=frame, variables={**sample.data.variables, **labels})
    rows = sample.frame
    backend = nw.get_native_namespace(rows)
    added = (nw.new_series(column, values, backend=backend) for column, values in columns.items())
    return rows.with_columns(*added).to_native()


def _replicates(recipe: Recipe) -> Replicates | None:
    asked = recipe.replicates
    if asked is None:
        return None
    match asked["kind"]:
        case "bootstrap":
            return Bootstrap(replicates=asked.get("number", 500), seed=asked.get("seed"))
        case "jackknife":
            return Jackknife()
        case "brr":
            return Brr(fay=asked.get("fay", 0.0))
        case _:
            return SuccessiveDifference(replicates=asked.get("number", 80))
