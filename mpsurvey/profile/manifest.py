"""What a profile was made from and what came of it, so that anyone can check or make it again."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mpsurvey.profile.store import digest_of, file_digest
from mpsurvey.profile.study import Study

__all__ = ["inputs_of", "manifest_of", "read_manifest", "stale_inputs"]


def inputs_of(study: Study) -> tuple[Path, ...]:
    """Return every file that a study reads, itself first."""
    found: list[Path | None] = [study.path]
    for one in study.rounds:
        found += one.inputs
    found += [source.path for source in study.texts.values()]
    found += [study.governance, study.steps]
    for rules in (study.quality, study.disclosure):
        if isinstance(rules, Path):
            found.append(rules)
    for folder in study.library:
        found += sorted(folder.rglob("*.yaml"))
    return tuple(dict.fromkeys(path for path in found if path is not None))


def manifest_of(
    study: Study,
    folder: Path,
    *,
    rounds: Mapping[str, Any],
    catalogue: Mapping[str, str],
    remarks: Iterable[str],
) -> dict[str, Any]:
    """Return the manifest of an output folder.

    It holds no time of its making and no path outside the study, so that the same inputs give the
    same manifest.
    """
    versions = {"python": sys.version.split()[0]}
    from importlib import metadata

    for name in ("mpsurvey", "numpy", "pandas", "scipy", "samplics", "pyreadstat", "narwhals"):
        versions[name] = metadata.version(name)
    return {
        "profile": study.id,
        "version": study.version,
        "date": study.date.isoformat() if study.date else None,
        "software": versions,
        "inputs": {
            _named(path, study): file_digest(path) for path in inputs_of(study) if path.is_file()
        },
        "settings": {
            "digest": digest_of(study.said),
            "level": study.level,
            "languages": list(study.languages),
            "quality": study.said.get("quality"),
            "disclosure": study.said.get("disclosure"),
            "breakdowns": [" x ".join(names) for names in study.breakdowns],
        },
        "rounds": dict(rounds),
        "indicators": dict(catalogue),
        "remarks": list(remarks),
        "outputs": {
            str(path.relative_to(folder).as_posix()): file_digest(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        },
    }


def _named(path: Path, study: Study) -> str:
    """Name of an input as seen from the study."""
    try:
        return Path(os.path.relpath(path, study.folder)).as_posix()
    except ValueError:  # another drive
        return path.name


def write_manifest(content: Mapping[str, Any], folder: Path) -> Path:
    """Write ``manifest.json`` into a folder."""
    path = folder / "manifest.json"
    text = json.dumps(content, indent=1, ensure_ascii=False, default=str, sort_keys=False)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of an output folder, or None where there is none."""
    path = folder / "manifest.json"
    if not path.is_file():
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None
    return found


def stale_inputs(study: Study, manifest: Mapping[str, Any]) -> list[str]:
    """Return inputs that are new, gone or changed since an output was made."""
    known = dict(manifest.get("inputs", {}))
    now = {_named(path, study): path for path in inputs_of(study)}
    said = []
    for name, path in now.items():
        if not path.is_file():
            if name in known:
                said.append(f"{name} is gone")
        elif name not in known:
            said.append(f"{name} is new")
        elif file_digest(path) != known[name]:
            said.append(f"{name} has changed")
    return said
