"""Which figures of a table are good enough to publish."""

from mpsurvey.tabulation.quality.assessing import assess
from mpsurvey.tabulation.quality.rule_sets import QualityRules, rule_sets

__all__ = ["QualityRules", "assess", "rule_sets"]
