"""Concepts, code lists, data structure and dataflow of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mpsurvey.catalogue import Indicator
from mpsurvey.publication.meanings import code_names, column_names
from mpsurvey.publication.sdmx.coding import unit_id
from mpsurvey.publication.sdmx.observations import FIGURES, FIXED, Observations
from mpsurvey.tabulation import IndicatorTable

__all__ = ["Names", "Structure", "structure_of"]

Texts = Mapping[str, str]

Names = dict[tuple[str, str], Texts]
"""Texts by language, by (id of the scheme or list, id of the item, empty for the scheme)."""

_CODED = ("OBS_STATUS", "CONF_STATUS", "UNIT_MULT", "UNIT_MEASURE")
_VERSION = "1.0.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """What the parties exchange besides the data.

    Attributes
    ----------
    artefacts
        Concept scheme, code lists, data structure and dataflow, in that order.
    components, schema
        As the data are written by.
    names, descriptions
        In all languages: the artefacts themselves hold one. An indicator's definition and caveat
        are its description.
    """

    artefacts: tuple[Any, ...]
    components: Any
    schema: Any
    names: Names = field(default_factory=dict)
    descriptions: Names = field(default_factory=dict)


def structure_of(
    table: IndicatorTable,
    made: Observations,
    *,
    agency: str,
    dataflow: str,
    area: tuple[str, Texts],
    title: Texts,
) -> Structure:
    """Describe observations in SDMX's terms."""
    from pysdmx import model

    names: Names = {}
    descriptions: Names = {
        ("CL_INDICATOR", key): _description(one) for key, one in table.indicators.items()
    }
    lists: dict[str, Any] = {}
    for component, codes in _lists(table, made, area).items():
        key = f"CL_{component}"
        names[key, ""] = _component_name(table, made, component)
        names |= {(key, code): texts for code, texts in codes.items()}
        lists[component] = model.Codelist(
            id=key,
            name=_english(names[key, ""]),
            agency=agency,
            version=_VERSION,
            items=[
                model.Code(
                    id=code,
                    name=_english(texts),
                    description=_english(descriptions.get((key, code), {})) or None,
                )
                for code, texts in codes.items()
            ],
        )
    scheme_id = f"CS_{dataflow}"
    names[scheme_id, ""] = title
    concepts = {}
    every = [*made.dimensions, *(one for one in FIXED if one not in made.dimensions)]
    for component in every:
        names[scheme_id, component] = _component_name(table, made, component)
        concepts[component] = model.Concept(
            id=component, name=_english(names[scheme_id, component]), dtype=_type(component)
        )
    scheme = model.ConceptScheme(
        id=scheme_id, name=_english(title), agency=agency, version=_VERSION,
        items=list(concepts.values()),
    )  # fmt: skip
    components = model.Components([_component(one, made, scheme, lists.get(one)) for one in every])
    structure = model.DataStructureDefinition(
        id=f"DSD_{dataflow}", name=_english(title), agency=agency, version=_VERSION,
        components=components,
    )  # fmt: skip
    flow = model.Dataflow(
        id=dataflow, name=_english(title), agency=agency, version=_VERSION, structure=structure
    )
    names[structure.id, ""] = names[flow.id, ""] = title
    schema = model.Schema(
        context="dataflow", agency=agency, id=dataflow, version=_VERSION, components=components
    )
    artefacts = (scheme, *lists.values(), structure, flow)
    return Structure(
        artefacts=artefacts, components=components, schema=schema, names=names,
        descriptions=descriptions,
    )  # fmt: skip


def _lists(
    table: IndicatorTable, made: Observations, area: tuple[str, Texts]
) -> Mapping[str, Mapping[str, Texts]]:
    """Codes and their names, by component."""
    total, nothing = code_names("total"), code_names("not_applicable")
    found: dict[str, Mapping[str, Texts]] = {
        "REF_AREA": {area[0]: area[1]},
        "INDICATOR": {key: one.title for key, one in table.indicators.items()},
    }
    for component, variable in made.dimensions.items():
        if variable is not None:
            labels = table.labels.get(variable, {})
            found[component] = {
                "_T": total,
                **{
                    code: {table.language: str(labels.get(value, value))}
                    for value, code in made.codes[component].items()
                },
            }
    categories = {
        code: {table.language: str(table.labels.get(variable, {}).get(value, value))}
        for (variable, value), code in made.categories.items()
    }
    found["CATEGORY"] = {"_Z": nothing, **categories}
    found["UNIT_MEASURE"] = {
        unit_id(one.unit.get("en", "")): one.unit for one in table.indicators.values()
    }
    found["UNIT_MULT"] = code_names("multiplier")
    found["OBS_STATUS"] = code_names("observation")
    found["CONF_STATUS"] = code_names("confidentiality")
    return found


def _description(indicator: Indicator) -> Texts:
    """Say what an indicator counts and when not to trust it, where both have the language."""
    return {
        language: f"{said.rstrip('.')}. {indicator.caveat[language]}"
        for language, said in indicator.definition.items()
        if language in indicator.caveat
    }


def _component_name(table: IndicatorTable, made: Observations, component: str) -> Texts:
    variable = made.dimensions.get(component)
    if variable is None:
        return column_names(FIXED[component])
    fixed = column_names(variable)
    return fixed or {table.language: table.titles.get(variable, variable)}


def _component(name: str, made: Observations, scheme: Any, codes: Any) -> Any:
    from pysdmx import model

    role = model.Role.ATTRIBUTE
    if name in made.dimensions:
        role = model.Role.DIMENSION
    elif name == "OBS_VALUE":
        role = model.Role.MEASURE
    concept = model.ItemReference(
        sdmx_type="Concept", agency=scheme.agency, id=scheme.id, version=scheme.version,
        item_id=name,
    )  # fmt: skip
    kept = role is model.Role.DIMENSION or name in _CODED
    return model.Component(
        id=name,
        required=kept,
        role=role,
        concept=concept,
        local_dtype=_type(name),
        local_codes=codes,
        attachment_level="O" if role is model.Role.ATTRIBUTE else None,
    )


def _type(name: str) -> Any:
    from pysdmx.model import DataType

    if name == "TIME_PERIOD":
        return DataType.PERIOD
    if name == "N":
        return DataType.LONG
    return DataType.DOUBLE if name in FIGURES or name == "CI_LEVEL" else DataType.STRING


def _english(texts: Texts) -> str:
    return texts.get("en") or next(iter(texts.values()), "")
