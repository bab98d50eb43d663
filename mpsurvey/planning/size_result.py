"""What a sample size comes to: interviews, contacts, households, precision and cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from mpsurvey.errors import DesignError, did_you_mean
from mpsurvey.planning.inclusion import Array
from mpsurvey.planning.rare import RareGroup

__all__ = ["Costs", "SampleSize"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What fieldwork costs, in any one currency.

    Parameters
    ----------
    interview
        Per completed interview.
    screening
        Per household screened for a rare group.
    psu
        Per PSU: travel and listing together.
    fixed
        Whatever the size.
    """

    interview: float = 1.0
    screening: float = 0.0
    psu: float = 0.0
    fixed: float = 0.0

    @classmethod
    def of(cls, given: Costs | Mapping[str, float] | None) -> Costs | None:
        """Return the costs, made from a mapping where it is one."""
        if given is None or isinstance(given, Costs):
            return given
        known = [one.name for one in fields(cls)]
        unknown = [
            f"Costs have no '{key}'.{did_you_mean(str(key), known)}"
            for key in given
            if key not in known
        ]
        if unknown:
            raise DesignError(unknown)
        return cls(**given)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSize:
    """The answer of `sample_size`.

    Attributes
    ----------
    statistic : str
        What is estimated.
    interviews : int
        Completed interviews, of both groups or rounds together where there are two.
    by_group : tuple of int
        The interviews of each group or round; one number where there is one.
    to_select : int
        People (of the group, where it is rare) to approach, so that after nonresponse the
        interviews remain.
    households : int or None
        Households to screen for a rare group.
    psus : int or None
        PSUs, where the interviews per PSU are known.
    deff : float
        The design effect used.
    se, moe, cv : float
        What the interviews give: standard error, half the interval at `level`, and standard error
        over value. A CV does not exist for a difference.
    level : float
        Confidence level of `moe`.
    cost : float or None
        Total cost, where costs were given.
    steps : DataFrame
        How the size grew, step by step.
    """

    statistic: str
    interviews: int
    by_group: tuple[int, ...]
    to_select: int
    households: int | None
    psus: int | None
    deff: float
    se: float
    moe: float
    cv: float
    level: float
    cost: float | None
    steps: pd.DataFrame = field(repr=False)
    _unit_variance: float = field(repr=False)
    _value: float = field(repr=False)
    _population: float = field(repr=False)
    _take: float | None = field(repr=False)
    _response: float = field(repr=False)
    _group: RareGroup | None = field(repr=False)
    _costs: Costs | None = field(repr=False)
    _screened: float = field(repr=False)

    def curve(self, interviews: Array | None = None) -> pd.DataFrame:
        """Precision against size and cost.

        Parameters
        ----------
        interviews
            The sizes to show; by default from a quarter to four times this one.

        Returns
        -------
        DataFrame
            ``interviews``, ``se``, ``moe``, ``cv`` and, where costs were given, ``cost``. The
            margin is the normal one, whatever interval found the size.
        """
        if interviews is None:
            interviews = np.unique(np.rint(self.interviews * 2 ** np.linspace(-2, 2, 25)))
        interviews = interviews[(interviews >= 2) & (interviews <= self._population)]
        share = self.by_group[0] / self.interviews
        first = interviews * share
        variance = self.deff * self._unit_variance * (1 / first - 1 / self._population)
        se = np.sqrt(np.maximum(variance, 0))
        z = float(stats.norm.ppf((1 + self.level) / 2))
        out = pd.DataFrame({"interviews": interviews.astype(int), "se": se, "moe": z * se})
        out["cv"] = se / abs(self._value) if self._value else np.nan
        if self._costs is not None:
            out["cost"] = [
                cost_of(
                    self._costs, float(n), self._take, self._response, self._group, self._screened
                )
                for n in interviews
            ]
        return out

    def __repr__(self) -> str:
        lines = [f"SampleSize of a {self.statistic}: {self.interviews:,} interviews"]
        if len(self.by_group) > 1:
            lines[0] += f" ({' + '.join(f'{n:,}' for n in self.by_group)})"
        rest = [f"{self.to_select:,} to approach"]
        if self.households is not None:
            rest.append(f"{self.households:,} households to screen")
        if self.psus is not None:
            rest.append(f"{self.psus:,} PSUs")
        rest.append(f"deff {self.deff:.3g}, se {self.se:.4g}, moe {self.moe:.4g}")
        if np.isfinite(self.cv):
            rest.append(f"cv {self.cv:.3g}")
        if self.cost is not None:
            rest.append(f"cost {self.cost:,.0f}")
        return "\n  ".join([*lines, *rest])

    def _repr_html_(self) -> str:
        return f"<pre>{self!r}</pre>{self.steps.to_html(index=False)}"


def cost_of(
    costs: Costs,
    interviews: float,
    take: float | None,
    response: float,
    group: RareGroup | None,
    share: float = 1.0,
) -> float:
    """Cost of interviews with their PSUs and the screening of the share that is of a rare group."""
    screened = group.households(interviews * share, response) if group is not None else 0.0
    psus = np.ceil(interviews / take) if take else 0.0
    return float(
        costs.fixed + costs.interview * interviews + costs.screening * screened + costs.psu * psus
    )


def described(rows: list[tuple[str, float, Any]]) -> pd.DataFrame:
    """Return the steps as a table."""
    return pd.DataFrame(rows, columns=["step", "factor", "size"])
