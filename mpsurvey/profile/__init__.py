"""A whole Migration Profile from a survey; for now, the demonstration on a fictional country."""

from mpsurvey.profile.demo import Demonstration, run_demo
from mpsurvey.profile.one_table import estimate_file, parse_codes

__all__ = ["Demonstration", "estimate_file", "parse_codes", "run_demo"]
