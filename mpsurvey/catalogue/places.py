"""Where the catalogue's files lie."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path

from mpsurvey.errors import FileUnreadable

__all__ = ["library_folders", "shipped"]


def shipped() -> Path:
    """Return the library inside the installed package, or the checkout's own folders."""
    package = Path(str(files("mpsurvey")))
    inside = package / "_library"
    return inside if inside.is_dir() else package.parent


def library_folders(*own: Path | str) -> Iterator[Path]:
    """Go through every library folder, from the most general to the caller's own.

    What the package ships, packs that are installed (entry points of the group
    ``mpsurvey.library``, whose value names a package that holds YAML files), the folders of the
    environment variable ``MPSURVEY_PATH``, and then the caller's.

    Raises
    ------
    FileUnreadable
        For a folder of the caller or of ``MPSURVEY_PATH`` that does not exist.
    """
    for name in ("modules", "weights"):
        if (shipped() / name).is_dir():
            yield shipped() / name
    for pack in sorted(entry_points(group="mpsurvey.library"), key=lambda one: one.name):
        yield Path(str(files(pack.value)))
    named = [one for one in os.environ.get("MPSURVEY_PATH", "").split(os.pathsep) if one]
    for folder in map(Path, (*named, *own)):
        if not folder.exists():
            raise FileUnreadable(f"There is no folder '{folder}'.")
        yield folder
