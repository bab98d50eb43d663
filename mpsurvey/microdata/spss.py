"""The structure of an SPSS file: what its header declares, its weight, and whether it ends.

The system file's records are described in the PSPP developers' guide, "System File Format". Values
are left to pyreadstat.
"""

from __future__ import annotations

import mmap as memory
import re
import struct
from dataclasses import dataclass, field
from mmap import mmap

from mpsurvey.errors import FileUnreadable
from mpsurvey.microdata.own import OWN

__all__ = [
    "Content",
    "Dictionary",
    "SpssFile",
    "check_portable",
    "is_encrypted",
    "is_portable",
    "is_spss",
    "let_go",
    "parse_spss",
    "read_dictionary",
]

Content = bytes | mmap
CUT = "The file is cut short: {what}. Ask for it again, or copy it again."
END_OF_DICTIONARY = 999
NO_NUMBERS = (0xFFEFFFFFFFFFFFFF, 0x7FEFFFFFFFFFFFFF, 0xFFEFFFFFFFFFFFFE)
BYTECODE_END, BYTECODE_LITERAL = 252, 253


@dataclass(slots=True)
class Dictionary:
    """The dictionary of a system file as its records say it.

    Parameters
    ----------
    widths
        For each element of a row 0 (a number), the width of the text that begins there, or -1
        where a text goes on.
    long_texts
        Widths of texts of more than 255 bytes, by short name.
    no_numbers
        Bits of the numbers that stand for no number: system-missing, highest, lowest.
    """

    order: str
    compression: int
    case_width: int  # in elements of eight bytes
    rows: int
    weight_index: int
    bias: float = 100.0
    short_names: dict[int, str] = field(default_factory=dict)  # by element, first one is 1
    long_names: dict[str, str] = field(default_factory=dict)
    encoding: str | None = None
    codepage: int | None = None
    data_at: int = 0
    end_record_at: int = 0
    own: str | None = None
    widths: list[int] = field(default_factory=list)
    long_texts: dict[str, int] = field(default_factory=dict)
    no_numbers: tuple[int, ...] = NO_NUMBERS
    text_codes: list[bytes] = field(default_factory=list)

    @property
    def elements(self) -> int:
        """Elements in a row."""
        return len(self.widths)


@dataclass(frozen=True, slots=True)
class SpssFile:
    """What an SPSS system file says about itself.

    Parameters
    ----------
    rows
        The number of rows that the header declares, or ``None``.
    weight
        The weight variable, or ``None``.
    encoding
        The character encoding that the file declares, or ``None``.
    own
        What this library left in the file's attributes.
    text_codes
        Labelled text codes, as bytes. pyreadstat 1.3.7 crashes where one of them is not in the
        encoding that it reads the file in.
    dictionary
        The records of the dictionary, as far as the rows need them.
    """

    rows: int | None
    weight: str | None
    encoding: str | None
    own: str | None
    text_codes: tuple[bytes, ...]
    dictionary: Dictionary

    def fits(self, encoding: str | None) -> bool:
        """Whether the labelled text codes are in an encoding (by default the declared one)."""
        name = (encoding or self.encoding or "cp1252").partition(":")[0].replace("_", "-")
        try:
            for code in self.text_codes:
                code.decode(name)
        except UnicodeDecodeError:
            return False
        except (LookupError, ValueError):  # a name of no encoding, or of no letters
            return all(code.isascii() for code in self.text_codes)
        return True


def let_go(content: Content, end: int) -> None:
    """Tell the system that a file's bytes up to here were used: they need not stay in memory."""
    pages = end // memory.PAGESIZE * memory.PAGESIZE
    if pages and isinstance(content, mmap) and hasattr(memory, "MADV_DONTNEED"):
        content.madvise(memory.MADV_DONTNEED, 0, pages)


def is_spss(head: bytes) -> bool:
    """Whether the first bytes are those of an SPSS system file."""
    return head[:4] in (b"$FL2", b"$FL3")


