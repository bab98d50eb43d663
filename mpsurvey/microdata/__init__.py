"""Files become rows and what their columns mean, and go back to files."""

from mpsurvey.microdata.conversion import convert_file
from mpsurvey.microdata.dataset import FileWarning, Microdata
from mpsurvey.microdata.lazy import LazyMicrodata, scan
from mpsurvey.microdata.overview import Summary, summarise
from mpsurvey.microdata.reading import read
from mpsurvey.microdata.reasons import Reasons
from mpsurvey.microdata.variable import MultipleResponse, Variable
from mpsurvey.microdata.writing import write

__all__ = [
    "FileWarning",
    "LazyMicrodata",
    "Microdata",
    "MultipleResponse",
    "Reasons",
    "Summary",
    "Variable",
    "convert_file",
    "read",
    "scan",
    "summarise",
    "write",
]
