"""The structure of SAS files: what the header declares and whether the file ends.

sas7bdat is not documented by SAS; its header is described by M. Shotwell, "SAS7BDAT Database Binary
Format" (2013). Transport files are described in SAS's own "Record Layout of a SAS Version 5 or 6
(8 or 9) Data Set in SAS Transport Format". Values are left to pyreadstat.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from mmap import mmap

from mpsurvey.errors import FileUnreadable

__all__ = [
    "SasFile",
    "TransportFile",
    "is_catalogue",
    "is_sas",
    "is_transport",
    "parse_sas",
    "parse_transport",
]

MAGIC = bytes.fromhex("000000000000000000000000c2ea8160b31411cfbd92080009c7318c181f1011")
Content = bytes | mmap
CUT = "The file is cut short: {what}. Ask for it again, or copy it again."
RECORD = 80


@dataclass(frozen=True, slots=True)
class SasFile:
    """What a sas7bdat file says about itself: its pages and the code of its encoding."""

    pages: int
    encoding_code: int


@dataclass(frozen=True, slots=True)
class TransportFile:
    """What a transport file holds: the names of its data sets, and where the first one ends."""

    members: tuple[str, ...]
    first_ends_at: int


def is_sas(head: bytes) -> bool:
    """Whether the first bytes are those of a sas7bdat file (a catalogue has them too)."""
    return head[:32] == MAGIC


def is_catalogue(head: bytes) -> bool:
    """Whether a file with SAS's magic is a catalogue of formats and not data."""
    return is_sas(head) and b"CATALOG" in head[148:170]


def parse_sas(content: Content, name: str) -> SasFile:
    """Read the header of a sas7bdat file and compare its pages with the size of the file."""
    try:
        wide = content[32] == 0x33
        shift = 4 if content[35] == 0x33 else 0
        order = "<" if content[37] == 1 else ">"
        header, page = struct.unpack(order + "2I", content[196 + shift : 204 + shift])
        at = 204 + shift
        pages = struct.unpack(order + ("Q" if wide else "I"), content[at : at + (8 if wide else 4)])
    except (struct.error, IndexError):
        raise FileUnreadable(f"{name}: {CUT.format(what='it ends inside its header')}") from None
    expected = header + page * pages[0]
    if len(content) < expected:
        there = max(0, (len(content) - header) // max(page, 1))
        raise FileUnreadable(
            f"{name}: {CUT.format(what=f'{there:,} of {pages[0]:,} pages are there')}"
        )
    return SasFile(pages[0], content[70])


def is_transport(head: bytes) -> bool:
    """Whether the first bytes are those of a SAS transport file."""
    return head.startswith(b"HEADER RECORD*******LIB")


def parse_transport(content: Content, name: str) -> TransportFile:
    """See that a transport file is made of whole records and whole rows.

    The format does not declare its number of rows: a file cut exactly between two records, at the
    end of a row, cannot be told from a whole one.
    """
    if len(content) % RECORD:
        raise FileUnreadable(f"{name}: {CUT.format(what='its last record is incomplete')}")
    members = [
        found.start()
        for found in re.finditer(rb"HEADER RECORD\*{7}MEMB(?:ER|V8) {2}HEADER RECORD!{7}", content)
        if found.start() % RECORD == 0
    ]
    titles = []
    for at in members:
        # the second record after the two headers names the data set
        record = content[at + 2 * RECORD : at + 3 * RECORD]
        titles.append(record[8:40].split()[0].decode("latin-1") if record[8:40].split() else "?")
    end = members[1] if len(members) > 1 else len(content)
    names = re.search(rb"HEADER RECORD\*{7}NAM(?:ESTR|STV8) HEADER RECORD!{7}(\d{10})", content)
    rows = re.search(rb"HEADER RECORD\*{7}OBS(?:V8| {2}) {3}HEADER RECORD!{7}", content)
    if not members or names is None or rows is None:
        raise FileUnreadable(f"{name}: {CUT.format(what='it ends before its rows')}")
    size = content[members[0] + 75 : members[0] + 78]
    width = 0
    if not size.isdigit():
        raise FileUnreadable(f"{name}: it is damaged: its header does not say what its rows are.")
    for k in range(int(names.group(1))):
        at = names.start() + RECORD + int(size) * k + 4
        width += int.from_bytes(content[at : at + 2], "big")
    left = (end - rows.start() - RECORD) % width if width else 0
    if content[end - left : end].strip():
        raise FileUnreadable(f"{name}: {CUT.format(what='its last row is incomplete')}")
    return TransportFile(tuple(titles), end)
