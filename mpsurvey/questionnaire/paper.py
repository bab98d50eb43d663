"""A questionnaire on paper: DOCX, and PDF where LibreOffice is there."""

from __future__ import annotations

import importlib
import io
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mpsurvey.catalogue import CodeList, HostVariable, Question
from mpsurvey.errors import ExtraMissing, MpsurveyError
from mpsurvey.questionnaire.form import Questionnaire
from mpsurvey.questionnaire.outline import Outline, outline_of
from mpsurvey.questionnaire.placed import Placed, numbers_at_end
from mpsurvey.questionnaire.wording import in_language, said
from mpsurvey.questionnaire.workbook import write_whole
from mpsurvey.rule import Rule

__all__ = ["skips_to", "write_paper"]

RIGHT_TO_LEFT = ("ar", "fa", "he", "ur", "ps", "ckb")
LONG = 60
GREY, BLUE, PALE = "F2F2F2", "1F4E79", "DCE6F1"


def write_paper(
    form: Questionnaire, path: Path | str, *, languages: Sequence[str] | None = None
) -> None:
    """Write the modules as a paper questionnaire, ``.docx`` or ``.pdf``.

    Each question has its number, its codes with arrows to the question that follows, whom it is
    asked of, and the interviewer's instruction. Two languages stand side by side; Arabic runs from
    right to left.

    Parameters
    ----------
    languages
        One or two of the form's languages.

    Raises
    ------
    MpsurveyError
        For more than two languages, a language that the form lacks, another kind of file, or a PDF
        without LibreOffice.
    ExtraMissing
        When python-docx is not installed.
    """
    target = Path(path)
    kind = target.suffix.lower()
    if kind not in (".docx", ".pdf"):
        raise MpsurveyError(f"'{target.name}': paper is written as .docx or .pdf.")
    spoken = tuple(languages or form.languages[:2])
    if not 1 <= len(spoken) <= 2:
        raise MpsurveyError("A paper form has one or two languages side by side.")
    lacking = [one for one in spoken if any(one not in m.languages for m in form.modules)]
    if lacking:
        raise MpsurveyError(f"The modules have no wording in {', '.join(lacking)}.")
    content = _Paper(outline_of(form), spoken).to_bytes()
    write_whole(target, content if kind == ".docx" else _pdf(content))


def skips_to(questions: Sequence[Question], at: int) -> dict[int, int]:
    """Return for codes of a single answer the position that follows, where questions are skipped.

    Only rules that rest on this one answer are looked at: the others are said in words above the
    question. The position one past the last stands for the end.
    """
    question = questions[at]
    out: dict[int, int] = {}
    if question.type != "select_one" or question.codes is None:
        return out
    following = questions[at + 1 :]
    if not following or not _rests_on(following[0].ask_if, question.name):
        return out
    for code in range(-99, 1000):
        for step, later in enumerate(following):
            rule = later.ask_if
            if not _rests_on(rule, question.name) or (
                rule is not None and rule.holds({question.name: code})
            ):
                if step:
                    out[code] = at + 1 + step
                break
        else:
            out[code] = len(questions)
    return out


def _rests_on(rule: Rule | None, name: str) -> bool:
    return rule is not None and rule.names == {name} and not rule.uses_home


