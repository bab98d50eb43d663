"""Before fieldwork: how many interviews, where, and which units."""

from mpsurvey.planning.allocating import allocate
from mpsurvey.planning.allocation_result import Allocation
from mpsurvey.planning.components import VarianceComponents, variance_components
from mpsurvey.planning.drawing import draw
from mpsurvey.planning.drawn import Drawn
from mpsurvey.planning.figures import Figure, Target
from mpsurvey.planning.rare import RareGroup
from mpsurvey.planning.size_result import Costs, SampleSize
from mpsurvey.planning.sizes import sample_size
from mpsurvey.planning.stages import Stage

__all__ = [
    "Allocation",
    "Costs",
    "Drawn",
    "Figure",
    "RareGroup",
    "SampleSize",
    "Stage",
    "Target",
    "VarianceComponents",
    "allocate",
    "draw",
    "sample_size",
    "variance_components",
]
