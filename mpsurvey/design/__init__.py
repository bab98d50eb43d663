"""Who was drawn and what they stand for."""

from mpsurvey.declaration import (
    Bootstrap,
    Brr,
    Design,
    Jackknife,
    Replicates,
    SuccessiveDifference,
)
from mpsurvey.design.sample import Sample, describe
from mpsurvey.design.units import Stage, Units

__all__ = [
    "Bootstrap",
    "Brr",
    "Design",
    "Jackknife",
    "Replicates",
    "Sample",
    "Stage",
    "SuccessiveDifference",
    "Units",
    "describe",
]
