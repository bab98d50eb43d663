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
from mpsurvey.estimation import (
    Estimates,
    contrast,
    correlation,
    mean,
    proportion,
    quantile,
    ratio,
    total,
    variance,
)
from mpsurvey.microdata import Microdata, Variable, read, write
from mpsurvey.planning import allocate, draw, sample_size, variance_components

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
    "allocate",
    "contrast",
    "correlation",
    "draw",
    "load_catalogue",
    "mean",
    "proportion",
    "quantile",
    "ratio",
    "read",
    "sample_size",
    "total",
    "variance",
    "variance_components",
    "write",
]
