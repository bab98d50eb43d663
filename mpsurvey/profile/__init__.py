"""A whole Migration Profile from a survey; for now, the demonstration on a fictional country."""

from mpsurvey.profile.demo import Demonstration, run_demo
from mpsurvey.profile.needs import coverage_of_file
from mpsurvey.profile.one_table import estimate_file, parse_codes

__all__ = ["Demonstration", "coverage_of_file", "estimate_file", "parse_codes", "run_demo"]
