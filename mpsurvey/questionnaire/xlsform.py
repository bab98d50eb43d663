"""A questionnaire as an XLSForm workbook."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from mpsurvey.catalogue import Concept, HostVariable, Question
from mpsurvey.errors import MpsurveyError
from mpsurvey.questionnaire.choice_lists import ChoiceLists, External, Row
from mpsurvey.questionnaire.form import Questionnaire
from mpsurvey.questionnaire.host import LANGUAGE_NAMES
from mpsurvey.questionnaire.placed import (
    Link,
    Placed,
    known_variable,
    numbers_at_end,
    variable_of,
)
from mpsurvey.questionnaire.validating import field_system_faults
from mpsurvey.questionnaire.wording import filled, said
from mpsurvey.questionnaire.workbook import write_whole
from mpsurvey.rule import Constraint, Formula, Known, Rule, XPath, walk
from mpsurvey.rule.nodes import And, Answered, Comparison, Condition, Name, Not, Or

__all__ = ["XlsRows", "scope_of", "when_answered", "write_xlsform", "xlsform_bytes"]

LONG = 60


def write_xlsform(
    form: Questionnaire,
    path: Path | str,
    *,
    validate: bool | None = None,
    external: External = "auto",
) -> tuple[str, ...]:
    """Write the form as an .xlsx workbook that ODK, Kobo, SurveyCTO and Ona take.

    The host's part is the same cell for cell: rows are put between its rows, missing columns at the
    end of its header, and choice lists at the end of its choices.

    Parameters
    ----------
    path
        An ``.xlsx`` workbook; CSV files of choices are written beside it. Or a ``.zip`` with both.
    validate
        Whether the form must pass pyxform and, where Java is there, ODK Validate. By default it
        must when pyxform is installed.
    external
        Where lists of more than 100 choices stand, such as countries. 'always': in a CSV file with
        a column for each language, of which ODK shows 'label', the first language, whatever the
        form is read in. 'auto': so when the form has one language; otherwise, and with 'never', on
        the sheet 'choices'.

    Returns
    -------
    tuple of str
        Remarks of the field system's validators that do not stop the form, and the files to be
        uploaded with it.

    Raises
    ------
    MpsurveyError
        When a validator refuses the form; the host's own faults are named as such.
    """
    target = Path(path)
    content, files = _workbook(form, external)
    remarks = field_system_faults(form, content, asked=validate)
    if target.suffix.lower() == ".zip":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, part in {f"{target.stem}.xlsx": content, **files}.items():
                info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, part)
        write_whole(target, out.getvalue())
    else:
        for name, part in files.items():
            write_whole(target.with_name(name), part)
        write_whole(target, content)
    return (*remarks, *(f"Upload {name} with the form: it holds choices." for name in files))


def xlsform_bytes(form: Questionnaire, *, external: External = "never") -> bytes:
    """Return the workbook's bytes; its choices are on its own sheet unless told otherwise."""
    return _workbook(form, external)[0]


def _workbook(form: Questionnaire, external: External) -> tuple[bytes, dict[str, bytes]]:
    host = form.host
    book = host.workbook.copy()
    survey = book.sheet(host.survey_sheet)
    lists = ChoiceLists(form, external)
    by_place: dict[int, list[Row]] = {}
    for placed in form.placed:
        rows = list(XlsRows(form, placed, lists).rows())
        by_place.setdefault(placed.above, []).extend(rows)
    columns = _Columns(form, host.columns)
    for above in sorted(by_place, reverse=True):
        texts = [columns.texts(row) for row in by_place[above]]
        survey.insert_rows(above, texts, like=above - 1 if above > 2 else None)
    header_end = max(host.columns.values())
    for column, header in columns.added.items():
        survey.set_text(1, column, header, like=header_end)
    if lists.rows:
        if host.choices_sheet is None:
            raise MpsurveyError(
                f"{host.name} has no sheet 'choices'. Add one with the columns list_name, name and "
                "label."
            )
        choices = book.sheet(host.choices_sheet)
        choice_columns = _Columns(form, host.choice_columns)
        texts = [choice_columns.texts(row) for row in lists.rows]
        choices.insert_rows(choices.last_row + 1, texts)
        choices_end = max(host.choice_columns.values())
        for column, header in choice_columns.added.items():
            choices.set_text(1, column, header, like=choices_end)
    _settings(form, book)
    return book.to_bytes(), {**host.files, **lists.files}