def is_encrypted(head: bytes) -> bool:
    """Whether the first bytes are those of SPSS's encrypted container."""
    return b"ENCRYPTEDSAV" in head[:64] or b"ENCRYPTED" in head[:64]


def parse_spss(content: Content, name: str) -> SpssFile:
    """Read the structure of an SPSS system file.

    Raises
    ------
    FileUnreadable
        Where the file is cut short.
    """
    try:
        dictionary = read_dictionary(content)
        _check_end(content, dictionary, name)
    except (struct.error, IndexError):
        raise FileUnreadable(
            f"{name}: the file is cut short or damaged: its dictionary does not end as it should. "
            "Ask for it again, or copy it again."
        ) from None
    weight = dictionary.short_names.get(dictionary.weight_index)
    return SpssFile(
        dictionary.rows if dictionary.rows >= 0 else None,
        dictionary.long_names.get(weight, weight) if weight else None,
        dictionary.encoding or _by_codepage(dictionary.codepage),
        dictionary.own,
        tuple(dictionary.text_codes),
        dictionary,
    )


def _by_codepage(codepage: int | None) -> str | None:
    if codepage == 65001:
        return "UTF-8"
    return f"cp{codepage}" if codepage is not None and codepage > 400 else None


def read_dictionary(content: Content) -> Dictionary:
    """Walk the records of the dictionary."""
    order = "<" if struct.unpack("<i", content[64:68])[0] in (2, 3) else ">"
    _, width, compression, weight, rows = struct.unpack(order + "5i", content[64:84])
    (bias,) = struct.unpack(order + "d", content[84:92])
    found = Dictionary(order, compression, width, rows, weight, bias)
    at = 176
    codes: list[bytes] = []

    def number() -> int:
        nonlocal at
        value: int = struct.unpack(order + "i", content[at : at + 4])[0]
        at += 4
        return value

    while True:
        record = number()
        if record == 2:
            kind, has_label, missing, _, _ = struct.unpack(order + "5i", content[at : at + 20])
            short = content[at + 20 : at + 28].decode("latin-1").rstrip()
            at += 28
            if has_label:
                length = number()
                at += (length + 3) // 4 * 4
            at += 8 * abs(missing)
            found.widths.append(kind)
            if kind != -1:
                found.short_names[found.elements] = short
        elif record == 3:
            codes = []
            for _ in range(number()):
                codes.append(content[at : at + 8].rstrip(b" \0"))
                length = content[at + 8]
                at += 8 + (length + 1 + 7) // 8 * 8
        elif record == 4:
            count = number()
            labelled = struct.unpack(f"{order}{count}i", content[at : at + 4 * count])
            if not set(labelled) <= set(found.short_names):
                raise IndexError
            if any(found.widths[k - 1] > 0 for k in labelled):
                found.text_codes += codes
            at += 4 * count
        elif record == 6:
            count = number()
            at += 80 * count
        elif record == 7:
            subtype, size, count = number(), number(), number()
            if size < 0 or count < 0:
                raise IndexError
            body = content[at : at + size * count]
            at += size * count
            _read_extension(subtype, body, found)
        elif record == END_OF_DICTIONARY:
            found.end_record_at = at - 4
            at += 4
            break
        else:
            raise IndexError
        if at > len(content):
            raise IndexError
    found.data_at = at
    return found


