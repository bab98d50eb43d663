"""Rows of linked files laid under each other, with the sampling units that they share."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mpsurvey.declaration import Design
from mpsurvey.design import Sample
from mpsurvey.errors import ColumnMissing, DesignError, MpsurveyError
from mpsurvey.estimation.domains import Domains, coded

__all__ = ["Layer", "Stack", "declared_columns", "stacked"]

HOUSEHOLD = "hh_id"
ROW = "row of the file"
EACH_ROW = "_n"
"""How Stata writes that each row is a unit."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A file, and where its rows call a breakdown variable otherwise."""

    rows: str
    elsewhere: tuple[tuple[str, str], ...] = ()

    def name(self, variable: str) -> str:
        """Name of a breakdown variable in these rows."""
        return dict(self.elsewhere).get(variable, variable)


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """Rows of several layers as one sample.

    Attributes
    ----------
    sample
        All rows, with the columns of the design only.
    bounds
        The rows of each layer.
    files
        The samples they came from.
    notes
        What a reader must know of how they were put together.
    """

    sample: Sample
    bounds: Mapping[Layer, slice]
    files: Mapping[str, Sample]
    notes: tuple[str, ...] = ()

    def domains(self, names: Sequence[str]) -> Domains:
        """Groups of all rows by breakdown variables; values of all layers together.

        Raises
        ------
        ColumnMissing
            A layer lacks a breakdown variable.
        """
        if not names:
            return Domains(None, (), (), {})
        absent = [
            (f"by ({layer.rows or 'the sample'})", layer.name(name))
            for layer in self.bounds
            for name in names
            if layer.name(name) not in self.files[layer.rows].frame.columns
        ]
        if absent:
            have = {c for one in self.files.values() for c in one.frame.columns}
            raise ColumnMissing(list(dict.fromkeys(absent)), have)
        code: NDArray[np.intp] | None = None
        inside = np.ones(len(self.sample), dtype=bool)
        levels: list[NDArray[Any]] = []
        for name in names:
            read = [coded(self.files[layer.rows], layer.name(name)) for layer in self.bounds]
            values = np.unique(np.concatenate([np.asarray(level) for _, level in read]))
            parts = []
            for codes, level in read:
                to = np.append(np.searchsorted(values, np.asarray(level)), -1)
                parts.append(to[codes])  # -1, unanswered, finds the last place
            one = np.concatenate(parts)
            inside &= one >= 0
            code = one if code is None else code * len(values) + one
            levels.append(values)
        assert code is not None  # noqa: S101 - there is at least one name
        return Domains(
            np.where(inside, code, -1), tuple(names), tuple(levels), {}, partial=not inside.all()
        )

    def labels(self, names: Sequence[str]) -> dict[str, Mapping[Any, str]]:
        """Value labels of breakdown variables, from the first file that has them."""
        return {
            name: labels
            for name in names
            for layer in reversed(tuple(self.bounds))
            if (labels := self.files[layer.rows].labels(layer.name(name)))
        }

    def titles(self, names: Sequence[str]) -> dict[str, str]:
        """Labels of breakdown variables, from the first file that has them."""
        return {
            name: variable.label
            for name in names
            for layer in reversed(tuple(self.bounds))
            if (variable := self.files[layer.rows].variables.get(layer.name(name))) is not None
            and variable.label
        }


def stacked(files: Mapping[str, Sample], layers: Sequence[Layer]) -> Stack:
    """Lay the rows of some layers under each other.

    One layer stays the sample it is. A sample that remembers keeps what was stacked.

    Raises
    ------
    DesignError
        The files do not declare the same design, or nothing says which rows belong together.
    """
    first = files[layers[0].rows]
    if len(layers) == 1:
        return Stack(first, {layers[0]: slice(0, len(first))}, files)
    key = ("stack", tuple(layers), tuple(id(files[layer.rows]) for layer in layers))
    found: Stack = first.recall(key, lambda: _stack(files, layers))
    return found


