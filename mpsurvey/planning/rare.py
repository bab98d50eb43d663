"""Groups too rare to be met by chance: how many households to screen for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from mpsurvey.errors import DesignError, did_you_mean

__all__ = ["RareGroup"]

Within = Literal["all", "one"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RareGroup:
    r"""A group that has to be found by screening households.

    The share of households with a member of the group is

    .. math:: P = \frac{\text{share} \times \text{household size}}{\text{eligible per household}}

    Parameters
    ----------
    share
        Share of the group among the people, 0-1.
    household_size
        Mean people in a household.
    eligible_per_household
        Mean members of the group in the households that have any, at least 1.
    within
        ``"all"`` interviews every member of a household found, ``"one"`` draws one of them.
    household_icc
        Correlation of two members of the group in one household; with ``"all"`` only.
    eligible_cv
        Coefficient of variation of the number of members in the households that have any; with
        ``"one"`` the weights vary by it.
    screening_response
        Share of households that answer the screening.
    households_per_psu
        Households screened in each PSU. With it the number of interviews in a PSU follows.

    Examples
    --------
    >>> group = RareGroup(share=0.03, household_size=4.0, eligible_per_household=1.5)
    >>> round(group.household_share, 3)
    0.08
    """

    share: float
    household_size: float = 1.0
    eligible_per_household: float = 1.0
    within: Within = "all"
    household_icc: float = 0.0
    eligible_cv: float = 0.0
    screening_response: float = 1.0
    households_per_psu: float | None = None

    def __post_init__(self) -> None:
        problems = []
        if not 0 < self.share <= 1:
            problems.append(f"share is {self.share:g}; it is above 0 and at most 1.")
        if self.household_size < 1 or self.eligible_per_household < 1:
            problems.append("household_size and eligible_per_household are at least 1.")
        elif self.eligible_per_household > self.household_size:
            problems.append("eligible_per_household is larger than household_size.")
        elif self.household_share > 1:
            problems.append(
                f"share x household_size / eligible_per_household is {self.household_share:.2f}, "
                "more than all households. Raise eligible_per_household."
            )
        if self.within not in get_args(Within):
            problems.append(f"within is '{self.within}'; it is 'all' or 'one'.")
        if not 0 < self.screening_response <= 1:
            problems.append("screening_response is above 0 and at most 1.")
        if problems:
            raise DesignError(problems)

    @classmethod
    def of(cls, given: RareGroup | Mapping[str, Any] | float | None) -> RareGroup | None:
        """Return the group, made from a mapping or from a bare share where it is one."""
        if given is None or isinstance(given, RareGroup):
            return given
        if not isinstance(given, Mapping):
            return cls(share=float(given))
        known = [one.name for one in fields(cls)]
        unknown = [
            f"A rare group has no '{key}'.{did_you_mean(str(key), known)}"
            for key in given
            if key not in known
        ]
        if unknown:
            raise DesignError(unknown)
        return cls(**given)

    @property
    def household_share(self) -> float:
        """Share of households with a member of the group."""
        return self.share * self.household_size / self.eligible_per_household

    @property
    def interviews_per_household(self) -> float:
        """Interviews in a household of the group that answers."""
        return self.eligible_per_household if self.within == "all" else 1.0

    @property
    def weight_deff(self) -> float:
        """Kish's effect of drawing one member where there are several."""
        return 1 + self.eligible_cv**2 if self.within == "one" else 1.0

    def households(self, interviews: float, response: float) -> float:
        """Households to screen so that so many interviews come out."""
        found = self.household_share * self.screening_response * response
        return interviews / (found * self.interviews_per_household)

    def take(self, response: float) -> float | None:
        """Interviews of the group in a PSU, where the households screened in it are known."""
        if self.households_per_psu is None:
            return None
        found = self.households_per_psu * self.household_share * self.screening_response
        return found * response * self.interviews_per_household
