"""A drawn sample, and what estimation needs to know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from mpsurvey.declaration import Design
from mpsurvey.errors import DesignError
from mpsurvey.planning.methods import Selection
from mpsurvey.planning.stages import Stage

__all__ = ["Drawn", "as_pandas"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A drawn sample with all that estimation needs to know of it.

    Attributes
    ----------
    frame : DataFrame
        The units drawn: the columns of the frame, then for each stage s ``stratum_s``,
        ``probability_s``, ``fpc_s``, ``rotation_s``; then ``probability`` (of being drawn, all
        stages) and ``base_weight``, its inverse.
    reserve : DataFrame
        The units held ready; ``probability`` is that of being in the sample or the reserve.
    design : Design
        Says of `frame` what `Sample` needs: ``mp.Sample(drawn)``.
    strata : DataFrame
        What was drawn where: for each stage and stratum the units listed, drawn, taken for certain
        and held, and the range of probabilities.
    stages : tuple of Stage
        How it was drawn.
    seed : int
        The seed: the same frame, stages and seed give the same sample.
    notes : tuple of str
        What the reader of the sample should know.
    """

    frame: pd.DataFrame
    reserve: pd.DataFrame
    design: Design
    strata: pd.DataFrame
    stages: tuple[Stage, ...]
    seed: int
    notes: tuple[str, ...] = ()
    selections: Mapping[str, Selection] = field(repr=False, default_factory=dict)

    @property
    def units(self) -> tuple[str, ...]:
        """The columns that name the units of the stages; a single stage of rows has none."""
        named = ((stage.unit, s) for s, stage in enumerate(self.stages, start=1))
        return tuple(unit or f"unit_{s}" for unit, s in named if unit or s > 1)

    def joint(self, stratum: str | None = None) -> pd.DataFrame:
        """Joint inclusion probabilities of the first-stage units drawn, one row and column each.

        Parameters
        ----------
        stratum
            One stratum of the first stage; without it all, where units of two strata are
            independent.

        Returns
        -------
        DataFrame
            Indexed by the unit (or the row of the frame); probabilities on the diagonal.
            ``.attrs["status"]`` says for each stratum whether they are exact.

        Raises
        ------
        DesignError
            If the method has no joint probabilities, or the stratum is unknown.
        """
        if stratum is not None and stratum not in self.selections:
            raise DesignError(
                f"No stratum '{stratum}' in the first stage; it has "
                f"{', '.join(repr(one) for one in self.selections)}."
            )
        names = [stratum] if stratum is not None else list(self.selections)
        status = {name: self.selections[name].joint_status for name in names}
        own = np.concatenate(
            [self.selections[name].pi[self.selections[name].chosen] for name in names]
        )
        joint = np.outer(own, own)
        at = 0
        for name in names:
            block = self.selections[name].joint()
            joint[at : at + len(block), at : at + len(block)] = block
            at += len(block)
        units = np.concatenate([self.selections[name].names for name in names])
        out = pd.DataFrame(joint, index=units, columns=units)
        out.attrs["status"] = status
        return out

    def __repr__(self) -> str:
        lines = [f"Drawn: {len(self.frame):,} units, seed {self.seed}"]
        lines += [f"  {line}" for line in self.strata.to_string(index=False).splitlines()]
        lines += [f"  note: {note}" for note in self.notes]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{note}</li>" for note in self.notes)
        return (
            f"<p><b>{len(self.frame):,} units drawn</b>, seed {self.seed}</p>"
            f"{self.strata.to_html(index=False)}<ul>{notes}</ul>"
        )


def as_pandas(frame: Any) -> pd.DataFrame:
    """Return a pandas frame of whatever frame came in; a pandas frame as it is."""
    if isinstance(frame, pd.DataFrame):
        return frame
    if hasattr(frame, "frame"):
        return as_pandas(frame.frame)
    if hasattr(frame, "collect"):
        frame = frame.collect()
    if hasattr(frame, "to_pandas"):
        return as_pandas(frame.to_pandas())
    try:
        return pd.DataFrame(frame)
    except (TypeError, ValueError) as error:
        raise DesignError(
            f"A frame is wanted (pandas, Polars, PyArrow or a mapping), not {type(frame).__name__}."
        ) from error
