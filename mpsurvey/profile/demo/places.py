"""The fictional country of Auralia: its regions and how they differ.

Auralia is a small middle-income country with much emigration and a little immigration. Every name
and number is invented. Country codes are taken from the range that ISO 3166-1 leaves to users
(900-999), so that no real country is meant.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["COUNTRIES", "CURRENCY", "HOME", "NAME", "REGIONS", "SURVEY_YEAR", "Region"]

NAME = "Auralia"
CURRENCY = "aurals"
SURVEY_YEAR = 2026
HOME = 901  # Auralia's own country code

COUNTRIES: dict[int, str] = {
    901: "Auralia",
    902: "Borania",
    903: "Castoria",
    904: "Delmar Union",
    905: "Estmark",
    906: "Fallow Islands",
    907: "Another country",
}
"""Countries of birth and of former residence; the first is home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A first-level region and its place in the migration system.

    Attributes
    ----------
    name : str
        The region's name, as it appears in labels.
    urban, rural : int
        Enumeration areas of each kind; a kind with none is no stratum.
    immigration, emigration : float
        Multipliers on the odds that a household is of immigrants, or has a member abroad.
    wealth : float
        Shift of log living standard against the country.
    unemployment : float
        Multiplier on the odds of unemployment.
    response : float
        Share of households that answer, where rural; towns answer 7 points less.
    """

    name: str
    urban: int
    rural: int
    immigration: float
    emigration: float
    wealth: float
    unemployment: float
    response: float


REGIONS: tuple[Region, ...] = (
    Region(
        name="Aurel City",
        urban=250,
        rural=0,
        immigration=2.2,
        emigration=0.7,
        wealth=0.28,
        unemployment=0.9,
        response=0.86,
    ),
    Region(
        name="Belmira Coast",
        urban=110,
        rural=80,
        immigration=1.7,
        emigration=0.8,
        wealth=0.12,
        unemployment=0.8,
        response=0.92,
    ),
    Region(
        name="Corvane",
        urban=60,
        rural=110,
        immigration=0.4,
        emigration=1.2,
        wealth=-0.05,
        unemployment=1.1,
        response=0.93,
    ),
    Region(
        name="Dunmore Plain",
        urban=50,
        rural=120,
        immigration=0.4,
        emigration=0.9,
        wealth=-0.02,
        unemployment=0.9,
        response=0.95,
    ),
    Region(
        name="Elsara Valley",
        urban=40,
        rural=90,
        immigration=0.3,
        emigration=1.9,
        wealth=-0.12,
        unemployment=1.3,
        response=0.95,
    ),
    Region(
        name="Feyland",
        urban=40,
        rural=80,
        immigration=0.5,
        emigration=1.0,
        wealth=0.0,
        unemployment=1.0,
        response=0.94,
    ),
    Region(
        name="Gorrin Highlands",
        urban=24,
        rural=96,
        immigration=0.2,
        emigration=2.3,
        wealth=-0.25,
        unemployment=1.4,
        response=0.96,
    ),
    Region(
        name="Hembria Border",
        urban=40,
        rural=60,
        immigration=2.0,
        emigration=1.1,
        wealth=-0.08,
        unemployment=1.1,
        response=0.91,
    ),
)
"""Auralia's eight regions, in the order of their codes 1 to 8."""
