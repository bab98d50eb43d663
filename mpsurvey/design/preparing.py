"""From a recipe, data and totals to steps on arrays, with every problem found beforehand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from mpsurvey.catalogue.recipe import Recipe, RecipeStep
from mpsurvey.design.adjusting import Factor, Fit, Rescale, Respond, Step
from mpsurvey.design.auxiliaries import Auxiliaries, Cells, Margin, cells_of, numbers_of
from mpsurvey.design.calibration import Calibration, Propensity, Response, mask
from mpsurvey.design.codes import Codes, encode
from mpsurvey.design.known_totals import KnownTotals
from mpsurvey.design.matching import (
    Work,
    cell_words,
    compare_sums,
    match_margin,
    match_variables,
    propose_merges,
)
from mpsurvey.design.propensity import Propensities
from mpsurvey.design.trimming import Trim
from mpsurvey.errors import ColumnMissing, DesignError, MpsurveyError

__all__ = ["Prepared", "prepare"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A step that can run, and what it leaves behind for the variance.

    Attributes
    ----------
    step
        On arrays.
    record
        What the design notes: a Calibration, a Response, a Propensity, or None. Columns before and
        after are filled in once the weights are made.
    margins
        The margins with their cells and totals, for the diary.
    notes
        What was merged.
    """

    source: RecipeStep
    step: Step
    record: Calibration | Response | Propensity | None = None
    margins: tuple[tuple[Cells, Floats], ...] = ()
    variables: tuple[tuple[str, Floats, float], ...] = ()
    notes: tuple[str, ...] = ()


def prepare(
    recipe: Recipe,
    frame: nw.DataFrame[Any],
    weight: Floats,
    totals: KnownTotals,
    chances: Floats | None,
    labels: Any,
) -> tuple[list[Prepared], list[str], set[str]]:
    """Read every step against the data and the totals.

    Parameters
    ----------
    recipe, frame, totals
        What to do, on which rows, with which totals.
    weight
        Weights to start from, shape (n,).
    chances
        Selection probabilities that the design's FPC give, or None.
    labels
        From a column's name to its value labels.

    Returns
    -------
    prepared, problems, used
        The steps; all problems; names of the totals that steps ask for.
    """
    work = Work(frame, totals, labels, weight > 0)
    prepared: list[Prepared] = []
    for step in recipe:
        before = len(work.problems)
        try:
            found = _PREPARE[step.do](step, work, chances)
        except MpsurveyError as error:
            work.problems.extend(error.problems)
            found = None
        for place in range(before, len(work.problems)):
            work.problems[place] = f"{step.place} ({step.do}): {work.problems[place]}"
        if found is not None:
            prepared.append(found)
    return prepared, work.problems, work.used


def _base(step: RecipeStep, work: Work, chances: Floats | None) -> Prepared:
    named = step.get("probabilities", ())
    if named:
        chance = np.ones(len(work.frame))
        for name in named:
            values = numbers_of(work.frame, name)
            wrong = int(np.count_nonzero(~((values > 0) & (values <= 1))))
            if wrong:
                work.problems.append(
                    f"'{name}' is not a probability above 0 and up to 1 in {wrong:,} rows."
                )
            chance = chance * np.where((values > 0) & (values <= 1), values, 1.0)
    elif chances is not None:
        chance = chances
    else:
        raise DesignError(
            "Name the columns of selection probabilities, one per stage; or declare an fpc for "
            "every stage in the design."
        )
    return Prepared(step, Factor(1 / chance))


def _classes(
    step: RecipeStep, work: Work, stands: Mask, answered: Mask
) -> tuple[Cells, tuple[str, ...]]:
    """Classes of rows, each with somebody who answered; empty ones get a proposal."""
    columns = step.get("classes", ())
    if not columns:
        one = np.zeros(len(work.frame), dtype=np.intp)
        return Cells(Margin(()), one, ("all",)), ()
    margin = Margin(tuple(columns), _merged(step, tuple(columns)))
    cells = cells_of(work.frame, margin)
    unplaced = int(np.count_nonzero((cells.code < 0) & stands))
    if unplaced:
        work.problems.append(
            f"{margin.name} has no value in {unplaced:,} rows that are to be stood for."
        )
    size = len(cells.labels)
    here = stands & (cells.code >= 0)
    whole = np.bincount(cells.code[here], minlength=size)
    some = np.bincount(cells.code[here & answered], minlength=size)
    empty = np.flatnonzero((whole > 0) & (some == 0))
    if len(empty):
        work.problems.append(
            f"Nobody answered in {len(empty)} class(es) of {margin.name}. "
            + propose_merges(cells, empty, some > 0, some)
        )
    return cells, _said(margin)


