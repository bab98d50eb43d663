"""A profile from YAML: every problem at once, with file, line and near misses."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mpsurvey.catalogue import THEMES, Catalogue, load_catalogue
from mpsurvey.catalogue.fields import (
    BAD,
    LANGUAGE,
    NAME,
    Choice,
    Fields,
    Flag,
    Items,
    Key,
    Raw,
    Real,
    Record,
    RuleText,
    Texts,
    Version,
    Whole,
    Word,
    WordMap,
)
from mpsurvey.catalogue.marked import Marked, Problems, compose
from mpsurvey.errors import CatalogueError, did_you_mean
from mpsurvey.harmonisation.target import all_targets
from mpsurvey.profile.round_file import ROUND, build_round
from mpsurvey.profile.study import (
    FORMATS,
    SECTIONS,
    Auxiliary,
    Country,
    Group,
    GroupVariable,
    Study,
    TextSource,
)

__all__ = ["PROFILE", "read_study"]


@dataclass(frozen=True, slots=True)
class Day:
    """A date: 2026-11-24."""

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return the date."""
        if node.kind == "date" and isinstance(node.content, datetime.date):
            return node.content
        try:
            return datetime.date.fromisoformat(node.written)
        except ValueError:
            problems.add(node.line, f"'{node.written}' is no date such as 2026-11-24.")
            return BAD

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "string", "format": "date"}


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A variable, or a list of variables to cross."""

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return the names."""
        return Items(Word(NAME, 16, "a variable's name"), least=1, lone=True).read(node, problems)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return Items(Word(NAME, 16), least=1, lone=True).schema()


@dataclass(frozen=True, slots=True)
class TextOrTexts:
    """A file's name with ``{language}``, or a file's name or Markdown for each language."""

    def read(self, node: Marked, problems: Problems) -> Any:
        """Return the node: which it is depends on the study's languages."""
        if node.kind == "text":
            return node
        if node.kind != "keys with values":
            problems.add(
                node.line,
                "A text is a file's name such as text/introduction.{language}.md, or a file's name "
                "or Markdown for each language.",
            )
            return BAD
        for language, part in node.content.items():
            if not re.fullmatch(LANGUAGE, language):
                problems.add(part.line, f"'{language}' is not the code of a language.")
                return BAD
            if part.kind != "text":
                problems.add(part.line, f"Here text is expected, not {part.kind}.")
                return BAD
        return node

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "propertyNames": {"pattern": f"^{LANGUAGE}$"},
                    "additionalProperties": {"type": "string"},
                },
            ]
        }


COUNTRY = Record(
    "A country",
    {
        "code": Key(Word("[A-Z]{3}", means="three capital letters"), "ISO 3166", need=True),
        "name": Key(Texts(80), "its name in each language", need=True),
        "home": Key(Whole(1, 999), "its UN M49 number, HOME in rules"),
    },
)

GROUP = Record(
    "A group",
    {
        "code": Key(Whole(), "its code", need=True),
        "rule": Key(RuleText(), "who belongs", need=True),
        "title": Key(Texts(120), "what it is called, in each language", need=True),
    },
)

GROUP_VARIABLE = Record(
    "A variable of groups",
    {
        "title": Key(Texts(120), "what it is called, in each language", need=True),
        "groups": Key(Items(GROUP, least=1), "the groups in order", need=True),
    },
)

AUXILIARY = Record(
    "An auxiliary figure",
    {
        "id": Key(Word(NAME, 30, "a name in lower case letters"), "its name in texts", need=True),
        "title": Key(Texts(200), "what it is, in each language", need=True),
        "value": Key(Real(), "the figure", need=True),
        "unit": Key(Texts(80), "its unit, in each language", need=True),
        "year": Key(Word(longest=20), "the year, in quotes", need=True),
        "source": Key(Texts(400, whole=False, plain=True), "who publishes it", need=True),
        "decimals": Key(Whole(0, 6), "decimals shown"),
        "note": Key(Texts(600, whole=False, plain=True), "what a reader should know"),
    },
)

