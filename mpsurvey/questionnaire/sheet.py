"""One sheet of a workbook: its cells as texts, and rows that are put between rows."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mpsurvey.questionnaire.moved_references import (
    shift_formula,
    shift_ranges,
)
from mpsurvey.questionnaire.sheet_xml import (
    CELL,
    column_letters,
    column_number,
    etree,
    parsed,
    serialised,
    tag,
)

if TYPE_CHECKING:
    from mpsurvey.questionnaire.workbook import Workbook

__all__ = ["Sheet"]

_XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
# Characters that XML cannot hold.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class Sheet:
    """One sheet: its cells as texts, and rows that can be put in."""

    def __init__(self, book: Workbook, name: str, path: str) -> None:
        self.book = book
        self.name = name
        self.path = path
        self.root = parsed(book.part(path))
        self.data = self.root.find(tag("sheetData"))
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
                    match = CELL.fullmatch(address)
                    column = column_number(match[1]) if match else column + 1

    def write_out_shared_formulas(self) -> None:
        """Give each cell of a shared formula its own: rows that move apart cannot share one."""
        from openpyxl.formula.translate import Translator

        masters: dict[str, tuple[str, str]] = {}
        for cell in self.data.iter(tag("c")):
            formula = cell.find(tag("f"))
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
            self.book.replace_part(self.path, serialised(self.root))
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
                    match = CELL.fullmatch(cell.get("r"))
                    if match:
                        found[column_number(match[1])] = text
            if found:
                out[int(row.get("r"))] = found
        return out

    def _text(self, cell: Any) -> str:
        kind = cell.get("t")
        if kind == "inlineStr":
            return "".join(part.text or "" for part in cell.iter(tag("t")))
        value = cell.find(tag("v"))
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
            match = CELL.fullmatch(cell.get("r"))
            number = column_number(match[1]) if match else 0
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
            match = CELL.fullmatch(cell.get("r"))
            if match and cell.get("s"):
                out[column_number(match[1])] = cell.get("s")
        return out

    def _new_row(self, number: int, texts: Mapping[int, str], styles: Mapping[int, str]) -> Any:
        row = etree().Element(tag("row"), {"r": str(number)})
        for column in sorted(texts):
            if texts[column] != "":
                row.append(self._new_cell(number, column, texts[column], styles.get(column)))
        return row

    def _new_cell(self, row: int, column: int, text: str, style: str | None) -> Any:
        library = etree()
        address = f"{column_letters(column)}{row}"
        cell = library.Element(tag("c"), {"r": address, "t": "inlineStr"})
        if style:
            cell.set("s", style)
        inner = library.SubElement(library.SubElement(cell, tag("is")), tag("t"))
        inner.text = _UNWRITABLE.sub("", text)
        inner.set(_XML_SPACE, "preserve")
        return cell

    def _renumber(self, row: Any, number: int) -> None:
        row.set("r", str(number))
        for cell in row:
            match = CELL.fullmatch(cell.get("r"))
            if match:
                cell.set("r", f"{match[1]}{number}")

    def _shift_ranges(self, above: int, by: int) -> None:
        """Move what refers to rows: merged cells, validations, colours, links, notes."""
        for element in self.root.iter():
            if not isinstance(element.tag, str) or element.tag == tag("dimension"):
                continue
            for attribute in ("ref", "sqref"):
                held = element.get(attribute)
                if held is not None and element.tag != tag("f"):
                    element.set(attribute, shift_ranges(held, above, by))
            if element.tag in (tag("formula1"), tag("formula2"), tag("formula")):
                element.text = shift_formula(element.text or "", self.name, self.name, above, by)
            elif element.tag.endswith("}sqref") and element.text:
                element.text = shift_ranges(element.text, above, by)
        for path, kind in self._related():
            if kind == "comments" or kind == "table":
                root = parsed(self.book.part(path))
                for element in root.iter():
                    held = element.get("ref") if isinstance(element.tag, str) else None
                    if held is not None:
                        element.set("ref", shift_ranges(held, above, by))
                self.book.replace_part(path, serialised(root))
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
        for one in parsed(self.book.part(relations)):
            target = one.get("Target", "")
            if target.startswith("/"):
                path = target.lstrip("/")
            else:
                path = os.path.normpath(f"{folder}/{target}").replace("\\", "/")
            if self.book.has_part(path):
                out.append((path, one.get("Type", "").rpartition("/")[2]))
        return out

    def _grow_dimension(self) -> None:
        dimension = self.root.find(tag("dimension"))
        if dimension is None:
            return
        rows, columns = [1], [1]
        for cell in self.data.iter(tag("c")):
            match = CELL.fullmatch(cell.get("r"))
            if match:
                rows.append(int(match[2]))
                columns.append(column_number(match[1]))
        dimension.set("ref", f"A1:{column_letters(max(columns))}{max(rows)}")
