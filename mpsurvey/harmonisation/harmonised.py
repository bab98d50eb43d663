"""A survey's rows under the modules' names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from mpsurvey.errors import MpsurveyError
from mpsurvey.harmonisation.crosswalk import Unit
from mpsurvey.harmonisation.report import Report
from mpsurvey.harmonisation.target import Of
from mpsurvey.microdata import Microdata

__all__ = ["Harmonised"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Harmonised(Microdata):
    """Microdata whose columns are the modules' variables and concepts.

    Attributes
    ----------
    report
        What was found, counted; print it.
    of
        Whom each variable describes: ``"person"``, ``"household"`` or ``"design"``.
    rosters
        Further files with many rows for each household or person, by the roster's name, with the
        household's own variables beside each row.
    unit
        What a row is: ``"person"`` or ``"household"``.
    """

    report: Report
    of: Mapping[str, Of] = field(default_factory=dict)
    rosters: Mapping[str, Microdata] = field(default_factory=dict)
    unit: Unit = "person"

    def __repr__(self) -> str:
        found = len(self.report.findings)
        said = "nothing found wrong" if not found else f"{found} findings: print(data.report)"
        return f"{Microdata.__repr__(self)}\n  harmonised by {self.report.crosswalk}; {said}"

    def at_households(self) -> Microdata:
        """Return one row for each household, with what describes households or the design.

        For figures on households from a file of persons: a mean over persons counts a household as
        often as it has members.

        Raises
        ------
        MpsurveyError
            When the data do not say which persons live together: map ``hh_id``, or give the
            crosswalk ``household:``.
        """
        if "hh_id" not in self.variables:
            raise MpsurveyError(
                "Households are told apart by 'hh_id', which the data lack. Map it, or name the "
                "columns under 'household:' in the crosswalk."
            )
        code, _ = pd.factorize(self.frame["hh_id"])
        numbers, first = np.unique(code, return_index=True)
        first = np.sort(first[numbers >= 0])
        kept = [
            name
            for name in self.variables
            if self.of.get(name) in ("household", "design")
            or (name not in self.of and _same_inside(self.frame[name], code))
        ]
        whole = replace(self, rosters={}).select(kept)
        taken = whole.take(first)
        plain = {
            f: getattr(taken, f)
            for f in ("source", "design", "title", "notes", "weight", "remarks", "reasons")
        }
        return Microdata(taken.frame.reset_index(drop=True), taken.variables, **plain)


def _same_inside(column: pd.Series, household: np.ndarray) -> bool:
    """Whether a column of the file is the same for all who live together."""
    values, _ = pd.factorize(column)
    pairs = pd.DataFrame({"household": household, "value": values}).drop_duplicates()
    return not pairs["household"].duplicated().any()
