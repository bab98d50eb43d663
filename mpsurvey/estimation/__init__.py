"""Numbers with their uncertainty."""

from mpsurvey.estimation.contrasts import contrast
from mpsurvey.estimation.descriptives import mean, proportion, ratio, total
from mpsurvey.estimation.estimates import Estimates

__all__ = ["Estimates", "contrast", "mean", "proportion", "ratio", "total"]
