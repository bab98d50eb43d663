"""An .xlsx workbook edited in its own XML, so that nothing that is not touched can change.

Libraries that load a workbook and save it again lose what they do not model: rich text, drawings,
extension lists, odd headers. Here rows are put between rows, everything below is moved, and every
other part of the file stays as it is, byte for byte.
"""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
import zlib
from pathlib import Path

from mpsurvey.errors import FileUnreadable
from mpsurvey.questionnaire.moved_references import shift_formula, shift_range
from mpsurvey.questionnaire.sheet import Sheet
from mpsurvey.questionnaire.sheet_xml import RELATIONS, etree, parsed, serialised, tag

__all__ = ["Workbook", "write_whole"]

LARGEST = 400 << 20


def write_whole(path: Path | str, content: bytes) -> None:
    """Write a file whole or not at all."""
    target = Path(path)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


class Workbook:
    """A workbook held in memory.

    Parameters
    ----------
    content
        The bytes of an .xlsx file.
    name
        How messages call it.

    Raises
    ------
    FileUnreadable
        When it is no .xlsx workbook, or is protected by a password.
    """

    def __init__(self, content: bytes, name: str = "the workbook") -> None:
        self.name = name
        if content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
            raise FileUnreadable(
                f"{name} is an old .xls workbook or has a password. Save it as .xlsx without one."
            )
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                if sum(info.file_size for info in archive.infolist()) > LARGEST:
                    raise FileUnreadable(f"{name} unpacks to more than {LARGEST >> 20} MB.")
                self._order = [info.filename for info in archive.infolist()]
                self._parts = {one: archive.read(one) for one in self._order}
                self._read_sheets()
        except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, NotImplementedError) as error:
            raise FileUnreadable(f"{name} is not an .xlsx workbook.") from error
        except (etree().XMLSyntaxError, RuntimeError, ValueError, OSError) as error:
            if isinstance(error, FileUnreadable):
                raise
            raise FileUnreadable(f"{name} is damaged: {error}.") from error
        self._open: dict[str, Sheet] = {}

    @property
    def sheets(self) -> tuple[str, ...]:
        """Names of the sheets in their order."""
        return tuple(self._paths)

    def part(self, path: str) -> bytes:
        """Return a part of the file as it stands."""
        return self._parts[path]

    def sheet(self, name: str) -> Sheet:
        """Open a sheet for reading and editing."""
        if name not in self._open:
            try:
                self._open[name] = Sheet(self, name, self._paths[name])
            except (etree().XMLSyntaxError, ValueError, TypeError) as error:
                raise FileUnreadable(
                    f"{self.name}: the sheet '{name}' is damaged: {error}."
                ) from error
        return self._open[name]

    def has_part(self, path: str) -> bool:
        """Whether the file holds a part."""
        return path in self._parts

    def replace_part(self, path: str, content: bytes) -> None:
        """Put other content in a part."""
        self._parts[path] = content

    def to_bytes(self) -> bytes:
        """Return the file."""
        for sheet in self._open.values():
            sheet.close()
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in self._order:
                info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = 0o644 << 16
                archive.writestr(info, self._parts[name])
        return out.getvalue()

    def copy(self) -> Workbook:
        """Return a workbook that can be edited without touching this one."""
        return Workbook(self.to_bytes(), self.name)

    def _read_sheets(self) -> None:
        relations = parsed(self._parts["xl/_rels/workbook.xml.rels"])
        targets = {one.get("Id"): one.get("Target") for one in relations}
        book = parsed(self._parts["xl/workbook.xml"])
        self._paths: dict[str, str] = {}
        for sheet in book.iter(tag("sheet")):
            target = targets[sheet.get(f"{{{RELATIONS}}}id")]
            path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if path in self._parts:
                self._paths[sheet.get("name")] = path
        self._strings: list[str] = []
        if "xl/sharedStrings.xml" in self._parts:
            shared = parsed(self._parts["xl/sharedStrings.xml"])
            for item in shared.iter(tag("si")):
                # Phonetic guides (rPh) are no part of the text.
                texts = (
                    part.text or ""
                    for part in item.iter(tag("t"))
                    if part.getparent().tag != tag("rPh")
                )
                self._strings.append("".join(texts))

    def shared_string(self, index: int) -> str:
        """Return a text of the workbook's common table."""
        if not 0 <= index < len(self._strings):
            raise FileUnreadable(f"{self.name} is damaged: a cell's text is not there.")
        return self._strings[index]

    def shift_formulas(self, sheet: str, above: int, by: int) -> None:
        """Move references to rows of a sheet in the formulas of the whole workbook."""
        for name, path in self._paths.items():
            if b"<f" not in self._parts[path] and name not in self._open:
                continue
            other = self.sheet(name)
            other.write_out_shared_formulas()
            for formula in other.root.iter(tag("f")):
                old = (formula.text, formula.get("ref"))
                if formula.text:
                    formula.text = shift_formula(formula.text, sheet, name, above, by)
                if name == sheet and formula.get("ref"):
                    formula.set("ref", shift_range(formula.get("ref"), above, by))
                other.changed = other.changed or old != (formula.text, formula.get("ref"))
        book = self._parts["xl/workbook.xml"]
        if b"<definedName " in book:
            root = parsed(book)
            changed = False
            for defined in root.iter(tag("definedName")):
                text = defined.text or ""
                defined.text = shift_formula(text, sheet, "", above, by)
                changed = changed or defined.text != text
            if changed:
                self._parts["xl/workbook.xml"] = serialised(root)
