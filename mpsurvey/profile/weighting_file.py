"""From a file and a recipe to a weighted file: what `mpsurvey weight` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mpsurvey import microdata
from mpsurvey.declaration import Design, LonelyPsu
from mpsurvey.design import Sample, WeightReport, weight, weight_report
from mpsurvey.errors import MpsurveyError

__all__ = ["WeightedFile", "given_design", "weight_file"]


@dataclass(frozen=True, slots=True)
class WeightedFile:
    """What was written, and the report on it."""

    files: tuple[Path, ...]
    report: WeightReport


def weight_file(
    path: str | Path,
    recipe: str | Path,
    *,
    totals: Sequence[str | Path] = (),
    to: str | Path,
    report: str | Path | None = None,
    design: Design | None = None,
    save_as: str | None = None,
    steps: bool = True,
) -> WeightedFile:
    """Weight the rows of a file by a recipe, and write them with their labels.

    Parameters
    ----------
    path
        A file that `mpsurvey.read` reads: also those who did not respond.
    recipe
        The path of a YAML file, or the id of a recipe of the catalogue.
    totals
        CSV or xlsx files of known totals.
    to
        The weighted file; its format is that of its name.
    report
        Where to write the report, a web page; none by default.
    design
        How the sample was drawn; the file's own by default, else the recipe's `start_from` alone.
    save_as
        Column of the final weights, in place of the recipe's.
    steps
        Whether to keep the weights after each step. They let the file declare how its weights were
        made, so that standard errors from it know of nonresponse and calibration; without them the
        file holds the final weight alone, and standard errors take it as given.

    Returns
    -------
    WeightedFile

    Raises
    ------
    MpsurveyError
        Anything wrong in the file, the recipe or the totals: then nothing is written.
    """
    if Path(to).resolve() == Path(path).resolve():
        raise MpsurveyError("The weighted file would take the place of the file it is made from.")
    data = microdata.read(path)
    sample = Sample(data, design or data.design or Design())
    made = weight(sample, recipe, list(totals), save_as=save_as)
    said = weight_report(made)
    result: microdata.Microdata = made.data
    own = replace(made.design, replicates=None)
    if not steps:
        extra = [
            name
            for name in result.columns
            if name.startswith(f"{made.design.weight}_") and name not in data.columns
        ]
        result = result.select([name for name in result.columns if name not in set(extra)])
        own = replace(own, calibration=None)
    microdata.write(replace(result, design=own, weight=made.design.weight), to)
    files = [Path(to)]
    if report is not None:
        files.append(said.save(report))
    return WeightedFile(tuple(files), said)


def given_design(
    weight: str | None,
    strata: Sequence[str] | None,
    psu: Sequence[str] | None,
    fpc: Sequence[str] | None,
    lonely_psu: LonelyPsu | str | None,
) -> Design | None:
    """Make a design of the parts that were given; None where none was."""
    if not any((weight, strata, psu, fpc)):
        return None
    rule: Any = lonely_psu or "fail"
    return Design(weight, tuple(strata or ()), tuple(psu or ()), tuple(fpc or ()), lonely_psu=rule)
