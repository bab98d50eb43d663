"""Paragraphs, runs, fields, links and lists of a document under way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from mpsurvey.publication.docx.styles import NAMESPACES
from mpsurvey.publication.prose import Passage, Span, passages
from mpsurvey.publication.safe_text import legible, one_line

__all__ = ["PageText", "as_text", "bookmark_name", "short"]

# In the order of the format, what may follow the mark of a right-to-left paragraph.
_AFTER_BIDI = (
    *("w:adjustRightInd", "w:snapToGrid", "w:spacing", "w:ind", "w:contextualSpacing"),
    *("w:mirrorIndents", "w:suppressOverlap", "w:jc", "w:textDirection", "w:textAlignment"),
    *("w:textboxTightWrap", "w:outlineLvl", "w:divId", "w:cnfStyle", "w:rPr", "w:sectPr"),
    "w:pPrChange",
)
_BULLETS = "•–▪"


def bookmark_name(text: str) -> str:
    """Return a name that Word takes for a place: letters, digits, at most 40 characters.

    >>> bookmark_name("EMP03-sex x region")
    'at_EMP03_sex_x_region'
    """
    return f"at_{re.sub(r'[^A-Za-z0-9]+', '_', text).strip('_')}"[:40]


class PageText:
    """Writes text to the end of a document, in one direction of reading."""

    def __init__(self, document: Any, styles: dict[str, str], *, right_to_left: bool) -> None:
        self.document = document
        self.styles = styles
        self.right_to_left = right_to_left
        self._bookmarks = 0
        self._numbering: _Numbering | None = None

    def paragraph(self, style: str, text: str = "", *, keep: bool = False) -> Any:
        """Add a paragraph of a style."""
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        made = self.document.add_paragraph()
        properties = made._p.get_or_add_pPr()
        named = OxmlElement("w:pStyle")
        named.set(qn("w:val"), self.styles[style])
        properties.insert(0, named)
        if keep:
            made.paragraph_format.keep_with_next = True
        if self.right_to_left:
            properties.insert_element_before(OxmlElement("w:bidi"), *_AFTER_BIDI)
        if text:
            self.run(made, text)
        return made

    def run(
        self,
        paragraph: Any,
        text: str,
        *,
        bold: bool = False,
        italic: bool = False,
        style: str = "",
    ) -> None:
        """Add text to a paragraph; line breaks in it stay."""
        paragraph._p.append(self._run(text, bold=bold, italic=italic, style=style))

    def _run(self, text: str, *, bold: bool = False, italic: bool = False, style: str = "") -> Any:
        from docx.oxml import parse_xml

        return parse_xml(
            f"<w:r {NAMESPACES}>{self.run_properties(bold=bold, italic=italic, style=style)}"
            f"{as_text(text)}</w:r>"
        )

    def run_properties(self, *, bold: bool = False, italic: bool = False, style: str = "") -> str:
        """Return the properties of a run as XML, in the order of the format."""
        inside = (
            (f"<w:rStyle w:val={quoteattr(self.styles[style])}/>" if style else "")
            + ("<w:b/><w:bCs/>" if bold else "")
            + ("<w:i/><w:iCs/>" if italic else "")
            + ("<w:rtl/>" if self.right_to_left else "")
        )
        return f"<w:rPr>{inside}</w:rPr>" if inside else ""

    def field(self, paragraph: Any, code: str, shown: str, *, style: str = "") -> None:
        """Add a field that Word can compute again, with what it shows until then."""
        from docx.oxml import parse_xml

        looks = self.run_properties(style=style)
        for inside in (
            '<w:fldChar w:fldCharType="begin"/>',
            f'<w:instrText xml:space="preserve"> {escape(code)} </w:instrText>',
            '<w:fldChar w:fldCharType="separate"/>',
            as_text(shown),
            '<w:fldChar w:fldCharType="end"/>',
        ):
            paragraph._p.append(parse_xml(f"<w:r {NAMESPACES}>{looks}{inside}</w:r>"))

    def bookmark(self, paragraph: Any, name: str) -> None:
        """Name a paragraph, so that links and the contents can lead to it."""
        from docx.oxml import parse_xml

        self._bookmarks += 1
        number = self._bookmarks
        start = f'<w:bookmarkStart {NAMESPACES} w:id="{number}" w:name="{name}"/>'
        runs = [child for child in paragraph._p if not child.tag.endswith("}pPr")]
        place = paragraph._p.index(runs[0]) if runs else len(paragraph._p)
        paragraph._p.insert(place, parse_xml(start))
        paragraph._p.append(parse_xml(f'<w:bookmarkEnd {NAMESPACES} w:id="{number}"/>'))

    def link(self, paragraph: Any, address: str, spans: Sequence[Span]) -> None:
        """Add text that leads to an address, or with ``#`` to a place in the document."""
        from docx.opc.constants import RELATIONSHIP_TYPE
        from docx.oxml import parse_xml

        if address.startswith("#"):
            where = f'w:anchor="{bookmark_name(address[1:])}"'
        else:
            part = self.document.part
            key = part.relate_to(legible(address), RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
            where = f'r:id="{key}"'
        made = parse_xml(f'<w:hyperlink {NAMESPACES} {where} w:history="1"/>')
        for span in spans:
            made.append(self._run(span.text, bold=span.bold, italic=span.italic, style="Hyperlink"))
        paragraph._p.append(made)

    def spans(self, paragraph: Any, spans: Sequence[Span]) -> None:
        """Add stretches of text with their looks and links."""
        for span in spans:
            if span.link:
                self.link(paragraph, span.link, [span])
            else:
                style = "Code letters" if span.code else ""
                self.run(paragraph, span.text, bold=span.bold, italic=span.italic, style=style)

    def prose(self, markdown: str) -> list[tuple[Passage, Any]]:
        """Add an author's text; return what is a heading or a table, for the caller to place.

        Tables are returned with a paragraph that they are to stand before.
        """
        found: list[tuple[Passage, Any]] = []
        lists: dict[int, int] = {}
        bullets = self._lists().bullets
        for one in passages(markdown):
            if one.kind == "heading":
                # Sections are headings of the first level.
                made = self.paragraph(f"Heading {2 if one.level <= 2 else 3}")
                self.spans(made, one.spans)
                found.append((one, made))
            elif one.kind == "table":
                found.append((one, self.paragraph("Table note")))
            elif one.kind in ("bullet", "number"):
                if not one.first:
                    made = self.paragraph("List Continue")
                    _indent(made, one.level)
                else:
                    numbered = one.kind == "number"
                    if numbered and one.list not in lists:
                        lists[one.list] = self._lists().numbered_list()
                    made = self.paragraph("List Number" if numbered else "List Bullet")
                    _enumerate(made, lists[one.list] if numbered else bullets, one.level)
                self.spans(made, one.spans)
            elif one.kind != "rule":
                style = {"quote": "Quote", "code": "Code"}.get(one.kind, "Normal")
                self.spans(self.paragraph(style), one.spans)
        return found

    def _lists(self) -> _Numbering:
        if self._numbering is None:
            self._numbering = _Numbering(self.document)
        return self._numbering


class _Numbering:
    """Bullets and numbers: a definition of each, and an instance for every numbered list."""

    def __init__(self, document: Any) -> None:
        from docx.oxml.ns import qn

        self.root = _numbering_root(document)
        used = [
            int(one.get(qn("w:abstractNumId"))) for one in self.root.findall(qn("w:abstractNum"))
        ]
        self.next = 1 + max(
            (int(one.get(qn("w:numId"))) for one in self.root.findall(qn("w:num"))), default=0
        )
        self.base = 1 + max(used, default=0)
        self._define(self.base, numbered=False)
        self._define(self.base + 1, numbered=True)
        self.bullets = self._instance(self.base)

    def numbered_list(self) -> int:
        """Begin a list that counts from one."""
        return self._instance(self.base + 1, restart=True)

    def _define(self, number: int, *, numbered: bool) -> None:
        from docx.oxml import parse_xml
        from docx.oxml.ns import qn

        levels = []
        for level in range(9):
            left = 360 * (level + 1)
            kind, said = (
                ("decimal", f"%{level + 1}.")
                if numbered
                else (
                    "bullet",
                    _BULLETS[level % len(_BULLETS)],
                )
            )
            if numbered and level % 3 == 1:
                kind = "lowerLetter"
            levels.append(
                f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/>'
                f'<w:lvlText w:val="{said}"/><w:lvlJc w:val="left"/>'
                f'<w:pPr><w:ind w:left="{left}" w:hanging="360"/></w:pPr></w:lvl>'
            )
        made = parse_xml(
            f'<w:abstractNum {NAMESPACES} w:abstractNumId="{number}">'
            f'<w:multiLevelType w:val="multilevel"/>{"".join(levels)}</w:abstractNum>'
        )
        # Definitions stand before instances.
        instances = self.root.findall(qn("w:num"))
        if instances:
            instances[0].addprevious(made)
        else:
            self.root.append(made)

    def _instance(self, of: int, *, restart: bool = False) -> int:
        from docx.oxml import parse_xml

        number, self.next = self.next, self.next + 1
        again = (
            '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
            if restart
            else ""
        )
        self.root.append(
            parse_xml(
                f'<w:num {NAMESPACES} w:numId="{number}">'
                f'<w:abstractNumId w:val="{of}"/>{again}</w:num>'
            )
        )
        return number


def _numbering_root(document: Any) -> Any:
    """Return the part of the document that defines lists; one is made where it is absent."""
    from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
    from docx.opc.packuri import PackURI
    from docx.parts.numbering import NumberingPart

    part = document.part
    try:
        return part.part_related_by(RELATIONSHIP_TYPE.NUMBERING).element
    except KeyError:
        empty = f"<w:numbering {NAMESPACES}/>".encode()
        made = NumberingPart.load(
            PackURI("/word/numbering.xml"), CONTENT_TYPE.WML_NUMBERING, empty, part.package
        )
        part.relate_to(made, RELATIONSHIP_TYPE.NUMBERING)
        return made.element


def _enumerate(paragraph: Any, number: int, level: int) -> None:
    properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
    properties.get_or_add_ilvl().val = min(level, 8)
    properties.get_or_add_numId().val = number


def _indent(paragraph: Any, level: int) -> None:
    from docx.shared import Twips

    paragraph.paragraph_format.left_indent = Twips(360 * (level + 1))


def as_text(text: str) -> str:
    """Return text as XML: breaks of lines and tabs are elements of their own."""
    out = []
    for at, line in enumerate(legible(text).split("\n")):
        if at:
            out.append("<w:br/>")
        for place, part in enumerate(line.split("\t")):
            if place:
                out.append("<w:tab/>")
            if part:
                out.append(f'<w:t xml:space="preserve">{escape(part)}</w:t>')
    return "".join(out)


def short(text: str, longest: int = 250) -> str:
    """Return text on one line, cut where a property of the file has room for no more."""
    said = one_line(text)
    return said if len(said) <= longest else said[: longest - 1] + "…"
