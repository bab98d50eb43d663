"""The rounds of a profile's file: which data, crosswalk, design and weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mpsurvey.catalogue.fields import (
    BAD,
    Choice,
    Fields,
    Items,
    Key,
    Record,
    Texts,
    Whole,
    Word,
    WordMap,
)
from mpsurvey.catalogue.marked import Marked, Problems
from mpsurvey.declaration import Design
from mpsurvey.errors import MpsurveyError, did_you_mean
from mpsurvey.profile.one_table import parse_replicates
from mpsurvey.profile.study import ROW_KINDS, Round, Rows, Weighting

__all__ = ["ROUND", "build_round"]


@dataclass(frozen=True, slots=True)
class SharedPsu:
    """True, false, or a column."""

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return it."""
        if node.kind in ("yes/no", "text"):
            return node.content
        problems.add(node.line, f"shared_psu is true, false or a column, not {node.kind}.")
        return BAD

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": ["boolean", "string"]}


@dataclass(frozen=True, slots=True)
class RoundId:
    """The round's name: a year, or a word."""

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return it as text."""
        if node.kind in ("text", "whole number") and node.written.strip():
            return node.written.strip()
        problems.add(node.line, f"A round is called such as 2026, not {node.kind}.")
        return BAD

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": ["string", "integer"]}


@dataclass(frozen=True, slots=True)
class Totals:
    """Files of totals, or the totals themselves by margin."""

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return names of files, or a mapping of margins."""
        if node.kind == "keys with values":
            out = {}
            for margin, cells in node.content.items():
                if cells.kind != "keys with values" or any(
                    part.kind not in ("whole number", "number") for part in cells.content.values()
                ):
                    problems.add(cells.line, f"The totals of '{margin}' are cells with numbers.")
                    return BAD
                out[margin] = {
                    int(cell) if cell.lstrip("-").isdigit() else cell: float(part.content)
                    for cell, part in cells.content.items()
                }
            return out
        return Items(Word(), least=1, lone=True).read(node, problems)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        cells = {"type": "object", "additionalProperties": {"type": "number"}}
        files = Items(Word(), least=1, lone=True).schema()
        return {"anyOf": [files, {"type": "object", "additionalProperties": cells}]}


_COLUMNS = Items(Word(longest=200), least=1, lone=True)

DESIGN = Record(
    "A design",
    {
        "weight": Key(Word(longest=200), "column of weights"),
        "strata": Key(_COLUMNS, "column, or one for each stage"),
        "psu": Key(_COLUMNS, "column, or one for each stage"),
        "fpc": Key(_COLUMNS, "column, or one for each stage"),
        "replicates": Key(Word(longest=200), "such as sdr:PWGTP* or fay=0.5:W_FSTR*"),
        "lonely_psu": Key(Choice(("fail", "certainty", "centre", "average")), "as in mp.Design"),
    },
)

WEIGHTING = Record(
    "A weighting",
    {
        "recipe": Key(Word(), "a recipe's id, or a YAML file", need=True),
        "totals": Key(Totals(), "files of known totals, or cells with totals by margin"),
    },
)

_ROWS_KEYS = {
    "crosswalk": Key(Word(), "a crosswalk's id or file; none: the modules' own names"),
    "design": Key(DESIGN, "how they were drawn; the file's own by default"),
    "preset": Key(Word(), "a known survey's design, such as dhs"),
    "weighting": Key(WEIGHTING, "how weights are made"),
}

ROWS = Record("Rows", {"file": Key(Word(), "the data file"), **_ROWS_KEYS})

ROUND = Record(
    "A round",
    {
        "id": Key(RoundId(), "such as 2026", need=True),
        "title": Key(Texts(200), "the survey, in each language", need=True),
        "files": Key(
            WordMap(Word()),
            "data files: persons, households, children, or the crosswalk's further files",
            need=True,
        ),
        **_ROWS_KEYS,
        "rows": Key(WordMap(ROWS), "what is otherwise for households, children and so on"),
        "keep": Key(Items(Word(), lone=True), "columns carried over under their own names"),
        "home": Key(Whole(1, 999), "the country's UN M49 number, where it differs"),
        "encoding": Key(Word(longest=40), "encoding of the files' texts"),
        "shared_psu": Key(SharedPsu(), "whether PSUs are those of the round before"),
    },
)


