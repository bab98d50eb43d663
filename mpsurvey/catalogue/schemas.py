"""JSON Schemas of the catalogue's files, for editors that complete and check while one types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mpsurvey.catalogue.fields import Record
from mpsurvey.catalogue.reading import RECORDS

__all__ = ["json_schemas", "schemas_of", "write_json_schemas", "write_schemas"]


def json_schemas() -> dict[str, dict[str, Any]]:
    """Return the schema of each kind, made from the same records that the reader uses."""
    return schemas_of(RECORDS)


def schemas_of(records: Mapping[str, Record]) -> dict[str, dict[str, Any]]:
    """Return the schema of a file of each kind."""
    out = {}
    for kind, record in records.items():
        schema = record.schema()
        schema["properties"]["kind"] = {"const": kind}
        out[kind] = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": f"mpsurvey {kind}",
            **schema,
        }
    return out


def write_json_schemas(folder: Path | str) -> list[Path]:
    """Write ``<kind>.json`` files into a folder."""
    return write_schemas(json_schemas(), folder)


def write_schemas(schemas: Mapping[str, Any], folder: Path | str) -> list[Path]:
    """Write schemas into a folder, each as ``<kind>.json``."""
    written = []
    for kind, schema in schemas.items():
        path = Path(folder) / f"{kind}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        written.append(path)
    return written
