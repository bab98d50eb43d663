"""A table as DDI-Codebook 2.5, the documentation that data archives take."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mpsurvey.errors import MpsurveyError
from mpsurvey.publication.dictionary import Field, dictionary_of
from mpsurvey.publication.document import Report
from mpsurvey.publication.table import write_whole
from mpsurvey.tabulation import IndicatorTable

__all__ = ["write_table_ddi"]

DDI = "ddi:codebook:2_5"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def write_table_ddi(
    table: IndicatorTable | Report,
    path: str | Path,
    *,
    data: str = "",
    title: str = "",
    abstract: str = "",
) -> Path:
    """Write the documentation of a table's data file as DDI-Codebook 2.5 (``.xml``).

    Use it to archive the file of `mpsurvey.write_dataset`: a variable per column, with its meaning,
    unit, codes and labels in the languages known, and definition and caveat of every indicator.
    The file is documented as it lies, a row per figure; a cube (nCube) would repeat the same codes
    and say less, as the breakdowns are not crossed with each other.

    Parameters
    ----------
    table
        As published, after `mpsurvey.assess` and `mpsurvey.protect`; or a report, for its table.
    path
        Where to; written whole or not at all.
    data
        Name of the data file; that of `path` with ``.csv`` by default.
    title, abstract
        Of the study; the table's title and what it rests on by default.

    Raises
    ------
    MpsurveyError
        The name does not end in .xml, the folder is absent, or the file is open elsewhere.
    """
    target = Path(path).expanduser()
    if target.suffix.lower() != ".xml":
        raise MpsurveyError(f"{target.name}: DDI is written to .xml, not to '{target.suffix}'.")
    figures = table.table if isinstance(table, Report) else table
    named = title or (table.title if isinstance(table, Report) else figures.title())
    content = _document(figures, data or target.with_suffix(".csv").name, named, abstract)
    return write_whole(target, lambda spare: spare.write_bytes(content))


def _document(table: IndicatorTable, data: str, title: str, abstract: str) -> bytes:
    etree: Any = importlib.import_module("lxml.etree")
    root = etree.Element(f"{{{DDI}}}codeBook", nsmap={None: DDI}, version="2.5")
    root.set(_LANGUAGE, table.language)
    study = _add(root, "stdyDscr")
    _add(_add(_add(study, "citation"), "titlStmt"), "titl", title)
    info = _add(study, "stdyInfo")
    themes = dict.fromkeys(one.theme for one in table.indicators.values())
    if themes:
        subject = _add(info, "subject")
        for theme in themes:
            _add(subject, "topcClas", theme)
    _add(info, "abstract", abstract or title)
    designs = dict.fromkeys(f"{one.basis}. {one.method}." for one in table.results.values())
    if designs:
        method = _add(_add(study, "method"), "dataColl")
        for design in designs:
            _add(method, "sampProc", design)
    file = _add(_add(root, "fileDscr", ID="F_data"), "fileTxt")
    _add(file, "fileName", data)
    _add(file, "fileCont", "One record per figure")
    size = _add(file, "dimensns")
    _add(size, "caseQnty", str(len(table)))
    _add(size, "varQnty", str(len(table.frame.columns)))
    described = _add(root, "dataDscr")
    for place, field in enumerate(dictionary_of(table), start=1):
        _variable(described, field, place, table)
    out: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return out


def _variable(parent: Any, field: Field, place: int, table: IndicatorTable) -> None:
    discrete = field.kind != "number" and field.name != "n"
    var = _add(
        parent,
        "var",
        ID=f"V_{place}",
        name=field.name,
        files="F_data",
        intrvl="discrete" if discrete else "contin",
    )
    _labels(var, field.meaning)
    if field.unit:
        _add(var, "txt", f"Unit: {field.unit}.")
    for code, texts in field.codes.items():
        category = _add(var, "catgry")
        _add(category, "catValu", str(code))
        _labels(category, texts)
        if field.name == "indicator":
            _define(category, table, str(code))
    numeric = field.kind != "string"
    _add(var, "varFormat", type="numeric" if numeric else "character", schema="other")


def _define(category: Any, table: IndicatorTable, code: str) -> None:
    """Say what an indicator counts, and when not to trust it."""
    indicator = table.indicators[code]
    for texts in (indicator.definition, indicator.caveat):
        for language, text in texts.items():
            _add(category, "txt", text, language=language)


def _labels(element: Any, texts: Mapping[str, str]) -> None:
    for language, text in texts.items():
        _add(element, "labl", text, language=language)


def _add(
    parent: Any, tag: str, text: str | None = None, /, *, language: str = "", **attributes: str
) -> Any:
    etree: Any = importlib.import_module("lxml.etree")
    element = etree.SubElement(parent, f"{{{DDI}}}{tag}", attributes)
    if text is not None:
        element.text = _allowed(text)
    if language:
        element.set(_LANGUAGE, language)
    return element


def _allowed(text: str) -> str:
    """Leave out the control characters that XML has no way to write."""
    return "".join(x for x in text if x in "\t\n\r" or ord(x) >= 32)
