"""A whole Migration Profile from a survey; for now, the demonstration on a fictional country."""

from mpsurvey.profile.demo import Demonstration, run_demo

__all__ = ["Demonstration", "run_demo"]
