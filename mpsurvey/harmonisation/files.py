"""Matching and harmonising from file to file, as the command line does it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from mpsurvey.catalogue import load_catalogue
from mpsurvey.errors import MpsurveyError
from mpsurvey.harmonisation.applying import harmonise
from mpsurvey.harmonisation.crosswalk import Crosswalk
from mpsurvey.harmonisation.harmonised import Harmonised
from mpsurvey.harmonisation.known import known_catalogue
from mpsurvey.harmonisation.proposing import LANGUAGES, propose_crosswalk
from mpsurvey.harmonisation.writing import write_crosswalk
from mpsurvey.microdata import read, write

__all__ = ["harmonise_file", "match_file", "named_files"]


def match_file(
    file: Path,
    to: Path,
    *,
    modules: Sequence[str] = (),
    languages: Sequence[str] = (),
    home: int | None = None,
    library: Sequence[Path] = (),
    encoding: str | None = None,
) -> Crosswalk:
    """Propose a crosswalk for a file and write it as YAML, candidates beside as comments.

    Raises
    ------
    MpsurveyError
        When the YAML is already there: it may hold corrections.
    """
    if to.exists():
        raise MpsurveyError(f"{to} is already there and may hold corrections: name another file.")
    catalogue = load_catalogue(*library) if library else known_catalogue()
    data = read(file, encoding=encoding)
    crosswalk = propose_crosswalk(
        data,
        catalogue.modules(*modules),
        languages=tuple(languages) or LANGUAGES,
        catalogue=catalogue,
        home=home,
    )
    write_crosswalk(crosswalk, to)
    return crosswalk


def harmonise_file(
    file: Path,
    crosswalk: str,
    to: Path,
    *,
    files: Mapping[str, Path] | None = None,
    home: int | None = None,
    fail_on: Collection[str] = (),
    keep: Collection[str] = (),
    library: Sequence[Path] = (),
    language: str = "en",
    report: Path | None = None,
) -> Harmonised:
    """Harmonise a file and write what comes of it; the report also as CSV where asked."""
    catalogue = load_catalogue(*library) if library else known_catalogue()
    result = harmonise(
        read(file),
        crosswalk,
        files={name: read(path) for name, path in (files or {}).items()},
        home=home,
        strict=tuple(fail_on) or None,
        keep=keep,
        catalogue=catalogue,
        language=language,
    )
    write(result, to)
    if report is not None:
        result.report.write(report)
    return result


def named_files(given: Sequence[str]) -> dict[str, Path]:
    """Read ``name=path`` pairs.

    >>> sorted(named_files(["housing=h.sav"]))
    ['housing']
    """
    wrong = [one for one in given if "=" not in one]
    if wrong:
        raise MpsurveyError(f"'{one}' is not name=file, such as housing=h.sav." for one in wrong)
    return {name: Path(path) for name, _, path in (one.partition("=") for one in given)}
