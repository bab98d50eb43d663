"""A table as data for other programs, with a dictionary of its columns."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mpsurvey.errors import MpsurveyError
from mpsurvey.publication.dictionary import Field, dictionary_of, tidy
from mpsurvey.publication.document import Report
from mpsurvey.publication.table import write_whole
from mpsurvey.tabulation import IndicatorTable

__all__ = ["write_dataset"]


def write_dataset(table: IndicatorTable | Report, path: str | Path) -> tuple[Path, ...]:
    """Write the figures as csv or parquet, and beside them what every column and code means.

    Use it to give figures to people who go on computing. ``figures.csv`` comes with
    ``figures.dictionary.csv``, a row per column and per code, to read and print, and
    ``figures.datapackage.json``, the same as a Frictionless Data Package (Table Schema) for
    programs. A parquet file holds the dictionary in its own metadata too.

    Parameters
    ----------
    table
        As published, after `mpsurvey.assess` and `mpsurvey.protect`; or a report, for its table.
    path
        Ending in ``.csv`` or ``.parquet``. Shares are 0 to 1; missing and withheld figures are
        empty. Text is UTF-8 without a byte order mark.

    Returns
    -------
    tuple of Path
        The data, the dictionary, the data package.

    Raises
    ------
    MpsurveyError
        The ending is another, the folder is absent, or a file is open in another program.
    """
    figures = table.table if isinstance(table, Report) else table
    target = Path(path).expanduser()
    ending = target.suffix.lower()
    if ending not in (".csv", ".parquet"):
        raise MpsurveyError(
            f"{target.name}: data sets are written to .csv or .parquet, not to '{ending}'."
        )
    fields, frame = dictionary_of(figures), tidy(figures)
    package = _package(target.name, figures, fields)
    if ending == ".csv":
        write_whole(
            target,
            lambda spare: frame.to_csv(spare, index=False, encoding="utf-8", lineterminator="\n"),
        )
    else:
        write_whole(target, lambda spare: _parquet(frame, fields, package, spare))
    listed = target.with_suffix(".dictionary.csv")
    packed = target.with_suffix(".datapackage.json")
    texts = {listed: _listed(fields), packed: _json(package)}
    for place, text in texts.items():

        def fill(spare: Path, text: str = text) -> None:
            spare.write_bytes(text.encode("utf-8"))

        write_whole(place, fill)
    return target, listed, packed


def _listed(fields: Sequence[Field]) -> str:
    """The dictionary as a csv: a row per column, then a row per code."""
    languages = _languages(fields)
    out = io.StringIO(newline="")
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["column", "type", "unit", "code", *(f"meaning_{one}" for one in languages)])
    for one in fields:
        meanings = [one.meaning.get(language, "") for language in languages]
        rows.writerow([one.name, one.kind, one.unit, "", *meanings])
        for code, texts in one.codes.items():
            rows.writerow(
                [one.name, "", "", code, *(texts.get(language, "") for language in languages)]
            )
    return out.getvalue()


def _languages(fields: Sequence[Field]) -> list[str]:
    order = ("en", "fr", "es", "ru", "ar")
    known = {language for one in fields for language in one.meaning}
    known |= {language for one in fields for texts in one.codes.values() for language in texts}
    return [*(one for one in order if one in known), *sorted(known - set(order))]


def _package(name: str, table: IndicatorTable, fields: Sequence[Field]) -> dict[str, Any]:
    """The dictionary as a Frictionless Data Package."""
    stem = Path(name).stem
    resource: dict[str, Any] = {
        "name": _slug(stem),
        "path": name,
        "profile": "tabular-data-resource",
        "format": Path(name).suffix.removeprefix("."),
        "schema": {
            "fields": [_described(one, table.language) for one in fields],
            "missingValues": [""],
        },
    }
    if resource["format"] == "csv":
        resource |= {"mediatype": "text/csv", "encoding": "utf-8"}
        resource["dialect"] = {"delimiter": ",", "lineTerminator": "\n", "doubleQuote": True}
    package: dict[str, Any] = {
        "name": _slug(stem),
        "title": table.title(),
        "profile": "tabular-data-package" if resource["format"] == "csv" else "data-package",
        "resources": [resource],
    }
    notes = _notes(table)
    return package | ({"description": "\n".join(notes)} if notes else {})


def _described(one: Field, language: str) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": one.name,
        "type": one.kind,
        "title": one.meaning.get(language) or next(iter(one.meaning.values())),
        "titles": dict(one.meaning),
    }
    if one.unit:
        field["unit"] = one.unit
    if one.codes:
        field["constraints"] = {"enum": list(one.codes)}
        # Labels of codes, as Table Schema 2 has them, and the same in every language.
        field["categories"] = [
            {"value": code, "label": texts.get(language) or next(iter(texts.values()))}
            for code, texts in one.codes.items()
        ]
        field["labels"] = {str(code): dict(texts) for code, texts in one.codes.items()}
    return field


def _notes(table: IndicatorTable) -> tuple[str, ...]:
    """What the figures rest on; the date of writing is left out, so that bytes stay the same."""
    results = table.results.values()
    designs = dict.fromkeys(f"Design: {one.basis}. {one.method}." for one in results)
    rules: tuple[str, ...] = tuple(getattr(table, "rules", ()))
    return (*designs, *table.notes, *rules)


def _parquet(
    frame: pd.DataFrame, fields: Sequence[Field], package: Mapping[str, Any], path: Path
) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    arrow = pa.Table.from_pandas(frame, preserve_index=False)
    meanings = {one.name: next(iter(one.meaning.values())) for one in fields}
    described = [
        field.with_metadata({"description": meanings[field.name]}) for field in arrow.schema
    ]
    metadata = {**(arrow.schema.metadata or {}), b"datapackage": _json(package).encode("utf-8")}
    parquet.write_table(arrow.cast(pa.schema(described, metadata=metadata)), path)


def _json(package: Mapping[str, Any]) -> str:
    return json.dumps(package, ensure_ascii=False, indent=1) + "\n"


def _slug(name: str) -> str:
    plain = "".join(x if x.isascii() and (x.isalnum() or x in "._-") else "-" for x in name)
    return plain.lower().strip("-") or "figures"
