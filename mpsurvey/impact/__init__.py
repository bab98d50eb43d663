"""Macro impact: what a group does to a country's figures."""

from mpsurvey.impact.composition import Part, compose
from mpsurvey.impact.contributions import contribution, share
from mpsurvey.impact.counterfactuals import counterfactual
from mpsurvey.impact.decompositions import decompose
from mpsurvey.impact.demography import age_structure, population_change
from mpsurvey.impact.gaps import gap
from mpsurvey.impact.incidence import share_above, share_of_poorest
from mpsurvey.impact.moves import FLOWS, flows
from mpsurvey.impact.rounds import change, contribution_to_growth

__all__ = [
    "FLOWS",
    "Part",
    "age_structure",
    "change",
    "compose",
    "contribution",
    "contribution_to_growth",
    "counterfactual",
    "decompose",
    "flows",
    "gap",
    "population_change",
    "share",
    "share_above",
    "share_of_poorest",
]