def _settings(form: Questionnaire, book: object) -> None:
    if not form.settings:
        return
    host = form.host
    if host.settings_sheet is None:
        raise MpsurveyError(f"{host.name} has no sheet 'settings' to write in.")
    sheet = book.sheet(host.settings_sheet)  # type: ignore[attr-defined]
    header = sheet.rows().get(1, {})
    columns = {text.strip().lower(): column for column, text in header.items()}
    for name, value in form.settings.items():
        column = columns.get(name.lower())
        if column is None:
            column = max(columns.values(), default=0) + 1
            columns[name.lower()] = column
            sheet.set_text(1, column, name)
        sheet.set_text(2, column, value)


class _Columns:
    """Where each text of a row goes; columns that the host lacks are added at the end."""

    def __init__(self, form: Questionnaire, columns: Mapping[tuple[str, str], int]) -> None:
        self.form = form
        self.columns = dict(columns)
        self.next = max(columns.values(), default=0) + 1
        self.added: dict[int, str] = {}
        languages = form.host.languages
        default = form.host.settings.get("default_language", "")
        self.default = next((c for c, name in languages.items() if name == default), "")

    def texts(self, row: Row) -> dict[int, str]:
        return {self._column(*key): text for key, text in row.items() if text}

    def _column(self, key: str, language: str) -> int:
        found = self.columns.get((key, language))
        if found is not None:
            return found
        translated = [lang for have, lang in self.columns if have == key and lang]
        bare = self.columns.get((key, ""))
        host_has_languages = bool(self.form.host.languages)
        first = language == self.form.languages[0] if self.form.languages else True
        fitting = (not host_has_languages and first) or (language == self.default != "")
        if language and bare is not None and not translated and fitting:
            return bare
        header = key
        if language:
            named = self.form.host.languages.get(language) or LANGUAGE_NAMES.get(
                language, f"{language} ({language})"
            )
            header = f"{key}::{named}"
            if not host_has_languages and first and bare is None and key != "label":
                header = key
        self.columns[key, language] = self.next
        self.added[self.next] = header
        self.next += 1
        return self.columns[key, language]


def _said_in(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language, "")


def scope_of(placed: Placed, *, own_as: Mapping[str, str] | None = None) -> dict[str, Known]:
    """Return how XPath knows each variable that a module's rules may use."""
    module = placed.module
    out: dict[str, Known] = {}
    for question in module.questions:
        out[question.name] = known_variable(module, question, f"${{{placed.own(question.name)}}}")
    for concept in module.concepts:
        out[concept.name] = Known(f"${{{placed.own(concept.name)}}}")
    for name in placed.hosts:
        variable = variable_of(module, name)
        reference = f"${{{placed.linked(name)}}}"
        if variable is None or isinstance(variable, Concept):
            out[name] = Known(reference)
        else:
            out[name] = known_variable(module, variable, reference)
    for name, reference in (own_as or {}).items():
        out[name] = replace(out[name], reference=reference)
    return out


