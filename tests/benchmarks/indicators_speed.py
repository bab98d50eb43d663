"""How long all core indicators take for a million persons.

Run it by hand::

    OPENBLAS_NUM_THREADS=1 python tests/benchmarks/indicators_speed.py --persons 1000000

The demonstration's survey is drawn and harmonised once and laid under itself, with sampling units
and strata of its own in each copy. Time is that of `mpsurvey.tabulate` alone.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import pandas as pd

import mpsurvey as mp
from mpsurvey.profile.demo.country import make_country
from mpsurvey.profile.demo.survey import draw_survey

BREAKDOWNS = ("sex", "age_band", "region", "urban", "mig_status")
NATIONAL = {
    name: {"value": value, "unit": "aurals", "source": "made up", "year": 2026}
    for name, value in (("gdp", 4.1e9), ("exports", 1.0e9), ("oda", 5.0e7))
}


def many_persons(persons: int) -> mp.Sample:
    """Lay the harmonised survey under itself until there are so many persons."""
    survey = draw_survey(make_country(2), 1)
    data = mp.harmonise(survey.persons, "demo", files={"households": survey.households})
    frame = data.frame
    copies = [
        frame.assign(
            hh_id=frame["hh_id"] + copy * 10**7,
            psu=frame["psu"] + copy * 10**6,
            stratum=frame["stratum"] + copy * 1000,
        )
        for copy in range(-(-persons // len(frame)))
    ]
    whole = pd.concat(copies, ignore_index=True).iloc[:persons]
    design = mp.Design(weight="weight", strata="stratum", psu="psu", lonely_psu="certainty")
    return mp.Sample(replace(data, frame=whole, reasons={}), design)


def main() -> None:
    """Print the time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--persons", type=int, default=1_000_000)
    given = parser.parse_args()
    core = [one for one in mp.load_catalogue().indicators() if one.tier == "core"]
    sample = many_persons(given.persons)
    started, busy = time.perf_counter(), time.process_time()
    table = mp.tabulate(sample, core, by=BREAKDOWNS, auxiliaries=NATIONAL)
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    print(f"{sample}")
    print(
        f"{len(core)} core indicators asked for, {len(table.indicators)} made, for all and by "
        f"{', '.join(BREAKDOWNS)}: {len(table):,} figures in {seconds:.1f} s, "
        f"{busy:.1f} s of processor"
    )


if __name__ == "__main__":
    main()
