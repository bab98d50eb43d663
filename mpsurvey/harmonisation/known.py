"""The catalogue that is meant when none is given."""

from __future__ import annotations

from functools import lru_cache

from mpsurvey.catalogue import Catalogue, load_catalogue

__all__ = ["known_catalogue"]


@lru_cache(maxsize=1)
def _shipped() -> Catalogue:
    return load_catalogue()


def known_catalogue(catalogue: Catalogue | None = None) -> Catalogue:
    """Return the catalogue given, or the shipped one, which is read once."""
    return catalogue if catalogue is not None else _shipped()
