"""Indicators become a publishable table."""

from mpsurvey.tabulation.computing import tabulate
from mpsurvey.tabulation.coverage_report import CoverageReport, coverage
from mpsurvey.tabulation.disclosure import DisclosureRules, attack, protect
from mpsurvey.tabulation.indicator_table import IndicatorTable
from mpsurvey.tabulation.quality import QualityRules, assess, rule_sets

__all__ = [
    "CoverageReport",
    "DisclosureRules",
    "IndicatorTable",
    "QualityRules",
    "assess",
    "attack",
    "coverage",
    "protect",
    "rule_sets",
    "tabulate",
]
