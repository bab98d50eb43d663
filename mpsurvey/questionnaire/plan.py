"""A form made from a small plan file: which host, which modules, where, in which languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mpsurvey.catalogue import Catalogue, load_catalogue
from mpsurvey.catalogue.fields import Fields, Items, Key, Raw, Record, Word
from mpsurvey.catalogue.marked import Problems, compose
from mpsurvey.errors import CatalogueError, MpsurveyError
from mpsurvey.questionnaire.form import Questionnaire
from mpsurvey.questionnaire.opening import new_form, read_xlsform

__all__ = ["PLAN", "read_plan", "read_plan_with_catalogue"]

_INSERT = Record(
    "An insertion",
    {
        "module": Key(Word(), "the module's id", need=True),
        "after": Key(Word(), "a question, group, repeat or module"),
        "inside": Key(Word(), "a group or repeat"),
        "level": Key(Word(), "core, extended or a short form"),
        "hosts": Key(Raw(), "host variables to the form's questions, or add"),
        "prefix": Key(Word(), "put before names"),
        "name": Key(Word(), "the variable that names the person"),
    },
)
PLAN = Record(
    "A plan",
    {
        "host": Key(Word(), "the host's .xlsx, beside the plan"),
        "title": Key(Word(), "title of a form without host"),
        "home": Key(Raw(), "the country: UN M49 or ISO alpha-3"),
        "country": Key(Raw(), "its name, or names by language"),
        "languages": Key(Items(Word()), "languages that are written"),
        "library": Key(Items(Word(), lone=True), "folders of modules of your own"),
        "modules": Key(Items(_INSERT, least=1), "what is put in, in order", need=True),
        "settings": Key(Raw(), "columns of the sheet settings"),
    },
)


def read_plan(path: Path | str) -> Questionnaire:
    """Make the form that a plan describes.

    ::

        host: lfs.xlsx
        home: KEN
        languages: [en, fr]
        modules:
          - {module: mig_core, after: roster, hosts: {age: hh_age, "*": add}}
          - {module: mig_absent, after: g_dwelling, level: core, hosts: add}

    Raises
    ------
    CatalogueError
        With every fault of the plan, by line; then of every insertion.
    """
    return read_plan_with_catalogue(path)[0]


def read_plan_with_catalogue(path: Path | str) -> tuple[Questionnaire, Catalogue]:
    """Make the form of a plan, and return with it the catalogue that the plan reads."""
    source = Path(path)
    problems = Problems(source.name)
    node = compose(source, problems)
    plan = PLAN.read(node, problems) if node is not None else None
    if isinstance(plan, Fields) and not problems.found and ("host" in plan) == ("title" in plan):
        problems.add(1, "A plan has either 'host', an .xlsx form, or 'title' of a form without.")
    if problems.found or not isinstance(plan, Fields):
        raise CatalogueError(problems.lines())
    folders = [source.parent / one for one in plan.get("library", ())]
    found = load_catalogue(*folders)
    form = _begun(plan, source.parent)
    for each in plan["modules"]:
        options = {key: value for key, value in each.items() if key != "module"}
        try:
            form = form.insert(found.module(each["module"]), **options)
        except MpsurveyError as error:
            for fault in error.problems:
                problems.add(each.line, fault)
    if problems.found:
        raise CatalogueError(problems.lines())
    return form, found


def _begun(plan: Fields, folder: Path) -> Questionnaire:
    given: dict[str, Any] = {key: plan[key] for key in ("home", "country") if key in plan}
    languages = plan.get("languages", ())
    if "host" in plan:
        form = read_xlsform(folder / plan["host"], languages=languages, **given)
    else:
        form = new_form(plan["title"], languages=languages or ("en",), **given)
    return form.with_settings(**{k: str(v) for k, v in plan.get("settings", {}).items()})
