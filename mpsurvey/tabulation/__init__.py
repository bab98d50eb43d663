"""Indicators become a publishable table."""

from mpsurvey.tabulation.computing import tabulate
from mpsurvey.tabulation.coverage_report import CoverageReport, coverage
from mpsurvey.tabulation.indicator_table import IndicatorTable

__all__ = ["CoverageReport", "IndicatorTable", "coverage", "tabulate"]
