"""Before fieldwork: how many interviews, where, and which units."""

from mpsurvey.planning.allocating import allocate
from mpsurvey.planning.allocation_result import Allocation
from mpsurvey.planning.components import VarianceComponents, variance_components
from mpsurvey.planning.drawing import draw
from mpsurvey.planning.drawn import Drawn
from mpsurvey.planning.figures import Figure, Target
from mpsurvey.planning.performing import perform
from mpsurvey.planning.plan import Plan, Planned, carry_out, read_plan
from mpsurvey.planning.pps_variance import (
    balanced_variance,
    brewer_variance,
    deville_variance,
    hartley_rao_variance,
    horvitz_thompson_variance,
    poisson_variance,
    yates_grundy_variance,
)
from mpsurvey.planning.rare import RareGroup
from mpsurvey.planning.report import write_report, write_sample
from mpsurvey.planning.size_result import Costs, SampleSize
from mpsurvey.planning.sizes import sample_size
from mpsurvey.planning.stages import Stage

__all__ = [
    "Allocation",
    "Costs",
    "Drawn",
    "Figure",
    "Plan",
    "Planned",
    "RareGroup",
    "SampleSize",
    "Stage",
    "Target",
    "VarianceComponents",
    "allocate",
    "balanced_variance",
    "brewer_variance",
    "carry_out",
    "deville_variance",
    "draw",
    "hartley_rao_variance",
    "horvitz_thompson_variance",
    "perform",
    "poisson_variance",
    "read_plan",
    "sample_size",
    "variance_components",
    "write_report",
    "write_sample",
    "yates_grundy_variance",
]
