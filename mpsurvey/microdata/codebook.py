"""What the columns mean, as JSON: for the metadata of a parquet file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from mpsurvey.declaration import Bootstrap, Brr, Design, Jackknife, SuccessiveDifference
from mpsurvey.microdata.variable import MultipleResponse, Variable

__all__ = ["Codebook", "design_read", "design_said", "from_json", "steps_said", "to_json"]

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
    """Say a design in words that JSON holds."""
    if design is None:
        return None
    roles = ("weight", "strata", "psu", "fpc", "lonely_psu", "lonely_domains")
    said: dict[str, Any] = {role: getattr(design, role) for role in roles}
    if design.replicates is not None:
        said["replicates"] = {
            "kind": type(design.replicates).__name__,
            **asdict(design.replicates),
        }
    if design.calibration is not None:
        said["calibration"] = steps_said(design.calibration)
    return said


def steps_said(steps: Any) -> list[dict[str, Any]]:
    """Say the steps that made weights: their kind, and what each was given.

    The steps are types of a later stage; here they are known only as records of words. `Sample`
    reads them again (`mpsurvey.design.calibration.listed_steps`).
    """
    listed = steps if isinstance(steps, list | tuple) else (steps,)
    return [
        dict(one) if isinstance(one, Mapping) else {"step": type(one).__name__, **_step_said(one)}
        for one in listed
    ]


def _step_said(step: Any) -> dict[str, Any]:
    """Fields of a step that are not their default; cells that were merged stand as pairs."""
    said = {}
    for one in fields(step):
        value = getattr(step, one.name)
        if one.name in ("margins", "classes") and value is not None:
            margins = value if isinstance(value, tuple) else (value,)
            value = [_margin_said(margin) for margin in margins]
        if value not in (None, (), []):
            said[one.name] = list(value) if isinstance(value, tuple) else value
    return said


def _margin_said(margin: Any) -> dict[str, Any]:
    if isinstance(margin, str):
        return {"columns": margin.split(" x ")}
    if isinstance(margin, list | tuple):
        return {"columns": list(margin)}
    merged = [[_cell(cell), _cell(into)] for cell, into in margin.merged.items()]
    return {"columns": list(margin.columns)} | ({"merged": merged} if merged else {})


def _cell(cell: Any) -> Any:
    return [_plain_code(one) for one in cell] if isinstance(cell, tuple) else _plain_code(cell)


def _plain_code(code: Any) -> Any:
    return code.item() if hasattr(code, "item") else code


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
    if "calibration" in said:
        read["calibration"] = tuple(said["calibration"])
    return Design(**read)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)
