"""How often the intervals of the catalogue's indicators contain the truth of the demonstration.

Run it by hand::

    OPENBLAS_NUM_THREADS=1 python tests/benchmarks/indicator_coverage.py --draws 300 --seed 2

The truth of an indicator is its own definition, worked out over the whole population of the
demonstration's country. Surveys are drawn from it again and again, harmonised and tabulated. For
each indicator: the truth, the degrees of freedom in the middle, the bias in standard deviations of
the estimates, the mean standard error over that deviation (1 is right), the share of 95 % intervals
that contain the truth, on which side they miss it, and their width in the middle. With D draws that
share has a standard error of sqrt(0.0475 / D).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

import mpsurvey as mp
from mpsurvey import Design, Microdata
from mpsurvey.profile.demo.codebook import HOUSEHOLD_VARIABLES, PERSON_VARIABLES
from mpsurvey.profile.demo.country import DemoCountry, make_country
from mpsurvey.profile.demo.survey import draw_survey

NATIONAL = {
    name: {"value": value, "unit": "aurals", "source": "made up", "year": 2026}
    for name, value in (("gdp", 4.1e9), ("exports", 1.0e9), ("oda", 5.0e7))
}


def everyone(country: DemoCountry) -> tuple[Microdata, Microdata]:
    """The whole country as if it were a file: nobody left out, each counts once."""
    households = country.households.assign(
        weight=1.0, int_year=2026, fpc_ea=1, fpc_hh=1,
        ab_count=country.households["ab_count"].where(country.households["ab_any"] == 1),
    )  # fmt: skip
    home = households.iloc[country.persons["household"].to_numpy()].reset_index(drop=True)
    persons = pd.concat([country.persons, home], axis=1)
    made = []
    for frame, variables in ((persons, PERSON_VARIABLES), (households, HOUSEHOLD_VARIABLES)):
        described = {variable.name: variable for variable in variables}
        made.append(Microdata(frame[list(described)], described, design=Design(weight="weight")))
    return made[0], made[1]


def table_of(persons: Microdata, households: Microdata, df: str) -> pd.DataFrame:
    """Every indicator of the catalogue that the demonstration can make, for all."""
    data = mp.harmonise(persons, "demo", files={"households": households})
    made = mp.tabulate(
        mp.Sample(data, persons.design),
        mp.load_catalogue().indicators(),
        df=df,
        auxiliaries=NATIONAL,
    )
    return made.frame.set_index("indicator")


def summary(truth: pd.Series, draws: list[pd.DataFrame]) -> pd.DataFrame:
    """Bias, standard errors, degrees of freedom and coverage of each indicator."""
    shape = {
        name: np.array([draw[name].to_numpy(dtype=float) for draw in draws])
        for name in ("estimate", "se", "ci_low", "ci_high", "n", "df")
    }
    target = truth.to_numpy(dtype=float)
    spread = np.nanstd(shape["estimate"], axis=0, ddof=1)
    known = np.isfinite(shape["ci_low"])
    above = known & (shape["ci_high"] < target)
    below = known & (target < shape["ci_low"])
    return pd.DataFrame(
        {
            "truth": target,
            "n": np.nanmean(shape["n"], axis=0),
            "df": np.nanmedian(shape["df"], axis=0),
            "bias_sd": (np.nanmean(shape["estimate"], axis=0) - target) / spread,
            "se_sd": np.sqrt(np.nanmean(shape["se"] ** 2, axis=0)) / spread,
            "cover": 1 - (above + below).sum(axis=0) / known.sum(axis=0),
            "truth_above": above.sum(axis=0) / known.sum(axis=0),
            "truth_below": below.sum(axis=0) / known.sum(axis=0),
            "without_interval": 1 - known.mean(axis=0),
            "width": np.nanmedian(shape["ci_high"] - shape["ci_low"], axis=0),
        },
        index=truth.index,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=300)
    parser.add_argument("--first", type=int, default=0, help="number of the first draw")
    parser.add_argument("--seed", type=int, default=2, help="seed of the country")
    parser.add_argument("--df", default="effective", help="domain, design or effective")
    parser.add_argument("--to", type=Path, help="CSV of the table, written after every 25 draws")
    given = parser.parse_args()
    started = time.process_time()
    country = make_country(given.seed)
    truth = table_of(*everyone(country), given.df)["estimate"]
    draws: list[pd.DataFrame] = []
    for draw in range(given.first, given.first + given.draws):
        survey = draw_survey(country, 10_000 + draw)
        draws.append(table_of(survey.persons, survey.households, given.df).loc[truth.index])
        if given.to is not None and len(draws) % 25 == 0:
            summary(truth, draws).to_csv(given.to)
    result = summary(truth, draws)
    seconds = time.process_time() - started
    print(f"{given.draws} draws, {len(truth)} indicators, {seconds:.0f} s of processor")
    print(result.to_string(float_format=lambda x: f"{x:.4g}"))
    print(f"all intervals: {result['cover'].mean():.4f}")
    if given.to is not None:
        result.to_csv(given.to)


if __name__ == "__main__":
    main()