def build_round(
    fields: Fields, node: Marked, problems: Problems, file: Path, home: int | None
) -> Round | None:
    """Make a round, and note rows that nothing gives."""
    if not fields.fine:
        return None
    named: dict[str, str] = fields["files"]
    main = next((kind for kind in ("persons", "households", "children") if kind in named), None)
    if main is None:
        problems.add(
            fields.line_of("files"), "A round needs a file of persons, households or children."
        )
        return None
    own = dict(fields.get("rows", {}))
    rows_node = node.get("rows")
    for kind in own:
        if kind not in ROW_KINDS:
            line = rows_node.key_lines.get(kind, fields.line) if rows_node else fields.line
            near = did_you_mean(kind, ROW_KINDS)
            problems.add(line, f"There are no rows '{kind}'.{near} There are {_kinds()}.")
    folder = file.parent
    rows: dict[str, Rows | None] = {main: _rows(main, fields, problems, folder, named[main])}
    for kind, part in own.items():
        if kind in ROW_KINDS and kind != main:
            # A file with a crosswalk of its own is harmonised by itself; else it is joined.
            given = part.get("file") or (named.get(kind) if "crosswalk" in part else None)
            rows[kind] = _rows(kind, part, problems, folder, given)
    further = {
        name: folder / path
        for name, path in named.items()
        if name != main and ((each := rows.get(name)) is None or each.file is None)
    }
    if any(one is None for one in rows.values()):
        return None
    plain = node.plain()
    return Round(
        id=fields["id"],
        title=fields["title"],
        main=main,
        rows={kind: one for kind, one in rows.items() if one is not None},
        files=further,
        home=fields.get("home", home),
        encoding=fields.get("encoding"),
        shared_psu=fields.get("shared_psu", False),
        said={key: value for key, value in plain.items() if key != "title"},
        place=f"{problems.file}:{fields.line}",
    )


def _kinds() -> str:
    return ", ".join(ROW_KINDS)


def _rows(
    kind: str, fields: Fields, problems: Problems, folder: Path, name: str | None
) -> Rows | None:
    design = None
    if (said := fields.get("design")) is not None:
        design = _design(said, problems)
        if design is None:
            return None
        if "preset" in fields:
            problems.add(fields.line_of("preset"), "Give a design or a preset, not both.")
    return Rows(
        kind=kind,
        file=None if name is None else folder / name,
        crosswalk=_path_or_id(fields.get("crosswalk"), folder),
        design=design,
        preset=fields.get("preset"),
        weighting=_weighting(fields.get("weighting"), folder),
    )


def _path_or_id(given: str | None, folder: Path) -> str | Path | None:
    if given is not None and given.lower().endswith((".yaml", ".yml")):
        return folder / given
    return given


def _design(said: Fields, problems: Problems) -> Design | None:
    given = {key: said[key] for key in ("weight", "strata", "psu", "fpc", "lonely_psu")
             if key in said}  # fmt: skip
    try:
        if "replicates" in said:
            given["replicates"] = parse_replicates(said["replicates"])
        return Design(**given)
    except MpsurveyError as error:
        for problem in error.problems:
            problems.add(said.line, problem)
        return None


def _weighting(said: Fields | None, folder: Path) -> Weighting | None:
    if said is None or not said.fine:
        return None
    recipe = _path_or_id(said["recipe"], folder)
    totals = said.get("totals", ())
    by_hand = totals if isinstance(totals, dict) else {}
    files = () if isinstance(totals, dict) else tuple(folder / one for one in totals)
    return Weighting(recipe=recipe or "", totals=files, by_hand=by_hand)
