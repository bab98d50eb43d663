"""What was found while harmonising: counts and shares, never a respondent's record."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from mpsurvey.harmonisation.crosswalk import Action, Kind

__all__ = ["Finding", "Report"]

TITLES: Mapping[str, str] = {
    "unmapped": "Codes that no recode names",
    "type": "Values of the wrong type",
    "date": "Dates out of range",
    "impossible": "Values that cannot be",
    "routing": "Routing",
    "unit": "Values that differ inside a household",
    "join": "Rows of files without their counterpart",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or may be, said once for all rows that have it.

    Attributes
    ----------
    kind
        The sort of problem, as in a crosswalk's ``checks``.
    variable
        The variable of the modules.
    what
        In words.
    count, of
        Rows that have it, and rows that were looked at.
    action
        What was done: ``"list"``, made ``"missing"``, or ``"fail"``.
    place
        File and line of the crosswalk, where it has them.
    """

    kind: Kind
    variable: str
    what: str
    count: int
    of: int
    action: Action = "list"
    place: str = ""

    @property
    def share(self) -> float:
        """Share of the rows that were looked at, 0 to 1."""
        return self.count / self.of if self.of else 0.0

    def __str__(self) -> str:
        place = f"{self.place}: " if self.place else ""
        done = "; made missing" if self.action == "missing" else ""
        return (
            f"{place}{self.variable}: {self.what} "
            f"({self.count:,} of {self.of:,} rows, {self.share:.1%}{done})"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of harmonising a file.

    Attributes
    ----------
    crosswalk
        Its id and version.
    rows
        Rows of the main file.
    findings
        Everything that is wrong or may be.
    mapped
        Variables taken from the file, with the rows that have an answer.
    concepts
        Concepts that were worked out, with the rows that have a value.
    not_worked_out
        Concepts that were not, with the variables that are lacking.
    nearly
        Those of them of which something is there; the text names no others.
    not_checked
        Checks and routing that could not be looked at, with the variables that are lacking.
    remarks
        What a user should know.
    """

    crosswalk: str
    rows: int
    findings: tuple[Finding, ...] = ()
    mapped: Mapping[str, int] = field(default_factory=dict)
    concepts: Mapping[str, int] = field(default_factory=dict)
    not_worked_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    nearly: tuple[str, ...] = ()
    not_checked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def of_kind(self, *kinds: str) -> tuple[Finding, ...]:
        """Return the findings of some sorts."""
        return tuple(one for one in self.findings if one.kind in kinds)

    def about(self, variable: str) -> tuple[Finding, ...]:
        """Return the findings on one variable."""
        return tuple(one for one in self.findings if one.variable == variable)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per finding: kind, variable, what, count, of, share, action, place."""
        columns = ["kind", "variable", "what", "count", "of", "share", "action", "place"]
        rows = [[getattr(one, column) for column in columns] for one in self.findings]
        return pd.DataFrame(rows, columns=columns)

    def write(self, path: Path | str) -> Path:
        """Write the findings as CSV, whole or not at all, and return where they are."""
        target = Path(path)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}-", suffix=".csv")
        unfinished = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                self.to_frame().to_csv(file, index=False)
            unfinished.chmod(0o644)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
        return target

    def __str__(self) -> str:
        lines = [
            f"{self.crosswalk}: {self.rows:,} rows, {len(self.mapped)} variables, "
            f"{len(self.concepts)} concepts worked out"
        ]
        for kind, title in TITLES.items():
            found = self.of_kind(kind)
            if found:
                lines += ["", f"{title}:", *(f"  {one}" for one in found)]
        if not self.findings:
            lines += ["", "Nothing was found that is wrong."]
        near: dict[tuple[str, ...], list[str]] = {}
        for name in self.nearly:
            near.setdefault(self.not_worked_out[name], []).append(name)
        if near:
            lines += ["", "Concepts that could not be worked out, and what they lack:"]
            lines += [
                f"  {', '.join(names)}: {', '.join(absent)}" for absent, names in near.items()
            ]
        if far := len(self.not_worked_out) - len(self.nearly):
            lines += ["", f"{far} more concepts of the modules find nothing in this file."]
        if self.remarks:
            lines += ["", *self.remarks]
        return "\n".join(lines)
