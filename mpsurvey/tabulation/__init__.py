"""Indicators become a publishable table."""

from mpsurvey.tabulation.computing import tabulate
from mpsurvey.tabulation.coverage_report import CoverageReport, coverage
from mpsurvey.tabulation.indicator_table import IndicatorTable
from mpsurvey.tabulation.quality import assess

__all__ = ["CoverageReport", "IndicatorTable", "assess", "coverage", "tabulate"]
