"""Names that a format allows for its variables."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["SAS", "SPSS", "STATA", "NameRule", "legal_names"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class NameRule:
    """What a format allows in a name.

    Parameters
    ----------
    unwanted
        Pattern of characters that are replaced by an underscore.
    longest
        Most characters (bytes where `in_bytes`).
    reserved
        Words that are no names, in lower case.
    any_case
        Whether names that differ in case only are different names.
    """

    unwanted: str
    longest: int
    reserved: frozenset[str] = frozenset()
    any_case: bool = True
    in_bytes: bool = False


STATA_WORDS = """
    _all _b byte _coef _cons double float if in int long _n _pi _pred _rc _skip str strl using with
"""
SPSS_WORDS = "all and by eq ge gt le lt ne not or to with"
STATA = NameRule(r"\W", 32, frozenset(STATA_WORDS.split()))
SPSS = NameRule(r"[^\w.@#$]", 64, frozenset(SPSS_WORDS.split()), any_case=False, in_bytes=True)
SAS = NameRule(r"[^A-Za-z0-9_]", 32, any_case=False)


def legal_names(columns: Iterable[object], rule: NameRule) -> dict[str, str]:
    """Give each column a name that the format allows: its own wherever possible.

    >>> legal_names(["age", "Age (years)", "1st", "AGE"], SPSS)
    {'age': 'age', 'Age (years)': 'Age__years_', '1st': 'v1st', 'AGE': 'AGE_2'}
    """
    names = [str(column) for column in columns]
    given: dict[str, str] = {}
    taken: set[str] = set()
    # names that are legal as they are keep precedence over those that have to change
    for name in sorted(names, key=lambda one: _cleaned(one, rule) != one):
        legal = base = _cleaned(name, rule)
        count = 1
        while _folded(legal, rule) in taken:
            count += 1
            legal = f"{_cut(base, rule, len(str(count)) + 1)}_{count}"
        taken.add(_folded(legal, rule))
        given[name] = legal
    return {name: given[name] for name in names}


def _cleaned(name: str, rule: NameRule) -> str:
    legal = re.sub(rule.unwanted, "_", name)
    if not legal or not (legal[0].isalpha() or legal[0] == "_"):
        legal = f"v{legal}"
    if legal.lower() in rule.reserved or re.fullmatch(r"str\d+", legal):
        legal = f"{legal}_"
    return _cut(legal, rule, 0).rstrip(".")


def _folded(name: str, rule: NameRule) -> str:
    return name if rule.any_case else name.lower()


def _cut(name: str, rule: NameRule, room: int) -> str:
    if rule.in_bytes:
        return name.encode()[: rule.longest - room].decode(errors="ignore")
    return name[: rule.longest - room]
