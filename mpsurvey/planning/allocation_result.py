"""What an allocation comes to: sizes, weights, cost, precision, and the price of oversampling."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mpsurvey.planning.figures import Precision
from mpsurvey.planning.inclusion import Array

__all__ = ["Allocation", "price_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """The answer of `allocate`.

    Attributes
    ----------
    frame : DataFrame
        One row per stratum: ``stratum``, ``population``, ``n``, ``fraction``, ``weight``, ``cost``;
        with two stages also ``take`` and ``psus``.
    method : str
        How.
    n : int
        Interviews (or households screened) in all.
    cost : float
        Their cost.
    deff : float
        Kish's effect of the unequal weights on figures for everybody: what oversampling costs them.
    groups : DataFrame
        For everybody and for each group: the interviews expected, the effect of unequal weights,
        the effective interviews, and the effective interviews that a proportional allocation of the
        same n would give.
    expected : DataFrame
        The CV expected of each figure, everywhere and in each domain, with its target.
    """

    frame: pd.DataFrame
    method: str
    n: int
    cost: float
    deff: float
    groups: pd.DataFrame
    expected: pd.DataFrame
    _precision: Precision = field(repr=False)
    _cost: Array = field(repr=False)

    @property
    def units(self) -> dict[str, int]:
        """Units to draw in each stratum, PSUs where there are two stages: the n of `draw`."""
        column = "psus" if "psus" in self.frame else "n"
        return {
            str(label): int(count)
            for label, count in zip(self.frame["stratum"], self.frame[column], strict=True)
        }

    def curve(self, factors: Array | None = None) -> pd.DataFrame:
        """Precision against cost, when all strata grow or shrink together.

        Returns
        -------
        DataFrame
            ``factor``, ``n``, ``cost``, and ``figure``, ``by``, ``domain``, ``cv``.
        """
        if factors is None:
            factors = 2 ** np.linspace(-2, 2, 17)
        sizes, most = self.frame["n"].to_numpy(float), self.frame["population"].to_numpy(float)
        parts = []
        for factor in factors:
            n = np.minimum(sizes * factor, most)
            part = self._precision.labels.assign(cv=self._precision.cv(n))
            part.insert(0, "cost", float(self._cost @ n))
            part.insert(0, "n", int(np.rint(n.sum())))
            part.insert(0, "factor", float(factor))
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def __repr__(self) -> str:
        lines = [
            f"Allocation by {self.method}: n {self.n:,}, cost {self.cost:,.0f}, "
            f"deff of weights {self.deff:.3f}",
            self.frame.to_string(index=False),
        ]
        if len(self.groups) > 1:
            lines.append(self.groups.to_string(index=False))
        if len(self.expected):
            lines.append(self.expected.to_string(index=False))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        tables = [self.frame, self.groups, self.expected]
        return f"<p>{self.method}</p>" + "".join(
            table.to_html(index=False) for table in tables if len(table)
        )


def price_of(N: Array, n: Array, shares: dict[str, Array]) -> tuple[float, pd.DataFrame]:
    r"""Return Kish's effect for everybody, and the table of groups.

    .. math:: d = \frac{\sum_h m_h \; \sum_h m_h w_h^2}{(\sum_h m_h w_h)^2},
              \quad m_h = n_h P_h, \ w_h = N_h / n_h

    Kish (1992), Journal of Official Statistics 8, 183-200.
    """
    rows = []
    taken = n > 0
    weight = np.where(taken, N / np.where(taken, n, 1), 0.0)
    even = float(n.sum() / N.sum())
    for name, share in {"everybody": np.ones(N.size), **shares}.items():
        m = n * share
        represented = float(m @ weight)
        deff = float(m.sum() * (m @ weight**2) / represented**2) if represented else np.nan
        rows.append(
            {
                "group": name,
                "interviews": float(m.sum()),
                "deff": deff,
                "effective": float(m.sum() / deff) if represented else 0.0,
                "effective_if_proportional": float(even * np.sum(N * share)),
            }
        )
    return rows[0]["deff"], pd.DataFrame(rows)  # type: ignore[return-value]
