"""Macro impact: what a group does to a country's figures."""

from mpsurvey.impact.contributions import contribution, share
from mpsurvey.impact.counterfactuals import counterfactual
from mpsurvey.impact.decompositions import decompose
from mpsurvey.impact.demography import age_structure, population_change
from mpsurvey.impact.gaps import gap
from mpsurvey.impact.rounds import change, contribution_to_growth

__all__ = [
    "age_structure",
    "change",
    "contribution",
    "contribution_to_growth",
    "counterfactual",
    "decompose",
    "gap",
    "population_change",
    "share",
]
