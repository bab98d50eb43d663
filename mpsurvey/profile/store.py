"""Parts of a profile that were made before, found again by what they were made from."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

__all__ = ["Store", "digest_of", "file_digest", "store_folder"]

T = TypeVar("T")

SHAPE = 1
"""Raised when what is stored changes its shape without a new version of the package."""


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def digest_of(*parts: Any) -> str:
    """Return the SHA-256 of plain data.

    >>> digest_of({"a": 1, "b": [2]}) == digest_of({"b": [2], "a": 1})
    True
    """
    text = json.dumps(parts, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def store_folder() -> Path:
    """Return the user's own folder for what can be made again.

    Parts hold figures before anything is withheld, so they lie with the user and not beside what
    is published; and only the user's own are ever opened.
    """
    named = os.environ.get("MPSURVEY_STORE")
    if named:
        return Path(named)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "mpsurvey" / "profiles"


@dataclass(slots=True)
class Store:
    """A folder of parts by key; without a folder everything is made anew.

    Attributes
    ----------
    made, found
        Names of the parts that were made, and of those that were there.
    """

    folder: Path | None
    made: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)

    def part(
        self,
        name: str,
        key: Iterable[Any],
        make: Callable[[], T],
        *,
        lean: Callable[[T], T] | None = None,
    ) -> T:
        """Return a part that was made from the same things, or make and keep it.

        Parameters
        ----------
        name
            What it is, such as ``"round 2026"``.
        key
            All that it depends on, as plain data: digests of files, settings. The versions of this
            package, of Python, NumPy and pandas are added.
        make
            Makes it.
        lean
            What of it is kept; all by default.
        """
        if self.folder is None:
            self.made.append(name)
            return make()
        path = self.folder / f"{digest_of(name.split()[0], list(key), _versions())[:40]}.part"
        known = _open(path)
        if known is not None:
            self.found.append(name)
            return known[0]  # type: ignore[no-any-return]
        value = make()
        self.made.append(name)
        _keep(path, value if lean is None else lean(value))
        return value

    def forget(self, *, days: int = 60) -> None:
        """Remove parts that nobody has asked for in so many days."""
        if self.folder is None or not self.folder.is_dir():
            return
        import time

        oldest = time.time() - days * 86_400
        for path in self.folder.glob("*.part"):
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)


def _versions() -> list[str]:
    from mpsurvey import __version__

    return [str(SHAPE), __version__, sys.version.split()[0], np.__version__, pd.__version__,
            code_digest()]  # fmt: skip


_CODE: list[str] = []


def code_digest() -> str:
    """Return a digest of the package's own files: a part is as old as the code that made it."""
    if not _CODE:
        folder = Path(__file__).parents[1]
        stamps = [
            (str(path.relative_to(folder)), path.stat().st_size, path.stat().st_mtime_ns)
            for path in sorted(folder.rglob("*.py"))
            if not {"cli", "snapshot", "pages", "docx", "xlsx", "sdmx"} & set(path.parts)
        ]  # fmt: skip
        _CODE.append(digest_of(stamps))
    return _CODE[0]


def _open(path: Path) -> tuple[Any] | None:
    """The stored value in a tuple, or None; what cannot be read is made again."""
    try:
        if hasattr(os, "getuid") and path.stat().st_uid != os.getuid():
            return None
        with path.open("rb") as file:
            value = pickle.load(file)  # noqa: S301 - the user's own file, see `store_folder`
    except (OSError, EOFError, pickle.UnpicklingError, AttributeError, ImportError, TypeError,
            ValueError, IndexError):  # fmt: skip
        return None
    path.touch()
    return (value,)


def _keep(path: Path, value: Any) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".new")
        spare = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                pickle.dump(value, file, protocol=5)
            spare.replace(path)
        finally:
            spare.unlink(missing_ok=True)
    except OSError:
        return  # a full or read-only disk costs time, never the profile
