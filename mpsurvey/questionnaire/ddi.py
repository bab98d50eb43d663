"""A form as DDI-Codebook 2.5, the documentation that data archives take."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mpsurvey.catalogue import CodeList, Concept, Question
from mpsurvey.errors import ExtraMissing
from mpsurvey.questionnaire.form import Questionnaire
from mpsurvey.questionnaire.outline import Outline, outline_of
from mpsurvey.questionnaire.placed import Placed
from mpsurvey.questionnaire.wording import in_language, said
from mpsurvey.questionnaire.workbook import write_whole
from mpsurvey.rule import Rule

__all__ = ["ddi_document", "write_ddi"]

DDI = "ddi:codebook:2_5"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def write_ddi(form: Questionnaire, path: Path | str) -> None:
    """Write the modules as DDI-Codebook 2.5 (``.xml``).

    Per variable: label, question and instruction in every language, universe in words and as a
    rule, categories with the missing ones marked, concept, and for derived variables how they are
    worked out. Host variables that rules use are documented too.

    Raises
    ------
    ExtraMissing
        When lxml is not installed.
    """
    write_whole(path, ddi_document(form))


def ddi_document(form: Questionnaire) -> bytes:
    """Return the document."""
    return _Codebook(outline_of(form)).build()


class _Codebook:
    def __init__(self, outline: Outline) -> None:
        try:
            self.etree: Any = importlib.import_module("lxml.etree")
        except ImportError as error:
            raise ExtraMissing("Writing DDI", "forms") from error
        self.outline = outline
        self.form = outline.form
        self.languages = self.form.languages

    def build(self) -> bytes:
        root = self.etree.Element(f"{{{DDI}}}codeBook", nsmap={None: DDI}, version="2.5")
        root.set(_LANGUAGE, self.languages[0])
        title = self.form.host.settings.get("form_title") or self.form.host.name
        study = self._add(root, "stdyDscr")
        citation = self._add(study, "citation")
        self._add(self._add(citation, "titlStmt"), "titl", title)
        info = self._add(study, "stdyInfo")
        for placed in self.outline.placed:
            for language in self.languages:
                text = in_language(placed.module.purpose, language)
                self._add(info, "abstract", text, language=language)
        files = self._files(root)
        data = self._add(root, "dataDscr")
        for placed in self.outline.placed:
            names = " ".join(placed.own(q.name) for q in placed.module.questions if q.asks)
            group = self._add(data, "varGrp", ID=f"G_{placed.group}", var=self._ids(names))
            self._labels(group, placed.module.title)
            first = self.languages[0]
            text = in_language(placed.module.universe_text, first)
            self._add(group, "universe", text, language=first)
        for one in self.outline.outside:
            question = one.question()
            if question is not None:
                self._question(data, question, None, question.name, files["host"], one.answers)
        for placed in self.outline.placed:
            for question in placed.module.questions:
                if question.asks:
                    file = files[f"{placed.group} rows" if question.roster else placed.group]
                    listed = placed.module.codelist(question)
                    self._question(data, question, placed, placed.own(question.name), file, listed)
            for concept in placed.module.concepts:
                file = files[f"{placed.group} rows" if concept.roster else placed.group]
                self._concept(data, concept, placed, file)
        out: bytes = self.etree.tostring(
            root, xml_declaration=True, encoding="UTF-8", pretty_print=True
        )
        return out

    def _ids(self, names: str) -> str:
        return " ".join(f"V_{name}" for name in names.split())

    def _files(self, root: Any) -> dict[str, str]:
        """Describe a file per unit: households or persons, and the rows of each roster."""
        out: dict[str, str] = {}

        def describe(name: str, what: str) -> str:
            file = self._add(root, "fileDscr", ID=f"F_{name}")
            text = self._add(file, "fileTxt")
            self._add(text, "fileName", name)
            self._add(text, "fileCont", what)
            return f"F_{name}"

        known: dict[str, str] = {}
        for placed in self.outline.placed:
            unit = "household" if placed.module.unit == "household" else "person"
            if unit not in known:
                known[unit] = describe(unit, f"One record per {unit}")
            out[placed.group] = known[unit]
        out["host"] = next(iter(known.values()))
        for placed in self.outline.placed:
            roster = placed.module.roster
            if roster is not None:
                title = in_language(roster.title, self.languages[0])
                out[f"{placed.group} rows"] = describe(placed.own(roster.name), title)
        return out

    # -- variables

    def _question(
        self,
        data: Any,
        question: Question,
        placed: Placed | None,
        name: str,
        file: str,
        listed: CodeList | None,
    ) -> None:
        var = self._variable(data, name, file, question.type)
        self._labels(var, question.label)
        asked = self._add(var, "qstn", ID=f"Q_{name}")
        for language in self.languages:
            text = self.outline.text(
                placed, question.text.get(language, ""), language, lambda _name: None
            )
            if text:
                self._add(asked, "qstnLit", text, language=language)
        if question.instruction is not None:
            for language in self.languages:
                if language in question.instruction:
                    text = self.outline.text(
                        placed, question.instruction[language], language, lambda _name: None
                    )
                    self._add(asked, "ivuInstr", text, language=language)
        if placed is not None:
            self._universe(var, question, placed)
        for special in (item for item in listed or () if question.type != "text"):
            category = self._add(var, "catgry", missing="Y" if special.missing else "N")
            self._add(category, "catValu", str(special.code))
            for language in self.languages:
                if language in special.label:
                    self._add(category, "labl", special.label[language], language=language)
        self._add(var, "concept", question.concept)
        self._format(var, question.type)

    def _variable(self, data: Any, name: str, file: str, kind: str) -> Any:
        discrete = kind in ("select_one", "select_multiple")
        return self._add(
            data,
            "var",
            ID=f"V_{name}",
            name=name,
            files=file,
            intrvl="discrete" if discrete else "contin",
        )

    def _format(self, var: Any, kind: str) -> None:
        numeric = kind in ("select_one", "integer", "decimal")
        self._add(var, "varFormat", type="numeric" if numeric else "character", schema="other")

    def _labels(self, element: Any, labels: Mapping[str, str]) -> None:
        for language in self.languages:
            if language in labels:
                self._add(element, "labl", labels[language], language=language)
        if not set(labels) & set(self.languages) and labels:
            first = next(iter(labels))
            self._add(element, "labl", labels[first], language=first)

    def _universe(self, var: Any, question: Question, placed: Placed) -> None:
        rule = question.ask_if
        for language in self.languages:
            text = in_language(placed.module.universe_text, language)
            if rule is not None:
                text = f"{text}. {said('ask if', language)}: {rule.words(language)}"
            self._add(var, "universe", text, language=language)

    def _concept(self, data: Any, concept: Concept, placed: Placed, file: str) -> None:
        name = placed.own(concept.name)
        kind = "select_one" if concept.categories or isinstance(concept.value, Rule) else "decimal"
        var = self._variable(data, name, file, kind)
        self._labels(var, concept.label)
        if concept.universe is not None:
            for language in self.languages:
                self._add(var, "universe", concept.universe.words(language), language=language)
        for category in concept.categories:
            element = self._add(var, "catgry")
            self._add(element, "catValu", str(category.code))
            for language in self.languages:
                if language in category.label:
                    self._add(element, "labl", category.label[language], language=language)
        derivation = self._add(var, "derivation", var=self._ids(self._sources(concept, placed)))
        parts = [str(concept.value)] if concept.value is not None else []
        parts += [f"{category.code} if {category.rule}" for category in concept.categories]
        if concept.over is not None:
            where = f" where {concept.where}" if concept.where is not None else ""
            value = f" of {concept.value}" if concept.value is not None else ""
            parts = [f"{concept.aggregate}{value} over {concept.over}{where}"]
        self._add(derivation, "drvdesc", "; ".join(parts))
        self._format(var, kind)

    def _sources(self, concept: Concept, placed: Placed) -> str:
        own = set(placed.module.names) | {c.name for c in placed.module.concepts}
        asked = {one.name for one in self.outline.outside if one.question() is not None}
        names = [placed.own(n) if n in own else n for n in sorted(concept.names)]
        kept = [
            n
            for n, plain in zip(names, sorted(concept.names), strict=True)
            if plain in own or plain in asked
        ]
        return " ".join(kept)

    def _add(
        self,
        parent: Any,
        tag: str,
        text: str | None = None,
        /,
        *,
        language: str | None = None,
        **attributes: str,
    ) -> Any:
        given = {key: value for key, value in attributes.items() if value}
        element = self.etree.SubElement(parent, f"{{{DDI}}}{tag}", given)
        if text is not None:
            element.text = text
        if language is not None:
            element.set(_LANGUAGE, language)
        return element
