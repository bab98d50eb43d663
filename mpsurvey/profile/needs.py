"""What one file or form can say: what `mpsurvey coverage` does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mpsurvey import catalogue, design, harmonisation, microdata, questionnaire, tabulation
from mpsurvey.tabulation import CoverageReport

__all__ = ["coverage_of_file"]


def coverage_of_file(
    path: str | Path,
    libraries: Sequence[Path] = (),
    *,
    language: str = "en",
    crosswalk: str | None = None,
) -> CoverageReport:
    """Find which indicators a data file in the modules' names, or an XLSForm, can produce.

    Parameters
    ----------
    path
        A data file that `mpsurvey.read` reads, or a form ending in .xlsx.
    libraries
        Folders of the user's own modules and indicators.
    language
        Language of titles.
    crosswalk
        Of a data file under its own names: the id or file of the crosswalk to harmonise it by.
        Then the support of each figure is shown, where the file declares its design.
    """
    known = catalogue.load_catalogue(*libraries)
    if Path(path).suffix.lower() == ".xlsx":
        return tabulation.coverage(questionnaire.read_xlsform(path), known, language=language)
    data = microdata.read(path)
    if crosswalk is None:
        return tabulation.coverage(data, known, language=language)
    made = harmonisation.harmonise(data, crosswalk, catalogue=known, language=language)
    if made.design is None:
        return tabulation.coverage(made, known, language=language)
    return tabulation.coverage(design.Sample(made), known, language=language)
