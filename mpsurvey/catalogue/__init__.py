"""The catalogue: modules, questions, code lists and further definitions, read from YAML.

YAML is data: nothing in it is executed. Every problem of every file is found in one reading, each
with file, line and what to do.
"""

from __future__ import annotations

from mpsurvey.catalogue.auxiliaries import AUXILIARIES
from mpsurvey.catalogue.breakdowns import PERSONS, breakdowns
from mpsurvey.catalogue.codelist import Code, CodeList
from mpsurvey.catalogue.concept import Category, Concept
from mpsurvey.catalogue.definition import Definition
from mpsurvey.catalogue.indicator import STATISTICS, THEMES, Indicator
from mpsurvey.catalogue.known_design import DesignFile, DesignPreset
from mpsurvey.catalogue.library import Catalogue
from mpsurvey.catalogue.listing import (
    check_text,
    found_text,
    modules_text,
    one_module_text,
    read_for_check,
)
from mpsurvey.catalogue.module import Level, Module, Roster
from mpsurvey.catalogue.places import library_folders, shipped
from mpsurvey.catalogue.question import Check, HostVariable, Question
from mpsurvey.catalogue.reading import Reading, load_catalogue, read_folders
from mpsurvey.catalogue.recipe import Recipe, RecipeStep, read_recipe
from mpsurvey.catalogue.schemas import json_schemas, write_json_schemas
from mpsurvey.catalogue.sources import Citation, Source

__all__ = [
    "AUXILIARIES",
    "PERSONS",
    "STATISTICS",
    "THEMES",
    "Catalogue",
    "Category",
    "Check",
    "Citation",
    "Code",
    "CodeList",
    "Concept",
    "Definition",
    "DesignFile",
    "DesignPreset",
    "HostVariable",
    "Indicator",
    "Level",
    "Module",
    "Question",
    "Reading",
    "Recipe",
    "RecipeStep",
    "Roster",
    "Source",
    "breakdowns",
    "check_text",
    "found_text",
    "json_schemas",
    "library_folders",
    "load_catalogue",
    "modules_text",
    "one_module_text",
    "read_folders",
    "read_for_check",
    "read_recipe",
    "shipped",
    "write_json_schemas",
]
