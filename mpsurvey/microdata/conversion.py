"""One kind of survey file becomes another, a block of rows at a time where that is possible."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet

from mpsurvey.microdata.dataset import FileWarning
from mpsurvey.microdata.reading import read, told
from mpsurvey.microdata.streaming import open_stream
from mpsurvey.microdata.tables import COMPRESSION
from mpsurvey.microdata.writing import unfinished, write

__all__ = ["convert_file"]

Progress = Callable[[float], None]


def convert_file(
    source: str | Path,
    target: str | Path,
    encoding: str | None = None,
    progress: Progress | None = None,
) -> tuple[int, int]:
    """Write a survey file in another format.

    From .sav, .zsav, .dta and .sas7bdat to .parquet the rows go block by block, so that the file
    may be larger than memory; it then holds what `mpsurvey.write` of `mpsurvey.read` gives. Other
    files are read whole.

    Parameters
    ----------
    progress
        Called with the share of the work that is done, 0 to 1.

    Returns
    -------
    tuple of int
        Rows and variables.

    Raises
    ------
    MpsurveyError
        As `mpsurvey.read` and `mpsurvey.write`.

    Warns
    -----
    FileWarning
        As `mpsurvey.read` and `mpsurvey.write`.
    """
    source, target = Path(source).expanduser(), Path(target).expanduser()
    say = progress or (lambda _: None)
    if target.suffix.lower() != ".parquet":
        data = read(source, encoding=encoding)
        say(0.5)
        write(data, target)
        say(1.0)
        return len(data), len(data.columns)
    with unfinished(target) as beside:
        with warnings.catch_warnings(action="ignore", category=FileWarning):
            stream = open_stream(source, encoding, lambda share: say(share / 2))
        told(stream.data)
        rows = 0
        with pyarrow.parquet.ParquetWriter(beside, stream.schema, compression=COMPRESSION) as out:
            for batch in stream.give(stream.schema.names):
                out.write_batch(batch)
                rows += batch.num_rows
                say(0.5 + rows / max(stream.rows, rows, 1) / 2)
    return stream.rows, len(stream.data.columns)
