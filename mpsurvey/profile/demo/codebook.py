"""What the columns of Auralia's survey mean: labels, answers, codes for missing answers.

Names and codes are those of the question modules `mig_core`, `mig_absent` and `mig_remit_in` and of
the variables that they expect from a host survey.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from mpsurvey.microdata import Variable
from mpsurvey.profile.demo.places import COUNTRIES, CURRENCY, REGIONS

__all__ = ["HOUSEHOLD_VARIABLES", "PERSON_VARIABLES"]

YES_NO = {1: "Yes", 2: "No"}
NOT_SAID = {98: "Does not know", 99: "Refused"}
COUNTRY_NOT_SAID = {998: "Does not know", 999: "Refused"}
YEAR_NOT_SAID = {9998: "Does not know", 9999: "Refused"}
AMOUNT_NOT_SAID = {9_999_998: "Does not know", 9_999_999: "Refused"}

SEX = {1: "Male", 2: "Female"}
RELATION = {
    1: "Head",
    2: "Spouse or partner",
    3: "Son or daughter",
    4: "Son- or daughter-in-law",
    5: "Grandchild",
    6: "Parent or parent-in-law",
    7: "Brother or sister",
    8: "Other relative",
    9: "Not related",
}
ISCED = {
    0: "Less than primary",
    1: "Primary",
    2: "Lower secondary",
    3: "Upper secondary",
    4: "Post-secondary non-tertiary",
    5: "Short-cycle tertiary",
    6: "Bachelor",
    7: "Master",
    8: "Doctoral",
}
LABOUR_FORCE = {1: "Employed", 2: "Unemployed", 3: "Outside the labour force"}
STATUS_IN_EMPLOYMENT = {
    1: "Employer",
    2: "Independent worker without employees",
    3: "Dependent contractor",
    4: "Employee",
    5: "Contributing family worker",
}
SECTION = {
    1: "Agriculture",
    3: "Manufacturing",
    6: "Construction",
    7: "Trade",
    8: "Transport, storage",
    9: "Accommodation, food",
    15: "Public administration",
    16: "Education",
    17: "Health, social work",
    19: "Other services",
    20: "Households as employers",
}


def _codes(
    name: str,
    label: str,
    answers: Mapping[int, str],
    missing: Mapping[int, str] | None = None,
    *,
    measure: Literal["nominal", "ordinal"] = "nominal",
) -> Variable:
    return Variable(name, label, "categorical", answers, missing or {}, measure=measure)


def _number(
    name: str,
    label: str,
    missing: Mapping[int, str] | None = None,
    *,
    unit: str | None = None,
    kind: Literal["integer", "decimal"] = "integer",
) -> Variable:
    return Variable(name, label, kind, {}, missing or {}, unit, measure="scale")


_DESIGN = (
    _number("hh_id", "Household"),
    _codes("region", "Region", {code: one.name for code, one in enumerate(REGIONS, start=1)}),
    _codes("urban", "Urban or rural", {1: "Urban", 2: "Rural"}),
    _number("stratum", "Sampling stratum (region x urban or rural)"),
    _number("psu", "Primary sampling unit (enumeration area)"),
    _number("fpc_ea", "Enumeration areas in the stratum"),
    _number("fpc_hh", "Households listed in the enumeration area"),
    _number("weight", "Weight: inverse chance of selection x nonresponse factor", kind="decimal"),
    _number("int_year", "Year of interview"),
)

_LIVING = (
    _number("hh_size", "Usual residents of the household", unit="persons"),
    _number("hh_cons", "Household consumption, 12 months", unit=CURRENCY),
    _number("pline", "Poverty line per person and year", unit=CURRENCY),
    _codes(
        "ri_any", "Received money or goods from abroad in the last 12 months", YES_NO, NOT_SAID
    ),
    _number(
        "rem_total", "Remittances received in 12 months, cash and kind", AMOUNT_NOT_SAID,
        unit=CURRENCY,
    ),
)  # fmt: skip

PERSON_VARIABLES: tuple[Variable, ...] = (
    *_DESIGN,
    _number("person_id", "Line number in the household roster"),
    _codes("sex", "Sex", SEX),
    _number("age", "Age in completed years", unit="years"),
    _codes("rel_head", "Relationship to the head", RELATION),
    _codes("mb_cob", "Country of birth", COUNTRIES, COUNTRY_NOT_SAID),
    _codes("mb_cit_home", "Holds the citizenship of this country", YES_NO, NOT_SAID),
    _codes("mb_ever_abr", "Ever lived in another country for 12 months or more", YES_NO, NOT_SAID),
    _number("mb_arr_year", "Year of latest arrival or return to live here", YEAR_NOT_SAID),
    _codes("attend", "Attends school now", YES_NO, NOT_SAID),
    _codes("educ", "Highest level completed (ISCED 2011)", ISCED, NOT_SAID, measure="ordinal"),
    _codes("lfs", "Labour-force status", LABOUR_FORCE, NOT_SAID),
    _codes("isic1", "Activity section of the main job (ISIC Rev. 4)", SECTION, NOT_SAID),
    _codes("icse", "Status in employment, main job (ICSE-18)", STATUS_IN_EMPLOYMENT, NOT_SAID),
    _number("hours", "Usual weekly hours, main job", NOT_SAID, unit="hours a week"),
    _number("earn", "Gross monthly earnings, main job", AMOUNT_NOT_SAID, unit=CURRENCY),
    *_LIVING,
)
"""The columns of the persons' file: one row per usual resident."""

HOUSEHOLD_VARIABLES: tuple[Variable, ...] = (
    *_DESIGN,
    *_LIVING,
    _number("hh_inc", "Household income, 12 months", AMOUNT_NOT_SAID, unit=CURRENCY),
    _codes("ab_any", "Someone who was a member now lives abroad", YES_NO, NOT_SAID),
    _number("ab_count", "Former members who now live abroad", NOT_SAID, unit="persons"),
    _number("ri_nsend", "Number of senders of remittances", NOT_SAID, unit="persons"),
    _number("ri_cash", "Cash received from abroad, 12 months", AMOUNT_NOT_SAID, unit=CURRENCY),
    _number(
        "ri_kind", "Value of goods received from abroad, 12 months", AMOUNT_NOT_SAID, unit=CURRENCY
    ),
)
"""The columns of the households' file: one row per household that answered."""
