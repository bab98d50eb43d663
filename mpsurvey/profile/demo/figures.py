"""The first macro-impact figures of Auralia: estimated from the survey, beside the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from mpsurvey.design import Sample
from mpsurvey.estimation import Estimates, contrast, mean, proportion, ratio, total
from mpsurvey.microdata import Microdata, Variable
from mpsurvey.profile.demo.country import PROPENSITY, DemoCountry
from mpsurvey.profile.demo.places import HOME, REGIONS

__all__ = ["Figure", "Unit", "estimate_figures", "find_truth", "household_sample", "person_sample"]

Unit = Literal["persons", "percent", "points", "aurals"]
Truth = dict[str, tuple[float, ...]]

MOVED = "Who has moved"
WORK = "Migrants and work"
MONEY = "Remittances"
LIVING = "Living standards"

NON_MIGRANT, RETURNEE, IMMIGRANT = 1, 2, 3
BORN_ABROAD = f"mb_cob != {HOME}"
MIGRANT_GROUPS = {
    NON_MIGRANT: "Native-born, never lived abroad",
    RETURNEE: "Returnees (native-born, lived abroad)",
    IMMIGRANT: "Immigrants (foreign-born)",
}

SHORT_GROUPS = ("never lived abroad", "returnees", "immigrants")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One estimate, and what it should have been.

    Attributes
    ----------
    key : str
        The group of figures that it belongs to; figures of one key share a picture.
    topic : str
        Heading under which it stands.
    label : str
        What it is, in words.
    unit : str
        ``"persons"``, ``"percent"``, ``"points"`` (of percent) or ``"aurals"``. Values of percent
        and of points are held as shares, 0 to 1.
    file : str
        ``"persons"`` or ``"households"``: whose rows and weights it rests on.
    estimate, se, low, high : float
        The estimate, its standard error and its 95 % interval.
    n : int
        Rows behind it, unweighted.
    truth : float
        The same figure for the whole country.
    """

    key: str
    topic: str
    label: str
    unit: Unit
    file: str
    estimate: float
    se: float
    low: float
    high: float
    n: int
    truth: float

    @property
    def covers(self) -> bool:
        """Whether the interval contains the truth."""
        return self.low <= self.truth <= self.high


def derive_persons(persons: pd.DataFrame) -> pd.DataFrame:
    """Add the migrant group to a frame of persons; it is missing where an answer to it is.

    Used for the survey's file and for the whole country alike, so that both mean the same.
    """
    born_here = persons["mb_cob"] == HOME
    born_abroad = persons["mb_cob"].notna() & ~born_here
    lived_abroad = persons["mb_ever_abr"] == 1
    always_here = persons["mb_ever_abr"] == 2
    group = np.select(
        [born_abroad, born_here & lived_abroad, born_here & always_here],
        [IMMIGRANT, RETURNEE, NON_MIGRANT],
        np.nan,
    )
    return persons.assign(migrant_group=group)


def derive_households(households: pd.DataFrame) -> pd.DataFrame:
    """Add the number of members abroad to a frame of households: 0 where there are none."""
    nobody = households["ab_any"] == 2
    return households.assign(abroad=households["ab_count"].mask(nobody, 0))


def person_sample(persons: Microdata) -> Sample:
    """Make a sample of the persons' file, by the design that it declares.

    Each person carries the household's weight.
    """
    frame = derive_persons(persons.frame)
    group = Variable("migrant_group", "Migrant group", "categorical", MIGRANT_GROUPS)
    variables = {**persons.variables, "migrant_group": group}
    return Sample(replace(persons, frame=frame, variables=variables))


def household_sample(households: Microdata) -> Sample:
    """Make a sample of the households' file, by the design that it declares."""
    return Sample(replace(households, frame=derive_households(households.frame)))