PROFILE = Record(
    "A profile",
    {
        "kind": Key(Word(), "profile", need=True),
        "id": Key(Word(NAME, 60, "an id in lower case"), "its id", need=True),
        "version": Key(Version(), "three numbers", need=True),
        "title": Key(Texts(200), "title in each language", need=True),
        "subtitle": Key(Texts(200), "subtitle in each language"),
        "country": Key(COUNTRY, "the country", need=True),
        "languages": Key(
            Items(Word(LANGUAGE, means="the code of a language"), least=1),
            "languages of the documents, the first for files of data",
            need=True,
        ),
        "publisher": Key(Texts(200, whole=False, plain=True), "who publishes it"),
        "date": Key(Day(), "date of publication"),
        "audience": Key(
            Choice(("decision", "technical", "expert")), "how deep the documents go; expert: all"
        ),
        "library": Key(Items(Word(), lone=True), "folders of modules and indicators of your own"),
        "rounds": Key(Items(ROUND, least=1), "rounds of the survey, the earliest first", need=True),
        "themes": Key(Items(Choice(THEMES), lone=True), "themes of the catalogue"),
        "indicators": Key(Items(Word(), lone=True), "single indicators, besides the themes"),
        "without": Key(Items(Word(), lone=True), "indicators of the themes that are left out"),
        "headlines": Key(Items(Word(), lone=True), "indicators that lead the main findings"),
        "breakdowns": Key(Items(Breakdown()), "variables, or lists of variables to cross"),
        "groups": Key(WordMap(GROUP_VARIABLE), "breakdowns that the study makes by rules"),
        "labels": Key(
            WordMap(WordMap(Texts(120), r"-?\d+")), "wordings of codes that the country has alone"
        ),
        "level": Key(Real(0.5, 0.999), "confidence level; 0.95 by default"),
        "quality": Key(Raw(), "rules of quality: an id, a file, or the rules"),
        "disclosure": Key(Raw(), "rules of disclosure control: a file, or the rules"),
        "withheld_in_text": Key(
            Choice(("mark", "fail")), "what a text does that asks for a withheld figure"
        ),
        "auxiliary": Key(Items(AUXILIARY), "figures from elsewhere"),
        "texts": Key(WordMap(TextOrTexts()), "an author's text for each section"),
        "governance": Key(Word(), "a file of policies, laws, institutions and cooperation"),
        "steps": Key(Word(), "a file of the steps of the work"),
        "previous": Key(Word(), "folder of the last published profile"),
        "formats": Key(Items(Choice(FORMATS), lone=True), "what is written; all by default"),
        "charts": Key(Flag(), "false for no charts"),
    },
)


def read_study(path: str | Path) -> Study:
    """Read a profile's file.

    Parameters
    ----------
    path
        ``profile.yaml``, or the folder that holds it.

    Raises
    ------
    CatalogueError
        With every problem of the file, each with its line: unknown keys and names with near misses,
        texts of sections that are not there, groups that no rule makes.
    """
    file = Path(path)
    file = file / "profile.yaml" if file.is_dir() else file
    problems = Problems(file.name)
    node = compose(file, problems)
    study = None if node is None else _read(node, problems, file.absolute())
    if problems.found or study is None:
        raise CatalogueError(problems.lines())
    return study


def _read(node: Marked, problems: Problems, file: Path) -> Study | None:
    if node.kind != "keys with values":
        problems.add(node.line, "The file holds keys with values, beginning with 'kind: profile'.")
        return None
    kind = node.get("kind")
    if kind is not None and kind.written != "profile":
        problems.add(kind.line, f"This is of the kind '{kind.written}', not a profile.")
        return None
    fields = PROFILE.read(node, problems)
    if fields is BAD:
        return None
    folders = tuple(file.parent / one for one in fields.get("library", ()))
    absent = [folder for folder in folders if not folder.is_dir()]
    for folder in absent:
        problems.add(fields.line_of("library"), f"There is no folder '{folder.name}'.")
    catalogue = load_catalogue(*(folder for folder in folders if folder not in absent))
    rounds = _rounds(node, fields, problems, file)
    groups = _groups(node, fields, problems)
    _review_names(fields, catalogue, groups, problems)
    texts = _texts(fields, problems, file)
    said = node.plain()
    if problems.found or not fields.fine:
        return None
    country = fields["country"]
    return Study(
        path=file,
        id=fields["id"],
        version=fields["version"],
        title=fields["title"],
        subtitle=fields.get("subtitle", {}),
        country=Country(code=country["code"], name=country["name"], home=country.get("home")),
        languages=fields["languages"],
        rounds=rounds,
        publisher=fields.get("publisher", {}),
        date=fields.get("date"),
        audience=fields.get("audience", "expert"),
        themes=fields.get("themes", ()),
        indicators=fields.get("indicators", ()),
        without=fields.get("without", ()),
        headlines=fields.get("headlines", ()),
        breakdowns=fields.get("breakdowns", ()),
        groups=groups,
        labels={
            name: {int(code): said for code, said in codes.items()}
            for name, codes in fields.get("labels", {}).items()
        },
        level=fields.get("level", 0.95),
        quality=_rules(fields.get("quality"), file),
        disclosure=_rules(fields.get("disclosure"), file),
        withheld_in_text=fields.get("withheld_in_text", "mark"),
        auxiliary={one["id"]: _auxiliary(one) for one in fields.get("auxiliary", ())},
        texts=texts,
        governance=_beside(file, fields.get("governance")),
        steps=_beside(file, fields.get("steps")),
        previous=_beside(file, fields.get("previous")),
        formats=fields.get("formats", FORMATS),
        charts=fields.get("charts", True),
        library=folders,
        said=said,
    )


