"""Sentences that the figures support: the main findings on a page."""

from mpsurvey.profile.snapshot.claim import Claim, Evidence
from mpsurvey.profile.snapshot.gathering import claims
from mpsurvey.profile.snapshot.page import findings

__all__ = ["Claim", "Evidence", "claims", "findings"]