def _merged(step: RecipeStep, columns: tuple[str, ...]) -> dict[Any, Any]:
    out: dict[Any, Any] = {}
    for merge in step.get("merge", ()):
        if tuple(merge.get("of", columns)) == columns:
            for cell in merge["cells"]:
                out[cell] = merge["into"]
    return out


def _said(margin: Margin) -> tuple[str, ...]:
    return tuple(
        f"{margin.name}: {cell_words(cell)} counted with {cell_words(into)}"
        for cell, into in margin.merged.items()
    )


def _unknown(step: RecipeStep, work: Work, _chances: Floats | None) -> Prepared:
    rule = str(step.get("known"))
    known = mask(work.frame, rule)
    cells, notes = _classes(step, work, work.alive, known)
    record = Response(responded=rule, classes=cells.margin if step.get("classes") else None)
    respond = Respond(
        np.maximum(cells.code, 0), len(cells.labels), work.alive.copy(), known,
        largest=step.get("largest_factor"), names=cells.labels,
    )  # fmt: skip
    work.alive &= known
    return Prepared(step, respond, record, notes=notes)


def _nonresponse(step: RecipeStep, work: Work, _chances: Floats | None) -> Prepared:
    rule = str(step.get("responded"))
    answered = mask(work.frame, rule)
    among = step.get("eligible")
    stands = work.alive if among is None else work.alive & mask(work.frame, str(among))
    if not (answered & stands).any():
        work.problems.append(f"Nobody obeys '{rule}': no one is left to stand for the others.")
    eligible = None if among is None else str(among)
    method = step.get("method", "classes")
    largest = step.get("largest_factor")
    if method == "classes":
        cells, notes = _classes(step, work, stands, answered)
        record: Any = Response(
            responded=rule, among=eligible, classes=cells.margin if step.get("classes") else None
        )
        ready: Step = Respond(
            np.maximum(cells.code, 0), len(cells.labels), stands.copy(), answered,
            largest=largest, names=cells.labels,
        )  # fmt: skip
    else:
        margins = [_margin(step, named) for named in step.get("margins", ())]
        variables = [str(v) for v in step.get("variables", ())]
        notes = tuple(note for margin in margins for note in _said(margin))
        auxiliaries = _model(work, margins, variables, stands)
        groups = step.get("groups", 5) if method == "propensity_classes" else None
        ready = Propensities(auxiliaries.matrix, stands.copy(), answered, groups, largest)
        if groups:
            record = Response(responded=rule, among=eligible, classes="class")
        else:
            record = Propensity(
                responded=rule,
                among=eligible,
                propensity="chance",
                margins=margins,
                variables=variables,
            )
    work.alive = work.alive & stands & answered
    return Prepared(step, ready, record, notes=notes)


def _model(work: Work, margins: list[Margin], variables: list[str], stands: Mask) -> Auxiliaries:
    cells = [cells_of(work.frame, margin) for margin in margins]
    columns = [("1", np.ones(len(work.frame)))]
    columns += [(name, numbers_of(work.frame, name)) for name in variables if name != "1"]
    for one in cells:
        empty = int(np.count_nonzero((one.code < 0) & stands))
        if empty:
            work.problems.append(f"{one.margin.name} has no value in {empty:,} rows of the model.")
    for name, values in columns:
        empty = int(np.count_nonzero(~np.isfinite(values) & stands))
        if empty:
            work.problems.append(f"{name} has no value in {empty:,} rows of the model.")
    return Auxiliaries.build(cells, columns, len(work.frame))


def _margin(step: RecipeStep, named: Sequence[str]) -> Margin:
    columns = tuple(named)
    if len(columns) == 1 and " x " in columns[0]:
        columns = tuple(part.strip() for part in columns[0].split(" x "))
    return Margin(columns, _merged(step, columns))