class _Paper:
    def __init__(self, outline: Outline, languages: Sequence[str]) -> None:
        try:
            docx = importlib.import_module("docx")
        except ImportError as error:
            raise ExtraMissing("Writing a paper form", "forms") from error
        self.outline = outline
        self.languages = languages
        self.document: Any = docx.Document()
        self.shared: Any = importlib.import_module("docx.shared")
        self.oxml: Any = importlib.import_module("docx.oxml")
        self.number = 0
        self.numbers: dict[str, int] = {}

    def to_bytes(self) -> bytes:
        section = self.document.sections[0]
        section.page_width, section.page_height = self._cm(21.0), self._cm(29.7)
        for side in ("left_margin", "right_margin"):
            setattr(section, side, self._cm(1.5))
        section.top_margin = section.bottom_margin = self._cm(1.6)
        style = self.document.styles["Normal"]
        style.font.name, style.font.size = "Arial", self.shared.Pt(9)
        style.paragraph_format.space_after = self.shared.Pt(2)
        self._footer(section)
        title = self.outline.form.host.settings.get("form_title", self.outline.form.host.name)
        self._heading(title, 16)
        outside = [one for one in self.outline.outside if one.asked]
        if outside:
            self._heading(" / ".join(said("host", one) for one in self.languages), 12)
            questions = [question for one in outside if (question := one.question())]
            self._grid(questions, None, {one.name: one.answers for one in outside})
        for placed in self.outline.placed:
            self._module(placed)
        out = io.BytesIO()
        self.document.save(out)
        return out.getvalue()

    def _cm(self, size: float) -> Any:
        return self.shared.Cm(size)

    # -- a module

    def _module(self, placed: Placed) -> None:
        module = placed.module
        for at, language in enumerate(self.languages):
            self._heading(module.title[language], 13 if at == 0 else 11, language)
        for language in self.languages:
            text = f"{said('universe', language)}: {module.universe_text[language]}"
            if module.reference_period is not None and language in module.reference_period:
                text += f" · {module.reference_period[language]}"
            self._paragraph(text, language, italic=True)
        before, rows, after = numbers_at_end(list(module.questions))
        lists = {q.name: module.codelist(q) for q in module.questions}
        self._grid(before, placed, lists)
        if rows and module.roster is not None:
            title = " / ".join(
                f"{module.roster.title[one]} — {said('for each', one)}" for one in self.languages
            )
            self._paragraph(title, self.languages[0], bold=True)
            self._grid(rows, placed, lists, columns=4)
        if after:
            self._grid(after, placed, lists)

    def _grid(
        self,
        questions: Sequence[Question],
        placed: Placed | None,
        lists: Mapping[str, CodeList | None],
        columns: int = 0,
    ) -> None:
        if not questions:
            return
        asked = [question for question in questions if question.asks]
        first = self.number + 1
        numbers = {question.name: first + at for at, question in enumerate(asked)}
        self.numbers |= numbers
        if columns:
            widths = [1.7, 8.7, *([1.9] * columns)]
        else:
            widths = [1.7, *([16.3 / len(self.languages)] * len(self.languages))]
        table = self.document.add_table(rows=0, cols=len(widths))
        table.style = "Table Grid"
        table.autofit = False
        if columns:
            self._row_header(table, columns)
        for question in questions:
            cells = table.add_row().cells
            self._not_split(table.rows[-1])
            if question.asks:
                self.number += 1
                self._write(cells[0], f"{numbers[question.name]}", "en", bold=True)
                self._write(cells[0], question.name, "en", size=5.5, colour="7F7F7F")
            arrows = self._arrows(asked, question, numbers, roster=bool(columns))
            spans = [cells[1]] * len(self.languages) if columns else list(cells[1:])
            for language, cell in zip(self.languages, spans, strict=False):
                self._question(cell, question, placed, lists, language, arrows)
        for column, width in zip(table.columns, widths, strict=True):
            column.width = self._cm(width)
        for row in table.rows:
            for cell, width in zip(row.cells, widths, strict=True):
                cell.width = self._cm(width)
        self.document.add_paragraph()

    def _row_header(self, table: Any, columns: int) -> None:
        cells = table.add_row().cells
        for number in range(columns):
            self._write(cells[2 + number], f"({number + 1})", "en", bold=True)
        for cell in cells:
            self._shade(cell, PALE)
        row = table.rows[0]._tr.get_or_add_trPr()
        row.append(self.oxml.parse_xml(f"<w:tblHeader {self._namespace}/>"))

    def _question(
        self,
        cell: Any,
        question: Question,
        placed: Placed | None,
        lists: Mapping[str, CodeList | None],
        language: str,
        arrows: Mapping[int, str],
    ) -> None:
        if question.ask_if is not None and placed is not None:
            words = self._words(question.ask_if, placed, language)
            self._write(
                cell, f"{said('ask if', language)}: {words}", language, size=7.5, colour=BLUE
            )
        self._write(
            cell,
            self._text(question.text[language], placed, language),
            language,
            bold=question.asks,
        )
        if question.instruction is not None:
            text = self._text(question.instruction[language], placed, language)
            note = f"{said('not read aloud', language)}: {text}"
            self._write(cell, note, language, size=8, italic=True)
        listed = lists.get(question.name)
        if listed is not None and question.type in ("select_one", "select_multiple"):
            if len(listed) > LONG:
                self._write(cell, f"{said('country code', language)}: ______ |__|__|__|", language)
            else:
                what = "many answers" if question.type == "select_multiple" else "one answer"
                self._write(cell, said(what, language), language, size=7, colour="7F7F7F")
                for item in listed:
                    label = in_language(item.label, language)
                    arrow = arrows.get(item.code, "")
                    shown = f" → {said('go to', language)} {arrow}" if arrow else ""
                    if arrow in ("end of module", "end of row"):
                        shown = f" → {said(arrow, language)}"
                    mark = "☐" if question.type == "select_multiple" else "○"
                    self._write(cell, f"{mark} {item.code:>2}  {label}{shown}", language, size=8.5)
        elif question.type in ("integer", "decimal"):
            unit = f" ({question.unit})" if question.unit and language == "en" else ""
            boxes = "|__|" * (4 if question.type == "integer" else 9)
            self._write(cell, f"{boxes}{unit}", language)
            if listed is not None:
                shown = "   ".join(
                    f"{item.code} {in_language(item.label, language)}" for item in listed
                )
                self._write(cell, shown, language, size=7.5)
        elif question.asks:
            self._write(cell, "_" * 30, language)

    def _arrows(
        self,
        asked: Sequence[Question],
        question: Question,
        numbers: Mapping[str, int],
        *,
        roster: bool,
    ) -> dict[int, str]:
        if not question.asks:
            return {}
        out = {}
        for code, position in skips_to(asked, asked.index(question)).items():
            if position >= len(asked):
                out[code] = "end of row" if roster else "end of module"
            else:
                out[code] = str(numbers[asked[position].name])
        return out

    def _words(self, rule: Rule, placed: Placed, language: str) -> str:
        module = placed.module
        names = {q.name: f"«{in_language(q.label, language)}»" for q in module.questions if q.label}
        answers = {}
        others: dict[str, Question | HostVariable] = {
            **module.host_variables,
            **module.borrowed,
        }
        for name, variable in others.items():
            number = f"{self.numbers[name]} " if name in self.numbers else ""
            names[name] = f"{number}«{in_language(variable.label, language)}»"
            listed = module.codelists.get(variable.codes or "")
            if listed is not None:
                answers[name] = listed.labels(language)
        for question in module.questions:
            listed = module.codelist(question)
            if listed is not None and len(listed) <= LONG:
                answers[question.name] = listed.labels(language)
        return rule.words(language, names=names, answers=answers)

    def _text(self, text: str, placed: Placed | None, language: str) -> str:
        return self.outline.text(placed, text, language, lambda name: None)

    # -- what the document is made of

    def _heading(self, text: str, size: int, language: str = "en") -> None:
        paragraph = self.document.add_paragraph()
        paragraph.paragraph_format.space_before = self.shared.Pt(8)
        paragraph.paragraph_format.keep_with_next = True
        self._run(paragraph, text, language, size=size, bold=True, colour=BLUE)

    def _paragraph(self, text: str, language: str, **looks: Any) -> None:
        self._run(self.document.add_paragraph(), text, language, **looks)

    def _write(self, cell: Any, text: str, language: str, **looks: Any) -> None:
        first = cell.paragraphs[0]
        paragraph = first if not first.text and len(cell.paragraphs) == 1 else cell.add_paragraph()
        paragraph.paragraph_format.space_after = self.shared.Pt(1)
        self._run(paragraph, text, language, **looks)

    def _run(
        self,
        paragraph: Any,
        text: str,
        language: str,
        *,
        size: float = 9,
        bold: bool = False,
        italic: bool = False,
        colour: str | None = None,
    ) -> None:
        run = paragraph.add_run(text)
        run.bold, run.italic = bold, italic
        run.font.size = self.shared.Pt(size)
        properties = run._r.get_or_add_rPr()
        half = str(round(size * 2))
        properties.append(self.oxml.parse_xml(f'<w:szCs {self._namespace} w:val="{half}"/>'))
        if bold:
            properties.append(self.oxml.parse_xml(f"<w:bCs {self._namespace}/>"))
        if colour:
            run.font.color.rgb = self.shared.RGBColor.from_string(colour)
        if language in RIGHT_TO_LEFT:
            paragraph._p.get_or_add_pPr().append(
                self.oxml.parse_xml(f"<w:bidi {self._namespace}/>")
            )
            properties.append(self.oxml.parse_xml(f"<w:rtl {self._namespace}/>"))

    @property
    def _namespace(self) -> str:
        return 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'

    def _shade(self, cell: Any, colour: str) -> None:
        cell._tc.get_or_add_tcPr().append(
            self.oxml.parse_xml(f'<w:shd {self._namespace} w:val="clear" w:fill="{colour}"/>')
        )

    def _not_split(self, row: Any) -> None:
        row._tr.get_or_add_trPr().append(self.oxml.parse_xml(f"<w:cantSplit {self._namespace}/>"))

    def _footer(self, section: Any) -> None:
        paragraph = section.footer.paragraphs[0]
        paragraph.alignment = 1
        run = paragraph.add_run()
        for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
            if kind:
                xml = f'<w:fldChar {self._namespace} w:fldCharType="{kind}"/>'
            else:
                xml = f'<w:instrText {self._namespace} xml:space="preserve">{text}</w:instrText>'
            run._r.append(self.oxml.parse_xml(xml))


def _pdf(docx: bytes) -> bytes:
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        raise MpsurveyError(
            "A PDF is made by LibreOffice, which is not installed. Write .docx and print that."
        )
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "form.docx"
        source.write_bytes(docx)
        profile = f"-env:UserInstallation=file://{folder}/profile"
        subprocess.run(  # noqa: S603 - fixed words and our own temporary files
            [office, profile, "--headless", "--convert-to", "pdf", "--outdir", folder, str(source)],
            capture_output=True,
            timeout=300,
            check=False,
        )
        made = source.with_suffix(".pdf")
        if not made.exists():
            raise MpsurveyError("LibreOffice could not make the PDF. Write .docx and print that.")
        return made.read_bytes()
