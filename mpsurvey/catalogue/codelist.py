"""Code lists: the answers that questions offer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mpsurvey.catalogue.fields import Fields, Flag, Items, Key, Record, Texts, Version, Whole, Word
from mpsurvey.catalogue.marked import Problems
from mpsurvey.catalogue.sources import CITATION, Citation, citations

__all__ = ["CODELIST", "Code", "CodeList", "build_codelist"]

LIST_ID = r"[A-Z][A-Z0-9_]{0,15}"

CODE = Record(
    "A code",
    {
        "code": Key(Whole(-99999, 99999), "a whole number of at most five characters", need=True),
        "label": Key(Texts(255), "the answer in each language", need=True),
        "missing": Key(Flag(), "true when it means does not know or refused"),
        "exclusive": Key(Flag(), "true when it stands alone among many answers"),
        "specify": Key(Flag(), "true when the answer is to be written out"),
        "alias": Key(Word(longest=20), "the code in another standard"),
        "group": Key(Texts(120), "the heading under which it is shown"),
        "note": Key(Texts(500, whole=False, plain=True), "what the code covers"),
    },
)

CODELIST = Record(
    "A code list",
    {
        "kind": Key(Word(), "codelist", need=True),
        "id": Key(Word(LIST_ID, means="an id in capitals, at most 16"), "its id", need=True),
        "version": Key(Version(), "three numbers", need=True),
        "title": Key(Texts(200), "what the list is, in each language", need=True),
        "items": Key(Items(CODE, least=1), "the codes in the order shown", need=True),
        "source": Key(Items(CITATION, lone=True), "where the list comes from"),
        "open": Key(Flag(), "true when an office adds its own codes"),
        "replaces": Key(Word(), "the id and version that this one overrides"),
        "notes": Key(Texts(4000, whole=False, plain=True), "for analysts"),
    },
)


@dataclass(frozen=True, slots=True)
class Code:
    """One answer of a list.

    Attributes
    ----------
    code, label
        The number in the data and the wording in each language.
    missing
        It counts as no answer (*does not know*, *refused*).
    exclusive
        It stands alone among many answers.
    specify
        The answer is written out in a text question beside.
    alias
        The code in another standard, such as ISO 3166's three letters.
    group
        The heading under which it is shown.
    """

    code: int
    label: Mapping[str, str]
    missing: bool = False
    exclusive: bool = False
    specify: bool = False
    alias: str | None = None
    group: Mapping[str, str] | None = None
    note: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class CodeList:
    """A list of answers.

    >>> from mpsurvey.catalogue import CodeList, Code
    >>> yes_no = CodeList("YN", "1.0.0", {"en": "Yes / no"}, (Code(1, {"en": "Yes"}),))
    >>> yes_no.labels("en")
    {1: 'Yes'}
    """

    id: str
    version: str
    title: Mapping[str, str]
    items: tuple[Code, ...]
    sources: tuple[Citation, ...] = ()
    open: bool = False
    replaces: str | None = None
    notes: Mapping[str, str] | None = None
    place: str = ""

    def __iter__(self) -> Iterator[Code]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def codes(self) -> tuple[int, ...]:
        """The codes in the order shown."""
        return tuple(item.code for item in self.items)

    @property
    def missing(self) -> frozenset[int]:
        """Codes that count as no answer."""
        return frozenset(item.code for item in self.items if item.missing)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of its title."""
        return tuple(self.title)

    def labels(self, language: str) -> dict[int, str]:
        """Return the wording of each code, in the first language where this one lacks it."""
        return {
            item.code: item.label.get(language) or next(iter(item.label.values()))
            for item in self.items
        }


def build_codelist(fields: Fields, problems: Problems, place: str) -> CodeList:
    """Make the list, and note codes or wordings that stand twice."""
    by_code: dict[int, int] = {}
    by_label: dict[tuple[str, str], int] = {}
    for item in fields["items"]:
        if not item.fine:
            continue
        code = item["code"]
        if code in by_code:
            problems.add(item.line, f"Code {code} stands twice; also on line {by_code[code]}.")
        by_code.setdefault(code, item.line)
        for language, label in item["label"].items():
            other = by_label.setdefault((language, label.casefold()), code)
            if other != code:
                problems.add(
                    item.line, f"Codes {other} and {code} have the same wording '{label}'."
                )
    items = tuple(
        Code(
            item["code"],
            item["label"],
            missing=item.get("missing", False),
            exclusive=item.get("exclusive", False) or item.get("missing", False),
            specify=item.get("specify", False),
            alias=item.get("alias"),
            group=item.get("group"),
            note=item.get("note"),
        )
        for item in fields["items"]
        if item.fine
    )
    return CodeList(
        fields["id"],
        fields["version"],
        fields["title"],
        items,
        citations(fields.get("source", ())),
        fields.get("open", False),
        fields.get("replaces"),
        fields.get("notes"),
        place,
    )


def please_specify() -> Mapping[str, str]:
    """Wording of the text question beside *other (specify)*."""
    return {
        "en": "Please specify.",
        "fr": "Veuillez préciser.",
        "es": "Por favor, especifique.",
        "ru": "Пожалуйста, уточните.",
        "ar": "يرجى التحديد.",
    }


def other_word() -> Mapping[str, str]:
    """Word that ends the label of that question's variable."""
    return {"en": "other", "fr": "autre", "es": "otro", "ru": "другое", "ar": "أخرى"}