class XlsRows:
    """The rows of one module."""

    def __init__(self, form: Questionnaire, placed: Placed, lists: ChoiceLists) -> None:
        self.form = form
        self.placed = placed
        self.module = placed.module
        self.lists = lists
        self.writer = XPath(scope_of(placed), form.home)

    def rows(self) -> Iterator[Row]:
        """Go through the rows in order."""
        placed = self.placed
        if placed.beside:
            yield self._row(
                "begin_repeat",
                placed.rows_name,
                label=self.module.title,
                repeat_count=f"count(${{{placed.beside}}})",
            )
            if placed.person:
                yield self._row(
                    "calculate",
                    f"{placed.group}_name",
                    calculation=self._pulled(placed.person, placed.beside),
                )
        yield from self._host_rows()
        universe = self.module.universe
        yield self._row(
            "begin_group",
            placed.group,
            label=self.module.title,
            relevant=self._test(universe.node) if universe is not None else "",  # type: ignore[arg-type]
        )
        before, rows, after = numbers_at_end(list(self.module.questions))
        yield from self._questions(before)
        roster = self.module.roster
        if rows and roster is not None:
            yield self._row(
                "begin_repeat",
                placed.own(roster.name),
                label=roster.title,
                repeat_count=self._count(roster.count),
            )
            yield from self._questions(rows)
            yield from self._concepts(by_row=True)
            yield self._row("end_repeat", placed.own(roster.name))
        yield from self._questions(after)
        yield from self._concepts(by_row=False)
        yield self._row("end_group", placed.group)
        if placed.beside:
            yield self._row("end_repeat", placed.rows_name)

    # -- one row

    def _row(
        self,
        kind: str,
        name: str,
        *,
        label: Mapping[str, str] | None = None,
        hint: Mapping[str, str] | None = None,
        message: Mapping[str, str] | None = None,
        roster: bool = False,
        **cells: str,
    ) -> Row:
        row: Row = {("type", ""): kind, ("name", ""): name}
        for key, texts in (("label", label), ("hint", hint), ("constraint_message", message)):
            for language in self.form.languages:
                if texts is not None and language in texts:
                    row[key, language] = self._text(texts[language], language, roster=roster)
        for key, text in cells.items():
            row[key, ""] = text
        return row

    def _text(self, text: str, language: str, *, roster: bool) -> str:
        def place(name: str) -> str | None:
            if name == "name":
                return self._person(roster=roster)
            if name == "country":
                return self.form.country.get(language)
            if name == "currency":
                return None
            return f"${{{self.placed.own(name)}}}"

        return filled(text, language, place)

    def _person(self, *, roster: bool) -> str | None:
        own = self.module.roster
        if roster and own is not None and own.row:
            return f"${{{self.placed.own(own.row)}}}"
        if self.placed.beside and self.placed.person:
            return f"${{{self.placed.group}_name}}"
        return f"${{{self.placed.person}}}" if self.placed.person else None

    def _test(self, node: Condition) -> str:
        text = self.writer.condition(node)
        return text[1:-1] if _enclosed(text) else text

    # -- host variables

    def _host_rows(self) -> Iterator[Row]:
        for name, link in self.placed.hosts.items():
            if link.how == "added":
                yield self._added(name, link)
            elif link.calculated:
                yield self._row(
                    "calculate", self.placed.linked(name), calculation=self._calculated(link)
                )

    def _calculated(self, link: Link) -> str:
        value = f"${{{link.variable}}}"
        if link.repeat:
            value = self._pulled(link.variable, link.repeat)
        if link.codes is None:
            return value
        out = "''"
        for old, new in reversed(list(link.codes.items())):
            out = f"if({value} = '{old}', {new}, {out})"
        return out

    def _pulled(self, variable: str, repeat: str) -> str:
        return f"indexed-repeat(${{{variable}}}, ${{{repeat}}}, position(..))"

    def _added(self, name: str, link: Link) -> Row:
        variable = variable_of(self.module, name)
        if isinstance(variable, HostVariable) and variable.calculation is not None:
            moments = {"year of interview": "'%Y'", "month of interview": "'%n'"}
            if variable.calculation in moments:
                moment = moments[variable.calculation]
                return self._row(
                    "calculate", link.variable, calculation=f"int(format-date(today(), {moment}))"
                )
            return self._row("calculate", link.variable, calculation="position(..)")
        if not isinstance(variable, HostVariable | Question):
            raise MpsurveyError(f"'{name}' of {self.module.id} cannot be added by itself.")
        question = Question(
            name=link.variable,
            concept=f"host.{name}",
            type=variable.type,
            text=variable.text or variable.label,
            label=variable.label,
            codes=variable.codes,
            special=variable.special,
            checks=variable.checks,
            instruction=variable.instruction,
            minutes=variable.minutes,
        )
        return next(self._question(question, link.variable, known_as=name))

    # -- questions

    def _questions(self, questions: list[Question]) -> Iterator[Row]:
        for question in questions:
            yield from self._question(question, self.placed.own(question.name))

    def _question(
        self, question: Question, name: str, known_as: str | None = None
    ) -> Iterator[Row]:
        kind = question.type
        cells: dict[str, str] = {}
        listed = self.module.codelists.get(question.codes or "")
        written = kind if listed is None else self.lists.typed(kind, listed)
        if listed is not None and len(listed) > LONG:
            cells["appearance"] = "minimal autocomplete"
        if question.ask_if is not None:
            cells["relevant"] = self._test(question.ask_if.node)  # type: ignore[arg-type]
        if question.asks and self.placed.required:
            cells["required"] = "yes"
        constraint, message = self._constraint(question, known_as or question.name)
        if constraint:
            cells["constraint"] = constraint
        yield self._row(
            written,
            name,
            label=question.text,
            hint=self._hint(question),
            message=message,
            roster=question.roster,
            **cells,
        )
        yield from self._soft(question, name)

    def _hint(self, question: Question) -> dict[str, str]:
        special = self.module.codelists.get(question.special or "")
        out = {}
        for language in self.form.languages:
            parts = [question.instruction[language]] if question.instruction else []
            if special is not None:
                shown = (f"{i.code} = {_said_in(i.label, language)}" for i in special)
                parts.append("; ".join(shown))
            if parts:
                out[language] = " ".join(parts)
        return out

    def _constraint(self, question: Question, name: str) -> tuple[str, dict[str, str]]:
        """Write what the answer must satisfy, and what is said when it does not."""
        writer = Constraint(scope_of(self.placed, own_as={name: "."}), self.form.home)
        tests: list[str] = []
        messages: dict[str, list[str]] = {language: [] for language in self.form.languages}
        for check in question.checks:
            if check.soft:
                continue
            tests.append(writer.condition(when_answered(check.rule, name)))
            for language in self.form.languages:
                messages[language].append(_said_in(check.message, language))
        roster = self.module.roster
        if (
            roster is not None
            and roster.most
            and question.name == roster.count
            and not _limited(question)
        ):
            tests.append(f". <= {roster.most}")
            for language in self.form.languages:
                messages[language].append(said("most", language, roster.most))
        special = self.module.codelists.get(question.special or "")
        listed = self.module.codelists.get(question.codes or "")
        joined = writer.all_of(tests)
        # Does not know, refused and the special numbers stand outside the checks.
        outside = special.codes if special is not None else ()
        if listed is not None and question.type == "select_one":
            outside = tuple(sorted(listed.missing))
        if outside and joined:
            joined = " or ".join([f". = {code}" for code in outside] + [joined])
        if question.type == "select_multiple" and listed is not None:
            alone = [item.code for item in listed if item.exclusive]
            if alone:
                test = writer.any_of([f"selected(., '{code}')" for code in alone])
                joined = f"not({_bare(test)}) or count-selected(.) = 1"
                for language in self.form.languages:
                    messages[language].append(said("alone", language))
        joined = joined[1:-1] if _enclosed(joined) else joined
        return joined, {lang: " ".join(parts) for lang, parts in messages.items() if parts}

    def _soft(self, question: Question, name: str) -> Iterator[Row]:
        """Write a note that is shown when a soft check does not hold."""
        special = self.module.codelists.get(question.special or "")
        number = 0
        for check in question.checks:
            if not check.soft:
                continue
            number += 1
            tests = [self._test(Not(when_answered(check.rule, question.name)))]
            if special is not None:
                tests += [f"${{{name}}} != {code}" for code in special.codes]
            answered = self.writer.answered(self.writer.scope[question.name])
            yield self._row(
                "note",
                f"{name}_w{number}",
                label={
                    language: f"{said('check', language)} {text}"
                    for language, text in check.message.items()
                },
                roster=question.roster,
                relevant=" and ".join([answered, *tests]),
            )

    def _count(self, name: str) -> str:
        known = self.writer.scope[name]
        return f"if({self.writer.answered(known)}, {known.reference}, 0)"

    # -- derived variables

    def _concepts(self, *, by_row: bool) -> Iterator[Row]:
        gathered = [c for c in self.module.concepts if c.over]
        missing = {n for n in self.module.hosts if n not in self.placed.hosts}
        left_out: set[str] = set()
        for concept in self.module.concepts:
            if concept.names & (missing | left_out):
                left_out.add(concept.name)  # worked out in the analysis, where its host is there
                continue
            if concept.over is None and concept.roster == by_row:
                yield self._row(
                    "calculate",
                    self.placed.own(concept.name),
                    calculation=self._worked_out(concept),
                )
            elif concept.over and not by_row:
                yield self._row(
                    "calculate", self.placed.own(concept.name), calculation=self._over(concept)
                )
        if by_row:
            for concept in gathered:
                if not concept.names & (missing | left_out):
                    yield from self._row_parts(concept)

    def _worked_out(self, concept: Concept) -> str:
        if concept.categories:
            out = "''"
            for category in reversed(concept.categories):
                test = self._test(category.rule.node)  # type: ignore[arg-type]
                out = f"if({test}, {category.code}, {out})"
        else:
            out = self._value(concept.value)
        if concept.universe is not None:
            out = f"if({self._test(concept.universe.node)}, {out}, '')"  # type: ignore[arg-type]
        return out

    def _value(self, value: Rule | Formula | None, otherwise: str = "''") -> str:
        if isinstance(value, Rule):
            return f"if({self._test(value.node)}, 1, 0)"  # type: ignore[arg-type]
        if value is None:
            return otherwise
        node = value.node
        there = list(dict.fromkeys(self.writer.has_value(node)))  # type: ignore[arg-type]
        shown = self.writer.value(node)  # type: ignore[arg-type]
        return f"if({' and '.join(there)}, {shown}, {otherwise})" if there else shown

    def _row_parts(self, concept: Concept) -> Iterator[Row]:
        """Write what each row adds: an empty value would make the whole sum empty in XPath."""
        own = self.placed.own(concept.name)
        tests = [self.writer.condition(concept.where.node)] if concept.where else []  # type: ignore[arg-type]
        if isinstance(concept.value, Formula):
            tests += self.writer.has_value(concept.value.node)  # type: ignore[arg-type]
        counts = " and ".join(tests) or "true()"
        yield self._row("calculate", f"{own}_n", calculation=f"if({counts}, 1, 0)")
        if concept.value is not None:
            far = {"min": "999999999999", "max": "-999999999999"}.get(concept.aggregate or "", "0")
            value = self._value(concept.value, far)
            yield self._row("calculate", f"{own}_v", calculation=f"if({counts}, {value}, {far})")

    def _over(self, concept: Concept) -> str:
        own = self.placed.own(concept.name)
        rows, values = f"sum(${{{own}_n}})", f"${{{own}_v}}"
        empty = "''" if concept.empty is None else f"{concept.empty:g}"
        match concept.aggregate:
            case "count":
                out = rows
            case "sum":
                out = f"if({rows} > 0, sum({values}), {empty})"
            case "mean":
                out = f"if({rows} > 0, sum({values}) div {rows}, {empty})"
            case "any":
                out = f"if({rows} > 0, if(sum({values}) > 0, 1, 0), {empty})"
            case extreme:
                out = f"if({rows} > 0, {extreme}({values}), {empty})"
        if concept.universe is not None:
            out = f"if({self._test(concept.universe.node)}, {out}, '')"  # type: ignore[arg-type]
        return out


def _limited(question: Question) -> bool:
    """Whether a check of the question's own says how many there can be."""
    return any(
        isinstance(node, Comparison)
        and node.operator in ("<=", "<", ">", ">=")
        and Name(question.name) in (node.left, node.right)
        and (node.operator in ("<=", "<")) == (node.left == Name(question.name))
        for check in question.checks
        for node in walk(check.rule.node)
    )


def when_answered(rule: Rule, own: str) -> Condition:
    """Return a check that passes while something that it compares is unanswered."""
    others = sorted(rule.names - {own})
    node: Condition = rule.node  # type: ignore[assignment]
    if not others:
        return node
    answered: tuple[Condition, ...] = tuple(Answered(name) for name in others)
    all_answered = answered[0] if len(answered) == 1 else And(answered)
    return Or((Not(all_answered), node))


def _enclosed(text: str) -> bool:
    return text.startswith("(") and _bare(text) != text


def _bare(text: str) -> str:
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for at, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0 and at < len(text) - 1:
            return text
    return text[1:-1]
