"""What a module may refer to outside itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mpsurvey.catalogue.codelist import CodeList
from mpsurvey.catalogue.question import HostVariable, Question

__all__ = ["Surroundings"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a module may refer to outside itself.

    Attributes
    ----------
    codelists, hosts
        By id and by name.
    elsewhere
        Questions and concepts of the other modules: name to the module's id.
    questions
        Questions of the other modules by name.
    modules, sources
        Known ids of modules; known keys of sources (empty when no list of sources is loaded).
    """

    codelists: Mapping[str, CodeList]
    hosts: Mapping[str, HostVariable]
    elsewhere: Mapping[str, str]
    questions: Mapping[str, Question] = field(default_factory=dict)
    modules: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
