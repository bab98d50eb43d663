"""What this library adds to a Stata or SPSS file so that nothing is lost on the way back.

A Stata file has no place for SPSS's codes behind a missing answer, an SPSS file none for Stata's
``.a``. Both have a place for notes of programs (characteristics, attributes), where one JSON text
named ``mpsurvey`` keeps what is left over. Other programs pass it by.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mpsurvey.microdata.reasons import Reasons
from mpsurvey.microdata.variable import Variable

__all__ = ["OWN", "dumped", "leftover", "loaded", "restored"]

OWN = "mpsurvey"


def leftover(
    variable: Variable, stored: Mapping[Any, Any], **kept_elsewhere: Any
) -> dict[str, Any]:
    """Say what of a variable the format has no place for.

    Parameters
    ----------
    stored
        For each reason the code under which it stands in the file.
    kept_elsewhere
        What the file shows; a field that is the same there need not be said again.
    """
    said: dict[str, Any] = {
        "missing": [[there, code] for code, there in stored.items() if there != code],
        "ranges": [[repr(low), repr(high)] for low, high in variable.missing_ranges],
    }
    for name in ("label", "measure", "unit", "question", "kind"):
        said[name] = getattr(variable, name)
    said["answers"] = [list(pair) for pair in variable.answers.items()]
    said["notes"] = list(variable.notes)
    return {key: value for key, value in said.items() if value != kept_elsewhere.get(key, value)}


def dumped(said: Mapping[str, Any]) -> str:
    """Return JSON on one line."""
    return json.dumps(said, ensure_ascii=False, default=str)


def loaded(text: str | None) -> dict[str, Any]:
    """Read what `dumped` wrote; anything else is as if nothing were there."""
    try:
        said = json.loads(text or "{}")
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def restored(
    variable: Variable, reasons: Reasons | None, said: Mapping[str, Any]
) -> tuple[Variable, Reasons | None]:
    """Give a variable back what its file had no place for."""
    if not said:
        return variable, reasons
    original = dict(said.get("missing", ()))
    changes: dict[str, Any] = {
        key: said[key] for key in ("label", "measure", "unit", "question", "kind") if key in said
    }
    if "answers" in said:
        changes["answers"] = dict(said["answers"])
    if "notes" in said:
        changes["notes"] = tuple(said["notes"])
    missing = {original.get(c, c): word for c, word in variable.missing.items()}
    changes["missing"] = dict.fromkeys(original.values(), "") | missing
    if "reasons" in said:
        changes["missing"] = dict(said["reasons"])
    if "ranges" in said:
        changes["missing_ranges"] = tuple((float(a), float(b)) for a, b in said["ranges"])
    if reasons is not None and original:
        reasons = Reasons(tuple(original.get(c, c) for c in reasons.codes), reasons.positions)
    return variable.but(**changes), reasons
