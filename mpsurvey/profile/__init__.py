"""A whole Migration Profile from a survey; for now, the demonstration on a fictional country."""

from mpsurvey.profile.demo import Demonstration, run_demo
from mpsurvey.profile.needs import coverage_of_file
from mpsurvey.profile.one_table import estimate_file, parse_codes
from mpsurvey.profile.weighting_file import WeightedFile, given_design, weight_file

__all__ = [
    "Demonstration",
    "WeightedFile",
    "coverage_of_file",
    "estimate_file",
    "given_design",
    "parse_codes",
    "run_demo",
    "weight_file",
]
