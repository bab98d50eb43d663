"""SDMX: what statistical offices and international organisations exchange."""

from mpsurvey.publication.sdmx.message import write_sdmx

__all__ = ["write_sdmx"]
