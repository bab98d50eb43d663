"""Microdata become a file of SPSS, Stata, SAS, CSV or parquet."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat

from mpsurvey.errors import MpsurveyError
from mpsurvey.microdata.dataset import FileWarning, Microdata
from mpsurvey.microdata.dates import to_numbers
from mpsurvey.microdata.dta_writer import write_dta
from mpsurvey.microdata.names import SAS, legal_names
from mpsurvey.microdata.sav_writer import write_sav
from mpsurvey.microdata.tables import write_csv, write_parquet

__all__ = ["unfinished", "write"]


def write(data: Microdata, path: str | Path) -> tuple[str, ...]:
    """Write microdata to a file, whole or not at all.

    What becomes of a missing answer: in .sav and .zsav its code stands in the cell and is declared
    missing; in .dta it is one of ``.a`` to ``.z`` with its label; in .parquet the cell is null and
    the reason stands in a column beside it; in .xpt and .csv the cell is empty. Files that this
    function wrote to .sav, .zsav, .dta or .parquet give the same microdata when they are read.

    Parameters
    ----------
    path
        Where to; the ending says the format: .sav .zsav .dta .xpt .csv .parquet.

    Returns
    -------
    tuple of str
        What the format cannot hold: the same that the warning says.

    Raises
    ------
    MpsurveyError
        The data are no microdata, the ending is not one of these, or the folder does not exist or
        cannot be written to.

    Warns
    -----
    FileWarning
        The format cannot hold something of the data; all of it in one warning.
    """
    if not isinstance(data, Microdata):
        raise MpsurveyError(
            f"write takes microdata in memory, not {type(data).__name__}. A frame is made "
            "Microdata(frame) first; a lazy one is written by its own library, such as "
            "frame.sink_parquet(path)."
        )
    path = Path(path).expanduser()
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise MpsurveyError(
            f"{path.name}: files ending in '{path.suffix}' are not written. "
            f"Writable are {' '.join(WRITERS)}."
        )
    with unfinished(path) as beside:
        lost = tuple(writer(data, beside))
    if lost:
        warnings.warn(f"{path.name} does not keep: {'; '.join(lost)}.", FileWarning, stacklevel=2)
    return lost


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """Give a file beside the one that is written; it takes its place when all went well."""
    if path.is_dir():
        raise MpsurveyError(f"{path}: this is a folder. Name a file in it.")
    if not path.parent.is_dir():
        raise MpsurveyError(f"{path}: there is no folder {path.parent}. Make it first.")
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent
        )
    except OSError as error:
        raise MpsurveyError(f"{path}: it cannot be written ({error.strerror}).") from None
    os.close(handle)
    beside = Path(name)
    try:
        yield beside
        # mkstemp makes files that only their owner reads; a new file here follows the umask
        beside.chmod(0o666 & ~_umask())
        beside.replace(path)
    except OSError as error:
        raise MpsurveyError(f"{path}: it cannot be written ({error.strerror}).") from None
    finally:
        beside.unlink(missing_ok=True)


def _umask() -> int:
    now = os.umask(0)
    os.umask(now)
    return now


def _write_xpt(data: Microdata, path: Path) -> list[str]:
    names = legal_names(data.columns, SAS)
    lost = [f"the name '{old}' (now '{new}')" for old, new in names.items() if old != new]
    frame: dict[str, object] = {}
    formats = {"date": "DATE9", "datetime": "DATETIME20", "time": "TIME8"}
    shown = {}
    for old, new in names.items():
        series, variable = data.frame[old], data.variables[old]
        if series.dtype.kind in "Mm":
            kind = variable.kind if variable.kind in formats else "datetime"
            frame[new] = to_numbers(series.to_numpy(), kind, "sas")  # type: ignore[arg-type]
            shown[new] = formats[kind]
        elif series.dtype.kind in "iufb":
            frame[new] = series.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            frame[new] = series.astype(object).where(series.notna(), "")
    try:
        pyreadstat.write_xport(
            pd.DataFrame(frame),
            path,
            file_label=data.title[:40],
            column_labels={new: data.variables[old].label[:255] for old, new in names.items()},
            variable_format=shown,
        )
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError) as error:
        raise MpsurveyError(f"{path.name} could not be written: {error}") from None
    if any(variable.answers for variable in data.variables.values()):
        lost.append("value labels (SAS keeps them in a catalogue)")
    if any(why.codes for why in data.reasons.values()):
        lost.append("why answers are missing")
    if data.design is not None:
        lost.append("the design")
    if data.notes:
        lost.append("notes")
    return lost


WRITERS: dict[str, Callable[[Microdata, Path], list[str]]] = {
    ".sav": write_sav,
    ".zsav": partial(write_sav, compressed=True),
    ".dta": write_dta,
    ".xpt": _write_xpt,
    ".csv": write_csv,
    ".parquet": write_parquet,
}
