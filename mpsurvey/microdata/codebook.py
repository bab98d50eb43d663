"""What the columns mean, as JSON: for the metadata of a parquet file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from mpsurvey.declaration import Bootstrap, Brr, Design, Jackknife, SuccessiveDifference
from mpsurvey.microdata.variable import MultipleResponse, Variable

__all__ = ["Codebook", "design_read", "design_said", "from_json", "to_json"]

VERSION = 1
REPLICATES = {kind.__name__: kind for kind in (Brr, Jackknife, Bootstrap, SuccessiveDifference)}


@dataclass(frozen=True, slots=True)
class Codebook:
    """Everything about a file but its rows."""

    variables: Mapping[str, Variable]
    reason_codes: Mapping[str, tuple[Any, ...]]
    title: str = ""
    notes: tuple[str, ...] = ()
    weight: str | None = None
    multiple_response: Mapping[str, MultipleResponse] | None = None
    design: Design | None = None


def to_json(book: Codebook) -> str:
    """Write a codebook; codes keep their type because they stand in pairs, not as keys."""
    said = {
        "version": VERSION,
        "title": book.title,
        "notes": list(book.notes),
        "weight": book.weight,
        "design": design_said(book.design),
        "variables": [_variable_said(one) for one in book.variables.values()],
        "reasons": {name: list(codes) for name, codes in book.reason_codes.items()},
        "multiple_response": [asdict(one) for one in (book.multiple_response or {}).values()],
    }
    return json.dumps(said, ensure_ascii=False, default=_plain)


def from_json(text: str) -> Codebook:
    """Read a codebook that `to_json` wrote."""
    said = json.loads(text)
    variables = [_variable_read(one) for one in said["variables"]]
    sets = [
        MultipleResponse(**{**one, "columns": tuple(one["columns"])})
        for one in said["multiple_response"]
    ]
    return Codebook(
        variables={one.name: one for one in variables},
        reason_codes={name: tuple(codes) for name, codes in said["reasons"].items()},
        title=said["title"],
        notes=tuple(said["notes"]),
        weight=said["weight"],
        multiple_response={one.name: one for one in sets},
        design=design_read(said["design"]),
    )


def _variable_said(variable: Variable) -> dict[str, Any]:
    said = {one.name: getattr(variable, one.name) for one in fields(variable)}
    said["answers"] = list(map(list, variable.answers.items()))
    said["missing"] = list(map(list, variable.missing.items()))
    said["missing_ranges"] = [[_end(low), _end(high)] for low, high in variable.missing_ranges]
    return {key: value for key, value in said.items() if value not in (None, "", (), [])}


def _variable_read(said: dict[str, Any]) -> Variable:
    read = dict(said)
    for field in ("answers", "missing"):
        read[field] = dict(said.get(field, ()))
    read["missing_ranges"] = tuple(
        (float(low), float(high)) for low, high in said.get("missing_ranges", ())
    )
    read["notes"] = tuple(said.get("notes", ()))
    return Variable(**read)


def _end(number: float) -> float | str:
    # JSON has no infinity; float() reads these words
    return number if abs(number) != float("inf") else ("inf" if number > 0 else "-inf")


def design_said(design: Design | None) -> dict[str, Any] | None:
    """Say a design in words that JSON holds; the calibration is not among them."""
    if design is None:
        return None
    roles = ("weight", "strata", "psu", "fpc", "lonely_psu")
    said: dict[str, Any] = {role: getattr(design, role) for role in roles}
    if design.replicates is not None:
        said["replicates"] = {
            "kind": type(design.replicates).__name__,
            **asdict(design.replicates),
        }
    return said


def design_read(said: dict[str, Any] | None) -> Design | None:
    """Read what `design_said` said."""
    if said is None:
        return None
    read = dict(said)
    for role in ("strata", "psu", "fpc"):
        read[role] = tuple(said[role] or ())
    replicates = said.get("replicates")
    if replicates is not None:
        given: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in replicates.items()
        }
        read["replicates"] = REPLICATES[given.pop("kind")](**given)
    return Design(**read)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)
