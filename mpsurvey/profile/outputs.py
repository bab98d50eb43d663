"""The files of a profile, built beside the last good ones and put in their place at the end."""

from __future__ import annotations

import datetime
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mpsurvey.errors import ExtraMissing, MpsurveyError
from mpsurvey.profile.store import Store
from mpsurvey.profile.study import Study
from mpsurvey.publication import write_dataset, write_html, write_sdmx, write_xlsx
from mpsurvey.publication.document import Picture, Report

__all__ = ["MARKER", "KeptPicture", "swapped", "write_outputs"]

MARKER = "manifest.json"
"""A folder that holds it was made here and may be replaced."""


class KeptPicture:
    """A chart whose drawing is kept with the parts that can be made again."""

    def __init__(self, picture: Picture, store: Store) -> None:
        self.picture = picture
        self.store = store
        self._drawn: dict[float, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.picture, name)

    def _key(self) -> list[Any]:
        return [self.picture.id, self.picture.title, self.picture.alt,
                getattr(self.picture, "spec", None) or self.picture.data.to_json()]  # fmt: skip

    def svg(self) -> str:
        """Return it as an SVG."""
        if 0.0 not in self._drawn:
            self._drawn[0.0] = self.store.part(
                f"svg {self.picture.id}", self._key(), self.picture.svg
            )
        return str(self._drawn[0.0])

    def png(self, *, scale: float = 2.0) -> bytes:
        """Return it as a PNG."""
        if scale not in self._drawn:
            self._drawn[scale] = self.store.part(
                f"png {self.picture.id}",
                [*self._key(), scale],
                lambda: self.picture.png(scale=scale),
            )
        return bytes(self._drawn[scale])


@contextmanager
def swapped(to: Path) -> Iterator[Path]:
    """Give a new folder beside `to`, and put it in its place when all went well.

    Whatever stops the work, the last good output stays as it was. Between the two moves at the end
    there is a moment without a folder; should the machine stop just then, the last output lies
    beside it under a name that begins with a dot and ends in ``.last``.

    Raises
    ------
    MpsurveyError
        The place is a file, or a folder with files that no profile made.
    """
    to = to.absolute()
    last = to.parent / f".{to.name}.last"
    if not to.exists() and last.is_dir():
        last.replace(to)
    if to.exists() and not to.is_dir():
        raise MpsurveyError(f"{to} is a file; a profile is written to a folder.")
    if to.is_dir() and any(to.iterdir()) and not (to / MARKER).is_file():
        raise MpsurveyError(
            f"{to} holds files that no profile made; they would be replaced. Name a new folder."
        )
    _sweep(to)
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        spare = Path(tempfile.mkdtemp(dir=to.parent, prefix=f".{to.name}-"))
    except OSError as error:
        raise MpsurveyError(f"{to}: the folder cannot be made ({error.strerror}).") from error
    try:
        yield spare
        spare.chmod(0o755)
        if to.exists():
            shutil.rmtree(last, ignore_errors=True)
            to.replace(last)
        try:
            spare.replace(to)
        except OSError:
            if last.is_dir() and not to.exists():
                last.replace(to)
            raise
        shutil.rmtree(last, ignore_errors=True)
    finally:
        shutil.rmtree(spare, ignore_errors=True)


def _sweep(to: Path) -> None:
    """Remove what builds left behind that a day or more ago were killed half-way."""
    yesterday = time.time() - 86_400
    for left in to.parent.glob(f".{to.name}-*"):
        if left.is_dir() and left.stat().st_mtime < yesterday:
            shutil.rmtree(left, ignore_errors=True)


def write_outputs(
    study: Study,
    reports: Mapping[str, Report],
    folder: Path,
    *,
    tell: Callable[[str], None],
) -> list[str]:
    """Write every format that the study asks for; return what could not be and why.

    A format whose package is not installed is left out and said, not an error.
    """
    remarks: list[str] = []
    first = reports[study.languages[0]]
    writers: dict[str, Callable[[Report, Path], Any]] = {
        "html": write_html,
        "xlsx": write_xlsx,
        "docx": _docx,
    }
    for language, report in reports.items():
        for form in ("html", "xlsx", "docx"):
            if form in study.formats:
                tell(f"{form} ({language})")
                path = folder / f"{study.id}_{language}.{form}"
                _try(writers[form], report, path, form, remarks)
    for form in ("csv", "parquet"):
        if form in study.formats:
            tell(form)
            (folder / "data").mkdir(exist_ok=True)
            _try(write_dataset, first, folder / "data" / f"{study.id}.{form}", form, remarks)
    if "sdmx" in study.formats:
        tell("sdmx")
        _try(lambda report, path: _sdmx(study, report, path), first, folder / "sdmx", "sdmx",
             remarks)  # fmt: skip
    return remarks


def _try(
    write: Callable[[Report, Path], Any],
    report: Report,
    path: Path,
    form: str,
    remarks: list[str],
) -> None:
    try:
        write(report, path)
    except ExtraMissing as error:
        if (said := f"No {form}: {error}") not in remarks:
            remarks.append(said)
        if path.is_dir():
            shutil.rmtree(path)


def _docx(report: Report, path: Path) -> None:
    from mpsurvey.publication.documents import write_docx

    write_docx(report, path)


def _sdmx(study: Study, report: Report, path: Path) -> None:
    day = study.date
    moment = datetime.datetime(2000, 1, 1) if day is None else datetime.datetime(
        day.year, day.month, day.day
    )  # fmt: skip
    write_sdmx(
        report,
        path,
        agency="MPSURVEY",
        area=study.country.code,
        area_name=dict(study.country.name),
        period=None if "round" in report.table.by else study.last.id,
        title=dict(study.title),
        prepared=moment.replace(tzinfo=datetime.UTC),
    )
