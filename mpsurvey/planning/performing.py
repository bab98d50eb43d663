"""What the commands `size`, `allocate` and `draw` do with a plan file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from mpsurvey.errors import DesignError
from mpsurvey.planning.plan import STEPS, Expect, carry_out, read_plan
from mpsurvey.planning.report import write_report, write_sample

__all__ = ["perform"]


def perform(
    plan: str | Path,
    verb: Literal["size", "allocate", "draw"],
    *,
    report: str | Path | None = None,
    sample: str | Path | None = None,
    seed: int | None = None,
    catalogue: Callable[[], Any] | None = None,
    expect: Expect | None = None,
) -> str:
    """Carry a plan file out up to a step, write what is asked, and say what came of it.

    Parameters
    ----------
    plan
        The plan file.
    verb
        The last step; the report shows the steps before it as well, where the plan has them.
    report
        A .html or .xlsx file for the report.
    sample
        A .csv or .xlsx file for the units drawn.
    seed
        A seed in place of the plan's.
    catalogue
        Called for the catalogue when the plan names indicators.
    expect
        Called for the precision of the catalogue's indicators when the plan names an earlier round.

    Raises
    ------
    DesignError
        If the plan lacks the step, or the step has faults.
    """
    read = read_plan(plan, seed=seed)
    parts = {"size": read.sizes, "allocate": read.allocation, "draw": read.draw}
    words = {"size": "sizes", "allocate": "allocation", "draw": "draw"}
    if not parts[verb] and not (verb == "allocate" and read.expected):
        raise DesignError(f"{plan}: the plan has no '{words[verb]}'.")
    before = STEPS[: STEPS.index(verb) + 1]
    there = {**parts, "allocate": read.allocation or read.expected}
    steps = [verb] if report is None else [step for step in before if there[step]]
    planned = carry_out(read, steps, catalogue=catalogue, expect=expect)
    told = [repr(planned)]
    if report is not None:
        told.append(f"wrote {write_report(planned, report)}")
    if sample is not None:
        told.append(f"wrote {write_sample(planned, sample)}")
    return "\n".join(told)
