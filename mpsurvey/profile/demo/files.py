"""Files that stand whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["put_whole"]


def put_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place, then move it there, so that nobody sees a part of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        unfinished.chmod(0o644)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