def _stack(files: Mapping[str, Sample], layers: Sequence[Layer]) -> Stack:
    samples = [files[layer.rows] for layer in layers]
    first = samples[0]
    same_file = all(one is first for one in samples)
    if not all(_alike(one.design, first.design) for one in samples):
        raise DesignError(
            "The files that a figure is made of declare different designs. Declare the same "
            "weight, strata, psu and fpc for all of them, so that shared areas are known."
        )
    design, notes, unit = _linking(first.design, samples, same_file=same_file)
    wanted = _columns_of(design, first.frame.columns)
    frames, bounds, start = [], {}, 0
    for layer, one in zip(layers, samples, strict=True):
        folded = one.rows is not None  # cells have weights of their own
        taken = [c for c in wanted if c != ROW and not (folded and c == design.weight)]
        absent = [("the design", c) for c in taken if c not in one.frame.columns]
        if absent:
            raise ColumnMissing(absent, one.frame.columns)
        frame = pd.DataFrame({c: one.frame[c].to_pandas().reset_index(drop=True) for c in taken})
        if unit == ROW:
            frame[ROW] = np.arange(len(one))
        if folded or design.weight is None:
            frame[design.weight or "weight of the row"] = one.weight
        frames.append(frame)
        bounds[layer] = slice(start, start + len(one))
        start += len(one)
    if design.weight is None:
        design = replace(design, weight="weight of the row")
    whole = Sample(pd.concat(frames, ignore_index=True), design)
    if any(one.rows is not None for one in samples):
        each = [np.ones(len(one), dtype=np.int64) if one.rows is None else one.rows
                for one in samples]  # fmt: skip
        object.__setattr__(whole, "rows", np.concatenate(each))
    return Stack(whole, bounds, files, notes)


def declared_columns(sample: Sample) -> tuple[str, ...]:
    """Columns of a sample that say how its rows were drawn, without the weight."""
    listed = _columns_of(replace(sample.design, weight=None), sample.frame.columns)
    return tuple(name for name in listed if name != EACH_ROW)


def _alike(one: Design, two: Design) -> bool:
    return (one.weight, one.strata, one.psu, one.fpc) == (two.weight, two.strata, two.psu, two.fpc)


def _linking(
    design: Design, samples: Sequence[Sample], *, same_file: bool
) -> tuple[Design, tuple[str, ...], str | None]:
    """Design of the stack: no calibration, and units that rows of several files can share."""
    notes: list[str] = []
    if design.calibration is not None or any(one.rerun is not None for one in samples):
        notes.append(
            "The standard error does not count what calibration of the weights gains: rows of "
            "several files are put together."
        )
        design = replace(design, calibration=None)
    columns = design.replicates is not None and design.replicates.columns is not None
    psu = tuple(design.psu or ())
    if columns or (psu and EACH_ROW not in psu):
        return design, tuple(notes), None
    if psu:  # the last stage of Stata's declaration is each row: its stage is left out
        kept = psu.index(EACH_ROW)
        if kept:
            design = replace(
                design,
                psu=psu[:kept],
                strata=tuple(design.strata or ())[:kept] or None,
                fpc=tuple(design.fpc or ())[:kept] or None,
            )
            return design, tuple(notes), None
    if same_file:
        return replace(design, psu=(ROW,)), tuple(notes), ROW
    if not all(HOUSEHOLD in one.frame.columns for one in samples):
        raise MpsurveyError(
            "Nothing says which rows of the files belong together: the design names no psu, and "
            f"not every file has '{HOUSEHOLD}'."
        )
    notes.append("Households are taken as the units that were drawn.")
    # Counts of rows say nothing of counts of households.
    return replace(design, psu=(HOUSEHOLD,), fpc=None), tuple(notes), None


def _columns_of(design: Design, columns: Sequence[str]) -> list[str]:
    """Columns that a design names, replicate weights by their pattern."""
    names = [design.weight, *(design.strata or ()), *(design.psu or ()), *(design.fpc or ())]
    listed = [name for name in names if name is not None]
    replicates = None if design.replicates is None else design.replicates.columns
    if isinstance(replicates, str):
        listed += [c for c in columns if fnmatch.fnmatchcase(c, replicates)]
    elif replicates is not None:
        listed += list(replicates)
    return list(dict.fromkeys(listed))
