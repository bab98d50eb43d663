"""A survey's own variables become the modules' concepts, by a crosswalk that people can read."""

from mpsurvey.harmonisation.applying import harmonise
from mpsurvey.harmonisation.crosswalk import Band, Candidate, Crosswalk, Linked, Mapped
from mpsurvey.harmonisation.files import harmonise_file, match_file, named_files
from mpsurvey.harmonisation.harmonised import Harmonised
from mpsurvey.harmonisation.lazy_harmonised import LazyHarmonised, LazyMicrodata
from mpsurvey.harmonisation.proposing import propose_crosswalk
from mpsurvey.harmonisation.reading import read_crosswalk, ready_crosswalks
from mpsurvey.harmonisation.report import Finding, Report
from mpsurvey.harmonisation.writing import as_yaml, write_crosswalk

__all__ = [
    "Band",
    "Candidate",
    "Crosswalk",
    "Finding",
    "Harmonised",
    "LazyHarmonised",
    "LazyMicrodata",
    "Linked",
    "Mapped",
    "Report",
    "as_yaml",
    "harmonise",
    "harmonise_file",
    "match_file",
    "named_files",
    "propose_crosswalk",
    "read_crosswalk",
    "ready_crosswalks",
    "write_crosswalk",
]