def _beside(file: Path, name: str | None) -> Path | None:
    return None if name is None else file.parent / name


def _rules(given: Any, file: Path) -> Any:
    """Make a file's name among rules a path beside the study."""
    if isinstance(given, str) and given.lower().endswith((".yaml", ".yml")):
        return file.parent / given
    if isinstance(given, list):
        return tuple(_rules(one, file) for one in given)
    return given


def _auxiliary(one: Fields) -> Auxiliary:
    keys = ("id", "title", "value", "unit", "year", "source", "decimals", "note")
    return Auxiliary(**{key: one[key] for key in keys if key in one})


def _rounds(node: Marked, fields: Fields, problems: Problems, file: Path) -> Any:
    listed = node.get("rounds")
    nodes = listed.content if listed is not None and listed.kind == "list" else ()
    home = None
    if isinstance(country := fields.get("country"), Fields):
        home = country.get("home")
    rounds = []
    seen: dict[str, int] = {}
    for part, each in zip(nodes, fields.get("rounds", ()), strict=False):
        made = build_round(each, part, problems, file, home)
        if made is None:
            continue
        if made.id in seen:
            problems.add(each.line, f"The round '{made.id}' is already on line {seen[made.id]}.")
        seen[made.id] = each.line
        rounds.append(made)
    return tuple(rounds)


def _groups(node: Marked, fields: Fields, problems: Problems) -> dict[str, GroupVariable]:
    made = {}
    place = node.get("groups")
    for name, each in fields.get("groups", {}).items():
        if not each.fine:
            continue
        line = place.key_lines.get(name, each.line) if place is not None else each.line
        parts = [part for part in each["groups"] if part.fine]
        codes = [part["code"] for part in parts]
        for part in parts:
            if codes.count(part["code"]) > 1:
                problems.add(part.line, f"The code {part['code']} of '{name}' stands twice.")
        made[name] = GroupVariable(
            name=name,
            title=each["title"],
            groups=tuple(
                Group(code=part["code"], rule=part["rule"], title=part["title"]) for part in parts
            ),
            place=f"{problems.file}:{line}",
        )
    return made


def _review_names(
    fields: Fields, catalogue: Catalogue, groups: Mapping[str, Any], problems: Problems
) -> None:
    """Note names that nothing bears: indicators, breakdowns, variables of groups."""
    known = {one.id for one in catalogue.indicators()}
    for key in ("indicators", "without", "headlines"):
        for one in fields.get(key, ()):
            if one not in known:
                near = did_you_mean(one, known)
                problems.add(fields.line_of(key), f"There is no indicator '{one}'.{near}")
    if not fields.get("themes") and not fields.get("indicators"):
        problems.add(fields.line, "A profile names 'themes' or 'indicators'.")
    variables = {*all_targets(catalogue), *groups}
    kept = _kept_columns(fields)
    for names in fields.get("breakdowns", ()):
        for one in names:
            if one not in variables and one not in kept:
                near = did_you_mean(one, variables)
                problems.add(
                    fields.line_of("breakdowns"),
                    f"No module, no host variable and no group is called '{one}'.{near}",
                )
    for one in groups.values():
        for name in sorted({n for group in one.groups for n in group.rule.names}):
            if name not in variables and name not in kept:
                line = int(one.place.rpartition(":")[2])
                near = did_you_mean(name, variables)
                problems.add(line, f"The groups of '{one.name}' rest on '{name}', which no module "
                                   f"and no host variable is called.{near}")  # fmt: skip


def _kept_columns(fields: Fields) -> set[str]:
    """Columns that rounds carry over under the file's own names."""
    return {name for each in fields.get("rounds", ()) for name in each.get("keep", ())}


def _texts(fields: Fields, problems: Problems, file: Path) -> dict[tuple[str, str], TextSource]:
    found: dict[tuple[str, str], TextSource] = {}
    allowed = (*SECTIONS, *THEMES)
    for section, node in fields.get("texts", {}).items():
        if section not in allowed:
            near = did_you_mean(section, allowed)
            problems.add(
                node.line, f"No section is called '{section}'.{near} There are: "
                f"{', '.join(allowed)}.",
            )  # fmt: skip
        for language, part, text in _by_language(node, fields.get("languages", ())):
            if text.rstrip().endswith(".md") and "\n" not in text.strip():
                path = file.parent / text.strip()
                source = TextSource(
                    section=section, language=language, place=text.strip(), path=path
                )
            else:
                source = TextSource(
                    section=section,
                    language=language,
                    place=file.name,
                    inline=text,
                    line=part.line,
                )
            found[section, language] = source
    return found


def _by_language(node: Marked, languages: Iterable[str]) -> Iterable[tuple[str, Marked, str]]:
    if node.kind == "text":
        for language in languages:
            yield language, node, node.content.replace("{language}", language)
        return
    for language, part in node.content.items():
        yield language, part, part.content
