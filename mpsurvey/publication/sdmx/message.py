"""A table as the SDMX messages that statistical offices exchange."""

from __future__ import annotations

import csv
import datetime
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from mpsurvey.errors import ExtraMissing, MpsurveyError
from mpsurvey.publication.document import Report
from mpsurvey.publication.sdmx.languages import named_json, named_xml
from mpsurvey.publication.sdmx.observations import observations_of
from mpsurvey.publication.sdmx.structure import structure_of
from mpsurvey.publication.table import write_whole
from mpsurvey.tabulation import IndicatorTable

__all__ = ["write_sdmx"]

_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z][A-Za-z0-9_-]*)*")
_TAKEN_AWAY = ("OBS_VALUE", "STD_ERR", "CI_LOWER", "CI_UPPER", "CV")
_CODE = re.compile(r"[A-Za-z0-9_@$-]+")


def write_sdmx(
    table: IndicatorTable | Report,
    folder: str | Path,
    *,
    agency: str,
    area: str,
    period: str | int | None = None,
    area_name: str | Mapping[str, str] = "",
    dataflow: str = "MIGRATION_PROFILE",
    title: str | Mapping[str, str] = "",
    prepared: datetime.datetime | None = None,
) -> tuple[Path, ...]:
    """Write a table as SDMX: the data and the structure that explains them.

    Use it to hand figures to an office's data warehouse or to an international organisation. Three
    files are written: ``data.csv`` (SDMX-CSV 2.0), ``structure.xml`` (SDMX-ML 3.0) and
    ``structure.json`` (SDMX-JSON 2.0) with the same structure. Names of concepts and codes stand in
    all languages that are known.

    The value is in the unit named (percent, not share); it is the one measure. Standard error,
    limits, coefficient of variation, respondents and the rest are attributes of the observation,
    which readers of SDMX 2.1 take too. A figure that is withheld is NaN: `OBS_STATUS` is ``Q``
    (suppressed), `CONF_STATUS` ``C`` (confidential) or ``N`` (withheld for quality); one to be used
    with caution is ``U`` (low reliability).

    Parameters
    ----------
    table
        As published, after `mpsurvey.assess` and `mpsurvey.protect`; or a report, for its table.
    folder
        Where to; made where it does not exist.
    agency
        Id of the agency that maintains the structure, such as ``"NSO.MIGRATION"``.
    area
        Code of the country, such as ``"GE"``.
    period
        Period of the data, such as ``2017`` or ``"2017-Q3"``. A table of several rounds needs none:
        their names are the periods.
    area_name, title
        What country and dataflow are called; by language where there are several.
    dataflow
        Id of the dataflow.
    prepared
        Moment that the structure messages say they were prepared; now by default. Given, the same
        inputs give the same bytes.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    ExtraMissing
        pysdmx is not installed.
    MpsurveyError
        An id or period is not one of SDMX, all such faults at once; or two figures have one key.
    """
    figures = table.table if isinstance(table, Report) else table
    _check(agency=agency, area=area, dataflow=dataflow, figures=figures, period=period)
    write, formats, dataset = _pysdmx()
    made = observations_of(figures, area=area, period=None if period is None else str(period))
    said = title or (table.title if isinstance(table, Report) else "") or dataflow
    structure = structure_of(
        figures,
        made,
        agency=agency,
        dataflow=dataflow,
        area=(area, _texts(area_name or area, figures.language)),
        title=_texts(said, figures.language),
    )
    target = Path(folder).expanduser()
    target.mkdir(parents=True, exist_ok=True)
    artefacts = list(structure.artefacts)
    data = _text(write(dataset(structure=structure.schema, data=_plain(made.frame)),
                       formats.DATA_SDMX_CSV_2_0_0))  # fmt: skip
    header = _header(dataflow, agency, prepared)
    xml = _text(write(artefacts, formats.STRUCTURE_SDMX_ML_3_0, header=header))
    json = _text(write(artefacts, formats.STRUCTURE_SDMX_JSON_2_0_0, header=header))
    files = {
        "data.csv": _with_nan(data).encode("utf-8"),
        "structure.xml": named_xml(xml, structure.names, structure.descriptions),
        "structure.json": named_json(json, structure.names, structure.descriptions).encode("utf-8"),
    }
    paths = []
    for name, content in files.items():

        def fill(spare: Path, content: bytes = content) -> None:
            spare.write_bytes(content)

        paths.append(write_whole(target / name, fill))
    return tuple(paths)


def _pysdmx() -> tuple[Any, Any, Any]:
    try:
        from pysdmx.io import write_sdmx as write
        from pysdmx.io.format import Format
        from pysdmx.io.pd import PandasDataset
    except ImportError as error:
        raise ExtraMissing("Writing SDMX", "sdmx") from error
    return write, Format, PandasDataset


def _check(
    *, agency: str, area: str, dataflow: str, figures: IndicatorTable, period: str | int | None
) -> None:
    problems = [
        f"{role}='{value}' is not an id of SDMX: letters, digits, _ and -, a letter first."
        for role, value in (("agency", agency), ("dataflow", dataflow))
        if not _ID.fullmatch(value) or (role == "dataflow" and "." in value)
    ]
    if not _CODE.fullmatch(area):
        problems.append(f"area='{area}' is not a code of SDMX; give one such as 'GE'.")
    if period is None and "round" not in figures.by:
        problems.append("Which period are the data of? Give period='2026', '2026-Q1' or '2026-03'.")
    if not len(figures):
        problems.append("The table has no figures to write.")
    if problems:
        raise MpsurveyError(problems)


def _header(dataflow: str, agency: str, prepared: datetime.datetime | None) -> Any:
    from pysdmx.model import Organisation
    from pysdmx.model.message import Header

    return Header(
        id=dataflow,
        prepared=prepared or datetime.datetime.now(tz=datetime.UTC).replace(microsecond=0),
        # A sub-agency's dot has no place in the id of a sender.
        sender=Organisation(id=agency.replace(".", "_")),
    )


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers as text with all their digits; nothing where there is none."""
    out = pd.DataFrame(index=frame.index)
    for name in frame.columns:
        column = frame[name]
        texts = ["" if pd.isna(x) else repr(x.item() if hasattr(x, "item") else x)
                 if isinstance(x, float | int) else str(x) for x in column]  # fmt: skip
        out[name] = pd.Series(texts, index=frame.index, dtype=object)
    return out


def _with_nan(data: str) -> str:
    """Write NaN where a figure is not published.

    An empty cell would leave what a receiver already holds; NaN is how the standard says that there
    is no value. pysdmx writes empty cells for both.
    """
    rows = list(csv.reader(io.StringIO(data, newline="")))
    places = [rows[0].index(name) for name in _TAKEN_AWAY]
    for row in rows[1:]:
        if not row[places[0]]:
            for place in places:
                row[place] = "NaN"
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _texts(given: str | Mapping[str, str], language: str) -> Mapping[str, str]:
    return {language: given} if isinstance(given, str) else given


def _text(written: Any) -> str:
    if not isinstance(written, str):
        raise MpsurveyError("pysdmx returned no message. Update it: pip install -U pysdmx.")
    return written