def estimate_figures(persons: Sample, households: Sample, truth: Truth) -> tuple[Figure, ...]:
    """Estimate every figure of the demonstration, as a user of the library would.

    Parameters
    ----------
    persons, households
        The samples of the two files.
    truth
        The figures of the whole country, from `find_truth`.

    Returns
    -------
    tuple of Figure
        In the order in which they are shown.
    """
    figures: list[Figure] = []

    def show(
        key: str,
        topic: str,
        labels: Sequence[str],
        unit: Unit,
        sample: Sample,
        found: Estimates,
        n: int | None = None,
    ) -> None:
        file = "persons" if sample is persons else "households"
        rows = found.frame
        for label, row, true in zip(labels, rows.to_dict("records"), truth[key], strict=True):
            figures.append(
                Figure(
                    key=key,
                    topic=topic,
                    label=label,
                    unit=unit,
                    file=file,
                    estimate=row["estimate"],
                    se=row["se"],
                    low=row["ci_low"],
                    high=row["ci_high"],
                    n=int(row["n"]) if n is None else n,
                    truth=float(true),
                )
            )  # fmt: skip

    # who has moved
    show(
        "immigrants",
        MOVED,
        ["Immigrants (born in another country)"],
        "persons",
        persons,
        total(persons, BORN_ABROAD),
    )
    show(
        "emigrants",
        MOVED,
        ["Emigrants (former members, now abroad)"],
        "persons",
        households,
        total(households, "abroad"),
    )
    show(
        "immigrant_share",
        MOVED,
        ["Immigrants, share of residents"],
        "percent",
        persons,
        proportion(persons, BORN_ABROAD, where="answered(mb_cob)"),
    )
    show(
        "returnee_share",
        MOVED,
        ["Returnees, share of native-born aged 15 and over"],
        "percent",
        persons,
        proportion(
            persons,
            f"migrant_group == {RETURNEE}",
            where=f"migrant_group != {IMMIGRANT} and age >= 15",
        ),
    )
    show(
        "emigrant_ratio",
        MOVED,
        ["Emigrants, ratio to residents"],
        "percent",
        households,
        ratio(households, "abroad", "hh_size"),
    )
    show(
        "member_abroad",
        MOVED,
        ["Households with a member abroad"],
        "percent",
        households,
        proportion(households, "ab_any == 1"),
    )

    # work
    show(
        "employed",
        WORK,
        ["Immigrants, share of the employed"],
        "percent",
        persons,
        proportion(persons, BORN_ABROAD, where="lfs == 1 and answered(mb_cob)"),
    )
    show(
        "unemployed",
        WORK,
        ["Immigrants, share of the unemployed"],
        "percent",
        persons,
        proportion(persons, BORN_ABROAD, where="lfs == 2 and answered(mb_cob)"),
    )
    rates = proportion(persons, "lfs == 2", by="migrant_group", where="lfs in (1, 2)")
    show(
        "unemployment",
        WORK,
        [f"Unemployment rate: {group}" for group in SHORT_GROUPS],
        "percent",
        persons,
        rates,
    )
    for key, group, label in (
        ("immigrant_gap", IMMIGRANT, "Gap: immigrants less never lived abroad"),
        ("returnee_gap", RETURNEE, "Gap: returnees less never lived abroad"),
    ):
        show(
            key,
            WORK,
            [label],
            "points",
            persons,
            contrast(rates, {"migrant_group": {group: 1, NON_MIGRANT: -1}}),
        )

    # remittances
    show(
        "receiving",
        MONEY,
        ["Households receiving remittances"],
        "percent",
        households,
        proportion(households, "ri_any == 1", where="answered(ri_any)"),
    )
    show(
        "receiving_region",
        MONEY,
        [f"— in {region.name}" for region in REGIONS],
        "percent",
        households,
        proportion(households, "ri_any == 1", by="region", where="answered(ri_any)"),
    )
    show(
        "received",
        MONEY,
        ["Mean received in a year, per receiving household"],
        "aurals",
        households,
        mean(households, "rem_total", where="ri_any == 1"),
    )
    show(
        "dependency",
        MONEY,
        ["Remittances to consumption, receiving households"],
        "percent",
        households,
        ratio(households, "rem_total", "hh_cons", where="ri_any == 1"),
    )

    # living standards
    each = mean(persons, "hh_cons / hh_size", by="ri_any")
    show(
        "consumption",
        LIVING,
        ["Mean consumption per person and year"],
        "aurals",
        persons,
        mean(persons, "hh_cons / hh_size"),
    )
    show(
        "consumption_receipt",
        LIVING,
        ["— in households receiving remittances", "— in other households"],
        "aurals",
        persons,
        each,
    )
    show(
        "consumption_gap",
        LIVING,
        ["Gap: receiving less other households"],
        "aurals",
        persons,
        contrast(each, {"ri_any": {1: 1, 2: -1}}),
    )
    poor = proportion(persons, "hh_cons / hh_size < pline", where="answered(rem_total)")
    poor_without = proportion(
        persons, f"(hh_cons - {PROPENSITY} * rem_total) / hh_size < pline",
        where="answered(rem_total)",
    )  # fmt: skip
    show("poverty", LIVING, ["Poverty rate"], "percent", persons, poor)
    show(
        "poverty_without",
        LIVING,
        ["Poverty rate had there been no remittances"],
        "percent",
        persons,
        poor_without,
    )
    # a contrast adds up the n of its rows; here both rows are the same persons
    show(
        "kept",
        LIVING,
        ["Persons kept from poverty by remittances"],
        "percent",
        persons,
        contrast([poor_without, poor], [[1, -1]]),
        n=int(poor.frame["n"][0]),
    )
    return tuple(figures)


