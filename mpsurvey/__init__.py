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
    Imputed,
    Independence,
    contrast,
    correlation,
    independence,
    mean,
    proportion,
    quantile,
    ratio,
    standardise,
    total,
    variance,
)
from mpsurvey.impact import (
    age_structure,
    change,
    contribution,
    contribution_to_growth,
    counterfactual,
    decompose,
    gap,
    population_change,
    share,
)
from mpsurvey.microdata import Microdata, Variable, read, write
from mpsurvey.planning import allocate, draw, sample_size, variance_components
from mpsurvey.questionnaire import Questionnaire, new_form, read_xlsform, write_xlsform

__version__ = "0.1.0"

__all__ = [
    "Bootstrap",
    "Brr",
    "Design",
    "Estimates",
    "Imputed",
    "Independence",
    "Jackknife",
    "Microdata",
    "MpsurveyError",
    "Questionnaire",
    "Sample",
    "SuccessiveDifference",
    "Variable",
    "add_replicates",
    "age_structure",
    "allocate",
    "change",
    "contrast",
    "contribution",
    "contribution_to_growth",
    "correlation",
    "counterfactual",
    "decompose",
    "draw",
    "gap",
    "independence",
    "load_catalogue",
    "mean",
    "new_form",
    "population_change",
    "proportion",
    "quantile",
    "ratio",
    "read",
    "read_xlsform",
    "sample_size",
    "share",
    "standardise",
    "total",
    "variance",
    "variance_components",
    "write",
    "write_xlsform",
]
