"""JSON Schemas of a profile's files, for editors that complete and check while one types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mpsurvey.catalogue.schemas import schemas_of, write_schemas
from mpsurvey.profile.governance import GOVERNANCE
from mpsurvey.profile.steps import STEPS
from mpsurvey.profile.study_file import PROFILE

__all__ = ["profile_schemas", "write_profile_schemas"]


def profile_schemas() -> dict[str, dict[str, Any]]:
    """Return the schemas of ``profile.yaml``, ``governance.yaml`` and ``steps.yaml`` by kind."""
    return schemas_of({"profile": PROFILE, "governance": GOVERNANCE, "steps": STEPS})


def write_profile_schemas(folder: Path | str) -> list[Path]:
    """Write ``profile.json``, ``governance.json`` and ``steps.json`` into a folder."""
    return write_schemas(profile_schemas(), folder)
