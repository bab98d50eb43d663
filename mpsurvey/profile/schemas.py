"""JSON Schemas of a profile's files, for editors that complete and check while one types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mpsurvey.profile.governance import GOVERNANCE
from mpsurvey.profile.steps import STEPS
from mpsurvey.profile.study_file import PROFILE

__all__ = ["profile_schemas", "write_profile_schemas"]


def profile_schemas() -> dict[str, dict[str, Any]]:
    """Return the schemas of ``profile.yaml``, ``governance.yaml`` and ``steps.yaml`` by kind."""
    out = {}
    for kind, record in (("profile", PROFILE), ("governance", GOVERNANCE), ("steps", STEPS)):
        schema = record.schema()
        schema["properties"]["kind"] = {"const": kind}
        out[kind] = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": f"mpsurvey {kind}",
            **schema,
        }
    return out


def write_profile_schemas(folder: Path | str) -> list[Path]:
    """Write ``profile.json``, ``governance.json`` and ``steps.json`` into a folder."""
    written = []
    for kind, schema in profile_schemas().items():
        path = Path(folder) / f"{kind}.json"
        path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        written.append(path)
    return written
