"""Indicators become a publishable table."""

from mpsurvey.tabulation.computing import tabulate
from mpsurvey.tabulation.coverage_report import CoverageReport, coverage
from mpsurvey.tabulation.disclosure import DisclosureRules, attack, protect
from mpsurvey.tabulation.indicator_table import IndicatorTable
from mpsurvey.tabulation.national_figures import Auxiliary, read_auxiliaries
from mpsurvey.tabulation.quality import QualityRules, assess, rule_sets

__all__ = [
    "Auxiliary",
    "CoverageReport",
    "DisclosureRules",
    "IndicatorTable",
    "QualityRules",
    "assess",
    "attack",
    "coverage",
    "protect",
    "read_auxiliaries",
    "rule_sets",
    "tabulate",
]
