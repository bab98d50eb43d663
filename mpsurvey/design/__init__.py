"""Who was drawn and what they stand for."""

from mpsurvey.declaration import (
    Bootstrap,
    Brr,
    Design,
    Jackknife,
    Replicates,
    SuccessiveDifference,
)
from mpsurvey.design.adaptive import network_means, network_sample
from mpsurvey.design.calibration import Calibration
from mpsurvey.design.presets import design_preset
from mpsurvey.design.replicates import ReplicateWeights
from mpsurvey.design.report import WeightReport, weight_report
from mpsurvey.design.respondent_driven import read_tree, respondent_driven
from mpsurvey.design.sample import Sample, add_replicates, describe
from mpsurvey.design.units import Stage, Units
from mpsurvey.design.weighting import weight

__all__ = [
    "Bootstrap",
    "Brr",
    "Calibration",
    "Design",
    "Jackknife",
    "ReplicateWeights",
    "Replicates",
    "Sample",
    "Stage",
    "SuccessiveDifference",
    "Units",
    "WeightReport",
    "add_replicates",
    "describe",
    "design_preset",
    "network_means",
    "network_sample",
    "read_tree",
    "respondent_driven",
    "weight",
    "weight_report",
]
