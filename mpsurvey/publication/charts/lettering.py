"""Labels as they are drawn: harmless, wrapped to a width, and in the language's direction."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

from mpsurvey.publication.safe_text import one_line

__all__ = [
    "clean",
    "fonts",
    "is_right_to_left",
    "isolated",
    "lines_of",
    "plain",
    "widest",
    "width_of",
]

# Widths of Helvetica, Arial and Liberation Sans in thousandths of the size, from ' ' to '~'.
_ASCII = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
)  # fmt: skip
_WIDE = frozenset("ЖЩШЮФЫМжщшюфым")
_ISOLATE_RIGHT, _ISOLATE_LEFT, _END = "\u2067", "\u2066", "\u2069"
_ISOLATES = dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069"))


def is_right_to_left(language: str) -> bool:
    """Whether a language runs from right to left."""
    return language in ("ar", "fa", "he", "ur")


def fonts(language: str) -> str:
    """Return the fonts to draw with, the best first.

    Liberation Sans comes with the renderer, so that pictures in Latin and Cyrillic letters are the
    same on every machine; Arial has the same widths. For languages that run from right to left
    the fonts are such as hold Arabic, Latin letters and digits alike: the renderer draws a line
    with one font, and a font with Arabic letters only would leave the rest to chance.
    """
    if is_right_to_left(language):
        return "Segoe UI, Tahoma, DejaVu Sans, Arial, sans-serif"
    return "Liberation Sans, Arial, Helvetica, sans-serif"


def clean(value: Any) -> str:
    r"""Return a label as one line, without signs that turn a text around.

    >>> clean("North\n and \u202esouth")
    'North and south'
    """
    return re.sub(r" {2,}", " ", one_line(str(value)).translate(_ISOLATES))


def isolated(text: str, *, right_to_left: bool) -> str:
    """Return a line that keeps its own direction wherever it stands.

    On a chart that runs from right to left, a line without letters that do so, such as an interval
    or an age group, is written as its digits are: from left to right.
    """
    if not right_to_left:
        return text
    own = any(unicodedata.bidirectional(sign) in ("R", "AL") for sign in text)
    return f"{_ISOLATE_RIGHT if own else _ISOLATE_LEFT}{text}{_END}"


def plain(text: str, language: str) -> str:
    """Keep a figure with its sign together within a text that runs from right to left."""
    return f"{_ISOLATE_LEFT}{text}{_END}" if is_right_to_left(language) else text


@cache
def _width_of_sign(sign: str) -> int:
    base = unicodedata.normalize("NFD", sign)[0]
    if " " <= base <= "~":
        return _ASCII[ord(base) - 32]
    if unicodedata.category(sign) in ("Cf", "Mn"):
        return 0
    if sign in "\u00a0\u202f·":
        return 278
    if unicodedata.east_asian_width(sign) in ("W", "F"):
        return 1000
    if "\u0600" <= sign <= "\u06ff":
        return 540
    if sign in _WIDE:
        return 850
    return 700 if sign.isupper() else 570


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Return about how many pixels a line takes; no font is asked, so that it is always the same.

    >>> round(width_of("Women", 10), 1)
    34.5
    """
    wide = sum(_width_of_sign(sign) for sign in text) * size / 1000
    # Fonts with Arabic letters are a tenth wider than Arial in digits and Latin letters.
    factor = 1.12 if _is_joined(text) else 1.0
    return wide * factor * (1.1 if bold else 1.0)


def lines_of(
    text: Any, width: float, size: float, *, most: int = 2, bold: bool = False
) -> list[str]:
    """Wrap a label to a width, and end it with '…' where it takes more lines than allowed.

    >>> lines_of("Upper secondary education", 90, 11)
    ['Upper secondary', 'education']
    >>> lines_of("Upper secondary education", 90, 11, most=1)
    ['Upper secondar…']
    """
    lines: list[str] = []
    words = clean(text).split(" ")
    line = ""
    while words:
        word = words.pop(0)
        tried = f"{line} {word}" if line else word
        if width_of(tried, size, bold=bold) <= width:
            line = tried
        elif not line:
            fits = _fitting(word, width, size, bold=bold)
            if _is_joined(word):
                # The letters of a joined script change their shape where a word is cut.
                line = f"{word[: max(fits - 1, 1)]}…"
                continue
            lines.append(word[:fits])
            words.insert(0, word[fits:])
        else:
            lines.append(line)
            words.insert(0, word)
            line = ""
    lines.append(line)
    kept = [one for one in lines if one] or [""]
    if len(kept) <= most:
        return kept
    last = " ".join(kept[most - 1 :])
    while last and width_of(f"{last}…", size, bold=bold) > width:
        last = last[:-1].rstrip()
    return [*kept[: most - 1], f"{last}…"]


def _is_joined(text: str) -> bool:
    return any("\u0600" <= sign <= "\u06ff" for sign in text)


def _fitting(word: str, width: float, size: float, *, bold: bool) -> int:
    """How many letters of a long word fit, up to a hyphen where it has one; one at least."""
    count = len(word)
    while count > 1 and width_of(word[:count], size, bold=bold) > width:
        count -= 1
    return word.rfind("-", 0, count) + 1 or count


def widest(texts: Sequence[str], size: float, *, bold: bool = False, language: str = "en") -> float:
    """Width of the widest of some lines, as a chart in a language draws them."""
    # The fonts for Arabic draw Latin letters and digits wider than Arial, in bold even more so.
    wider = (1.22 if bold else 1.15) if is_right_to_left(language) else 1.0
    factors = (1.0 if _is_joined(text) else wider for text in texts)
    return max(
        (width_of(text, size, bold=bold) * factor
         for text, factor in zip(texts, factors, strict=True)),
        default=0.0,
    )  # fmt: skip
