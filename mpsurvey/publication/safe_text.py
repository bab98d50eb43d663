"""Text from anywhere made fit for a file that other programs open."""

from __future__ import annotations

import re

__all__ = ["legible", "one_line"]

# XML 1.0 admits none of these: control characters, halves of surrogate pairs, two noncharacters.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
# They turn what follows around without an end, so that a label reads as another one.
_TURNING = re.compile("[\u202a-\u202e]")
_BREAKS = re.compile(r"\s*[\r\n\t\v\f\u2028\u2029\x85]+\s*")


def legible(text: str) -> str:
    r"""Return text without what would break a file or deceive its reader.

    Characters that XML forbids become the replacement sign; marks that override the direction of
    writing go; lines end in ``\n``.

    >>> legible("a\x00b\r\nc")
    'a\ufffdb\nc'
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _TURNING.sub("", _ILLEGAL.sub("\ufffd", lines))


def one_line(text: str) -> str:
    r"""Return legible text on one line, for titles, headings and names.

    >>> one_line("a\n b\tc ")
    'a b c'
    """
    return _BREAKS.sub(" ", legible(_BREAKS.sub(" ", text))).strip()