def _read_extension(subtype: int, body: bytes, found: Dictionary) -> None:
    if subtype == 3 and len(body) >= 32:
        found.codepage = struct.unpack(found.order + "i", body[28:32])[0]
    elif subtype == 4 and len(body) == 24:
        found.no_numbers = struct.unpack(found.order + "3Q", body)
    elif subtype == 13:
        for pair in body.split(b"\t"):
            short, _, long = pair.partition(b"=")
            encoding = found.encoding or "utf-8"
            try:
                found.long_names[short.decode("latin-1")] = long.decode(encoding)
            except (LookupError, UnicodeDecodeError):
                found.long_names[short.decode("latin-1")] = long.decode("latin-1")
    elif subtype == 14:
        for pair in body.split(b"\t"):
            short, _, width = pair.strip(b"\0").partition(b"=")
            if width.isdigit():
                found.long_texts[short.decode("latin-1")] = int(width)
    elif subtype == 16 and len(body) >= 16 and found.rows < 0:
        found.rows = struct.unpack(found.order + "q", body[8:16])[0]
    elif subtype == 17:
        match = re.search(rf"{OWN}\('(.*?)'\n".encode(), body, re.DOTALL)
        found.own = match.group(1).decode("utf-8", errors="replace") if match else None
    elif subtype == 21:
        _read_long_codes(body, found)
    elif subtype == 20:
        found.encoding = body.decode("latin-1").strip() or None


def _read_long_codes(body: bytes, found: Dictionary) -> None:
    """Collect the labelled codes of texts of more than eight bytes."""
    at = 0

    def text() -> bytes:
        nonlocal at
        (length,) = struct.unpack(found.order + "i", body[at : at + 4])
        if length < 0:
            raise IndexError
        at += 4 + length
        return body[at - length : at]

    while at < len(body):
        text()
        _, count = struct.unpack(found.order + "2i", body[at : at + 8])
        at += 8
        for _ in range(count):
            found.text_codes.append(text().rstrip(b" "))
            text()


def _check_end(content: Content, dictionary: Dictionary, name: str) -> None:
    """See that the data end where the header says."""
    width = dictionary.elements or dictionary.case_width
    if dictionary.compression == 2:
        start = dictionary.data_at
        _, trailer, length = struct.unpack(dictionary.order + "3q", content[start : start + 24])
        if trailer < 0 or length < 0 or trailer + length > len(content):
            raise FileUnreadable(f"{name}: {CUT.format(what='its last blocks are missing')}")
    elif dictionary.compression == 0:
        have, left = divmod(len(content) - dictionary.data_at, 8 * max(width, 1))
        if have < dictionary.rows or (dictionary.rows < 0 and left):
            what = f"{have:,} of {dictionary.rows:,} rows are there"
            if dictionary.rows < 0:
                what = "its last row is incomplete"
            raise FileUnreadable(f"{name}: {CUT.format(what=what)}")
    elif dictionary.rows < 0 and not _whole_cases(content, dictionary.data_at, width):
        raise FileUnreadable(f"{name}: {CUT.format(what='its last row is incomplete')}")


def _whole_cases(content: Content, at: int, width: int) -> bool:
    """Walk the compressed data of a file that does not declare its number of rows.

    Each block is eight codes followed by eight bytes for every code 253; code 0 is padding, 252 the
    end of the file.
    """
    values = 0
    while at + 8 <= len(content):
        codes = content[at : at + 8]
        at += 8 + 8 * codes.count(BYTECODE_LITERAL)
        if at > len(content):
            return False
        ended = codes.find(bytes([BYTECODE_END]))
        used = codes if ended < 0 else codes[:ended]
        values += len(used) - used.count(0)
        if ended >= 0:
            break
    else:
        if at != len(content):
            return False
    return values % max(width, 1) == 0


def is_portable(head: bytes) -> bool:
    """Whether the first bytes are those of an SPSS portable file."""
    flat = head.replace(b"\r", b"").replace(b"\n", b"")
    return b"SPSSPORT" in flat[:480] or b"ASCII SPSS PORT FILE" in flat[:240]


def check_portable(content: Content, name: str) -> None:
    """See that a portable file ends with the Z that fills its last line."""
    if not content[-400:].rstrip(b"\r\n \0\x1a").endswith(b"Z"):
        raise FileUnreadable(f"{name}: {CUT.format(what='its end mark is missing')}")
