"""Numbers with their uncertainty."""

from mpsurvey.estimation.concentration import gini, lorenz, quintile_share_ratio
from mpsurvey.estimation.contrasts import contrast
from mpsurvey.estimation.descriptives import mean, proportion, ratio, total
from mpsurvey.estimation.entropy import atkinson, generalised_entropy
from mpsurvey.estimation.estimates import Estimates
from mpsurvey.estimation.imputation import Imputed
from mpsurvey.estimation.models import Regression, regression
from mpsurvey.estimation.moments import correlation, variance
from mpsurvey.estimation.poverty_indices import relative_median_gap, sen
from mpsurvey.estimation.poverty_lines import poverty_line
from mpsurvey.estimation.poverty_measures import poverty, watts
from mpsurvey.estimation.quantiles import quantile
from mpsurvey.estimation.standardisation import standardise
from mpsurvey.estimation.tables import Independence, independence

__all__ = [
    "Estimates",
    "Imputed",
    "Independence",
    "Regression",
    "atkinson",
    "contrast",
    "correlation",
    "generalised_entropy",
    "gini",
    "independence",
    "lorenz",
    "mean",
    "poverty",
    "poverty_line",
    "proportion",
    "quantile",
    "quintile_share_ratio",
    "ratio",
    "regression",
    "relative_median_gap",
    "sen",
    "standardise",
    "total",
    "variance",
    "watts",
]
