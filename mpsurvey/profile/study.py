"""A profile as its file says it: what is studied, from which data, shown how and to whom."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from mpsurvey.declaration import Design
from mpsurvey.rule import Rule

__all__ = [
    "FORMATS",
    "ROW_KINDS",
    "SECTIONS",
    "Auxiliary",
    "Country",
    "Group",
    "GroupVariable",
    "Round",
    "Rows",
    "Study",
    "TextSource",
    "Weighting",
    "wording",
]

FORMATS = ("html", "xlsx", "docx", "csv", "parquet", "sdmx")
"""What a profile can be written as."""

SECTIONS = ("introduction", "snapshot", "changes", "governance", "auxiliary", "steps", "notes")
"""Parts that take an author's text, besides the themes."""

ROW_KINDS: Mapping[str, str] = {
    "persons": "person",
    "households": "household",
    "absent": "absent",
    "children": "child",
    "senders": "sender",
    "trips": "trip",
}
"""Names of files by what a row of them is, and the indicators' own word for such rows."""


def wording(texts: Mapping[str, str], language: str) -> str:
    """Return a text in a language, or else in the first that there is.

    >>> wording({"en": "Work", "fr": "Emploi"}, "fr"), wording({"en": "Work"}, "ar")
    ('Emploi', 'Work')
    """
    return texts.get(language) or next(iter(texts.values()), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """The country of a profile.

    Attributes
    ----------
    code
        Three letters, ISO 3166.
    home
        Its UN M49 number: `HOME` in rules.
    """

    code: str
    name: Mapping[str, str]
    home: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighting:
    """How weights are made: a recipe, by its id or file, and files of known totals."""

    recipe: str | Path
    totals: tuple[Path, ...] = ()
    by_hand: Mapping[str, Mapping[Any, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """One sort of row of a round and how it becomes a sample.

    Attributes
    ----------
    kind
        As in `ROW_KINDS`.
    file
        The data file; None where the rows come out of the main file (its households, its rosters).
    crosswalk
        Path or id; None where columns bear the modules' own names.
    design
        How the rows were drawn; None for what the file declares, or what the persons' rows have.
    preset
        Id of a design preset, in place of a design.
    """

    kind: str
    file: Path | None = None
    crosswalk: str | Path | None = None
    design: Design | None = None
    preset: str | None = None
    weighting: Weighting | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round of a survey.

    Attributes
    ----------
    id
        Such as ``"2026"``; the value of `round` in tables.
    main
        The kind of the main file: its rows are harmonised, the others are joined to it.
    rows
        By kind.
    files
        Further files of the crosswalk, by the names that it gives them.
    shared_psu
        Whether the round shares PSUs with the one before, as in `mpsurvey.change`.
    said
        The round as plain data, for the digest that tells whether it is unchanged.
    """

    id: str
    title: Mapping[str, str]
    main: str
    rows: Mapping[str, Rows]
    files: Mapping[str, Path] = field(default_factory=dict)
    home: int | None = None
    encoding: str | None = None
    shared_psu: bool | str = False
    said: Mapping[str, Any] = field(default_factory=dict, repr=False)
    place: str = ""

    @property
    def inputs(self) -> tuple[Path, ...]:
        """Every file that the round reads."""
        found = [rows.file for rows in self.rows.values()]
        for rows in self.rows.values():
            if isinstance(rows.crosswalk, Path):
                found.append(rows.crosswalk)
            if rows.weighting is not None:
                found += rows.weighting.totals
                if isinstance(rows.weighting.recipe, Path):
                    found.append(rows.weighting.recipe)
        found += self.files.values()
        return tuple(dict.fromkeys(path for path in found if path is not None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One group of a variable that the study makes: its code, who belongs, what it is called."""

    code: int
    rule: Rule
    title: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupVariable:
    """A breakdown that the study makes itself; the first group whose rule holds counts."""

    name: str
    title: Mapping[str, str]
    groups: tuple[Group, ...]
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Auxiliary:
    """A figure from elsewhere: a national account, a register; never made by this library."""

    id: str
    title: Mapping[str, str]
    value: float
    unit: Mapping[str, str]
    year: str
    source: Mapping[str, str]
    decimals: int | None = None
    note: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSource:
    """An author's text of a section in a language: where it stands, and the text if inline."""

    section: str
    language: str
    place: str
    path: Path | None = None
    inline: str | None = None
    line: int = 1

    def text(self) -> str | None:
        """Return the text, or None where its file is absent."""
        if self.path is None:
            return self.inline
        return self.path.read_text(encoding="utf-8-sig") if self.path.is_file() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A whole profile, read and checked.

    Attributes
    ----------
    path
        The file; other paths are relative to its folder.
    rounds
        In order of time; figures are those of the last, changes those since each one before it.
    themes, indicators, without
        What is shown: themes of the catalogue, single indicators, and those left out.
    breakdowns
        Each a tuple of variables. An indicator gets those that its definition calls sensible.
    groups
        Variables that the study makes, by name.
    labels
        Wordings of codes, by variable, code and language: for codes that only the country has.
    quality, disclosure
        What `mpsurvey.assess` and `mpsurvey.protect` are given; None leaves the step out.
    texts
        By section and language.
    previous
        Folder of the last published profile.
    audience
        How deep the documents go: ``"decision"``, ``"technical"`` or ``"expert"``.
    """

    path: Path
    id: str
    version: str
    title: Mapping[str, str]
    country: Country
    languages: tuple[str, ...]
    rounds: tuple[Round, ...]
    subtitle: Mapping[str, str] = field(default_factory=dict)
    publisher: Mapping[str, str] = field(default_factory=dict)
    date: datetime.date | None = None
    audience: Literal["decision", "technical", "expert"] = "expert"
    themes: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    headlines: tuple[str, ...] = ()
    breakdowns: tuple[tuple[str, ...], ...] = ()
    groups: Mapping[str, GroupVariable] = field(default_factory=dict)
    labels: Mapping[str, Mapping[int, Mapping[str, str]]] = field(default_factory=dict)
    level: float = 0.95
    quality: Any = None
    disclosure: Any = None
    withheld_in_text: Literal["mark", "fail"] = "mark"
    auxiliary: Mapping[str, Auxiliary] = field(default_factory=dict)
    texts: Mapping[tuple[str, str], TextSource] = field(default_factory=dict)
    governance: Path | None = None
    steps: Path | None = None
    previous: Path | None = None
    formats: tuple[str, ...] = FORMATS
    charts: bool = True
    library: tuple[Path, ...] = ()
    said: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        rounds = ", ".join(one.id for one in self.rounds)
        return f"<Study {self.id}: rounds {rounds}; {', '.join(self.languages)}>"

    @property
    def folder(self) -> Path:
        """The folder that paths are relative to."""
        return self.path.parent

    @property
    def last(self) -> Round:
        """The round that is described."""
        return self.rounds[-1]

    def named(self, language: str) -> str:
        """Return the title in a language."""
        return wording(self.title, language)