def _fit(step: RecipeStep, work: Work, _chances: Floats | None) -> Prepared:
    named = [step.get("margin")] if step.do == "poststratify" else step.get("margins", ())
    margins = [_margin(step, one) for one in named]
    found: list[tuple[Cells, Floats]] = []
    for margin in margins:
        ready = match_margin(margin, work)
        if ready is not None:
            found.append(ready)
    variables = [str(v) for v in step.get("variables", ())]
    columns, numbers = match_variables(variables, work)
    compare_sums([(cells.margin.name, totals) for cells, totals in found], work)
    if len(found) < len(margins) or len(numbers) < len(variables):
        return Prepared(step, Factor(np.ones(0)))  # never run: there are problems
    within = step.get("within")
    household: Codes | None = None
    if within is not None:
        if within not in work.frame.columns:
            raise ColumnMissing([("within", str(within))], work.frame.columns)
        household, _ = encode(work.frame[str(within)])
        if (household[work.alive] < 0).any():
            work.problems.append(f"'{within}' is missing in rows with a weight.")
    scale = None
    if step.get("scale") is not None:
        scale = numbers_of(work.frame, str(step.get("scale")))
        if not (scale[work.alive] > 0).all():
            work.problems.append(f"'{step.get('scale')}' must be above 0 in rows with a weight.")
    names = [
        f"{cells.margin.name}: {cell_words(label)}" for cells, _ in found for label in cells.labels
    ]
    fit = Fit(
        step.do,  # type: ignore[arg-type]  # one of the three steps that call this
        tuple(cells.code for cells, _ in found),
        tuple(totals for _, totals in found),
        np.column_stack(columns) if columns else None,
        np.array(numbers) if columns else None,
        distance="raking" if step.do == "rake" else step.get("distance", "linear"),
        bounds=step.get("bounds"),
        within=household,
        scale=scale,
        names=(*names, *variables),
    )
    work.last_fit = fit
    record = Calibration(margins, variables, before="", within=within, scale=step.get("scale"))
    work.last_record = record
    details = tuple(
        (name, column, number)
        for name, column, number in zip(variables, columns, numbers, strict=True)
    )
    notes = tuple(note for margin in margins for note in _said(margin))
    return Prepared(step, fit, record, tuple(found), details, notes)


_ABOVE = re.compile(
    r"(?:(?P<times>[\d.]+) x (?P<what>median|mean)"
    r"|median \+ (?P<iqr>[\d.]+) x iqr|(?P<potter>potter)"
    r"|(?P<value>[\d.]+))(?: by (?P<by>.+))?"
)


def _trim(step: RecipeStep, work: Work, _chances: Floats | None) -> Prepared:
    found = _ABOVE.fullmatch(str(step.get("above")))
    assert found is not None  # noqa: S101 - the reader has checked it
    group, size = np.zeros(len(work.frame), dtype=np.intp), 1
    if found["by"]:
        columns = tuple(part.strip() for part in re.split(r",| x ", found["by"]))
        cells = cells_of(work.frame, Margin(columns))
        group, size = np.maximum(cells.code, 0), max(len(cells.labels), 1)
    rule: Any = found["what"] or (
        "iqr" if found["iqr"] else "potter" if found["potter"] else "value"
    )
    multiple = float(found["times"] or found["iqr"] or found["value"] or 0)
    below, below_rule = None, "value"
    if step.get("below"):
        low = _ABOVE.fullmatch(str(step.get("below")))
        assert low is not None  # noqa: S101
        below, below_rule = float(low["times"] or low["value"]), low["what"] or "value"
    refit, record = None, None
    if step.get("keep", "sum") == "totals":
        refit, record = work.last_fit, work.last_record
        if refit is None:
            work.problems.append(
                "keep: totals needs a step before it that calibrated on totals (poststratify, "
                "rake, calibrate)."
            )
    trim = Trim(rule, multiple, group, size, below, below_rule, refit)  # type: ignore[arg-type]
    return Prepared(step, trim, record)


