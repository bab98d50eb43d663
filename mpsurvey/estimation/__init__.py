"""Numbers with their uncertainty."""

from mpsurvey.estimation.contrasts import contrast
from mpsurvey.estimation.descriptives import mean, proportion, ratio, total
from mpsurvey.estimation.estimates import Estimates
from mpsurvey.estimation.moments import correlation, variance
from mpsurvey.estimation.quantiles import quantile

__all__ = [
    "Estimates",
    "contrast",
    "correlation",
    "mean",
    "proportion",
    "quantile",
    "ratio",
    "total",
    "variance",
]
