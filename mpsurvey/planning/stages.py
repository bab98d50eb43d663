"""One stage of a sampling plan: how its units are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from mpsurvey.errors import DesignError, did_you_mean
from mpsurvey.planning.methods import BY_NUMBER, METHODS, SIZED, Method

__all__ = ["Stage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """How the units of one stage are drawn.

    Parameters
    ----------
    n
        Units to draw in each stratum (of each unit of the stage before): one number, a mapping from
        stratum to number, a column that holds the number, or ``"all"``.
    unit
        Column that names the unit, such as the enumeration area. Without it each row is a unit.
    strata
        Columns whose crossing makes the strata.
    method
        ``"srs"``, ``"systematic"``, ``"pps_systematic"``, ``"brewer"``, ``"sampford"``,
        ``"tille"``, ``"pivotal"``, ``"max_entropy"``, ``"cube"``, ``"poisson"`` or ``"pareto"``.
    size
        Column with the measure of size; without it probabilities are equal.
    order
        Columns to sort the list by in serpentine order before a systematic or pivotal draw, or
        ``"random"``. Without it a systematic draw takes the order of the rows, and a pivotal
        draw pairs at random.
    balance
        Columns whose totals the cube method reproduces, the most important first.
    take_all
        ``"auto"`` takes units that are larger than the sampling interval for certain,
        ``"fail"`` reports them, and a column of true and false forces its units in besides.
    reserve
        Units to draw besides in each stratum, held ready to replace or to extend.
    rotation
        Number of rotation groups to spread the drawn units over.
    prn
        Column of permanent random numbers in [0, 1), for coordination with other surveys:
        ``"srs"``, ``"poisson"`` and ``"pareto"`` use it.
    start
        Where the permanent random numbers are counted from: the same start as another survey for
        the greatest overlap, another part of the circle for the least.

    Raises
    ------
    DesignError
        If the method is unknown or does not go with the other arguments; all faults at once.
    """

    n: int | str | Mapping[Any, int]
    unit: str | None = None
    strata: str | Sequence[str] = ()
    method: Method = "srs"
    size: str | None = None
    order: str | Sequence[str] = ()
    balance: str | Sequence[str] = ()
    take_all: str = "auto"
    reserve: int = 0
    rotation: int = 0
    prn: str | None = None
    start: float = 0.0

    def __post_init__(self) -> None:
        for name in ("strata", "order", "balance"):
            given = getattr(self, name)
            object.__setattr__(self, name, (given,) if isinstance(given, str) else tuple(given))
        problems = []
        if self.method not in METHODS:
            problems.append(
                f"method is '{self.method}'; it is one of {', '.join(METHODS)}."
                + did_you_mean(self.method, METHODS)
            )
        if self.method in SIZED and self.size is None:
            problems.append(f"method '{self.method}' draws by size. Name the size column.")
        if self.method in ("srs", "systematic") and self.size is not None:
            problems.append(
                f"method '{self.method}' draws with equal probabilities, but size is "
                f"'{self.size}'. Use 'pps_systematic' or another method by size."
            )
        if self.method == "cube" and not self.balance:
            problems.append("method 'cube' balances. Name the balance columns.")
        if self.method != "cube" and self.balance:
            problems.append(f"balance needs method 'cube', not '{self.method}'.")
        if self.prn is not None and self.method not in BY_NUMBER:
            problems.append(
                f"method '{self.method}' does not use permanent random numbers; "
                f"{', '.join(BY_NUMBER)} do."
            )
        if self.order and self.method not in ("systematic", "pps_systematic", "pivotal"):
            problems.append(
                f"order has no effect on method '{self.method}'. Use 'systematic', "
                "'pps_systematic' or 'pivotal', or leave order out."
            )
        if self.reserve and (self.method in ("poisson", "cube") or self.prn is not None):
            problems.append(
                "A reserve is a random part of one fixed-size draw; it does not go with 'poisson', "
                "'cube' or permanent random numbers."
            )
        if not 0 <= self.start < 1:
            problems.append(f"start is {self.start}; it is at least 0 and less than 1.")
        if self.reserve < 0 or self.rotation < 0:
            problems.append("reserve and rotation are at least 0.")
        if problems:
            raise DesignError(problems)

    @classmethod
    def of(cls, given: Stage | Mapping[str, Any]) -> Stage:
        """Return the stage, made from a mapping where it is one."""
        if isinstance(given, Stage):
            return given
        known = [one.name for one in fields(cls)]
        unknown = [
            f"A stage has no '{key}'.{did_you_mean(str(key), known)}"
            for key in given
            if key not in known
        ]
        if "n" not in given:
            unknown.append("A stage needs n, the number of units to draw.")
        if unknown:
            raise DesignError(unknown)
        return cls(**given)

    @property
    def columns(self) -> list[tuple[str, str]]:
        """The columns the stage reads, with their roles."""
        named: list[tuple[str, str | None]] = [
            ("unit", self.unit),
            ("size", self.size),
            ("prn", self.prn),
            ("take_all", None if self.take_all in ("auto", "fail") else self.take_all),
            ("n", self.n if isinstance(self.n, str) and self.n != "all" else None),
        ]
        named += [("strata", name) for name in self.strata]
        named += [("order", name) for name in self.order if self.order != ("random",)]
        named += [("balance", name) for name in self.balance]
        return [(role, name) for role, name in named if name is not None]
