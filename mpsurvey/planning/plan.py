"""A plan file: what is to be known, how the sample is divided, and how it is drawn.

::

    title: Migration survey 2027
    currency: aurals
    seed: 20270101
    sizes:
      - name: Unemployment rate of immigrants
        indicator: EMP04            # or statistic: proportion
        value: 0.12
        moe: 0.04
    allocation:
      strata: strata.csv
      method: bethel
      figures: {unemployment: {mean: unemployed}}
      targets: [{figure: unemployment, cv: 0.05, by: region}]
    expected:
      earlier: round2023.dta        # the CV of each indicator, judged from an earlier round
      crosswalk: round2023.yaml
      indicators: employment
      by: [sex, region]
    draw:
      frame: areas.csv
      stages:
        - {unit: ea, strata: stratum, n: allocation, method: pps_systematic, size: households}
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from mpsurvey.errors import DesignError, FileUnreadable, MpsurveyError, did_you_mean
from mpsurvey.planning.allocating import allocate
from mpsurvey.planning.allocation_result import Allocation
from mpsurvey.planning.drawing import draw
from mpsurvey.planning.drawn import Drawn
from mpsurvey.planning.size_result import SampleSize
from mpsurvey.planning.sizes import sample_size

__all__ = ["Plan", "Planned", "carry_out", "read_plan"]

PARTS = ("title", "currency", "seed", "sizes", "allocation", "expected", "draw")
STEPS = ("size", "allocate", "draw")
Expect = Callable[[Path, Mapping[str, Any], Allocation | None], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan as its file says it, checked for unknown words.

    Attributes
    ----------
    path : Path
        The file; frames are looked for beside it.
    title, currency : str
        For the report.
    seed : int or None
        Of the draw.
    sizes : tuple of mappings
        Arguments of `sample_size`, each with a name.
    allocation, draw : mapping or None
        Arguments of `allocate` and `draw`, with the file of strata or the frame.
    expected : mapping or None
        The earlier round from which the precision of the catalogue's indicators is judged.
    """

    path: Path
    title: str
    currency: str
    seed: int | None
    sizes: tuple[Mapping[str, Any], ...]
    allocation: Mapping[str, Any] | None
    draw: Mapping[str, Any] | None
    expected: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What came of a plan.

    Attributes
    ----------
    plan : Plan
        What was asked.
    sizes : dict
        A `SampleSize` for each figure by its name.
    allocation : Allocation or None
        The sample in each stratum.
    drawn : Drawn or None
        The sample.
    expected : object or None
        What the caller's `expect` found: its ``frame`` has a row per indicator and group.
    """

    plan: Plan
    sizes: Mapping[str, SampleSize] = field(default_factory=dict)
    allocation: Allocation | None = None
    drawn: Drawn | None = None
    expected: Any = None

    def __repr__(self) -> str:
        lines = [self.plan.title]
        lines += [f"{name}\n  {one!r}" for name, one in self.sizes.items()]
        made = (self.allocation, self.expected, self.drawn)
        lines += [repr(one) for one in made if one is not None]
        return "\n\n".join(lines)


def read_plan(path: str | Path, *, seed: int | None = None) -> Plan:
    """Read a plan file; a seed given here goes before the file's.

    Raises
    ------
    FileUnreadable
        If the file is absent or is not YAML.
    DesignError
        If it says words that a plan does not have; all at once.
    """
    path = Path(path)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise FileUnreadable(f"{path}: the plan cannot be read ({error}).") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark is not None else ""
        raise FileUnreadable(f"{path}{line}: this is not YAML. Check the indentation.") from error
    if not isinstance(content, Mapping):
        raise DesignError(f"{path}: a plan has {', '.join(PARTS)}; this file has none of them.")
    problems = _unknown(content, PARTS, f"{path}: a plan")
    sizes = content.get("sizes") or []
    if not isinstance(sizes, list) or not all(isinstance(one, Mapping) for one in sizes):
        problems.append(f"{path}: sizes is a list, each with a name and a statistic or indicator.")
        sizes = []
    allowed = {*_words(sample_size), "name", "indicator"} - {"catalogue"}
    for number, one in enumerate(sizes, start=1):
        where = f"{path}: sizes {number}"
        problems += _unknown(one, allowed, where)
        if ("statistic" in one) == ("indicator" in one):
            problems.append(f"{where} needs a statistic or an indicator, one of them.")
    if not isinstance(content.get("expected") or {}, Mapping):
        problems.append(f"{path}: expected is a mapping that names an earlier round.")
    for part, function, source in (("allocation", allocate, "strata"), ("draw", draw, "frame")):
        given = content.get(part)
        if given is None:
            continue
        if not isinstance(given, Mapping):
            problems.append(f"{path}: {part} is a mapping of names to values.")
            continue
        extra = {"keep"} if part == "draw" else set()
        problems += _unknown(
            given, _words(function) - {"within", "seed"} | extra, f"{path}: {part}"
        )
        if source not in given:
            problems.append(f"{path}: {part} needs {source}, the file with its {source}.")
    if problems:
        raise DesignError(problems)
    return Plan(
        path=path,
        title=str(content.get("title") or path.stem),
        currency=str(content.get("currency") or ""),
        seed=content.get("seed") if seed is None else seed,
        sizes=tuple(sizes),
        allocation=content.get("allocation"),
        draw=content.get("draw"),
        expected=content.get("expected"),
    )


def carry_out(
    plan: Plan,
    steps: Iterable[str] = STEPS,
    *,
    catalogue: Callable[[], Any] | None = None,
    expect: Expect | None = None,
) -> Planned:
    """Do what a plan asks.

    Parameters
    ----------
    plan
        The plan.
    steps
        Which of ``"size"``, ``"allocate"``, ``"draw"``, where the plan has them; a draw whose n is
        ``allocation`` allocates first.
    catalogue
        Called for the catalogue when an indicator is planned by its id.
    expect
        Called with the plan's folder, its ``expected`` part and the allocation.

    Raises
    ------
    DesignError
        If a step has faults, with the part of the plan that has them.
    """
    wanted = set(steps)
    sizes: dict[str, SampleSize] = {}
    if "size" in wanted:
        cat = None
        if catalogue is not None and any("indicator" in one for one in plan.sizes):
            cat = catalogue()
        for number, one in enumerate(plan.sizes, start=1):
            given = dict(one)
            statistic = given.pop("statistic", None) or given.pop("indicator", None)
            name = str(given.pop("name", None) or statistic)
            where = f"{plan.path}: sizes {number} ({name})"
            sizes[name] = _done(where, sample_size, statistic, catalogue=cat, **given)
    allocation = None
    if plan.allocation and ("allocate" in wanted or ("draw" in wanted and _asks(plan))):
        allocation = _allocated(plan)
    expected = None
    if plan.expected and expect is not None and "allocate" in wanted:
        where = f"{plan.path}: expected"
        expected = _done(where, expect, plan.path.parent, plan.expected, allocation)
    drawn = None
    if plan.draw and "draw" in wanted:
        drawn = _drawn(plan, allocation)
    return Planned(plan=plan, sizes=sizes, allocation=allocation, expected=expected, drawn=drawn)


def _asks(plan: Plan) -> bool:
    given = plan.draw or {}
    stages = [given, *(given.get("stages") or ())]
    return any(stage.get("n") == "allocation" for stage in stages)


def _allocated(plan: Plan) -> Allocation:
    given = dict(plan.allocation or {})
    where = f"{plan.path}: allocation"
    strata = read_frame(plan.path.parent / str(given.pop("strata")), where)
    done: Allocation = _done(where, allocate, strata, **given)
    return done


def _drawn(plan: Plan, allocation: Allocation | None) -> Drawn:
    given = dict(plan.draw or {})
    where = f"{plan.path}: draw"
    frame = read_frame(plan.path.parent / str(given.pop("frame")), where)
    given.pop("keep", None)
    stages = [dict(stage) for stage in given.get("stages") or ()]
    for stage in [given, *stages]:
        if stage.get("n") == "allocation":
            if allocation is None:
                raise DesignError(f"{where}: n is 'allocation', but the plan has no allocation.")
            stage["n"] = allocation.units
    if stages:
        given["stages"] = stages
    done: Drawn = _done(where, draw, frame, seed=plan.seed, **given)
    return done


def read_frame(path: Path, where: str) -> pd.DataFrame:
    """Read a list of strata or units: .csv, .xlsx or .parquet."""
    readers: dict[str, Callable[[Path], pd.DataFrame]] = {
        ".csv": pd.read_csv,
        ".xlsx": pd.read_excel,
        ".parquet": pd.read_parquet,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise FileUnreadable(f"{where}: {path.name} is not .csv, .xlsx or .parquet.")
    try:
        return reader(path)
    except (OSError, ValueError) as error:
        raise FileUnreadable(f"{where}: {path} cannot be read ({error}).") from error


def _done(where: str, function: Callable[..., Any], *args: Any, **given: Any) -> Any:
    """Call, with the place in the plan before each fault."""
    try:
        return function(*args, **given)
    except MpsurveyError as error:
        raise DesignError(f"{where}: {problem}" for problem in error.problems) from error
    except TypeError as error:
        raise DesignError(f"{where}: a value is of the wrong kind ({error}).") from error


def _words(function: Callable[..., Any]) -> set[str]:
    return set(inspect.signature(function).parameters)


def _unknown(given: Mapping[str, Any], known: Iterable[str], where: str) -> list[str]:
    words = sorted(known)
    return [
        f"{where} has no '{key}'.{did_you_mean(str(key), words)}"
        for key in given
        if str(key) not in words
    ]
