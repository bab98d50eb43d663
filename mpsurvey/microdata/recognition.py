"""What kind of file a file is, by its name and its first bytes."""

from __future__ import annotations

from pathlib import Path

from mpsurvey.errors import FileUnreadable
from mpsurvey.microdata.sas import is_catalogue, is_sas, is_transport
from mpsurvey.microdata.spss import is_encrypted, is_portable, is_spss
from mpsurvey.microdata.stata import is_stata

__all__ = ["recognise"]

FORMATS = {
    ".sav": "sav",
    ".zsav": "sav",
    ".por": "por",
    ".dta": "dta",
    ".sas7bdat": "sas7bdat",
    ".xpt": "xpt",
    ".xpt5": "xpt",
    ".xpt8": "xpt",
    ".xport": "xpt",
    ".csv": "csv",
    ".parquet": "parquet",
}
NAMES = {
    "sav": "an SPSS file",
    "por": "an SPSS portable file",
    "dta": "a Stata file",
    "sas7bdat": "a SAS data set",
    "xpt": "a SAS transport file",
    "csv": "a CSV file",
    "parquet": "a parquet file",
}
SUFFIX_OF = {"sav": ".sav", "por": ".por", "dta": ".dta", "sas7bdat": ".sas7bdat", "xpt": ".xpt"}


def recognise(path: Path) -> str:
    """Tell what a file is by its name and its first bytes, or refuse it in plain words."""
    if path.is_dir():
        raise FileUnreadable(f"{path}: this is a folder. Name a file in it.")
    if not path.exists():
        raise FileUnreadable(f"{path}: there is no such file.{_neighbours(path)}")
    try:
        with path.open("rb") as stream:
            head = stream.read(1024)
    except OSError as error:
        raise FileUnreadable(f"{path}: it cannot be opened ({error.strerror}).") from None
    if not head:
        raise FileUnreadable(f"{path}: the file is empty.")
    if is_encrypted(head):
        raise FileUnreadable(
            f"{path.name}: the file is encrypted with a password. "
            "Open it in SPSS and save it without one."
        )
    if is_catalogue(head) or path.suffix.lower() == ".sas7bcat":
        raise FileUnreadable(
            f"{path.name}: this is a SAS catalogue of formats and holds no rows. "
            "Name the .sas7bdat file."
        )
    found = _kind_by_content(head)
    said = FORMATS.get(path.suffix.lower())
    if said is None:
        remedy = f" It looks like {NAMES[found]}: rename it to {_suffix(found)}." if found else ""
        raise FileUnreadable(
            f"{path.name}: files ending in '{path.suffix}' are not read. Readable are "
            f"{' '.join(FORMATS)}.{remedy}"
        )
    if found != said and not (said == "csv" and found is None):
        looks = f"it looks like {NAMES[found]}" if found else "its first bytes are of another kind"
        remedy = f" Rename it to {_suffix(found)}." if found else ""
        raise FileUnreadable(f"{path.name}: this is not {NAMES[said]}; {looks}.{remedy}")
    return said


def _suffix(kind: str) -> str:
    return SUFFIX_OF.get(kind, f".{kind}")


def _neighbours(path: Path) -> str:
    near = [one.name for one in path.parent.glob(f"{path.stem}.*")] if path.parent.is_dir() else []
    return f" Did you mean {near[0]!r}?" if near else ""


def _kind_by_content(head: bytes) -> str | None:
    tests = {
        "sav": is_spss,
        "dta": is_stata,
        "sas7bdat": is_sas,
        "xpt": is_transport,
        "por": is_portable,
    }
    if head[:4] == b"PAR1":
        return "parquet"
    return next((kind for kind, test in tests.items() if test(head)), None)
