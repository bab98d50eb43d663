"""What a table must not tell, and how it is kept."""

from mpsurvey.tabulation.disclosure.protecting import attack, protect
from mpsurvey.tabulation.disclosure.settings import DisclosureRules

__all__ = ["DisclosureRules", "attack", "protect"]
