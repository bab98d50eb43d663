"""Survey design and microdata processing for migration."""

from mpsurvey.catalogue import load_catalogue
from mpsurvey.design import (
    Bootstrap,
    Brr,
    Design,
    Jackknife,
    Sample,
    SuccessiveDifference,
    add_replicates,
)
from mpsurvey.errors import MpsurveyError
from mpsurvey.estimation import Estimates, contrast, mean, proportion, ratio, total
from mpsurvey.microdata import Microdata, Variable, read, write

__version__ = "0.1.0"

__all__ = [
    "Bootstrap",
    "Brr",
    "Design",
    "Estimates",
    "Jackknife",
    "Microdata",
    "MpsurveyError",
    "Sample",
    "SuccessiveDifference",
    "Variable",
    "add_replicates",
    "contrast",
    "load_catalogue",
    "mean",
    "proportion",
    "ratio",
    "read",
    "total",
    "write",
]
