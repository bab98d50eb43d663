"""Indicators become a publishable table."""

from mpsurvey.tabulation.computing import tabulate
from mpsurvey.tabulation.indicator_table import IndicatorTable

__all__ = ["IndicatorTable", "tabulate"]
