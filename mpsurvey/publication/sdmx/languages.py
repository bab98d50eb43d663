"""Names and descriptions in every language, in the messages that pysdmx writes with one."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from mpsurvey.publication.sdmx.structure import Names

__all__ = ["named_json", "named_xml"]

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_MAINTAINED = ("ConceptScheme", "Codelist", "DataStructure", "Dataflow")
_ITEMS = ("Concept", "Code")


def named_xml(text: str, names: Names, descriptions: Names) -> bytes:
    """Give artefacts and items of an SDMX-ML message their texts in all languages."""
    etree: Any = importlib.import_module("lxml.etree")
    parser = etree.XMLParser(remove_blank_text=True, resolve_entities=False, no_network=True)
    root = etree.fromstring(text.encode("utf-8"), parser)
    # The texts change while we go, so the elements are listed first.
    for element, key in list(_elements(root)):
        for local, texts in (("Name", names.get(key)), ("Description", descriptions.get(key))):
            spots = [one for one in element if _local(one) == local]
            if not texts or not spots:
                continue
            place, tag = list(element).index(spots[0]), spots[0].tag
            for old in spots:
                element.remove(old)
            for shift, (language, said) in enumerate(texts.items()):
                made = etree.Element(tag, nsmap=element.nsmap)
                made.set(_LANG, language)
                made.text = said
                element.insert(place + shift, made)
    for element in [one for one in root.iter() if _local(one) == "MeasureRelationship"]:
        # With one measure it says nothing, the standard does not ask for it, and sdmx1 refuses it.
        element.getparent().remove(element)
    out: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return out


def _elements(root: Any) -> Iterator[tuple[Any, tuple[str, str]]]:
    for element in root.iter():
        if _local(element) in _MAINTAINED:
            yield element, (element.get("id"), "")
        elif _local(element) in _ITEMS and element.get("id"):
            parent = element.getparent()
            yield element, (parent.get("id"), element.get("id"))


def _local(element: Any) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def named_json(text: str, names: Names, descriptions: Names) -> str:
    """Give artefacts and items of an SDMX-JSON message their texts in all languages."""
    message = json.loads(text)
    for structure in message["data"].get("dataStructures", ()):
        components = structure.get("dataStructureComponents", {})
        if components.get("groups") == []:
            # The schema of SDMX-JSON refuses an empty list of groups, which pysdmx writes.
            del components["groups"]
    for artefacts in message["data"].values():
        for one in artefacts:
            items = [item for sort in ("codes", "concepts") for item in one.get(sort, ())]
            for element, key in ((one, ""), *((item, item["id"]) for item in items)):
                _say(element, "names", names.get((one["id"], key)))
                _say(element, "descriptions", descriptions.get((one["id"], key)))
    return json.dumps(message, ensure_ascii=False, indent=1) + "\n"


def _say(element: dict[str, Any], sort: str, texts: Mapping[str, str] | None) -> None:
    if texts:
        element[sort] = dict(texts)