def find_truth(country: DemoCountry) -> Truth:
    """Compute every figure from the whole country, by plain sums over everyone."""
    households = derive_households(country.households)
    persons = derive_persons(country.persons)
    group, age = persons["migrant_group"], persons["age"]
    immigrant = group == IMMIGRANT
    adults = group[(group != IMMIGRANT) & (age >= 15)]
    active = persons["lfs"].isin([1, 2])
    jobless = (persons["lfs"] == 2)[active].groupby(group[active]).mean()
    receives = households["ri_any"] == 1
    receiving = households[receives]
    size = households["hh_size"]
    consumption = households.groupby("ri_any")[["hh_cons", "hh_size"]].sum()
    each = consumption["hh_cons"] / consumption["hh_size"]
    line = households["pline"] * size
    without = households["hh_cons"] - PROPENSITY * households["rem_total"]
    poor = np.average(households["hh_cons"] < line, weights=size)
    poor_without = np.average(without < line, weights=size)
    return {
        "immigrants": (immigrant.sum(),),
        "emigrants": (len(country.absent),),
        "immigrant_share": (immigrant.mean(),),
        "returnee_share": ((adults == RETURNEE).mean(),),
        "emigrant_ratio": (len(country.absent) / len(persons),),
        "member_abroad": ((households["ab_any"] == 1).mean(),),
        "employed": (immigrant[persons["lfs"] == 1].mean(),),
        "unemployed": (immigrant[persons["lfs"] == 2].mean(),),
        "unemployment": tuple(jobless[code] for code in MIGRANT_GROUPS),
        "immigrant_gap": (jobless[IMMIGRANT] - jobless[NON_MIGRANT],),
        "returnee_gap": (jobless[RETURNEE] - jobless[NON_MIGRANT],),
        "receiving": (receives.mean(),),
        "receiving_region": tuple(receives.groupby(households["region"]).mean()),
        "received": (receiving["rem_total"].mean(),),
        "dependency": (receiving["rem_total"].sum() / receiving["hh_cons"].sum(),),
        "consumption": (households["hh_cons"].sum() / size.sum(),),
        "consumption_receipt": (each[1], each[2]),
        "consumption_gap": (each[1] - each[2],),
        "poverty": (poor,),
        "poverty_without": (poor_without,),
        "kept": (poor_without - poor,),
    }
