"""`draw`: a sample from a frame, stage by stage, ready to be a `Sample`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mpsurvey.declaration import Design
from mpsurvey.errors import DesignError
from mpsurvey.planning.drawn import Drawn, as_pandas
from mpsurvey.planning.methods import Method, Selection
from mpsurvey.planning.stage_draw import draw_stage
from mpsurvey.planning.stages import Stage
from mpsurvey.planning.unit_list import list_units

__all__ = ["draw"]


def draw(
    frame: Any,
    stages: Stage | Mapping[str, Any] | Sequence[Stage | Mapping[str, Any]] | None = None,
    *,
    n: int | str | Mapping[Any, int] | None = None,
    method: Method = "srs",
    unit: str | None = None,
    strata: str | Sequence[str] = (),
    size: str | None = None,
    order: str | Sequence[str] = (),
    balance: str | Sequence[str] = (),
    take_all: str = "auto",
    reserve: int = 0,
    rotation: int = 0,
    prn: str | None = None,
    start: float = 0.0,
    within: Drawn | None = None,
    seed: int | None = None,
) -> Drawn:
    """Draw a sample from a frame, in one stage or several.

    Give one stage by keywords, or `stages` as a list of `Stage` (or mappings of the same names).
    Each stratum, of each unit of the stage before, has random numbers of its own, made from the
    seed, the stage and its labels: a change in one stratum leaves the others as they were.

    Parameters
    ----------
    frame
        The list to draw from, any frame. Rows are units of the last stage. Never changed.
    stages
        First stage first; the keywords below describe a single stage instead, see `Stage`.
    within
        A sample drawn earlier: the stages continue inside its units, for which `frame` is the new
        listing. Rows of other units are left aside.
    seed
        For a sample that can be drawn again; without it a seed is made and kept in the result.

    Returns
    -------
    Drawn

    Raises
    ------
    DesignError
        If the frame or the stages have faults: duplicates, missing or zero sizes, units larger than
        the interval, strata without n, more units wanted than listed; all of a stage at once.
    ColumnMissing
        If a stage names columns that the frame lacks.

    Examples
    --------
    >>> areas = pd.DataFrame({"ea": range(8), "households": [80, 90, 100, 120, 60, 75, 110, 95]})
    >>> drawn = draw(areas, n=2, method="pps_systematic", unit="ea", size="households", seed=1)
    >>> drawn.design
    Design(weight='base_weight', strata=('stratum_1',), psu=('ea',), fpc=('fpc_1',))
    >>> bool(np.isclose((drawn.frame["base_weight"] * drawn.frame["households"]).sum(), 730))
    True
    """
    if stages is None:
        if n is None:
            raise DesignError("Say how many units to draw: n=..., or stages=[...].")
        plan: tuple[Stage, ...] = (
            Stage(
                n=n, method=method, unit=unit, strata=strata, size=size, order=order,
                balance=balance, take_all=take_all, reserve=reserve, rotation=rotation,
                prn=prn, start=start,
            ),
        )  # fmt: skip
    else:
        if n is not None:
            raise DesignError("Give stages, or the keywords of one stage, not both.")
        given = [stages] if isinstance(stages, Stage | Mapping) else list(stages)
        plan = tuple(Stage.of(one) for one in given)
    return _draw(as_pandas(frame), plan, within, seed)


def _draw(
    frame: pd.DataFrame, plan: tuple[Stage, ...], within: Drawn | None, seed: int | None
) -> Drawn:
    if seed is None:
        seed = int(np.random.SeedSequence().generate_state(1)[0])
    done = len(within.stages) if within else 0
    _check_plan(frame, plan, within, done)
    psu: list[str] = []
    notes: list[str] = []
    if within is None:
        rows = frame
        parents = np.zeros(len(frame), dtype=np.intp)
        parent_labels = [""]
        probability = np.ones(len(frame))
    else:
        rows, parents, parent_labels = _inside(frame, within)
        probability = rows["probability"].to_numpy()
        psu = list(within.units)
        notes = list(within.notes)
        rows = rows.drop(columns=["probability", "base_weight"])
    added: dict[str, npt.NDArray[Any]] = {}
    tables = [within.strata] if within else []
    selections: Mapping[str, Selection] = within.selections if within else {}
    held_rows = rows.iloc[:0]
    held_columns: dict[str, npt.NDArray[Any]] = {}
    blind = [] if within is None else list(range(len(within.design.fpc or ()) + 1, done + 1))
    for offset, stage in enumerate(plan):
        number = done + offset + 1
        last = offset == len(plan) - 1
        units = list_units(
            rows, stage, parents=parents, parent_labels=parent_labels, number=number, last=last
        )
        drawn = draw_stage(rows, stage, units, number, seed)
        tables.append(drawn.table)
        if drawn.lonely:
            blind.append(number)
        notes += drawn.notes
        if number == 1:
            selections = drawn.selections
        if last and drawn.held.size:
            held_rows = rows.iloc[drawn.held]
            held_columns = {name: values[drawn.held] for name, values in added.items()}
            held_columns["probability"] = (
                probability[drawn.held] * drawn.with_reserve[units.of_row[drawn.held]]
            )
        keep = np.flatnonzero(drawn.inside[units.of_row])
        if not keep.size:
            raise DesignError(
                f"Stage {number}: no unit was drawn: n is 0 everywhere, or Poisson sampling drew "
                "none. Raise n."
            )
        kept_unit = units.of_row[keep]
        rows = rows.iloc[keep]
        probability = probability[keep] * drawn.pi[kept_unit]
        added = {name: values[keep] for name, values in added.items()}
        added[f"stratum_{number}"] = drawn.stratum[kept_unit]
        added[f"probability_{number}"] = drawn.pi[kept_unit]
        added[f"fpc_{number}"] = drawn.fpc[kept_unit]
        if stage.rotation:
            added[f"rotation_{number}"] = drawn.rotation[kept_unit]
        parents, _ = pd.factorize(kept_unit)
        order_of_parent = pd.unique(kept_unit)
        if stage.unit is not None:
            names = rows[stage.unit].to_numpy()[np.unique(parents, return_index=True)[1]]
            psu.append(stage.unit)
        else:
            names = order_of_parent
            if number > 1:
                added[f"unit_{number}"] = np.arange(1, len(rows) + 1)
                psu.append(f"unit_{number}")
        parent_labels = [
            f"{units.labels[units.group[unit]]} > {name}"
            for unit, name in zip(order_of_parent, names, strict=True)
        ]
    taken = [name for name in (*added, "probability", "base_weight") if name in rows.columns]
    if taken:
        raise DesignError(
            f"The frame already has a column '{name}', which the draw writes. Rename it."
            for name in taken
        )
    out = rows.assign(**added, probability=probability, base_weight=1 / probability)
    total = done + len(plan)
    # A later stage of single units shows no variance, so the design ends before it.
    seen = next((s for s in blind if s > 1), total + 1) - 1
    design = Design(
        weight="base_weight",
        strata=tuple(f"stratum_{s}" for s in range(1, seen + 1)),
        psu=tuple(psu[:seen]),
        fpc=tuple(f"fpc_{s}" for s in range(1, seen + 1)),
    )
    return Drawn(
        frame=out,
        reserve=held_rows.assign(**held_columns),
        design=design,
        strata=pd.concat(tables, ignore_index=True),
        stages=(*(within.stages if within else ()), *plan),
        seed=seed,
        notes=tuple(notes),
        selections=selections,
    )


def _check_plan(
    frame: pd.DataFrame, plan: tuple[Stage, ...], within: Drawn | None, done: int
) -> None:
    problems = []
    if not plan:
        problems.append("The plan has no stage.")
    if len(frame) == 0:
        problems.append("The frame has no rows.")
    problems += [
        f"Stage {done + s + 1} has stages after it, so it needs a unit: the column that names what "
        "is drawn."
        for s, stage in enumerate(plan[:-1])
        if stage.unit is None
    ]
    problems += [
        f"Stage {done + s + 1}: a reserve belongs to the last stage of a draw. Draw this stage by "
        "itself, and the next with within=."
        for s, stage in enumerate(plan[:-1])
        if stage.reserve
    ]
    if within is not None and within.stages[-1].unit is None:
        problems.append("within= needs a sample whose last stage named its unit.")
    if problems:
        raise DesignError(problems)


def _inside(
    frame: pd.DataFrame, within: Drawn
) -> tuple[pd.DataFrame, npt.NDArray[np.intp], list[str]]:
    """Return the rows of the new listing inside the units drawn before, and whose they are."""
    keys = list(within.units)
    absent = [key for key in keys if key not in frame.columns]
    if absent:
        raise DesignError(
            f"The listing lacks the column '{key}' that names the units drawn before."
            for key in absent
        )
    made = [
        name
        for name in within.frame.columns
        if name in ("probability", "base_weight")
        or name.rpartition("_")[0] in ("stratum", "probability", "fpc", "rotation")
    ]
    known = within.frame[[*keys, *made]].assign(_drawn=np.arange(len(within.frame)))
    rows = frame.reset_index(names="_row") if "_row" not in frame.columns else frame
    merged = rows.merge(known, on=keys, how="inner", validate="many_to_one")
    empty = within.frame.loc[
        ~np.isin(np.arange(len(within.frame)), merged["_drawn"].to_numpy()), keys[-1]
    ]
    if len(empty):
        shown = ", ".join(str(one) for one in empty.iloc[:5])
        raise DesignError(
            f"{len(empty)} drawn units '{keys[-1]}' have no row in the listing: {shown}"
            f"{' and more' if len(empty) > 5 else ''}. List them, or say in fieldwork that they "
            "are empty by a row of their own."
        )
    merged = merged.set_index("_row")
    merged.index.name = frame.index.name
    parents, of_drawn = pd.factorize(merged.pop("_drawn"))
    names = within.frame[keys].astype(str).agg(" > ".join, axis=1).to_numpy()[of_drawn]
    return merged, np.asarray(parents, dtype=np.intp), [str(one) for one in names]
