"""A form as every target but XLSForm sees it.

The host's own rows become modules (`host_rows`); where household and person modules stand together,
there is a roster of the household's members. Host variables that no row supplies are asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from mpsurvey.catalogue import CodeList, Concept, HostVariable, Question
from mpsurvey.errors import MpsurveyError
from mpsurvey.questionnaire.form import Questionnaire
from mpsurvey.questionnaire.host_rows import with_host_rows
from mpsurvey.questionnaire.placed import Placed, answers_of, host_question, variable_of
from mpsurvey.questionnaire.wording import filled, in_language

__all__ = ["Outline", "Outside", "host_remarks", "outline_of"]


@dataclass(frozen=True, slots=True)
class Outside:
    """A host variable that rules use.

    Attributes
    ----------
    name
        Its name in the catalogue, which is its name in these targets.
    of
        'person' or 'household'.
    asked
        A minimal question; without, the value is given or calculated.
    """

    name: str
    of: str
    variable: HostVariable | Question | Concept
    answers: CodeList | None
    asked: bool

    def question(self) -> Question | None:
        """Return it as a question, if it can be asked."""
        variable = self.variable
        if isinstance(variable, Concept) or not self.asked:
            return None
        return host_question(variable, self.name, self.name)


@dataclass(frozen=True, slots=True)
class Outline:
    """The modules of a form, by whom they ask about.

    Attributes
    ----------
    household, persons
        Modules asked once per household, and of each person.
    members
        Whether persons are rows of a roster: household modules are there too.
    outside
        Host variables that rules use, household's first.
    codelists
        Every list that is used.
    remarks
        What of the host's rows could not be said, by row.
    """

    form: Questionnaire
    household: tuple[Placed, ...]
    persons: tuple[Placed, ...]
    outside: tuple[Outside, ...]
    codelists: Mapping[str, CodeList]
    remarks: tuple[str, ...] = ()

    @property
    def members(self) -> bool:
        """Whether the form asks a household and each of its members."""
        return bool(self.household) and bool(self.persons)

    @property
    def placed(self) -> tuple[Placed, ...]:
        """All modules, household ones first."""
        return (*self.household, *self.persons)

    @property
    def household_names(self) -> frozenset[str]:
        """Variables of the household modules that are no rows of a roster."""
        out: set[str] = set()
        for placed in self.household:
            module = placed.module
            out |= {placed.own(one.name) for one in module.questions if not one.roster}
            out |= {placed.own(one.name) for one in module.concepts if not one.roster}
        return frozenset(out)

    def outside_of(self, whom: str) -> Iterator[Outside]:
        """Go through the host variables of 'person' or 'household'; all where none is a row."""
        for one in self.outside:
            of_member = self.members and one.of == "person"
            if (whom == "person") == of_member:
                yield one

    def text(
        self,
        placed: Placed | None,
        text: str,
        language: str,
        place: Callable[[str], str | None],
    ) -> str:
        """Fill a wording's placeholders; `place` says what the target puts for each."""

        def fill(name: str) -> str | None:
            if name == "country":
                return self.form.country.get(language)
            found = place(name)
            if found is None and placed is not None and name in placed.module.names:
                question = placed.module.question(name)
                return f"({in_language(question.label, language)})"
            return found

        return filled(text, language, fill)


def outline_of(form: Questionnaire, *, host_rows: bool = True) -> Outline:
    """Sort the modules of a form, and its host's rows, by whom they ask about.

    Raises
    ------
    MpsurveyError
        When the form has neither rows nor modules.
    """
    remarks: tuple[str, ...] = ()
    if host_rows:
        languages = form.languages or tuple(one for one in form.host.languages if one) or ("en",)
        form = replace(form, languages=languages)
        placed_with_host, remarks = with_host_rows(form)
        form = replace(form, placed=placed_with_host)
    if not form.placed:
        raise MpsurveyError("The form has no module: insert one first.")
    household = tuple(one for one in form.placed if one.module.unit == "household")
    persons = tuple(one for one in form.placed if one.module.unit != "household")
    own = {name for one in form.placed for name in one.module.names}
    own |= {concept.name for one in form.placed for concept in one.module.concepts}
    outside: dict[str, Outside] = {}
    lists: dict[str, CodeList] = {}
    for placed in form.placed:
        lists |= placed.module.codelists
        for name in placed.hosts:
            link = placed.hosts[name]
            if name in own or name in outside or (link.how == "module" and link.variable in own):
                continue
            variable = variable_of(placed.module, name)
            if variable is None:
                continue
            asked, of, answers = False, "household", None
            if isinstance(variable, HostVariable):
                asked = variable.text is not None and variable.calculation is None
                of = "person" if variable.of == "person" else "household"
                answers = answers_of(placed.module, variable)
            elif isinstance(variable, Question):
                asked, of = True, "person" if placed.module.unit != "household" else "household"
                answers = answers_of(placed.module, variable)
            outside[name] = Outside(name, of, variable, answers, asked)
    ordered = sorted(outside.values(), key=lambda one: one.of != "household")
    return Outline(form, household, persons, tuple(ordered), lists, remarks)


def host_remarks(form: Questionnaire) -> tuple[str, ...]:
    """Return what of the host's rows targets other than XLSForm cannot hold, by row.

    When to use it: before a host form is written for Survey Solutions, CSPro, SurveyJS, DDI or
    paper by a function of its own; `write_form` returns the same.
    """
    return outline_of(form).remarks
