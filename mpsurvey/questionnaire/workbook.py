"""An .xlsx workbook edited in its own XML, so that nothing that is not touched can change.

Libraries that load a workbook and save it again lose what they do not model: rich text, drawings,
extension lists, odd headers. Here rows are put between rows, everything below is moved, and every
other part of the file stays as it is, byte for byte.
"""

from __future__ import annotations

import importlib
import io
import os
import re
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mpsurvey.errors import ExtraMissing, FileUnreadable

__all__ = ["Sheet", "Workbook", "column_letters", "write_whole"]

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
LARGEST = 400 << 20
_CELL = re.compile(r"([A-Z]{1,3})(\d+)")
_XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
# Characters that XML cannot hold.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def _etree() -> Any:
    try:
        return importlib.import_module("lxml.etree")
    except ImportError as error:
        raise ExtraMissing("Editing a workbook", "forms") from error


def _parsed(content: bytes) -> Any:
    """Parse XML that others wrote: no entities, no network, no giant trees."""
    etree = _etree()
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    return etree.fromstring(content, parser)


def _tag(name: str) -> str:
    return f"{{{MAIN}}}{name}"


def column_letters(number: int) -> str:
    """Return the letters of a column counted from 1.

    >>> column_letters(1), column_letters(28)
    ('A', 'AB')
    """
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


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
        except (_etree().XMLSyntaxError, RuntimeError, ValueError, OSError) as error:
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
            except (_etree().XMLSyntaxError, ValueError, TypeError) as error:
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
        relations = _parsed(self._parts["xl/_rels/workbook.xml.rels"])
        targets = {one.get("Id"): one.get("Target") for one in relations}
        book = _parsed(self._parts["xl/workbook.xml"])
        self._paths: dict[str, str] = {}
        for sheet in book.iter(_tag("sheet")):
            target = targets[sheet.get(f"{{{RELATIONS}}}id")]
            path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if path in self._parts:
                self._paths[sheet.get("name")] = path
        self._strings: list[str] = []
        if "xl/sharedStrings.xml" in self._parts:
            shared = _parsed(self._parts["xl/sharedStrings.xml"])
            for item in shared.iter(_tag("si")):
                # Phonetic guides (rPh) are no part of the text.
                texts = (
                    part.text or ""
                    for part in item.iter(_tag("t"))
                    if part.getparent().tag != _tag("rPh")
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
            for formula in other.root.iter(_tag("f")):
                old = (formula.text, formula.get("ref"))
                if formula.text:
                    formula.text = _shift_formula(formula.text, sheet, name, above, by)
                if name == sheet and formula.get("ref"):
                    formula.set("ref", _shift_range(formula.get("ref"), above, by))
                other.changed = other.changed or old != (formula.text, formula.get("ref"))
        book = self._parts["xl/workbook.xml"]
        if b"<definedName " in book:
            root = _parsed(book)
            changed = False
            for defined in root.iter(_tag("definedName")):
                text = defined.text or ""
                defined.text = _shift_formula(text, sheet, "", above, by)
                changed = changed or defined.text != text
            if changed:
                self._parts["xl/workbook.xml"] = _serialised(root)


class Sheet:
    """One sheet: its cells as texts, and rows that can be put in."""

    def __init__(self, book: Workbook, name: str, path: str) -> None:
        self.book = book
        self.name = name
        self.path = path
        self.root = _parsed(book.part(path))
        self.data = self.root.find(_tag("sheetData"))
        self.changed = False
        self._number_rows()

    def _number_rows(self) -> None:
        """Give rows and cells the addresses that some writers leave out."""
        row_number = 0
        for row in self.data:
            row_number = int(row.get("r", row_number + 1))
            if row.get("r") is None:
                row.set("r", str(row_number))
            column = 0
            for cell in row:
                address = cell.get("r")
                if address is None:
                    column += 1
                    cell.set("r", f"{column_letters(column)}{row_number}")
                else:
                    match = _CELL.fullmatch(address)
                    column = _column_number(match[1]) if match else column + 1

    def write_out_shared_formulas(self) -> None:
        """Give each cell of a shared formula its own: rows that move apart cannot share one."""
        from openpyxl.formula.translate import Translator

        masters: dict[str, tuple[str, str]] = {}
        for cell in self.data.iter(_tag("c")):
            formula = cell.find(_tag("f"))
            if formula is None or formula.get("t") != "shared":
                continue
            group, address = formula.get("si", ""), cell.get("r")
            if formula.text:
                masters[group] = (formula.text, address)
            elif group in masters:
                text, origin = masters[group]
                moved = Translator(f"={text}", origin=origin).translate_formula(address)
                formula.text = moved.removeprefix("=")
            for attribute in ("t", "si", "ref"):
                formula.attrib.pop(attribute, None)
            self.changed = True

    def close(self) -> None:
        """Hand the edited XML back to the workbook."""
        if self.changed:
            self.book.replace_part(self.path, _serialised(self.root))
            self.changed = False

    @property
    def last_row(self) -> int:
        """Number of the last row that has cells with content, 0 when there is none."""
        last = 0
        for row in self.data:
            if any(self._text(cell) for cell in row):
                last = int(row.get("r"))
        return last

    def rows(self) -> dict[int, dict[int, str]]:
        """Return the texts of all cells with content: row number to column number to text."""
        out: dict[int, dict[int, str]] = {}
        for row in self.data:
            found = {}
            for cell in row:
                text = self._text(cell)
                if text:
                    match = _CELL.fullmatch(cell.get("r"))
                    if match:
                        found[_column_number(match[1])] = text
            if found:
                out[int(row.get("r"))] = found
        return out

    def _text(self, cell: Any) -> str:
        kind = cell.get("t")
        if kind == "inlineStr":
            return "".join(part.text or "" for part in cell.iter(_tag("t")))
        value = cell.find(_tag("v"))
        if value is None or value.text is None:
            return ""
        if kind == "s":
            return self.book.shared_string(int(value.text))
        if kind == "b":
            return "TRUE" if value.text == "1" else "FALSE"
        if kind is None and re.fullmatch(r"-?\d+\.0+", value.text):
            return str(value.text).partition(".")[0]
        written: str = value.text
        return written

    def insert_rows(
        self, above: int, rows: Sequence[Mapping[int, str]], *, like: int | None = None
    ) -> None:
        """Put rows in before row `above`; everything from there on moves down.

        Parameters
        ----------
        above
            Number of the row before which they stand; one past the last row to append.
        rows
            For each new row the texts by column number.
        like
            A row whose cell styles the new ones take.
        """
        if not rows:
            return
        self.changed = True
        by = len(rows)
        moved = [row for row in self.data if int(row.get("r")) >= above]
        if moved:
            self.book.shift_formulas(self.name, above, by)
            for row in moved:
                self._renumber(row, int(row.get("r")) + by)
            self._shift_ranges(above, by)
        styles = self._styles(like)
        position = len(self.data) - len(moved)
        for offset, texts in enumerate(rows):
            self.data.insert(position + offset, self._new_row(above + offset, texts, styles))
        self._grow_dimension()

    def set_text(self, row: int, column: int, text: str, *, like: int | None = None) -> None:
        """Write a text into an empty cell, in the style of the cell of column `like`."""
        self.changed = True
        found = next((one for one in self.data if int(one.get("r")) == row), None)
        if found is None:
            self.insert_rows(row, [{column: text}])
            return
        style = None
        position = len(found)
        for at, cell in enumerate(found):
            match = _CELL.fullmatch(cell.get("r"))
            number = _column_number(match[1]) if match else 0
            if number == like:
                style = cell.get("s")
            if number >= column and position == len(found):
                position = at
            if number == column:
                style = cell.get("s") or style
                found.remove(cell)
                break
        found.insert(position, self._new_cell(row, column, text, style))
        if found.get("spans"):
            del found.attrib["spans"]
        self._grow_dimension()

    def _styles(self, like: int | None) -> dict[int, str]:
        row = next((one for one in self.data if int(one.get("r")) == like), None)
        if row is None:
            return {}
        out = {}
        for cell in row:
            match = _CELL.fullmatch(cell.get("r"))
            if match and cell.get("s"):
                out[_column_number(match[1])] = cell.get("s")
        return out

    def _new_row(self, number: int, texts: Mapping[int, str], styles: Mapping[int, str]) -> Any:
        row = _etree().Element(_tag("row"), {"r": str(number)})
        for column in sorted(texts):
            if texts[column] != "":
                row.append(self._new_cell(number, column, texts[column], styles.get(column)))
        return row

    def _new_cell(self, row: int, column: int, text: str, style: str | None) -> Any:
        etree = _etree()
        address = f"{column_letters(column)}{row}"
        cell = etree.Element(_tag("c"), {"r": address, "t": "inlineStr"})
        if style:
            cell.set("s", style)
        inner = etree.SubElement(etree.SubElement(cell, _tag("is")), _tag("t"))
        inner.text = _UNWRITABLE.sub("", text)
        inner.set(_XML_SPACE, "preserve")
        return cell

    def _renumber(self, row: Any, number: int) -> None:
        row.set("r", str(number))
        for cell in row:
            match = _CELL.fullmatch(cell.get("r"))
            if match:
                cell.set("r", f"{match[1]}{number}")

    def _shift_ranges(self, above: int, by: int) -> None:
        """Move what refers to rows: merged cells, validations, colours, links, notes."""
        for element in self.root.iter():
            if not isinstance(element.tag, str) or element.tag == _tag("dimension"):
                continue
            for attribute in ("ref", "sqref"):
                held = element.get(attribute)
                if held is not None and element.tag != _tag("f"):
                    element.set(attribute, _shift_ranges(held, above, by))
            if element.tag in (_tag("formula1"), _tag("formula2"), _tag("formula")):
                element.text = _shift_formula(element.text or "", self.name, self.name, above, by)
            elif element.tag.endswith("}sqref") and element.text:
                element.text = _shift_ranges(element.text, above, by)
        for path, kind in self._related():
            if kind == "comments" or kind == "table":
                root = _parsed(self.book.part(path))
                for element in root.iter():
                    held = element.get("ref") if isinstance(element.tag, str) else None
                    if held is not None:
                        element.set("ref", _shift_ranges(held, above, by))
                self.book.replace_part(path, _serialised(root))
            elif kind == "vmlDrawing":
                text = self.book.part(path).decode("utf-8", errors="surrogateescape")
                text = re.sub(
                    r"(<x:Row>)(\d+)(</x:Row>)",
                    lambda m: f"{m[1]}{int(m[2]) + (by if int(m[2]) + 1 >= above else 0)}{m[3]}",
                    text,
                )
                self.book.replace_part(path, text.encode("utf-8", errors="surrogateescape"))

    def _related(self) -> list[tuple[str, str]]:
        folder, _, file = self.path.rpartition("/")
        relations = f"{folder}/_rels/{file}.rels"
        if not self.book.has_part(relations):
            return []
        out = []
        for one in _parsed(self.book.part(relations)):
            target = one.get("Target", "")
            if target.startswith("/"):
                path = target.lstrip("/")
            else:
                path = os.path.normpath(f"{folder}/{target}").replace("\\", "/")
            if self.book.has_part(path):
                out.append((path, one.get("Type", "").rpartition("/")[2]))
        return out

    def _grow_dimension(self) -> None:
        dimension = self.root.find(_tag("dimension"))
        if dimension is None:
            return
        rows, columns = [1], [1]
        for cell in self.data.iter(_tag("c")):
            match = _CELL.fullmatch(cell.get("r"))
            if match:
                rows.append(int(match[2]))
                columns.append(_column_number(match[1]))
        dimension.set("ref", f"A1:{column_letters(max(columns))}{max(rows)}")


def _serialised(root: Any) -> bytes:
    out: bytes = _etree().tostring(
        root.getroottree(), xml_declaration=True, encoding="UTF-8", standalone=True
    )
    return out


def _moved(row: int, above: int, by: int) -> int:
    return row + by if row >= above else row


def _shift_range(text: str, above: int, by: int) -> str:
    return re.sub(
        r"(\$?[A-Z]{1,3}\$?)(\d+)", lambda m: f"{m[1]}{_moved(int(m[2]), above, by)}", text
    )


def _shift_ranges(text: str, above: int, by: int) -> str:
    return " ".join(_shift_range(part, above, by) for part in text.split())


def _shift_formula(formula: str, sheet: str, standing_in: str, above: int, by: int) -> str:
    """Move references of a formula that point to rows of `sheet` from `above` on."""
    from openpyxl.formula import Tokenizer

    def shift(operand: str) -> str:
        named, mark, address = operand.rpartition("!")
        target = named.strip("'").replace("''", "'") if mark else standing_in
        return f"{named}{mark}{_shift_range(address, above, by)}" if target == sheet else operand

    return _each_range(formula, Tokenizer, shift)


def _each_range(formula: str, tokenizer: Any, change: Callable[[str], str]) -> str:
    tokens = tokenizer("=" + formula).items
    return "".join(
        change(token.value) if token.type == "OPERAND" and token.subtype == "RANGE" else token.value
        for token in tokens
    )
