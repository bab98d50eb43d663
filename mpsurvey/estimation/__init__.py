"""Numbers with their uncertainty."""

from mpsurvey.estimation.contrasts import contrast
from mpsurvey.estimation.descriptives import mean, proportion, ratio, total
from mpsurvey.estimation.estimates import Estimates
from mpsurvey.estimation.imputation import Imputed
from mpsurvey.estimation.moments import correlation, variance
from mpsurvey.estimation.quantiles import quantile
from mpsurvey.estimation.standardisation import standardise
from mpsurvey.estimation.tables import Independence, independence

__all__ = [
    "Estimates",
    "Imputed",
    "Independence",
    "contrast",
    "correlation",
    "independence",
    "mean",
    "proportion",
    "quantile",
    "ratio",
    "standardise",
    "total",
    "variance",
]
