"""A whole Migration Profile from one study file, and the demonstration on a fictional country."""

from mpsurvey.profile.building import Profile, run_profile
from mpsurvey.profile.demo import Demonstration, run_demo
from mpsurvey.profile.expected import (
    ExpectedPrecision,
    expected_precision,
    expected_precision_of_plan,
)
from mpsurvey.profile.needs import coverage_of_file
from mpsurvey.profile.one_table import estimate_file, parse_codes
from mpsurvey.profile.publishing import publish_file
from mpsurvey.profile.schemas import profile_schemas, write_profile_schemas
from mpsurvey.profile.starting import new_profile
from mpsurvey.profile.status import profile_status
from mpsurvey.profile.study import Study
from mpsurvey.profile.study_file import read_study
from mpsurvey.profile.tracing import named_codes, trace
from mpsurvey.profile.weighting_file import WeightedFile, given_design, weight_file

__all__ = [
    "Demonstration",
    "ExpectedPrecision",
    "Profile",
    "Study",
    "WeightedFile",
    "coverage_of_file",
    "estimate_file",
    "expected_precision",
    "expected_precision_of_plan",
    "given_design",
    "named_codes",
    "new_profile",
    "parse_codes",
    "profile_schemas",
    "profile_status",
    "publish_file",
    "read_study",
    "run_demo",
    "run_profile",
    "trace",
    "weight_file",
    "write_profile_schemas",
]
