"""Design presets: the columns by which known surveys say how people were drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mpsurvey.catalogue.fields import (
    Choice,
    Fields,
    Items,
    Key,
    Real,
    Record,
    Texts,
    Version,
    Whole,
    Word,
)
from mpsurvey.catalogue.marked import Problems
from mpsurvey.catalogue.sources import CITATION, Citation, citations

__all__ = ["DESIGN", "DesignFile", "DesignPreset", "build_design"]

_COLUMN = Word(longest=120)
_ONE_OF = Items(_COLUMN, least=1, lone=True)

REPLICATES = Record(
    "replicates",
    {
        "kind": Key(
            Choice(("brr", "jk1", "jk2", "jkn", "bootstrap", "sdr")), "the method", need=True
        ),
        "columns": Key(_COLUMN, "a pattern such as PWGTP*; without it jkn is made from the PSUs"),
        "number": Key(Whole(2), "how many there must be"),
        "skip": Key(Items(_COLUMN, lone=True), "columns of the pattern that are none"),
        "fay": Key(Real(0, 1), "Fay's factor"),
    },
)

FILE = Record(
    "A file",
    {
        "name": Key(Word(longest=60), "which file of the survey: women, households", need=True),
        "needs": Key(Items(_COLUMN, lone=True), "columns that tell the file"),
        "weight": Key(_ONE_OF, "column or formula; of several the first that is there", need=True),
        "divide_by": Key(Real(0), "what the weight must be divided by"),
        "strata": Key(_ONE_OF, "column; of several the first that is there"),
        "psu": Key(_ONE_OF, "column; of several the first that is there"),
        "must": Key(
            Items(Choice(("strata", "psu")), lone=True), "roles without which the file is refused"
        ),
        "within": Key(
            Items(_COLUMN, lone=True), "columns, such as the country, in which strata are nested"
        ),
        "replicates": Key(REPLICATES, "replicate weights, of the file or to be made"),
        "lonely_psu": Key(Choice(("fail", "certainty", "centre", "average")), "as in Design"),
        "note": Key(Texts(1000, whole=False, plain=True), "what to know of this file"),
    },
)

DESIGN = Record(
    "A design preset",
    {
        "kind": Key(Word(), "design", need=True),
        "id": Key(Word(longest=60), "its id", need=True),
        "version": Key(Version(), "three numbers", need=True),
        "title": Key(Texts(200, whole=False), "the survey", need=True),
        "files": Key(Items(FILE, least=1), "its files, the likeliest first", need=True),
        "caveat": Key(Texts(1500, whole=False, plain=True), "what the preset cannot know"),
        "checked": Key(Word(longest=900), "against what the preset was checked, and what was not"),
        "source": Key(Items(CITATION, lone=True), "where the survey documents it"),
        "reference": Key(Items(Word(longest=400), lone=True), "the survey's own documents"),
        "replaces": Key(Word(), "the id and version that this one overrides"),
    },
)


@dataclass(frozen=True, slots=True)
class DesignFile:
    """The roles of columns in one file of a survey.

    Attributes
    ----------
    needs
        Columns that tell this file from the survey's others.
    weight, strata, psu
        Candidates, the first that the data have is used; a weight may be a formula.
    divide_by
        What the weight must be divided by.
    must
        Roles (``"strata"``, ``"psu"``) without which standard errors would be those of another
        design: data that lack their columns are refused.
    within
        Columns in which codes of strata and PSUs start anew, such as the country; where the data
        have several values of one, strata are crossed with it.
    replicates
        Kind, columns, number, skip, fay; or None. Without columns they are made from strata and
        PSUs.
    """

    name: str
    weight: tuple[str, ...]
    strata: tuple[str, ...] = ()
    psu: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    divide_by: float = 1.0
    must: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    replicates: Mapping[str, Any] | None = field(default=None, hash=False)
    lonely_psu: str = "fail"
    note: Mapping[str, str] | None = field(default=None, hash=False)


@dataclass(frozen=True, slots=True)
class DesignPreset:
    """What a known survey calls its weight, strata and sampling units.

    Attributes
    ----------
    files
        Its files, the likeliest first.
    caveat
        What the preset cannot know, by language.
    references
        The survey's own documents.
    checked
        Against what the preset was checked, and what was not.
    """

    id: str
    version: str
    title: Mapping[str, str] = field(hash=False)
    files: tuple[DesignFile, ...] = ()
    caveat: Mapping[str, str] | None = field(default=None, hash=False)
    references: tuple[str, ...] = ()
    sources: tuple[Citation, ...] = ()
    checked: str | None = None
    replaces: str | None = None
    theme: str = ""
    place: str = ""
    kind: str = "design"


def build_design(fields: Fields, problems: Problems, place: str) -> DesignPreset:
    """Make the preset, and note files that say two things at once."""
    files = []
    for read in fields["files"]:
        if not read.fine:
            continue
        made = read.get("replicates")
        drawn = bool(read.get("strata") or read.get("psu"))
        if made is not None and "columns" in made and drawn:
            problems.doubt(read.line, "Strata and PSUs have no effect beside replicate weights.")
        if made is not None and "columns" not in made and (made["kind"] != "jkn" or not drawn):
            problems.add(
                read.line,
                "Replicates have no columns. Name them; only kind jkn is made from strata and psu.",
            )
        files.append(
            DesignFile(
                read["name"],
                read["weight"],
                read.get("strata", ()),
                read.get("psu", ()),
                read.get("needs", ()),
                read.get("divide_by", 1.0),
                read.get("must", ()),
                read.get("within", ()),
                None if made is None else dict(made),
                read.get("lonely_psu", "fail"),
                read.get("note"),
            )
        )
    return DesignPreset(
        fields["id"],
        fields["version"],
        fields["title"],
        tuple(files),
        fields.get("caveat"),
        fields.get("reference", ()),
        citations(fields.get("source", ())),
        fields.get("checked"),
        fields.get("replaces"),
        place=place,
    )
