"""Indicators from one file to a publication: what `mpsurvey publish` does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mpsurvey import catalogue, harmonisation, microdata, publication
from mpsurvey.catalogue import Catalogue, Indicator
from mpsurvey.declaration import Design
from mpsurvey.design import Sample, design_preset
from mpsurvey.errors import MpsurveyError
from mpsurvey.publication.document import Report
from mpsurvey.publication.standard_report import report_of
from mpsurvey.tabulation import assess, protect, tabulate

__all__ = ["publish_file"]


def publish_file(
    path: str | Path,
    to: Sequence[str | Path],
    *,
    crosswalk: str | Path | None = None,
    themes: Sequence[str] = (),
    indicators: Sequence[str] = (),
    by: Sequence[str] = (),
    design: Design | None = None,
    preset: str | None = None,
    home: int | None = None,
    quality: str | Path | None = "dhs",
    disclosure: str | Path | None = "threshold",
    language: str = "en",
    title: str = "",
    libraries: Sequence[Path] = (),
) -> tuple[Path, ...]:
    """Make indicators of one file and write them as workbooks, pages, documents or data.

    Parameters
    ----------
    path
        A file that `mpsurvey.read` reads.
    to
        Files to write; their endings say the formats: .xlsx, .html, .docx, .csv, .parquet.
    crosswalk
        Path or id; left out where columns bear the modules' own names.
    themes, indicators
        What is made; every indicator that the file suffices for, if neither is given.
    by
        Breakdowns; ``"sex x region"`` crosses. Each indicator gets those that it can be broken
        down by.
    design, preset
        How the rows were drawn; what the file declares, if neither is given.
    quality, disclosure
        Rules, as `mpsurvey.assess` and `mpsurvey.protect` take them; None leaves the step out.

    Returns
    -------
    tuple of Path
        The files written.
    """
    for one in to:
        if Path(one).suffix.lower() not in (".xlsx", ".html", ".docx", ".csv", ".parquet"):
            raise MpsurveyError(
                f"{Path(one).name}: the ending is one of .xlsx, .html, .docx, .csv, .parquet."
            )
    known = catalogue.load_catalogue(*libraries)
    data = microdata.read(path)
    people = harmonisation.harmonise(
        data, crosswalk, home=home, catalogue=known, language=language
    )  # fmt: skip
    given = design or people.design
    if preset is not None:
        sample = design_preset(preset, people)
    else:
        sample = Sample(people) if given is None else Sample(people, given)
    country = home
    if country is None and crosswalk is not None:
        country = harmonisation.read_crosswalk(crosswalk, catalogue=known).home
    wanted = _wanted(known, themes, indicators)
    if country is None:
        wanted = [one for one in wanted if not one.uses_home]
    table = tabulate(
        sample,
        wanted,
        [tuple(part.strip() for part in one.split(" x ")) for one in by],
        home=country,
        language=language,
    )
    if not len(table):
        raise MpsurveyError(
            "The file suffices for none of these indicators; see mpsurvey coverage."
        )
    if quality is not None:
        table = assess(table, quality, sample=sample, home=country)
    if disclosure is not None:
        table = protect(table, disclosure, sample=sample, home=country)
    report = report_of(table, title=title or Path(path).stem)
    return tuple(_written(report, Path(one)) for one in to)


def _wanted(known: Catalogue, themes: Sequence[str], indicators: Sequence[str]) -> list[Indicator]:
    single = known.indicators(*indicators) if indicators else ()
    found = [one for theme in themes for one in known.indicators(theme=theme)]
    if not themes and not indicators:
        return list(known.indicators())
    return [*found, *(one for one in single if one not in found)]


def _written(report: Report, path: Path) -> Path:
    ending = path.suffix.lower()
    writers: dict[str, Any] = {".xlsx": publication.write_xlsx, ".html": publication.write_html}
    if ending in writers:
        writers[ending](report, path)
    elif ending == ".docx":
        from mpsurvey.publication.documents import write_docx

        write_docx(report, path)
    else:
        publication.write_dataset(report, path)
    return path
