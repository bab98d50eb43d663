"""Which indicators surveys that people have support, and what comes out.

Run it by hand, with the public files beside the project (``../shared/data``)::

    python tests/benchmarks/known_surveys.py
"""

from __future__ import annotations

import warnings
from pathlib import Path

import mpsurvey as mp

DATA = Path(__file__).parents[2].parent / "shared" / "data"


def surveys() -> dict[str, mp.Sample]:
    """Files that are there, harmonised, with the design that suits them."""
    found = {}
    for name, path, walk, home, design in (
        ("Georgia 2017", "caucasus_barometer_2017_ge/CB_2017_Georgia_10.11.17.dta",
         "caucasus_barometer_ge", None, None),
        ("NDI Georgia 2019", "crrc_other_dta/NDI_2019_April_22.04.19_Public.dta",
         "ndi_georgia_2019", None,
         mp.Design(weight="weight", strata="stratum", psu="psu", lonely_psu="average")),
        ("ACS 2024, Wyoming", "acs_pums_2024_1yr/p_56.parquet", "acs_pums", None,
         mp.Design(weight="weight", psu="hh_id")),
        ("PISA 2003, Netherlands", "pisa2003_nld/pisa2003_nld_reexport.sav", "pisa_2003", 528,
         mp.Design(weight="weight", replicates=mp.Brr(columns="W_FSTR*", fay=0.5))),
    ):  # fmt: skip
        if (DATA / path).is_file():
            data = mp.harmonise(mp.read(DATA / path), walk, home=home)
            found[name] = mp.Sample(data, design)
    return found


def main() -> None:
    """Print a table for each survey."""
    warnings.simplefilter("ignore")
    catalogue = mp.load_catalogue()
    for name, sample in surveys().items():
        table = mp.tabulate(sample, catalogue.indicators())
        report = mp.coverage(sample, catalogue)
        print(f"\n{name}: {len(sample):,} rows, {len(table.indicators)} indicators")
        print(report.by_theme().to_string())
        shown = table.frame[["indicator", "estimate", "se", "n", "notes"]]
        print(shown.to_string(index=False, float_format=lambda x: f"{x:.4g}"))


if __name__ == "__main__":
    main()
