"""A survey's rows under the modules' names, in their engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from mpsurvey.declaration import Design
from mpsurvey.errors import ColumnMissing, MpsurveyError
from mpsurvey.harmonisation.crosswalk import Unit
from mpsurvey.harmonisation.lazy_columns import plain
from mpsurvey.harmonisation.lazy_rows import Sums, all_known, one_where
from mpsurvey.harmonisation.outcome import design_columns
from mpsurvey.harmonisation.report import Report
from mpsurvey.harmonisation.target import Of
from mpsurvey.microdata import Variable
from mpsurvey.microdata.dataset import BLANK

__all__ = ["LazyHarmonised", "LazyMicrodata"]


@dataclass(frozen=True, slots=True, eq=False)
class LazyMicrodata:
    """A survey's rows in their engine, and what its columns mean.

    `mpsurvey.Sample` takes it, and asks the engine for sums where the design names PSUs.

    Attributes
    ----------
    frame
        The lazy frame, of the library that was given. Codes are floats, null where there is no
        answer.
    variables
        What each column means, by name.
    design
        The design by the host variables that were mapped, or None.
    remarks
        What a user should know.
    """

    frame: Any
    variables: Mapping[str, Variable]
    design: Design | None = None
    remarks: tuple[str, ...] = field(default=(), kw_only=True)

    def __iter__(self) -> Iterator[str]:
        return iter(self.variables)

    def __contains__(self, name: object) -> bool:
        return name in self.variables

    def __repr__(self) -> str:
        engine = nw.from_native(self.frame).implementation.name
        lines = [f"{len(self.variables):,} variables of rows that stay in {engine}"]
        lines.append(f"  design: {self.design if self.design else 'none declared'}")
        return "\n".join([*lines, *(f"  remark: {remark}" for remark in self.remarks)])

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.variables)

    def label(self, name: str, value: Any = None) -> str:
        """Return the words for a variable, or for one of its values."""
        if name not in self.variables:
            raise ColumnMissing([("this question", name)], self.variables)
        variable = self.variables[name]
        if value is None:
            return variable.label or name
        return variable.answers.get(value) or variable.missing.get(value) or str(value)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LazyHarmonised(LazyMicrodata):
    """What `mpsurvey.harmonise` makes of a lazy frame: its rows are still to be worked out.

    Attributes
    ----------
    report
        What was found, counted by the engine; print it.
    reasons
        For each variable the reasons for missing answers, with their counts. Which row had which
        is not kept.
    of, rosters, unit
        As in `Harmonised`.
    """

    report: Report
    reasons: Mapping[str, Mapping[Any, int]] = field(default_factory=dict)
    of: Mapping[str, Of] = field(default_factory=dict)
    rosters: Mapping[str, LazyMicrodata] = field(default_factory=dict)
    unit: Unit = "person"

    def __len__(self) -> int:
        return self.report.rows

    def __repr__(self) -> str:
        found = len(self.report.findings)
        said = "nothing found wrong" if not found else f"{found} findings: print(data.report)"
        return (
            f"{self.report.rows:,} rows, {LazyMicrodata.__repr__(self)}\n"
            f"  harmonised by {self.report.crosswalk}; {said}"
        )

    def missing_reasons(self, name: str) -> pd.DataFrame:
        """Count the rows behind each reason for a missing answer: ``code``, ``label``, ``count``.

        As `Microdata.missing_reasons`, counted when the data were harmonised.
        """
        if name not in self.variables:
            raise ColumnMissing([("this question", name)], self.variables)
        variable = self.variables[name]
        counted: dict[Any, int] = dict.fromkeys(variable.missing, 0) | dict(
            self.reasons.get(name, {})
        )
        labels = [variable.missing.get(code, "") for code in counted]
        known = self.report.mapped.get(name, self.report.concepts.get(name))
        if known is None:
            raise MpsurveyError(
                f"'{name}' is a column of the file that is carried over as it is: its blanks were "
                "not counted. Ask the frame itself."
            )
        if (blank := self.report.rows - known - sum(counted.values())) > 0:
            counted[None] = blank
            labels.append(BLANK)
        return pd.DataFrame(
            {
                "code": pd.Series(list(counted), dtype=object),
                "label": pd.Series(labels, dtype=object),
                "count": pd.Series(list(counted.values()), dtype=np.int64),
            }
        )

    def at_households(self) -> LazyMicrodata:
        """Return one row for each household, with what describes households or the design.

        The rows stay in their engine, which groups them by ``hh_id``. As its rows have no order,
        a variable that differs inside a household has no first value there and is left out with a
        remark; one that only some members answered has their answer.

        Raises
        ------
        MpsurveyError
            When the data do not say which persons live together.
        """
        if "hh_id" not in self.variables:
            raise MpsurveyError(
                "Households are told apart by 'hh_id', which the data lack. Map it, or name the "
                "columns under 'household:' in the crosswalk."
            )
        lazy: nw.LazyFrame[Any] = nw.from_native(self.frame)
        schema = lazy.collect_schema()
        wanted = [
            name
            for name in self.variables
            if name != "hh_id" and self.of.get(name, "household") in ("household", "design")
        ]
        apart = {f"c{at}": name for at, name in enumerate(wanted)}
        chosen = lazy.filter(~nw.col("hh_id").is_null()).select(
            "hh_id",
            *(
                plain(nw.col(name), schema[name], f"'{name}'")[0].alias(at)
                for at, name in apart.items()
            ),
        )
        grouped = chosen.with_columns(
            *(one_where(nw.col(at).is_null()).alias(f"blank{at}") for at in apart)
        )
        grouped = grouped.group_by("hh_id").agg(
            *(nw.col(at).max() for at in apart),
            *(nw.col(at).min().alias(f"least{at}") for at in apart),
            *(nw.col(f"blank{at}").min().alias(f"all{at}") for at in apart),
            *(nw.col(f"blank{at}").max() for at in apart),
        )
        sums = Sums()
        differ: dict[str, str] = {}
        for at, name in apart.items():
            several = all_known([at]) & (nw.col(at) != nw.col(f"least{at}"))
            if name not in self.of:  # the file's own: a blank is a value of it
                several = several | (nw.col(f"blank{at}") != nw.col(f"all{at}"))
            differ[at] = sums.ask(several)
        sums.count(grouped)
        kept = {at: name for at, name in apart.items() if not sums[differ[at]]}
        left = [name for at, name in apart.items() if at not in kept and name in self.of]
        frame = grouped.select("hh_id", *(nw.col(at).alias(name) for at, name in kept.items()))
        names = {"hh_id", *kept.values()}
        variables = {name: one for name, one in self.variables.items() if name in names}
        design = self.design
        if design is not None and not set(design_columns(design)) <= names:
            design = None
        remarks = self.remarks
        if left:
            remarks = (*remarks, f"These differ inside households: {', '.join(left)}.")
        return LazyMicrodata(
            frame.select(*variables).to_native(), variables, design, remarks=remarks
        )
