"""Before fieldwork: how many interviews, where, and which units."""

from mpsurvey.planning.drawing import draw
from mpsurvey.planning.drawn import Drawn
from mpsurvey.planning.stages import Stage

__all__ = ["Drawn", "Stage", "draw"]
