"""National figures from elsewhere: value, unit, source and year, as named inputs."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from mpsurvey.catalogue import AUXILIARIES
from mpsurvey.errors import MpsurveyError, did_you_mean

__all__ = ["Auxiliary", "auxiliaries_of", "read_auxiliaries"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Auxiliary:
    """A national figure that does not come from the survey.

    Attributes
    ----------
    name
        As indicators call it: ``"gdp"``; see ``mpsurvey.catalogue.AUXILIARIES``.
    value
        The figure, in the unit of the survey's own amounts: aurals and not millions of aurals.
    unit, source, year
        What it is in, who published it, and the year it is of. They go to the footnotes.
    se
        Its standard error, where it has one: it then enters that of the indicator.
    key, values
        For a figure that differs by group, such as exchange rates by country: the variable, and
        the value for each of its codes.

    Examples
    --------
    >>> Auxiliary(name="gdp", value=4.1e9, unit="aurals", source="National accounts", year=2025)
    Auxiliary: gdp = 4,100,000,000 aurals (National accounts, 2025)
    """

    name: str
    value: float | None = None
    unit: str
    source: str
    year: int
    se: float = 0.0
    key: str | None = None
    values: Mapping[Any, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = []
        if (self.value is None) == (self.key is None or not self.values):
            problems.append(f"'{self.name}' needs a value, or a key with its values.")
        numbers = [self.se, *self.values.values()]
        if self.value is not None:
            numbers.append(self.value)
        if not all(isinstance(one, int | float) and math.isfinite(one) for one in numbers):
            problems.append(f"'{self.name}' holds what is no number.")
        elif self.se < 0:
            problems.append(f"The standard error of '{self.name}' is below 0.")
        if self.key is not None and self.se:
            problems.append(f"'{self.name}' differs by {self.key}: a standard error is not used.")
        if not str(self.source).strip() or not str(self.unit).strip():
            problems.append(f"'{self.name}' needs its source and its unit: they are published.")
        if problems:
            raise MpsurveyError(problems)

    def __repr__(self) -> str:
        return f"Auxiliary: {self.words()}"

    def words(self) -> str:
        """Say the figure with its source, for a footnote."""
        if self.value is None:
            said = f"by {self.key}, {len(self.values)} values, {self.unit}"
            return f"{self.name} {said} ({self.source}, {self.year})"
        error = f", standard error {self.se:,.6g}" if self.se else ""
        return f"{self.name} = {self.value:,.15g} {self.unit} ({self.source}, {self.year}{error})"


Given = Mapping[str, Any] | Iterable[Auxiliary] | Path | str | None


def auxiliaries_of(given: Given) -> dict[str, Auxiliary]:
    """Read auxiliaries in any form that `mpsurvey.tabulate` takes.

    Parameters
    ----------
    given
        `Auxiliary` objects; a mapping from name to one or to its fields; or a YAML or CSV file.

    Raises
    ------
    MpsurveyError
        Every figure that lacks something, all at once.
    """
    if given is None:
        return {}
    if isinstance(given, str | Path):
        return read_auxiliaries(given)
    if not isinstance(given, Mapping):
        return {one.name: one for one in given}
    found, problems = {}, []
    for name, one in given.items():
        try:
            found[name] = one if isinstance(one, Auxiliary) else _made(name, one)
        except MpsurveyError as error:
            problems.append(str(error))
    if problems:
        raise MpsurveyError(problems)
    return found


def read_auxiliaries(path: Path | str) -> dict[str, Auxiliary]:
    """Read national figures from a YAML or CSV file.

    YAML: ``gdp: {value: 4.1e+9, unit: aurals, source: "National accounts", year: 2025}``; by group
    ``fx_mid: {key: ro_cnt, values: {643: 90.1}, ...}``. CSV: columns name, value, unit, source,
    year, and where wanted se, key and code (a row for each code).

    Raises
    ------
    MpsurveyError
        The file cannot be read, or a figure lacks something.
    """
    file = Path(path)
    if not file.is_file():
        raise MpsurveyError(f"There is no file {file} of national figures.")
    if file.suffix.lower() == ".csv":
        return auxiliaries_of(_from_csv(file))
    import yaml

    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise MpsurveyError(f"{file} is not YAML: {error}") from None
    if not isinstance(content, dict):
        raise MpsurveyError(f"{file} holds no figures: name each, with value, unit, source, year.")
    return auxiliaries_of(content)


def _made(name: str, one: Any) -> Auxiliary:
    known = {part.name for part in fields(Auxiliary)} - {"name"}
    if not isinstance(one, Mapping):
        raise MpsurveyError(
            f"'{name}' needs value, unit, source and year: {{'value': ..., 'unit': ..., "
            "'source': ..., 'year': ...}."
        )
    given = dict(one)
    problems = [
        f"'{name}' has no '{key}'.{did_you_mean(str(key), known)}" for key in given.keys() - known
    ]
    problems += [
        f"'{name}' lacks '{key}': it is published with the figure."
        for key in ("unit", "source", "year")
        if given.get(key) in (None, "")
    ]
    if problems:
        raise MpsurveyError(sorted(problems))
    try:
        for key in ("value", "se"):
            if given.get(key) is not None:
                given[key] = float(given[key])
        given["year"] = int(given["year"])
        given["values"] = {k: float(v) for k, v in dict(given.get("values") or {}).items()}
    except (TypeError, ValueError):
        raise MpsurveyError(f"'{name}' holds what is no number.") from None
    return Auxiliary(name=name, **given)


def _from_csv(file: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    with file.open(encoding="utf-8-sig", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            cells = {key: (text or "").strip() for key, text in row.items() if key}
            name = cells.pop("name", "")
            if not name:
                raise MpsurveyError(f"{file}:{number}: the row has no name.")
            code = cells.pop("code", "")
            one = found.setdefault(name, {k: v for k, v in cells.items() if v and k != "value"})
            if code:
                values = one.setdefault("values", {})
                values[int(code) if code.lstrip("-").isdigit() else code] = cells.get("value")
            elif cells.get("value"):
                one["value"] = cells["value"]
    return found


def said(name: str, language: str) -> str:
    """Say what a national figure is, for those who are to give it."""
    words = AUXILIARIES.get(name, {})
    meaning = words.get(language) or words.get("en", "")
    return f"{name} ({meaning})" if meaning else name
