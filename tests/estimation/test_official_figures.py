"""Figures that statistical offices published, or that R finds from their files, met exactly.

The files are not vendored: each test says so and is skipped where they are absent.
"""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from references import close, golden, pick

import mpsurvey as mp

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
ACS = SHARED / "acs_pums_2021_5yr"
PISA = SHARED / "pisa2003_nld" / "pisa2003_nld_reexport.sav"
STATES = {"WY": "56", "VT": "50"}
PEOPLE = {
    "Total population": None,
    "Total males (SEX=1)": "SEX == 1",
    "Total females (SEX=2)": "SEX == 2",
}


def official(state):
    """Rows of persons that the file's columns can give: all but those of housing and quarters."""
    with (ACS / "official_pums_estimates_17_21.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            name = row["CHARACTERISTIC"].strip()
            if row["ST"] != STATES[state] or not (name in PEOPLE or name.startswith("Age ")):
                continue
            numbers = (float(row[f"PUMS_{kind}_17_TO_21"]) for kind in ("EST", "SE", "MOE"))
            yield (name, *numbers)


def condition(name):
    if name in PEOPLE:
        return PEOPLE[name]
    low, _, high = name.removeprefix("Age ").partition("-")
    if not high:
        return f"AGEP >= {low.split()[0]}"
    return f"AGEP >= {low} and AGEP <= {high}"


@pytest.mark.skipif(not ACS.exists(), reason="the ACS file is not in ../shared/data")
@pytest.mark.parametrize("state", STATES)
def test_american_community_survey(state):
    """All sixteen counts of persons of the Census Bureau's table, with error and margin of 90 %."""
    people = pd.read_csv(ACS / f"PUMS_{state}.csv")
    design = mp.Design(weight="PWGTP", replicates=mp.SuccessiveDifference("PWGTP*"))
    sample = mp.Sample(people, design)
    # Some replicate weights of Vermont are negative, and legal.
    assert (people.filter(regex=r"^PWGTP\d").to_numpy() < 0).any() == (state == "VT")
    rows = list(official(state))
    for name, estimate, se, margin in rows:
        got = mp.total(sample, where=condition(name)).frame.iloc[0]
        assert got.estimate == estimate, name
        assert np.floor(got.se + 0.5) == se, name
        assert np.floor(1.645 * got.se + 0.5) == margin, name
    assert len(rows) == 16


@pytest.fixture(scope="module")
def pupils():
    if not PISA.exists():
        pytest.skip("the PISA file is not in ../shared/data")
    names = [f"PV{m}{subject}" for subject in ("MATH", "READ", "SCIE") for m in range(1, 6)]
    names += ["IMMIG", "ST03Q01", "W_FSTUWT", *(f"W_FSTR{r}" for r in range(1, 81))]
    data = mp.read(PISA, columns=names)
    design = mp.Design(weight="W_FSTUWT", replicates=mp.Brr("W_FSTR*", fay=0.5))
    return mp.Sample(data, design)


def pisa_rows(case, statistic):
    rows = golden("pisa")
    return rows[(rows.case == case) & (rows.statistic == statistic)]


def test_plausible_values_by_immigrant_background(pupils):
    """PISA 2003, the Netherlands: five plausible values, Fay's BRR, against R survey."""
    for case, rule in (("combined", "rubin"), ("shortcut", "iea")):
        for subject in ("MATH", "READ", "SCIE"):
            score = mp.Imputed(f"PV*{subject}", rule)
            means = mp.mean(pupils, score, by="IMMIG")
            whole = mp.mean(pupils, score)
            rows = pisa_rows(case, "mean")
            for row in rows[rows.variable == f"PV*{subject}"].itertuples():
                if isinstance(row.domain, str):
                    got = pick(means, None, {"IMMIG": float(row.domain.split("=")[1])})
                else:
                    got = whole.frame.iloc[0]
                close([got.estimate, got.se], [row.estimate, row.se], row, rtol=1e-9)
                assert got.n == row.n
            rows = pisa_rows(case, "gap")
            for row in rows[rows.variable == f"PV*{subject}"].itertuples():
                group = float(row.domain[len("IMMIG=")])
                gap = mp.contrast(means, {"IMMIG": {group: 1, 1.0: -1}}).frame.iloc[0]
                close([gap.estimate, gap.se], [row.estimate, row.se], row, rtol=1e-9)
                if case == "combined":
                    # R's df are Rubin's; ours also know that the design has 79 of its own.
                    assert gap.df < min(row.df, 80)


def test_low_achievers_and_the_adjusted_gap(pupils):
    low = mp.Imputed("PV*MATH", formula="{} < 420.07")
    found = mp.mean(pupils, low, by="IMMIG")
    rows = pisa_rows("combined", "mean")
    for row in rows[rows.variable == "PV*MATH < 420.07"].itertuples():
        got = pick(found, None, {"IMMIG": float(row.domain.split("=")[1])})
        close([got.estimate, got.se], [row.estimate, row.se], row, rtol=1e-9)
    model = mp.regression(
        pupils, "math ~ C(IMMIG) + C(ST03Q01)", imputed={"math": mp.Imputed("PV*MATH")}
    )
    rows = pisa_rows("combined", "coefficient").set_index("domain")
    frame = model.estimates.frame.set_index("variable")
    for code in (2, 3):
        got, want = frame.loc[f"C(IMMIG)[T.{code}]"], rows.loc[f"IMMIG{code}"]
        close([got.estimate, got.se], [want.estimate, want.se], code, rtol=1e-7)
    margins = model.margins("IMMIG")
    gap = mp.contrast(margins, {"IMMIG": {2: 1, 1: -1}}).frame.iloc[0]
    close([gap.estimate, gap.se], rows.loc["IMMIG2", ["estimate", "se"]].tolist(), "gap", rtol=1e-7)


def test_the_published_error_of_the_national_mean(pupils):
    """OECD's standard error of the Dutch mean in mathematics, 3.1 as NCES prints it.

    NCES (2009), The Condition of Education, standard errors for figure 10. The shortcut gives 3.2.
    """
    found = mp.mean(pupils, mp.Imputed("PV*MATH")).frame.iloc[0]
    assert round(found.se, 1) == 3.1


def test_each_plausible_value_is_in_the_golden_file():
    rows = golden("pisa")
    each = rows[rows.case == "each"]
    combined = rows[rows.case == "combined"].set_index(["statistic", "variable", "domain"])
    means = each.groupby(["statistic", "variable", "domain"], dropna=False).estimate.mean()
    for key, mean in means.items():
        assert combined.estimate.get(key, mean) == pytest.approx(mean)
