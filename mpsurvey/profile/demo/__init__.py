"""A fictional country with known truth, its survey, and estimates beside the truth."""

from mpsurvey.profile.demo.country import DemoCountry, make_country
from mpsurvey.profile.demo.demonstration import Demonstration, run_demo
from mpsurvey.profile.demo.figures import Figure
from mpsurvey.profile.demo.survey import DemoSurvey, draw_survey

__all__ = [
    "DemoCountry",
    "DemoSurvey",
    "Demonstration",
    "Figure",
    "draw_survey",
    "make_country",
    "run_demo",
]