def _rescale(step: RecipeStep, work: Work, _chances: Floats | None) -> Prepared:
    to = str(step.get("to"))
    columns = step.get("by", ())
    if columns:
        cells = cells_of(work.frame, Margin(tuple(columns)))
        group, labels = np.maximum(cells.code, 0), cells.labels
    else:
        cells = None
        group, labels = np.zeros(len(work.frame), dtype=np.intp), ("all",)
    targets: Floats | None = None
    if to == "total":
        if cells is not None:
            ready = match_margin(cells.margin, work)
            targets = None if ready is None else ready[1]
        else:
            work.used.add("1")
            whole = work.totals.numbers.get("1")
            if whole is None:
                work.problems.append('No total of people is given: totals={"1": ...}.')
            else:
                targets = np.array([whole])
    elif to != "rows":
        if columns:
            work.problems.append("A number to rescale to stands for all rows; leave 'by' out.")
        targets = np.array([float(to)])
    # A sum of weights that is fixed has no variance: rescaling is a poststratification.
    record = Calibration(
        () if cells is None else (cells.margin,), ("1",) if cells is None else (), before=""
    )
    return Prepared(step, Rescale(group, len(labels), targets), record)


def _share(step: RecipeStep, work: Work, _chances: Floats | None) -> Prepared:
    name = str(step.get("links"))
    links = numbers_of(work.frame, name)
    wrong = int(np.count_nonzero(~(links > 0) & work.alive))
    if wrong:
        work.problems.append(
            f"'{name}' must be above 0: {wrong:,} rows with a weight could be reached by no route."
        )
    return Prepared(step, Factor(np.where(links > 0, 1 / np.where(links > 0, links, 1.0), 0.0)))


def _subsample(step: RecipeStep, work: Work, _chances: Floats | None) -> Prepared:
    """Those drawn in the second phase stand for their stratum of the first."""
    rule, among = str(step.get("drawn")), step.get("among")
    drawn = mask(work.frame, rule)
    stands = work.alive if among is None else work.alive & mask(work.frame, str(among))
    cells, notes = _classes(step, work, stands, drawn)
    record = Response(
        responded=rule,
        among=None if among is None else str(among),
        classes=cells.margin if step.get("classes") else None,
    )
    respond = Respond(
        np.maximum(cells.code, 0), len(cells.labels), stands.copy(), drawn, names=cells.labels
    )
    work.alive = work.alive & stands & drawn
    return Prepared(step, respond, record, notes=notes)


def _combine(step: RecipeStep, work: Work, _chances: Floats | None) -> Prepared:
    """Those in two frames could be drawn twice: their weights are shared between the frames."""
    cells = cells_of(work.frame, Margin((str(step.get("frame")),)))
    if len(cells.labels) != 2:
        raise DesignError(
            f"'{step.get('frame')}' has {len(cells.labels)} values; it tells two frames apart."
        )
    both = mask(work.frame, str(step.get("both")))
    named = step.get("chances")
    if named:
        chances = [numbers_of(work.frame, name) for name in named[:2]]
        own = np.where(cells.code == 0, *chances)
        wrong = int(np.count_nonzero(~(own > 0) & both & work.alive))
        if wrong:
            work.problems.append(f"{wrong:,} rows in both frames have no chance in their own.")
        part = np.divide(own, chances[0] + chances[1], out=np.ones_like(own), where=own > 0)
        return Prepared(step, Factor(np.where(both, part, 1.0)))
    first = step.get("first_share")
    if first is None:
        # in proportion to the rows by which each frame sees those in both
        seen = np.bincount(cells.code[both & work.alive], minlength=2)
        if not seen.all():
            silent = cell_words(cells.labels[int(seen.argmin())])
            raise DesignError(f"Nobody in both frames was drawn from {silent}.")
        first = seen[0] / seen.sum()
    part = np.where(cells.code == 0, first, 1 - first)
    return Prepared(step, Factor(np.where(both, part, 1.0)))


_PREPARE = {
    "subsample": _subsample,
    "combine": _combine,
    "base": _base,
    "unknown_eligibility": _unknown,
    "nonresponse": _nonresponse,
    "poststratify": _fit,
    "rake": _fit,
    "calibrate": _fit,
    "trim": _trim,
    "rescale": _rescale,
    "share": _share,
}
