"""A report as a document: cover, contents, sections, notes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from mpsurvey.errors import ExtraMissing, MpsurveyError
from mpsurvey.publication.basis import evidence_of, facts_of, notes_beside
from mpsurvey.publication.document import (
    ChartBlock,
    Checklist,
    Finding,
    Grid,
    GridBlock,
    Picture,
    Prose,
    Report,
    Section,
)
from mpsurvey.publication.docx.page_text import PageText, bookmark_name, short
from mpsurvey.publication.docx.styles import NAMESPACES, set_language, set_styles
from mpsurvey.publication.docx.tables import add_grid, add_prose_table, add_steps, width_of
from mpsurvey.publication.safe_text import legible, one_line
from mpsurvey.publication.wording import word
from mpsurvey.publication.xlsx.book import stated_date

__all__ = ["report_bytes", "table_bytes"]

_WIDE, _HIGH, _MARGIN = 11906, 16838, 1247
"""A4 and 2.2 cm, in twentieths of a point."""
_LONG_HEADLINE = 11
_EMU, _TWIP = 914_400, 635


def report_bytes(report: Report, template: Path | None) -> bytes:
    """Return a report as the bytes of a .docx; the same report gives the same bytes."""
    writer = _Writer(
        report.language,
        right_to_left=report.right_to_left,
        template=template,
        title=report.title,
        publisher=report.publisher,
    )
    writer.cover(report)
    contents = writer.text.paragraph("Contents heading", word("contents", report.language))
    contents.paragraph_format.page_break_before = True
    noted = False
    for section in report.sections:
        writer.section(section)
        if section.id == "notes":
            writer.facts(report)
            noted = True
    if not noted:
        writer.section(Section(id="notes", title=word("notes", report.language)))
        writer.facts(report)
    writer.contents(contents)
    return writer.to_bytes(subtitle=report.subtitle, date=report.date)


def table_bytes(grid: Grid, template: Path | None) -> bytes:
    """Return one laid-out table as the bytes of a .docx."""
    writer = _Writer("en", right_to_left=False, template=template, title=grid.title)
    writer.grid(grid)
    return writer.to_bytes()


class _Writer:
    """Writes a report to a document, block by block."""

    def __init__(
        self,
        language: str,
        *,
        right_to_left: bool,
        template: Path | None,
        title: str,
        publisher: str = "",
    ) -> None:
        self.language = language
        self.right_to_left = right_to_left
        self.title = one_line(title)
        self.publisher = one_line(publisher)
        self.document = _opened(template)
        self.own = template is None
        set_language(self.document, language)
        styles = set_styles(self.document, own=self.own)
        self.text = PageText(self.document, styles, right_to_left=right_to_left)
        self.tables = self.figures = 0
        self.entries: list[tuple[str, str, str]] = []
        """Style, name of the place and words of what the contents list."""
        if self.own:
            self._page()
        self.room = self._room()

    # -- parts of the document

    def cover(self, report: Report) -> None:
        """Write title, subtitle, who publishes and when."""
        self.text.paragraph("Title", self.title or "–")
        for style, said in (
            ("Subtitle", report.subtitle),
            ("Cover line", report.publisher),
            ("Cover line", report.date),
        ):
            if said:
                self.text.paragraph(style, one_line(said))

    def section(self, section: Section) -> None:
        """Write a chapter."""
        heading = self.text.paragraph("Heading 1", one_line(section.title) or "–")
        self._place(heading, section.id, "toc 1", one_line(section.title))
        for block in section.blocks:
            if isinstance(block, Prose):
                self.prose(block.markdown)
            elif isinstance(block, Finding):
                self.finding(block)
            elif isinstance(block, GridBlock):
                self.grid(block.grid)
            elif isinstance(block, ChartBlock):
                self.picture(block.picture)
            elif isinstance(block, Checklist):
                add_steps(self.text, block, self.room, self.language)
                self.text.paragraph("Table note")

    def prose(self, markdown: str) -> None:
        """Write an author's text."""
        for number, (passage, paragraph) in enumerate(self.text.prose(markdown)):
            if passage.kind == "table":
                rows = [["".join(s.text for s in cell) for cell in row] for row in passage.rows]
                add_prose_table(self.text, rows, self.room, before=paragraph)
            elif passage.level <= 2:
                name = f"text {len(self.entries)} {number}"
                self._place(paragraph, name, "toc 2", one_line(passage.text))

    def finding(self, block: Finding) -> None:
        """Write a sentence with its figure before it and what it rests on below it."""
        made = self.text.paragraph("Finding")
        headline = one_line(block.headline)
        if headline and len(headline) <= _LONG_HEADLINE:
            self.text.run(made, headline, style="Finding figure")
            self.text.run(made, "\t")
        elif headline:
            self.text.run(made, "\t")
            self.text.run(made, headline, bold=True)
            self.text.run(made, "\n")
        else:
            self.text.run(made, "\t")
        self.text.run(made, one_line(block.text))
        self.text.paragraph("Finding basis", one_line(evidence_of(block)))

    def grid(self, grid: Grid) -> None:
        """Write a table with its caption above and signs and notes below."""
        aside = width_of(grid) > self.room and self.own
        if aside:
            self._turn(landscape=True)
        self.tables += 1
        self._caption("Table", self.tables, one_line(grid.title), grid.id)
        if grid.subtitle:
            self.text.paragraph("Table subtitle", one_line(grid.subtitle))
        add_grid(self.text, grid, self.room)
        last = len(grid.marks) + len(grid.notes) - 1
        for at, (mark, meaning) in enumerate(grid.marks):
            note = self.text.paragraph("Table note", keep=at < last)
            self.text.run(note, f"{mark}  ", bold=True)
            self.text.run(note, one_line(meaning))
        for at, said in enumerate(grid.notes, start=len(grid.marks)):
            self.text.paragraph("Table note", legible(said), keep=at < last)
        if not grid.marks and not grid.notes:
            self.text.paragraph("Table note")
        if aside:
            self._turn(landscape=False)

    def picture(self, picture: Picture) -> None:
        """Write a chart with its words for those who do not see it, caption and notes."""
        from docx.shared import Emu

        content = picture.png(scale=2.0)
        wide = int.from_bytes(content[16:20], "big") / 2 / 96 * _EMU
        made = self.text.paragraph("Figure")
        shown = made.add_run().add_picture(
            io.BytesIO(content), width=Emu(min(round(wide), self.room * _TWIP))
        )
        properties = shown._inline.docPr
        inside, beside = notes_beside(picture)
        properties.set("descr", one_line(" ".join((picture.alt, *inside)))[:2000])
        properties.set("title", short(picture.title))
        properties.set("name", short(picture.id, 60))
        self.figures += 1
        self._caption("Figure", self.figures, one_line(picture.title), picture.id)
        for said in beside:
            self.text.paragraph("Table note", legible(said))

    def facts(self, report: Report) -> None:
        """Write what the figures rest on."""
        previous = ""
        for heading, said in facts_of(report):
            if heading != previous:
                self.text.paragraph("Heading 3", one_line(heading))
                previous = heading
            self.text.paragraph("Normal", legible(said))

    def contents(self, heading: Any) -> None:
        """Write the contents and the list of tables and figures after their heading.

        The entries are there and lead to their places before Word computes the field.
        """
        after = heading._p
        outline = [one for one in self.entries if one[0].startswith("toc")]
        after = self._field_list(after, 'TOC \\o "1-2" \\h \\z \\u', outline)
        for kind, key in (("Table", "caption_table"), ("Figure", "caption_figure")):
            listed = [one for one in self.entries if one[0] == kind]
            if listed:
                made = self.text.paragraph("Heading 3", word(f"list_{key}", self.language))
                after.addnext(made._p)
                named = [("table of figures", place, said) for _, place, said in listed]
                after = self._field_list(made._p, f'TOC \\h \\z \\c "{kind}"', named)

    # -- what they are made of

    def _field_list(self, after: Any, code: str, entries: list[tuple[str, str, str]]) -> Any:
        from docx.oxml import parse_xml

        begin = (
            f'<w:r {NAMESPACES}><w:fldChar w:fldCharType="begin"/></w:r>',
            f'<w:r {NAMESPACES}><w:instrText xml:space="preserve"> {code} </w:instrText></w:r>',
            f'<w:r {NAMESPACES}><w:fldChar w:fldCharType="separate"/></w:r>',
        )
        end = f'<w:r {NAMESPACES}><w:fldChar w:fldCharType="end"/></w:r>'
        for number, (style, place, said) in enumerate(entries):
            made = self.text.paragraph(style)
            if number == 0:
                for part in begin:
                    made._p.append(parse_xml(part))
            link = parse_xml(
                f'<w:hyperlink {NAMESPACES} w:anchor={quoteattr(place)} w:history="1"/>'
            )
            made._p.append(link)
            self.text.run(made, said)
            link.append(made._p[-1])
            if number == len(entries) - 1:
                made._p.append(parse_xml(end))
            after.addnext(made._p)
            after = made._p
        return after

    def _caption(self, kind: str, number: int, title: str, place: str) -> None:
        made = self.text.paragraph("Caption", keep=kind == "Table")
        if kind == "Figure":
            # The caption of a figure stands below it, so nothing needs to follow it.
            made.paragraph_format.keep_with_next = False
        name = word(f"caption_{kind.lower()}", self.language)
        stop = " : " if self.language == "fr" else ": "
        self.text.run(made, f"{name} ", style="Caption number")
        self.text.field(made, f"SEQ {kind} \\* ARABIC", str(number), style="Caption number")
        self.text.run(made, stop if title else "")
        self.text.run(made, title)
        # A text may lead to an indicator's table: [unemployment](#EMP03).
        identity = place if kind == "Table" else f"{kind} {place}"
        self._place(made, identity, kind, f"{name} {number}{stop}{title}")

    def _place(self, paragraph: Any, identity: str, style: str, said: str) -> None:
        """Name a place, unlike any other, and list it in the contents."""
        name = bookmark_name(identity)
        used = {place for _, place, _ in self.entries}
        number = 1
        while name in used:
            number += 1
            name = f"{bookmark_name(identity)[:36]}_{number}"
        self.text.bookmark(paragraph, name)
        self.entries.append((style, name, said or "–"))

    def _page(self) -> None:
        """Set up the page, its header and footer, where no template does."""
        from docx.oxml import OxmlElement
        from docx.shared import Twips

        section = self.document.sections[0]
        section.page_width, section.page_height = Twips(_WIDE), Twips(_HIGH)
        for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
            setattr(section, side, Twips(_MARGIN))
        if self.right_to_left:
            section._sectPr.append(OxmlElement("w:bidi"))
        section.different_first_page_header_footer = True
        self._running(section.header.paragraphs[0], "header", self.title)
        foot = section.footer.paragraphs[0]
        self._running(foot, "footer", self.publisher)
        self.text.run(foot, " · " if self.publisher else "")
        self.text.field(foot, "PAGE", "1")
        self.text.run(foot, " / ")
        self.text.field(foot, "NUMPAGES", "1")

    def _running(self, paragraph: Any, style: str, said: str) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH

        paragraph.style = self.document.styles[style.title()]
        # In the middle the line suits pages of both directions and both readings.
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        self.text.run(paragraph, short(said, 110))

    def _room(self) -> int:
        section = self.document.sections[-1]
        wide: int = section.page_width - section.left_margin - section.right_margin - section.gutter
        return round(wide / _TWIP)

    def _turn(self, *, landscape: bool) -> None:
        """Begin a page of the other direction for a table that is too wide."""
        from docx.enum.section import WD_ORIENT, WD_SECTION
        from docx.shared import Twips

        section = self.document.add_section(WD_SECTION.NEW_PAGE)
        section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
        sides = (_HIGH, _WIDE) if landscape else (_WIDE, _HIGH)
        section.page_width, section.page_height = (Twips(side) for side in sides)
        section.different_first_page_header_footer = False
        self.room = self._room()

    def to_bytes(self, *, subtitle: str = "", date: str = "") -> bytes:
        """Return the file, with no trace of when or where it was written."""
        when = stated_date(date)
        core = self.document.core_properties
        core.title, core.subject = short(self.title), short(subtitle)
        core.author = core.last_modified_by = short(self.publisher) or "mpsurvey"
        core.language, core.comments, core.keywords = self.language, "mpsurvey", ""
        core.created = core.modified = when
        core.revision = 1
        made = io.BytesIO()
        self.document.save(made)
        return _dateless(made.getvalue())


def _opened(template: Path | None) -> Any:
    """Return an empty document, ours or with the styles and pages of an author's."""
    try:
        import docx
        from docx.opc.exceptions import PackageNotFoundError
    except ImportError as error:
        raise ExtraMissing("Writing a document", "docx") from error
    if template is None:
        document = docx.Document()
    else:
        if not template.is_file():
            raise MpsurveyError(f"{template}: the template does not exist.")
        try:
            document = docx.Document(str(template))
        except (PackageNotFoundError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise MpsurveyError(
                f"{template.name} is not a .docx that can be read. Open it in Word and save it "
                "as 'Word document (.docx)'."
            ) from error
    body = document.element.body
    for child in list(body):
        if not child.tag.endswith("}sectPr"):
            body.remove(child)
    return document


def _dateless(content: bytes) -> bytes:
    """Return a zip file with the same members under one fixed date."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for member in source.infolist():
            fixed = zipfile.ZipInfo(member.filename, (1980, 1, 1, 0, 0, 0))
            fixed.compress_type = zipfile.ZIP_DEFLATED
            fixed.external_attr = 0o600 << 16
            target.writestr(fixed, source.read(member))
    return made.getvalue()
